import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Region, Service, Setting } from "../model/system.ts";
import type {
  Knowledge,
  MethodKnowledge,
  RegionKnowledge,
  Requirement,
  ServiceKnowledge,
  Source,
} from "./knowledge.ts";
import { chosenMethod, methodsFor, type SystemMaps, serviceVerdictOf } from "./methods.ts";

const source: Source = { title: "a page", url: "https://example.com/a/page", asOf: "2026-01-01" };
const because = { why: "It says so.", source };

const region = (at: string, rest: Partial<RegionKnowledge> = {}): RegionKnowledge => ({
  at,
  name: at,
  provider: at.split("/")[0] as RegionKnowledge["provider"],
  restricted: false,
  ...rest,
});

const world: readonly RegionKnowledge[] = [
  region("azure/east", { geography: "Norge", geographyGroup: "Europe", pair: "west", pairIsMutual: true, zones: 3 }),
  region("azure/west", { geography: "Norge", geographyGroup: "Europe", pair: "east", pairIsMutual: true, zones: 0 }),
  region("azure/lone", { geography: "Polska", geographyGroup: "Europe", zones: 3 }),
  region("azure/south", { geography: "Brasil", geographyGroup: "America", pair: "central", pairIsMutual: false }),
  region("azure/central", { geography: "USA", geographyGroup: "America", pair: "north", pairIsMutual: true }),
  region("azure/north", { geography: "USA", geographyGroup: "America", pair: "central", pairIsMutual: true }),
  region("azure/leader", { pair: "hidden" }),
  region("azure/hidden"),
  region("aws/one"),
  region("aws/two"),
  region("aws/cn", { partition: "aws-cn" }),
  region("aws/cn-too", { partition: "aws-cn" }),
  region("aws/late", { optIn: true }),
];

const knowing = (...types: readonly ServiceKnowledge[]): Knowledge => {
  const regions = new Map(world.map((one) => [one.at, one]));
  return {
    serviceOf: (id) => types.find((type) => type.id === id),
    regionOf: (at) => regions.get(at),
    roundTripOf: () => undefined,
    egressPriceOf: () => undefined,
    countriesOf: () => undefined,
  };
};

const method = (
  id: string,
  requires: readonly Requirement[],
  rest: Partial<MethodKnowledge> = {},
): MethodKnowledge => ({
  id,
  name: id,
  kind: "replication",
  modes: ["async", "sync"],
  between: "one-provider",
  requires,
  directions: "two-way",
  readableTarget: false,
  consistency: "eventual",
  startedBy: "customer",
  rpo: [
    { mode: "sync", kind: "zero", basis: "published", expectedSeconds: 0, worstSeconds: 0, ...because },
    { mode: "async", when: { tier: "premium" }, kind: "bounded", basis: "sla", worstSeconds: 5, ...because },
    { mode: "async", kind: "unbounded", basis: "typical", expectedSeconds: 900, ...because },
  ],
  rto: [{ of: "failover", basis: "typical", expectedSeconds: 60, ...because }],
  constraints: [],
  loses: [],
  dependsOn: [],
  costFactor: { share: 1, ...because },
  switch: { out: [], back: [] },
  source,
  ...rest,
});

const typeWith = (id: string, ...methods: readonly MethodKnowledge[]): ServiceKnowledge => ({
  id,
  name: id,
  area: "data",
  scope: "regional",
  reach: "any-region",
  holdsData: true,
  templates: { arm: [], cloudFormation: [], terraform: [], kubernetes: [] },
  settings: { tier: { what: "tier", values: ["standard", "premium"] }, large: { what: "large", default: false } },
  controlPlane: undefined,
  defaultMethod: methods[0]?.id ?? "none",
  methods,
  facts: [],
  disagreements: [],
});

const ask = (
  requirement: Requirement,
  ats: readonly string[],
  settings: Record<string, Setting> = {},
  id = "azure/thing",
) => {
  const type = typeWith(id, method("it", [requirement]));
  const [fit] = methodsFor(type, ats, settings, knowing(type));
  if (fit === undefined) throw new Error("no method");
  return { verdict: fit.verdict, said: [...fit.against.map(({ why }) => why), ...fit.requires, ...fit.notes] };
};

const paired: Requirement = { kind: "paired", ...because };

