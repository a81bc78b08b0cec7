// What a loss of regions costs, as named terms, from manifests.

import { describe, expect, test } from "vitest";
import { sumOf } from "../../src/core/assess/detection.ts";
import { recoveryOf, targetsAfter } from "../../src/core/assess/recovery.ts";
import type { Loss } from "../../src/core/model/assess-report.ts";
import { groundFrom, lossOf } from "./world.ts";

type Parts = {
  objectives?: string;
  group?: string;
  services?: string;
  routes?: string;
  more?: string;
  agents?: boolean;
};

const agent = (port: number, routed: boolean): string => `, agent: "http://10.0.0.${port}:7411"${routed ? "" : ""}`;

const shop = ({ objectives, group, services, routes, more, agents }: Parts = {}): string => `
version: 1
system: shop
regions:
  north: { at: azure/norwayeast${agents ? agent(1, true) : ""} }
  south: { at: azure/swedencentral${agents ? agent(2, true) : ""} }
  west: { at: azure/westeurope${agents ? agent(3, true) : ""} }
objectives: { rto: 10m, rpo: 1m${objectives ?? ""} }
groups:
  store: { primary: [north, south], pattern: warm-standby, failover: automatic, maxDataLoss: 1m${group ?? ""} }
services:
  orders:
    type: postgresql
    group: store
    in: { north: { url: "postgres://a@10.0.0.1:5432/shop" }, south: { url: "postgres://a@10.0.0.2:5432/shop" } }
  web:
    type: http
    group: store
    needs: [orders]
    in: { north: { url: "http://10.0.0.1:80" }, south: { url: "http://10.0.0.2:80" } }
${services ?? ""}
routes:
${routes ?? "  shop.example.com: { to: web, ttl: 20s }"}
${more ?? ""}`;

const whatOf = (loss: Loss): readonly string[] => loss.rtoTerms.map((term) => term.what);

function addsUp(loss: Loss): void {
  for (const [terms, seconds] of [
    [loss.rtoTerms, loss.rtoSeconds],
    [loss.rpoTerms, loss.rpoSeconds],
  ] as const) {
    const sum = sumOf(terms);
    expect(sum.expected).toBeCloseTo(seconds.expected, 6);
    expect(sum.worst).toBeCloseTo(seconds.worst, 6);
  }
}

test("a miss by less than rounding shows is told with what is too much", () => {
  const [broken] = lossOf(
    `
version: 1
system: shop
regions: { north: { at: azure/norwayeast }, south: { at: azure/swedencentral } }
objectives: { rto: 1h, rpo: 30s }
assumptions: { detection: 30s, approval: 1m }
groups: { store: { primary: [north, south], pattern: active-passive } }
services:
  orders: { type: postgresql, group: store, in: { north: {}, south: {} } }
`,
    "north",
  ).breaks;
  expect(broken?.why).toMatch(/^the work lost is 30 s and 0\.1 s at worst, allowed is 30 s;/);
});

