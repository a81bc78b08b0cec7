// A method that does not exist between two regions puts nothing into the other one: then nobody takes over there, whatever else stands.

import { describe, expect, test } from "vitest";
import { knowledge } from "../../src/catalog/knowledge.ts";
import { assess } from "../../src/core/assess/assess.ts";
import type { AssessReport } from "../../src/core/model/assess-report.ts";
import { systemFrom } from "./world.ts";

type Parts = { readonly primary?: string; readonly docs?: string; readonly more?: string };

const geo = "replication: { method: geo-redundant }, settings: { redundancy: grs }";

/** Brazil South has South Central US as its pair, and South Central US has another. */
const oneWay = ({ primary = "[a, b]", docs = geo, more = "" }: Parts): AssessReport =>
  assess(
    systemFrom(`
version: 1
system: files
regions: { a: { at: azure/brazilsouth }, b: { at: azure/southcentralus } }
objectives: { rto: 24h, rpo: 24h }
groups: { main: { primary: ${primary}, pattern: active-passive, failover: manual } }
services:
  docs: { type: azure/blob-storage, group: main, ${docs}, in: { a: {}, b: {} } }
  app: { type: http, group: main, needs: [docs], in: { a: {}, b: {} } }
routes: { files.example.com: { to: app } }
${more}`),
    knowledge(),
    { today: "2026-11-21" },
  );

const lossOf = (report: AssessReport, region: string) => report.losses.find((loss) => loss.region === region);

describe("a method that is ruled out", () => {
  test("counts in the direction in which it exists", () => {
    expect(lossOf(oneWay({}), "a")).toMatchObject({ survives: true });
  });

  test("brings nothing to the other side, and the first sentence says so", () => {
    const report = oneWay({ primary: "[b, a]" });
    expect(lossOf(report, "b")).toMatchObject({ survives: false, rtoSeconds: { expected: Number.POSITIVE_INFINITY } });
    expect(report.verdict).toBe("fails");
    expect(report.summary).toBe(
      "files does not survive the loss of b: docs has no data in a: geo-redundant storage (GRS, GZRS) with account failover is not possible there, and no copy is left to restore from.",
    );
    expect(report.findings.map(({ rule }) => rule)).toContain("loss-not-survived");
  });

  test("leaves a copy elsewhere to restore from", () => {
    const copies = "copies: [{ name: nightly, in: a, every: 1d, restore: { provision: 1h, restart: 1h } }]";
    const loss = lossOf(oneWay({ primary: "[b, a]", docs: `${geo}, ${copies}` }), "b");
    expect(loss).toMatchObject({ survives: true });
    expect(loss?.rtoTerms.map(({ what }) => what)).toContain("docs is restored from nightly");
    expect(loss?.rpoSeconds.worst).toBe(86_400);
  });

  test("is compared with one that is possible, where another pattern is considered", () => {
    const { patterns } = oneWay({ primary: "[b, a]" });
    const of = (name: string) => patterns.find(({ pattern }) => pattern === name)?.rtoSeconds.expected;
    expect(of("active-passive")).toBe(Number.POSITIVE_INFINITY);
    expect(of("pilot-light")).toBeLessThan(86_400);
  });

  test("counts again where somebody who knows better has accepted it", () => {
    const more = 'accepted: [{ rule: method-ruled-out, of: docs, why: "agreed with the provider" }]';
    expect(lossOf(oneWay({ primary: "[b, a]", more }), "b")).toMatchObject({ survives: true });
  });
});

test("a limit on the number of regions does not empty the one that would be used", () => {
  const report = assess(
    systemFrom(`
version: 1
system: three
regions: { a: { at: azure/westeurope }, b: { at: azure/northeurope }, c: { at: azure/swedencentral } }
groups: { main: { primary: [a, b, c], pattern: active-passive, failover: manual } }
services:
  bus: { type: azure/service-bus, group: main, replication: { method: geo-replication }, settings: { tier: premium }, in: { a: {}, b: {}, c: {} } }
`),
    knowledge(),
    { today: "2026-11-21" },
  );
  expect(report.findings.map(({ rule }) => rule)).toContain("method-ruled-out");
  expect(lossOf(report, "a")).toMatchObject({ survives: true });
});

test("data of which nobody says who is primary leaves the verdict open, and no patterns are compared without a group", () => {
  const report = assess(
    systemFrom(`
version: 1
system: loose
regions: { a: { at: azure/norwayeast }, b: { at: azure/swedencentral } }
services:
  orders: { type: postgresql, in: { a: {}, b: {} } }
`),
    knowledge(),
    { today: "2026-11-21" },
  );
  expect(report.verdict).toBe("unknown");
  expect(report.summary).toContain("orders keeps data in a and b");
  expect(report.patterns).toEqual([]);
});
