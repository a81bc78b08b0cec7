// Reads a trail as somebody may have left it, and names the first entry that is not as it was written. Pure.
//
// What is seen: any changed byte, an entry taken out, put in, doubled or moved, and the trail's own beginning. What cannot be seen from
// the trail alone: its end cut off, and all of it written anew from some entry on. Both change the head, so a head that was kept
// elsewhere is looked for.

import { canonical } from "./canonical.ts";
import { type AuditEntry, earlierRows, isEntry, isIntact } from "./entry.ts";
import type { EarlierRows } from "./fact.ts";

/** One row of a store, or one line of an export: the text as it stands there. */
export type TrailRow = {
  readonly group: string;
  /** The number under which it is kept. */
  readonly seq: number;
  readonly text: string;
  /** What the place itself says is wrong with it, such as a checksum of the store. */
  readonly fault?: string;
};

export type BreakKind =
  | "changed"
  | "replaced"
  | "missing"
  | "moved"
  | "repeated"
  | "inserted"
  | "unchained"
  | "no-beginning"
  | "cut-off";

/** The first entry that is not as it was written. `atMs` and `says` are what stands there now; for a missing one, what its neighbour says. */
export type TrailBreak = {
  readonly kind: BreakKind;
  readonly group: string;
  readonly seq: number;
  readonly atMs?: number;
  readonly says?: string;
  /** The entry after which it stands, if there is one. */
  readonly after?: { readonly seq: number; readonly atMs: number };
  readonly why: string;
};

export type TrailHead = {
  readonly group: string;
  readonly entries: number;
  readonly seq: number;
  readonly hash: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** Entries that an older version wrote without a chain; they are covered by the chain's first entry. */
  readonly earlier: number;
  /** Times that entries could not be kept because the store was away, each said in an entry. */
  readonly gaps: number;
};

export type KeptHead = {
  readonly hash: string;
  /** Where it stands; left out when it is nowhere in the trail. */
  readonly found?: { readonly group: string; readonly seq: number; readonly entriesSince: number };
};

export type TrailVerdict = {
  readonly unbroken: boolean;
  readonly heads: readonly TrailHead[];
  readonly breaks: readonly TrailBreak[];
  readonly kept: readonly KeptHead[];
};

/** So much of a kept hash must be given: less could be anybody's. */
export const keptDigitsMin = 12;

/**
 * Rows of one or more groups, each group's in the order in which they are kept. `kept`: heads, or their beginnings, from elsewhere.
 * `expected`: groups that must have a trail.
 */
export function verifyTrail(
  rows: readonly TrailRow[],
  kept: readonly string[] = [],
  expected: readonly string[] = [],
): TrailVerdict {
  const groups = [...Map.groupBy(rows, (row) => row.group)].map(([group, own]) => readGroup(group, own));
  const found = kept.map((hash): KeptHead => {
    const wanted = hash.toLowerCase();
    for (const { entries } of groups) {
      const at = wanted.length < keptDigitsMin ? -1 : entries.findLastIndex((one) => one.hash.startsWith(wanted));
      const entry = entries[at];
      if (entry !== undefined)
        return { hash, found: { group: entry.group, seq: entry.seq, entriesSince: entries.length - 1 - at } };
    }
    return { hash };
  });
  const cut = found.filter((one) => one.found === undefined).map((one) => cutOff(one.hash, groups));
  const gone = expected
    .filter((group) => !rows.some((row) => row.group === group))
    .map(
      (group): TrailBreak => ({ kind: "missing", group, seq: 1, why: "the store has this group, and no trail of it" }),
    );
  const breaks = [...gone, ...groups.flatMap(({ broken }) => (broken === undefined ? [] : [broken])), ...cut];
  return {
    unbroken: breaks.length === 0,
    heads: groups.flatMap(({ head }) => (head === undefined ? [] : [head])),
    breaks,
    kept: found,
  };
}

/**
 * The first break in a stretch of a chain, as a controller reads back its newest rows; the stretch may begin anywhere.
 * Nothing when it is whole.
 */
export function breakIn(group: string, rows: readonly TrailRow[]): TrailBreak | undefined {
  return firstBreak(group, rows.map(read));
}

/** The entries that are intact, for whoever explains them; what is wrong is the business of `verifyTrail`. */
export function entriesOf(rows: readonly TrailRow[]): readonly AuditEntry[] {
  return rows.flatMap((row) => {
    const { entry } = read(row);
    return entry === undefined ? [] : [entry];
  });
}

type ReadRow = TrailRow & {
  /** What stands there, if it is an entry at all; `fault` says when it is not as it was written. */
  readonly claimed?: AuditEntry;
  readonly entry?: AuditEntry;
};

