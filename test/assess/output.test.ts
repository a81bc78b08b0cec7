// What people and pipelines get: the terminal, the page, SARIF, JSON, the exit code.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AssessFlags, assessFiles } from "../../src/cli/assess.ts";
import { explain } from "../../src/cli/explain.ts";
import type { AssessReport } from "../../src/core/model/assess-report.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "leeward-assess-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const sound = `version: 1
system: small
regions:
  north: { at: azure/westeurope }
  south: { at: azure/northeurope }
  watch: { at: azure/francecentral, witness: true }
objectives: { rto: 1h, rpo: 1h }
assumptions: { detection: 30s, approval: 1m }
groups:
  all: { primary: [north, south], pattern: active-passive, failover: approve }
services:
  web: { type: http, group: all, replicas: { primary: 1, standby: 1 }, in: { north: {}, south: {} } }
routes:
  small.example.com: { to: web, ttl: 30s }
`;

type Ran = { readonly exit: number; readonly out: string; readonly err: string };

function run(texts: readonly string[], flags: AssessFlags = {}): Ran {
  const files = texts.map((text, index) => {
    const file = join(folder, `manifest-${index}.yaml`);
    writeFileSync(file, text);
    return file;
  });
  const said = { out: "", err: "" };
  const exit = assessFiles(files, flags, {
    out: (text) => {
      said.out += text;
    },
    err: (text) => {
      said.err += text;
    },
    color: false,
    today: "2026-11-21",
    version: "1.2.3",
  });
  return { exit, ...said };
}

const written = (
  flag: "json" | "html" | "sarif",
  texts: readonly string[],
): { readonly text: string; readonly ran: Ran } => {
  const file = join(folder, `report.${flag}`);
  const ran = run(texts, { [flag]: file });
  return { text: readFileSync(file, "utf8"), ran };
};

describe("the exit code", () => {
  test("is 0 where the objectives are met", () => {
    expect(run([sound])).toMatchObject({ exit: 0, err: "" });
  });

  test("is 1 where they are not, with the region and the part that breaks them", () => {
    const ran = run([sound.replace("rto: 1h", "rto: 30s")]);
    expect(ran.exit).toBe(1);
    expect(ran.out.split("\n")[0]).toMatch(
      /^small survives the loss of any one region, but not within its objectives: when north/,
    );
  });

  test("is 1 where a finding is as grave as was asked, though the objectives are met", () => {
    const warned = sound.replace("ttl: 30s", "ttl: 30s, stubborn: 0.1");
    expect(run([warned]).exit).not.toBe(2);
    expect(run([warned], { failOn: "error" }).exit).toBe(run([warned]).exit);
    expect(run([warned], { failOn: "warning" }).exit).toBe(1);
  });

  test("is 2 where a manifest cannot be read, and the others are assessed all the same", () => {
    const ran = run([sound, "version: 2\n"]);
    expect(ran.exit).toBe(2);
    expect(ran.out).toContain("small");
    expect(ran.err).toContain("manifest-1.yaml cannot be assessed");
  });

  test("is 3 where a report cannot be written, and says where", () => {
    const ran = run([sound], { json: join(folder, "no", "such", "folder.json") });
    expect(ran.exit).toBe(3);
    expect(ran.err).toContain("could not be written");
  });

  test("is 0 again where somebody has accepted what is missed, and the first sentence says so", () => {
    const accepted = `${sound.replace("rto: 1h", "rto: 30s")}accepted: [{ rule: rto-missed, of: north, why: agreed with the shops }, { rule: ttl-beyond-rto, why: short enough }]\n`;
    const ran = run([accepted]);
    expect(ran.exit).toBe(0);
    expect(ran.out.replaceAll("\n", " ")).toMatch(
      /but for what was accepted: when north is lost, .*\(agreed with the shops\)/,
    );
  });

  test("is 4 where nobody can say", () => {
    expect(run([sound.replace("azure/northeurope", "unknown")]).exit).toBe(4);
  });
});

describe("the JSON", () => {
  test("is one report for one file and a list for several, each finding with its place", () => {
    const one = JSON.parse(written("json", [sound]).text) as AssessReport;
    expect(one).toMatchObject({ version: 1, system: "small", verdict: "meets", objectives: { rtoSeconds: 3_600 } });
    for (const finding of one.findings) {
      expect(finding.at).toMatchObject({ file: join(folder, "manifest-0.yaml") });
      expect(finding.at?.line).toBeGreaterThan(0);
    }
    expect(JSON.parse(written("json", [sound, sound]).text)).toHaveLength(2);
  });

  test("has null where nobody bounds a time", () => {
    const text = sound
      .replace("http, group: all,", "http, group: all, needs: [once],")
      .replace("routes:", "  once: { type: http, in: { north: {} } }\nroutes:");
    const { losses } = JSON.parse(written("json", [text]).text) as AssessReport;
    expect(losses[0]).toMatchObject({ region: "north", survives: false, rtoSeconds: { expected: null, worst: null } });
  });
});

