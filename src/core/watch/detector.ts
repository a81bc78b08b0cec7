// The statistic behind an alarm: a CUSUM, S = max(0, S + score), on outcomes pooled over the vantages, and the threshold that a
// budget of false alarms demands. Every further detector (half of the answers fail, a fifth, ...) is another row of `detectors`.
//
// For a dead target (every answer fails) the log-likelihood score of a success is minus infinity, so the CUSUM is the count of
// misses since the last answer to anybody, and its false-alarm interval is known exactly. Moustakides 1986: no detector with the
// same budget has a shorter worst delay.

export type Detector = {
  readonly name: string;
  /** Share of failures it is made for. */
  readonly p1: number;
  /** Integer scores; a success of -Infinity starts the count anew. */
  readonly scoreMiss: number;
  readonly scoreOk: number;
};

export const detectors = [
  { name: "dead", p1: 1, scoreMiss: 1, scoreOk: Number.NEGATIVE_INFINITY },
] as const satisfies readonly Detector[];

/** The one detector of the first form. */
export const deadDetector: Detector = detectors[0];

/** The loss that is assumed of a vantage before anything is known of it: 1 %. */
export const coldStartLoss = 0.01;

/**
 * Misses in a row that a single vantage must have seen before it votes. The pooled count alone could be one vantage's; and one miss
 * proves nothing, for at 1 % loss a vantage that probes five times a second has one every 20 s. Two in a row are once in half an
 * hour, and a quorum of them at one instant is rarer than any budget.
 */
export const localMisses = 2;

export function advance(detector: Detector, statistic: number, ok: boolean): number {
  return Math.max(0, statistic + (ok ? detector.scoreOk : detector.scoreMiss));
}

/** Expected number of samples until n misses in a row, each a miss with probability `p`, from a fresh start: (p^-n - 1) / (1 - p). */
export function samplesToRun(p: number, n: number): number {
  return (p ** -n - 1) / (1 - p);
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
  /** Targets whose alarm could cause a switch. The budget is split evenly: each target, and each of its detectors, gets the same share. */
  readonly targets: number;
  readonly detectorsPerTarget?: number;
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
 * With r = V / T samples per second and the share of the budget G = falseFailover * r / (targets * detectors) in samples:
 * n is the smallest integer with (p0^-n - 1) / (1 - p0) >= 1 / share, i.e. >= falseFailover * r * targets * detectors.
 *
 * Detection, with k vantages that each need m misses: N = max(n, (m - 1) * V + k) samples are needed when the vantages are evenly
 * spread over the period, so expected = T / (2V) + (N - 1) * T / V + timeout and at worst (spread) N * T / V + timeout. When they
 * happen to probe at the same instant, just before the death, it takes max(ceil(n / V), m) * T + timeout: the guarantee.
 */
export function thresholdFor(input: ThresholdInput): Threshold {
  const { falseFailoverMs, vantages, periodMs, p0, targets } = input;
  const { detectorsPerTarget = detectors.length, timeoutMs = 0, quorum = 1, local = 1 } = input;
  const samplesPerMs = vantages / periodMs;
  const budget = falseFailoverMs * samplesPerMs * targets * detectorsPerTarget;
  let misses = 1;
  while (samplesToRun(p0, misses) < budget) misses += 1;
  const falseAlarmMs = samplesToRun(p0, misses) / samplesPerMs;
  const needed = Math.max(misses, (local - 1) * vantages + quorum);
  const gapMs = periodMs / vantages;
  return {
    misses,
    nats: misses * Math.log(1 / p0),
    natsPerSecond: samplesPerMs * 1_000 * Math.log(1 / p0),
    falseAlarmMs,
    falseAlarmAllMs: falseAlarmMs / (targets * detectorsPerTarget),
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
