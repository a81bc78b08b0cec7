// A net of things that can be lost and of gates above them: an `all` gate falls with the first of its children, an `any` gate with the
// last. It only ever falls (monotone), so what is lost is one linear pass, and circles do no harm: a thing falls only when something
// makes it fall.

export type NodeId = number;

export type Gates = {
  readonly count: number;
  /** 0: a leaf, 1: all, 2: any. */
  readonly kind: Uint8Array;
  /** Children of node i: children[childStart[i]] up to children[childStart[i + 1]]; parents likewise. No child stands twice under a gate. */
  readonly childStart: Int32Array;
  readonly children: Int32Array;
  readonly parentStart: Int32Array;
  readonly parents: Int32Array;
  /** What a path says of the node; empty: nothing worth a word. */
  readonly labels: readonly string[];
  /** Children before parents, as far as circles allow; `rank` is the place of a node in it. */
  readonly order: Int32Array;
  readonly rank: Int32Array;
  readonly circular: boolean;
};

export const leaf = 0;
export const all = 1;
export const any = 2;

export type GateBuilder = {
  readonly leaf: (label: string) => NodeId;
  readonly all: (label: string, children?: readonly NodeId[]) => NodeId;
  /** Without children it has fallen from the start. */
  readonly any: (label: string, children?: readonly NodeId[]) => NodeId;
  readonly add: (gate: NodeId, child: NodeId) => void;
  readonly build: () => Gates;
};

export function gateBuilder(): GateBuilder {
  const kinds: number[] = [];
  const labels: string[] = [];
  const below: NodeId[][] = [];
  const make = (kind: number, label: string, children: readonly NodeId[]): NodeId => {
    kinds.push(kind);
    labels.push(label);
    below.push([...children]);
    return kinds.length - 1;
  };
  return {
    leaf: (label) => make(leaf, label, []),
    all: (label, children = []) => make(all, label, children),
    any: (label, children = []) => make(any, label, children),
    add: (gate, child) => {
      below[gate]?.push(child);
    },
    build: () => finished(kinds, labels, below),
  };
}

function finished(kinds: readonly number[], labels: readonly string[], below: readonly NodeId[][]): Gates {
  const count = kinds.length;
  const distinct = withoutTwins(below);
  const childStart = new Int32Array(count + 1);
  const parentStart = new Int32Array(count + 1);
  for (const [node, children] of distinct.entries()) {
    childStart[node + 1] = at(childStart, node) + children.length;
    for (const child of children) parentStart[child + 1] = at(parentStart, child + 1) + 1;
  }
  for (let node = 0; node < count; node++) parentStart[node + 1] = at(parentStart, node + 1) + at(parentStart, node);
  const children = new Int32Array(at(childStart, count));
  const parents = new Int32Array(children.length);
  const next = parentStart.slice();
  for (const [node, list] of distinct.entries()) {
    children.set(list, at(childStart, node));
    for (const child of list) {
      parents[at(next, child)] = node;
      next[child] = at(next, child) + 1;
    }
  }
  const { order, circular } = sorted(count, childStart, children);
  const rank = new Int32Array(count);
  for (const [place, node] of order.entries()) rank[node] = place;
  return {
    count,
    kind: Uint8Array.from(kinds),
    childStart,
    children,
    parentStart,
    parents,
    labels,
    order,
    rank,
    circular,
  };
}

/** Takes out what stands twice under a gate, in place: these lists belong to the builder. */
function withoutTwins(below: readonly NodeId[][]): readonly NodeId[][] {
  const last = new Int32Array(below.length).fill(-1);
  for (const [node, children] of below.entries()) {
    let kept = 0;
    for (const child of children) {
      if (at(last, child) === node) continue;
      last[child] = node;
      children[kept++] = child;
    }
    children.length = kept;
  }
  return below;
}

