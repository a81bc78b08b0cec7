import { describe, expect, test } from "vitest";
import { type CatalogIo, catalogList, catalogRegions, catalogShow } from "./catalog.ts";
import { locationNamed, regionNamed, typeNamed, WrongWord } from "./catalog-words.ts";

type Said = { readonly text: string; readonly files: Readonly<Record<string, string>> };

function said(run: (io: CatalogIo) => void): Said {
  const files: Record<string, string> = {};
  let text = "";
  run({
    out: (more) => {
      text += more;
    },
    writeFile: (file, content) => {
      files[file] = content;
    },
    color: false,
  });
  return { text, files };
}

type ShowJson = {
  readonly type: string;
  readonly methods: readonly {
    readonly id: string;
    readonly possible: boolean;
    readonly why?: string;
    readonly requires?: readonly string[];
    readonly rpoSeconds?: { readonly expected: number | null; readonly worst: number | null };
    readonly source: { readonly title: string; readonly url?: string; readonly asOf: string };
  }[];
};

const shown = (type: string, from: string, ...to: readonly string[]): ShowJson => {
  const { text } = said((io) => catalogShow(type, { from, to, json: "-" }, io));
  return JSON.parse(text) as ShowJson;
};

const widest = (text: string): number => Math.max(...text.split("\n").map((line) => [...line].length));

describe("catalog show", () => {
  test("says of a key vault without its pair that the pair's failover and the backup are ruled out", () => {
    const answer = shown("azure/key-vault", "norwayeast", "swedencentral");
    expect(answer.type).toBe("azure/key-vault");
    const ruledOut = answer.methods.filter(({ possible }) => !possible);
    expect(ruledOut.map(({ why }) => why)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^The pair of norwayeast is norwaywest, not swedencentral\./),
        expect.stringMatching(/^norwayeast is in the geography Norway, swedencentral in Sweden\./),
      ]),
    );
    expect(answer.methods.some(({ possible }) => possible)).toBe(true);
    for (const { source } of answer.methods) expect(source.url).toMatch(/^https:\/\/[^/]+\/.+/);
  });

  test("leads with one sentence and stays within a hundred columns", () => {
    for (const type of ["azure/key-vault", "azure/service-bus", "postgresql", "azure/front-door", "aws/aurora"]) {
      const { text } = said((io) => catalogShow(type, {}, io));
      expect(text.split("\n\n")[0]).toMatch(/^\S.*\.$/s);
      expect(widest(text)).toBeLessThanOrEqual(100);
    }
  });

  test("writes what nobody bounds as null, and the text beside the file", () => {
    const { text, files } = said((io) =>
      catalogShow("azure/service-bus", { from: "norwayeast", to: ["swedencentral"], json: "a.json" }, io),
    );
    expect(text).toMatch(/^Azure Service Bus from azure\/norwayeast to azure\/swedencentral: /);
    const answer = JSON.parse(files["a.json"] ?? "") as ShowJson;
    expect(answer.methods.find(({ id }) => id === "geo-disaster-recovery")?.rpoSeconds?.worst).toBeNull();
  });

  test("takes a setting that is given, and says which are asked for while it is not", () => {
    const geo = (set: readonly string[]): ShowJson["methods"][number] | undefined => {
      const { text } = said((io) =>
        catalogShow("azure/service-bus", { from: "norwayeast", to: ["swedencentral"], set, json: "-" }, io),
      );
      return (JSON.parse(text) as ShowJson).methods.find(({ id }) => id === "geo-replication");
    };
    expect(geo([])).toMatchObject({ possible: true, requires: ["tier is premium"] });
    expect(geo(["tier=premium"])?.requires).toBeUndefined();
    expect(geo(["tier=standard"])).toMatchObject({ possible: false });
  });

  test("refuses what nobody can mean, with the nearest word", () => {
    const io: CatalogIo = { out: () => {}, writeFile: () => {}, color: false };
    const refusal = (run: () => void): string => {
      try {
        run();
      } catch (error) {
        if (error instanceof WrongWord) return `${error.exitCode} ${error.message}`;
      }
      return "";
    };
    expect(refusal(() => catalogShow("keyvalt", {}, io))).toMatch(/^2 .*did you mean azure\/key-vault\?/);
    expect(refusal(() => catalogShow("postgresql", { from: "norwayest" }, io))).toMatch(/did you mean norwayeast\?/);
    expect(refusal(() => catalogShow("postgresql", { to: ["norwayeast"] }, io))).toMatch(/--from/);
    expect(refusal(() => catalogShow("azure/service-bus", { set: ["tier=premum"] }, io))).toMatch(
      /did you mean premium\?/,
    );
    expect(refusal(() => catalogShow("azure/service-bus", { set: ["teir=premium"] }, io))).toMatch(
      /did you mean tier\?/,
    );
    expect(refusal(() => catalogShow("azure/service-bus", { set: ["premium"] }, io))).toMatch(/NAME=VALUE/);
    expect(refusal(() => catalogList({ area: "dta" }, io))).toMatch(/did you mean data\?/);
    expect(refusal(() => catalogRegions({ from: "norwayeast", residency: "Norway" }, io))).toMatch(/ISO codes/);
    expect(refusal(() => catalogRegions({ from: "norwayeast", provider: "ibm" }, io))).toMatch(/azure, aws or gcp/);
  });
});

