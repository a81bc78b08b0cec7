// Reads what a stopped server says of itself, straight from `global/pg_control`, because pg_controldata is not always installed.
// Only the head of the struct is read, whose layout is the same from PostgreSQL 12 to 18 (src/include/catalog/pg_control.h);
// other control versions are refused rather than guessed. Little-endian, 8-byte aligned, as on every machine we run on.

import { open } from "node:fs/promises";
import { join } from "node:path";
import { DriverError } from "./errors.ts";
import type { Lsn } from "./lsn.ts";

export type ControlFile = {
  /** A number of 64 bits that initdb drew; the same on a primary and all its copies. */
  readonly systemIdentifier: string;
  readonly state: ServerState;
  /** Where the last checkpoint record begins. After a clean stop nothing follows it. */
  readonly checkpoint: Lsn;
  readonly timeline: number;
  /** A copy is consistent only from here on; 0 for a primary. */
  readonly minRecovery: Lsn;
};

type ServerState =
  | "starting up"
  | "shut down"
  | "shut down in recovery"
  | "shutting down"
  | "in crash recovery"
  | "in archive recovery"
  | "in production";

const states: readonly ServerState[] = [
  "starting up",
  "shut down",
  "shut down in recovery",
  "shutting down",
  "in crash recovery",
  "in archive recovery",
  "in production",
];

/** PG_CONTROL_VERSION of PostgreSQL 12, 13-16, 17, 18. */
const knownVersions: readonly number[] = [1201, 1300, 1700, 1800];
const headBytes = 148;

/** Undefined when there is no such file: no data here. Throws a DriverError when it cannot be understood. */
export async function readControlFile(dataFolder: string): Promise<ControlFile | undefined> {
  const file = join(dataFolder, "global", "pg_control");
  const head = Buffer.alloc(headBytes);
  try {
    const handle = await open(file, "r");
    try {
      const { bytesRead } = await handle.read(head, 0, headBytes, 0);
      if (bytesRead < headBytes)
        throw new DriverError("control-file", "never", `${file} is cut short; it holds no usable data.`);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  return parseControlFile(head, file);
}

export function parseControlFile(head: Buffer, file: string): ControlFile {
  const version = head.readUInt32LE(8);
  const state = states[head.readUInt32LE(16)];
  if (!knownVersions.includes(version) || state === undefined) {
    throw new DriverError(
      "control-file",
      "never",
      `${file} has control version ${version}, which is not that of PostgreSQL 12 to 18, or it is damaged.`,
    );
  }
  return {
    systemIdentifier: head.readBigUInt64LE(0).toString(),
    state,
    checkpoint: head.readBigUInt64LE(32),
    // A freshly promoted server has the new timeline only in its recovery target until its first checkpoint.
    timeline: Math.max(head.readUInt32LE(48), head.readUInt32LE(144)),
    minRecovery: head.readBigUInt64LE(136),
  };
}
