// Is the watch good enough? For each target what its probes tell in a second, how soon trouble of each size is known, how often that is
// wrong by chance, and what it costs in probes. A watch that cannot keep an objective is refused with the smallest changes that would:
// each of them was tried on the system and found to do.
//
// Chances are those of independent losses of 1 % and of vantages that are well; while they lose more the detectors wait longer.

import { vantagesFor } from "../model/select.ts";
import type { RegionName, Service, ServiceName, System } from "../model/system.ts";
import { bankDelay, classicDelay, classicRate, type Delay, downsNeeded, missesToDown } from "./brown-out.ts";
import { budgetParts, budgetSplit, budgetTargets, detectors, detectorsOf, type Share, watchModeOf } from "./budget.ts";
import { type ClassicRules, classicRules } from "./classic.ts";
import { banksFor, targetsOf } from "./config.ts";
import { localMisses, quorumOf, thresholdFor } from "./detector.ts";
import { reportDefaultMs, stepsDefaultMs, timeoutOf } from "./guarantee.ts";
import { agentService } from "./observation.ts";
import { meanSamples } from "./passage.ts";
import { coldStartLevel, coldStartLoss, divergence, scoresFor, unitNats } from "./scores.ts";
import { duration, list, plural } from "./sentence.ts";
import { thresholdsAt } from "./thresholds.ts";

/** What of a target's answers fails, for which the plan gives figures. The first is a dead target. */
export const failureShares = [1, 0.5, 0.2, 0.1] as const;
/** The share of failures that `objectives.brownOut` speaks of. */
export const brownOutShare = 0.2;

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

export type Times = { readonly expectedMs: number; readonly worstMs: number };

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

export type Rate = {
  readonly failureShare: number;
  readonly natsPerSecond: number;
  /**
   * Left out: it cannot be told from a healthy target. `worstMs` is certain where everything fails and the vantages are well; for a part,
   * 99 of 100 cases are known by then.
   */
  readonly known?: Times & { readonly certain: boolean };
  /** The row of the bank that is made for it; left out in classic mode. */
  readonly detector?: string;
  readonly thresholdNats?: number;
  /** Mean time between its false alarms, of this one target. */
  readonly falseAlarmMs: number;
};

/** One change after which everything is met. */
export type Mend =
  | { readonly kind: "probe-every"; readonly probeEveryMs: number; readonly perSecond: number }
  | { readonly kind: "vantages"; readonly add: number }
  | { readonly kind: "objectives"; readonly rtoMs?: number; readonly brownOutMs?: number }
  | { readonly kind: "classic-down"; readonly down: number }
  | { readonly kind: "cusum" };

/** Periods that people choose. The slowest that does is offered. */
const periodsMs = [
  60_000, 30_000, 20_000, 15_000, 10_000, 5_000, 4_000, 3_000, 2_000, 1_500, 1_000, 750, 500, 400, 300, 250, 200, 150,
  100, 75, 50, 40, 30, 20, 10,
] as const;
const vantagesAddedMax = 6;
const downMax = 20;

