import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { System } from "../core/model/system.ts";
import { jsonSchemaText } from "./json-schema.ts";
import { type GoodManifest, parseManifest } from "./parse.ts";

const good = (text: string): GoodManifest => {
  const parsed = parseManifest(text, { file: "leeward.yaml" });
  if (parsed.kind === "bad") throw new Error(JSON.stringify(parsed.problems));
  return parsed;
};
const rulesOf = (text: string): readonly string[] => {
  const parsed = parseManifest(text, { file: "leeward.yaml" });
  return (parsed.kind === "ok" ? parsed.warnings : parsed.problems).map(
    (problem) => `${problem.severity} ${problem.rule} ${problem.line}`,
  );
};

const small = `version: 1
system: shop
regions:
  north: { at: azure/norwayeast }
  south: { at: azure/swedencentral }
  watch: { at: azure/westeurope, witness: true }
groups:
  storefront: { primary: [north, south] }
services:
  orders: { type: postgresql, group: storefront, in: { north: {}, south: {} } }
  web: { type: http, group: storefront, needs: [orders], in: { north: {}, south: {} } }
  mailer: { type: process, group: storefront, run: { command: [node, mailer.js] }, in: { north: {}, south: {} } }
  archive: { type: azure/blob-storage, in: { north: {} } }
`;

test("what is left out gets the value that the manual promises", () => {
  const { system, warnings } = good(small);
  expect(warnings).toEqual([]);
  expect(system.objectives).toEqual({ rtoMs: 300_000, rpoMs: 30_000, falseFailoverMs: 315_360_000_000, residency: [] });
  expect(system.groups).toEqual([
    {
      name: "storefront",
      primary: ["north", "south"],
      pattern: "warm-standby",
      failover: "approve",
      maxDataLossMs: 30_000,
      coolDownMs: 60_000,
    },
  ]);
  expect(system.control).toEqual({
    lease: { ttlMs: 2_200, renewEveryMs: 400, callTimeoutMs: 200, holdMs: 2_200, drift: 0.01 },
    probeEveryMs: 200,
    notify: [],
  });
  const service = (name: string) => system.services.find((known) => known.name === name);
  expect(service("orders")).toMatchObject({
    replication: { method: "streaming", mode: "async" },
    replicas: { primary: 1, standby: 1 },
  });
  expect(service("web")).toMatchObject({
    replicas: { primary: 1, standby: 1 },
    health: { path: "/healthz", everyMs: 200 },
  });
  expect(service("web")?.replication).toBeUndefined();
  expect(service("mailer")?.replicas).toEqual({ primary: 1, standby: 0 });
  expect(service("archive")?.group).toBeUndefined();
});

test("everything that can be written arrives in the model", () => {
  const { system } = good(`${small}
routes:
  shop.example.com: { to: web, policy: geographic, ttl: 5s, whenAllDown: closed }
jobs:
  a: { trigger: { recurrence: "*/5 0-6 * jan,feb mon", zone: Europe/Oslo }, call: POST http://web/a }
  b: { trigger: { polling: 1.5s }, call: GET http://web/b }
  c: { trigger: { queue: archive }, call: PUT http://web/c, group: storefront }
  d: { trigger: { webhook: true }, call: DELETE http://web }
  e: { trigger: { request: true }, call: PATCH http://web/e }
control:
  lease: { ttl: 5s, renewEvery: 1s, callTimeout: 300ms, hold: 6s, drift: 0.001 }
  probeEvery: 1s
  notify:
    - { webhook: "https://hooks.example.com/leeward", token: "file:secrets/hook" }
    - { command: [logger, -t, leeward] }
`);
  expect(system.routes).toEqual([
    { name: "shop.example.com", to: "web", policy: "geographic", ttlMs: 5_000, whenAllDown: "closed" },
  ]);
  expect(system.jobs.map((job) => job.trigger)).toEqual([
    { kind: "recurrence", cron: "*/5 0-6 * jan,feb mon", zone: "Europe/Oslo" },
    { kind: "polling", everyMs: 1_500 },
    { kind: "queue", service: "archive" },
    { kind: "webhook" },
    { kind: "request" },
  ]);
  expect(system.jobs.map((job) => job.group)).toEqual(Array(5).fill("storefront"));
  expect(system.control).toEqual({
    lease: { ttlMs: 5_000, renewEveryMs: 1_000, callTimeoutMs: 300, holdMs: 6_000, drift: 0.001 },
    probeEveryMs: 1_000,
    notify: [
      { kind: "webhook", url: "https://hooks.example.com/leeward", token: "file:secrets/hook" },
      { kind: "command", command: ["logger", "-t", "leeward"] },
    ],
  });
});

