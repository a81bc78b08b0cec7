// Whatever a system looks like: every figure is a figure, the terms add up to it, the ordinary day is never worse than the worst, and the
// longest chain is the one that trying every path finds.

import fc from "fast-check";
import { expect, test } from "vitest";
import { knowledge } from "../../src/catalog/knowledge.ts";
import { describedTypes } from "../../src/catalog/load.ts";
import { regionFailure } from "../../src/core/assess/chain.ts";
import { costOf } from "../../src/core/assess/cost.ts";
import { decisionOf, detectionOf, sumOf } from "../../src/core/assess/detection.ts";
import { fatesOf, type Losing } from "../../src/core/assess/fate.ts";
import { type Ground, groundOf } from "../../src/core/assess/ground.ts";
import { worstPoint } from "../../src/core/assess/loss-point.ts";
import { comparePatterns, patternNames } from "../../src/core/assess/patterns.ts";
import { recoveryOf, targetsAfter } from "../../src/core/assess/recovery.ts";
import { stepsOf } from "../../src/core/assess/steps.ts";
import type { Bound } from "../../src/core/model/assess-report.ts";
import type { Copy, Group, Region, Route, Service, System } from "../../src/core/model/system.ts";

const names = ["north", "south", "west"] as const;
const places = ["azure/norwayeast", "azure/swedencentral", "aws/eu-north-1"] as const;
const types = describedTypes();

const span = fc.integer({ min: 1, max: 5_000_000 });
const copy: fc.Arbitrary<Copy> = fc.record({
  name: fc.constant("copy"),
  in: fc.constantFrom(...names, ...places, "site/vault"),
  everyMs: span,
  holdMs: fc.nat(1_000_000),
  transferMs: fc.nat(1_000_000),
});

type Sketch = {
  readonly type: number;
  readonly method: number;
  readonly group: number;
  readonly at: readonly string[];
  readonly needs: readonly number[];
  readonly replicas: readonly [number, number];
  readonly scaleUpMs: number | undefined;
  readonly copies: readonly Copy[] | undefined;
};

const sketch: fc.Arbitrary<Sketch> = fc.record({
  // One further than there are types: one that nobody knows.
  type: fc.nat(types.length),
  method: fc.nat(20),
  group: fc.nat(2),
  at: fc.subarray([...names], { minLength: 1 }),
  needs: fc.array(fc.nat(8), { maxLength: 3 }),
  replicas: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.nat(4)),
  scaleUpMs: fc.option(span, { nil: undefined }),
  copies: fc.option(fc.array(copy, { maxLength: 3 }), { nil: undefined }),
});

function serviceOf(one: Sketch, index: number): Service {
  const type = types[one.type];
  const method = type?.methods[one.method % type.methods.length];
  return {
    name: `s${index}`,
    type: type?.id ?? "nobody/knows",
    ...(one.group < 2 ? { group: `g${one.group}` } : {}),
    ...(method === undefined ? {} : { replication: { method: method.id, mode: method.modes[0] ?? "async" } }),
    needs: one.needs.filter((need) => need < index).map((need) => `s${need}`),
    replicas: { primary: one.replicas[0], standby: one.replicas[1] },
    health: { path: "/", everyMs: 1_000 },
    in: Object.fromEntries(one.at.map((place) => [place, {}])),
    ...(one.scaleUpMs === undefined ? {} : { scaleUpMs: one.scaleUpMs }),
    ...(one.copies === undefined ? {} : { copies: one.copies }),
    costPerMonth: 100,
    volume: { bytes: 1e9, changedBytesPerDay: 1e8 },
  };
}

const group = (name: string): fc.Arbitrary<Group> =>
  fc.record({
    name: fc.constant(name),
    primary: fc.shuffledSubarray([...names], { minLength: 1 }),
    pattern: fc.constantFrom(...patternNames),
    failover: fc.constantFrom("automatic" as const, "approve" as const, "manual" as const),
    maxDataLossMs: fc.nat(60_000),
    coolDownMs: fc.constant(0),
  });

const anySystem: fc.Arbitrary<System> = fc
  .record({
    sketches: fc.array(sketch, { minLength: 1, maxLength: 9 }),
    groups: fc.tuple(group("g0"), group("g1")),
    agents: fc.boolean(),
    routes: fc.array(
      fc.record({
        to: fc.nat(8),
        ttl: span,
        through: fc.option(fc.nat(8), { nil: undefined }),
        stubborn: fc.constantFrom(0, 0.05),
      }),
      { maxLength: 2 },
    ),
    detectionMs: fc.option(span, { nil: undefined }),
  })
  .map(({ sketches, groups, agents, routes, detectionMs }): System => {
    const services = sketches.map(serviceOf);
    const nameAt = (index: number): string => `s${index % services.length}`;
    return {
      version: 1,
      name: "any",
      regions: names.map(
        (name, index): Region => ({
          name,
          at: places[index] ?? "unknown",
          witness: false,
          ...(agents ? { agent: "http://10.0.0.1:7411" } : {}),
        }),
      ),
      objectives: { rtoMs: 60_000, rpoMs: 10_000, falseFailoverMs: 3e11, residency: [] },
      groups: [...groups],
      services,
      routes: routes.map(
        (route, index): Route => ({
          name: `r${index}.example.com`,
          to: nameAt(route.to),
          policy: "priority",
          ttlMs: route.ttl,
          whenAllDown: "keep-last",
          stubbornShare: route.stubborn,
          ...(route.through === undefined ? {} : { through: nameAt(route.through) }),
        }),
      ),
      jobs: [],
      control: {
        lease: { ttlMs: 2_200, renewEveryMs: 400, callTimeoutMs: 200, holdMs: 2_200, drift: 0.01 },
        probeEveryMs: 200,
        notify: [],
      },
      ...(detectionMs === undefined ? {} : { assumptions: { detectionMs } }),
      costs: { currency: "EUR", outagePerHour: 1_000, lossPerHour: 1_000 },
    };
  });

