// Is the watch good enough? For each target what its probes tell in a second, how soon trouble of each size is known, how often that is
// wrong by chance, and what it costs in probes. A watch that cannot keep an objective is refused with the smallest changes that would.

import { vantagesOf } from "../model/select.ts";
import type { RegionName, System } from "../model/system.ts";
import { budgetParts, budgetSplit, budgetTargets, type Share, watchModeOf } from "./budget.ts";
import type { ClassicRules } from "./classic.ts";
import { coldStartLoss } from "./scores.ts";
import { duration } from "./sentence.ts";
import { type Failure, type Judged, judge, type TargetPlan } from "./watch-judge.ts";
import { type Mend, mendSentence, mendsFor } from "./watch-mend.ts";
import { classicOf, type Times, timeoutOf, type WatchPlanOptions } from "./watch-rates.ts";

export type WatchPlan = {
  readonly system: string;
  readonly kind: "met" | "refused";
  /** Leads the page. */
  readonly sentence: string;
  readonly mends: readonly Mend[];
  readonly objectives: { readonly rtoMs: number; readonly falseFailoverMs: number; readonly brownOutMs?: number };
  readonly mode: "cusum" | "classic";
  readonly classic?: ClassicRules;
  readonly probeEveryMs: number;
  readonly timeoutMs: number;
  readonly lossAssumed: number;
  /** From the death of a primary to the moment at which another may be promoted, and to service. */
  readonly handover: Times;
  readonly service: Times;
  readonly falseAlarms: {
    /** Mean time between two, by chance: of anything that could cause a switch, all targets together; and of all that only warns. */
    readonly switchMs: number;
    readonly warnMs?: number;
    /** A policy lets a brown-out switch by itself: the budget is shared by both. */
    readonly warningsSwitch: boolean;
    /** Among so many targets each budget is split evenly, and within one as `split` says. */
    readonly targets: number;
    readonly split: readonly Share[];
  };
  readonly targets: readonly TargetPlan[];
  readonly senders: readonly { readonly vantage: RegionName; readonly targets: number; readonly perSecond: number }[];
};

export function watchPlan(system: System, options: WatchPlanOptions = {}): WatchPlan {
  const met = judge(system, options);
  const { objectives } = system;
  const mends = met.failures.length === 0 ? [] : mendsFor(system, met, options);
  const mode = watchModeOf(system.control);
  return {
    system: system.name,
    kind: met.failures.length === 0 ? "met" : "refused",
    sentence: sentenceOf(system, met, mends),
    mends,
    objectives: {
      rtoMs: objectives.rtoMs,
      falseFailoverMs: objectives.falseFailoverMs,
      ...(objectives.brownOutMs === undefined ? {} : { brownOutMs: objectives.brownOutMs }),
    },
    mode,
    ...classicOf(system),
    probeEveryMs: system.control.probeEveryMs,
    timeoutMs: timeoutOf(system, options),
    lossAssumed: coldStartLoss,
    handover: met.handover,
    service: met.service,
    falseAlarms: {
      switchMs: met.falseAlarmMs,
      ...(met.warnMs === undefined ? {} : { warnMs: met.warnMs }),
      warningsSwitch: budgetParts(system) > 1,
      targets: budgetTargets(system),
      split:
        mode === "classic"
          ? []
          : budgetSplit(system.objectives.falseFailoverMs, budgetTargets(system) * budgetParts(system)),
    },
    targets: met.targets,
    senders: sendersOf(system, met.targets),
  };
}

/** At most: a service that is looked at only where it is primary counts once. */
function sendersOf(system: System, targets: readonly TargetPlan[]): WatchPlan["senders"] {
  return vantagesOf(system).map((name) => {
    const seen = targets.filter(({ region, lookedAt }) => region !== name && lookedAt !== "agent");
    const once = new Set(
      seen.map(({ region, service, lookedAt }) => (lookedAt === "primary" ? service : `${region}/${service}`)),
    );
    return { vantage: name, targets: once.size, perSecond: (once.size * 1_000) / system.control.probeEveryMs };
  });
}

function sentenceOf(system: System, judged: Judged, mends: readonly Mend[]): string {
  const { detection, service, falseAlarmMs, brownOutMs, failures } = judged;
  const { rtoMs, falseFailoverMs, brownOutMs: brownOutWithinMs } = system.objectives;
  if (failures.length === 0) {
    const brownOut =
      brownOutWithinMs === undefined
        ? ""
        : `; a fifth of its answers failing is known within ${duration(brownOutMs)} (${duration(brownOutWithinMs)} asked for)`;
    return `the watch is good enough: a dead region is known after ${duration(detection.expectedMs)}, at worst ${duration(detection.worstMs)}, and users are served again within ${duration(service.worstMs)} (RTO ${duration(rtoMs)})${brownOut}; by chance alone something healthy is taken for dead once in ${duration(falseAlarmMs)} (${duration(falseFailoverMs)} asked for)`;
  }
  const would = mends.map((mend) => mendSentence(system, mend));
  const mend =
    would.length === 0
      ? "no probe rate, no number of vantages and no single objective mends all of it"
      : `${would.length === 1 ? "this would do" : "any of these would do"}: ${would.join("; or ")}`;
  return `the watch is not good enough: ${failures.map((failure) => failureSentence(system, judged, failure)).join(", and ")}; ${mend}`;
}

function failureSentence(system: System, { service, falseAlarmMs, detection }: Judged, failure: Failure): string {
  const { objectives, control } = system;
  const now = `with a probe every ${duration(control.probeEveryMs)}`;
  switch (failure.of) {
    case "unseen":
      return `nobody can watch ${failure.region}`;
    case "rto":
      return control.lease.ttlMs > detection.worstMs
        ? `an RTO of ${duration(objectives.rtoMs)} is too short for a lease of ${duration(control.lease.ttlMs)}, with which users may wait ${duration(service.worstMs)}`
        : `a dead region may go unnoticed for ${duration(detection.worstMs)} ${now}, so that users may wait ${duration(service.worstMs)}, and the RTO is ${duration(objectives.rtoMs)}`;
    case "brown-out":
      return Number.isFinite(failure.lateMs)
        ? `a fifth of the answers failing may go unnoticed for ${duration(failure.lateMs)} ${now}, and ${duration(objectives.brownOutMs ?? 0)} is asked for`
        : `a fifth of the answers failing is not noticed at all`;
    case "false-alarms":
      return `by chance alone something healthy is taken for dead once in ${duration(falseAlarmMs)}, and ${duration(objectives.falseFailoverMs)} is asked for`;
    default:
      return failure satisfies never;
  }
}
