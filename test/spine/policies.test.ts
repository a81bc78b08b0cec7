// What the policies of a group come to with real controllers and agents: when it is left, when it stays, when a person is asked, and
// what of that outlives the controller.

import { afterEach, describe, expect, test } from "vitest";
import { entriesOf } from "../../src/core/audit/verify.ts";
import { whyOf } from "../../src/core/audit/why.ts";
import type { GroupPolicy, System } from "../../src/core/model/system.ts";
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

const answer = (kind: "approve" | "deny", question?: number): PersonCommand => ({
  kind,
  group: "storefront",
  by: "kari",
  ...(question === undefined ? {} : { question }),
});
const maintenance = (on: boolean): PersonCommand => ({
  kind: "maintenance",
  group: "storefront",
  region: "south",
  on,
  by: "kari",
});
const withPolicy = (policy: GroupPolicy, more: Parameters<typeof shopWith>[0] = {}): System =>
  shopWith({ ...more, group: { ...more.group, policy } });
const kinds = async (rig: Rig): Promise<readonly string[]> =>
  (await rig.runs()).slice(2).map((run) => `${run.kind} ${run.result}`);
const serves = (rig: Rig, region: string, ms?: number): Promise<void> =>
  rig.until(`${region} serves`, () => rig.servingRegion() === region, ms);
const says = (rig: Rig, rule: string, ms = 20_000): Promise<void> =>
  rig.until(`the decision is ${rule}`, () => rig.status().decision.rule === rule, ms);
const rests = (rig: Rig): Promise<void> =>
  rig.until("both are promotable, and nothing is under way", () => rig.idle() && rig.status().promotable.length === 2);

describe("a person is asked", long, () => {
  const costs = { currency: "EUR", outagePerHour: 60_000 };

  test("with the loss and what waiting costs, is reminded, and answers", async () => {
    const rig = await begun({ ...shopWith({ group: { failover: "approve" } }), costs });
    rig.loseRegion("north");
    await says(rig, "ask-policy");
    const { decision } = rig.status();
    expect(decision).toMatchObject({
      kind: "ask",
      next: "leeward approve storefront --question 1",
      question: { id: 1 },
    });
    expect(decision.waiting).toContain("waiting does not add to the loss, for the lease of north has run out");
    expect(decision.waiting).toContain("each minute costs EUR 1,000 more");
    expect(decision.until).toMatch(
      /^until a person answers, the question runs out at \d\d:\d\d:\d\d UTC, or north is well again$/,
    );
    const asked = (): readonly string[] =>
      rig.notices.filter((notice) => notice.kind === "asked").map((notice) => notice.sentence);
    expect(asked().at(-1)).toContain("EUR 1,000");
    await rig.pass(310_000);
    expect(asked().at(-1)).toMatch(/^reminder 1 of 5: /);
    expect(asked().at(-1)).toContain("(EUR 5,");
    expect((await rig.order(answer("approve", 7))).sentence).toContain(
      "question 7 is not open any more (it was never asked)",
    );
    expect((await rig.order(answer("approve", 1))).accepted).toBe(true);
    await serves(rig, "south", 10_000);
    expect(rig.problems()).toEqual([]);
  });

  test("again when the loss has grown meanwhile, and an answer to the first question is refused with the reason", async () => {
    const rig = await begun(shopWith({ group: { failover: "approve" } }));
    rig.databases.faults.push({
      region: "north",
      action: "serve-primary",
      times: 10_000,
      outcome: { kind: "failed", retry: "later", reason: "a binary is missing" },
    });
    Object.assign(rig.databases.of("north"), { running: false, streaming: false });
    await says(rig, "ask-policy");
    expect(rig.status().decision.waiting).toContain("each minute of waiting may add a minute to the loss");
    await rig.until("it is asked anew", () => (rig.status().decision.question?.id ?? 0) > 1, 60_000);
    const refused = await rig.order(answer("approve", 1));
    expect(refused.accepted).toBe(false);
    expect(refused.sentence).toMatch(/question 1 is not open any more \(.*has taken its place|it was asked long ago\)/);
    expect((await rig.order(answer("approve"))).accepted).toBe(true);
    await serves(rig, "south", 10_000);
    expect(rig.problems()).toEqual([]);
  });

  test("not for ever: a question without an answer runs out, and then nothing is done without an order", async () => {
    const rig = await begun(shopWith({ group: { failover: "approve" } }));
    rig.loseRegion("north");
    await says(rig, "ask-policy");
    await rig.pass(1_000);
    // As if four hours had passed: the wall clock of the next controller decides, and it is the store that remembers.
    rig.killController();
    rig.time.setWallAhead(14_400_000);
    rig.startController();
    await says(rig, "unanswered", 30_000);
    expect((await rig.order(answer("approve", 1))).sentence).toContain("had no answer in time");
    expect(
      (await rig.order({ kind: "failover", group: "storefront", to: "south", by: "kari", acceptLoss: true })).accepted,
    ).toBe(true);
    await serves(rig, "south", 10_000);
  });

  test("when the flap budget is used up, rather than that nothing happens", async () => {
    const flaps = { switches: 1, alarms: 60, withinMs: 3_600_000 };
    const rig = await begun(withPolicy({ flaps }, { group: { coolDownMs: 1_000 } }));
    rig.loseRegion("north");
    await serves(rig, "south", 10_000);
    await rig.until("it ends", () => rig.idle());
    await rig.returnRegion("north");
    await rests(rig);
    expect(rig.status().flaps).toMatchObject({ switches: 1, switchesMax: 1 });
    rig.loseRegion("south");
    await says(rig, "ask-flaps");
    expect(rig.status().decision.reason).toContain("it would be switch 2 within 60 min, and 1 are left to automation");
    await rig.pass(10_000);
    expect(rig.servingRegion()).toBeUndefined();
    // The budget is as old as the system, not as the process.
    rig.killController();
    rig.startController();
    await says(rig, "ask-flaps", 30_000);
    expect((await rig.order(answer("approve"))).accepted).toBe(true);
    await serves(rig, "north", 10_000);
    expect(rig.problems()).toEqual([]);
  });
});