describe("a region pair", () => {
  test.each([
    ["azure/east", "azure/west", "possible", []],
    ["azure/east", "azure/lone", "ruled-out", ["The pair of east is west, not lone. It says so."]],
    ["azure/lone", "azure/east", "ruled-out", ["lone has no region pair. It says so."]],
    [
      "azure/south",
      "azure/central",
      "possible",
      ["The pair is one-way: south leads to central, and central does not lead back."],
    ],
    [
      "azure/central",
      "azure/south",
      "ruled-out",
      [
        "The pair of central is north, not south; south has central as its pair, but only in that direction. It says so.",
      ],
    ],
    ["azure/hidden", "azure/leader", "if", ["hidden is copied back to leader, which no source says"]],
    ["azure/east", "unknown", "if", undefined],
    ["unknown", "azure/east", "if", undefined],
    ["azure/east", "aws/one", "ruled-out", ["aws/one is not a region of Azure."]],
    ["azure/east", "azure/nowhere", "ruled-out", undefined],
    ["azure/nowhere", "azure/east", "if", undefined],
  ] as const)("from %s to %s is %s", (from, to, verdict, said) => {
    const answer = ask(paired, [from, to]);
    expect(answer.verdict).toBe(verdict);
    if (said !== undefined) expect(answer.said).toEqual(said);
  });

  test("names what the second region would have to be, while there is none", () => {
    expect(ask(paired, ["azure/east"])).toEqual({
      verdict: "if",
      said: ["the second region is west, the pair of east"],
    });
    expect(ask(paired, ["azure/lone"]).verdict).toBe("ruled-out");
    expect(ask(paired, []).verdict).toBe("if");
  });
});

test("a method leads to every target or is ruled out, and says for which it is", () => {
  const type = typeWith("azure/thing", method("it", [paired]));
  const [fit] = methodsFor(type, ["azure/east", "azure/west", "azure/lone"], {}, knowing(type));
  expect(fit?.verdict).toBe("ruled-out");
  expect(fit?.against.map(({ why }) => why)).toEqual(["Not to lone: The pair of east is west, not lone. It says so."]);
  expect(fit?.to.map(({ at, verdict }) => `${at}: ${verdict}`)).toEqual([
    "azure/west: possible",
    "azure/lone: ruled-out",
  ]);
});

test.each([
  ["same-geography", { kind: "same-geography", ...because }, ["azure/east", "azure/west"], "possible"],
  ["same-geography", { kind: "same-geography", ...because }, ["azure/east", "azure/lone"], "ruled-out"],
  ["same-geography", { kind: "same-geography", ...because }, ["azure/east", "azure/hidden"], "if"],
  ["same-region-group", { kind: "same-region-group", ...because }, ["azure/east", "azure/lone"], "possible"],
  ["same-region-group", { kind: "same-region-group", ...because }, ["azure/east", "azure/south"], "ruled-out"],
  ["zones", { kind: "zones", side: "target", ...because }, ["azure/west", "azure/east"], "possible"],
  ["zones", { kind: "zones", side: "both", ...because }, ["azure/west", "azure/east"], "ruled-out"],
  ["zones", { kind: "zones", side: "source", ...because }, ["azure/south", "azure/east"], "if"],
  ["max-regions", { kind: "max-regions", count: 2, ...because }, ["azure/east", "azure/west"], "possible"],
  [
    "max-regions",
    { kind: "max-regions", count: 2, ...because },
    ["azure/east", "azure/west", "azure/lone"],
    "ruled-out",
  ],
  [
    "regions",
    { kind: "regions", side: "both", only: ["east", "west"], ...because },
    ["azure/east", "azure/west"],
    "possible",
  ],
  [
    "regions",
    { kind: "regions", side: "target", only: ["east"], ...because },
    ["azure/east", "azure/west"],
    "ruled-out",
  ],
  [
    "not-regions",
    { kind: "not-regions", side: "source", except: ["east"], ...because },
    ["azure/east", "azure/west"],
    "ruled-out",
  ],
  [
    "not-regions",
    { kind: "not-regions", side: "target", except: ["east"], ...because },
    ["azure/east", "azure/west"],
    "possible",
  ],
  [
    "listed-pairs",
    { kind: "listed-pairs", pairs: [["lone", "east"]], bothWays: false, ...because },
    ["azure/lone", "azure/east"],
    "possible",
  ],
  [
    "listed-pairs",
    { kind: "listed-pairs", pairs: [["lone", "east"]], bothWays: false, ...because },
    ["azure/east", "azure/lone"],
    "ruled-out",
  ],
  [
    "listed-pairs",
    { kind: "listed-pairs", pairs: [["lone", "east"]], bothWays: true, ...because },
    ["azure/east", "azure/lone"],
    "possible",
  ],
  ["to-verify", { kind: "to-verify", what: "the quota is there", ...because }, ["azure/east", "azure/west"], "if"],
] as const satisfies readonly (readonly [string, Requirement, readonly string[], string])[])(
  "%s: %j for %j is %s",
  (_name, requirement, ats, verdict) => {
    expect(ask(requirement, ats).verdict).toBe(verdict);
  },
);