const someLost = fc.subarray([...names], { minLength: 1, maxLength: 2 });
const isBound = ({ expected, worst }: Bound): boolean => expected >= 0 && worst >= expected;
const near = (one: number, other: number): boolean =>
  one === other || Math.abs(one - other) <= 1e-6 * (1 + Math.abs(other));

test("every loss of any system has figures that add up", () => {
  fc.assert(
    fc.property(anySystem, someLost, (system, lost) => {
      const loss = recoveryOf({ ground: groundOf(system, knowledge()), lost, targets: targetsAfter(system, lost) });
      expect(isBound(loss.rtoSeconds) && isBound(loss.rpoSeconds)).toBe(true);
      for (const [terms, seconds] of [
        [loss.rtoTerms, loss.rtoSeconds],
        [loss.rpoTerms, loss.rpoSeconds],
      ] as const) {
        const sum = sumOf(terms);
        expect([sum, seconds, near(sum.expected, seconds.expected), near(sum.worst, seconds.worst)].slice(2)).toEqual([
          true,
          true,
        ]);
      }
      expect(loss.breaks.some(({ objective }) => objective === "rto")).toBe(loss.rtoSeconds.worst > 60);
      expect(loss.breaks.some(({ objective }) => objective === "rpo")).toBe(loss.rpoSeconds.worst > 10);
      for (const { seconds } of loss.breaks) expect(seconds).toBeGreaterThan(0);
      expect(`${loss.why} ${loss.breaks.map(({ why }) => why).join(" ")}`).not.toMatch(/NaN|undefined|Infinity/);
    }),
    { numRuns: 400 },
  );
});

test("every pattern of any system has figures, and its cost is that of one region at least", () => {
  fc.assert(
    fc.property(anySystem, (system) => {
      const ground = groundOf(system, knowledge());
      const { patterns, advice } = comparePatterns(ground);
      for (const one of patterns) {
        expect(isBound(one.rtoSeconds) && isBound(one.rpoSeconds)).toBe(true);
        expect(one.downtimeMinutesPerYear).toBeGreaterThan(0);
        expect(Number.isFinite(one.downtimeMinutesPerYear)).toBe(true);
        expect(one.costFactor).toBeGreaterThanOrEqual(1);
        expect(one.why).not.toMatch(/NaN|undefined|Infinity/);
      }
      for (const { perHour } of advice.crossovers) expect(perHour).toBeGreaterThanOrEqual(0);
      for (const { monthly } of costOf(ground).terms) expect(monthly).toBeGreaterThanOrEqual(0);
    }),
    { numRuns: 200 },
  );
});

/** By trying every path down the needs. */
function tried(ground: Ground, losing: Losing, side: "expected" | "worst"): number {
  const fates = fatesOf(losing);
  const { ofGroup } = worstPoint(losing, fates);
  const touched = (index: number): boolean => {
    const kind = fates.get(index)?.kind;
    return kind === "moves" || kind === "gone" || needsOf(index).some(touched);
  };
  const needsOf = (index: number): readonly number[] =>
    (ground.items[index]?.service.needs ?? []).flatMap((name) => ground.indexOf.get(name) ?? []);
  const until = (index: number): number => {
    const item = ground.items[index];
    const fate = fates.get(index);
    const waits = needsOf(index).filter(touched).map(until);
    if (fate?.kind === "gone") return Number.POSITIVE_INFINITY;
    if (item?.group === undefined || fate?.kind !== "moves") return Math.max(0, ...waits);
    const { ready, step } = stepsOf(losing, item, fate.to);
    const decision = decisionOf(ground.watch, item.group, losing.names, {
      byHand: item.group.pattern === "passive-cold",
      lossSeconds: ofGroup.get(item.group.name) ?? 0,
      mayExceedLoss: (ofGroup.get(item.group.name) ?? 0) > item.group.maxDataLossMs / 1_000,
    });
    const prepared = ready === undefined ? 0 : decision.agreed.seconds[side] + ready.seconds[side];
    return Math.max(decision.seconds[side], prepared, ...waits) + (step?.seconds[side] ?? 0);
  };
  const roots = ground.items.flatMap(({ service }, index) =>
    ground.items.some((other) => other.service.needs.includes(service.name)) ? [] : [index],
  );
  return Math.max(
    0,
    ...roots.map((index) => {
      if (touched(index)) return until(index);
      const group = ground.items[index]?.group?.name;
      return fates.get(index)?.kind === "shed" ? detectionOf(ground.watch, group, losing.names).seconds[side] : 0;
    }),
  );
}

test("the longest chain is the one that trying every path finds", () => {
  fc.assert(
    fc.property(anySystem, someLost, (any, lost) => {
      const system = { ...any, routes: [] };
      const ground = groundOf(system, knowledge());
      const targets = targetsAfter(system, lost);
      if ([...targets.values()].includes(null)) return;
      const losing: Losing = {
        ground,
        lost: new Set(lost),
        names: lost,
        failure: regionFailure(lost, ground.regions),
        targets,
        assume: undefined,
      };
      const { rtoSeconds } = recoveryOf({ ground, lost, targets });
      expect(near(rtoSeconds.expected, tried(ground, losing, "expected"))).toBe(true);
      expect(near(rtoSeconds.worst, tried(ground, losing, "worst"))).toBe(true);
    }),
    { numRuns: 400 },
  );
});
