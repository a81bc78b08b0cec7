import { describe, expect, test } from "vitest";
import type { Group, System } from "../../src/core/model/system.ts";
import { parseManifest } from "../../src/manifest/parse.ts";
import { byHandOf } from "../../src/render/plan/by-hand.ts";
import { byHandText } from "../../src/render/text/by-hand.ts";

const head = `version: 1
system: small
regions: { north: { at: azure/westeurope }, south: { at: azure/northeurope }, watch: { at: azure/francecentral, witness: true } }
groups: { all: { primary: [north, south] } }
services:
`;

function read(services: string): { readonly system: System; readonly group: Group } {
  const parsed = parseManifest(head + services, { file: "small.yaml" });
  if (parsed.kind === "bad") throw new Error(JSON.stringify(parsed.problems));
  const [group] = parsed.system.groups;
  if (group === undefined) throw new Error("no group");
  return { system: parsed.system, group };
}

const web = "  web: { type: http, group: all, in: { north: {}, south: {} } }\n";
const orders = "  orders: { type: azure/sql-database, group: all, in: { north: {}, south: {} } }\n";

describe("what people have to do in a switch", () => {
  test("is nothing where agents move everything", () => {
    const { system, group } = read(web);
    expect(byHandOf(system, group)).toBeUndefined();
  });

  test("is the catalog's own way out and back, in the order of the phases", () => {
    const { system, group } = read(web + orders);
    const byHand = byHandOf(system, group);
    expect(byHand).toMatchObject({ services: ["orders"], agentsMoveSome: true });
    const order = ["check", "fence", "data", "compute", "jobs", "traffic", "verify", "re-protect"];
    const phases = byHand?.out.map((step) => order.indexOf(step.phase)) ?? [];
    expect(phases.length).toBeGreaterThan(1);
    expect(phases).toEqual(phases.toSorted((a, b) => a - b));
    expect(byHand?.out.map((step) => step.call ?? "").join()).toContain("az sql failover-group set-primary");
    expect(byHand?.back.length).toBeGreaterThan(0);
  });

  test("names the region that a step asks", () => {
    const { system, group } = read("  flow: { type: azure/logic-app, group: all, in: { north: {}, south: {} } }\n");
    const byHand = byHandOf(system, group);
    if (byHand === undefined) throw new Error("nothing to do");
    const text = byHandText({ group: "all", from: "north", to: "south", failover: true, byHand }, {});
    expect(text).toContain("asks north");
    expect(text).not.toContain("region that is left");
  });

  test("is told with who does it, what to type, and the way back, within 100 columns", () => {
    const { system, group } = read(orders);
    const byHand = byHandOf(system, group);
    if (byHand === undefined) throw new Error("nothing to do");
    const text = byHandText({ group: "all", from: "north", to: "south", failover: true, byHand }, {});
    expect(text.split("\n")[0]).toMatch(/^If north is lost, all goes to south: all is moved by people/);
    expect(text).toContain("The way back");
    expect(text).toContain("you");
    expect(text.split("\n").filter((line) => [...line].length > 100)).toEqual([]);
  });

  test("includes the front that leads users to the group", () => {
    const front =
      "  front: { type: azure/front-door }\nroutes: { small.example.com: { to: orders-api, through: front } }\n";
    const { system, group } = read(
      `${orders}  orders-api: { type: azure/app-service, group: all, in: { north: {}, south: {} } }\n${front}`,
    );
    expect(byHandOf(system, group)?.services).toEqual(["orders", "orders-api", "front"]);
  });
});
