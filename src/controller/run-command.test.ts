import { beforeEach, describe, expect, test } from "vitest";
import { type MemoryStore, makeMemoryStore } from "../../test/contract/memory-store.ts";
import { planOf, shop } from "../../test/spine/shop.ts";
import { VirtualClock } from "../../test/spine/virtual-clock.ts";
import type { PlanKind } from "../core/plan/plan.ts";
import { Execution } from "../executor/execute.ts";
import type { Command } from "../executor/run.ts";
import type { CommandAnswer } from "../wire/people.ts";
import { commandRun } from "./run-command.ts";

const never = (): never => {
  throw new Error("no step of this run is performed");
};

let time: VirtualClock;
let store: MemoryStore;

beforeEach(() => {
  time = new VirtualClock();
  store = makeMemoryStore();
});

async function runOf(kind: PlanKind): Promise<Execution> {
  const execution = await Execution.start("run-1", planOf(shop(), kind, "north", "south", 3), {
    store,
    clock: time.clock(),
    performer: { observe: never, act: never },
    onEvent: () => {},
  });
  if (!(execution instanceof Execution)) throw new Error(execution.why);
  return execution;
}

/** The answer, and the milliseconds it took. */
async function told(
  execution: Execution,
  command: Command,
  step: string | undefined,
  epoch: number,
): Promise<{ readonly answer: CommandAnswer; readonly tookMs: number }> {
  let answer: CommandAnswer | undefined;
  const askedMs = time.nowMs;
  void commandRun(time.clock(), execution, { command, by: "kari", step }, epoch).then((one) => {
    answer = one;
  });
  await time.pass(10_000, () => answer !== undefined);
  if (answer === undefined) throw new Error("no answer");
  return { answer, tookMs: time.nowMs - askedMs };
}

async function journalled(): Promise<readonly unknown[]> {
  const journal = await store.journal("run-1");
  if (journal.kind !== "rows") throw new Error(journal.why);
  return journal.rows.slice(1).map((row) => row.entry);
}

describe("a person's word in a run", () => {
  test.each(["pause", "resume", "approve", "abort", "force"] as const)(
    "%s is durable when it is accepted",
    async (word) => {
      const execution = await runOf("switchover");
      const { answer } = await told(execution, word, undefined, 3);
      expect(answer).toEqual({ accepted: true, sentence: `run-1: ${word}`, run: "run-1" });
      expect(await journalled()).toMatchObject([{ kind: "command", command: word, by: "kari" }]);
    },
  );

  test("skips a step that it names", async () => {
    const execution = await runOf("failover");
    const step = execution.state.plan.steps.find((one) => one.does.kind === "check-target")?.id ?? "";
    const { answer } = await told(execution, "skip", step, 3);
    expect(answer).toEqual({ accepted: true, sentence: `run-1: skip ${step}`, run: "run-1" });
    expect(execution.state.steps.get(step)).toMatchObject({ kind: "skipped", why: "skipped by kari" });
  });

  test.each([undefined, "no-such-step"])("that skips %s is told which steps there are", async (step) => {
    const execution = await runOf("failover");
    const { answer } = await told(execution, "skip", step, 3);
    const ids = execution.state.plan.steps.map((one) => one.id).join(", ");
    expect(answer).toEqual({ accepted: false, sentence: `name the step to skip: ${ids}` });
    expect(await journalled()).toEqual([]);
  });

  test.each(["failover", "switchover", "failback"] as const)("never skips the epoch of a %s (I1)", async (kind) => {
    const execution = await runOf(kind);
    const epoch = execution.state.plan.steps.find((one) => one.does.kind === "advance-epoch")?.id;
    expect(epoch).toBeDefined();
    const { answer } = await told(execution, "skip", epoch, 3);
    expect(answer).toEqual({
      accepted: false,
      sentence: "the epoch cannot be skipped: without it there could be two writers",
    });
    expect(await journalled()).toEqual([]);
  });

  test("does not abort a run past its epoch, for nobody would serve (I10)", async () => {
    const { answer } = await told(await runOf("failover"), "abort", undefined, 4);
    expect(answer).toEqual({
      accepted: false,
      sentence: "too late to abort: epoch 4 names south already, and stopping now would leave nobody to serve",
    });
    expect(await journalled()).toEqual([]);
  });

  test("aborts the making of a standby at any time: its primary serves all the while", async () => {
    const { answer } = await told(await runOf("protect"), "abort", undefined, 4);
    expect(answer.accepted).toBe(true);
  });

  test("is not accepted while the journal is away, and counts as soon as it is back", async () => {
    const execution = await runOf("failover");
    store.fail({ kind: "failed", retry: "later", why: "no answer in time" });
    const { answer, tookMs } = await told(execution, "pause", undefined, 3);
    expect(answer).toEqual({
      accepted: false,
      sentence: "pause is not durable: the journal does not answer; it counts as soon as it does",
      run: "run-1",
    });
    expect(tookMs).toBe(3_000);
    store.fail(undefined);
    expect(await time.pass(1_000, () => execution.state.paused)).toBe(true);
    expect(await journalled()).toMatchObject([{ kind: "command", command: "pause", by: "kari" }]);
  });

  test("that the journal refuses for good is answered at once, with the reason", async () => {
    const execution = await runOf("failover");
    store.fail({ kind: "failed", retry: "never", why: "The store is closed." });
    const { answer, tookMs } = await told(execution, "pause", undefined, 3);
    expect(answer.accepted).toBe(false);
    expect(answer.sentence).toContain("The store is closed.");
    expect(tookMs).toBeLessThan(3_000);
    expect(execution.state.paused).toBe(false);
  });
});
