// Starts a lab: fault proxies first, then the real commands in their places, each dialling the others through the proxies. Nothing here
// knows what those commands do; it waits for them to say that they are ready, and for the controller to say that the system is protected.

import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, delimiter, dirname, extname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Group, System } from "../core/model/system.ts";
import { type Control, makeControl, notYetProtected } from "./control.ts";
import { LabFailure } from "./failure.ts";
import { type LabMap, type LabRegion, mapPlaces, reachedFrom, usersPlace, viaOf } from "./places.ts";
import { makePortPicker } from "./ports.ts";
import { type Child, endAll, livingOf, startProcess } from "./processes.ts";
import type { Progress } from "./progress.ts";
import type { FaultOrder } from "./proxy/faults.ts";
import type { OpenWay } from "./proxy/proxies.ts";
import { claimFolder, releaseFolder, writeSecret } from "./run-folder.ts";

/** Between any two places, each way. */
const linkDelayMs = 15;
const readyDeadlineMs = 30_000;
/** Making the databases, the first copy, the first epoch. */
const protectedDeadlineMs = 120_000;
const endGraceMs = 8_000;
const statusEveryMs = 150;

export type LabOptions = {
  /** The original manifest; its folder is where the system's own commands start. */
  readonly file: string;
  readonly text: string;
  readonly system: System;
  readonly mode?: "sync" | "async";
  /** What the lab's copy of the manifest says under `policy` of the group the stories are about. */
  readonly policy?: Readonly<Record<string, string>>;
  readonly folder: string;
  readonly progress: Progress;
  readonly kind: "story" | "up";
  /** The program whose commands are started; Leeward itself when left out. */
  readonly program?: string;
};

export type Database = { readonly pid: number; readonly dataFolder: string; readonly adminUrl: string };

export type Lab = {
  readonly folder: string;
  readonly system: System;
  /** The group the stories are about: the first that can fail over. */
  readonly group: Group;
  readonly mode: "sync" | "async";
  readonly map: LabMap;
  readonly ways: readonly OpenWay[];
  readonly faultUrl: string;
  readonly tokenFile: string;
  readonly controllerPlace: string;
  readonly controllerUrl: string;
  readonly control: Control;
  /** The manifest as the lab's processes read it. */
  readonly manifestFile: string;
  order(order: FaultOrder): Promise<void>;
  startController(env?: Readonly<Record<string, string>>): Promise<Child>;
  controller(): Child;
  /** The agent and the router of a region, with the commands they were first started with. */
  startRegion(region: string): Promise<void>;
  pidOf(what: "agent" | "router", region: string): number | undefined;
  /** Undefined where this region has no database server running. */
  database(region: string): Database | undefined;
  /** How `users` reach a region's router: `http` address and, with credentials, the database. */
  fromUsers(region: string): { readonly http: string; readonly postgres: string | undefined };
  /** Waits until the system is whole: a primary, its standbys able to take over, traffic open. Throws with the last reason why not. */
  untilProtected(say: (detail: string) => void): Promise<void>;
  /** Ends every process of the lab, whatever state it is in. */
  end(): Promise<void>;
};

export async function startLab(options: LabOptions): Promise<Lab> {
  const { folder, system, progress } = options;
  const group = system.groups.find((one) => one.primary.length > 1);
  if (group === undefined)
    throw new LabFailure(
      `${options.file} has no group with two regions that may be primary, so there is nothing to rehearse.`,
      2,
    );
  const controllerRegion = system.regions.find((region) => region.controller !== undefined);
  if (controllerRegion === undefined)
    throw new LabFailure(`${options.file} does not say where its controller lives: regions.NAME.controller.`, 2);

  const ended = await claimFolder(folder, options.kind);
  if (ended > 0) progress.note(`Ended ${ended} processes that an earlier lab had left in ${folder}.`);
  try {
    return await build(options, group, controllerRegion.name);
  } catch (error) {
    await endAll(folder, endGraceMs);
    releaseFolder(folder);
    throw error;
  }
}

