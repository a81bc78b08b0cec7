// The cuts worth telling: one or two things whose loss leaves users or a group without a place, as the system runs and once a region is
// lost. What follows from two regions being two regions is not told: that the target must not fail as well, or one thing here and one
// thing there. What lies inside one region is told by the loss of that region, unless it stands there alone.

import type { RegionName } from "../model/system.ts";
import type { Component } from "./components.ts";
import { at, type Fall, fallOf, pathOf } from "./gates.ts";
import type { Goal, Graph } from "./graph.ts";
import { classesOf, type MinimalCuts, minimalCuts } from "./minimal-cuts.ts";
import { worstOf } from "./recovers.ts";

export type Cut = {
  /** The regions that have to be lost before, any one of them; empty: it is a cut as the system runs. */
  readonly lost: readonly RegionName[];
  /** One or two. */
  readonly components: readonly Component[];
  /** For each of them, what else has the very same consequence. */
  readonly alike: readonly (readonly Component[])[];
  /** What falls, users first. */
  readonly goals: readonly Goal[];
  /** From what users call down to the thing. */
  readonly path: readonly string[];
};

export type Cuts = {
  /** The most telling first. */
  readonly cuts: readonly Cut[];
  readonly leftOut: number;
  /** What falls without any further loss: as the system runs (`lost` empty), or with the region alone. */
  readonly fallen: readonly {
    readonly lost: RegionName | undefined;
    readonly goals: readonly Goal[];
    readonly path: readonly string[];
  }[];
};

/** More single instances than this in one region are told as the region. */
const tellApart = 5;

/** Near-linear: 32 losses are judged at a time, and pairs are sought only among what regions have in common. */
export function cutsOf(graph: Graph, options: { readonly order?: 1 | 2; readonly most?: number } = {}): Cuts {
  const { order = 2, most = 1_000 } = options;
  const inside = insideOf(graph);
  const classes = namedClasses(graph, inside);
  const serving = servingRegions(graph);
  const everything = classes.map((_, position) => position);
  const shared = everything.filter((position) => classes[position]?.within === undefined);
  const found = new Map<string, Found>();
  const fallen: { lost: RegionName | undefined; goals: readonly Goal[]; path: readonly string[] }[] = [];
  const fall = fallOf(graph.gates);

  const look = (lost: RegionName | undefined, among: readonly number[], pairs: boolean): void => {
    const losses = lost === undefined ? [] : graph.lossOf(lost);
    const things = among.map((position) => classes[position]?.first.node ?? -1);
    const cuts = minimalCuts(graph.gates, goalNodes(graph), things, losses, { order: pairs ? 2 : 1 });
    note(cuts, among, lost, found);
    if (cuts.fallen.length === 0) return;
    const goals = cuts.fallen.flatMap((g) => graph.goals[g] ?? []);
    const mark = fall.lose(losses);
    fallen.push({ lost, goals, path: pathTo(graph, fall, goals) });
    fall.undo(mark);
  };
  look(undefined, everything, false);
  if (order === 2) look(undefined, shared, true);
  for (const region of serving) look(region, shared, order === 2);

  const all = tellable([...found.values()], classes);
  const sorted = all.sort((a, b) => scoreOf(graph, a, classes) - scoreOf(graph, b, classes));
  const cuts = sorted.slice(0, most).map((each) => told(graph, fall, each, classes));
  return { cuts, leftOut: Math.max(0, sorted.length - most), fallen };
}

type Class = {
  readonly first: Component;
  readonly alike: readonly Component[];
  readonly within: RegionName | undefined;
};

/** A cut by the positions of its classes; for each goal the regions that have to be lost before ("" for none). */
type Found = { readonly things: readonly number[]; readonly goals: Map<number, Set<RegionName | "">> };

function note(
  cuts: MinimalCuts,
  among: readonly number[],
  lost: RegionName | undefined,
  found: Map<string, Found>,
): void {
  const add = (positions: readonly number[], goal: number): void => {
    const things = positions.map((position) => among[position] ?? -1).sort((a, b) => a - b);
    const key = things.join(" ");
    const known = found.get(key) ?? { things, goals: new Map<number, Set<RegionName | "">>() };
    found.set(key, known);
    const before = known.goals.get(goal) ?? new Set();
    known.goals.set(goal, before);
    // A cut as the system runs is one with any region lost as well.
    if (lost === undefined) before.add("");
    else if (!before.has("")) before.add(lost);
  };
  for (const [thing, goal] of cuts.single) add([thing], goal);
  for (const [one, other, goal] of cuts.pairs) add([one, other], goal);
}

const goalNodes = (graph: Graph): readonly number[] => graph.goals.map(({ node }) => node);

/** Regions whose loss somebody is meant to survive. */
export function servingRegions(graph: Graph): readonly RegionName[] {
  const serving = new Set<RegionName>();
  for (const places of graph.targets.values()) for (const { region } of places) serving.add(region);
  const { services, routes } = graph.system;
  const called = new Set(routes.map(({ to }) => to));
  for (const { name, group, in: placed } of services) {
    if (group !== undefined || (routes.length > 0 && !called.has(name))) continue;
    const regions = Object.keys(placed);
    if (regions.length > 1) for (const region of regions) serving.add(region);
  }
  return graph.system.regions.map(({ name }) => name).filter((name) => serving.has(name));
}

