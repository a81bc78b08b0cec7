import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { samplesToRun, thresholdFor } from "./detector.ts";

const year = 31_557_600_000;

/** The dumb way: a Markov chain over "misses so far", its expected hitting times by elimination from the far end. */
function samplesByChain(p: number, n: number): number {
  // E[i] = 1 + p E[i+1] + (1-p) E[0], E[n] = 0. Write E[i] = a + (1 - c) E[0] and go down from n; c, not 1 - c, keeps its digits.
  let [a, c] = [0, 1];
  for (let state = n - 1; state >= 0; state -= 1) [a, c] = [1 + p * a, p * c];
  return a / c;
}

/** And the dumbest: try every count until the chain says that the budget is met. */
function missesByChain(p0: number, budget: number): number {
  for (let n = 1; ; n += 1) if (samplesByChain(p0, n) >= budget) return n;
}

describe("the hard-down table: a budget of one false alarm in ten years, timeout 2 s", () => {
  const table = [
    // vantages, period s, then for p0 = 0.1 %, 1 %, 5 %: misses and worst seconds
    [1, 30, [3, 92], [4, 122], [6, 182]],
    [1, 10, [3, 32], [4, 42], [6, 62]],
    [3, 10, [3, 12], [4, 15.333], [7, 25.333]],
    [5, 10, [3, 8], [5, 12], [7, 16]],
    [5, 5, [3, 5], [5, 7], [7, 9]],
    [5, 1, [4, 2.8], [5, 3], [8, 3.6]],
    [16, 30, [3, 7.625], [5, 11.375], [7, 15.125]],
  ] as const;

  test.each(table)("%i vantages every %i s", (vantages, periodSeconds, ...cells) => {
    const loss = [0.001, 0.01, 0.05];
    for (const [index, [misses, worstSeconds]] of cells.entries()) {
      const p0 = loss[index] ?? 0;
      const threshold = thresholdFor({
        falseFailoverMs: 10 * year,
        vantages,
        periodMs: periodSeconds * 1_000,
        p0,
        targets: 1,
        timeoutMs: 2_000,
      });
      expect(threshold.misses).toBe(misses);
      expect(threshold.detection.worstSpreadMs / 1_000).toBeCloseTo(worstSeconds, 2);
      expect(threshold.misses).toBe(missesByChain(p0, (10 * year * vantages) / (periodSeconds * 1_000)));
    }
  });
});

test("the closed form is the chain's", () => {
  fc.assert(
    fc.property(fc.double({ min: 0.005, max: 0.5, noNaN: true }), fc.integer({ min: 1, max: 6 }), (p, n) => {
      expect(samplesToRun(p, n) / samplesByChain(p, n)).toBeCloseTo(1, 3);
    }),
  );
});

test("the threshold is the smallest that keeps the budget, whatever is split among how many", () => {
  fc.assert(
    fc.property(
      fc.record({
        falseFailoverMs: fc.double({ min: 3_600_000, max: 100 * year, noNaN: true }),
        vantages: fc.integer({ min: 1, max: 20 }),
        periodMs: fc.integer({ min: 50, max: 60_000 }),
        p0: fc.double({ min: 0.001, max: 0.2, noNaN: true }),
        targets: fc.integer({ min: 1, max: 100 }),
      }),
      (input) => {
        const { misses, falseAlarmAllMs } = thresholdFor(input);
        expect(falseAlarmAllMs).toBeGreaterThanOrEqual(input.falseFailoverMs * (1 - 1e-9));
        const oneLess = (samplesToRun(input.p0, misses - 1) * input.periodMs) / input.vantages / input.targets;
        if (misses > 1) expect(oneLess).toBeLessThan(input.falseFailoverMs);
      },
    ),
  );
});

/** A dead target, vantages evenly spread: walk the samples one by one until both conditions hold. */
function walk(input: { vantages: number; misses: number; quorum: number; local: number }): number {
  const runs = new Array<number>(input.vantages).fill(0);
  for (let sample = 0; ; sample += 1) {
    const vantage = sample % input.vantages;
    runs[vantage] = (runs[vantage] ?? 0) + 1;
    if (sample + 1 >= input.misses && runs.filter((run) => run >= input.local).length >= input.quorum)
      return sample + 1;
  }
}

test("the detection time is what walking the samples gives", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 3 }),
      fc.double({ min: 0.001, max: 0.2, noNaN: true }),
      (vantages, local, p0) => {
        const quorum = Math.floor(vantages / 2) + 1;
        const threshold = thresholdFor({
          falseFailoverMs: year,
          vantages,
          periodMs: 1_000,
          p0,
          targets: 3,
          quorum,
          local,
        });
        const samples = walk({ vantages, misses: threshold.misses, quorum, local });
        expect(threshold.detection.worstSpreadMs).toBeCloseTo((samples * 1_000) / vantages, 6);
        expect(threshold.detection.expectedMs).toBeCloseTo(((samples - 0.5) * 1_000) / vantages, 6);
        expect(threshold.detection.worstMs).toBeGreaterThanOrEqual(threshold.detection.expectedMs);
      },
    ),
  );
});
