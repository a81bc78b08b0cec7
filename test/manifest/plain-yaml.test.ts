// The quick reader against the YAML library: whatever it takes on, it reads as the library does, to the last place, and the library finds
// nothing wrong with it.

import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { offsetOf, readDocument } from "../../src/manifest/document.ts";
import { readPlainYaml } from "../../src/manifest/plain-yaml.ts";
import type { Path } from "../../src/manifest/problem.ts";

const folder = new URL("./broken/", import.meta.url);
const manual = readFileSync(new URL("../../docs/manifest.md", import.meta.url), "utf8");
const seeds = [
  readFileSync(new URL("../../examples/shop/leeward.yaml", import.meta.url), "utf8"),
  ...[...manual.matchAll(/```yaml\n(version: 1\n[\s\S]*?)```/g)].map((match) => match[1] ?? ""),
  ...readdirSync(folder)
    .filter((file) => !file.startsWith("alias-bomb"))
    .map((file) => readFileSync(new URL(file, folder), "utf8")),
];

/** Whether the quick reader took it on. */
function isTheSame(text: string): boolean {
  const plain = readPlainYaml(text);
  if (plain === undefined) return false;
  const { read, faults } = readDocument(text);
  if (read === undefined || faults.length > 0) throw new Error(`the library refuses ${JSON.stringify(text)}`);
  const wrong: string[] = [];
  const visit = (quick: unknown, slow: unknown, path: Path): void => {
    const isBlock = typeof quick === "object" && quick !== null;
    if (!isBlock && !Object.is(quick, slow)) wrong.push(`${path.join(".")}: ${String(quick)}, not ${String(slow)}`);
    for (const on of ["key", "value"] as const) {
      const [here, there] = [plain.offsets.of(plain.value, path, on), offsetOf(read.root, path, on)];
      if (here !== there) wrong.push(`${on} ${path.join(".")}: at ${here}, not ${there}`);
    }
    if (!isBlock) return;
    const keys = Array.isArray(quick) ? [...quick.keys()] : Object.keys(quick);
    const theirs = Array.isArray(slow) ? [...slow.keys()] : Object.keys((slow ?? {}) as object);
    if (Array.isArray(quick) !== Array.isArray(slow) || keys.join("\n") !== theirs.join("\n"))
      wrong.push(`keys of ${path.join(".")}: ${keys.join(", ")}, not ${theirs.join(", ")}`);
    else for (const key of keys) visit(step(quick, key), step(slow, key), [...path, key]);
    // Of what is left out, the place where it belongs.
    const missing = Array.isArray(quick) ? quick.length : "left-out";
    if (plain.offsets.of(plain.value, [...path, missing], "value") !== offsetOf(read.root, [...path, missing], "value"))
      wrong.push(`left out of ${path.join(".")}`);
  };
  visit(plain.value, read.value, []);
  if (wrong.length > 0) throw new Error(`${wrong.slice(0, 5).join("; ")} in ${JSON.stringify(text)}`);
  return true;
}

function step(value: unknown, key: string | number): unknown {
  return (value as Readonly<Record<string | number, unknown>>)[key];
}

const runs = Number(process.env.PLAIN_YAML_RUNS ?? 3_000);

test("right manifests are all taken on, and read alike", () => {
  const taken = seeds.filter((seed) => isTheSame(seed));
  expect(isTheSame(seeds[0] ?? "")).toBe(true);
  // The rest is broken in ways that only the library can tell, or has aliases.
  expect(taken.length).toBeGreaterThan(seeds.length / 2);
});

const pieces = [
  "\n",
  "\n\n",
  " ",
  "  ",
  ":",
  ": ",
  " :",
  "- ",
  "-",
  "\n- ",
  "\n  - ",
  "{",
  "}",
  "[",
  "]",
  ",",
  ", ",
  '"',
  "'",
  '""',
  "''",
  "\\",
  '"\\n"',
  "#",
  " #",
  "# x\n",
  " # x",
  "\n# x\n",
  "\n      # x\n",
  "&a ",
  "*a",
  "!t ",
  "|",
  ">",
  "? ",
  "---\n",
  "...\n",
  "%",
  "@",
  "`",
  "~",
  "null",
  "true",
  "FALSE",
  "0",
  "007",
  "1.5",
  "1.",
  "-0",
  "+1",
  "1e3",
  "0x1f",
  "0o7",
  ".inf",
  ".nan",
  "30s",
  "2027-01-01",
  "__proto__",
  "<<",
  "é",
  "\u00a0",
  "\u2028",
  "\u0085",
  "\ufeff",
  "😀",
  "\t",
  "\r\n",
  "a: b",
  "a:\n",
  "\na: 1\n",
  "\n  a: 1\n",
  "x y",
  "http://a:80/b#c",
];

