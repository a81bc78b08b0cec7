// What is believed of one target, from samples of its vantages. One target, one value; every function returns a new one.
//
// I2. A miss counts only from a vantage that reached a control target in the same period; a vantage that has not been heard for
//     some periods has no vote; with less than a quorum of vantages that can judge, the belief is "unknown".

import type { RegionName } from "../model/system.ts";
import { type Bank, type BankLevel, bankLevel, forgetPooled, forgetVantage, pooledAt } from "./bank.ts";
import { detectorsOf } from "./budget.ts";
import type { ClassicRules } from "./classic.ts";
import { localMisses, quorumOf } from "./detector.ts";
import { isSlow, nextLatency } from "./latency.ts";
import type { Target } from "./observation.ts";
import { resetScore } from "./scores.ts";
import { type BankRules, bankOf, latencyLevel, thresholdsAt } from "./thresholds.ts";
import {
  forgetTrack,
  isSettled,
  isSuspect,
  newTrack,
  settleTrack,
  stepTrack,
  type Track,
  type Weak,
  weakOf,
} from "./track.ts";
import { newTraffic, type Traffic, type TrafficRules, trafficWeak } from "./traffic.ts";
import { counted, fresh, newView, nextView, settled, takenBack, type View } from "./view.ts";

export type BeliefRules = {
  readonly periodMs: number;
  /** Pooled misses in a row that make the alarm, at the loss of the cold start; more while a vantage loses more. */
  readonly misses: number;
  /** A vantage that has not been heard for so long is silent. */
  readonly silentAfterMs: number;
  /** Before an alarmed target is up again: so many answers in a row at each of a quorum of vantages... */
  readonly recoveryAnswers: number;
  /** ...and so long without two pooled misses in a row, so that a flapping target is not called healthy between two falls. */
  readonly recoveryDwellMs: number;
  /** For what fails in part or is slow; left out: only a dead target is seen. */
  readonly banks?: Banks;
  /** Instead of the count of pooled misses: n down, m up. */
  readonly classic?: ClassicRules;
};

export type Banks = { readonly probes: BankRules; readonly latency: BankRules; readonly traffic: TrafficRules };

export type TargetState = {
  readonly target: Target;
  readonly views: readonly View[];
  /** Pooled misses since anybody had an answer: the row "dead" of `probes`. */
  readonly statistic: number;
  readonly pooledAtMs: number;
  /** The first of those misses. */
  readonly missingSinceMs: number;
  readonly answeredAtMs?: number;
  readonly phase: "up" | "down" | "recovering";
  /** When `phase` began; for "down" the first miss. */
  readonly sinceMs: number;
  /** Start of the present dwell, while recovering. */
  readonly dwellFromMs: number;
  /** When it fell, the newest last, within the window in which falls are flapping. */
  readonly falls: readonly number[];
  readonly probes: Track;
  readonly latency: Track;
  /** From the first outcomes of real traffic on. */
  readonly traffic?: Traffic;
};

/** "unwatched": no vantage looks at it at present, by choice or because all are silent; the region's agent tells which. */
export type BeliefKind = "unwatched" | "unknown" | "up" | "down" | "recovering";

export type Belief = {
  readonly kind: BeliefKind;
  readonly sinceMs: number;
  readonly statistic: number;
  /** Pooled misses that would be the alarm now. */
  readonly threshold: number;
  readonly samples: number;
  /** Vantages that can judge it now: heard, and not blind. */
  readonly usable: readonly RegionName[];
  /** Vantages that miss it, each past its own threshold and with a control target in reach. */
  readonly votes: readonly RegionName[];
  /** Vantages whose newest sample is an answer. */
  readonly fine: readonly RegionName[];
  readonly blind: readonly RegionName[];
  readonly silent: readonly RegionName[];
  /** Vantages that by themselves have as many misses in a row as the pool would need. */
  readonly alone: readonly RegionName[];
  readonly quorum: number;
  /** Since the last answer to anybody, or since the first miss if there never was one. */
  readonly silentMs: number;
  /** It answers, but a share of its answers fails: by the probes, or by what users' requests got. */
  readonly weak?: Weak;
  readonly traffic?: Weak;
  /** It answers, but later than it used to. */
  readonly slow?: Weak & { readonly usualMs: number };
  /** What it says of itself while it is too busy to answer. */
  readonly busy?: string;
  /** Falls within the window; the first of them. */
  readonly falls: number;
  readonly firstFallMs: number;
};

