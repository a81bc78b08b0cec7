// What the recovery arithmetic looks up over and over, gathered once per system: maps by name, each service's type and method, its chain
// of copies, the order in which services can come back, and what users call. Everything after it is linear in the number of services.

import type { Bound } from "../model/assess-report.ts";
import { calledServiceOf } from "../model/select.ts";
import type { Group, GroupName, Region, RegionName, Route, Service, ServiceName, System } from "../model/system.ts";
import { type Assumed, assumed } from "./availability.ts";
import { type Level, levelsOf } from "./chain.ts";
import { type Watch, watchOf } from "./detection.ts";
import type { Knowledge, MethodKnowledge, ServiceKnowledge } from "./knowledge.ts";
import { type Barred, barredOf, chosenMethod, systemMapsOf } from "./methods.ts";
import { boundOf, recoveryPointOf, type Settings, settingsOf } from "./numbers.ts";

export type Item = {
  readonly service: Service;
  readonly type: ServiceKnowledge | undefined;
  readonly method: MethodKnowledge | undefined;
  readonly settings: Settings;
  readonly group: Group | undefined;
  readonly places: readonly RegionName[];
  readonly holdsData: boolean;
  /** The declared method keeps a copy that can take over as it is. */
  readonly live: boolean;
  /** Where its declared method cannot lead; only of what holds data, moves with a group, and was not accepted as it is. */
  readonly barred: Barred | undefined;
  /** The replicas, then the copies; `copies` has those alone. */
  readonly levels: readonly Level[];
  readonly copies: readonly Level[];
};

export type Entry = { readonly item: number; readonly route?: Route };

export type Ground = {
  readonly system: System;
  readonly knowledge: Knowledge;
  readonly regions: ReadonlyMap<RegionName, Region>;
  readonly groups: ReadonlyMap<GroupName, Group>;
  /** What others need stands before those who need it. */
  readonly items: readonly Item[];
  readonly indexOf: ReadonlyMap<ServiceName, number>;
  /** Items placed in each region, in their order. */
  readonly placedIn: ReadonlyMap<RegionName, readonly number[]>;
  /** The needs of item i lie in `list` from `from[i]` to before `from[i + 1]`: what every loss walks through lies side by side. */
  readonly needs: { readonly from: Int32Array; readonly list: Int32Array };
  /** What users call: the routes, what jobs call beside them, and whatever nobody needs in groups that no route leads to. */
  readonly entries: readonly Entry[];
  /** 1: its data is work of the system's users, as it moves with a group or is needed by what users call. */
  readonly counts: Uint8Array;
  readonly watch: Watch;
  readonly assumed: Assumed;
};

const liveKinds: ReadonlySet<string> = new Set(["replication", "multi-write", "global"]);

/** Keeps a copy that can take over as it is. */
export const isLive = (method: MethodKnowledge): boolean => liveKinds.has(method.kind);

export function groundOf(system: System, knowledge: Knowledge): Ground {
  const regions = new Map(system.regions.map((region) => [region.name, region]));
  const groups = new Map(system.groups.map((group) => [group.name, group]));
  const maps = systemMapsOf(system);
  const believed = beliefsOf(system);
  const services = orderOf(system.services);
  const indexOf = new Map(services.map((service, index) => [service.name, index]));
  const items = services.map((service): Item => {
    const type = knowledge.serviceOf(service.type);
    const method = chosenMethod(service, type);
    const settings = settingsOf(service, type);
    const group = service.group === undefined ? undefined : groups.get(service.group);
    const holdsData = type?.holdsData ?? (service.replication !== undefined || service.copies !== undefined);
    const places = Object.keys(service.in);
    const live = method !== undefined && isLive(method);
    const barred =
      type === undefined || group === undefined || !holdsData || believed(service.name)
        ? undefined
        : barredOf(service, type, maps, knowledge, isLive);
    const home = homeOf(group, places);
    const to = live ? places.filter((place) => place !== home).flatMap((place) => regions.get(place) ?? []) : [];
    const levels =
      to.length === 0 && service.copies === undefined
        ? []
        : levelsOf(service, regions, {
            method: method?.name ?? "replication",
            to,
            lag: lagOf(service, method, settings),
          });
    return {
      service,
      type,
      method,
      settings,
      group,
      places,
      holdsData,
      live,
      barred: barred === undefined || barred.regions.size === 0 ? undefined : barred,
      levels,
      copies: levels.filter((level) => level.kind === "copy"),
    };
  });
  const from = assumed(system);
  const needs = needsOf(services, indexOf);
  const entries = entriesOf(system, items, indexOf, needs);
  return {
    system,
    knowledge,
    regions,
    groups,
    items,
    indexOf,
    placedIn: placedInOf(items),
    needs,
    entries,
    counts: countsOf(items, entries, needs),
    watch: watchOf(system, knowledge, from.approvalSeconds),
    assumed: from,
  };
}

