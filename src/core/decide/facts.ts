// Everything the rows of the transition table may ask, derived once per decision.

import type { RegionName } from "../model/system.ts";
import type { Diagnosis, DiagnosisName } from "../watch/diagnosis.ts";
import { consideredFor, targetsFor } from "./choice.ts";
import type { Considered, DecideInput, DecideState, EndedRun, Maintenance, Question, RunUnderWay } from "./decision.ts";
import { budgetFreeAtMs, type Spent, spentBudget } from "./flaps.ts";
import { type HoldOff, holdOffOf, type Policy, policyOf } from "./policy.ts";
import { hasExpired } from "./questions.ts";
import { coversTrouble, decideRules, standbyLost, type Trouble, troubles } from "./rules.ts";
import { type How, type Judged, judge, seenAt } from "./targets.ts";

export type DecideFacts = {
  readonly input: DecideInput;
  readonly state: DecideState;
  readonly policy: Policy;
  /** The primary on record; empty before there is one. */
  readonly from: RegionName;
  /** A run that nothing may overtake. */
  readonly run: RunUnderWay | undefined;
  /** A run that a switch may end first: it only rebuilds a standby. */
  readonly replaceable: RunUnderWay | undefined;
  readonly storeAway: Diagnosis | undefined;
  /** The primary's own agent reports. */
  readonly fromHeard: boolean;
  readonly byHand: Diagnosis | undefined;
  readonly unknown: Diagnosis | undefined;
  /** Not one region of the group can be judged. */
  readonly allUnknown: boolean;
  readonly flappingNow: Diagnosis | undefined;
  /** The same, and in trouble also what was said of it just before. */
  readonly flapping: Diagnosis | undefined;
  readonly slow: Diagnosis | undefined;
  readonly recovering: Diagnosis | undefined;
  readonly warning: Diagnosis | undefined;
  readonly linkCut: Diagnosis | undefined;
  readonly trouble: (Trouble & { readonly seen: Diagnosis; readonly key: string }) | undefined;
  /** How long there has been trouble, of whichever kind. */
  readonly troubleMs: number;
  /** The same; of an outage only since it is worse than a brown-out. */
  readonly outageMs: number;
  /** How long it is known to be without trouble. */
  readonly wellMs: number;
  readonly how: How;
  readonly targets: readonly Judged[];
  readonly target: Judged | undefined;
  readonly targetReady: boolean;
  /** Regions that could serve after the switch, the target among them. */
  readonly servingAfter: readonly RegionName[];
  readonly leaseLeftMs: number;
  readonly restartLeftMs: number;
  readonly holdOff: HoldOff;
  readonly holdOffLeftMs: number;
  readonly coolLeftMs: number;
  readonly retryLeftMs: number;
  readonly spent: Spent | undefined;
  readonly budgetFreeAtMs: number;
  readonly denied: boolean;
  readonly expired: Question | undefined;
  readonly unanswered: boolean;
  readonly halfWay: EndedRun | undefined;
  /** A standby that a person took out and that is still promotable. */
  readonly outOfService: Maintenance | undefined;
  /** A synchronous standby for which commits wait in vain, the one that is lost for the longest. */
  readonly lost:
    | { readonly region: RegionName; readonly forMs: number; readonly dropLeftMs: number | undefined }
    | undefined;
  /** What a person asked for, with the region it leads to resolved. */
  readonly order: { readonly to: RegionName; readonly judged: Judged; readonly how: How } | undefined;
  readonly considered: readonly Considered[];
};

