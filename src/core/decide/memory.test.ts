import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DecideState, initialDecideState, type Question } from "./decision.ts";
import { memoryKey, memoryOf, stateFrom } from "./memory.ts";

const question: Question = {
  id: 4,
  trouble: "region-unreachable/north/",
  kind: "failover",
  from: "north",
  to: "south",
  lossBoundMs: "unknown",
  askedAtMs: 5_000,
  reminders: 2,
};
const state: DecideState = {
  ...initialDecideState,
  name: "asking",
  question,
  lastQuestion: 4,
  closed: { id: 3, why: "ada said no to it" },
  failedRuns: 2,
  countedRun: "failover-1",
  flaps: { switches: [1_000], alarms: [900, 4_000] },
  troubleSinceMs: 4_000,
  lostSinceMs: { south: 3_000 },
};
const before = { nowMs: 6_000, wallMs: 1_000_000 };
/** Another process, ten seconds of wall clock later, whose own clock has only just begun. */
const after = { nowMs: 50, wallMs: 1_010_000 };

describe("what a decider must not forget", () => {
  test("survives the store's JSON and the change of clocks", () => {
    const stored = JSON.parse(JSON.stringify(memoryOf(state, before))) as unknown;
    const known = stateFrom(stored, after);
    expect(known).toMatchObject({
      name: "asking",
      lastQuestion: 4,
      closed: { id: 3, why: "ada said no to it" },
      failedRuns: 2,
      countedRun: "failover-1",
    });
    // A second before the first process wrote it is eleven seconds before the other's now.
    expect(known.question?.askedAtMs).toBe(50 - 11_000);
    expect(known.flaps).toEqual({ switches: [50 - 15_000], alarms: [50 - 15_100, 50 - 12_000] });
    // What is seen again is not kept.
    expect(known).not.toHaveProperty("troubleSinceMs");
    expect(known.lostSinceMs).toEqual({});
  });

  test("keeps a no, whatever else is told", () => {
    const denied = { trouble: "region-unreachable/north/", by: "ada" };
    const said = { ...initialDecideState, denied };
    expect(stateFrom(memoryOf(said, before), after)).toMatchObject({ name: "degraded", denied });
  });

  test.each([undefined, null, 7, "x", {}, { version: 2, denied: 1 }])("begins anew with %j", (value) => {
    expect(stateFrom(value, after)).toEqual({ ...initialDecideState, sinceMs: 50 });
  });

  test("has another key exactly when it would be stored differently", () => {
    expect(memoryKey({ ...state, name: "steady", sinceMs: 9, troubleSinceMs: 1 })).toBe(memoryKey(state));
    expect(memoryKey({ ...state, failedRuns: 3 })).not.toBe(memoryKey(state));
  });

  test("moves by the difference of the clocks, and back again", () => {
    const instant = fc.integer({ min: -1e9, max: 1e9 });
    fc.assert(
      fc.property(
        instant,
        instant,
        instant,
        fc.array(instant, { maxLength: 5 }),
        (nowMs, wallMs, askedAtMs, alarms) => {
          const one = { ...state, question: { ...question, askedAtMs }, flaps: { switches: [], alarms } };
          const back = stateFrom(memoryOf(one, { nowMs, wallMs }), { nowMs, wallMs });
          expect(back.question).toEqual(one.question);
          expect(back.flaps).toEqual(one.flaps);
        },
      ),
    );
  });
});