describe("a person who leads the group home", long, () => {
  test("vouches for it: region after region may die, and each time the group is led away at once", async () => {
    const rig = await begun(withPolicy({}, { group: { coolDownMs: 1_000 } }));
    for (let round = 0; round < 6; round += 1) {
      rig.loseRegion("north");
      await serves(rig, "south", 10_000);
      await rig.until("it ends", () => rig.idle());
      await rig.returnRegion("north");
      await rests(rig);
      // A region that has just come back is watched a little longer before it may take over.
      await rig.pass(5_000);
      expect((await rig.order({ kind: "failback", group: "storefront", by: "kari" })).accepted).toBe(true);
      await serves(rig, "north", 10_000);
      await rests(rig);
    }
    expect(rig.problems()).toEqual([]);
  });
});

describe("a hold-off", long, () => {
  test("waits until the outage has cost as much as a switch, and says until when", async () => {
    const costs = { currency: "EUR", outagePerHour: 36_000, falseFailover: 100 };
    const rig = await begun({ ...shop(), costs });
    const sinceMs = rig.time.nowMs;
    rig.loseRegion("north");
    await says(rig, "hold-off");
    expect(rig.status().decision.until).toMatch(/^until \d\d:\d\d:\d\d UTC, when the hold-off ends$/);
    await serves(rig, "south", 20_000);
    expect(rig.time.nowMs - sinceMs).toBeGreaterThan(10_000);
    expect(rig.time.nowMs - sinceMs).toBeLessThan(12_000);
  });

  test("is not left when the region comes back in time", async () => {
    const rig = await begun(withPolicy({ holdOffMs: 20_000 }));
    rig.cutOff("north");
    await says(rig, "hold-off");
    await rig.pass(5_000);
    rig.heal();
    await serves(rig, "north", 10_000);
    await rig.pass(30_000);
    expect(await kinds(rig)).toEqual([]);
    expect(rig.problems()).toEqual([]);
  });
});

