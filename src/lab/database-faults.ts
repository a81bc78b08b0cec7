// What the stories do to one database server, past its agent: killed once, killed whenever it starts, its receiver held still, promoted
// by a hand that does not know of Leeward.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { LabFailure } from "./failure.ts";
import type { RunningProcess } from "./process-table.ts";
import { livingOf, signalAll } from "./processes.ts";
import type { Database, Lab } from "./start.ts";

const loopEveryMs = 15;
const promoteDeadlineMs = 20_000;

function serverOf(lab: Lab, region: string): Database {
  const database = lab.database(region);
  if (database === undefined) throw new LabFailure(`No database server runs in ${region}, so nothing can befall it.`);
  return database;
}

/** The server and all that it started, its sessions among them. */
function sessionsOf(lab: Lab, region: string, server: number): readonly RunningProcess[] {
  return livingOf(lab.folder, region).filter((one) => one.pid === server || one.parent === server);
}

/** SIGKILL. "server": the others find out by themselves that it is gone, and end. */
export function killDatabase(lab: Lab, region: string, what: "all" | "server"): void {
  const { pid } = serverOf(lab, region);
  const everyone = sessionsOf(lab, region, pid);
  signalAll(
    everyone.filter((one) => what === "all" || one.pid === pid),
    "SIGKILL",
  );
}

/** Kills the server, and from then on every one that starts in its place, until `signal`. */
export async function keepKilling(lab: Lab, region: string, signal: AbortSignal): Promise<void> {
  const { pid, dataFolder } = serverOf(lab, region);
  const pidFile = join(dataFolder, "postmaster.pid");
  killDatabase(lab, region, "all");
  let last = pid;
  while (!signal.aborted) {
    const now = pidIn(pidFile);
    if (now !== undefined && now !== last) {
      last = now;
      // Whatever else got this number meanwhile is not in this region.
      signalAll(sessionsOf(lab, region, now), "SIGKILL");
    }
    await sleep(loopEveryMs, undefined, { signal }).catch(() => {});
  }
}

function pidIn(file: string): number | undefined {
  try {
    const pid = Number(readFileSync(file, "utf8").split("\n")[0]);
    return Number.isInteger(pid) && pid > 1 ? pid : undefined;
  } catch {
    // Not there while no server is.
    return undefined;
  }
}

/** SIGSTOP, or SIGCONT, for the process that receives what the primary sends. */
export function signalReceiver(lab: Lab, region: string, signal: "SIGSTOP" | "SIGCONT"): void {
  const receivers = livingOf(lab.folder, region).filter((one) => /\bwalreceiver\b/.test(one.command));
  if (receivers.length === 0 && signal === "SIGSTOP")
    throw new LabFailure(`The database in ${region} receives nothing, so it cannot be made to stall.`);
  signalAll(receivers, signal);
}

/** As somebody would who has never heard of Leeward. */
export async function promoteByHand(lab: Lab, region: string): Promise<void> {
  const { adminUrl } = serverOf(lab, region);
  const client = new pg.Client({
    connectionString: adminUrl,
    connectionTimeoutMillis: 5_000,
    query_timeout: promoteDeadlineMs,
    application_name: "lab by hand",
  });
  client.on("error", () => {});
  await client.connect();
  try {
    await client.query("select pg_promote(true, 15)");
  } finally {
    await client.end().catch(() => {});
  }
}
