// What a run has done so far, and what it may do next: a pure reading of its journal.
// The journal is the only truth. A run is started, killed and resumed by reading it again (I4).

import type { Outcome } from "../core/plan/action.ts";
import type { Plan, Step } from "../core/plan/plan.ts";

export type Command = "pause" | "resume" | "skip" | "approve" | "abort" | "force";

export type Entry =
  | { readonly kind: "started"; readonly plan: Plan; readonly at: number }
  /** Durable before the effect. `attempt` changes only after a definite failure, so that an unknown outcome meets its own key again. */
  | { readonly kind: "intent"; readonly step: string; readonly attempt: number; readonly at: number }
  | {
      readonly kind: "outcome";
      readonly step: string;
      readonly attempt: number;
      readonly outcome: Outcome;
      readonly at: number;
    }
  | {
      readonly kind: "command";
      readonly command: Command;
      readonly step?: string;
      readonly by: string;
      readonly at: number;
    }
  | {
      readonly kind: "ended";
      readonly result: "done" | "failed" | "aborted";
      readonly reason: string;
      readonly at: number;
    };

export type StepState =
  | { readonly kind: "waiting" }
  | { readonly kind: "intended"; readonly attempt: number; readonly startedAt: number }
  | {
      readonly kind: "retrying";
      readonly attempt: number;
      readonly startedAt: number;
      readonly last: Outcome;
      readonly failedAt: number;
    }
  | {
      readonly kind: "done";
      readonly attempt: number;
      readonly startedAt: number;
      readonly endedAt: number;
      readonly outcome: Outcome;
    }
  | { readonly kind: "skipped"; readonly endedAt: number; readonly why: string }
  | {
      readonly kind: "failed";
      readonly attempt: number;
      readonly startedAt: number;
      readonly endedAt: number;
      readonly outcome: Outcome;
    };

export type RunState = {
  readonly plan: Plan;
  readonly startedAt: number;
  readonly entries: number;
  readonly paused: boolean;
  readonly forced: boolean;
  readonly aborting: boolean;
  readonly steps: ReadonlyMap<string, StepState>;
  readonly ended?: { readonly result: "done" | "failed" | "aborted"; readonly reason: string; readonly at: number };
};

/** A definite failure is tried again at most so often; each try is an order of its own at the sink. */
export const attemptsMax = 4;

export function readRun(entries: readonly Entry[]): RunState | undefined {
  const [first, ...rest] = entries;
  if (first?.kind !== "started") return undefined;
  const initial: RunState = {
    plan: first.plan,
    startedAt: first.at,
    entries: 1,
    paused: false,
    forced: false,
    aborting: false,
    steps: new Map(first.plan.steps.map((step) => [step.id, { kind: "waiting" }])),
  };
  return rest.reduce(applyEntry, initial);
}

/** One more entry. Entries that make no sense in this state change nothing but the count: a journal is never rewritten. */
export function applyEntry(run: RunState, entry: Entry): RunState {
  const next = { ...run, entries: run.entries + 1 };
  switch (entry.kind) {
    case "started":
      return next;
    case "intent": {
      const before = run.steps.get(entry.step);
      const startedAt = before && "startedAt" in before ? before.startedAt : entry.at;
      return withStep(next, entry.step, { kind: "intended", attempt: entry.attempt, startedAt });
    }
    case "outcome":
      return withStep(next, entry.step, afterOutcome(run, entry));
    case "command":
      return applyCommand(next, entry);
    case "ended":
      return { ...next, ended: { result: entry.result, reason: entry.reason, at: entry.at } };
    default:
      return entry satisfies never;
  }
}

function afterOutcome(run: RunState, entry: Extract<Entry, { kind: "outcome" }>): StepState {
  const before = run.steps.get(entry.step);
  const startedAt = before && "startedAt" in before ? before.startedAt : entry.at;
  const { attempt, outcome, at } = entry;
  if (outcome.kind === "done") return { kind: "done", attempt, startedAt, endedAt: at, outcome };
  const retry = outcome.kind === "failed" && outcome.retry !== "never" && attempt < attemptsMax;
  const step = run.plan.steps.find((one) => one.id === entry.step);
  if (retry && step !== undefined && at - startedAt < step.deadlineMs) {
    return { kind: "retrying", attempt, startedAt, last: outcome, failedAt: at };
  }
  return { kind: "failed", attempt, startedAt, endedAt: at, outcome };
}

function applyCommand(run: RunState, entry: Extract<Entry, { kind: "command" }>): RunState {
  switch (entry.command) {
    case "pause":
      return { ...run, paused: true };
    case "resume":
    case "approve":
      return { ...run, paused: false };
    case "abort":
      return { ...run, aborting: true };
    case "skip": {
      const step = entry.step === undefined ? undefined : run.steps.get(entry.step);
      if (entry.step === undefined || step === undefined || step.kind === "done") return run;
      return withStep(run, entry.step, { kind: "skipped", endedAt: entry.at, why: `skipped by ${entry.by}` });
    }
    case "force": {
      // Graceful steps that have not ended are left out; what they would have proved is now a person's decision.
      const forced = { ...run, forced: true };
      return run.plan.steps
        .filter((step) => step.gracefulOnly && run.steps.get(step.id)?.kind !== "done")
        .reduce(
          (state, step) =>
            withStep(state, step.id, { kind: "skipped", endedAt: entry.at, why: `forced by ${entry.by}` }),
          forced as RunState,
        );
    }
    default:
      return entry.command satisfies never;
  }
}