describe("the recovery time", () => {
  test("is the chain of detection, database, web and TTL, and its terms add up", () => {
    const loss = lossOf(shop(), "north");
    addsUp(loss);
    // Probes every 10 s with 5 s for an answer, three in a row; then promotion, start, and the TTL.
    expect(loss.rtoSeconds.worst).toBeCloseTo(35 + 0.061 + 20 + 20, 6);
    expect(loss.rtoSeconds.expected).toBeCloseTo(30 + 0.033 + 0.4 + 10, 6);
    expect(whatOf(loss)[0]).toContain("does not say who watches");
    expect(loss.survives).toBe(true);
    expect(loss.targets).toEqual([{ group: "store", to: "south" }]);
  });

  test("counts what is stated as detection, and says so", () => {
    const loss = lossOf(shop({ more: "assumptions: { detection: 90s }" }), "north");
    expect(loss.rtoTerms[0]).toMatchObject({ what: "detection, as stated", seconds: { expected: 90, worst: 90 } });
  });

  test("with agents has the watch's promise and the rest of the lease instead", () => {
    const loss = lossOf(shop({ agents: true }), "north");
    addsUp(loss);
    expect(whatOf(loss).slice(0, 2)).toEqual(["detection by Leeward's own watch", "the old primary's lease runs out"]);
    const [detection, lease] = loss.rtoTerms;
    // The watch is done before the lease of 2.2 s is over; both together are the lease and the report.
    expect((detection?.seconds.worst ?? 0) + (lease?.seconds.worst ?? 0)).toBeCloseTo(2.23, 6);
  });

  test("with agents counts what is left of a hold-off, of the policy or of what things cost", () => {
    const policy = lossOf(shop({ agents: true, group: ", policy: { holdOff: 5m }" }), "north");
    addsUp(policy);
    const [detection, holdOff] = policy.rtoTerms;
    expect(holdOff).toMatchObject({
      what: "hold-off of store: 5 min from the first miss, by its policy",
      basis: "stated",
    });
    // The first miss is known after a period of 200 ms, the timeout and the report; from then on it is 5 min, beside the detection.
    expect((detection?.seconds.worst ?? 0) + (holdOff?.seconds.worst ?? 0)).toBeCloseTo(0.2 + 0.15 + 0.03 + 300, 6);
    // By then the lease is long over.
    expect(whatOf(policy)).not.toContain("the old primary's lease runs out");

    const costs = "costs: { currency: EUR, outagePerHour: 60000, falseFailover: 10000 }";
    const rented = lossOf(shop({ agents: true, more: costs }), "north");
    addsUp(rented);
    expect(rented.rtoTerms[1]?.what).toBe(
      "hold-off of store: 10 min from the first miss, as until then an outage costs less than a switch",
    );
    // The objective of 10 min is not kept then, and the hold-off is named as what breaks it.
    expect(rented.breaks.map(({ objective, term }) => [objective, term.split(":")[0]])).toEqual([
      ["rto", "hold-off of store"],
    ]);
    expect(whatOf(lossOf(shop({ more: costs }), "north")).join()).not.toContain("hold-off");
  });

  test("with agents and a hold-off that is over before the region is known to be lost waits no longer for it", () => {
    const loss = lossOf(shop({ agents: true, group: ", policy: { holdOff: 100ms }" }), "north");
    expect(loss.rtoTerms.slice(0, 3).map(({ what }) => what.split(":")[0])).not.toContain("hold-off of store");
    expect(loss.rtoSeconds).toEqual(lossOf(shop({ agents: true }), "north").rtoSeconds);
  });

  test("has servers started by agents while the lease runs out, not after it", () => {
    const text = shop({ agents: true }).replace(
      "    needs: [orders]",
      "    needs: [orders]\n    replicas: { primary: 2, standby: 1 }\n    run: { command: [node, server.js] }",
    );
    const loss = lossOf(text, "north");
    addsUp(loss);
    const [detection, start, dns] = loss.rtoTerms;
    expect(start).toMatchObject({ what: "web starts in south", seconds: { expected: 0.4, worst: 20 } });
    expect(loss.rtoSeconds.worst).toBeCloseTo((detection?.seconds.worst ?? 0) + 20 + (dns?.seconds.worst ?? 0), 9);
    // On an ordinary day the lease and the database take longer than the start of 0.4 s: 2.0 s, 33 ms, and the TTL.
    expect(loss.rtoSeconds.expected).toBeCloseTo(2 + 0.033 + 10, 9);
    expect(loss.rtoTerms.at(-1)?.what).toContain("on an ordinary day");
  });

  test("waits for a person where the failover is not automatic: 15 min, or as stated", () => {
    const automatic = lossOf(shop(), "north").rtoSeconds.worst;
    const text = shop().replace("failover: automatic", "failover: approve");
    expect(lossOf(text, "north").rtoSeconds.worst - automatic).toBeCloseTo(900, 6);
    const stated = `${text}\nassumptions: { approval: 5m }`;
    expect(lossOf(stated, "north").rtoSeconds.worst - automatic).toBeCloseTo(300, 6);
  });

  test("waits for a person at worst where more may be lost than an automatic failover may accept", () => {
    const text = shop().replace("maxDataLoss: 1m", "maxDataLoss: 10s");
    const [before, after] = [lossOf(shop(), "north"), lossOf(text, "north")];
    expect(after.rtoSeconds.worst - before.rtoSeconds.worst).toBeCloseTo(900, 6);
    expect(after.rtoSeconds.expected).toBe(before.rtoSeconds.expected);
    expect(whatOf(after)).toContain("a person agrees to losing more than 10 s of store");
  });

  test("takes what does not need one another side by side, and the longest counts", () => {
    const other = (name: string, scaleUp: string): string => `
  ${name}:
    type: http
    group: store
    replicas: { primary: 4, standby: 1 }
    scaleUp: ${scaleUp}
    in: { north: { url: "http://10.0.0.1:${name.length}" }, south: { url: "http://10.0.0.2:${name.length}" } }`;
    const text = shop({ services: other("cart", "3m") + other("prices", "4m") }).replace(
      "needs: [orders]",
      "needs: [orders, cart, prices]",
    );
    const loss = lossOf(text, "north");
    addsUp(loss);
    const growth = loss.rtoTerms.filter((term) => term.what.includes("grows"));
    expect(growth.map((term) => [term.service, term.seconds.worst])).toEqual([["prices", 240]]);
    // Detection, the growth that was measured, web's own start behind it, and the TTL.
    expect(loss.rtoSeconds.worst).toBeCloseTo(35 + 240 + 20 + 20, 6);
  });

  test("needs half an hour to provision a pilot light of which nothing is said", () => {
    const text = shop()
      .replace("pattern: warm-standby", "pattern: pilot-light")
      .replace("    needs: [orders]", "    needs: [orders]\n    replicas: { primary: 2, standby: 0 }");
    const loss = lossOf(text, "north");
    addsUp(loss);
    expect(loss.rtoTerms.find((term) => term.service === "web")).toMatchObject({
      seconds: { expected: 1_800, worst: 3_600 },
      basis: "typical",
    });
    expect(loss.breaks[0]).toMatchObject({ objective: "rto", seconds: 1_800 });
  });

  test("leaves clients that ignore the TTL behind until the region is back", () => {
    const loss = lossOf(shop({ routes: "  shop.example.com: { to: web, ttl: 20s, stubborn: 0.05 }" }), "north");
    addsUp(loss);
    expect(loss.rtoSeconds.worst).toBeCloseTo(4 * 3_600, 6);
    expect(loss.rtoSeconds.expected).toBe(lossOf(shop(), "north").rtoSeconds.expected);
    expect(loss.breaks[0]?.term).toContain("5 % of the users");
  });

  test("is nothing when a region is lost that nobody's primary is in", () => {
    for (const region of ["south", "west"]) {
      const loss = lossOf(shop(), region);
      expect(loss.rtoSeconds).toEqual({ expected: 0, worst: 0 });
      expect(loss.rtoTerms).toEqual([]);
      expect(loss.survives).toBe(true);
    }
  });

  test("has no end when both regions are lost, and the sentence says of what", () => {
    const loss = lossOf(shop(), "north", "south");
    expect(loss).toMatchObject({ region: "north and south", survives: false, targets: [{ group: "store", to: null }] });
    expect(loss.rtoSeconds.worst).toBe(Number.POSITIVE_INFINITY);
    expect(loss.rpoSeconds.worst).toBe(Number.POSITIVE_INFINITY);
    expect(loss.why).toContain("nobody can take over store when north and south are lost");
  });

  test("has no end when something that both sides share keeps it from working", () => {
    const ground = groundFrom(shop());
    const loss = recoveryOf({
      ground,
      lost: ["north"],
      targets: targetsAfter(ground.system, ["north"]),
      blocked: { why: "the registry is in north" },
    });
    expect(loss).toMatchObject({ survives: false, rtoSeconds: { expected: Number.POSITIVE_INFINITY } });
    expect(loss.why).toContain("the registry is in north");
  });

  test("has no end for users of something that is in the lost region only", () => {
    const third = `
  stripe: { type: http, in: { west: { url: "http://10.0.0.9:80" } } }`;
    const text = shop({ services: third }).replace("needs: [orders]", "needs: [orders, stripe]");
    const loss = lossOf(text, "west");
    expect(loss.survives).toBe(false);
    expect(loss.why).toContain("stripe is lost with west");
  });

  test("looks as often as a watchdog does, and hopes for a person when that is lost as well", () => {
    const dog = (place: string): string => `
  dog: { type: http, watches: { region: north, every: 4m }, in: { ${place}: { url: "http://10.0.0.9:80" } } }`;
    expect(lossOf(shop({ services: dog("west") }), "north").rtoTerms[0]).toMatchObject({
      seconds: { expected: 120, worst: 240 },
    });
    const blind = lossOf(shop({ services: dog("north") }), "north");
    expect(blind.rtoTerms[0]?.what).toContain("dog is lost with the region that it watches");
    expect(blind.rtoSeconds.worst).toBe(Number.POSITIVE_INFINITY);
    expect(blind.breaks[0]?.term).toContain("dog is lost");
  });

  test("names the runs that a job misses", () => {
    const jobs = `
jobs:
  nightly: { trigger: { recurrence: "0 2 * * *", zone: UTC }, call: POST http://web/a }
  often: { trigger: { recurrence: "*/1 * * * *", zone: UTC }, call: POST http://web/b }`;
    // 75 s can hold two whole minutes.
    expect(lossOf(shop({ more: jobs }), "north").why).toContain("nightly may miss a run and often may miss 2 runs");
  });

  test("of an active-active group is that of noticing and of leading the users away, whichever region is lost", () => {
    const text = shop()
      .replace("pattern: warm-standby", "pattern: active-active")
      .replace("needs: [orders]", "needs: []");
    for (const region of ["north", "south"]) {
      const loss = lossOf(text, region);
      addsUp(loss);
      expect(loss.rtoSeconds.worst).toBeCloseTo(35 + 20, 6);
    }
  });
});

