// What both sides depend on, in sentences: the cuts of cuts.ts as the report gives them, and the facts about use that rules ask for.

import type { SharedFate } from "../model/assess-report.ts";
import type { RegionName, Service, ServiceName, System } from "../model/system.ts";
import { accountName, type Component } from "./components.ts";
import { whereUsed } from "./control-plane.ts";
import { type Cut, cutsOf } from "./cuts.ts";
import { componentGraph, type Graph } from "./graph.ts";
import type { Knowledge } from "./knowledge.ts";
import { named } from "./recovers.ts";

export type SharedFates = { readonly sharedFate: readonly SharedFate[]; readonly leftOut: number };

/** The most telling first, at most `most`. `today` (`YYYY-MM-DD`) decides which acceptances still hold; without it all do. */
export function sharedFateOf(
  system: System,
  knowledge: Knowledge,
  options: { readonly graph?: Graph; readonly most?: number; readonly today?: string } = {},
): SharedFates {
  const graph = options.graph ?? componentGraph(system, knowledge);
  const { cuts, leftOut, fallen } = cutsOf(graph, options.most === undefined ? {} : { most: options.most });
  const never = fallen
    .filter(({ lost }) => lost === undefined)
    .map(({ path }): SharedFate => ({ cut: path.slice(-1), path, why: `As it is described, ${neverServed(path)}` }));
  const told = cuts.map(
    (cut): SharedFate => ({
      cut: cut.components.map(({ name }) => name),
      path: cut.path,
      why: sentence(cut, system),
    }),
  );
  const sharedFate = [...never, ...told].map((fate) => {
    const accepted = acceptedWhy(fate, system, options.today);
    return accepted === undefined ? fate : { ...fate, accepted };
  });
  return { sharedFate, leftOut };
}

function neverServed(path: readonly string[]): string {
  const [called, ...rest] = path;
  const missing = rest.at(-1);
  return missing === undefined ? `nobody serves ${called}.` : `${called} has no place to be: there is ${missing}.`;
}

function acceptedWhy(fate: SharedFate, system: System, today: string | undefined): string | undefined {
  const names = new Set([...fate.cut, ...fate.path]);
  return system.accepted?.find(({ rule, of, until }) => {
    if (rule !== "shared-fate" || (until !== undefined && today !== undefined && until < today)) return false;
    return of === undefined || names.has(of);
  })?.why;
}

