import { expect, test } from "vitest";
import { renewalsInLease, shortestLeaseMs, smallestLossBoundMs, usableLeaseMs } from "./bounds.ts";

const lease = { ttlMs: 2_200, renewEveryMs: 400, callTimeoutMs: 200, holdMs: 2_200, drift: 0.01 };

test("the usual lease leaves four renewals, and a shorter one that was tried leaves three", () => {
  expect(usableLeaseMs(lease)).toBeCloseTo(2_156.4, 1);
  expect(renewalsInLease(lease)).toBe(4);
  expect(renewalsInLease({ ...lease, ttlMs: 2_000, renewEveryMs: 500, callTimeoutMs: 400 })).toBe(3);
});

test("a lease must outlast one renewal and its call, at the worst drift", () => {
  expect(shortestLeaseMs(lease)).toBe(613);
  expect(shortestLeaseMs({ ...lease, drift: 0 })).toBe(600);
  expect(usableLeaseMs({ ...lease, ttlMs: 613 })).toBeGreaterThanOrEqual(600);
  expect(usableLeaseMs({ ...lease, ttlMs: 612 })).toBeLessThan(600);
});

test("what an automatic failover may have lost is the lease, a probe period and a call", () => {
  expect(smallestLossBoundMs({ lease, probeEveryMs: 200, notify: [] })).toBe(2_600);
  expect(smallestLossBoundMs({ lease, probeEveryMs: 201, notify: [] })).toBe(2_700);
});