test("what only the assessment reads arrives too, and is not there when it is left out", () => {
  const { system } = good(`version: 1
system: shop
regions:
  north: { at: azure/norwayeast, zone: "1", account: prod, shares: [power/grid-2] }
  south: { at: azure/swedencentral }
assumptions: { outagesPerYear: 1, repair: 4h, commonCause: 0.05, coverage: 0.9, detection: 30s, approval: 15m }
costs: { currency: EUR, outagePerHour: 50000, lossPerHour: 5.5, falseFailover: 1, drill: 500, budgetPerMonth: 0 }
accepted: [{ rule: one-way, of: web, why: seen, until: 2027-01-01 }, { rule: two-way, why: seen }]
groups:
  g: { primary: [north, south], drills: { clean: 3, last: 2026-10-01, every: 90d } }
  h: { primary: [north, south], drills: {} }
services:
  web:
    type: http
    group: g
    startNeeds: [lone]
    access: direct
    changes: staged
    shares: [transit/telia]
    volume: { size: 40GiB, changePerDay: 2GiB }
    cost: 1200
    scaleUp: 5m
    watches: { region: north, every: 1m }
    copies:
      - { name: vault, in: site/vault, device: d, account: a, every: 4w, hold: 1h, transfer: 2d, keep: 52w, restore: { provision: 24h, rate: 100MiB/s, restart: 10m } }
      - { name: plain, in: north, every: 1d, restore: {} }
    health: { answers: asynchronous, deep: true }
    in: { north: {}, south: {} }
  lone: { type: http, in: { north: {} } }
routes:
  shop.example.com: { to: web, through: lone, stubborn: 0.05 }
jobs:
  j: { roles: active-active, split: true, ordered: false, trigger: { polling: 1m, state: server }, call: POST http://web/ }
`);
  expect(system.regions).toEqual([
    { name: "north", at: "azure/norwayeast", witness: false, zone: "1", account: "prod", shares: ["power/grid-2"] },
    { name: "south", at: "azure/swedencentral", witness: false },
  ]);
  expect(system.assumptions).toEqual({
    outagesPerYear: 1,
    repairMs: 14_400_000,
    commonCause: 0.05,
    coverage: 0.9,
    detectionMs: 30_000,
    approvalMs: 900_000,
  });
  expect(system.costs).toEqual({
    currency: "EUR",
    outagePerHour: 50_000,
    lossPerHour: 5.5,
    falseFailover: 1,
    drill: 500,
    budgetPerMonth: 0,
  });
  expect(system.accepted).toEqual([
    { rule: "one-way", of: "web", why: "seen", until: "2027-01-01" },
    { rule: "two-way", why: "seen" },
  ]);
  expect(system.groups.map((group) => group.drills)).toEqual([
    { clean: 3, last: "2026-10-01", everyMs: 7_776_000_000 },
    { clean: 0 },
  ]);
  expect(system.services[0]).toEqual({
    name: "web",
    type: "http",
    group: "g",
    needs: [],
    replicas: { primary: 1, standby: 1 },
    health: { path: "/healthz", everyMs: 200, answers: "asynchronous", deep: true },
    in: { north: {}, south: {} },
    startNeeds: ["lone"],
    access: "direct",
    changes: "staged",
    shares: ["transit/telia"],
    volume: { bytes: 42_949_672_960, changedBytesPerDay: 2_147_483_648 },
    costPerMonth: 1_200,
    scaleUpMs: 300_000,
    watches: { region: "north", everyMs: 60_000 },
    copies: [
      {
        name: "vault",
        in: "site/vault",
        device: "d",
        account: "a",
        everyMs: 2_419_200_000,
        holdMs: 3_600_000,
        transferMs: 172_800_000,
        keepMs: 31_449_600_000,
        restore: { provisionMs: 86_400_000, bytesPerSecond: 104_857_600, restartMs: 600_000 },
      },
      {
        name: "plain",
        in: "north",
        everyMs: 86_400_000,
        holdMs: 0,
        transferMs: 0,
        restore: { provisionMs: 0, restartMs: 0 },
      },
    ],
  });
  expect(Object.keys(system.services[1] ?? {})).toEqual(["name", "type", "needs", "replicas", "health", "in"]);
  expect(system.routes[0]).toMatchObject({ through: "lone", stubbornShare: 0.05 });
  expect(system.jobs[0]).toMatchObject({ roles: "active-active", split: true, ordered: false, state: "server" });
  expect(Object.keys(good(small).system)).toEqual([
    "version",
    "name",
    "regions",
    "objectives",
    "groups",
    "services",
    "routes",
    "jobs",
    "control",
  ]);
});

