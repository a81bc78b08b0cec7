// Things that can be lost, those of identical consequence as one, each class with the name that people know and the region it lies in.

import type { RegionName } from "../model/system.ts";
import type { Component, ComponentKind } from "./components.ts";
import { at, type NodeId } from "./gates.ts";
import type { Graph } from "./graph.ts";
import { classesOf } from "./minimal-cuts.ts";

export type Class = {
  /** Gives the class its name. */
  readonly first: Component;
  readonly alike: readonly Component[];
  /** The region that it lies in with all that it carries; undefined for what regions share. */
  readonly within: RegionName | undefined;
};

export const goalNodes = (graph: Graph): readonly NodeId[] => graph.goals.map(({ node }) => node);

/** Regions that serve users or a group; all others are third parties, witnesses, places for tools. */
export function servingRegions(graph: Graph): readonly RegionName[] {
  const serving = new Set<RegionName>();
  for (const places of graph.targets.values()) for (const { region } of places) serving.add(region);
  const { services, routes } = graph.system;
  const called = new Set(routes.map(({ to }) => to));
  const needed = new Set(services.flatMap(({ needs, startNeeds = [] }) => [...needs, ...startNeeds]));
  const nothingSaid = routes.length === 0 && graph.targets.size === 0;
  for (const { name, group, in: placed } of services) {
    if (group !== undefined || !(nothingSaid ? !needed.has(name) : called.has(name))) continue;
    for (const region of Object.keys(placed)) serving.add(region);
  }
  return graph.system.regions.map(({ name }) => name).filter((name) => serving.has(name));
}

/** Which of several that are alike names the class: what a manifest's author would mend. */
const kindsByName: readonly ComponentKind[] = [
  "instance",
  "service",
  "change",
  "region",
  "control-plane",
  "place",
  "shared",
  "account",
  "copy",
];

/** A place that serves nobody and has more things than this is told as one. */
const mostApart = 64;

/**
 * Classes of what regions share, of the regions themselves, and of `also`. What else lies inside a region that serves is told by that
 * region's loss, and makes no class: so this stays small however large the system is.
 */
export function namedClasses(
  graph: Graph,
  serving: ReadonlySet<RegionName>,
  also: ReadonlySet<NodeId>,
): readonly Class[] {
  const placed = graph.components.map((component) => regionOf(graph, component));
  const inside = new Map<RegionName, number>();
  for (const region of placed) if (region !== undefined) inside.set(region, (inside.get(region) ?? 0) + 1);
  const kept = graph.components.filter((component, position) => {
    const within = placed[position];
    if (within === undefined || component.kind === "region" || also.has(component.node)) return true;
    return !serving.has(within) && (inside.get(within) ?? 0) <= mostApart;
  });
  const nodes = kept.map(({ node }) => node);
  return classesOf(graph.gates, goalNodes(graph), nodes).flatMap((positions) => {
    const members = positions.flatMap((position) => kept[position] ?? []);
    const within = members.map((member) => regionOf(graph, member)).find((region) => region !== undefined);
    const rank = ({ kind }: Component): number =>
      kind === "region" && within !== undefined && serving.has(within) ? -1 : kindsByName.indexOf(kind);
    const [first, ...alike] = members.sort((a, b) => rank(a) - rank(b));
    return first === undefined ? [] : [{ first, alike, within }];
  });
}

function regionOf({ gates, regionOf: regions }: Graph, { node }: Component): RegionName | undefined {
  let only: RegionName | undefined;
  for (let edge = at(gates.parentStart, node); edge < at(gates.parentStart, node + 1); edge++) {
    const region = regions.get(at(gates.parents, edge));
    if (region === undefined || (only !== undefined && only !== region)) return undefined;
    only = region;
  }
  return only;
}
