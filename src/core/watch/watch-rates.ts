// What the probes of one target tell: the evidence of a second, how soon a failure of each size is known, how often that is wrong.
// Chances are those of independent losses of 1 % and of vantages that are well; while they lose more the detectors wait longer.

import type { System } from "../model/system.ts";
import { bankDelay, classicDelay, classicRate, type Delay, downsNeeded, missesToDown } from "./brown-out.ts";
import { budgetParts, budgetTargets, detectorsOf } from "./budget.ts";
import { type ClassicRules, classicRules } from "./classic.ts";
import { banksFor } from "./config.ts";
import { localMisses, quorumOf, thresholdFor } from "./detector.ts";
import { meanSamples } from "./passage.ts";
import { coldStartLevel, coldStartLoss, divergence, scoresFor, unitNats } from "./scores.ts";
import { thresholdsAt } from "./thresholds.ts";

/** What of a target's answers fails, for which the plan gives figures. The first is a dead target. */
export const failureShares = [1, 0.5, 0.2, 0.1] as const;

/** The share of failures that `objectives.brownOut` speaks of. */
export const brownOutShare = 0.2;

export type Times = { readonly expectedMs: number; readonly worstMs: number };

export type Rate = {
  readonly failureShare: number;
  readonly natsPerSecond: number;
  /**
   * Left out: it cannot be told from a healthy target. `worstMs` is certain where everything fails and the vantages are well; for a part,
   * 99 of 100 cases are known by then.
   */
  readonly known?: Times & { readonly certain: boolean };
  /** The row of the bank that is made for it; left out in classic mode. */
  readonly detector?: string;
  readonly thresholdNats?: number;
  /** Mean time between its false alarms, of this one target. */
  readonly falseAlarmMs: number;
};

export type WatchPlanOptions = {
  /** How long a vantage waits for an answer where regions are far apart; left out: the least that any waits. */
  readonly timeoutMs?: number;
};

/** The floor of a probe's timeout, and how many round trips a vantage gives it. */
const timeoutLeastMs = 150;
const timeoutRoundTrips = 4;
/** From a vantage to the controller. */
export const reportMs = 30;

/** The longest that a probe may wait. */
export function timeoutOf({ services }: System, { timeoutMs = timeoutLeastMs }: WatchPlanOptions = {}): number {
  return services.reduce((longest, { health }) => Math.max(longest, health.timeoutMs ?? 0), timeoutMs);
}

/** As vantages wait where regions are so far apart; regions whose distance is not known count as near. */
export function waitBetween(
  { regions }: System,
  roundTripOf: (from: string, to: string) => { readonly ms: number } | undefined,
): WatchPlanOptions {
  const roundTrips = regions.flatMap((one) => regions.map((other) => roundTripOf(one.at, other.at)?.ms ?? 0));
  return { timeoutMs: Math.max(timeoutLeastMs, ...roundTrips.map((ms) => Math.round(timeoutRoundTrips * ms))) };
}

export function classicOf({ control }: System): { readonly classic?: ClassicRules } {
  return control.watch?.mode === "classic" ? { classic: classicRules(control.watch) } : {};
}

export function ratesFor(system: System, vantages: number, options: WatchPlanOptions): readonly Rate[] {
  if (vantages === 0) return [];
  const { classic } = classicOf(system);
  const { probeEveryMs: periodMs } = system.control;
  const waitMs = timeoutOf(system, options) + reportMs;
  return failureShares.map((failureShare) => ({
    failureShare,
    natsPerSecond: ((vantages * 1_000) / periodMs) * divergence(failureShare, coldStartLoss),
    ...(failureShare === 1
      ? deadRate(system, vantages, options)
      : classic === undefined
        ? byBank(system, vantages, failureShare, waitMs)
        : byClassic(classic, vantages, failureShare, { periodMs, waitMs })),
  }));
}

type Told = Omit<Rate, "failureShare" | "natsPerSecond">;

/** A dead target, of which `worstMs` is certain. */
export function deadRate(
  system: System,
  vantages: number,
  options: WatchPlanOptions,
): Told & Required<Pick<Told, "known">> {
  const { classic } = classicOf(system);
  const { probeEveryMs: periodMs } = system.control;
  const waitMs = timeoutOf(system, options) + reportMs;
  if (classic !== undefined) {
    // Each vantage needs its own misses; the last one that is needed began somewhere in the period.
    const misses = missesToDown(classic);
    const expectedMs = (misses - 1 + downsNeeded(classic, vantages) / (vantages + 1)) * periodMs + waitMs;
    const falseAlarmMs = periodMs / classicRate(classic, vantages, coldStartLoss);
    return { known: { expectedMs, worstMs: misses * periodMs + waitMs, certain: true }, falseAlarmMs };
  }
  const { detection, nats, falseAlarmMs } = thresholdFor({
    falseFailoverMs: system.objectives.falseFailoverMs,
    vantages,
    periodMs,
    p0: coldStartLoss,
    targets: budgetTargets(system) * budgetParts(system),
    timeoutMs: waitMs,
    quorum: quorumOf(vantages),
    local: localMisses,
  });
  const { expectedMs, worstMs } = detection;
  return { known: { expectedMs, worstMs, certain: true }, detector: "dead", thresholdNats: nats, falseAlarmMs };
}

function byBank(system: System, vantages: number, failureShare: number, waitMs: number): Told {
  const { probeEveryMs: periodMs } = system.control;
  const rules = banksFor(system, vantages, 0).probes;
  const rows = detectorsOf("probes");
  const row = rows.findIndex(({ p1 }) => p1 === failureShare);
  const threshold = thresholdsAt(rules, coldStartLevel).pooled[row] ?? 0;
  const scores = scoresFor(coldStartLoss, failureShare);
  const samples = scores === undefined ? Number.POSITIVE_INFINITY : meanSamples(scores, coldStartLoss, threshold);
  const delay = bankDelay(rules, failureShare);
  return {
    ...(delay === undefined ? {} : { known: { ...inTime(delay, vantages, periodMs, waitMs), certain: false } }),
    detector: rows[row]?.name ?? "",
    thresholdNats: threshold * unitNats(failureShare),
    falseAlarmMs: (samples * periodMs) / vantages,
  };
}

function byClassic(
  rules: ClassicRules,
  vantages: number,
  failureShare: number,
  { periodMs, waitMs }: { readonly periodMs: number; readonly waitMs: number },
): Told {
  const delay = classicDelay(rules, vantages, failureShare);
  return {
    known: { ...inTime(delay, vantages, periodMs, waitMs), certain: false },
    falseAlarmMs: periodMs / classicRate(rules, vantages, coldStartLoss),
  };
}

/** On average the vantages' probes are evenly spread; at worst all come together, just before the trouble. */
function inTime({ mean, late }: Delay, vantages: number, periodMs: number, waitMs: number): Times {
  return {
    expectedMs: (mean - 0.5) * (periodMs / vantages) + waitMs,
    worstMs: Math.ceil(late / vantages) * periodMs + waitMs,
  };
}
