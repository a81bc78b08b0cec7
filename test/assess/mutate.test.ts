import { expect, test } from "vitest";
import { mutated, tryOne } from "./mutate.ts";

test("mutated manifests are assessed or refused, never a crash, a hang or a broken line", () => {
  let assessed = 0;
  for (let seed = 1; seed <= 1_500; seed += 1) {
    try {
      if (tryOne(seed).assessed) assessed += 1;
    } catch (error) {
      throw new Error(`replay: node test/assess/mutate.ts --count 1 --seed ${seed}`, { cause: error });
    }
  }
  // Mutations that only ever break the text would prove nothing.
  expect(assessed).toBeGreaterThan(300);
}, 120_000);

test("a seed always gives the same manifest", () => {
  expect(mutated(42)).toBe(mutated(42));
  expect(mutated(42)).not.toBe(mutated(43));
});
