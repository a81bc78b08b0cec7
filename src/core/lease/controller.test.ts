import { describe, expect, test } from "vitest";
import { controllerTransition } from "./controller.ts";
import {
  type ControllerEffect,
  type ControllerInput,
  type ControllerState,
  mayAdvance,
  newController,
} from "./controller-state.ts";
import { type GroupRecord, type Lease, unrenewedLease } from "./record.ts";
import { defaultLeaseConfig as config } from "./timing.ts";

const record: GroupRecord = { group: "shop", epoch: 4, primary: "north", promotable: ["north", "south"] };
const lease: Lease = { group: "shop", epoch: 4, holder: "north", seq: 10, ttlMs: 2_200, writable: true };
const both = ["north", "south"];

function fed(
  start: ControllerState,
  ...inputs: readonly ControllerInput[]
): { state: ControllerState; effects: readonly ControllerEffect[] } {
  let step: { state: ControllerState; effects: readonly ControllerEffect[] } = { state: start, effects: [] };
  for (const input of inputs) step = controllerTransition(config, step.state, input);
  return step;
}

const running = fed(newController(record, lease), { kind: "started", record, lease, attemptBase: 100, nowMs: 0 }).state;
const prepared = fed(
  running,
  { kind: "prepare-wanted", target: "south", nowMs: 5_000 },
  { kind: "prepared", from: "south", epoch: 5, attempt: 101, clear: true, nowMs: 5_030 },
).state;

describe("renewals", () => {
  const renewal = { kind: "renewal", from: "north", epoch: 4, seq: 11, writable: true, nowMs: 3_000 } as const;

  test("are answered only when they are stored, and counted from then", () => {
    const asked = fed(running, renewal);
    expect(asked.effects).toMatchObject([{ kind: "cas-lease", expect: { epoch: 4, leaseSeq: 10 }, next: { seq: 11 } }]);
    const [cas] = asked.effects;
    if (cas?.kind !== "cas-lease") throw new Error("no cas-lease");
    const stored = fed(asked.state, {
      kind: "lease-stored",
      next: cas.next,
      answer: cas.answer,
      stored: { outcome: "ok" },
      nowMs: 3_005,
    });
    expect(stored.effects).toEqual([{ kind: "reply-renewed", to: "north", epoch: 4, seq: 11 }]);
    expect(stored.state.leaseSeenAtMs).toBe(3_005);
    const unknown = fed(asked.state, {
      kind: "lease-stored",
      next: cas.next,
      answer: cas.answer,
      stored: { outcome: "unknown" },
      nowMs: 3_005,
    });
    expect(unknown.effects).toEqual([{ kind: "read-store" }]);
  });

  test("that are not writable are answered and not counted", () => {
    const step = fed(running, { ...renewal, writable: false });
    expect(step).toEqual({ state: running, effects: [{ kind: "reply-renewed", to: "north", epoch: 4, seq: 11 }] });
  });

  test("of a lower epoch are refused with the record; of a higher one the store is asked", () => {
    expect(fed(running, { ...renewal, epoch: 3 }).effects).toEqual([
      { kind: "reply-renewal-refused", to: "north", record },
    ]);
    expect(fed(running, { ...renewal, epoch: 5 }).effects).toEqual([{ kind: "read-store" }]);
  });

  test("that lose against a newer epoch are refused with it", () => {
    const newer = { ...record, epoch: 5, primary: "south" };
    const step = fed(running, {
      kind: "lease-stored",
      next: { ...lease, seq: 11 },
      answer: { to: "north", epoch: 4, seq: 11 },
      stored: { outcome: "conflict", record: newer, lease: unrenewedLease(newer, 2_200) },
      nowMs: 3_100,
    });
    expect(step.effects).toEqual([{ kind: "reply-renewal-refused", to: "north", record: newer }]);
    expect(step.state.record.epoch).toBe(5);
  });
});

