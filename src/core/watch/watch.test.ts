import { describe, expect, test } from "vitest";
import { dead, isAgent, shopOf, type Weather, World } from "../../../test/core/watch-world.ts";
import { chanceFrom } from "./chance.ts";
import { quorumOf, thresholdFor } from "./detector.ts";
import type { DiagnosisName } from "./diagnosis.ts";
import type { ReportedService } from "./observation.ts";
import { regionRows } from "./region-rows.ts";
import { serviceRows } from "./service-rows.ts";
import { diagnosisKey, isHeard, standbyOf } from "./watch.ts";

/** A world in which all has been well for five seconds. */
function well(witnesses = 1): World {
  const world = new World(shopOf(witnesses));
  world.periods(25);
  world.begun = [];
  return world;
}

function reporting(region: string, services: readonly ReportedService[], others: World): Weather {
  return { reports: (one) => (one === region ? services : standing(one, others)) };
}

function standing(region: string, world: World): readonly ReportedService[] {
  const written = String(Math.floor(world.nowMs));
  if (region === "north")
    return [{ service: "orders", running: true, role: "primary", position: { written, timeline: 1 } }];
  if (region !== "south") return [];
  return [
    {
      service: "orders",
      running: true,
      role: "standby",
      streaming: true,
      hasStreamed: true,
      position: { received: written, timeline: 1 },
    },
  ];
}

