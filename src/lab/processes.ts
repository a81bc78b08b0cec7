// Every process the lab starts, and the promise that none of them stays behind. Each is written to the run folder's ledger by pid and
// start time before anything else is done with it, so that a later run can end what a crashed one left; and each carries the lab's
// mark in its environment, which its children inherit, so that also what *they* started is found.

import { type ChildProcess, spawn } from "node:child_process";
import { appendFileSync, closeSync, existsSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { familyOf, listProcesses, type RunningProcess, startTimeOf } from "./process-table.ts";

export type Started = {
  readonly what: string;
  readonly place: string;
  readonly pid: number;
  readonly startTime: string;
};

/** In the environment of everything the lab starts: the run folder, and the place it is in. */
const runMark = "LEEWARD_LAB_RUN";
const placeMark = "LEEWARD_LAB_PLACE";

/** How often a kill looks again for what was born meanwhile. */
const killPassesMax = 8;
/** For a database that is thrown away anyway. */
const leftOverGraceMs = 1_000;

const ledgerFile = (folder: string): string => join(folder, "processes.jsonl");

export type StartOptions = {
  readonly folder: string;
  readonly what: string;
  readonly place: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
};

export type Child = Started & {
  readonly process: ChildProcess;
  /** What it said on stdout when it was ready. Rejects with a sentence when it ended first or took too long. */
  ready(deadlineMs: number): Promise<Record<string, unknown>>;
};

/** Starts Node with `args` as a process of its own, output to a log in the run folder; it outlives this one unless it is ended. */
export function startProcess(options: StartOptions): Child {
  const log = join(options.folder, "logs", `${options.what.replaceAll(/[^a-z0-9-]/gi, "-")}.log`);
  const out = openSync(log, "a", 0o600);
  const before = readFileSync(log, "utf8").length;
  const child = spawn(process.execPath, options.args, {
    cwd: options.folder,
    detached: true,
    stdio: ["ignore", out, out],
    env: { ...process.env, ...options.env, [runMark]: options.folder, [placeMark]: options.place },
  });
  closeSync(out);
  if (child.pid === undefined)
    throw new Error(`${options.what} could not be started: ${process.execPath} is not there or may not be run`);
  const started: Started = {
    what: options.what,
    place: options.place,
    pid: child.pid,
    startTime: startTimeOf(child.pid) ?? "gone",
  };
  record(options.folder, started);
  child.on("error", () => {});
  child.unref();
  return {
    ...started,
    process: child,
    async ready(deadlineMs) {
      const until = performance.now() + deadlineMs;
      for (;;) {
        const said = readFileSync(log, "utf8").slice(before);
        const line = said.split("\n").find((one) => one.startsWith('{"ready":true'));
        if (line !== undefined && said.includes(`${line}\n`)) return JSON.parse(line) as Record<string, unknown>;
        if (child.exitCode !== null || child.signalCode !== null) {
          throw new Error(
            `${options.what} ended with ${child.signalCode ?? `exit code ${child.exitCode}`} before it was ready. ${lastWords(said)} Log: ${log}`,
          );
        }
        if (performance.now() > until)
          throw new Error(
            `${options.what} was not ready after ${Math.round(deadlineMs / 1000)} s. ${lastWords(said)} Log: ${log}`,
          );
        await sleep(25);
      }
    },
  };
}

function lastWords(text: string): string {
  const last = text.trim().split("\n").slice(-3).join(" | ").slice(-500);
  return last === "" ? "It said nothing." : `It said last: ${last}`;
}

/** Also for what was started some other way, such as by fork. */
export function record(folder: string, started: Started): void {
  appendFileSync(ledgerFile(folder), `${JSON.stringify(started)}\n`, { mode: 0o600 });
}

export function readLedger(folder: string): readonly Started[] {
  if (!existsSync(ledgerFile(folder))) return [];
  return readFileSync(ledgerFile(folder), "utf8")
    .split("\n")
    .flatMap((line) => {
      try {
        return line === "" ? [] : [JSON.parse(line) as Started];
      } catch {
        // A crash may tear the last line; its process is still found by its mark.
        return [];
      }
    });
}

export function clearLedger(folder: string): void {
  writeFileSync(ledgerFile(folder), "", { mode: 0o600 });
}

/**
 * Everything of this run folder that lives, in one place or in all: what the ledger names by pid and start time, what carries the mark,
 * the database servers whose data folder is in it, and all their descendants. Never this process or its ancestors.
 */
export function livingOf(folder: string, place?: string): readonly RunningProcess[] {
  const all = listProcesses().filter((one) => !one.zombie);
  const ledger = readLedger(folder).filter((one) => place === undefined || one.place === place);
  const state = join(folder, "state", place ?? "");
  const roots = new Set<number>();
  for (const one of all) {
    const known = ledger.some((entry) => entry.pid === one.pid && entry.startTime === one.startTime);
    const environment = one.environment.split("\n");
    const marked =
      environment.includes(`${runMark}=${folder}`) &&
      (place === undefined || environment.includes(`${placeMark}=${place}`));
    // A database server writes its title over its environment; the data folder it works in betrays it. Asking for the name too spares
    // a person's shell that happens to stand there.
    const serves = `${one.cwd}/`.startsWith(`${state}/`) && /(^|\/)postgres\b/.test(one.command);
    if (known || marked || serves) roots.add(one.pid);
  }
  const spared = ancestorsOf(all, process.pid);
  return familyOf(all, roots).filter(
    (one) => !spared.has(one.pid) && (place === undefined || !belongsElsewhere(one, folder, place)),
  );
}

/** A child of one place's process that says it lives in another place belongs there. */
function belongsElsewhere(one: RunningProcess, folder: string, place: string): boolean {
  const environment = one.environment.split("\n");
  return environment.includes(`${runMark}=${folder}`) && !environment.includes(`${placeMark}=${place}`);
}

function ancestorsOf(all: readonly RunningProcess[], pid: number): ReadonlySet<number> {
  const line = new Set<number>([pid]);
  let current = all.find((one) => one.pid === pid);
  while (current !== undefined && current.parent > 1 && !line.has(current.parent)) {
    line.add(current.parent);
    const { parent } = current;
    current = all.find((one) => one.pid === parent);
  }
  return line;
}

/** Signals exactly these, if they are still the same processes. Returns how many got it. */
export function signalAll(
  processes: readonly { readonly pid: number; readonly startTime: string }[],
  signal: NodeJS.Signals,
): number {
  let count = 0;
  for (const one of processes) {
    if (startTimeOf(one.pid) !== one.startTime) continue;
    try {
      process.kill(one.pid, signal);
      count++;
    } catch {
      // It ended in between, which is as good.
    }
  }
  return count;
}

/** SIGKILL for all of the place (or the lab), and again for what was born in between, until nothing is left. */
export async function killAll(folder: string, place?: string, first?: readonly RunningProcess[]): Promise<number> {
  let killed = 0;
  let living = first ?? livingOf(folder, place);
  for (let pass = 0; pass < killPassesMax && living.length > 0; pass++) {
    killed += signalAll(living, "SIGKILL");
    await sleep(20);
    living = livingOf(folder, place);
  }
  if (living.length > 0)
    throw new Error(
      `still running after SIGKILL: ${living.map((one) => `${one.pid} ${one.command.slice(0, 80)}`).join(", ")}`,
    );
  return killed;
}

/**
 * Asks what the lab started to end, then what that leaves behind (an agent that ends leaves its database running, for its successor to
 * adopt), then kills the rest. Frozen ones are woken first, or they would never hear it.
 */
export async function endAll(folder: string, graceMs: number): Promise<void> {
  const ledger = readLedger(folder);
  const everyone = livingOf(folder);
  signalAll(everyone, "SIGCONT");
  signalAll(ledger, "SIGTERM");
  await untilGone(ledger, graceMs);
  // To a database server this one means: end the sessions and stop.
  const left = [
    ...new Map([...everyone, ...livingOf(folder)].map((one) => [`${one.pid} ${one.startTime}`, one])).values(),
  ];
  signalAll(left, "SIGINT");
  await untilGone(left, leftOverGraceMs);
  await killAll(folder, undefined, left);
  clearLedger(folder);
}

async function untilGone(
  processes: readonly { readonly pid: number; readonly startTime: string }[],
  withinMs: number,
): Promise<void> {
  const until = performance.now() + withinMs;
  while (performance.now() < until && processes.some((one) => startTimeOf(one.pid) === one.startTime)) await sleep(25);
}
