import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { parseServiceType } from "../catalog/load.ts";
import { makeNearest } from "./nearest.ts";
import { settingFindings } from "./type-check.ts";

const text = readFileSync(new URL("../catalog/data/http.yaml", import.meta.url), "utf8");
const type = parseServiceType(
  JSON.stringify({
    ...parse(text),
    settings: {
      tier: { what: "how much it is", values: ["standard", "premium"], default: "standard" },
      partitions: { what: "how many there are" },
      sessions: { what: "whether there are any", values: [true, false] },
    },
  }),
  "made-up.yaml",
);
const told = (given: Record<string, string | number | boolean>) =>
  settingFindings(type, given, ["services", "web", "settings"], makeNearest()).map(
    ({ path, on, rule, fix }) => `${path.join(".")} ${on} ${rule}: ${fix}`,
  );

test("settings that the type has, with values that it has, are right", () => {
  expect(told({ tier: "premium", partitions: 4, sessions: false })).toEqual([]);
  expect(settingFindings(type, undefined, [], makeNearest())).toEqual([]);
});

test("a setting that the type has not is told the nearest that it has, a value too", () => {
  expect(told({ teir: "premium", colour: "red" })).toEqual([
    "services.web.settings.teir key unknown-setting: Did you mean `tier`?",
    "services.web.settings.colour key unknown-setting: Known for http: tier, partitions, sessions.",
  ]);
  expect(told({ tier: "premum", sessions: "yes" })).toEqual([
    "services.web.settings.tier value unknown-word: Did you mean `premium`?",
    "services.web.settings.sessions value unknown-word: Write one of true, false.",
  ]);
});

test("a name that every object inherits is no setting", () => {
  expect(told({ toString: "x" })).toEqual([
    "services.web.settings.toString key unknown-setting: Known for http: tier, partitions, sessions.",
  ]);
});
