// How long a target that fails in part goes unnoticed, by playing it to the production bank, or to the classic rule, with chance from a
// fixed seed. Nothing is certain here: a target that fails every fifth time may answer a hundred times in a row. So two figures are
// given, the mean and what 99 of 100 cases stay within. The exact chain of passage.ts knows the pooled statistic alone; an alarm also
// needs a quorum of vantages, each above its own threshold, and where there are many vantages that is what takes longest.

import { firstAlarm, localAt, newCells, step } from "./bank.ts";
import { chanceFrom } from "./chance.ts";
import { type ClassicRules, classicVerdict } from "./classic.ts";
import { quorumOf, samplesToRun } from "./detector.ts";
import { coldStartLevel } from "./scores.ts";
import { type BankRules, bankOf, thresholdsAt } from "./thresholds.ts";

/** In samples of the pool, from the first one after the trouble began; evidence stood at nothing then, which is the worst moment. */
export type Delay = {
  readonly mean: number;
  /** 99 of 100 cases are known by then. */
  readonly late: number;
};

const casesPlayed = 2_000;
const lateShare = 0.99;
/** Nobody waits for more; what takes longer is reckoned from its rate instead. */
const roundsMax = 2_000;
/** In the bank of probes the row "dead" has its own way of telling. */
const weakFrom = 1;

/** Undefined: the bank cannot tell it from a healthy target. */
export function bankDelay(rules: BankRules, failureShare: number): Delay | undefined {
  const bank = bankOf(rules);
  const level = thresholdsAt(rules, coldStartLevel);
  const chance = chanceFrom(1);
  const cells = newCells(bank);
  const most = roundsMax * bank.vantages * 10;
  const seen: number[] = [];
  for (let one = 0; one < casesPlayed; one += 1) {
    cells.fill(0);
    let [samples, known] = [0, false];
    while (!known && samples < most) {
      const failed = chance() < failureShare;
      step(cells, bank, level, samples % bank.vantages, failed);
      samples += 1;
      if (!failed) continue;
      for (
        let row = firstAlarm(cells, bank, level, weakFrom);
        row >= 0;
        row = firstAlarm(cells, bank, level, row + 1)
      ) {
        let voting = 0;
        for (let vantage = 0; vantage < bank.vantages; vantage += 1)
          if (localAt(cells, bank, row, vantage) >= (level.local[row] ?? 0)) voting += 1;
        known ||= voting >= rules.quorum;
      }
    }
    if (!known) return undefined;
    seen.push(samples);
  }
  return delayOf(seen);
}

/** By the classic rule. */
export function classicDelay(rules: ClassicRules, vantages: number, failureShare: number): Delay {
  const rare = classicRate(rules, vantages, failureShare);
  if (rare * roundsMax < 5) {
    const mean = vantages / rare;
    return { mean, late: -Math.log(1 - lateShare) * mean };
  }
  const chance = chanceFrom(1);
  const needed = downsNeeded(rules, vantages);
  const seen: number[] = [];
  for (let one = 0; one < casesPlayed; one += 1) {
    const views = Array.from({ length: vantages }, newClassicView);
    let [samples, downs] = [0, 0];
    while (downs < needed) {
      const view = views[samples % vantages];
      if (view === undefined) break;
      const before = view.judged;
      takeOutcome(view, rules, chance() < failureShare);
      downs += Number(view.judged === "down") - Number(before === "down");
      samples += 1;
    }
    seen.push(samples);
  }
  return delayOf(seen);
}

/**
 * How often, in rounds of one probe per vantage, independent vantages that each fail with probability `p` begin to be down together,
 * enough of them: V nu C(V-1, k-1) d^(k-1) (1-d)^(V-k), where each vantage is down a share d of the time and goes down nu times a round.
 */
export function classicRate(rules: ClassicRules, vantages: number, p: number): number {
  const { down, fraction } = downs(rules, p);
  const needed = downsNeeded(rules, vantages);
  let ways = vantages;
  for (let one = 1; one < needed; one += 1) ways *= (vantages - one) / one;
  return ways * down * fraction ** (needed - 1) * (1 - fraction) ** (vantages - needed);
}

/** The fewest vantages that must say "down" before the target is. */
export function downsNeeded({ healthyAbove }: ClassicRules, vantages: number): number {
  for (let count = quorumOf(vantages); count < vantages; count += 1)
    if ((vantages - count) / vantages <= healthyAbove) return count;
  return vantages;
}

/** Failures in a row that take one vantage down which has had answers only. */
export function missesToDown({ down, window }: ClassicRules): number {
  return window === undefined ? down : window.size - window.good + 1;
}

/** One vantage: how often it goes down, in samples, and for which share of the time it is. */
function downs(rules: ClassicRules, p: number): { readonly down: number; readonly fraction: number } {
  if (rules.window === undefined) {
    const upFor = samplesToRun(p, rules.down);
    const downFor = samplesToRun(1 - p, rules.up);
    return { down: 1 / (upFor + downFor), fraction: downFor / (upFor + downFor) };
  }
  const { size, good } = rules.window;
  let [down, fraction] = [0, 0];
  // Every outcome of size + 1 samples: the older `size` of them are the window before, the newer ones the window after.
  for (let outcomes = 0; outcomes < 2 ** (size + 1); outcomes += 1) {
    const failed = bitsOf(outcomes);
    const probability = p ** failed * (1 - p) ** (size + 1 - failed);
    const isDown = (window: number): boolean => size - bitsOf(window) < good;
    const after = isDown(outcomes & (2 ** size - 1));
    if (after) fraction += probability;
    if (after && !isDown(outcomes >> 1)) down += probability;
  }
  return { down, fraction };
}

type ClassicView = { judged: "up" | "down"; misses: number; answers: number; recent: number; counted: number };

/** As after a long time of answers only. */
function newClassicView(): ClassicView {
  return { judged: "up", misses: 0, answers: 32, recent: -1, counted: 32 };
}

function takeOutcome(view: ClassicView, rules: ClassicRules, failed: boolean): void {
  view.misses = failed ? view.misses + 1 : 0;
  view.answers = failed ? 0 : view.answers + 1;
  view.recent = (view.recent << 1) | (failed ? 0 : 1);
  view.judged = classicVerdict(rules, view.judged, view);
}

function bitsOf(value: number): number {
  let [count, rest] = [0, value];
  for (; rest !== 0; rest >>>= 1) count += rest & 1;
  return count;
}

function delayOf(samples: number[]): Delay {
  samples.sort((a, b) => a - b);
  const mean = samples.reduce((sum, one) => sum + one, 0) / samples.length;
  return { mean, late: samples[Math.ceil(lateShare * samples.length) - 1] ?? mean };
}
