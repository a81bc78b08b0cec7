// The tables of a store, and the check that a file holds exactly these before anything is written to it.
//
// 1. A file that is not a store, is of another format, or is damaged is left as it is, byte for byte: it is looked at through a
//    read-only connection first.
// 2. SQLite's own check sees a broken page structure, not a flipped bit inside a value; so each record has its checksum, and each
//    journal row carries one over itself and the row before it (I12): a row cannot be changed, dropped or moved unseen.

import { hash } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import type { StoreFailure } from "../../ports/store.ts";
import { failureOf, mendOf } from "./errors.ts";
import { damageInLog } from "./wal.ts";

/** "LEEW", in the header field that SQLite keeps for the owner of a file. */
const applicationId = 0x4c454557;
/** Grows with every change of the tables. */
export const storeFormat = 1;

export const tables = `
  CREATE TABLE record (
    key TEXT PRIMARY KEY, version INTEGER NOT NULL CHECK (version > 0), value TEXT NOT NULL, sum TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE journal (
    run TEXT NOT NULL, seq INTEGER NOT NULL CHECK (seq > 0), entry TEXT NOT NULL, sum TEXT NOT NULL, PRIMARY KEY (run, seq)
  ) STRICT, WITHOUT ROWID;
  CREATE TRIGGER journal_is_never_changed BEFORE UPDATE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
  CREATE TRIGGER journal_is_never_deleted BEFORE DELETE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
  PRAGMA application_id = ${applicationId};
  PRAGMA user_version = ${storeFormat};
`;

export function recordSum(key: string, version: number, text: string): string {
  return hash("sha256", `${key}\n${version}\n${text}`);
}

/** `before` is the sum of the row before, or "" for the first one. */
export function journalSum(before: string, run: string, seq: number, text: string): string {
  return hash("sha256", `${before}\n${run}\n${seq}\n${text}`);
}

/** "empty": nothing in it yet, the tables may be made. "store": a whole one of this format. */
export function inspect(
  file: string,
  busyMs: number,
): { readonly kind: "empty" } | { readonly kind: "store" } | StoreFailure {
  let db: DatabaseSync | undefined;
  try {
    // Before SQLite looks: it would forget what follows the damage, and show whole what is left.
    const cut = damageInLog(file);
    if (cut !== undefined) return refused(`The store ${file} is damaged: ${cut}. ${mendOf(file)}`);
    db = new DatabaseSync(file, { readOnly: true, timeout: busyMs });
    const owner = integerOf(db, "application_id");
    const format = integerOf(db, "user_version");
    if (owner === 0 && format === 0 && db.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").get() === undefined)
      return { kind: "empty" };
    if (owner !== applicationId) {
      return refused(
        `${file} is an SQLite file, but not a Leeward store. Nothing was changed. Name another file or folder for the store.`,
      );
    }
    if (format !== storeFormat) {
      return refused(
        `The store ${file} was written by another version of Leeward: it has format ${format}, this version reads format ${storeFormat}. Nothing was changed. Use the version that wrote it, or name another state folder.`,
      );
    }
    const damage = damageIn(db);
    return damage === undefined
      ? { kind: "store" }
      : refused(`The store ${file} is damaged: ${damage}. ${mendOf(file)}`);
  } catch (error) {
    return failureOf(error, file);
  } finally {
    db?.close();
  }
}

function damageIn(db: DatabaseSync): string | undefined {
  const structure = db.prepare("PRAGMA quick_check(1)").get()?.quick_check;
  if (structure !== "ok") return String(structure).replaceAll(/\s+/g, " ").replace(/\.$/, "");
  for (const row of db.prepare("SELECT key, version, value, sum FROM record").iterate()) {
    const { key, version, value, sum } = row;
    if (recordSum(String(key), Number(version), String(value)) !== sum)
      return `the record ${String(key)} does not match its checksum`;
  }
  let run = "";
  let seq = 0;
  let before = "";
  for (const row of db.prepare("SELECT run, seq, entry, sum FROM journal ORDER BY run, seq").iterate()) {
    if (row.run !== run) {
      run = String(row.run);
      seq = 0;
      before = "";
    }
    seq += 1;
    if (row.seq !== seq) return `entry ${seq} of the journal of run ${run} is missing`;
    if (journalSum(before, run, seq, String(row.entry)) !== row.sum)
      return `entry ${seq} of the journal of run ${run} does not match its checksum`;
    before = String(row.sum);
  }
  return undefined;
}

export function integerOf(db: DatabaseSync, pragma: string): number {
  return Number(db.prepare(`PRAGMA ${pragma}`).get()?.[pragma]);
}

function refused(why: string): StoreFailure {
  return { kind: "failed", retry: "never", why };
}
