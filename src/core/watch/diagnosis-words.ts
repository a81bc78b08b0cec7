// What diagnoses say and rest on, in words and numbers that several rows share.

import type { Belief } from "./belief.ts";
import type { Evidence } from "./diagnosis.ts";
import type { ServiceFacts } from "./facts.ts";
import { duration, list, plural, share } from "./sentence.ts";
import type { Weak } from "./track.ts";

/** So many falls within the window are flapping. */
export const flapFalls = 3;

export function because({ silent, blind }: Belief): string {
  const parts = [
    ...(silent.length > 0 ? [`${list(silent)} ${plural(silent.length, "is", "are")} silent`] : []),
    ...(blind.length > 0 ? [`${list(blind)} ${plural(blind.length, "is", "are")} cut off itself`] : []),
  ];
  return parts.length === 0 ? "" : ` (${parts.join(", ")})`;
}

export function misses(belief: Belief): string {
  return `${belief.statistic} ${plural(belief.statistic, "miss", "misses")}`;
}

export function reach({ votes }: Belief): string {
  if (votes.length === 1) return "it reaches its controls";
  return votes.length === 2 ? "both reach their controls" : "all reach their controls";
}

export function degraded(what: string, weak: Weak | undefined, nowMs: number): string {
  if (weak === undefined) return what;
  return `${what} is degraded: about ${share(weak.share)} of answers fail, ${seenBy(weak, nowMs)}`;
}

export function saysOf({ busy }: Belief): string {
  return busy === undefined ? "" : `; it is there and says no: ${busy.replace(/\.$/, "")}`;
}

export function degradedForUsers(what: string, weak: Weak, nowMs: number): string {
  const routers = `the ${plural(weak.vantages.length, "router", "routers")} of ${list(weak.vantages)}`;
  return `${what} is degraded: about ${share(weak.share)} of users' requests fail, seen by ${routers} since ${duration(nowMs - weak.sinceMs)} (${compared(weak)})`;
}

export function slow(what: string, seen: Belief["slow"], nowMs: number): string {
  if (seen === undefined) return what;
  return `${what} is slow: about ${share(seen.share)} of answers take clearly longer than the ${Math.round(seen.usualMs)} ms that were enough for nearly all, ${seenBy(seen, nowMs)}`;
}

function seenBy(weak: Weak, nowMs: number): string {
  return `seen by ${list(weak.vantages)} since ${duration(nowMs - weak.sinceMs)} (${compared(weak)})`;
}

function compared({ statistic, threshold }: Weak): string {
  return `statistic ${statistic.toFixed(1)}, threshold ${threshold.toFixed(1)}`;
}

export function flapping(what: string, belief: Belief, nowMs: number): string {
  return `${what} is flapping: it fell ${belief.falls} times within ${duration(nowMs - belief.firstFallMs)} and came back each time but perhaps the last`;
}

export function weakness(weak: Weak | undefined, belief: Belief): Evidence {
  if (weak === undefined) return availability(belief, belief.threshold);
  return {
    statistic: weak.statistic,
    threshold: weak.threshold,
    vantages: weak.vantages,
    sampleCount: weak.samples,
    silentMs: 0,
    detector: weak.detector,
    madeForShare: weak.p1,
    failureShare: weak.share,
  };
}

export function fallen(belief: Belief): Evidence {
  return {
    statistic: belief.falls,
    threshold: flapFalls,
    vantages: belief.usable,
    sampleCount: belief.samples,
    silentMs: belief.silentMs,
  };
}

export function availability(belief: Belief, threshold: number): Evidence {
  return {
    statistic: belief.statistic,
    threshold,
    vantages: belief.votes,
    sampleCount: belief.samples,
    silentMs: belief.silentMs,
  };
}

export function reported(facts: ServiceFacts, statistic: number, threshold: number): Evidence {
  return { statistic, threshold, vantages: [facts.region], sampleCount: facts.report?.reports ?? 0, silentMs: 0 };
}
