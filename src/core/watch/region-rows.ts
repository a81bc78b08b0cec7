// The rows of the diagnosis table that are about a region as a whole.

import { flapWindowMs } from "./belief.ts";
import { type Row, reportsBelieved } from "./diagnosis-row.ts";
import {
  availability,
  because,
  degraded,
  fallen,
  flapFalls,
  flapping,
  misses,
  reach,
  slow,
  weakness,
} from "./diagnosis-words.ts";
import type { RegionFacts, ServiceFacts } from "./facts.ts";
import { duration, list, plural } from "./sentence.ts";

export const regionRows: readonly Row<RegionFacts>[] = [
  {
    name: "observer-blind",
    means: "a vantage reaches none of its control targets; what it misses counts for nothing",
    covers: "nothing",
    when: ({ facts }) => facts.blindReports >= reportsBelieved,
    severity: () => "warning",
    evidence: ({ facts }) => ({
      statistic: facts.blindReports,
      threshold: reportsBelieved,
      vantages: [facts.region],
      sampleCount: facts.blindReports,
      silentMs: 0,
    }),
    sentence: ({ facts }) =>
      `${facts.region} is blind as an observer: it reached none of its controls in ${facts.blindReports} reports in a row, so what it misses is not counted`,
  },
  {
    name: "unknown",
    means:
      "fewer vantages than a quorum can judge: the others are silent, or blind because they reach no control target",
    covers: "subject",
    when: ({ facts }) => facts.agent.kind === "unknown" || facts.agent.kind === "unwatched",
    severity: (facts) => (facts.primaryHere ? "warning" : "notice"),
    evidence: ({ facts }) => ({
      ...availability(facts.agent, facts.agent.quorum),
      statistic: facts.agent.usable.length,
      vantages: facts.agent.usable,
    }),
    sentence: ({ facts }) =>
      `${facts.region} cannot be judged: ${facts.agent.usable.length} of the ${facts.agent.quorum} vantages that are needed can see and reach their controls${because(facts.agent)}`,
  },
  {
    name: "region-unreachable",
    means: "the agent and every watched service of the region are down",
    covers: "services",
    when: ({ facts }) => facts.agent.kind === "down" && watched(facts).every((one) => one.belief.kind === "down"),
    severity: (facts) => (facts.primaryHere ? "critical" : "warning"),
    // The last of its targets to fall: before that something of it still answered.
    sinceMs: ({ facts }) => Math.max(facts.agent.sinceMs, ...watched(facts).map((one) => one.belief.sinceMs)),
    evidence: ({ facts }) => availability(facts.agent, facts.misses),
    sentence: ({ facts }) =>
      `${facts.region} is unreachable: ${list(facts.agent.votes)} ${plural(facts.agent.votes.length, "has", "have")} had no answer for ${duration(facts.agent.silentMs)} (${misses(facts.agent)}, threshold ${facts.misses}; ${reach(facts.agent)})`,
  },
  {
    name: "agent-down",
    means: "the agent answers nobody, some of the region's services still do",
    covers: "nothing",
    when: ({ facts }) => facts.agent.kind === "down",
    severity: (facts) => (facts.primaryHere ? "critical" : "warning"),
    sinceMs: ({ facts }) => facts.agent.sinceMs,
    evidence: ({ facts }) => availability(facts.agent, facts.misses),
    sentence: ({ facts }) =>
      `the agent of ${facts.region} is down: ${list(facts.agent.votes)} ${plural(facts.agent.votes.length, "has", "have")} had no answer from it for ${duration(facts.agent.silentMs)} (${misses(facts.agent)}, threshold ${facts.misses}), though services there answer`,
  },
  {
    name: "link-cut",
    means: "only a region that shares a group with this one misses it; all other vantages see it",
    covers: "nothing",
    when: ({ facts }) => dissent(facts) === "partner",
    severity: () => "warning",
    partner: (facts) => facts.agent.alone[0] ?? facts.region,
    evidence: ({ facts }) => ({
      ...availability(facts.agent, facts.misses),
      statistic: facts.agent.alone.length,
      vantages: facts.agent.alone,
    }),
    sentence: ({ facts }) =>
      `the link between ${facts.region} and ${list(facts.agent.alone)} is cut: ${list(facts.agent.alone)} gets no answer from ${facts.region}, ${list(facts.agent.fine)} ${plural(facts.agent.fine.length, "does", "do")}; ${facts.region} serves on`,
  },
  {
    name: "vantages-disagree",
    means: "some vantages miss the region, others see it, and it is not one link between partners",
    covers: "nothing",
    when: ({ facts }) => dissent(facts) === "others",
    severity: () => "warning",
    evidence: ({ facts }) => ({
      ...availability(facts.agent, facts.misses),
      statistic: facts.agent.alone.length,
      vantages: facts.agent.alone,
    }),
    sentence: ({ facts }) =>
      `vantages disagree about ${facts.region}: ${list(facts.agent.alone)} ${plural(facts.agent.alone.length, "gets", "get")} no answer, ${list(facts.agent.fine)} ${plural(facts.agent.fine.length, "does", "do")}; a network fault between them, not a dead region`,
  },
  {
    name: "agent-silent",
    means: "the region answers probes, but its agent's reports to the controller have stopped",
    covers: "nothing",
    when: ({ facts, nowMs }) =>
      (facts.agent.kind === "up" || facts.agent.kind === "recovering") &&
      // Reached by nobody it is not known to live; then the misses decide, and until they do nothing is said.
      facts.agent.fine.length > 0 &&
      facts.reportedAtMs !== undefined &&
      nowMs - facts.reportedAtMs > facts.silentAfterMs,
    severity: (facts) => (facts.primaryHere ? "warning" : "notice"),
    sinceMs: ({ facts, nowMs }) => facts.reportedAtMs ?? nowMs,
    evidence: ({ facts, nowMs }) => ({
      ...availability(facts.agent, facts.misses),
      statistic: nowMs - (facts.reportedAtMs ?? nowMs),
      threshold: facts.silentAfterMs,
      vantages: facts.agent.fine,
    }),
    sentence: ({ facts, nowMs }) =>
      `the agent of ${facts.region} has not reported for ${duration(nowMs - (facts.reportedAtMs ?? nowMs))}, but ${list(facts.agent.fine)} ${plural(facts.agent.fine.length, "reaches", "reach")} it: it is cut off from this controller, not dead`,
  },
  {
    name: "region-degraded",
    means:
      "a share of the answers of the region's agent fails: pooled and at each of a quorum of vantages above the threshold",
    covers: "nothing",
    when: ({ facts }) => facts.agent.weak !== undefined,
    severity: () => "warning",
    sinceMs: ({ facts, nowMs }) => facts.agent.weak?.sinceMs ?? nowMs,
    evidence: ({ facts }) => weakness(facts.agent.weak, facts.agent),
    sentence: ({ facts, nowMs }) => degraded(facts.region, facts.agent.weak, nowMs),
  },
  {
    name: "slow",
    means:
      "the region's agent answers later than it used to: half of the answers and more are clearly beyond its 95th percentile",
    covers: "nothing",
    when: ({ facts }) => facts.agent.slow !== undefined,
    severity: () => "warning",
    sinceMs: ({ facts, nowMs }) => facts.agent.slow?.sinceMs ?? nowMs,
    evidence: ({ facts }) => weakness(facts.agent.slow, facts.agent),
    sentence: ({ facts, nowMs }) => slow(facts.region, facts.agent.slow, nowMs),
  },
  {
    name: "flapping",
    means: `the region's agent has fallen ${flapFalls} times or more within ${flapWindowMs / 60_000} minutes`,
    covers: "nothing",
    when: ({ facts }) => facts.agent.falls >= flapFalls,
    severity: () => "warning",
    sinceMs: ({ facts }) => facts.agent.firstFallMs,
    evidence: ({ facts }) => fallen(facts.agent),
    sentence: ({ facts, nowMs }) => flapping(facts.region, facts.agent, nowMs),
  },
  {
    name: "recovering",
    means: "the agent answers again after an alarm, but not yet for long enough",
    covers: "nothing",
    when: ({ facts }) => facts.agent.kind === "recovering",
    severity: () => "notice",
    sinceMs: ({ facts }) => facts.agent.sinceMs,
    evidence: ({ facts }) => availability(facts.agent, facts.misses),
    sentence: ({ facts, nowMs }) =>
      `${facts.region} answers again, since ${duration(nowMs - facts.agent.sinceMs)}; it is watched a little longer before it counts as healthy`,
  },
];

function watched(facts: RegionFacts): readonly ServiceFacts[] {
  return facts.services.filter((one) => one.expected && one.belief.kind !== "unwatched");
}

/** Does one side miss the region while another sees it, and is it just one partner's link? */
function dissent(facts: RegionFacts): "none" | "partner" | "others" {
  const { alone, fine } = facts.agent;
  if (alone.length === 0 || fine.length === 0) return "none";
  const [only] = alone;
  return alone.length === 1 && only !== undefined && facts.partners.includes(only) ? "partner" : "others";
}