export type WatchPlanOptions = {
  /** How long a vantage waits for an answer where regions are far apart; left out: the least that any waits. */
  readonly timeoutMs?: number;
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

/** The system after that change. */
export function mended(system: System, mend: Mend): System {
  const { control, objectives, regions } = system;
  switch (mend.kind) {
    case "probe-every":
      return { ...system, control: { ...control, probeEveryMs: mend.probeEveryMs } };
    case "vantages": {
      const added = Array.from({ length: mend.add }, (_, index) => ({
        name: `added-witness-${index + 1}`,
        at: "unknown",
        witness: true,
      }));
      return { ...system, regions: [...regions, ...added] };
    }
    case "objectives": {
      const { kind: _, ...allowed } = mend;
      return { ...system, objectives: { ...objectives, ...allowed } };
    }
    case "classic-down": {
      const before = control.watch?.mode === "classic" ? control.watch : { mode: "classic" as const };
      return { ...system, control: { ...control, watch: { ...before, down: mend.down } } };
    }
    case "cusum":
      return { ...system, control: { ...control, watch: { mode: "cusum" } } };
    default:
      return mend satisfies never;
  }
}

/** What is not kept, each with its sentence. */
type Failure =
  | { readonly of: "unseen"; readonly region: RegionName }
  | { readonly of: "rto" }
  | { readonly of: "brown-out"; readonly lateMs: number }
  | { readonly of: "false-alarms" };

type Judged = {
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

function judge(system: System, options: WatchPlanOptions): Judged {
  const { lease } = system.control;
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
  const unseen = deciding.find((target) => target.service === agentService && target.vantages.length === 0);
  const rateOf = (target: TargetPlan, share: number): Rate | undefined =>
    target.rates.find((rate) => rate.failureShare === share);
  const dead = deciding.filter(({ service }) => service === agentService).map((target) => rateOf(target, 1));
  const detection = {
    expectedMs: Math.max(0, ...dead.map((rate) => rate?.known?.expectedMs ?? 0)),
    worstMs: Math.max(0, ...dead.map((rate) => rate?.known?.worstMs ?? 0)),
  };
  // On average the newest renewal is half an interval old when the primary dies.
  const handover = {
    expectedMs: Math.max(detection.expectedMs, lease.ttlMs - lease.renewEveryMs / 2),
    worstMs: Math.max(detection.worstMs, lease.ttlMs + reportDefaultMs),
  };
  const service = { expectedMs: handover.expectedMs + stepsDefaultMs, worstMs: handover.worstMs + stepsDefaultMs };
  const deadMs =
    Math.min(...dead.map((rate) => rate?.falseAlarmMs ?? Number.POSITIVE_INFINITY)) / budgetTargets(system);
  const warnMs = warningsOf(system, deciding);
  // Alarms that come by chance add up by their rates.
  const falseAlarmMs = budgetParts(system) > 1 && warnMs !== undefined ? 1 / (1 / deadMs + 1 / warnMs) : deadMs;
  const brownOuts = deciding
    .filter(({ lookedAt }) => lookedAt !== "agent")
    .map((target) => rateOf(target, brownOutShare)?.known?.worstMs ?? Number.POSITIVE_INFINITY);
  const lateMs = Math.max(0, ...brownOuts);
  const failures: Failure[] = [];
  if (unseen !== undefined) failures.push({ of: "unseen", region: unseen.region });
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

function classicOf({ control }: System): { readonly classic?: ClassicRules } {
  return control.watch?.mode === "classic" ? { classic: classicRules(control.watch) } : {};
}

function ratesFor(system: System, vantages: number, options: WatchPlanOptions): readonly Rate[] {
  if (vantages === 0) return [];
  const { classic } = classicOf(system);
  const perSecond = (vantages * 1_000) / system.control.probeEveryMs;
  const waitMs = timeoutOf(system, options) + reportDefaultMs;
  return failureShares.map((failureShare) => ({
    failureShare,
    natsPerSecond: perSecond * divergence(failureShare, coldStartLoss),
    ...(classic === undefined
      ? byBank(system, vantages, failureShare, waitMs)
      : byClassic(classic, vantages, failureShare, { periodMs: system.control.probeEveryMs, waitMs })),
  }));
}

type Told = Omit<Rate, "failureShare" | "natsPerSecond">;

function byBank(system: System, vantages: number, failureShare: number, waitMs: number): Told {
  const { probeEveryMs: periodMs } = system.control;
  if (failureShare === 1) {
    const { detection, nats, falseAlarmMs } = thresholdFor({
      falseFailoverMs: system.objectives.falseFailoverMs,
      vantages,
      periodMs,
      p0: coldStartLoss,
      targets: budgetTargets(system) * budgetParts(system),
      timeoutMs: waitMs,
      quorum: quorumOf(vantages),
      local: localMisses,
    });
    const { expectedMs, worstMs } = detection;
    return { known: { expectedMs, worstMs, certain: true }, detector: "dead", thresholdNats: nats, falseAlarmMs };
  }
  const rules = banksFor(system, vantages, 0).probes;
  const rows = detectorsOf("probes");
  const row = rows.findIndex(({ p1 }) => p1 === failureShare);
  const threshold = thresholdsAt(rules, coldStartLevel).pooled[row] ?? 0;
  const scores = scoresFor(coldStartLoss, failureShare);
  const samples = scores === undefined ? Number.POSITIVE_INFINITY : meanSamples(scores, coldStartLoss, threshold);
  const delay = bankDelay(rules, failureShare);
  return {
    ...(delay === undefined ? {} : { known: { ...inTime(delay, vantages, periodMs, waitMs), certain: false } }),
    detector: rows[row]?.name ?? "",
    thresholdNats: threshold * unitNats(failureShare),
    falseAlarmMs: (samples * periodMs) / vantages,
  };
}

function byClassic(
  rules: ClassicRules,
  vantages: number,
  failureShare: number,
  { periodMs, waitMs }: { readonly periodMs: number; readonly waitMs: number },
): Told {
  const falseAlarmMs = periodMs / classicRate(rules, vantages, coldStartLoss);
  if (failureShare < 1) {
    const delay = classicDelay(rules, vantages, failureShare);
    return { known: { ...inTime(delay, vantages, periodMs, waitMs), certain: false }, falseAlarmMs };
  }
  // Each vantage needs its own misses; the last one that is needed began somewhere in the period.
  const misses = missesToDown(rules);
  const expectedMs = (misses - 1 + downsNeeded(rules, vantages) / (vantages + 1)) * periodMs + waitMs;
  return { known: { expectedMs, worstMs: misses * periodMs + waitMs, certain: true }, falseAlarmMs };
}

/** On average the vantages' probes are evenly spread; at worst all come together, just before the trouble. */
function inTime({ mean, late }: Delay, vantages: number, periodMs: number, waitMs: number): Times {
  return {
    expectedMs: (mean - 0.5) * (periodMs / vantages) + waitMs,
    worstMs: Math.ceil(late / vantages) * periodMs + waitMs,
  };
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

/** At most: a service that is looked at only where it is primary counts once. */
function sendersOf(system: System, targets: readonly TargetPlan[]): WatchPlan["senders"] {
  return system.regions.map(({ name }) => {
    const seen = targets.filter(({ region, lookedAt }) => region !== name && lookedAt !== "agent");
    const once = new Set(
      seen.map(({ region, service, lookedAt }) => (lookedAt === "primary" ? service : `${region}/${service}`)),
    );
    return { vantage: name, targets: once.size, perSecond: (once.size * 1_000) / system.control.probeEveryMs };
  });
}

function mendsFor(
  system: System,
  { failures, service, brownOutMs }: Judged,
  options: WatchPlanOptions,
): readonly Mend[] {
  const does = (mend: Mend): boolean => judge(mended(system, mend), options).failures.length === 0;
  const found: Mend[] = [];
  const first = (mends: readonly Mend[]): void => {
    const mend = mends.find(does);
    if (mend !== undefined) found.push(mend);
  };
  if (failures.some(({ of }) => of === "false-alarms")) {
    const down = system.control.watch?.mode === "classic" ? missesToDown(classicRules(system.control.watch)) : downMax;
    first(Array.from({ length: downMax - down }, (_, index) => ({ kind: "classic-down", down: down + 1 + index })));
    first([{ kind: "cusum" }]);
    return found;
  }
  const vantages = system.regions.length - 1;
  first(
    periodsMs
      .filter((periodMs) => periodMs < system.control.probeEveryMs)
      .map((probeEveryMs) => ({ kind: "probe-every", probeEveryMs, perSecond: (vantages * 1_000) / probeEveryMs })),
  );
  first(Array.from({ length: vantagesAddedMax }, (_, index) => ({ kind: "vantages", add: index + 1 })));
  if (system.control.watch?.mode === "classic") first([{ kind: "cusum" }]);
  const allowed = {
    ...(failures.some(({ of }) => of === "rto") ? { rtoMs: roundUp(service.worstMs) } : {}),
    ...(failures.some(({ of }) => of === "brown-out") && Number.isFinite(brownOutMs)
      ? { brownOutMs: roundUp(brownOutMs) }
      : {}),
  };
  if (Object.keys(allowed).length > 0) first([{ kind: "objectives", ...allowed }]);
  return found;
}

/** To what a person would write. */
function roundUp(ms: number): number {
  const step = ms < 10_000 ? 100 : ms < 120_000 ? 1_000 : ms < 7_200_000 ? 60_000 : 3_600_000;
  return Math.ceil(ms / step) * step;
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

/** What to write into the manifest, for a person. */
export function mendSentence(system: System, mend: Mend): string {
  switch (mend.kind) {
    case "probe-every":
      return `probe every ${mend.probeEveryMs < 1_000 ? `${mend.probeEveryMs} ms` : `${figure(mend.probeEveryMs / 1_000)} s`} (${figure(mend.perSecond)} probes a second at each target)`;
    case "vantages": {
      const now = system.regions.length - 1;
      return `add ${mend.add} ${plural(mend.add, "witness", "witnesses")} (${now + mend.add} ${plural(now + mend.add, "vantage", "vantages")} instead of ${now})`;
    }
    case "objectives":
      return `allow ${list([
        ...(mend.rtoMs === undefined ? [] : [`an RTO of ${duration(mend.rtoMs)}`]),
        ...(mend.brownOutMs === undefined ? [] : [`a brownOut of ${duration(mend.brownOutMs)}`]),
      ])}`;
    case "classic-down":
      return `take ${mend.down} failures in a row for down`;
    case "cusum":
      return "leave out the classic mode";
    default:
      return mend satisfies never;
  }
}

function figure(value: number): string {
  return value >= 9.95 ? String(Math.round(value)) : value.toFixed(1).replace(/\.0$/, "");
}
