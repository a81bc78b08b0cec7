import { expect, test } from "vitest";
import { duration, list } from "./sentence.ts";

test.each([
  [0, "0.0 s"],
  [900, "0.9 s"],
  [9_960, "10 s"],
  [119_000, "119 s"],
  [210_000, "3.5 min"],
  [7_560_000, "2.1 h"],
  [3_456_000_000, "40 days"],
  [315_576_000_000, "10 years"],
])("%i ms reads %s", (ms, text) => {
  expect(duration(ms)).toBe(text);
});

test.each([
  [[], "nobody"],
  [["a"], "a"],
  [["a", "b"], "a and b"],
  [["a", "b", "c"], "a, b and c"],
  [["a", "b", "c", "d", "e", "f"], "a, b, c, d and 2 more"],
])("%j reads %s", (names, text) => {
  expect(list(names)).toBe(text);
});
