// The store itself, synchronous: SQLite through node:sqlite. It blocks, so it lives in a worker thread (worker.ts).
//
// 1. WAL with synchronous=FULL: when a commit returns, it is on the disk.
// 2. Every change is one IMMEDIATE transaction that checks every expectation before the first write: all of it or nothing.
// 3. A reading that does not match its checksum is a failure, never a value.

import { closeSync, fsyncSync, mkdirSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { StoreFailure } from "../../ports/store.ts";
import { failureOf, mendOf } from "./errors.ts";
import type { Expectation, Job, Reply, WorkerSettings } from "./messages.ts";
import { inspect, integerOf, journalSum, recordSum, storeFormat, tables } from "./schema.ts";

export type Database = {
  /** Waits at most `busyMs` for another process's lock. Never throws. */
  perform(job: Job, busyMs: number): Reply;
  close(): void;
};

/** Opens the file, or makes a new one (with its folder) when there is none. Whatever is wrong with it, it is left as it is. */
export function openDatabase({
  file,
  openWithinMs,
  pagesMax,
}: WorkerSettings): { readonly kind: "opened"; readonly database: Database } | StoreFailure {
  let db: DatabaseSync | undefined;
  try {
    createFile(file);
    const found = inspect(file, openWithinMs);
    if (found.kind === "failed") return found;
    db = new DatabaseSync(file, { timeout: openWithinMs });
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF;");
    if (pagesMax !== undefined) db.exec(`PRAGMA max_page_count = ${Math.trunc(pagesMax)}`);
    if (found.kind === "empty") createTables(db);
    return { kind: "opened", database: databaseOn(db, file) };
  } catch (error) {
    db?.close();
    return fileFailureOf(error, file);
  }
}

/** Only its owner may read it. Its name is durable before anything is stored in it. */
function createFile(file: string): void {
  const folder = dirname(file);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (statSync(file, { throwIfNoEntry: false }) !== undefined) return;
  closeSync(openSync(file, "a", 0o600));
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function createTables(db: DatabaseSync): void {
  db.exec("BEGIN IMMEDIATE");
  // Another process may have made them between the look and the lock.
  if (integerOf(db, "user_version") !== storeFormat) db.exec(tables);
  db.exec("COMMIT");
}

function databaseOn(db: DatabaseSync, file: string): Database {
  const one = db.prepare("SELECT key, version, value, sum FROM record WHERE key = ?");
  const many = db.prepare(
    "SELECT key, version, value, sum FROM record WHERE key >= ?1 AND substr(key, 1, length(?1)) = ?1 ORDER BY key",
  );
  const versionOf = db.prepare("SELECT version FROM record WHERE key = ?");
  const put = db.prepare(
    "INSERT INTO record (key, version, value, sum) VALUES (?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET version = excluded.version, value = excluded.value, sum = excluded.sum",
  );
  const newest = db.prepare("SELECT seq, sum FROM journal WHERE run = ? ORDER BY seq DESC LIMIT 1");
  const sumOf = db.prepare("SELECT sum FROM journal WHERE run = ? AND seq = ?");
  const part = db.prepare("SELECT seq, entry, sum FROM journal WHERE run = ? AND seq > ? AND seq < ? ORDER BY seq");
  const add = db.prepare("INSERT INTO journal (run, seq, entry, sum) VALUES (?, ?, ?, ?)");

  const damaged = (what: string): StoreFailure => ({
    kind: "failed",
    retry: "never",
    why: `The store ${file} is damaged: ${what} does not match its checksum. ${mendOf(file)}`,
  });
  /** The number after the last one that is asked for. */
  const endOf = (run: string, before = Number.MAX_SAFE_INTEGER): number =>
    Math.min(before, Number(newest.get(run)?.seq ?? 0) + 1);
  const movedOn = (expectations: readonly Expectation[]): string | undefined =>
    expectations.find(({ key, expect }) => Number(versionOf.get(key)?.version ?? 0) !== expect)?.key;

  const records = (found: readonly Record<string, unknown>[]): Reply => {
    const read = found.map(({ key, version, value, sum }) => ({
      key: String(key),
      version: Number(version),
      text: String(value),
      sum,
    }));
    const bad = read.find(({ key, version, text, sum }) => recordSum(key, version, text) !== sum);
    return bad === undefined
      ? { kind: "records", records: read.map(({ key, version, text }) => ({ key, version, text })) }
      : damaged(`the record ${bad.key}`);
  };

  const perform = (job: Job): Reply => {
    switch (job.op) {
      case "get": {
        const found = one.get(job.key);
        return records(found === undefined ? [] : [found]);
      }
      case "list":
        return records(many.all(job.prefix));
      case "journal": {
        const entries: { seq: number; text: string }[] = [];
        const end = job.part === undefined ? Number.MAX_SAFE_INTEGER : endOf(job.run, job.part.before);
        const skipped = job.part === undefined ? 0 : Math.max(0, end - 1 - job.part.newest);
        let before = skipped === 0 ? "" : String(sumOf.get(job.run, skipped)?.sum ?? "");
        for (const row of part.all(job.run, skipped, end)) {
          const text = String(row.entry);
          const seq = skipped + entries.length + 1;
          if (row.seq !== seq || journalSum(before, job.run, seq, text) !== row.sum)
            return damaged(`entry ${seq} of the journal of run ${job.run}`);
          before = String(row.sum);
          entries.push({ seq, text });
        }
        return { kind: "entries", entries };
      }
      case "swap":
        return inTransaction(db, () => {
          const key = movedOn(job.writes) ?? movedOn(job.checks);
          if (key !== undefined) return { kind: "conflict", key };
          for (const { key, expect, text } of job.writes)
            put.run(key, expect + 1, text, recordSum(key, expect + 1, text));
          return { kind: "done" };
        });
      case "append":
        return inTransaction(db, () => {
          const last = newest.get(job.run);
          const lastSeq = Number(last?.seq ?? 0);
          if (job.seq <= lastSeq) return { kind: "conflict", key: job.run };
          if (job.seq !== lastSeq + 1) return { kind: "failed", retry: "never", why: gapOf(job.run, job.seq, lastSeq) };
          add.run(job.run, job.seq, job.text, journalSum(String(last?.sum ?? ""), job.run, job.seq, job.text));
          return { kind: "done" };
        });
      default:
        return job satisfies never;
    }
  };

  return {
    perform(job, busyMs) {
      try {
        db.exec(`PRAGMA busy_timeout = ${Math.max(0, Math.trunc(busyMs))}`);
        return perform(job);
      } catch (error) {
        return failureOf(error, file);
      }
    },
    close: () => db.close(),
  };
}

function gapOf(run: string, seq: number, lastSeq: number): string {
  return `Entry ${seq} of the journal of run ${run} would leave a gap: its newest entry is ${lastSeq}. Nothing was written.`;
}

function inTransaction(db: DatabaseSync, work: () => Reply): Reply {
  db.exec("BEGIN IMMEDIATE");
  try {
    const reply = work();
    db.exec(reply.kind === "done" ? "COMMIT" : "ROLLBACK");
    return reply;
  } catch (error) {
    // A full disk makes SQLite roll back by itself.
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

/** The file system's own errors, met before SQLite is; nothing has been written then. */
function fileFailureOf(error: unknown, file: string): StoreFailure {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const why = {
    ENOSPC: "the disk is full",
    EROFS: "the file system is mounted read-only",
    EACCES: "this user may not write there",
    ENOTDIR: "a part of its path is a file",
    EISDIR: "it is a folder",
  }[code];
  return why === undefined
    ? failureOf(error, file)
    : {
        kind: "failed",
        retry: "later",
        why: `The store ${file} cannot be opened: ${why} (${code}). Nothing was changed.`,
      };
}
