// The audit trail of whole stories, as the real controller writes it: unbroken whatever happens to the controller and to its store, and
// with everything that a person will ask about the morning after.

import { describe, expect, test } from "vitest";
import { entriesOf, verifyTrail } from "../../src/core/audit/verify.ts";
import { whyOf } from "../../src/core/audit/why.ts";
import { Rig } from "./rig.ts";
import { shop, shopWith } from "./shop.ts";

/** For a machine that is busy with other things; alone each takes a second or three. */
const long = { timeout: 60_000 };
const group = "storefront";

async function told(rig: Rig) {
  const rows = await rig.trail();
  const entries = entriesOf(rows);
  const facts = entries.map((entry) => entry.fact);
  return { verdict: verifyTrail(rows), entries, facts };
}

describe("the audit trail", long, () => {
  test("of a lost region has every epoch, fence, run, step and decision, and says why it moved", async () => {
    const rig = new Rig(shop());
    await rig.start();
    rig.loseRegion("north");
    await rig.until("south serves", () => rig.servingRegion() === "south", 10_000);
    await rig.until("the run ends", () => rig.idle());
    await rig.pass(1_000);
    const { verdict, entries, facts } = await told(rig);
    expect(verdict.breaks).toEqual([]);
    expect(verdict.heads).toMatchObject([{ group, gaps: 0, hash: rig.status().trail?.hash }]);
    expect(facts[0]).toMatchObject({ what: "trail", system: "shop", format: 1 });
    expect(facts).toContainEqual({ what: "start", controller: "watch", manifest: "the same" });
    const epochs = facts.flatMap((fact) => (fact?.what === "epoch" ? [fact.epoch] : []));
    expect(epochs).toEqual(Array.from({ length: rig.status().epoch }, (_, index) => index + 1));
    const phases = facts.flatMap((fact) => (fact?.what === "run" && fact.kind === "failover" ? [fact.phase] : []));
    expect(phases).toEqual(["begun", "ended"]);
    const steps = entries.filter((entry) => entry.fact?.what === "step");
    const begun = steps.filter((entry) => entry.fact?.what === "step" && entry.fact.phase === "begun");
    expect(begun.map((entry) => entry.step)).toContain("data.promote.orders@south");
    expect(entries.every((entry) => entry.sentence !== "")).toBe(true);
    const why = whyOf(group, entries, { last: "switch" });
    expect(why.sentence).toMatch(/^Leeward moved storefront from north to south, because north is/);
    expect(why.diagnoses.map((one) => one.name)).toContain("region-unreachable");
    expect(why.considered).toMatchObject([{ region: "south", chosen: true }]);
    expect(why.run).toMatchObject({ kind: "failover", result: "done" });
    const [head] = rig.notices.flatMap((notice) => notice.trail ?? []).slice(-1);
    expect(verifyTrail(await rig.trail(), [head?.hash ?? ""]).unbroken).toBe(true);
  });

  test("has every order of a person with its answer, the refused and the misled ones too", async () => {
    const rig = new Rig(shop());
    await rig.start();
    await rig.order({ kind: "pause", group, by: "kari" });
    await rig.order({ kind: "failover", group, to: "south", by: "ola", acceptLoss: false });
    await rig.order({ kind: "failback", group: "no-such-group", by: "ola" });
    await rig.order({ kind: "run", run: "no-such-run", command: "abort", by: "ola" });
    await rig.order({ kind: "unpause", group, by: "kari" });
    await rig.pass(1_000);
    const { verdict, facts } = await told(rig);
    expect(verdict.unbroken).toBe(true);
    const orders = facts.flatMap((fact) => (fact?.what === "order" ? [[fact.by, fact.order.kind, fact.accepted]] : []));
    expect(orders).toEqual([
      ["kari", "pause", true],
      ["ola", "failover", false],
      ["ola", "failback", false],
      ["ola", "run", false],
      ["kari", "unpause", true],
    ]);
    expect(facts.flatMap((fact) => (fact?.what === "policy" ? [fact.paused] : []))).toEqual([true, false]);
  });

  test("says once, and not at every look, why nothing is done", async () => {
    const rig = new Rig(shopWith({ group: { failover: "manual" } }));
    await rig.start();
    const before = (await rig.trail()).length;
    rig.loseRegion("north");
    await rig.pass(60_000);
    const { verdict, entries } = await told(rig);
    expect(verdict.unbroken).toBe(true);
    const since = entries.slice(before);
    expect(since.filter((entry) => entry.name === "manual").length).toBeGreaterThan(0);
    // A minute has 1,500 turns of the loop.
    expect(since.length).toBeLessThan(60);
    expect(whyOf(group, entries)).toMatchObject({ decision: { kind: "hold", rule: "manual" } });
  });

  test.each([21, 22, 23])("is unbroken through killed controllers and a store that hangs (seed %i)", async (seed) => {
    const rig = new Rig(shopWith({ group: { coolDownMs: 1_000 } }), seed);
    await rig.start();
    for (let round = 0; round < 6; round += 1) {
      const to = rig.status().primary === "north" ? "south" : "north";
      rig.storeFault(round % 3 === 1 ? "hangs, and does it" : "none");
      await rig.order({ kind: "switchover", group, to, by: "kari" });
      await rig.pass(40 + 130 * ((seed + round * 7) % 5));
      rig.storeFault(round % 2 === 0 ? "hangs" : "hangs, and does it");
      rig.killController();
      await rig.pass(30 + 17 * round);
      rig.startController();
      await rig.pass(300);
      rig.storeFault("none");
      await rig.until("it is in order", () => rig.idle() && rig.status().promotable.length === 2, 120_000);
      // What still waits for the store when its controller is killed is lost with it.
      await rig.pass(500);
    }
    await rig.pass(2_000);
    const { verdict, facts } = await told(rig);
    expect(verdict.breaks).toEqual([]);
    expect(facts.filter((fact) => fact?.what === "trail")).toHaveLength(1);
    expect(facts.filter((fact) => fact?.what === "start")).toHaveLength(7);
    expect(rig.status().trail?.hash).toBe(verdict.heads[0]?.hash);
  });
});