test("the example of the manual's first page is right", () => {
  expect(rulesOf(readFileSync(new URL("../../examples/shop/leeward.yaml", import.meta.url), "utf8"))).toEqual([]);
});

test("what is merely doubtful is a warning at its place, and the model is there", () => {
  const doubtful = `version: 1
system: shop
regions:
  north: { at: unknown, router: { http: "a:1", peer: "a:2" } }
  south: { at: azure/swedencentral }
objectives: { rpo: 10s }
groups:
  lonely: { primary: [north] }
  storefront: { primary: [north, south], failover: automatic, maxDataLoss: 20s }
services:
  orders: { type: postgresql, group: storefront, in: { north: {}, south: {} } }
  carts: { type: redis, group: storefront, in: { north: {}, south: {} } }
  mailer: { type: process, in: { north: {} } }
control:
  lease: { ttl: 2s, renewEvery: 500ms, callTimeout: 600ms }
`;
  expect(rulesOf(doubtful)).toEqual([
    "warning unknown-location 4",
    "warning no-listener 4",
    "warning no-standby 8",
    "warning too-few-vantages 9",
    "warning loss-above-objective 9",
    "warning type-without-method 12",
    "warning nothing-to-run 13",
    "warning lease-tight 15",
    "warning calls-overlap 15",
  ]);
  expect(good(doubtful).system.groups).toHaveLength(2);
});

test("that agents look at everything equally often is said where a service has another rhythm", () => {
  const rhythms = (agent: string): string => `version: 1
system: shop
regions:
  north: { at: azure/norwayeast${agent} }
  south: { at: azure/swedencentral }
services:
  front: { type: azure/front-door, health: { every: 30s } }
  cache: { type: process, run: { command: [cache] }, health: { kind: tcp, every: 5s }, in: { north: {}, south: {} } }
  clock: { type: process, run: { command: [clock] }, health: { every: 5s }, in: { north: {}, south: {} } }
  web: { type: http, health: { every: 200ms }, in: { north: {}, south: {} } }
`;
  const said = good(rhythms(', agent: "http://10.0.0.1:7411"')).warnings.filter(
    ({ rule }) => rule === "every-not-kept",
  );
  expect(said.map(({ severity, line, message }) => [severity, line, message])).toEqual([
    ["warning", 8, "Agents look at `cache` every 200ms like at everything else, not every 5s."],
  ]);
  expect(rulesOf(rhythms("")).join()).not.toContain("every-not-kept");
});

test("what agents need is not asked of what people move, and that people move it is said", () => {
  const cloud = `version: 1
system: shop
regions:
  north: { at: azure/norwayeast, router: { http: "a:1", peer: "a:2" } }
  south: { at: azure/swedencentral }
groups:
  storefront: { primary: [north, south], failover: automatic, maxDataLoss: 1s }
services:
  front: { type: azure/front-door }
  carts: { type: azure/cosmos-db, group: storefront, replicas: { primary: 2 }, in: { north: { url: "https://shop.example.com" }, south: { url: "https://shop.example.com" } } }
  secrets: { type: azure/key-vault, in: { north: { url: "https://shop.example.com" } } }
routes:
  shop.example.com: { to: carts, through: front }
jobs:
  nightly: { trigger: { recurrence: "0 2 * * *" }, call: POST http://secrets/ }
`;
  expect(rulesOf(cloud)).toEqual(["warning type-without-method 10"]);
  const { system, warnings } = good(cloud);
  expect(warnings[0]?.message).toContain("people have to move this service, by the steps of the catalog");
  // Whatever has a method of its own is tended as a database.
  expect(system.services.map((service) => service.replication)).toEqual([undefined, undefined, undefined]);
  expect(system.services[0]?.in).toEqual({});
  expect(rulesOf(cloud.replace("type: azure/front-door", "type: azure/key-vault"))).toContain("error missing-key 9");
});

test("one broken thing does not hide what is wrong elsewhere, and is not told twice", () => {
  expect(
    rulesOf(`version: 1
system: shop
regions:
  north: { at: azure/norwayeast }
  south: { att: azure/swedencentral }
groups:
  storefront: { primary: [north, south], maxDataLoss: 30 }
services:
  orders: { type: postgresql, group: storefront, in: { north: {}, south: { url: 5 } } }
  web: { type: htp, needs: [orders, nobody], in: { south: {} } }
`),
  ).toEqual([
    "error unknown-key 5",
    "error wrong-unit 7",
    "error bad-url 9",
    "error unknown-type 10",
    "error unknown-service 10",
  ]);
});

