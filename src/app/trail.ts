// Where an audit trail is read from when no controller is asked: the store in a controller's state folder, or an exported file.

import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { importRows } from "../core/audit/export.ts";
import type { TrailRow } from "../core/audit/verify.ts";
import { readTrails } from "../drivers/sqlite/trails.ts";
import { messageOf, Refusal } from "./context.ts";

export type TrailSource = {
  readonly rows: readonly TrailRow[];
  /** Groups that must have a trail. */
  readonly groups: readonly string[];
  readonly where: string;
};

/** An export of so many bytes holds about half a million entries; more is read from the store. */
const exportBytesMax = 512 * 1024 * 1024;

export function trailOf(flags: { readonly state?: string; readonly file?: string }): TrailSource {
  if (flags.state !== undefined && flags.file !== undefined)
    throw new Refusal("Give either a state folder or an exported file, not both.", 2);
  if (flags.state !== undefined) return fromState(flags.state);
  if (flags.file !== undefined) return fromExport(flags.file);
  throw new Refusal(
    "Say where the audit trail is: --state FOLDER for a controller's state folder, or --file FILE for an export.",
    2,
  );
}

function fromState(folder: string): TrailSource {
  const file = join(folder, "leeward.db");
  if (statSync(file, { throwIfNoEntry: false }) === undefined)
    throw new Refusal(
      `There is no store in ${folder}: it has no leeward.db. Give the --state folder of a controller.`,
      2,
    );
  const read = readTrails(file);
  if (read.kind === "failed") throw new Refusal(read.why, 3);
  return { rows: read.rows, groups: read.groups, where: file };
}

function fromExport(file: string): TrailSource {
  let bytes: Buffer;
  try {
    if (statSync(file).size > exportBytesMax)
      throw new Error(`it has more than ${exportBytesMax / 1024 / 1024} MiB: check the store itself, with --state`);
    bytes = readFileSync(file);
  } catch (error) {
    throw new Refusal(`The export ${file} cannot be read: ${messageOf(error)}.`, 3);
  }
  // What is no UTF-8 becomes a mark that no entry was hashed with.
  return { rows: importRows(bytes.toString("utf8")), groups: [], where: file };
}
