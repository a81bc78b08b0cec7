// The cuts worth telling: one or two things whose loss leaves users or a group without a place, as the system runs and once a region is
// lost. What follows from there being two places is not told: that the target must not fail as well, or one thing here and one thing
// there. What lies inside a region that serves is told by what others need of it there, when that region is lost.

import type { RegionName } from "../model/system.ts";
import type { Component } from "./components.ts";
import { type Fall, fallOf, type NodeId } from "./gates.ts";
import type { Goal, Graph } from "./graph.ts";
import { type MinimalCuts, minimalCuts } from "./minimal-cuts.ts";
import { needsOf } from "./needs-of.ts";
import { wayDown, worstOf } from "./recovers.ts";
import { type Class, goalNodes, namedClasses, servingRegions } from "./thing-classes.ts";

export type Cut = {
  /** The regions that have to be lost before, any one of them; empty: it is a cut as the system runs. */
  readonly lost: readonly RegionName[];
  /** The lost region falls alone as well, because of these; the cut is what is left to mend when they are elsewhere. */
  readonly assuming: readonly Component[];
  /** One or two. */
  readonly components: readonly Component[];
  /** For each of them, what else has the very same consequence. */
  readonly alike: readonly (readonly Component[])[];
  /** Of a region: what others need there and find nowhere else. Empty for all other cuts. */
  readonly there: readonly Component[];
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

/** More things than this that others need in one region are told as the region. */
const tellApart = 5;

/** Near-linear: 32 losses are judged at a time, and pairs are sought only among what regions have in common. */
export function cutsOf(graph: Graph, options: { readonly order?: 1 | 2; readonly most?: number } = {}): Cuts {
  const { order = 2, most = 1_000 } = options;
  const serving = servingRegions(graph);
  const isServing = new Set(serving);
  const fall = fallOf(graph.gates);
  const fallen = fallenWith(graph, fall, serving);
  const culprits = culpritsOf(graph, fall, fallen);
  const gone = new Map(serving.map((region) => [region, lossesOf(graph, region, culprits)]));
  const few = [...culprits.values()].filter((needs) => needs.length <= tellApart);
  const needed = new Set(few.flatMap((needs) => needs.map(({ component }) => component.node)));
  const classes = namedClasses(graph, isServing, needed);
  const everything = classes.map((_, position) => position);
  const common = everything.filter((position) => !isServing.has(classes[position]?.within ?? ""));
  const found = new Map<string, Found>();

  const look = (lost: RegionName | undefined, among: readonly number[], pairs: boolean): void => {
    const losses = lost === undefined ? [] : (gone.get(lost) ?? []);
    const things = among.map((position) => classes[position]?.first.node ?? -1);
    const first = pairs ? among.flatMap((position, i) => (classes[position]?.within === undefined ? [i] : [])) : [];
    const cuts = minimalCuts(graph.gates, goalNodes(graph), things, losses, { order: pairs ? 2 : 1, first });
    note(cuts, among, lost, found);
  };
  look(undefined, everything, false);
  if (order === 2) look(undefined, common, true);
  for (const region of serving) look(region, common, order === 2);

  const candidates = [...found.values()].filter((each) => !isToldByRegion(each, classes, culprits, isServing));
  const cuts = candidates
    .map((each) => ({ each, score: scoreOf(graph, each, classes) }))
    .sort((a, b) => a.score - b.score);
  const regional = [...culprits].flatMap(([region, needs]) => regionalCuts(region, needs, fallen, found, classes));
  const kept = cuts.slice(0, most).map(({ each }) => told(graph, fall, each, { classes, culprits, gone }));
  const place = (cut: Cut): number => cut.components.length * 2 + Math.min(1, cut.lost.length);
  const all = [...kept, ...regional].sort((a, b) => place(a) - place(b));
  return { cuts: all.slice(0, most), leftOut: Math.max(0, cuts.length + regional.length - most), fallen };
}

/**
 * What goes with a region. Where others need something that is in it alone, that is taken as mended, and only the instances go that
 * have others elsewhere: else the first thing missing would hide all the next.
 */
function lossesOf(
  graph: Graph,
  lost: RegionName,
  culprits: ReadonlyMap<RegionName, readonly Culprit[]>,
): readonly NodeId[] {
  if ((culprits.get(lost) ?? []).length === 0) return graph.lossOf(lost);
  const places = new Map(graph.system.services.map(({ name, in: placed }) => [name, Object.keys(placed).length]));
  return graph.components
    .filter(({ kind, region, service }) => kind === "instance" && region === lost && places.get(service ?? "") !== 1)
    .map(({ node }) => node);
}

type Fallen = Cuts["fallen"][number];

function fallenWith(graph: Graph, fall: Fall, serving: readonly RegionName[]): readonly Fallen[] {
  return [undefined, ...serving].flatMap((lost) => {
    const mark = fall.lose(lost === undefined ? [] : graph.lossOf(lost));
    const goals = graph.goals.filter(({ node }) => fall.fallen(node));
    const entry = { lost, goals, path: pathTo(graph, fall, goals) };
    fall.undo(mark);
    return goals.length === 0 ? [] : [entry];
  });
}

function culpritsOf(graph: Graph, fall: Fall, fallen: readonly Fallen[]): ReadonlyMap<RegionName, readonly Culprit[]> {
  const always = new Set(fallen.find(({ lost }) => lost === undefined)?.goals);
  const culprits = new Map<RegionName, readonly Culprit[]>();
  for (const { lost, goals } of fallen) {
    if (lost === undefined) continue;
    const mark = fall.lose(graph.lossOf(lost));
    const open = goals.filter((goal) => !always.has(goal));
    culprits.set(lost, needsOf(graph, fall, open, lost));
    fall.undo(mark);
  }
  return culprits;
}

/** Something in a lost region that a thing outside it needs, and the way to it from what users call. */
type Culprit = ReturnType<typeof needsOf>[number];

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

const onlyOf = ({ things }: Found, classes: readonly Class[]): Class | undefined =>
  things.length === 1 ? classes[things[0] ?? -1] : undefined;

/**
 * What lies inside a region that serves is told once: as the region, if nobody outside needs anything there or very many do, else as
 * the things that are needed.
 */
function isToldByRegion(
  found: Found,
  classes: readonly Class[],
  culprits: ReadonlyMap<RegionName, readonly Culprit[]>,
  serving: ReadonlySet<RegionName>,
): boolean {
  const only = onlyOf(found, classes);
  if (only?.within === undefined || !serving.has(only.within)) return false;
  const needs = culprits.get(only.within) ?? [];
  const apart = needs.length > 0 && needs.length <= tellApart;
  if (only.first.kind === "region") return apart;
  return !(apart && needs.some(({ component }) => component.node === only.first.node));
}

/** What is needed in a region only once that region is lost: to start, to switch. */
function regionalCuts(
  region: RegionName,
  needs: readonly Culprit[],
  fallen: readonly Fallen[],
  found: ReadonlyMap<string, Found>,
  classes: readonly Class[],
): readonly Cut[] {
  if (needs.length === 0 || needs.length > tellApart) return [];
  const alone = new Set(
    [...found.values()].flatMap((each) => {
      const only = onlyOf(each, classes);
      return only === undefined ? [] : [only.first.node, ...only.alike.map(({ node }) => node)];
    }),
  );
  const goals = fallen.find(({ lost }) => lost === region)?.goals ?? [];
  return needs
    .filter(({ component }) => component.kind === "region" || !alone.has(component.node))
    .map(({ component, path, goal }) => ({
      lost: [region],
      assuming: [],
      components: [component],
      alike: [[]],
      there: [],
      goals: [goal, ...goals.filter((other) => other !== goal)],
      path: path(),
    }));
}

const tellingKinds = ["place", "region", "account", "shared", "service", "change", "control-plane", "instance", "copy"];

/** Lower is more telling: one thing before two, as it runs before once a region is lost, users before groups, wide before narrow. */
function scoreOf(graph: Graph, { things, goals }: Found, classes: readonly Class[]): number {
  const hurtsUsers = [...goals.keys()].some((goal) => graph.goals[goal]?.kind === "route");
  const runs = [...goals.values()].some((lost) => lost.has(""));
  const kind = things.reduce((sum, thing) => sum + tellingKinds.indexOf(classes[thing]?.first.kind ?? "copy"), 0);
  return (things.length - 1) * 1_000 + (runs ? 0 : 400) + (hurtsUsers ? 0 : 200) + kind * 5 - Math.min(goals.size, 4);
}

type Known = {
  readonly classes: readonly Class[];
  readonly culprits: ReadonlyMap<RegionName, readonly Culprit[]>;
  /** What goes with each region. */
  readonly gone: ReadonlyMap<RegionName, readonly NodeId[]>;
};

function told(graph: Graph, fall: Fall, { things, goals }: Found, { classes, culprits, gone }: Known): Cut {
  const members = things.flatMap((thing) => classes[thing] ?? []);
  const fallenGoals = [...goals.keys()].flatMap((goal) => graph.goals[goal] ?? []);
  const worst = worstOf(fallenGoals);
  const when = [...(goals.get(worst === undefined ? -1 : graph.goals.indexOf(worst)) ?? [])];
  const lost = when.includes("") ? [] : when;
  const first = lost[0];
  const before = fall.lose(first === undefined ? [] : (gone.get(first) ?? []));
  fall.lose(members.map((member) => member.first.node));
  const path = pathTo(graph, fall, fallenGoals);
  fall.undo(before);
  const only = members.length === 1 ? members[0]?.first : undefined;
  return {
    lost,
    assuming: first === undefined ? [] : (culprits.get(first) ?? []).map(({ component }) => component),
    components: members.map((member) => member.first),
    alike: members.map(({ alike }) => alike),
    there: only?.kind === "region" ? (culprits.get(only.name) ?? []).map(({ component }) => component) : [],
    goals: [...fallenGoals].sort((a, b) => Number(a.kind !== "route") - Number(b.kind !== "route")),
    path,
  };
}

function pathTo(graph: Graph, fall: Fall, goals: readonly Goal[]): readonly string[] {
  const worst = worstOf(goals);
  return worst === undefined ? [] : wayDown(graph, fall, worst);
}
