import { describe, expect, test } from "vitest";
import { shopOf, World, year } from "../../../test/core/watch-world.ts";
import type { System } from "../model/system.ts";
import { bankDelay, classicDelay, classicRate } from "./brown-out.ts";
import { chanceFrom } from "./chance.ts";
import { classicRules } from "./classic.ts";
import { banksFor } from "./config.ts";
import { samplesToRun } from "./detector.ts";
import { guarantee } from "./guarantee.ts";
import { meanSamples } from "./passage.ts";
import { coldStartLevel, scoresFor } from "./scores.ts";
import { thresholdsAt } from "./thresholds.ts";
import { mended } from "./watch-mend.ts";
import { watchPlan } from "./watch-plan.ts";

type Change = {
  readonly witnesses?: number;
  readonly control?: Partial<System["control"]>;
  readonly objectives?: Partial<System["objectives"]>;
};

function shop({ witnesses = 1, control = {}, objectives = {} }: Change = {}): System {
  const system = shopOf(witnesses);
  return {
    ...system,
    control: { ...system.control, ...control },
    objectives: { ...system.objectives, ...objectives },
  };
}

const minute = 60_000;

describe("what is said of each target", () => {
  const plan = watchPlan(shop());
  const target = plan.targets.find((one) => one.region === "north" && one.service === "orders");

  test("a dead target's figures are those of the guarantee", () => {
    const promised = guarantee(shop());
    expect(target?.rates[0]).toMatchObject({ failureShare: 1, detector: "dead" });
    expect(target?.rates[0]?.known).toEqual({ ...promised.detection, certain: true });
    expect(plan.handover).toEqual(promised.handover);
    expect(plan.falseAlarms.switchMs).toBeCloseTo(promised.falseAlarmMs, 0);
  });

  test("evidence is the divergence of the two rates of failure, times the probes a second", () => {
    // Two vantages, five times a second; D(p1 || 1 %) by hand.
    const byHand = [1, 0.5, 0.2, 0.1].map((p) => {
      const failed = p * Math.log(p / 0.01);
      return 10 * (p === 1 ? failed : failed + (1 - p) * Math.log((1 - p) / 0.99));
    });
    expect(target?.rates.map((rate) => rate.natsPerSecond)).toEqual(byHand.map((value) => expect.closeTo(value, 6)));
  });

  test("less failing is known later, and 99 of 100 cases later than the mean", () => {
    const times = target?.rates.map((rate) => rate.known?.expectedMs ?? 0) ?? [];
    expect(times).toEqual([...times].sort((a, b) => a - b));
    for (const rate of target?.rates ?? []) expect(rate.known?.worstMs).toBeGreaterThan(rate.known?.expectedMs ?? 0);
  });

  test("no row is wrong more often than its share of the budget, nor all that warns together", () => {
    for (const rate of target?.rates ?? []) {
      const row = plan.falseAlarms.split.find(({ name }) => name === rate.detector);
      expect(rate.falseAlarmMs).toBeGreaterThanOrEqual(row?.falseAlarmMs ?? Number.POSITIVE_INFINITY);
    }
    expect(plan.falseAlarms.warnMs).toBeGreaterThanOrEqual(10 * year);
  });

  test("a web service is looked at where it is primary only, and what no probe is made for is told by its agent", () => {
    const worker = { ...(shopOf().services[0] as System["services"][number]), name: "worker", type: "process" };
    const with3 = watchPlan({ ...shop(), services: [...shopOf().services, worker] });
    const looks = Object.fromEntries(with3.targets.map((one) => [one.service, one.lookedAt]));
    expect(looks).toEqual({ agent: "always", orders: "always", web: "primary", worker: "agent" });
    expect(with3.targets.filter((one) => one.service === "worker").every((one) => one.rates.length === 0)).toBe(true);
    // north: two agents, the database of south, web once.
    expect(with3.senders).toEqual([
      { vantage: "north", targets: 4, perSecond: 20 },
      { vantage: "south", targets: 4, perSecond: 20 },
      { vantage: "watch", targets: 5, perSecond: 25 },
    ]);
  });

  test("where a brown-out may switch, its false alarms are false failovers and count as such", () => {
    const system = shop();
    const groups = system.groups.map((group) => ({ ...group, policy: { degraded: "switch" as const } }));
    const switching = watchPlan({ ...system, groups });
    expect(switching.kind).toBe("met");
    expect(switching.falseAlarms).toMatchObject({ warningsSwitch: true });
    expect(switching.falseAlarms.switchMs).toBeLessThan(switching.falseAlarms.warnMs ?? 0);
    expect(switching.falseAlarms.switchMs).toBeGreaterThanOrEqual(10 * year);
  });
});

