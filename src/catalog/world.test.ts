import { expect, test } from "vitest";
import { distanceKm } from "../core/assess/distance.ts";
import { allowedCountries, countriesOf } from "./countries.ts";
import { knowledge } from "./knowledge.ts";
import { estimatedMs, measuredPairs, roundTripOf } from "./latency.ts";
import { egressPriceOf } from "./prices.ts";
import { allRegions, providerOf, regionOf } from "./regions.ts";

const at = (name: string) => {
  const region = regionOf(name);
  if (region === undefined) throw new Error(`no region ${name}`);
  return region;
};

test("the providers' regions are there, each with a country and a continent", () => {
  const count = (provider: string): number => allRegions().filter((region) => region.provider === provider).length;
  expect([count("azure"), count("aws"), count("gcp")]).toEqual([71, 39, 40]);
  for (const { at: name, country, continent } of allRegions()) {
    expect(`${name} ${country}`).toMatch(/ [A-Z]{2}$/);
    expect(`${name} ${continent}`).toMatch(/ (africa|asia|europe|middle-east|north-america|oceania|south-america)$/);
  }
  expect(regionOf("azure/atlantis")).toBeUndefined();
  expect(providerOf("azure/norwayeast")).toBe("azure");
  expect([providerOf("postgresql"), providerOf("site/cellar"), providerOf("unknown")]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test("thirteen public regions of Azure have no pair, and every pair exists", () => {
  const azure = allRegions().filter(({ provider, partition }) => provider === "azure" && partition === undefined);
  const alone = azure.filter(({ pair }) => pair === undefined);
  expect(alone.map(({ at: name }) => name.slice(6)).sort()).toEqual([
    "austriaeast",
    "belgiumcentral",
    "chilecentral",
    "denmarkeast",
    "indonesiacentral",
    "israelcentral",
    "italynorth",
    "malaysiawest",
    "mexicocentral",
    "newzealandnorth",
    "polandcentral",
    "qatarcentral",
    "spaincentral",
  ]);
  for (const { pair } of allRegions()) if (pair !== undefined) expect(regionOf(`azure/${pair}`)).toBeDefined();
});

test("a pair is mutual exactly where the pair's pair is the region itself", () => {
  for (const region of allRegions()) {
    if (region.pair === undefined || region.pairIsMutual === undefined) continue;
    const back = at(`${region.provider}/${region.pair}`).pair;
    expect(`${region.at} ${back === region.at.slice(region.at.indexOf("/") + 1)}`).toBe(
      `${region.at} ${region.pairIsMutual}`,
    );
  }
  const oneWay = allRegions().filter(
    ({ pairIsMutual, partition }) => pairIsMutual === false && partition === undefined,
  );
  expect(oneWay.map(({ at: name, pair }) => `${name.slice(6)} to ${pair}`)).toEqual([
    "brazilsouth to southcentralus",
    "brazilsoutheast to brazilsouth",
    "indiasouthcentral to centralindia",
    "westindia to southindia",
    "westus3 to eastus",
  ]);
  expect(at("azure/swedencentral")).toMatchObject({ pair: "swedensouth", pairIsMutual: true });
  expect(at("azure/swedensouth")).toMatchObject({ pair: "swedencentral", pairIsMutual: true });
});

/** South, north, west and east ends in degrees, drawn generously. */
const boxes: Readonly<Record<string, readonly [number, number, number, number]>> = {
  africa: [-35, 37, -18, 52],
  asia: [-11, 54, 60, 146],
  europe: [35, 72, -11, 32],
  "middle-east": [12, 40, 32, 60],
  "north-america": [14, 62, -130, -60],
  oceania: [-48, -9, 112, 179],
  "south-america": [-56, 13, -82, -34],
};

test("every region lies on its continent, so that no sign is wrong", () => {
  for (const { at: name, continent, latitude, longitude } of allRegions()) {
    if (latitude === undefined || longitude === undefined) continue;
    const [south, north, west, east] = boxes[continent ?? ""] ?? [90, -90, 0, 0];
    const inside = latitude >= south && latitude <= north && longitude >= west && longitude <= east;
    expect(`${name} ${inside}`).toBe(`${name} true`);
  }
  expect(at("gcp/africa-south1").latitude).toBeLessThan(0);
  expect(at("azure/spaincentral").longitude).toBeLessThan(0);
});

test("regions of different providers in one city are near each other", () => {
  const near: readonly (readonly [string, string])[] = [
    ["azure/spaincentral", "gcp/europe-southwest1"],
    ["azure/francecentral", "aws/eu-west-3"],
    ["azure/southafricanorth", "gcp/africa-south1"],
    ["azure/germanynorth", "gcp/europe-west10"],
    ["azure/uksouth", "gcp/europe-west2"],
    ["azure/israelcentral", "aws/il-central-1"],
    ["azure/polandcentral", "gcp/europe-central2"],
    ["azure/brazilsouth", "aws/sa-east-1"],
  ];
  for (const [a, b] of near) expect(`${a} ${(distanceKm(at(a), at(b)) ?? 1e6) < 100}`).toBe(`${a} true`);
});

test("no two regions of a provider share their coordinates but two in Canberra", () => {
  const seen = new Map<string, string>();
  const same: string[] = [];
  for (const { at: name, provider, latitude, longitude } of allRegions()) {
    if (latitude === undefined) continue;
    const key = `${provider} ${latitude} ${longitude}`;
    const other = seen.get(key);
    if (other !== undefined) same.push(`${other} and ${name}`);
    seen.set(key, name);
  }
  expect(same).toEqual(["azure/australiacentral and azure/australiacentral2"]);
});

test("nothing that was measured is faster than light in fibre", () => {
  let seen = 0;
  for (const provider of ["azure", "aws"]) {
    for (const { from, to, ms } of measuredPairs(provider)) {
      const km = distanceKm(at(from), at(to));
      seen++;
      if (km !== undefined) expect(`${from} ${to} ${ms >= km / 100}`).toBe(`${from} ${to} true`);
    }
  }
  expect(seen).toBe(54 * 53 + 32 * 31);
});

test("the estimate has the error that its source names", () => {
  const errors = (provider: string): readonly number[] =>
    [...measuredPairs(provider)]
      .flatMap(({ from, to, ms }) => {
        const km = distanceKm(at(from), at(to));
        return km === undefined ? [] : [Math.abs(estimatedMs(km) - ms) / ms];
      })
      .sort((a, b) => a - b);
  const quantile = (list: readonly number[], share: number): number =>
    list[Math.floor(list.length * share)] ?? Number.NaN;
  const [azure, aws] = [errors("azure"), errors("aws")];
  expect(quantile(azure, 0.5)).toBeCloseTo(0.12, 2);
  expect(quantile(azure, 0.9)).toBeCloseTo(0.34, 1);
  expect(quantile(aws, 0.5)).toBeCloseTo(0.13, 2);
  expect(quantile(aws, 0.9)).toBeCloseTo(0.36, 1);
});

test("a round trip is measured where it was, estimated where it was not, and unknown where nobody can know", () => {
  expect(roundTripOf("azure/norwayeast", "azure/swedencentral")).toMatchObject({ ms: 18, basis: "measured" });
  expect(roundTripOf("aws/af-south-1", "aws/ap-east-1")).toMatchObject({ ms: 350.17, basis: "measured" });
  expect(roundTripOf("azure/brazilsouth", "azure/brazilsoutheast")?.basis).toBe("estimated");
  expect(roundTripOf("azure/norwayeast", "aws/eu-north-1")).toMatchObject({ ms: 15, basis: "estimated" });
  expect(roundTripOf("azure/norwayeast", "azure/norwayeast")).toMatchObject({ ms: 2, basis: "estimated" });
  expect(roundTripOf("azure/swedencentral", "azure/swedensouth")).toBeUndefined();
  expect(roundTripOf("azure/norwayeast", "site/cellar")).toBeUndefined();
});

test("a distance is the great circle's", () => {
  // Oslo to Stockholm and to Singapore, as any atlas has them.
  expect(distanceKm(at("azure/norwayeast"), at("aws/eu-north-1"))).toBeCloseTo(417, -1);
  expect(distanceKm(at("azure/norwayeast"), at("azure/southeastasia"))).toBeCloseTo(10_050, -2);
  expect(distanceKm(at("azure/norwayeast"), at("azure/norwayeast"))).toBe(0);
  expect(distanceKm(at("azure/norwayeast"), at("azure/swedensouth"))).toBeUndefined();
});

test("a price is the sender's, by where the data goes", () => {
  const usd = (from: string, to: string): number | undefined => egressPriceOf(from, to)?.usdPerGb;
  expect(usd("azure/norwayeast", "azure/swedencentral")).toBe(0.02);
  expect(usd("azure/norwayeast", "azure/eastus")).toBe(0.05);
  expect(usd("azure/eastasia", "azure/southeastasia")).toBe(0.08);
  expect(usd("azure/norwayeast", "aws/eu-north-1")).toBe(0.0875);
  expect(usd("azure/norwayeast", "site/cellar")).toBe(0.0875);
  expect(usd("aws/eu-north-1", "aws/eu-west-1")).toBe(0.02);
  expect(usd("aws/us-east-1", "aws/us-east-2")).toBe(0.01);
  expect(usd("aws/us-east-1", "azure/eastus")).toBe(0.09);
  expect(usd("aws/ap-east-2", "aws/eu-west-1")).toBeUndefined();
  expect(usd("gcp/europe-north1", "gcp/europe-west1")).toBe(0.02);
  expect(usd("gcp/europe-north1", "gcp/us-west1")).toBe(0.08);
  expect(usd("gcp/asia-east1", "gcp/asia-southeast2")).toBe(0.15);
  expect(usd("gcp/me-west1", "gcp/europe-west1")).toBeUndefined();
  expect(usd("azure/norwayeast", "azure/norwayeast")).toBeUndefined();
  expect(usd("site/cellar", "azure/norwayeast")).toBeUndefined();
});

test("groups of countries are what they are", () => {
  expect(countriesOf("EU")).toHaveLength(27);
  expect(countriesOf("EEA")).toHaveLength(30);
  expect(countriesOf("eea")).toContain("NO");
  expect(countriesOf("EU")).not.toContain("NO");
  expect(countriesOf("NO")).toBeUndefined();
  expect([...allowedCountries(["no", "DACH"])].sort()).toEqual(["AT", "CH", "DE", "NO"]);
});

test("the knowledge gives the same object for the same type, so that answers can be remembered", () => {
  const world = knowledge();
  expect(world).toBe(knowledge());
  expect(world.serviceOf("postgresql")).toBe(world.serviceOf("postgresql"));
  expect(world.serviceOf("postgresql")?.controlPlane).toBeUndefined();
  expect(world.serviceOf("pigeon")).toBeUndefined();
  expect(world.regionOf("aws/eu-north-1")).toMatchObject({ country: "SE", zones: 3, restricted: false });
});
