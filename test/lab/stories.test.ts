// The stories with the real commands, one round each. What is asserted is what must never be otherwise, however slow the machine: no
// two writers, nothing lost where nothing may be, the primary where it belongs. How long it took is a figure in the report, not a test.

import { expect, test } from "vitest";
import { endedWrong, type LabReport } from "../../src/core/model/lab-report.ts";
import { tell } from "./tell.ts";

/** While nobody answers, the load client holds writes back at its own bound and says so; that is no fault. */
function unexpected(notes: readonly string[]): readonly string[] {
  return notes.filter((note) => !note.includes("withheld"));
}

/** What the story had to show and did not, each as a sentence. */
function wrong(report: LabReport): readonly string[] {
  return report.notes.filter((note) => note.startsWith(endedWrong));
}

test("region-loss: users write again elsewhere, and the switch home loses nothing", async () => {
  const { code, report } = await tell("region-loss");
  expect(unexpected(report.notes)).toEqual([]);
  expect(report.twoWriters).toBe(false);
  expect(report.duplicated).toBe(0);
  expect(report.decision).toBe("failover");
  expect(report.home?.lost).toBe(0);
  expect(report.acknowledged).toBeGreaterThan(100);
  expect(report.steps.length).toBeGreaterThan(3);
  expect(Object.values(report.phases).reduce((sum, share) => sum + share, 0)).toBeCloseTo(report.rtoMs, 3);
  expect(code).toBe(0);
});

test("region-loss in sync mode loses no acknowledged order", async () => {
  const { code, report } = await tell("region-loss", "--mode", "sync", "--once");
  expect(report).toMatchObject({ mode: "sync", lost: 0, twoWriters: false, duplicated: 0, decision: "failover" });
  expect(code).toBe(0);
});

test("region-freeze: the woken region acknowledges nothing through any router", async () => {
  const { code, report } = await tell("region-freeze", "--once");
  expect(report).toMatchObject({ twoWriters: false, duplicated: 0, decision: "failover" });
  expect(code).toBe(0);
});

test("region-cut: the cut region fences itself, and its standby takes over", async () => {
  const { code, report } = await tell("region-cut", "--once");
  expect(report).toMatchObject({ twoWriters: false, duplicated: 0, decision: "failover" });
  expect(code).toBe(0);
});

test.each(["store-cut", "store-stall", "link-cut"])("%s: nobody is promoted, nothing is lost", async (story) => {
  const { code, report } = await tell(story, "--once");
  expect(report).toMatchObject({ twoWriters: false, duplicated: 0, lost: 0, steps: [] });
  expect(unexpected(report.notes)).toEqual([]);
  expect(code).toBe(0);
});

test("switchover: nothing lost, nothing refused", async () => {
  const { code, report } = await tell("switchover");
  expect(report).toMatchObject({
    twoWriters: false,
    duplicated: 0,
    lost: 0,
    refused: 0,
    unknown: 0,
    home: { lost: 0 },
  });
  expect(code).toBe(0);
});

test("database-loss: back in place, or elsewhere by the living agent's receipt", async () => {
  const { code, report } = await tell("database-loss", "--once");
  expect(wrong(report)).toEqual([]);
  const [restarted, looped] = report.rounds?.each ?? [];
  expect(restarted).toMatchObject({ story: "database-restart", twoWriters: false, duplicated: 0 });
  expect(looped).toMatchObject({
    story: "database-crash-loop",
    twoWriters: false,
    duplicated: 0,
    decision: "failover",
    diagnosis: "database-down",
  });
  expect(code).toBe(0);
});

test("by-hand: a promotion that nobody ordered is noticed, and no user is sent there", async () => {
  const { code, report } = await tell("by-hand", "--once");
  expect(wrong(report)).toEqual([]);
  expect(report).toMatchObject({ twoWriters: false, lost: 0, steps: [], diagnosis: "promoted-by-hand" });
  expect(code).toBe(0);
});

test("standby-loss in sync mode: writes wait until a person takes the standby out, under a new epoch", async () => {
  const { code, report } = await tell("standby-loss", "--mode", "sync", "--once");
  expect(wrong(report)).toEqual([]);
  expect(report).toMatchObject({ mode: "sync", twoWriters: false, duplicated: 0, lost: 0 });
  expect(code).toBe(0);
});

test("brown-out: one failure in five is diagnosed, with what the diagnosis rests on", async () => {
  const { code, report } = await tell("brown-out", "--once");
  expect(wrong(report)).toEqual([]);
  expect(report).toMatchObject({ twoWriters: false, duplicated: 0, lost: 0 });
  expect(report.evidence?.vantages.length).toBeGreaterThan(0);
  expect(report.evidence?.statistic).toBeGreaterThanOrEqual(report.evidence?.threshold ?? Number.POSITIVE_INFINITY);
  expect(code).toBe(0);
});

test("region-loss in three regions: the choice between two standbys is said with its reason", async () => {
  const { code, report } = await tell("region-loss", "--regions", "3", "--once");
  expect(wrong(report)).toEqual([]);
  expect(report).toMatchObject({ system: "shop-in-three", twoWriters: false, duplicated: 0, decision: "failover" });
  expect(report.reason).toMatch(/takes over, for/);
  expect(code).toBe(0);
});

// These take many minutes, so they are registered only where they are asked for: LEEWARD_LAB_LONG=1 vitest run --project lab
if (process.env.LEEWARD_LAB_LONG !== undefined) {
  test.each(["flapping", "slow", "loss"])(
    "%s, for ten minutes: no switch, and it is said why",
    {
      timeout: 15 * 60_000,
    },
    async (story) => {
      const { code, report } = await tell(story, "--once", "--minutes", "10");
      expect(wrong(report)).toEqual([]);
      expect(report).toMatchObject({ twoWriters: false, duplicated: 0, lost: 0, steps: [] });
      expect(code).toBe(0);
    },
  );

  test("controller-crash: the intended or the prior state each time, and no effect twice", {
    timeout: 60 * 60_000,
  }, async () => {
    const { report } = await tell("controller-crash", "--once");
    expect(report.crashes?.length).toBeGreaterThan(20);
    for (const point of report.crashes ?? []) {
      expect(point).toMatchObject({ died: true, effectsTwice: 0 });
      expect(["intended", "prior"]).toContain(point.ended);
    }
    expect(report.twoWriters).toBe(false);
  });
}
