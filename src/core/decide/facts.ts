// Everything the rows of the transition table may ask, derived once per decision.

import type { RegionName } from "../model/system.ts";
import type { Diagnosis, DiagnosisName } from "../watch/diagnosis.ts";
import type { DecideInput, DecideState, EndedRun, RunUnderWay } from "./decision.ts";
import { decideRules, type Trouble, troubles } from "./rules.ts";
import { type Judged, judge, targetsFor } from "./targets.ts";

export type DecideFacts = {
  readonly input: DecideInput;
  readonly state: DecideState;
  /** The primary on record; empty before there is one. */
  readonly from: RegionName;
  /** A run that nothing may overtake. */
  readonly run: RunUnderWay | undefined;
  /** A run that a switch may end first: it only rebuilds a standby. */
  readonly replaceable: RunUnderWay | undefined;
  readonly storeAway: Diagnosis | undefined;
  readonly byHand: Diagnosis | undefined;
  readonly unknown: Diagnosis | undefined;
  readonly recovering: Diagnosis | undefined;
  readonly warning: Diagnosis | undefined;
  readonly linkCut: Diagnosis | undefined;
  readonly trouble: (Trouble & { readonly seen: Diagnosis; readonly key: string }) | undefined;
  readonly targets: readonly Judged[];
  readonly target: Judged | undefined;
  readonly targetReady: boolean;
  readonly leaseLeftMs: number;
  readonly restartLeftMs: number;
  readonly coolLeftMs: number;
  readonly retryLeftMs: number;
  readonly halfWay: EndedRun | undefined;
  /** What a person asked for, with the region it leads to resolved. */
  readonly order: { readonly to: RegionName; readonly judged: Judged } | undefined;
};

export function decideFactsOf(state: DecideState, input: DecideInput): DecideFacts {
  const { nowMs, lastRun, record, group } = input;
  const from = record?.primary ?? "";
  const concerns = (one: Diagnosis): boolean =>
    group.primary.includes(one.region) && (one.service === undefined || group.services.includes(one.service));
  const find = (name: DiagnosisName, region?: RegionName): Diagnosis | undefined =>
    input.diagnoses.find(
      (one) => one.name === name && concerns(one) && (region === undefined || one.region === region),
    );

  const trouble = troubleOf(find, from);
  const targets = targetsFor(input, trouble?.remedy === "switchover" ? "graceful" : "forced");
  const target = targets.find((one) => one.refusedWhy === undefined);
  const retryMs =
    state.failedRuns === 0
      ? 0
      : Math.min(decideRules.retryAfterMaxMs, decideRules.retryAfterMs * 2 ** (state.failedRuns - 1));
  const replaceable = input.run?.kind === "protect" ? input.run : undefined;
  return {
    input,
    state,
    from,
    run: replaceable === undefined ? input.run : undefined,
    replaceable,
    storeAway: input.diagnoses.find((one) => one.name === "store-away"),
    byHand: input.diagnoses.find((one) => one.name === "promoted-by-hand" && concerns(one) && one.region !== from),
    unknown: find("unknown", from),
    recovering: find("recovering", from),
    linkCut: input.diagnoses.find(
      (one) =>
        one.name === "link-cut" && concerns(one) && (one.partner === undefined || group.primary.includes(one.partner)),
    ),
    warning: input.diagnoses.find((one) => one.severity === "warning" && concerns(one)),
    trouble,
    targets,
    target,
    targetReady: readyAt(input, target?.region, trouble?.seen.service),
    leaseLeftMs: input.lease.seenAtMs + input.lease.ttlMs - nowMs,
    restartLeftMs: trouble === undefined ? 0 : trouble.seen.sinceMs + trouble.restartWindowMs - nowMs,
    coolLeftMs: lastRun?.result === "done" ? lastRun.endedAtMs + group.coolDownMs - nowMs : 0,
    retryLeftMs: lastRun === undefined ? 0 : lastRun.endedAtMs + retryMs - nowMs,
    halfWay: lastRun !== undefined && lastRun.result !== "done" && lastRun.to === from ? lastRun : undefined,
    order: orderOf(input),
  };
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
  switch (request?.kind) {
    case "switchover":
      return { to: request.to, judged: judge(input, request.to, "graceful") };
    case "failover":
      return { to: request.to, judged: judge(input, request.to, "forced") };
    case "failback": {
      const home = group.primary[0] ?? "";
      return { to: home, judged: judge(input, home, "graceful") };
    }
    default:
      return undefined;
  }
}