describe("the recovery point", () => {
  test("is the lag and, at worst, what is acknowledged until the loss is detected", () => {
    const loss = lossOf(shop(), "north");
    expect(loss.rpoSeconds.expected).toBeCloseTo(0.1, 9);
    expect(loss.rpoSeconds.worst).toBeCloseTo(0.1 + 35, 9);
  });

  test("with agents ends with the old primary's lease", () => {
    // Lease 2.2 s, the last sight of the standby a probe of 0.2 s and its report of 30 ms before.
    expect(lossOf(shop({ agents: true }), "north").rpoSeconds.worst).toBeCloseTo(0.1 + 2.2 + 0.2 + 0.03, 9);
  });

  test("is nothing in sync mode", () => {
    const text = shop().replace("type: postgresql", "type: postgresql\n    replication: { mode: sync }");
    expect(lossOf(text, "north").rpoSeconds).toEqual({ expected: 0, worst: 0 });
  });

  test("falls back on the newest copy that is left when every replica is gone", () => {
    const copies = `type: postgresql
    copies:
      - { name: snapshot, in: south, every: 1h }
      - { name: archive, in: azure/westeurope, every: 1d, transfer: 2h }`;
    const loss = lossOf(shop().replace("type: postgresql", copies), "north", "south");
    expect(loss.rpoSeconds).toEqual({ expected: 2 * 3_600 + 12 * 3_600, worst: 26 * 3_600 });
    // The archive goes with the region that is in its place.
    expect(lossOf(shop().replace("type: postgresql", copies), "north", "south", "west").rpoSeconds.worst).toBe(
      Number.POSITIVE_INFINITY,
    );
  });

  test("of backup and restore is the backup's, and its restore is part of the recovery time", () => {
    const copies = `type: postgresql
    volume: { size: 36GB }
    copies:
      - { name: nightly, in: south, every: 1d, transfer: 1h, restore: { provision: 1h, rate: 10MB/s, restart: 10m } }`;
    const loss = lossOf(
      shop().replace("type: postgresql", copies).replace("pattern: warm-standby", "pattern: backup-restore"),
      "north",
    );
    addsUp(loss);
    expect(loss.rpoSeconds.worst).toBe(25 * 3_600);
    expect(loss.rtoTerms.find((term) => term.service === "orders")?.seconds.worst).toBe(3_600 + 3_600 + 600);
    expect(loss.breaks.map(({ objective }) => objective)).toEqual(["rto", "rpo"]);
  });
});
