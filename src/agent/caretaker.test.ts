import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { type MemoryDisk, makeMemoryDisk } from "../../test/contract/memory-disk.ts";
import { shop } from "../../test/spine/shop.ts";
import { VirtualClock } from "../../test/spine/virtual-clock.ts";
import { FakeService } from "../../test/support/fake-service.ts";
import type { Action, Outcome } from "../core/plan/action.ts";
import { Caretaker } from "./caretaker.ts";

const system = shop();
const serve: Action = { kind: "serve-primary", create: true, epoch: 1, sync: true, standbys: ["south"] };
const follow: Action = { kind: "follow", primary: "south", run: "protect-1", epoch: 2 };
const fence: Action = { kind: "fence", epoch: 2, mode: "graceful" };

let time: VirtualClock;
let disk: MemoryDisk;
let orders: FakeService;
let web: FakeService;
let mailer: FakeService;
/** In the order in which they were ended. */
let ended: string[];
/** What was durable of each service's part when it was asked. */
let durableThen: Record<string, unknown[]>;
/** Does north hold the right to write, and whom does the newest record that it knows name? */
let mayWrite: boolean;
let primary: { region: string; epoch: number } | undefined;
let caretaker: Caretaker;

beforeEach(async () => {
  time = new VirtualClock();
  disk = makeMemoryDisk();
  [mayWrite, primary] = [true, { region: "north", epoch: 1 }];
  await restart();
});

/** A fresh agent with the disk of the one before; what it looks after is as it was at the very start. */
async function restart(): Promise<void> {
  orders = new FakeService("orders");
  web = new FakeService("web", 0);
  mailer = new FakeService("mailer", 0);
  ended = [];
  durableThen = { orders: [], web: [], mailer: [] };
  for (const service of [orders, web, mailer]) {
    service.onAsked = () => durableThen[service.name]?.push(durableParts()[service.name]);
    service.onEnd = () => ended.push(service.name);
  }
  const tend = (driver: FakeService, database = false) =>
    ({ driver, kind: "none", database, origins: () => [] }) as const;
  const opened = await Caretaker.open({
    system,
    region: "north",
    clock: time.clock(),
    disk,
    log: { write: () => {} },
    tended: new Map([
      ["orders", tend(orders, true)],
      ["web", tend(web)],
      ["mailer", tend(mailer)],
    ]),
    isPrimary: () => mayWrite,
    primaryOf: () => primary,
  });
  if (!(opened instanceof Caretaker)) throw new Error(opened.why);
  caretaker = opened;
}

function durableParts(): Record<string, unknown> {
  const value = disk.written.at(-1)?.value;
  return value === undefined ? {} : Object.fromEntries(value as [string, unknown][]);
}

const order = (service: string, action: Action): Promise<Outcome> =>
  caretaker.perform(service, action, 1_000, () => {});
const scaleTo = (replicas: number): Action => ({ kind: "scale", replicas });

/** What mending asks of a service after so long. */
async function mended(service: FakeService, afterMs = 0): Promise<readonly Action[]> {
  await time.pass(afterMs);
  const before = service.asked.length;
  await caretaker.look();
  await caretaker.mend();
  return service.asked.slice(before);
}

describe("a part", () => {
  test("that takes something away is durable before it is played", async () => {
    await order("orders", serve);
    await order("orders", fence);
    expect(durableThen.orders).toEqual([undefined, { role: "stopped", replicas: 0, sync: true, standbys: ["south"] }]);
  });

  test("that takes something away is not played when it cannot be made durable", async () => {
    disk.failWrites("the disk is full");
    await expect(order("orders", fence)).rejects.toThrow("the disk is full");
    expect(orders.asked).toEqual([]);
  });

  test.each([
    [serve, { role: "primary", replicas: 0, sync: true, standbys: ["south"] }],
    [follow, { role: "standby", replicas: 0, sync: false, standbys: [] }],
    [scaleTo(2), { role: "standby", replicas: 2, sync: false, standbys: [] }],
  ])("that gives something is durable once it is played, and not when that failed: $kind", async (action, part) => {
    orders.outcome = { kind: "unknown", reason: "no answer in time" };
    expect(await order("orders", action)).toEqual({ kind: "unknown", reason: "no answer in time" });
    expect(disk.written).toEqual([]);
    orders.outcome = { kind: "done", reason: "as asked" };
    await order("orders", action);
    expect(durableParts()).toEqual({ orders: part });
  });

  test("is taken up again after a restart of the agent", async () => {
    await order("orders", serve);
    await order("web", scaleTo(2));
    await restart();
    orders.running = false;
    expect(await mended(web)).toEqual([scaleTo(2)]);
    expect(await mended(orders, 300)).toEqual([{ ...serve, create: false }]);
  });

  test("that is torn is not guessed", async () => {
    disk.tear("parts");
    await expect(restart()).rejects.toThrow("does not match its checksum");
  });
});

