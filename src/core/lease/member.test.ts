import { describe, expect, test } from "vitest";
import { memberTransition } from "./member.ts";
import {
  type MemberEffect,
  type MemberInput,
  type MemberState,
  mayWrite,
  memberFrom,
  newMember,
  writeUntilOf,
} from "./member-state.ts";
import type { GroupRecord } from "./record.ts";
import { defaultLeaseConfig as config } from "./timing.ts";

const RELIABLE_MS = (2_200 * 0.99) / 1.01;

function record(epoch: number, primary: string, promotable: readonly string[] = ["north", "south"]): GroupRecord {
  return { group: "shop", epoch, primary, promotable };
}

/** Feeds inputs in order; returns the last state and the effects of the last input. */
function fed(
  start: MemberState,
  ...inputs: readonly MemberInput[]
): { state: MemberState; effects: readonly MemberEffect[] } {
  let step: { state: MemberState; effects: readonly MemberEffect[] } = { state: start, effects: [] };
  for (const input of inputs) step = memberTransition(config, step.state, input);
  return step;
}

function seqOf(effects: readonly MemberEffect[], kind: "send-renewal" | "ask-hold"): number {
  const effect = effects.find((one) => one.kind === kind);
  if (effect === undefined || !("seq" in effect))
    throw new Error(`no ${kind} among ${effects.map((one) => one.kind).join(", ")}`);
  return effect.seq;
}

function kinds(effects: readonly MemberEffect[]): string[] {
  return effects.map(({ kind }) => kind);
}

const booted = (self: string): MemberState => fed(newMember(self), { kind: "boot", nowMs: 0 }).state;
const standby = fed(booted("south"), { kind: "record-seen", record: record(1, "north"), nowMs: 0 }).state;
const promoted = fed(booted("north"), { kind: "promote", record: record(1, "north"), receipt: false, nowMs: 1_000 });
const primary = fed(promoted.state, {
  kind: "renewed",
  epoch: 1,
  seq: seqOf(promoted.effects, "send-renewal"),
  nowMs: 1_030,
});

