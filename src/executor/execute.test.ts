import { describe, expect, test } from "vitest";
import { RunRig } from "../../test/spine/run-rig.ts";
import { planOf, shop } from "../../test/spine/shop.ts";
import type { Outcome } from "../core/plan/action.ts";
import type { Plan, Step } from "../core/plan/plan.ts";
import type { Point } from "./execute.ts";
import { attemptsMax, type Command } from "./run.ts";

/** For a machine that is busy with other things; alone each takes a second or three. */
const long = { timeout: 60_000 };

const failover = planOf(shop(), "failover", "north", "south");
const switchover = planOf(shop(), "switchover", "north", "south");

function stepNamed(id: string, needs: readonly string[], change: Partial<Step> = {}): Step {
  return {
    id,
    phase: "data",
    region: "south",
    does: { kind: "check-target", target: "south", graceful: false },
    needs,
    deadlineMs: 1_000,
    expectedMs: 10,
    bestEffort: false,
    gracefulOnly: false,
    what: "",
    ...change,
  };
}

/** Two at once, then one that needs both. */
const small: Plan = { ...failover, steps: [stepNamed("a", []), stepNamed("b", []), stepNamed("c", ["a", "b"])] };
const single: Plan = { ...failover, steps: [stepNamed("a", [])] };

const failed = (retry: "now" | "later" | "never"): Outcome => ({ kind: "failed", retry, reason: "it did not work" });

/** It ended well: every step's effect happened once, in order, and never without its intent. */
function expectWhole(rig: RunRig, where: string): void {
  expect(rig.broken, `${where}\n${rig.story()}`).toEqual([]);
  expect([...rig.effects].sort(), `${where}\n${rig.story()}`).toEqual(rig.plan.steps.map((step) => step.id).sort());
  expect(rig.state?.ended?.result, `${where}\n${rig.story()}`).toBe("done");
}

async function undisturbed(plan: Plan): Promise<RunRig> {
  const rig = new RunRig(plan);
  rig.begin();
  await rig.toTheEnd();
  return rig;
}

describe("a run", long, () => {
  test.each([
    ["failover", failover],
    ["switchover", switchover],
    ["a small plan", small],
  ])("of %s does every step once, in order, and says so in its journal", async (_, plan) => {
    const rig = await undisturbed(plan);
    expectWhole(rig, "undisturbed");
    expect(rig.journal.length).toBe(2 * plan.steps.length + 2);
  });

  test("does what does not need each other at the same time", async () => {
    const rig = await undisturbed(small);
    const kinds = rig.journal.map((entry) => entry.kind);
    expect(kinds.slice(0, 3)).toEqual(["started", "intent", "intent"]);
  });

  test("is refused when a run of its name exists", async () => {
    const rig = await undisturbed(single);
    await rig.store.append({ run: "other", seq: 1, entry: {} });
    const again = new RunRig(single);
    await again.store.append({ run: again.run, seq: 1, entry: { kind: "nonsense" } });
    again.begin();
    await again.until(() => false, 100);
    expect(again.failure).toBeInstanceOf(Error);
    expect(again.effects).toEqual([]);
  });
});

describe("a process that ends at any durable entry is followed by one that finishes its run", long, () => {
  test.each([
    ["failover", failover],
    ["switchover", switchover],
    ["a small plan", small],
  ])("%s", async (_, plan) => {
    const whole = await undisturbed(plan);
    for (let entries = 1; entries < whole.journal.length; entries += 1) {
      const rig = new RunRig(plan);
      rig.onDurable = (count) => {
        if (count === entries) rig.kill();
      };
      rig.begin();
      await rig.until(() => rig.journal.length === entries);
      rig.begin();
      await rig.toTheEnd();
      expectWhole(rig, `ended after entry ${entries}`);
    }
  });

  test("a small plan, at any two of them", async () => {
    const whole = await undisturbed(small);
    const last = whole.journal.length;
    for (let first = 1; first < last; first += 1) {
      for (let second = first + 1; second < last; second += 1) {
        const rig = new RunRig(small);
        rig.onDurable = (count) => {
          if (count === first || count === second) rig.kill();
        };
        rig.begin();
        await rig.until(() => rig.journal.length === first);
        rig.begin();
        await rig.until(() => rig.journal.length === second);
        rig.begin();
        await rig.toTheEnd();
        expectWhole(rig, `ended after entries ${first} and ${second}`);
      }
    }
  });

  test("and so does one that comes long after the effect", async () => {
    const rig = new RunRig(single);
    rig.begin((_, point) => {
      if (point === "effect") rig.kill();
    });
    await rig.until(() => false, 60_000);
    rig.begin();
    await rig.toTheEnd();
    expectWhole(rig, "resumed after a minute");
    expect(rig.observed.length).toBe(1);
    expect(rig.asked.length).toBe(1);
  });
});

