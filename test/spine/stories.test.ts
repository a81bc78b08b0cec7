import { afterEach, describe, expect, test } from "vitest";
import type { RegionName, System } from "../../src/core/model/system.ts";
import type { PersonCommand } from "../../src/wire/people.ts";
import { Rig } from "./rig.ts";
import { shop, shopInThree, shopWith } from "./shop.ts";

/** For a machine that is busy with other things; alone each takes a second or three. */
const long = { timeout: 60_000 };

let told: Rig[] = [];

async function begun(system: System = shop(), seed = 1): Promise<Rig> {
  const rig = new Rig(system, seed);
  told.push(rig);
  await rig.start();
  return rig;
}

afterEach((context) => {
  if (context.task.result?.state === "fail") for (const rig of told) console.error(rig.story());
  told = [];
});

const kinds = async (rig: Rig): Promise<readonly string[]> =>
  (await rig.runs()).slice(2).map((run) => `${run.kind} ${run.result}`);
const word = (
  command: "switchover" | "failback" | "approve" | "deny" | "pause" | "unpause",
  to = "south",
): PersonCommand =>
  command === "switchover"
    ? { kind: command, group: "storefront", to, by: "kari" }
    : { kind: command, group: "storefront", by: "kari" };
const inRun = (rig: Rig, command: "pause" | "resume" | "abort" | "force" | "skip"): PersonCommand => ({
  kind: "run",
  run: rig.status().run?.id ?? "",
  command,
  by: "kari",
});
const serves = (rig: Rig, region: RegionName, ms?: number): Promise<void> =>
  rig.until(`${region} serves`, () => rig.servingRegion() === region, ms);
const rests = (rig: Rig): Promise<void> =>
  rig.until("both are promotable, and nothing is under way", () => rig.idle() && rig.status().promotable.length === 2);

describe("in peace", long, () => {
  test("a new system is established, protected, and then left alone", async () => {
    const rig = await begun();
    await rig.pass(10_000);
    expect(rig.problems()).toEqual([]);
    expect((await rig.runs()).map((run) => `${run.kind} ${run.result}`)).toEqual(["establish done", "protect done"]);
    expect(rig.status()).toMatchObject({ primary: "north", promotable: ["north", "south"], epoch: 2 });
  });
});

describe("region-loss", long, () => {
  test.each([1, 2, 3])("the standby takes over, and what returns becomes a standby again (seed %i)", async (seed) => {
    const rig = await begun(shop(), seed);
    const sinceMs = rig.time.nowMs;
    rig.loseRegion("north");
    await serves(rig, "south", 10_000);
    await rig.pass(1_000);
    expect(rig.longestGapMs(sinceMs)).toBeLessThan(3_500);
    await rig.until("the run ends", () => rig.idle());
    await rig.returnRegion("north");
    await rests(rig);
    expect(rig.problems()).toEqual([]);
    expect(await kinds(rig)).toEqual(["failover done", "protect done"]);
    expect(rig.databases.effects.filter((effect) => effect.startsWith("promote"))).toEqual(["promote south"]);
    expect(rig.replicas.get("mailer@south")).toBe(1);
    expect(rig.replicas.get("web@south")).toBe(2);
    expect(rig.replicas.get("mailer@north")).toBe(0);
  });

  test("in sync mode nothing that was acknowledged is lost", async () => {
    const rig = await begun(shopWith({ mode: "sync" }));
    expect(rig.databases.of("north").sync).toEqual(["south"]);
    rig.loseRegion("north");
    await serves(rig, "south", 10_000);
    await rig.pass(1_000);
    expect(rig.lost()).toEqual([]);
    await rig.until("the run ends", () => rig.idle());
    await rig.returnRegion("north");
    await rests(rig);
    expect(rig.databases.of("south").sync).toEqual(["north"]);
    expect(rig.lost()).toEqual([]);
    expect(rig.problems()).toEqual([]);
  });

  test("what only the lost region had is set aside when it returns", async () => {
    const rig = await begun();
    rig.loseRegion("north");
    await serves(rig, "south", 10_000);
    const lost = rig.lost();
    await rig.until("the run ends", () => rig.idle());
    await rig.returnRegion("north");
    await rests(rig);
    const orphans = new Set(rig.databases.of("north").orphans.map((row) => row.id));
    expect(lost.filter((row) => !orphans.has(row.id))).toEqual([]);
  });
});

