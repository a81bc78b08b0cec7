// A case for every row of the diagnosis table: what the vantages and routers saw, and what is said of it.

import { describe, expect, test } from "vitest";
import { chanceFrom } from "../../src/core/watch/chance.ts";
import type { DiagnosisName, Severity } from "../../src/core/watch/diagnosis.ts";
import type { ReportedService } from "../../src/core/watch/observation.ts";
import { regionRows } from "../../src/core/watch/region-rows.ts";
import { serviceRows } from "../../src/core/watch/service-rows.ts";
import { dead, isAgent, shopOf, type Weather, World } from "../core/watch-world.ts";

type Fixture = {
  readonly name: DiagnosisName;
  readonly of: "region" | "service";
  readonly given: string;
  /** Periods of 200 ms one after the other, after five quiet seconds and 1 % loss. */
  readonly weather: readonly (readonly [number, Weather])[];
  readonly expected: {
    readonly region: string;
    readonly service?: string;
    readonly severity: Severity;
    readonly sentence: RegExp;
  };
};

const standby = (one: Partial<ReportedService>): ReportedService => ({
  service: "orders",
  running: true,
  role: "standby",
  streaming: true,
  hasStreamed: true,
  ...one,
});
const primary: ReportedService = {
  service: "orders",
  running: true,
  role: "primary",
  position: { written: "5000000", timeline: 1 },
};

function failing(share: number, which: (vantage: string, service: string) => boolean): Weather {
  const chance = chanceFrom(11);
  return {
    misses: (vantage, target) => target.region === "north" && which(vantage, target.service) && chance() < share,
  };
}

function slower(which: (service: string) => boolean): Weather {
  const chance = chanceFrom(12);
  return {
    roundTripMs: (_, target) => (target.region === "north" && which(target.service) && chance() < 0.7 ? 180 : 30),
  };
}

const agentGone: Weather = { misses: (_, target) => target.region === "north" && isAgent(target), silent: ["north"] };
const webGone: Weather = { misses: (_, target) => target.region === "north" && target.service === "web" };
const flaps = (weather: Weather) => [1, 2, 3].flatMap(() => [[6, weather] as const, [15, {}] as const]);

