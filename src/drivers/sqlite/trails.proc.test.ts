import { chmodSync, copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type AuditEntry, chained, firstEvent, type Tail } from "../../core/audit/entry.ts";
import { verifyTrail } from "../../core/audit/verify.ts";
import type { Store } from "../../ports/store.ts";
import { openSqliteStore } from "./store.ts";
import { readTrails } from "./trails.ts";

const group = "storefront";
let folder = "";
let file = "";
let store: Store;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "leeward-trails-"));
  file = join(folder, "leeward.db");
  const opened = await openSqliteStore({ file, deadlineMs: 5_000 });
  if (opened.kind === "failed") throw new Error(opened.why);
  store = opened.store;
  await store.swap([{ key: "system", expect: 0, value: { name: "shop" } }]);
  await store.swap([{ key: `record/${group}`, expect: 0, value: { epoch: 1 } }]);
  let tail: Tail = { seq: 0, hash: "" };
  for (let number = 0; number < 4; number += 1) {
    const next = { ...firstEvent("shop", group, 1_790_000_000_000, undefined), sentence: `sentence ${number}` };
    const entry: AuditEntry = chained(
      number === 0 ? next : { ...next, name: "test", fact: { what: "fence", epoch: 1 } },
      tail,
    );
    expect(await store.append({ run: `timeline/${group}`, seq: entry.seq, entry })).toEqual({ kind: "done" });
    tail = entry;
  }
});

afterEach(async () => {
  await store.close();
  chmodSync(folder, 0o700);
  rmSync(folder, { recursive: true, force: true });
});

function verdict(of = file) {
  const read = readTrails(of);
  if (read.kind === "failed") throw new Error(read.why);
  return verifyTrail(read.rows, [], read.groups);
}

/** By somebody who knows SQL and may write the file. */
function tamper(sql: string, ...values: (string | number)[]): void {
  const db = new DatabaseSync(file);
  db.exec("DROP TRIGGER IF EXISTS journal_is_never_changed; DROP TRIGGER IF EXISTS journal_is_never_deleted");
  db.prepare(sql).run(...values);
  db.close();
}

describe("the trails of a store", () => {
  test("are read while a controller has it open", () => {
    expect(readTrails(file)).toMatchObject({ kind: "trails", system: "shop", groups: [group] });
    expect(verdict()).toMatchObject({ unbroken: true, heads: [{ entries: 4 }] });
  });

  test("are read from a copy in a folder that may not be written", async () => {
    await store.close();
    const copy = mkdtempSync(join(tmpdir(), "leeward-copy-"));
    copyFileSync(file, join(copy, "leeward.db"));
    chmodSync(copy, 0o500);
    expect(verdict(join(copy, "leeward.db")).unbroken).toBe(true);
    chmodSync(copy, 0o700);
    rmSync(copy, { recursive: true });
  });

  test("name the row of which any byte was changed, whichever column it is in", () => {
    const db = new DatabaseSync(file, { readOnly: true });
    const rows = db.prepare("SELECT seq, entry, sum FROM journal ORDER BY seq").all();
    db.close();
    for (const { seq, entry, sum } of rows) {
      for (const [column, value] of [
        ["entry", String(entry)],
        ["sum", String(sum)],
      ] as const) {
        for (let position = 0; position < value.length; position += column === "sum" ? 9 : 23) {
          const flipped = String.fromCharCode(value.charCodeAt(position) ^ 1);
          const changed = value.slice(0, position) + flipped + value.slice(position + 1);
          tamper(`UPDATE journal SET ${column} = ? WHERE seq = ?`, changed, Number(seq));
          expect({ column, position, seq: verdict().breaks[0]?.seq }).toEqual({ column, position, seq });
          tamper(`UPDATE journal SET ${column} = ? WHERE seq = ?`, value, Number(seq));
        }
      }
    }
    expect(verdict().unbroken).toBe(true);
  });

  test("name a row that was taken out, moved or renamed, and a trail that is gone altogether", () => {
    tamper("UPDATE journal SET seq = 9 WHERE seq = 3");
    expect(verdict().breaks).toMatchObject([{ kind: "moved", seq: 3, says: "sentence 2" }]);
    tamper("UPDATE journal SET seq = 3 WHERE seq = 9");
    tamper("UPDATE journal SET run = 'timeline/other' WHERE seq = 3");
    expect(verdict().breaks.map(({ group: whose, seq }) => [whose, seq])).toContainEqual([group, 3]);
    tamper("UPDATE journal SET run = ? WHERE seq = 3", `timeline/${group}`);
    expect(verdict().unbroken).toBe(true);
    tamper("DELETE FROM journal WHERE seq = 2");
    expect(verdict().breaks).toMatchObject([{ kind: "missing", seq: 2, says: "sentence 2" }]);
    tamper("DELETE FROM journal");
    expect(verdict().breaks).toMatchObject([{ kind: "missing", group, seq: 1 }]);
  });

  test("that are not there, or are no store, are a sentence", () => {
    expect(readTrails(join(folder, "none.db"))).toMatchObject({ kind: "failed" });
    copyFileSync(import.meta.filename, join(folder, "text.db"));
    expect(readTrails(join(folder, "text.db"))).toMatchObject({ kind: "failed" });
  });
});
