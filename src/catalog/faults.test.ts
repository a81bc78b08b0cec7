import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { CatalogError, parseServiceType } from "./load.ts";

const text = readFileSync(new URL("./data/postgresql.yaml", import.meta.url), "utf8");
const page = { title: "A manual, a chapter", url: "https://example.com/manual/chapter", asOf: "2026-01-01" };

// biome-ignore lint/suspicious/noExplicitAny: a file that is broken on purpose has no type
type Broken = any;

/** The faults of a file that was right until `change`. */
function faultsAfter(change: (type: Broken) => void): readonly string[] {
  const type = parse(text);
  type.settings = { tier: { what: "Its tier", values: ["basic", "premium"] }, size: { what: "Its size" } };
  change(type);
  try {
    parseServiceType(stringify(type, { aliasDuplicateObjects: false }), "it.yaml");
    return [];
  } catch (error) {
    if (!(error instanceof CatalogError)) throw error;
    return error.message
      .split("\n")
      .slice(1)
      .map((line) => line.replace(/^\s*it\.yaml:\d+:\d+ /, ""));
  }
}

/** Sets what lies at a path such as `methods.0.rpo`. */
const put =
  (path: string, value: unknown) =>
  (type: Broken): void => {
    const keys = path.split(".");
    const last = keys.pop() ?? "";
    keys.reduce((inner, key) => inner[key], type)[last] = value;
  };

const azure = (type: Broken): void => {
  type.id = "azure/thing";
};

test("a file that is right has no fault", () => {
  expect(faultsAfter(() => {})).toEqual([]);
  expect(faultsAfter(azure)).toEqual([]);
});

