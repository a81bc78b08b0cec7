import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Channel, type Line, makeLine } from "./line.ts";
import type { Job, Reply, Request } from "./messages.ts";

const change: Job = { op: "swap", writes: [], checks: [] };
const reading: Job = { op: "get", key: "a" };

/** A worker that does only what the test says. */
function makeWorker() {
  const sent: Request[] = [];
  let reply: (id: number, reply: Reply) => void = () => {};
  let end: (why: string) => void = () => {};
  const channel: Channel = {
    send: (request) => sent.push(request),
    onReply: (listener) => {
      reply = listener;
    },
    onEnd: (listener) => {
      end = listener;
    },
    end: async () => {},
  };
  return {
    channel,
    sent,
    reply: (id: number, text: Reply = { kind: "done" }) => reply(id, text),
    die: () => end("it fell over"),
  };
}

describe("the line before the store's worker", () => {
  let workers: ReturnType<typeof makeWorker>[];
  let line: Line;
  beforeEach(() => {
    vi.useFakeTimers();
    workers = [makeWorker()];
    line = makeLine(at(0).channel, {
      connect: async () => {
        workers.push(makeWorker());
        return { kind: "connected", channel: at(workers.length - 1).channel };
      },
      deadlineMs: 200,
      waitingMax: 3,
      nowMs: () => Date.now(),
      what: "The store",
    });
  });
  afterEach(() => vi.useRealTimers());
  const at = (index: number): ReturnType<typeof makeWorker> => {
    const worker = workers[index];
    if (worker === undefined) throw new Error(`there is no worker ${index}`);
    return worker;
  };

  test("a change that got no answer is unknown, a reading may be tried later, what waited was not begun", async () => {
    const first = line.call(change);
    const second = line.call(change);
    await vi.advanceTimersByTimeAsync(200);
    expect(await first).toMatchObject({ kind: "failed", retry: "unknown" });
    expect(await second).toMatchObject({
      kind: "failed",
      retry: "later",
      why: expect.stringContaining("nothing was written"),
    });
    expect(at(0).sent).toHaveLength(1);
    at(0).reply(1);
    const third = line.call(reading);
    await vi.advanceTimersByTimeAsync(200);
    expect(await third).toMatchObject({ kind: "failed", retry: "later" });
  });

  test("an answer after the deadline goes to nobody, and the next call gets its own", async () => {
    const late = line.call(change);
    await vi.advanceTimersByTimeAsync(200);
    expect((await late).kind).toBe("failed");
    const next = line.call(reading);
    expect(at(0).sent).toHaveLength(1);
    at(0).reply(1, { kind: "conflict", key: "of the late one" });
    expect(at(0).sent).toHaveLength(2);
    at(0).reply(1, { kind: "conflict", key: "twice" });
    at(0).reply(3, { kind: "records", records: [] });
    const answer = Promise.race([next, Promise.resolve("pending")]);
    expect(await answer).toBe("pending");
    at(0).reply(2, { kind: "records", records: [{ key: "a", version: 1, text: "1" }] });
    expect(await next).toEqual({ kind: "records", records: [{ key: "a", version: 1, text: "1" }] });
  });

  test("no more than its bound waits", async () => {
    const calls = Array.from({ length: 5 }, () => line.call(change));
    expect(await calls[4]).toMatchObject({
      kind: "failed",
      retry: "later",
      why: expect.stringContaining("3 calls already wait"),
    });
    for (let id = 1; id <= 4; id += 1) at(0).reply(id);
    expect(await Promise.all(calls.slice(0, 4))).toEqual(Array(4).fill({ kind: "done" }));
  });

  test("a worker that dies makes its change unknown, and is replaced, not more often than each second", async () => {
    const lost = line.call(change);
    at(0).die();
    expect(await lost).toMatchObject({ kind: "failed", retry: "unknown" });
    expect(await line.call(change)).toMatchObject({ kind: "failed", retry: "later" });
    expect(workers).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1_000);
    const next = line.call(change);
    await vi.advanceTimersByTimeAsync(0);
    at(1).reply(3);
    expect(await next).toEqual({ kind: "done" });
    // What the dead one might still say is nobody's.
    const after = line.call(change);
    at(0).reply(4, { kind: "conflict", key: "of the dead" });
    at(1).reply(4);
    expect(await after).toEqual({ kind: "done" });
  });

  test("closing gives what is with the worker its time, and what waits is told that it was not begun", async () => {
    const [begun, waits] = [line.call(change), line.call(change)];
    const closed = line.close();
    expect(await waits).toMatchObject({ kind: "failed", retry: "later" });
    at(0).reply(1);
    await closed;
    expect(await begun).toEqual({ kind: "done" });
    expect(await line.call(reading)).toMatchObject({ kind: "failed", retry: "never" });
  });

  test("closing a line whose worker hangs ends by the deadline", async () => {
    const begun = line.call(change);
    const closed = line.close();
    await vi.advanceTimersByTimeAsync(200);
    await closed;
    expect(await begun).toMatchObject({ retry: "unknown" });
  });
});