describe("a primary that comes back in the last moment", long, () => {
  const isPreparing = (rig: Rig): boolean =>
    rig.status().run?.steps.some((step) => step.id === "fence.prepare@south" && step.outcome === "done") === true;

  test("and renews its lease after the successor was prepared: the failover is given up, and holds are granted again", async () => {
    const rig = await begun();
    const epoch = rig.status().epoch;
    const sinceMs = rig.time.nowMs;
    rig.cutOff("north");
    await rig.until("the successor is prepared", () => isPreparing(rig), 10_000);
    expect(rig.status().epoch).toBe(epoch);
    rig.heal();
    await rig.until("the run ends", () => rig.idle(), 2_000);
    await rig.pass(2_000);
    expect(await kinds(rig)).toEqual(["failover failed"]);
    const epochStep = (await rig.runs()).at(-1)?.steps.find((step) => step.id === "fence.epoch@south");
    expect(epochStep?.reason).toContain("north is back: it renewed its lease before south had taken over");
    expect(rig.status()).toMatchObject({ primary: "north", epoch });
    expect(rig.databases.effects.filter((effect) => effect.startsWith("promote"))).toEqual([]);
    expect(rig.longestGapMs(sinceMs)).toBeLessThan(500);
    // The successor grants holds as before: the primary goes on while the controller is away.
    const cutMs = rig.time.nowMs;
    rig.cut("north", "watch");
    await rig.pass(8_000);
    expect(rig.longestGapMs(cutMs)).toBeLessThan(500);
    rig.heal();
    // And what was given up is no failure that would keep the next one waiting.
    await rig.pass(5_000);
    rig.loseRegion("north");
    await serves(rig, "south", 4_000);
    expect(rig.problems()).toEqual([]);
  });

  test("again and again: it is never left, and never stands still for long", async () => {
    const rig = await begun();
    const sinceMs = rig.time.nowMs;
    for (let round = 0; round < 6; round += 1) {
      rig.cutOff("north");
      await rig.pass(1_500);
      rig.heal();
      await rig.pass(8_500);
    }
    expect(rig.status()).toMatchObject({ primary: "north" });
    expect((await kinds(rig)).filter((one) => one !== "failover failed")).toEqual([]);
    expect(rig.longestGapMs(sinceMs)).toBeLessThan(500);
    expect(rig.problems()).toEqual([]);
  });
});

describe("slow", long, () => {
  test.each([200, 300, 500])("a primary whose every answer comes %i ms late is slow, not dead", async (ms) => {
    const rig = await begun();
    // What is slow is judged by a target's own history.
    await rig.pass(12_000);
    const sinceMs = rig.time.nowMs;
    const named = new Set<string>();
    rig.slow.set("north", ms);
    while (rig.time.nowMs < sinceMs + 15_000) {
      await rig.pass(50);
      for (const { region, name } of rig.status().diagnoses) if (region === "north") named.add(name);
    }
    expect([...named].filter((name) => name.includes("down") || name === "region-unreachable")).toEqual([]);
    expect(named).toContain("slow");
    expect(rig.servingRegion()).toBe("north");
    expect(rig.longestGapMs(sinceMs)).toBeLessThan(500);
    rig.slow.clear();
    await rig.pass(10_000);
    expect(await kinds(rig)).toEqual([]);
    expect(rig.problems()).toEqual([]);
  });

  test("one that was slow for long and then dies is known to be dead as soon as any", async () => {
    const rig = await begun();
    await rig.pass(5_000);
    rig.slow.set("north", 300);
    await rig.pass(20_000);
    rig.slow.clear();
    // Its last hundred answers are as they used to be.
    await rig.pass(25_000);
    const sinceMs = rig.time.nowMs;
    rig.loseRegion("north");
    await rig.until("it is known", () => rig.status().diagnoses.some((one) => one.name === "region-unreachable"));
    expect(rig.time.nowMs - sinceMs).toBeLessThan(1_000);
    await serves(rig, "south", 10_000);
  });
});

