// Text to plain values, each with its place, by the YAML library. What is done besides is what a hostile or a careless file needs: bounds
// on depth and aliases, duplicate keys found in linear time (the library's own check compares each key with every other), and errors
// in plain words.

import { Composer, type Document, isAlias, isMap, isScalar, isSeq, type Node, Parser } from "yaml";
import type { Path } from "./problem.ts";
import { depthMax, type TextFault, tooDeep, yamlFault } from "./yaml-fault.ts";

/** Nodes that exist only because an alias repeats them: ten thousand services that share a health block stay well below. */
const repeatedNodesMax = 200_000;

/** Where a value, and the key it stands under, begin in the text. */
export type Spot = {
  readonly at: number;
  readonly keyAt?: number;
  readonly children?: ReadonlyMap<string | number, Spot>;
};

export type Read = { readonly value: unknown; readonly root: Spot };

/** Either values, with faults that leave the rest readable (a duplicate key), or none and the one fault to mend first. */
export type ReadResult = { readonly read: Read | undefined; readonly faults: readonly TextFault[] };

export function readDocument(text: string): ReadResult {
  const composed = compose(text);
  if ("fault" in composed) return { read: undefined, faults: [composed.fault] };
  return new Walk(composed.document).result();
}

/** The place of the value at `path`, or of its key; for a path that is not in the file, of what is nearest above it. */
export function offsetOf(root: Spot, path: Path, on: "key" | "value"): number {
  let spot = root;
  for (const step of path) {
    const next = spot.children?.get(step);
    if (next === undefined) return spot.keyAt ?? spot.at;
    spot = next;
  }
  return on === "key" ? (spot.keyAt ?? spot.at) : spot.at;
}

type Composed = { readonly document: Document.Parsed } | { readonly fault: TextFault };

function compose(text: string): Composed {
  const composer = new Composer({
    version: "1.2",
    schema: "core",
    merge: false,
    uniqueKeys: false,
    prettyErrors: false,
  });
  let document: Document.Parsed | undefined;
  try {
    for (const next of composer.compose(new Parser().parse(text), true, text.length)) {
      if (document !== undefined) {
        const at = next.range[0];
        return fault(
          at,
          "several-documents",
          "A second document begins here; a manifest is one document.",
          "Put it into a file of its own.",
        );
      }
      document = next as Document.Parsed;
    }
  } catch (thrown) {
    if (thrown instanceof RangeError) return { fault: tooDeep(0) };
    throw thrown;
  }
  if (document === undefined) return empty();
  // Each further error of a broken text is mostly an echo of the first.
  const first = [...document.errors].sort((a, b) => a.pos[0] - b.pos[0])[0];
  if (first !== undefined) return { fault: yamlFault(first, text) };
  const { yaml } = document.directives ?? {};
  if (yaml?.explicit === true && yaml.version !== "1.2") {
    return fault(
      0,
      "yaml-version",
      `This file asks for YAML ${yaml.version}, in which words like NO mean false.`,
      "Remove the %YAML line; manifests are YAML 1.2.",
    );
  }
  const strange = document.warnings[0];
  if (strange !== undefined) return { fault: yamlFault(strange, text) };
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) return empty();
  return { document };
}

class Walk {
  private readonly document: Document.Parsed;
  private readonly anchors = new Map<string, Node>();
  private readonly faults: TextFault[] = [];
  private repeated = 0;
  /** Where the alias stands, in the text itself, that is being repeated. */
  private aliasAt = 0;

  constructor(document: Document.Parsed) {
    this.document = document;
  }

  result(): ReadResult {
    try {
      const { value, spot } = this.node(this.document.contents as Node, 0, 0, false);
      return { read: { value, root: spot }, faults: this.faults };
    } catch (thrown) {
      if (thrown instanceof Stop) return { read: undefined, faults: [thrown.textFault] };
      throw thrown;
    }
  }

