import { expect, test } from "vitest";
import { makeMemoryStore } from "../../test/contract/memory-store.ts";
import { VirtualClock } from "../../test/spine/virtual-clock.ts";
import { initialDecideState } from "../core/decide/decision.ts";
import type { Store } from "../ports/store.ts";
import { DeciderMemory } from "./decider-memory.ts";
import { GroupStore } from "./group-store.ts";

const denied = { trouble: "region-unreachable/north/", by: "ada" };
const clock = new VirtualClock();

/** A store that counts what it is asked to swap, and refuses as often as it is told. */
function made(store = makeMemoryStore()) {
  const seen = { swaps: 0, failing: 0 };
  const counted: Store = {
    ...store,
    swap: async (writes, checks) => {
      seen.swaps += 1;
      if (seen.failing-- > 0) return { kind: "failed", retry: "later", why: "the disk is full" };
      return store.swap(writes, checks);
    },
  };
  const groupStore = new GroupStore(counted, "g", 2_000);
  const memory = new DeciderMemory({ clock: clock.clock(), store: groupStore, onStore: () => {} });
  return { memory, seen, groupStore, store };
}

test("what has to be kept is kept once, and found by the next process", async () => {
  const { memory, seen, store } = made();
  memory.state = { ...initialDecideState, name: "steady" };
  expect(await memory.keep()).toBe(true);
  expect(seen.swaps).toBe(0);
  memory.state = { ...memory.state, denied };
  expect(await memory.keep()).toBe(true);
  await memory.keepUp();
  expect(seen.swaps).toBe(1);

  const next = made(store);
  const read = await next.groupStore.read();
  next.memory.load(read.kind === "read" ? read.decider : undefined);
  expect(next.memory.state).toMatchObject({ name: "degraded", denied });
  expect(await next.memory.keep()).toBe(true);
  expect(next.seen.swaps).toBe(0);
});

test("the newest state is the one that is durable, however many came while one was written", async () => {
  const { memory, groupStore } = made();
  memory.state = { ...initialDecideState, failedRuns: 1 };
  const first = memory.keep();
  memory.state = { ...initialDecideState, failedRuns: 2 };
  memory.state = { ...initialDecideState, failedRuns: 3 };
  expect(await Promise.all([first, memory.keep()])).toEqual([true, true]);
  const read = await groupStore.read();
  expect(read).toMatchObject({ decider: { failedRuns: 3 } });
});

test("a store that fails is left alone for a while, but not by a person's answer", async () => {
  const { memory, seen } = made();
  seen.failing = 2;
  memory.state = { ...initialDecideState, denied };
  await memory.keepUp();
  const tried = seen.swaps;
  await memory.keepUp();
  expect(seen.swaps).toBe(tried);
  expect(await memory.keep()).toBe(true);
  expect(seen.swaps).toBeGreaterThan(tried);
});
