import fc from "fast-check";
import { expect, test } from "vitest";
import { shopOf } from "../../../test/core/watch-world.ts";
import type { System } from "../model/system.ts";
import { firstAlarm, localAt, newCells, pooledAt, step, stepBatch } from "./bank.ts";
import { budgetSplit, detectors, detectorsOf } from "./budget.ts";
import { watchConfigOf } from "./config.ts";
import { coldStartLevel, coldStartLoss, scoresFor } from "./scores.ts";
import { type BankRules, bankOf, localNats, thresholdsAt } from "./thresholds.ts";

const rules: BankRules = {
  source: "probes",
  vantages: 3,
  quorum: 2,
  samples: 1e8,
  deadLossAtLeast: coldStartLoss,
  joinedByChance: 1e-3,
};
const bank = bankOf(rules);
const level = thresholdsAt(rules, coldStartLevel);

/** The textbook's line, for one row and one stream. */
function cusum(outcomes: readonly boolean[], row: number): number {
  const scores = scoresFor(coldStartLoss, detectorsOf("probes")[row]?.p1 ?? 1);
  const cap = level.caps[row] ?? 0;
  return outcomes.reduce(
    (statistic, failed) => Math.min(cap, Math.max(0, statistic + (failed ? (scores?.up ?? 0) : -(scores?.down ?? 0)))),
    0,
  );
}

test("every statistic of the bank is the textbook's, pooled and of each vantage", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 2 }), fc.boolean()), { maxLength: 80 }), (samples) => {
      const cells = newCells(bank);
      for (const [vantage, failed] of samples) step(cells, bank, level, vantage, failed);
      for (let row = 0; row < bank.rows; row += 1) {
        expect(pooledAt(cells, bank, row)).toBe(
          cusum(
            samples.map(([, failed]) => failed),
            row,
          ),
        );
        for (let vantage = 0; vantage < 3; vantage += 1) {
          const own = samples.filter(([one]) => one === vantage).map(([, failed]) => failed);
          expect(localAt(cells, bank, row, vantage)).toBe(cusum(own, row));
        }
      }
      const first = firstAlarm(cells, bank, level, 0);
      const expected = [...detectorsOf("probes").keys()].find(
        (row) => pooledAt(cells, bank, row) >= (level.pooled[row] ?? 0),
      );
      expect(first).toBe(expected ?? -1);
    }),
  );
});

test("a batch counts no more than its outcomes one by one in any order", () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 60 }), (outcomes) => {
      const [single, batched] = [newCells(bank), newCells(bank)];
      const free = { ...level, caps: level.caps.map(() => 2 ** 24) };
      for (const failed of outcomes) step(single, bank, free, 0, failed);
      const failed = outcomes.filter(Boolean).length;
      stepBatch(batched, bank, free, 0, { ok: outcomes.length - failed, failed, most: 1 });
      for (let row = 0; row < bank.rows; row += 1)
        expect(pooledAt(batched, bank, row)).toBeLessThanOrEqual(pooledAt(single, bank, row));
    }),
  );
});

test("a budget is spent whole, and not twice", () => {
  for (const budget of ["switch", "warn"] as const) {
    const shares = detectors.filter((row) => row.budget === budget).map((row) => row.share);
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
  }
  for (const share of budgetSplit(1_000, 4)) expect(share.falseAlarmMs * share.ofAll).toBeCloseTo(1_000, 6);
});

test("where a policy lets a brown-out switch, all alarms share one budget", () => {
  const system = shopOf();
  const switching = {
    ...system,
    groups: system.groups.map((group) => ({ ...group, policy: { degraded: "switch" as const } })),
  };
  const [warns, acts] = [system, switching].map((one) => watchConfigOf(one, "watch").targets[0]?.rules.banks?.probes);
  expect((acts?.samples ?? 0) / (warns?.samples ?? 1)).toBeCloseTo(2, 9);
  expect(acts?.joinedByChance).toBeLessThan(warns?.joinedByChance ?? 0);
});

test("what one bad vantage needs of the others falls with the quorum", () => {
  expect(localNats(1, 1, 1e-3)).toBe(0);
  expect(localNats(2, 2, 1e-3)).toBeCloseTo(Math.log(1_000), 9);
  expect(localNats(5, 3, 1e-3)).toBeCloseTo(Math.log(6_000) / 2, 9);
});

test("a configuration of a thousand targets shares its thresholds", () => {
  const system = shopOf(4);
  const services = Array.from({ length: 500 }, (_, index) => ({ ...system.services[1], name: `web-${index}` }));
  const many = { ...system, services } as System;
  const config = watchConfigOf(many, "watch");
  expect(config.targets.length).toBeGreaterThan(1_000);
  expect(new Set(config.targets.map((target) => target.rules)).size).toBe(1);
});
