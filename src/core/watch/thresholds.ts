// Thresholds of the bank at each level of loss: the smallest that keep the row's share of the budget, by the exact chain of
// passage.ts. They depend on few numbers, so a thousand targets of one system share a handful of computations.

import { type Bank, type BankLevel, bankLevel } from "./bank.ts";
import { detectorsOf, type Source } from "./budget.ts";
import { localMisses, missesFor } from "./detector.ts";
import { slowByChance } from "./latency.ts";
import { smallestThreshold } from "./passage.ts";
import { lossAt, lossLevels, scoresFor, unitNats } from "./scores.ts";

/** What thresholds follow from; the same for every target that as many vantages look at. */
export type BankRules = {
  readonly source: Source;
  readonly vantages: number;
  /** Vantages that must each be above their own threshold. */
  readonly quorum: number;
  /** Samples of the pool in the tolerated time between two false alarms of one target, before its detectors' shares. */
  readonly samples: number;
  /**
   * For "dead" no vantage is taken to lose less than this: that a link was perfect until now is no reason to call what is behind it
   * dead sooner, for real losses come in bursts.
   */
  readonly deadLossAtLeast: number;
  /**
   * With one vantage, or its link, wholly wrong for a while, the others must not join it by chance: at any instant the probability that
   * enough of them are above their own threshold is at most this.
   */
  readonly joinedByChance: number;
};

/** A statistic grows this far beyond its threshold and no further. */
const capOver = 1.25;

/** Computations kept; the least recently made goes first. */
const keptMax = 1_024;
const kept = new Map<string, BankLevel>();

export function bankOf(rules: BankRules): Bank {
  return { rows: detectorsOf(rules.source).length, vantages: rules.vantages };
}

/** Of each set of rules, by level: most questions are asked again and again by the same targets. */
const byRules = new WeakMap<BankRules, BankLevel[]>();

export function thresholdsAt(rules: BankRules, level: number): BankLevel {
  const own = byRules.get(rules);
  const known = own?.[level];
  if (known !== undefined) return known;
  const found = alike(rules, level);
  if (own === undefined) {
    const levels: BankLevel[] = [];
    levels[level] = found;
    byRules.set(rules, levels);
  } else own[level] = found;
  return found;
}

function alike(rules: BankRules, level: number): BankLevel {
  const key = `${rules.source}/${rules.vantages}/${rules.quorum}/${rules.samples}/${rules.deadLossAtLeast}/${rules.joinedByChance}/${level}`;
  const known = kept.get(key);
  if (known !== undefined) return known;
  const made = compute(rules, level);
  if (kept.size >= keptMax) kept.delete(kept.keys().next().value ?? "");
  kept.set(key, made);
  return made;
}

/** An answer slower than the baseline is one in twenty, whatever the vantage. */
export const latencyLevel: number = lossLevels.findIndex((loss) => loss >= slowByChance);

/**
 * What a vantage needs for a vote. A CUSUM of a healthy target is above h nats with probability at most exp(-h), so
 * h = ln(ways / joinedByChance) / (quorum - 1), with `ways` = subsets of the others that would make the quorum.
 */
export function localNats(vantages: number, quorum: number, joinedByChance: number): number {
  if (quorum < 2) return 0;
  const others = vantages - 1;
  let ways = 1;
  for (let one = 1; one <= quorum - 1; one += 1) ways *= (others - one + 1) / one;
  return Math.log(ways / joinedByChance) / (quorum - 1);
}

function compute(rules: BankRules, level: number): BankLevel {
  const p0 = lossAt(level);
  return bankLevel(
    detectorsOf(rules.source).map(({ p1, share }) => {
      const samples = rules.samples / share;
      if (p1 >= 1) {
        const pooled = missesFor(Math.max(p0, rules.deadLossAtLeast), samples);
        return { scores: scoresFor(p0, p1), pooled, local: localMisses, cap: 2 ** 20 };
      }
      const scores = scoresFor(p0, p1);
      if (scores === undefined) return { scores, pooled: 0, local: 0 };
      const { threshold } = smallestThreshold(scores, p0, samples);
      const local = Math.max(
        1,
        Math.ceil(localNats(rules.vantages, rules.quorum, rules.joinedByChance) / unitNats(p1)),
      );
      return { scores, pooled: threshold, local: Math.min(threshold, local), cap: Math.ceil(threshold * capOver) };
    }),
  );
}

/** Samples a second, rounded up to a power of ten: the rate of real traffic is not known beforehand, and a threshold hardly depends on it. */
export function rateStep(perSecond: number): number {
  return 10 ** Math.max(0, Math.ceil(Math.log10(Math.max(1, perSecond))));
}