/** Depth first, without recursion: a chain of needs may be as long as the manifest. */
function sorted(count: number, childStart: Int32Array, children: Int32Array): { order: Int32Array; circular: boolean } {
  const order = new Int32Array(count);
  const state = new Uint8Array(count);
  const next = childStart.slice(0, count);
  const open = new Int32Array(count);
  let placed = 0;
  let circular = false;
  for (let root = 0; root < count; root++) {
    if (at(state, root) !== 0) continue;
    let depth = 0;
    open[0] = root;
    state[root] = 1;
    while (depth >= 0) {
      const node = at(open, depth);
      const edge = at(next, node);
      if (edge === at(childStart, node + 1)) {
        state[node] = 2;
        order[placed++] = node;
        depth--;
        continue;
      }
      next[node] = edge + 1;
      const child = at(children, edge);
      if (at(state, child) === 1) circular = true;
      if (at(state, child) !== 0) continue;
      state[child] = 1;
      open[++depth] = child;
    }
  }
  return { order, circular };
}

/** What has fallen, with the way back to any earlier state. `cause` of a fallen gate: the child whose fall decided it. */
export type Fall = {
  readonly fallen: (node: NodeId) => boolean;
  readonly cause: (node: NodeId) => NodeId | undefined;
  /** Lets these fall and all that follows; gives the mark to which `undo` leads back. Linear in what falls. */
  readonly lose: (nodes: readonly NodeId[]) => number;
  readonly undo: (mark: number) => void;
};

/** A net in which nothing is lost but what has never stood. */
export function fallOf(gates: Gates): Fall {
  const down = new Uint8Array(gates.count);
  const cause = new Int32Array(gates.count).fill(-1);
  const standing = new Int32Array(gates.count);
  const trail = new Int32Array(gates.count);
  let length = 0;
  let done = 0;
  const fell = (node: NodeId, by: NodeId): void => {
    if (at(down, node) !== 0) return;
    down[node] = 1;
    cause[node] = by;
    trail[length++] = node;
  };
  const spread = (): void => {
    while (done < length) {
      const node = at(trail, done++);
      const end = at(gates.parentStart, node + 1);
      for (let edge = at(gates.parentStart, node); edge < end; edge++) {
        const parent = at(gates.parents, edge);
        const left = at(standing, parent) - 1;
        standing[parent] = left;
        if (left === 0 || at(gates.kind, parent) === all) fell(parent, node);
      }
    }
  };
  for (let node = 0; node < gates.count; node++) {
    standing[node] = at(gates.childStart, node + 1) - at(gates.childStart, node);
    if (standing[node] === 0 && at(gates.kind, node) === any) fell(node, -1);
  }
  spread();
  return {
    fallen: (node) => at(down, node) !== 0,
    cause: (node) => (at(cause, node) < 0 ? undefined : at(cause, node)),
    lose: (nodes) => {
      const mark = length;
      for (const node of nodes) fell(node, -1);
      spread();
      return mark;
    },
    undo: (mark) => {
      while (length > mark) {
        const node = at(trail, --length);
        down[node] = 0;
        cause[node] = -1;
        const end = at(gates.parentStart, node + 1);
        for (let edge = at(gates.parentStart, node); edge < end; edge++) {
          const parent = at(gates.parents, edge);
          standing[parent] = at(standing, parent) + 1;
        }
      }
      done = mark;
    },
  };
}

/**
 * Labels from a fallen node down to what was lost first, each once. Of an `any` gate all children have fallen; `prefer` may name the
 * one to follow. It never runs in a circle: whatever decides a fall has fallen before it.
 */
export function pathOf(
  gates: Gates,
  fall: Fall,
  from: NodeId,
  prefer: (gate: NodeId) => NodeId | undefined = () => undefined,
): readonly string[] {
  const path: string[] = [];
  for (let node: NodeId | undefined = from; node !== undefined; ) {
    const label = gates.labels[node] ?? "";
    if (label !== "" && path.at(-1) !== label) path.push(label);
    node = (at(gates.kind, node) === any ? prefer(node) : undefined) ?? fall.cause(node);
  }
  return path;
}

/** Every index into these arrays is one of their own, so a miss is a bug here. */
export function at(array: Int32Array | Uint8Array | Uint32Array, index: number): number {
  return array[index] as number;
}
