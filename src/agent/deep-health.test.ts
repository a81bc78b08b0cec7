import { beforeEach, describe, expect, test } from "vitest";
import { type MemoryDisk, makeMemoryDisk } from "../../test/contract/memory-disk.ts";
import { shop } from "../../test/spine/shop.ts";
import { VirtualClock } from "../../test/spine/virtual-clock.ts";
import type { Clock } from "../ports/clock.ts";
import type { Disk } from "../ports/disk.ts";
import type { Driver, ServiceStatus } from "../ports/driver.ts";
import type { DeepHealth } from "../wire/health.ts";
import { DeepHealthCheck } from "./deep-health.ts";

const system = shop();
let time: VirtualClock;
let disk: MemoryDisk;
let statuses: Record<string, ServiceStatus>;
let primary: string | undefined;
let may: boolean;
let router: boolean;
let looks: number;
let lookTakesMs: number;

beforeEach(() => {
  time = new VirtualClock();
  disk = makeMemoryDisk();
  [primary, may, router, looks, lookTakesMs] = ["north", true, true, 0, 5];
  statuses = {
    orders: { service: "orders", running: true, role: "primary" },
    web: { service: "web", running: true, role: "not-a-database", replicas: { running: 2, ready: 2 } },
  };
});

function checkIn(region: string, on: Disk = disk): DeepHealthCheck {
  const clock = time.clock();
  const tended = new Map(
    ["orders", "web"].map((name) => [
      name,
      { driver: driverOf(name, clock), kind: "none", database: name === "orders", origins: () => [] } as const,
    ]),
  );
  return new DeepHealthCheck({
    system,
    region,
    clock,
    disk: on,
    tended,
    primaryOf: () => primary,
    mayWrite: () => may,
    hasRouter: () => router,
  });
}

function driverOf(name: string, clock: Clock): Driver {
  return {
    status: async () => {
      looks += 1;
      await clock.sleep(lookTakesMs);
      const status = statuses[name];
      if (status === undefined) throw new Error("connect to postgres://admin:hunter2@10.0.0.1 failed");
      return status;
    },
    perform: () => Promise.reject(new Error("nothing is asked of it here")),
    run: async () => {},
    shutdown: async () => {},
  };
}

async function answer(check: DeepHealthCheck, group?: string): Promise<DeepHealth | undefined> {
  let found: { readonly health: DeepHealth | undefined } | undefined;
  void check.answer(group).then((health) => {
    found = { health };
  });
  await time.pass(1_000, () => found !== undefined);
  if (found === undefined) throw new Error("no answer within a second");
  return found.health;
}

const ill = (health: DeepHealth | undefined): readonly string[] =>
  (health?.parts ?? []).filter((part) => !part.ok).map(({ part, name, says }) => `${name ?? part}: ${says}`);

describe("the deep health of a region", () => {
  test("of the primary is that of its services, its right to write, its router and its disk", async () => {
    expect(await answer(checkIn("north"))).toEqual({
      ok: true,
      region: "north",
      roles: { storefront: "primary" },
      parts: [
        { part: "service", name: "orders", ok: true, says: "It runs as primary." },
        { part: "service", name: "web", ok: true, says: "2 of 2 replicas are ready." },
        { part: "write", name: "storefront", ok: true, says: "Writes may be acknowledged." },
        { part: "router", ok: true, says: "The router asks for its orders." },
        { part: "disk", ok: true, says: "A write was durable in time." },
      ],
    });
  });

  test("of a standby asks nothing that the primary would have to answer", async () => {
    statuses.orders = { service: "orders", running: true, role: "standby", streaming: false };
    may = false;
    const health = await answer(checkIn("south"));
    expect([health?.ok, health?.roles]).toEqual([true, { storefront: "standby" }]);
  });

  test.each<[string, () => void, string]>([
    [
      "a database that does not run",
      () => {
        statuses.orders = { service: "orders", running: false, role: "none" };
      },
      "orders: It does not run.",
    ],
    [
      "a database in the wrong part",
      () => {
        statuses.orders = { service: "orders", running: true, role: "standby" };
      },
      "orders: It runs as standby and should be primary.",
    ],
    [
      "replicas none of which is ready",
      () => {
        statuses.web = { service: "web", running: true, role: "not-a-database", replicas: { running: 3, ready: 0 } };
      },
      "web: 0 of 2 replicas are ready.",
    ],
    [
      "a service whose driver fails",
      () => {
        delete statuses.web;
      },
      "web: It did not answer within 400 ms.",
    ],
    [
      "a primary without its lease",
      () => {
        may = false;
      },
      "storefront: No write may be acknowledged: the lease is not confirmed.",
    ],
    [
      "a router that is away",
      () => {
        router = false;
      },
      "router: The router has not asked for its orders lately.",
    ],
    [
      "a disk that is full",
      () => disk.failWrites("no space left on /secret/path"),
      "disk: A write failed; the agent's log says why.",
    ],
  ])("is not well with %s", async (_, change, said) => {
    change();
    const health = await answer(checkIn("north"));
    expect([health?.ok, ill(health)]).toEqual([false, [said]]);
  });

  test("ends in time when services and the disk hang, and lets no second write gather behind the first", async () => {
    lookTakesMs = 60_000;
    let writes = 0;
    const hanging: Disk = {
      read: async () => ({ kind: "absent" }),
      write: () => {
        writes += 1;
        return new Promise(() => {});
      },
    };
    const check = checkIn("north", hanging);
    for (let asked = 0; asked < 3; asked += 1) {
      const startedMs = time.nowMs;
      const health = await answer(check);
      expect(time.nowMs - startedMs).toBe(400);
      expect(ill(health)).toEqual([
        "orders: It did not answer within 400 ms.",
        "web: It did not answer within 400 ms.",
        "disk: A write was not durable within 400 ms.",
      ]);
      await time.pass(1_500);
    }
    expect(writes).toBe(1);
  });

  test("is looked at once for all who ask at a time, and written for once a second", async () => {
    const check = checkIn("north");
    let answered = 0;
    for (let asked = 0; asked < 50; asked += 1) void check.answer().then(() => (answered += 1));
    await time.pass(100, () => answered === 50);
    expect([answered, looks, disk.written.length]).toEqual([50, 2, 1]);
    for (let asked = 0; asked < 10; asked += 1) {
      await time.pass(250);
      await answer(check);
    }
    expect(looks).toBe(22);
    expect(disk.written.length).toBeLessThanOrEqual(4);
  });

  test("of one group is that of its own services", async () => {
    const check = checkIn("north");
    const health = await answer(check, "storefront");
    expect([health?.group, health?.parts.length]).toEqual(["storefront", 5]);
    expect(await answer(check, "nobody")).toBeUndefined();
  });

  test("of a group that nothing is known of yet takes what runs as it is", async () => {
    primary = undefined;
    const health = await answer(checkIn("north"));
    expect([health?.ok, health?.roles]).toEqual([true, { storefront: "unknown" }]);
  });
});
