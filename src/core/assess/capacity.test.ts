import fc from "fast-check";
import { expect, test } from "vitest";
import { surviveFactor, survives, tierFactor, utilisationCap } from "./capacity.ts";

test("to survive one of 2, 3, 4, 5 regions takes 2.00, 1.50, 1.33, 1.25 of the demand; two of 3, 4, 5 take 3.00, 2.00, 1.67", () => {
  const rounded = (value: number): number => Math.round(value * 100) / 100;
  expect([2, 3, 4, 5].map((regions) => rounded(surviveFactor(regions, 1)))).toEqual([2, 1.5, 1.33, 1.25]);
  expect([3, 4, 5].map((regions) => rounded(surviveFactor(regions, 2)))).toEqual([3, 2, 1.67]);
  expect(surviveFactor(2, 2)).toBe(Number.POSITIVE_INFINITY);
});

test("keeping up only 65 % takes 1.3 of one region with two, and nothing more with three", () => {
  expect(tierFactor(2, 0.65)).toBeCloseTo(1.3, 9);
  expect(tierFactor(3, 0.65)).toBe(1);
});

test("regions no fuller than the cap survive, and fuller ones do not", () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 9 }), fc.double({ min: 0.01, max: 1, noNaN: true }), (regions, full) => {
      const size = 100;
      const demand = regions * size * full;
      const kept = full <= utilisationCap(regions, 1);
      expect(survives(size, demand * (kept ? 1 - 1e-9 : 1 + 1e-9), regions, 1)).toBe(kept);
    }),
  );
});
