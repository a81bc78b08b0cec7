import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { planOf, shopInThree } from "../../test/spine/shop.ts";
import type { GroupRecord } from "../core/lease/record.ts";
import type { Group, RegionName } from "../core/model/system.ts";
import type { PlanKind } from "../core/plan/plan.ts";
import type { Traffic } from "../wire/calls.ts";
import { type Due, type Standing, Upkeep } from "./upkeep.ts";

const system = shopInThree();
const group = system.groups[0] as Group;
const startedMs = 10_000;
const nothing: Due = { kind: "nothing" };
const trafficTo = (primary: RegionName, epoch: number): Traffic => ({
  group: "storefront",
  generation: epoch,
  epoch,
  primary,
  mode: "open",
});
const recordOf = (epoch: number, primary: RegionName, promotable: readonly RegionName[]): GroupRecord => ({
  group: "storefront",
  epoch,
  primary,
  promotable,
});

/** Everybody is heard and nothing is under way, unless it is said otherwise. */
function standing(nowMs: number, change: Partial<Standing> = {}): Standing {
  return { nowMs, record: undefined, traffic: undefined, free: true, isHeard: () => true, maintenance: [], ...change };
}
const heard =
  (...regions: readonly RegionName[]) =>
  (region: RegionName): boolean =>
    regions.includes(region);
const wanted = (due: Due) => (due.kind === "run" ? due.wanted : due);