describe("a new epoch", () => {
  test("needs a prepared target, a lease not seen to change for a whole lease, and says what it waits for", () => {
    const wanted = { target: "south", promotable: both };
    expect(mayAdvance(config, running, wanted, 9_000)).toMatchObject({
      ok: false,
      reason: "south has not been prepared for epoch 5",
    });
    const seen = fed(prepared, { kind: "seen", record, lease: { ...lease, seq: 11 }, nowMs: 6_000 }).state;
    expect(mayAdvance(config, seen, wanted, 7_000)).toEqual({
      ok: false,
      waitMs: 1_200,
      reason: "waiting 1.2 s more: north's lease may still be valid",
    });
    expect(mayAdvance(config, seen, wanted, 8_200)).toMatchObject({ ok: true });
  });

  test("waits a whole lease after a restart", () => {
    const restarted = fed(
      newController(record, lease),
      { kind: "started", record, lease, attemptBase: 100, nowMs: 50_000 },
      { kind: "prepare-wanted", target: "south", nowMs: 50_000 },
      { kind: "prepared", from: "south", epoch: 5, attempt: 101, clear: true, nowMs: 50_001 },
    ).state;
    expect(mayAdvance(config, restarted, { target: "south", promotable: both }, 52_199)).toMatchObject({
      ok: false,
      waitMs: 1,
    });
    expect(mayAdvance(config, restarted, { target: "south", promotable: both }, 52_200)).toMatchObject({ ok: true });
  });

  test("needs nothing but the primary's receipt, and only that for the primary itself", () => {
    const receipt = fed(running, { kind: "fenced", from: "north", epoch: 4, nowMs: 10 }).state;
    expect(mayAdvance(config, receipt, { target: "south", promotable: both }, 11)).toMatchObject({ ok: true });
    expect(mayAdvance(config, prepared, { target: "north", promotable: both }, 99_999)).toMatchObject({ ok: false });
    expect(fed(running, { kind: "fenced", from: "south", epoch: 4, nowMs: 10 }).state.receiptEpoch).toBe(0);
  });

  test("may only lead to a member that is promotable now and then", () => {
    const receipt = fed(running, { kind: "fenced", from: "north", epoch: 4, nowMs: 10 }).state;
    expect(mayAdvance(config, receipt, { target: "west", promotable: ["west"] }, 11)).toMatchObject({ ok: false });
    expect(mayAdvance(config, receipt, { target: "south", promotable: ["north"] }, 11)).toMatchObject({ ok: false });
  });

  test("is told to its primary with the receipt, and to the others", () => {
    const [cas] = fed(prepared, { kind: "advance-wanted", target: "south", promotable: both, nowMs: 9_000 }).effects;
    if (cas?.kind !== "cas-record") throw new Error("no cas-record");
    expect(cas.expect).toEqual({ epoch: 4, leaseSeq: 10 });
    const told = fed(prepared, {
      kind: "record-stored",
      next: cas.next,
      nextLease: cas.nextLease,
      stored: { outcome: "ok" },
      nowMs: 9_001,
    });
    expect(told.effects).toMatchObject([
      { kind: "send-promote", to: "south", receipt: false, record: { epoch: 5 } },
      { kind: "send-record", to: "north" },
    ]);
  });

  test("whose outcome is unknown is not taken back before the store was read", () => {
    const doubtful = fed(prepared, { kind: "advance-wanted", target: "south", promotable: both, nowMs: 9_000 }).state;
    expect(fed(doubtful, { kind: "release-wanted", nowMs: 9_100 }).effects).toMatchObject([{ kind: "refuse" }]);
    const read = fed(doubtful, { kind: "seen", record, lease, nowMs: 9_200 }).state;
    expect(fed(read, { kind: "release-wanted", nowMs: 9_300 }).effects).toMatchObject([
      { kind: "send-release", to: "south" },
    ]);
  });
});

describe("preparing", () => {
  test("counts only the answer to its latest attempt", () => {
    const again = fed(
      prepared,
      { kind: "release-wanted", nowMs: 6_000 },
      { kind: "prepare-wanted", target: "south", nowMs: 6_100 },
    ).state;
    const late = fed(again, {
      kind: "prepared",
      from: "south",
      epoch: 5,
      attempt: 101,
      clear: true,
      nowMs: 6_200,
    }).state;
    expect(late.preparing).toMatchObject({ attempt: 102, clear: false });
  });

  test("goes above a number that the member already knows", () => {
    const low = fed(running, { kind: "prepare-wanted", target: "south", nowMs: 1 });
    const step = fed(low.state, {
      kind: "prepare-refused",
      from: "south",
      epoch: 5,
      attempt: 101,
      floorAttempt: 300,
      nowMs: 2,
    });
    expect(step.effects).toEqual([{ kind: "send-prepare", to: "south", epoch: 5, attempt: 301 }]);
  });
});

describe("admitting a member", () => {
  const alone = { ...running, record: { ...record, promotable: ["north"] } };

  test("asks the primary first, and moves the record once it has agreed", () => {
    const first = fed(alone, { kind: "admit-wanted", promotable: both, nowMs: 1 });
    expect(first.effects).toMatchObject([
      { kind: "send-widen", to: "north", epoch: 4, promotable: both },
      { kind: "refuse" },
    ]);
    const agreed = fed(first.state, { kind: "widened", from: "north", epoch: 4, promotable: both, nowMs: 2 });
    expect(fed(agreed.state, { kind: "admit-wanted", promotable: both, nowMs: 3 }).effects).toMatchObject([
      { kind: "cas-record", next: { epoch: 5, primary: "north", promotable: both } },
    ]);
  });

  test("is not needed for leaving one out", () => {
    expect(fed(running, { kind: "admit-wanted", promotable: ["north"], nowMs: 1 }).effects).toMatchObject([
      { kind: "cas-record" },
    ]);
  });
});