describe("a cut", long, () => {
  test.each([1, 2, 3])("region-cut: the cut region stops by itself before the other begins (seed %i)", async (seed) => {
    const rig = await begun(shop(), seed);
    rig.cutOff("north");
    await serves(rig, "south", 10_000);
    await rig.pass(5_000);
    expect(rig.openRegions()).toEqual(["south"]);
    rig.heal();
    await rests(rig);
    expect(rig.problems()).toEqual([]);
    expect(await kinds(rig)).toEqual(["failover done", "protect done"]);
  });

  test("link-cut: nothing is switched, and it is said why", async () => {
    const rig = await begun();
    const sinceMs = rig.time.nowMs;
    rig.cut("north", "south");
    await rig.pass(20_000);
    expect(rig.servingRegion()).toBe("north");
    expect(rig.longestGapMs(sinceMs)).toBeLessThan(500);
    expect(rig.status().diagnoses.map((diagnosis) => diagnosis.name)).toContain("link-cut");
    expect(await kinds(rig)).toEqual([]);
    expect(rig.problems()).toEqual([]);
  });

  test.each(["north", "watch"])("one-way-cut from %s: no two writers, no endless outage", async (from) => {
    const rig = await begun();
    const sinceMs = rig.time.nowMs;
    if (from === "north") for (const to of ["south", "watch"]) rig.cutOneWay("north", to);
    else for (const other of ["south", "watch"]) rig.cutOneWay(other, "north");
    await rig.pass(20_000);
    expect(rig.longestGapMs(sinceMs)).toBeLessThan(8_000);
    rig.heal();
    await rests(rig);
    expect(rig.problems()).toEqual([]);
  });

  test("store-cut: the primary goes on by holds, and nobody is promoted", async () => {
    const rig = await begun();
    const sinceMs = rig.time.nowMs;
    rig.cut("north", "watch");
    await rig.pass(20_000);
    expect(rig.servingRegion()).toBe("north");
    expect(rig.longestGapMs(sinceMs)).toBeLessThan(500);
    rig.heal();
    await rig.pass(5_000);
    expect(await kinds(rig)).toEqual([]);
    expect(rig.problems()).toEqual([]);
  });

  test("witness-loss: serving goes on, and nothing is promoted meanwhile", async () => {
    const rig = await begun();
    const sinceMs = rig.time.nowMs;
    rig.killController();
    rig.loseRegion("watch");
    await rig.pass(20_000);
    await rig.returnRegion("watch");
    rig.startController();
    await rig.pass(10_000);
    expect(rig.longestGapMs(sinceMs)).toBeLessThan(500);
    expect(await kinds(rig)).toEqual([]);
    expect(rig.problems()).toEqual([]);
  });
});

describe("store-stall", long, () => {
  test.each(["hangs", "hangs, and does it"] as const)(
    "(%s) makes no outage, promotes nobody, and afterwards orders are obeyed",
    async (fault) => {
      const rig = await begun();
      const sinceMs = rig.time.nowMs;
      rig.storeFault(fault);
      await rig.pass(10_000);
      expect((await rig.order(word("switchover"))).accepted).toBe(false);
      expect((await rig.order(word("pause"))).accepted).toBe(false);
      await rig.pass(15_000);
      expect(rig.longestGapMs(sinceMs)).toBeLessThan(500);
      rig.storeFault("none");
      await rig.pass(5_000);
      expect(await kinds(rig)).toEqual([]);
      expect((await rig.order(word("pause"))).accepted).toBe(true);
      expect((await rig.order(word("unpause"))).accepted).toBe(true);
      expect(await rig.order(word("switchover"))).toMatchObject({ accepted: true });
      await serves(rig, "south");
      await rests(rig);
      expect(await kinds(rig)).toEqual(["switchover done", "protect done"]);
      expect(rig.problems()).toEqual([]);
    },
  );

  test("and a region that is lost while the store is away is left when it is back", async () => {
    const rig = await begun();
    rig.storeFault("hangs");
    await rig.pass(5_000);
    rig.loseRegion("north");
    await rig.pass(20_000);
    expect(rig.servingRegion()).toBeUndefined();
    rig.storeFault("none");
    await serves(rig, "south", 10_000);
    expect(rig.problems()).toEqual([]);
  });
});