export type Sample = {
  readonly vantage: RegionName;
  readonly ok: boolean;
  readonly controls: boolean;
  /** The vantage's step of loss; left out: as before, at first the cold start's. */
  readonly level?: number;
  /** The vantage is unwell itself: no vote on who is weak. */
  readonly unwell?: boolean;
  /** Of a probe that was answered. */
  readonly roundTripMs?: number;
  /** An answer to a look that counted as a miss when its time was up: it is no sample of its own, and refutes "dead" like any answer. */
  readonly late?: boolean;
  /** Of a failure: what it answered, for it did answer. It counts for "degraded", and refutes "dead". */
  readonly busy?: string;
};

/** Falls further apart than this are not flapping. */
export const flapWindowMs = 300_000;
const fallsKept = 16;
/** In the bank of probes the row "dead" has its own way of telling. */
const weakFrom = 1;

export function newTarget(target: Target, vantages: readonly RegionName[]): TargetState {
  const bank = (source: "probes" | "latency"): Bank => ({
    rows: detectorsOf(source).length,
    vantages: vantages.length,
  });
  return {
    target,
    views: vantages.map(newView),
    statistic: 0,
    pooledAtMs: 0,
    missingSinceMs: 0,
    phase: "up",
    sinceMs: 0,
    dwellFromMs: 0,
    falls: [],
    probes: newTrack(bank("probes"), 0),
    latency: newTrack(bank("latency"), 0),
  };
}

/** One sample. A second one of the same vantage and period, and one of a place that is no vantage, change nothing. */
export function takeSample(state: TargetState, rules: BeliefRules, sample: Sample, nowMs: number): TargetState {
  const index = state.views.findIndex((view) => view.vantage === sample.vantage);
  const view = state.views[index];
  if (view === undefined) return state;
  if (sample.late !== true && view.samples > 0 && nowMs < view.dueMs - rules.periodMs / 2) return state;

  const last = sample.ok ? "ok" : sample.busy !== undefined ? "busy" : sample.controls ? "miss" : "blind";
  const { level: lossLevel = view.level, unwell = false, late = false } = sample;
  const look = { last, level: lossLevel, unwell, late, busyWhy: sample.busy } as const;
  const seen = nextView(view, rules, look, nowMs);
  const bank = bankFor(state, rules);
  const cells = state.probes.cells.slice();
  if (nowMs - view.sampledAtMs > rules.silentAfterMs) forgetVantage(cells, bank, index);
  if (last === "blind") {
    forgetVantage(cells, bank, index, 0);
    return settle({ ...state, views: state.views.with(index, seen), probes: { ...state.probes, cells } }, rules, nowMs);
  }

  // Statistics that nobody added to for long say nothing about now.
  if (nowMs - state.pooledAtMs > rules.silentAfterMs) forgetPooled(cells, bank);
  const before = pooledAt(cells, bank, 0);
  const level = levelFor(rules, seen.level);
  const missed = last === "miss";
  const alive = last === "busy";
  const probes = stepTrack(state.probes, cells, bank, level, { vantage: index, failed: missed || alive, alive, nowMs });
  const usual = seen.unwell || isSettled(probes.cells, bank, index);
  const learns = state.phase !== "up" ? "drop" : usual ? "learn" : "wait";
  const weighed = late ? takenBack(seen) : counted(seen, missed);
  const timed = takeLatency(state, rules, { ...sample, index }, settled(weighed, learns), nowMs);
  return settle(
    {
      ...state,
      views: state.views.with(index, timed.view),
      probes,
      latency: timed.latency,
      statistic: pooledAt(probes.cells, bank, 0),
      pooledAtMs: nowMs,
      missingSinceMs: missed && before === 0 ? nowMs : state.missingSinceMs,
      ...(missed ? {} : { answeredAtMs: nowMs }),
    },
    rules,
    nowMs,
  );
}

