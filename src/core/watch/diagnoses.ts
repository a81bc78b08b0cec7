// The diagnosis table. Rows are read from the top; a row that `covers` ends the search for its subject, so that one cause is told
// once. Adding a diagnosis is adding a row, its name in diagnosis.ts and a case in the test.

import type { RegionName } from "../model/system.ts";
import { type Belief, flapWindowMs } from "./belief.ts";
import type { Diagnosis, DiagnosisName, Evidence, Severity } from "./diagnosis.ts";
import type { Facts, RegionFacts, ServiceFacts } from "./facts.ts";
import { duration, list, plural, share } from "./sentence.ts";
import type { Weak } from "./track.ts";

type Subject<F> = { readonly facts: F; readonly nowMs: number };

type Row<F> = {
  readonly name: DiagnosisName;
  /** For the documentation: the condition in words. */
  readonly means: string;
  /** Which rows below it are not read any more: those of the same subject, or also those of the region's services. */
  readonly covers: "nothing" | "subject" | "services";
  readonly when: (subject: Subject<F>) => boolean;
  readonly severity: (facts: F) => Severity;
  /** Left out: from when it was first seen. */
  readonly sinceMs?: (subject: Subject<F>) => number;
  readonly partner?: (facts: F) => RegionName;
  readonly evidence: (subject: Subject<F>) => Evidence;
  readonly sentence: (subject: Subject<F>) => string;
};