describe("diagnoses", () => {
  test("all is well", () => {
    expect(well().last?.diagnoses.map((one) => one.sentence)).toEqual([
      "north is healthy: south and watch reach it",
      "south is healthy: north and watch reach it",
      "watch is healthy: north and south reach it",
    ]);
  });

  test("before enough has been seen nothing is known", () => {
    const world = new World(shopOf());
    world.take({ kind: "tick", nowMs: world.nowMs });
    expect(world.names()).toEqual(["unknown", "unknown", "unknown"]);
    expect(world.diagnosis("unknown").sentence).toBe(
      "north cannot be judged: 0 of the 2 vantages that are needed can see and reach their controls (south and watch are silent)",
    );
  });

  test("a dead region is unreachable, and its successor is not blamed for it", () => {
    const world = well();
    world.periods(4, dead("north"));
    const seen = world.diagnosis("region-unreachable");
    expect(seen).toMatchObject({
      region: "north",
      severity: "critical",
      evidence: { threshold: 5, vantages: ["south", "watch"] },
    });
    expect(seen.sentence).toMatch(
      /^north is unreachable: south and watch have had no answer for 0\.\d s \([78] misses, threshold 5; both reach their controls\)$/,
    );
    expect(world.names("south")).toEqual(["healthy"]);
    // With north gone only watch sees south: that is too little to judge by, and no alarm.
    world.periods(6, dead("north"));
    expect(world.names("south")).toEqual(["unknown"]);
  });

  test("it takes exactly the misses of the floor to see a dead region", () => {
    for (const witnesses of [1, 2, 3]) {
      const world = well(witnesses);
      const { targets } = world.config;
      const rules = targets[0]?.rules;
      let fed = 0;
      const vantages = targets[0]?.vantages ?? [];
      const needed = Math.max(rules?.misses ?? 0, vantages.length + quorumOf(vantages.length));
      while (!world.names("north").includes("region-unreachable")) {
        const vantage = vantages[fed % vantages.length] ?? "";
        world.nowMs += 200 / vantages.length;
        fed += 1;
        world.take({
          kind: "observations",
          nowMs: world.nowMs,
          observations: targets
            .filter((target) => target.region === "north")
            .map(({ region, service }) => ({
              vantage,
              target: { region, service },
              source: "probe",
              ok: false,
              controls: true,
              roundTripMs: 0,
            })),
        });
      }
      expect(fed).toBe(needed);
    }
  });

  test("one service down is not its region", () => {
    const world = well();
    world.periods(4, { misses: (_, target) => target.region === "north" && target.service === "web" });
    expect(world.names("north")).toEqual(["service-down"]);
    expect(world.diagnosis("service-down")).toMatchObject({ service: "web", severity: "critical" });
  });

  test("a database down while its agent lives says so, and is over when it answers again", () => {
    const world = well();
    world.periods(4, { misses: (_, target) => target.region === "north" && target.service === "orders" });
    expect(world.diagnosis("database-down").sentence).toMatch(
      /^orders in north is down for 0\.\d s while the agent there answers \([78] misses at south and watch, threshold 5\)$/,
    );
    world.period();
    expect(world.names("north")).toEqual(["recovering"]);
    world.periods(20);
    expect(world.names("north")).toEqual(["healthy"]);
  });

  test("an agent's own word is enough where no vantage looks, and not against vantages that have answers", () => {
    const world = well();
    const down: readonly ReportedService[] = [{ service: "orders", running: false, role: "none" }];
    world.periods(6, reporting("north", down, world));
    expect(world.names("north")).toEqual(["healthy"]);
    // Here nobody looks at anything but the agents.
    const unwatched = new World(shopOf());
    for (let period = 0; period < 12; period += 1) {
      for (const vantage of ["north", "south", "watch"]) {
        unwatched.nowMs += 60;
        unwatched.take({
          kind: "observations",
          nowMs: unwatched.nowMs,
          observations: unwatched.config.targets
            .filter((target) => target.region !== vantage && isAgent(target))
            .map(({ region, service }) => ({
              vantage,
              target: { region, service },
              source: "probe",
              ok: true,
              controls: true,
              roundTripMs: 1,
            })),
        });
        const services = vantage === "north" && period >= 6 ? down : standing(vantage, unwatched);
        unwatched.take({
          kind: "status",
          nowMs: unwatched.nowMs,
          region: vantage,
          stampEchoMs: unwatched.nowMs,
          services,
        });
      }
      unwatched.nowMs += 20;
    }
    expect(unwatched.diagnosis("database-down").sentence).toMatch(
      /its own agent said so in 6 reports in a row, threshold 5/,
    );
  });

  test("an agent that is gone while services answer is told as that", () => {
    const world = well();
    world.periods(4, { misses: (_, target) => target.region === "north" && isAgent(target), silent: ["north"] });
    expect(world.names("north")).toEqual(["agent-down"]);
  });

  test("only the partner misses it: the link is cut, and the region is fine", () => {
    const world = well();
    const cut: Weather = {
      misses: (vantage, target) => [vantage, target.region].sort().join() === "north,south",
    };
    world.periods(8, cut);
    expect(world.names("north")).toEqual(["link-cut"]);
    expect(world.diagnosis("link-cut")).toMatchObject({
      region: "north",
      partner: "south",
      evidence: { vantages: ["south"] },
    });
    expect(world.diagnosis("link-cut").sentence).toBe(
      "the link between north and south is cut: south gets no answer from north, watch does; north serves on",
    );
    expect(world.begun.map((one) => one.name)).not.toContain("region-unreachable");
  });

  test("only the witness misses it: the vantages disagree", () => {
    const world = well();
    world.periods(8, { misses: (vantage, target) => vantage === "watch" && target.region === "north" });
    expect(world.names("north")).toEqual(["vantages-disagree"]);
  });

  test("no reports, but answers: the agent is silent, not dead", () => {
    const world = well();
    world.periods(8, { silent: ["north"] });
    expect(world.names("north")).toEqual(["agent-silent"]);
    expect(isHeard(world.config, world.state, "north", world.nowMs)).toBe(false);
    expect(isHeard(world.config, world.state, "south", world.nowMs)).toBe(true);
  });

  test("what users got through an observer's own router is no sight, and no sign that it is unwell", () => {
    const world = well();
    const own: Weather["requests"] = (router) =>
      router === "south" ? [{ region: "south", service: "web", ok: 40, failed: 0 }] : [];
    world.periods(8, { misses: (from) => from === "south", controls: (from) => from !== "south", requests: own });
    expect(world.names("south")).toContain("observer-blind");

    // Most of what south looks at is weak to it; well served users of its own region do not make that fewer than most.
    const [bare, served] = [well(), well()];
    const chances = [chanceFrom(7), chanceFrom(7)] as const;
    for (const [world, requests, chance] of [
      [bare, undefined, chances[0]],
      [served, own, chances[1]],
    ] as const)
      world.periods(30, {
        misses: (from) => from === "south" && chance() < 0.6,
        ...(requests === undefined ? {} : { requests }),
      });
    expect(bare.state.observers.get("south")?.unwell).toBe(true);
    expect(served.state.observers.get("south")?.unwell).toBe(true);
  });

  test("an observer that reaches no control is blind, and its misses count for nothing", () => {
    const world = well();
    world.periods(8, { misses: (vantage) => vantage === "south", controls: (vantage) => vantage !== "south" });
    expect(world.names("south")).toEqual(["observer-blind"]);
    expect(world.names("north")).toEqual(["unknown"]);
    expect(world.diagnosis("unknown").sentence).toContain("south is cut off itself");
  });

  test("a standby that is not caught up for longer than the bound is stalled", () => {
    const world = well();
    const received = String(Math.floor(world.nowMs));
    const stalled: Weather = {
      reports: (region) =>
        region === "south"
          ? [
              {
                service: "orders",
                running: true,
                role: "standby",
                streaming: false,
                hasStreamed: true,
                lagBytes: 12_345,
                position: { received, timeline: 1 },
              },
            ]
          : standing(region, world),
    };
    world.periods(45, stalled);
    expect(world.names("south")).toEqual(["healthy"]);
    world.periods(15, stalled);
    expect(world.names("south")).toEqual(["replication-stalled"]);
    expect(world.diagnosis("replication-stalled").sentence).toMatch(
      /^replication of orders to south is stalled: last caught up 1[0-2] s ago \(bound 10 s\), 11,850 bytes behind$/,
    );
  });

  test("a standby that turns primary without a new record was promoted by hand; an old primary that wakes was not", () => {
    const world = well();
    const primary = (timeline: number): readonly ReportedService[] => [
      { service: "orders", running: true, role: "primary", position: { written: "99", timeline } },
    ];
    world.periods(3, reporting("south", primary(2), world));
    expect(world.diagnosis("promoted-by-hand")).toMatchObject({ region: "south", severity: "critical" });

    const switched = well();
    switched.periods(4, dead("north"));
    switched.take({
      kind: "record",
      nowMs: switched.nowMs,
      record: { group: "storefront", epoch: 2, primary: "south", promotable: ["south"] },
    });
    const after = (region: string): readonly ReportedService[] =>
      region === "south" ? primary(2) : region === "north" ? primary(1) : [];
    switched.periods(10, { reports: after });
    expect(switched.names()).not.toContain("promoted-by-hand");
  });

  test("the store's absence is told as the controller's region's", () => {
    const world = well();
    world.take({ kind: "store", nowMs: world.nowMs, reachable: false, why: "no answer in 0.2 s" });
    world.period();
    expect(world.diagnosis("store-away").sentence).toBe(
      "the store of the controller in watch is away for 0.2 s (no answer in 0.2 s): primaries go on by holds, nobody is promoted",
    );
    world.take({ kind: "store", nowMs: world.nowMs, reachable: true });
    expect(world.names("watch")).toEqual(["healthy"]);
  });

  test("what a standby is not meant to run is not missed there", () => {
    const system = shopOf();
    const world = new World({
      ...system,
      services: system.services.map((one) =>
        one.name === "web" ? { ...one, replicas: { primary: 4, standby: 0 } } : one,
      ),
    });
    world.periods(25, { misses: (_, target) => target.region === "south" && target.service === "web" });
    expect(world.names("south")).toEqual(["healthy"]);
  });

  test("every name has a row", () => {
    const shown: readonly DiagnosisName[] = [
      ...new Set([...regionRows.map((row) => row.name), ...serviceRows.map((row) => row.name)]),
    ];
    expect([...shown, "healthy", "store-away"].sort()).toEqual([
      "agent-down",
      "agent-silent",
      "database-down",
      "flapping",
      "healthy",
      "link-cut",
      "observer-blind",
      "promoted-by-hand",
      "recovering",
      "region-degraded",
      "region-unreachable",
      "replication-stalled",
      "service-degraded",
      "service-down",
      "slow",
      "store-away",
      "unknown",
      "vantages-disagree",
    ]);
  });
});

