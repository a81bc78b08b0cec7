// Whatever a file contains, reading it ends, with a model or with problems that have a place; it never throws.

import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseManifest } from "../../src/manifest/parse.ts";
import { renderProblems } from "../../src/manifest/render-problems.ts";

const shop = readFileSync(new URL("../../examples/shop/leeward.yaml", import.meta.url), "utf8");
const folder = new URL("./broken/", import.meta.url);
const seeds = [
  shop,
  ...readdirSync(folder)
    .filter((file) => !file.startsWith("alias-bomb"))
    .map((file) => readFileSync(new URL(file, folder), "utf8")),
];

function judge(text: string): void {
  const parsed = parseManifest(text, { file: "fuzz.yaml" });
  const problems = parsed.kind === "ok" ? parsed.warnings : parsed.problems;
  if (parsed.kind === "bad") expect(problems.some((problem) => problem.severity === "error")).toBe(true);
  const lines = (text.startsWith("\uFEFF") ? text.slice(1) : text).split("\n");
  let before = 0;
  for (const { line, column, message, fix, rule } of problems) {
    expect(line).toBeGreaterThanOrEqual(Math.max(1, before));
    expect(line).toBeLessThanOrEqual(lines.length);
    expect(column).toBeGreaterThanOrEqual(1);
    expect(column).toBeLessThanOrEqual((lines[line - 1]?.length ?? 0) + 1);
    expect(message === "" || fix === "" || rule === "").toBe(false);
    before = line;
  }
  for (const line of renderProblems(problems, text).split("\n")) expect(line).not.toContain("undefined");
}

const pieces = [
  "\t",
  "  ",
  "\n",
  ":",
  ": ",
  "- ",
  "{",
  "}",
  "[",
  "]",
  ",",
  '"',
  "'",
  "#",
  "&a ",
  "*a",
  "!t ",
  "|",
  ">",
  "? ",
  "---\n",
  "...\n",
  "null",
  "true",
  "30",
  "30s",
  "1e999",
  ".nan",
  "__proto__",
  "constructor",
  "toString",
  "north",
  "web",
  "env:X",
  "\u0000",
  "\uFEFF",
  "\ud800",
  "😀",
  "%YAML 1.1\n",
  "<<",
  "postgres://u:p@h/d",
];

test("manifests with pieces cut out, put in or swapped", { timeout: 120_000 }, () => {
  const edit = fc.record({
    at: fc.nat(4_000),
    drop: fc.nat(30),
    put: fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 4 })),
  });
  fc.assert(
    fc.property(fc.constantFrom(...seeds), fc.array(edit, { minLength: 1, maxLength: 4 }), (seed, edits) => {
      let text = seed;
      for (const { at, drop, put } of edits) {
        const place = text.length === 0 ? 0 : at % text.length;
        text = text.slice(0, place) + put + text.slice(place + drop);
      }
      judge(text);
    }),
    { numRuns: 3_000 },
  );
});

test("manifests of the right shape with wrong things in it", { timeout: 120_000 }, () => {
  const leaf = fc.oneof(
    fc.constantFrom("north", "web", "30s", "auto", "env:X", "", "constructor", "__proto__", "unknown"),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.double(),
    fc.string({ maxLength: 8 }),
  );
  const key = fc.constantFrom(
    "version",
    "system",
    "regions",
    "at",
    "groups",
    "primary",
    "services",
    "type",
    "in",
    "needs",
    "north",
    "web",
    "orders",
    "run",
    "command",
    "jobs",
    "trigger",
    "call",
    "control",
    "lease",
    "ttl",
    "routes",
    "to",
    "constructor",
    "toString",
    "x",
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      leaf,
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(key, tie("value"), { maxKeys: 6 }),
    ),
  }));
  const section = fc.dictionary(key, value, { maxKeys: 4 });
  const manifest = fc.record(
    {
      version: fc.oneof(fc.constant(1), value),
      system: fc.oneof(fc.constant("s"), value),
      regions: section,
      services: section,
      groups: section,
      routes: section,
      jobs: section,
      control: value,
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(manifest, (object) => judge(JSON.stringify(object))),
    { numRuns: 2_000 },
  );
});

test("texts that are hard on a parser end soon enough to be tested", { timeout: 120_000 }, () => {
  const n = 20_000;
  for (const unit of [
    "[",
    "{",
    "- ",
    "? ",
    "a: ",
    "a:\n ",
    "&a ",
    "!a ",
    ", ",
    '"',
    "]",
    "*a\n",
    "---\n",
    "a: b\n",
    "'",
    "# x\n",
    "\t",
    "[a, ",
    "{a: ",
  ])
    judge(unit.repeat(n));
  judge(`${"a:\n".repeat(1)}${Array.from({ length: 2_000 }, (_, i) => `${" ".repeat(i)}a:\n`).join("")}`);
  judge(`a: &a [*a]\n`);
  judge(`version: 1\nsystem: shop\nregions: &r { north: *r }\n`);
});