function sentence(cut: Cut, system: System): string {
  const elsewhere = [...new Set(cut.assuming.map(({ service, name }) => service ?? name))];
  const some = elsewhere.length > 3 ? [...elsewhere.slice(0, 3), `${elsewhere.length - 3} more`] : elsewhere;
  const even = some.length === 0 ? "" : `even with ${listed(some, "and")} elsewhere, `;
  const once = cut.lost.length === 0 ? "" : `once ${listed(cut.lost, "or")} is lost, ${even}`;
  const goal = cut.goals[0];
  const effect =
    goal === undefined
      ? "nothing serves"
      : goal.kind === "route"
        ? `nobody serves the users of ${goal.name}`
        : `${goal.name} has no place to be`;
  const others = cut.goals.slice(1).filter(({ kind }) => kind === goal?.kind).length;
  const more = others === 0 ? "" : ` (and ${others} more)`;
  const what = cut.components.map(named);
  const reasons = cut.components.map((component) => reasonOf(component, cut, system)).filter((reason) => reason !== "");
  const together = what.length === 2 ? `without both ${what.join(" and ")}` : `without ${what.join("")}`;
  const failing = cut.components.every(({ kind }) => kind === "change") ? `after ${what.join(" and ")}` : together;
  const because = reasons.length === 0 ? "" : `: ${reasons.join("; ")}`;
  const [lost, only] = [cut.lost[0], cut.components[0]];
  if (cut.components.length === 1 && only?.kind === "instance" && cut.lost.length === 1 && only.region === lost) {
    return `When ${lost} is lost, ${only.service ?? only.name} goes with it, and ${effect}${more}${because}.`;
  }
  const alike = cut.alike.flat();
  const same = alike.length === 0 ? "" : ` The same goes for ${listed(alike.slice(0, 3).map(named), "and")}.`;
  const text = `${once}${failing} ${effect}${more}${because}.${same}`;
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function reasonOf(component: Component, cut: Cut, system: System): string {
  const { kind, name } = component;
  if (kind === "instance") {
    const service = system.services.find((each) => each.name === component.service);
    const regions = Object.keys(service?.in ?? {});
    const missing = cut.path.at(-1) ?? "";
    if (missing.startsWith("no ")) return `there is ${missing}, and the one in ${component.region} is of no use there`;
    return regions.length === 1 ? `${component.service} is in ${component.region} only` : "";
  }
  if (kind === "region" && cut.there.length > 0) {
    const names = cut.there.slice(0, 3).map((there) => there.service ?? there.name);
    const more = cut.there.length - names.length;
    return `${names.join(", ")}${more > 0 ? ` and ${more} more` : ""} are there only`;
  }
  if (kind === "region") {
    const asked = cut.path.at(-2);
    return asked === "the controller" ? "the only controller is there" : "";
  }
  if (kind === "service") return `${name} is one thing for all regions`;
  if (kind === "change") return `a change of ${component.service} reaches all its regions at the same time`;
  if (kind === "control-plane") return "the switch asks it, whichever region is left";
  if (kind === "place") {
    const there = system.regions.filter(({ at }) => at === name).map((region) => region.name);
    return there.length > 1 ? `${listed(there, "and")} are in the same place` : "the switch asks an interface there";
  }
  if (kind === "shared") return `${listed(sharersOf(system, name), "and")} depend on it`;
  if (kind === "account") return accountReason(system, name);
  return "";
}

function sharersOf(system: System, shared: string): readonly string[] {
  return [...system.regions, ...system.services]
    .filter(({ shares }) => shares?.includes(shared) === true)
    .map(({ name }) => name);
}

function accountReason(system: System, name: string): string {
  const regions = system.regions.filter(({ account }) => account !== undefined && accountName(account) === name);
  const names = listed(
    regions.map((region) => region.name),
    "and",
  );
  // An account of copies alone, or of one region, does not take both sides by itself.
  if (regions.length === 0) return "the copies that would be restored belong to it";
  if (regions.length === 1) return `${names} belongs to it, so one deletion or one stolen key takes all of ${names}`;
  const owned = `${names} belong to it, so one deletion or one stolen key takes ${regions.length > 2 ? "all of them" : "both"}`;
  const account = regions[0]?.account;
  const spared = account === undefined ? [] : copiesBeyond(system, account);
  const first = spared[0];
  return first === undefined
    ? `${owned}, and no copy of the data is outside it`
    : `${owned}; what is left is the copy ${first.copy} of ${first.service}, from which all has to be built anew`;
}

/** Copies of what is in an account that outlive its deletion with all its regions. A copy that names no account belongs to its region's. */
export function copiesBeyond(
  system: System,
  account: string,
): readonly { readonly service: ServiceName; readonly copy: string }[] {
  const owners = new Map(system.regions.map((region) => [region.name, region.account]));
  return system.services.flatMap(({ name, in: placed, copies = [] }) => {
    if (!Object.keys(placed).some((region) => owners.get(region) === account)) return [];
    return copies.flatMap((copy) => {
      const owner = copy.account ?? owners.get(copy.in);
      return owner === undefined || owner === account ? [] : [{ service: name, copy: copy.name }];
    });
  });
}

export type Use = {
  readonly user: ServiceName;
  /** Where the user's instance is; undefined for a user that is in no region. */
  readonly in: RegionName | undefined;
  readonly need: ServiceName;
  /** Needed to run, or only to be started or switched. */
  readonly for: "running" | "starting";
  /** Regions of the instances it may use: its own, if there is one there. Empty: none that it can use. */
  readonly from: readonly RegionName[] | "everywhere";
};

/** Which instance is used where. Linear in instances and needs. */
export function usesOf(system: System, knowledge: Knowledge): readonly Use[] {
  const services = new Map(system.services.map((service) => [service.name, service]));
  return system.services.flatMap((user) => {
    const regions = Object.keys(user.in);
    const use = (name: ServiceName, purpose: Use["for"]): readonly Use[] => {
      const need = services.get(name);
      if (need === undefined) return [];
      const type = knowledge.serviceOf(need.type);
      if (regions.length === 0) {
        const from = whereUsed(need, type, "");
        return [{ user: user.name, in: undefined, need: name, for: purpose, from }];
      }
      return regions.map((region) => ({
        user: user.name,
        in: region,
        need: name,
        for: purpose,
        from: whereUsed(need, type, region),
      }));
    };
    return [
      ...user.needs.flatMap((name) => use(name, "running")),
      ...(user.startNeeds ?? []).flatMap((name) => use(name, "starting")),
    ];
  });
}

/** Uses across regions of what can be used in its own region only: a connection of north that a workflow in south names. */
export function sharedAcrossRegions(system: System, knowledge: Knowledge): readonly Use[] {
  return usesOf(system, knowledge).filter(({ from }) => from !== "everywhere" && from.length === 0);
}

/** Services in several regions of which one bad change reaches all. */
export function changedEverywhere(system: System): readonly Service[] {
  return system.services.filter((service) => service.changes === "everywhere" && Object.keys(service.in).length > 1);
}

function listed(names: readonly string[], word: "and" | "or"): string {
  const last = names.at(-1) ?? "";
  return names.length < 2 ? last : `${names.slice(0, -1).join(", ")} ${word} ${last}`;
}
