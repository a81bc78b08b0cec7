// Which processes belong to a data folder? Every PostgreSQL process of a server works in its data folder (the postmaster enters
// it first thing), so a backend is found even when its postmaster is dead and its title says nothing.
// A person's shell that happens to stand in the folder is not a server: only a program called `postgres` counts.

import { execFile } from "node:child_process";
import { readdir, readFile, readlink, realpath } from "node:fs/promises";
import { basename, resolve } from "node:path";
import type { Processes, ProcessName } from "./processes.ts";

const lsofDeadlineMs = 10_000;

/** All living processes of the server on `dataFolder`; empty when the folder does not exist. */
export async function processesOf(dataFolder: string, processes: Processes): Promise<readonly ProcessName[]> {
  const folder = await realpath(dataFolder).catch(() => resolve(dataFolder));
  const pids = process.platform === "linux" ? await pidsByProc(folder) : await pidsByLsof(folder);
  const seen = await Promise.all(pids.map((pid) => processes.look(pid)));
  return seen.filter((one) => one !== undefined).filter(({ zombie }) => !zombie);
}

async function pidsByProc(folder: string): Promise<readonly number[]> {
  const names = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const mine = await Promise.all(names.map((name) => worksIn(`/proc/${name}`, folder)));
  return names.filter((_, index) => mine[index]).map(Number);
}

async function worksIn(proc: string, folder: string): Promise<boolean> {
  try {
    const cwd = await readlink(`${proc}/cwd`);
    // A program that was replaced on disk by an upgrade shows up as deleted, and still runs.
    if (cwd === folder) return isServer((await readlink(`${proc}/exe`)).replace(/ \(deleted\)$/, ""));
    // Between its start and its first steps the postmaster is not in its folder yet.
    const words = (await readFile(`${proc}/cmdline`, "utf8")).split("\0");
    const at = words.indexOf("-D");
    return at > 0 && isServer(words[0] ?? "") && resolve(words[at + 1] ?? "") === folder;
  } catch {
    return false; // It ended while we looked, or it is another user's and so not ours.
  }
}

function isServer(program: string): boolean {
  return basename(program) === "postgres" || basename(program) === "postmaster";
}

/** Where there is no /proc: `lsof`, which macOS has, prints `pPID` and then `nFOLDER` for each. */
async function pidsByLsof(folder: string): Promise<readonly number[]> {
  const text = await new Promise<string>((done) => {
    const args = ["-a", "-c", "postgres", "-d", "cwd", "-Fpn"];
    execFile("lsof", args, { timeout: lsofDeadlineMs }, (_error, stdout) => done(stdout));
  });
  const found: number[] = [];
  let pid = 0;
  for (const line of text.split("\n")) {
    if (line.startsWith("p")) pid = Number(line.slice(1));
    if (line === `n${folder}`) found.push(pid);
  }
  return found;
}
