// What the decider is told of one group: its regions as candidates, and everything else it goes by, put together from what is known.
// Pure. I2, I3: a region that cannot be judged is described as such (its copy is left out) and never made to look fit.

import type {
  Candidate,
  DecideInput,
  EndedRun,
  Maintenance,
  PersonRequest,
  RunUnderWay,
} from "../core/decide/decision.ts";
import type { GroupRecord } from "../core/lease/record.ts";
import { servicesOf } from "../core/model/select.ts";
import type { Group, RegionName, Service, System } from "../core/model/system.ts";
import { isDatabase, type WatchConfig } from "../core/watch/config.ts";
import type { Diagnosis } from "../core/watch/diagnosis.ts";
import { reportKey } from "../core/watch/facts.ts";
import { isHeard, standbyOf, type WatchState } from "../core/watch/watch.ts";

/** A graceful switch wants the standby this close behind; what is left then takes milliseconds to arrive. */
const gracefulLagMaxBytes = 16 * 1024 * 1024;

/** The group, and what the watch knows at one moment of the controller's clock. */
export type View = {
  readonly nowMs: number;
  readonly system: System;
  readonly group: Group;
  readonly watchConfig: WatchConfig;
  readonly watch: WatchState;
  readonly wallMs?: number;
  /** What is known of regions as places: by region, left out where nothing is. */
  readonly places?: Places;
};

/** Whether data may be served from a region, and how far it is from the others. The catalog knows; app asks it. */
export type Places = Readonly<
  Record<RegionName, { readonly barredWhy?: string; readonly roundTripMs?: Readonly<Record<RegionName, number>> }>
>;

/** What the decider goes by besides the view. */
export type DecideFacts = {
  readonly paused: boolean;
  readonly maintenance: readonly Maintenance[];
  readonly record: GroupRecord | undefined;
  readonly diagnoses: readonly Diagnosis[];
  readonly lease: DecideInput["lease"];
  readonly run: RunUnderWay | undefined;
  readonly lastRun: EndedRun | undefined;
  readonly request: PersonRequest | undefined;
};

export function decideInputOf(view: View, facts: DecideFacts): DecideInput {
  const { group, system } = view;
  const { record, run, lastRun, request } = facts;
  const services = servicesOf(system, group.name);
  const modes = services.flatMap((service) => (service.replication === undefined ? [] : [service.replication.mode]));
  return {
    nowMs: view.nowMs,
    group: {
      name: group.name,
      primary: group.primary,
      services: services.map((service) => service.name),
      witnesses: system.regions.filter((region) => region.witness).map((region) => region.name),
      failover: group.failover,
      maxDataLossMs: group.maxDataLossMs,
      coolDownMs: group.coolDownMs,
      mode: modes.length === 0 ? "none" : modes.includes("async") ? "async" : "sync",
      ...(group.policy === undefined ? {} : { policy: group.policy }),
    },
    ...(view.wallMs === undefined ? {} : { wallMs: view.wallMs }),
    ...(system.costs === undefined ? {} : { costs: system.costs }),
    paused: facts.paused,
    maintenance: facts.maintenance,
    ...(record === undefined ? {} : { record }),
    diagnoses: facts.diagnoses,
    candidates: group.primary.map((region) => candidateOf(view, region)),
    lease: facts.lease,
    ...(run === undefined ? {} : { run }),
    ...(lastRun === undefined ? {} : { lastRun }),
    ...(request === undefined ? {} : { request }),
  };
}

