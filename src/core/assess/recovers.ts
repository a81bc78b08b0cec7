// Who takes over when some things are lost, and who is served again; and if nobody, the way from what users call down to what is missing.

import type { RegionName } from "../model/system.ts";
import type { Component } from "./components.ts";
import { at, type Fall, fallOf, type NodeId, pathOf } from "./gates.ts";
import type { Goal, Graph } from "./graph.ts";

export type Recovery = {
  /** Every route's users are served and every group has a place to be. */
  readonly recovers: boolean;
  readonly targets: readonly { readonly group: string; readonly to: RegionName | null }[];
  readonly routes: readonly { readonly route: string; readonly served: boolean }[];
  /** From what users call down to what is missing; empty when all is well. Groups count only where no route is hurt. */
  readonly path: readonly string[];
  /** One sentence: who takes over, or why nobody does. */
  readonly why: string;
};

/** Answers one question after the other on the same net; each costs what falls because of it. */
export type Judge = {
  readonly recovers: (lost: readonly NodeId[]) => Recovery;
  /** Whole regions, and whatever else. */
  readonly recoversFrom: (regions: readonly RegionName[], more?: readonly NodeId[]) => Recovery;
};

export function judgeOf(graph: Graph): Judge {
  const fall = fallOf(graph.gates);
  const recovers = (lost: readonly NodeId[]): Recovery => {
    const mark = fall.lose(lost);
    const recovery = read(graph, fall);
    fall.undo(mark);
    return recovery;
  };
  return {
    recovers,
    recoversFrom: (regions, more = []) => recovers([...regions.flatMap((region) => graph.lossOf(region)), ...more]),
  };
}

/** One question alone. `lost`: ids of components, or their names where these are unique; unknown ones are passed over. */
export function recovers(graph: Graph, lost: readonly string[]): Recovery {
  const wanted = new Set(lost);
  const nodes = graph.components.filter(({ id, name }) => wanted.has(id) || wanted.has(name)).map(({ node }) => node);
  return judgeOf(graph).recovers(nodes);
}

/** The goal to speak of when several have fallen: users first. */
export function worstOf(goals: readonly Goal[]): Goal | undefined {
  return goals.find(({ kind }) => kind === "route") ?? goals[0];
}

/**
 * From a fallen goal down to what is missing. Where several regions could have served, it leads through one that still stands, if there
 * is one: that a lost region does not serve is no news.
 */
export function wayDown(graph: Graph, fall: Fall, goal: Goal): readonly string[] {
  const { gates, regionOf, gateOf } = graph;
  const isLost = (child: NodeId): boolean => {
    for (let node: NodeId | undefined = child; node !== undefined; node = fall.cause(node)) {
      const region = regionOf.get(node);
      if (region !== undefined) return fall.fallen(gateOf(region) ?? -1);
    }
    return false;
  };
  return pathOf(gates, fall, goal.node, (gate) => {
    const usual = fall.cause(gate);
    if (usual === undefined || !isLost(usual)) return usual;
    for (let edge = at(gates.childStart, gate); edge < at(gates.childStart, gate + 1); edge++) {
      const child = at(gates.children, edge);
      if (!isLost(child)) return child;
    }
    return usual;
  });
}

function read(graph: Graph, fall: Fall): Recovery {
  const targets = [...graph.targets].map(([group, places]) => ({
    group,
    to: places.find(({ node }) => !fall.fallen(node))?.region ?? null,
  }));
  const routes = graph.goals
    .filter(({ kind }) => kind === "route")
    .map(({ name, node }) => ({ route: name, served: !fall.fallen(node) }));
  const fallen = graph.goals.filter(({ node }) => fall.fallen(node));
  const worst = worstOf(fallen);
  const path = worst === undefined ? [] : wayDown(graph, fall, worst);
  return { recovers: worst === undefined, targets, routes, path, why: sentence(graph, targets, fallen, path) };
}

function sentence(
  graph: Graph,
  targets: Recovery["targets"],
  fallen: readonly Goal[],
  path: readonly string[],
): string {
  const worst = worstOf(fallen);
  if (worst === undefined) {
    const moved = targets.filter(({ group, to }) => to !== graph.targets.get(group)?.[0]?.region);
    if (moved.length === 0) return "Everything goes on where it is.";
    const each = moved.map(({ group, to }) => `${group} is taken over by ${to}`);
    return `${each.slice(0, 3).join(", ")}${each.length > 3 ? ` and ${each.length - 3} more groups likewise` : ""}.`;
  }
  const missing = path.at(-1) ?? worst.name;
  const through = path.slice(1, -1).join(", then ");
  const whom = worst.kind === "route" ? `Nobody serves the users of ${worst.name}` : `${worst.name} has no place to be`;
  if (missing === worst.name) return `${whom}.`;
  if (missing.startsWith("no "))
    return `${whom}: ${through === "" ? "" : `it needs ${through}, and `}there is ${missing}.`;
  return through === "" ? `${whom} without ${missing}.` : `${whom}: it needs ${through}, and in the end ${missing}.`;
}

/** What the manifest calls a lost thing, for a sentence. */
export function named(component: Component): string {
  const words = {
    region: `the region ${component.name}`,
    place: `the place ${component.name}`,
    account: `the ${component.name}`,
    shared: component.name,
    instance: component.region === undefined ? component.name : `${component.service} in ${component.region}`,
    service: component.name,
    "control-plane": `the ${component.name}`,
    change: `a bad ${component.name}`,
    copy: component.name,
  };
  return words[component.kind];
}