test("a method that leads anywhere needs one end at its provider, every other both", () => {
  const leads = (between: MethodKnowledge["between"], ...ats: readonly string[]): string | undefined => {
    const type = typeWith("azure/thing", method("it", [], { between }));
    return methodsFor(type, ats, {}, knowing(type))[0]?.verdict;
  };
  expect(leads("any", "azure/east", "aws/one")).toBe("possible");
  expect(leads("any", "site/cellar", "azure/east")).toBe("possible");
  expect(leads("any", "site/cellar", "aws/one")).toBe("ruled-out");
  expect(leads("one-provider", "azure/east", "aws/one")).toBe("ruled-out");
  expect(leads("one-provider", "site/cellar", "azure/east")).toBe("ruled-out");
});

test("a setting that nobody gives is asked for; one that is given decides", () => {
  const is: Requirement = { kind: "setting", setting: "tier", is: ["premium"], ...because };
  const not: Requirement = { kind: "setting", setting: "large", not: [true], ...because };
  const ats = ["azure/east", "azure/west"];
  expect(ask(is, ats)).toEqual({ verdict: "if", said: ["tier is premium"] });
  expect(ask(is, ats, { tier: "premium" }).verdict).toBe("possible");
  expect(ask(is, ats, { tier: "standard" }).said).toEqual(["tier is standard, not premium. It says so."]);
  expect(ask(not, ats)).toEqual({ verdict: "if", said: ["large is not true"] });
  expect(ask(not, ats, { large: false }).verdict).toBe("possible");
  expect(ask(not, ats, { large: true }).said).toEqual(["large is true. It says so."]);
});

test("no method leads from one partition of a provider into another, and a type of no provider runs anywhere", () => {
  const verify: Requirement = { kind: "max-regions", count: 9, ...because };
  expect(ask(verify, ["aws/one", "aws/cn"], {}, "aws/thing")).toEqual({
    verdict: "ruled-out",
    said: ["one belongs to the public part of AWS and cn to aws-cn, which share no accounts, keys or copies."],
  });
  expect(ask(verify, ["aws/cn", "aws/cn-too"], {}, "aws/thing").verdict).toBe("possible");
  const anywhere = typeWith("aws/thing", method("carried", [], { between: "any" }));
  expect(methodsFor(anywhere, ["aws/one", "aws/cn"], {}, knowing(anywhere))[0]?.verdict).toBe("possible");
  expect(ask(verify, ["aws/one", "site/cellar"], {}, "thing").verdict).toBe("possible");
  expect(ask(verify, ["aws/one", "site/cellar"], {}, "aws/thing").verdict).toBe("ruled-out");
});

test("a region that is off until somebody enables it is asked for, on the side that has to be on", () => {
  const target: Requirement = { kind: "enabled", side: "target", ...because };
  const off = "late is enabled for the account (it is off until somebody enables it)";
  expect(ask(target, ["aws/one", "aws/late"], {}, "aws/thing")).toEqual({ verdict: "if", said: [off] });
  expect(ask(target, ["aws/late", "aws/one"], {}, "aws/thing").verdict).toBe("possible");
  expect(ask(target, ["aws/one"], {}, "aws/thing").verdict).toBe("possible");
  expect(ask({ ...target, side: "both" }, ["aws/late", "aws/one"], {}, "aws/thing").said).toEqual([off]);
});

const service = (rest: Partial<Service> = {}): Service => ({
  name: "orders",
  type: "azure/thing",
  group: "front",
  needs: [],
  replicas: { primary: 1, standby: 1 },
  health: { path: "/", everyMs: 200 },
  in: { lonely: {}, home: {} },
  ...rest,
});
const place = (name: string, at: string): Region => ({ name, at, witness: false });
const maps = (primary: readonly string[], ...regions: readonly Region[]): SystemMaps => ({
  regions: new Map(regions.map((one) => [one.name, one])),
  groups: new Map([
    [
      "front",
      { name: "front", primary, pattern: "warm-standby", failover: "automatic", maxDataLossMs: 0, coolDownMs: 0 },
    ],
  ]),
});

