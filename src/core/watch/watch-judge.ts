// A system's watch held against its objectives: every target with its figures, and what is not kept.

import { vantagesFor } from "../model/select.ts";
import type { RegionName, Service, ServiceName, System } from "../model/system.ts";
import { budgetParts, budgetTargets, detectors, watchModeOf } from "./budget.ts";
import { targetsOf } from "./config.ts";
import { quorumOf } from "./detector.ts";
import { guarantee } from "./guarantee.ts";
import { agentService } from "./observation.ts";
import { brownOutShare, type Rate, ratesFor, type Times, type WatchPlanOptions } from "./watch-rates.ts";

/** "primary": only in the region that is primary, as a standby's router leads there; "agent": no probe, its agent tells of it. */
export type LookedAt = "always" | "primary" | "agent";

export type TargetPlan = {
  readonly region: RegionName;
  readonly service: ServiceName;
  readonly lookedAt: LookedAt;
  readonly vantages: readonly RegionName[];
  readonly quorum: number;
  /** Probes a second that it gets. */
  readonly perSecond: number;
  readonly rates: readonly Rate[];
};

/** What is not kept, each with its sentence. */
export type Failure =
  | { readonly of: "unseen"; readonly region: RegionName }
  | { readonly of: "rto" }
  | { readonly of: "brown-out"; readonly lateMs: number }
  | { readonly of: "false-alarms" };

export type Judged = {
  readonly targets: readonly TargetPlan[];
  readonly handover: Times;
  readonly service: Times;
  readonly detection: Times;
  readonly falseAlarmMs: number;
  readonly warnMs: number | undefined;
  /** The latest at which a brown-out of a target that can cause a switch is known. */
  readonly brownOutMs: number;
  readonly failures: readonly Failure[];
};

export function judge(system: System, options: WatchPlanOptions): Judged {
  const { rtoMs, falseFailoverMs, brownOutMs } = system.objectives;
  const rates = new Map<number, readonly Rate[]>();
  const targets = targetsOf(system).map(({ region, service }): TargetPlan => {
    const vantages = vantagesFor(system, region);
    const lookedAt = lookAt(system, service);
    const known = rates.get(vantages.length) ?? ratesFor(system, vantages.length, options);
    rates.set(vantages.length, known);
    return {
      region,
      service,
      lookedAt,
      vantages,
      quorum: quorumOf(vantages.length),
      perSecond: lookedAt === "agent" ? 0 : (vantages.length * 1_000) / system.control.probeEveryMs,
      rates: lookedAt === "agent" || vantages.length === 0 ? [] : known,
    };
  });
  const deciding = targets.filter((target) => decides(system, target));
  const rateOf = (target: TargetPlan, share: number): Rate | undefined =>
    target.rates.find((rate) => rate.failureShare === share);
  const { unseen, detection, handover, service, falseAlarmMs: deadMs } = guarantee(system, options);
  const warnMs = warningsOf(system, deciding);
  // Alarms that come by chance add up by their rates.
  const falseAlarmMs = budgetParts(system) > 1 && warnMs !== undefined ? 1 / (1 / deadMs + 1 / warnMs) : deadMs;
  const brownOuts = deciding
    .filter(({ lookedAt }) => lookedAt !== "agent")
    .map((target) => rateOf(target, brownOutShare)?.known?.worstMs ?? Number.POSITIVE_INFINITY);
  const lateMs = Math.max(0, ...brownOuts);
  const failures: Failure[] = [];
  if (unseen !== undefined) failures.push({ of: "unseen", region: unseen });
  else {
    if (service.worstMs > rtoMs) failures.push({ of: "rto" });
    if (brownOutMs !== undefined && lateMs > brownOutMs) failures.push({ of: "brown-out", lateMs });
    if (falseAlarmMs < falseFailoverMs) failures.push({ of: "false-alarms" });
  }
  return { targets, handover, service, detection, falseAlarmMs, warnMs, brownOutMs: lateMs, failures };
}

/** Can an alarm of it cause a switch at some time? */
function decides({ groups, services }: System, { region, service }: TargetPlan): boolean {
  const own = services.find((one) => one.name === service);
  return groups.some(
    (group) => group.primary.includes(region) && (service === agentService || own?.group === group.name),
  );
}

function lookAt({ services }: System, name: ServiceName): LookedAt {
  const service = services.find((one) => one.name === name);
  return service === undefined ? "always" : lookAtService(service);
}

/** As the agents do it: a web service through the router, which leads to the primary; a database where it is; others as they say. */
function lookAtService({ type, health }: Service): LookedAt {
  const { probe } = health;
  if (type === "http" && (probe === undefined || probe.kind === "http")) return "primary";
  return probe !== undefined || type === "postgresql" ? "always" : "agent";
}

/** Of the targets that a budget is for, in all rows that only warn; those that no probe feeds are taken at their whole share. */
function warningsOf(system: System, deciding: readonly TargetPlan[]): number | undefined {
  if (watchModeOf(system.control) === "classic") return undefined;
  const perTarget = deciding.map(({ rates }) =>
    rates.filter(({ failureShare }) => failureShare < 1).reduce((sum, { falseAlarmMs }) => sum + 1 / falseAlarmMs, 0),
  );
  const targets = budgetTargets(system);
  const others = detectors
    .filter(({ budget, source }) => budget === "warn" && source !== "probes")
    .reduce((sum, { share }) => sum + share, 0);
  return 1 / (targets * Math.max(0, ...perTarget) + others / (system.objectives.falseFailoverMs * budgetParts(system)));
}
