import { beforeEach, describe, expect, test } from "vitest";
import { shop } from "../../test/spine/shop.ts";
import { VirtualClock } from "../../test/spine/virtual-clock.ts";
import type { RequestOf, RouterConfig, Traffic } from "../wire/calls.ts";
import type { Gate } from "./keeper.ts";
import { Routing } from "./routing.ts";

const group = "storefront";
let time: VirtualClock;
let confirmed: Gate[];
let routing: Routing;

beforeEach(() => {
  time = new VirtualClock();
  confirmed = [];
  routing = routingIn("north");
});

function routingIn(region: string): Routing {
  const clock = time.clock();
  return new Routing({
    system: shop(),
    region,
    clock,
    tended: new Map(),
    machineInstantIn: (ms) => ({ monotonicMs: clock.nowMs() + ms, wallMs: clock.wallMs() + ms }),
    via: (address) => `via-${address}`,
    onConfirmed: (_, gate) => confirmed.push(gate),
  });
}

const gate = (change: Partial<Gate> = {}): Gate => ({
  epoch: 1,
  writeUntilMs: time.nowMs + 1_000,
  fencedEpoch: 0,
  sinceEpoch: 1,
  ...change,
});
const traffic = (change: Partial<Traffic> = {}): Traffic => ({
  group,
  generation: 1,
  epoch: 1,
  primary: "north",
  mode: "open",
  ...change,
});

async function asked(have: number, waitMs = 0, generation = 0): Promise<RouterConfig> {
  const request: RequestOf<"router-config"> = {
    have,
    waitMs,
    applied: { [group]: { generation, inFlight: 0 } },
    outcomes: [],
  };
  let answer: RouterConfig | undefined;
  void routing.poll(request).then((one) => {
    answer = one;
  });
  await time.pass(waitMs + 1, () => answer !== undefined);
  if (answer === undefined) throw new Error("no answer");
  return answer;
}
const told = async (): Promise<RouterConfig["groups"][number] | undefined> => (await asked(0)).groups[0];

describe("the right to write that a router is given", () => {
  test("is an instant, not a flag", async () => {
    routing.setTraffic(traffic());
    routing.setGate(group, gate());
    expect((await told())?.writeUntil?.monotonicMs).toBe(time.nowMs + 1_000);
    await time.pass(1_000);
    expect(await told()).not.toHaveProperty("writeUntil");
  });

  const closed: readonly (readonly [string, Partial<Gate>, Partial<Traffic>])[] = [
    ["the routes lead elsewhere", {}, { primary: "south" }],
    ["the epoch is fenced", { fencedEpoch: 1 }, {}],
    ["the routes are of the reign before", { epoch: 3, sinceEpoch: 3 }, { epoch: 1 }],
    ["it has run out", { writeUntilMs: 0 }, {}],
  ];
  test.each(closed)("is not there when %s", async (_, gateChange, trafficChange) => {
    routing.setTraffic(traffic(trafficChange));
    routing.setGate(group, gate(gateChange));
    expect(await told()).not.toHaveProperty("writeUntil");
  });

  test("stays over an epoch that only changes who is promotable", async () => {
    routing.setTraffic(traffic({ epoch: 1 }));
    routing.setGate(group, gate({ epoch: 2, sinceEpoch: 1 }));
    expect(await told()).toHaveProperty("writeUntil");
  });
});

describe("routes", () => {
  test("with a shorter TTL say so, and end no hold", async () => {
    routing.setTraffic(traffic({ generation: 3 }));
    routing.setHolding(group, true);
    const [route] = (await asked(0)).routes;
    expect(routing.setTraffic(traffic({ generation: 4, ttls: { [route?.host ?? ""]: 5_000 } }))).toBe(true);
    expect((await told())?.mode).toBe("hold");
    expect((await asked(0)).routes[0]?.ttlMs).toBe(5_000);
    routing.setTraffic(traffic({ generation: 5, epoch: 2 }));
    expect((await told())?.mode).toBe("open");
    expect((await asked(0)).routes[0]?.ttlMs).toBe(route?.ttlMs);
  });

  test("of an older generation change nothing (I5)", async () => {
    expect(routing.setTraffic(traffic({ generation: 3, primary: "south" }))).toBe(true);
    expect(routing.setTraffic(traffic({ generation: 2 }))).toBe(false);
    expect(await told()).toMatchObject({ generation: 3, primary: "south" });
  });

  test("said again are taken again", () => {
    routing.setTraffic(traffic({ generation: 3 }));
    expect(routing.setTraffic(traffic({ generation: 3 }))).toBe(true);
  });

  test("hold until the next generation", async () => {
    routing.setTraffic(traffic());
    routing.setHolding(group, true);
    expect((await told())?.mode).toBe("hold");
    routing.setTraffic(traffic({ generation: 2 }));
    expect((await told())?.mode).toBe("open");
  });

  test("hold where nobody has said anything yet", async () => {
    expect(await told()).toMatchObject({ generation: 0, mode: "hold" });
  });

  test("lead to the other regions' routers as they are reached from here", async () => {
    expect((await asked(0)).peers).toEqual({ south: "via-127.0.0.1:8422", watch: "via-127.0.0.1:8423" });
  });
});

describe("a router's question", () => {
  test("is answered as soon as something changes", async () => {
    const { serial } = await asked(0);
    const before = time.nowMs;
    time.after(100, () => routing.setTraffic(traffic()));
    const answer = await asked(serial, 5_000);
    expect(time.nowMs - before).toBe(100);
    expect(answer.serial).toBeGreaterThan(serial);
  });

  test("is answered in the end when nothing does", async () => {
    const { serial } = await asked(0);
    expect((await asked(serial, 500)).serial).toBe(serial);
  });

  test("confirms a gate only when it has the newest answer", async () => {
    routing.setGate(group, gate({ fencedEpoch: 1 }));
    const { serial } = await asked(0);
    expect(confirmed).toEqual([]);
    routing.setGate(group, gate({ fencedEpoch: 2 }));
    await asked(serial);
    expect(confirmed).toEqual([]);
    const newest = await asked(0);
    await asked(newest.serial);
    expect(confirmed.at(-1)?.fencedEpoch).toBe(2);
  });

  test("with a number of an earlier agent confirms nothing", async () => {
    const { serial } = await asked(0);
    await time.pass(1_000);
    routing = routingIn("north");
    routing.setGate(group, gate({ fencedEpoch: 1 }));
    await asked(serial);
    expect(confirmed).toEqual([]);
  });

  test("tells which generation it works by", async () => {
    routing.setTraffic(traffic({ generation: 4 }));
    let applied: boolean | undefined;
    void routing.applied(group, 4, 1_000).then((one) => {
      applied = one;
    });
    await time.pass(100);
    expect(applied).toBeUndefined();
    await asked(0, 0, 4);
    await time.pass(10);
    expect(applied).toBe(true);
  });
});
