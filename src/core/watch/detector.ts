// The first row of the bank, "dead": how many misses in a row, pooled over the vantages, a budget of false alarms demands.
//
// For a dead target (every answer fails) the log-likelihood score of a success is minus infinity, so the CUSUM is the count of
// misses since the last answer to anybody, and its false-alarm interval is known exactly. Moustakides 1986: no detector with the
// same budget has a shorter worst delay. The other rows, for targets that fail in part, are in budget.ts; their thresholds in
// thresholds.ts.

/**
 * Misses in a row that a single vantage must have seen before it votes. The pooled count alone could be one vantage's; and one miss
 * proves nothing, for at 1 % loss a vantage that probes five times a second has one every 20 s. Two in a row are once in half an
 * hour, and a quorum of them at one instant is rarer than any budget.
 */
export const localMisses = 2;

/** Expected number of samples until n misses in a row, each a miss with probability `p`, from a fresh start: (p^-n - 1) / (1 - p). */
export function samplesToRun(p: number, n: number): number {
  return (p ** -n - 1) / (1 - p);
}

/** The smallest count of misses in a row that comes no sooner than after `samples` by chance. */
export function missesFor(p0: number, samples: number): number {
  let misses = 1;
  while (samplesToRun(p0, misses) < samples) misses += 1;
  return misses;
}

export type ThresholdInput = {
  /** Tolerated mean time between two false alarms of everything together. */
  readonly falseFailoverMs: number;
  /** Vantages that look at one target. */
  readonly vantages: number;
  /** Each vantage gives one sample per period. */
  readonly periodMs: number;
  /** Probability that a sample of a healthy target is a miss. */
  readonly p0: number;
  /** Targets whose alarm could cause a switch. The budget is split evenly among them. */
  readonly targets: number;
  /** How long a vantage waits before it calls a probe missed. */
  readonly timeoutMs?: number;
  /** Vantages that must each have `local` misses in a row; left out: the pooled count alone decides. */
  readonly quorum?: number;
  readonly local?: number;
};

export type Threshold = {
  /** Alarm at so many pooled misses in a row. */
  readonly misses: number;
  /** The same as a log-likelihood: misses * ln(1 / p0). Comparable with detectors of other kinds. */
  readonly nats: number;
  /** Evidence per second while the target is dead: V / T * ln(1 / p0). */
  readonly natsPerSecond: number;
  /** Mean time between false alarms of one target at this threshold, and of all targets together. */
  readonly falseAlarmMs: number;
  readonly falseAlarmAllMs: number;
  /** From the death of the target to the alarm. */
  readonly detection: { readonly expectedMs: number; readonly worstMs: number; readonly worstSpreadMs: number };
};

/**
 * The smallest threshold that keeps the budget, for a target that is dead or alive.
 *
 * With r = V / T samples per second: n is the smallest integer with (p0^-n - 1) / (1 - p0) >= falseFailover * r * targets.
 *
 * Detection, with k vantages that each need m misses: N = max(n, (m - 1) * V + k) samples are needed when the vantages are evenly
 * spread over the period, so expected = T / (2V) + (N - 1) * T / V + timeout and at worst (spread) N * T / V + timeout. When they
 * happen to probe at the same instant, just before the death, it takes max(ceil(n / V), m) * T + timeout: the guarantee.
 */
export function thresholdFor(input: ThresholdInput): Threshold {
  const { falseFailoverMs, vantages, periodMs, p0, targets } = input;
  const { timeoutMs = 0, quorum = 1, local = 1 } = input;
  const samplesPerMs = vantages / periodMs;
  const misses = missesFor(p0, falseFailoverMs * samplesPerMs * targets);
  const falseAlarmMs = samplesToRun(p0, misses) / samplesPerMs;
  const needed = Math.max(misses, (local - 1) * vantages + quorum);
  const gapMs = periodMs / vantages;
  return {
    misses,
    nats: misses * Math.log(1 / p0),
    natsPerSecond: samplesPerMs * 1_000 * Math.log(1 / p0),
    falseAlarmMs,
    falseAlarmAllMs: falseAlarmMs / targets,
    detection: {
      expectedMs: gapMs / 2 + (needed - 1) * gapMs + timeoutMs,
      worstMs: Math.max(Math.ceil(misses / vantages), local) * periodMs + timeoutMs,
      worstSpreadMs: needed * gapMs + timeoutMs,
    },
  };
}

/** A majority of all vantages that the manifest has for a target, alive or not. */
export function quorumOf(vantages: number): number {
  return Math.floor(vantages / 2) + 1;
}
