// The arithmetic against worlds that are played: copies that are made, wait, travel and arrive; regions that fail, are switched from and
// repaired. Neither knows the formulas. Seeded, so that a failure is the same everywhere.

import { describe, expect, test } from "vitest";
import { closedForm, type Design, exactMinutesPerYear } from "../../src/core/assess/availability.ts";
import { levelsOf } from "../../src/core/assess/chain.ts";
import type { Copy, Service } from "../../src/core/model/system.ts";
import { random } from "./world.ts";

const serviceWith = (copies: readonly Copy[]): Service => ({
  name: "data",
  type: "postgresql",
  needs: [],
  replicas: { primary: 1, standby: 0 },
  health: { path: "/", everyMs: 1_000 },
  in: {},
  copies,
});

/** Whole minutes; each level takes every n-th copy of the one before it, as it arrives. */
type PlayedLevel = { readonly every: number; readonly hold: number; readonly transfer: number };

/** Plays `days` of a chain and gives the age of the newest copy at the last level, at its mean over time and at its worst. */
function play(levels: readonly PlayedLevel[], days: number): { readonly mean: number; readonly worst: number } {
  const end = days * 1_440;
  // [arrival, taken]: when a copy is there, and which state it has.
  let arrived: (readonly [number, number])[] = [];
  for (let at = 0; at < end; at += levels[0]?.every ?? end) arrived.push([at, at]);
  for (const [index, level] of levels.entries()) {
    const taken: (readonly [number, number])[] = [];
    let due = 0;
    for (const [at, state] of arrived) {
      if (index > 0 && at < due) continue;
      if (index > 0) due = at + level.every;
      taken.push([at + level.hold + level.transfer, state]);
    }
    arrived = taken;
  }
  let worst = 0;
  let area = 0;
  let span = 0;
  for (const [index, [at, state]] of arrived.entries()) {
    const next = arrived[index + 1]?.[0];
    if (next === undefined || next > end) break;
    worst = Math.max(worst, next - state);
    area += ((next - state + at - state) / 2) * (next - at);
    span += next - at;
  }
  return { mean: area / span, worst };
}

test("1,000 chains of copies lose what the formula says, on average and at worst, within 1 %", () => {
  const next = random(20_261_121);
  const pick = (most: number): number => Math.floor(next() * (most + 1));
  for (let round = 0; round < 1_000; round += 1) {
    const played: PlayedLevel[] = [];
    let every = 1 + pick(600);
    for (let level = 0; level <= pick(2); level += 1) {
      if (level > 0) every *= 1 + pick(3);
      played.push({ every, hold: pick(500), transfer: pick(500) });
    }
    const level = levelsOf(
      serviceWith(
        played.map((one, index) => ({
          name: `copy-${index}`,
          in: "site/vault",
          everyMs: one.every * 60_000,
          holdMs: one.hold * 60_000,
          transferMs: one.transfer * 60_000,
        })),
      ),
      new Map(),
    ).at(-1);
    const truth = play(played, (every * 20) / 1_440 + 3);
    expect(Math.abs((level?.loss.worst ?? 0) / 60 / truth.worst - 1)).toBeLessThan(0.01);
    expect(Math.abs((level?.loss.expected ?? 0) / 60 / truth.mean - 1)).toBeLessThan(0.01);
  }
});

