// Where a setting that the manifest leaves out would settle a figure that misses an objective, the finding says which.

import { expect, test } from "vitest";
import { knowledge } from "../../src/catalog/knowledge.ts";
import { assess } from "../../src/core/assess/assess.ts";
import { systemFrom } from "./world.ts";

const fixesOf = (settings: string): readonly string[] =>
  assess(
    systemFrom(`
version: 1
system: shop
regions: { a: { at: azure/westeurope }, b: { at: azure/northeurope } }
objectives: { rto: 20m, rpo: 1m }
assumptions: { detection: 30s }
groups: { main: { primary: [a, b], pattern: active-passive, failover: automatic, maxDataLoss: 1m } }
services:
  web: { type: azure/aks, group: main, replication: { method: active-passive }, ${settings} in: { a: {}, b: {} } }
routes: { shop.example.com: { to: web } }
`),
    knowledge(),
    { today: "2026-11-21" },
  ).findings.flatMap(({ rule, fix }) => (rule === "rpo-missed" || rule === "rto-missed" ? [fix] : []));

test("the setting that is left out is named, with the figure that it would give", () => {
  const [rto, rpo] = fixesOf("");
  expect(rto).toContain("write `settings: { minimumNodes: full }` at web: then it is 10 min at worst");
  expect(rpo).toContain("write `settings: { state: external }` at web: then it is 0 s at worst");
});

test("what is said is not asked for again", () => {
  expect(fixesOf("settings: { minimumNodes: full, state: external },")).toEqual([]);
  const [rto] = fixesOf("settings: { minimumNodes: none, state: external },");
  expect(rto ?? "Shorten").not.toContain("minimumNodes");
});
