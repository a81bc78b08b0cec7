import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { meanSamples, smallestThreshold } from "./passage.ts";
import { coldStartLoss, divergence, lossLevels, scoresFor, unitNats } from "./scores.ts";

/** The dumb way: all hitting times at once, by Gauss elimination, which loses as many digits as the mean has. */
function bySystem(up: number, down: number, p: number, threshold: number): number {
  const rows = Array.from({ length: threshold }, (_, state) => {
    const row = new Array<number>(threshold + 1).fill(0);
    row[state] = (row[state] ?? 0) + 1;
    const below = Math.max(0, state - down);
    row[below] = (row[below] ?? 0) - (1 - p);
    if (state + up < threshold) row[state + up] = (row[state + up] ?? 0) - p;
    row[threshold] = 1;
    return row;
  });
  for (let pivot = threshold - 1; pivot >= 0; pivot -= 1) {
    const own = rows[pivot] ?? [];
    const scale = own[pivot] ?? 1;
    for (let column = 0; column <= threshold; column += 1) own[column] = (own[column] ?? 0) / scale;
    for (let other = 0; other < threshold; other += 1) {
      const row = rows[other] ?? [];
      const factor = row[pivot] ?? 0;
      if (other === pivot || factor === 0) continue;
      for (let column = 0; column <= threshold; column += 1)
        row[column] = (row[column] ?? 0) - factor * (own[column] ?? 0);
    }
  }
  return rows[0]?.[threshold] ?? Number.NaN;
}

test("the mean time to a threshold is that of the linear system", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 6 }),
      fc.double({ min: 0.3, max: 0.95, noNaN: true }),
      fc.integer({ min: 1, max: 12 }),
      (up, down, p, threshold) => {
        const exact = bySystem(up, down, p, threshold);
        expect(meanSamples({ up, down }, p, threshold) / exact).toBeCloseTo(1, 5);
      },
    ),
    { numRuns: 200 },
  );
});

test("the threshold is the smallest that keeps the budget", () => {
  for (const p1 of [0.5, 0.2, 0.1]) {
    const scores = scoresFor(coldStartLoss, p1);
    if (scores === undefined) throw new Error("the row rests");
    for (const samples of [1e3, 1e6, 1.58e8]) {
      const { threshold, samples: kept } = smallestThreshold(scores, coldStartLoss, samples);
      expect(kept).toBeGreaterThanOrEqual(samples);
      expect(kept).toBeCloseTo(meanSamples(scores, coldStartLoss, threshold), 3);
      expect(meanSamples(scores, coldStartLoss, threshold - 1)).toBeLessThan(samples);
      // ln(gamma) always meets the budget; the exact threshold is lower.
      expect(threshold * unitNats(p1)).toBeLessThan(Math.log(samples));
    }
  }
});

describe("the partial failures table: 5 vantages every 10 s, one false alarm in ten years, timeout 2 s", () => {
  test.each([
    [0.01, 0.5, 1.61, 24],
    [0.01, 0.2, 0.43, 79],
    [0.01, 0.1, 0.14, 215],
    [0.001, 0.2, 0.88, 42],
    [0.05, 0.2, 0.14, 225],
  ])("loss %d, failures %d: %d nats a probe, %d s", (p0, p1, nats, seconds) => {
    expect(divergence(p1, p0)).toBeCloseTo(nats, 2);
    const scores = scoresFor(p0, p1);
    if (scores === undefined) throw new Error("the row rests");
    const { threshold } = smallestThreshold(scores, p0, 315_576_000 * 0.5);
    const mean = 1 + (meanSamples(scores, p1, threshold) - 1) * 2 + 2;
    expect(Math.abs(mean / seconds - 1)).toBeLessThan(0.04);
  });
});

test("a row rests where bad and healthy cannot be told apart", () => {
  expect(scoresFor(0.08, 0.1)).toBeUndefined();
  for (const p0 of lossLevels) expect(scoresFor(p0, 0.5)).toBeDefined();
});
