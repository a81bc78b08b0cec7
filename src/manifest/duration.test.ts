import fc from "fast-check";
import { expect, test } from "vitest";
import { durationMaxMs, formatDuration, parseDuration } from "./duration.ts";

test("durations are a number and a unit", () => {
  const table: Readonly<Record<string, number>> = {
    "500ms": 500,
    "2.2s": 2_200,
    "30s": 30_000,
    "5m": 300_000,
    "1.5h": 5_400_000,
    "15d": 1_296_000_000,
    "2w": 1_209_600_000,
    "10y": 315_360_000_000,
    "0s": 0,
    "1000y": durationMaxMs,
    "1.005s": 1_005,
  };
  for (const [text, ms] of Object.entries(table)) expect(parseDuration(text), text).toBe(ms);
});

test("anything else is none", () => {
  for (const text of [
    "30",
    "",
    "s",
    "5 m",
    "5min",
    "-5s",
    "1e3s",
    "1h30m",
    "0.5ms",
    "1.0005s",
    "1001y",
    " 5s",
    "5S",
    "5s\n",
    "٣s",
    ".5s",
    "5.s",
  ]) {
    expect(parseDuration(text), text).toBeUndefined();
  }
});

test("what is formatted reads back as the same, in the shortest form for round values", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: durationMaxMs }), (ms) => {
      expect(parseDuration(formatDuration(ms))).toBe(ms);
    }),
  );
  expect([0, 1, 200, 2_200, 60_000, 90_000, 3_600_000, 604_800_000, 31_536_000_000].map(formatDuration)).toEqual([
    "0s",
    "1ms",
    "200ms",
    "2.2s",
    "1m",
    "90s",
    "1h",
    "1w",
    "1y",
  ]);
});

test("reading agrees with counting by hand, one unit and one tenth at a time", () => {
  const sizes: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
  const slow = (whole: number, tenths: number, unit: string): number => {
    let ms = 0;
    for (let i = 0; i < whole; i++) ms += sizes[unit] ?? 0;
    for (let i = 0; i < tenths; i++) ms += (sizes[unit] ?? 0) / 10;
    return ms;
  };
  fc.assert(
    fc.property(fc.nat(200), fc.nat(9), fc.constantFrom("s", "m", "h", "d"), (whole, tenths, unit) => {
      expect(parseDuration(`${whole}.${tenths}${unit}`)).toBe(slow(whole, tenths, unit));
    }),
  );
});
