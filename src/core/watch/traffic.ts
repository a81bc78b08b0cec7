// What users' requests got, counted by routers: hundreds of samples a second that cost nothing and see what probes do not (a gray
// failure is one that clients see and detectors do not). First source for "degraded"; never by itself a reason to move.
//
// The failure share of a healthy service is its own (a few requests always fail), so it is learned per target, from stretches that
// proved to be no trouble. Failures of users come in bursts, which chance does not explain; so one period's count, however large,
// adds no more than a third of the threshold.

import type { RegionName } from "../model/system.ts";
import { stepBatch } from "./bank.ts";
import { detectorsOf } from "./budget.ts";
import { quorumOf } from "./detector.ts";
import { learnLoss, newObserver, type Observer } from "./observer.ts";
import { type BankRules, bankOf, rateStep, thresholdsAt } from "./thresholds.ts";
import { newTrack, settleTrack, type Track, type Weak, weakOf, withRun } from "./track.ts";
import { type Counted, nothing } from "./view.ts";

export type TrafficRules = {
  /** All places that may have a router, the target's own among them. */
  readonly routers: readonly RegionName[];
  readonly periodMs: number;
  /** A router that has told nothing for so long has no say. */
  readonly silentAfterMs: number;
  /** The tolerated time between two false alarms of one target, before its detectors' shares. */
  readonly falseAlarmMs: number;
};

export type Traffic = {
  readonly track: Track;
  /** Of each router, in the rules' order: when it last told of requests. */
  readonly toldAtMs: readonly number[];
  /** Requests a second, all routers together; smoothed. */
  readonly perSecond: number;
  readonly usual: Observer;
  readonly pending: Counted;
};

export type TrafficCounts = {
  readonly router: RegionName;
  readonly ok: number;
  readonly failed: number;
  /** Left out: one period. */
  readonly overMs?: number;
};

/** See thresholds.ts. */
const joinedByChance = 1e-3;
/** So many periods in which everything fails make an alarm. */
const periodsAtLeast = 3;
const rateWeight = 1 / 32;

export function newTraffic(rules: TrafficRules, nowMs: number): Traffic {
  return {
    track: newTrack({ rows: detectorsOf("traffic").length, vantages: rules.routers.length }, nowMs),
    toldAtMs: rules.routers.map(() => Number.NEGATIVE_INFINITY),
    perSecond: 1,
    usual: newObserver,
    pending: nothing,
  };
}

/** The counts of one router for one period. Its caller has seen to it that the router is not cut off itself (I2). */
export function takeTraffic(before: Traffic, rules: TrafficRules, counts: TrafficCounts, nowMs: number): Traffic {
  const index = rules.routers.indexOf(counts.router);
  const { ok, failed } = counts;
  const total = ok + failed;
  if (index < 0 || total === 0) return before;
  const perSecondHere = (total * 1_000) / Math.max(rules.periodMs, counts.overMs ?? rules.periodMs);
  const active = activeRouters({ ...before, toldAtMs: before.toldAtMs.with(index, nowMs) }, rules, nowMs);
  const state: Traffic = {
    ...before,
    toldAtMs: before.toldAtMs.with(index, nowMs),
    perSecond: before.perSecond + rateWeight * (perSecondHere * active - before.perSecond),
  };
  const bankRules = rulesFor(state, rules, active);
  const bank = bankOf(bankRules);
  const level = thresholdsAt(bankRules, state.usual.level);
  const cells = state.track.cells.slice();
  if (nowMs - Math.max(...before.toldAtMs) > rules.silentAfterMs) cells.fill(0);
  stepBatch(cells, bank, level, index, { ok, failed, most: periodsAtLeast });
  const stepped = withRun(state.track, cells, bank, { ok, failed }, nowMs);
  const track = settleTrack(stepped, bank, level, {
    from: 0,
    names: rules.routers,
    mayVote: (one) => isActive(state, rules, one, nowMs),
    quorum: quorumOf(active),
  });
  const pending = { samples: state.pending.samples + total, misses: state.pending.misses + failed };
  // The run is empty exactly while the evidence stands at nothing: what led there was usual.
  if (track.run.samples > 0 || track.alarm !== undefined) return { ...state, track, pending };
  return {
    ...state,
    track,
    pending: nothing,
    usual: learnLoss(state.usual, pending, requestsRemembered(state, rules)),
  };
}

export function trafficWeak(traffic: Traffic, rules: TrafficRules, nowMs: number): Weak | undefined {
  const active = activeRouters(traffic, rules, nowMs);
  if (active === 0) return undefined;
  const bankRules = rulesFor(traffic, rules, active);
  return weakOf(traffic.track, bankOf(bankRules), thresholdsAt(bankRules, traffic.usual.level), detectorsOf("traffic"));
}

/** A loss is learned over hundreds of periods, whatever a period brings; `learnLoss` counts in samples. */
function requestsRemembered(state: Traffic, rules: TrafficRules): number {
  return (state.perSecond * rules.periodMs) / 1_000;
}

function rulesFor(state: Traffic, rules: TrafficRules, active: number): BankRules {
  return {
    source: "traffic",
    vantages: rules.routers.length,
    quorum: quorumOf(active),
    samples: (rules.falseAlarmMs / 1_000) * rateStep(state.perSecond),
    deadLossAtLeast: 0,
    joinedByChance,
  };
}

function isActive(state: Traffic, rules: TrafficRules, index: number, nowMs: number): boolean {
  return nowMs - (state.toldAtMs[index] ?? Number.NEGATIVE_INFINITY) <= rules.silentAfterMs;
}

function activeRouters(state: Traffic, rules: TrafficRules, nowMs: number): number {
  return rules.routers.filter((_, index) => isActive(state, rules, index, nowMs)).length;
}
