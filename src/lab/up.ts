// A lab that stays: `leeward lab up` describes it in a file so that anyone's own client and killer can attach; `leeward lab down` ends it.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { LabFailure } from "./failure.ts";
import { startTimeOf } from "./process-table.ts";
import { endAll, livingOf } from "./processes.ts";
import { leaveRunning, readLock, releaseFolder } from "./run-folder.ts";
import type { Database, Lab } from "./start.ts";

export type LabUp = {
  readonly version: 1;
  readonly system: string;
  readonly controller: { readonly pid: number; readonly url: string };
  readonly tokenFile: string;
  /** POST { from, to, kind, ms?, share? }; the address carries the lab's token. GET shows the links as they are. */
  readonly faultUrl: string;
  readonly regions: readonly {
    readonly name: string;
    readonly serves: boolean;
    /** Everything that runs in this region now. */
    readonly pids: readonly number[];
    readonly agentPid: number;
    readonly routerPid?: number;
    readonly fromUsers?: { readonly http: string; readonly postgres: string };
    readonly database?: Database;
  }[];
  /** The manifest as the lab's processes read it, for `leeward status` and `leeward switchover`. */
  readonly manifest: string;
  readonly folder: string;
  /** The host name that users ask for. */
  readonly host: string;
};

export function describeUp(lab: Lab): LabUp {
  return {
    version: 1,
    system: lab.system.name,
    controller: { pid: lab.controller().pid, url: lab.controllerUrl },
    tokenFile: lab.tokenFile,
    faultUrl: lab.faultUrl,
    regions: lab.map.regions.map((region) => {
      const routerPid = lab.pidOf("router", region.name);
      const database = lab.database(region.name);
      const { http, postgres } = lab.fromUsers(region.name);
      return {
        name: region.name,
        serves: region.serves,
        pids: livingOf(lab.folder, region.name).map((one) => one.pid),
        agentPid: lab.pidOf("agent", region.name) ?? 0,
        ...(routerPid === undefined ? {} : { routerPid }),
        ...(postgres === undefined ? {} : { fromUsers: { http, postgres } }),
        ...(database === undefined ? {} : { database }),
      };
    }),
    manifest: lab.manifestFile,
    folder: lab.folder,
    host: hostOf(lab),
  };
}

export function hostOf(lab: Lab): string {
  return lab.system.routes[0]?.name ?? "localhost";
}

/** Hands the running lab over to whoever comes next. */
export function leaveUp(lab: Lab): void {
  leaveRunning(lab.folder, join(lab.folder, "up.json"));
}

/** Ends the lab in `folder`. Returns how many processes that were. */
export async function takeDown(folder: string, graceMs: number): Promise<number> {
  if (!existsSync(folder)) return 0;
  const lock = readLock(folder);
  if (lock?.kind === "story" && startTimeOf(lock.pid) === lock.startTime) {
    throw new LabFailure(`A story is being played in ${folder} by process ${lock.pid}. End it there with Ctrl-C.`);
  }
  const count = livingOf(folder).length;
  await endAll(folder, graceMs);
  releaseFolder(folder);
  return count;
}
