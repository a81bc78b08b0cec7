// The linter's plugin for the pure layers, held against planted code: each way to a clock, to chance or to the platform
// that somebody might take without thinking, or by thinking too much. One run of the linter judges all of them.

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const caught: readonly string[] = [
  // The clock, straight and by detours.
  "export const a = Date.now();",
  "export const a = new Date();",
  "export const a = Date();",
  "const D = Date; export const a = D.now();",
  "export const { now } = Date;",
  "export const at = [Date].map((D) => D.now());",
  "export const world = { Date };",
  "export const world = { clock: Date };",
  "export const later = (f: (x: unknown) => unknown) => f(Date);",
  "export const a = (clock = Date) => clock.now();",
  "export class Later extends Date {}",
  'export const a = Date["now"]();',
  "export const a = Date?.now();",
  "export const a = (Date as unknown as { now(): number }).now();",
  "export const a = Date!.now();",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is code to be judged, not text to be filled in.
  "export const a = `at ${Date.now()}`;",
  "export default Date;",
  "export { Date as Clock };",
  "export const a = performance.now();",
  "export const { timeOrigin } = performance;",
  "export const a = Temporal.Now.instant();",
  "export const a = new Intl.DateTimeFormat().format();",
  // Timers.
  "setTimeout(() => {}, 1);",
  "setInterval(() => {}, 1);",
  "setImmediate(() => {});",
  "export const wait = setTimeout;",
  "Atomics.wait(new Int32Array(4), 0, 0, 1000);",
  // Chance.
  "export const a = Math.random();",
  "export const a = Math?.random();",
  'export const a = Math["random"]();',
  "export const { random } = Math;",
  "const M = Math; export const a = M.random();",
  "export const pick = (m = Math) => m.random();",
  "export const a = (Math as { random(): number }).random();",
  "export const a = crypto.randomUUID();",
  "export const { randomUUID } = crypto;",
  "export const a = new WeakRef({});",
  // Everything else by way of the global object, reflection or text that is compiled.
  'export const a = globalThis["Date"].now();',
  "export const a = globalThis.Date.now();",
  "const g = globalThis; export const a = g.Date;",
  'export const a = Reflect.get({}, "Date");',
  'export const a = new Function("return Date.now()")();',
  'export const a = eval("Date.now()");',
  'export const a = (() => {}).constructor("return Date.now()")();',
  'const f = () => {}; export const a = f["constructor"]("return Date.now()")();',
  "const { constructor: make } = () => {}; export const a = make;",
  "export const a = process.hrtime();",
  "export const a = process.env;",
  'export const a = fetch("http://127.0.0.1");',
  'console.log("hello");',
  'export const a = await import("node:crypto");',
  "export const a = import.meta.url;",
];

const fine: readonly string[] = [
  "export const a = Math.max(1, 2) + Math.floor(1.5);",
  "export const a = (nowMs: number, clock: { now(): number }) => clock.now() - nowMs;",
  "export const a = { Date: 1, performance: 2, process: 3, random: 4 };",
  "export const b = (a: { performance: number; process: number }) => a.performance + a.process;",
  'export const a = ["Date", "process", "performance"];',
  "export const a = (random: () => number) => random();",
  "export const a = (dateMs: number, DateOfBirth: number) => dateMs + DateOfBirth;",
  "// Date.now() and Math.random() may be talked about.\nexport const a = 1;",
  "export class A { constructor(readonly_: number) { this.a = readonly_; } a: number; }",
  "queueMicrotask(() => {});",
];

const pureLayers = ["core", "wire", "ports", "executor", "controller", "agent", "sim"] as const;
const otherLayers = ["app", "cli", "drivers/clock", "lab", "router"] as const;
const root = fileURLToPath(new URL("../", import.meta.url));

let folder: string;
let refused: ReadonlySet<string>;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "leeward-planted-"));
  // The project's own configuration, except for what needs a repository around it.
  const config = JSON.parse(readFileSync(join(root, "biome.json"), "utf8")) as Record<string, unknown>;
  const { $schema: _schema, vcs: _vcs, ...rest } = config;
  writeFileSync(join(folder, "biome.json"), JSON.stringify({ ...rest, linter: { rules: { preset: "none" } } }));
  cpSync(join(root, "test/biome"), join(folder, "test/biome"), { recursive: true });
  caught.forEach((text, index) => {
    plant(`src/core/caught-${index}.ts`, text);
  });
  fine.forEach((text, index) => {
    plant(`src/core/fine-${index}.ts`, text);
  });
  for (const layer of [...pureLayers, ...otherLayers])
    plant(`src/${layer}/deep/er/clock.ts`, "export const a = Date.now();");
  plant("src/core/clock.test.ts", "export const a = Date.now();");
  refused = lint();
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("in a pure layer the linter", () => {
  test.each(caught.map((text, index) => [text, index] as const))("refuses %s", (_text, index) => {
    expect(refused).toContain(`src/core/caught-${index}.ts`);
  });

  test.each(fine.map((text, index) => [text, index] as const))("lets pass %s", (_text, index) => {
    expect(refused).not.toContain(`src/core/fine-${index}.ts`);
  });
});

describe("the linter guards", () => {
  test.each(pureLayers)("%s, at any depth", (layer) => {
    expect(refused).toContain(`src/${layer}/deep/er/clock.ts`);
  });

  test.each(otherLayers)("no clock in %s, which has one", (layer) => {
    expect(refused).not.toContain(`src/${layer}/deep/er/clock.ts`);
  });

  test("no test, which may measure", () => {
    expect(refused).not.toContain("src/core/clock.test.ts");
  });
});

function plant(path: string, text: string): void {
  mkdirSync(join(folder, path, ".."), { recursive: true });
  writeFileSync(join(folder, path), `${text}\n`);
}

/** The files in which the plugin found something. Exit code 1 is the linter's way of saying that there are some. */
function lint(): ReadonlySet<string> {
  const biome = join(root, "node_modules/.bin/biome");
  let output: string;
  try {
    output = execFileSync(biome, ["lint", "--reporter=json", "--max-diagnostics=none", "."], {
      cwd: folder,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
  } catch (error) {
    output = String((error as { stdout?: string }).stdout);
  }
  const { diagnostics } = JSON.parse(output) as Report;
  return new Set(diagnostics.filter(({ category }) => category === "plugin").map(({ location }) => location.path));
}

interface Report {
  readonly diagnostics: readonly { readonly category: string; readonly location: { readonly path: string } }[];
}