describe("a brown-out", long, () => {
  const share = 0.2;

  test("is held through by default: it is said, the TTL is short meanwhile, and nobody moves", async () => {
    const rig = await begun();
    const usual = rig.status().routes?.[0]?.usualTtlMs;
    rig.failing.set("north", share);
    await says(rig, "degraded-held", 120_000);
    expect(rig.notices.some((notice) => notice.sentence.includes("hold through a brown-out"))).toBe(true);
    expect(rig.status().decision.until).toContain("until it is well again or down, or a person orders a switchover");
    expect(rig.status().routes?.[0]).toMatchObject({ ttlMs: 5_000, usualTtlMs: usual });
    await rig.pass(120_000);
    expect(await kinds(rig)).toEqual([]);
    expect(rig.servingRegion()).toBe("north");
    rig.failing.clear();
    await rig.until("the TTL is the usual one", () => rig.status().routes?.[0]?.ttlMs === usual, 600_000);
    expect(rig.problems()).toEqual([]);
  });

  test("is left by a switchover where the policy says so, after its hold-off", async () => {
    const rig = await begun(withPolicy({ degraded: "switch", degradedHoldOffMs: 20_000 }));
    rig.failing.set("north", share);
    await serves(rig, "south", 180_000);
    rig.failing.clear();
    await rests(rig);
    expect((await kinds(rig))[0]).toBe("switchover done");
    expect(rig.lost()).toEqual([]);
    expect(rig.problems()).toEqual([]);
  });

  test("is asked about where the policy says so", async () => {
    const rig = await begun(withPolicy({ degraded: "ask", degradedHoldOffMs: 20_000 }));
    rig.failing.set("north", share);
    await says(rig, "ask-degraded", 180_000);
    expect(rig.status().decision.waiting).toContain("waiting loses nothing, for north still has everything");
    expect((await rig.order(answer("deny"))).accepted).toBe(true);
    await rig.pass(60_000);
    expect(await kinds(rig)).toEqual([]);
  });
});

describe("of two standbys", long, () => {
  test("the one that is further behind is not chosen, and it is said why", async () => {
    const rig = await begun(shopInThree());
    rig.databases.stalled.add("south");
    await rig.pass(8_000);
    rig.loseRegion("north");
    await serves(rig, "east", 10_000);
    expect(rig.lines.join("\n")).toMatch(/east takes over, for it may lose [\d.]+ s, south [\d.]+ s/);
    expect(rig.problems()).toEqual([]);
  });

  test("the forbidden one is not chosen, by nobody", async () => {
    const system = shopInThree();
    const groups = system.groups.map((group) => ({ ...group, policy: { forbidden: ["south"] } }));
    const rig = await begun({ ...system, groups });
    const refused = await rig.order({ kind: "switchover", group: "storefront", to: "south", by: "kari" });
    expect(refused.sentence).toBe("refused: the manifest forbids south as primary of storefront");
    rig.loseRegion("north");
    await serves(rig, "east", 10_000);
    expect(rig.lines.join("\n")).toContain("east takes over, the only standby that can take over");
    expect(rig.problems()).toEqual([]);
  });
});

