// Every rule, by a system that keeps it and the same system with one thing changed. A rule without a row here fails the last test.

import { describe, expect, test } from "vitest";
import { knowledge } from "../../src/catalog/knowledge.ts";
import { assess } from "../../src/core/assess/assess.ts";
import { rules } from "../../src/core/assess/rules/table.ts";
import type { AssessReport } from "../../src/core/model/assess-report.ts";
import { parseManifest } from "../../src/manifest/parse.ts";

const sound = `
version: 1
system: base
regions:
  north: { at: azure/westeurope, account: production }
  south: { at: azure/northeurope, account: second }
  watch: { at: azure/francecentral, witness: true }
objectives: { rto: 4h, rpo: 2d, residency: [NL, IE] }
assumptions: { detection: 30s, approval: 5m }
costs: { currency: EUR, budgetPerMonth: 100000 }
groups:
  shop:
    primary: [north, south]
    pattern: active-passive
    failover: automatic
    drills: { clean: 3, last: 2026-11-01, every: 90d }
services:
  orders:
    type: azure/sql-database
    group: shop
    replication: { method: failover-group }
    settings: { tier: business-critical }
    cost: 400
    volume: { size: 100GiB, changePerDay: 2GiB }
    copies: [{ name: vault, in: south, account: vault, every: 1d, transfer: 1h, keep: 30d, restore: { provision: 1h, rate: 100MiB/s, restart: 10m } }]
    in: { north: {}, south: {} }
  queue:
    type: azure/service-bus
    group: shop
    replication: { method: geo-replication }
    settings: { tier: premium, sessions: true, maxReplicationLagSeconds: 300 }
    cost: 100
    copies: [{ name: store, in: south, account: vault, every: 1d, transfer: 1h, keep: 30d, restore: { provision: 1h, rate: 100MiB/s, restart: 10m } }]
    in: { north: {}, south: {} }
  web:
    type: azure/app-service
    group: shop
    needs: [orders, queue]
    replicas: { primary: 2, standby: 2 }
    settings: { fileState: none, tier: premium }
    cost: 300
    health: { deep: true }
    in: { north: {}, south: {} }
  front: { type: http, group: shop, needs: [web], access: routed, health: { deep: true }, replicas: { primary: 2, standby: 2 }, in: { north: {}, south: {} } }
  flow:
    type: azure/logic-app
    group: shop
    settings: { hostType: multitenant, inputs: kept }
    needs: [partners, mailbox, gateway, queue]
    in: { north: {}, south: {} }
  partners:
    type: azure/integration-account
    group: shop
    settings: { tier: standard, protocol: as2, duplicateCheck: true }
    in: { north: {}, south: {} }
  mailbox:
    type: azure/api-connection
    group: shop
    in: { north: {}, south: {} }
  gateway:
    type: azure/data-gateway
    group: shop
    in: { north: {}, south: {} }
  logs:
    type: azure/log-analytics
    settings: { tables: analytics, uses: logs }
    in: { north: {}, south: {} }
  watchdog:
    type: azure/logic-app
    settings: { hostType: multitenant }
    watches: { region: north, every: 1m }
    in: { south: {} }
routes:
  shop.example.com: { to: front, policy: priority, ttl: 30s }
jobs:
  nightly: { trigger: { recurrence: "0 2 * * *" }, call: POST http://flow/nightly }
  mail: { trigger: { polling: 1m, state: client }, call: POST http://flow/mail }
  partner: { trigger: { webhook: true }, call: POST http://flow/partner }
  messages: { trigger: { queue: queue }, ordered: true, roles: active-active, call: POST http://flow/messages }
`;

type Change = readonly (readonly [from: string, to: string])[];

