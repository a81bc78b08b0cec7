import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { shopOf } from "../../test/core/watch-world.ts";
import type { Decision } from "../core/decide/decision.ts";
import type { Group, System } from "../core/model/system.ts";
import { watchConfigOf } from "../core/watch/config.ts";
import type { Diagnosis } from "../core/watch/diagnosis.ts";
import type { Standby } from "../core/watch/replication.ts";
import { initialWatch, type WatchState } from "../core/watch/watch.ts";
import { groupStatusOf, type StatusFacts } from "./group-status.ts";

const nowMs = 100_000;
const system = shopOf();
const record = { group: "storefront", epoch: 4, primary: "north", promotable: ["north", "south"] };
const empty = initialWatch(watchConfigOf(system, "watch"));
const southCopy: Standby = {
  region: "south",
  reportedAtMs: 99_900,
  firstReportedAtMs: 50_000,
  streaming: true,
  hasStreamed: true,
  lagBytes: 512,
  lagMs: 40,
  caughtUpAtMs: 99_700,
};
const withCopy = (copy: Standby): WatchState => ({
  ...empty,
  replication: new Map([["orders", { primary: "north", marks: [], standbys: [copy] }]]),
});
const down: Diagnosis = {
  name: "database-down",
  region: "north",
  service: "orders",
  severity: "critical",
  sinceMs: 98_499.6,
  seenAtMs: 99_500,
  evidence: { statistic: 5, threshold: 5, vantages: ["south", "watch"], sampleCount: 10, silentMs: 1_500 },
  sentence: "orders in north does not answer",
};

const facts = (change: Partial<StatusFacts> = {}): StatusFacts => ({
  nowMs,
  system,
  group: system.groups[0] as Group,
  loaded: true,
  record,
  ttlMs: 2_200,
  lease: { seenAtMs: 99_800.4, writable: true },
  traffic: { group: "storefront", generation: 9, epoch: 4, primary: "north", mode: "open" },
  paused: false,
  watch: withCopy(southCopy),
  diagnoses: [],
  decision: undefined,
  run: undefined,
  ...change,
});

describe("a group's status", () => {
  test("says who is primary, where users are led, and what a failover now could lose", () => {
    expect(groupStatusOf(facts())).toEqual({
      group: "storefront",
      sentence: "north is primary under epoch 4",
      epoch: 4,
      primary: "north",
      promotable: ["north", "south"],
      traffic: { generation: 9, primary: "north", mode: "open" },
      lease: { ageMs: 200, ttlMs: 2_200, writable: true },
      paused: false,
      policy: "automatic",
      diagnoses: [],
      decision: { kind: "hold", reason: "nothing has been decided yet" },
      links: [
        {
          service: "orders",
          from: "north",
          to: "south",
          streaming: true,
          lagBytes: 512,
          lagMs: 40,
          lossBoundMs: 2_300,
        },
      ],
    });
  });

  test("claims nothing before the store was read, although a record is at hand", () => {
    expect(groupStatusOf(facts({ loaded: false }))).toMatchObject({
      sentence: "this controller is reading what the store knows of storefront",
      epoch: 0,
      primary: "",
      promotable: [],
      links: [],
    });
  });

  test("of a group that was never established says so", () => {
    const { traffic: _, lease: __, ...rest } = facts({ record: undefined });
    const status = groupStatusOf({ ...rest, traffic: undefined, lease: undefined });
    expect(status).toMatchObject({ sentence: "storefront has no primary yet", epoch: 0, primary: "", links: [] });
    expect(status).not.toHaveProperty("traffic");
    expect(status).not.toHaveProperty("lease");
  });

  test("leads with the reason of the last decision, and shows what can be typed next", () => {
    const decision: Decision = {
      kind: "ask",
      rule: "a rule",
      reason: "north is gone, and up to 4 s could be lost",
      next: "leeward approve storefront",
      lossBoundMs: 4_000.7,
    };
    expect(groupStatusOf(facts({ decision }))).toMatchObject({
      sentence: "north is gone, and up to 4 s could be lost",
      decision: {
        kind: "ask",
        reason: "north is gone, and up to 4 s could be lost",
        next: "leeward approve storefront",
        lossBoundMs: 4_001,
      },
    });
    const unknown = groupStatusOf(facts({ decision: { ...decision, lossBoundMs: "unknown" } }));
    expect(unknown.decision).not.toHaveProperty("lossBoundMs");
  });

  test("names what is wrong and for how long, and nothing that is well", () => {
    const { service: _, ...agentless } = down;
    const well: Diagnosis = { ...agentless, name: "healthy", severity: "ok" };
    expect(groupStatusOf(facts({ diagnoses: [well, down] })).diagnoses).toEqual([
      {
        name: "database-down",
        region: "north",
        service: "orders",
        sentence: "orders in north does not answer",
        sinceMs: 1_500,
        evidence: { statistic: 5, threshold: 5, vantages: ["south", "watch"] },
      },
    ]);
  });
});

describe("a link", () => {
  const linkOf = (change: Partial<StatusFacts>) => groupStatusOf(facts(change)).links[0];

  test("loses nothing where commits wait for the standby", () => {
    const sync: System = {
      ...system,
      services: system.services.map((one) =>
        one.name === "orders" ? { ...one, replication: { method: "streaming", mode: "sync" } } : one,
      ),
    };
    expect(linkOf({ system: sync })).toMatchObject({ lossBoundMs: 0 });
  });

  test("whose copy was never caught up has no bound", () => {
    const { caughtUpAtMs: _, lagBytes: __, lagMs: ___, ...never } = southCopy;
    expect(linkOf({ watch: withCopy({ ...never, streaming: false }) })).toEqual({
      service: "orders",
      from: "north",
      to: "south",
      streaming: false,
    });
  });

  test("without a lease seen counts one that begins now", () => {
    expect(linkOf({ lease: undefined })).toMatchObject({ lossBoundMs: 2_500 });
  });

  test("nobody knows of is left out", () => {
    expect(groupStatusOf(facts({ watch: empty })).links).toEqual([]);
  });

  test("could lose exactly what lies between the last catch-up and the end of the lease, and never less than nothing (I3)", () => {
    fc.assert(
      fc.property(fc.nat(nowMs), fc.nat(nowMs + 5_000), (seenAtMs, caughtUpAtMs) => {
        const link = linkOf({ lease: { seenAtMs, writable: true }, watch: withCopy({ ...southCopy, caughtUpAtMs }) });
        let lossMs = 0;
        if (seenAtMs + 2_200 > caughtUpAtMs) lossMs = seenAtMs + 2_200 - caughtUpAtMs;
        expect(link?.lossBoundMs).toBe(lossMs);
      }),
      { numRuns: 60 },
    );
  });
});