describe("a synchronous standby that is lost", long, () => {
  const lastWriteMs = (rig: Rig): number => rig.acknowledged.at(-1)?.atMs ?? 0;

  test("makes writes wait, strictly, until it is back; and it is said", async () => {
    const rig = await begun(shopWith({ mode: "sync" }));
    rig.loseRegion("south");
    await says(rig, "sync-waits");
    expect(rig.status().decision.reason).toContain("commits of storefront wait for south");
    expect(rig.status().decision.until).toBe("until south streams again, or a person takes it out");
    const writtenMs = lastWriteMs(rig);
    await rig.pass(60_000);
    expect(lastWriteMs(rig)).toBe(writtenMs);
    expect(await kinds(rig)).toEqual([]);
    await rig.returnRegion("south");
    await rig.until("writes go on", () => lastWriteMs(rig) > writtenMs, 30_000);
    await rests(rig);
    expect(rig.lost()).toEqual([]);
    expect(rig.problems()).toEqual([]);
  });

  test("is dropped after a while where the policy says so: the epoch first, then the mode; and is let in again by an epoch", async () => {
    const rig = await begun(withPolicy({ dropSyncAfterMs: 10_000 }, { mode: "sync" }));
    const epochBefore = rig.status().epoch;
    rig.loseRegion("south");
    await says(rig, "sync-waits");
    expect(rig.status().decision.until).toMatch(
      /^until south streams again, or until \d\d:\d\d:\d\d UTC, when it is taken out, or a person takes it out$/,
    );
    const writtenMs = lastWriteMs(rig);
    const synced: string[] = [];
    rig.reached = (step, point, kind) => {
      if (kind === "unprotect" && point === "effect")
        synced.push(
          `${step}: epoch ${rig.status().epoch - epochBefore}, waits for ${rig.databases.of("north").sync.join()}`,
        );
    };
    await rig.until("writes go on", () => lastWriteMs(rig) > writtenMs && rig.idle(), 30_000);
    expect(synced).toEqual([
      "fence.take-out@north: epoch 1, waits for south",
      "re-protect.mode.orders@north: epoch 1, waits for ",
    ]);
    expect(rig.status()).toMatchObject({ primary: "north", promotable: ["north"] });
    // Nobody else has what is acknowledged now: if north goes too, nobody takes over.
    await rig.returnRegion("south");
    await rests(rig);
    expect(rig.databases.of("north").sync).toEqual(["south"]);
    expect(await kinds(rig)).toEqual(["unprotect done", "protect done"]);
    rig.loseRegion("north");
    await serves(rig, "south", 10_000);
    expect(rig.lost()).toEqual([]);
    expect(rig.problems()).toEqual([]);
  });

  test("and was dropped, takes over from nobody: what is acknowledged since is not there", async () => {
    const rig = await begun(withPolicy({ dropSyncAfterMs: 5_000 }, { mode: "sync" }));
    rig.databases.stalled.add("south");
    rig.databases.slowFollows.add("south");
    await rig.until("it is taken out", () => rig.status().promotable.length === 1, 30_000);
    await rig.pass(5_000);
    rig.loseRegion("north");
    await says(rig, "no-target");
    await rig.pass(30_000);
    expect(rig.servingRegion()).toBeUndefined();
    expect(rig.status().decision.reason).toContain("south is not promotable");
    expect(rig.problems()).toEqual([]);
  });

  test("when the controller dies at any step of it, the next one finishes it", async () => {
    for (const step of ["fence.take-out@north", "re-protect.mode.orders@north"]) {
      for (const point of ["intent", "effect", "outcome"] as const) {
        const rig = await begun(withPolicy({ dropSyncAfterMs: 3_000 }, { mode: "sync" }));
        let hit = false;
        rig.reached = (at, reached, kind) => {
          if (hit || kind !== "unprotect" || at !== step || reached !== point) return;
          hit = true;
          rig.killController();
          rig.time.after(200, () => rig.startController());
        };
        rig.loseRegion("south");
        await rig.until(`${point} of ${step}`, () => hit);
        const sinceMs = rig.time.nowMs;
        await rig.until("writes go on", () => lastWriteMs(rig) > sinceMs + 500, 30_000);
        expect(rig.status().promotable).toEqual(["north"]);
        expect(rig.problems(), `${point} of ${step}`).toEqual([]);
      }
    }
  });
});

