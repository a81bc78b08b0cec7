import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { sha256 } from "./sha256.ts";

const reference = (text: string): string => createHash("sha256").update(text, "utf8").digest("hex");

test("the examples of the standard", () => {
  expect(sha256("")).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  expect(sha256("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});

test("every length around the ends of a block is as Node computes it", () => {
  for (let length = 0; length <= 200; length += 1)
    expect(sha256("x".repeat(length))).toBe(reference("x".repeat(length)));
});

test("any text is as Node computes it, half a surrogate pair too", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary", maxLength: 300 }), fc.string({ unit: "grapheme" })), (text) => {
      expect(sha256(text)).toBe(reference(text));
    }),
    { numRuns: 500 },
  );
  const halves = ["\ud800", "a\udfffb", "\ud83d\ude00\ud83d", "\ude00\ud83d"];
  for (const half of halves) expect(sha256(half)).toBe(reference(half));
});
