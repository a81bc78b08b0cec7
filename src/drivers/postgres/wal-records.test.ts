import { expect, test } from "vitest";
import {
  committedBy,
  keyOf,
  lostRowsOf,
  type Place,
  type RowChange,
  rowChangesOf,
  type WalRecord,
} from "./wal-records.ts";

const record = (type: string, description: string, block_ref = "blkref #0: rel 1663/16384/16390 blk 3"): WalRecord => {
  const [resource_manager = "", record_type = ""] = type.split(" ");
  return { xid: "740", resource_manager, record_type, description, block_ref };
};

test("a commit makes its transaction and its subtransactions visible", () => {
  expect(committedBy(record("Transaction COMMIT", "2026-11-21 05:00:00.1 UTC"))).toEqual(["740"]);
  expect(
    committedBy(record("Transaction COMMIT", "2026-11-21 05:00:00 UTC; subxacts: 741 742; inval msgs: catcache 5")),
  ).toEqual(["740", "741", "742"]);
});

test("a prepared transaction is known by the number in its description", () => {
  const prepared = { ...record("Transaction COMMIT_PREPARED", "739: 2026-11-21 05:00:00 UTC"), xid: "0" };
  expect(committedBy(prepared)).toEqual(["739"]);
});

test("an abort, and a commit without a number, make nothing visible", () => {
  expect(committedBy(record("Transaction ABORT", "2026-11-21 05:00:00 UTC"))).toEqual([]);
  expect(committedBy({ ...record("Transaction COMMIT", "x"), xid: "0" })).toEqual([]);
});

const at = (tid: string): Place => ({ database: "16384", file: "16390", tid });

test("row changes are read as version 18 prints them", () => {
  expect(rowChangesOf(record("Heap INSERT", "off: 2, flags: 0x08"))).toEqual([{ kind: "insert", at: at("(3,2)") }]);
  expect(rowChangesOf(record("Heap INSERT+INIT", "off: 1, flags: 0x08"))).toEqual([
    { kind: "insert", at: at("(3,1)") },
  ]);
  const deleted = "xmax: 735, off: 5, infobits: [KEYS_UPDATED], flags: 0x00";
  expect(rowChangesOf(record("Heap DELETE", deleted))).toEqual([{ kind: "delete", from: at("(3,5)") }]);
  const updated = "old_xmax: 735, old_off: 1, old_infobits: [], flags: 0x60, new_xmax: 0, new_off: 2";
  expect(rowChangesOf(record("Heap HOT_UPDATE", updated))).toEqual([
    {
      kind: "update",
      from: at("(3,1)"),
      to: at("(3,2)"),
    },
  ]);
});

test("row changes are read as version 15 prints them", () => {
  expect(rowChangesOf(record("Heap INSERT", "off 2 flags 0x08"))).toEqual([{ kind: "insert", at: at("(3,2)") }]);
  expect(rowChangesOf(record("Heap DELETE", "off 5 flags 0x00 KEYS_UPDATED "))).toEqual([
    {
      kind: "delete",
      from: at("(3,5)"),
    },
  ]);
  const updated = "off 1 xmax 735 flags 0x60 ; new off 2 xmax 0";
  expect(rowChangesOf(record("Heap UPDATE", updated))).toEqual([
    { kind: "update", from: at("(3,1)"), to: at("(3,2)") },
  ]);
});

test("an update to another page names both pages", () => {
  const blocks = "blkref #0: rel 1663/16384/16390 blk 9, blkref #1: rel 1663/16384/16390 blk 3";
  const updated = "old_xmax: 735, old_off: 1, old_infobits: [], flags: 0x60, new_xmax: 0, new_off: 2";
  expect(rowChangesOf(record("Heap UPDATE", updated, blocks))).toEqual([
    {
      kind: "update",
      from: at("(3,1)"),
      to: at("(9,2)"),
    },
  ]);
});

test("other records change no row that we know", () => {
  expect(rowChangesOf(record("Heap LOCK", "xmax: 735, off: 5, infobits: [], flags: 0x00"))).toEqual([]);
  expect(rowChangesOf(record("Btree INSERT_LEAF", "off: 5"))).toEqual([]);
  expect(rowChangesOf(record("Heap INSERT", "off: 2", "blkref #0: rel 1663/16384/16390 fork vm blk 3"))).toEqual([]);
});

test("a deletion is followed back to the row that was there before", () => {
  const changes: readonly RowChange[] = [
    { kind: "update", from: at("(0,1)"), to: at("(0,5)") },
    { kind: "update", from: at("(0,5)"), to: at("(1,1)") },
    { kind: "delete", from: at("(1,1)") },
    { kind: "delete", from: at("(0,2)") },
  ];
  expect(lostRowsOf(changes).map(keyOf)).toEqual([keyOf(at("(0,1)")), keyOf(at("(0,2)"))]);
});

test("a row that came and went past the fork is nobody's loss", () => {
  const changes: readonly RowChange[] = [
    { kind: "insert", at: at("(0,7)") },
    { kind: "update", from: at("(0,7)"), to: at("(0,8)") },
    { kind: "delete", from: at("(0,8)") },
  ];
  expect(lostRowsOf(changes)).toEqual([]);
});

test("the many rows of a COPY are all inserts", () => {
  const inserts = [1, 4].map((off) => ({ kind: "insert", at: at(`(3,${off})`) }));
  expect(rowChangesOf(record("Heap2 MULTI_INSERT", "ntuples: 2, flags: 0x02, offsets: [1, 4]"))).toEqual(inserts);
  const onNewPage = rowChangesOf(record("Heap2 MULTI_INSERT+INIT", "ntuples: 3, flags: 0x02"));
  expect(onNewPage.map((change) => "at" in change && change.at.tid)).toEqual(["(3,1)", "(3,2)", "(3,3)"]);
  expect(rowChangesOf(record("Heap2 MULTI_INSERT+INIT", "1 tuples flags 0x02"))).toHaveLength(1);
  expect(rowChangesOf(record("Heap2 PRUNE", "nredirected: 0"))).toEqual([]);
});
