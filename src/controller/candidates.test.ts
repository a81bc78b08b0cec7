import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { shopOf } from "../../test/core/watch-world.ts";
import type { Service, System } from "../core/model/system.ts";
import { watchConfigOf } from "../core/watch/config.ts";
import { reportKey } from "../core/watch/facts.ts";
import type { ReportedService } from "../core/watch/observation.ts";
import type { Standby } from "../core/watch/replication.ts";
import { initialWatch } from "../core/watch/watch.ts";
import { admissionProblemOf, candidateOf, decideInputOf, targetProblemOf, type View } from "./candidates.ts";

const nowMs = 100_000;
const record = { group: "storefront", epoch: 4, primary: "north", promotable: ["north", "south"] };
const southCopy: Standby = {
  region: "south",
  reportedAtMs: 99_900,
  firstReportedAtMs: 50_000,
  streaming: true,
  hasStreamed: true,
  lagBytes: 2_000,
  caughtUpAtMs: 99_700,
};
const running = (service: string, change: Partial<ReportedService> = {}): ReportedService => ({
  service,
  running: true,
  role: "not-a-database",
  ...change,
});

/** The shop with a second database, whose commits wait for the standby. */
function shopOfTwo(): System {
  const shop = shopOf();
  const stock = (service: Service): Service => ({
    ...service,
    name: "stock",
    replication: { method: "streaming", mode: "sync" },
  });
  return { ...shop, services: shop.services.flatMap((one) => (one.name === "orders" ? [one, stock(one)] : [one])) };
}

function viewOf(known: {
  readonly system?: System;
  /** South's copies, by service. */
  readonly copies?: Readonly<Record<string, Standby>>;
  /** South's own reports. */
  readonly reports?: readonly ReportedService[];
  readonly heardMs?: number;
}): View {
  const system = known.system ?? shopOf();
  const [group] = system.groups;
  if (group === undefined) throw new Error("the shop has no group");
  const watchConfig = watchConfigOf(system, "watch");
  const seen = { atMs: nowMs, reports: 1, downReports: 0, downSinceMs: nowMs, wasStandby: false, selfMadeReports: 0 };
  const watch = {
    ...initialWatch(watchConfig),
    reportedAtMs: new Map([["south", known.heardMs ?? 99_900]]),
    reports: new Map((known.reports ?? []).map((one) => [reportKey("south", one.service), { ...seen, service: one }])),
    replication: new Map(
      Object.entries(known.copies ?? {}).map(([service, copy]) => [
        service,
        { primary: "north", marks: [], standbys: [copy] },
      ]),
    ),
  };
  return { nowMs, system, group, watchConfig, watch };
}