describe("switchover", long, () => {
  test.each(["async", "sync"] as const)("there and back, nothing is lost and the gap is short (%s)", async (mode) => {
    const rig = await begun(shopWith({ mode, group: { coolDownMs: 1_000 } }));
    const sinceMs = rig.time.nowMs;
    expect((await rig.order(word("switchover"))).accepted).toBe(true);
    await serves(rig, "south");
    await rests(rig);
    expect(rig.longestGapMs(sinceMs)).toBeLessThan(500);
    expect((await rig.order(word("failback"))).accepted).toBe(true);
    await serves(rig, "north");
    await rests(rig);
    await rig.pass(1_000);
    expect(rig.longestGapMs(sinceMs)).toBeLessThan(500);
    expect(rig.lost()).toEqual([]);
    expect(await kinds(rig)).toEqual(["switchover done", "protect done", "failback done", "protect done"]);
    expect(rig.replicas.get("mailer@north")).toBe(1);
    expect(rig.replicas.get("mailer@south")).toBe(0);
    expect(rig.problems()).toEqual([]);
  });

  test("two orders at the same instant: one wins, the other is told why", async () => {
    const rig = await begun();
    const answers = await Promise.all([rig.order(word("switchover")), rig.order(word("switchover"))]);
    expect(answers.filter((answer) => answer.accepted).length).toBe(1);
    expect(answers.find((answer) => !answer.accepted)?.sentence).toMatch(/under way|started/);
    await serves(rig, "south");
    await rests(rig);
    expect(await kinds(rig)).toEqual(["switchover done", "protect done"]);
  });

  test("aborted at any step it ends where it began or where it was going, with everything that belongs there", async () => {
    const steps = await stepsOf("switchover");
    for (const step of steps) {
      const rig = await begun();
      let hit = false;
      rig.reached = (at, point, kind) => {
        if (kind === "switchover" && at === step && point === "intent") hit = true;
      };
      await rig.order(word("switchover"));
      await rig.until(`${step} is begun`, () => hit);
      const answer = await rig.order(inRun(rig, "abort"));
      await rig.until("it has ended", () => rig.idle());
      await rig.pass(1_000);
      await rests(rig);
      // A word that comes while the epoch is moving may come too late; then it goes on to its end.
      const wanted = rig.status().primary;
      if (!answer.accepted) expect(wanted).toBe("south");
      await serves(rig, wanted, 5_000);
      const other = wanted === "north" ? "south" : "north";
      expect(rig.replicas.get(`mailer@${wanted}`), `${step}\n${rig.story()}`).toBe(1);
      expect(rig.replicas.get(`mailer@${other}`), step).toBe(0);
      expect(rig.replicas.get(`web@${wanted}`), step).toBe(2);
      expect(rig.lost()).toEqual([]);
      expect(rig.problems()).toEqual([]);
    }
  });

  test("the old region dies in the middle, and a person forces it through", async () => {
    const rig = await begun();
    let hit = false;
    rig.reached = (at, point) => {
      if (at === "compute.stand-down.mailer@north" && point === "intent") hit = true;
    };
    await rig.order(word("switchover"));
    await rig.until("the switchover is under way", () => hit);
    rig.loseRegion("north");
    await rig.pass(1_000);
    expect((await rig.order(inRun(rig, "force"))).accepted).toBe(true);
    await serves(rig, "south", 10_000);
    await rig.until("it ends", () => rig.idle());
    expect((await kinds(rig))[0]).toBe("switchover done");
    expect(rig.problems()).toEqual([]);
  });
});

/** Every point of every step takes a minute; one each, in turn, takes seconds, and the executor's own tests have them all. */
const every = process.env.LEEWARD_EVERY_POINT !== undefined;
const points = ["intent", "effect", "outcome"] as const;
const pointsAt = (index: number): readonly (typeof points)[number][] =>
  every ? points : points.filter((_, one) => one === index % 3);

/** The steps of a run as they really happen, in order. */
async function stepsOf(kind: "switchover" | "failover"): Promise<readonly string[]> {
  const rig = await begun();
  const steps: string[] = [];
  rig.reached = (step, point, of) => {
    if (of === kind && point === "intent") steps.push(step);
  };
  if (kind === "switchover") await rig.order(word("switchover"));
  else rig.loseRegion("north");
  await serves(rig, "south");
  await rig.until("it ends", () => rig.idle());
  return steps;
}

