import { beforeEach, describe, expect, test } from "vitest";
import { shop } from "../../test/spine/shop.ts";
import { VirtualClock } from "../../test/spine/virtual-clock.ts";
import type { System } from "../core/model/system.ts";
import type { ProbeResult, Prober, ProbeSkipped, ProbeTarget } from "../ports/probe.ts";
import type { Observation } from "../wire/calls.ts";
import { Lookout, type RouterOutcome } from "./lookout.ts";

const periodMs = 200;
const northAgent = "http://127.0.0.1:7411";
const northOrders = "postgres://leeward@127.0.0.1:5511/shop";
const southAgent = "http://127.0.0.1:7412";
const southOrders = "postgres://leeward@127.0.0.1:5512/shop";
const southWeb = "http://127.0.0.1:8412/healthz";
const watchAgent = "http://127.0.0.1:7413";
const placeOf = (target: ProbeTarget): string => ("url" in target ? target.url : target.kind);

/** What a target does when it is asked: answer after so long, refuse at once, hang until its time is up, never say anything, or not be asked at all. */
type Manner = number | "refuses" | "hangs" | "never ends" | "left out";

/** Answers after 10 ms, unless it is told otherwise. */
class FakeProber implements Prober {
  readonly asked: {
    readonly at: string;
    readonly timeoutMs: number;
    readonly atMs: number;
    readonly lateMs?: number;
  }[] = [];
  readonly warnings: Record<string, string> = {};
  saturated: string | undefined;
  readonly #held: { readonly at: string; readonly answer: () => void }[] = [];
  readonly manners: Record<string, Manner> = {};
  readonly #time: VirtualClock;

  constructor(time: VirtualClock) {
    this.#time = time;
  }

  trouble(): string | undefined {
    return this.saturated;
  }

