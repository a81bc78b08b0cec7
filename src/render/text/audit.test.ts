import { expect, test } from "vitest";
import { chained, firstEvent } from "../../core/audit/entry.ts";
import { type TrailRow, verifyTrail } from "../../core/audit/verify.ts";
import { auditText } from "./audit.ts";

const at = Date.UTC(2026, 10, 21, 6, 3, 12, 345);

function rows(count: number): TrailRow[] {
  const found: TrailRow[] = [];
  let tail = { seq: 0, hash: "" };
  for (let number = 0; number < count; number += 1) {
    const first = firstEvent("shop", "storefront", at + number * 1_000, undefined);
    const entry = chained(
      number === 0 ? first : { ...first, sentence: `north is fine, ${number}`, fact: { what: "fence", epoch: 1 } },
      tail,
    );
    found.push({ group: "storefront", seq: entry.seq, text: JSON.stringify(entry) });
    tail = entry;
  }
  return found;
}

const hashOf = (row: TrailRow | undefined): string => (JSON.parse(row?.text ?? "{}") as { readonly hash: string }).hash;

test("an unbroken trail is one sentence with its head in full, and how to keep it", () => {
  const all = rows(1_204);
  const head = hashOf(all.at(-1));
  const text = auditText(verifyTrail(all), "leeward.db", { width: 100 });
  expect(text.replace(/\s+/g, " ")).toContain(
    `storefront: 1,204 entries from 2026-11-21 06:03:12 UTC to 2026-11-21 06:23:15 UTC, unbroken; head ${head}`,
  );
  expect(text).toContain("--head HASH");
});

test("a changed entry is named first, with its number, its time and what it says", () => {
  const all = rows(5);
  const changed = all.map((row) => (row.seq === 3 ? { ...row, text: row.text.replace("fine, 2", "gone, 2") } : row));
  expect(auditText(verifyTrail(changed), "leeward.db").split("\n").slice(0, 3)).toEqual([
    "Broken: entry 3 of storefront was changed, after entry 2 of 06:03:13.345: what stands there does not",
    "give the hash that it carries.",
    '  It says: 2026-11-21 06:03:14 UTC, "north is gone, 2"',
  ]);
});

test("a missing one is named by its number, and by the one beside it", () => {
  const text = auditText(verifyTrail(rows(5).toSpliced(2, 1)), "leeward.db");
  expect(text).toContain("Broken: entry 3 of storefront is missing, after entry 2");
  expect(text).toContain('The entry beside it says: 2026-11-21 06:03:15 UTC, "north is fine, 3"');
});

test("a kept head is found, or its absence is what is said first", () => {
  const all = rows(5);
  expect(auditText(verifyTrail(all, [hashOf(all[2])]), "x").replace(/\s+/g, " ")).toContain(
    "is entry 3 of storefront; 2 entries have come since",
  );
  expect(auditText(verifyTrail(all.slice(0, 3), [hashOf(all[4])]), "x")).toMatch(
    /^Broken: the kept head \w+ is nowhere/,
  );
});

test("nothing is said of nothing", () => {
  expect(auditText(verifyTrail([]), "leeward.db")).toBe("There is no audit trail in leeward.db.\n");
});
