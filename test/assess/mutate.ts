// Mutated manifests through everything that `leeward assess` does: reading, the core, the terminal, the page, SARIF. Nothing may throw,
// run away or print a line that is too long. `node test/assess/mutate.ts --count 100000 --seed 1`; a failing one prints how to replay it.

import { globSync, readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { catalogIds } from "../../src/catalog/ids.ts";
import { knowledge } from "../../src/catalog/knowledge.ts";
import { assess } from "../../src/core/assess/assess.ts";
import { rules } from "../../src/core/assess/rules/table.ts";
import { chanceFrom } from "../../src/core/watch/chance.ts";
import { parseManifest } from "../../src/manifest/parse.ts";
import { assessPage } from "../../src/render/html/assess.ts";
import { sarifOf } from "../../src/render/sarif.ts";
import { renderAssessment } from "../../src/render/text/assess.ts";
import { shownWidth } from "../../src/render/text/layout.ts";

const today = "2026-11-21";
/** A manifest of an example takes some ten milliseconds; a hundred times as much is a hang in the making. */
export const slowestAllowedMs = 5_000;

const texts = globSync("{examples/*/leeward.yaml,test/outages/*.yaml}", {
  cwd: new URL("../..", import.meta.url).pathname,
})
  .sort()
  .map((file) => readFileSync(new URL(`../../${file}`, import.meta.url), "utf8"));

/** Values that have hurt somebody before, beside those of the manifests themselves. */
const strange = [
  "0",
  "-1",
  "1e308",
  "~",
  '""',
  "[]",
  "{}",
  "true",
  "unknown",
  "azure/brazilsouth",
  "azure/italynorth",
  "aws/us-east-1",
  "gcp/europe-north1",
  "site/cellar",
  "azure/nowhere",
  "1ms",
  "1000y",
  "0s",
  "north",
  "constructor",
  "active-active",
  "passive-cold",
  "backup-restore",
  "pilot-light",
  "sync",
  "manual",
  "direct",
  "everywhere",
  "asynchronous",
  "geographic",
  "*x",
  "&x 1",
  "😀",
  ...catalogIds,
];

export type Outcome = { readonly assessed: boolean; readonly ms: number };

/** One manifest, decided by its seed alone. Throws what went wrong. */
export function tryOne(seed: number): Outcome {
  const text = mutated(seed);
  const began = performance.now();
  const parsed = parseManifest(text, { file: "mutated.yaml" });
  if (parsed.kind === "ok") {
    const report = assess(parsed.system, knowledge(), { today });
    const findings = report.findings.map((finding) => ({
      ...finding,
      at: { file: "mutated.yaml", ...parsed.placeOf(finding.path) },
    }));
    const whole = { ...report, findings };
    JSON.stringify(whole);
    sarifOf([whole], rules, "0");
    if (!["meets", "fails", "unknown"].includes(report.verdict)) throw new Error(`verdict ${report.verdict}`);
    if (report.summary.length === 0 || /undefined|NaN|\[object/.test(report.summary)) {
      throw new Error(`the summary says: ${report.summary}`);
    }
    const shown = renderAssessment(whole, { all: true });
    const long = shown.split("\n").find((line) => shownWidth(line) > 100);
    if (long !== undefined) throw new Error(`a line of ${shownWidth(long)} columns: ${long}`);
    const broken = /undefined|NaN|\[object/.exec(shown);
    if (broken !== null)
      throw new Error(`the terminal says: ${shown.slice(Math.max(0, broken.index - 60), broken.index + 40)}`);
    // The page takes longer than everything else, so only some are drawn.
    if (seed % 8 === 0) assessPage([{ report: whole, system: parsed.system }], { knowledge: knowledge(), today });
  }
  const ms = performance.now() - began;
  if (ms > slowestAllowedMs) throw new Error(`it took ${Math.round(ms)} ms`);
  return { assessed: parsed.kind === "ok", ms };
}

export function mutated(seed: number): string {
  const random = chanceFrom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  let text = pick(texts);
  const rounds = 1 + Math.floor(random() * 4);
  for (let round = 0; round < rounds; round += 1) text = pick(mutations)(text, random, pick);
  return text;
}

/** Every value that some manifest gives a key, so that a mutation can be a manifest still. */
const pair = /([A-Za-z][A-Za-z-]*): +([A-Za-z0-9/_.-]+)(?=[\s,}\]])/g;
const valuesOf = new Map<string, string[]>();
for (const text of texts) {
  for (const [, key = "", value = ""] of text.matchAll(pair)) {
    const values = valuesOf.get(key) ?? [];
    valuesOf.set(key, values);
    values.push(value);
  }
}

const sameKey: Mutation = (text, random, pick) => {
  const pairs = [...text.matchAll(pair)];
  const found = pairs[Math.floor(random() * pairs.length)];
  if (found === undefined) return text;
  const [whole, key = "", value = ""] = found;
  const at = found.index + whole.length - value.length;
  return `${text.slice(0, at)}${pick(valuesOf.get(key) ?? [value])}${text.slice(at + value.length)}`;
};

type Mutation = (text: string, random: () => number, pick: <T>(list: readonly T[]) => T) => string;

const token = /[A-Za-z0-9/_.:-]+/g;

const mutations: readonly Mutation[] = [
  // A key gets what it has elsewhere: most of these are manifests still, of systems that nobody would build.
  ...Array.from({ length: 10 }, () => sameKey),
  // A word becomes another word of the same manifest.
  (text, random, pick) => swapped(text, random, pick(text.match(token) ?? ["x"])),
  // A word becomes something strange.
  (text, random, pick) => swapped(text, random, pick(strange)),
  (text, random, pick) => swapped(text, random, pick(strange)),
  // A line is lost, repeated or moved.
  (text, random) => lines(text, random, (list, at) => list.toSpliced(at, 1)),
  (text, random) => lines(text, random, (list, at) => list.toSpliced(at, 0, list[at] ?? "")),
  (text, random) =>
    lines(text, random, (list, at) => {
      const to = Math.floor(random() * list.length);
      return list.toSpliced(at, 1).toSpliced(to, 0, list[at] ?? "");
    }),
  // A line of another manifest.
  (text, random, pick) => lines(text, random, (list, at) => list.toSpliced(at, 0, pick(pick(texts).split("\n")))),
  // A letter is broken, an end is missing.
  (text, random) => {
    const at = Math.floor(random() * text.length);
    return `${text.slice(0, at)}${String.fromCodePoint(Math.floor(random() * 0x2ff))}${text.slice(at + 1)}`;
  },
  (text, random) => text.slice(0, Math.floor(random() * text.length)),
];

function swapped(text: string, random: () => number, by: string): string {
  const words = [...text.matchAll(token)];
  const word = words[Math.floor(random() * words.length)];
  return word === undefined ? text : `${text.slice(0, word.index)}${by}${text.slice(word.index + word[0].length)}`;
}

function lines(
  text: string,
  random: () => number,
  change: (list: readonly string[], at: number) => readonly string[],
): string {
  const list = text.split("\n");
  return change(list, Math.floor(random() * list.length)).join("\n");
}

function main(): void {
  const flag = (name: string, fallback: number): number => {
    const at = process.argv.indexOf(name);
    return at < 0 ? fallback : Number(process.argv[at + 1]);
  };
  const [count, first] = [flag("--count", 100_000), flag("--seed", 1)];
  let [assessed, slowest, slowestSeed, failed] = [0, 0, 0, 0];
  const began = performance.now();
  for (let seed = first; seed < first + count; seed += 1) {
    try {
      const outcome = tryOne(seed);
      if (outcome.assessed) assessed += 1;
      if (outcome.ms > slowest) [slowest, slowestSeed] = [outcome.ms, seed];
    } catch (error) {
      failed += 1;
      console.error(error instanceof Error ? error.stack : error);
      console.error(`replay: node test/assess/mutate.ts --count 1 --seed ${seed}`);
      if (failed >= 10) break;
    }
    if (seed % 10_000 === 0) console.error(`${seed - first + 1} of ${count}`);
  }
  const seconds = (performance.now() - began) / 1_000;
  console.log(
    `${count} mutated manifests in ${seconds.toFixed(1)} s: ${assessed} could be assessed, ${failed} failed; the slowest (seed ${slowestSeed}) took ${slowest.toFixed(1)} ms`,
  );
  if (failed > 0) process.exitCode = 1;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) main();