describe("the holder", () => {
  test("has no right from PROMOTE alone, and one from the first answered renewal, counted from when it was sent", () => {
    expect(mayWrite(config, promoted.state, 1_001)).toBe(false);
    expect(kinds(promoted.effects)).toEqual(["persist", "reply-promoted", "send-renewal"]);
    expect(writeUntilOf(config, primary.state)).toBeCloseTo(1_000 + RELIABLE_MS);
    expect(kinds(primary.effects)).toEqual(["set-gate", "become-primary"]);
  });

  test("may write until its deadline and not at it", () => {
    const untilMs = writeUntilOf(config, primary.state);
    expect(mayWrite(config, primary.state, untilMs - 1)).toBe(true);
    expect(mayWrite(config, primary.state, untilMs)).toBe(false);
  });

  test("asks for holds once a renewal is unanswered for the call timeout, and goes on by them without a gap", () => {
    const renewing = fed(primary.state, { kind: "renewal-due", nowMs: 1_400 });
    expect(kinds(renewing.effects)).toEqual(["send-renewal"]);
    expect(kinds(fed(renewing.state, { kind: "tick", nowMs: 1_599 }).effects)).toEqual([]);
    const asking = fed(renewing.state, { kind: "tick", nowMs: 1_600 });
    expect(asking.effects).toMatchObject([{ kind: "ask-hold", to: "south", epoch: 1 }]);
    const seq = seqOf(asking.effects, "ask-hold");
    const held = fed(asking.state, { kind: "hold-granted", from: "south", epoch: 1, seq, nowMs: 1_630 });
    expect(writeUntilOf(config, held.state)).toBeCloseTo(1_600 + RELIABLE_MS);
    expect(kinds(held.effects)).toEqual(["set-gate"]);
  });

  test("gains nothing by a witness's hold, by another epoch's, or by an answer to a question it never asked", () => {
    const asking = fed(primary.state, { kind: "tick", nowMs: 1_600 });
    const seq = seqOf(asking.effects, "ask-hold");
    for (const input of [
      { from: "watch", epoch: 1, seq },
      { from: "south", epoch: 2, seq },
      { from: "south", epoch: 1, seq: seq + 1 },
    ]) {
      const { state } = fed(asking.state, { kind: "hold-granted", ...input, nowMs: 1_630 });
      expect(writeUntilOf(config, state)).toBe(writeUntilOf(config, asking.state));
    }
  });

  test("steps down at the end of its lease, and takes up again by itself", () => {
    const late = fed(primary.state, { kind: "tick", nowMs: 3_300 });
    expect(late.effects.find(({ kind }) => kind === "step-down")).toMatchObject({ because: "lease-end", epoch: 1 });
    const renewing = fed(late.state, { kind: "renewal-due", nowMs: 3_400 });
    expect(renewing.effects[0]).toMatchObject({ kind: "send-renewal", writable: false });
    const confirmed = fed(renewing.state, {
      kind: "renewed",
      epoch: 1,
      seq: seqOf(renewing.effects, "send-renewal"),
      nowMs: 3_430,
    });
    expect(mayWrite(config, confirmed.state, 3_430)).toBe(false);
    const again = fed(confirmed.state, { kind: "renewal-due", nowMs: 3_800 });
    expect(again.effects[0]).toMatchObject({ kind: "send-renewal", writable: true });
    const back = fed(again.state, {
      kind: "renewed",
      epoch: 1,
      seq: seqOf(again.effects, "send-renewal"),
      nowMs: 3_830,
    });
    expect(kinds(back.effects)).toEqual(["set-gate", "become-primary"]);
  });

  test("never uses a number twice, so an answer from before a restart gives nothing", () => {
    const again = fed(
      memberFrom("north", primary.state.durable),
      { kind: "boot", nowMs: 2_000 },
      { kind: "renewal-due", nowMs: 2_001 },
    );
    expect(seqOf(again.effects, "send-renewal")).toBeGreaterThan(seqOf(promoted.effects, "send-renewal"));
  });

  test("steps down when it sees a higher epoch, and closes its router", () => {
    const seen = fed(primary.state, { kind: "renewal-refused", record: record(2, "south"), nowMs: 1_100 });
    expect(kinds(seen.effects)).toEqual(["persist", "set-gate", "step-down"]);
    expect(mayWrite(config, seen.state, 1_101)).toBe(false);
  });

  test("gives its fence receipt only when its router has closed, or can only be closed by its own clock", () => {
    const fenced = fed(primary.state, { kind: "fence", epoch: 1, nowMs: 1_100 });
    expect(kinds(fenced.effects)).toEqual(["persist", "step-down", "set-gate"]);
    const confirmed = fed(fenced.state, { kind: "gate-confirmed", epoch: 1, fencedEpoch: 1, nowMs: 1_110 });
    expect(confirmed.effects).toEqual([{ kind: "reply-fenced", epoch: 1 }]);
    const untilMs = writeUntilOf(config, primary.state);
    expect(kinds(fed(fenced.state, { kind: "tick", nowMs: untilMs - 1 }).effects)).toEqual(["set-gate"]);
    expect(kinds(fed(fenced.state, { kind: "tick", nowMs: untilMs }).effects)).toEqual(["reply-fenced"]);
  });

  test("does not give a receipt right after a restart: its router may go by what it was told before", () => {
    const again = fed(
      memberFrom("north", primary.state.durable),
      { kind: "boot", nowMs: 2_000 },
      { kind: "fence", epoch: 1, nowMs: 2_001 },
    );
    expect(kinds(again.effects)).toEqual(["persist", "set-gate"]);
    expect(kinds(fed(again.state, { kind: "tick", nowMs: 4_300 }).effects)).toEqual(["reply-fenced"]);
  });

  test("goes on alone, without store, when nobody else is promotable; and needs holds as soon as somebody is to be", () => {
    const alone = fed(
      booted("north"),
      { kind: "promote", record: record(3, "north", ["north"]), receipt: true, nowMs: 0 },
      { kind: "tick", nowMs: 9_000 },
    );
    expect(mayWrite(config, alone.state, 9_001)).toBe(true);
    const wider = fed(alone.state, { kind: "widen", epoch: 3, promotable: ["north", "south"], nowMs: 9_100 });
    expect(kinds(wider.effects)).toContain("reply-widened");
    expect(mayWrite(config, wider.state, 9_101)).toBe(false);
    expect(fed(wider.state, { kind: "tick", nowMs: 9_600 }).effects).toMatchObject([{ kind: "ask-hold", to: "south" }]);
  });
});