describe(
  "a process that ends between intent, effect and outcome of any step is followed by one that finishes its run",
  long,
  () => {
    const points: readonly Point[] = ["intent", "effect", "outcome"];
    test.each([
      ["failover", failover],
      ["switchover", switchover],
    ])("%s", async (_, plan) => {
      for (const step of plan.steps) {
        for (const point of points) {
          const rig = new RunRig(plan);
          let hit = false;
          rig.begin((at, reached) => {
            if (at.id !== step.id || reached !== point) return;
            hit = true;
            rig.kill();
          });
          await rig.until(() => hit);
          expect(hit, `${step.id} ${point} is never reached`).toBe(true);
          rig.begin();
          await rig.toTheEnd();
          expectWhole(rig, `ended at ${point} of ${step.id}`);
        }
      }
    });
  },
);

describe("while the journal is away", long, () => {
  const faults = ["lost", "unknown, done", "unknown, not done"] as const;
  test.each(faults)(
    "at any entry (%s) nothing is done without its intent, and the run goes on afterwards",
    async (fault) => {
      for (const plan of [small, switchover]) {
        const last = 2 * plan.steps.length + 2;
        for (let seq = 2; seq <= last; seq += 1) {
          const rig = new RunRig(plan);
          rig.storeFault = (at, tries) => (at === seq && tries <= 4 ? fault : undefined);
          rig.begin();
          await rig.toTheEnd();
          expectWhole(rig, `${fault} at entry ${seq}`);
        }
      }
    },
  );

  test("a start that is not known to be durable is refused, and does nothing", async () => {
    const rig = new RunRig(small);
    rig.storeFault = () => "unknown, not done";
    rig.begin();
    await rig.until(() => false, 1_000);
    expect(rig.failure).toBeInstanceOf(Error);
    expect(rig.effects).toEqual([]);
  });

  test("a process that shuts down meanwhile does not act on an intent that it could not write", async () => {
    for (let seq = 2; seq <= 5; seq += 1) {
      const rig = new RunRig(small);
      rig.storeFault = (at) => (at >= seq ? "lost" : undefined);
      rig.begin();
      await rig.until(() => false, 500);
      rig.shutDown();
      await rig.until(() => false, 5_000);
      expect(rig.broken, rig.story()).toEqual([]);
    }
  });

  test("a journal that cannot be read back for a moment is asked again, and the run goes on", async () => {
    const rig = new RunRig(small);
    rig.storeFault = (at, tries) => (at === 3 && tries === 1 ? "unknown, done" : undefined);
    const { journal } = rig.store;
    let refusals = 0;
    rig.begin();
    await rig.until(() => rig.execution !== undefined);
    rig.store.journal = async (run) =>
      refusals++ < 3 ? { kind: "failed", retry: "later", why: "away" } : journal(run);
    await rig.toTheEnd();
    expect(refusals).toBeGreaterThan(3);
    expectWhole(rig, "journal unreadable for a moment");
  });

  test("another controller that writes the same journal ends this process's part, once", async () => {
    const rig = new RunRig(small);
    rig.onDurable = (count) => {
      if (count === 2)
        void rig.store.append({
          run: rig.run,
          seq: 3,
          entry: { kind: "command", command: "pause", by: "another", at: 0 },
        });
    };
    rig.begin();
    await rig.until(() => false, 5_000);
    expect(String(rig.failure)).toContain("another controller");
    expect(rig.effects.length).toBeLessThanOrEqual(2);
    expect(rig.asked.length).toBeLessThanOrEqual(2);
  });
});

