// Everything the diagnosis table may ask, derived from the watch's state at one instant.

import type { Group, RegionName, Service, ServiceName } from "../model/system.ts";
import { type Belief, beliefOf } from "./belief.ts";
import { isDatabase, targetKey, type WatchConfig } from "./config.ts";
import { agentService } from "./observation.ts";
import { behindBytes, type Standby } from "./replication.ts";
import type { ReportOf, WatchState } from "./watch.ts";

export type ServiceFacts = {
  readonly service: Service;
  readonly region: RegionName;
  readonly group: Group | undefined;
  readonly belief: Belief;
  readonly misses: number;
  readonly database: boolean;
  /** Meant to run here now: the primary's replicas, the standby's, a copy of a database. */
  readonly expected: boolean;
  readonly primaryHere: boolean;
  readonly primary: RegionName | undefined;
  readonly report: ReportOf | undefined;
  readonly standby: Standby | undefined;
  /** By what the primary itself last said; a standby that hears nothing from it believes that there is nothing more. */
  readonly behindBytes: number | undefined;
  /** The primary's side of the link is heard. */
  readonly primaryHeard: boolean;
  readonly stalledAfterMs: number;
  readonly agentUp: boolean;
  readonly agentHeard: boolean;
  /** The region's agent itself answers only in part, or late: then its services are not told of one by one. */
  readonly regionWeak: boolean;
  readonly regionSlow: boolean;
};

export type RegionFacts = {
  readonly region: RegionName;
  readonly witness: boolean;
  readonly agent: Belief;
  readonly misses: number;
  readonly services: readonly ServiceFacts[];
  /** Primary of some group. */
  readonly primaryHere: boolean;
  /** Regions that share a group with this one. */
  readonly partners: readonly RegionName[];
  readonly reportedAtMs: number | undefined;
  readonly silentAfterMs: number;
  /** Reports of this region, one after the other, in which it reached no control target. */
  readonly blindReports: number;
};

export type Facts = {
  readonly nowMs: number;
  readonly controllerRegion: RegionName;
  readonly store: WatchState["store"];
  readonly regions: readonly RegionFacts[];
};

export function factsOf(config: WatchConfig, state: WatchState, nowMs: number): Facts {
  return {
    nowMs,
    controllerRegion: config.controllerRegion,
    store: state.store,
    regions: config.system.regions.map(({ name, witness }) => regionFacts(config, state, nowMs, { name, witness })),
  };
}

function regionFacts(
  config: WatchConfig,
  state: WatchState,
  nowMs: number,
  region: { readonly name: RegionName; readonly witness: boolean },
): RegionFacts {
  const { name, witness } = region;
  const agent = beliefAt(config, state, nowMs, name, agentService);
  const sharing = config.system.groups.filter((group) => group.primary.includes(name));
  return {
    region: name,
    witness,
    agent: agent.belief,
    misses: agent.misses,
    services: config.system.services
      .filter((service) => service.in[name] !== undefined)
      .map((service) => serviceFacts(config, state, nowMs, name, service, agent.belief)),
    primaryHere: [...state.records.values()].some((record) => record.primary === name),
    partners: [...new Set(sharing.flatMap((group) => group.primary))].filter((other) => other !== name),
    reportedAtMs: state.reportedAtMs.get(name),
    silentAfterMs: config.silentAfterMs,
    blindReports: state.blindReports.get(name) ?? 0,
  };
}

function serviceFacts(
  config: WatchConfig,
  state: WatchState,
  nowMs: number,
  region: RegionName,
  service: Service,
  agent: Belief,
): ServiceFacts {
  const { belief, misses } = beliefAt(config, state, nowMs, region, service.name);
  const group = config.system.groups.find((one) => one.name === service.group);
  const record = group === undefined ? undefined : state.records.get(group.name);
  const primaryHere = record?.primary === region;
  const replication = state.replication.get(service.name);
  const standby = replication?.standbys.find((one) => one.region === region);
  const within = (atMs: number | undefined): boolean => atMs !== undefined && nowMs - atMs <= config.silentAfterMs;
  return {
    service,
    region,
    group,
    belief,
    misses,
    database: isDatabase(service),
    expected: isExpected(service, group !== undefined, record !== undefined, primaryHere),
    primaryHere,
    primary: record?.primary,
    report: state.reports.get(reportKey(region, service.name)),
    standby,
    behindBytes: behindBytes(replication, standby, nowMs - config.silentAfterMs),
    primaryHeard: within(replication?.primaryReportedAtMs),
    stalledAfterMs:
      group === undefined ? Number.POSITIVE_INFINITY : (config.stalledAfterMs[group.name] ?? Number.POSITIVE_INFINITY),
    agentUp: agent.kind === "up" || agent.kind === "recovering",
    agentHeard: within(state.reportedAtMs.get(region)),
    regionWeak: agent.weak !== undefined,
    regionSlow: agent.slow !== undefined,
  };
}

function isExpected(service: Service, grouped: boolean, established: boolean, primaryHere: boolean): boolean {
  if (!grouped) return true;
  // Before a group is established nothing of it is meant to run.
  if (!established) return false;
  return isDatabase(service) || (primaryHere ? service.replicas.primary : service.replicas.standby) > 0;
}

function beliefAt(config: WatchConfig, state: WatchState, nowMs: number, region: RegionName, service: ServiceName) {
  const index = config.indexOf.get(targetKey({ region, service })) ?? -1;
  const target = config.targets[index];
  const known = state.targets[index];
  // Both are made of the same list, for every placement; a miss is a bug.
  if (target === undefined || known === undefined) throw new Error(`${service} in ${region} is not watched`);
  const belief = beliefOf(known, target.rules, nowMs);
  return { belief, misses: belief.threshold };
}

export function reportKey(region: RegionName, service: ServiceName): string {
  return `${region}/${service}`;
}