test("texts with pieces cut out, put in or swapped are read alike, or left to the library", {
  timeout: 300_000,
}, () => {
  const edit = fc.record({
    at: fc.nat(4_000),
    drop: fc.oneof(fc.constant(0), fc.nat(30)),
    put: fc.oneof(fc.constantFrom("", ...pieces), fc.string({ maxLength: 4 })),
  });
  let taken = 0;
  fc.assert(
    fc.property(fc.constantFrom(...seeds), fc.array(edit, { minLength: 1, maxLength: 3 }), (seed, edits) => {
      let text = seed;
      for (const { at, drop, put } of edits) {
        const place = text.length === 0 ? 0 : at % text.length;
        text = text.slice(0, place) + put + text.slice(place + drop);
      }
      if (isTheSame(text)) taken++;
    }),
    { numRuns: runs },
  );
  expect(taken).toBeGreaterThan(runs / 20);
});

test("small texts made of the marks of the language are read alike, or left to the library", {
  timeout: 300_000,
}, () => {
  let taken = 0;
  const soup = fc.array(fc.constantFrom("a", "b: ", "c:", "d: 1\n", ...pieces), { minLength: 1, maxLength: 9 });
  fc.assert(
    fc.property(fc.constantFrom("", "a:", "a: ", "a:\n", "a: [", "a: {", "a:\n  - "), soup, (begin, parts) => {
      if (isTheSame(begin + parts.join(""))) taken++;
    }),
    { numRuns: runs * 2 },
  );
  expect(taken).toBeGreaterThan(runs / 50);
});

const word = fc.oneof(
  fc.constantFrom(
    "",
    "a",
    "yes",
    "null",
    "~",
    "true",
    "0",
    "-1",
    "1.50",
    "1e3",
    "0x1f",
    "30s",
    "a: b",
    "a #b",
    "- a",
    "x\ny",
  ),
  fc.constantFrom(
    "127.0.0.1:80",
    "http://h:80/p?q#f",
    "2027-01-01",
    "[a]",
    "{a}",
    "*a",
    "it's",
    'say "hi"',
    " a",
    "a ",
    "é",
  ),
  fc.string({ maxLength: 6 }),
);
const leaf = fc.oneof(word, fc.integer(), fc.boolean(), fc.constant(null), fc.double({ noNaN: true }));
const keyWord = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom("a", "b-c", "D_E", "f.g", "h/i", "north", "x y", "\u00e9") },
  { weight: 1, arbitrary: fc.oneof(fc.constantFrom("true", "1", "", "__proto__"), fc.string({ maxLength: 4 })) },
);
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.array(tie("tree"), { maxLength: 3 }),
    fc.dictionary(keyWord, tie("tree"), { maxKeys: 5 }),
  ),
}));
const block = fc.dictionary(keyWord, tree, { maxKeys: 5 });

test("whatever the library or JSON writes is read alike, or left to the library", { timeout: 300_000 }, () => {
  let taken = 0;
  const style = fc.record({
    indent: fc.constantFrom(2, 4),
    indentSeq: fc.boolean(),
    collectionStyle: fc.constantFrom("any" as const, "block" as const, "flow" as const),
    defaultStringType: fc.constantFrom("PLAIN" as const, "QUOTE_DOUBLE" as const, "QUOTE_SINGLE" as const),
    lineWidth: fc.constantFrom(0, 40),
  });
  fc.assert(
    fc.property(block, style, fc.constantFrom("", "---\n", "# a remark\n\n"), (value, options, begin) => {
      if (isTheSame(begin + stringify(value, { ...options, aliasDuplicateObjects: false }))) taken++;
      if (isTheSame(begin + stringify({ a: value, b: [value, value.a], c: value.a }, options))) taken++;
      for (const spaces of [0, 2]) if (isTheSame(JSON.stringify(value, null, spaces))) taken++;
    }),
    { numRuns: Math.ceil(runs / 3) },
  );
  expect(taken).toBeGreaterThan(runs / 4);
});

