// The rows of the diagnosis table that are about one service in one region.

import { flapWindowMs } from "./belief.ts";
import { type Row, reportsBelieved, type Subject } from "./diagnosis-row.ts";
import {
  availability,
  degraded,
  degradedForUsers,
  fallen,
  flapFalls,
  flapping,
  misses,
  reported,
  saysOf,
  slow,
  weakness,
} from "./diagnosis-words.ts";
import type { ServiceFacts } from "./facts.ts";
import { duration, list, plural } from "./sentence.ts";

/** What both rows of a service that is down say alike: the vantages' word where they have one, else its own agent's. */
const ofDown: Pick<Row<ServiceFacts>, "severity" | "sinceMs" | "evidence"> = {
  severity: (facts) => (facts.primaryHere ? "critical" : "warning"),
  sinceMs: ({ facts }) => downSince(facts),
  evidence: ({ facts }) =>
    facts.belief.kind === "down"
      ? availability(facts.belief, facts.misses)
      : reported(facts, facts.report?.downReports ?? 0, facts.misses),
};

export const serviceRows: readonly Row<ServiceFacts>[] = [
  {
    name: "promoted-by-hand",
    means:
      "a copy became primary without Leeward: it was a standby under the present record, or is on a newer timeline than the primary",
    covers: "subject",
    when: ({ facts }) => (facts.report?.selfMadeReports ?? 0) >= reportsBelieved && facts.agentHeard,
    severity: () => "critical",
    sinceMs: ({ facts, nowMs }) => facts.report?.atMs ?? nowMs,
    evidence: ({ facts }) => reported(facts, facts.report?.selfMadeReports ?? 0, reportsBelieved),
    sentence: ({ facts }) =>
      `${facts.service.name} in ${facts.region} was promoted by hand: it calls itself primary, but the primary on record is ${facts.primary ?? "nobody"}; no traffic goes to it`,
  },
  {
    name: "database-down",
    means: "a database is down (by the vantages, or by its own agent's reports) while the region's agent answers",
    covers: "subject",
    when: ({ facts }) =>
      facts.database &&
      facts.expected &&
      (facts.agentUp || facts.agentHeard) &&
      (facts.belief.kind === "down" || saysDown(facts)),
    ...ofDown,
    sentence: ({ facts, nowMs }) =>
      `${facts.service.name} in ${facts.region} is down for ${duration(nowMs - downSince(facts))} while the agent there answers (${downWords(facts)})`,
  },
  {
    name: "service-down",
    means: "a service is down: no vantage of a quorum has had an answer, or its own agent has no replica ready",
    covers: "subject",
    when: ({ facts }) => facts.expected && (facts.belief.kind === "down" || saysDown(facts)),
    ...ofDown,
    sentence: ({ facts, nowMs }) =>
      `${facts.service.name} in ${facts.region} is down for ${duration(nowMs - downSince(facts))} (${downWords(facts)})`,
  },
  {
    name: "replication-stalled",
    means:
      "the primary is heard, and the standby was last caught up longer ago than the bound (a third of maxDataLoss, 2 s to 60 s)",
    covers: "nothing",
    when: (subject) => subject.facts.primaryHeard && lagAge(subject) > subject.facts.stalledAfterMs,
    severity: () => "warning",
    sinceMs: ({ facts, nowMs }) => caughtUp(facts) ?? nowMs,
    partner: (facts) => facts.primary ?? facts.region,
    evidence: (subject) => ({
      ...reported(subject.facts, lagAge(subject), subject.facts.stalledAfterMs),
      vantages: [subject.facts.primary ?? "", subject.facts.region],
    }),
    sentence: (subject) =>
      `replication of ${subject.facts.service.name} to ${subject.facts.region} is stalled: last caught up ${duration(lagAge(subject))} ago (bound ${duration(subject.facts.stalledAfterMs)})${bytes(subject.facts)}`,
  },
  {
    name: "service-degraded",
    means:
      "a share of the service's answers fails, or of users' requests to it (by routers' counts): pooled and at a quorum above the threshold",
    covers: "nothing",
    when: ({ facts }) =>
      facts.expected && (facts.belief.traffic !== undefined || (facts.belief.weak !== undefined && !facts.regionWeak)),
    severity: () => "warning",
    sinceMs: ({ facts, nowMs }) => (facts.belief.traffic ?? facts.belief.weak)?.sinceMs ?? nowMs,
    evidence: ({ facts }) => weakness(facts.belief.traffic ?? facts.belief.weak, facts.belief),
    sentence: ({ facts, nowMs }) =>
      facts.belief.traffic === undefined
        ? degraded(`${facts.service.name} in ${facts.region}`, facts.belief.weak, nowMs) + saysOf(facts.belief)
        : degradedForUsers(`${facts.service.name} in ${facts.region}`, facts.belief.traffic, nowMs),
  },
  {
    name: "slow",
    means:
      "the service answers later than it used to: half of the answers and more are clearly beyond its 95th percentile",
    covers: "nothing",
    when: ({ facts }) => facts.expected && facts.belief.slow !== undefined && !facts.regionSlow,
    severity: () => "warning",
    sinceMs: ({ facts, nowMs }) => facts.belief.slow?.sinceMs ?? nowMs,
    evidence: ({ facts }) => weakness(facts.belief.slow, facts.belief),
    sentence: ({ facts, nowMs }) => slow(`${facts.service.name} in ${facts.region}`, facts.belief.slow, nowMs),
  },
  {
    name: "flapping",
    means: `the service has fallen ${flapFalls} times or more within ${flapWindowMs / 60_000} minutes`,
    covers: "nothing",
    when: ({ facts }) => facts.expected && facts.belief.falls >= flapFalls,
    severity: () => "warning",
    sinceMs: ({ facts }) => facts.belief.firstFallMs,
    evidence: ({ facts }) => fallen(facts.belief),
    sentence: ({ facts, nowMs }) => flapping(`${facts.service.name} in ${facts.region}`, facts.belief, nowMs),
  },
  {
    name: "recovering",
    means: "the service answers again after an alarm, but not yet for long enough",
    covers: "nothing",
    when: ({ facts }) => facts.expected && facts.belief.kind === "recovering",
    severity: () => "notice",
    sinceMs: ({ facts }) => facts.belief.sinceMs,
    evidence: ({ facts }) => availability(facts.belief, facts.misses),
    sentence: ({ facts, nowMs }) =>
      `${facts.service.name} in ${facts.region} answers again, since ${duration(nowMs - facts.belief.sinceMs)}; it is watched a little longer before it counts as healthy`,
  },
];

