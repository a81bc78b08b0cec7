// Sets aside what only the old primary has: every row that a transaction committed there past the fork put in, changed or
// deleted. Written and synced before anything overwrites the old data (I3).
// Z1. The log says which transactions committed past the fork; the tables say which rows carry their numbers.
// Z2. A deletion left no row behind; the new primary still has it, at the same place, because both were copies of one another.
// Z3. Memory is bounded: rows go by cursor, and past `transactionsMax` the whole folder is kept instead.

import { type FileHandle, mkdir, open } from "node:fs/promises";
import { basename, join } from "node:path";
import { syncFolder, writeDurably } from "./durable.ts";
import { codeOf, DriverError } from "./errors.ts";
import type { Isolated } from "./isolate.ts";
import { formatLsn, type Lsn } from "./lsn.ts";
import { adminAddress, type Endpoint, type Site } from "./site.ts";
import { identifier, literal, Sql } from "./sql.ts";
import { committedBy, lostRowsOf, type Place, type RowChange, rowChangesOf, type WalRecord } from "./wal-records.ts";

export type Quarantined = {
  /** Rows set aside. */
  readonly rows: number;
  readonly transactions: number;
  readonly folder: string;
  /** When the rows could not be read: where the whole data folder has to be kept instead, and why. */
  readonly keep: { readonly at: string; readonly why: string } | undefined;
};

const transactionsMax = 1_000_000;
const changesMax = 1_000_000;
const rowsPerFetch = 500;
/** A transaction that committed past the fork may have written its rows before it: so far back the log is read as well. */
const lookBackBytes = 16n * 1024n * 1024n;

/** `orphans.jsonl` has one `{database, schema, table, op, row}` a line; `summary.json` says what was found. Both are durable on return. */
export async function quarantine(
  site: Site,
  isolated: Isolated,
  fork: Lsn,
  primary: Endpoint,
  folder: string,
  deadlineMs: number,
): Promise<Quarantined> {
  const until = performance.now() + deadlineMs;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const found = await transactionsPast(isolated, fork, until);
  if (found.kind === "unreadable") return keepAll(site, isolated, fork, folder, found.why);
  const file = await open(join(folder, "orphans.jsonl"), "w", 0o600);
  const tally: Record<string, number> = { insert: 0, update: 0, delete: 0 };
  const skipped: string[] = [];
  try {
    if (found.xids.length > 0) {
      for (const database of await databasesOf(isolated, until)) {
        await dumpDatabase({
          isolated,
          primary: adminAddress(site, primary),
          database,
          found,
          file,
          tally,
          skipped,
          until,
        });
      }
    }
    await file.sync();
  } finally {
    await file.close();
  }
  const rows = Object.values(tally).reduce((sum, count) => sum + count, 0);
  const summary = {
    ...headOf(site, isolated, fork),
    rows,
    ...tally,
    transactions: found.xids.length,
    skipped,
    deletionsComplete: found.complete,
    records: found.records,
  };
  await writeDurably(join(folder, "summary.json"), `${JSON.stringify(summary, null, 2)}\n`, 0o600, undefined);
  await syncFolder(folder);
  return { rows, transactions: found.xids.length, folder, keep: undefined };
}

function headOf(site: Site, isolated: Isolated, fork: Lsn) {
  const { service, region } = site;
  return { service, region, fork: formatLsn(fork), end: formatLsn(isolated.end), bytes: Number(isolated.end - fork) };
}

async function keepAll(site: Site, isolated: Isolated, fork: Lsn, folder: string, why: string): Promise<Quarantined> {
  // Beside the data folder: renaming needs the same file system, and costs nothing whatever the size.
  const at = `${site.dataFolder}.kept-${basename(folder)}`;
  const summary = { ...headOf(site, isolated, fork), kept: at, why };
  await writeDurably(join(folder, "summary.json"), `${JSON.stringify(summary, null, 2)}\n`, 0o600, undefined);
  await syncFolder(folder);
  return { rows: 0, transactions: 0, folder, keep: { at, why } };
}

type Found =
  | {
      readonly kind: "found";
      readonly xids: readonly string[];
      readonly changes: readonly RowChange[];
      /** False when there were more changes than are kept, so that some deletions may be missing. */
      readonly complete: boolean;
      readonly records: Readonly<Record<string, number>>;
    }
  | { readonly kind: "unreadable"; readonly why: string };