test.each<[string, (type: Broken) => void, RegExp]>([
  ["a default that is no method", put("defaultMethod", "pigeon"), /^defaultMethod: .*pigeon/],
  [
    "two methods of one id",
    (type) => type.methods.push(type.methods[0]),
    /^methods\.1\.id: two methods have the id streaming/,
  ],
  [
    "a required setting that is not declared",
    put("methods.0.requires", [{ kind: "setting", setting: "colour", is: ["red"], why: "So.", source: page }]),
    /requires\.0\.is: the setting colour is not declared under settings \(tier, size\)/,
  ],
  [
    "a required value that is not allowed",
    put("methods.0.requires", [{ kind: "setting", setting: "tier", is: ["gold"], why: "So.", source: page }]),
    /requires\.0\.is: gold is not an allowed value of the setting tier \(basic, premium\)/,
  ],
  [
    "a requirement that says neither is nor not",
    put("methods.0.requires", [{ kind: "setting", setting: "tier", why: "So.", source: page }]),
    /give one of the two/,
  ],
  [
    "a condition on a setting that is not declared",
    put("methods.0.rpo.0.when", { colour: 1 }),
    /rpo\.0\.when\.colour: /,
  ],
  [
    "a condition with a value that is not allowed",
    put("methods.0.rto.0.when", { tier: "gold" }),
    /rto\.0\.when\.tier: gold/,
  ],
  ["a default that is not among the values", put("settings.tier.default", "gold"), /^settings\.tier\.default: /],
  ["a mode that the method lacks", put("methods.0.modes", ["async"]), /rpo\.1\.mode: .*sync/],
  ["nothing lost, with a worst case", put("methods.0.rpo.1.worstSeconds", 3), /rpo\.1: a recovery point of kind zero/],
  [
    "nothing lost, without a worst case",
    (type) => void delete type.methods[0].rpo[1].worstSeconds,
    /rpo\.1: a recovery point of kind zero/,
  ],
  [
    "an expectation beyond the worst case",
    put("methods.0.rto.0.expectedSeconds", 9),
    /rto\.0: expectedSeconds 9 is more than/,
  ],
  [
    "a bound on what is unbounded",
    (type) => void Object.assign(type.methods[0].rpo[0], { kind: "unbounded", worstSeconds: 9 }),
    /rpo\.0\.worstSeconds: what is unbounded has no worstSeconds/,
  ],
  [
    "a bound on a time that nobody bounds",
    (type) => void Object.assign(type.methods[0].rto[0], { unbounded: true, worstSeconds: 99 }),
    /rto\.0\.worstSeconds: a recovery time that nobody bounds has no worstSeconds/,
  ],
  [
    "a bound that nobody watches and that has no figure",
    (type) => {
      delete type.methods[0].steps;
      type.methods[0].rpo = [{ kind: "bounded", basis: "typical", expectedSeconds: 1, why: "So.", source: page }];
    },
    /rpo\.0\.worstSeconds: what is bounded has worstSeconds/,
  ],
  [
    "bounded by nothing",
    (type) => void delete type.methods[0].rpo[0].expectedSeconds,
    /rpo\.0: a bounded recovery point has/,
  ],
  [
    "an entry that an earlier one hides",
    (type) => type.methods[0].rto.push({ ...type.methods[0].rto[0], when: { tier: "basic" } }),
    /rto\.3: never taken: rto\.0/,
  ],
  ["a way out without a step", put("methods.0.switch.out", []), /switch\.out: the way out has no step/],
  [
    "a newer source that is older",
    put("disagreements", [
      {
        about: "it",
        older: { what: "a", source: page },
        newer: { what: "b", source: { ...page, asOf: "2020-01-01" } },
      },
    ]),
    /disagreements\.0\.newer\.source\.asOf: the newer source \(2020-01-01\) is older/,
  ],
  [
    "a claim without a page",
    put("facts", [{ what: "So.", source: { title: "Somewhere", asOf: "2026-01-01" } }]),
    /^facts\.0\.source: the source has no url/,
  ],
  [
    "a home page",
    put("facts", [{ what: "So.", source: { ...page, url: "https://example.com/" } }]),
    /^facts\.0\.source\.url: .*only a home page/,
  ],
  [
    "a home page in a language",
    put("facts", [{ what: "So.", source: { ...page, url: "https://example.com/en-us/" } }]),
    /only a home page/,
  ],
  [
    "an address that is no page",
    put("facts", [{ what: "So.", source: { ...page, url: "mailto:a@example.com" } }]),
    /does not lead to a page/,
  ],
  [
    "a region nobody has",
    (type) => {
      azure(type);
      type.methods[0].requires = [
        { kind: "regions", side: "both", only: ["norwayeast", "atlantis"], why: "So.", source: page },
      ];
    },
    /requires\.0\.only: there is no region azure\/atlantis/,
  ],
  [
    "a pair with a region nobody has",
    (type) => {
      azure(type);
      type.methods[0].requires = [
        { kind: "listed-pairs", pairs: [["norwayeast", "atlantis"]], bothWays: true, why: "So.", source: page },
      ];
    },
    /requires\.0\.pairs: there is no region azure\/atlantis/,
  ],
  [
    "regions of a type that belongs to no provider",
    put("methods.0.requires", [
      { kind: "not-regions", side: "both", except: ["norwayeast"], why: "So.", source: page },
    ]),
    /belongs to no provider/,
  ],
  [
    "a control plane in a region nobody has",
    put("controlPlane", { what: "It", where: "aws/atlantis", source: page }),
    /^controlPlane\.where: /,
  ],
])("%s is a fault", (_name, change, expected) => {
  const faults = faultsAfter(change);
  expect(faults).toHaveLength(1);
  expect(faults[0]).toMatch(expected);
});

test("what Leeward measured itself needs no page, and nobody starts what is nowhere", () => {
  expect(
    faultsAfter(put("facts", [{ what: "So.", source: { title: "measured on the lab", asOf: "2026-01-01" } }])),
  ).toEqual([]);
  expect(
    faultsAfter((type) => {
      type.methods[0].switch.out = [];
      type.methods[0].startedBy = "nobody";
    }),
  ).toEqual([]);
});

test("a fault is said at its line, also behind an alias", () => {
  const wrong = text.replace("https://www.postgresql.org/docs/18/sql-createtable.html", "https://www.postgresql.org/");
  const line = wrong.split("\n").findIndex((one) => one.endsWith("https://www.postgresql.org/")) + 1;
  expect(() => parseServiceType(wrong, "it.yaml")).toThrow(new RegExp(`\\n  it\\.yaml:${line}:\\d+ .*home page`));
  const anchored = text.replace("title: measured on the lab", "title: heard somewhere about the lab");
  const anchor = anchored.split("\n").findIndex((one) => one.includes("&lab")) + 1;
  expect(() => parseServiceType(anchored, "it.yaml")).toThrow(
    new RegExp(`it\\.yaml:${anchor}:\\d+ methods\\.0\\.rto\\.0\\.source: `),
  );
});
