// Every example is parsed and assessed as a user would do it, and says exactly what its README says: the verdict, and each finding by rule
// and by the thing it is about. A finding more, or one fewer, is a change that readers of the examples would notice.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { knowledge } from "../../src/catalog/knowledge.ts";
import { assess } from "../../src/core/assess/assess.ts";
import { watchingRules } from "../../src/core/assess/rules/watching.ts";
import { workflowRules } from "../../src/core/assess/rules/workflow.ts";
import type { AssessReport, Finding } from "../../src/core/model/assess-report.ts";
import { readManifest } from "../../src/manifest/read.ts";

/** The day of the READMEs: on later days drills become overdue, and what was accepted until a day counts again. */
const today = "2026-11-21";

function assessed(name: string): AssessReport {
  const file = fileURLToPath(new URL(`../../examples/${name}/leeward.yaml`, import.meta.url));
  const read = readManifest(file);
  if (read.kind === "bad") throw new Error(read.problems.map((problem) => problem.message).join("\n"));
  return assess(read.system, knowledge(), { today });
}

/** What a finding is about: the service, else the last name in its path that is one. */
const about = (finding: Finding): string => finding.service ?? String(finding.path[1] ?? finding.path[0]);
const told = (findings: readonly Finding[]): readonly string[] =>
  findings.map((finding) => `${finding.rule} ${about(finding)}`).sort();

type Expected = {
  readonly verdict: AssessReport["verdict"];
  readonly open: readonly string[];
  readonly accepted: readonly string[];
};

const examples: Readonly<Record<string, Expected>> = {
  "aks-active-active": {
    verdict: "meets",
    open: ["shared-fate front-door", "shared-fate sign-in", "shared-fate system"],
    accepted: ["method-unverified firewall-rules", "quota-to-verify shop", "write-conflicts orders"],
  },
  "aks-active-passive": {
    verdict: "meets",
    open: [
      "cheaper-pattern groups",
      "shared-fate front-door",
      "shared-fate sign-in",
      "shared-fate system",
      "shared-fate system",
    ],
    accepted: ["method-unverified firewall-rules", "quota-to-verify booking"],
  },
  "aks-passive-cold": {
    verdict: "meets",
    open: ["account-holds-every-copy figures", "cheaper-pattern groups", "shared-fate system"],
    accepted: ["quota-to-verify portal"],
  },
  "logic-apps": {
    verdict: "meets",
    open: ["shared-fate system", "shared-fate system"],
    accepted: [
      "quota-to-verify one-at-a-time",
      "quota-to-verify shared-work",
      "quota-to-verify stores",
      "runs-abandoned prices",
      "shared-fate erp",
      "shared-fate mail",
      "shared-fate salesforce",
    ],
  },
  "logic-apps-broken": {
    verdict: "fails",
    open: [
      "connection-shared mailbox",
      "data-without-group orders-queue",
      "gateway-elsewhere erp-connection",
      "gateway-single-installation gateway",
      "health-answers-asynchronously health-check",
      "host-type-differs prices",
      "integration-account-elsewhere partner-edi",
      "loss-not-survived west",
      "method-ruled-out mailbox",
      "method-ruled-out order-worker",
      "method-ruled-out partner-events",
      "method-ruled-out prices",
      "never-drilled workflows",
      "no-route system",
      "observability-in-one-region workspace",
      "ordered-without-sessions orders",
      "polling-client-state-active-active new-mail",
      "quota-to-verify workflows",
      "recurrence-active-active prices-every-ten-minutes",
      "request-not-distributed partner-edi",
      "runs-abandoned prices",
      "schedule-not-split prices",
      "shallow-health-check health-check",
      "shared-fate erp",
      "shared-fate salesforce",
      "single-region-dependency orders-db",
      "watchdog-in-watched-region watchdog",
      "watchdog-slower-than-rto watchdog",
      "webhook-active-active crm-events",
    ],
    accepted: [],
  },
  nonpaired: {
    verdict: "unknown",
    open: [
      "loss-unbounded sessions",
      "rpo-missed rpo",
      "shared-fate front-door",
      "shared-fate system",
      "shared-fate system",
    ],
    accepted: [
      "account-holds-every-copy desktops",
      "method-unverified keys",
      "quota-to-verify back-office",
      "quota-to-verify claims",
    ],
  },
  shop: {
    verdict: "meets",
    open: ["cheaper-pattern groups", "shared-fate system"],
    accepted: ["no-copy-outside orders", "quota-to-verify storefront", "shallow-health-check web"],
  },
  "two-clouds": {
    verdict: "meets",
    open: [
      "shared-fate route53",
      "shared-fate system",
      "shared-fate system",
      "shared-fate system",
      "shared-fate traffic-manager",
    ],
    accepted: ["quota-to-verify planning", "quota-to-verify shop"],
  },
};

