// How long a CUSUM with integer scores takes to reach a threshold, exactly: S = max(0, S + up) after a failure, max(0, S - down)
// after a success, from S = 0. The mean time between false alarms is this at the loss of a healthy target, the mean delay of
// detection is this at the failure share of a bad one.
//
// For each level s the chain that is watched only above s gives c(s), the mean samples from s until a level above s, and w(s, k), the
// probability that this level is s + k. Neither depends on the threshold. With m(s), the probability that s is ever the record so
// far, the mean time to reach h is the sum of m(s) c(s) over s < h: one pass gives it for every h, and as nothing is ever subtracted,
// a mean of 1e13 samples keeps its digits.

export type Scores = {
  /** Added after a failure, taken away after a success; whole units of the row. */
  readonly up: number;
  readonly down: number;
};

/** A threshold beyond so many units is not looked for: no row in use needs a quarter of it. */
export const unitsMax = 16_384;

export type Passage = { readonly threshold: number; readonly samples: number };

/** The smallest threshold that a sample stream with failure probability `p` reaches no sooner than after `samples` on average. */
export function smallestThreshold(scores: Scores, p: number, samples: number): Passage {
  return walk(scores, p, (_, mean) => mean >= samples);
}

/** Mean samples until S >= threshold, from 0. */
export function meanSamples(scores: Scores, p: number, threshold: number): number {
  return walk(scores, p, (level) => level >= threshold).samples;
}

function walk({ up, down }: Scores, p: number, isEnough: (threshold: number, mean: number) => boolean): Passage {
  const q = 1 - p;
  const cost = new Float64Array(down);
  const ladder = Array.from({ length: down }, () => new Float64Array(up + 1));
  const record = new Float64Array(up + 1);
  record[0] = 1;
  const landing = new Float64Array(up + down + 1);
  let mean = 0;
  for (let level = 0; level < unitsMax; level += 1) {
    const own = level % down;
    const row = ladder[own] ?? landing;
    // A success leads from `level` to `from`; the way back up from there is made of the ladders that are known already.
    const from = Math.max(0, level - down);
    landing.fill(0);
    landing[0] = 1;
    let [back, beyond] = [0, 0];
    for (let at = from; at < level; at += 1) {
      const mass = landing[at - from] ?? 0;
      if (mass === 0) continue;
      back += mass * (cost[at % down] ?? 0);
      const steps = ladder[at % down] ?? landing;
      for (let k = 1; k <= up; k += 1) {
        const to = at - from + k;
        landing[to] = (landing[to] ?? 0) + mass * (steps[k] ?? 0);
      }
    }
    const here = level - from;
    for (let k = 1; k < up; k += 1) beyond += landing[here + k] ?? 0;
    const leave = p + q * beyond;
    cost[own] = (1 + q * back) / leave;
    for (let k = 1; k < up; k += 1) row[k] = (q * (landing[here + k] ?? 0)) / leave;
    row[up] = p / leave;

    const visited = record[level % (up + 1)] ?? 0;
    record[level % (up + 1)] = 0;
    mean += visited * (cost[own] ?? 0);
    for (let k = 1; k <= up; k += 1) {
      const to = (level + k) % (up + 1);
      record[to] = (record[to] ?? 0) + visited * (row[k] ?? 0);
    }
    if (isEnough(level + 1, mean)) return { threshold: level + 1, samples: mean };
  }
  return { threshold: unitsMax, samples: mean };
}
