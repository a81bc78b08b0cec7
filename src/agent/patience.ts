// How long a vantage waits for an answer before it calls the look missed: by what the target took so far. Short, for a dead region has to
// be known soon; and longer at once after a late answer, for a slow target is not dead.

/** A probe is given four times the 99th percentile of what it usually takes, at least this. */
const timeoutMinMs = 150;
/** One slow answer must not make a vantage patient for long: never more than four times the median, or two periods. */
const timeoutMedians = 4;
const timeoutPeriods = 2;
/** A missed look is listened to for so long after its beginning, in case that its answer is only late. */
export const lateMaxMs = 1_000;
/** RFC 6298, 2: the smoothed round trip and its variation, and how many variations it is given. */
const [smoothing, variation, variations] = [1 / 8, 1 / 4, 4];

/**
 * 4 x p99 of the last round trips, oldest first, at most four medians or two periods, whichever is more; at least 150 ms in any case. After
 * a late answer as long as RFC 6298 would wait, up to a second: this covers the answer that came, and is forgotten after some twenty
 * that came as they used to.
 */
export function timeoutOf(roundTripsMs: readonly number[], periodMs: number): number {
  const floorMs = Math.max(timeoutMinMs, Math.min(lateMaxMs, retransmitMs(roundTripsMs)));
  if (roundTripsMs.length < 10) return Math.max(floorMs, timeoutPeriods * periodMs);
  const sorted = [...roundTripsMs].sort((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? timeoutMinMs;
  const mostMs = Math.max(timeoutMedians * at(0.5), timeoutPeriods * periodMs);
  return Math.max(floorMs, Math.min(mostMs, 4 * at(0.99)));
}

/** RFC 6298, 2.2 and 2.3. */
function retransmitMs(roundTripsMs: readonly number[]): number {
  const [first, ...rest] = roundTripsMs;
  if (first === undefined) return 0;
  let [meanMs, spreadMs] = [first, first / 2];
  for (const ms of rest) {
    spreadMs += variation * (Math.abs(meanMs - ms) - spreadMs);
    meanMs += smoothing * (ms - meanMs);
  }
  return meanMs + variations * spreadMs;
}