async function build(options: LabOptions, group: Group, controllerPlace: string): Promise<Lab> {
  const { folder, system, progress, policy: keys = {}, ...rest } = options;
  const policy = { group: group.name, keys };
  const map = await mapPlaces({ ...rest, system, policy, ports: makePortPicker() }).catch((error: Error) => {
    throw new LabFailure(error.message, 2, { cause: error });
  });
  const manifestFile = join(folder, basename(options.file));
  writeFileSync(manifestFile, map.text, { mode: 0o600 });
  const tokenFile = join(folder, "token");
  const token = writeSecret(tokenFile);
  const secrets = makeSecrets(system);
  writeFileSync(join(folder, "secrets.json"), `${JSON.stringify(secrets, undefined, 2)}\n`, { mode: 0o600 });

  const { ways, faultUrl } = await progress.step("Laying the links between the places", async () => {
    const config = join(folder, "proxies.json");
    const places = map.places;
    writeFileSync(config, JSON.stringify({ places, ways: map.ways, delayMs: linkDelayMs, token }), { mode: 0o600 });
    // The proxies live in no place: a region's end must not end them.
    const child = startProcess({ folder, what: "links", place: "links", args: [besideMe("proxy/main"), config] });
    return (await child.ready(readyDeadlineMs)) as unknown as {
      readonly faultUrl: string;
      readonly ways: readonly OpenWay[];
    };
  });
  for (const place of map.places)
    writeFileSync(join(folder, "via", `${place}.json`), JSON.stringify(viaOf(ways, place), undefined, 2), {
      mode: 0o600,
    });

  const env = { ...secrets, PATH: [dirname(process.execPath), process.env.PATH ?? ""].join(delimiter) };
  const children = new Map<string, Child>();
  const start = async (
    command: "serve" | "agent" | "router",
    place: string,
    more: Readonly<Record<string, string>> = {},
  ): Promise<Child> => {
    const what = command === "serve" ? "controller" : `${command} ${place}`;
    const child = startProcess({
      folder,
      what,
      place,
      env: { ...env, ...more },
      args: [
        options.program ?? leewardProgram,
        command,
        manifestFile,
        ...(command === "serve" ? [] : ["--region", place]),
        "--state",
        stateFolder(folder, place, command),
        "--token-file",
        tokenFile,
        "--via",
        join(folder, "via", `${place}.json`),
      ],
    });
    children.set(what, child);
    await child.ready(readyDeadlineMs).catch((error: Error) => {
      throw new LabFailure(error.message, 3, { cause: error });
    });
    return child;
  };

  const regionOf = (name: string): LabRegion => {
    const found = map.regions.find((region) => region.name === name);
    if (found === undefined) throw new Error(`no region ${name} in this lab`);
    return found;
  };
  const controllerUrl = `http://${regionOf(controllerPlace).controller}`;
  const control = makeControl({ url: controllerUrl, token });
  const mode =
    system.services.find((service) => service.group === group.name && service.replication !== undefined)?.replication
      ?.mode ?? "async";

  const lab: Lab = {
    folder,
    system,
    group,
    mode: options.mode ?? mode,
    map,
    ways,
    faultUrl,
    tokenFile,
    controllerPlace,
    controllerUrl,
    control,
    manifestFile,
    async order(order) {
      const response = await fetch(faultUrl, {
        method: "POST",
        body: JSON.stringify(order),
        signal: AbortSignal.timeout(5_000),
      });
      if (!response.ok) throw new Error(`the links refused an order: ${await response.text()}`);
    },
    startController: (more) => start("serve", controllerPlace, more),
    controller() {
      const child = children.get("controller");
      if (child === undefined) throw new Error("the controller was never started");
      return child;
    },
    async startRegion(region) {
      // Either may be up first: each waits for the other, and says ready when it serves.
      await Promise.all([start("agent", region), start("router", region)]);
    },
    pidOf: (what, region) => children.get(`${what} ${region}`)?.pid,
    database: (region) => findDatabase(folder, regionOf(region), secrets),
    fromUsers(region) {
      const { router } = regionOf(region);
      // A witness has no database of its own, but its router leads to the primary's all the same.
      const database = regionOf(region).database ?? map.regions.find((one) => one.database !== undefined)?.database;
      const tcp = database === undefined ? undefined : router.tcp[database.service];
      return {
        http: `http://${reachedFrom(ways, usersPlace, router.http)}`,
        postgres:
          database === undefined || tcp === undefined
            ? undefined
            : databaseUrl(database, secrets, reachedFrom(ways, usersPlace, tcp)),
      };
    },
    async untilProtected(say) {
      const until = performance.now() + protectedDeadlineMs;
      for (;;) {
        const why = notYetProtected(await control.status(), group);
        if (why === undefined) return;
        say(why);
        if (performance.now() > until)
          throw new LabFailure(
            `The system was not whole after ${protectedDeadlineMs / 1_000} s: ${why}. Logs: ${join(folder, "logs")}`,
          );
        await sleep(statusEveryMs);
      }
    },
    async end() {
      await endAll(folder, endGraceMs);
      releaseFolder(folder);
    },
  };

  await progress.step(`Starting the controller in ${controllerPlace}`, () => lab.startController());
  await progress.step(`Starting agents and routers in ${map.regions.map((region) => region.name).join(", ")}`, () =>
    Promise.all(map.regions.map((region) => lab.startRegion(region.name))),
  );
  await progress.step("Waiting until the system is protected", (say) => lab.untilProtected(say));
  return lab;
}

