import { beforeEach, describe, expect, test } from "vitest";
import { type MemoryDisk, makeMemoryDisk } from "../../test/contract/memory-disk.ts";
import { VirtualClock } from "../../test/spine/virtual-clock.ts";
import type { Outcome } from "../core/plan/action.ts";
import { OrderBook } from "./order-book.ts";

const done: Outcome = { kind: "done", reason: "it is so" };
let disk: MemoryDisk;
let time: VirtualClock;

beforeEach(() => {
  disk = makeMemoryDisk();
  time = new VirtualClock();
});

async function open(): Promise<OrderBook> {
  const book = await OrderBook.open(disk, time.clock());
  if (!(book instanceof OrderBook)) throw new Error(book.why);
  return book;
}

/** What an order brings about, counted; it takes 100 ms. */
function effect(outcome: Outcome = done): { count: number; readonly work: () => Promise<Outcome> } {
  const counted = {
    count: 0,
    work: async (): Promise<Outcome> => {
      counted.count += 1;
      await new Promise<void>((resolve) => time.after(100, resolve));
      return outcome;
    },
  };
  return counted;
}

async function within<T>(ms: number, asked: Promise<T>): Promise<T | "nothing yet"> {
  let answer: T | "nothing yet" = "nothing yet";
  void asked.then((one) => {
    answer = one;
  });
  await time.pass(ms);
  return answer;
}

describe("an order", () => {
  test("is carried out once, however often it is given, and answers with its old result", async () => {
    const book = await open();
    const once = effect();
    expect(await within(200, book.carryOut("k", 1_000, once.work))).toEqual({ kind: "ended", outcome: done });
    expect(await within(1, book.carryOut("k", 1_000, once.work))).toEqual({ kind: "ended", outcome: done });
    expect(once.count).toBe(1);
    expect(book.counts()).toEqual({ k: 1 });
  });

  test("that is given again while it is under way is joined", async () => {
    const book = await open();
    const once = effect();
    expect(await within(60, book.carryOut("k", 50, once.work))).toMatchObject({ kind: "running" });
    expect(book.look("k").kind).toBe("running");
    expect(await within(200, book.carryOut("k", 1_000, once.work))).toEqual({ kind: "ended", outcome: done });
    expect(once.count).toBe(1);
  });

  test("keeps its result over a restart of the agent", async () => {
    const once = effect();
    await within(200, (await open()).carryOut("k", 1_000, once.work));
    expect((await open()).look("k")).toEqual({ kind: "ended", outcome: done });
  });

  test("that a restart interrupted is absent, and is begun a second time, which is counted", async () => {
    const first = await open();
    void first.carryOut("k", 1_000, () => new Promise(() => {}));
    await time.pass(10);
    const second = await open();
    expect(second.look("k")).toEqual({ kind: "absent" });
    await within(200, second.carryOut("k", 1_000, effect().work));
    expect(second.counts()).toEqual({ k: 2 });
  });

  test("with an unknown outcome has none: the next call looks again", async () => {
    const book = await open();
    await within(200, book.carryOut("k", 1_000, effect({ kind: "unknown", reason: "no answer" }).work));
    expect(book.look("k")).toEqual({ kind: "absent" });
  });

  test("whose driver throws is unknown, not failed", async () => {
    const book = await open();
    const answer = await within(
      200,
      book.carryOut("k", 1_000, async () => {
        throw new Error("a bug");
      }),
    );
    expect(answer).toMatchObject({ kind: "running" });
    expect(book.look("k")).toEqual({ kind: "absent" });
  });

  test("that cannot be noted durably is not begun", async () => {
    const book = await open();
    disk.failWrites("the disk is full");
    const once = effect();
    await within(200, book.carryOut("k", 1_000, once.work));
    expect(once.count).toBe(0);
  });
});

test("a torn book is said, and not taken for an empty one", async () => {
  await within(200, (await open()).carryOut("k", 1_000, effect().work));
  disk.tear("orders");
  expect(await OrderBook.open(disk, time.clock())).toMatchObject({ kind: "torn" });
});