function takeLatency(
  state: TargetState,
  rules: BeliefRules,
  { ok, roundTripMs, index, late }: Sample & { readonly index: number },
  view: View,
  nowMs: number,
): { readonly view: View; readonly latency: Track } {
  if (!ok || roundTripMs === undefined || rules.banks === undefined) return { view, latency: state.latency };
  const bank = bankOf(rules.banks.latency);
  const level = thresholdsAt(rules.banks.latency, latencyLevel);
  const slow = isSlow(view.latency, roundTripMs);
  const latency =
    slow === undefined
      ? state.latency
      : stepTrack(state.latency, state.latency.cells.slice(), bank, level, { vantage: index, failed: slow, nowMs });
  // Beyond what the target was given is beyond the usual: the baseline is not made of it.
  if (late === true) return { view, latency };
  const suspect = isSuspect(latency.cells, bank, level, index, 0);
  return { view: { ...view, latency: nextLatency(view.latency, roundTripMs, suspect) }, latency };
}

/** Moves between up, down and recovering, and raises and ends what is told of a weak target. Also called as time passes, for the dwell. */
export function settle(state: TargetState, rules: BeliefRules, nowMs: number): TargetState {
  const moved = rules.classic === undefined ? byBank(state, rules, nowMs) : byClassic(state, rules, nowMs);
  if (moved.phase === "down") return state.phase === "down" ? moved : fallen(moved, rules, nowMs);
  // What failed while it was down says nothing of how it is now.
  return settleWeak(state.phase === "down" ? afresh(moved, rules, nowMs) : moved, rules, nowMs);
}

function byBank(state: TargetState, rules: BeliefRules, nowMs: number): TargetState {
  const quorum = quorumOf(state.views.length);
  const alarmed =
    state.statistic >= deadThreshold(state, rules, nowMs) && votesOf(state, rules, nowMs).length >= quorum;
  switch (state.phase) {
    case "up":
      return alarmed ? { ...state, phase: "down", sinceMs: state.missingSinceMs } : state;
    case "down":
      // One answer to anybody refutes "dead", but proves no health.
      return state.statistic === 0 ? { ...state, phase: "recovering", sinceMs: nowMs, dwellFromMs: nowMs } : state;
    case "recovering": {
      if (alarmed) return { ...state, phase: "down", sinceMs: state.missingSinceMs };
      if (state.statistic >= localMisses) return { ...state, dwellFromMs: nowMs };
      const answering = state.views.filter(
        (view) => fresh(view, rules, nowMs) && view.answers >= rules.recoveryAnswers,
      );
      const dwelt = nowMs - state.dwellFromMs >= rules.recoveryDwellMs;
      return dwelt && answering.length >= quorum ? { ...state, phase: "up", sinceMs: nowMs } : state;
    }
    default:
      return state.phase satisfies never;
  }
}

/** Up and down only: the classic rule has its own patience in both directions. */
function byClassic(state: TargetState, rules: BeliefRules, nowMs: number): TargetState {
  const usable = state.views.filter((view) => fresh(view, rules, nowMs) && view.last !== "blind");
  const quorum = quorumOf(state.views.length);
  if (usable.length < quorum) return state;
  const up = usable.filter((view) => view.judged === "up").length;
  const healthy = up / usable.length > (rules.classic?.healthyAbove ?? 0);
  const down = !healthy && usable.length - up >= quorum;
  if (state.phase === "up" && down)
    return { ...state, phase: "down", sinceMs: state.statistic > 0 ? state.missingSinceMs : nowMs };
  return state.phase !== "up" && healthy ? { ...state, phase: "up", sinceMs: nowMs } : state;
}

