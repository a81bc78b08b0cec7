import { describe, expect, test } from "vitest";
import { shop } from "../../test/spine/shop.ts";
import type { HealthProbe } from "../core/model/health-probe.ts";
import type { System } from "../core/model/system.ts";
import type { ProbeTarget } from "../ports/probe.ts";
import { targetsOf } from "./lookout-targets.ts";

/** The shop, whose `name` is looked at in this way and is of this type. */
function shopWhere(name: string, probe: HealthProbe, url?: string, type = "process"): System {
  const system = shop();
  return {
    ...system,
    services: system.services.map((one) =>
      one.name === name
        ? { ...one, type, health: { ...one.health, probe }, in: { ...one.in, south: url === undefined ? {} : { url } } }
        : one,
    ),
  };
}

const lookedAt = (system: System, service: string, primaries: readonly string[] = ["south"]): ProbeTarget | undefined =>
  targetsOf(system, "north", new Set(primaries)).find((one) => one.region === "south" && one.service === service)
    ?.probe;

describe("what a vantage looks at", () => {
  test("is what its type is looked at by, where the manifest says nothing", () => {
    expect(lookedAt(shop(), "agent")).toEqual({ kind: "agent", url: "http://127.0.0.1:7412" });
    expect(lookedAt(shop(), "orders")).toMatchObject({ kind: "sql", url: "postgres://leeward@127.0.0.1:5512/shop" });
    expect(lookedAt(shop(), "web")).toEqual({ kind: "http", url: "http://127.0.0.1:8412/healthz" });
    expect(lookedAt(shop(), "web", ["north"])).toBeUndefined();
  });

  test("keeps the router's way for a web service of which only more is expected", () => {
    const system = shop();
    const probe: HealthProbe = { kind: "http", status: [{ from: 200, to: 200 }], latencyMaxMs: 300 };
    const expecting = {
      ...system,
      services: system.services.map((one) => ({ ...one, health: { ...one.health, probe } })),
    };
    expect(lookedAt(expecting, "web")).toEqual({ ...probe, url: "http://127.0.0.1:8412/healthz" });
    expect(lookedAt(expecting, "web", [])).toBeUndefined();
  });

  test.each<[string, HealthProbe, string | undefined, ProbeTarget | undefined]>([
    ["https", { kind: "https" }, "https://shop.example/x", { kind: "http", url: "https://shop.example:443/healthz" }],
    ["http", { kind: "http" }, "http://u:p@[::1]:81", { kind: "http", url: "http://[::1]:81/healthz" }],
    [
      "tcp",
      { kind: "tcp", send: "PING\r\n" },
      "redis://cache",
      { kind: "tcp", send: "PING\r\n", address: "cache:6379" },
    ],
    ["tcp with no port to be had", { kind: "tcp" }, "thing://cache", undefined],
    ["tcp with no address", { kind: "tcp" }, undefined, undefined],
    [
      "dns of its own server",
      { kind: "dns", name: "a.example", record: "A", expect: [] },
      "dns://ns.example",
      { kind: "dns", name: "a.example", record: "A", expect: [], server: "ns.example:53" },
    ],
    [
      "dns of a named server",
      { kind: "dns", server: "9.9.9.9:53", name: "a.example", record: "A", expect: [] },
      undefined,
      { kind: "dns", server: "9.9.9.9:53", name: "a.example", record: "A", expect: [] },
    ],
    [
      "command",
      { kind: "command", command: ["check"] },
      "x://y:1",
      {
        kind: "command",
        command: ["check"],
        env: { LEEWARD_VANTAGE: "north", LEEWARD_REGION: "south", LEEWARD_SERVICE: "orders", LEEWARD_URL: "x://y:1" },
      },
    ],
    [
      "sql",
      { kind: "sql", statement: "select 2", write: false },
      "postgres://a@b:1/c",
      { kind: "sql", statement: "select 2", write: false, url: "postgres://a@b:1/c" },
    ],
  ])("by %s is at the place's own address", (_, probe, url, target) => {
    expect(lookedAt(shopWhere("orders", probe, url), "orders", [])).toEqual(target);
  });
});