/** The serving region that a thing lies in with all it carries; undefined for what regions share, and for places that serve nobody. */
function insideOf(graph: Graph): (component: Component) => RegionName | undefined {
  const serving = new Set(servingRegions(graph));
  const { gates, regionOf } = graph;
  return ({ node }) => {
    let only: RegionName | undefined;
    for (let edge = at(gates.parentStart, node); edge < at(gates.parentStart, node + 1); edge++) {
      const region = regionOf.get(at(gates.parents, edge));
      if (region === undefined || (only !== undefined && only !== region)) return undefined;
      only = region;
    }
    return only !== undefined && serving.has(only) ? only : undefined;
  };
}

/** Which of several that are alike names the class. */
const kindsByName = ["instance", "service", "change", "region", "control-plane", "place", "shared", "account", "copy"];

function namedClasses(graph: Graph, inside: (component: Component) => RegionName | undefined): readonly Class[] {
  const nodes = graph.components.map(({ node }) => node);
  return classesOf(graph.gates, goalNodes(graph), nodes).flatMap((positions) => {
    const members = positions.flatMap((position) => graph.components[position] ?? []);
    const within = members.map(inside).find((region) => region !== undefined);
    const rank = ({ kind }: Component): number =>
      within !== undefined && kind === "region" ? -1 : kindsByName.indexOf(kind);
    const [first, ...alike] = members.sort((a, b) => rank(a) - rank(b));
    return first === undefined ? [] : [{ first, alike, within }];
  });
}

/** Leaves out of two cuts that tell the same the one that tells less. */
function tellable(found: readonly Found[], classes: readonly Class[]): Found[] {
  const instances = new Map<string, number>();
  const regions = new Set<string>();
  const only = ({ things }: Found): Component | undefined =>
    things.length === 1 ? classes[things[0] ?? -1]?.first : undefined;
  for (const each of found) {
    const component = only(each);
    if (component?.region === undefined) continue;
    for (const goal of each.goals.keys()) {
      const key = `${component.region} ${goal}`;
      if (component.kind === "region") regions.add(key);
      if (component.kind === "instance") instances.set(key, (instances.get(key) ?? 0) + 1);
    }
  }
  return found.flatMap((each) => {
    const component = only(each);
    if (component?.kind !== "instance" && component?.kind !== "region") return [each];
    const goals = new Map(
      [...each.goals].filter(([goal]) => {
        const key = `${component.region} ${goal}`;
        const count = instances.get(key) ?? 0;
        if (component.kind === "instance") return count <= tellApart || !regions.has(key);
        return count === 0 || count > tellApart;
      }),
    );
    return goals.size === 0 ? [] : [{ things: each.things, goals }];
  });
}

const tellingKinds = ["place", "region", "account", "shared", "service", "change", "control-plane", "instance", "copy"];

/** Lower is more telling: one thing before two, as it runs before once a region is lost, users before groups, wide before narrow. */
function scoreOf(graph: Graph, { things, goals }: Found, classes: readonly Class[]): number {
  const hurtsUsers = [...goals.keys()].some((goal) => graph.goals[goal]?.kind === "route");
  const runs = [...goals.values()].some((lost) => lost.has(""));
  const kind = things.reduce((sum, thing) => sum + tellingKinds.indexOf(classes[thing]?.first.kind ?? "copy"), 0);
  return (things.length - 1) * 1_000 + (runs ? 0 : 400) + (hurtsUsers ? 0 : 200) + kind * 5 - Math.min(goals.size, 4);
}

function told(graph: Graph, fall: Fall, { things, goals }: Found, classes: readonly Class[]): Cut {
  const members = things.flatMap((thing) => classes[thing] ?? []);
  const fallenGoals = [...goals.keys()].flatMap((goal) => graph.goals[goal] ?? []);
  const worst = worstOf(fallenGoals);
  const when = [...(goals.get(worst === undefined ? -1 : graph.goals.indexOf(worst)) ?? [])];
  const lost = when.includes("") ? [] : when.filter((region) => region !== "");
  const first = lost[0];
  const before = fall.lose(first === undefined ? [] : graph.lossOf(first));
  fall.lose(members.map((member) => member.first.node));
  const path = pathTo(graph, fall, fallenGoals);
  fall.undo(before);
  return {
    lost,
    components: members.map((member) => member.first),
    alike: members.map(({ alike }) => alike),
    goals: [...fallenGoals].sort((a, b) => Number(a.kind !== "route") - Number(b.kind !== "route")),
    path,
  };
}

function pathTo(graph: Graph, fall: Fall, goals: readonly Goal[]): readonly string[] {
  const worst = worstOf(goals);
  return worst === undefined ? [] : pathOf(graph.gates, fall, worst.node);
}
