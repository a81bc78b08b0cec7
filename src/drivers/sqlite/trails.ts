// The audit trails in a store's file, row by row, as they stand there: for whoever checks or explains them. Read-only, also while a
// controller writes. A file whose rows have been tampered with is read all the same; what is wrong is said beside each row, for it is
// the business of the check to name the first.

import { statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import type { TrailRow } from "../../core/audit/verify.ts";
import type { StoreFailure } from "../../ports/store.ts";
import { failureOf } from "./errors.ts";
import { journalSum, recordSum } from "./schema.ts";

export type Trails = {
  readonly kind: "trails";
  readonly system: string | undefined;
  /** Groups that the store has a record of: each must have a trail. */
  readonly groups: readonly string[];
  readonly rows: readonly TrailRow[];
};

const trailPrefix = "timeline/";
const recordPrefix = "record/";
const busyMs = 2_000;

export function readTrails(file: string): Trails | StoreFailure {
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true)
    return { kind: "failed", retry: "never", why: `There is no store at ${file}.` };
  let db: DatabaseSync | undefined;
  try {
    db = open(file);
    return { kind: "trails", ...known(db), rows: trailRows(db) };
  } catch (error) {
    return failureOf(error, file);
  } finally {
    db?.close();
  }
}

/** A copy in a folder that may not be written has no room for the file that a log's readers share: nobody writes it then either. */
function open(file: string): DatabaseSync {
  const db = new DatabaseSync(file, { readOnly: true, timeout: busyMs });
  try {
    db.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").get();
    return db;
  } catch (error) {
    db.close();
    if (statSync(`${file}-wal`, { throwIfNoEntry: false }) !== undefined) throw error;
    const url = pathToFileURL(file);
    url.searchParams.set("immutable", "1");
    return new DatabaseSync(url, { readOnly: true });
  }
}

function trailRows(db: DatabaseSync): readonly TrailRow[] {
  const rows: TrailRow[] = [];
  let run = "";
  let before = "";
  const found = db
    .prepare("SELECT run, seq, entry, sum FROM journal WHERE substr(run, 1, ?) = ? ORDER BY run, seq")
    .iterate(trailPrefix.length, trailPrefix);
  for (const row of found) {
    if (row.run !== run) {
      run = String(row.run);
      before = "";
    }
    const seq = Number(row.seq);
    const text = String(row.entry);
    const whole = journalSum(before, run, seq, text) === row.sum;
    before = String(row.sum);
    const place = { group: run.slice(trailPrefix.length), seq, text };
    rows.push(whole ? place : { ...place, fault: "it does not match the checksum of the store" });
  }
  return rows;
}

function known(db: DatabaseSync): Pick<Trails, "system" | "groups"> {
  let system: string | undefined;
  const groups: string[] = [];
  for (const { key, version, value, sum } of db.prepare("SELECT key, version, value, sum FROM record").iterate()) {
    const name = String(key);
    if (name.startsWith(recordPrefix)) groups.push(name.slice(recordPrefix.length));
    if (name === "system" && recordSum(name, Number(version), String(value)) === sum)
      system = (JSON.parse(String(value)) as { readonly name?: string }).name;
  }
  return { system, groups };
}
