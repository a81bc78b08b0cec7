// Where in the text of a YAML file a path leads, for messages to whoever wrote it. Only asked for when something is wrong: keeping
// positions makes reading slower.

import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import type { Path } from "./faults.ts";

export type Place = { readonly line: number; readonly column: number };

/** A function from paths to places: the deepest part of the path that is in the text. */
export function placesIn(text: string): (path: Path) => Place {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter });
  return (path) => {
    const { line, col } = counter.linePos(offsetOf(document, path));
    return { line, column: col };
  };
}

function offsetOf(document: Document.Parsed, path: Path): number {
  let node: Node | null | undefined = document.contents;
  let offset = node?.range?.[0] ?? 0;
  for (const part of path) {
    // What an alias stands for is written elsewhere; there it is wrong.
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && key.value === part);
      if (pair === undefined) break;
      offset = (pair.key as Node).range?.[0] ?? offset;
      node = pair.value as Node | null;
    } else if (isSeq(node) && typeof part === "number") {
      const item = node.items[part] as Node | undefined;
      if (item === undefined) break;
      offset = item.range?.[0] ?? offset;
      node = item;
    } else {
      break;
    }
  }
  return offset;
}
