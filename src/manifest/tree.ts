// Text to plain values, each with its place: quickly where the text is as plain as nearly all are, by the YAML library where not.

import { offsetOf, readDocument } from "./document.ts";
import { readPlainYaml } from "./plain-yaml.ts";
import type { Path, Place } from "./problem.ts";
import type { TextFault } from "./yaml-fault.ts";

/** A manifest of ten thousand services has about 3 MiB. */
export const textMaxBytes = 8 * 1024 * 1024;

export type Tree = {
  /** Whoever judges it leaves it as it is: it says what the text has. */
  readonly value: unknown;
  /** The place of the value at `path`, or of its key; for a path that is not in the text, of what is nearest above it. */
  readonly offsetOf: (path: Path, on: "key" | "value") => number;
};

export type TreeResult = { readonly tree: Tree | undefined; readonly faults: readonly TextFault[] };

/** Either a tree, with faults that leave the rest readable (a duplicate key), or no tree and the one fault to mend first. */
export function readTree(text: string): TreeResult {
  if (Buffer.byteLength(text) > textMaxBytes) {
    const fault = {
      at: 0,
      rule: "too-large",
      message: "This file is larger than 8 MiB.",
      fix: "Split the system, or generate a smaller manifest.",
    };
    return { tree: undefined, faults: [fault] };
  }
  const plain = readPlainYaml(text);
  if (plain !== undefined) {
    const { value, offsets } = plain;
    return { tree: { value, offsetOf: (path, on) => offsets.of(value, path, on) }, faults: [] };
  }
  const { read, faults } = readDocument(text);
  if (read === undefined) return { tree: undefined, faults };
  return { tree: { value: read.value, offsetOf: (path, on) => offsetOf(read.root, path, on) }, faults };
}

/** Does the text have something at `path`, right or wrong? */
export function isWritten(value: unknown, path: Path): boolean {
  let inner = value;
  for (const step of path) {
    if (typeof inner !== "object" || inner === null || !Object.hasOwn(inner, step)) return false;
    inner = (inner as Readonly<Record<string | number, unknown>>)[step];
  }
  return true;
}

/** The keys of the block at `path`; undefined where the text has no block there. */
export function keysAt(value: unknown, path: Path): readonly string[] | undefined {
  let inner = value;
  for (const step of path) {
    if (typeof inner !== "object" || inner === null || !Object.hasOwn(inner, step)) return undefined;
    inner = (inner as Readonly<Record<string | number, unknown>>)[step];
  }
  return typeof inner !== "object" || inner === null || Array.isArray(inner) ? undefined : Object.keys(inner);
}

/** Offsets to lines and columns, by a table of line starts, made when somebody first asks. */
export function makePlaces(text: string): (at: number) => Place {
  let made: readonly number[] | undefined;
  return (at) => {
    made ??= lineStarts(text);
    const starts = made;
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((starts[middle] ?? 0) <= at) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: at - (starts[low] ?? 0) + 1 };
  };
}

function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let i = text.indexOf("\n"); i >= 0; i = text.indexOf("\n", i + 1)) starts.push(i + 1);
  return starts;
}
