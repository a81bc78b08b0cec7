// Finds imports that break the table, as a pure function over the text of the files, so that the test can also show that
// a planted mistake is found. It reads text instead of a syntax tree: the formatter puts every static import at the start of
// a line, and `unread` counts the lines that look like an import and were not understood, so that nothing passes unseen.

import { isBuiltin } from "node:module";
import { posix } from "node:path";
import { driverPackages, emptyNames, table } from "./table.ts";

/** Path from the root with forward slashes -> text. */
export type Sources = ReadonlyMap<string, string>;

export interface Import {
  readonly from: string;
  readonly line: number;
  /** The specifier as written; `undefined` where it is computed while running. */
  readonly to: string | undefined;
  readonly how: "value" | "type" | "dynamic";
}

const clause = {
  import: /^[ \t]*import\s+(?<type>type\s+(?!from\b))?[^"'`;()=]+?\bfrom\s*(?<quote>["'])(?<to>[^"'\n]+)\k<quote>/gm,
  effect: /^[ \t]*import\s*(?<quote>["'])(?<to>[^"'\n]+)\k<quote>/gm,
  export:
    /^[ \t]*export\s+(?<type>type\s+)?(?:\*(?:\s+as\s+[\w$]+)?|\{[^}]*\})\s*from\s*(?<quote>["'])(?<to>[^"'\n]+)\k<quote>/gm,
};

/** `import("x")`, both the expression and the type; the lookbehind leaves `.import(` and `reimport(` alone. */
const call =
  /(?<![.\w$])(?<type>typeof\s+)?import\s*\(\s*(?:\/\*[^*]*\*\/\s*)?(?:(?<quote>["'`])(?<to>[^"'`\n$]+)\k<quote>\s*[,)])?/g;

const commentLine = /^\s*(?:\/\/|\/?\*)/;

export function importsOf(sources: Sources): Import[] {
  return Array.from(sources).flatMap(([from, text]) => {
    const found: Import[] = [];
    for (const pattern of Object.values(clause)) {
      for (const match of text.matchAll(pattern)) {
        found.push({
          from,
          line: lineAt(text, match.index),
          to: match.groups?.to,
          how: match.groups?.type ? "type" : "value",
        });
      }
    }
    for (const match of text.matchAll(call)) {
      const line = lineAt(text, match.index);
      if (commentLine.test(text.split("\n")[line - 1] ?? "")) continue;
      found.push({ from, line, to: match.groups?.to, how: "dynamic" });
    }
    return found;
  });
}

/** Lines that begin like an import and were not understood: the scan must not be blind to a form it does not know. */
export function unread(sources: Sources): string[] {
  const seen = new Set(importsOf(sources).map(({ from, line }) => `${from}:${line}`));
  return Array.from(sources).flatMap(([path, text]) =>
    text.split("\n").flatMap((line, index) => {
      const looksLikeOne = /^\s*import[\s("'{*]/.test(line) || /^\s*export\s+(?:type\s+)?\*/.test(line);
      return looksLikeOne && !seen.has(`${path}:${index + 1}`) ? [`${path}:${index + 1}: ${line.trim()}`] : [];
    }),
  );
}

/** What each file under src/ imports against the rules, one sentence each, with its place. */
export function brokenWalls(sources: Sources, optionalPackages: readonly string[] = []): string[] {
  return importsOf(sources).flatMap((edge) => {
    const why = whyRefused(edge, optionalPackages);
    return why === undefined ? [] : [`${edge.from}:${edge.line}: ${why}`];
  });
}

function whyRefused({ from, to, how }: Import, optionalPackages: readonly string[]): string | undefined {
  const name = layerOf(from);
  const layer = table[name];
  if (layer === undefined) return `the layer ${name} is not in the table`;
  if (layer.pure && how === "dynamic") return `${name} is pure and loads nothing while running`;
  if (to === undefined) return "an import whose name is computed cannot be checked; write the name out";
  if (to.startsWith(".")) return whyFileRefused(from, posix.join(posix.dirname(from), to));
  if (to.startsWith("/") || to.startsWith("#") || to.includes("://")) return `${to} goes round the folders`;
  if (isBuiltin(to)) return whyBuiltinRefused(name, to);
  return whyPackageRefused(from, packageOf(to), how, optionalPackages);
}

function whyFileRefused(from: string, target: string): string | undefined {
  const [name, other] = [layerOf(from), layerOf(target)];
  if (!target.startsWith("src/")) return `${target} is not part of what is shipped`;
  if (/\.test\.ts$/.test(target)) return `${target} is a test; only tests may import it`;
  const [driver, otherDriver] = [driverOf(from), driverOf(target)];
  if (driver !== undefined && otherDriver !== undefined && driver !== otherDriver) {
    return `the driver ${driver} may not import the driver ${otherDriver}`;
  }
  if (name === other) return undefined;
  if (other === "app") return `${name} may not import app: nothing does`;
  return table[name]?.layers.includes(other) ? undefined : `${name} may not import ${other}`;
}

function whyBuiltinRefused(name: string, to: string): string | undefined {
  if (!to.startsWith("node:")) return `write node:${to}, so that it cannot be mistaken for a package`;
  const allowed = table[name]?.builtins ?? [];
  if (allowed === "any" || allowed.includes(to)) return undefined;
  return `${name} may not use ${to}`;
}

function whyPackageRefused(
  from: string,
  name: string,
  how: Import["how"],
  optionalPackages: readonly string[],
): string | undefined {
  const driver = driverOf(from);
  const allowed = driver === undefined ? (table[layerOf(from)]?.packages ?? []) : (driverPackages[driver] ?? []);
  const who = driver === undefined ? layerOf(from) : `the driver ${driver}`;
  if (!allowed.includes(name)) return `${who} may not load the package ${name}`;
  if (how === "value" && optionalPackages.includes(name)) {
    return `${name} may be missing: load it with await import where it is needed`;
  }
  return undefined;
}

/** Folders and files whose name says nothing, in any part of the tree. */
export function emptyNamed(paths: readonly string[]): string[] {
  return paths.filter((path) => path.split("/").some((part) => emptyNames.includes(part.replace(/\..*$/, ""))));
}

/** Pure code that silences the linter's plugin or the compiler, which are two of its three walls. */
export function silenced(sources: Sources): string[] {
  const mute =
    /biome-ignore(?:-all|-start)?\s+lint(?:\/plugin|\s*:|$)|@ts-(?:ignore|nocheck|expect-error)|<reference\s/;
  return Array.from(sources).flatMap(([path, text]) =>
    text
      .split("\n")
      .flatMap((line, index) =>
        table[layerOf(path)]?.pure && mute.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [],
      ),
  );
}

export function layerOf(path: string): string {
  return path.startsWith("src/") ? (path.split("/")[1] ?? "") : path;
}

function driverOf(path: string): string | undefined {
  const [, layer, folder, ...rest] = path.split("/");
  return layer === "drivers" && rest.length > 0 ? folder : undefined;
}

function packageOf(specifier: string): string {
  const parts = specifier.split("/");
  return specifier.startsWith("@") ? parts.slice(0, 2).join("/") : (parts[0] ?? specifier);
}

function lineAt(text: string, index: number): number {
  const start = /^\s*/.exec(text.slice(index))?.[0].length ?? 0;
  return text.slice(0, index + start).split("\n").length;
}
