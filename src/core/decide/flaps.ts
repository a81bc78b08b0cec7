// How often a group has been in trouble and has been switched lately. A budget that is used up does not block in silence: it makes the
// next switch a question. The history is durable (memory.ts), or every restart of a controller would be a fresh budget.

import type { Policy } from "./policy.ts";

/** Instants on the controller's clock, oldest first. */
export type FlapHistory = {
  /** Switches that policy made, and that were done. */
  readonly switches: readonly number[];
  /** Beginnings of trouble. */
  readonly alarms: readonly number[];
};

/** So many of each are remembered; a budget above this could not be counted. */
export const flapsMax = 64;

export function noted(history: readonly number[], atMs: number): readonly number[] {
  return [...history, atMs].slice(-flapsMax);
}

export type FlapCount = { readonly switches: number; readonly alarms: number };

export function countFlaps(history: FlapHistory, { flaps }: Policy, nowMs: number): FlapCount {
  const within = (instants: readonly number[]): number => instants.filter((at) => nowMs - at < flaps.withinMs).length;
  return { switches: within(history.switches), alarms: within(history.alarms) };
}

export type Spent = { readonly what: "switches" | "alarms"; readonly count: number; readonly budget: number };

/** Which budget the next switch would overdraw; the alarm of this moment is in the history already. */
export function spentBudget(history: FlapHistory, policy: Policy, nowMs: number): Spent | undefined {
  const count = countFlaps(history, policy, nowMs);
  if (count.switches >= policy.flaps.switches)
    return { what: "switches", count: count.switches, budget: policy.flaps.switches };
  if (count.alarms > policy.flaps.alarms) return { what: "alarms", count: count.alarms, budget: policy.flaps.alarms };
  return undefined;
}

/** When the oldest that counts falls out of the window. */
export function budgetFreeAtMs(history: FlapHistory, policy: Policy, spent: Spent): number {
  const instants = history[spent.what];
  const keep = spent.what === "switches" ? spent.budget : spent.budget + 1;
  return (instants.at(-keep) ?? 0) + policy.flaps.withinMs;
}