describe("a group without a record", () => {
  test("gets its first choice as soon as that is heard", () => {
    const upkeep = new Upkeep(group, startedMs);
    expect(upkeep.due(standing(10_100, { isHeard: heard("south", "east") }))).toEqual(nothing);
    expect(upkeep.due(standing(10_200))).toEqual({
      kind: "run",
      wanted: {
        kind: "establish",
        from: "north",
        to: "north",
        reason: "storefront has no primary yet; north is the first choice that answers",
      },
    });
  });

  test("gets the next one that answers when the first choice is late", () => {
    const upkeep = new Upkeep(group, startedMs);
    const isHeard = heard("south", "east");
    expect(upkeep.due(standing(25_000, { isHeard }))).toEqual(nothing);
    expect(wanted(upkeep.due(standing(25_001, { isHeard })))).toMatchObject({ kind: "establish", to: "south" });
    expect(upkeep.due(standing(25_001, { isHeard: () => false }))).toEqual(nothing);
  });

  test("is not established afresh when a member knows an epoch (I1)", () => {
    const upkeep = new Upkeep(group, startedMs);
    upkeep.heard("north", 10_050, 0);
    upkeep.heard("south", 10_050, 7);
    const sentence =
      "the store knows nothing of storefront, but south knows epoch 7: bring the controller's store back";
    expect(upkeep.due(standing(10_100))).toEqual({ kind: "trouble", sentence });
  });

  test("is never established while any member knows an epoch, whatever was heard and when (I1)", () => {
    const report = fc.record({
      region: fc.constantFrom("north", "south", "east"),
      epoch: fc.option(fc.nat(2), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(report, { maxLength: 6 }), fc.nat(30_000), fc.boolean(), (reports, laterMs, silent) => {
        const upkeep = new Upkeep(group, startedMs);
        for (const { region, epoch } of reports) upkeep.heard(region, startedMs, epoch);
        if (silent) upkeep.forgetSilent(() => false);
        const newest = new Map(reports.flatMap(({ region, epoch }) => (epoch === undefined ? [] : [[region, epoch]])));
        const known = [...newest.values()].some((epoch) => epoch > 0);
        expect(upkeep.due(standing(startedMs + laterMs)).kind).toBe(known ? "trouble" : "run");
      }),
      { numRuns: 60 },
    );
  });
});

describe("a standby that was taken out half-way", () => {
  const plan = planOf(system, "unprotect", "north", "south", 3);
  const left = recordOf(4, "north", ["north"]);

  test("is taken out to the end, with growing pauses, while its epoch is the newest", () => {
    const upkeep = new Upkeep(group, startedMs);
    upkeep.leave(plan);
    const traffic = trafficTo("north", 1);
    const again = { kind: "unprotect", from: "north", to: "south", epoch: 3 };
    expect(wanted(upkeep.due(standing(20_000, { record: left, traffic })))).toMatchObject(again);
    expect(upkeep.due(standing(20_900, { record: left, traffic }))).toEqual(nothing);
    expect(wanted(upkeep.due(standing(21_000, { record: left, traffic })))).toMatchObject(again);
  });

  test.each([
    ["it is promotable again", recordOf(4, "north", ["north", "south"])],
    ["the epoch has moved on", recordOf(5, "north", ["north"])],
    ["the epoch has not moved", recordOf(3, "north", ["north", "south"])],
    ["another is primary", recordOf(4, "east", ["east"])],
  ])("is left at that when %s", (_, record) => {
    const upkeep = new Upkeep(group, startedMs);
    upkeep.leave(plan);
    expect(upkeep.due(standing(20_000, { record, traffic: trafficTo("north", 1) }))).toEqual(nothing);
  });
});

describe("a standby in maintenance", () => {
  test("is left alone until it is back", () => {
    const upkeep = new Upkeep(group, startedMs);
    upkeep.heard("east", 20_000, 2);
    const change = { record: recordOf(3, "north", ["north", "south"]), traffic: trafficTo("north", 3) };
    expect(upkeep.due(standing(21_000, { ...change, maintenance: ["east"] }))).toEqual(nothing);
    expect(wanted(upkeep.due(standing(21_000, change)))).toMatchObject({ kind: "protect", to: "east" });
  });
});

describe("a region that is no standby", () => {
  const record = recordOf(3, "north", ["north", "south"]);
  const traffic = trafficTo("north", 3);
  const protectEast = {
    kind: "protect",
    from: "north",
    to: "east",
    reason: "east answers and is no standby: it is made one again",
  };

  test("is made one when it has been heard for a while", () => {
    const upkeep = new Upkeep(group, startedMs);
    expect(upkeep.due(standing(19_000, { record, traffic }))).toEqual(nothing);
    upkeep.heard("east", 20_000, 2);
    upkeep.heard("east", 20_500, 2);
    expect(upkeep.due(standing(20_599, { record, traffic }))).toEqual(nothing);
    expect(wanted(upkeep.due(standing(20_600, { record, traffic })))).toEqual(protectEast);
  });

  test("begins anew when it falls silent in between", () => {
    const upkeep = new Upkeep(group, startedMs);
    upkeep.heard("east", 20_000, 2);
    upkeep.forgetSilent(heard("north", "south"));
    upkeep.heard("east", 21_000, 2);
    expect(upkeep.due(standing(21_500, { record, traffic }))).toEqual(nothing);
    expect(wanted(upkeep.due(standing(21_600, { record, traffic })))).toEqual(protectEast);
  });

  test.each([
    ["a run is under way", { free: false }],
    ["the primary is silent", { isHeard: heard("south", "east") }],
    ["users are led elsewhere", { traffic: trafficTo("south", 2) }],
    ["nobody knows where users are led", { traffic: undefined }],
  ])("waits while %s", (_, change) => {
    const upkeep = new Upkeep(group, startedMs);
    upkeep.heard("east", 20_000, 2);
    expect(upkeep.due(standing(30_000, { record, traffic, ...change }))).toEqual(nothing);
  });

  test("is tried again after a growing pause, and at once after it was a standby", () => {
    const upkeep = new Upkeep(group, startedMs);
    upkeep.heard("east", 0, 2);
    const isDue = (nowMs: number): boolean => upkeep.due(standing(nowMs, { record, traffic })).kind === "run";
    for (const [tooEarlyMs, dueMs] of [
      [undefined, 100_000],
      [100_999, 101_000],
      [105_999, 106_000],
      [120_999, 121_000],
      [180_999, 181_000],
      [240_999, 241_000],
    ] as const) {
      if (tooEarlyMs !== undefined) expect(isDue(tooEarlyMs), `at ${tooEarlyMs}`).toBe(false);
      expect(isDue(dueMs), `at ${dueMs}`).toBe(true);
    }
    expect(isDue(241_001)).toBe(false);
    upkeep.protectedAgain("east");
    expect(isDue(241_001)).toBe(true);
  });

  test("does not keep another one waiting", () => {
    const upkeep = new Upkeep(group, startedMs);
    for (const region of ["south", "east"]) upkeep.heard(region, 20_000, 2);
    const alone = recordOf(3, "north", ["north"]);
    const next = () => wanted(upkeep.due(standing(21_000, { record: alone, traffic })));
    expect([next(), next(), next()]).toMatchObject([{ to: "south" }, { to: "east" }, nothing]);
  });
});

describe("a run that moved the epoch and broke off", () => {
  const record = recordOf(4, "south", ["south", "north", "east"]);
  const traffic = trafficTo("north", 3);
  const left = (kind: PlanKind): Upkeep => {
    const upkeep = new Upkeep(group, startedMs);
    upkeep.leave(planOf(system, kind, "north", "south", 3, ["north", "south", "east"]));
    return upkeep;
  };

  test.each([
    ["failover", "failover"],
    ["switchover", "failover"],
    ["failback", "failover"],
    ["restore", "restore"],
  ] as const)("of a %s is finished as a %s under the epoch it began with", (kind, rest) => {
    expect(wanted(left(kind).due(standing(20_000, { record, traffic })))).toEqual({
      kind: rest,
      from: "north",
      to: "south",
      epoch: 3,
      reason: `epoch 4 names south, which does not serve yet: what is left of the ${kind} is done`,
    });
  });

  test("waits until its primary is heard, and longer after each try", () => {
    const upkeep = left("failover");
    const at = (nowMs: number, isHeard = heard("south")) =>
      upkeep.due(standing(nowMs, { record, traffic, isHeard })).kind;
    expect(at(20_000, heard("north"))).toBe("nothing");
    expect([20_000, 20_999, 21_000, 25_999, 26_000].map((nowMs) => at(nowMs))).toEqual([
      "run",
      "nothing",
      "run",
      "nothing",
      "run",
    ]);
  });

  test.each([
    ["its users are there", record, trafficTo("south", 4)],
    ["the record has moved on", recordOf(5, "south", record.promotable), traffic],
    ["the epoch had not moved", recordOf(3, "north", record.promotable), trafficTo("north", 3)],
    ["another one is primary", recordOf(4, "east", record.promotable), traffic],
  ])("is left alone when %s", (_, now, led) => {
    const upkeep = left("failover");
    expect(upkeep.due(standing(20_000, { record: now, traffic: led }))).toEqual(nothing);
    expect(upkeep.due(standing(20_001, { record, traffic }))).toEqual(nothing);
  });

  test("is forgotten when a later one left nothing undone", () => {
    const upkeep = left("failover");
    upkeep.leave(undefined);
    expect(upkeep.due(standing(20_000, { record, traffic }))).toEqual(nothing);
  });
});