/** One region as somebody who may take over: the worst of its copies, and nothing of them where they cannot be judged. */
export function candidateOf(view: View, region: RegionName): Candidate {
  const { nowMs, system, group, watchConfig, watch, places } = view;
  const services = servicesOf(system, group.name);
  const databases = services.filter((service) => isDatabase(service));
  const copies = databases.map((service) => standbyOf(watch, service.name, region));
  const readyServices = services
    .map((service) => service.name)
    .filter((service) => {
      const report = watch.reports.get(reportKey(region, service))?.service;
      return report?.running === true && (report.replicas === undefined || report.replicas.ready > 0);
    });
  const capacity = capacityIn(view, services, region);
  const place = places?.[region];
  // Users are nearest to where the manifest would have them served.
  const latencyMs = place?.roundTripMs?.[group.primary[0] ?? ""];
  const base = {
    region,
    agentReachable: isHeard(watchConfig, watch, region, nowMs),
    readyServices,
    ...(capacity === undefined ? {} : { capacity }),
    ...(place?.barredWhy === undefined || databases.length === 0 ? {} : { barredWhy: place.barredWhy }),
    ...(latencyMs === undefined ? {} : { latencyMs }),
  };
  // A region without a copy of every database cannot be judged, and so is not promoted.
  if (copies.length === 0) return base;
  if (copies.some((copy) => copy === undefined)) {
    // Promoted by hand it is no standby any more, and still the copy that a person may want to go on with.
    const streamed = databases.every(
      (service) => watch.reports.get(reportKey(region, service.name))?.service.hasStreamed === true,
    );
    return streamed ? { ...base, streaming: false, hasStreamed: true } : base;
  }
  const known = copies.filter((copy) => copy !== undefined);
  const caughtUp = known.map((copy) => copy.caughtUpAtMs);
  const behindBytes = behindOf(view, databases, region);
  const lags = known.flatMap((copy) => (copy.lagBytes === undefined ? [] : [copy.lagBytes]));
  return {
    ...base,
    streaming: known.every((copy) => copy.streaming),
    hasStreamed: known.every((copy) => copy.hasStreamed),
    ...(lags.length === 0 ? {} : { lagBytes: Math.max(...lags) }),
    ...(behindBytes === undefined ? {} : { behindBytes }),
    ...(caughtUp.some((at) => at === undefined)
      ? {}
      : { caughtUpAtMs: Math.min(...caughtUp.filter((at) => at !== undefined)) }),
  };
}

/** Share of the primary's replicas that is ready here, over all services that are scaled. */
function capacityIn({ watch }: View, services: readonly Service[], region: RegionName): number | undefined {
  const scaled = services.filter((service) => !isDatabase(service) && service.replicas.primary > 0);
  const wanted = scaled.reduce((sum, service) => sum + service.replicas.primary, 0);
  if (wanted === 0) return undefined;
  const ready = scaled.reduce((sum, { name, replicas }) => {
    const there = watch.reports.get(reportKey(region, name))?.service;
    // One that runs and has no replicas to count is all there.
    const ready = there?.replicas?.ready ?? (there?.running === true ? replicas.primary : 0);
    return sum + Math.min(ready, replicas.primary);
  }, 0);
  return ready / wanted;
}

/** Bytes that the most advanced copy has and this one has not; positions of different timelines cannot be compared. */
function behindOf({ watch }: View, databases: readonly Service[], region: RegionName): number | undefined {
  let behind = 0;
  for (const { name } of databases) {
    const link = watch.replication.get(name);
    const own = link?.standbys.find((one) => one.region === region);
    if (link === undefined || own?.received === undefined) return undefined;
    const { received, timeline } = own;
    for (const other of link.standbys) {
      if (other.timeline !== timeline) return undefined;
    }
    const most = link.standbys.reduce(
      (max, { received: one }) => (one !== undefined && one > max ? one : max),
      received,
    );
    behind += Number(most - received);
  }
  return behind;
}

/** Why `target` may not be promoted now, as a sentence; nothing when it may. `graceful`: without losing anything. */
export function targetProblemOf(
  view: View,
  record: GroupRecord | undefined,
  target: RegionName,
  graceful: boolean,
): string | undefined {
  const candidate = candidateOf(view, target);
  if (record !== undefined && !record.promotable.includes(target))
    return `${target} is not promotable in epoch ${record.epoch}`;
  if (!candidate.agentReachable) return `${target}'s agent does not answer`;
  if (candidate.hasStreamed === undefined) {
    // The record's own primary is no copy of anything: what is left of a switch to it goes on.
    const copied = servicesOf(view.system, view.group.name).some((service) => isDatabase(service));
    return copied && record?.primary !== target
      ? `${target} has no copy of every database that can be judged now`
      : undefined;
  }
  if (!candidate.hasStreamed) return `${target} has never streamed from a primary: promoting it could lose everything`;
  if (!graceful) return undefined;
  if (candidate.streaming !== true) return `${target} is not streaming, so a switch without loss is not possible now`;
  const lag = candidate.lagBytes ?? 0;
  return lag <= gracefulLagMaxBytes
    ? undefined
    : `${target} is ${lag} bytes behind; it has to come within ${gracefulLagMaxBytes} bytes`;
}

/** Why `standby` may not be made promotable yet, as a sentence; nothing when it may. Who is promotable can be ordered to take over at once. */
export function admissionProblemOf(view: View, standby: RegionName): string | undefined {
  const { system, group } = view;
  if (!servicesOf(system, group.name).some((service) => isDatabase(service))) return undefined;
  return candidateOf(view, standby).hasStreamed === true
    ? undefined
    : `the copy in ${standby} has not been seen streaming from a primary yet`;
}
