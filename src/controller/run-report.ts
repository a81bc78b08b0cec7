// A run as people read it, made from its journal. Pure.

import { expectedEnds, type Plan } from "../core/plan/plan.ts";
import type { RunState, StepState } from "../executor/run.ts";
import type { RunReport } from "../wire/people.ts";

export function runReportOf(id: string, run: RunState): RunReport {
  const { plan } = run;
  const { lossBoundMs } = plan;
  const steps = plan.steps.flatMap((step): RunReport["steps"] => {
    const state = run.steps.get(step.id) ?? { kind: "waiting" };
    if (state.kind === "waiting") return [];
    return [
      {
        id: step.id,
        phase: step.phase,
        region: step.region,
        service: step.service ?? "",
        startedAt: "startedAt" in state ? state.startedAt : state.endedAt,
        endedAt: "endedAt" in state ? state.endedAt : 0,
        outcome: outcomeWord(state),
        reason: reasonOf(state, step.what),
      },
    ];
  });
  const facts: RunReport["facts"] = {};
  for (const [stepId, state] of run.steps) {
    if (state.kind !== "done") continue;
    for (const [name, value] of Object.entries(state.outcome.facts ?? {})) facts[`${stepId}.${name}`] = value;
  }
  return {
    id,
    kind: plan.kind,
    group: plan.group,
    from: plan.from,
    to: plan.to,
    epochBefore: plan.epochBefore,
    reason: plan.reason,
    startedAt: run.startedAt,
    ...(run.ended === undefined ? {} : { endedAt: run.ended.at }),
    result: run.ended?.result ?? (run.paused ? "paused" : "running"),
    resultReason: run.ended?.reason ?? "",
    expectedMs: usersWaitMs(plan),
    ...(lossBoundMs === undefined ? {} : { lossBoundMs }),
    facts,
    steps,
  };
}

function outcomeWord(state: StepState): string {
  switch (state.kind) {
    case "done":
    case "skipped":
    case "waiting":
      return state.kind;
    case "intended":
      return "running";
    case "retrying":
      return "retrying";
    case "failed":
      return state.outcome.kind === "unknown" ? "unknown" : "failed";
    default:
      return state satisfies never;
  }
}

function reasonOf(state: StepState, what: string): string {
  switch (state.kind) {
    case "done":
    case "failed":
      return state.outcome.reason;
    case "retrying":
      return state.last.reason;
    case "skipped":
      return state.why;
    case "intended":
    case "waiting":
      return what;
    default:
      return state satisfies never;
  }
}

/** Until traffic has moved; what comes after it users do not wait for. The whole plan, where no traffic moves. */
function usersWaitMs(plan: Plan): number {
  const ends = expectedEnds(plan.steps);
  const moved = plan.steps.filter((step) => step.does.kind === "route").map((step) => ends.get(step.id) ?? 0);
  return Math.max(0, ...(moved.length > 0 ? moved : ends.values()));
}
