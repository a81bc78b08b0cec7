// What the operating system says about processes: is this one alive, when was it started, whose child is it.
// A pid alone says nothing, because pids are used again; a process is known by its pid and its start time together.
// A zombie (state Z) is dead: it runs nothing and waits only for its parent to notice.

import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";

/** One process as it is right now. `startTime` is an opaque text that only its own machine compares. */
export type Seen = {
  readonly pid: number;
  readonly parent: number;
  readonly startTime: string;
  readonly zombie: boolean;
};

const onLinux = process.platform === "linux";

/** `ps` looks at one machine's own table; longer than this and the machine itself is in trouble. */
const psDeadlineMs = 5_000;
const psOutputBytesMax = 16 * 1024 * 1024;

/** The process with this pid, or undefined when there is none. */
export async function look(pid: number): Promise<Seen | undefined> {
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  if (!onLinux) return (await lookWithPs(["-p", String(pid)]))[0];
  try {
    return parseStat(await readFile(`/proc/${pid}/stat`, "utf8"), await bootId());
  } catch {
    return undefined; // It ended, perhaps while we looked.
  }
}

/** Every process of this machine that we are shown. */
export async function lookAtAll(): Promise<readonly Seen[]> {
  if (!onLinux) return lookWithPs(["-ax"]);
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const seen = await Promise.all(pids.map(look));
  return seen.filter((one) => one !== undefined);
}

/** Is the very process that was started then still running? */
export async function isAlive(identity: { readonly pid: number; readonly startTime: string }): Promise<boolean> {
  const seen = await look(identity.pid);
  return seen !== undefined && !seen.zombie && seen.startTime === identity.startTime;
}

/** All living descendants of `pid`, nearest first; not `pid` itself. A server's children may each be a process group of their own. */
export async function childrenOf(pid: number): Promise<readonly Seen[]> {
  return descendantsOf(pid, await lookAtAll());
}

export function descendantsOf(pid: number, all: readonly Seen[]): readonly Seen[] {
  const found: Seen[] = [];
  const known = new Set([pid]);
  let parents = [pid];
  while (parents.length > 0) {
    const next = all.filter((one) => parents.includes(one.parent) && !known.has(one.pid));
    for (const one of next) known.add(one.pid);
    found.push(...next.filter((one) => !one.zombie));
    parents = next.map((one) => one.pid);
  }
  return found;
}

/** `/proc/PID/stat` (proc_pid_stat(5)). The name, field 2, may hold blanks and brackets: fields are counted from the last bracket. */
export function parseStat(text: string, boot: string): Seen | undefined {
  const pid = Number.parseInt(text, 10);
  const rest = text
    .slice(text.lastIndexOf(")") + 2)
    .trim()
    .split(" ");
  const [state, parent] = rest;
  const ticks = rest[19]; // field 22; `rest` begins with field 3
  if (!Number.isInteger(pid) || state === undefined || parent === undefined || ticks === undefined) return undefined;
  // Ticks count from the boot, so a pid and its ticks could come again after the next one.
  return { pid, parent: Number(parent), startTime: `${boot}:${ticks}`, zombie: state === "Z" || state === "X" };
}

let boot: string | undefined;

async function bootId(): Promise<string> {
  boot ??= await readFile("/proc/sys/kernel/random/boot_id", "utf8").then(
    (text) => text.trim(),
    () => "unknown-boot",
  );
  return boot;
}

async function lookWithPs(which: readonly string[]): Promise<readonly Seen[]> {
  const args = [...which, "-o", "pid=,ppid=,state=,lstart="];
  const text = await new Promise<string>((resolve) => {
    const options = { timeout: psDeadlineMs, maxBuffer: psOutputBytesMax, env: { ...process.env, LC_ALL: "C" } };
    // `ps -p` ends with 1 when there is no such process: an answer, not a failure.
    execFile("ps", args, options, (_error, stdout) => resolve(stdout));
  });
  return text.split("\n").flatMap((line) => parsePs(line) ?? []);
}

/** One line of `ps -o pid=,ppid=,state=,lstart=`. */
export function parsePs(line: string): Seen | undefined {
  const match = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(\S.*\S)\s*$/.exec(line);
  const [, pid, parent, state, startTime] = match ?? [];
  if (pid === undefined || parent === undefined || state === undefined || startTime === undefined) return undefined;
  return { pid: Number(pid), parent: Number(parent), startTime, zombie: state.startsWith("Z") };
}
