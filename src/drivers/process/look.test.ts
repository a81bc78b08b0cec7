import { expect, test } from "vitest";
import { backOff, pauseBeforeRestart } from "./back-off.ts";
import { descendantsOf, isAlive, look, parsePs, parseStat, type Seen } from "./look.ts";

const stat = (name: string, state: string) =>
  `41 (${name}) ${state} 7 41 41 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 1000 20`;

test("a stat line gives parent, start time and state", () => {
  expect(parseStat(stat("sh", "S"), "b")).toEqual({ pid: 41, parent: 7, startTime: "b:987654", zombie: false });
});

test("a name with blanks and brackets does not shift the fields", () => {
  expect(parseStat(stat("a) Z 1 (b", "S"), "b")).toEqual({ pid: 41, parent: 7, startTime: "b:987654", zombie: false });
});

test("a zombie is seen as one", () => {
  expect(parseStat(stat("sh", "Z"), "b")?.zombie).toBe(true);
});

test("a cut line is nothing", () => {
  expect(parseStat("41 (sh) S 7", "b")).toBeUndefined();
  expect(parseStat("", "b")).toBeUndefined();
});

test("a line of ps gives the same", () => {
  expect(parsePs("  612     1 Ss   Sat Nov 21 05:06:59 2026")).toEqual({
    pid: 612,
    parent: 1,
    startTime: "Sat Nov 21 05:06:59 2026",
    zombie: false,
  });
  expect(parsePs("")).toBeUndefined();
});

test("the same pid with another start time is another process", async () => {
  const self = await look(process.pid);
  expect(self).toBeDefined();
  expect(await isAlive({ pid: process.pid, startTime: self?.startTime ?? "" })).toBe(true);
  expect(await isAlive({ pid: process.pid, startTime: `${self?.startTime}0` })).toBe(false);
});

test("descendants are found through zombies, which do not count themselves", () => {
  const one = (pid: number, parent: number, zombie = false): Seen => ({ pid, parent, startTime: "t", zombie });
  const all = [one(1, 0), one(2, 1), one(3, 2, true), one(4, 3), one(5, 1), one(6, 9)];
  expect(descendantsOf(1, all).map(({ pid }) => pid)).toEqual([2, 5, 4]);
  expect(descendantsOf(2, all).map(({ pid }) => pid)).toEqual([4]);
});

test("the pause before a restart grows and is bounded", () => {
  const pauses = Array.from({ length: 20 }, (_, index) => pauseBeforeRestart(index + 1));
  expect(pauses[0]).toBe(backOff.firstMs);
  expect(pauses.every((pause, index) => index === 0 || pause >= (pauses[index - 1] ?? 0))).toBe(true);
  expect(pauses.at(-1)).toBe(backOff.mostMs);
});
