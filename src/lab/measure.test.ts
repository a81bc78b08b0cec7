import fc from "fast-check";
import { expect, test } from "vitest";
import type { RunReport, TimelineEvent } from "../wire/people.ts";
import { aggregate, type Evidence, hasTwoWriters, longestGap, measure } from "./measure.ts";
import type { LedgerEntry } from "./users/ledger.ts";

const entry = (part: Partial<LedgerEntry>): LedgerEntry => ({
  client: "users",
  what: "order",
  key: `k${part.seq ?? 0}`,
  seq: 0,
  sentAt: (part.endedAt ?? 0) - 10,
  endedAt: 0,
  outcome: "acknowledged",
  attempts: 1,
  epoch: 1,
  ...part,
});

const step = (phase: string, startedAt: number, endedAt: number) => ({
  id: `${phase}.x@south`,
  phase,
  region: "south",
  service: "orders",
  startedAt,
  endedAt,
  outcome: "done",
  reason: "done",
});

const run: RunReport = {
  id: "run-1",
  kind: "failover",
  group: "storefront",
  from: "north",
  to: "south",
  epochBefore: 1,
  reason: "north is dead",
  startedAt: 1_900,
  endedAt: 3_500,
  result: "done",
  resultReason: "done",
  expectedMs: 2_500,
  lossBoundMs: 700,
  facts: { "re-protect.follow.orders@north.orphans": 3 },
  steps: [
    step("check", 1_900, 1_905),
    step("fence", 1_905, 3_000),
    step("data", 3_000, 3_040),
    step("compute", 3_000, 3_300),
    step("traffic", 3_040, 3_080),
    { ...step("fence", 1_905, 9_000), id: "fence.fence.orders@north", region: "north" },
  ],
};

const seen: TimelineEvent = {
  atMs: 1_850,
  kind: "seen",
  group: "storefront",
  region: "north",
  name: "region-dead",
  sentence: "north is dead",
};

// Acknowledged every 10 ms until 1000 (the fault), then again from 3100 under epoch 2.
const entries: LedgerEntry[] = [
  ...Array.from({ length: 100 }, (_, index) => entry({ seq: index, endedAt: 10 * (index + 1) })),
  ...Array.from({ length: 90 }, (_, index) => entry({ seq: 200 + index, endedAt: 3_100 + 10 * index, epoch: 2 })),
  ...Array.from({ length: 10 }, (_, index) =>
    entry({ what: "marker", key: `m${index}`, seq: index + 1, endedAt: 100 * (index + 1) - 5 }),
  ),
  entry({ client: "stubborn", key: "s1", endedAt: 500 }),
  entry({ client: "stubborn", key: "s2", endedAt: 3_900, outcome: "unknown" }),
  entry({ client: "direct", key: "d1", endedAt: 900 }),
  entry({ client: "direct", key: "d2", endedAt: 3_500 }),
  entry({ key: "never", endedAt: 3_000, outcome: "refused" }),
];

const keys = entries
  .filter((one) => one.what === "order" && one.outcome === "acknowledged" && one.client !== "direct")
  .map((one) => one.key);

const evidence: Evidence = {
  story: "region-loss",
  mode: "async",
  system: "shop",
  region: "north",
  startedAt: 0,
  faultAt: 1_000,
  endedAt: 4_000,
  entries,
  // The last two orders and the last marker before the fault are gone; one order is there twice.
  stored: {
    orders: new Map(keys.filter((key) => key !== "k98" && key !== "k99").map((key) => [key, key === "k3" ? 2 : 1])),
    markers: new Set([1, 2, 3, 4, 5, 6, 7, 8, 9]),
  },
  events: [seen],
  runs: [run],
  faults: [{ at: 1_000, region: "north", sentence: "north was killed" }],
  objectives: { rtoMs: 30_000, rpoMs: 30_000 },
  withheld: 0,
};

test("a failover is measured from the client's side", () => {
  const report = measure(evidence);
  expect(report.rtoMs).toBe(2_100);
  expect(report.phases).toEqual({ detect: 850, decide: 50, fence: 1_100, data: 80, route: 0, firstWrite: 20 });
  expect(report).toMatchObject({
    acknowledged: 191,
    lost: 2,
    duplicated: 1,
    refused: 1,
    unknown: 0,
    orphans: 3,
    twoWriters: false,
    direct: { acknowledgedAfterSwitch: 1 },
    markers: { sent: 10, lost: 1, firstLost: 10, lastLost: 10 },
    // Sent at 985, the fault came at 1000.
    rpoMs: 15,
    diagnosis: "region-dead",
    decision: "failover",
    reason: "north is dead",
    predicted: { rtoMs: 2_500, rpoMs: 700 },
    objectives: { met: true },
  });
  expect(report.timeline.gap).toEqual({ from: 1_000, to: 3_100 });
  expect(report.timeline.events.map((event) => event.kind)).toEqual(["fault", "seen"]);
});

