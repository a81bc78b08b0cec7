// Ends a server so that it can acknowledge nothing more, and proves it.
// F1. The receipt is that *no process* of the data folder is left: a backend goes on for a while without its postmaster, and every
//     backend is a process group of its own, so neither a pid nor a group is proof.
// F2. A waiting commit is never cancelled: cancelling acknowledges it. Stopping ends the session without an answer.
// F3. Each stage has its time; the next one is harsher. A frozen process takes only SIGKILL.

import { rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { findServer } from "./cluster.ts";
import { readControlFile } from "./control-file.ts";
import type { Lsn } from "./lsn.ts";
import type { ProcessName } from "./processes.ts";
import { processesOf } from "./server-processes.ts";
import { pathsOf, type Site } from "./site.ts";

type FenceReceipt = {
  readonly kind: "fenced";
  /** "absent": nothing ran. "fast": sessions ended, everything written, clean. The others leave a crash to recover from. */
  readonly how: "absent" | "fast" | "immediate" | "killed";
  /** Only after a clean stop: a standby whose replay has reached this has everything. */
  readonly position: Lsn | undefined;
  readonly timeline: number | undefined;
};

export type Fenced = FenceReceipt | { readonly kind: "still-alive"; readonly pids: readonly number[] };

export type FenceTimes = {
  /** A fast stop also waits until the standbys have everything, which is wanted in a switchover. */
  readonly fastMs: number;
  readonly immediateMs: number;
  readonly killMs: number;
};

const pollMs = 3;

export async function fence(site: Site, times: FenceTimes): Promise<Fenced> {
  const before = await processesOf(site.dataFolder, site.processes);
  if (before.length === 0) return receipt(site, "absent");
  const server = await findServer(site);
  if (server !== undefined) {
    signal(server, "SIGINT");
    if (await noneLeft(site, times.fastMs)) return receipt(site, "fast");
    signal(server, "SIGQUIT");
    if (await noneLeft(site, times.immediateMs)) return receipt(site, "immediate");
  }
  // Without a postmaster nobody tells the backends; and what did not listen until now will not.
  const until = performance.now() + times.killMs;
  for (;;) {
    const left = await processesOf(site.dataFolder, site.processes);
    if (left.length === 0) return receipt(site, "killed");
    if (performance.now() >= until) return { kind: "still-alive", pids: left.map(({ pid }) => pid) };
    // The postmaster first: a living one would see its children die and start over.
    const main = left.filter(({ pid }) => pid === server?.pid);
    await site.processes.kill([...main, ...left]);
    await sleep(pollMs);
  }
}

async function noneLeft(site: Site, withinMs: number): Promise<boolean> {
  const until = performance.now() + withinMs;
  for (;;) {
    const left = await processesOf(site.dataFolder, site.processes);
    if (left.length === 0) return true;
    const leftMs = until - performance.now();
    if (leftMs <= 0) return false;
    // Waiting for the processes we know is cheaper than scanning all; the scan has the last word.
    await site.processes.gone(left, leftMs);
  }
}

function signal(server: ProcessName, name: NodeJS.Signals): void {
  try {
    process.kill(server.pid, name);
  } catch {
    // It ended since we looked; the scan that follows tells.
  }
}

async function receipt(site: Site, how: FenceReceipt["how"]): Promise<FenceReceipt> {
  await rm(pathsOf(site).record, { force: true });
  const control = await readControlFile(site.dataFolder).catch(() => undefined);
  const clean = control?.state === "shut down";
  return {
    kind: "fenced",
    how,
    // The last record begins at the checkpoint; whoever replayed past its beginning replayed all of it.
    position: clean ? control.checkpoint + 1n : undefined,
    timeline: control?.timeline,
  };
}
