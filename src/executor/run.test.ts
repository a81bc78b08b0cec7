import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { planOf, shop } from "../../test/spine/shop.ts";
import type { Outcome } from "../core/plan/action.ts";
import { applyEntry, attemptsMax, type Entry, factOf, type Next, nextOf, type RunState, readRun } from "./run.ts";

const plan = planOf(shop(), "switchover", "north", "south");
const check = "check.target@south";
const web = "compute.start.web@south";
const mailer = "compute.stand-down.mailer@north";
const prepare = "fence.prepare@south";
const fence = "fence.fence.orders@north";
const catchUp = "data.catch-up.orders@south";
const epoch = "fence.epoch@south";

const done: Outcome = { kind: "done", reason: "it is so", facts: { position: "42" } };
const unknown: Outcome = { kind: "unknown", reason: "no answer" };
const failed = (retry: "now" | "later" | "never"): Outcome => ({ kind: "failed", retry, reason: "no" });

const started: Entry = { kind: "started", plan, at: 0 };
const intent = (step: string, attempt = 1, at = 1): Entry => ({ kind: "intent", step, attempt, at });
const outcome = (step: string, what: Outcome, attempt = 1, at = 2): Entry => ({
  kind: "outcome",
  step,
  attempt,
  outcome: what,
  at,
});
const word = (command: Extract<Entry, { kind: "command" }>["command"], step?: string): Entry => ({
  kind: "command",
  command,
  by: "kari",
  at: 3,
  ...(step === undefined ? {} : { step }),
});
const ended = (...steps: readonly string[]): Entry[] => steps.flatMap((step) => [intent(step), outcome(step, done)]);
const runOf = (...entries: readonly Entry[]): RunState => readRun([started, ...entries]) as RunState;
const told = (next: readonly Next[]): readonly string[] =>
  next.map((one) =>
    one.kind === "end" ? `end ${one.result}: ${one.reason}` : `${one.kind} ${one.step.id} ${one.attempt}`,
  );

describe("what may happen next", () => {
  const rows: readonly (readonly [string, readonly Entry[], readonly string[]])[] = [
    ["at the start, the step that needs nothing", [], [`begin ${check} 1`]],
    [
      "an intent of an earlier process is taken up, and nothing else begins",
      [...ended(check), intent(web)],
      [`resume ${web} 1`],
    ],
    ["what was needed is done", ended(check), [`begin ${web} 1`, `begin ${mailer} 1`]],
    ["half of what was needed is done", [...ended(check, web)], [`begin ${mailer} 1`]],
    ["it failed and says later, but not yet", [intent(check, 1, 8_000), outcome(check, failed("later"), 1, 8_900)], []],
    [
      "it failed and says now",
      [intent(check, 1, 8_000), outcome(check, failed("now"), 1, 8_980)],
      [`begin ${check} 2`],
    ],
    ["it failed for good", [intent(check), outcome(check, failed("never"))], [`end failed: ${check}: no`]],
    ["its outcome stayed unknown", [intent(check), outcome(check, unknown)], [`end failed: ${check}: no answer`]],
    [
      "it failed too often",
      [intent(check, attemptsMax), outcome(check, failed("now"), attemptsMax)],
      [`end failed: ${check}: no`],
    ],
    [
      "it failed, and its deadline is over",
      [intent(check, 1, 0), outcome(check, failed("now"), 1, 5_000)],
      [`end failed: ${check}: no`],
    ],
    ["paused", [...ended(check), word("pause")], []],
    ["paused and resumed", [...ended(check), word("pause"), word("resume")], [`begin ${web} 1`, `begin ${mailer} 1`]],
    ["paused and approved", [...ended(check), word("pause"), word("approve")], [`begin ${web} 1`, `begin ${mailer} 1`]],
    ["aborted with nothing under way", [...ended(check), word("abort")], ["end aborted: aborted on request"]],
    [
      "aborted with an intent of an earlier process",
      [...ended(check), intent(web), word("abort")],
      [`resume ${web} 1`],
    ],
    [
      "aborted, and a step failed on the way",
      [word("abort"), intent(check), outcome(check, failed("never"))],
      [`end aborted: aborted on request; ${check}: no`],
    ],
    ["a step is skipped", [word("skip", check)], [`begin ${web} 1`, `begin ${mailer} 1`]],
    ["a step that does not exist is skipped", [word("skip", "nonsense")], [`begin ${check} 1`]],
    ["a step that is done is skipped", [...ended(check), word("skip", check)], [`begin ${web} 1`, `begin ${mailer} 1`]],
    [
      "forced: the fence and the epoch wait for their milestone only",
      [...ended(check, web, mailer, prepare), word("force")],
      [`begin ${fence} 1`, `begin ${epoch} 1`],
    ],
    [
      "forced: a fence that failed for good keeps nobody",
      [...ended(check, web, mailer, prepare), word("force"), intent(fence), outcome(fence, failed("never"))],
      [`begin ${epoch} 1`],
    ],
    ["ended", [{ kind: "ended", result: "aborted", reason: "", at: 5 }], []],
  ];
  test.each(rows)("%s", (_, entries, expected) => {
    expect(told(nextOf(runOf(...entries), new Set(), 9_000))).toEqual(expected);
  });

  test("a step that this process is busy with is neither begun nor resumed", () => {
    expect(nextOf(runOf(...ended(check), intent(web)), new Set([web]), 9_000)).toMatchObject([
      { kind: "begin", step: { id: mailer } },
    ]);
  });

  test("aborting waits for what this process is busy with", () => {
    expect(nextOf(runOf(...ended(check), intent(web), word("abort")), new Set([web]), 9_000)).toEqual([]);
  });

  test("a protection that is aborted does not wait for the copy it is making", () => {
    const copying = planOf(shop(), "protect", "south", "north", 3, ["south"]);
    const [follow] = copying.steps;
    const run = readRun([
      { kind: "started", plan: copying, at: 0 },
      intent(follow?.id ?? ""),
      word("abort"),
    ]) as RunState;
    expect(told(nextOf(run, new Set([follow?.id ?? ""]), 9_000))).toEqual(["end aborted: aborted on request"]);
  });

  test("everything done is the end", () => {
    const all = plan.steps.map((step) => step.id);
    expect(told(nextOf(runOf(...ended(...all)), new Set(), 9_000))).toEqual([
      "end done: switchover of storefront to south is complete",
    ]);
  });

  test("force leaves out what only a graceful run does", () => {
    const run = runOf(word("force"));
    const skipped = [...run.steps].flatMap(([id, state]) => (state.kind === "skipped" ? [id] : []));
    expect(skipped.sort()).toEqual([mailer, catchUp].sort());
  });
});

