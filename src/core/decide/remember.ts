// What a decider takes note of before it decides: runs that ended, trouble that begins and ends, standbys that are lost; and what it
// forgets once all has been well for the dwell.

import type { DecideInput, DecideState } from "./decision.ts";
import { type DecideFacts, decideFactsOf, lostStandbys } from "./facts.ts";
import { noted } from "./flaps.ts";
import { decideRules } from "./rules.ts";

/** Each ended run is counted once: what was done clears the count, what failed adds to it, what a person aborted is a no. */
export function countRun(state: DecideState, input: DecideInput): DecideState {
  const { lastRun } = input;
  if (lastRun === undefined || lastRun.id === state.countedRun) return state;
  const counted = { ...state, countedRun: lastRun.id };
  if (lastRun.result === "done") {
    if (lastRun.by === undefined) return { ...counted, failedRuns: 0 };
    if (lastRun.by === "policy") {
      const flaps = { ...state.flaps, switches: noted(state.flaps.switches, lastRun.endedAtMs) };
      return { ...counted, failedRuns: 0, flaps };
    }
    // Whoever orders a switch has looked at what was before, and vouches for the new primary: the budget begins anew.
    const { flapped: _, ...rest } = counted;
    return { ...rest, failedRuns: 0, flaps: { switches: [], alarms: [] }, vouchedAtMs: lastRun.endedAtMs };
  }
  if (lastRun.result === "failed") return { ...counted, failedRuns: state.failedRuns + 1 };
  const { trouble } = decideFactsOf(counted, input);
  return trouble === undefined
    ? counted
    : { ...counted, denied: { trouble: trouble.key, by: "the person who aborted the last run" } };
}

/**
 * A no, a question without an answer and a count of failures last until the primary has been well for the dwell: a fresh controller sees
 * nothing for a moment, and a primary that comes back for a moment is not well. Unknown is not an end of trouble. Under a new primary
 * nothing of it holds any more.
 */
export function forget(state: DecideState, { trouble, unknown, run, input, from }: DecideFacts): DecideState {
  const { denied, unanswered, ...rest } = state;
  const ofFrom = (one: { readonly trouble: string } | undefined): boolean => one?.trouble.split("/")[1] === from;
  const current = {
    ...rest,
    ...(denied !== undefined && (from === "" || ofFrom(denied)) ? { denied } : {}),
    ...(unanswered !== undefined && (from === "" || ofFrom(unanswered)) ? { unanswered } : {}),
  };
  if (unknown !== undefined || run !== undefined || trouble !== undefined) return current;
  const wellMs = input.nowMs - (state.wellSinceMs ?? input.nowMs);
  return wellMs < decideRules.dwellMs ? current : { ...rest, failedRuns: 0 };
}

/** Since when there is trouble, since when there is none, which synchronous standbys are lost; each beginning of trouble is an alarm. */
export function notice(state: DecideState, facts: DecideFacts): DecideState {
  const { trouble, unknown, run, input } = facts;
  const { nowMs } = input;
  const { troubleSinceMs, downSinceMs, wellSinceMs, flapped, ...rest } = state;
  const lost = lostStandbys(input);
  const lostSinceMs = Object.fromEntries(lost.map((region) => [region, state.lostSinceMs[region] ?? nowMs]));
  const seen = { ...rest, lostSinceMs, ...flappedOf(facts) };
  if (trouble !== undefined) {
    const beganMs = Math.min(nowMs, trouble.seen.sinceMs);
    const known = {
      ...seen,
      troubleSinceMs: troubleSinceMs ?? beganMs,
      ...(trouble.degraded ? {} : { downSinceMs: downSinceMs ?? beganMs }),
    };
    // What is wrong while a run brings things up or moves them is that run's doing, and no flap.
    if (troubleSinceMs !== undefined || run !== undefined) return known;
    return { ...known, flaps: { ...state.flaps, alarms: noted(state.flaps.alarms, nowMs) } };
  }
  // What is not known, or being changed, is neither trouble nor its end.
  if (unknown !== undefined || run !== undefined) {
    return {
      ...seen,
      ...(troubleSinceMs === undefined ? {} : { troubleSinceMs }),
      ...(downSinceMs === undefined ? {} : { downSinceMs }),
    };
  }
  return { ...seen, wellSinceMs: wellSinceMs ?? nowMs };
}

/** Flapping is remembered through the fall that follows it, and a little beyond. */
function flappedOf({ flappingNow, trouble, state, input, from }: DecideFacts): Pick<DecideState, "flapped"> {
  const { flapped } = state;
  if (flappingNow !== undefined) return { flapped: { seen: flappingNow, atMs: input.nowMs } };
  if (flapped === undefined || flapped.seen.region !== from) return {};
  const kept = trouble !== undefined || input.nowMs - flapped.atMs < decideRules.dwellMs;
  return kept ? { flapped } : {};
}