describe("a step", long, () => {
  test("that fails and says later is tried again, at most so often, each time under its own key", async () => {
    const rig = new RunRig(single);
    rig.behaviour = () => failed("later");
    rig.begin();
    const state = await rig.toTheEnd();
    expect(rig.asked).toEqual(["run-1/a/1", "run-1/a/2", "run-1/a/3", "run-1/a/4"]);
    expect(rig.asked.length).toBe(attemptsMax);
    expect(state.ended).toMatchObject({ result: "failed", reason: "a: it did not work" });
  });

  test("that fails once and then works is done", async () => {
    const rig = new RunRig(small);
    rig.behaviour = (step, attempt) => (step.id === "b" && attempt === 1 ? failed("now") : undefined);
    rig.begin();
    await rig.toTheEnd();
    expectWhole(rig, "one failure");
  });

  test("that fails for good ends the run, and what needs it is not begun", async () => {
    const rig = new RunRig(small);
    rig.behaviour = (step) => (step.id === "a" ? failed("never") : undefined);
    rig.begin();
    const state = await rig.toTheEnd();
    expect(state.ended?.result).toBe("failed");
    expect(rig.effects).toEqual(["b"]);
  });

  test("that fails and is best effort ends nothing", async () => {
    const plan: Plan = { ...small, steps: [stepNamed("a", [], { bestEffort: true }), stepNamed("c", ["a"])] };
    const rig = new RunRig(plan);
    rig.behaviour = (step) => (step.id === "a" ? failed("never") : undefined);
    rig.begin();
    const state = await rig.toTheEnd();
    expect(state.ended?.result).toBe("done");
    expect(rig.effects).toEqual(["c"]);
  });

  test("whose outcome is not known is observed again under the same key until it is", async () => {
    const rig = new RunRig(single);
    let first = true;
    rig.behaviour = () => {
      if (!first) return undefined;
      first = false;
      return { kind: "unknown", reason: "no answer" };
    };
    rig.begin();
    await rig.toTheEnd();
    expectWhole(rig, "unknown once");
    expect(new Set([...rig.asked, ...rig.observed])).toEqual(new Set(["run-1/a/1"]));
  });

  test("whose outcome is never known ends at its deadline, and is then neither done nor tried anew", async () => {
    const rig = new RunRig(single);
    rig.behaviour = () => "silent";
    rig.begin();
    const state = await rig.toTheEnd();
    expect(state.steps.get("a")).toMatchObject({ kind: "failed", attempt: 1, outcome: { kind: "unknown" } });
    expect(rig.time.nowMs).toBeLessThan(1_000 + 2 * 1_000);
  });

  test("that hangs and is best effort does not keep a failed run from its end", async () => {
    const plan: Plan = {
      ...small,
      steps: [stepNamed("a", [], { bestEffort: true, deadlineMs: 3_600_000 }), stepNamed("b", [])],
    };
    const rig = new RunRig(plan);
    rig.behaviour = (step) => (step.id === "a" ? "silent" : failed("never"));
    rig.begin();
    const state = await rig.toTheEnd();
    expect(state.ended?.result).toBe("failed");
    expect(rig.time.nowMs).toBeLessThan(3_000);
  });

  test("at which the performer throws has an unknown outcome, which ends the run", async () => {
    const rig = new RunRig(small);
    rig.behaviour = (step) => {
      if (step.id === "a") throw new Error("a bug");
      return undefined;
    };
    rig.begin();
    const state = await rig.toTheEnd();
    expect(state.ended).toMatchObject({ result: "failed", reason: "a: Leeward itself failed in this step: a bug" });
  });
});

