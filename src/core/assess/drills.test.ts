import { expect, test } from "vitest";
import type { Group, System } from "../model/system.ts";
import { coverageProven, drillAdvice, drillIntervalDays, drillsFor } from "./drills.ts";

test("29, 59, 299 and 2,995 clean drills prove 0.90, 0.95, 0.99 and 0.999", () => {
  expect([0.9, 0.95, 0.99, 0.999].map(drillsFor)).toEqual([29, 59, 299, 2_995]);
  for (const coverage of [0.5, 0.9, 0.95, 0.99]) {
    expect(coverageProven(drillsFor(coverage))).toBeGreaterThanOrEqual(coverage);
    expect(coverageProven(drillsFor(coverage) - 1)).toBeLessThan(coverage);
  }
  expect(coverageProven(0)).toBe(0);
});

test("a drill of 500 pays every 37 days, one of 5,000 every 115", () => {
  const costs = { breakagesPerYear: 0.5, outagesPerYear: 1, lossWhenBroken: 200_000 };
  expect(drillIntervalDays({ ...costs, drill: 500 })).toBeCloseTo(36.5, 9);
  expect(drillIntervalDays({ ...costs, drill: 5_000 })).toBeCloseTo(115.42, 2);
});

const group = (some: Partial<Group> = {}): Group => ({
  name: "store",
  primary: ["north", "south"],
  pattern: "warm-standby",
  failover: "automatic",
  maxDataLossMs: 0,
  coolDownMs: 0,
  ...some,
});

const advice = (groups: readonly Group[], costs: System["costs"]) =>
  drillAdvice({
    system: { groups, costs } as unknown as System,
    outagesPerYear: 1,
    repairSeconds: 4 * 3_600,
    rtoSeconds: 0,
  });

test("the advice says what is proven, what more would prove, and whether the present rhythm pays", () => {
  const costs = { currency: "EUR", outagePerHour: 50_000, drill: 500 };
  expect(advice([group({ drills: { clean: 3, everyMs: 90 * 86_400_000 } })], costs)).toEqual([
    {
      group: "store",
      everyDays: 36.5,
      sentence:
        "3 clean drills of store prove, at 95 % certainty, that 36.8 % of its switches work; 26 more without a fault would prove 90 %. A drill every 37 days is the cheapest; every 90 days, as now, is too seldom.",
    },
  ]);
});

test("without a clean drill nothing is proven, and without costs no interval is", () => {
  const [one] = advice([group()], undefined);
  expect(one).not.toHaveProperty("everyDays");
  expect(one?.sentence).toContain("nothing shows that its switch works; 29 in a row would prove 90 %");
  expect(one?.sentence).toContain("State costs.drill and costs.outagePerHour");
});

test("a group with one region has no switch to drill", () => {
  expect(advice([group({ primary: ["north"] })], undefined)).toEqual([]);
});