describe("a controller that dies", long, () => {
  test.each(["switchover", "failover"] as const)(
    "between intent, effect and outcome of every step of a %s: the next one finishes it",
    async (kind) => {
      for (const [index, step] of (await stepsOf(kind)).entries()) {
        for (const point of pointsAt(index)) {
          const rig = await begun();
          let hit = false;
          rig.reached = (at, reached, of) => {
            if (hit || of !== kind || at !== step || reached !== point) return;
            hit = true;
            rig.killController();
            rig.time.after(200, () => rig.startController());
          };
          if (kind === "switchover") await rig.order(word("switchover"));
          else rig.loseRegion("north");
          await rig.until(`${point} of ${step}`, () => hit);
          await rig.pass(1_000);
          await serves(rig, "south", 20_000);
          await rig.until("it ends", () => rig.idle());
          const where = `${point} of ${step}\n${rig.story()}`;
          expect((await kinds(rig))[0], where).toBe(`${kind} done`);
          expect(
            rig.databases.effects.filter((effect) => effect.startsWith("promote")),
            where,
          ).toEqual(["promote south"]);
          expect(rig.problems(), where).toEqual([]);
          if (kind === "switchover") expect(rig.lost(), where).toEqual([]);
        }
      }
    },
  );

  test("and the store hangs, from any step of a switchover on, for a while", async () => {
    const faults = ["hangs", "hangs, and does it"] as const;
    for (const [index, step] of (await stepsOf("switchover")).entries()) {
      for (const fault of faults.filter((_, one) => every || one === index % 2)) {
        const rig = await begun();
        let hit = false;
        rig.reached = (at, point, of) => {
          if (hit || of !== "switchover" || at !== step || point !== "effect") return;
          hit = true;
          rig.storeFault(fault);
        };
        await rig.order(word("switchover"));
        await rig.until(`effect of ${step}`, () => hit);
        await rig.pass(1_500);
        rig.storeFault("none");
        await serves(rig, "south", 20_000);
        await rests(rig);
        expect((await kinds(rig))[0], step).toBe("switchover done");
        expect(rig.lost(), step).toEqual([]);
        expect(rig.problems(), step).toEqual([]);
      }
    }
  });
});

describe("an agent that dies", long, () => {
  test.each(["north", "south"])("in %s, at any step of a switchover, and comes back: it ends well", async (region) => {
    const steps = await stepsOf("switchover");
    for (const step of steps.filter((_, index) => every || index % 2 === (region === "north" ? 0 : 1))) {
      const rig = await begun();
      let hit = false;
      rig.reached = (at, point, of) => {
        if (hit || of !== "switchover" || at !== step || point !== "intent") return;
        hit = true;
        rig.killAgent(region);
      };
      await rig.order(word("switchover"));
      await rig.until(`intent of ${step}`, () => hit);
      await rig.pass(300);
      await rig.startAgent(region);
      await rig.pass(1_000);
      await rig.until("somebody serves", () => rig.servingRegion() !== undefined, 40_000);
      await rests(rig);
      expect(rig.lost(), step).toEqual([]);
      expect(rig.problems(), `${step}\n${rig.story()}`).toEqual([]);
    }
  });

  test("and comes back at once makes no switch", async () => {
    const rig = await begun();
    rig.killAgent("north");
    await rig.pass(200);
    await rig.startAgent("north");
    await rig.pass(10_000);
    expect(rig.servingRegion()).toBe("north");
    expect(await kinds(rig)).toEqual([]);
    expect(rig.problems()).toEqual([]);
  });
});

describe("what is half done is finished", long, () => {
  test("a database that could not be started at first is served once it can be", async () => {
    const rig = new Rig(shop());
    told.push(rig);
    rig.databases.faults.push({
      region: "north",
      action: "serve-primary",
      times: 6,
      outcome: { kind: "failed", retry: "later", reason: "a binary is missing" },
    });
    await rig.start();
    expect((await rig.runs()).map((run) => `${run.kind} ${run.result}`)).toEqual([
      "establish failed",
      "establish done",
      "protect done",
    ]);
    expect(rig.problems()).toEqual([]);
  });

  test("a promotion that fails for good at first is done by another run", async () => {
    const rig = await begun();
    rig.databases.faults.push({
      region: "south",
      action: "promote",
      times: 5,
      outcome: { kind: "failed", retry: "later", reason: "a full disk" },
    });
    rig.loseRegion("north");
    await serves(rig, "south", 30_000);
    await rig.until("it ends", () => rig.idle());
    expect(await kinds(rig)).toEqual(["failover failed", "failover done"]);
    expect(rig.problems()).toEqual([]);
  });

  test("a standby that cannot be made at once is tried again, with pauses", async () => {
    const rig = await begun();
    rig.loseRegion("north");
    await serves(rig, "south");
    await rig.until("it ends", () => rig.idle());
    rig.databases.faults.push({
      region: "north",
      action: "follow",
      times: 9,
      outcome: { kind: "failed", retry: "later", reason: "no room" },
    });
    await rig.returnRegion("north");
    await rests(rig);
    expect(await kinds(rig)).toEqual(["failover done", "protect failed", "protect failed", "protect done"]);
    expect(rig.problems()).toEqual([]);
  });
});

