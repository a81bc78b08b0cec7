import { describe, expect, test } from "vitest";
import { shopOf, year } from "../../../test/core/watch-world.ts";
import type { System } from "../model/system.ts";
import { guarantee } from "./guarantee.ts";

function shop(rtoMs: number, probeEveryMs: number, ttlMs = 2_200): System {
  const system = shopOf();
  return {
    ...system,
    objectives: { ...system.objectives, rtoMs },
    control: { ...system.control, probeEveryMs, lease: { ...system.control.lease, ttlMs } },
  };
}

describe("what a configuration promises", () => {
  test("the defaults keep their objective, and say so", () => {
    const promise = guarantee(shop(30_000, 200));
    expect(promise.kind).toBe("met");
    // Five misses at two vantages: three rounds of 200 ms, the timeout of 150 ms, 30 ms to the controller.
    expect(promise.detection).toEqual({ expectedMs: 50 + 4 * 100 + 150 + 30, worstMs: 600 + 150 + 30 });
    expect(promise.handover.worstMs).toBe(2_230);
    expect(promise.falseAlarmMs).toBeGreaterThanOrEqual(10 * year);
    expect(promise.sentence).toBe(
      "a dead region is known after 0.6 s, at worst 0.8 s; by chance that is wrong once in 11 years (asked for: 10 years)",
    );
  });

  test("probing too seldom is refused with the rate that would do, and that rate does", () => {
    const system = shop(5_000, 2_000);
    const promise = guarantee(system);
    expect(promise.kind).toBe("refused");
    const probeEveryMs = promise.mend?.probeEveryMs ?? 0;
    expect(promise.sentence).toContain(`probe every ${probeEveryMs} ms`);
    expect(guarantee(shop(5_000, probeEveryMs)).kind).toBe("met");
    for (let slower = probeEveryMs + 1; slower <= 2_000; slower += 1)
      expect(guarantee(shop(5_000, slower)).kind).toBe("refused");
  });

  test("a lease longer than the objective is named as what breaks it", () => {
    expect(guarantee(shop(2_000, 200)).sentence).toBe(
      "2.7 s from death to service at worst does not fit into an RTO of 2.0 s: the lease alone lasts 2.2 s; shorten it, or allow 2.7 s",
    );
  });

  test("no rate helps against a timeout that is too long", () => {
    const promise = guarantee(shop(3_000, 200), { timeoutMs: 3_000 });
    expect(promise).toMatchObject({ kind: "refused" });
    expect(promise.mend).toBeUndefined();
    expect(promise.sentence).toContain("no probe rate makes it fit");
  });

  test("a region that nobody else can see is refused", () => {
    const system = shopOf();
    const alone = {
      ...system,
      regions: system.regions.slice(0, 1),
      groups: system.groups.map((group) => ({ ...group, primary: ["north"] })),
    };
    expect(guarantee(alone).sentence).toBe(
      "nobody can watch north: add a region, a witness is enough, from which it is observed",
    );
  });
});
