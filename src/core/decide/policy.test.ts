import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { budgetFreeAtMs, countFlaps, flapsMax, noted, spentBudget } from "./flaps.ts";
import { defaultPolicy, holdOffOf, policyOf, skiRentalMs, switchCost } from "./policy.ts";

const hourMs = 3_600_000;
const costs = { currency: "EUR", outagePerHour: 60_000, falseFailover: 10_000 };

describe("ski rental", () => {
  test("leaves once the outage has cost as much as the switch", () => {
    expect(skiRentalMs(costs, 0)).toBe(600_000);
    expect(switchCost({ ...costs, lossPerHour: 360_000 }, 10_000)).toBe(11_000);
    expect(skiRentalMs({ ...costs, lossPerHour: 360_000 }, 10_000)).toBe(660_000);
  });

  test.each([
    ["no costs at all", undefined],
    ["no cost of an outage", { currency: "EUR", falseFailover: 10 }],
    ["no cost of a switch", { currency: "EUR", outagePerHour: 10 }],
    ["an outage that costs nothing", { currency: "EUR", outagePerHour: 0, falseFailover: 10 }],
  ])("is not known with %s", (_, known) => {
    expect(skiRentalMs(known, 0)).toBeUndefined();
  });

  test("never costs more than twice of what it costs to know how long the outage will last", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1, max: 1e6, noNaN: true }),
        fc.double({ min: 1, max: 1e6, noNaN: true }),
        fc.double({ min: 0, max: 1e9, noNaN: true }),
        (outagePerHour, falseFailover, outageMs) => {
          const prices = { currency: "EUR", outagePerHour, falseFailover };
          const holdMs = skiRentalMs(prices, 0) ?? 0;
          const cost = (ms: number): number => (outagePerHour * ms) / hourMs;
          const paid = outageMs <= holdMs ? cost(outageMs) : cost(holdMs) + falseFailover;
          const clairvoyant = Math.min(cost(outageMs), falseFailover);
          expect(paid).toBeLessThanOrEqual(2 * clairvoyant * (1 + 1e-9) + 1e-9);
        },
      ),
    );
  });
});

describe("the hold-off", () => {
  const dead = { degraded: false, lossBoundMs: 0 } as const;
  const brownOut = { degraded: true, lossBoundMs: 0 } as const;

  test("of a dead primary is nothing where nothing is said", () => {
    expect(holdOffOf(defaultPolicy, undefined, dead)).toEqual({ ms: 0, because: "default" });
  });

  test("follows from the costs, and the policy's own overrides them", () => {
    expect(holdOffOf(defaultPolicy, costs, dead)).toEqual({ ms: 600_000, because: "costs" });
    expect(holdOffOf(policyOf({ holdOffMs: 5_000 }), costs, dead)).toEqual({ ms: 5_000, because: "policy" });
  });

  test("of a brown-out is a minute at least, and longer where it costs but a share of an outage", () => {
    expect(holdOffOf(defaultPolicy, undefined, brownOut)).toEqual({ ms: 60_000, because: "policy" });
    expect(holdOffOf(defaultPolicy, costs, { ...brownOut, failingShare: 0.2 })).toEqual({
      ms: 3_000_000,
      because: "costs",
    });
    expect(holdOffOf(defaultPolicy, { ...costs, falseFailover: 10 }, brownOut).ms).toBe(60_000);
  });
});

describe("the flap budget", () => {
  const policy = policyOf({ flaps: { switches: 2, alarms: 3, withinMs: 1_000 } });

  test("counts what is within the window", () => {
    expect(countFlaps({ switches: [0, 500, 900], alarms: [100] }, policy, 1_100)).toEqual({ switches: 2, alarms: 0 });
  });

  test("is overdrawn by one switch or alarm more, and free again when the oldest has left the window", () => {
    const history = { switches: [100, 500], alarms: [] };
    const spent = spentBudget(history, policy, 600);
    expect(spent).toEqual({ what: "switches", count: 2, budget: 2 });
    if (spent === undefined) throw new Error("it is spent");
    const freeMs = budgetFreeAtMs(history, policy, spent);
    expect(freeMs).toBe(1_100);
    expect(spentBudget(history, policy, freeMs)).toBeUndefined();
    expect(spentBudget({ switches: [], alarms: [1, 2, 3] }, policy, 10)).toBeUndefined();
    expect(spentBudget({ switches: [], alarms: [1, 2, 3, 4] }, policy, 10)).toMatchObject({ what: "alarms" });
  });

  test("is free exactly when it is said to be", () => {
    const instants = fc
      .array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 10 })
      .map((all) => all.sort((a, b) => a - b));
    fc.assert(
      fc.property(instants, instants, (switches, alarms) => {
        const history = { switches, alarms };
        const nowMs = 3_000;
        const spent = spentBudget(history, policy, nowMs);
        if (spent === undefined) return;
        const freeMs = budgetFreeAtMs(history, policy, spent);
        expect(spentBudget(history, policy, freeMs - 1)?.what).toBe(spent.what);
        expect(spentBudget(history, policy, freeMs)?.what).not.toBe(spent.what);
      }),
    );
  });

  test("remembers a bounded history", () => {
    let history: readonly number[] = [];
    for (let at = 0; at < 1_000; at += 1) history = noted(history, at);
    expect(history).toHaveLength(flapsMax);
    expect(history.at(-1)).toBe(999);
  });
});
