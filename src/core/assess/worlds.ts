// Many losses judged at once: world i loses thing i, and one bit of every word says in which worlds a node has fallen. One pass over the
// net judges 32 worlds per word; a further loss on top costs only the nodes that it changes.

import { all, any, at, type Gates, leaf, type NodeId } from "./gates.ts";

export type Worlds = {
  readonly words: number;
  /** Whether the node has fallen in that world. */
  readonly fallen: (node: NodeId, world: number) => boolean;
  /** Words of a node, with nothing lost on top; read only. */
  readonly base: (node: NodeId) => Uint32Array;
  /** Loses one more thing in every world, until the next call. */
  readonly loseToo: (node: NodeId) => void;
  /** Words of a node with the loss on top, or undefined where that changes nothing. */
  readonly changed: (node: NodeId) => Uint32Array | undefined;
};

/** `losses[i]` is lost in world i, `lost` in all of them. */
export function worldsOf(gates: Gates, losses: readonly NodeId[], lost: readonly NodeId[]): Worlds {
  const words = Math.max(1, Math.ceil(losses.length / 32));
  const base = new Uint32Array(gates.count * words);
  for (const [world, node] of losses.entries()) {
    base[node * words + (world >>> 5)] = at(base, node * words + (world >>> 5)) | (1 << (world & 31));
  }
  for (const node of lost) base.fill(-1 >>> 0, node * words, (node + 1) * words);
  settle(gates, base, words);

  // Made when something is first lost on top: most questions stop before that.
  let rows = new Uint32Array(0);
  const round = new Int32Array(gates.count);
  const dirty = new Uint8Array(gates.count);
  let now = 0;
  let first = 0;
  let pending = 0;
  const own = (node: NodeId): void => {
    if (at(round, node) === now) return;
    round[node] = now;
    rows.set(base.subarray(node * words, (node + 1) * words), node * words);
  };
  const mark = (node: NodeId): void => {
    const place = at(gates.rank, node);
    if (at(dirty, place) === 0) pending++;
    dirty[place] = 1;
    if (place < first) first = place;
  };
  const tellParents = (node: NodeId): void => {
    const end = at(gates.parentStart, node + 1);
    for (let edge = at(gates.parentStart, node); edge < end; edge++) {
      const parent = at(gates.parents, edge);
      if (at(gates.kind, parent) === any) mark(parent);
      else {
        own(parent);
        if (unite(rows, parent * words, rows, node * words, words)) mark(parent);
      }
    }
  };
  const meet = new Uint32Array(words);
  const fallsFurther = (gate: NodeId): boolean => {
    meet.fill(-1 >>> 0);
    const end = at(gates.childStart, gate + 1);
    for (let edge = at(gates.childStart, gate); edge < end; edge++) {
      const child = at(gates.children, edge);
      intersect(meet, at(round, child) === now ? rows : base, child * words, words);
    }
    const grows = !covers(at(round, gate) === now ? rows : base, gate * words, meet, words);
    if (grows) {
      own(gate);
      unite(rows, gate * words, meet, 0, words);
    }
    return grows;
  };
  return {
    words,
    fallen: (node, world) => ((at(base, node * words + (world >>> 5)) >>> (world & 31)) & 1) === 1,
    base: (node) => base.subarray(node * words, (node + 1) * words),
    loseToo: (node) => {
      if (rows.length === 0) rows = new Uint32Array(gates.count * words);
      now++;
      own(node);
      rows.fill(-1 >>> 0, node * words, (node + 1) * words);
      first = gates.count;
      tellParents(node);
      // In a circle a gate can make one dirty that stands before it; then the walk goes round once more.
      for (let place = first; pending > 0; place = place + 1 === gates.count ? 0 : place + 1) {
        if (at(dirty, place) === 0) continue;
        dirty[place] = 0;
        pending--;
        const gate = at(gates.order, place);
        if (at(gates.kind, gate) === all || fallsFurther(gate)) tellParents(gate);
      }
    },
    changed: (node) => (at(round, node) === now ? rows.subarray(node * words, (node + 1) * words) : undefined),
  };
}

function settle(gates: Gates, base: Uint32Array, words: number): void {
  const meet = new Uint32Array(words);
  for (let changes = true; changes; ) {
    changes = false;
    for (let place = 0; place < gates.count; place++) {
      const node = at(gates.order, place);
      const kind = at(gates.kind, node);
      if (kind === leaf) continue;
      const end = at(gates.childStart, node + 1);
      if (kind === any) meet.fill(-1 >>> 0);
      for (let edge = at(gates.childStart, node); edge < end; edge++) {
        const child = at(gates.children, edge) * words;
        if (kind === any) intersect(meet, base, child, words);
        else if (unite(base, node * words, base, child, words)) changes = true;
      }
      if (kind === any && unite(base, node * words, meet, 0, words)) changes = true;
    }
    if (!gates.circular) return;
  }
}

function unite(into: Uint32Array, to: number, from: Uint32Array, start: number, words: number): boolean {
  let grown = 0;
  for (let i = 0; i < words; i++) {
    const before = into[to + i] as number;
    const after = before | (from[start + i] as number);
    grown |= before ^ after;
    into[to + i] = after;
  }
  return grown !== 0;
}

function intersect(into: Uint32Array, from: Uint32Array, start: number, words: number): void {
  for (let i = 0; i < words; i++) into[i] = (into[i] as number) & (from[start + i] as number);
}

function covers(row: Uint32Array, start: number, part: Uint32Array, words: number): boolean {
  for (let i = 0; i < words; i++) if (((part[i] as number) & ~(row[start + i] as number)) !== 0) return false;
  return true;
}