describe.each(Object.entries(examples))("examples/%s", (name, expected) => {
  const report = assessed(name);

  test(`${expected.verdict === "meets" ? "meets its objectives" : `gets the verdict "${expected.verdict}"`}`, () => {
    expect(report.verdict).toBe(expected.verdict);
  });

  test("has just these open findings", () => {
    expect(told(report.findings.filter((finding) => finding.accepted === undefined))).toEqual(expected.open);
  });

  test("has just these accepted findings, and accepts nothing that nobody says", () => {
    expect(told(report.findings.filter((finding) => finding.accepted !== undefined))).toEqual(expected.accepted);
  });

  test("names a source for each finding and each figure that comes from one", () => {
    for (const finding of report.findings) {
      expect(finding.source?.title, finding.rule).toBeTruthy();
      expect(finding.source?.asOf, finding.rule).toMatch(/^\d{4}-\d{2}-\d{2}$/);
    }
  });
});

// The shop has no README of its own: it is told in the one of the whole.
test.each(Object.keys(examples).filter((name) => name !== "shop"))(
  "the README of %s names each open finding",
  (name) => {
    const readme = readFileSync(new URL(`../../examples/${name}/README.md`, import.meta.url), "utf8");
    const rules = assessed(name).findings.flatMap(({ rule, accepted }) => (accepted === undefined ? [rule] : []));
    expect([...new Set(rules)].filter((rule) => !readme.includes(`\`${rule}\``))).toEqual([]);
  },
);

describe("the logic apps with the mistakes", () => {
  const found = new Set(assessed("logic-apps-broken").findings.map((finding) => finding.rule));

  test("are told of every rule for workflows", () => {
    expect(workflowRules.map((rule) => rule.id).filter((id) => !found.has(id))).toEqual([]);
  });

  test("are told of every rule on watching that a manifest without agents can break", () => {
    const other = ["nobody-watches", "region-unwatched", "witness-shares-place", "runs-not-recorded"];
    expect(watchingRules.map((rule) => rule.id).filter((id) => !found.has(id) && !other.includes(id))).toEqual([]);
  });

  test("have none of these in the version that is right", () => {
    const right = new Set(assessed("logic-apps").findings.map((finding) => finding.rule));
    const general = ["runs-abandoned"];
    expect(workflowRules.map((rule) => rule.id).filter((id) => right.has(id))).toEqual(general);
  });
});

describe("the two regions without a pair", () => {
  const report = assessed("nonpaired");

  /** Every service that the two documents name, by catalog id. */
  const named = [
    "azure/aks",
    "azure/api-management",
    "azure/app-service",
    "azure/backup",
    "azure/blob-storage",
    "azure/cache-for-redis",
    "azure/container-registry",
    "azure/cosmos-db",
    "azure/data-factory",
    "azure/data-lake-storage",
    "azure/event-grid",
    "azure/file-sync",
    "azure/files",
    "azure/iot-hub",
    "azure/key-vault",
    "azure/log-analytics",
    "azure/managed-hsm",
    "azure/mysql",
    "azure/netapp-files",
    "azure/postgresql",
    "azure/service-bus",
    "azure/site-recovery",
    "azure/sql-database",
    "azure/sql-managed-instance",
    "azure/virtual-desktop",
    "azure/virtual-machines",
  ];

  test("have every service of the two documents", () => {
    const types = new Set(report.services.map((service) => service.type));
    expect(named.filter((id) => !types.has(id))).toEqual([]);
  });

  test("count on a method for each that is possible there", () => {
    const lacking = report.services.filter(
      (service) => !service.possible.some((possible) => possible.method === service.method),
    );
    expect(lacking.map((service) => service.name)).toEqual([]);
  });

  test("are refused what rests on a pair", () => {
    const ruledOut = (name: string) =>
      report.services.find((service) => service.name === name)?.ruledOut.map((method) => method.method) ?? [];
    expect(ruledOut("documents")).toEqual(["geo-redundant", "geo-redundant-read"]);
    expect(ruledOut("lake")).toContain("object-replication");
    expect(ruledOut("models")).toEqual(["cross-region-replication"]);
    expect(ruledOut("secrets")).toContain("backup-restore");
    expect(ruledOut("cluster")).toEqual(["backup-cross-region-restore"]);
  });
});