test("a verdict takes the group's order, the mode that is declared and the settings of every region", () => {
  const type = typeWith("azure/thing", method("pair", [paired]), method("copy", []));
  const known = knowing(type);
  const both = maps(["home", "lonely"], place("home", "azure/east"), place("lonely", "azure/lone"));
  const verdict = serviceVerdictOf(service({ replication: { method: "copy", mode: "sync" } }), both, known);
  expect(verdict).toEqual({
    name: "orders",
    type: "azure/thing",
    method: "copy",
    possible: [
      { method: "copy", rpoSeconds: { expected: 0, worst: 0 }, rtoSeconds: { expected: 60, worst: 60 }, source },
    ],
    ruledOut: [{ method: "pair", why: "The pair of east is west, not lone. It says so.", source }],
  });
  const undeclared = serviceVerdictOf(service({ settings: { tier: "premium" } }), both, known);
  expect(undeclared.method).toBe("pair");
  expect(chosenMethod(service({ replication: { method: "pigeon", mode: "async" } }), type)).toBeUndefined();
  expect(serviceVerdictOf(service({ type: "azure/other" }), both, known)).toEqual({
    name: "orders",
    type: "azure/other",
    possible: [],
    ruledOut: [],
  });
});

test("a region whose settings differ can rule out what the service's own would allow", () => {
  const premium: Requirement = { kind: "setting", setting: "tier", is: ["premium"], ...because };
  const type = typeWith("azure/thing", method("it", [premium]));
  const both = maps(["home", "lonely"], place("home", "azure/east"), place("lonely", "azure/lone"));
  const settings = { tier: "premium" };
  expect(serviceVerdictOf(service({ settings }), both, knowing(type)).possible).toHaveLength(1);
  const differing = service({ settings, in: { home: {}, lonely: { settings: { tier: "standard" } } } });
  expect(serviceVerdictOf(differing, both, knowing(type)).ruledOut.map(({ why }) => why)).toEqual([
    "tier is standard, not premium. It says so.",
  ]);
});

test("what nobody bounds is without end, and a better figure needs its setting", () => {
  const type = typeWith("azure/thing", method("it", [], { modes: ["async"] }));
  const both = maps(["home", "lonely"], place("home", "azure/east"), place("lonely", "azure/lone"));
  const rpo = (settings: Record<string, Setting>) =>
    serviceVerdictOf(service({ settings }), both, knowing(type)).possible[0]?.rpoSeconds;
  expect(rpo({})).toEqual({ expected: 900, worst: Number.POSITIVE_INFINITY });
  expect(rpo({ tier: "premium" })).toEqual({ expected: 5, worst: 5 });
});

const anyRequirement: fc.Arbitrary<Requirement> = fc.constantFrom<Requirement>(
  paired,
  { kind: "same-geography", ...because },
  { kind: "same-region-group", ...because },
  { kind: "zones", side: "both", ...because },
  { kind: "max-regions", count: 2, ...because },
  { kind: "regions", side: "target", only: ["east", "lone"], ...because },
  { kind: "not-regions", side: "both", except: ["central"], ...because },
  { kind: "listed-pairs", pairs: [["lone", "east"]], bothWays: true, ...because },
  { kind: "setting", setting: "tier", is: ["premium"], ...because },
);
const anyAt = fc.constantFrom("unknown", "site/cellar", "azure/nowhere", ...world.map(({ at }) => at));

test("one more requirement or one more region never makes a method more possible", () => {
  const rank = { possible: 2, if: 1, "ruled-out": 0 } as const;
  fc.assert(
    fc.property(
      fc.array(anyRequirement, { maxLength: 4 }),
      anyRequirement,
      fc.array(anyAt, { minLength: 2, maxLength: 4 }),
      anyAt,
      fc.constantFrom<Record<string, Setting>>({}, { tier: "premium" }, { tier: "standard" }),
      (some, more, ats, oneMore, settings) => {
        fc.pre(new Set(ats).size > 1);
        const verdict = (requires: readonly Requirement[], places: readonly string[]): number => {
          const type = typeWith("azure/thing", method("it", requires));
          return rank[methodsFor(type, places, settings, knowing(type))[0]?.verdict ?? "ruled-out"];
        };
        const before = verdict(some, ats);
        expect(verdict([...some, more], ats)).toBeLessThanOrEqual(before);
        expect(verdict(some, [...ats, oneMore])).toBeLessThanOrEqual(before);
      },
    ),
  );
});

test("the same question gets the same answer, remembered or not, and a verdict always has its reason", () => {
  fc.assert(
    fc.property(fc.array(anyRequirement, { maxLength: 4 }), fc.array(anyAt, { maxLength: 4 }), (requires, ats) => {
      const type = typeWith("azure/thing", method("it", requires));
      const known = knowing(type);
      const first = methodsFor(type, ats, {}, known);
      expect(methodsFor(type, [...ats, ...ats], {}, known)).toBe(first);
      expect(methodsFor(type, ats, {}, knowing(type))).toEqual(first);
      for (const fit of first) {
        expect(fit.against.length > 0).toBe(fit.verdict === "ruled-out");
        expect(fit.requires.length > 0).toBe(fit.verdict === "if");
      }
    }),
  );
});