export function decideFactsOf(state: DecideState, input: DecideInput): DecideFacts {
  const { nowMs, lastRun, record, group } = input;
  const from = record?.primary ?? "";
  const policy = policyOf(group.policy);
  const concerns = (one: Diagnosis): boolean =>
    group.primary.includes(one.region) && (one.service === undefined || group.services.includes(one.service));
  const find = (name: DiagnosisName, region?: RegionName): Diagnosis | undefined =>
    input.diagnoses.find(
      (one) => one.name === name && concerns(one) && (region === undefined || one.region === region),
    );

  const trouble = troubleOf(find, from);
  const order = orderOf(input);
  const how: How = trouble?.remedy === "switchover" ? "graceful" : "forced";
  const targets = targetsFor(input, how);
  const target = targets.find((one) => one.refusedWhy === undefined);
  const retryMs =
    state.failedRuns === 0
      ? 0
      : Math.min(decideRules.retryAfterMaxMs, decideRules.retryAfterMs * 2 ** (state.failedRuns - 1));
  const replaceable = input.run?.kind === "protect" ? input.run : undefined;
  // Falls from before a person led the group here are what that person knew.
  const falls = find("flapping", from);
  const flappingNow =
    falls !== undefined && falls.sinceMs > (state.vouchedAtMs ?? Number.NEGATIVE_INFINITY) ? falls : undefined;
  const { flapped } = state;
  const troubleSinceMs = trouble === undefined ? nowMs : Math.min(trouble.seen.sinceMs, state.troubleSinceMs ?? nowMs);
  const sinceMs =
    trouble === undefined || trouble.degraded
      ? troubleSinceMs
      : Math.min(trouble.seen.sinceMs, state.downSinceMs ?? nowMs);
  const holdOff = holdOffOf(policy, input.costs, {
    degraded: trouble?.degraded ?? false,
    lossBoundMs: target?.lossBoundMs ?? "unknown",
    failingShare: trouble?.seen.evidence.failureShare,
  });
  const spent = spentBudget(state.flaps, policy, nowMs);
  return {
    input,
    state,
    policy,
    from,
    run: replaceable === undefined ? input.run : undefined,
    replaceable,
    storeAway: input.diagnoses.find((one) => one.name === "store-away"),
    fromHeard: input.candidates.some((one) => one.region === from && one.agentReachable),
    byHand: input.diagnoses.find((one) => one.name === "promoted-by-hand" && concerns(one) && one.region !== from),
    unknown: find("unknown", from),
    allUnknown:
      group.primary.length > 1 &&
      group.primary.every((region) => {
        const seen = find("unknown", region);
        return seen !== undefined && nowMs - seen.sinceMs >= decideRules.allUnknownAfterMs;
      }),
    flappingNow,
    flapping: flappingNow ?? (trouble !== undefined && flapped?.seen.region === from ? flapped.seen : undefined),
    slow: find("slow", from),
    recovering: find("recovering", from),
    linkCut: input.diagnoses.find(
      (one) =>
        one.name === "link-cut" && concerns(one) && (one.partner === undefined || group.primary.includes(one.partner)),
    ),
    warning: input.diagnoses.find((one) => one.severity === "warning" && concerns(one)),
    trouble,
    troubleMs: nowMs - troubleSinceMs,
    outageMs: nowMs - sinceMs,
    wellMs: nowMs - (state.wellSinceMs ?? nowMs),
    how,
    targets,
    target,
    targetReady: readyAt(input, target?.region, trouble?.seen.service),
    servingAfter: servingAfter(input, from, target, trouble?.remedy),
    leaseLeftMs: input.lease.seenAtMs + input.lease.ttlMs - nowMs,
    restartLeftMs: trouble === undefined ? 0 : trouble.seen.sinceMs + trouble.restartWindowMs - nowMs,
    holdOff,
    holdOffLeftMs: trouble === undefined ? 0 : sinceMs + holdOff.ms - nowMs,
    coolLeftMs: lastRun?.result === "done" ? lastRun.endedAtMs + group.coolDownMs - nowMs : 0,
    retryLeftMs: lastRun === undefined ? 0 : lastRun.endedAtMs + retryMs - nowMs,
    spent,
    budgetFreeAtMs: spent === undefined ? nowMs : budgetFreeAtMs(state.flaps, policy, spent),
    denied: state.denied !== undefined && trouble !== undefined && coversTrouble(state.denied.trouble, trouble.key),
    expired: hasExpired(state.question, nowMs) ? state.question : undefined,
    unanswered:
      state.unanswered !== undefined && trouble !== undefined && coversTrouble(state.unanswered.trouble, trouble.key),
    halfWay: lastRun !== undefined && lastRun.result !== "done" && lastRun.to === from ? lastRun : undefined,
    outOfService: input.maintenance?.find(
      ({ region }) => region !== from && (record?.promotable.includes(region) ?? false),
    ),
    lost: lostOf(state, policy, nowMs),
    order,
    considered: trouble === undefined && order === undefined ? [] : consideredFor(input, order?.how ?? how),
  };
}

/** Synchronous standbys that commits wait for in vain: lost by diagnosis, or by their own agent's word not streaming. */
export function lostStandbys(input: DecideInput): readonly RegionName[] {
  const { record, group } = input;
  if (group.mode !== "sync" || record === undefined) return [];
  return record.promotable.filter((region) => {
    if (region === record.primary) return false;
    const candidate = input.candidates.find((one) => one.region === region);
    const stopped = candidate?.agentReachable === true && candidate.streaming === false;
    return stopped || seenAt(input, region, standbyLost) !== undefined;
  });
}

function lostOf({ lostSinceMs }: DecideState, { dropSyncAfterMs }: Policy, nowMs: number): DecideFacts["lost"] {
  const [longest] = Object.entries(lostSinceMs).sort(([, a], [, b]) => a - b);
  if (longest === undefined) return undefined;
  const forMs = nowMs - longest[1];
  return {
    region: longest[0],
    forMs,
    dropLeftMs: dropSyncAfterMs === undefined ? undefined : dropSyncAfterMs - forMs,
  };
}

/** The target, every other standby that could take over from it, and the old primary where that still answers. */
function servingAfter(
  input: DecideInput,
  from: RegionName,
  target: Judged | undefined,
  remedy: Trouble["remedy"] | undefined,
): readonly RegionName[] {
  if (target === undefined) return [];
  return input.group.primary.filter((region) => {
    if (region === target.region) return true;
    if (region === from) return remedy === "switchover";
    return judge(input, region, "forced").refusedWhy === undefined;
  });
}

function troubleOf(
  find: (name: DiagnosisName, region: RegionName) => Diagnosis | undefined,
  from: RegionName,
): DecideFacts["trouble"] {
  for (const one of troubles) {
    const seen = find(one.diagnosis, from);
    if (seen !== undefined) return { ...one, seen, key: `${one.diagnosis}/${from}/${seen.service ?? ""}` };
  }
  return undefined;
}

function readyAt(input: DecideInput, region: RegionName | undefined, service: string | undefined): boolean {
  if (service === undefined) return true;
  return input.candidates.some((one) => one.region === region && one.readyServices.includes(service));
}

function orderOf(input: DecideInput): DecideFacts["order"] {
  const { request, group } = input;
  const to = (region: RegionName, how: How): DecideFacts["order"] => ({
    to: region,
    judged: judge(input, region, how),
    how,
  });
  switch (request?.kind) {
    case "switchover":
      return to(request.to, "graceful");
    case "failover":
      return to(request.to, "forced");
    case "failback":
      return to(group.primary[0] ?? "", "graceful");
    default:
      return undefined;
  }
}
