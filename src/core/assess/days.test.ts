import fc from "fast-check";
import { expect, test } from "vitest";
import { dayNumber } from "./days.ts";

test("days are counted as the calendar has them", () => {
  expect(dayNumber("1970-01-01")).toBe(0);
  expect(dayNumber("2000-03-01") - dayNumber("2000-02-28")).toBe(2);
  expect(dayNumber("1900-03-01") - dayNumber("1900-02-28")).toBe(1);
  expect(dayNumber("never")).toBeNaN();
  fc.assert(
    fc.property(fc.integer({ min: -20_000, max: 60_000 }), (day) => {
      expect(dayNumber(new Date(day * 86_400_000).toISOString().slice(0, 10))).toBe(day);
    }),
  );
});
