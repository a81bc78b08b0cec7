// What the exhaustive check takes for granted of the transition: it knows no absolute time, and does not change what it is given.

import fc from "fast-check";
import { expect, test } from "vitest";
import { type MemberInput, type MemberState, newMember } from "./member-state.ts";
import { type GroupRecord, NEVER_MS } from "./record.ts";
import { defaultLeaseConfig as config } from "./timing.ts";
import { transition } from "./transition.ts";

const epoch = fc.integer({ min: 1, max: 3 });
const seq = fc.integer({ min: 0, max: 8 }).map((n) => 2 ** 32 + n);
const attempt = fc.integer({ min: 1, max: 4 });
const record: fc.Arbitrary<GroupRecord> = fc.record({
  group: fc.constant("shop"),
  epoch,
  primary: fc.constantFrom("north", "south"),
  promotable: fc.constantFrom(["north", "south"], ["north"], ["south"]),
});

type Bare<T> = T extends unknown ? Omit<T, "nowMs"> : never;
const input: fc.Arbitrary<Bare<MemberInput>> = fc.oneof(
  fc.constantFrom<Bare<MemberInput>>({ kind: "boot" }, { kind: "tick" }, { kind: "renewal-due" }),
  fc.record({ kind: fc.constant("renewed" as const), epoch, seq }),
  fc.record({ kind: fc.constant("hold-request" as const), from: fc.constantFrom("north", "south"), epoch, seq }),
  fc.record({
    kind: fc.constant("hold-granted" as const),
    from: fc.constantFrom("north", "south", "watch"),
    epoch,
    seq,
  }),
  fc.record({ kind: fc.constant("prepare" as const), epoch, attempt }),
  fc.record({ kind: fc.constant("release" as const), epoch, attempt }),
  fc.record({ kind: fc.constant("promote" as const), record, receipt: fc.boolean() }),
  fc.record({ kind: fc.constant("fence" as const), epoch }),
  fc.record({ kind: fc.constant("record-seen" as const), record }),
  fc.record({ kind: fc.constant("gate-confirmed" as const), epoch, fencedEpoch: epoch }),
);
const history = fc.array(fc.record({ input, waitMs: fc.constantFrom(0, 1, 200, 400, 1_000, 2_200) }), {
  maxLength: 30,
});

/** Plays a history from `startMs`; all times of states and effects are given relative to it. */
function played(
  startMs: number,
  steps: readonly { readonly input: Bare<MemberInput>; readonly waitMs: number }[],
): unknown[] {
  let state: MemberState = newMember("north");
  let nowMs = startMs;
  return steps.map((one) => {
    nowMs += one.waitMs;
    const frozen = Object.freeze({ ...state, durable: Object.freeze({ ...state.durable }) });
    const step = transition(config, frozen, { ...one.input, nowMs } as MemberInput);
    state = step.state;
    return relative({ state: step.state, effects: step.effects }, startMs);
  });
}

/** Rounded, because the right to write ends at a fraction of a millisecond. */
function relative(value: unknown, startMs: number, key = ""): unknown {
  if (typeof value === "number" && /Ms$/.test(key) && key !== "remainingMs" && key !== "waitMs") {
    return value === NEVER_MS ? "never" : Math.round((value - startMs) * 1_000);
  }
  if (typeof value === "number" && (key === "remainingMs" || key === "waitMs")) return Math.round(value * 1_000);
  if (Array.isArray(value)) return value.map((item) => relative(item, startMs));
  if (typeof value !== "object" || value === null) return value;
  const inside = key === "holds" ? "holdMs" : "";
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, relative(item, startMs, inside || name)]),
  );
}

test("the same history at another time of the clock does the same", () => {
  fc.assert(
    fc.property(history, fc.integer({ min: 1, max: 2 ** 30 }), (steps, startMs) => {
      expect(played(startMs, steps)).toEqual(played(0, steps));
    }),
  );
});

test("what must be durable comes first among the effects", () => {
  fc.assert(
    fc.property(history, (steps) => {
      for (const one of played(0, steps) as { effects: { kind: string }[] }[]) {
        expect(one.effects.slice(1).some(({ kind }) => kind === "persist")).toBe(false);
      }
    }),
  );
});
