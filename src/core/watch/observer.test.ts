import { expect, test } from "vitest";
import { chanceFrom } from "./chance.ts";
import { healthMax, learnLoss, levelOf, newObserver, nextHealth, type Observer, patience } from "./observer.ts";
import { lossAt } from "./scores.ts";

function after(samples: number, loss: number, seed: number): Observer {
  const chance = chanceFrom(seed);
  let observer = newObserver;
  for (let sample = 0; sample < samples; sample += 1)
    observer = learnLoss(observer, { samples: 1, misses: chance() < loss ? 1 : 0 }, 4);
  return observer;
}

test("its loss is learned, upwards and downwards, and the level covers it", () => {
  for (const [loss, seed] of [
    [0.002, 1],
    [0.01, 2],
    [0.05, 3],
    [0.1, 4],
  ] as const) {
    const observer = after(40_000, loss, seed);
    expect(observer.loss / loss).toBeGreaterThan(0.7);
    expect(observer.loss / loss).toBeLessThan(1.4);
    expect(lossAt(observer.level)).toBeGreaterThanOrEqual(loss * 0.99);
  }
});

test("estimates stay within their bounds, so that nothing learned is for ever", () => {
  expect(after(60_000, 0, 5).loss).toBeGreaterThan(0);
  expect(after(60_000, 0.9, 6).loss).toBeLessThanOrEqual(0.2);
});

test("one that is unwell is taken to lose more, and gets its credit back step by step", () => {
  let health = 0;
  for (let report = 0; report < 20; report += 1) health = nextHealth(health, false);
  expect(health).toBe(healthMax);
  expect(patience(health)).toBe(9);
  expect(lossAt(levelOf({ ...newObserver, health }))).toBeGreaterThanOrEqual(0.09);
  expect(levelOf({ ...newObserver, health: 0 })).toBe(newObserver.level);
  expect(nextHealth(health, true)).toBe(healthMax - 1);
  expect(nextHealth(0, true)).toBe(0);
});
