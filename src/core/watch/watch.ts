// Observations in, diagnoses out: one transition function. The state is a value; the same inputs give the same diagnoses.
// I2. Silence is not death: see belief.ts for who has a vote.

import type { GroupName, RegionName, ServiceName } from "../model/system.ts";
import {
  type BeliefRules,
  newTarget,
  type Sample,
  settle,
  suspects,
  type TargetState,
  takeSample,
  withTraffic,
} from "./belief.ts";
import { isDatabase, targetKey, type WatchConfig } from "./config.ts";
import { diagnose } from "./diagnoses.ts";
import type { Diagnosis } from "./diagnosis.ts";
import { factsOf, reportKey } from "./facts.ts";
import type { Observation, ReportedService, Target, WatchedRecord, WatchInput } from "./observation.ts";
import { learnLoss, levelOf, newObserver, nextHealth, type Observer } from "./observer.ts";
import { newReplication, type Replication, type Standby, takeReport } from "./replication.ts";
import { takeTraffic } from "./traffic.ts";

/** The newest word of a region's own agent on one of its services. */
export type ReportOf = {
  readonly service: ReportedService;
  readonly atMs: number;
  readonly reports: number;
  /** Reports in a row that said it does not run. */
  readonly downReports: number;
  readonly downSinceMs: number;
  /** Seen as a standby under the present record. */
  readonly wasStandby: boolean;
  /** Reports in a row in which a copy that was a standby under this record calls itself primary. */
  readonly selfMadeReports: number;
};

export type WatchState = {
  /** In the order of the configuration's targets. */
  readonly targets: readonly TargetState[];
  readonly records: ReadonlyMap<GroupName, WatchedRecord>;
  readonly reportedAtMs: ReadonlyMap<RegionName, number>;
  /** Of each vantage: reports in a row in which it reached no control target. */
  readonly blindReports: ReadonlyMap<RegionName, number>;
  /** Of each vantage: what it usually loses, and how well it is itself. */
  readonly observers: ReadonlyMap<RegionName, Observer>;
  readonly reports: ReadonlyMap<string, ReportOf>;
  readonly replication: ReadonlyMap<ServiceName, Replication>;
  readonly store: { readonly reachable: boolean; readonly sinceMs: number; readonly why: string };
  readonly diagnoses: readonly Diagnosis[];
};

export type Watched = {
  readonly state: WatchState;
  /** All that holds now; at least one per region. */
  readonly diagnoses: readonly Diagnosis[];
  /** Not there before this input, and no longer there after it. Sentences change with every input; these do not. */
  readonly begun: readonly Diagnosis[];
  readonly ended: readonly Diagnosis[];
};

export function initialWatch(config: WatchConfig): WatchState {
  return {
    targets: config.targets.map((target) => newTarget(target, target.vantages)),
    records: new Map(),
    reportedAtMs: new Map(),
    blindReports: new Map(),
    observers: new Map(),
    reports: new Map(),
    replication: new Map(),
    store: { reachable: true, sinceMs: 0, why: "" },
    diagnoses: [],
  };
}

export function watch(config: WatchConfig, before: WatchState, input: WatchInput): Watched {
  const taken = take(config, before, input);
  const diagnoses = diagnose(factsOf(config, taken, input.nowMs), before.diagnoses);
  const keys = (all: readonly Diagnosis[]): ReadonlySet<string> => new Set(all.map(diagnosisKey));
  const [old, now] = [keys(before.diagnoses), keys(diagnoses)];
  return {
    state: { ...taken, diagnoses },
    diagnoses,
    begun: diagnoses.filter((diagnosis) => !old.has(diagnosisKey(diagnosis))),
    ended: before.diagnoses.filter((diagnosis) => !now.has(diagnosisKey(diagnosis))),
  };
}

/** The same conclusion about the same thing, however its numbers change. */
export function diagnosisKey({ name, region, service, partner }: Diagnosis): string {
  return [name, region, service ?? "", partner ?? ""].join("/");
}

/** What is known of the copy of a group's database in a region; the decider's candidates are made of it. */
export function standbyOf(state: WatchState, service: ServiceName, region: RegionName): Standby | undefined {
  return state.replication.get(service)?.standbys.find((standby) => standby.region === region);
}

