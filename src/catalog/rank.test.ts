import { expect, test } from "vitest";
import { countriesOf } from "./countries.ts";
import { knowledge } from "./knowledge.ts";
import { type RankedRegion, rankRegions, type Wish, weights } from "./rank.ts";
import { allRegions, regionOf } from "./regions.ts";

const from = (at: string) => {
  const region = regionOf(at);
  if (region === undefined) throw new Error(`no region ${at}`);
  return region;
};
const ranks = (at: string, wish: Wish = {}): readonly RankedRegion[] => rankRegions(from(at), wish, knowledge());
const one = (at: string, to: string, wish: Wish = {}): RankedRegion => {
  const found = ranks(at, wish).find(({ region }) => region.at === to);
  if (found === undefined) throw new Error(`${to} is not ranked for ${at}`);
  return found;
};

test("a region with no pair gets a good neighbour under the same law", () => {
  const [best] = ranks("azure/polandcentral");
  expect(best).toMatchObject({
    region: { at: "azure/austriaeast" },
    pair: "none",
    closeness: "both in the EU",
    warnings: [],
  });
  expect(best?.roundTrip).toMatchObject({ ms: 20, basis: "measured" });
});

test("a pair has a direction", () => {
  expect(one("azure/brazilsouth", "azure/southcentralus").pair).toBe("one-way pair");
  expect(one("azure/southcentralus", "azure/brazilsouth").pair).toBe("pairs back only");
  expect(one("azure/brazilsoutheast", "azure/brazilsouth").pair).toBe("one-way pair");
  expect(one("azure/norwayeast", "azure/norwaywest").pair).toBe("pair");
  expect(one("azure/swedencentral", "azure/swedensouth").pair).toBe("pair");
  expect(one("azure/westus3", "azure/westus").pair).toBe("none");
});

test("what speaks against a region is said", () => {
  expect(one("azure/norwayeast", "azure/norwaywest").warnings).toEqual(["access has to be asked for", "no zones"]);
  expect(one("azure/australiacentral", "azure/australiacentral2").warnings[1]).toBe(
    "only 0 km away: one storm or grid may take both",
  );
  expect(one("azure/swedencentral", "azure/swedensouth").warnings).toEqual([
    "access has to be asked for",
    "its place is not known",
    "zones not known",
    "round trip not known",
  ]);
  expect(one("aws/eu-north-1", "aws/eu-south-1").warnings).toEqual(["has to be enabled first"]);
  expect(one("aws/eu-north-1", "aws/ap-southeast-2").warnings).toEqual(["far: synchronous copies would be slow"]);
});

test("only regions that may take over are ranked: another one, of the same provider and the same part of it", () => {
  const names = ranks("aws/eu-north-1").map(({ region }) => region.at);
  expect(names).not.toContain("aws/eu-north-1");
  expect(names).not.toContain("aws/us-gov-west-1");
  expect(names.every((name) => name.startsWith("aws/"))).toBe(true);
  expect(ranks("aws/cn-north-1").map(({ region }) => region.at)).toEqual(["aws/cn-northwest-1"]);
  expect(ranks("azure/norwayeast", { provider: "aws" })[0]?.region.at).toMatch(/^aws\/eu-/);
});

test("a wish for a law or a geography leaves nothing else", () => {
  const nordic = ranks("azure/norwayeast", { residency: ["SE", "NO"] }).map(({ region }) => region.at);
  expect(nordic.toSorted()).toEqual(["azure/norwaywest", "azure/swedencentral", "azure/swedensouth"]);
  for (const { region } of ranks("azure/norwayeast", { residency: ["EU"] })) {
    expect(countriesOf("EU")).toContain(region.country);
  }
  expect(ranks("azure/norwayeast", { sameGeography: true }).map(({ region }) => region.at)).toEqual([
    "azure/norwaywest",
  ]);
  expect(ranks("azure/polandcentral", { sameGeography: true })).toEqual([]);
});

test("every score is the sum of its points, within what the weights allow, and the list is in order", () => {
  const whole = Object.entries(weights).reduce((sum, [name, points]) => sum + (name === "services" ? 0 : points), 0);
  expect(whole).toBe(100);
  for (const { at } of allRegions()) {
    const list = ranks(at);
    for (const { score, points } of list) {
      const sum = Object.values(points).reduce((total, value) => total + value, 0);
      expect(Math.abs(score - sum)).toBeLessThanOrEqual(0.8);
      for (const [name, value] of Object.entries(points)) {
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThanOrEqual(weights[name as keyof typeof weights]);
      }
    }
    expect(list.map(({ score }) => score)).toEqual(list.map(({ score }) => score).toSorted((a, b) => b - a));
  }
});

test("services that get there count, those that do not say why", () => {
  const hub = knowledge().serviceOf("azure/iot-hub");
  if (hub === undefined) throw new Error("no such type");
  const pair = one("azure/norwayeast", "azure/norwaywest", { needs: [hub] });
  const other = one("azure/norwayeast", "azure/swedencentral", { needs: [hub] });
  expect(pair.needs[0]?.possible).toContain("manual-failover");
  expect(other.needs[0]?.ruledOut.find(({ method }) => method === "manual-failover")?.why).toMatch(
    /^The pair of norwayeast is norwaywest, not swedencentral\./,
  );
  expect(pair.points.services).toBeGreaterThan(other.points.services ?? 0);
});
