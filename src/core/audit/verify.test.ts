import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type AuditEntry, type AuditEvent, chained, firstEvent, printable, type Tail } from "./entry.ts";
import { exportText, importRows } from "./export.ts";
import { breakIn, type TrailRow, verifyTrail } from "./verify.ts";

const at = 1_790_000_000_000;
const group = "storefront";

function event(number: number): AuditEvent {
  return printable({
    atMs: at + number * 1_000,
    kind: "decided",
    group,
    region: "north",
    name: "steady",
    sentence: `sentence ${number}: nærmere “${number}” \u{1f6a2}`,
    fact: { what: "policy", paused: number % 2 === 0, by: "kari" },
  });
}

function trail(count: number, earlier: readonly string[] = [], own = group): TrailRow[] {
  let tail: Tail = { seq: earlier.length, hash: "" };
  const rows = earlier.map((text, index): TrailRow => ({ group: own, seq: index + 1, text }));
  for (let number = 0; number < count; number += 1) {
    const next = number === 0 ? firstEvent("shop", own, at, earlier) : { ...event(number), group: own };
    const entry = chained(next, tail);
    tail = entry;
    rows.push({ group: own, seq: entry.seq, text: JSON.stringify(entry) });
  }
  return rows;
}

const older = [1, 2, 3].map((number) => JSON.stringify({ sentence: `old ${number}`, atMs: at - 10_000 + number }));
const entryOf = (row: TrailRow | undefined): AuditEntry => JSON.parse(row?.text ?? "null") as AuditEntry;
const first = (rows: readonly TrailRow[], kept: readonly string[] = []) => verifyTrail(rows, kept).breaks[0];
const renumbered = (rows: readonly TrailRow[]): TrailRow[] => rows.map((row, index) => ({ ...row, seq: index + 1 }));
/** Bytes as a file has them; what is no UTF-8 any more is not what was written either. */
const fromFile = (bytes: Uint8Array): readonly TrailRow[] => importRows(Buffer.from(bytes).toString("utf8"));
/** The number of the entry whose line holds this byte. */
const seqAt = (text: Buffer, position: number): number =>
  text.subarray(0, position).filter((byte) => byte === 10).length + 1;

describe("a whole trail", () => {
  test("is unbroken, and its head is its last hash", () => {
    const rows = trail(5);
    expect(verifyTrail(rows)).toMatchObject({
      unbroken: true,
      breaks: [],
      heads: [{ group, entries: 5, seq: 5, hash: entryOf(rows[4]).hash, fromMs: at, toMs: at + 4_000, earlier: 0 }],
    });
    expect(verifyTrail(importRows(exportText(rows)))).toEqual(verifyTrail(rows));
  });

  test("goes on after what an older version wrote, which it covers", () => {
    const rows = trail(4, older);
    expect(verifyTrail(rows)).toMatchObject({ unbroken: true, heads: [{ entries: 4, seq: 7, earlier: 3 }] });
    expect(verifyTrail(importRows(exportText(rows)))).toEqual(verifyTrail(rows));
  });

  test("of several groups is read group by group", () => {
    const rows = [...trail(3), ...trail(4, [], "ledger")];
    expect(verifyTrail(importRows(exportText(rows))).heads.map((head) => [head.group, head.entries])).toEqual([
      [group, 3],
      ["ledger", 4],
    ]);
  });

  test("may be read in part, as a controller does at its start", () => {
    const rows = trail(6);
    expect(breakIn(group, rows.slice(3))).toBeUndefined();
    expect(breakIn(group, [...rows.slice(2, 4), ...rows.slice(5)])).toMatchObject({ kind: "missing", seq: 5 });
  });
});

describe("one flipped bit, at every byte", () => {
  for (const [what, rows] of [
    ["of an export", trail(4)],
    ["of an export that begins with an older version's rows", trail(3, older)],
  ] as const) {
    test(`${what} is named with the number of its entry`, () => {
      const whole = Buffer.from(exportText(rows));
      for (let position = 0; position < whole.length; position += 1) {
        for (const bit of [1, 2, 32, 128]) {
          const bytes = Buffer.from(whole);
          bytes[position] = (bytes[position] ?? 0) ^ bit;
          const broken = first(fromFile(bytes));
          expect({ position, bit, seq: broken?.seq }).toEqual({ position, bit, seq: seqAt(whole, position) });
        }
      }
    });
  }

  test("of a stored row is named too", () => {
    for (const rows of [trail(4), trail(3, older)]) {
      for (const [index, row] of rows.entries()) {
        const whole = Buffer.from(row.text);
        for (let position = 0; position < whole.length; position += 1) {
          const bytes = Buffer.from(whole);
          bytes[position] = (bytes[position] ?? 0) ^ 4;
          const changed = rows.with(index, { ...row, text: bytes.toString("utf8") });
          expect({ position, seq: first(changed)?.seq }).toEqual({ position, seq: row.seq });
        }
      }
    }
  });
});