describe("people decide", long, () => {
  test.each(["approve", "manual"] as const)("policy %s: nothing switches by itself", async (failover) => {
    const rig = await begun(shopWith({ group: { failover } }));
    rig.loseRegion("north");
    await rig.pass(15_000);
    expect(rig.servingRegion()).toBeUndefined();
    expect(await kinds(rig)).toEqual([]);
    const { decision } = rig.status();
    expect(decision.reason).not.toBe("");
    expect(decision.next).toMatch(/leeward/);
    const answer = await rig.order(
      failover === "approve"
        ? word("approve")
        : { kind: "failover", group: "storefront", to: "south", by: "kari", acceptLoss: false },
    );
    expect(answer.accepted).toBe(true);
    await serves(rig, "south", 10_000);
    expect(rig.problems()).toEqual([]);
  });

  test("a no is kept while the trouble is the same", async () => {
    const rig = await begun(shopWith({ group: { failover: "approve" } }));
    rig.loseRegion("north");
    await rig.until("it asks", () => rig.status().decision.kind === "ask", 10_000);
    expect((await rig.order(word("deny"))).accepted).toBe(true);
    await rig.pass(20_000);
    expect(rig.status().decision.kind).toBe("hold");
    expect(rig.servingRegion()).toBeUndefined();
  });

  test("a loss above what is allowed is asked about, and taken with a yes", async () => {
    const rig = await begun(shopWith({ group: { maxDataLossMs: 10_000 } }));
    rig.databases.stalled.add("south");
    await rig.pass(20_000);
    rig.loseRegion("north");
    await rig.until("it asks", () => rig.status().decision.kind === "ask", 10_000);
    await rig.pass(5_000);
    expect(rig.servingRegion()).toBeUndefined();
    expect(rig.status().decision.lossBoundMs).toBeGreaterThan(10_000);
    expect((await rig.order(word("approve"))).accepted).toBe(true);
    await serves(rig, "south", 10_000);
    expect(rig.problems()).toEqual([]);
  });

  test("the loss is never above the bound that was named", async () => {
    const rig = await begun();
    rig.databases.stalled.add("south");
    await rig.pass(8_000);
    rig.loseRegion("north");
    await serves(rig, "south", 10_000);
    const bound = (await rig.runs()).find((run) => run.kind === "failover")?.lossBoundMs ?? 0;
    const lostIds = new Set(rig.lost().map((row) => row.id));
    const lostAt = rig.acknowledged.filter(({ row }) => lostIds.has(row.id)).map(({ atMs }) => atMs);
    expect(lostAt.length).toBeGreaterThan(0);
    expect((lostAt.at(-1) ?? 0) - (lostAt[0] ?? 0)).toBeLessThanOrEqual(bound);
  });

  test("paused, it watches and does nothing; unpaused, it acts", async () => {
    const rig = await begun();
    expect((await rig.order(word("pause"))).accepted).toBe(true);
    rig.loseRegion("north");
    await rig.pass(10_000);
    expect(rig.servingRegion()).toBeUndefined();
    expect(rig.status().decision.reason).toContain("paused");
    expect((await rig.order(word("unpause"))).accepted).toBe(true);
    await serves(rig, "south", 10_000);
    expect(rig.problems()).toEqual([]);
  });

  test("a promotion by hand is noticed, traffic stays, a person is asked", async () => {
    const rig = await begun();
    Object.assign(rig.databases.of("south"), { role: "primary", timeline: 2, streaming: false });
    await rig.until("it asks", () => rig.status().decision.kind === "ask", 10_000);
    await rig.pass(10_000);
    expect(rig.servingRegion()).toBe("north");
    expect(rig.openRegions()).toEqual(["north"]);
    expect(rig.status().decision.reason).toContain("promoted");
    expect(await kinds(rig)).toEqual([]);
    expect(rig.problems()).toEqual([]);
  });
});