function fallen(state: TargetState, rules: BeliefRules, nowMs: number): TargetState {
  const falls = [...state.falls.filter((atMs) => nowMs - atMs <= flapWindowMs), nowMs].slice(-fallsKept);
  return { ...afresh(state, rules, nowMs), falls, views: state.views.map((view) => settled(view, "drop")) };
}

function afresh(state: TargetState, rules: BeliefRules, nowMs: number): TargetState {
  return {
    ...state,
    probes: forgetTrack(state.probes, bankFor(state, rules), weakFrom, nowMs),
    latency: forgetTrack(
      state.latency,
      { rows: detectorsOf("latency").length, vantages: state.views.length },
      0,
      nowMs,
    ),
  };
}

function settleWeak(state: TargetState, rules: BeliefRules, nowMs: number): TargetState {
  if (rules.banks === undefined) return state;
  // Nothing to raise and nothing to end: all statistics stand at nothing, which is how it nearly always is.
  const idle = ({ alarm, run }: Track): boolean => alarm === undefined && run.samples === 0;
  if (idle(state.probes) && idle(state.latency)) return state;
  const names = state.views.map((view) => view.vantage);
  const mayVote = (index: number): boolean => {
    const view = state.views[index];
    return view !== undefined && view.last !== "blind" && !view.unwell && fresh(view, rules, nowMs);
  };
  const who = { names, mayVote, quorum: quorumOf(names.length) };
  const probes = settleTrack(state.probes, bankFor(state, rules), levelFor(rules, worstLevel(state, rules, nowMs)), {
    ...who,
    from: weakFrom,
  });
  const latency = settleTrack(
    state.latency,
    bankOf(rules.banks.latency),
    thresholdsAt(rules.banks.latency, latencyLevel),
    { ...who, from: 0 },
  );
  return probes === state.probes && latency === state.latency ? state : { ...state, probes, latency };
}

export function beliefOf(state: TargetState, rules: BeliefRules, nowMs: number): Belief {
  const heard = state.views.filter((view) => fresh(view, rules, nowMs));
  const named = (views: readonly View[]): readonly RegionName[] => views.map((view) => view.vantage);
  const usable = heard.filter((view) => view.last !== "blind");
  const votes = votesOf(state, rules, nowMs);
  const quorum = quorumOf(state.views.length);
  const kind = heard.length === 0 ? "unwatched" : kindOf(state, { usable: usable.length, votes: votes.length, quorum });
  const threshold = deadThreshold(state, rules, nowMs);
  const falls = state.falls.length === 0 ? state.falls : state.falls.filter((atMs) => nowMs - atMs <= flapWindowMs);
  return {
    kind,
    sinceMs: state.sinceMs,
    statistic: state.statistic,
    threshold,
    samples: state.views.reduce((sum, view) => sum + view.samples, 0),
    usable: named(usable),
    votes,
    fine: named(heard.filter((view) => view.last === "ok")),
    blind: named(heard.filter((view) => view.last === "blind")),
    silent: named(state.views.filter((view) => !fresh(view, rules, nowMs))),
    alone: named(heard.filter((view) => view.misses >= threshold)),
    quorum,
    silentMs: state.statistic === 0 ? 0 : nowMs - (state.answeredAtMs ?? state.missingSinceMs),
    falls: falls.length,
    firstFallMs: falls[0] ?? nowMs,
    ...(kind === "up" || kind === "recovering" ? weakness(state, rules, nowMs) : {}),
    ...trafficTold(state, rules, nowMs),
    ...busyOf(heard),
  };
}

function busyOf(heard: readonly View[]): Pick<Belief, "busy"> {
  const why = heard.find((view) => view.last === "busy")?.busyWhy;
  return why === undefined ? {} : { busy: why };
}

