// What is believed of one target, from samples of its vantages. One target, one value; every function returns a new one.
//
// I2. A miss counts only from a vantage that reached a control target in the same period; a vantage that has not been heard for
//     some periods has no vote; with less than a quorum of vantages that can judge, the belief is "unknown".

import type { RegionName } from "../model/system.ts";
import { advance, deadDetector, localMisses, quorumOf } from "./detector.ts";
import type { Target } from "./observation.ts";

export type BeliefRules = {
  readonly periodMs: number;
  /** Pooled misses in a row that make the alarm. */
  readonly misses: number;
  /** A vantage that has not been heard for so long is silent. */
  readonly silentAfterMs: number;
  /** Before an alarmed target is up again: so many answers in a row at each of a quorum of vantages... */
  readonly recoveryAnswers: number;
  /** ...and so long without two pooled misses in a row, so that a flapping target is not called healthy between two falls. */
  readonly recoveryDwellMs: number;
};

export type View = {
  readonly vantage: RegionName;
  /** The next sample is due then; one that is more than half a period early is a second one of the same period. */
  readonly dueMs: number;
  readonly sampledAtMs: number;
  readonly last: "none" | "ok" | "miss" | "blind";
  /** Counted misses in a row, and answers in a row. */
  readonly misses: number;
  readonly answers: number;
  readonly samples: number;
  readonly answeredAtMs?: number;
};

export type TargetState = {
  readonly target: Target;
  readonly views: readonly View[];
  /** Pooled misses since anybody had an answer. */
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
};

/** "unwatched": no vantage looks at it at present, by choice or because all are silent; the region's agent tells which. */
export type BeliefKind = "unwatched" | "unknown" | "up" | "down" | "recovering";

export type Belief = {
  readonly kind: BeliefKind;
  readonly sinceMs: number;
  readonly statistic: number;
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
};

export type Sample = { readonly vantage: RegionName; readonly ok: boolean; readonly controls: boolean };

export function newTarget(target: Target, vantages: readonly RegionName[]): TargetState {
  const views = vantages.map(
    (vantage): View => ({ vantage, dueMs: 0, sampledAtMs: 0, last: "none", misses: 0, answers: 0, samples: 0 }),
  );
  return { target, views, statistic: 0, pooledAtMs: 0, missingSinceMs: 0, phase: "up", sinceMs: 0, dwellFromMs: 0 };
}

/** One sample. A second one of the same vantage and period, and one of a place that is no vantage, change nothing. */
export function takeSample(state: TargetState, rules: BeliefRules, sample: Sample, nowMs: number): TargetState {
  const index = state.views.findIndex((view) => view.vantage === sample.vantage);
  const view = state.views[index];
  if (view === undefined || (view.samples > 0 && nowMs < view.dueMs - rules.periodMs / 2)) return state;

  const outcome = sample.ok ? "ok" : sample.controls ? "miss" : "blind";
  const views = state.views.with(index, nextView(view, rules, outcome, nowMs));
  if (outcome === "blind") return settle({ ...state, views }, rules, nowMs);

  // A count that nobody added to for long says nothing about now.
  const stale = nowMs - state.pooledAtMs > rules.silentAfterMs;
  const before = stale ? 0 : state.statistic;
  const statistic = advance(deadDetector, before, sample.ok);
  return settle(
    {
      ...state,
      views,
      statistic,
      pooledAtMs: nowMs,
      missingSinceMs: outcome === "miss" && before === 0 ? nowMs : state.missingSinceMs,
      ...(sample.ok ? { answeredAtMs: nowMs } : {}),
    },
    rules,
    nowMs,
  );
}

function nextView(view: View, rules: BeliefRules, last: "ok" | "miss" | "blind", nowMs: number): View {
  const stale = nowMs - view.sampledAtMs > rules.silentAfterMs;
  return {
    ...view,
    dueMs: Math.max(nowMs, view.dueMs) + rules.periodMs,
    sampledAtMs: nowMs,
    last,
    // A blind period breaks the run: a vote rests on misses that were all seen with a control target in reach.
    misses: last === "miss" ? (stale ? 0 : view.misses) + 1 : 0,
    answers: last === "ok" ? (stale ? 0 : view.answers) + 1 : 0,
    samples: view.samples + 1,
    ...(last === "ok" ? { answeredAtMs: nowMs } : {}),
  };
}

/** Moves between up, down and recovering. Also called as time passes, for the dwell. */
export function settle(state: TargetState, rules: BeliefRules, nowMs: number): TargetState {
  const alarmed =
    state.statistic >= rules.misses && votesOf(state, rules, nowMs).length >= quorumOf(state.views.length);
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
      return dwelt && answering.length >= quorumOf(state.views.length)
        ? { ...state, phase: "up", sinceMs: nowMs }
        : state;
    }
    default:
      return state.phase satisfies never;
  }
}

export function beliefOf(state: TargetState, rules: BeliefRules, nowMs: number): Belief {
  const heard = state.views.filter((view) => fresh(view, rules, nowMs));
  const named = (views: readonly View[]): readonly RegionName[] => views.map((view) => view.vantage);
  const usable = heard.filter((view) => view.last !== "blind");
  const votes = votesOf(state, rules, nowMs);
  const quorum = quorumOf(state.views.length);
  return {
    kind: heard.length === 0 ? "unwatched" : kindOf(state, { usable: usable.length, votes: votes.length, quorum }),
    sinceMs: state.sinceMs,
    statistic: state.statistic,
    samples: state.views.reduce((sum, view) => sum + view.samples, 0),
    usable: named(usable),
    votes,
    fine: named(heard.filter((view) => view.last === "ok")),
    blind: named(heard.filter((view) => view.last === "blind")),
    silent: named(state.views.filter((view) => !fresh(view, rules, nowMs))),
    alone: named(heard.filter((view) => view.misses >= rules.misses)),
    quorum,
    silentMs: state.statistic === 0 ? 0 : nowMs - (state.answeredAtMs ?? state.missingSinceMs),
  };
}

function kindOf(state: TargetState, seen: { usable: number; votes: number; quorum: number }): BeliefKind {
  if (seen.usable < seen.quorum) return "unknown";
  // An alarm stands only while its quorum stands: those who raised it may have gone blind or silent since.
  if (state.phase === "down") return seen.votes >= seen.quorum ? "down" : "unknown";
  return state.phase;
}

function votesOf(state: TargetState, rules: BeliefRules, nowMs: number): readonly RegionName[] {
  return state.views
    .filter((view) => view.last === "miss" && view.misses >= localMisses && fresh(view, rules, nowMs))
    .map((view) => view.vantage);
}

function fresh(view: View, rules: BeliefRules, nowMs: number): boolean {
  return view.samples > 0 && nowMs - view.sampledAtMs <= rules.silentAfterMs;
}