test("aliases repeat what they name", () => {
  const { system } = good(
    small
      .replace("in: { north: {}, south: {} } }\n  web", "in: &both { north: {}, south: {} } }\n  web")
      .replace("needs: [orders], in: { north: {}, south: {} }", "needs: [orders], in: *both"),
  );
  expect(system.services.map((service) => Object.keys(service.in).length)).toEqual([2, 2, 2, 1]);
});

test("a byte order mark and the other line ends change no place", () => {
  const parsed = parseManifest(`\uFEFF${small.replace("system: shop", "system: 5").replaceAll("\n", "\r\n")}`, {
    file: "x",
  });
  expect(parsed.kind === "bad" ? parsed.problems.map(({ line, column, rule }) => [line, column, rule]) : []).toEqual([
    [2, 9, "bad-name"],
  ]);
});

test("a place can be asked for later, also of what was left out", () => {
  const { placeOf } = good(small);
  expect(placeOf(["services", "web", "needs", 0])).toEqual({ line: 11, column: 49 });
  expect(placeOf(["services", "web", "replicas", "primary"])).toEqual({ line: 11, column: 3 });
  expect(placeOf(["control"])).toEqual({ line: 1, column: 1 });
});

test("the fingerprint follows the meaning, not the writing", () => {
  const print = (text: string): string => good(text).fingerprint;
  const same = small
    .replace("version: 1", "# a remark\nversion: 1")
    .replace("system: shop", 'system: "shop"\nobjectives: { rto: 300s }');
  const swapped = small.replace(/( {2}north:.*\n)( {2}south:.*\n)/, "$2$1");
  expect(print(small)).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(print(same)).toBe(print(small));
  expect(swapped).not.toBe(small);
  expect(print(swapped)).toBe(print(small));
  expect(print(small.replace("primary: [north, south]", "primary: [south, north]"))).not.toBe(print(small));
  expect(print(small.replace("azure/norwayeast", "azure/norwaywest"))).not.toBe(print(small));
});

test("the JSON Schema that is shipped is the schema", () => {
  const shipped = readFileSync(new URL("../../schema/leeward.schema.json", import.meta.url), "utf8");
  expect(shipped === jsonSchemaText(), "run: node src/manifest/write-schema.ts").toBe(true);
});

test("the manual names every key, with its default", () => {
  const manual = readFileSync(new URL("../../docs/manifest.md", import.meta.url), "utf8");
  const missing: string[] = [];
  const visit = (schema: Record<string, unknown>, path: string): void => {
    const inside = [schema.additionalProperties, schema.items].filter(
      (inner) => typeof inner === "object" && inner !== null,
    );
    for (const inner of inside) visit(inner as Record<string, unknown>, path);
    for (const [key, inner] of Object.entries((schema.properties ?? {}) as Record<string, Record<string, unknown>>)) {
      if (!manual.includes(`\`${key}\``)) missing.push(`${path}${key}`);
      const usual = inner.default;
      if ((typeof usual === "string" || typeof usual === "number") && !manual.includes(`\`${usual}\``))
        missing.push(`${path}${key}: ${usual}`);
      visit(inner, `${path}${key}.`);
    }
  };
  visit(JSON.parse(jsonSchemaText()), "");
  expect(missing).toEqual([]);
});

test("the examples in the manual are right", () => {
  const manual = readFileSync(new URL("../../docs/manifest.md", import.meta.url), "utf8");
  const examples = [...manual.matchAll(/```yaml\n(version: 1\n[\s\S]*?)```/g)].map((match) => match[1] ?? "");
  expect(examples.length).toBeGreaterThan(0);
  for (const example of examples) expect(rulesOf(example)).toEqual([]);
});

/** Everything in a model is plain data: it can be sent, stored and compared. */
test("a model is JSON", () => {
  const { system } = good(small);
  expect(JSON.parse(JSON.stringify(system)) as System).toEqual(system);
});

test("a number of drills that is whole and far out is called just that", () => {
  const text = `version: 1
system: shop
regions: { north: { at: azure/norwayeast } }
groups: { g: { primary: [north], drills: { clean: 1000000000 } } }
services: { web: { type: http, group: g, in: { north: {} } } }
`;
  const parsed = parseManifest(text, { file: "leeward.yaml" });
  expect(
    parsed.kind === "bad"
      ? parsed.problems.filter(({ severity }) => severity === "error").map(({ rule, message }) => `${rule}: ${message}`)
      : [],
  ).toEqual(["out-of-range: A whole number of drills from 0 to a million was expected here, and this is 1000000000."]);
});
