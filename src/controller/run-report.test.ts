import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { planOf, shop } from "../../test/spine/shop.ts";
import type { Outcome } from "../core/plan/action.ts";
import type { Does, Plan, Step } from "../core/plan/plan.ts";
import { type Entry, type RunState, readRun } from "../executor/run.ts";
import { runReportOf } from "./run-report.ts";

const check: Does = { kind: "check-target", target: "south", graceful: false };
const route: Does = { kind: "route", primary: "south", epoch: 2, mode: "open" };

function stepNamed(id: string, needs: readonly string[], change: Partial<Step> = {}): Step {
  return {
    id,
    phase: "data",
    region: "south",
    does: check,
    needs,
    deadlineMs: 60_000,
    expectedMs: 100,
    bestEffort: false,
    gracefulOnly: false,
    what: `what ${id} does`,
    ...change,
  };
}

const plan: Plan = {
  ...planOf(shop(), "failover", "north", "south"),
  reason: "north is gone",
  steps: [
    stepNamed("a", [], { service: "orders" }),
    stepNamed("b", ["a"], { phase: "traffic", does: route, expectedMs: 40 }),
    stepNamed("c", ["b"], { phase: "compute", expectedMs: 5_000 }),
  ],
};

const intent = (step: string, at: number, attempt = 1): Entry => ({ kind: "intent", step, attempt, at });
const outcome = (step: string, at: number, result: Outcome, attempt = 1): Entry => ({
  kind: "outcome",
  step,
  attempt,
  outcome: result,
  at,
});
const person = (command: "pause" | "resume" | "skip", at: number, step?: string): Entry => ({
  kind: "command",
  command,
  by: "kari",
  at,
  ...(step === undefined ? {} : { step }),
});

function runAfter(...entries: readonly Entry[]): RunState {
  const run = readRun([{ kind: "started", plan, at: 1_000 }, ...entries]);
  if (run === undefined) throw new Error("the journal has no beginning");
  return run;
}
const reportAfter = (...entries: readonly Entry[]) => runReportOf("run-1", runAfter(...entries));

describe("a run's report", () => {
  test("of a run that has just begun names no step yet", () => {
    expect(reportAfter()).toEqual({
      id: "run-1",
      kind: "failover",
      group: "storefront",
      from: "north",
      to: "south",
      epochBefore: 1,
      reason: "north is gone",
      startedAt: 1_000,
      result: "running",
      resultReason: "",
      expectedMs: 140,
      facts: {},
      steps: [],
    });
  });

  test("tells each step in the plan's order, with its times, outcome and reason", () => {
    const report = reportAfter(
      person("skip", 1_050, "c"),
      intent("a", 1_100),
      outcome("a", 1_300, { kind: "done", reason: "promoted", facts: { position: "42", timeline: 2 } }),
      intent("b", 1_310),
    );
    expect(report.steps).toEqual([
      {
        id: "a",
        phase: "data",
        region: "south",
        service: "orders",
        startedAt: 1_100,
        endedAt: 1_300,
        outcome: "done",
        reason: "promoted",
      },
      {
        id: "b",
        phase: "traffic",
        region: "south",
        service: "",
        startedAt: 1_310,
        endedAt: 0,
        outcome: "running",
        reason: "what b does",
      },
      {
        id: "c",
        phase: "compute",
        region: "south",
        service: "",
        startedAt: 1_050,
        endedAt: 1_050,
        outcome: "skipped",
        reason: "skipped by kari",
      },
    ]);
    expect(report.facts).toEqual({ "a.position": "42", "a.timeline": 2 });
  });

  test.each([
    ["retrying", { kind: "failed", retry: "later", reason: "not yet" }],
    ["failed", { kind: "failed", retry: "never", reason: "not ever" }],
    ["unknown", { kind: "unknown", reason: "no answer in time" }],
  ] as const)("calls a step %s by its own word, and keeps facts of done steps only", (word, result) => {
    const report = reportAfter(intent("a", 1_100), outcome("a", 1_200, { ...result, facts: { position: "42" } }));
    expect(report.steps).toMatchObject([{ id: "a", outcome: word, reason: result.reason, startedAt: 1_100 }]);
    expect(report.steps[0]?.endedAt).toBe(word === "retrying" ? 0 : 1_200);
    expect(report.facts).toEqual({});
  });

  test("says whether it is paused, and how it ended", () => {
    expect(reportAfter(person("pause", 1_100)).result).toBe("paused");
    expect(reportAfter(person("pause", 1_100), person("resume", 1_200)).result).toBe("running");
    const ended = reportAfter(person("pause", 1_100), {
      kind: "ended",
      result: "failed",
      reason: "a failed",
      at: 1_900,
    });
    expect(ended).toMatchObject({ result: "failed", resultReason: "a failed", endedAt: 1_900 });
  });

  test("carries the bound on the loss where one was accepted, zero too", () => {
    expect(runReportOf("run-1", { ...runAfter(), plan: { ...plan, lossBoundMs: 0 } })).toMatchObject({
      lossBoundMs: 0,
    });
    expect(runReportOf("run-1", runAfter())).not.toHaveProperty("lossBoundMs");
  });

  test("expects users to wait until traffic has moved, and for the whole plan where none moves", () => {
    const expected = (steps: readonly Step[]) =>
      runReportOf("run-1", { ...runAfter(), plan: { ...plan, steps } }).expectedMs;
    expect(expected(plan.steps)).toBe(140);
    expect(expected(plan.steps.map((step) => ({ ...step, does: check })))).toBe(5_140);
    expect(expected([])).toBe(0);
  });

  test("counts only what stands before the route, however long the rest of a chain takes", () => {
    const times = fc.array(fc.nat(10_000), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(times, fc.nat(5), (expectedMs, at) => {
        const routeAt = at % expectedMs.length;
        const steps = expectedMs.map((ms, index) =>
          stepNamed(`s${index}`, index === 0 ? [] : [`s${index - 1}`], {
            expectedMs: ms,
            does: index === routeAt ? route : check,
          }),
        );
        let sumMs = 0;
        for (let index = 0; index <= routeAt; index += 1) sumMs += expectedMs[index] ?? 0;
        expect(runReportOf("run-1", { ...runAfter(), plan: { ...plan, steps } }).expectedMs).toBe(sumMs);
      }),
      { numRuns: 50 },
    );
  });
});
