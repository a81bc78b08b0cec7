// Leeward's lab, as anybody's own client and killer would use it: `leeward lab up --json FILE`, then only what that file says. A killed
// region's links fall silent first, so that nobody is told of its death; every link between places delays each way.

import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { makeControl, notYetProtected } from "../../src/lab/control.ts";
import { killAll, livingOf, signalAll } from "../../src/lab/processes.ts";
import type { FaultOrder } from "../../src/lab/proxy/faults.ts";
import type { LabUp } from "../../src/lab/up.ts";
import { BenchFailure, type Contender, type Running } from "./contender.ts";

const upDeadlineMs = 180_000;
const downDeadlineMs = 60_000;
const freezePasses = 2;

/** Which routers the users know. "standby": the one of the region that survives, as the other system's HAProxy does. "all": in order. */
export type Fronts = "standby" | "all";

export function makeLeeward(options: {
  readonly project: string;
  /** For the bench's logs; the lab gets one beside it, for it empties its own. */
  readonly folder: string;
  readonly fronts: Fronts;
  readonly sync: boolean;
  /** Of every link, each way. */
  readonly delayMs: number;
}): Contender & { down(): Promise<void> } {
  const program = join(options.project, "bin", "leeward.js");
  const labFolder = `${options.folder}-lab`;
  const file = join(options.folder, "lab-up.json");
  let ups = 0;
  let rising: { readonly child: ChildProcess; readonly ended: Promise<unknown> } | undefined;
  const logs = join(options.folder, "logs", `leeward-${options.delayMs}`);
  const down = async (): Promise<void> => {
    // Interrupted while it comes up, it takes down what it has so far.
    rising?.child.kill("SIGTERM");
    await rising?.ended;
    if (!existsSync(labFolder)) return;
    mkdirSync(logs, { recursive: true, mode: 0o700 });
    const args = [program, "lab", "down", "--dir", labFolder];
    await command(args, join(logs, `down-${ups}.log`), downDeadlineMs).done;
  };
  return {
    system: "Leeward",
    profile: `${options.delayMs} ms`,
    what: `defaults of examples/shop; ${options.delayMs} ms each way on every link; a killed region is silent`,
    down,
    async up(say) {
      await down();
      rmSync(file, { force: true });
      const log = join(logs, `up-${++ups}.log`);
      const mode = options.sync ? "sync" : "async";
      say("leeward lab up");
      mkdirSync(logs, { recursive: true, mode: 0o700 });
      const args = [program, "lab", "up", "--dir", labFolder, "--mode", mode, "--json", file];
      const { child, done } = command(args, log, upDeadlineMs);
      rising = {
        child,
        ended: done.catch(() => {}),
      };
      await done.finally(() => {
        rising = undefined;
      });
      if (!existsSync(file)) throw new BenchFailure(`leeward lab up ended well but wrote no ${file}; log: ${log}`);
      const up = JSON.parse(readFileSync(file, "utf8")) as LabUp;
      await order(up, { from: "*", to: "*", kind: "delay", ms: options.delayMs });
      return await attach(up, options.fronts, down);
    },
  };
}

async function attach(up: LabUp, fronts: Fronts, down: () => Promise<void>): Promise<Running> {
  const control = makeControl({ url: up.controller.url, token: readFileSync(up.tokenFile, "utf8").trim() });
  const first = await control.status();
  const group = first?.groups[0];
  if (group === undefined) throw new BenchFailure("the controller of the lab names no group that could switch");
  const primary = group.primary;
  const serving = up.regions.filter((region) => region.serves);
  const standby = serving.find((region) => region.name !== primary);
  if (standby === undefined) throw new BenchFailure("the lab has no second region that serves");
  const wanted = fronts === "standby" ? [standby] : [...serving.filter(({ name }) => name === primary), standby];
  const routers = wanted.flatMap((region) => region.fromUsers?.postgres ?? []);
  if (routers.length === 0) throw new BenchFailure(`the lab gives no way for users to the database in ${standby.name}`);
  const databases = Object.fromEntries(
    serving.flatMap((region) => (region.database === undefined ? [] : [[region.name, region.database.adminUrl]])),
  );
  const status = async () => (await control.status())?.groups.find((one) => one.group === group.group);
  return {
    fronts: routers,
    primary,
    databases,
    notWhole: async () =>
      notYetProtected(await control.status(), { name: group.group, primary: serving.map(({ name }) => name) }),
    async kill() {
      const everyone = livingOf(up.folder, primary);
      await Promise.all([
        order(up, { from: primary, to: "*", kind: "swallow" }),
        order(up, { from: "*", to: primary, kind: "swallow" }),
      ]);
      await killAll(up.folder, primary, everyone);
    },
    async freeze() {
      for (let pass = 0; pass < freezePasses; pass++) signalAll(livingOf(up.folder, primary), "SIGSTOP");
    },
    async thaw() {
      signalAll(livingOf(up.folder, primary), "SIGCONT");
    },
    async switchover() {
      const order = { kind: "switchover", group: group.group, to: standby.name, by: "bench" } as const;
      const answer = await control.command(order);
      if (!answer.accepted) throw new BenchFailure(`Leeward refused the switchover: ${answer.sentence}`);
    },
    async serving() {
      const now = await status();
      return now?.traffic?.mode === "open" && now.traffic.primary === now.primary ? now.primary : undefined;
    },
    down,
  };
}

/** What the links between places do from now on. */
async function order(up: LabUp, fault: FaultOrder): Promise<void> {
  const response = await fetch(up.faultUrl, {
    method: "POST",
    body: JSON.stringify(fault),
    signal: AbortSignal.timeout(5_000),
  });
  if (!response.ok) throw new BenchFailure(`the links refused the order: ${await response.text()}`);
}

/** One of Leeward's commands, output to `log`. `done` rejects with its last words when it fails or takes too long. */
function command(
  args: readonly string[],
  log: string,
  deadlineMs: number,
): { readonly child: ChildProcess; readonly done: Promise<void> } {
  const out = openSync(log, "a", 0o600);
  const child = spawn(process.execPath, args, { stdio: ["ignore", out, out] });
  closeSync(out);
  // Asked to end, it ends what it started.
  const timer = setTimeout(() => child.kill("SIGTERM"), deadlineMs);
  const ended = new Promise<number | string>((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("exit", (exitCode, signal) => resolve(exitCode ?? signal ?? "an unknown end"));
  });
  const done = ended.then((code) => {
    clearTimeout(timer);
    if (code === 0) return;
    const said = readFileSync(log, "utf8").trim().split("\n").slice(-3).join(" | ");
    throw new BenchFailure(`leeward ${args.slice(1, 3).join(" ")} ended with ${code}: ${said} (log: ${log})`);
  });
  return { child, done };
}
