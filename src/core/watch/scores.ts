// Integer scores of the CUSUM rows. The score of an outcome is its log-likelihood ratio between "bad" (failures at p1) and "healthy"
// (failures at p0), in units of the row: an eighth of what a success would count if nothing ever failed. The unit does not depend on
// p0, so vantages of different loss add up in one statistic.

import type { Scores } from "./passage.ts";

/** Steps of the probability that a probe of a healthy target fails. A vantage is taken to be at the lowest that covers its estimate. */
export const lossLevels = [0.001, 0.002, 0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.08, 0.12, 0.2] as const;

/** What is assumed of a vantage before anything is known of it: 1 %. */
export const coldStartLoss = 0.01;
export const coldStartLevel: number = lossLevels.indexOf(coldStartLoss);

/** A success takes a count of misses back to nothing, whatever it was. */
export const resetScore = 2 ** 28;

const unitsPerSuccess = 8;
/** Where healthy loss is above this share of what the row looks for, the two cannot be told apart in useful time: the row rests. */
const tellableShare = 0.67;

export function lossAt(level: number): number {
  return lossLevels[level] ?? lossLevels[lossLevels.length - 1] ?? coldStartLoss;
}

/** Natural-log units (nats) per unit of a row made for failures at `p1`. */
export function unitNats(p1: number, p0 = coldStartLoss): number {
  return p1 >= 1 ? Math.log(1 / p0) : -Math.log(1 - p1) / unitsPerSuccess;
}

/** Undefined where the row cannot tell bad from healthy. */
export function scoresFor(p0: number, p1: number): Scores | undefined {
  if (p1 >= 1) return { up: 1, down: resetScore };
  if (p0 > tellableShare * p1) return undefined;
  const unit = unitNats(p1);
  return {
    up: Math.max(1, Math.round(Math.log(p1 / p0) / unit)),
    down: Math.max(1, Math.round(Math.log((1 - p0) / (1 - p1)) / unit)),
  };
}

/** Kullback-Leibler divergence D(p1 || p0): the evidence of one sample of a bad target, in nats. */
export function divergence(p1: number, p0: number): number {
  const part = (p: number, q: number): number => (p === 0 ? 0 : p * Math.log(p / q));
  return part(p1, p0) + part(1 - p1, 1 - p0);
}
