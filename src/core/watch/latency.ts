// What is slow for this target from this vantage: by its own history, for a link of 3 ms and one of 200 ms have nothing in common.
// The baseline is the 95th percentile, followed online (Robbins and Monro 1951): up by 0.95 of a step when an answer takes longer, down
// by 0.05 of it when not, so that it rests where one answer in twenty takes longer.

export type Latency = {
  readonly highMs: number;
  readonly meanMs: number;
  readonly samples: number;
};

/** Chance that an answer of a healthy target counts as slow is at most this; the row's thresholds are made for it. */
export const slowByChance = 0.05;
const percentile = 1 - slowByChance;
/** Until so many answers have been timed nothing is slow. */
const learnedAt = 50;
const meanWeight = 1 / 64;
/** A step is this share of the mean; a tenth of that while answers are slow, so that trouble becomes usual only after long. */
const stepShare = 0.1;
const suspectShare = 0.1;
/** Slow is clearly beyond the usual, not a hair: users do not feel less, and a busy machine wobbles by as much. */
const clearlyTimes = 1.5;
const clearlyMs = 10;

export const newLatency: Latency = { highMs: 0, meanMs: 0, samples: 0 };

/** Undefined while too little is known. */
export function isSlow(latency: Latency, roundTripMs: number): boolean | undefined {
  if (latency.samples < learnedAt) return undefined;
  return roundTripMs > clearlyTimes * latency.highMs + clearlyMs;
}

export function nextLatency(before: Latency, roundTripMs: number, suspect: boolean): Latency {
  if (before.samples === 0) return { highMs: roundTripMs, meanMs: roundTripMs, samples: 1 };
  const care = suspect ? suspectShare : 1;
  const meanMs = before.meanMs + care * meanWeight * (roundTripMs - before.meanMs);
  const stepMs = care * stepShare * meanMs;
  const highMs = Math.max(0, before.highMs + stepMs * (roundTripMs > before.highMs ? percentile : percentile - 1));
  return { highMs, meanMs, samples: before.samples + 1 };
}
