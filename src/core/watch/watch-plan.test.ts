import { describe, expect, test } from "vitest";
import { shopOf, year } from "../../../test/core/watch-world.ts";
import type { System } from "../model/system.ts";
import { watchPlan } from "./watch-plan.ts";

function shop(change: Partial<System["control"]> = {}, rtoMs = 30_000, witnesses = 1): System {
  const system = shopOf(witnesses);
  return {
    ...system,
    regions: system.regions.map((region) => ({ ...region, agent: `http://${region.name}:7411` })),
    objectives: { ...system.objectives, rtoMs },
    control: { ...system.control, ...change },
  };
}

describe("what is promised of each target", () => {
  const plan = watchPlan(shop());

  test("every detector has its evidence a second, its detection time and its false-alarm interval", () => {
    expect(plan.kind).toBe("met");
    const web = plan.targets.find((target) => target.service === "web" && target.region === "north");
    expect(web).toMatchObject({ vantages: ["south", "watch"], quorum: 2, probesPerSecond: 10 });
    expect(web?.detectors.map((row) => row.name)).toEqual([
      "dead",
      "half",
      "fifth",
      "tenth",
      "slow",
      "traffic-half",
      "traffic-fifth",
      "traffic-twentieth",
    ]);
    const [dead, half, fifth, tenth] = web?.detectors ?? [];
    expect(dead).toMatchObject({ misses: 5 });
    // 10 probes a second times 4.61 nats.
    expect(dead?.natsPerSecond).toBeCloseTo(46.05, 1);
    expect(fifth?.natsPerSecond).toBeCloseTo(4.3, 0);
    expect(dead?.detectionMs).toBeCloseTo(50 + 400 + 150 + 30, 6);
    const times = [dead, half, fifth, tenth].map((row) => row?.detectionMs ?? 0);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(fifth?.detectionMs).toBeLessThan(8_000);
  });

  test("no row, and no sum of rows, is wrong more often than its budget", () => {
    for (const target of plan.targets) {
      for (const row of target.detectors) expect(row.falseAlarmMs * row.ofAll).toBeGreaterThanOrEqual(10 * year);
      expect(target.falseWarningMs).toBeGreaterThanOrEqual(10 * year * plan.budgetTargets);
    }
  });

  test("probes that are sent are received", () => {
    const sum = (pick: (one: (typeof plan.regions)[number]) => number): number =>
      plan.regions.reduce((total, one) => total + pick(one), 0);
    expect(sum((one) => one.sentPerSecond)).toBeCloseTo(
      sum((one) => one.receivedPerSecond),
      9,
    );
    // North and south have three targets, the witness one; each looks at all that are not its own, five times a second.
    expect(plan.regions).toEqual([
      { region: "north", sentPerSecond: 20, receivedPerSecond: 30 },
      { region: "south", sentPerSecond: 20, receivedPerSecond: 30 },
      { region: "watch", sentPerSecond: 30, receivedPerSecond: 10 },
    ]);
  });

  test("what cannot be met is refused with the rate that would", () => {
    const refused = watchPlan(shop({ probeEveryMs: 2_000 }, 5_000));
    expect(refused.kind).toBe("refused");
    expect(refused.sentence).toContain(`probe every ${refused.mend?.probeEveryMs} ms`);
    expect(watchPlan(shop({ probeEveryMs: refused.mend?.probeEveryMs ?? 0 }, 5_000)).kind).toBe("met");
  });
});

test("the classic rule is told without a budget, and refused when it is too slow", () => {
  const plan = watchPlan(shop({ watch: { mode: "classic", preset: "route53" }, probeEveryMs: 30_000 }, 60_000));
  expect(plan).toMatchObject({ kind: "refused", mode: "classic", classic: { down: 3, up: 3 } });
  expect(plan.sentence).toMatch(/^3 failures in a row every 30 s: a dead target is down after 90 s at worst/);
  const mended = shop(
    { watch: { mode: "classic", preset: "route53" }, probeEveryMs: plan.mend?.probeEveryMs ?? 0 },
    60_000,
  );
  expect(watchPlan(mended).kind).toBe("met");
});
