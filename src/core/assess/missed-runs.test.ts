import fc from "fast-check";
import { expect, test } from "vitest";
import { missedRuns } from "./missed-runs.ts";

const cron = (expression: string) => ({ kind: "recurrence", cron: expression, zone: "UTC" }) as const;

test.each([
  ["0 2 * * *", 60, 1],
  ["0 2 * * *", 86_400, 2],
  ["*/15 * * * *", 30 * 60, 3],
  ["0,5 8-10 * * 1-5", 4 * 3_600, 6],
  ["0 0 2 * * *", 60, 1],
  ["30 23 * * *", 3_600, 1],
  ["0 0,23 * * *", 3_600, 2],
])("%s misses in a gap of %d s at most %d", (expression, gap, runs) => {
  expect(missedRuns(cron(expression), gap)).toBe(runs);
});

test("polls are counted, and what somebody pulls is not", () => {
  expect(missedRuns({ kind: "polling", everyMs: 60_000 }, 150)).toBe(3);
  expect(missedRuns({ kind: "webhook" }, 150)).toBeUndefined();
  expect(missedRuns(cron("0 2 * * *"), 0)).toBe(0);
  expect(missedRuns(cron("0 2 * * *"), Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
});

test("is what counting minute by minute over three days finds", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.nat(59), { minLength: 1, maxLength: 4 }),
      fc.uniqueArray(fc.nat(23), { minLength: 1, maxLength: 4 }),
      fc.nat(2_000),
      (minutes, hours, gap) => {
        const fires: number[] = [];
        for (let at = 0; at < 4 * 1_440; at += 1) {
          if (minutes.includes(at % 60) && hours.includes(Math.floor(at / 60) % 24)) fires.push(at);
        }
        let most = 0;
        for (let from = 0; from < 1_440; from += 1) {
          most = Math.max(most, fires.filter((at) => at >= from && at <= from + gap).length);
        }
        expect(missedRuns(cron(`${minutes.join(",")} ${hours.join(",")} * * *`), gap * 60)).toBe(gap === 0 ? 0 : most);
      },
    ),
    { numRuns: 30 },
  );
});