const fixtures: readonly Fixture[] = [
  {
    name: "observer-blind",
    of: "region",
    given: "south reaches nothing, not even its controls",
    weather: [[8, { misses: (vantage) => vantage === "south", controls: (vantage) => vantage !== "south" }]],
    expected: {
      region: "south",
      severity: "warning",
      sentence: /^south is blind as an observer: .* 8 reports in a row/,
    },
  },
  {
    name: "unknown",
    of: "region",
    given: "one of two vantages is blind",
    weather: [[8, { misses: (vantage) => vantage === "south", controls: (vantage) => vantage !== "south" }]],
    expected: {
      region: "north",
      severity: "warning",
      sentence: /^north cannot be judged: 1 of the 2 .*south is cut off/,
    },
  },
  {
    name: "region-unreachable",
    of: "region",
    given: "nobody reaches north",
    weather: [[4, dead("north")]],
    expected: { region: "north", severity: "critical", sentence: /^north is unreachable: south and watch have had no/ },
  },
  {
    name: "agent-down",
    of: "region",
    given: "the agent answers nobody, its services do",
    weather: [[4, agentGone]],
    expected: {
      region: "north",
      severity: "critical",
      sentence: /^the agent of north is down: .*services there answer$/,
    },
  },
  {
    name: "link-cut",
    of: "region",
    given: "only the partner misses it",
    weather: [[8, { misses: (vantage, target) => [vantage, target.region].sort().join() === "north,south" }]],
    expected: { region: "north", severity: "warning", sentence: /^the link between north and south is cut/ },
  },
  {
    name: "vantages-disagree",
    of: "region",
    given: "only the witness misses it",
    weather: [[8, { misses: (vantage, target) => vantage === "watch" && target.region === "north" }]],
    expected: {
      region: "north",
      severity: "warning",
      sentence: /^vantages disagree about north: watch gets no answer/,
    },
  },
  {
    name: "agent-silent",
    of: "region",
    given: "it answers probes and reports nothing",
    weather: [[8, { silent: ["north"] }]],
    expected: { region: "north", severity: "warning", sentence: /^the agent of north has not reported for/ },
  },
  {
    name: "region-degraded",
    of: "region",
    given: "a fifth of all answers of north fails, at both vantages",
    weather: [[60, failing(0.2, () => true)]],
    expected: {
      region: "north",
      severity: "warning",
      sentence:
        /^north is degraded: about \d\d? % of answers fail, seen by south and watch since \d+(\.\d)? s \(statistic \d+\.\d, threshold \d+\.\d\)$/,
    },
  },
  {
    name: "slow",
    of: "region",
    given: "the agent of north answers in 180 ms instead of 30 ms",
    weather: [
      [60, {}],
      [25, slower(() => true)],
    ],
    expected: {
      region: "north",
      severity: "warning",
      sentence:
        /^north is slow: about \d\d % of answers take clearly longer than the \d\d ms that were enough .*south and watch/,
    },
  },
  {
    name: "flapping",
    of: "region",
    given: "the agent of north falls three times in a minute",
    weather: flaps(agentGone),
    expected: { region: "north", severity: "warning", sentence: /^north is flapping: it fell 3 times within/ },
  },
  {
    name: "recovering",
    of: "region",
    given: "north answers again",
    weather: [
      [6, dead("north")],
      [3, {}],
    ],
    expected: { region: "north", severity: "notice", sentence: /^north answers again, since/ },
  },
  {
    name: "promoted-by-hand",
    of: "service",
    given: "the standby calls itself primary on a new timeline",
    weather: [
      [
        3,
        {
          reports: (region) =>
            region === "south"
              ? [{ ...primary, position: { written: "99", timeline: 2 } }]
              : region === "north"
                ? [primary]
                : [],
        },
      ],
    ],
    expected: { region: "south", service: "orders", severity: "critical", sentence: /was promoted by hand/ },
  },
  {
    name: "database-down",
    of: "service",
    given: "the database answers nobody, the agent does",
    weather: [[4, { misses: (_, target) => target.region === "north" && target.service === "orders" }]],
    expected: { region: "north", service: "orders", severity: "critical", sentence: /^orders in north is down for/ },
  },
  {
    name: "service-down",
    of: "service",
    given: "the web service answers nobody",
    weather: [[4, webGone]],
    expected: { region: "north", service: "web", severity: "critical", sentence: /^web in north is down for/ },
  },
  {
    name: "service-degraded",
    of: "service",
    given: "a fifth of the answers of web fails, at both vantages",
    weather: [[60, failing(0.2, (_, service) => service === "web")]],
    expected: {
      region: "north",
      service: "web",
      severity: "warning",
      sentence: /^web in north is degraded: about \d\d? % of answers fail, seen by south and watch since .* threshold/,
    },
  },
  {
    name: "service-degraded",
    of: "service",
    given: "probes are answered, but a tenth of what users ask north's own router fails",
    weather: [
      [
        10,
        { requests: (router) => (router === "north" ? [{ region: "north", service: "web", ok: 40, failed: 0 }] : []) },
      ],
      [
        10,
        { requests: (router) => (router === "north" ? [{ region: "north", service: "web", ok: 36, failed: 4 }] : []) },
      ],
    ],
    expected: {
      region: "north",
      service: "web",
      severity: "warning",
      sentence:
        /^web in north is degraded: about 10 % of users' requests fail, seen by the router of north since .* threshold/,
    },
  },
  {
    name: "replication-stalled",
    of: "service",
    given: "the standby received nothing for twelve seconds",
    weather: [
      [
        60,
        {
          reports: (region) =>
            region === "south"
              ? [standby({ streaming: false, position: { received: "1000000", timeline: 1 } })]
              : region === "north"
                ? [primary]
                : [],
        },
      ],
    ],
    expected: {
      region: "south",
      service: "orders",
      severity: "warning",
      sentence: /^replication of orders to south is stalled/,
    },
  },
  {
    name: "slow",
    of: "service",
    given: "web answers in 180 ms instead of 30 ms",
    weather: [
      [60, {}],
      [25, slower((service) => service === "web")],
    ],
    expected: { region: "north", service: "web", severity: "warning", sentence: /^web in north is slow: about/ },
  },
  {
    name: "flapping",
    of: "service",
    given: "web falls three times in a minute",
    weather: flaps(webGone),
    expected: {
      region: "north",
      service: "web",
      severity: "warning",
      sentence: /^web in north is flapping: it fell 3 times/,
    },
  },
  {
    name: "recovering",
    of: "service",
    given: "web answers again",
    weather: [
      [5, webGone],
      [3, {}],
    ],
    expected: { region: "north", service: "web", severity: "notice", sentence: /^web in north answers again, since/ },
  },
];