/** What breaks each rule, and a word of the finding that this must bring. */
const breaks: Readonly<Record<string, { readonly change: Change; readonly says: string }>> = {
  "loss-not-survived": {
    change: [
      ["front: { type: http, group: shop, needs: [web],", "front: { type: http, group: shop, needs: [web, licence],"],
      ["  flow:\n", "  licence: { type: http, in: { north: {} } }\n  flow:\n"],
    ],
    says: "north",
  },
  "rto-missed": { change: [["rto: 4h", "rto: 2m"]], says: "north" },
  "rpo-missed": { change: [["rpo: 2d", "rpo: 1ms"]], says: "north" },
  "single-region-dependency": {
    change: [
      ["needs: [web],", "needs: [web, licence],"],
      ["  flow:\n", "  licence: { type: http, in: { north: {} } }\n  flow:\n"],
    ],
    says: "licence",
  },
  "change-reaches-everywhere": {
    change: [["type: azure/app-service\n", "type: azure/app-service\n    changes: everywhere\n"]],
    says: "web",
  },
  "switch-needs-lost-region": {
    change: [
      ["type: azure/app-service\n", "type: azure/app-service\n    startNeeds: [images]\n"],
      ["  flow:\n", "  images: { type: http, in: { north: {} } }\n  flow:\n"],
    ],
    says: "web",
  },
  "over-budget": { change: [["budgetPerMonth: 100000", "budgetPerMonth: 100"]], says: "100" },
  "unknown-location": { change: [["azure/francecentral", "unknown"]], says: "watch" },
  "zones-taken-for-regions": { change: [["azure/northeurope", "azure/westeurope"]], says: "westeurope" },
  "pair-one-way": {
    change: [
      ["azure/westeurope", "azure/brazilsouth"],
      ["azure/northeurope", "azure/southcentralus"],
      [
        "type: azure/service-bus\n    group: shop\n    replication: { method: geo-replication }\n    settings: { tier: premium, sessions: true, maxReplicationLagSeconds: 300 }",
        "type: azure/blob-storage\n    group: shop\n    replication: { method: geo-redundant }",
      ],
      [", residency: [NL, IE]", ""],
      ["trigger: { queue: queue }, ordered: true", "trigger: { queue: queue }"],
    ],
    says: "paired with",
  },
  "pair-missing": {
    change: [
      ["azure/northeurope", "azure/swedencentral"],
      [
        "type: azure/service-bus\n    group: shop\n    replication: { method: geo-replication }\n    settings: { tier: premium, sessions: true, maxReplicationLagSeconds: 300 }",
        "type: azure/blob-storage\n    group: shop\n    replication: { method: geo-redundant }",
      ],
      ["trigger: { queue: queue }, ordered: true", "trigger: { queue: queue }"],
    ],
    says: "westeurope",
  },
  "regions-too-near": {
    change: [
      ["azure/westeurope", "azure/uaenorth"],
      ["azure/northeurope", "azure/uaecentral"],
    ],
    says: "km",
  },
  "region-restricted": { change: [["azure/northeurope", "azure/francesouth"]], says: "francesouth" },
  residency: { change: [["[NL, IE]", "[NL]"]], says: "south" },
  "residency-unknown": { change: [["azure/northeurope", "site/cellar"]], says: "south" },
  "method-ruled-out": { change: [["tier: premium, sessions", "tier: standard, sessions"]], says: "queue" },
  "loss-unbounded": {
    change: [["settings: { fileState: none, tier: premium }", "settings: { fileState: home, tier: premium }"]],
    says: "web",
  },
  "method-unverified": {
    change: [["tier: standard, protocol: as2, duplicateCheck: true", "tier: standard, protocol: as2"]],
    says: "partners",
  },
  "data-in-one-region": {
    change: [
      [
        "copies: [{ name: vault, in: south, account: vault, every: 1d, transfer: 1h, keep: 30d, restore: { provision: 1h, rate: 100MiB/s, restart: 10m } }]\n    in: { north: {}, south: {} }",
        "in: { north: {} }",
      ],
    ],
    says: "orders",
  },
  "data-without-group": {
    change: [["    type: azure/sql-database\n    group: shop\n", "    type: azure/sql-database\n"]],
    says: "orders",
  },
  "direct-clients-async-automatic": {
    change: [["type: azure/sql-database\n", "type: azure/sql-database\n    access: direct\n"]],
    says: "orders",
  },
  "active-active-single-writer": {
    change: [
      ["pattern: active-passive", "pattern: active-active"],
      ["policy: priority", "policy: performance"],
    ],
    says: "orders",
  },
  "write-conflicts": {
    change: [
      ["pattern: active-passive", "pattern: active-active"],
      ["policy: priority", "policy: performance"],
      ["type: azure/sql-database", "type: azure/cosmos-db"],
      ["{ method: failover-group }\n    settings: { tier: business-critical }", "{ method: write-regions }"],
    ],
    says: "orders",
  },
  "stateful-set-holds-data": {
    change: [
      ["type: azure/sql-database", "type: kubernetes/stateful-set"],
      ["{ method: failover-group }\n    settings: { tier: business-critical }", "{ method: application-replication }"],
    ],
    says: "orders",
  },
  "cloud-tiering-on": {
    change: [
      [
        "type: azure/service-bus\n    group: shop\n    replication: { method: geo-replication }\n    settings: { tier: premium, sessions: true, maxReplicationLagSeconds: 300 }",
        "type: azure/file-sync\n    group: shop\n    settings: { cloudTiering: true }",
      ],
      ["trigger: { queue: queue }, ordered: true", "trigger: { queue: queue }"],
    ],
    says: "queue",
  },
  "account-holds-every-copy": {
    change: [
      ["account: second", "account: production"],
      [
        "in: south, account: vault, every: 1d, transfer: 1h, keep: 30d, restore: { provision: 1h, rate: 100MiB/s, restart: 10m } }]\n    in: { north: {}, south: {} }\n  queue",
        "in: south, every: 1d, transfer: 1h, keep: 30d, restore: { provision: 1h, rate: 100MiB/s, restart: 10m } }]\n    in: { north: {}, south: {} }\n  queue",
      ],
    ],
    says: "orders",
  },
  "no-copy-outside": {
    change: [
      [
        "    copies: [{ name: vault, in: south, account: vault, every: 1d, transfer: 1h, keep: 30d, restore: { provision: 1h, rate: 100MiB/s, restart: 10m } }]\n",
        "",
      ],
    ],
    says: "orders",
  },
  "backup-beside-data": {
    change: [
      [
        "copies: [{ name: vault, in: south, account: vault, every: 1d, transfer: 1h, keep: 30d, restore: { provision: 1h, rate: 100MiB/s, restart: 10m } }]\n    in: { north: {}, south: {} }",
        "copies: [{ name: vault, in: north, account: vault, every: 1d, transfer: 1h, keep: 30d }]\n    in: { north: {} }",
      ],
    ],
    says: "orders",
  },
  "group-in-one-region": { change: [["primary: [north, south]", "primary: [north]"]], says: "shop" },
  "missing-on-standby": {
    change: [
      [
        "type: azure/logic-app\n    group: shop\n    settings: { hostType: multitenant, inputs: kept }\n    needs: [partners, mailbox, gateway, queue]\n    in: { north: {}, south: {} }",
        "type: kubernetes/deployment\n    group: shop\n    in: { north: {} }",
      ],
    ],
    says: "flow",
  },
  "pattern-without-standby": {
    change: [
      ["pattern: active-passive", "pattern: warm-standby"],
      ["deep: true }, replicas: { primary: 2, standby: 2 }", "deep: true }, replicas: { primary: 2, standby: 0 }"],
    ],
    says: "front",
  },
  "standby-must-grow": {
    change: [
      ["deep: true }, replicas: { primary: 2, standby: 2 }", "deep: true }, replicas: { primary: 2, standby: 1 }"],
    ],
    says: "front",
  },
  "start-circle": {
    change: [["type: azure/sql-database\n", "type: azure/sql-database\n    startNeeds: [web]\n"]],
    says: "orders needs web needs orders",
  },
  "never-drilled": {
    change: [["drills: { clean: 3, last: 2026-11-01, every: 90d }", "drills: { clean: 0 }"]],
    says: "shop",
  },
  "drill-overdue": { change: [["last: 2026-11-01", "last: 2026-01-01"]], says: "324 days" },
  "recurrence-active-active": {
    change: [
      [
        'nightly: { trigger: { recurrence: "0 2 * * *" },',
        'nightly: { trigger: { recurrence: "0 2 * * *" }, roles: active-active,',
      ],
    ],
    says: "nightly",
  },
  "schedule-not-split": { change: [['"0 2 * * *"', '"*/10 * * * *"']], says: "nightly" },
  "webhook-active-active": {
    change: [
      ["partner: { trigger: { webhook: true },", "partner: { trigger: { webhook: true }, roles: active-active,"],
    ],
    says: "partner",
  },
  "polling-client-state-active-active": {
    change: [
      [
        "mail: { trigger: { polling: 1m, state: client },",
        "mail: { trigger: { polling: 1m, state: client }, roles: active-active,",
      ],
    ],
    says: "mail",
  },
  "ordered-without-sessions": { change: [["sessions: true", "sessions: false"]], says: "messages" },
  "integration-account-elsewhere": {
    change: [
      ["duplicateCheck: true }\n    in: { north: {}, south: {} }", "duplicateCheck: true }\n    in: { north: {} }"],
    ],
    says: "partners",
  },
  "connection-shared": {
    change: [
      [
        "type: azure/api-connection\n    group: shop\n    in: { north: {}, south: {} }",
        "type: azure/api-connection\n    group: shop\n    in: { north: {} }",
      ],
    ],
    says: "mailbox",
  },
  "gateway-elsewhere": {
    change: [
      [
        "type: azure/data-gateway\n    group: shop\n    in: { north: {}, south: {} }",
        "type: azure/data-gateway\n    group: shop\n    in: { north: {} }",
      ],
    ],
    says: "gateway",
  },
  "host-type-differs": {
    change: [
      [
        "needs: [partners, mailbox, gateway, queue]\n    in: { north: {}, south: {} }",
        "needs: [partners, mailbox, gateway, queue]\n    in: { north: {}, south: { settings: { hostType: single-tenant } } }",
      ],
    ],
    says: "flow",
  },
  "health-answers-asynchronously": {
    change: [["cost: 300\n    health: { deep: true }", "cost: 300\n    health: { deep: true, answers: asynchronous }"]],
    says: "web",
  },
  "shallow-health-check": {
    change: [["access: routed, health: { deep: true }", "access: routed, health: { deep: false }"]],
    says: "front",
  },
  "watchdog-in-watched-region": {
    change: [["every: 1m }\n    in: { south: {} }", "every: 1m }\n    in: { north: {} }"]],
    says: "watchdog",
  },
  "watchdog-slower-than-rto": { change: [["region: north, every: 1m", "region: north, every: 5h"]], says: "watchdog" },
  "nobody-watches": { change: [["  watch: { at: azure/francecentral, witness: true }\n", ""]], says: "shop" },
  "witness-shares-place": { change: [["azure/francecentral", "azure/westeurope"]], says: "watch" },
  "observability-in-one-region": {
    change: [["uses: logs }\n    in: { north: {}, south: {} }", "uses: logs }\n    in: { north: {} }"]],
    says: "logs",
  },
  "origin-reachable-past-front": { change: [["access: routed", "access: direct"]], says: "front" },
  "ttl-beyond-rto": { change: [["ttl: 30s", "ttl: 5h"]], says: "shop.example.com" },
  "clients-ignore-ttl": { change: [["ttl: 30s }", "ttl: 30s, stubborn: 0.02 }"]], says: "2 %" },
  "policy-contradicts-pattern": { change: [["policy: priority", "policy: weighted"]], says: "weighted" },
  "accepted-nothing": {
    change: [["version: 1", "version: 1\naccepted: [{ rule: ttl-beyond-rto, why: gone }]"]],
    says: "ttl-beyond-rto",
  },
  "gateway-single-installation": {
    change: [["type: azure/data-gateway\n", "type: azure/data-gateway\n    settings: { installations: single }\n"]],
    says: "gateway",
  },
  "region-unwatched": {
    change: [
      ["assumptions: { detection: 30s, approval: 5m }", "assumptions: { approval: 5m }"],
      ["watches: { region: north, every: 1m }", "watches: { region: south, every: 1m }"],
    ],
    says: "shop",
  },
  "request-not-distributed": {
    change: [['  nightly: { trigger: { recurrence: "0 2 * * *" },', "  nightly: { trigger: { request: true },"]],
    says: "nightly",
  },
  "runs-not-recorded": {
    change: [
      [
        "  logs:\n    type: azure/log-analytics\n    settings: { tables: analytics, uses: logs }\n    in: { north: {}, south: {} }\n",
        "",
      ],
    ],
    says: "history",
  },
  "no-route": {
    change: [["routes:\n  shop.example.com: { to: front, policy: priority, ttl: 30s }\n", ""]],
    says: "route",
  },
};

