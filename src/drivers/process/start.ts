// Starting, finding again and stopping one process.
// P1. A process is recorded (pid and start time) before its start is reported, so that no later agent loses it.
// P2. Nothing is signalled by pid alone: the start time is compared first, so a pid that was used again is left in peace.
// P3. A process outlives the agent that started it, and Ctrl-C on the agent's terminal does not reach it: it has a session of its own.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { childrenOf, isAlive, look } from "./look.ts";
import { type ProcessRecord, readRecord, removeRecord, writeRecord } from "./record.ts";

export type StartRequest = {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Standard output and error are appended here. */
  readonly logFile: string;
  readonly recordFile: string;
  readonly notes?: ProcessRecord["notes"];
  /** Whom to run as. Left out: as ourselves. Needed where the starter is root and the program refuses root. */
  readonly as?: { readonly uid: number; readonly gid: number };
};

type Ended = { readonly code: number | null; readonly signal: string | null };

export type Running = {
  readonly record: ProcessRecord;
  /** Resolves when it has ended. An adopted process is not our child: how it ended stays unknown, and is noticed by looking. */
  readonly ended: Promise<Ended>;
};

export type Started =
  | { readonly kind: "started"; readonly running: Running }
  | { readonly kind: "failed"; readonly retry: "later" | "never"; readonly why: string };

/** An adopted process's end is noticed within this time. */
const lookEveryMs = 200;

/** Starts it as a direct child, so that its end is noticed and it is reaped at once. It is recorded durably on return. */
export async function startProcess(request: StartRequest): Promise<Started> {
  await mkdir(dirname(request.logFile), { recursive: true });
  const log = await open(request.logFile, "a", 0o600);
  try {
    const child = spawn(request.command, [...request.args], {
      cwd: request.cwd,
      env: { ...request.env },
      stdio: ["ignore", log.fd, log.fd],
      detached: true,
      ...request.as,
    });
    const ended = endOf(child);
    const failure = await spawned(child);
    if (failure !== undefined) return notStarted(request, failure);
    const pid = child.pid ?? 0;
    const seen = await look(pid);
    // Until Node has told us of its end the pid cannot be used again; without a start time it has ended already.
    const record: ProcessRecord = {
      version: 1,
      pid,
      startTime: seen?.startTime ?? "ended",
      command: [request.command, ...request.args],
      notes: request.notes ?? {},
    };
    await writeRecord(request.recordFile, record);
    child.unref();
    return { kind: "started", running: { record, ended } };
  } finally {
    await log.close();
  }
}

/** The recorded process, if it still runs. Its record is removed if it does not. */
export async function adopt(recordFile: string): Promise<Running | undefined> {
  const record = await readRecord(recordFile);
  if (record === undefined) return undefined;
  if (!(await isAlive(record))) {
    await removeRecord(recordFile);
    return undefined;
  }
  return { record, ended: awaitEnd(record) };
}

/**
 * Ends it and everything below it: `signal` first, SIGKILL after `graceMs`. Resolves when none of them is left, true; false if
 * one is still there `killWaitMs` after its SIGKILL (a process stuck in the kernel, on a dead disk for example).
 */
export async function stop(
  record: Pick<ProcessRecord, "pid" | "startTime">,
  options: { readonly signal?: NodeJS.Signals; readonly graceMs: number; readonly killWaitMs?: number },
): Promise<boolean> {
  if (!(await isAlive(record))) return true;
  const below = await childrenOf(record.pid);
  send(record.pid, options.signal ?? "SIGTERM");
  if (await gone([record], options.graceMs)) {
    // Its children had the grace time too, through it; what is left of them is nobody's.
    await kill(below);
    return gone(below, options.killWaitMs ?? 2_000);
  }
  const all = [record, ...below, ...(await childrenOf(record.pid))];
  await kill(all);
  return gone(all, options.killWaitMs ?? 2_000);
}

/** SIGKILL to each that is still the process it was. */
export async function kill(identities: readonly Pick<ProcessRecord, "pid" | "startTime">[]): Promise<void> {
  for (const identity of identities) {
    if (await isAlive(identity)) send(identity.pid, "SIGKILL");
  }
}

/** True once none of them is alive; false when `withinMs` have passed. */
export async function gone(
  identities: readonly Pick<ProcessRecord, "pid" | "startTime">[],
  withinMs: number,
): Promise<boolean> {
  const until = performance.now() + withinMs;
  for (let pauseMs = 2; ; pauseMs = Math.min(pauseMs * 2, 20)) {
    const alive = await Promise.all(identities.map(isAlive));
    if (!alive.includes(true)) return true;
    if (performance.now() >= until) return false;
    await sleep(pauseMs);
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended between the look and the signal.
  }
}

function spawned(child: ChildProcess): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    child.once("spawn", () => resolve(undefined));
    child.once("error", resolve);
  });
}

function endOf(child: ChildProcess): Promise<Ended> {
  return new Promise((resolve) => {
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
}

async function awaitEnd(record: ProcessRecord): Promise<Ended> {
  while (await isAlive(record)) await sleep(lookEveryMs, undefined, { ref: false });
  return { code: null, signal: null };
}

const notStartedReasons: Readonly<Record<string, { readonly retry: "later" | "never"; readonly why: string }>> = {
  ENOENT: { retry: "never", why: "there is no such program (or no such folder to start it in)" },
  EACCES: { retry: "never", why: "this user may not run it" },
  EPERM: { retry: "never", why: "this user may not run it as another user" },
  EAGAIN: { retry: "later", why: "this user may not start more processes now" },
  ENOMEM: { retry: "later", why: "there is no memory left for it" },
};

function notStarted(request: StartRequest, error: NodeJS.ErrnoException): Started {
  const known = notStartedReasons[error.code ?? ""];
  const why = known?.why ?? error.message;
  return {
    kind: "failed",
    retry: known?.retry ?? "later",
    why: `${request.command} could not be started in ${request.cwd}: ${why}.`,
  };
}
