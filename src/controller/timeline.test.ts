import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { makeMemoryStore } from "../../test/contract/memory-store.ts";
import { VirtualClock } from "../../test/spine/virtual-clock.ts";
import type { AuditEntry } from "../core/audit/entry.ts";
import { type TrailRow, verifyTrail } from "../core/audit/verify.ts";
import type { Store, StoreFailure } from "../ports/store.ts";
import { Timeline } from "./timeline.ts";

const away: StoreFailure = { kind: "failed", retry: "unknown", why: "no answer in time" };
const later: StoreFailure = { kind: "failed", retry: "later", why: "the disk is full" };
const event = (sentence: string) => ({ kind: "seen" as const, region: "north", name: "test", sentence });

type Trouble = "answers" | "refuses" | "loses the answer" | "loses the call";

/** A store whose appends go wrong as it is told, one after the other; whole again when nothing is left to go wrong. */
function troubled() {
  const inner = makeMemoryStore();
  const coming: Trouble[] = [];
  const store: Store = {
    ...inner,
    append: async (row) => {
      const trouble = coming.shift() ?? "answers";
      if (trouble === "refuses") return later;
      if (trouble === "loses the call") return away;
      const result = await inner.append(row);
      return trouble === "loses the answer" ? away : result;
    },
  };
  return { store, inner, coming };
}

async function rowsOf(store: Store): Promise<readonly TrailRow[]> {
  const journal = await store.journal("timeline/g");
  if (journal.kind !== "rows") throw new Error(journal.why);
  return journal.rows.map(({ seq, entry }) => ({ group: "g", seq, text: JSON.stringify(entry) }));
}

async function saidIn(store: Store): Promise<readonly string[]> {
  return (await rowsOf(store)).map((row) => (JSON.parse(row.text) as AuditEntry).sentence);
}

const begins = "the audit trail of g in shop begins here";

function world() {
  const time = new VirtualClock();
  const open = (store: Store): Timeline => new Timeline(store, time.clock(), "g", "shop");
  return { time, open };
}