/** The region's own agent has said so in as many reports in a row as a vantage's misses would need, and no quorum sees it answer. */
function saysDown(facts: ServiceFacts): boolean {
  const seenUp = facts.belief.kind === "up" || facts.belief.kind === "recovering";
  return facts.agentHeard && !seenUp && (facts.report?.downReports ?? 0) >= facts.misses;
}

function downSince(facts: ServiceFacts): number {
  return facts.belief.kind === "down" ? facts.belief.sinceMs : (facts.report?.downSinceMs ?? 0);
}

function downWords(facts: ServiceFacts): string {
  if (facts.belief.kind === "down")
    return `${misses(facts.belief)} at ${list(facts.belief.votes)}, threshold ${facts.misses}`;
  return `its own agent said so in ${facts.report?.downReports ?? 0} reports in a row, threshold ${facts.misses}`;
}

function caughtUp({ standby }: ServiceFacts): number | undefined {
  return standby === undefined ? undefined : (standby.caughtUpAtMs ?? standby.firstReportedAtMs);
}

function lagAge({ facts, nowMs }: Subject<ServiceFacts>): number {
  return nowMs - (caughtUp(facts) ?? nowMs);
}

function bytes({ behindBytes }: ServiceFacts): string {
  return behindBytes === undefined
    ? ", bytes behind unknown"
    : `, ${behindBytes.toLocaleString("en")} ${plural(behindBytes, "byte", "bytes")} behind`;
}
