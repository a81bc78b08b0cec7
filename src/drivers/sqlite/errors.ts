// What each SQLite result code means for whoever called: may it be tried again, and did anything happen?
// Codes: https://www.sqlite.org/rescode.html. The primary code is the low byte of an extended one.

import type { StoreFailure } from "../../ports/store.ts";

type Meaning = { readonly name: string; readonly retry: StoreFailure["retry"]; readonly why: string };

const meanings: ReadonlyMap<number, Meaning> = new Map([
  [5, { name: "BUSY", retry: "later", why: "another process holds its write lock; nothing was written" }],
  [6, { name: "LOCKED", retry: "later", why: "another connection holds a lock on it; nothing was written" }],
  [7, { name: "NOMEM", retry: "later", why: "this machine is out of memory; nothing was written" }],
  [
    8,
    {
      name: "READONLY",
      retry: "later",
      why: "it may only be read (file rights, or a file system mounted read-only); nothing was written",
    },
  ],
  // The commit may have reached the disk before the error did.
  [10, { name: "IOERR", retry: "unknown", why: "the disk answered with an error; look at `dmesg`" }],
  [11, { name: "CORRUPT", retry: "never", why: "the file is damaged" }],
  [13, { name: "FULL", retry: "later", why: "the disk is full; nothing was written; free some space on it" }],
  [
    14,
    {
      name: "CANTOPEN",
      retry: "later",
      why: "it cannot be opened (does its folder exist, and may this user write there?)",
    },
  ],
  [17, { name: "SCHEMA", retry: "now", why: "another process changed its tables at this moment; nothing was written" }],
  [18, { name: "TOOBIG", retry: "never", why: "the value is too large" }],
  [19, { name: "CONSTRAINT", retry: "never", why: "a rule of its tables forbids this; nothing was written" }],
  [26, { name: "NOTADB", retry: "never", why: "the file is damaged, or is not a Leeward store" }],
]);

/** The code of a node:sqlite error, or undefined for anything else that was thrown. */
function sqliteCodeOf(error: unknown): number | undefined {
  const code = typeof error === "object" && error !== null && "errcode" in error ? error.errcode : undefined;
  return typeof code === "number" ? code : undefined;
}

/** A failure in the words of the port. An error that is not SQLite's own leaves open whether anything happened. */
export function failureOf(error: unknown, file: string): StoreFailure {
  const code = sqliteCodeOf(error);
  if (code === undefined) {
    const text = error instanceof Error ? error.message : String(error);
    return { kind: "failed", retry: "unknown", why: `The store ${file} could not be used: ${text}.` };
  }
  const meaning = meanings.get(code & 0xff);
  if (meaning === undefined) {
    return { kind: "failed", retry: "never", why: `The store ${file} refused the call (SQLite result code ${code}).` };
  }
  const mend = meaning.retry === "never" && damaged(code) ? ` ${mendOf(file)}` : "";
  return {
    kind: "failed",
    retry: meaning.retry,
    why: `The store ${file} could not be used: ${meaning.why} (SQLITE_${meaning.name}).${mend}`,
  };
}

function damaged(code: number): boolean {
  return (code & 0xff) === 11 || (code & 0xff) === 26;
}

/** What to do about a damaged file. Nothing here is done by Leeward itself: the damaged file may be the only copy. */
export function mendOf(file: string): string {
  return `Nothing was changed. Stop the controller, move ${file}, ${file}-wal and ${file}-shm aside together, and put a copy from a backup in their place, or save what is readable with: sqlite3 ${file} .recover`;
}