describe("the timeline", () => {
  test("keeps what could not be written, and writes each entry once, in order, in an unbroken chain", async () => {
    const { time, open } = world();
    const store = makeMemoryStore();
    const timeline = open(store);
    store.fail(away);
    timeline.add(event("one"));
    timeline.note(event("two"));
    await time.pass(1);
    expect(timeline.head).toBeUndefined();
    store.fail(undefined);
    timeline.add(event("three"));
    await time.pass(1);
    expect(await saidIn(store)).toEqual([begins, "one", "two", "three"]);
    const { unbroken, heads } = verifyTrail(await rowsOf(store));
    expect({ unbroken, hash: heads[0]?.hash, entries: heads[0]?.seq }).toEqual({ unbroken: true, ...timeline.head });
  });

  test("writes an entry whose answer was lost no second time", async () => {
    const { time, open } = world();
    const { store, coming } = troubled();
    const timeline = open(store);
    coming.push("answers", "loses the answer");
    timeline.add(event("one"));
    await time.pass(1);
    timeline.add(event("two"));
    await time.pass(1);
    expect(await saidIn(store)).toEqual([begins, "one", "two"]);
    expect(verifyTrail(await rowsOf(store)).unbroken).toBe(true);
  });

  test("is read back by the next process, once, before what that one adds", async () => {
    const { time, open } = world();
    const store = makeMemoryStore();
    open(store).add(event("before"));
    await time.pass(1);
    const next = open(store);
    store.fail(away);
    expect(await next.load()).toBe(false);
    next.add(event("meanwhile"));
    await time.pass(1);
    store.fail(undefined);
    expect(await next.load()).toBe(true);
    expect(next.since(0).map((one) => one.sentence)).toEqual(["before", "meanwhile"]);
    await next.flush();
    expect(await saidIn(store)).toEqual([begins, "before", "meanwhile"]);
    expect(verifyTrail(await rowsOf(store)).unbroken).toBe(true);
  });

  test("shows people what concerns them, and has the bookkeeping in the trail all the same", async () => {
    const { time, open } = world();
    const store = makeMemoryStore();
    const timeline = open(store);
    timeline.note(event("a step"));
    timeline.add(event("a decision"));
    await time.pass(1);
    expect(timeline.since(0).map((one) => one.sentence)).toEqual(["a decision"]);
    expect(await saidIn(store)).toEqual([begins, "a step", "a decision"]);
  });

  test("says how many entries could not wait while the store was away, in their place", async () => {
    const { time, open } = world();
    const store = makeMemoryStore();
    const timeline = open(store);
    await timeline.load();
    store.fail(later);
    for (let number = 1; number <= 1_005; number += 1) timeline.add(event(`entry ${number}`));
    store.fail(undefined);
    timeline.add(event("back"));
    await time.pass(10);
    await timeline.flush();
    timeline.add(event("after"));
    await time.pass(10);
    const said = await saidIn(store);
    const gap = said.findIndex((one) => one.includes("entries are missing here"));
    expect(said.slice(gap - 1)).toEqual([
      "entry 999",
      "7 entries are missing here: the store was away, and no more could wait for it",
      "after",
    ]);
    expect(verifyTrail(await rowsOf(store))).toMatchObject({ unbroken: true, heads: [{ gaps: 1 }] });
  });

  test("goes on after the rows of an older version, and covers them", async () => {
    const { time, open } = world();
    const store = makeMemoryStore();
    for (const seq of [1, 2]) {
      const entry = { ...event(`old ${seq}`), group: "g", atMs: seq };
      await store.append({ run: "timeline/g", seq, entry });
    }
    const timeline = open(store);
    expect(await timeline.load()).toBe(true);
    timeline.add(event("new"));
    await time.pass(1);
    expect(timeline.since(0).map((one) => one.sentence)).toEqual(["old 1", "old 2", "new"]);
    expect(await saidIn(store)).toEqual([
      "old 1",
      "old 2",
      `${begins}; it goes on after 2 entries that an older version wrote without a chain`,
      "new",
    ]);
    expect(verifyTrail(await rowsOf(store))).toMatchObject({ unbroken: true, heads: [{ entries: 2, earlier: 2 }] });
  });

  test("that is not as it was written says so when it is read", async () => {
    const { time, open } = world();
    const store = makeMemoryStore();
    const timeline = open(store);
    for (const sentence of ["one", "two", "three"]) timeline.add(event(sentence));
    await time.pass(1);
    const lying: Store = {
      ...store,
      journal: async (run, part) => {
        const read = await store.journal(run, part);
        if (read.kind !== "rows") return read;
        const rows = read.rows.map((row) =>
          row.seq === 3 ? { ...row, entry: { ...(row.entry as AuditEntry), sentence: "never" } } : row,
        );
        return { kind: "rows", rows };
      },
    };
    const next = open(lying);
    expect(await next.load()).toBe(true);
    expect(next.trouble).toContain("entry 3, what stands there does not give the hash that it carries");
    const whole = open(store);
    await whole.load();
    expect(whole.trouble).toBeUndefined();
  });

  test("that no store gives back is appended to where it ends, and the break shows", async () => {
    const { time, open } = world();
    const store = makeMemoryStore();
    open(store).add(event("before"));
    await time.pass(1);
    const damaged: Store = {
      ...store,
      journal: async () => ({ kind: "failed", retry: "never", why: "it is damaged" }),
    };
    const next = open(damaged);
    next.add(event("after"));
    await time.pass(10);
    expect(next.trouble).toContain("it is damaged");
    expect(await saidIn(store)).toEqual([begins, "before", "after"]);
    expect(verifyTrail(await rowsOf(store)).breaks).toMatchObject([{ seq: 2 }]);
  });

  test("of two controllers at one store each entry is there once, in one unbroken chain, whatever the store loses", async () => {
    const trouble = fc.constantFrom<Trouble>("answers", "refuses", "loses the answer", "loses the call");
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.boolean(), fc.array(trouble, { maxLength: 3 })), { minLength: 1, maxLength: 12 }),
        async (turns) => {
          const { time, open } = world();
          const { store, inner, coming } = troubled();
          const two = [open(store), open(store)] as const;
          const expected: string[] = [];
          for (const [number, [first, troubles]] of turns.entries()) {
            coming.push(...troubles);
            const said = `${first ? "first" : "second"} ${number}`;
            expected.push(said);
            two[first ? 0 : 1].add(event(said));
            // Both write at the same moment as often as not.
            if (number % 2 === 0) await time.pass(1);
          }
          for (let round = 0; round < 40; round += 1) {
            await Promise.all(two.map((one) => one.flush()));
            await time.pass(1);
          }
          const said = await saidIn(inner);
          expect(said.filter((one) => one === begins)).toHaveLength(1);
          expect(said.filter((one) => one !== begins).toSorted()).toEqual(expected.toSorted());
          for (const who of ["first", "second"])
            expect(said.filter((one) => one.startsWith(who))).toEqual(expected.filter((one) => one.startsWith(who)));
          expect(verifyTrail(await rowsOf(inner))).toMatchObject({ unbroken: true });
        },
      ),
      { numRuns: 150 },
    );
  });
});