/** What the sound system has already, and what takes it away. */
const mends: Readonly<Record<string, { readonly change: Change; readonly says: string }>> = {
  "quota-to-verify": { change: [["azure/northeurope", "site/cellar"]], says: "south" },
  "runs-abandoned": {
    change: [
      [
        "needs: [partners, mailbox, gateway, queue]\n    in: { north: {}, south: {} }",
        "needs: [partners, mailbox, gateway, queue]\n    in: { north: {} }",
      ],
    ],
    says: "flow",
  },
  "cheaper-pattern": { change: [["pattern: active-passive", "pattern: pilot-light"]], says: "pilot-light" },
};

function changed(change: Change): string {
  return change.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`the sound system has no ${from}`);
    return text.replace(from, to);
  }, sound);
}

function assessed(text: string): AssessReport {
  const parsed = parseManifest(text, { file: "base.yaml" });
  if (parsed.kind === "bad") throw new Error(JSON.stringify(parsed.problems, undefined, 1));
  return assess(parsed.system, knowledge(), { today: "2026-11-21" });
}

const said = (report: AssessReport, rule: string): readonly string[] =>
  report.findings.filter((finding) => finding.rule === rule).map((finding) => finding.message);

describe("each rule", () => {
  const before = assessed(sound);
  for (const [rule, { change, says }] of Object.entries(breaks)) {
    test(`${rule} holds its tongue over a sound system and speaks when one thing is changed`, () => {
      const old = new Set(said(before, rule));
      const found = said(assessed(changed(change)), rule).filter((message) => !old.has(message));
      expect([...old]).toEqual([]);
      expect(found.join("\n")).toContain(says);
      expect(found.length).toBeGreaterThan(0);
    });
  }
  for (const [rule, { change, says }] of Object.entries(mends)) {
    test(`${rule} is said of the system, and no longer when it is mended`, () => {
      expect(said(before, rule).join("\n")).toContain(says);
      expect(said(assessed(changed(change)), rule).join("\n")).not.toContain(says);
    });
  }

  test("shared-fate names what both sides have been made to share", () => {
    const change: Change = [
      ["account: production }", "account: production, shares: [power/grid-2] }"],
      ["account: second }", "account: second, shares: [power/grid-2] }"],
    ];
    expect(said(before, "shared-fate").join("\n")).not.toContain("power/grid-2");
    expect(said(assessed(changed(change)), "shared-fate").join("\n")).toContain("power/grid-2");
  });

  test("stands here", () => {
    expect(["shared-fate", ...Object.keys(breaks), ...Object.keys(mends)].sort()).toEqual(
      rules.map((rule) => rule.id).sort(),
    );
  });

  test("has an id of its own, gives its reason in sentences, and names its source", () => {
    expect(new Set(rules.map((rule) => rule.id)).size).toBe(rules.length);
    for (const rule of rules) {
      expect(rule.id).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(rule.why.split(". ").length, rule.id).toBeGreaterThan(1);
      expect(rule.source.title.length, rule.id).toBeGreaterThan(10);
      expect(rule.source.asOf, rule.id).toMatch(/^\d{4}-\d{2}-\d{2}$/);
    }
  });
});

test("an accepted finding stays, with the reason, and counts for nothing until its day is over", () => {
  const accept = (until: string) =>
    assessed(
      `${changed([["ttl: 30s", "ttl: 5h"]])}accepted: [{ rule: ttl-beyond-rto, of: shop.example.com, why: told the partners, until: ${until} }]\n`,
    );
  const finding = (report: AssessReport) => report.findings.find((one) => one.rule === "ttl-beyond-rto");
  expect(finding(accept("2027-01-01"))).toMatchObject({ severity: "error", accepted: "told the partners" });
  expect(finding(accept("2026-11-20"))?.accepted).toBeUndefined();
});
