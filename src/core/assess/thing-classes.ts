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

export function namedClasses(graph: Graph, serving: ReadonlySet<RegionName>): readonly Class[] {
  const nodes = graph.components.map(({ node }) => node);
  return classesOf(graph.gates, goalNodes(graph), nodes).flatMap((positions) => {
    const members = positions.flatMap((position) => graph.components[position] ?? []);
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
