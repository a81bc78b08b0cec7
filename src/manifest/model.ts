// A draft to the model: every default filled in, each list in the manifest's own order.

import { isMovedByAgents, serviceTypeOf } from "../catalog/load.ts";
import { calledServiceOf } from "../core/model/select.ts";
import type {
  Control,
  Group,
  Job,
  Region,
  Replication,
  Route,
  Service,
  System,
  Trigger,
  WatchMode,
} from "../core/model/system.ts";
import { assessedOf, assumptionsOf, drillsOf } from "./assessed-model.ts";
import { probeOf } from "./health-schema.ts";
import { groupPolicyOf } from "./policy-model.ts";
import type { Draft } from "./schema.ts";

type Of<K extends "regions" | "groups" | "services" | "routes" | "jobs"> = Draft[K][string];

export function systemOf(draft: Draft): System {
  const probeEveryMs = draft.control.probeEvery;
  return {
    version: 1,
    name: draft.system,
    regions: each(draft.regions, regionOf),
    objectives: {
      rtoMs: draft.objectives.rto,
      rpoMs: draft.objectives.rpo,
      falseFailoverMs: draft.objectives.falseFailover,
      residency: draft.objectives.residency,
      ...(draft.objectives.brownOut === undefined ? {} : { brownOutMs: draft.objectives.brownOut }),
    },
    groups: each(draft.groups, (name, group) => groupOf(name, group, draft.objectives.rpo)),
    services: each(draft.services, (name, service) => serviceOf(name, service, probeEveryMs)),
    routes: each(draft.routes, routeOf),
    jobs: each(draft.jobs, (name, job) => jobOf(name, job, draft.services)),
    control: controlOf(draft.control),
    ...assumptionsOf(draft.assumptions),
    ...(draft.costs === undefined ? {} : { costs: draft.costs }),
    ...(draft.accepted === undefined ? {} : { accepted: draft.accepted }),
  };
}

function each<From, To>(record: Readonly<Record<string, From>>, make: (name: string, from: From) => To): readonly To[] {
  return Object.entries(record).map(([name, from]) => make(name, from));
}

function regionOf(name: string, region: Of<"regions">): Region {
  return {
    name,
    at: region.at,
    witness: region.witness,
    ...(region.zone === undefined ? {} : { zone: region.zone }),
    ...(region.account === undefined ? {} : { account: region.account }),
    ...(region.shares === undefined ? {} : { shares: region.shares }),
    ...(region.agent === undefined ? {} : { agent: withoutSlash(region.agent) }),
    ...(region.controller === undefined ? {} : { controller: withoutSlash(region.controller) }),
    ...(region.router === undefined ? {} : { router: region.router }),
  };
}

/** Calls are made by putting a path behind it. */
function withoutSlash(url: string): string {
  return url.endsWith("/") ? url.slice(0, -1) : url;
}

function groupOf(name: string, group: Of<"groups">, rpoMs: number): Group {
  return {
    name,
    primary: group.primary,
    pattern: group.pattern,
    failover: group.failover,
    maxDataLossMs: group.maxDataLoss ?? rpoMs,
    coolDownMs: group.coolDown,
    ...(group.drills === undefined ? {} : { drills: drillsOf(group.drills) }),
    ...(group.policy === undefined ? {} : { policy: groupPolicyOf(group.policy) }),
  };
}

function serviceOf(name: string, service: Of<"services">, probeEveryMs: number): Service {
  const type = serviceTypeOf(service.type);
  const replication = replicationOf(service);
  const probe = probeOf(service.type, service.health);
  return {
    name,
    type: service.type,
    ...(service.group === undefined ? {} : { group: service.group }),
    ...(replication === undefined ? {} : { replication }),
    needs: service.needs,
    replicas: {
      primary: service.replicas?.primary ?? 1,
      standby: service.replicas?.standby ?? type?.standbyReplicas ?? 1,
    },
    ...(service.run === undefined
      ? {}
      : {
          run: {
            command: service.run.command,
            env: service.run.env,
            ...(service.run.cwd === undefined ? {} : { cwd: service.run.cwd }),
          },
        }),
    health: {
      path: service.health.path,
      everyMs: service.health.every ?? probeEveryMs,
      ...(service.health.timeout === undefined ? {} : { timeoutMs: service.health.timeout }),
      ...(service.health.answers === undefined ? {} : { answers: service.health.answers }),
      ...(service.health.deep === undefined ? {} : { deep: service.health.deep }),
      ...(probe === undefined ? {} : { probe }),
    },
    in: service.in ?? {},
    ...assessedOf(service),
  };
}

/**
 * Types that hold data and that agents move always have one, the usual one if the manifest does not say; others only if it says so:
 * whatever has one is tended as a database.
 */
function replicationOf(service: Of<"services">): Replication | undefined {
  const type = serviceTypeOf(service.type);
  if (service.replication === undefined && !(type?.holdsData === true && isMovedByAgents(type))) return undefined;
  const method = service.replication?.method ?? type?.defaultMethod ?? "";
  const modes = type?.methods.find((known) => known.id === method)?.modes;
  return { method, mode: service.replication?.mode ?? modes?.[0] ?? "async" };
}

function routeOf(name: string, route: Of<"routes">): Route {
  return {
    name,
    to: route.to,
    policy: route.policy,
    ttlMs: route.ttl,
    ...(route.ttlFloor === undefined ? {} : { ttlFloorMs: route.ttlFloor }),
    whenAllDown: route.whenAllDown,
    ...(route.through === undefined ? {} : { through: route.through }),
    ...(route.stubborn === undefined ? {} : { stubbornShare: route.stubborn }),
  };
}

function jobOf(name: string, job: Of<"jobs">, services: Draft["services"]): Job {
  const target = calledServiceOf(job.call);
  const group = job.group ?? (Object.hasOwn(services, target) ? services[target]?.group : undefined);
  return {
    name,
    trigger: triggerOf(job.trigger),
    call: job.call,
    ...(group === undefined ? {} : { group }),
    ...(job.roles === undefined ? {} : { roles: job.roles }),
    ...(job.split === undefined ? {} : { split: job.split }),
    ...(job.trigger.state === undefined ? {} : { state: job.trigger.state }),
    ...(job.ordered === undefined ? {} : { ordered: job.ordered }),
  };
}

function triggerOf(trigger: Of<"jobs">["trigger"]): Trigger {
  if (trigger.recurrence !== undefined)
    return { kind: "recurrence", cron: trigger.recurrence, zone: trigger.zone ?? "UTC" };
  if (trigger.polling !== undefined) return { kind: "polling", everyMs: trigger.polling };
  if (trigger.queue !== undefined) return { kind: "queue", service: trigger.queue };
  return { kind: trigger.webhook === true ? "webhook" : "request" };
}

function watchOf({ mode, ...classic }: NonNullable<Draft["control"]["watch"]>): WatchMode {
  return mode === "cusum" ? { mode } : { mode, ...classic };
}

function controlOf(control: Draft["control"]): Control {
  return {
    lease: {
      ttlMs: control.lease.ttl,
      renewEveryMs: control.lease.renewEvery,
      callTimeoutMs: control.lease.callTimeout,
      holdMs: control.lease.hold,
      drift: control.lease.drift,
    },
    probeEveryMs: control.probeEvery,
    ...(control.watch === undefined ? {} : { watch: watchOf(control.watch) }),
    notify: control.notify.map((target) =>
      target.webhook !== undefined
        ? { kind: "webhook", url: target.webhook, ...(target.token === undefined ? {} : { token: target.token }) }
        : { kind: "command", command: target.command ?? [] },
    ),
  };
}
