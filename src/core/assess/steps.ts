// How long one service needs to serve in the region that takes over: the catalog's figure of the method, the manifest's own where it gives
// one, an anchor for what neither says, and no bound where there is not even that.

import type { Term } from "../model/assess-report.ts";
import type { Pattern, RegionName } from "../model/system.ts";
import { dsn04, guide, recoveryTimeOfPattern } from "./anchors.ts";
import { standbyReplicas } from "./capacity.ts";
import { restoreSeconds } from "./chain.ts";
import { considered, isBarred, isRestored, type Losing, methodFor, newestCopy, patternOf, settingsIn } from "./fate.ts";
import type { Item } from "./ground.ts";
import { boundOf, recoveryTimeOf } from "./numbers.ts";

const coldPatterns: ReadonlySet<Pattern> = new Set(["pilot-light", "passive-cold", "backup-restore"]);

/** `ready` goes on beside everything else once the switch is decided, while the old lease runs out; `step` comes after what the service needs. */
export type Steps = { readonly ready?: Term; readonly step?: Term };

export function stepsOf(losing: Losing, item: Item, to: RegionName): Steps {
  if (item.holdsData) {
    return { step: isRestored(losing, item, to) ? restoring(losing, item, to) : switching(losing, item, to) };
  }
  return starting(losing, item, to);
}

function switching(losing: Losing, item: Item, to: RegionName): Term {
  const method = methodFor(losing, item);
  const entry = method === undefined ? undefined : recoveryTimeOf(method, "failover", settingsIn(item, to));
  const { name } = item.service;
  if (method === undefined || entry === undefined) return unknown(name, `${name} takes over in ${to}`);
  return {
    what: `${name} takes over in ${to}: ${method.name}`,
    seconds: boundOf(entry),
    basis: entry.basis,
    service: name,
    source: entry.source,
  };
}

export function unknown(service: string, what: string): Term {
  return {
    what: `${what}: neither the manifest nor the catalog has a figure for it`,
    seconds: { expected: 0, worst: Number.POSITIVE_INFINITY },
    basis: "unknown",
    service,
  };
}

/** From the newest copy that is left. */
function restoring(losing: Losing, item: Item, to: RegionName): Term {
  const { service } = item;
  const { name } = service;
  const newest = newestCopy(losing, item);
  if (newest !== undefined) {
    const seconds = restoreSeconds(newest.level, service.volume?.bytes);
    const what = `${name} is restored from ${newest.level.name}`;
    if (seconds !== undefined) {
      return { what, seconds: { expected: seconds, worst: seconds }, basis: "stated", service: name, source: dsn04 };
    }
    return {
      what: `${what}: the manifest does not say how long that takes`,
      seconds: { expected: recoveryTimeOfPattern["backup-restore"].expected, worst: Number.POSITIVE_INFINITY },
      basis: "typical",
      service: name,
      source: guide,
    };
  }
  const { method } = item;
  const barred = isBarred(losing, item, to);
  const entry =
    method === undefined || item.live || barred
      ? undefined
      : recoveryTimeOf(method, "failover", settingsIn(item, undefined));
  if (method !== undefined && entry !== undefined) {
    return {
      what: `${name} is restored: ${method.name}`,
      seconds: boundOf(entry),
      basis: entry.basis,
      service: name,
      source: entry.source,
    };
  }
  if (considered(losing, item) && service.copies === undefined) {
    return {
      what: `${name} is restored from a backup`,
      seconds: recoveryTimeOfPattern["backup-restore"],
      basis: "typical",
      service: name,
      source: guide,
    };
  }
  return {
    what:
      barred && method !== undefined
        ? `${name} has no data in ${to}: ${method.name} is not possible there, and no copy is left to restore from`
        : `no copy of ${name} is left to restore from`,
    seconds: { expected: Number.POSITIVE_INFINITY, worst: Number.POSITIVE_INFINITY },
    basis: "stated",
    service: name,
  };
}

function starting(losing: Losing, item: Item, to: RegionName): Steps {
  const { service, method, group } = item;
  const { name, scaleUpMs } = service;
  const pattern = patternOf(losing, item) ?? "active-passive";
  const has = standbyReplicas(service, pattern, !considered(losing, item));
  const needs = service.replicas.primary;
  const lacks = has < needs;
  const entry = method === undefined ? undefined : recoveryTimeOf(method, "failover", settingsIn(item, to));
  const fromCatalog: Term | undefined =
    entry === undefined
      ? undefined
      : {
          what: `${name} starts in ${to}`,
          seconds: boundOf(entry),
          basis: entry.basis,
          service: name,
          source: entry.source,
        };
  // Measured from the standby that is declared: it says nothing of a pattern that keeps less of it running.
  const stated: Term | undefined =
    scaleUpMs === undefined || has < service.replicas.standby
      ? undefined
      : {
          what: `${name} grows from ${has} to ${needs} in ${to}`,
          seconds: { expected: scaleUpMs / 1_000, worst: scaleUpMs / 1_000 },
          basis: "stated",
          service: name,
        };
  if (!item.places.includes(to))
    return { step: unknown(name, `${name} is made anew in ${to}, where it is not deployed`) };
  const agentRuns = service.run !== undefined && group !== undefined && losing.ground.watch.leased.has(group.name);
  if (agentRuns) {
    if (!lacks) return {};
    const start = stated ?? fromCatalog ?? unknown(name, `${name} starts in ${to}`);
    // The method's own steps say whether that goes on beside the rest of the switch, or only once what it needs is there.
    const beside = method?.steps?.leave.some((step) => step.action === "scale-primary" && step.slot === "prepare");
    return beside === true ? { ready: start } : { step: start };
  }
  if (lacks) {
    // What somebody measured is all of it. What runs already and is only too small grows beside everything else.
    if (stated !== undefined) return has > 0 ? { ready: stated } : { step: stated };
    if (has > 0 && !coldPatterns.has(pattern))
      return { ready: fromCatalog ?? unknown(name, `${name} grows from ${has} to ${needs} in ${to}`) };
    const ready = coldPatterns.has(pattern) ? anchored(name, to, pattern, has, needs) : undefined;
    const step = fromCatalog ?? unknownStart(item, to, ready);
    return { ...(ready === undefined ? {} : { ready }), ...(step === undefined ? {} : { step }) };
  }
  const runs = method?.kind === "redeploy" && (pattern === "active-active" || pattern === "active-passive");
  if (runs) return {};
  return { step: fromCatalog ?? unknown(name, `${name} starts in ${to}`) };
}

function unknownStart(item: Item, to: RegionName, ready: Term | undefined): Term | undefined {
  // An anchor for getting ready covers the start as well.
  return ready === undefined ? unknown(item.service.name, `${item.service.name} starts in ${to}`) : undefined;
}

function anchored(service: string, to: RegionName, pattern: Pattern, has: number, needs: number): Term {
  return {
    what: `${service} is brought from ${has} to ${needs} in ${to}, which runs none or few of it`,
    seconds: recoveryTimeOfPattern[pattern === "backup-restore" ? "pilot-light" : pattern],
    basis: "typical",
    service,
    source: guide,
  };
}