describe("of two or more hands at a trail", () => {
  const rows = trail(8);
  const seqs = fc.integer({ min: 1, max: 7 });

  test("an entry taken out is missing by its number", () => {
    for (let index = 0; index < 7; index += 1) {
      const left = rows.toSpliced(index, 1);
      expect(first(left)).toMatchObject({ kind: "missing", seq: index + 1 });
      expect(first(importRows(exportText(left)))).toMatchObject({ kind: "missing", seq: index + 1 });
    }
  });

  test("an entry from before the chain that was taken out is missing by its number", () => {
    const all = trail(2, older);
    for (let index = 0; index < 3; index += 1)
      expect(first(all.toSpliced(index, 1))).toMatchObject({ kind: "missing", seq: index + 1 });
    expect(first(all.toSpliced(1, 0, { group, seq: 2, text: "{}" }))).toMatchObject({ kind: "inserted", seq: 2 });
  });

  test("two that changed places are named by the one that should come first", () => {
    fc.assert(
      fc.property(seqs, seqs, (one, other) => {
        fc.pre(one !== other);
        const [low, high] = [Math.min(one, other), Math.max(one, other)];
        const a = rows[low];
        const b = rows[high];
        if (a === undefined || b === undefined) throw new Error("there are eight");
        const swapped = rows.with(low, b).with(high, a);
        expect(first(importRows(exportText(swapped)))).toMatchObject({ kind: "moved", seq: low + 1 });
        expect(first(renumbered(swapped))).toMatchObject({ seq: low + 1 });
      }),
    );
  });

  test("one that stands there twice is named, wherever the second one is", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 7 }), fc.integer({ min: 1, max: 8 }), (from, to) => {
        fc.pre(to > from);
        const copy = rows[from];
        if (copy === undefined) throw new Error("there are eight");
        expect(first(rows.toSpliced(to, 0, copy))).toMatchObject({ kind: "repeated", seq: from + 1 });
      }),
    );
  });

  test("one put in with a number and a hash of its own is named, and not the true ones", () => {
    for (let index = 1; index < 7; index += 1) {
      const made = chained({ ...event(99), sentence: "put in" }, entryOf(rows[index - 1]));
      const row = { group, seq: made.seq, text: JSON.stringify(made) };
      expect(first(rows.toSpliced(index, 0, row))).toMatchObject({ kind: "inserted", seq: index + 1, says: "put in" });
      expect(first(rows.toSpliced(index + 1, 0, row))).toMatchObject({ kind: "inserted", says: "put in" });
    }
  });

  test("one that was written anew with a hash of its own is named by the one after it", () => {
    for (let index = 1; index < 7; index += 1) {
      const made = chained({ ...event(99), sentence: "written anew" }, entryOf(rows[index - 1]));
      const changed = rows.with(index, { group, seq: made.seq, text: JSON.stringify(made) });
      expect(first(changed)).toMatchObject({ kind: "replaced", seq: index + 1, says: "written anew" });
    }
  });

  test("a trail cut off at its end, or written anew from somewhere, no longer has the head that was kept", () => {
    const head = entryOf(rows[7]).hash;
    expect(verifyTrail(rows, [head])).toMatchObject({ unbroken: true, kept: [{ found: { seq: 8, entriesSince: 0 } }] });
    expect(verifyTrail(rows, [entryOf(rows[4]).hash.slice(0, 16)]).kept).toMatchObject([
      { found: { seq: 5, entriesSince: 3 } },
    ]);
    expect(first(rows.slice(0, 6), [head])).toMatchObject({ kind: "cut-off", seq: 7 });
    const anew = [...rows.slice(0, 4)];
    for (let number = 4; number < 8; number += 1) {
      const entry = chained(event(number + 50), entryOf(anew.at(-1)));
      anew.push({ group, seq: entry.seq, text: JSON.stringify(entry) });
    }
    expect(verifyTrail(anew)).toMatchObject({ unbroken: true });
    expect(first(anew, [head])).toMatchObject({ kind: "cut-off" });
    expect(first(rows, [head.slice(0, 6)])).toMatchObject({ kind: "cut-off" });
  });

  test("a trail whose beginning is gone, and rows that no chain has taken in, are said to be that", () => {
    expect(first(rows.slice(2))).toMatchObject({ kind: "missing", seq: 1 });
    expect(first(trail(0, older))).toMatchObject({ kind: "unchained", seq: 1, says: "old 1" });
    const [begin, ...rest] = rows;
    if (begin === undefined) throw new Error("there are eight");
    expect(first([...rest, begin].map((row) => row))).toMatchObject({ kind: "missing", seq: 1 });
  });
});

test("whatever is in a file, it is read without an exception", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.json(), fc.string(), fc.constantFrom("\n", exportText(trail(2))))), (parts) => {
      const verdict = verifyTrail(importRows(parts.join("")));
      expect(verdict.unbroken).toBe(verdict.breaks.length === 0);
    }),
  );
});

test("an entry has no secrets, even when somebody put one into a sentence", () => {
  const leaky = printable({
    ...event(1),
    sentence: "connect to postgres://ada:hunter2@10.0.0.1 failed, password=hunter3",
  });
  expect(JSON.stringify(leaky)).not.toMatch(/hunter/);
});
