// One group as people see it in `leeward status`, made from what the controller knows at one moment.
// Pure. It claims nothing that is not known: before the store was read there is no record, and an unknown bound is left out.

import type { DecideState, Decision, Maintenance } from "../core/decide/decision.ts";
import type { GroupRecord } from "../core/lease/record.ts";
import { servicesOf } from "../core/model/select.ts";
import type { Group, RegionName, Route, Service, System } from "../core/model/system.ts";
import { isDatabase } from "../core/watch/config.ts";
import type { Diagnosis } from "../core/watch/diagnosis.ts";
import { standbyOf, type WatchState } from "../core/watch/watch.ts";
import type { Traffic } from "../wire/calls.ts";
import type { GroupStatus, RunReport } from "../wire/people.ts";
import { decisionStatus, flapStatus, routeStatus } from "./decision-status.ts";

/** What a status is made of. All instants are on the controller's clock. */
export type StatusFacts = {
  readonly nowMs: number;
  readonly system: System;
  readonly group: Group;
  /** Has the store been read, and the run that an earlier process left been found? Until then nothing is claimed. */
  readonly loaded: boolean;
  readonly record: GroupRecord | undefined;
  readonly ttlMs: number;
  /** When the last writable renewal was seen, and whether the holder may write; nothing before the first record. */
  readonly lease: { readonly seenAtMs: number; readonly writable: boolean } | undefined;
  readonly traffic: Traffic | undefined;
  readonly paused: boolean;
  readonly watch: WatchState;
  readonly diagnoses: readonly Diagnosis[];
  /** The last decision; nothing until the first. */
  readonly decision: Decision | undefined;
  readonly run: RunReport | undefined;
  readonly maintenance?: readonly Maintenance[];
  /** What the decider remembers. */
  readonly decider?: DecideState;
  /** Routes to the group, and why their TTL is shortened, while it is. */
  readonly routes?: readonly Route[];
  readonly ttlWhy?: string | undefined;
  /** The newest durable entry of the audit trail. */
  readonly trail?: GroupStatus["trail"] | undefined;
};

export function groupStatusOf(facts: StatusFacts): GroupStatus {
  const { nowMs, group, lease, traffic, decision, run } = facts;
  const record = claimedRecord(facts);
  return {
    group: group.name,
    sentence: sentenceOf(facts),
    epoch: record?.epoch ?? 0,
    primary: record?.primary ?? "",
    promotable: [...(record?.promotable ?? [])],
    ...(traffic === undefined
      ? {}
      : { traffic: { generation: traffic.generation, primary: traffic.primary, mode: traffic.mode } }),
    ...(lease === undefined
      ? {}
      : { lease: { ageMs: Math.round(nowMs - lease.seenAtMs), ttlMs: facts.ttlMs, writable: lease.writable } }),
    paused: facts.paused,
    policy: group.failover,
    ...(facts.maintenance === undefined || facts.maintenance.length === 0
      ? {}
      : { maintenance: facts.maintenance.map((one) => ({ ...one })) }),
    ...(facts.routes === undefined ? {} : { routes: routeStatus(facts.routes, traffic, facts.ttlWhy) }),
    ...(facts.decider === undefined ? {} : { flaps: flapStatus(group, facts.decider, nowMs) }),
    diagnoses: facts.diagnoses
      .filter((diagnosis) => diagnosis.severity !== "ok")
      .map((diagnosis) => ({
        name: diagnosis.name,
        region: diagnosis.region,
        ...(diagnosis.service === undefined ? {} : { service: diagnosis.service }),
        sentence: diagnosis.sentence,
        sinceMs: Math.round(nowMs - diagnosis.sinceMs),
        evidence: {
          statistic: diagnosis.evidence.statistic,
          threshold: diagnosis.evidence.threshold,
          vantages: [...diagnosis.evidence.vantages],
        },
      })),
    decision: decisionStatus(decision, nowMs),
    links: record === undefined ? [] : linksOf(facts, record),
    ...(run === undefined ? {} : { run }),
    ...(facts.trail === undefined ? {} : { trail: { ...facts.trail } }),
  };
}

/** Until the run that an earlier process left is found, no record is shown: it would look as if no run were under way. */
function claimedRecord({ loaded, record }: StatusFacts): GroupRecord | undefined {
  return loaded ? record : undefined;
}

function sentenceOf(facts: StatusFacts): string {
  const { name } = facts.group;
  const record = claimedRecord(facts);
  if (record !== undefined) return facts.decision?.reason ?? `${record.primary} is primary under epoch ${record.epoch}`;
  return facts.loaded ? `${name} has no primary yet` : `this controller is reading what the store knows of ${name}`;
}

function linksOf(facts: StatusFacts, record: GroupRecord): GroupStatus["links"] {
  const standbys = facts.group.primary.filter((region) => region !== record.primary);
  return servicesOf(facts.system, facts.group.name)
    .filter((service) => isDatabase(service))
    .flatMap((service) => standbys.flatMap((to) => linkTo(facts, service, record.primary, to)));
}

function linkTo(facts: StatusFacts, service: Service, from: RegionName, to: RegionName): GroupStatus["links"] {
  const copy = standbyOf(facts.watch, service.name, to);
  if (copy === undefined) return [];
  const loss = lossBoundOf(facts, service, copy.caughtUpAtMs);
  return [
    {
      service: service.name,
      from,
      to,
      streaming: copy.streaming,
      ...(copy.lagBytes === undefined ? {} : { lagBytes: copy.lagBytes }),
      ...(copy.lagMs === undefined ? {} : { lagMs: copy.lagMs }),
      ...(loss === undefined ? {} : { lossBoundMs: loss }),
    },
  ];
}

/** I3: from the last moment at which the copy was seen caught up to the end of a lease that is not renewed again. */
function lossBoundOf(facts: StatusFacts, service: Service, caughtUpAtMs: number | undefined): number | undefined {
  if (service.replication?.mode === "sync") return 0;
  if (caughtUpAtMs === undefined) return undefined;
  const leaseEndMs = (facts.lease?.seenAtMs ?? facts.nowMs) + facts.ttlMs;
  return Math.max(0, Math.round(leaseEndMs - caughtUpAtMs));
}