const flow = fc.letrec<{ flow: string }>((tie) => ({
  flow: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom("a", "1", "30s", '"x: y"', "'it''s'", "http://h:80/p#q", "true", "0.05", "a b", "-t"),
    fc
      .tuple(fc.array(tie("flow"), { maxLength: 3 }), fc.constantFrom(", ", ",", ",\n                "))
      .map(([items, comma]) => `[${items.join(comma)}]`),
    fc
      .tuple(fc.array(tie("flow"), { maxLength: 3 }), fc.constantFrom(" ", "", "\n                 "))
      .map(([items, gap]) => `{${gap}${items.map((item, n) => `k${n}: ${item}`).join(", ")}${gap}}`),
  ),
})).flow;

const lineEnd = fc.constantFrom("\n", "\n", "  # remark\n", "\n\n", "\n# remark\n", "\n   # remark\n", " \n");

/** Blocks as people write them: remarks, blank lines, brackets, lists under their key or indented, quotes of both kinds. */
type Lines = (indent: string) => string;

const written = fc.letrec<{ lines: Lines; entry: Lines }>((tie) => ({
  lines: fc
    .array(
      fc.tuple(
        fc.constantFrom("a", "c-d", '"e f', "'g"),
        tie("entry"),
        fc.constantFrom("", "", "&", "&", "*", "&*"),
        fc.constantFrom("", "", " "),
      ),
      { minLength: 1, maxLength: 3 },
    )
    .map(
      (entries) => (indent) =>
        entries
          .map(([key, entry, marks, gap], index) => {
            const quote = /^["']/.exec(key)?.[0] ?? "";
            const name = `m${indent.length}${index}`;
            const mark = marks.startsWith("&") ? ` &${name}${gap}` : "";
            const again = marks.endsWith("*") ? `${indent}again${index}: *${name}${gap}\n` : "";
            return `${indent}${key}${index}${quote}:${mark}${entry(indent)}${again}`;
          })
          .join(""),
    ),
  entry: fc.oneof(
    { maxDepth: 3 },
    fc.tuple(flow, lineEnd).map(
      ([value, end]) =>
        () =>
          ` ${value}${end}`,
    ),
    lineEnd.map((end) => () => end),
    fc
      .tuple(
        fc.constantFrom("some words", "x", "- y", "1", "# z", '"q"'),
        fc.constantFrom("of it", "2", "k: v", "- y", "", "# z"),
        lineEnd,
      )
      .map(
        ([one, two, end]) =>
          (indent: string) =>
            ` ${one}\n${indent}  ${two}${end}`,
      ),
    fc.tuple(flow, lineEnd).map(
      ([value, end]) =>
        (indent: string) =>
          `\n${indent}  ${value}${end}`,
    ),
    fc.tuple(flow, flow, lineEnd).map(
      ([one, two, end]) =>
        (indent: string) =>
          `\n${indent}- ${one}${end}${indent}- x: 1\n${indent}  y: ${two}${end}`,
    ),
    fc.tuple(lineEnd, tie("lines"), fc.constantFrom(" ", "  ", "    ")).map(
      ([end, lines, more]) =>
        (indent: string) =>
          `${end}${lines(indent + more)}`,
    ),
    fc.tuple(lineEnd, tie("lines"), flow).map(
      ([end, lines, value]) =>
        (indent: string) =>
          `${end}${indent}  - ${lines(`${indent}    `).trimStart()}${indent}  - - 1\n${indent}    - ${value}\n`,
    ),
  ),
})).lines;

test("blocks as people write them are read alike, or left to the library", { timeout: 300_000 }, () => {
  let taken = 0;
  fc.assert(
    fc.property(written, (lines) => {
      if (isTheSame(lines(""))) taken++;
    }),
    { numRuns: runs },
  );
  expect(taken).toBeGreaterThan(runs / 5);
});