describe("a journal", () => {
  test("that does not begin with a start is no run", () => {
    expect(readRun([])).toBeUndefined();
    expect(readRun([intent(check)])).toBeUndefined();
  });

  test("leaves its facts for later steps", () => {
    expect(factOf(runOf(...ended(check, fence)), fence, "position")).toBe("42");
    expect(factOf(runOf(intent(fence), outcome(fence, failed("never"))), fence, "position")).toBeUndefined();
  });

  test("keeps the first start of a step over its attempts", () => {
    const run = runOf(intent(check, 1, 10), outcome(check, failed("now"), 1, 20), intent(check, 2, 30));
    expect(run.steps.get(check)).toEqual({ kind: "intended", attempt: 2, startedAt: 10 });
  });

  const anyEntry = fc.oneof(
    fc
      .record({ step: fc.constantFrom(check, web, fence, "nonsense"), attempt: fc.integer({ min: 1, max: 5 }) })
      .map(({ step, attempt }) => intent(step, attempt)),
    fc
      .record({
        step: fc.constantFrom(check, web, fence, "nonsense"),
        what: fc.constantFrom(done, unknown, failed("now"), failed("never")),
      })
      .map(({ step, what }) => outcome(step, what)),
    fc.constantFrom(word("pause"), word("resume"), word("abort"), word("force"), word("skip", web), word("skip")),
  );

  test("of any entries can be read, counts each of them, and never changes what was read before", () => {
    fc.assert(
      fc.property(fc.array(anyEntry, { maxLength: 30 }), (entries) => {
        let run = runOf();
        for (const entry of entries) {
          const before = JSON.stringify([...run.steps]);
          const next = applyEntry(run, entry);
          expect(next.entries).toBe(run.entries + 1);
          expect([...next.steps.keys()]).toEqual(plan.steps.map((step) => step.id));
          expect(JSON.stringify([...run.steps])).toBe(before);
          run = next;
        }
        expect(run).toEqual(runOf(...entries));
      }),
    );
  });

  test("of any entries never lets a step begin before what it needs", () => {
    fc.assert(
      fc.property(fc.array(anyEntry, { maxLength: 30 }), (entries) => {
        const run = runOf(...entries);
        for (const next of nextOf(run, new Set(), 9_000)) {
          if (next.kind !== "begin") continue;
          for (const need of next.step.needs) {
            const state = run.steps.get(need)?.kind;
            expect(state === "done" || state === "skipped" || (state === "failed" && run.forced)).toBe(true);
          }
        }
      }),
    );
  });
});