describe("a standby in maintenance", long, () => {
  test.each(["async", "sync"] as const)("is taken out first, left alone, and let in again (%s)", async (mode) => {
    const rig = await begun(shopWith({ mode }));
    const sinceMs = rig.time.nowMs;
    expect((await rig.order({ ...maintenance(true), region: "north" } as PersonCommand)).sentence).toContain(
      "north is the primary of storefront: switch over first",
    );
    expect((await rig.order(maintenance(true))).accepted).toBe(true);
    await rig.until("it is out", () => rig.status().promotable.length === 1 && rig.idle(), 10_000);
    await rig.pass(1_000);
    expect(rig.databases.of("north").sync).toEqual([]);
    rig.loseRegion("south");
    await rig.pass(30_000);
    expect(rig.longestGapMs(sinceMs)).toBeLessThan(500);
    rig.killController();
    rig.startController();
    await rig.returnRegion("south");
    await rig.pass(30_000);
    expect(rig.status()).toMatchObject({ promotable: ["north"], maintenance: [{ region: "south", by: "kari" }] });
    expect((await rig.order(maintenance(false))).accepted).toBe(true);
    await rests(rig);
    expect(rig.databases.of("north").sync).toEqual(mode === "sync" ? ["south"] : []);
    expect(await kinds(rig)).toEqual(["unprotect done", "protect done"]);
    const trail = entriesOf(await rig.trail());
    expect(trail.flatMap(({ fact }) => (fact?.what === "maintenance" ? [fact] : []))).toEqual([
      { what: "maintenance", region: "south", out: true, by: "kari" },
      { what: "maintenance", region: "south", out: false, by: "kari" },
    ]);
    expect(whyOf("storefront", trail, { last: "unprotect" })).toMatchObject({
      decision: { rule: "out-of-service" },
      run: { kind: "unprotect", to: "south", result: "done" },
    });
    expect(rig.problems()).toEqual([]);
  });
});

describe("what outlives the controller", long, () => {
  test("a person's no", async () => {
    const rig = await begun(shopWith({ group: { failover: "approve" } }));
    rig.loseRegion("north");
    await says(rig, "ask-policy");
    expect((await rig.order(answer("deny"))).accepted).toBe(true);
    for (let restarts = 0; restarts < 2; restarts += 1) {
      rig.killController();
      await rig.pass(500);
      rig.startController();
      await rig.pass(20_000);
      expect(rig.status().decision.rule).toBe("denied");
    }
    expect(rig.notices.filter((notice) => notice.kind === "asked")).toHaveLength(1);
    expect(await kinds(rig)).toEqual([]);
  });

  test("an open question, with its number", async () => {
    // In sync mode the loss to expect is known to every controller; else a new one has to ask anew, for it does not know it.
    const rig = await begun(shopWith({ mode: "sync", group: { failover: "approve" } }));
    rig.loseRegion("north");
    await says(rig, "ask-policy");
    await rig.pass(5_000);
    rig.killController();
    rig.startController();
    await says(rig, "ask-policy");
    expect(rig.status().decision.question?.id).toBe(1);
    expect(rig.status().decision.question?.askedMsAgo).toBeGreaterThan(5_000);
    expect((await rig.order(answer("approve", 1))).accepted).toBe(true);
    await serves(rig, "south", 10_000);
  });

  test("how much a run may have lost", async () => {
    const rig = await begun();
    rig.loseRegion("north");
    await serves(rig, "south", 10_000);
    await rig.until("it ends", () => rig.idle());
    const bound = async () => (await rig.runs()).find((run) => run.kind === "failover")?.lossBoundMs;
    const before = await bound();
    expect(before).toBeGreaterThan(0);
    rig.killController();
    rig.startController();
    await rig.pass(2_000);
    expect(await bound()).toBe(before);
  });

  test("but not a no that could not be stored, and that is said", async () => {
    const rig = await begun(shopWith({ group: { failover: "approve" } }));
    rig.loseRegion("north");
    await says(rig, "ask-policy");
    rig.storeFault("hangs");
    const said = await rig.order(answer("deny"));
    expect(said.accepted).toBe(false);
    expect(said.sentence).toContain("a controller that is restarted now would ask again");
  });
});

describe("when nobody can be judged", long, () => {
  test("nothing is moved, and that is said", async () => {
    const rig = await begun();
    rig.cutOff("watch");
    await says(rig, "all-unknown");
    expect(
      rig.notices.some((notice) =>
        notice.sentence.startsWith("nothing is moved: not one of north and south can be judged"),
      ),
    ).toBe(true);
    const sinceMs = rig.time.nowMs;
    await rig.pass(30_000);
    expect(rig.longestGapMs(sinceMs)).toBeLessThan(500);
    rig.heal();
    await rig.pass(10_000);
    expect(await kinds(rig)).toEqual([]);
    expect(rig.problems()).toEqual([]);
  });
});