/** Has the region's own agent reported within the last periods? */
export function isHeard(config: WatchConfig, state: WatchState, region: RegionName, nowMs: number): boolean {
  const atMs = state.reportedAtMs.get(region);
  return atMs !== undefined && nowMs - atMs <= config.silentAfterMs;
}

function take(config: WatchConfig, state: WatchState, input: WatchInput): WatchState {
  switch (input.kind) {
    case "observations":
      return takeObservations(config, state, input.observations, input.nowMs);
    case "status":
      return takeStatus(config, state, input);
    case "record":
      return takeRecord(config, state, input.record);
    case "store":
      if (input.reachable === state.store.reachable) return state;
      return { ...state, store: { reachable: input.reachable, sinceMs: input.nowMs, why: input.why ?? "" } };
    case "tick":
      return { ...state, targets: state.targets.map((target, index) => settleAt(config, target, index, input.nowMs)) };
    default:
      return input satisfies never;
  }
}

function settleAt(config: WatchConfig, target: TargetState, index: number, nowMs: number): TargetState {
  const rules = config.targets[index]?.rules;
  return rules === undefined ? target : settle(target, rules, nowMs);
}

function takeObservations(
  config: WatchConfig,
  state: WatchState,
  observations: readonly Observation[],
  nowMs: number,
): WatchState {
  const routed = observations.filter((one) => one.source === "router");
  const overridden = (one: Observation): boolean =>
    one.source === "probe" &&
    routed.some(
      (other) =>
        other.vantage === one.vantage &&
        other.target.region === one.target.region &&
        other.target.service === one.target.service,
    );
  const targets = [...state.targets];
  const observers = new Map(state.observers);
  for (const one of observations) {
    if (overridden(one)) continue;
    const index = config.indexOf.get(targetKey(one.target)) ?? -1;
    const [target, rules] = [targets[index], config.targets[index]?.rules];
    // A target that this manifest does not have: an agent with another one. The controller says so; there is nothing to watch.
    if (target === undefined || rules === undefined) continue;
    const observer = observers.get(one.vantage) ?? newObserver;
    const next = takeSample(target, rules, sampleOf(one, observer), nowMs);
    targets[index] = withCounts(next, rules, one, nowMs);
    const learned = next === target ? undefined : next.views.find((view) => view.vantage === one.vantage)?.learned;
    if (learned !== undefined && learned.samples > 0)
      observers.set(one.vantage, learnLoss(observer, learned, config.looks[one.vantage] ?? 0));
  }
  const blindReports = new Map(state.blindReports);
  for (const vantage of new Set(observations.map((one) => one.vantage))) {
    // What users here got here is no look at anything from here.
    const looked = observations.filter((one) => one.vantage === vantage && one.target.region !== vantage);
    if (looked.length === 0) continue;
    const sees = looked.some((one) => one.blind !== true && (one.controls || one.ok));
    blindReports.set(vantage, sees ? 0 : (blindReports.get(vantage) ?? 0) + 1);
    const observer = observers.get(vantage) ?? newObserver;
    const unwell = mostAreSuspect(
      config,
      targets,
      vantage,
      looked.map((one) => one.target),
    );
    observers.set(vantage, { ...observer, health: nextHealth(observer.health, sees), unwell });
  }
  return { ...state, targets, blindReports, observers };
}

function sampleOf(one: Observation, observer: Observer): Sample {
  const { vantage, ok, controls, source, roundTripMs } = one;
  const timed = source === "probe" ? { roundTripMs } : {};
  const late = one.late === true && ok;
  const busy = one.busy === true && !ok ? { busy: one.why ?? "It is too busy." } : {};
  return { vantage, ok, controls, late, level: levelOf(observer), unwell: observer.unwell, ...timed, ...busy };
}

/** What users got through a router of the target's own region crossed no network that a control target would have to vouch for (I2). */
function withCounts(target: TargetState, rules: BeliefRules, one: Observation, nowMs: number): TargetState {
  const banks = rules.banks;
  if (one.counts === undefined || banks === undefined) return target;
  if (!one.controls && one.vantage !== one.target.region && one.counts.failed > 0) return target;
  const counts = { router: one.vantage, ...one.counts };
  return withTraffic(target, (before) => takeTraffic(before, banks.traffic, counts, nowMs), banks.traffic, nowMs);
}

