import { describe, expect, test } from "vitest";
import { dead, shopOf, type Weather, World } from "../../../test/core/watch-world.ts";
import type { WatchMode } from "../model/system.ts";
import { classicRules, classicVerdict, presets } from "./classic.ts";

function worldOf(watch: WatchMode, witnesses = 1): World {
  const system = shopOf(witnesses);
  const world = new World({ ...system, control: { ...system.control, watch } });
  world.periods(10);
  world.begun = [];
  return world;
}

const webGone: Weather = { misses: (_, target) => target.region === "north" && target.service === "web" };

/** Periods until a diagnosis of north is there, or is gone. */
function periodsUntil(world: World, weather: Weather, there: boolean): number {
  for (let periods = 1; periods <= 30; periods += 1) {
    world.period(weather);
    if (world.names("north").includes("service-down") === there) return periods;
  }
  return Number.POSITIVE_INFINITY;
}

describe("n down, m up", () => {
  test.each([
    [{ mode: "classic" } as const, 3, 2],
    [{ mode: "classic", down: 5, up: 1 } as const, 5, 1],
    [{ mode: "classic", preset: "route53" } as const, 3, 3],
    [{ mode: "classic", preset: "traffic-manager" } as const, 4, 1],
    [{ mode: "classic", preset: "front-door" } as const, 2, 3],
    [{ mode: "classic", preset: "route53", down: 10, up: 10 } as const, 10, 10],
  ])("%j falls after %i periods and is back after %i", (mode, down, up) => {
    const world = worldOf(mode);
    expect(periodsUntil(world, webGone, true)).toBe(down);
    expect(periodsUntil(world, {}, false)).toBe(up);
    expect(world.names("north")).toEqual(["healthy"]);
  });

  test("less than a quorum that reaches its controls is unknown here too", () => {
    const world = worldOf({ mode: "classic" });
    world.periods(20, { misses: (vantage) => vantage === "south", controls: (vantage) => vantage !== "south" });
    expect(world.names("north")).toEqual(["unknown"]);
    const other = worldOf({ mode: "classic" });
    other.periods(20, { misses: (vantage, target) => vantage === "watch" && target.region === "north" });
    expect(other.begun.map((one) => one.name)).not.toContain("region-unreachable");
    other.periods(10, dead("north"));
    expect(other.names("north")).toEqual(["region-unreachable"]);
  });
});

test("a window counts answers in any order", () => {
  const { window } = classicRules({ mode: "classic", preset: "front-door" });
  expect(window).toEqual({ size: 4, good: 3 });
  const rules = classicRules({ mode: "classic", preset: "front-door" });
  const seen = (recent: number) => ({ misses: 0, answers: 0, recent, counted: 9 });
  expect(classicVerdict(rules, "up", seen(0b1011))).toBe("up");
  expect(classicVerdict(rules, "up", seen(0b1001))).toBe("down");
  expect(classicVerdict(rules, "down", seen(0b0111))).toBe("up");
});

test("every preset names its source and the day it was read", () => {
  expect(presets.map((one) => one.name)).toEqual(["route53", "traffic-manager", "front-door", "cloud-dns"]);
  for (const { source } of presets) {
    expect(source.url).toMatch(/^https:\/\//);
    expect(source.asOf).toMatch(/^\d{4}(-\d\d)?$/);
  }
});
