import fc from "fast-check";
import { expect, test } from "vitest";
import { allSafeguards, defaultLeaseConfig, defaultTiming, leaseProblem, reliableMs, secondsText } from "./timing.ts";

test("the defaults hold on a store without a gap of its own", () => {
  expect(leaseProblem(defaultTiming, 0)).toBeUndefined();
});

test("a lease shorter than the store's gap, a renewal and a call is refused, with the sum", () => {
  expect(leaseProblem(defaultTiming, 2_000)).toBe(
    "a lease of 2200 ms (2156 ms after clock drift) is too short: the store's own gap of 2000 ms, " +
      "a renewal interval of 400 ms and a call timeout of 200 ms together are 2600 ms",
  );
});

test("a hold longer than the lease, or too short for one question, is refused", () => {
  expect(leaseProblem({ ...defaultTiming, holdMs: 500 }, 0)).toContain("a hold of 500 ms is too short");
  expect(leaseProblem({ ...defaultTiming, holdMs: 3_000 }, 0)).toContain("is longer than the lease of 2200 ms");
});

test("a drift of 100 % or more is refused", () => {
  expect(leaseProblem({ ...defaultTiming, drift: 1 }, 0)).toContain("drift");
});

test("the holder stops before whoever waits may start, at any two rates within the drift", () => {
  const rate = fc.double({ min: -1, max: 1, noNaN: true });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 60_000 }),
      fc.integer({ min: 0, max: 50 }),
      rate,
      rate,
      (promisedMs, percent, a, b) => {
        const drift = percent / 100;
        const config = { ...defaultLeaseConfig, timing: { ...defaultTiming, drift } };
        const holderRealMs = reliableMs(config, promisedMs) / (1 + a * drift);
        const waiterRealMs = promisedMs / (1 + b * drift);
        expect(holderRealMs).toBeLessThanOrEqual(waiterRealMs * (1 + 1e-12));
      },
    ),
  );
});

test("without the drift term a slow holder outlasts a fast waiter", () => {
  const config = { ...defaultLeaseConfig, safeguards: { ...allSafeguards, driftTerm: false } };
  expect(reliableMs(config, 1_000) / 0.99).toBeGreaterThan(1_000 / 1.01);
});

test("seconds are said with one digit and never below zero", () => {
  expect([secondsText(1_249), secondsText(-5)]).toEqual(["1.2 s", "0.0 s"]);
});
