import { expect, test } from "vitest";
import { parse } from "yaml";
import type { System } from "../core/model/system.ts";
import { mapPlaces, reachedFrom, viaOf } from "./places.ts";
import { makePortPicker } from "./ports.ts";

const text = `# the shop
regions:
  north: { at: a/b, agent: "http://127.0.0.1:1", router: { http: "127.0.0.1:2", peer: "127.0.0.1:3", tcp: { orders: "127.0.0.1:4" } } }
  south: { at: a/c, agent: "http://127.0.0.1:1", router: { http: "127.0.0.1:2", peer: "127.0.0.1:3", tcp: { orders: "127.0.0.1:4" } } }
  watch: # votes
    at: a/d
    agent: http://127.0.0.1:1 # its agent
    controller: http://127.0.0.1:5
    router: { http: "127.0.0.1:2", peer: "127.0.0.1:3", tcp: {} }
services:
  orders:
    replication: { mode: async }
    in: { north: { url: "postgres://leeward@h:1/shop", password: "env:P" }, south: { url: "postgres://leeward@h:2/shop" } }
  web:
    run: { command: [node, server.js] }
    in: { north: { url: "http://127.0.0.1:10" }, south: { url: "http://127.0.0.1:20" } }
`;

const router = { http: "127.0.0.1:2", peer: "127.0.0.1:3", tcp: { orders: "127.0.0.1:4" } };
const agent = "http://127.0.0.1:1";
const health = { path: "/", everyMs: 500 };
const system = {
  version: 1,
  name: "shop",
  regions: [
    { name: "north", at: "a/b", witness: false, agent, router },
    { name: "south", at: "a/c", witness: false, agent, router },
    {
      name: "watch",
      at: "a/d",
      witness: true,
      agent,
      controller: "http://127.0.0.1:5",
      router: { ...router, tcp: {} },
    },
  ],
  groups: [{ name: "g", primary: ["north", "south"] }],
  services: [
    {
      name: "orders",
      type: "postgresql",
      needs: [],
      health,
      replicas: { primary: 1, standby: 1 },
      replication: { method: "streaming", mode: "async" },
      in: {
        north: { url: "postgres://leeward@h:1/shop", password: "env:P" },
        south: { url: "postgres://leeward@h:2/shop" },
      },
    },
    {
      name: "web",
      type: "http",
      needs: [],
      health,
      replicas: { primary: 2, standby: 1 },
      run: { command: ["node", "server.js"], env: {} },
      in: { north: { url: "http://127.0.0.1:10" }, south: { url: "http://127.0.0.1:20" } },
    },
  ],
} as unknown as System;

const picker = () =>
  makePortPicker(
    () => 0,
    async () => true,
  );
const mapped = () => mapPlaces({ text, file: "/somewhere/shop/leeward.yaml", system, ports: picker(), mode: "sync" });

test("no address is given out twice, and the copy says what the map says", async () => {
  const map = await mapped();
  const all = map.regions.flatMap((region) => region.addresses);
  expect(new Set(all).size).toBe(all.length);
  // north and south: agent, http, peer, tcp, database, two replicas; the witness: agent, http, peer, controller.
  expect(all).toHaveLength(7 + 7 + 4);
  const copy = parse(map.text);
  for (const region of map.regions) {
    expect(copy.regions[region.name].agent).toBe(`http://${region.agent}`);
    expect(copy.regions[region.name].router).toEqual(region.router);
  }
  expect(copy.services.orders.in.north.url).toBe(map.regions[0]?.database?.url.href);
  expect(copy.services.orders.in.north.url).toMatch(/^postgres:\/\/leeward@127\.0\.0\.1:\d+\/shop$/);
  expect(copy.services.web.in.north.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
});

test("the copy keeps comments, takes the mode, and starts commands where the original lies", async () => {
  const { text: copyText } = await mapped();
  expect(copyText).toContain("# the shop");
  expect(copyText).toContain("# votes");
  expect(copyText).toContain("# its agent");
  const copy = parse(copyText);
  expect(copy.services.orders.replication.mode).toBe("sync");
  expect(copy.services.web.run.cwd).toBe("/somewhere/shop");
});

test("the copy takes the keys of a policy that a story asks for, and keeps the rest of it", async () => {
  const given = text.replace("services:", "groups: { g: { policy: { degraded: hold, keepServing: 2 } } }\nservices:");
  const policy = { group: "g", keys: { degraded: "switch", dropSyncAfter: "5s" } };
  const map = await mapPlaces({ text: given, file: "shop.yaml", system, ports: picker(), policy });
  expect(parse(map.text).groups.g.policy).toEqual({ degraded: "switch", keepServing: 2, dropSyncAfter: "5s" });
});

test("every address of another place goes through a proxy, one's own never", async () => {
  const map = await mapped();
  const open = map.ways.map((way, index) => ({ ...way, listen: `127.0.0.1:${50_000 + index}` }));
  for (const region of map.regions) {
    const via = viaOf(open, region.name);
    const foreign = map.regions.filter((other) => other !== region).flatMap((other) => other.addresses);
    expect(Object.keys(via).sort()).toEqual([...foreign].sort());
    for (const own of region.addresses) expect(reachedFrom(open, region.name, own)).toBe(own);
  }
  expect(Object.keys(viaOf(open, "users"))).toHaveLength(3 + 2);
  // Two places reach one address by two proxies, else one fault would hit both.
  expect(new Set(open.map((way) => way.listen)).size).toBe(map.ways.length);
});

test("a missing address is named", async () => {
  const { agent: _, ...bare } = system.regions[0] as System["regions"][number];
  const broken = { ...system, regions: [bare, ...system.regions.slice(1)] };
  await expect(mapPlaces({ text, file: "x.yaml", system: broken, ports: picker() })).rejects.toThrow(
    "the lab needs regions.north.agent in x.yaml",
  );
});

test("ports in a row skip what is in use and never come twice", async () => {
  const ports = makePortPicker(
    () => 0,
    async (port) => port !== 20_001,
  );
  expect([await ports.take(2), await ports.take(1), await ports.take(3)]).toEqual([20_002, 20_004, 20_005]);
});