/** Whoever accepts that a method is ruled out knows better than the catalog: then it counts. */
function beliefsOf({ accepted = [] }: System): (service: ServiceName) => boolean {
  const entries = accepted.filter(({ rule }) => rule === "method-ruled-out" || rule === "pair-missing");
  return (service) => entries.some(({ of }) => of === undefined || of === service);
}

/** Where a group's primary is taken to be: in the region it prefers. */
export function homeOf(group: Group | undefined, places: readonly RegionName[]): RegionName | undefined {
  return group?.primary[0] ?? places[0];
}

function lagOf(service: Service, method: MethodKnowledge | undefined, settings: Settings): Bound {
  const entry = method === undefined ? undefined : recoveryPointOf(method, service.replication?.mode, settings);
  return entry === undefined ? { expected: 0, worst: Number.POSITIVE_INFINITY } : boundOf(entry);
}

/** Needs first, in the manifest's order within that. No recursion: a chain may be as long as the system. */
function orderOf(services: readonly Service[]): readonly Service[] {
  const byName = new Map(services.map((service) => [service.name, service]));
  const seen = new Set<ServiceName>();
  const ordered: Service[] = [];
  for (const first of services) {
    const stack: { readonly service: Service; next: number }[] = [];
    const enter = (service: Service): void => {
      if (seen.has(service.name)) return;
      seen.add(service.name);
      stack.push({ service, next: 0 });
    };
    enter(first);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const need = top.service.needs[top.next];
      if (need === undefined) {
        ordered.push(top.service);
        stack.pop();
        continue;
      }
      top.next += 1;
      const needed = byName.get(need);
      if (needed !== undefined) enter(needed);
    }
  }
  return ordered;
}

function needsOf(services: readonly Service[], indexOf: ReadonlyMap<ServiceName, number>): Ground["needs"] {
  const from = new Int32Array(services.length + 1);
  const list: number[] = [];
  for (const [index, service] of services.entries()) {
    for (const name of service.needs) {
      const need = indexOf.get(name);
      // A need that comes later is part of a cycle, which the manifest layer refuses; it is left out rather than waited for.
      if (need !== undefined && need < index) list.push(need);
    }
    from[index + 1] = list.length;
  }
  return { from, list: Int32Array.from(list) };
}

function countsOf(items: readonly Item[], entries: readonly Entry[], needs: Ground["needs"]): Uint8Array {
  const counts = new Uint8Array(items.length);
  for (const { item } of entries) counts[item] = 1;
  for (const [index, { group }] of items.entries()) if (group !== undefined) counts[index] = 1;
  reach(counts, needs);
  return counts;
}

/** Those who need something stand behind it, so one pass from the end marks everything that the marked ones need. */
function reach(marked: Uint8Array, needs: Ground["needs"]): void {
  for (let index = marked.length - 1; index >= 0; index -= 1) {
    if (marked[index] === 0) continue;
    for (let at = needs.from[index] ?? 0; at < (needs.from[index + 1] ?? 0); at += 1) marked[needs.list[at] ?? 0] = 1;
  }
}

function placedInOf(items: readonly Item[]): Ground["placedIn"] {
  const found = new Map<RegionName, number[]>();
  for (const [index, { places }] of items.entries()) {
    for (const place of places) {
      const list = found.get(place);
      if (list === undefined) found.set(place, [index]);
      else list.push(index);
    }
  }
  return found;
}

function entriesOf(
  system: System,
  items: readonly Item[],
  indexOf: ReadonlyMap<ServiceName, number>,
  needs: Ground["needs"],
): readonly Entry[] {
  const routed = system.routes.flatMap((route): Entry[] => {
    const item = indexOf.get(route.to);
    return item === undefined ? [] : [{ item, route }];
  });
  const reached = new Uint8Array(items.length);
  const needed = new Uint8Array(items.length);
  for (const { item } of routed) reached[item] = 1;
  reach(reached, needs);
  for (const need of needs.list) needed[need] = 1;
  const covered = new Set<GroupName>();
  for (const [index, { group }] of items.entries()) {
    if (reached[index] === 1 && group !== undefined) covered.add(group.name);
  }
  // What a job calls is work of its own, whoever else of its group is called by users.
  const called = new Set(system.jobs.map(({ call }) => indexOf.get(calledServiceOf(call))));
  const others = items.flatMap(({ group }, index): Entry[] => {
    if (called.has(index) && reached[index] === 0 && group !== undefined) return [{ item: index }];
    const counts = group === undefined ? routed.length === 0 : !covered.has(group.name);
    return counts && needed[index] === 0 ? [{ item: index }] : [];
  });
  return [...routed, ...others];
}
