// What becomes of one service when regions are lost, and the figures that follow from it: the steps until it serves again and the work
// that may be gone. The catalog's figure of the declared method, the manifest's own where it gives one, an anchor for what neither says.

import type { Bound, Term } from "../model/assess-report.ts";
import type { GroupName, Pattern, RegionName } from "../model/system.ts";
import { backupLoss, dsn04, guide, recoveryTimeOfPattern } from "./anchors.ts";
import { standbyReplicas } from "./capacity.ts";
import { type Failure, recentLoss, restoreSeconds } from "./chain.ts";
import { detectionOf, short } from "./detection.ts";
import { type Ground, homeOf, type Item, isLive } from "./ground.ts";
import type { MethodKnowledge } from "./knowledge.ts";
import { boundOf, recoveryPointOf, recoveryTimeOf, type Settings, settingsOf } from "./numbers.ts";

/** One loss of regions, as every service is asked about it. */
export type Losing = {
  readonly ground: Ground;
  readonly lost: ReadonlySet<RegionName>;
  readonly names: readonly RegionName[];
  readonly failure: Failure;
  readonly targets: ReadonlyMap<GroupName, RegionName | null>;
  /** A pattern that is considered instead of the declared ones. */
  readonly assume: Pattern | undefined;
};

/**
 * stays: nobody notices. moves: its primary's place is taken over. shed: it serves in several regions, and the users of the lost one go
 * to the others. gone: nothing takes over.
 */
export type Fate =
  | { readonly kind: "stays" }
  | { readonly kind: "moves"; readonly to: RegionName }
  | { readonly kind: "shed" }
  | { readonly kind: "gone" };

const stays: Fate = { kind: "stays" };
const shed: Fate = { kind: "shed" };
const gone: Fate = { kind: "gone" };
const coldPatterns: ReadonlySet<Pattern> = new Set(["pilot-light", "passive-cold", "backup-restore"]);

export function fateOf(losing: Losing, item: Item): Fate {
  const { group, places, type } = item;
  const { lost } = losing;
  const hit = places.some((place) => lost.has(place));
  if (!hit || type?.scope === "global") return stays;
  if (group === undefined) return places.every((place) => lost.has(place)) ? gone : shed;
  const shared = patternOf(losing, item) === "active-active";
  const home = homeOf(group, places);
  if (home === undefined || !lost.has(home)) return shared ? shed : stays;
  const to = losing.targets.get(group.name);
  if (to === undefined || to === null || lost.has(to)) return gone;
  if (shared && (!item.holdsData || methodFor(losing, item)?.kind === "multi-write")) return shed;
  return { kind: "moves", to };
}

export function patternOf({ assume }: Losing, { group }: Item): Pattern | undefined {
  return assume ?? group?.pattern;
}

const considered = ({ assume }: Losing, { group }: Item): boolean => assume !== undefined && assume !== group?.pattern;

/** The declared method; where a pattern is only considered that needs a live one, the type's first that is. */
function methodFor(losing: Losing, item: Item): MethodKnowledge | undefined {
  if (item.live || !considered(losing, item) || !item.holdsData) return item.method;
  return item.type?.methods.find(isLive) ?? item.method;
}

function isRestored(losing: Losing, item: Item, to: RegionName): boolean {
  if (!item.places.includes(to)) return true;
  const pattern = patternOf(losing, item);
  if (considered(losing, item))
    return pattern === "backup-restore" || pattern === "passive-cold" || !hasLive(losing, item);
  // The manifest layer names a type's usual method where none is given, so copies that are given count for more.
  return !item.live || (pattern === "backup-restore" && item.service.copies !== undefined);
}

const hasLive = (losing: Losing, item: Item): boolean => {
  const method = methodFor(losing, item);
  return method !== undefined && isLive(method);
};

/** `ready` goes on beside everything else from the decision on; `step` comes after what the service needs. */
export type Steps = { readonly ready?: Term; readonly step?: Term };

export function stepsOf(losing: Losing, item: Item, to: RegionName): Steps {
  if (item.holdsData) {
    return { step: isRestored(losing, item, to) ? restoring(losing, item) : switching(losing, item, to) };
  }
  return starting(losing, item, to);
}

function settingsIn(item: Item, region: RegionName | undefined): Settings {
  if (region === undefined || item.service.in[region]?.settings === undefined) return item.settings;
  return settingsOf(item.service, item.type, region);
}

function switching(losing: Losing, item: Item, to: RegionName): Term {
  const method = methodFor(losing, item);
  const entry = method === undefined ? undefined : recoveryTimeOf(method, "failover", settingsIn(item, to));
  const { name } = item.service;
  if (method === undefined || entry === undefined) return unknown(name, `${name} takes over in ${to}`);
  return {
    what: `${name} takes over by ${method.name}`,
    seconds: boundOf(entry),
    basis: entry.basis,
    service: name,
    source: entry.source,
  };
}

function unknown(service: string, what: string): Term {
  return {
    what: `${what}: neither the manifest nor the catalog has a figure for it`,
    seconds: { expected: 0, worst: Number.POSITIVE_INFINITY },
    basis: "unknown",
    service,
  };
}