function weakness(state: TargetState, rules: BeliefRules, nowMs: number): Pick<Belief, "weak" | "slow"> {
  if (rules.banks === undefined || (state.probes.alarm === undefined && state.latency.alarm === undefined)) return {};
  const level = levelFor(rules, worstLevel(state, rules, nowMs));
  const weak = weakOf(state.probes, bankFor(state, rules), level, detectorsOf("probes"));
  const slow = weakOf(
    state.latency,
    bankOf(rules.banks.latency),
    thresholdsAt(rules.banks.latency, latencyLevel),
    detectorsOf("latency"),
  );
  const usualMs = Math.max(
    0,
    ...state.views.filter((view) => slow?.vantages.includes(view.vantage)).map((view) => view.latency.highMs),
  );
  return { ...(weak === undefined ? {} : { weak }), ...(slow === undefined ? {} : { slow: { ...slow, usualMs } }) };
}

/** What users' requests got needs no vantage: it holds while probes are blind, and as long as there is traffic. */
function trafficTold(state: TargetState, rules: BeliefRules, nowMs: number): Pick<Belief, "traffic"> {
  if (rules.banks === undefined || state.traffic === undefined || state.phase === "down") return {};
  const traffic = trafficWeak(state.traffic, rules.banks.traffic, nowMs);
  return traffic === undefined ? {} : { traffic };
}

/** The same, with outcomes of real traffic that a router counted. */
export function withTraffic(
  state: TargetState,
  take: (before: Traffic) => Traffic,
  rules: TrafficRules,
  nowMs: number,
): TargetState {
  return { ...state, traffic: take(state.traffic ?? newTraffic(rules, nowMs)) };
}

/** Does this vantage by itself think that the target is weak or dead? */
export function suspects(state: TargetState, rules: BeliefRules, vantage: RegionName): boolean {
  const index = state.views.findIndex((view) => view.vantage === vantage);
  const view = state.views[index];
  if (view === undefined) return false;
  return isSuspect(state.probes.cells, bankFor(state, rules), levelFor(rules, view.level), index, 0);
}

function kindOf(state: TargetState, seen: { usable: number; votes: number; quorum: number }): BeliefKind {
  if (seen.usable < seen.quorum) return "unknown";
  // An alarm stands only while its quorum stands: those who raised it may have gone blind or silent since.
  if (state.phase === "down") return seen.votes >= seen.quorum ? "down" : "unknown";
  return state.phase;
}

function votesOf(state: TargetState, rules: BeliefRules, nowMs: number): readonly RegionName[] {
  const says = (view: View): boolean =>
    rules.classic === undefined
      ? view.last === "miss" && view.misses >= localMisses
      : view.last !== "blind" && view.judged === "down";
  return state.views.filter((view) => says(view) && fresh(view, rules, nowMs)).map((view) => view.vantage);
}

/** Vantages of different loss are pooled at the threshold of the worst: the unit is the same at every level. */
function worstLevel(state: TargetState, rules: BeliefRules, nowMs: number): number {
  return state.views.reduce((worst, view) => (fresh(view, rules, nowMs) ? Math.max(worst, view.level) : worst), 0);
}

function deadThreshold(state: TargetState, rules: BeliefRules, nowMs: number): number {
  if (rules.banks === undefined) return rules.misses;
  return Math.max(rules.misses, levelFor(rules, worstLevel(state, rules, nowMs)).pooled[0] ?? 0);
}

function bankFor(state: TargetState, rules: BeliefRules): Bank {
  return rules.banks === undefined
    ? { rows: 1, vantages: state.views.length }
    : { rows: detectorsOf("probes").length, vantages: state.views.length };
}

const deadOnly: BankLevel = bankLevel([
  { scores: { up: 1, down: resetScore }, pooled: 1, local: localMisses, cap: 2 ** 20 },
]);

function levelFor(rules: BeliefRules, level: number): BankLevel {
  return rules.banks === undefined ? deadOnly : thresholdsAt(rules.banks.probes, level);
}