/** Each command of each place keeps its things here. */
export function stateFolder(folder: string, place: string, command: "serve" | "agent" | "router"): string {
  return join(folder, "state", place, command === "serve" ? "controller" : command);
}

// Beside this file in the sources (.ts) and in the build (.js) alike.
export function besideMe(module: string): string {
  return fileURLToPath(new URL(`./${module}${extname(import.meta.url)}`, import.meta.url));
}

export const projectFolder = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const leewardProgram = join(projectFolder, "bin", "leeward.js");

/** A fresh value for every `env:NAME` password of the manifest that the environment does not give. */
function makeSecrets(system: System): Readonly<Record<string, string>> {
  const names = system.services
    .flatMap((service) => Object.values(service.in))
    .flatMap((placement) =>
      placement.password?.startsWith("env:") === true ? [placement.password.slice("env:".length)] : [],
    );
  return Object.fromEntries([...new Set(names)].map((name) => [name, process.env[name] ?? randomPassword()]));
}

function randomPassword(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(18))).toString("hex");
}

function databaseUrl(
  database: NonNullable<LabRegion["database"]>,
  secrets: Readonly<Record<string, string>>,
  address: string,
): string {
  const url = new URL(database.url);
  url.host = address;
  const [kind, ...rest] = (database.password ?? "").split(":");
  const reference = rest.join(":");
  const password =
    kind === "env" ? secrets[reference] : kind === "file" ? readFileSync(reference, "utf8").trim() : undefined;
  if (password !== undefined) url.password = password;
  return url.href;
}

/** By the server's own pid file, which also names its data folder; it is there only while the server runs, or after its murder. */
function findDatabase(
  folder: string,
  region: LabRegion,
  secrets: Readonly<Record<string, string>>,
): Database | undefined {
  if (region.database === undefined) return undefined;
  const { url } = region.database;
  const agentState = stateFolder(folder, region.name, "agent");
  if (!existsSync(agentState)) return undefined;
  const pidFile = findFile(agentState, "postmaster.pid", 5);
  if (pidFile === undefined) return undefined;
  const pid = Number(readFileSync(pidFile, "utf8").split("\n")[0]);
  if (!livingOf(folder, region.name).some((one) => one.pid === pid)) return undefined;
  return { pid, dataFolder: dirname(pidFile), adminUrl: databaseUrl(region.database, secrets, url.host) };
}

function findFile(folder: string, name: string, depth: number): string | undefined {
  const entries = readdirSync(folder, { withFileTypes: true });
  if (entries.some((entry) => entry.name === name)) return join(folder, name);
  if (depth === 0) return undefined;
  for (const entry of entries) {
    if (!entry.isDirectory()) continue;
    const found = findFile(join(folder, entry.name), name, depth - 1);
    if (found !== undefined) return found;
  }
  return undefined;
}