function withStep(run: RunState, id: string, state: StepState): RunState {
  if (!run.steps.has(id)) return run;
  return { ...run, steps: new Map(run.steps).set(id, state) };
}

export type Next =
  /** Observe first: an earlier process intended it, and nobody knows whether it happened. */
  | { readonly kind: "resume"; readonly step: Step; readonly attempt: number; readonly startedAt: number }
  | { readonly kind: "begin"; readonly step: Step; readonly attempt: number }
  | { readonly kind: "end"; readonly result: "done" | "failed" | "aborted"; readonly reason: string };

/**
 * A step as it stands once a person has turned a graceful run into a forced one: the fence may fail, and neither it nor the epoch waits
 * for anything but the milestones before them. The epoch then moves by the receipt or, without one, when lease and holds have run out.
 */
export function stepUnder(run: RunState, step: Step): Step {
  if (!run.forced || step.phase !== "fence") return step;
  const milestones = step.needs.filter((need) => run.plan.steps.find((one) => one.id === need)?.does.kind !== "order");
  return { ...step, needs: milestones, bestEffort: step.bestEffort || step.does.kind === "order" };
}

/** How long to wait before a failed step is tried again, by its own word. */
const retryAfterMs = { now: 20, later: 250 } as const;

/**
 * Everything that may start now, given which steps this process is already busy with. A paused run starts nothing new; an aborting
 * one lets what is under way end, then ends.
 */
export function nextOf(run: RunState, busy: ReadonlySet<string>, nowMs: number): readonly Next[] {
  if (run.ended !== undefined) return [];
  const stateOf = (id: string): StepState => run.steps.get(id) ?? { kind: "waiting" };
  const steps = run.plan.steps.map((step) => stepUnder(run, step));
  const failed = steps.find((step) => stateOf(step.id).kind === "failed" && !step.bestEffort);
  const underWay = steps.filter((step) => stateOf(step.id).kind === "intended");

  const resumed = underWay
    .filter((step) => !busy.has(step.id))
    .map((step): Next => {
      const state = stateOf(step.id) as Extract<StepState, { kind: "intended" }>;
      return { kind: "resume", step, attempt: state.attempt, startedAt: state.startedAt };
    });
  if (resumed.length > 0) return resumed;

  const mustEnd = failed !== undefined || run.aborting;
  if (mustEnd) {
    // Best-effort steps that hang must not keep a failed run from its end; their outcome no longer matters to it. Nor does that of a
    // copy being made, which may take an hour: a failover that comes first must not wait for it.
    const abandons = (step: Step): boolean =>
      step.bestEffort || (run.aborting && run.plan.kind === "protect" && step.does.kind === "order");
    if (!underWay.every(abandons)) return [];
    const why =
      failed === undefined
        ? undefined
        : `${failed.id}: ${(stateOf(failed.id) as Extract<StepState, { kind: "failed" }>).outcome.reason}`;
    // Whoever asked for the end gets it by its name, whatever failed on the way there.
    if (run.aborting)
      return [
        {
          kind: "end",
          result: "aborted",
          reason: why === undefined ? "aborted on request" : `aborted on request; ${why}`,
        },
      ];
    return [{ kind: "end", result: "failed", reason: why ?? "" }];
  }

  const settled = (id: string): boolean => {
    const step = steps.find((one) => one.id === id);
    const state = stateOf(id);
    return (
      step === undefined ||
      state.kind === "done" ||
      state.kind === "skipped" ||
      (state.kind === "failed" && step.bestEffort)
    );
  };
  if (steps.every((step) => settled(step.id))) {
    return [
      { kind: "end", result: "done", reason: `${run.plan.kind} of ${run.plan.group} to ${run.plan.to} is complete` },
    ];
  }
  if (run.paused) return [];

  return steps
    .filter((step) => !busy.has(step.id) && step.needs.every(settled))
    .flatMap((step): Next[] => {
      const state = stateOf(step.id);
      if (state.kind === "waiting") return [{ kind: "begin", step, attempt: 1 }];
      if (state.kind !== "retrying") return [];
      const retry = state.last.kind === "failed" && state.last.retry === "now" ? "now" : "later";
      if (nowMs < state.failedAt + retryAfterMs[retry]) return [];
      return [{ kind: "begin", step, attempt: state.attempt + 1 }];
    });
}

/** Facts that a finished step left for later ones, such as the last position of the old primary. */
export function factOf(run: RunState, stepPrefix: string, name: string): string | number | boolean | undefined {
  for (const [id, state] of run.steps) {
    if (id.startsWith(stepPrefix) && state.kind === "done" && state.outcome.facts?.[name] !== undefined) {
      return state.outcome.facts[name];
    }
  }
  return undefined;
}