describe("SARIF", () => {
  type Result = {
    ruleId: string;
    ruleIndex: number;
    level: string;
    suppressions?: readonly unknown[];
    locations: unknown[];
  };
  type Log = {
    version: string;
    runs: { tool: { driver: { name: string; semanticVersion: string; rules: { id: string }[] } }; results: Result[] }[];
  };

  test("has every finding at its place under its rule, and suppresses what is accepted", () => {
    const text = `${sound.replace("ttl: 30s", "ttl: 2h")}accepted: [{ rule: ttl-beyond-rto, why: the partners know }]\n`;
    const log = JSON.parse(written("sarif", [text]).text) as Log;
    const [run] = log.runs;
    expect(log.version).toBe("2.1.0");
    expect(run?.tool.driver).toMatchObject({ name: "leeward", semanticVersion: "1.2.3" });
    expect(run?.results.length).toBeGreaterThan(2);
    for (const result of run?.results ?? []) {
      expect(run?.tool.driver.rules[result.ruleIndex]?.id).toBe(result.ruleId);
      expect(result.locations).toHaveLength(1);
      expect(["error", "warning", "note"]).toContain(result.level);
    }
    const accepted = run?.results.filter((result) => result.suppressions !== undefined) ?? [];
    expect(accepted.map((result) => result.ruleId)).toEqual(["ttl-beyond-rto"]);
    expect(accepted[0]?.suppressions).toEqual([{ kind: "inSource", justification: "the partners know" }]);
  });
});

describe("the page", () => {
  test("leads with the verdict, has map, chain and graph, and needs nothing from anywhere", () => {
    const { text } = written("html", [sound]);
    const body = text.slice(text.indexOf("<main>"));
    expect(body.indexOf("within its objectives")).toBeLessThan(body.indexOf("Where it lives"));
    for (const picture of ['class="map"', 'class="chain"', 'class="graph"']) expect(body).toContain(picture);
    for (const region of ["north", "south", "watch (witness)"]) expect(body).toContain(region);
    expect(text).not.toMatch(/<script|<link|<img|<iframe|\son[a-z]+=|src=|href=|url\((?!#)/);
    expect(text).toContain("default-src 'none'");
    expect(text).not.toMatch(/undefined|NaN|\[object/);
  });

  test("shows a reason from a manifest as text, whatever it holds", () => {
    const why = "<img src=x onerror=alert(1)> & </td>";
    const text = `${sound.replace("ttl: 30s", "ttl: 2h")}accepted: [{ rule: ttl-beyond-rto, why: "${why}" }]\n`;
    const page = written("html", [text]).text;
    expect(page).not.toContain("<img");
    expect(page).toContain("&lt;img src=x");
  });
});

describe("the terminal", () => {
  test("never has a line longer than 100 columns, whatever is shown", () => {
    for (const all of [true, false]) {
      const lines = run([sound.replace("rto: 1h", "rto: 10s")], { all }).out.split("\n");
      expect(lines.filter((line) => [...line].length > 100)).toEqual([]);
      expect(lines.length).toBeGreaterThan(20);
    }
  });
});

describe("leeward explain", () => {
  const ask = (rule?: string) => {
    let [out, err] = ["", ""];
    const exit = explain(rule, {
      out: (text) => {
        out += text;
      },
      err: (text) => {
        err += text;
      },
      color: false,
      width: 100,
    });
    return { exit, out, err };
  };

  test("gives the reason, the way to mend it, the source and how to accept it", () => {
    const { exit, out } = ask("webhook-active-active");
    expect(exit).toBe(0);
    for (const part of [
      "webhook-active-active:",
      "Mend: ",
      "Source: ",
      "2025-01-06",
      "accepted: [{ rule: webhook-active-active",
    ]) {
      expect(out).toContain(part);
    }
  });

  test("lists every rule when none is named", () => {
    expect(ask().out).toContain("rto-missed");
  });

  test("knows what a mistyped rule was meant to be", () => {
    expect(ask("webhook-active-activ")).toMatchObject({
      exit: 2,
      err: expect.stringContaining("webhook-active-active"),
    });
  });
});
