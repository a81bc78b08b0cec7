// The recovery point: what may be lost of the acknowledged work of one service, and of all of them when regions are lost.

import type { Bound, Term } from "../model/assess-report.ts";
import type { GroupName } from "../model/system.ts";
import { backupLoss, dsn04 } from "./anchors.ts";
import { detectionOf, short, sumOf } from "./detection.ts";
import {
  considered,
  type Fates,
  isRestored,
  type Losing,
  methodFor,
  newestCopy,
  settingsIn,
  type Touched,
} from "./fate.ts";
import { homeOf, type Item, isLive } from "./ground.ts";
import type { MethodKnowledge } from "./knowledge.ts";
import { boundOf, recoveryPointOf } from "./numbers.ts";
import { unknown } from "./steps.ts";
import { longer, type Summed, topped } from "./summed.ts";

/** Of the services that users reach or that move with a group, the one that loses most decides; `ofGroup` has the worst seconds of each group. */
export function worstPoint(
  losing: Losing,
  fates: Fates,
): Summed & { readonly ofGroup: ReadonlyMap<GroupName, number> } {
  const ofGroup = new Map<GroupName, number>();
  let terms: readonly Term[] = [];
  let deciding: Bound = { expected: 0, worst: 0 };
  let expected = 0;
  let through = "";
  for (const [index, fate] of fates) {
    const item = losing.ground.items[index];
    if (item === undefined || !item.holdsData || losing.ground.counts[index] === 0) continue;
    const lost = pointOf(losing, item, fate);
    if (lost.length === 0) continue;
    const seconds = sumOf(lost);
    if (item.group !== undefined)
      ofGroup.set(item.group.name, Math.max(ofGroup.get(item.group.name) ?? 0, seconds.worst));
    if (longer(seconds, deciding)) {
      deciding = seconds;
      terms = lost;
    }
    if (seconds.expected > expected) {
      expected = seconds.expected;
      through = item.service.name;
    }
  }
  return { ...topped(terms, deciding, expected, `on an ordinary day ${through} loses more`), ofGroup };
}

/** What may be lost of a service's acknowledged work. Empty: nothing. */
function pointOf(losing: Losing, item: Item, fate: Touched): readonly Term[] {
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
    what: isLive(method)
      ? `what ${service.name} has not yet sent: ${[method.name, ...(entry.mode === undefined ? [] : [entry.mode])].join(", ")}`
      : `what ${service.name} holds and its method does not carry over: ${method.name}`,
    seconds,
    basis: entry.basis,
    service: service.name,
    source: entry.source,
  };
  if (entry.kind !== "bounded" || !isLive(method)) return [lag];
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
  const barred = item.barred !== undefined && methodFor(losing, item) === method;
  const entry =
    method === undefined || item.live || barred ? undefined : recoveryPointOf(method, undefined, item.settings);
  if (method !== undefined && entry !== undefined) {
    return [
      {
        what: `what ${name} has written since its last copy: ${method.name}`,
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
