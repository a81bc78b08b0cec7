// When the steps of a plan are expected to end, on the clock of those who wait for it. For a failover that clock starts with the loss
// of the region: detection comes first, then what is left of a hold-off, and the lease runs out meanwhile, for its last renewal was before
// the loss and not when the plan began. For everything else it starts with the plan.

import { criticalPath, type Plan, type Step } from "../../core/plan/plan.ts";

export type PlanOptions = {
  /** How long it takes to be sure that a region is lost. Only a failover waits for it. */
  readonly detection?: { readonly expectedMs: number; readonly worstMs: number };
  /** When an outage has been waited out, from the loss on, and why it is. Only a failover waits for it. */
  readonly holdOff?: { readonly endsMs: number; readonly because: "costs" | "policy" };
  /** The policy wants a person's yes, or a person's order. How long people take is not counted. */
  readonly byPerson?: boolean;
};

export type Forecast = {
  readonly detectionMs: number;
  readonly detectionWorstMs: number;
  /** When the plan begins: when the loss is known, or the hold-off is over. */
  readonly beginsMs: number;
  /** End of each step, by id. */
  readonly ends: ReadonlyMap<string, number>;
  /** When the old side's right to write is over at the latest; failovers only. */
  readonly leaseEndMs?: number;
  /** When the routers lead to the new primary. */
  readonly writesAgainMs?: number;
  /** How long writes wait: from the fence to the routers; not for failovers, where the loss itself stops them. */
  readonly holdMs?: number;
  readonly totalMs: number;
  /** Ids of the steps that decide when users write again. */
  readonly criticalPath: readonly string[];
};

export function forecastOf(plan: Pick<Plan, "kind" | "steps">, options: PlanOptions): Forecast {
  const failover = plan.kind === "failover";
  const detectionMs = failover ? (options.detection?.expectedMs ?? 0) : 0;
  const beginsMs = failover ? Math.max(detectionMs, options.holdOff?.endsMs ?? 0) : 0;
  const ends = endsOf(plan.steps, beginsMs, failover);
  const endOf = (step: Step | undefined): number | undefined => (step === undefined ? undefined : ends.get(step.id));
  const epoch = plan.steps.find((step) => step.does.kind === "advance-epoch");
  const opened = plan.steps.find((step) => step.does.kind === "route" && step.does.mode === "open");
  const fences = plan.steps.filter((step) => step.does.kind === "order" && step.does.action.kind === "fence");
  const stopped = Math.min(...fences.map((step) => (ends.get(step.id) ?? 0) - step.expectedMs));
  const leaseEndMs = failover ? endOf(epoch) : undefined;
  const writesAgainMs = endOf(opened);
  return {
    detectionMs,
    detectionWorstMs: failover ? (options.detection?.worstMs ?? detectionMs) : 0,
    beginsMs,
    ends,
    ...(leaseEndMs === undefined ? {} : { leaseEndMs }),
    ...(writesAgainMs === undefined ? {} : { writesAgainMs }),
    ...(writesAgainMs === undefined || failover || fences.length === 0 ? {} : { holdMs: writesAgainMs - stopped }),
    totalMs: Math.max(beginsMs, ...ends.values()),
    criticalPath: criticalPath(opened === undefined ? plan.steps : neededBy(opened, plan.steps)).map((step) => step.id),
  };
}

function endsOf(steps: readonly Step[], beginMs: number, failover: boolean): ReadonlyMap<string, number> {
  const byId = new Map(steps.map((step) => [step.id, step]));
  const ends = new Map<string, number>();
  const endOf = (step: Step): number => {
    const known = ends.get(step.id);
    if (known !== undefined) return known;
    const needed = step.needs.flatMap((need) => byId.get(need) ?? []);
    const start = Math.max(beginMs, ...needed.map(endOf));
    // The lease's own time is counted from the loss, side by side with everything else.
    const end =
      failover && step.does.kind === "advance-epoch" ? Math.max(start, step.expectedMs) : start + step.expectedMs;
    ends.set(step.id, end);
    return end;
  };
  for (const step of steps) endOf(step);
  return ends;
}

/** The step and everything it waits for. */
function neededBy(last: Step, steps: readonly Step[]): readonly Step[] {
  const wanted = new Set([last.id]);
  for (const step of [...steps].reverse()) if (wanted.has(step.id)) for (const need of step.needs) wanted.add(need);
  return steps.filter((step) => wanted.has(step.id));
}