/** Two reports in a row before a region's own word about a strange state is believed: one may have crossed a change of record. */
const reportsBelieved = 2;
/** So many falls within the window are flapping. */
const flapFalls = 3;

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
    severity: (facts) => (facts.primaryHere ? "critical" : "warning"),
    sinceMs: ({ facts }) => downSince(facts),
    evidence: ({ facts }) =>
      facts.belief.kind === "down"
        ? availability(facts.belief, facts.misses)
        : reported(facts, facts.report?.downReports ?? 0, facts.misses),
    sentence: ({ facts, nowMs }) =>
      `${facts.service.name} in ${facts.region} is down for ${duration(nowMs - downSince(facts))} while the agent there answers (${downWords(facts)})`,
  },
  {
    name: "service-down",
    means: "a service is down: no vantage of a quorum has had an answer, or its own agent has no replica ready",
    covers: "subject",
    when: ({ facts }) => facts.expected && (facts.belief.kind === "down" || saysDown(facts)),
    severity: (facts) => (facts.primaryHere ? "critical" : "warning"),
    sinceMs: ({ facts }) => downSince(facts),
    evidence: ({ facts }) =>
      facts.belief.kind === "down"
        ? availability(facts.belief, facts.misses)
        : reported(facts, facts.report?.downReports ?? 0, facts.misses),
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

/** All that holds at `facts.nowMs`. `before` gives what is still true its age. Every region has at least one diagnosis. */
export function diagnose(facts: Facts, before: readonly Diagnosis[]): readonly Diagnosis[] {
  const { nowMs } = facts;
  const found = [...storeAway(facts), ...facts.regions.flatMap((region) => ofRegion(region, nowMs))];
  return found.map((diagnosis) => {
    const old = before.find(
      (one) =>
        one.name === diagnosis.name &&
        one.region === diagnosis.region &&
        one.service === diagnosis.service &&
        one.partner === diagnosis.partner,
    );
    return old === undefined ? diagnosis : { ...diagnosis, sinceMs: old.sinceMs, seenAtMs: old.seenAtMs };
  });
}

function ofRegion(facts: RegionFacts, nowMs: number): readonly Diagnosis[] {
  const region = firstOf(regionRows, { facts, nowMs }, { region: facts.region });
  const covered = region.some((diagnosis) =>
    regionRows.some((row) => row.name === diagnosis.name && row.covers === "services"),
  );
  const services = covered
    ? []
    : facts.services.flatMap((service) =>
        firstOf(serviceRows, { facts: service, nowMs }, { region: facts.region, service: service.service.name }),
      );
  return region.length + services.length > 0 ? [...region, ...services] : [healthy(facts, nowMs)];
}

function firstOf<F>(
  rows: readonly Row<F>[],
  subject: Subject<F>,
  at: { readonly region: RegionName; readonly service?: string },
): readonly Diagnosis[] {
  const found: Diagnosis[] = [];
  for (const row of rows) {
    if (!row.when(subject)) continue;
    found.push({
      name: row.name,
      ...at,
      ...(row.partner === undefined ? {} : { partner: row.partner(subject.facts) }),
      severity: row.severity(subject.facts),
      sinceMs: row.sinceMs?.(subject) ?? subject.nowMs,
      seenAtMs: subject.nowMs,
      evidence: row.evidence(subject),
      sentence: row.sentence(subject),
    });
    if (row.covers !== "nothing") break;
  }
  return found;
}

function healthy(facts: RegionFacts, nowMs: number): Diagnosis {
  return {
    name: "healthy",
    region: facts.region,
    severity: "ok",
    sinceMs: nowMs,
    seenAtMs: nowMs,
    evidence: availability(facts.agent, facts.misses),
    sentence: `${facts.region} is healthy: ${list(facts.agent.fine)} ${plural(facts.agent.fine.length, "reaches", "reach")} it`,
  };
}

function storeAway({ store, controllerRegion, nowMs }: Facts): readonly Diagnosis[] {
  if (store.reachable) return [];
  const age = nowMs - store.sinceMs;
  return [
    {
      name: "store-away",
      region: controllerRegion,
      severity: "critical",
      sinceMs: store.sinceMs,
      seenAtMs: nowMs,
      evidence: { statistic: age, threshold: 0, vantages: [controllerRegion], sampleCount: 1, silentMs: age },
      sentence: `the store of the controller in ${controllerRegion} is away for ${duration(age)}${store.why === "" ? "" : ` (${store.why})`}: primaries go on by holds, nobody is promoted`,
    },
  ];
}

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

function because({ silent, blind }: Belief): string {
  const parts = [
    ...(silent.length > 0 ? [`${list(silent)} ${plural(silent.length, "is", "are")} silent`] : []),
    ...(blind.length > 0 ? [`${list(blind)} ${plural(blind.length, "is", "are")} cut off itself`] : []),
  ];
  return parts.length === 0 ? "" : ` (${parts.join(", ")})`;
}

function misses(belief: Belief): string {
  return `${belief.statistic} ${plural(belief.statistic, "miss", "misses")}`;
}

function reach({ votes }: Belief): string {
  if (votes.length === 1) return "it reaches its controls";
  return votes.length === 2 ? "both reach their controls" : "all reach their controls";
}

function degraded(what: string, weak: Weak | undefined, nowMs: number): string {
  if (weak === undefined) return what;
  return `${what} is degraded: about ${share(weak.share)} of answers fail, ${seenBy(weak, nowMs)}`;
}

function saysOf({ busy }: Belief): string {
  return busy === undefined ? "" : `; it is there and says no: ${busy.replace(/\.$/, "")}`;
}

function degradedForUsers(what: string, weak: Weak, nowMs: number): string {
  const routers = `the ${plural(weak.vantages.length, "router", "routers")} of ${list(weak.vantages)}`;
  return `${what} is degraded: about ${share(weak.share)} of users' requests fail, seen by ${routers} since ${duration(nowMs - weak.sinceMs)} (${compared(weak)})`;
}

function slow(what: string, seen: Belief["slow"], nowMs: number): string {
  if (seen === undefined) return what;
  return `${what} is slow: about ${share(seen.share)} of answers take clearly longer than the ${Math.round(seen.usualMs)} ms that were enough for nearly all, ${seenBy(seen, nowMs)}`;
}

function seenBy(weak: Weak, nowMs: number): string {
  return `seen by ${list(weak.vantages)} since ${duration(nowMs - weak.sinceMs)} (${compared(weak)})`;
}

function compared({ statistic, threshold }: Weak): string {
  return `statistic ${statistic.toFixed(1)}, threshold ${threshold.toFixed(1)}`;
}

function flapping(what: string, belief: Belief, nowMs: number): string {
  return `${what} is flapping: it fell ${belief.falls} times within ${duration(nowMs - belief.firstFallMs)} and came back each time but perhaps the last`;
}

function weakness(weak: Weak | undefined, belief: Belief): Evidence {
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

function fallen(belief: Belief): Evidence {
  return {
    statistic: belief.falls,
    threshold: flapFalls,
    vantages: belief.usable,
    sampleCount: belief.samples,
    silentMs: belief.silentMs,
  };
}

function availability(belief: Belief, threshold: number): Evidence {
  return {
    statistic: belief.statistic,
    threshold,
    vantages: belief.votes,
    sampleCount: belief.samples,
    silentMs: belief.silentMs,
  };
}

function reported(facts: ServiceFacts, statistic: number, threshold: number): Evidence {
  return { statistic, threshold, vantages: [facts.region], sampleCount: facts.report?.reports ?? 0, silentMs: 0 };
}
