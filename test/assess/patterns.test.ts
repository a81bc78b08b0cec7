// The patterns side by side, what they cost, and what the standby lacks.

import { describe, expect, test } from "vitest";
import { knowledge } from "../../src/catalog/knowledge.ts";
import { recoveryTimeOfPattern } from "../../src/core/assess/anchors.ts";
import { capacityGaps } from "../../src/core/assess/capacity.ts";
import { costOf, patternCost } from "../../src/core/assess/cost.ts";
import { costAt } from "../../src/core/assess/crossovers.ts";
import { groundOf } from "../../src/core/assess/ground.ts";
import type { Knowledge } from "../../src/core/assess/knowledge.ts";
import { comparePatterns, patternNames } from "../../src/core/assess/patterns.ts";
import { groundFrom, systemFrom } from "./world.ts";

const manifest = (more = "", objectives = "rto: 20m, rpo: 2m"): string => `
version: 1
system: shop
regions:
  north: { at: azure/norwayeast }
  south: { at: azure/swedencentral }
objectives: { ${objectives} }
groups:
  store: { primary: [north, south], pattern: warm-standby, failover: automatic, maxDataLoss: 2m }
services:
  orders:
    type: postgresql
    group: store
    cost: 300
    volume: { size: 100GB, changePerDay: 10GB }
    copies:
      - { name: weekly, in: south, every: 1w, keep: 52w }
    in: { north: { url: "postgres://a@10.0.0.1:5432/shop" }, south: { url: "postgres://a@10.0.0.2:5432/shop" } }
  web:
    type: http
    group: store
    needs: [orders]
    cost: 700
    replicas: { primary: 4, standby: 1 }
    scaleUp: 6m
    in: { north: { url: "http://10.0.0.1:80" }, south: { url: "http://10.0.0.2:80" } }
routes:
  shop.example.com: { to: web, ttl: 20s }
${more}`;

const compared = (more?: string, objectives?: string) => comparePatterns(groundFrom(manifest(more, objectives)));
const byName = (more?: string) => new Map(compared(more).patterns.map((one) => [one.pattern, one]));