function read(row: TrailRow): ReadRow {
  let value: unknown;
  try {
    value = JSON.parse(row.text);
  } catch {
    return { ...row, fault: "it is not whole JSON" };
  }
  if (!isEntry(value)) return row;
  if (!isIntact(value) || canonical(value) !== row.text)
    return { ...row, claimed: value, fault: "what stands there does not give the hash that it carries" };
  return { ...row, claimed: value, entry: value };
}

type GroupRead = {
  readonly head: TrailHead | undefined;
  readonly broken: TrailBreak | undefined;
  readonly entries: readonly AuditEntry[];
};

function readGroup(group: string, own: readonly TrailRow[]): GroupRead {
  const rows = own.map(read);
  // A changed row is still an entry in the wrong; what has never been one, at the front, is from an older version.
  const begins = rows.findIndex((row) => row.claimed !== undefined);
  const older = begins === -1 ? rows : rows.slice(0, begins);
  const chain = begins === -1 ? [] : rows.slice(begins);
  const entries = chain.flatMap((row) => (row.entry === undefined ? [] : [row.entry]));
  const first = chain[0]?.entry;
  const earlier = first?.fact?.what === "trail" ? first.fact.earlier : undefined;
  // With a changed first entry nothing is known of what stood before it.
  const before =
    chain[0] !== undefined && first === undefined ? undefined : olderBreak(group, older, earlier, chain[0]);
  const broken = before ?? beginningBreak(group, chain[0], older.length) ?? firstBreak(group, chain, older.length + 1);
  const last = entries.at(-1);
  return {
    broken,
    entries,
    head:
      last === undefined || first === undefined
        ? undefined
        : {
            group,
            entries: entries.length,
            seq: last.seq,
            hash: last.hash,
            fromMs: first.atMs,
            toMs: last.atMs,
            earlier: older.length,
            gaps: entries.filter((one) => one.fact?.what === "gap").length,
          },
  };
}

/** Rows from before the chain, against what its first entry says of them. */
function olderBreak(
  group: string,
  older: readonly ReadRow[],
  earlier: EarlierRows | undefined,
  begins: ReadRow | undefined,
): TrailBreak | undefined {
  const texts = older.map((row) => row.text);
  const now = earlierRows(texts);
  if (earlier === undefined) {
    const row = older[0];
    if (row === undefined) return undefined;
    const beheaded =
      older.findLast((one) => one.fault !== undefined) ?? (hasOneBefore(begins) ? older.at(-1) : undefined);
    if (beheaded !== undefined)
      return named(group, "changed", beheaded, undefined, beheaded.fault ?? "it is no entry of the trail any more");
    const why =
      begins === undefined
        ? "it has no place in a chain: an older version of Leeward wrote it, and this version has not run on this store yet"
        : "it stands before the trail's first entry, which knows nothing of it";
    return named(group, begins === undefined ? "unchained" : "inserted", row, undefined, why);
  }
  if (now.entries === earlier.entries && now.digest === earlier.digest) {
    const at = older.findIndex((row, index) => row.seq !== index + 1 || row.fault !== undefined);
    const row = older[at];
    if (row === undefined) return undefined;
    const kind = row.fault === undefined ? "moved" : "changed";
    return named(group, kind, { ...row, seq: at + 1 }, undefined, row.fault ?? `it is kept as number ${row.seq}`);
  }
  const skipped = earlier.entries - earlier.marks.length;
  const marks = now.marks;
  const differs = earlier.marks.findIndex((mark, at) => marks[at] !== mark);
  const at = differs === -1 ? earlier.marks.length : differs;
  const row = older[skipped + at];
  const seq = skipped + at + 1;
  if (row === undefined || (marks[at] === earlier.marks[at + 1] && now.entries < earlier.entries)) {
    return {
      kind: "missing",
      group,
      seq,
      ...sayingOf(older[skipped + at - 1]),
      why: "an entry from before the chain is gone",
    };
  }
  const kind = earlier.marks[at] === undefined || marks[at + 1] === earlier.marks[at] ? "inserted" : "changed";
  return named(
    group,
    kind,
    { ...row, seq },
    older[skipped + at - 1],
    "it is not what the trail's first entry says stood there",
  );
}

function hasOneBefore(row: ReadRow | undefined): boolean {
  return row?.entry !== undefined && row.entry.before !== "";
}

function beginningBreak(group: string, first: ReadRow | undefined, older: number): TrailBreak | undefined {
  const entry = first?.entry;
  if (entry === undefined) return undefined;
  if (entry.seq === older + 1 && entry.before === "" && entry.fact?.what === "trail") return undefined;
  const { seq, atMs, sentence: says } = entry;
  if (entry.seq > older + 1)
    return { kind: "missing", group, seq: older + 1, atMs, says, why: `the first that is left is number ${seq}` };
  return { kind: "no-beginning", group, seq, atMs, says, why: "it stands first, and is not the beginning of a trail" };
}

