import { describe, expect, test } from "vitest";
import { makeMemoryStore } from "../../test/contract/memory-store.ts";
import { unrenewedLease } from "../core/lease/record.ts";
import type { Store, StoreFailure } from "../ports/store.ts";
import { GroupStore } from "./group-store.ts";

const away: StoreFailure = { kind: "failed", retry: "unknown", why: "no answer in time" };
const record = { group: "g", epoch: 1, primary: "north", promotable: ["north"] };
const runs = (current: string): { current: string; recent: string[]; fingerprint: string } => ({
  current,
  recent: [current],
  fingerprint: "f",
});

/** A store whose next swap is done and not answered. */
function withLostAnswers(): { readonly store: Store; lose(count: number): void } {
  const inner = makeMemoryStore();
  let left = 0;
  const store: Store = {
    ...inner,
    swap: async (writes, checks) => {
      const result = await inner.swap(writes, checks);
      return left-- > 0 ? away : result;
    },
    get: async (key) => (left-- > 0 ? away : inner.get(key)),
  };
  return {
    store,
    lose(count) {
      left = count;
    },
  };
}

describe("one group's keys", () => {
  test("a swap whose answer was lost is looked into, and counts as done when it was", async () => {
    const { store, lose } = withLostAnswers();
    const keys = new GroupStore(store, "g", 2_000);
    lose(1);
    expect(await keys.storeRuns(runs("a"))).toEqual({ kind: "done" });
    expect(await keys.storeRuns(runs("b"))).toEqual({ kind: "done" });
  });

  test("a swap that nobody could look into does not make the later ones conflict", async () => {
    const { store, lose } = withLostAnswers();
    const keys = new GroupStore(store, "g", 2_000);
    lose(2);
    expect(await keys.storeRuns(runs("a"))).toEqual(away);
    lose(1);
    expect(await keys.storeRuns(runs("b"))).toEqual(away);
    lose(0);
    expect(await keys.storeRuns(runs("c"))).toEqual({ kind: "done" });
    expect(await keys.storeSwitchboard({ paused: true, pausedBy: "kari" })).toEqual({ kind: "done" });
  });

  test("another controller's change is a conflict, and stays one until it is read", async () => {
    const store = makeMemoryStore();
    const [ours, theirs] = [new GroupStore(store, "g", 2_000), new GroupStore(store, "g", 2_000)];
    expect(await theirs.storeRuns(runs("theirs"))).toEqual({ kind: "done" });
    expect(await ours.storeRuns(runs("ours"))).toEqual({ kind: "conflict" });
    expect(await ours.storeRuns(runs("ours"))).toEqual({ kind: "conflict" });
  });

  test("an advance and a renewal can never both succeed", async () => {
    const store = makeMemoryStore();
    const first = new GroupStore(store, "g", 2_000);
    await first.storeRecord(record, unrenewedLease(record, 2_000));
    const second = new GroupStore(store, "g", 2_000);
    await second.read();
    const next = { ...record, epoch: 2, primary: "south" };
    expect(await first.storeRecord(next, unrenewedLease(next, 2_000))).toEqual({ kind: "done" });
    expect(await second.storeLease({ ...unrenewedLease(record, 2_000), seq: 1, writable: true })).toEqual({
      kind: "conflict",
    });
  });

  test("nothing is stored: there is no record, and automation is on", async () => {
    const read = await new GroupStore(makeMemoryStore(), "g", 2_000).read();
    expect(read).toMatchObject({ kind: "read", switchboard: { paused: false }, runs: { recent: [] } });
    expect(read.kind === "read" && read.record).toBeUndefined();
  });
});