/** From the newest copy that is left. */
export function restoring(losing: Losing, item: Item): Term {
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
  const entry =
    method === undefined || item.live ? undefined : recoveryTimeOf(method, "failover", settingsIn(item, undefined));
  if (method !== undefined && entry !== undefined) {
    return {
      what: `${name} is restored by ${method.name}`,
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
    what: `no copy of ${name} is left to restore from`,
    seconds: { expected: Number.POSITIVE_INFINITY, worst: Number.POSITIVE_INFINITY },
    basis: "stated",
    service: name,
  };
}

function newestCopy(losing: Losing, item: Item) {
  if (item.service.copies === undefined) return undefined;
  return recentLoss(
    item.levels.filter((level) => level.kind === "copy"),
    losing.failure,
  );
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
  const stated: Term | undefined =
    scaleUpMs === undefined
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
    const only = lacks ? (stated ?? fromCatalog ?? unknown(name, `${name} starts in ${to}`)) : undefined;
    return only === undefined ? {} : { step: only };
  }
  if (lacks) {
    const ready = stated ?? (coldPatterns.has(pattern) ? anchored(name, to, pattern, has, needs) : undefined);
    const step = fromCatalog ?? (stated === undefined ? unknownStart(item, to, ready) : undefined);
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

/** What may be lost of a service's acknowledged work. Empty: nothing. */
export function pointOf(losing: Losing, item: Item, fate: Fate): readonly Term[] {
  if (!item.holdsData || fate.kind === "stays") return [];
  if (fate.kind === "shed") {
    const method = methodFor(losing, item);
    return method?.kind === "multi-write" ? replicated(losing, item, method) : [];
  }
  if (fate.kind === "gone" || isRestored(losing, item, fate.to)) return fromCopies(losing, item);
  const method = methodFor(losing, item);
  return method === undefined ? fromCopies(losing, item) : replicated(losing, item, method);
}

function replicated(losing: Losing, item: Item, method: MethodKnowledge): readonly Term[] {
  const { service, group } = item;
  const mode = service.replication?.mode;
  const entry = recoveryPointOf(method, item.live ? mode : undefined, settingsIn(item, homeOf(group, item.places)));
  if (entry === undefined) return [unknown(service.name, `what ${method.name} of ${service.name} may lose`)];
  const seconds = boundOf(entry);
  if (entry.kind === "zero") return [];
  const lag: Term = {
    what: `what ${service.name} has not yet sent by ${method.name}${entry.mode === undefined ? "" : `, ${entry.mode}`}`,
    seconds,
    basis: entry.basis,
    service: service.name,
    source: entry.source,
  };
  if (entry.kind !== "bounded") return [lag];
  return [lag, windowOf(losing, item)];
}

/**
 * A region that is lost acknowledges nothing. At worst the link to it broke first and it went on until it was known to be lost: as
 * long as its lease lasted where it has one (lossBound: end of the old lease - last moment the target was seen caught up).
 */
function windowOf(losing: Losing, { service, group }: Item): Term {
  const { watch } = losing.ground;
  const leased = watch.leeward !== undefined && group !== undefined && watch.leased.has(group.name);
  return {
    what: leased
      ? `what ${service.name} may acknowledge, cut off, until its lease ends`
      : `what ${service.name} may acknowledge, cut off, until that is detected`,
    seconds: {
      expected: 0,
      worst: leased ? (watch.leeward?.window ?? 0) : detectionOf(watch, group?.name, losing.names).seconds.worst,
    },
    basis: leased ? "guaranteed by the lease" : "estimated",
    service: service.name,
  };
}

function fromCopies(losing: Losing, item: Item): readonly Term[] {
  const { service, method } = item;
  const { name } = service;
  const newest = newestCopy(losing, item);
  if (newest !== undefined) {
    const { level } = newest;
    const age: Bound = { expected: level.ageBestSeconds, worst: level.ageBestSeconds };
    return [
      {
        what: `age of ${level.name} of ${name} when it arrives`,
        seconds: age,
        basis: "stated",
        service: name,
        source: dsn04,
      },
      {
        what: `time until the next ${level.name} of ${name}, one every ${short(level.gapSeconds)}`,
        seconds: { expected: level.gapSeconds / 2, worst: level.gapSeconds },
        basis: "stated",
        service: name,
        source: dsn04,
      },
    ];
  }
  const entry = method === undefined || item.live ? undefined : recoveryPointOf(method, undefined, item.settings);
  if (method !== undefined && entry !== undefined) {
    return [
      {
        what: `what ${name} has written since its last ${method.name}`,
        seconds: boundOf(entry),
        basis: entry.basis,
        service: name,
        source: entry.source,
      },
    ];
  }
  if (considered(losing, item) && service.copies === undefined) {
    return [
      {
        what: `what ${name} has written since its last backup, taken to be daily`,
        seconds: backupLoss,
        basis: "assumed",
        service: name,
      },
    ];
  }
  return [
    {
      what: `all data of ${name}: no copy outlives this`,
      seconds: { expected: Number.POSITIVE_INFINITY, worst: Number.POSITIVE_INFINITY },
      basis: "stated",
      service: name,
    },
  ];
}