async function transactionsPast(isolated: Isolated, fork: Lsn, until: number): Promise<Found> {
  await using sql = await Sql.open(isolated.address("postgres"), left(until));
  const installed = await sql.query("SELECT 1 FROM pg_extension WHERE extname = 'pg_walinspect'", [], left(until));
  if (installed.length === 0) {
    return {
      kind: "unreadable",
      why: "the extension pg_walinspect is not installed there, so the log past the fork cannot be read",
    };
  }
  const xids = new Set<string>();
  const records: Record<string, number> = {};
  try {
    await eachRow<WalRecord>(sql, recordsFrom(fork, isolated.end, "true"), until, async (record) => {
      const name = `${record.resource_manager} ${record.record_type}`;
      records[name] = (records[name] ?? 0) + 1;
      if (xids.size < transactionsMax) for (const xid of committedBy(record)) xids.add(xid);
    });
  } catch (error) {
    if (performance.now() >= until) throw error;
    const said = error instanceof Error ? error.message : String(error);
    return { kind: "unreadable", why: `the log past the fork cannot be read: ${said}` };
  }
  if (xids.size >= transactionsMax) {
    return { kind: "unreadable", why: `more than ${transactionsMax} transactions were committed past the fork` };
  }
  const changes = xids.size === 0 ? [] : await changesBy(sql, xids, fork, isolated.end, until);
  return { kind: "found", xids: [...xids], changes, complete: changes.length < changesMax, records };
}

async function changesBy(
  sql: Sql,
  xids: ReadonlySet<string>,
  fork: Lsn,
  end: Lsn,
  until: number,
): Promise<readonly RowChange[]> {
  const changes: RowChange[] = [];
  const collect = async (record: WalRecord): Promise<void> => {
    if (xids.has(record.xid) && changes.length < changesMax) changes.push(...rowChangesOf(record));
  };
  const earlier = fork > lookBackBytes ? fork - lookBackBytes : 1n;
  try {
    await eachRow<WalRecord>(sql, recordsFrom(earlier, fork, onRows), until, collect);
  } catch {
    changes.length = 0; // That part of the log is gone already; what began before the fork is rare.
  }
  await eachRow<WalRecord>(sql, recordsFrom(fork, end, onRows), until, collect);
  return changes;
}

const onRows = "resource_manager IN ('Heap', 'Heap2')";

function recordsFrom(from: Lsn, to: Lsn, condition: string): string {
  return `SELECT xid::text, resource_manager, record_type, description, block_ref
    FROM pg_get_wal_records_info(${literal(formatLsn(from))}, ${literal(formatLsn(to))}) WHERE ${condition}`;
}

async function databasesOf(isolated: Isolated, until: number): Promise<readonly { name: string; oid: string }[]> {
  await using sql = await Sql.open(isolated.address("postgres"), left(until));
  return await sql.query(
    "SELECT datname AS name, oid::text FROM pg_database WHERE datallowconn ORDER BY oid",
    [],
    left(until),
  );
}

type Table = { readonly schema: string; readonly name: string; readonly file: string; readonly persistence: string };

type Dump = {
  readonly isolated: Isolated;
  readonly primary: ReturnType<typeof adminAddress>;
  readonly database: { readonly name: string; readonly oid: string };
  readonly found: Found & { kind: "found" };
  readonly file: FileHandle;
  readonly tally: Record<string, number>;
  readonly skipped: string[];
  readonly until: number;
};

async function dumpDatabase(dump: Dump): Promise<void> {
  const { isolated, database, found, skipped, until } = dump;
  await using sql = await Sql.open(isolated.address(database.name), left(until));
  const tables = await sql.query<Table>(
    `SELECT n.nspname AS schema, c.relname AS name, pg_relation_filenode(c.oid)::text AS file, c.relpersistence AS persistence
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
     ORDER BY 1, 2`,
    [],
    left(until),
  );
  const updated = new Set(found.changes.flatMap((change) => (change.kind === "update" ? [placeName(change.to)] : [])));
  const lost = lostRowsOf(found.changes).filter((place) => place.database === database.oid);
  for (const table of tables) {
    if (table.persistence !== "p") {
      // Unlogged tables are empty on every copy, and unreadable during recovery.
      skipped.push(`${database.name}.${table.schema}.${table.name} is unlogged`);
      continue;
    }
    await dumpNewRows(sql, table, updated, dump);
    const gone = lost.filter((place) => place.file === table.file);
    if (gone.length > 0) await dumpLostRows(table, gone, dump);
  }
}