describe("the patterns", () => {
  test("all stand there, the declared one marked, and more ready never recovers later", () => {
    const { patterns } = compared();
    expect(patterns.map(({ pattern }) => pattern)).toEqual(patternNames);
    expect(patterns.filter(({ declared }) => declared).map(({ pattern }) => pattern)).toEqual(["warm-standby"]);
    const times = ["backup-restore", "pilot-light", "active-passive", "active-active"].map(
      (name) => patterns.find(({ pattern }) => pattern === name)?.rtoSeconds.worst ?? 0,
    );
    expect(times).toEqual([...times].sort((one, other) => other - one));
  });

  test("the declared one has the figures of the loss itself: detection, growth as it was measured, TTL", () => {
    expect(byName().get("warm-standby")?.rtoSeconds.worst).toBeCloseTo(35 + 360 + 20, 6);
  });

  test("where nothing is said of growth, recovery lies within the guide's anchors", () => {
    const silent = comparePatterns(groundFrom(manifest().replace("    scaleUp: 6m\n", ""))).patterns;
    const pilot = silent.find(({ pattern }) => pattern === "pilot-light");
    // Detection, start and TTL come on top of the 30 to 60 minutes.
    expect(pilot?.rtoSeconds.expected).toBeGreaterThanOrEqual(recoveryTimeOfPattern["pilot-light"].expected);
    expect(pilot?.rtoSeconds.worst).toBeLessThan(recoveryTimeOfPattern["pilot-light"].worst + 120);
  });

  test("a backup loses what lies between two copies, and a week is what the sentence names", () => {
    const backup = byName().get("backup-restore");
    expect(backup?.rpoSeconds.worst).toBe(7 * 86_400);
    expect(backup?.meets).toBe(false);
    // The manifest does not say how long a restore takes.
    expect(backup?.rtoSeconds.worst).toBe(Number.POSITIVE_INFINITY);
  });

  test("the terms of the downtime add up, and coverage that drills do not prove dominates", () => {
    for (const { downtimeTerms, downtimeMinutesPerYear } of compared().patterns) {
      expect(downtimeTerms.reduce((sum, term) => sum + term.minutesPerYear, 0)).toBeCloseTo(downtimeMinutesPerYear, 6);
    }
    const terms = byName().get("warm-standby")?.downtimeTerms ?? [];
    expect([...terms].sort((one, other) => other.minutesPerYear - one.minutesPerYear)[0]?.what).toBe("failed switch");
  });

  test("both sides at work are a daily drill only where no data has to be switched", () => {
    const of = (text: string) =>
      comparePatterns(groundFrom(text)).patterns.map(({ downtimeMinutesPerYear }) => downtimeMinutesPerYear);
    const downIn = (text: string, pattern: (typeof patternNames)[number]) =>
      of(text)[patternNames.indexOf(pattern)] ?? 0;
    const single = manifest();
    expect(downIn(single, "active-active")).toBeGreaterThan(0.9 * downIn(single, "active-passive"));
    const several = single.replace(
      "type: postgresql",
      "type: azure/cosmos-db\n    replication: { method: write-regions }",
    );
    expect(downIn(several.replaceAll(/ url: "postgres[^"]*" /g, ""), "active-active")).toBeLessThan(20);
  });

  test("the cheapest that meets the objectives is advised, and none where none does", () => {
    const { patterns, advice } = compared();
    const meeting = patterns.filter(({ meets }) => meets);
    const least = Math.min(...meeting.map(({ monthly }) => monthly ?? Number.NaN));
    expect(patterns.find(({ pattern }) => pattern === advice.pattern)?.monthly).toBe(least);
    expect(compared("", "rto: 1s, rpo: 2m").advice).not.toHaveProperty("pattern");
  });

  test("what recovers in time and loses too much does not meet them", () => {
    const verdict = compared("", "rto: 20m, rpo: 10s").patterns.find(({ declared }) => declared);
    expect(verdict?.rtoSeconds.worst).toBeLessThan(20 * 60);
    expect(verdict).toMatchObject({
      meets: false,
      why: expect.stringContaining("the work lost is 35 s at worst, allowed is 10 s"),
    });
  });

  test("a budget that is exceeded is said, and rules the pattern out", () => {
    const dear = byName("costs: { currency: USD, budgetPerMonth: 1500 }").get("active-active");
    expect(dear).toMatchObject({ meets: false });
    expect(dear?.why).toContain("where 1,500 is the budget");
  });

  test("with one region only nothing takes over", () => {
    const text = manifest().replace("primary: [north, south]", "primary: [north]");
    for (const { meets, why } of comparePatterns(groundFrom(text)).patterns) {
      expect(meets).toBe(false);
      expect(why).toContain("nobody can take over store");
    }
  });

  test("the crossovers of an outage's price lead from the cheaper to what is down less", () => {
    const { advice, patterns } = compared("costs: { currency: USD, outagePerHour: 1000, lossPerHour: 0 }");
    const outages = advice.crossovers.filter(({ penalty }) => penalty === "outagePerHour");
    expect(outages.length).toBeGreaterThan(0);
    const rates = outages.map(({ perHour }) => perHour);
    expect(rates).toEqual([...rates].sort((one, other) => one - other));
    const costs = outages.map(({ to }) => patterns.find(({ pattern }) => pattern === to)?.monthly ?? 0);
    expect(costs).toEqual([...costs].sort((one, other) => one - other));
    expect(costAt({ name: "", outlay: 1, outageHours: 2, lossHours: 3 }, { outagePerHour: 10, lossPerHour: 100 })).toBe(
      321,
    );
  });

  test("without a stated cost there is a factor and no sum, and no rate at which the answer would change", () => {
    const text = manifest().replace("    cost: 300\n", "").replace("    cost: 700\n", "");
    const { patterns, advice } = comparePatterns(groundFrom(text));
    for (const one of patterns) expect(one).not.toHaveProperty("monthly");
    expect(advice.crossovers).toEqual([]);
    // One database like the first, one web server of four: (1 + 1) / (1 + 4).
    expect(patterns.find(({ declared }) => declared)?.costFactor).toBeCloseTo(1.4, 9);
  });
});

describe("the cost", () => {
  const world: Knowledge = {
    ...knowledge(),
    egressPriceOf: () => ({ usdPerGb: 0.02, source: { title: "a price for this test", asOf: "2026-01-01" } }),
  };
  const ground = groundOf(systemFrom(manifest("costs: { currency: EUR }")), world);

  test("is the services, their other halves, and what is sent at list price", () => {
    const cost = costOf(ground);
    expect(cost.currency).toBe("EUR");
    // 300 of the database once more, a quarter of 700; 10 GB a day to the replica and what changed since the week before to the copy, for thirty days.
    const sent = (10 * 30 + (10 * 7 * 30) / 7) * 0.02;
    expect(cost.terms.map(({ monthly }) => Math.round(monthly * 100) / 100)).toEqual([
      1_000,
      475,
      Math.round(sent * 100) / 100,
    ]);
    expect(cost.terms[2]?.what).toBe("600 GB from azure/norwayeast to azure/swedencentral, 1 USD taken as 1 EUR");
    expect(cost.monthly).toBeCloseTo(1_475 + sent, 9);
    expect(patternCost(ground).monthly).toBeCloseTo(cost.monthly ?? 0, 9);
  });

  test("of three active regions is half as much again for what is divided among them", () => {
    const three = manifest()
      .replace("objectives:", "  west: { at: azure/westeurope }\nobjectives:")
      .replace("primary: [north, south]", "primary: [north, south, west]")
      .replaceAll(/in: \{ (north: .*), south: (.*) \}$/gm, "in: { $1, south: $2, west: $2 }")
      .replaceAll(/(west: \{ url: "[a-z]+:\/\/(?:a@)?)10.0.0.2/g, "$110.0.0.3");
    // The database is there three times, the web servers one and a half times.
    expect(patternCost(groundFrom(three), "active-active").factor).toBeCloseTo(0.3 * 3 + 0.7 * 1.5, 9);
  });

  test("of an active-active pair is double, of a pilot light and of backups what the anchors add", () => {
    expect(patternCost(ground, "active-active").factor).toBeCloseTo(2, 9);
    // The database runs in full, of the web servers the 15 % that a pilot light keeps.
    expect(patternCost(ground, "pilot-light").factor).toBeCloseTo(1 + 0.3 + 0.7 * 0.15, 9);
    expect(patternCost(ground, "backup-restore").factor).toBeCloseTo(1.05, 9);
  });
});

test("a standby that is smaller than its primary is a gap, with the quota to verify", () => {
  expect(capacityGaps(systemFrom(manifest()))).toEqual([
    {
      service: "web",
      group: "store",
      region: "south",
      has: 1,
      needs: 4,
      scaleUpSeconds: 360,
      sentence: "web runs 1 of 4 in south and needs 3 more replicas before it can carry everybody",
      toVerify: expect.stringContaining("the quota of azure/swedencentral admits 3 more replicas of web"),
    },
  ]);
});