describe("a region as a candidate", () => {
  test("is its copy, its agent and the services that are ready in it", () => {
    const reports = [running("orders", { role: "standby" }), running("web", { replicas: { running: 1, ready: 1 } })];
    expect(candidateOf(viewOf({ copies: { orders: southCopy }, reports }), "south")).toEqual({
      region: "south",
      agentReachable: true,
      readyServices: ["orders", "web"],
      streaming: true,
      hasStreamed: true,
      lagBytes: 2_000,
      caughtUpAtMs: 99_700,
      capacity: 0.25,
    });
  });

  test("has the most advanced position, or so many bytes less", () => {
    const east = { ...southCopy, region: "east", received: 9_000n, timeline: 1 };
    const view = viewOf({ copies: { orders: { ...southCopy, received: 8_000n, timeline: 1 } } });
    const link = view.watch.replication.get("orders");
    const replication = new Map([
      ["orders", { primary: "north", marks: [], standbys: [...(link?.standbys ?? []), east] }],
    ]);
    const both = { ...view, watch: { ...view.watch, replication } };
    expect(candidateOf(both, "south").behindBytes).toBe(1_000);
    expect(candidateOf(both, "east").behindBytes).toBe(0);
    // Positions of another timeline are another history.
    const forked = new Map([
      ["orders", { primary: "north", marks: [], standbys: [...(link?.standbys ?? []), { ...east, timeline: 2 }] }],
    ]);
    expect(candidateOf({ ...view, watch: { ...view.watch, replication: forked } }, "south")).not.toHaveProperty(
      "behindBytes",
    );
  });

  test("is barred, and near or far, as the catalog says", () => {
    const places = { south: { barredWhy: "south lies in SE, and only NO is allowed", roundTripMs: { north: 12 } } };
    expect(candidateOf({ ...viewOf({}), places }, "south")).toMatchObject({
      barredWhy: "south lies in SE, and only NO is allowed",
      latencyMs: 12,
    });
  });

  test("with two databases is as good as the worse of them", () => {
    const stock: Standby = { ...southCopy, streaming: false, lagBytes: 9_000, caughtUpAtMs: 80_000 };
    const view = viewOf({ system: shopOfTwo(), copies: { orders: southCopy, stock } });
    expect(candidateOf(view, "south")).toMatchObject({
      streaming: false,
      hasStreamed: true,
      lagBytes: 9_000,
      caughtUpAtMs: 80_000,
    });
  });

  test("was never caught up when one of its copies was not", () => {
    const { caughtUpAtMs: _, ...neverCaughtUp } = southCopy;
    const view = viewOf({ system: shopOfTwo(), copies: { orders: southCopy, stock: neverCaughtUp } });
    expect(candidateOf(view, "south")).not.toHaveProperty("caughtUpAtMs");
  });

  test("without a copy of every database is not judged by those it has (I3)", () => {
    const view = viewOf({ system: shopOfTwo(), copies: { orders: southCopy } });
    expect(candidateOf(view, "south")).toEqual({
      region: "south",
      agentReachable: true,
      readyServices: [],
      capacity: 0,
    });
  });

  test("promoted by hand, still holds a copy that a person may want to go on with", () => {
    const reports = [running("orders", { role: "primary", hasStreamed: true })];
    expect(candidateOf(viewOf({ reports }), "south")).toEqual({
      region: "south",
      agentReachable: true,
      readyServices: ["orders"],
      capacity: 0,
      streaming: false,
      hasStreamed: true,
    });
  });

  test.each([
    ["stands still", { running: false }, []],
    ["has no replica that is ready", { replicas: { running: 2, ready: 0 } }, []],
    ["has one that is ready", { replicas: { running: 2, ready: 1 } }, ["web"]],
    ["has no replicas to count", {}, ["web"]],
  ])("whose web service %s is ready accordingly", (_, change, ready) => {
    expect(candidateOf(viewOf({ reports: [running("web", change)] }), "south").readyServices).toEqual(ready);
  });

  test.each([
    [99_000, true],
    [98_999, false],
  ])("heard at %i is reachable at 100000: %s", (heardMs, reachable) => {
    expect(candidateOf(viewOf({ heardMs }), "south").agentReachable).toBe(reachable);
  });

  test("is never made better by a second copy", () => {
    const copy = fc.record({
      streaming: fc.boolean(),
      hasStreamed: fc.boolean(),
      lagBytes: fc.nat(1_000_000),
      caughtUpAtMs: fc.nat(nowMs),
    });
    fc.assert(
      fc.property(copy, copy, (one, two) => {
        const [orders, stock] = [one, two].map((known) => ({ ...southCopy, ...known })) as [Standby, Standby];
        const both = candidateOf(viewOf({ system: shopOfTwo(), copies: { orders, stock } }), "south");
        const alone = candidateOf(viewOf({ copies: { orders } }), "south");
        expect(both.streaming === true && alone.streaming === false).toBe(false);
        expect(both.hasStreamed === true && alone.hasStreamed === false).toBe(false);
        expect(both.lagBytes).toBeGreaterThanOrEqual(one.lagBytes);
        expect(both.caughtUpAtMs).toBeLessThanOrEqual(one.caughtUpAtMs);
      }),
      { numRuns: 50 },
    );
  });
});

