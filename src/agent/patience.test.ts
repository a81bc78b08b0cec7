import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { timeoutOf } from "./patience.ts";

describe("the time a probe is given", () => {
  test.each([
    ["two periods before anything is known", Array<number>(9).fill(10), 200, 400],
    ["150 ms at least before anything is known", [], 50, 150],
    ["four times what it usually takes", Array<number>(100).fill(50), 200, 200],
    ["150 ms at least", Array<number>(100).fill(1), 200, 150],
    ["150 ms at least however short the period", Array<number>(100).fill(5), 10, 150],
    ["no more than two periods for one slow answer, a while later", [5_000, ...Array<number>(99).fill(30)], 200, 400],
    [
      "as long as the answer that has just come took, and an eighth more",
      [...Array<number>(99).fill(10), 600],
      200,
      674,
    ],
    ["that long in the beginning too", [10, 10, 900], 200, 1_000],
    ["a second at most for one slow answer", [...Array<number>(99).fill(30), 5_000], 200, 1_000],
    ["what it was, twenty answers later", [600, ...Array<number>(20).fill(10)], 200, 400],
    ["four medians where everything is slow", [...Array<number>(99).fill(500), 9_000], 200, 2_000],
  ])("is %s", (_, roundTripsMs, everyMs, timeoutMs) => {
    expect(Math.round(timeoutOf(roundTripsMs, everyMs))).toBe(timeoutMs);
  });

  test("stays in its bounds", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(3_000), { minLength: 10, maxLength: 100 }),
        fc.integer({ min: 10, max: 2_000 }),
        (ms, everyMs) => {
          const timeoutMs = timeoutOf(ms, everyMs);
          expect(timeoutMs).toBeGreaterThanOrEqual(150);
          expect(timeoutMs).toBeLessThanOrEqual(Math.max(150, 2 * everyMs, 4 * Math.max(...ms)));
          const newestMs = ms.at(-1) ?? 0;
          if (newestMs < 1_000 && newestMs > Math.max(...ms.slice(0, -1)))
            expect(timeoutMs).toBeGreaterThanOrEqual(newestMs);
        },
      ),
      { numRuns: 60 },
    );
  });
});