  /** What never ends answers now. */
  release(at: string): void {
    for (const one of this.#held) if (one.at === at) one.answer();
  }

  probe(target: ProbeTarget, timeoutMs: number, lateMs?: number): Promise<ProbeResult | ProbeSkipped> {
    const at = placeOf(target);
    this.asked.push({ at, timeoutMs, atMs: this.#time.nowMs, ...(lateMs === undefined ? {} : { lateMs }) });
    const manner = this.manners[at] ?? 10;
    if (typeof manner === "number" && manner > timeoutMs) return this.#tooLate(manner, timeoutMs, lateMs);
    const warning = this.warnings[at];
    return new Promise((resolve) => {
      if (manner === "left out") return resolve({ skipped: true, why: "too much to do" });
      if (manner === "never ends") {
        this.#held.push({ at, answer: () => resolve({ ok: true, roundTripMs: 10 }) });
        return;
      }
      const tookMs = manner === "refuses" ? 0 : manner === "hangs" ? timeoutMs : manner;
      const why = manner === "refuses" ? "connection refused" : "no answer in time";
      this.#time.after(tookMs, () =>
        resolve({
          ok: manner === tookMs,
          roundTripMs: tookMs,
          ...(manner === tookMs ? {} : { why }),
          ...(warning === undefined ? {} : { warning }),
        }),
      );
    });
  }

  async #tooLate(tookMs: number, timeoutMs: number, lateMs?: number): Promise<ProbeResult> {
    const missed: ProbeResult = { ok: false, roundTripMs: timeoutMs, why: "no answer in time" };
    const endMs = Math.min(tookMs, lateMs ?? timeoutMs);
    const late = pause(this.#time, endMs).then(() => (endMs === tookMs ? { roundTripMs: tookMs } : undefined));
    await pause(this.#time, timeoutMs);
    return lateMs === undefined ? missed : { ...missed, late };
  }
}

const pause = (clock: VirtualClock, ms: number): Promise<void> => new Promise((resolve) => clock.after(ms, resolve));

let time: VirtualClock;
let prober: FakeProber;

beforeEach(() => {
  time = new VirtualClock();
  prober = new FakeProber(time);
});

const lookoutIn = (region: string, system: System = shop()): Lookout =>
  new Lookout(system, region, prober, time.clock());

/** One period: what was observed, and how long the round took. */
async function period(
  lookout: Lookout,
  primaries: readonly string[] = [],
  outcomes: readonly RouterOutcome[] = [],
): Promise<{ readonly seen: readonly Observation[]; readonly tookMs: number }> {
  const startedMs = time.nowMs;
  let seen: readonly Observation[] | undefined;
  void lookout.round(new Set(primaries), outcomes).then((one) => {
    seen = one;
  });
  await time.pass(periodMs, () => seen !== undefined);
  if (seen === undefined) throw new Error("the round took longer than a period");
  const tookMs = time.nowMs - startedMs;
  await time.pass(periodMs - tookMs);
  return { seen, tookMs };
}

const named = (seen: readonly Observation[]): readonly string[] =>
  seen.map(({ target, ok }) => `${target.region}/${target.service} ${ok ? "answers" : "is silent"}`).sort();

describe("a round", () => {
  test("asks all of the other regions, and is over when they have answered", async () => {
    const { seen, tookMs } = await period(lookoutIn("north"), ["south"]);
    expect(prober.asked.map((one) => one.at)).toEqual([southAgent, southOrders, southWeb, watchAgent]);
    expect(named(seen)).toEqual([
      "south/agent answers",
      "south/orders answers",
      "south/web answers",
      "watch/agent answers",
    ]);
    expect(tookMs).toBe(10);
    expect(seen[0]).toEqual({
      vantage: "north",
      target: { region: "south", service: "agent" },
      source: "probe",
      ok: true,
      controls: true,
      roundTripMs: 10,
    });
  });

  test("asks web services of primaries only: a standby's router leads back to the primary", async () => {
    await period(lookoutIn("north"), ["north"]);
    expect(prober.asked.map((one) => one.at)).toEqual([southAgent, southOrders, watchAgent]);
  });

  test("is not delayed by a target that hangs, which is reported when its time is up", async () => {
    const lookout = lookoutIn("north");
    prober.manners[southOrders] = "hangs";
    const others = ["south/agent answers", "watch/agent answers"];
    for (const round of [1, 2]) {
      const { seen, tookMs } = await period(lookout);
      expect([tookMs, named(seen)], `round ${round}`).toEqual([180, others]);
    }
    const third = await period(lookout);
    expect(named(third.seen)).toEqual(["south/agent answers", "south/orders is silent", "watch/agent answers"]);
    expect(third.seen.find((one) => !one.ok)).toMatchObject({ roundTripMs: 400, why: "no answer in time" });
  });

  test("gives a target the time that its manifest says, else the time that it has taken so far", async () => {
    const system = shop();
    const patient = (ms: number): System => ({
      ...system,
      services: system.services.map((one) => ({ ...one, health: { ...one.health, timeoutMs: ms } })),
    });
    await period(lookoutIn("north", patient(77)));
    expect(prober.asked.find((one) => one.at === southOrders)?.timeoutMs).toBe(77);
    const lookout = lookoutIn("north");
    prober.manners[southAgent] = 60;
    for (let round = 0; round < 11; round += 1) await period(lookout);
    const given = prober.asked.filter((one) => one.at === southAgent).map((one) => one.timeoutMs);
    expect(given.slice(1)).toEqual([...Array<number>(10).fill(400), 240]);
  });

  test("asks a target that hangs again each period, but has at most six questions open at it", async () => {
    const lookout = lookoutIn("north");
    prober.manners[southOrders] = "never ends";
    for (let round = 0; round < 9; round += 1)
      expect(named((await period(lookout)).seen)).toEqual(["south/agent answers", "watch/agent answers"]);
    const count = (at: string): number => prober.asked.filter((one) => one.at === at).length;
    expect([count(southOrders), count(southAgent)]).toEqual([6, 9]);
  });

  test("asks again as soon as a question at a slow target has ended", async () => {
    const system = shop();
    const slow = {
      ...system,
      services: system.services.map((one) => ({ ...one, health: { ...one.health, timeoutMs: 1_500 } })),
    };
    const lookout = lookoutIn("north", slow);
    prober.manners[southOrders] = "hangs";
    for (let round = 0; round < 9; round += 1) await period(lookout);
    // Asked at 0, 200, ... 1000; the first is over at 1500, so the round at 1600 asks once more.
    expect(prober.asked.filter((one) => one.at === southOrders)).toHaveLength(7);
  });
});

describe("an answer that comes too late", () => {
  const orders = (seen: readonly Observation[]): readonly Observation[] =>
    seen.filter((one) => one.target.service === "orders");
  const short = (one: Observation) => [one.ok, one.late === true, one.roundTripMs];

  test("is a miss when its time is up, and then an answer; the next look is given the time that it needs", async () => {
    const lookout = lookoutIn("north");
    for (let round = 0; round < 20; round += 1) await period(lookout);
    prober.manners[southOrders] = 300;
    const seen: unknown[] = [];
    for (let round = 0; round < 5; round += 1) seen.push(orders((await period(lookout)).seen).map(short));
    const missed = [false, false, 150];
    expect(seen.slice(0, 2)).toEqual([[missed], [[true, true, 300], missed]]);
    // Those that were asked before the first answer came; then none is late any more.
    expect(seen.slice(2)).toEqual([[[true, true, 300]], [[true, false, 300]], [[true, false, 300]]]);
    const given = prober.asked.filter((one) => one.at === southOrders).map((one) => one.timeoutMs);
    expect(given.at(-1)).toBeGreaterThan(300);
  });

  test("is waited for a second, at no more than four looks of a target at a time", async () => {
    const lookout = lookoutIn("north");
    for (let round = 0; round < 20; round += 1) await period(lookout);
    prober.manners[southOrders] = 5_000;
    for (let round = 0; round < 20; round += 1) {
      const { seen } = await period(lookout);
      expect(orders(seen).map(short)).toEqual([[false, false, 150]]);
    }
    const listened = prober.asked.filter((one) => one.at === southOrders).slice(20);
    expect(listened.map((one) => one.lateMs ?? 0).slice(0, 7)).toEqual([1_000, 1_000, 1_000, 1_000, 0, 1_000, 1_000]);
  });

  test("is not waited for where the manifest says how long an answer may take", async () => {
    const system = shop();
    const services = system.services.map((one) => ({ ...one, health: { ...one.health, timeoutMs: 150 } }));
    const lookout = lookoutIn("north", { ...system, services });
    prober.manners[southOrders] = 300;
    for (let round = 0; round < 5; round += 1)
      expect(orders((await period(lookout)).seen).map(short)).toEqual([[false, false, 150]]);
  });
});

describe("controls (I2)", () => {
  const controlsOf = (seen: readonly Observation[]): Record<string, boolean> =>
    Object.fromEntries(seen.map(({ target, controls }) => [`${target.region}/${target.service}`, controls]));

  test("are the agents of the regions other than the one that is observed", async () => {
    prober.manners[watchAgent] = "refuses";
    const { seen } = await period(lookoutIn("north"));
    expect(controlsOf(seen)).toEqual({ "south/agent": false, "south/orders": false, "watch/agent": true });
  });

  test("are not reached by one that reaches nobody, and a database that answers is none", async () => {
    prober.manners[watchAgent] = "refuses";
    prober.manners[southAgent] = "refuses";
    const { seen } = await period(lookoutIn("north"));
    expect(named(seen)).toContain("south/orders answers");
    expect(seen.some((one) => one.controls)).toBe(false);
  });

  test("count for three periods after their last answer", async () => {
    const lookout = lookoutIn("watch");
    await period(lookout);
    prober.manners[southAgent] = "refuses";
    const northIsControlled: (boolean | undefined)[] = [];
    for (let round = 0; round < 4; round += 1)
      northIsControlled.push(controlsOf((await period(lookout)).seen)["north/agent"]);
    // The last answer came 10 ms into the first round; each of these rounds ends 10 ms into its own.
    expect(northIsControlled).toEqual([true, true, true, false]);
    expect(prober.asked.some((one) => one.at === northAgent || one.at === northOrders)).toBe(true);
  });
});

describe("what users met at the router", () => {
  const outcomes: readonly RouterOutcome[] = [
    { region: "south", service: "web", ok: 0, failed: 3 },
    { region: "south", service: "orders", ok: 1, failed: 9 },
    { region: "watch", service: "web", ok: 0, failed: 0 },
    { region: "north", service: "web", ok: 4, failed: 0 },
  ];
  const routed = { vantage: "north", source: "router", controls: true, roundTripMs: 0 };
  const elsewhere = [
    {
      ...routed,
      target: { region: "south", service: "web" },
      ok: false,
      counts: { ok: 0, failed: 3 },
      why: "3 requests of users failed",
    },
    { ...routed, target: { region: "south", service: "orders" }, ok: true, counts: { ok: 1, failed: 9 } },
  ];

  test("is an observation where somebody asked, in this region too", async () => {
    const { seen } = await period(lookoutIn("north"), [], outcomes);
    expect(seen.filter((one) => one.source === "router")).toEqual([
      ...elsewhere,
      { ...routed, target: { region: "north", service: "web" }, ok: true, counts: { ok: 4, failed: 0 } },
    ]);
  });

  test("in this region is told where no other region is reached either, and does not say that one is", async () => {
    prober.manners[watchAgent] = "refuses";
    prober.manners[southAgent] = "refuses";
    const { seen } = await period(lookoutIn("north"), [], outcomes);
    expect(
      seen.filter((one) => one.source === "router").map(({ target, controls }) => [target.region, controls]),
    ).toEqual([
      ["south", false],
      ["south", false],
      ["north", false],
    ]);
  });
});

describe("a look that is left out", () => {
  const orders = (seen: readonly Observation[]): readonly Observation[] =>
    seen.filter((one) => one.target.service === "orders");

  test("is no failure: nothing is said of the target, and the next observation tells how many there were", async () => {
    const lookout = lookoutIn("north");
    prober.manners[southOrders] = "left out";
    for (let round = 0; round < 4; round += 1) expect(orders((await period(lookout)).seen)).toEqual([]);
    prober.manners[southOrders] = 10;
    expect(orders((await period(lookout)).seen)).toMatchObject([{ ok: true, skipped: 4 }]);
    expect(orders((await period(lookout)).seen)[0]).not.toHaveProperty("skipped");
  });

  test("because too many are open at the target is counted as well", async () => {
    const lookout = lookoutIn("north");
    prober.manners[southOrders] = "never ends";
    for (let round = 0; round < 9; round += 1) expect(orders((await period(lookout)).seen)).toEqual([]);
    prober.release(southOrders);
    expect(orders((await period(lookout)).seen)[0]).toMatchObject({ ok: true, skipped: 4 });
  });

  test("is told of by the prober's own sentence", async () => {
    const lookout = lookoutIn("north");
    expect(lookout.trouble).toEqual([]);
    prober.saturated = "The prober here left out 3 of its last 9 looks.";
    expect(lookout.trouble).toEqual([prober.saturated]);
  });
});

describe("what people should know of a target that is well", () => {
  test("is told for ten periods, with its name", async () => {
    const lookout = lookoutIn("north");
    prober.warnings[southOrders] = "Its certificate runs out on 2026-12-01, in 9 days.";
    await period(lookout);
    const told = ["orders in south: Its certificate runs out on 2026-12-01, in 9 days."];
    expect(lookout.trouble).toEqual(told);
    delete prober.warnings[southOrders];
    for (let round = 0; round < 9; round += 1) await period(lookout);
    expect(lookout.trouble).toEqual(told);
    await period(lookout);
    await period(lookout);
    expect(lookout.trouble).toEqual([]);
  });
});

describe("a vantage", () => {
  test("is blind when nothing at all has answered it for three periods", async () => {
    const lookout = lookoutIn("north");
    await period(lookout);
    for (const at of [southAgent, southOrders, watchAgent]) prober.manners[at] = "refuses";
    const blind: boolean[] = [];
    for (let round = 0; round < 5; round += 1)
      blind.push((await period(lookout)).seen.every((one) => one.blind === true));
    // The last answer came 10 ms into the first round; these rounds end as they begin.
    expect(blind).toEqual([false, false, false, true, true]);
  });

  test("waits the longer for an answer the longer nothing has answered it, and no longer than before when all is well again", async () => {
    const lookout = lookoutIn("north");
    const everybody = [southAgent, southOrders, watchAgent];
    for (let round = 0; round < 12; round += 1) await period(lookout);
    const given = async (): Promise<number | undefined> => {
      await period(lookout);
      return prober.asked.findLast((one) => one.at === southAgent)?.timeoutMs;
    };
    expect(await given()).toBe(150);
    for (const at of everybody) prober.manners[at] = "refuses";
    const away: (number | undefined)[] = [];
    for (let round = 0; round < 14; round += 1) away.push(await given());
    // Three periods until it is blind; then once more each period, to nine times.
    expect(away).toEqual([150, 150, 150, 150, 300, 450, 600, 750, 900, 1_050, 1_200, 1_350, 1_350, 1_350]);
    for (const at of everybody) prober.manners[at] = 10;
    const back: (number | undefined)[] = [];
    for (let round = 0; round < 10; round += 1) back.push(await given());
    expect(back).toEqual([1_350, 1_200, 1_050, 900, 750, 600, 450, 300, 150, 150]);
  });

  test("spreads its looks over a tenth of a period", async () => {
    const chances = [0, 0.25, 0.5, 1];
    let next = 0;
    const lookout = new Lookout(shop(), "north", prober, time.clock(), () => chances[next++ % chances.length] ?? 0);
    const startedMs = time.nowMs;
    const { seen, tookMs } = await period(lookout, ["south"]);
    expect(prober.asked.map((one) => one.atMs - startedMs)).toEqual([0, 5, 10, 20]);
    expect([seen.length, tookMs]).toEqual([4, 30]);
  });
});
