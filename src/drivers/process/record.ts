// The durable note of a started process, from which a later agent finds it again.

import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

export type ProcessRecord = {
  readonly version: 1;
  readonly pid: number;
  /** Opaque; compared with what the operating system says of this pid (look.ts). */
  readonly startTime: string;
  readonly command: readonly string[];
  /** What the starter wants to know again after a restart, such as the port it gave. No secrets. */
  readonly notes: Readonly<Record<string, string | number>>;
};

/** Durable on return: written aside, synced, renamed, folder synced. */
export async function writeRecord(file: string, record: ProcessRecord): Promise<void> {
  const folder = dirname(file);
  await mkdir(folder, { recursive: true });
  const aside = `${file}.new`;
  const handle = await open(aside, "w", 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(record)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(aside, file);
  await syncFolder(folder);
}

/** Undefined when there is none, or when it cannot be read: a torn note names no process, so nothing is adopted or killed by it. */
export async function readRecord(file: string): Promise<ProcessRecord | undefined> {
  try {
    return parseRecord(JSON.parse(await readFile(file, "utf8")));
  } catch {
    return undefined;
  }
}

export async function removeRecord(file: string): Promise<void> {
  await rm(file, { force: true });
}

function parseRecord(value: unknown): ProcessRecord | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { version, pid, startTime, command, notes } = value as Record<string, unknown>;
  if (version !== 1 || typeof pid !== "number" || pid <= 1 || typeof startTime !== "string") return undefined;
  if (!Array.isArray(command) || !command.every((word) => typeof word === "string")) return undefined;
  return { version, pid, startTime, command, notes: (notes ?? {}) as ProcessRecord["notes"] };
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
