// What a run knows of the primary it leaves: its receipt, once everything of it is fenced; and whether it is back, so that it need not be
// left at all.

import type { Facts, Outcome } from "../core/plan/action.ts";
import type { StepContext } from "../executor/execute.ts";
import type { PerformerPorts } from "./performer-ports.ts";

/** Of an outcome: the run was given up, because the old primary is back. */
export const abandonedFact = "abandoned";
/** Of an order that was given up: may it have reached its region? */
export const sentFact = "sent";

/**
 * A failover is for a primary that has fallen silent. One that renews its lease before the next epoch has begun serves on: to take it down
 * now would make the outage that there was none of. Where the agent lived all along, and renewed all along, it is not meant.
 */
export function primaryIsBack({ desk, clock }: PerformerPorts, { run }: StepContext): string | undefined {
  const { plan, startedAt } = run;
  const { state, backAtMs } = desk;
  if (plan.kind !== "failover" || plan.by !== "policy" || state === undefined || backAtMs === undefined)
    return undefined;
  if (state.record.epoch !== plan.epochBefore || state.receiptEpoch === plan.epochBefore) return undefined;
  const startedMs = clock.nowMs() - (clock.wallMs() - startedAt);
  if (backAtMs < startedMs) return undefined;
  return `${plan.from} is back: it renewed its lease before ${plan.to} had taken over, so the failover is given up and ${plan.from} serves on`;
}

export function abandoned(reason: string, facts: Facts = {}): Outcome {
  return { kind: "failed", retry: "never", reason, facts: { ...facts, [abandonedFact]: true } };
}

/** The receipt counts only when every fence of the run has come back: one database still open would still take writes. */
export async function noteReceipt(ports: PerformerPorts, context: StepContext): Promise<void> {
  const { plan } = context.run;
  const { fences, done } = fencesOf(context);
  if (fences.length > 0 && fences.every((id) => id === context.step.id || done.includes(id))) {
    await ports.desk.receipt(plan.from, plan.epochBefore);
  }
}

export function fencesOf({ run }: StepContext): {
  readonly fences: readonly string[];
  readonly done: readonly string[];
} {
  const fences = run.plan.steps.flatMap(({ id, does }) =>
    does.kind === "order" && does.action.kind === "fence" ? [id] : [],
  );
  return { fences, done: fences.filter((id) => run.steps.get(id)?.kind === "done") };
}