/** Two regions with clocks of their own, an operator who switches, and what both share. Minutes a year without service. */
function live(design: Design, years: number, next: () => number): number {
  const { commonCause, outagesPerYear, repairHours, switchHours, coverage } = design;
  const yearHours = 8_760;
  const after = (mean: number): number => -mean * Math.log(1 - next());
  const own = yearHours / (outagesPerYear * (1 - commonCause));
  const shared = commonCause === 0 ? Number.POSITIVE_INFINITY : yearHours / (outagesPerYear * commonCause);
  // When each side changes next: fails if it is up, is repaired if it is down.
  const up = [true, true];
  const change = [after(own), after(own)];
  let common = after(shared);
  let serving = 0;
  let switching = Number.POSITIVE_INFINITY;
  let now = 0;
  let down = 0;
  const end = years * yearHours;
  while (now < end) {
    const [first = 0, second = 0] = change;
    const at = Math.min(first, second, common, switching);
    if (!up[serving]) down += at - now;
    now = at;
    if (at === common) {
      common = now + after(shared);
      for (const side of [0, 1]) {
        if (!up[side]) continue;
        up[side] = false;
        change[side] = now + after(repairHours);
      }
      switching = Number.POSITIVE_INFINITY;
      continue;
    }
    if (at === switching) {
      switching = Number.POSITIVE_INFINITY;
      // A switch that fails is not tried again; the repair ends the outage.
      if (next() < coverage) serving = 1 - serving;
      continue;
    }
    const side = at === first ? 0 : 1;
    up[side] = !up[side];
    change[side] = now + after(up[side] ? own : repairHours);
    if (up[side]) {
      // Whoever comes back while nobody serves, serves.
      if (!up[serving]) {
        serving = side;
        switching = Number.POSITIVE_INFINITY;
      }
    } else if (side === serving) {
      switching = up[1 - side] ? now + after(switchHours) : Number.POSITIVE_INFINITY;
    } else if (!up[serving]) {
      switching = Number.POSITIVE_INFINITY;
    }
  }
  return (down / years) * 60;
}

const design = (some: Partial<Design>): Design => ({
  outagesPerYear: 1,
  repairHours: 4,
  commonCause: 0,
  coverage: 1,
  switchHours: 0.1,
  falseFailoversPerYear: 0,
  ...some,
});

describe("two regions that are played", () => {
  test.each([
    design({ coverage: 0.5, switchHours: 1 / 60, outagesPerYear: 12 }),
    design({ coverage: 0.9, switchHours: 7 / 60, commonCause: 0.05 }),
    design({ coverage: 0.99, switchHours: 50 / 60, commonCause: 0.1, outagesPerYear: 4 }),
    design({ coverage: 0.95, switchHours: 6, repairHours: 24, commonCause: 0.2, outagesPerYear: 6 }),
    design({ coverage: 0.7, switchHours: 2, repairHours: 100, outagesPerYear: 40 }),
  ])("are down as long as the chain says, within 1 %: $outagesPerYear a year, coverage $coverage", (of) => {
    const years = 400_000 / of.outagesPerYear;
    const truth = live(of, years, random(7_919));
    expect(Math.abs(exactMinutesPerYear(of) / truth - 1)).toBeLessThan(0.01);
  });

  test("so are 1,000 random ones together", () => {
    const next = random(104_729);
    let played = 0;
    let solved = 0;
    for (let round = 0; round < 1_000; round += 1) {
      const of = design({
        outagesPerYear: 0.5 + next() * 20,
        repairHours: 0.5 + next() * 40,
        commonCause: next() * 0.3,
        coverage: 0.5 + next() * 0.5,
        switchHours: 0.01 + next() * 4,
      });
      const exact = exactMinutesPerYear(of);
      // Each counts as much as any other.
      played += live(of, 1_500 / of.outagesPerYear, next) / exact;
      solved += 1;
    }
    expect(Math.abs(played / solved - 1)).toBeLessThan(0.01);
  });

  test("where outages are rare the closed form is within 2 % of the chain, for 1,000 random designs", () => {
    const next = random(15_485_863);
    for (let round = 0; round < 1_000; round += 1) {
      const repairHours = 0.1 + next() * 48;
      const of = design({
        repairHours,
        outagesPerYear: (next() * 0.001 * 8_760) / repairHours,
        commonCause: next() * 0.3,
        coverage: 0.5 + next() * 0.5,
        switchHours: next() * 2 * repairHours,
        falseFailoversPerYear: next(),
      });
      expect(Math.abs(closedForm(of).minutesPerYear / exactMinutesPerYear(of) - 1)).toBeLessThan(0.02);
    }
  });
});
