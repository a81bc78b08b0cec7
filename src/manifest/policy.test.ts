import { describe, expect, test } from "vitest";
import type { Group } from "../core/model/system.ts";
import { parseManifest } from "./parse.ts";

const manifest = (policy: string): string => `version: 1
system: shop
regions:
  north: { at: azure/norwayeast, agent: "http://10.0.0.1:7411" }
  south: { at: azure/swedencentral, agent: "http://10.0.0.2:7411" }
  watch: { at: azure/westeurope, witness: true, agent: "http://10.0.0.3:7411", controller: "http://10.0.0.3:7400" }
groups:
  storefront: { primary: [north, south]${policy} }
services:
  worker: { type: process, group: storefront, run: { command: [node, worker.js] }, in: { north: {}, south: {} } }
`;
const parsed = (policy: string) => parseManifest(manifest(policy), { file: "leeward.yaml" });
const policyOf = (policy: string): Group["policy"] => {
  const result = parsed(policy);
  if (result.kind === "bad") throw new Error(JSON.stringify(result));
  return result.system.groups[0]?.policy;
};
const errorsOf = (policy: string): readonly string[] => {
  const result = parsed(policy);
  return result.kind === "bad" ? result.problems.map((problem) => problem.rule) : [];
};

describe("a group's policy", () => {
  test("is not there when nothing is said", () => {
    expect(policyOf("")).toBeUndefined();
  });

  test("has its defaults filled in when something is", () => {
    expect(policyOf(", policy: { degraded: ask, dropSyncAfter: 30s }")).toEqual({
      degraded: "ask",
      degradedHoldOffMs: 60_000,
      keepServing: 1,
      flaps: { switches: 3, alarms: 6, withinMs: 3_600_000 },
      dropSyncAfterMs: 30_000,
    });
  });

  test("takes every key", () => {
    const all =
      "{ forbidden: [south], holdOff: 10s, degraded: switch, degradedHoldOff: 2m, keepServing: 1, flaps: { switches: 1, alarms: 2, within: 1d } }";
    expect(policyOf(`, policy: ${all}`)).toEqual({
      forbidden: ["south"],
      holdOffMs: 10_000,
      degraded: "switch",
      degradedHoldOffMs: 120_000,
      keepServing: 1,
      flaps: { switches: 1, alarms: 2, withinMs: 86_400_000 },
    });
  });

  test.each([
    ["{ degraded: panic }", ["unknown-word"]],
    ["{ holdOff: 10 }", ["wrong-unit"]],
    ["{ flaps: { switches: 0 } }", ["out-of-range"]],
    ["{ flaps: { switches: many } }", ["wrong-type"]],
    ["{ keepServing: 3 }", ["keeps-too-many"]],
    ["{ forbidden: [watch] }", ["nothing-forbidden"]],
    ["{ forbidden: [mars] }", ["unknown-region"]],
    ["{ dropSync: 3s }", ["unknown-key"]],
  ])("is refused when it says %s", (policy, rules) => {
    expect(errorsOf(`, policy: ${policy}`)).toEqual(rules);
  });
});
