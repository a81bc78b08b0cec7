import { describe, expect, test } from "vitest";
import type { Health } from "../core/model/system.ts";
import { parseManifest } from "./parse.ts";

const manifest = (health: string, type = "http"): string => `version: 1
system: shop
regions:
  north: { at: azure/norwayeast }
services:
  web:
    type: ${type}
    ${type === "postgresql" ? "" : "run: { command: [node, server.js] }"}
    health: ${health}
    in: { north: { url: "${type === "postgresql" ? "postgres://shop@127.0.0.1:5432/shop" : "http://127.0.0.1:9110"}" } }
`;

function healthOf(text: string): Health | undefined {
  const parsed = parseManifest(text, { file: "leeward.yaml" });
  if (parsed.kind === "bad") throw new Error(parsed.problems.map((problem) => problem.message).join("\n"));
  return parsed.system.services[0]?.health;
}

function faultsOf(text: string): readonly string[] {
  const parsed = parseManifest(text, { file: "leeward.yaml" });
  return parsed.kind === "bad" ? parsed.problems.map((problem) => `${problem.rule}: ${problem.message}`) : [];
}

describe("how a service is looked at", () => {
  test("is left to its type where nothing is said", () => {
    for (const said of ["{}", "{ path: /up, timeout: 1s, deep: true }"])
      expect(healthOf(manifest(said))).not.toHaveProperty("probe");
  });

  test.each<[string, string, unknown]>([
    ["{ kind: http }", "http", { kind: "http" }],
    [
      '{ status: [200, "300-399"], body: { contains: fine }, latencyMax: 300ms, redirects: 0, keepAlive: true }',
      "http",
      {
        kind: "http",
        latencyMaxMs: 300,
        keepAlive: true,
        status: [
          { from: 200, to: 200 },
          { from: 300, to: 399 },
        ],
        body: { contains: "fine" },
        redirects: 0,
      },
    ],
    [
      '{ kind: https, certificateDays: 14, body: { matches: "^ok$" } }',
      "http",
      { kind: "https", body: { matches: "^ok$" }, certificateDays: 14 },
    ],
    ['{ kind: tcp, send: "PING\\r\\n", expect: "+PONG" }', "http", { kind: "tcp", send: "PING\r\n", expect: "+PONG" }],
    [
      "{ kind: dns, resolve: shop.example.com, resolvesTo: [192.0.2.1], server: 9.9.9.9:53 }",
      "http",
      { kind: "dns", name: "shop.example.com", record: "A", expect: ["192.0.2.1"], server: "9.9.9.9:53" },
    ],
    [
      "{ statement: select 7, write: true, expect: '7' }",
      "postgresql",
      { kind: "sql", statement: "select 7", write: true, expect: "7" },
    ],
    ["{ kind: command, command: [check, it] }", "process", { kind: "command", command: ["check", "it"] }],
  ])("can be said: %s", (said, type, probe) => {
    expect(healthOf(manifest(said, type))?.probe).toEqual(probe);
  });

  test.each([
    ["{ status: [99] }", "bad-status: An HTTP status from 100 to 599 was expected"],
    ['{ status: ["299-200"] }', "bad-status:"],
    ["{ status: [] }", "wrong-type: This list must have at least one item."],
    ["{ body: { contains: a, matches: b } }", "one-body: A body contains something or matches something."],
    ['{ body: { matches: "(" } }', "bad-pattern: This is no regular expression."],
    ["{ redirects: 11 }", "out-of-range: A number of redirects from 0 to 10"],
    ["{ kind: https, certificateDays: 0 }", "out-of-range: A number of days from 1 to 3650"],
    ["{ certificateDays: 14 }", "other-probe: `certificateDays` means nothing where the service is looked at by http."],
    ["{ kind: tcp, status: [200] }", "other-probe: `status` means nothing where the service is looked at by tcp."],
    ["{ kind: dns }", "probe-needs: A look by dns needs `resolve`."],
    ["{ kind: command }", "probe-needs: A look by command needs `command`."],
    ["{ kind: ping }", "unknown-word: One of http, https, tcp, dns, sql, command was expected here"],
  ])("is refused with its reason: %s", (said, fault) => {
    const faults = faultsOf(manifest(said));
    expect(faults.length).toBe(1);
    expect(faults[0]).toContain(fault);
  });
});