test("a database that has no connection left is degraded and says so, and is not down", () => {
  const world = well();
  const orders = (one: { readonly region: string; readonly service: string }): boolean =>
    one.region === "north" && one.service === "orders";
  world.periods(50, { misses: (_, one) => orders(one), busy: orders });
  expect(world.names("north")).toEqual(["service-degraded"]);
  expect(world.diagnosis("service-degraded")).toMatchObject({ service: "orders", severity: "warning" });
  expect(world.diagnosis("service-degraded").sentence).toMatch(
    /^orders in north is degraded: about 100 % of answers fail, .*; it is there and says no: It has no connection left$/,
  );
  // Whoever then says nothing at all is down as soon as any.
  world.periods(4, { misses: (_, one) => orders(one) });
  expect(world.names("north")).toContain("database-down");
});

test("what begins and ends is told once, with the time at which it began", () => {
  const world = well();
  const from = world.nowMs;
  world.periods(8, dead("north"));
  const begun = world.begun.filter((one) => one.name === "region-unreachable");
  expect(begun).toHaveLength(1);
  expect(begun[0]?.sinceMs).toBeGreaterThan(from);
  expect(begun[0]?.sinceMs).toBeLessThan(from + 200);
  expect(world.diagnosis("region-unreachable").seenAtMs).toBe(begun[0]?.seenAtMs);
  expect(diagnosisKey(world.diagnosis("region-unreachable"))).toBe("region-unreachable/north//");
});