/** The first row that does not continue the one before it. `begins`: the number of the first one, where that is known. */
function firstBreak(group: string, rows: readonly ReadRow[], begins?: number): TrailBreak | undefined {
  let before: AuditEntry | undefined;
  for (const [at, row] of rows.entries()) {
    const { entry } = row;
    const expected = before === undefined ? (begins ?? row.seq) : before.seq + 1;
    if (entry === undefined) {
      const kind = row.claimed === undefined && row.fault === undefined ? "inserted" : "changed";
      return named(group, kind, { ...row, seq: expected }, before, row.fault ?? "it is no entry of the trail");
    }
    const wrong =
      row.seq === entry.seq && entry.group === group ? undefined : `it is kept as number ${row.seq} of ${row.group}`;
    if (before !== undefined && (entry.seq !== expected || entry.before !== before.hash))
      return outOfPlace(group, entry, before, rows.slice(0, at), rows.slice(at + 1));
    if (wrong !== undefined) return named(group, "moved", row, before, wrong);
    if (row.fault !== undefined) return named(group, "changed", row, before, row.fault);
    before = entry;
  }
  return undefined;
}

/** An entry that is whole, and stands where it does not belong. */
function outOfPlace(
  group: string,
  entry: AuditEntry,
  before: AuditEntry,
  earlier: readonly ReadRow[],
  later: readonly ReadRow[],
): TrailBreak {
  const expected = before.seq + 1;
  const after = { seq: before.seq, atMs: before.atMs };
  const about = { group, atMs: entry.atMs, says: entry.sentence };
  const next = later[0]?.entry;
  if (earlier.some((row) => row.entry?.hash === entry.hash))
    return { kind: "repeated", ...about, seq: entry.seq, after, why: "it stands there a second time" };
  if (entry.seq > expected) {
    const moved = later.find((row) => row.entry?.seq === expected)?.entry;
    if (moved === undefined)
      return { kind: "missing", ...about, seq: expected, after, why: `number ${entry.seq} comes next` };
    const { seq, atMs, sentence: says } = moved;
    return { kind: "moved", group, seq, atMs, says, after, why: `number ${entry.seq} stands in its place` };
  }
  if (entry.seq < expected) {
    // Two of one number: the one that the next entry continues, or that continues the one before, is the true one.
    const rival = earlier.find((row) => row.entry?.seq === entry.seq)?.entry;
    const isTrue = next !== undefined && next.before === entry.hash;
    const wrong = isTrue && rival !== undefined ? rival : entry;
    return {
      kind: "inserted",
      group,
      seq: wrong.seq,
      atMs: wrong.atMs,
      says: wrong.sentence,
      after,
      why: "there are two of this number",
    };
  }
  // Of the right number, and it names another entry before it: that one was written anew, or this one is not from here.
  if (next === undefined || next.before === entry.hash) {
    return {
      kind: "replaced",
      group,
      seq: before.seq,
      atMs: before.atMs,
      says: before.sentence,
      why: `number ${entry.seq} carries another hash for it`,
    };
  }
  return {
    kind: "replaced",
    ...about,
    seq: entry.seq,
    after,
    why: "neither the entry before nor the one after knows it",
  };
}

function cutOff(hash: string, groups: readonly GroupRead[]): TrailBreak {
  const [one] = groups;
  const last = one?.entries.at(-1);
  const about = last === undefined ? {} : { atMs: last.atMs, says: last.sentence };
  return {
    kind: "cut-off",
    group: groups.length === 1 ? (one?.head?.group ?? "") : "",
    seq: last === undefined || groups.length !== 1 ? 0 : last.seq + 1,
    ...(groups.length === 1 ? about : {}),
    why:
      hash.length < keptDigitsMin
        ? `the kept head ${hash} is too short: give at least ${keptDigitsMin} digits of it`
        : `the kept head ${hash.slice(0, 16)} is nowhere in the trail: its end was cut off, or it was written anew, after that head was kept`,
  };
}

function named(
  group: string,
  kind: BreakKind,
  row: ReadRow,
  before: AuditEntry | ReadRow | undefined,
  why: string,
): TrailBreak {
  const after = before !== undefined && "atMs" in before ? { after: { seq: before.seq, atMs: before.atMs } } : {};
  return { kind, group, seq: row.seq, ...sayingOf(row), ...after, why };
}

function sayingOf(row: ReadRow | undefined): { readonly atMs?: number; readonly says?: string } {
  if (row === undefined) return {};
  if (row.claimed !== undefined) return { atMs: row.claimed.atMs, says: row.claimed.sentence };
  try {
    const { atMs, sentence } = JSON.parse(row.text) as { readonly atMs?: unknown; readonly sentence?: unknown };
    return {
      ...(typeof atMs === "number" ? { atMs } : {}),
      ...(typeof sentence === "string" ? { says: sentence } : {}),
    };
  } catch {
    return { says: row.text.slice(0, 200) };
  }
}