/** Rows that carry the number of one of those transactions: put in, or the new version of a changed one. */
async function dumpNewRows(sql: Sql, table: Table, updated: ReadonlySet<string>, dump: Dump): Promise<void> {
  const select = `SELECT leeward_row.ctid::text AS tid, to_jsonb(leeward_row)::text AS row
    FROM ONLY ${identifier(table.schema)}.${identifier(table.name)} AS leeward_row
    WHERE leeward_row.xmin = ANY (${literal(`{${dump.found.xids.join(",")}}`)}::xid[])`;
  await eachRow<{ tid: string; row: string }>(sql, select, dump.until, async ({ tid, row }) => {
    const op = updated.has(placeName({ database: dump.database.oid, file: table.file, tid })) ? "update" : "insert";
    await writeLine(dump, table, op, row);
  });
}

/** Rows that were deleted past the fork, as the new primary still has them; only their place where it has changed them since. */
async function dumpLostRows(table: Table, places: readonly Place[], dump: Dump): Promise<void> {
  const relation = `${identifier(table.schema)}.${identifier(table.name)}`;
  const sql = await openWhereSame(dump, relation, table.file);
  if (sql === undefined) {
    for (const { tid } of places) await writeLine(dump, table, "delete", "null", { place: tid });
    return;
  }
  await using own = sql;
  const eldest = dump.found.xids.reduce((one, other) => (isOlder(other, one) ? other : one));
  for (let at = 0; at < places.length; at += rowsPerFetch) {
    const some = places.slice(at, at + rowsPerFetch);
    // A row that is younger than those transactions came to this place after the fork and is another one.
    const rows = await own.query<{ tid: string; row: string; xmin: string }>(
      `SELECT leeward_row.ctid::text AS tid, to_jsonb(leeward_row)::text AS row, leeward_row.xmin::text
       FROM ONLY ${relation} AS leeward_row
       WHERE leeward_row.ctid = ANY (${literal(`{${some.map(({ tid }) => `"${tid}"`).join(",")}}`)}::tid[])`,
      [],
      left(dump.until),
    );
    const here = new Map(rows.filter(({ xmin }) => isOlder(xmin, eldest)).map(({ tid, row }) => [tid, row]));
    for (const { tid } of some) {
      await writeLine(dump, table, "delete", here.get(tid) ?? "null", here.has(tid) ? {} : { place: tid });
    }
  }
}

/** A session to the new primary, if the table is in the same file there; else places mean nothing: it was made or rewritten since. */
async function openWhereSame(dump: Dump, relation: string, file: string): Promise<Sql | undefined> {
  let sql: Sql;
  try {
    sql = await Sql.open({ ...dump.primary, database: dump.database.name }, left(dump.until));
  } catch (error) {
    if (codeOf(error) === "3D000") return undefined; // The database itself was made past the fork.
    throw error;
  }
  const [row] = await sql.query<{ file: string | null }>(
    "SELECT pg_relation_filenode(to_regclass($1))::text AS file",
    [relation],
    left(dump.until),
  );
  if (row?.file === file) return sql;
  await sql.close();
  return undefined;
}

async function writeLine(dump: Dump, table: Table, op: string, row: string, more: object = {}): Promise<void> {
  const head = { database: dump.database.name, schema: table.schema, table: table.name, op, ...more };
  // The row is the server's own text: parsing it here would round its large numbers.
  await dump.file.appendFile(`${JSON.stringify(head).slice(0, -1)},"row":${row}}\n`);
  dump.tally[op] = (dump.tally[op] ?? 0) + 1;
}

function placeName(place: Place): string {
  return `${place.database}/${place.file}${place.tid}`;
}

/** Transaction numbers are a circle of 32 bits; 1 and 2 are older than all. */
export function isOlder(one: string, other: string): boolean {
  if (Number(one) < 3) return true;
  return ((Number(one) - Number(other)) | 0) < 0;
}

/** By cursor, so that memory does not grow with the answer. */
async function eachRow<Row>(sql: Sql, select: string, until: number, take: (row: Row) => Promise<void>): Promise<void> {
  await sql.query("BEGIN TRANSACTION READ ONLY", [], left(until));
  try {
    await sql.query(`DECLARE leeward_cursor NO SCROLL CURSOR FOR ${select}`, [], left(until));
    for (;;) {
      const rows = await sql.query<Row>(`FETCH ${rowsPerFetch} FROM leeward_cursor`, [], left(until));
      for (const row of rows) await take(row);
      if (rows.length < rowsPerFetch) break;
    }
  } finally {
    if (sql.usable) await sql.query("ROLLBACK", [], 5_000);
  }
}

function left(until: number): number {
  const ms = until - performance.now();
  if (ms <= 0)
    throw new DriverError(
      "quarantine",
      "later",
      "Setting aside the old rows was not done in time; nothing was overwritten.",
    );
  return ms;
}
