// What things outside a lost region need of it: each the thing in the region that is missing, with the way to it from what users call.

import type { RegionName } from "../model/system.ts";
import type { Component } from "./components.ts";
import { at, type Fall, type NodeId } from "./gates.ts";
import type { Goal, Graph } from "./graph.ts";

export type Need = {
  readonly component: Component;
  readonly goal: Goal /** Worked out when it is asked for. */;
  readonly path: () => readonly string[];
};

/**
 * `fall` is the net with the region lost, `goals` what has fallen. Walks down from the goals through what has fallen, never into the
 * region itself: where it meets the region, something there is needed from outside; and so is what is there, and in the other region is
 * missing. The region as a place to serve in is no such thing.
 * Linear in what has fallen.
 */
export function needsOf(graph: Graph, fall: Fall, goals: readonly Goal[], lost: RegionName): readonly Need[] {
  const { gates, regionOf } = graph;
  const own = new Map(graph.components.map((component) => [component.node, component]));
  const there = new Map(
    graph.components.flatMap((component) =>
      component.kind === "instance" && component.region === lost && component.service !== undefined
        ? [[component.service, component] as const]
        : [],
    ),
  );
  const needs: Need[] = [];
  const above = new Map<NodeId, NodeId>();
  const seen = new Set<NodeId>();
  for (const goal of goals) {
    const queue: NodeId[] = [goal.node];
    for (let next = 0; next < queue.length; next++) {
      const node = queue[next] as NodeId;
      for (let edge = at(gates.childStart, node); edge < at(gates.childStart, node + 1); edge++) {
        const child = at(gates.children, edge);
        if (!fall.fallen(child) || seen.has(child)) continue;
        const missing = graph.missing.get(child);
        const only = missing === undefined ? undefined : there.get(missing);
        if (only !== undefined) {
          seen.add(child);
          above.set(child, node);
          needs.push({ component: only, goal, path: () => pathDown(graph, above, child) });
          continue;
        }
        const isThere = regionOf.get(child) === lost;
        if (isThere && !isNeededFrom(graph, node, above)) continue;
        seen.add(child);
        above.set(child, node);
        if (!isThere) queue.push(child);
        else needs.push({ component: thingOf(graph, own, child), goal, path: () => pathDown(graph, above, child) });
      }
    }
  }
  return needs;
}

/** Somebody outside asks: an instance stands above, and not only the choice of a region to serve in. */
function isNeededFrom({ regionOf }: Graph, gate: NodeId, above: ReadonlyMap<NodeId, NodeId>): boolean {
  for (let node: NodeId | undefined = gate; node !== undefined; node = above.get(node)) {
    if (regionOf.has(node)) return true;
  }
  return false;
}

/** A gate in a region stands for the instance, or the region, whose own leaf comes first under it. */
function thingOf({ gates }: Graph, own: ReadonlyMap<NodeId, Component>, gate: NodeId): Component {
  const component = own.get(at(gates.children, at(gates.childStart, gate)));
  // The first child of every such gate is its own leaf, by the way graph.ts makes them.
  if (component === undefined) throw new Error(`gate ${gate} has no component of its own`);
  return component;
}

function pathDown({ gates }: Graph, above: ReadonlyMap<NodeId, NodeId>, from: NodeId): readonly string[] {
  const path: string[] = [];
  for (let node: NodeId | undefined = from; node !== undefined; node = above.get(node)) {
    const label = gates.labels[node] ?? "";
    if (label !== "" && path[0] !== label) path.unshift(label);
  }
  return path;
}
