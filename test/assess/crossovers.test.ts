// The penalty rates at which another design becomes the cheapest: the papers' illustration, and a scan that knows no geometry.

import { expect, test } from "vitest";
import { tierFactor } from "../../src/core/assess/capacity.ts";
import { cheapestOver, costAt, type Line, linesOf } from "../../src/core/assess/crossovers.ts";
import { random } from "./world.ts";

// $1 M base, losses free, half an outage of a region a year, 6 h to repair, 5 % destroy the data.
const illustrated = [
  ["backup", 24, 1.05],
  ["pilot light", 4, 1.2],
  ["warm standby", 0.25, 1.5],
  ["active-active", 2 / 60, 2],
] as const;

const linesFor = (name: string, rtoHours: number, cost: number): readonly Line[] =>
  linesOf(name, cost * 1e6, {
    outagesPerYear: 0.5,
    repairHours: 6,
    destroysData: 0.05,
    rtoHours,
    rpoHours: 0,
    coverage: 1,
    otherHours: 0,
    falselyHours: 0,
  });

const rates = { outagePerHour: 0, lossPerHour: 0 };
const cheapestAt = (lines: readonly Line[], outagePerHour: number): string => {
  let best = lines[0] as Line;
  for (const line of lines)
    if (costAt(line, { ...rates, outagePerHour }) < costAt(best, { ...rates, outagePerHour })) best = line;
  return best.name;
};

test("the illustration: backup to about 0.1 M an hour, warm standby at 1 M, active-active at 5 M", () => {
  const lines = illustrated.flatMap(([name, rto, cost]) => linesFor(name, rto, cost));
  expect(cheapestAt(lines, 0.1e6)).toBe("backup");
  expect(cheapestAt(lines, 1e6)).toBe("warm standby");
  expect(cheapestAt(lines, 5e6)).toBe("active-active");
  const found = cheapestOver("outagePerHour", lines, rates);
  expect(found.map(({ to }) => to)).toEqual(["backup", "pilot light", "warm standby", "active-active"]);
  // 0.15 M / (3.45 h - 2 h), 0.3 M / (2 h - 0.125 h), 0.5 M / (0.125 h - 1/60 h).
  expect(found.map(({ perHour }) => perHour)).toEqual([
    0,
    expect.closeTo(0.15e6 / 1.45, 3),
    expect.closeTo(0.3e6 / 1.875, 3),
    expect.closeTo(0.5e6 / (0.125 - 1 / 60), 3),
  ]);
});

test("the illustration: tiering at 1.3 with a warm standby's behaviour beats warm standby and active-active", () => {
  expect(tierFactor(2, 0.65)).toBeCloseTo(1.3, 9);
  const tiered = linesFor("tiered", 0.25, tierFactor(2, 0.65));
  const lines = [...illustrated.flatMap(([name, rto, cost]) => linesFor(name, rto, cost)), ...tiered];
  for (const rate of [1e6, 5e6]) expect(cheapestAt(lines, rate)).toBe("tiered");
});

test("waiting for the repair is taken where the recovery takes longer than it", () => {
  const [switching, waiting] = linesFor("backup", 24, 1.05);
  expect(waiting?.outageHours).toBeCloseTo(3.45, 9);
  expect(switching?.outageHours).toBeCloseTo(12, 9);
});

test("the envelope is what a scan of a million rates finds, at every rate between two crossovers", () => {
  const next = random(32_452_843);
  for (let round = 0; round < 200; round += 1) {
    const lines = Array.from(
      { length: 2 + Math.floor(next() * 10) },
      (_, index): Line => ({
        name: `design-${index}`,
        outlay: Math.floor(next() * 1e6),
        outageHours: next() < 0.1 ? 0 : next() * 30,
        lossHours: next() * 30,
      }),
    );
    const fixed = { outagePerHour: 0, lossPerHour: next() * 1_000 };
    const found = cheapestOver("outagePerHour", lines, fixed);
    expect(found[0]?.perHour).toBe(0);
    let worst = 0;
    for (let step = 0; step < 5_000; step += 1) {
      const outagePerHour = 10 ** (next() * 8 - 1);
      let least = Number.POSITIVE_INFINITY;
      for (const line of lines) least = Math.min(least, costAt(line, { ...fixed, outagePerHour }));
      const named = found.findLast(({ perHour }) => perHour <= outagePerHour);
      const line = lines.find(({ name }) => name === named?.to) as Line;
      worst = Math.max(worst, costAt(line, { ...fixed, outagePerHour }) / least - 1);
    }
    expect(worst).toBeLessThan(1e-9);
    // And each crossover is where two lines meet.
    for (const [index, { perHour, to }] of found.entries()) {
      if (index === 0) continue;
      const one = lines.find(({ name }) => name === found[index - 1]?.to) as Line;
      const other = lines.find(({ name }) => name === to) as Line;
      const at = { ...fixed, outagePerHour: perHour };
      expect(costAt(one, at) / costAt(other, at)).toBeCloseTo(1, 9);
    }
  }
});