test("a router's outcome takes the place of a probe of the same report", () => {
  const world = well();
  for (let period = 0; period < 5; period += 1) {
    for (const vantage of ["south", "watch"]) {
      world.nowMs += 100;
      const target = { region: "north", service: "web" };
      const look = { vantage, target, controls: true, roundTripMs: 1 };
      world.take({
        kind: "observations",
        nowMs: world.nowMs,
        observations: [
          { ...look, source: "probe", ok: true },
          { ...look, source: "router", ok: false },
        ],
      });
    }
  }
  expect(world.names("north")).toContain("service-down");
});

test("observations of unknown targets and of places that are no vantage change nothing", () => {
  const world = well();
  const before = world.state.targets;
  const look = { source: "probe", ok: false, controls: true, roundTripMs: 1 } as const;
  world.take({
    kind: "observations",
    nowMs: world.nowMs + 500,
    observations: [
      { ...look, vantage: "mars", target: { region: "north", service: "web" } },
      { ...look, vantage: "north", target: { region: "north", service: "web" } },
      { ...look, vantage: "south", target: { region: "north", service: "nothing" } },
    ],
  });
  expect(world.state.targets).toEqual(before);
});

test("flapping is never called healthy between two falls", () => {
  const world = well();
  world.periods(6, dead("north"));
  for (let fall = 0; fall < 5; fall += 1) {
    world.periods(9);
    expect(world.names("north")).not.toContain("healthy");
    world.periods(6, dead("north"));
  }
});

test("when a standby was caught up is known on the controller's clock", () => {
  const world = well();
  const standby = standbyOf(world.state, "orders", "south");
  expect(standby).toMatchObject({ streaming: true, hasStreamed: true });
  const age = world.nowMs - (standby?.caughtUpAtMs ?? 0);
  expect(age).toBeLessThan(400);
  expect(age).toBeGreaterThan(60);
});

test("the manifest's budget gives the thresholds", () => {
  const { config } = new World(shopOf());
  const expected = thresholdFor({ falseFailoverMs: 315_576_000_000, vantages: 2, periodMs: 200, p0: 0.01, targets: 3 });
  expect(new Set(config.targets.map((target) => target.rules.misses))).toEqual(new Set([expected.misses]));
  expect(expected.misses).toBe(5);
});