describe("how long a failure in part goes unnoticed", () => {
  test("the whole watch, with losses and controls and all, takes as long as is said", () => {
    const cases = 40;
    const said = watchPlan(shop()).targets.find((one) => one.service === "orders")?.rates[2];
    let sumMs = 0;
    for (let one = 0; one < cases; one += 1) {
      const world = new World(shop());
      const chance = chanceFrom(one);
      const isBad = ({ region, service }: { readonly region: string; readonly service: string }): boolean =>
        region === "north" && service === "orders";
      world.periods(20, { misses: () => chance() < 0.01 });
      const fromMs = world.nowMs;
      while (!world.names("north").includes("service-degraded"))
        world.period({ misses: (_, target) => chance() < (isBad(target) ? 0.2 : 0.01) });
      sumMs += world.nowMs - fromMs;
    }
    // There a miss is known at once; the plan adds the timeout and the report.
    const expectedMs = (said?.known?.expectedMs ?? 0) - 180;
    expect(sumMs / cases / expectedMs).toBeGreaterThan(0.75);
    expect(sumMs / cases / expectedMs).toBeLessThan(1.25);
  });

  test("with one vantage, whose quorum is itself, it is the exact chain's mean", () => {
    const rules = banksFor(shop(), 1, 0).probes;
    for (const [row, p1] of [0.5, 0.2, 0.1].entries()) {
      const scores = scoresFor(0.01, p1);
      const threshold = thresholdsAt(rules, coldStartLevel).pooled[row + 1] ?? 0;
      if (scores === undefined) throw new Error("this row can tell them apart");
      const exact = meanSamples(scores, p1, threshold);
      // Another row may be a little sooner.
      const played = bankDelay(rules, p1)?.mean ?? 0;
      expect(played / exact).toBeGreaterThan(0.85);
      expect(played / exact).toBeLessThan(1.05);
    }
  });

  test("what the bank cannot tell from health is not known at all", () => {
    expect(bankDelay(banksFor(shop(), 2, 0).probes, 0.01)).toBeUndefined();
  });

  test("the classic rule of one vantage takes as long as n in a row do", () => {
    const rules = classicRules({ mode: "classic", down: 3, up: 1 });
    expect(classicDelay(rules, 1, 0.5).mean / samplesToRun(0.5, 3)).toBeCloseTo(1, 1);
    expect(1 / classicRate(rules, 1, 0.01)).toBeCloseTo(samplesToRun(0.01, 3) + 1 / 0.99, -1);
  });

  test("a window's rate is that of counting windows", () => {
    const rules = classicRules({ mode: "classic", preset: "front-door" });
    // Two failures among the newest four, not among the four before: the newest failed, the oldest that left did not count.
    const p = 0.1;
    let byHand = 0;
    for (let bits = 0; bits < 32; bits += 1) {
      const outcomes = [4, 3, 2, 1, 0].map((bit) => (bits >> bit) & 1);
      const failures = (of: readonly number[]): number => of.reduce((sum, one) => sum + one, 0);
      if (failures(outcomes.slice(0, 4)) < 2 && failures(outcomes.slice(1)) >= 2)
        byHand += p ** failures(outcomes) * (1 - p) ** (5 - failures(outcomes));
    }
    expect(classicRate(rules, 1, p)).toBeCloseTo(byHand, 12);
  });
});

describe("what is not good enough is refused with what would do", () => {
  const refused: readonly (readonly [string, Change, RegExp])[] = [
    [
      "too few probes for the RTO",
      { control: { probeEveryMs: 10_000 }, objectives: { rtoMs: 8_000 } },
      /^the watch is not good enough: a dead region may go unnoticed for 30 s with a probe every 10 s, so that users may wait 31 s, and the RTO is 8.0 s; any of these would do: probe every 2 s/,
    ],
    [
      "a brown-out that is known too late",
      { control: { probeEveryMs: 2_000 }, objectives: { brownOutMs: minute } },
      /a fifth of the answers failing may go unnoticed for .* and 60 s is asked for; any of these would do: probe every 1 s .*; or add [23] witnesses .*; or allow a brownOut of/,
    ],
    [
      "a lease that is longer than the RTO",
      { objectives: { rtoMs: 2_000 } },
      /an RTO of 2.0 s is too short for a lease of 2.2 s.*; this would do: allow an RTO of 2.8 s$/,
    ],
    [
      "a classic rule that is wrong too often",
      { control: { watch: { mode: "classic", down: 1, up: 1 } } },
      /taken for dead once in .* and 10 years is asked for; any of these would do: take [23] failures in a row for down; or leave out the classic mode$/,
    ],
  ];
  test.each(refused)("%s", (_name, change, sentence) => {
    const system = shop(change);
    const plan = watchPlan(system);
    expect(plan.kind).toBe("refused");
    expect(plan.sentence).toMatch(sentence);
    expect(plan.mends.length).toBeGreaterThan(0);
    for (const mend of plan.mends) expect(watchPlan(mended(system, mend)).kind).toBe("met");
  });

  test("more vantages see what fewer do not, and nothing is offered for a region that nobody can see but a vantage", () => {
    const system = shop();
    const alone = {
      ...system,
      regions: system.regions.slice(0, 1),
      groups: system.groups.map((group) => ({ ...group, primary: ["north"] })),
    };
    const plan = watchPlan(alone);
    expect(plan.sentence).toBe(
      "the watch is not good enough: nobody can watch north; this would do: add 1 witness (1 vantage instead of 0)",
    );
  });

  test("a region without an agent looks at nothing, and a witness that would mend that has one", () => {
    const system = shop();
    const regions = system.regions.map((region) => ({ ...region, agent: `http://${region.name}` }));
    const blind = regions.map(({ agent, ...region }) => (region.name === "north" ? { ...region, agent } : region));
    const plan = watchPlan({ ...system, regions: blind });
    expect(plan.senders.map(({ vantage }) => vantage)).toEqual(["north"]);
    expect(plan.sentence).toMatch(/nobody can watch north; this would do: add 1 witness \(1 vantage instead of 0\)$/);
    expect(watchPlan({ ...system, regions }).sentence).toBe(watchPlan(system).sentence);
  });
});
