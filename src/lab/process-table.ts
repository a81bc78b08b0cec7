// Who runs on this machine, and what names a process for good: its pid together with the moment it started, for pids come back.

import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

export type RunningProcess = {
  readonly pid: number;
  readonly parent: number;
  /** Opaque; equal only for one and the same process. */
  readonly startTime: string;
  readonly command: string;
  /** Linux, own processes only; elsewhere empty. */
  readonly environment: string;
  readonly cwd: string;
  readonly zombie: boolean;
};

/** The processes of this machine; with their environment and folder where the system shows them to us. */
export function listProcesses(): readonly RunningProcess[] {
  return process.platform === "linux" ? listLinux() : listPs();
}

/** The start time of a living process (a zombie does not live); undefined when there is none. */
export function startTimeOf(pid: number): string | undefined {
  if (process.platform === "linux") {
    const stat = readStat(pid);
    return stat === undefined || stat.zombie ? undefined : stat.startTime;
  }
  const found = spawnSync("ps", ["-p", String(pid), "-o", "stat=,lstart="], { encoding: "utf8" }).stdout?.trim() ?? "";
  if (found === "" || found.startsWith("Z")) return undefined;
  return found.replace(/^\S+\s+/, "");
}

/** `roots` and everything below them. */
export function familyOf(processes: readonly RunningProcess[], roots: ReadonlySet<number>): readonly RunningProcess[] {
  const children = new Map<number, RunningProcess[]>();
  for (const one of processes) children.set(one.parent, [...(children.get(one.parent) ?? []), one]);
  const family = new Map<number, RunningProcess>();
  const add = (one: RunningProcess): void => {
    if (family.has(one.pid)) return;
    family.set(one.pid, one);
    for (const child of children.get(one.pid) ?? []) add(child);
  };
  for (const one of processes) if (roots.has(one.pid)) add(one);
  return [...family.values()];
}

// Start times count clock ticks since boot, so that the boot belongs to the name.
const bootId =
  process.platform === "linux"
    ? (quietly(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim().slice(0, 8)) ?? "")
    : "";

function readStat(
  pid: number,
): { readonly parent: number; readonly startTime: string; readonly zombie: boolean } | undefined {
  const text = quietly(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  if (text === undefined) return undefined;
  // The command may contain spaces and brackets: fields are counted from its last bracket.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return {
    parent: Number(fields[1]),
    startTime: `${bootId}-${fields[19]}`,
    zombie: fields[0] === "Z" || fields[0] === "X",
  };
}

function listLinux(): readonly RunningProcess[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name): RunningProcess[] => {
      const pid = Number(name);
      const stat = readStat(pid);
      if (stat === undefined) return [];
      const read = (file: string): string =>
        (quietly(() => readFileSync(`/proc/${pid}/${file}`, "utf8")) ?? "").replaceAll("\0", "\n").trim();
      const cwd = quietly(() => readlinkSync(`/proc/${pid}/cwd`)) ?? "";
      return [{ pid, ...stat, command: read("cmdline").replaceAll("\n", " "), environment: read("environ"), cwd }];
    });
}

function listPs(): readonly RunningProcess[] {
  const text =
    spawnSync("ps", ["-A", "-o", "pid=,ppid=,stat=,lstart=,command="], {
      encoding: "utf8",
      maxBuffer: 64 * 1024 * 1024,
    }).stdout ?? "";
  return text.split("\n").flatMap((line): RunningProcess[] => {
    // lstart is five words: Thu Jan  1 00:00:00 1970.
    const match = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(\S+\s+\S+\s+\S+\s+\S+\s+\S+)\s+(.*)$/.exec(line);
    if (match === null) return [];
    const [, pid, parent, stat, startTime, command] = match;
    return [
      {
        pid: Number(pid),
        parent: Number(parent),
        startTime: startTime ?? "",
        command: command ?? "",
        environment: "",
        cwd: "",
        zombie: stat?.startsWith("Z") ?? false,
      },
    ];
  });
}

function quietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    // The process ended while it was being looked at, or belongs to someone else.
    return undefined;
  }
}
