import { expect, test } from "vitest";
import { isDay, parseRate, parseSize } from "./quantity.ts";

test("sizes count in thousands or in 1024, as they are written, and come out as whole bytes", () => {
  expect(["1B", "1kB", "1MB", "1GB", "1TB", "1PB"].map(parseSize)).toEqual([1, 1e3, 1e6, 1e9, 1e12, 1e15]);
  expect(["1KiB", "1MiB", "1GiB", "1TiB", "8191TiB"].map(parseSize)).toEqual([
    1_024,
    1_048_576,
    1_073_741_824,
    1_099_511_627_776,
    8_191 * 2 ** 40,
  ]);
  expect(parseSize("1.5GiB")).toBe(1_610_612_736);
  expect(parseSize("0.3KiB")).toBe(307);
  expect(parseSize("0B")).toBe(0);
  expect(["40", "40 GiB", "40gib", "40KB", "-1B", "9PiB", "1e3B", "40GiB/s"].map(parseSize)).toEqual(
    Array(8).fill(undefined),
  );
});

test("a rate is a size for each second, and never nothing", () => {
  expect(parseRate("100MiB/s")).toBe(104_857_600);
  expect(["100MiB", "100MiB/m", "0B/s", "0.1B/s"].map(parseRate)).toEqual(Array(4).fill(undefined));
});

test("a day is one that the calendar has", () => {
  expect(["2027-01-01", "2028-02-29", "2000-02-29", "2026-12-31"].every(isDay)).toBe(true);
  expect(["2027-02-29", "1900-02-29", "2027-13-01", "2027-00-10", "2027-04-31", "2027-1-1", "soon"].some(isDay)).toBe(
    false,
  );
});

test("every day of a calendar made by the clock's own rules is a day, and no other", () => {
  const days = new Set<string>();
  for (let ms = Date.UTC(1999, 0, 1); ms < Date.UTC(2005, 0, 1); ms += 86_400_000)
    days.add(new Date(ms).toISOString().slice(0, 10));
  for (let year = 1999; year < 2005; year++)
    for (let month = 0; month <= 13; month++)
      for (let day = 0; day <= 32; day++) {
        const text = `${year}-${String(month).padStart(2, "0")}-${String(day).padStart(2, "0")}`;
        expect(isDay(text)).toBe(days.has(text));
      }
});