/** A place to which most of two or more regions seem weak at once is more likely weak itself. */
function mostAreSuspect(
  config: WatchConfig,
  targets: readonly TargetState[],
  vantage: RegionName,
  looks: readonly Target[],
): boolean {
  const regions = new Map<RegionName, { seen: number; suspect: number }>();
  for (const look of looks) {
    const index = config.indexOf.get(targetKey(look)) ?? -1;
    const [target, rules] = [targets[index], config.targets[index]?.rules];
    // What a quorum calls down is not this vantage's own trouble.
    if (target === undefined || rules === undefined || target.phase === "down") continue;
    const of = regions.get(look.region) ?? { seen: 0, suspect: 0 };
    regions.set(look.region, { seen: of.seen + 1, suspect: of.suspect + (suspects(target, rules, vantage) ? 1 : 0) });
  }
  const suspect = [...regions.values()].filter((of) => of.suspect * 2 > of.seen).length;
  return regions.size > 1 && suspect * 2 > regions.size;
}

function takeStatus(
  config: WatchConfig,
  state: WatchState,
  input: Extract<WatchInput, { kind: "status" }>,
): WatchState {
  const { region, nowMs, stampEchoMs } = input;
  const reports = new Map(state.reports);
  const replication = new Map(state.replication);
  for (const service of input.services) {
    const known = config.system.services.find((one) => one.name === service.service);
    if (known === undefined) continue;
    const record = known.group === undefined ? undefined : state.records.get(known.group);
    const timeline = replication.get(known.name)?.timeline;
    reports.set(
      reportKey(region, known.name),
      nextReport(reports.get(reportKey(region, known.name)), service, nowMs, {
        primary: record?.primary,
        region,
        timeline,
      }),
    );
    if (!isDatabase(known) || record === undefined) continue;
    const link = replication.get(known.name) ?? newReplication(record.primary);
    replication.set(known.name, takeReport(link, { region, stampEchoMs, nowMs, service }));
  }
  return { ...state, reports, replication, reportedAtMs: new Map(state.reportedAtMs).set(region, nowMs) };
}

function nextReport(
  before: ReportOf | undefined,
  service: ReportedService,
  nowMs: number,
  at: { readonly primary: RegionName | undefined; readonly region: RegionName; readonly timeline: number | undefined },
): ReportOf {
  const down = !service.running || service.replicas?.ready === 0;
  // An old primary that wakes up calls itself primary too, but it was never a standby under this record, and its timeline is old.
  const newer = at.timeline !== undefined && (service.position?.timeline ?? 0) > at.timeline;
  const selfMade =
    service.role === "primary" &&
    at.primary !== undefined &&
    at.primary !== at.region &&
    (newer || (before?.wasStandby ?? false));
  return {
    service,
    atMs: nowMs,
    reports: (before?.reports ?? 0) + 1,
    downReports: down ? (before?.downReports ?? 0) + 1 : 0,
    downSinceMs: down && (before?.downReports ?? 0) > 0 ? (before?.downSinceMs ?? nowMs) : nowMs,
    wasStandby: (before?.wasStandby ?? false) || (at.primary !== undefined && service.role === "standby"),
    selfMadeReports: selfMade ? (before?.selfMadeReports ?? 0) + 1 : 0,
  };
}

/** What a region's own reports add up to under one record; a service that was meant to stand still may be meant to run under the next. */
const forgotten = { wasStandby: false, selfMadeReports: 0, downReports: 0 } as const;

/** A new primary is a new history: what was proved of copies of the old one does not hold for it. */
function takeRecord(config: WatchConfig, state: WatchState, record: WatchedRecord): WatchState {
  const before = state.records.get(record.group);
  if (before !== undefined && before.epoch >= record.epoch) return state;
  const records = new Map(state.records).set(record.group, record);
  if (before?.primary === record.primary) return { ...state, records };
  const members = config.system.services
    .filter((service) => service.group === record.group)
    .map((service) => service.name);
  const replication = new Map(state.replication);
  for (const name of members) replication.delete(name);
  const reports = new Map(
    [...state.reports].map(([key, report]) =>
      members.includes(report.service.service)
        ? ([key, { ...report, ...forgotten }] as const)
        : ([key, report] as const),
    ),
  );
  return { ...state, records, replication, reports };
}
