// The published outages, before and mended, held against the assessment.

import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { knowledge } from "../../src/catalog/knowledge.ts";
import { assess } from "../../src/core/assess/assess.ts";
import type { AssessReport } from "../../src/core/model/assess-report.ts";
import type { System } from "../../src/core/model/system.ts";
import { readManifest } from "../../src/manifest/read.ts";
import { incidents } from "./incidents.ts";
import { scorecard } from "./scorecard.ts";

function systemOf(file: string): System {
  const read = readManifest(fileURLToPath(new URL(file, import.meta.url)));
  if (read.kind === "bad") throw new Error(read.problems.map(({ message }) => message).join("; "));
  return read.system;
}

/** `path` has things that begin like these, in this order. */
function leadsThrough(path: readonly string[], steps: readonly string[]): boolean {
  let next = 0;
  for (const node of path) if (node.startsWith(steps[next] ?? "\u0000")) next++;
  return next === steps.length;
}

/** Ids that the mended systems must be free of. */
const judged = [
  "direct-clients-async-automatic",
  "shallow-health-check",
  "never-drilled",
  "account-holds-every-copy",
  "change-reaches-everywhere",
  "single-region-dependency",
  "zones-taken-for-regions",
];

const told = (system: System): AssessReport => assess(system, knowledge(), { today: "2026-11-21" });
const rulesOf = (report: AssessReport): readonly string[] => [...new Set(report.findings.map(({ rule }) => rule))];

describe.each(incidents)("$id", ({ id, fate, rules }) => {
  const before = told(systemOf(`./${id}.yaml`));
  const mended = told(systemOf(`./${id}.clean.yaml`));

  test("is told before it happens: as shared fate with the way down to it, and by findings", () => {
    const found = before.sharedFate.find(({ cut }) => cut.join(" ") === fate?.cut.join(" "));
    if (fate !== undefined) expect(found?.path).toSatisfy((path?: string[]) => leadsThrough(path ?? [], fate.path));
    expect(rulesOf(before)).toEqual(expect.arrayContaining([...rules]));
  });

  test("is not told of the same system, mended", () => {
    expect(mended.sharedFate).toEqual([]);
    expect(rulesOf(mended).filter((rule) => judged.includes(rule))).toEqual([]);
  });
});

test("at least nine of the eleven are told by their shared fate alone", () => {
  expect(incidents).toHaveLength(11);
  expect(incidents.filter(({ fate }) => fate !== undefined).length).toBeGreaterThanOrEqual(9);
});

test("the page in docs is made from this table (vitest -u writes it)", async () => {
  const ways = new Map(
    incidents.flatMap(({ id, fate }) => {
      const way = told(systemOf(`./${id}.yaml`)).sharedFate.find(({ cut }) => cut.join(" ") === fate?.cut.join(" "));
      return way === undefined ? [] : [[id, way.path] as const];
    }),
  );
  await expect(scorecard(incidents, ways)).toMatchFileSnapshot("../../docs/outages.md");
});
