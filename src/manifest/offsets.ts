// Where each value of a text begins, and the key it stands under, in three lists of numbers: a large manifest has half a million values,
// and hardly anybody asks for the place of one. The values are numbered as they stand in the text, each before what it holds.

import type { Path } from "./problem.ts";

/** Instead of the place of a key, for what stands under none. */
export const noKey = -1;

/** A container with more than this many children is looked into by an index, which is made when somebody first asks. */
const fewChildren = 8;

export class Offsets {
  private readonly starts: number[] = [];
  private readonly keyStarts: number[] = [];
  /** Number of the first value that stands neither in this one nor before it. */
  private readonly ends: number[] = [];
  private readonly indexes = new Map<number, ReadonlyMap<string | number, number>>();

  /** Number of the value that begins here; one that holds others has to be closed behind them. */
  open(start: number, keyStart: number): number {
    this.keyStarts.push(keyStart);
    this.ends.push(this.starts.length + 1);
    return this.starts.push(start) - 1;
  }

  /** Everything that was opened since stands in it. */
  close(node: number): void {
    this.ends[node] = this.starts.length;
  }

  count(): number {
    return this.starts.length;
  }

  /** A value that stands here again, and all in it at the places where that is written; says how many values these are. */
  repeat(node: number, start: number, keyStart: number): number {
    const end = this.ends[node] ?? node + 1;
    const again = this.open(start, keyStart);
    for (let inner = node + 1; inner < end; inner++) {
      const copy = this.open(this.starts[inner] ?? 0, this.keyStarts[inner] ?? noKey);
      this.ends[copy] = (this.ends[inner] ?? inner + 1) + again - node;
    }
    this.close(again);
    return end - node;
  }

  /** The place of the value at `path`, or of its key; for a path that is not in the text, of what is nearest above it. */
  of(root: unknown, path: Path, on: "key" | "value"): number {
    let node = 0;
    let value = root;
    for (const step of path) {
      const child = this.childOf(node, value, step);
      if (child === undefined) return this.keyOf(node);
      node = child;
      value = (value as Readonly<Record<string | number, unknown>>)[step];
    }
    return on === "key" ? this.keyOf(node) : (this.starts[node] ?? 0);
  }

  private keyOf(node: number): number {
    const key = this.keyStarts[node] ?? noKey;
    return key === noKey ? (this.starts[node] ?? 0) : key;
  }

  private childOf(node: number, value: unknown, step: string | number): number | undefined {
    if (typeof value !== "object" || value === null) return undefined;
    const isList = Array.isArray(value);
    if (isList !== (typeof step === "number")) return undefined;
    if (!isList && !Object.hasOwn(value, step)) return undefined;
    const known = this.indexes.get(node);
    if (known !== undefined) return known.get(step);
    const keys = isList ? value.keys() : Object.keys(value);
    const index = new Map<string | number, number>();
    let child = node + 1;
    for (const key of keys) {
      index.set(key, child);
      child = this.ends[child] ?? child + 1;
    }
    if (index.size > fewChildren) this.indexes.set(node, index);
    return index.get(step);
  }
}
