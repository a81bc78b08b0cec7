// Every minimal set of one or two things whose loss makes a goal fall, given what is lost already. Exact: the same as trying each pair.

import { all, at, type Gates, type NodeId } from "./gates.ts";
import { worldsOf } from "./worlds.ts";

export type MinimalCuts = {
  /** [thing, goal], both as positions in what was handed in. */
  readonly single: readonly (readonly [number, number])[];
  /** [thing, thing, goal]; no thing of a pair makes that goal fall alone. */
  readonly pairs: readonly (readonly [number, number, number])[];
  /** Pairs beyond the bound, counted only. */
  readonly leftOut: number;
  /** Positions of the goals that have fallen before anything further is lost. */
  readonly fallen: readonly number[];
};

/** Bound of the pairs that are kept; far more than anybody reads. */
const mostPairs = 1_000_000;

/**
 * `things` may be lost, `lost` is lost already. `first` says which things are tried as the first of a pair (all, unless given); their
 * second is any of `things`. Time grows with the pairs tried, divided by 32, and with what a loss changes in the net.
 */
export function minimalCuts(
  gates: Gates,
  goals: readonly NodeId[],
  things: readonly NodeId[],
  lost: readonly NodeId[],
  options: { readonly order: 1 | 2; readonly first?: readonly number[] },
): MinimalCuts {
  const nothing = worldsOf(gates, [], lost);
  const hasFallen = (goal: NodeId): boolean => at(nothing.base(goal), 0) !== 0;
  const fallen = goals.flatMap((goal, g) => (hasFallen(goal) ? [g] : []));
  const open = goals.flatMap((goal, g) => (hasFallen(goal) ? [] : [[goal, g] as const]));
  const blocks = blocksOf(things.length).map(([from, to]) => ({
    from,
    count: to - from,
    worlds: () => worldsOf(gates, things.slice(from, to), lost),
  }));
  const single: (readonly [number, number])[] = [];
  const alone = new Set<number>();
  const pairs: (readonly [number, number, number])[] = [];
  let leftOut = 0;
  for (const { from, count, worlds: judge } of blocks) {
    const worlds = judge();
    for (const [goal, g] of open) {
      for (const bit of bitsOf(worlds.base(goal), count)) {
        single.push([from + bit, g]);
        alone.add(g * things.length + from + bit);
      }
    }
  }
  if (options.order === 1) return { single, pairs, leftOut, fallen };
  const first = options.first ?? [...things.keys()];
  const turn = new Map(first.map((thing, place) => [thing, place]));
  for (const { from, count, worlds: judge } of blocks) {
    const worlds = judge();
    for (const [place, thing] of first.entries()) {
      const node = things[thing];
      if (node === undefined) continue;
      worlds.loseToo(node);
      for (const [goal, g] of open) {
        const row = worlds.changed(goal);
        if (row === undefined || alone.has(g * things.length + thing)) continue;
        for (const bit of bitsOf(row, count, worlds.base(goal))) {
          const other = from + bit;
          if (other === thing || (turn.get(other) ?? place + 1) <= place) continue;
          if (pairs.length < mostPairs) pairs.push([thing, other, g]);
          else leftOut++;
        }
      }
    }
  }
  return { single, pairs, leftOut, fallen };
}

/** Worlds that are judged in one go: a bound on memory, not on what is found. */
const mostWorlds = 4_096;

function blocksOf(count: number): readonly (readonly [number, number])[] {
  const blocks: (readonly [number, number])[] = [];
  for (let from = 0; from < count; from += mostWorlds) blocks.push([from, Math.min(count, from + mostWorlds)]);
  return blocks;
}

/** Positions of the bits that are set in `row` and not in `without`. */
function* bitsOf(row: Uint32Array, count: number, without?: Uint32Array): Generator<number> {
  for (let word = 0; word < row.length; word++) {
    let bits = at(row, word) & ~(without === undefined ? 0 : at(without, word));
    while (bits !== 0) {
      const low = bits & -bits;
      const bit = word * 32 + (31 - Math.clz32(low));
      if (bit < count) yield bit;
      bits ^= low;
    }
  }
}

/**
 * Things of identical consequence, together: those whose fall passes through one and the same gate before it meets anything else.
 * Any one of a class stands for all of it.
 */
export function classesOf(gates: Gates, goals: readonly NodeId[], things: readonly NodeId[]): readonly number[][] {
  const ends = new Set(goals);
  const classes = new Map<string, number[]>();
  for (const [thing, node] of things.entries()) {
    const key = consequenceOf(gates, ends, node);
    const known = classes.get(key);
    if (known === undefined) classes.set(key, [thing]);
    else known.push(thing);
  }
  return [...classes.values()];
}

function consequenceOf(gates: Gates, ends: ReadonlySet<NodeId>, from: NodeId): string {
  let node = from;
  // Gates that stand in a circle are the same thing; one round is enough.
  const passed = new Set<NodeId>();
  while (!ends.has(node) && !passed.has(node)) {
    passed.add(node);
    const start = at(gates.parentStart, node);
    if (at(gates.parentStart, node + 1) - start !== 1) break;
    const parent = at(gates.parents, start);
    if (at(gates.kind, parent) !== all) break;
    node = parent;
  }
  if (ends.has(node) || node !== from) return `gate ${node}`;
  const parents = [...gates.parents.subarray(at(gates.parentStart, node), at(gates.parentStart, node + 1))];
  // Two of several that stand in for one another are not the same: both together may be a cut.
  if (parents.some((parent) => at(gates.kind, parent) !== all)) return `thing ${node}`;
  return `under ${parents.sort((a, b) => a - b).join(" ")}`;
}
