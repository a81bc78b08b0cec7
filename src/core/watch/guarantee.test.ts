import { describe, expect, test } from "vitest";
import { shopOf, year } from "../../../test/core/watch-world.ts";
import type { System } from "../model/system.ts";
import { guarantee } from "./guarantee.ts";
import { waitBetween } from "./watch-rates.ts";

function shop(rtoMs: number, probeEveryMs: number, ttlMs = 2_200): System {
  const system = shopOf();
  return {
    ...system,
    objectives: { ...system.objectives, rtoMs },
    control: { ...system.control, probeEveryMs, lease: { ...system.control.lease, ttlMs } },
  };
}

describe("what a configuration promises", () => {
  test("is this for the defaults", () => {
    const promise = guarantee(shop(30_000, 200));
    // Five misses at two vantages: three rounds of 200 ms, the timeout of 150 ms, 30 ms to the controller.
    expect(promise.detection).toEqual({ expectedMs: 50 + 4 * 100 + 150 + 30, worstMs: 600 + 150 + 30 });
    expect(promise.firstMiss).toEqual({ expectedMs: 50 + 150 + 30, worstMs: 200 + 150 + 30 });
    expect(promise.handover.worstMs).toBe(2_230);
    expect(promise.service.worstMs).toBe(2_730);
    expect(promise.falseAlarmMs).toBeGreaterThanOrEqual(10 * year);
    expect(promise).not.toHaveProperty("unseen");
  });

  test("counts the time that vantages wait where regions are far apart", () => {
    const far = waitBetween(shopOf(), (from, to) => ({ ms: from === to ? 0 : 120 }));
    expect(far).toEqual({ timeoutMs: 480 });
    expect(waitBetween(shopOf(), () => undefined)).toEqual({ timeoutMs: 150 });
    expect(guarantee(shop(30_000, 200), far).detection.worstMs).toBe(600 + 480 + 30);
  });

  test("is that of the classic rule where the manifest wants it", () => {
    const system = shop(30_000, 200);
    const classic = { ...system, control: { ...system.control, watch: { mode: "classic", down: 7, up: 2 } as const } };
    expect(guarantee(classic).detection.worstMs).toBe(7 * 200 + 150 + 30);
  });

  test("does not count a region without an agent among those that look, unless none has one yet", () => {
    const { regions, ...rest } = shop(30_000, 200);
    const without = (...blind: readonly string[]) => ({
      ...rest,
      regions: regions.map((region) =>
        blind.includes(region.name) ? region : { ...region, agent: `http://${region.name}` },
      ),
    });
    const worstMs = (system: System) => guarantee(system).detection.worstMs;
    expect(worstMs(without("south"))).toBeGreaterThan(worstMs(without()));
    expect(worstMs({ ...rest, regions })).toBe(worstMs(without()));
  });

  test("is nothing for a region that nobody else can see", () => {
    const system = shopOf();
    const alone = {
      ...system,
      regions: system.regions.slice(0, 1),
      groups: system.groups.map((group) => ({ ...group, primary: ["north"] })),
    };
    expect(guarantee(alone).unseen).toBe("north");
  });
});