  private node(node: Node | null, near: number, depth: number, isRepeat: boolean): { value: unknown; spot: Spot } {
    const at = node?.range?.[0] ?? near;
    if (depth > depthMax) throw new Stop(tooDeep(at));
    if (isRepeat && ++this.repeated > repeatedNodesMax) {
      const message = "The aliases in this file repeat too much: together they stand for over 200,000 values.";
      throw new Stop({
        at: this.aliasAt,
        rule: "too-many-aliases",
        message,
        fix: "Write repeated parts out, or use fewer aliases inside aliases.",
      });
    }
    if (node === null) return { value: null, spot: { at } };
    if (isAlias(node)) {
      if (!isRepeat) this.aliasAt = at;
      const target = this.anchors.get(node.source);
      if (target === undefined) {
        const message = `*${node.source} repeats something that is not marked with &${node.source} above.`;
        throw new Stop({
          at,
          rule: "unknown-alias",
          message,
          fix: `Mark what it should repeat with &${node.source}, before this line.`,
        });
      }
      const { value, spot } = this.node(target, at, depth + 1, true);
      // What is wrong inside is wrong where it is written; what is wrong about the whole is wrong here.
      return { value, spot: { ...spot, at } };
    }
    if (!isRepeat && node.anchor !== undefined) this.anchors.set(node.anchor, node);
    if (isMap(node)) return this.map(node, at, depth, isRepeat);
    if (isSeq(node)) return this.list(node, at, depth, isRepeat);
    const value: unknown = isScalar(node) ? node.value : undefined;
    const empty = value === null && isScalar(node) && (node.source ?? "") === "";
    return { value, spot: { at: empty ? near : at } };
  }

  private list(
    node: { readonly items: readonly unknown[] },
    at: number,
    depth: number,
    isRepeat: boolean,
  ): { value: unknown; spot: Spot } {
    const children = new Map<string | number, Spot>();
    const value: unknown[] = [];
    for (const [index, item] of node.items.entries()) {
      const child = this.node(item as Node | null, at, depth + 1, isRepeat);
      value.push(child.value);
      children.set(index, child.spot);
    }
    return { value, spot: { at, children } };
  }

  private map(
    node: { readonly items: readonly { readonly key: unknown; readonly value: unknown }[] },
    at: number,
    depth: number,
    isRepeat: boolean,
  ): { value: unknown; spot: Spot } {
    const children = new Map<string | number, Spot>();
    const value: Record<string, unknown> = {};
    for (const pair of node.items) {
      const keyAt = (pair.key as Node | null)?.range?.[0] ?? at;
      const key = this.key(pair.key, keyAt);
      if (key === undefined) continue;
      const child = this.node(pair.value as Node | null, keyAt, depth + 1, isRepeat);
      if (children.has(key)) {
        const message = `${quoted(key)} stands here a second time; which of the two is meant cannot be known.`;
        this.fault({ at: keyAt, rule: "duplicate-key", message, fix: "Keep one of the two." }, isRepeat);
        continue;
      }
      children.set(key, { ...child.spot, keyAt });
      value[key] = child.value;
    }
    return { value, spot: { at, children } };
  }

  private key(node: unknown, at: number): string | undefined {
    const key: unknown = isScalar(node) ? node.value : undefined;
    const text =
      typeof key === "string" || typeof key === "number" || typeof key === "boolean" ? String(key) : undefined;
    if (text === undefined || text === "__proto__") {
      this.fault(
        { at, rule: "bad-key", message: "This is no name for a key.", fix: "Write a word, then a colon." },
        false,
      );
      return undefined;
    }
    return text;
  }

  /** Once per place, however often an alias repeats it. */
  private fault(fault: TextFault, isRepeat: boolean): void {
    if (!isRepeat) this.faults.push(fault);
  }
}

class Stop extends Error {
  readonly textFault: TextFault;
  constructor(textFault: TextFault) {
    super(textFault.message);
    this.textFault = textFault;
  }
}

function fault(at: number, rule: string, message: string, fix: string): { fault: TextFault } {
  return { fault: { at, rule, message, fix } };
}

function empty(): { fault: TextFault } {
  return fault(
    0,
    "empty",
    "There is nothing in this file.",
    "Begin with `version: 1`; docs/manifest.md shows the rest.",
  );
}

function quoted(key: string): string {
  return `\`${key.slice(0, 60)}\``;
}