describe("names", () => {
  test.each([
    ["norwayeast", "azure/norwayeast"],
    ["azure/norwayeast", "azure/norwayeast"],
    ["Norway East", "azure/norwayeast"],
    ["EU-NORTH-1", "aws/eu-north-1"],
    ["europe-north1", "gcp/europe-north1"],
  ])("%s is %s", (text, at) => {
    expect(regionNamed(text).at).toBe(at);
  });

  test("a place of one's own is a location, and a short type is the one that has the name", () => {
    expect([locationNamed("site/cellar"), locationNamed("unknown")]).toEqual(["site/cellar", "unknown"]);
    expect([typeNamed("key-vault"), typeNamed("KeyVault"), typeNamed("postgresql")]).toEqual([
      "azure/key-vault",
      "azure/key-vault",
      "postgresql",
    ]);
    expect(() => typeNamed("load-balancer")).toThrow(/azure\/load-balancer or aws\/load-balancer/);
  });
});

describe("catalog regions", () => {
  test("leads with the best one and with the pair and its direction", () => {
    const text = (from: string): string => said((io) => catalogRegions({ from }, io)).text;
    expect(text("polandcentral")).toMatch(/^For azure\/polandcentral, azure\/austriaeast is the best of \d+ regions/);
    expect(text("polandcentral")).toMatch(/has no region pair/);
    expect(text("brazilsouth").replaceAll("\n", " ")).toMatch(/southcentralus does not lead back to brazilsouth\./);
    expect(text("aws/eu-north-1")).toMatch(/aws\/eu-central-1 is the best/);
    expect(text("gcp/europe-north1")).toMatch(/Google Cloud region picker/);
    for (const from of ["polandcentral", "brazilsouth", "aws/eu-north-1", "gcp/europe-north1"]) {
      expect(widest(text(from))).toBeLessThanOrEqual(100);
    }
  });

  test("shows the region's own pair however far down it is", () => {
    const { text } = said((io) => catalogRegions({ from: "norwayeast", limit: 2 }, io));
    expect(text).toMatch(/^azure\/norwaywest .* pair /m);
  });

  test("says so when nothing fits", () => {
    const { text } = said((io) => catalogRegions({ from: "polandcentral", geography: true }, io));
    expect(text).toMatch(/^No region fits for azure\/polandcentral\./);
  });
});

test("catalog list names every type once, by area, within a hundred columns", () => {
  const { text } = said((io) => catalogList({}, io));
  expect(text).toMatch(/^\d+ service types, with \d+ ways/);
  expect(text.match(/^ {2}postgresql /gm)).toHaveLength(1);
  expect(widest(text)).toBeLessThanOrEqual(100);
  const { text: one } = said((io) => catalogList({ area: "security", json: "-" }, io));
  const { types } = JSON.parse(one) as { types: readonly { area: string }[] };
  expect(new Set(types.map(({ area }) => area))).toEqual(new Set(["security"]));
});