describe("what the decider is told", () => {
  const nothing = {
    paused: false,
    maintenance: [],
    record: undefined,
    diagnoses: [],
    lease: { seenAtMs: 99_000, ttlMs: 2_200 },
    run: undefined,
    lastRun: undefined,
    request: undefined,
  };

  test("is the group as the manifest has it, and leaves out what is not there", () => {
    const input = decideInputOf(viewOf({}), nothing);
    expect(input.group).toEqual({
      name: "storefront",
      primary: ["north", "south"],
      services: ["orders", "web"],
      witnesses: ["watch"],
      failover: "automatic",
      maxDataLossMs: 30_000,
      coolDownMs: 60_000,
      mode: "async",
    });
    expect(input.candidates.map((one) => one.region)).toEqual(["north", "south"]);
    expect(Object.keys(input).sort()).toEqual([
      "candidates",
      "diagnoses",
      "group",
      "lease",
      "maintenance",
      "nowMs",
      "paused",
    ]);
  });

  test("names the weakest mode of all databases", () => {
    const only = (mode: "async" | "sync" | undefined) => {
      const system = shopOfTwo();
      const services = system.services.filter(
        ({ replication }) => replication === undefined || replication.mode === mode,
      );
      return decideInputOf(viewOf({ system: { ...system, services } }), nothing).group.mode;
    };
    expect(decideInputOf(viewOf({ system: shopOfTwo() }), nothing).group.mode).toBe("async");
    expect([only("async"), only("sync"), only(undefined)]).toEqual(["async", "sync", "none"]);
  });
});

describe("a target", () => {
  const problem = (copy: Standby, graceful: boolean): string | undefined =>
    targetProblemOf(viewOf({ copies: { orders: copy } }), record, "south", graceful);

  test("that streams and is close may take over, gracefully or not", () => {
    expect([problem(southCopy, true), problem(southCopy, false)]).toEqual([undefined, undefined]);
  });

  test.each([
    [
      "never streamed",
      { hasStreamed: false },
      "south has never streamed from a primary: promoting it could lose everything",
    ],
    [
      "does not stream now",
      { streaming: false },
      "south is not streaming, so a switch without loss is not possible now",
    ],
    ["is 16 MiB behind", { lagBytes: 16_777_216 }, undefined],
    [
      "is a byte more behind",
      { lagBytes: 16_777_217 },
      "south is 16777217 bytes behind; it has to come within 16777216 bytes",
    ],
  ])("that %s is told so before a graceful switch", (_, change, sentence) => {
    expect(problem({ ...southCopy, ...change }, true)).toBe(sentence);
  });

  test("that lags or does not stream may be promoted all the same when it is forced", () => {
    expect(problem({ ...southCopy, streaming: false, lagBytes: 99_999_999 }, false)).toBe(undefined);
  });

  test("that the record does not admit, or whose agent is silent, may not", () => {
    const copies = { orders: southCopy };
    expect(targetProblemOf(viewOf({ copies }), { ...record, promotable: ["north"] }, "south", false)).toBe(
      "south is not promotable in epoch 4",
    );
    expect(targetProblemOf(viewOf({ copies, heardMs: 98_000 }), record, "south", false)).toBe(
      "south's agent does not answer",
    );
  });

  test("whose copy cannot be judged may not, unless nothing of the group replicates or it is the primary already (I3)", () => {
    const blind = viewOf({ reports: [running("orders", { running: false, role: "none", hasStreamed: false })] });
    for (const graceful of [true, false])
      expect(targetProblemOf(blind, record, "south", graceful)).toBe(
        "south has no copy of every database that can be judged now",
      );
    expect(targetProblemOf(blind, { ...record, primary: "south" }, "south", false)).toBe(undefined);
    const system = { ...shopOf(), services: shopOf().services.filter((one) => one.name === "web") };
    expect(targetProblemOf(viewOf({ system }), record, "south", true)).toBe(undefined);
  });
});

describe("a standby", () => {
  test("is made promotable only when its copy has been seen streaming, if there is anything to copy", () => {
    const problem = (copy: Standby): string | undefined =>
      admissionProblemOf(viewOf({ copies: { orders: copy } }), "south");
    const sentence = "the copy in south has not been seen streaming from a primary yet";
    expect(problem(southCopy)).toBe(undefined);
    expect(problem({ ...southCopy, hasStreamed: false })).toBe(sentence);
    expect(admissionProblemOf(viewOf({}), "south")).toBe(sentence);
    const system = { ...shopOf(), services: shopOf().services.filter((one) => one.name === "web") };
    expect(admissionProblemOf(viewOf({ system }), "south")).toBe(undefined);
  });
});
