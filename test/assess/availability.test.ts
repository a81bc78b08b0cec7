// Downtime of a pair of regions a year: one outage of each a year, four hours to repair. Each row is a manifest that states the share of
// common causes, the coverage, and a switch of so long; the report has the table within 0.1 min. Nobody fails over falsely.

import { expect, test } from "vitest";
import { designOf, exactMinutesPerYear, oneRegionMinutesPerYear } from "../../src/core/assess/availability.ts";
import { comparePatterns } from "../../src/core/assess/patterns.ts";
import { recoveryOf, targetsAfter } from "../../src/core/assess/recovery.ts";
import { groundFrom } from "./world.ts";

const manifest = (beta: number, coverage: number, switchMinutes: number): string => `
version: 1
system: pair
regions:
  north: { at: azure/norwayeast }
  south: { at: azure/swedencentral }
objectives: { rto: 1h, rpo: 1m, falseFailover: 1000y }
assumptions: { outagesPerYear: 1, repair: 4h, commonCause: ${beta}, coverage: ${coverage}, detection: ${switchMinutes}m }
groups:
  web: { primary: [north, south], pattern: active-passive, failover: automatic }
services:
  site: { type: http, group: web, in: { north: { url: "http://10.0.0.1:80" }, south: { url: "http://10.0.0.2:80" } } }
`;

const rows = [
  [0, 0.5, 120.4, 123.3, 140.6],
  [0, 0.9, 25.0, 30.2, 61.3],
  [0, 0.99, 3.5, 9.2, 43.4],
  [0, 1, 1.1, 6.9, 41.5],
  [0.05, 0.9, 29.7, 34.7, 64.2],
  [0.05, 0.99, 9.3, 14.8, 47.3],
  [0.05, 1, 7.1, 12.6, 45.4],
  [0.1, 0.99, 15.1, 20.3, 51.1],
] as const;

test.each(
  rows.flatMap(
    ([beta, c, one, seven, fifty]) =>
      [
        [beta, c, 1, one],
        [beta, c, 7, seven],
        [beta, c, 50, fifty],
      ] as const,
  ),
)("common cause %d, coverage %d, switch of %d min: down %d min a year", (beta, coverage, minutes, expected) => {
  const ground = groundFrom(manifest(beta, coverage, minutes));
  const loss = recoveryOf({ ground, lost: ["north"], targets: targetsAfter(ground.system, ["north"]) });
  expect(loss.rtoSeconds.expected).toBe(minutes * 60);
  const design = designOf(ground.assumed, loss.rtoSeconds.expected);
  expect(Math.abs(exactMinutesPerYear(design) - expected)).toBeLessThan(0.1);
  const declared = comparePatterns(ground).patterns.find((pattern) => pattern.declared);
  expect(Math.abs((declared?.downtimeMinutesPerYear ?? 0) - expected)).toBeLessThan(0.1);
});

test("one region alone is down 240 min a year", () => {
  expect(oneRegionMinutesPerYear({ outagesPerYear: 1, repairHours: 4 })).toBe(240);
});
