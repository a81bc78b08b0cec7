// How requests to each region and service ended since the agent was last told: its real-traffic observations.

export type Outcome = { region: string; service: string; ok: number; failed: number };

/** Distinct (region, service) pairs kept; the wire takes so many. */
const pairsMax = 256;

export interface Tally {
  count(region: string, service: string, ok: boolean): void;
  /** What came together since the last call; starts anew. */
  take(): Outcome[];
  /** Puts back what could not be told. */
  giveBack(outcomes: readonly Outcome[]): void;
}

export function makeTally(): Tally {
  let pairs = new Map<string, Outcome>();
  const at = (region: string, service: string): Outcome | undefined => {
    const key = `${region}\n${service}`;
    let pair = pairs.get(key);
    if (pair === undefined && pairs.size < pairsMax) {
      pair = { region, service, ok: 0, failed: 0 };
      pairs.set(key, pair);
    }
    return pair;
  };
  return {
    count(region, service, ok) {
      const pair = at(region, service);
      if (pair === undefined) return;
      if (ok) pair.ok++;
      else pair.failed++;
    },
    take() {
      const all = [...pairs.values()];
      pairs = new Map();
      return all;
    },
    giveBack(outcomes) {
      for (const outcome of outcomes) {
        const pair = at(outcome.region, outcome.service);
        if (pair === undefined) continue;
        pair.ok += outcome.ok;
        pair.failed += outcome.failed;
      }
    },
  };
}