test("the switch home has a gap and a loss of its own", () => {
  const back = entry({ client: "direct", key: "d3", endedAt: 3_700 });
  const home = measure({ ...evidence, entries: [...entries, back], homeAt: 3_500, endedAt: 4_400 });
  // The direct client writes to the primary again, which is as it should be.
  expect(home.direct.acknowledgedAfterSwitch).toBe(1);
  expect(home.rtoMs).toBe(2_100);
  // The last acknowledgement was at 3990: silence up to the end counts.
  expect(home.home).toEqual({ writeGapMs: 410, lost: 0 });
});

test("without a switch the whole gap is the client's own", () => {
  const report = measure({ ...evidence, runs: [], events: [] });
  expect(report.phases.firstWrite).toBe(report.rtoMs);
  expect(report.decision).toBe("hold");
  expect(report.diagnosis).toBe("none");
});

test("a failover that was called off because the primary came back moved nobody; one that failed is told", () => {
  const failed: RunReport = { ...run, result: "failed" };
  const calledOff = { ...failed, facts: { "fence.epoch@south.abandoned": true } } as unknown as RunReport;
  const { steps, decision } = measure({ ...evidence, runs: [calledOff] });
  expect(steps).toEqual([]);
  expect(decision).not.toBe("failover");
  expect(measure({ ...evidence, runs: [failed] }).decision).toBe("failover");
});

test("a region that goes on after the cut loses what it took after it", () => {
  const late = entry({ what: "marker", key: "m99", seq: 99, sentAt: 1_990, endedAt: 2_000 });
  const report = measure({ ...evidence, entries: [...entries, late] });
  expect(report.markers).toMatchObject({ lost: 2, firstLost: 10, lastLost: 99 });
  expect(report.rpoMs).toBe(2_000 - 985);
});

test("an old epoch after a new one is two writers, by whichever client, unless it went past the routers", () => {
  const late = { endedAt: 3_200, epoch: 1 };
  expect(hasTwoWriters([...entries, entry({ ...late, client: "stubborn" })])).toBe(true);
  expect(hasTwoWriters([...entries, entry({ ...late, client: "users", what: "marker" })])).toBe(true);
  expect(hasTwoWriters([...entries, entry({ ...late, client: "direct" })])).toBe(false);
  expect(hasTwoWriters([...entries, entry({ ...late, outcome: "unknown" })])).toBe(false);
});

test("two writers: the same verdict as looking at every pair", () => {
  const writes = fc.array(
    fc.record({ endedAt: fc.integer({ min: 0, max: 30 }), epoch: fc.integer({ min: 1, max: 3 }) }),
    { maxLength: 20 },
  );
  fc.assert(
    fc.property(writes, (list) => {
      const distinct = list.map((one, index) => ({ ...one, endedAt: one.endedAt * 100 + index }));
      const byPairs = distinct.some((a) => distinct.some((b) => b.endedAt > a.endedAt && b.epoch < a.epoch));
      expect(hasTwoWriters(distinct.map((one) => entry(one)))).toBe(byPairs);
    }),
  );
});

test("longest gap: no other stretch without an acknowledgement is longer", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -10, max: 110 })), (times) => {
      const gap = longestGap(times, 0, 100);
      const silent = (from: number, to: number): boolean => !times.some((time) => time > from && time < to);
      expect(silent(gap.from, gap.to)).toBe(true);
      for (let from = 0; from <= 100; from++) {
        for (let to = from; to <= 100; to++)
          if (silent(from, to)) expect(to - from).toBeLessThanOrEqual(gap.to - gap.from);
      }
    }),
    { numRuns: 30 },
  );
});

test("the shares of the phases add up to the gap, whatever the controller wrote down", () => {
  const mark = fc.integer({ min: 0, max: 5_000 });
  fc.assert(
    fc.property(
      mark,
      mark,
      fc.array(fc.tuple(fc.constantFrom("check", "fence", "data", "compute", "traffic", "verify"), mark, mark)),
      (seenAt, startedAt, steps) => {
        const drawn = { ...run, startedAt, steps: steps.map(([phase, from, to]) => step(phase, from, to)) };
        const report = measure({ ...evidence, runs: [drawn], events: [{ ...seen, atMs: seenAt }] });
        const shares = Object.values(report.phases);
        expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(report.rtoMs, 6);
        for (const share of shares) expect(share).toBeGreaterThanOrEqual(-0.001);
      },
    ),
  );
});

test("rounds add up, any two writers count, and the median round is told", () => {
  const base = measure(evidence);
  const rounds = [
    { ...base, rtoMs: 3_000, diagnosis: "slow" },
    { ...base, rtoMs: 2_000, diagnosis: "median", twoWriters: true },
    { ...base, rtoMs: 1_000, diagnosis: "fast", objectives: { ...base.objectives, met: false } },
  ];
  const all = aggregate(rounds);
  expect(all).toMatchObject({
    rtoMs: 2_000,
    diagnosis: "median",
    acknowledged: 3 * base.acknowledged,
    lost: 6,
    twoWriters: true,
    objectives: { met: false },
    rounds: { count: 3, rtoMs: { min: 1_000, median: 2_000, max: 3_000 } },
  });
  const even = aggregate(rounds.slice(0, 2));
  expect(even.rtoMs).toBe(2_500);
  expect(Object.values(even.phases).reduce((sum, share) => sum + share, 0)).toBeCloseTo(2_500, 6);
});