describe("the standby", () => {
  const ask = { kind: "hold-request", from: "north", epoch: 1, seq: 7, nowMs: 5_000 } as const;

  test("makes a hold durable before it answers, and only the first time", () => {
    const granted = fed(standby, ask);
    expect(granted.effects).toMatchObject([
      { kind: "persist", durable: { heldEpoch: 1 } },
      { kind: "reply-hold", granted: true },
    ]);
    expect(kinds(fed(granted.state, { ...ask, seq: 8 }).effects)).toEqual(["reply-hold"]);
  });

  test.each([
    [{ ...ask, epoch: 2 }, "knows epoch 1"],
    [{ ...ask, from: "west" }, "is not the primary"],
  ])("refuses a hold to whoever is not the primary of its epoch", (input, why) => {
    expect(fed(standby, input).effects).toMatchObject([
      { kind: "reply-hold", granted: false, reason: expect.stringContaining(why) },
    ]);
  });

  test("grants none once prepared, is clear when its holds have run out, and grants again once released", () => {
    const granted = fed(standby, ask).state;
    const prepared = fed(granted, { kind: "prepare", epoch: 2, attempt: 1, nowMs: 6_000 });
    expect(prepared.effects.at(-1)).toEqual({
      kind: "reply-prepared",
      epoch: 2,
      attempt: 1,
      clear: false,
      remainingMs: 1_200,
    });
    expect(fed(prepared.state, { ...ask, nowMs: 6_100 }).effects).toMatchObject([{ granted: false }]);
    const later = fed(prepared.state, { kind: "prepare", epoch: 2, attempt: 1, nowMs: 7_200 });
    expect(later.effects).toMatchObject([{ kind: "reply-prepared", clear: true }]);
    const released = fed(prepared.state, { kind: "release", epoch: 2, attempt: 1, nowMs: 6_100 });
    expect(fed(released.state, { ...ask, nowMs: 6_200 }).effects).toMatchObject([{ granted: true }]);
  });

  test("is not released by a late copy of an older RELEASE, nor prepared by one of an older PREPARE", () => {
    const again = fed(
      standby,
      { kind: "prepare", epoch: 2, attempt: 1, nowMs: 1 },
      { kind: "release", epoch: 2, attempt: 1, nowMs: 2 },
      { kind: "prepare", epoch: 2, attempt: 2, nowMs: 3 },
      { kind: "release", epoch: 2, attempt: 1, nowMs: 4 },
    ).state;
    expect(again.durable.preparedEpoch).toBe(2);
    const stale = fed(again, { kind: "prepare", epoch: 2, attempt: 1, nowMs: 5 });
    expect(stale.effects).toMatchObject([{ kind: "reply-prepare-refused", floorAttempt: 2 }]);
  });

  test("refuses PROMOTE while a hold is outstanding, after a restart for a whole hold, but not with the holder's receipt", () => {
    const held = fed(standby, ask).state;
    const promote = { kind: "promote", record: record(2, "south"), receipt: false, nowMs: 7_199 } as const;
    expect(fed(held, promote).effects).toContainEqual(
      expect.objectContaining({ kind: "reply-promote-refused", waitMs: 1 }),
    );
    expect(kinds(fed(held, { ...promote, nowMs: 7_200 }).effects)).toContain("reply-promoted");
    expect(kinds(fed(held, { ...promote, receipt: true }).effects)).toContain("reply-promoted");
    const again = fed(memberFrom("south", held.durable), { kind: "boot", nowMs: 10_000 }).state;
    expect(kinds(fed(again, { ...promote, nowMs: 12_199 }).effects)).toContain("reply-promote-refused");
    expect(kinds(fed(again, { ...promote, nowMs: 12_200 }).effects)).toContain("reply-promoted");
  });

  test("grants no hold any more after a PROMOTE that it had to refuse", () => {
    const held = fed(standby, ask, { kind: "promote", record: record(2, "south"), receipt: false, nowMs: 5_100 }).state;
    expect(fed(held, { ...ask, nowMs: 5_200 }).effects).toMatchObject([{ granted: false }]);
  });

  test("says yes to the same PROMOTE again, and no to one of an older or a fenced epoch", () => {
    const promote = { kind: "promote", record: record(2, "south"), receipt: false, nowMs: 9_000 } as const;
    const south = fed(standby, promote).state;
    expect(fed(south, promote).effects).toEqual([{ kind: "reply-promoted", epoch: 2 }]);
    expect(kinds(fed(south, { ...promote, record: record(1, "south") }).effects)).toEqual(["reply-promote-refused"]);
    const fenced = fed(standby, { kind: "fence", epoch: 2, nowMs: 1 }).state;
    expect(kinds(fed(fenced, promote).effects)).toEqual(["reply-promote-refused"]);
  });
});