describe("a database that is down", () => {
  test("for one look only is not mended", async () => {
    await order("orders", serve);
    orders.running = false;
    expect(await mended(orders)).toEqual([]);
    expect(await mended(orders, 299)).toEqual([]);
    orders.running = true;
    expect(await mended(orders, 1)).toEqual([]);
    orders.running = false;
    expect(await mended(orders, 5_000)).toEqual([]);
  });

  test("for longer is served again as it was, and never made anew", async () => {
    await order("orders", serve);
    orders.running = false;
    primary = { region: "north", epoch: 3 };
    expect(await mended(orders)).toEqual([]);
    expect(await mended(orders, 300)).toEqual([{ ...serve, create: false, epoch: 3 }]);
  });

  test("follows again where it was a standby", async () => {
    await order("orders", follow);
    [mayWrite, primary] = [false, { region: "south", epoch: 5 }];
    orders.running = false;
    await mended(orders);
    expect(await mended(orders, 300)).toEqual([{ kind: "follow", primary: "south", run: "restart-5", epoch: 5 }]);
  });

  test.each([
    ["a primary's, without the right to write", serve, { region: "north", epoch: 1 }],
    ["a primary's, of an epoch that names another region", serve, { region: "south", epoch: 2 }],
    ["a standby's, in the region that is primary", follow, { region: "north", epoch: 2 }],
    ["a stopped one's", fence, { region: "south", epoch: 2 }],
    ["a standby's, and nobody knows of whom", follow, undefined],
  ])("stays down when its part is %s", async (_, action, named) => {
    await order("orders", action);
    [mayWrite, primary] = [false, named];
    orders.running = false;
    await mended(orders);
    expect(await mended(orders, 60_000)).toEqual([]);
  });

  test("is tried again after growing pauses, and a trouble until it runs", async () => {
    await order("orders", serve);
    orders.running = false;
    orders.outcome = { kind: "failed", retry: "later", reason: "the port is taken" };
    await mended(orders);
    const triedAtMs: number[] = [];
    for (let ms = 100; ms <= 30_000; ms += 100) if ((await mended(orders, 100)).length > 0) triedAtMs.push(ms);
    expect(triedAtMs).toEqual([300, 800, 1_800, 3_800, 8_800, 18_800, 28_800]);
    expect(caretaker.trouble).toBe("orders: the port is taken");
    orders.running = true;
    await mended(orders);
    expect(caretaker.trouble).toBeUndefined();
  });
});

describe("a worker of the primary (I11)", () => {
  test("runs where the region may write, and stops where it may not", async () => {
    await order("mailer", scaleTo(1));
    mayWrite = false;
    expect(await mended(mailer)).toEqual([scaleTo(0)]);
    mayWrite = true;
    expect(await mended(mailer, 500)).toEqual([scaleTo(1)]);
  });

  test("and everything else keep to a standby's size without the right to write, whatever ran and was asked", async () => {
    const count = fc.nat(4);
    await fc.assert(
      fc.asyncProperty(count, count, count, count, async (askedWeb, askedMailer, runningWeb, runningMailer) => {
        disk = makeMemoryDisk();
        await restart();
        await order("web", scaleTo(askedWeb));
        await order("mailer", scaleTo(askedMailer));
        [web.replicas, mailer.replicas, mayWrite] = [runningWeb, runningMailer, false];
        await mended(web);
        // The example's web service keeps one replica warm in a standby, its mailer none.
        expect([web.replicas, mailer.replicas]).toEqual([askedWeb > 0 ? 1 : 0, 0]);
      }),
      { numRuns: 40 },
    );
  });
});

describe("standing down", () => {
  const set = async (): Promise<void> => {
    await order("orders", serve);
    await order("web", scaleTo(2));
    await order("mailer", scaleTo(1));
  };

  test("at the lease's end stops what writes, and keeps the parts for when the lease comes back", async () => {
    await set();
    const before = durableParts();
    await caretaker.standDown("storefront", 1, "lease-end");
    expect(orders.asked.at(-1)).toEqual({ kind: "fence", epoch: 1, mode: "forced" });
    expect([web.replicas, mailer.replicas]).toEqual([1, 0]);
    expect(durableParts()).toEqual(before);
  });

  test.each(["record", "fence"] as const)(
    "because of a %s is for good, and durable before anything shrinks",
    async (why) => {
      await set();
      await caretaker.standDown("storefront", 2, why);
      expect(durableThen.mailer?.at(-1)).toMatchObject({ replicas: 0 });
      expect(durableThen.web?.at(-1)).toMatchObject({ replicas: 1 });
      // A fence order stops the database itself.
      expect(orders.asked.at(-1)?.kind).toBe(why === "fence" ? "serve-primary" : "fence");
    },
  );

  test("for a shutdown ends all in the reverse order, and starts nothing any more", async () => {
    await set();
    await caretaker.shutdown(1_000);
    expect(ended).toEqual(["mailer", "web", "orders"]);
    [web.replicas, orders.running] = [0, false];
    await mended(web);
    expect(await mended(orders, 1_000)).toEqual([]);
    expect(web.replicas).toBe(0);
    const reason = "north is being shut down";
    expect(await order("web", scaleTo(2))).toEqual({ kind: "failed", retry: "later", reason });
  });
});
