// What becomes of one service when regions are lost: it stays, moves, sheds its users to others, or is gone; and by which method and from
// what it comes back.

import type { GroupName, Pattern, RegionName } from "../model/system.ts";
import { type Failure, type Newest, recentLoss } from "./chain.ts";
import { type Ground, homeOf, type Item, isLive } from "./ground.ts";
import type { MethodKnowledge } from "./knowledge.ts";
import { type Settings, settingsOf } from "./numbers.ts";

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

/** Whatever does not stay. */
export type Touched = Exclude<Fate, { readonly kind: "stays" }>;

const stays: Fate = { kind: "stays" };
const shed: Fate = { kind: "shed" };
const gone: Fate = { kind: "gone" };

/** By place in `ground.items`; whatever is not in it stays. */
export type Fates = ReadonlyMap<number, Touched>;

/** Asks only those who are placed in a lost region, in the order of the items. */
export function fatesOf(losing: Losing): Fates {
  const { placedIn, items } = losing.ground;
  const asked = losing.names.flatMap((name) => placedIn.get(name) ?? []);
  if (losing.names.length > 1) asked.sort((one, other) => one - other);
  const fates = new Map<number, Touched>();
  for (const index of asked) {
    const item = items[index];
    if (item === undefined || fates.has(index)) continue;
    const fate = fateOf(losing, item);
    if (fate.kind !== "stays") fates.set(index, fate);
  }
  return fates;
}

/** Of a service that is placed in a lost region. */
function fateOf(losing: Losing, item: Item): Fate {
  const { group, places, type } = item;
  const { lost } = losing;
  if (type?.scope === "global") return stays;
  if (group === undefined) return places.every((place) => lost.has(place)) ? gone : shed;
  const shared = patternOf(losing, item) === "active-active";
  const home = homeOf(group, places);
  if (home === undefined || !lost.has(home)) return shared ? shed : stays;
  const to = losing.targets.get(group.name);
  if (to === undefined || to === null || lost.has(to)) return gone;
  if (shared && (!item.holdsData || (!isBarred(losing, item, to) && methodFor(losing, item)?.kind === "multi-write")))
    return shed;
  return { kind: "moves", to };
}

export function patternOf({ assume }: Losing, { group }: Item): Pattern | undefined {
  return assume ?? group?.pattern;
}

/** Its pattern is not the declared one, so what the manifest says of replicas does not hold. */
export const considered = ({ assume }: Losing, { group }: Item): boolean =>
  assume !== undefined && assume !== group?.pattern;

/** Whether what the method keeps in the other region can take over as it is: a live copy, or the same thing deployed twice. */
const standsReady = (method: MethodKnowledge | undefined): boolean =>
  method !== undefined && (isLive(method) || method.kind === "redeploy");

/** The method that would bring its data to `to` cannot lead there. */
export function isBarred(losing: Losing, item: Item, to: RegionName): boolean {
  return item.barred?.regions.has(to) === true && methodFor(losing, item) === item.method;
}

/** The declared method; where a pattern is only considered and needs something that stands ready, the type's first live one. */
export function methodFor(losing: Losing, item: Item): MethodKnowledge | undefined {
  if (!considered(losing, item) || !item.holdsData) return item.method;
  if (item.barred !== undefined) return item.barred.instead ?? item.method;
  if (standsReady(item.method)) return item.method;
  return item.type?.methods.find(isLive) ?? item.method;
}

/** Its data comes back from a copy rather than from what stands ready in `to`. */
export function isRestored(losing: Losing, item: Item, to: RegionName): boolean {
  if (!item.places.includes(to) || isBarred(losing, item, to)) return true;
  const pattern = patternOf(losing, item);
  if (considered(losing, item)) {
    return pattern === "backup-restore" || pattern === "passive-cold" || !standsReady(methodFor(losing, item));
  }
  if (!standsReady(item.method)) return true;
  // The manifest layer names a type's usual method where none is given, so copies that are given count for more. What is deployed twice
  // brings no data with it.
  return item.service.copies !== undefined && (pattern === "backup-restore" || item.method?.kind === "redeploy");
}

export function settingsIn(item: Item, region: RegionName | undefined): Settings {
  if (region === undefined || item.service.in[region]?.settings === undefined) return item.settings;
  return settingsOf(item.service, item.type, region);
}

/** The newest copy, apart from replicas, that this leaves. */
export function newestCopy(losing: Losing, item: Item): Newest | undefined {
  return item.copies.length === 0 ? undefined : recentLoss(item.copies, losing.failure);
}
