// What records of the write-ahead log say, in the words of `pg_walinspect`, which differ a little between versions.
// Pure. https://www.postgresql.org/docs/18/pgwalinspect.html and src/backend/access/rmgrdesc.

/** A row of pg_get_wal_records_info, as far as it is used. */
export type WalRecord = {
  readonly xid: string;
  readonly resource_manager: string;
  readonly record_type: string;
  readonly description: string;
  readonly block_ref: string | null;
};

/** The transactions that a commit record makes visible: its own and its subtransactions. Empty for any other record. */
export function committedBy(record: WalRecord): readonly string[] {
  if (record.resource_manager !== "Transaction" || !record.record_type.startsWith("COMMIT")) return [];
  // A prepared transaction is committed by somebody else: its own number leads the description.
  const prepared = /^(\d+): /.exec(record.description)?.[1];
  const own = record.record_type === "COMMIT_PREPARED" && prepared !== undefined ? prepared : record.xid;
  const below = /subxacts:((?: \d+)+)/.exec(record.description)?.[1]?.trim().split(" ") ?? [];
  return [own, ...below].filter((xid) => xid !== "0");
}

/** A place of a row version: a file of a database, and block and number in it. */
export type Place = { readonly database: string; readonly file: string; readonly tid: string };

export type RowChange =
  | { readonly kind: "insert"; readonly at: Place }
  | { readonly kind: "update"; readonly from: Place; readonly to: Place }
  | { readonly kind: "delete"; readonly from: Place };

/** What a record did to rows of tables; empty for all records that do something else. */
export function rowChangesOf(record: WalRecord): readonly RowChange[] {
  const blocks = blocksOf(record.block_ref ?? "");
  const first = blocks.get(0);
  if (first === undefined) return [];
  const [type = "", init] = record.record_type.split("+");
  if (record.resource_manager === "Heap2" && type === "MULTI_INSERT") {
    return manyOf(record.description, init !== undefined).map((off) => ({ kind: "insert", at: placeOf(first, off) }));
  }
  if (record.resource_manager !== "Heap") return [];
  const off = numberIn(record.description, offPattern);
  if (type === "INSERT" && off !== undefined) return [{ kind: "insert", at: placeOf(first, off) }];
  if (type === "DELETE" && off !== undefined) return [{ kind: "delete", from: placeOf(first, off) }];
  if (type === "UPDATE" || type === "HOT_UPDATE") {
    const oldOff = numberIn(record.description, oldOffPattern) ?? off;
    const newOff = numberIn(record.description, newOffPattern);
    if (oldOff === undefined || newOff === undefined) return [];
    // The old version's block is named only when it is another one.
    return [{ kind: "update", from: placeOf(blocks.get(1) ?? first, oldOff), to: placeOf(first, newOff) }];
  }
  return [];
}

/** The row numbers of a COPY: listed since version 16, and counted from 1 on a new page. */
function manyOf(description: string, onNewPage: boolean): readonly number[] {
  const listed = /offsets: \[([\d, ]*)\]/.exec(description)?.[1];
  if (listed !== undefined) return listed.split(",").map(Number);
  const count = /ntuples: (\d+)/.exec(description)?.[1] ?? /^(\d+) tuples/.exec(description)?.[1];
  return onNewPage ? Array.from({ length: Number(count ?? 0) }, (_, index) => index + 1) : [];
}

/** "off: 3" since version 16, "off 3" before. */
const offPattern = /(?:^|, )off:? (\d+)/;
const oldOffPattern = /\bold_off: (\d+)/;
/** "new_off: 3" since version 16, "; new off 3" before. */
const newOffPattern = /\bnew[_ ]off:? (\d+)/;

function numberIn(description: string, pattern: RegExp): number | undefined {
  const digits = pattern.exec(description)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

type Block = { readonly database: string; readonly file: string; readonly block: string };

/** Main-fork blocks by their number in the record: "blkref #0: rel 1663/16384/16390 blk 0". */
function blocksOf(blockRef: string): ReadonlyMap<number, Block> {
  const blocks = new Map<number, Block>();
  for (const match of blockRef.matchAll(/blkref #(\d+): rel \d+\/(\d+)\/(\d+) (?:fork (\w+) )?blk (\d+)/g)) {
    const [, number, database, file, fork, block] = match;
    if (database === undefined || file === undefined || block === undefined) continue;
    if (fork === undefined || fork === "main") blocks.set(Number(number), { database, file, block });
  }
  return blocks;
}

function placeOf({ database, file, block }: Block, off: number): Place {
  return { database, file, tid: `(${block},${off})` };
}

export function keyOf(place: Place): string {
  return `${place.database}/${place.file}${place.tid}`;
}

/**
 * The rows that were there before and are gone: each deletion followed back through the updates that led to it. A row that was
 * both made and deleted by these transactions was never anybody else's, and is left out.
 */
export function lostRowsOf(changes: Iterable<RowChange>): readonly Place[] {
  const madeFrom = new Map<string, Place>();
  const made = new Set<string>();
  const lost = new Map<string, Place>();
  for (const change of changes) {
    if (change.kind === "insert") made.add(keyOf(change.at));
    if (change.kind === "update") madeFrom.set(keyOf(change.to), change.from);
    if (change.kind === "delete") {
      const root = rootOf(change.from, madeFrom);
      if (!made.has(keyOf(root))) lost.set(keyOf(root), root);
    }
  }
  return [...lost.values()];
}

function rootOf(place: Place, madeFrom: ReadonlyMap<string, Place>): Place {
  let root = place;
  // Each step goes to an earlier version; a place that comes again would be a damaged log.
  for (const seen = new Set<string>(); !seen.has(keyOf(root)); ) {
    seen.add(keyOf(root));
    root = madeFrom.get(keyOf(root)) ?? root;
  }
  return root;
}
