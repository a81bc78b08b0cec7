// Every pattern of who is cut off and whether the target is really gone, 2^(vantages + 1) of them for up to six vantages, against the
// dumb rule: an alarm only if the target is gone and a quorum can tell (I2).

import { describe, expect, test } from "vitest";
import { chanceFrom } from "../../src/core/watch/chance.ts";
import { quorumOf } from "../../src/core/watch/detector.ts";
import type { DiagnosisName } from "../../src/core/watch/diagnosis.ts";
import { shopOf, type Weather, World } from "../core/watch-world.ts";

/** Whatever could make a decider move north. */
const alarms: readonly DiagnosisName[] = [
  "region-unreachable",
  "agent-down",
  "service-down",
  "database-down",
  "region-degraded",
  "service-degraded",
];
const timeoutMs = 120_000;

/** A world in which all has been well; a state is a value, so one warm-up serves for every pattern. */
function warmed(vantages: number): () => World {
  const system = shopOf(vantages - 1);
  const first = new World(system);
  first.periods(25);
  return () => {
    const world = new World(system);
    world.state = first.state;
    world.nowMs = first.nowMs;
    world.begun = [];
    return world;
  };
}

function told(world: World): readonly DiagnosisName[] {
  return [
    ...new Set(world.begun.filter((one) => one.region === "north" && alarms.includes(one.name)).map((one) => one.name)),
  ];
}

describe.each([1, 2, 3, 4, 5, 6])("with %i vantages", (vantages) => {
  const worlds = warmed(vantages);
  const names = shopOf(vantages - 1)
    .regions.map((region) => region.name)
    .filter((name) => name !== "north");
  const quorum = quorumOf(names.length);
  const subset = (bits: number): ReadonlySet<string> =>
    new Set(names.filter((_, index) => (bits & (1 << index)) !== 0));

  test.each(["blind", "silent"] as const)(
    "cut-off vantages that are %s never make an alarm, the others only of a region that is gone",
    (how) => {
      for (let pattern = 0; pattern < 2 ** (vantages + 1); pattern += 1) {
        const gone = (pattern & 1) === 1;
        const cutOff = subset(pattern >> 1);
        const world = worlds();
        world.periods(14, {
          misses: (vantage, target) =>
            cutOff.has(vantage) || cutOff.has(target.region) || (gone && target.region === "north"),
          controls: (vantage) => !cutOff.has(vantage),
          silent: [...(how === "silent" ? cutOff : []), ...(gone ? ["north"] : [])],
        });
        const able = names.length - cutOff.size;
        const expected = gone && able >= quorum;
        expect({ pattern, unreachable: told(world).includes("region-unreachable") }).toEqual({
          pattern,
          unreachable: expected,
        });
        if (!expected) expect({ pattern, told: told(world) }).toEqual({ pattern, told: [] });
      }
    },
    timeoutMs,
  );

  test(
    "cut links make no alarm of a region that anybody reaches",
    () => {
      for (let pattern = 0; pattern < 2 ** vantages; pattern += 1) {
        const cut = subset(pattern);
        const world = worlds();
        world.periods(14, { misses: (vantage, target) => target.region === "north" && cut.has(vantage) });
        const expected = cut.size === names.length;
        expect({ pattern, unreachable: told(world).includes("region-unreachable") }).toEqual({
          pattern,
          unreachable: expected,
        });
        // A majority that misses every probe, and a minority that misses none, is a weak region to nobody's eyes but the majority's.
        if (cut.size < quorum) expect({ pattern, told: told(world) }).toEqual({ pattern, told: [] });
      }
    },
    timeoutMs,
  );

  test(
    "a region that fails in part is degraded only to a quorum that passes its control check",
    () => {
      for (let pattern = 0; pattern < 2 ** (vantages + 1); pattern += 1) {
        const weak = (pattern & 1) === 1;
        const cutOff = subset(pattern >> 1);
        const able = names.length - cutOff.size;
        const chance = chanceFrom(pattern + 1);
        const world = worlds();
        const weather: Weather = {
          misses: (vantage, target) =>
            cutOff.has(vantage) || cutOff.has(target.region) || (weak && target.region === "north" && chance() < 0.4),
          controls: (vantage) => !cutOff.has(vantage),
        };
        for (let period = 0; period < 40 && !told(world).includes("region-degraded"); period += 1)
          world.period(weather);
        const expected = weak && able >= quorum;
        // One vantage alone may see so many failures in a row that it counts them as dead first; either way it is an alarm.
        expect({ pattern, alarm: told(world).length > 0 }).toEqual({ pattern, alarm: expected });
      }
    },
    timeoutMs,
  );
});