function play(weather: Fixture["weather"]): World {
  const world = new World(shopOf());
  world.periods(25);
  world.begun = [];
  for (const [periods, of] of weather) world.periods(periods, of);
  return world;
}

test.each(fixtures)("$name of a $of: $given", ({ name, weather, expected }) => {
  const found = play(weather).last?.diagnoses.filter(
    (one) => one.name === name && one.region === expected.region && one.service === expected.service,
  );
  expect(found).toHaveLength(1);
  expect(found?.[0]).toMatchObject({ severity: expected.severity });
  expect(found?.[0]?.sentence).toMatch(expected.sentence);
});

test("every row has a fixture", () => {
  const cases = (of: Fixture["of"]): readonly DiagnosisName[] =>
    [...new Set(fixtures.filter((one) => one.of === of).map((one) => one.name))].sort();
  expect(cases("region")).toEqual(regionRows.map((row) => row.name).sort());
  expect(cases("service")).toEqual(serviceRows.map((row) => row.name).sort());
});

describe("what is weak", () => {
  test("carries its statistic, threshold, row and shares", () => {
    const world = play([[60, failing(0.5, (_, service) => service === "web")]]);
    const { evidence } = world.diagnosis("service-degraded");
    expect(evidence.statistic).toBeGreaterThanOrEqual(evidence.threshold);
    expect(evidence).toMatchObject({ vantages: ["south", "watch"], detector: "half", madeForShare: 0.5 });
    expect(evidence.failureShare).toBeGreaterThan(0.3);
    expect(evidence.failureShare).toBeLessThan(0.7);
  });

  test("is over when as much evidence says so", () => {
    const world = play([[60, failing(0.3, (_, service) => service === "web")]]);
    expect(world.names("north")).toContain("service-degraded");
    world.periods(100);
    expect(world.names("north")).toEqual(["healthy"]);
  });

  test("is not what one vantage alone sees, be it the link or the vantage", () => {
    const link = play([[300, failing(0.3, (vantage) => vantage === "south")]]);
    const names = new Set(link.begun.map((one) => one.name));
    expect(names).not.toContain("region-degraded");
    expect(names).not.toContain("service-degraded");
    const chance = chanceFrom(3);
    const own = play([[300, { misses: (vantage) => vantage === "south" && chance() < 0.2 }]]);
    expect(own.begun).toEqual([]);
    // It is learned as that vantage's own loss, and nobody else's.
    expect(own.state.observers.get("south")?.loss).toBeGreaterThan(0.05);
    expect(own.state.observers.get("watch")?.loss).toBeLessThan(0.01);
  });

  test("is not one burst of failed requests, however large", () => {
    const requests = (failed: number): Weather => ({
      requests: (router) => (router === "north" ? [{ region: "north", service: "web", ok: 20, failed }] : []),
    });
    expect(
      play([
        [20, requests(0)],
        [1, requests(5_000)],
        [20, requests(0)],
      ]).begun,
    ).toEqual([]);
    expect(
      play([
        [20, requests(0)],
        [4, requests(5_000)],
      ]).names("north"),
    ).toContain("service-degraded");
  });

  test("an hour at 1 % loss says nothing", () => {
    const chance = chanceFrom(8);
    const world = play([[18_000, { misses: () => chance() < 0.01 }]]);
    expect(world.begun).toEqual([]);
    for (const observer of world.state.observers.values()) {
      expect(observer.loss).toBeGreaterThan(0.007);
      expect(observer.loss).toBeLessThan(0.013);
    }
  }, 60_000);

  test("a loss that all vantages have everywhere raises their thresholds, and then is usual", () => {
    const chance = chanceFrom(9);
    const lossy: Weather = { misses: () => chance() < 0.05 };
    const world = play([[3_000, lossy]]);
    world.begun = [];
    world.periods(3_000, lossy);
    expect(world.begun.filter((one) => one.severity === "critical")).toEqual([]);
    for (const observer of world.state.observers.values()) expect(observer.loss).toBeGreaterThan(0.035);
    const target = world.config.targets[0];
    world.periods(1, dead("north"));
    expect(world.state.targets[0]?.statistic).toBeLessThan(target?.rules.misses ?? 0);
  }, 60_000);
});
