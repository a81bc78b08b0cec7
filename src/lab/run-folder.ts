// The folder of one lab: its manifest, secrets, states, logs, ledgers. One lab at a time lives in it; what a crashed one left there is
// ended and swept away first. Only a folder that is empty or was made by the lab is ever touched.

import { randomBytes } from "node:crypto";
import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { LabFailure } from "./failure.ts";
import { startTimeOf } from "./process-table.ts";
import { endAll, livingOf } from "./processes.ts";
import type { User } from "./root.ts";

/** Marks a folder as the lab's own. */
const markFile = "leeward-lab";
const lockFile = "lab.json";

type Lock = {
  readonly pid: number;
  readonly startTime: string;
  readonly kind: "story" | "up";
  readonly upFile?: string;
};

/** `--dir`, else one folder per user under the system's folder for temporary files. */
export function runFolderOf(dir: string | undefined, uid: number | undefined): string {
  return resolve(dir ?? join(tmpdir(), `leeward-lab-${uid ?? "user"}`));
}

/** Makes the folder, checks that it is ours, and gives it to `owner` when root is about to become that user. */
export function prepareFolder(folder: string, owner?: User): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const stat = lstatSync(folder);
  const uid = owner?.uid ?? process.getuid?.();
  const allowed = [uid, process.getuid?.()];
  // In a folder that everybody may write to, somebody else may have been there first.
  if (!stat.isDirectory() || (uid !== undefined && !allowed.includes(stat.uid))) {
    throw new LabFailure(`${folder} belongs to another user or is no folder. Give the lab another one with --dir.`);
  }
  const names = readdirSync(folder);
  if (names.length > 0 && !names.includes(markFile)) {
    throw new LabFailure(
      `${folder} is not empty and was not made by the lab. Give the lab another folder with --dir.`,
      2,
    );
  }
  writeFileSync(join(folder, markFile), "This folder belongs to `leeward lab`, which empties it when it starts.\n", {
    mode: 0o600,
  });
  if (owner !== undefined) {
    chownSync(folder, owner.uid, owner.gid);
    chownSync(join(folder, markFile), owner.uid, owner.gid);
  }
  return realpathSync(folder);
}

/**
 * Takes the folder for this process: refuses when a lab lives in it, else ends and removes what a crashed one left. Returns how many
 * processes of it were ended.
 */
export async function claimFolder(folder: string, kind: Lock["kind"]): Promise<number> {
  const lock = readLock(folder);
  const left = livingOf(folder);
  if (lock !== undefined && startTimeOf(lock.pid) === lock.startTime && lock.pid !== process.pid) {
    throw new LabFailure(
      `A lab is already running in ${folder} (process ${lock.pid}). Wait for it, end it with Ctrl-C, or give this one another folder with --dir.`,
    );
  }
  if (lock?.kind === "up" && lock.upFile !== undefined && left.length > 0) {
    throw new LabFailure(
      `A lab was left running in ${folder} by \`leeward lab up\`. End it with \`leeward lab down\`, or give this one another folder with --dir.`,
    );
  }
  if (left.length > 0) await endAll(folder, 1_000);
  for (const name of readdirSync(folder))
    if (name !== markFile) rmSync(join(folder, name), { recursive: true, force: true });
  writeLock(folder, { pid: process.pid, startTime: startTimeOf(process.pid) ?? "", kind });
  for (const name of ["logs", "state", "via"]) mkdirSync(join(folder, name), { mode: 0o700 });
  return left.length;
}

/** From now on the lab lives without this process, as described in `upFile`. */
export function leaveRunning(folder: string, upFile: string): void {
  writeLock(folder, { pid: 0, startTime: "", kind: "up", upFile });
}

export function releaseFolder(folder: string): void {
  rmSync(join(folder, lockFile), { force: true });
}

/** What is known of the lab that lives, or lived, in the folder. */
export function readLock(folder: string): Lock | undefined {
  const file = join(folder, lockFile);
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Lock;
  } catch {
    // Torn by a crash: whoever wrote it is gone, and its processes are found by the ledger.
    return undefined;
  }
}

function writeLock(folder: string, lock: Lock): void {
  writeFileSync(join(folder, lockFile), `${JSON.stringify(lock)}\n`, { mode: 0o600 });
}

/** Writes a secret that only this user can read, and returns it. */
export function writeSecret(file: string, bytes = 24): string {
  const secret = randomBytes(bytes).toString("hex");
  writeFileSync(file, `${secret}\n`, { mode: 0o600 });
  return secret;
}