describe("a person's word at any point of a run", long, () => {
  const lastEntry = 2 * switchover.steps.length + 1;

  /** A switchover that is told something as soon as its journal has so many entries. */
  async function told(entries: number, command: Command, step?: string): Promise<RunRig> {
    const rig = new RunRig(switchover);
    rig.begin();
    await rig.until(() => rig.journal.length >= entries);
    await heard(rig, rig.execution?.command(command, "kari", step));
    return rig;
  }
  async function heard(rig: RunRig, word: Promise<void> | undefined): Promise<void> {
    let durable = false;
    void word?.then(() => {
      durable = true;
    });
    await rig.until(() => durable, 1_000);
    expect(durable).toBe(true);
  }

  test("pause begins nothing new, and resume goes on to the same end", async () => {
    for (let entries = 1; entries < lastEntry; entries += 1) {
      const rig = await told(entries, "pause");
      await rig.until(() => false, 5_000);
      const begun = rig.effects.length;
      await rig.until(() => false, 60_000);
      expect(rig.effects.length, `paused after ${entries}`).toBe(begun);
      if (rig.state === undefined) await heard(rig, rig.execution?.command("resume", "kari"));
      await rig.toTheEnd();
      expectWhole(rig, `paused after ${entries}`);
    }
  });

  test("a paused run stays paused over a restart", async () => {
    for (let entries = 1; entries < lastEntry; entries += 1) {
      const rig = await told(entries, "pause");
      rig.kill();
      await rig.until(() => false, 1_000);
      const begun = rig.effects.length;
      rig.begin();
      await rig.until(() => false, 60_000);
      expect(rig.effects.length, `paused and restarted after ${entries}\n${rig.story()}`).toBe(begun);
      if (rig.state === undefined) await heard(rig, rig.execution?.command("resume", "kari"));
      await rig.toTheEnd();
      expectWhole(rig, `paused and restarted after ${entries}`);
    }
  });

  test("abort lets what is under way end, begins nothing, and ends the run", async () => {
    for (let entries = 1; entries < lastEntry; entries += 1) {
      const rig = await told(entries, "abort");
      const begun = rig.effects.length;
      const state = await rig.toTheEnd();
      // A word that comes when nothing is left to do finds the run done.
      const possible = begun === switchover.steps.length ? ["aborted", "done"] : ["aborted"];
      expect(possible, `aborted after ${entries}\n${rig.story()}`).toContain(state.ended?.result);
      expect(rig.effects.length - begun).toBeLessThanOrEqual(2);
      expect(rig.broken).toEqual([]);
    }
  });

  test("abort holds over a restart: what was only intended is not begun any more", async () => {
    for (let entries = 1; entries < lastEntry; entries += 1) {
      const rig = await told(entries, "abort");
      rig.kill();
      await rig.until(() => false, 1_000);
      const begun = rig.effects.length;
      rig.begin();
      const state = await rig.toTheEnd();
      expect(state.ended?.result, `aborted and restarted after ${entries}\n${rig.story()}`).toBe("aborted");
      expect(rig.effects.length).toBe(begun);
    }
  });

  test("skip leaves a step out, and the run goes on without it", async () => {
    const hanging = "compute.start.web@south";
    const rig = new RunRig(switchover);
    rig.behaviour = (step) => (step.id === hanging ? "silent" : undefined);
    rig.begin();
    await rig.until(() => rig.journal.some((entry) => entry.kind === "intent" && entry.step === hanging));
    await heard(rig, rig.execution?.command("skip", "kari", hanging));
    const state = await rig.toTheEnd();
    expect(state.ended?.result).toBe("done");
    expect(state.steps.get(hanging)).toMatchObject({ kind: "skipped", why: "skipped by kari" });
    expect(rig.effects).not.toContain(hanging);
  });

  test("force makes a switchover go on without its fence and without its catch-up, to its end", async () => {
    const old = (step: Step): boolean => step.region === "north";
    for (let entries = 1; entries < lastEntry; entries += 1) {
      const rig = new RunRig(switchover);
      rig.begin();
      await rig.until(() => rig.journal.length >= entries);
      // From now on nobody in the old region answers.
      rig.behaviour = (step) => (old(step) ? "silent" : undefined);
      await heard(rig, rig.execution?.command("force", "kari"));
      await rig.until(() => rig.effects.includes("data.promote.orders@south"));
      expect(rig.effects, `forced after ${entries}\n${rig.story()}`).toContain("data.promote.orders@south");
      const state = await rig.toTheEnd();
      expect(state.ended?.result, `forced after ${entries}\n${rig.story()}`).toBe("done");
    }
  });
});