describe("three regions that may be primary", long, () => {
  const whole = (rig: Rig): Promise<void> =>
    rig.until(
      "all are promotable, and nothing is under way",
      () => rig.idle() && rig.status().promotable.length === 3,
      90_000,
    );

  test("one is lost: another takes over, and all are standbys again, one after the other", async () => {
    const rig = await begun(shopInThree());
    rig.loseRegion("north");
    await rig.until("another serves", () => ["south", "east"].includes(rig.servingRegion() ?? ""), 10_000);
    await rig.until("the run ends", () => rig.idle());
    await rig.returnRegion("north");
    await whole(rig);
    expect(rig.problems()).toEqual([]);
    expect(await kinds(rig)).toEqual(["protect done", "failover done", "protect done", "protect done"]);
  });

  test("a failover does not wait for a copy that is being made", async () => {
    const rig = await begun(shopInThree());
    rig.loseRegion("east");
    await rig.order(word("switchover"));
    await rig.until(
      "south serves, and north is promotable",
      () => rig.servingRegion() === "south" && rig.status().promotable.includes("north") && rig.idle(),
    );
    rig.databases.slowFollows.add("east");
    await rig.returnRegion("east");
    await rig.until("east is being copied", () => rig.status().run?.kind === "protect", 20_000);
    const sinceMs = rig.time.nowMs;
    rig.loseRegion("south");
    await serves(rig, "north", 10_000);
    expect(rig.longestGapMs(sinceMs)).toBeLessThan(4_000);
    expect(await kinds(rig)).toContain("protect aborted");
    rig.databases.slowFollows.clear();
    await rig.until("the run ends", () => rig.idle());
    await rig.returnRegion("south");
    await whole(rig);
    expect(rig.problems()).toEqual([]);
  });
});

describe("a right to write that ends and comes back", long, () => {
  test("a primary that nobody could replace stops, and goes on with all that it had", async () => {
    const rig = await begun();
    expect((await rig.order(word("pause"))).accepted).toBe(true);
    rig.cutOff("north");
    await rig.until(
      "north has stopped",
      () => rig.openRegions().length === 0 && !rig.databases.of("north").running,
      10_000,
    );
    await rig.until("its workers too", () => rig.replicas.get("mailer@north") === 0, 5_000);
    rig.heal();
    await serves(rig, "north", 10_000);
    await rig.until(
      "its workers are back",
      () => rig.replicas.get("mailer@north") === 1 && rig.replicas.get("web@north") === 2,
      10_000,
    );
    expect(rig.lost()).toEqual([]);
    expect(await kinds(rig)).toEqual([]);
    expect(rig.problems()).toEqual([]);
  });
});

describe("a manifest that changed during a run", long, () => {
  test("pauses the run until a person has looked", async () => {
    for (const step of ["check.target@south", "compute.start.web@south", "fence.prepare@south"]) {
      const rig = await begun();
      let hit = false;
      rig.reached = (at, point) => {
        if (hit || at !== step || point !== "intent") return;
        hit = true;
        rig.killController();
        rig.time.after(100, () => rig.startController("another"));
      };
      await rig.order(word("switchover"));
      await rig.until("the controller has ended", () => hit);
      await rig.until("the run is paused", () => rig.status().run?.result === "paused", 5_000);
      await rig.pass(10_000);
      expect(rig.servingRegion(), step).toBe("north");
      expect(rig.databases.effects.filter((effect) => effect.startsWith("fence"))).toEqual([]);
      expect(rig.notices.some((notice) => notice.sentence.includes("the manifest changed"))).toBe(true);
      expect((await rig.order(inRun(rig, "resume"))).accepted).toBe(true);
      await serves(rig, "south", 10_000);
      await rests(rig);
      expect((await kinds(rig))[0]).toBe("switchover done");
    }
  });
});

describe("the watch over I1", long, () => {
  /** The controller begins anew just as the primary is cut off, and a person is in a hurry. */
  async function hurried(rig: Rig): Promise<readonly string[]> {
    told.push(rig);
    await rig.start();
    rig.killController();
    rig.cutOff("north");
    rig.startController();
    await rig.pass(450);
    await rig.order({ kind: "failover", group: "storefront", to: "south", by: "kari", acceptLoss: true });
    await serves(rig, "south", 10_000);
    await rig.pass(3_000);
    return rig.problems();
  }

  test("sees nothing where a new controller waits a whole lease", async () => {
    expect(await hurried(new Rig(shop()))).toEqual([]);
  });

  test("sees two writers where it does not", async () => {
    const problems = await hurried(new Rig(shop(), 1, { waitAfterRestart: false }));
    expect(problems.join("\n")).toContain("north and south let writes through at one instant");
  });
});
