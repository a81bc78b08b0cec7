// What the decider is told of one group: its regions as candidates, and everything else it goes by, put together from what is known.
// Pure. I2, I3: a region that cannot be judged is described as such (its copy is left out) and never made to look fit.

import type { Candidate, DecideInput, EndedRun, PersonRequest, RunUnderWay } from "../core/decide/decision.ts";
import type { GroupRecord } from "../core/lease/record.ts";
import { servicesOf } from "../core/model/select.ts";
import type { Group, RegionName, System } from "../core/model/system.ts";
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
};

/** What the decider goes by besides the view. */
export type DecideFacts = {
  readonly paused: boolean;
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
    },
    paused: facts.paused,
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
export function candidateOf({ nowMs, system, group, watchConfig, watch }: View, region: RegionName): Candidate {
  const services = servicesOf(system, group.name);
  const databases = services.filter((service) => isDatabase(service));
  const copies = databases.map((service) => standbyOf(watch, service.name, region));
  const readyServices = services
    .map((service) => service.name)
    .filter((service) => {
      const report = watch.reports.get(reportKey(region, service))?.service;
      return report?.running === true && (report.replicas === undefined || report.replicas.ready > 0);
    });
  const base = { region, agentReachable: isHeard(watchConfig, watch, region, nowMs), readyServices };
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
  const lags = known.flatMap((copy) => (copy.lagBytes === undefined ? [] : [copy.lagBytes]));
  return {
    ...base,
    streaming: known.every((copy) => copy.streaming),
    hasStreamed: known.every((copy) => copy.hasStreamed),
    ...(lags.length === 0 ? {} : { lagBytes: Math.max(...lags) }),
    ...(caughtUp.some((at) => at === undefined)
      ? {}
      : { caughtUpAtMs: Math.min(...caughtUp.filter((at) => at !== undefined)) }),
  };
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
