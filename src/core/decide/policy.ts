// A group's policy with every default filled in, and the hold-off that follows from what things cost.
//
// Hold-off by ski rental (Karlin et al. 1988): waiting costs `outagePerHour` for as long as it lasts, leaving costs a fixed sum. Whoever
// leaves once the waiting has cost as much as leaving never pays more than twice of what one pays who knows how long the outage will be.

import type { Costs, DegradedPolicy, GroupPolicy, RegionName } from "../model/system.ts";
import type { LossBound } from "./decision.ts";

export type Policy = {
  readonly forbidden: readonly RegionName[];
  readonly holdOffMs: number | undefined;
  readonly degraded: DegradedPolicy;
  readonly degradedHoldOffMs: number;
  readonly keepServing: number;
  readonly flaps: { readonly switches: number; readonly alarms: number; readonly withinMs: number };
  readonly dropSyncAfterMs: number | undefined;
};

const hourMs = 3_600_000;

export const defaultPolicy: Policy = {
  forbidden: [],
  holdOffMs: undefined,
  degraded: "hold",
  degradedHoldOffMs: 60_000,
  keepServing: 1,
  flaps: { switches: 3, alarms: 6, withinMs: hourMs },
  dropSyncAfterMs: undefined,
};

export function policyOf(given: GroupPolicy | undefined): Policy {
  return { ...defaultPolicy, ...given };
}

/** What a switch costs: one that nothing called for, and the work that it may lose. Undefined where no price is known. */
export function switchCost(costs: Costs | undefined, lossBoundMs: LossBound): number | undefined {
  if (costs?.falseFailover === undefined) return undefined;
  const lost = lossBoundMs === "unknown" ? 0 : ((costs.lossPerHour ?? 0) * lossBoundMs) / hourMs;
  return costs.falseFailover + lost;
}

/** How long an outage lasts until it has cost as much as a switch; undefined where the prices are not known, or waiting costs nothing. */
export function skiRentalMs(costs: Costs | undefined, lossBoundMs: LossBound): number | undefined {
  const cost = switchCost(costs, lossBoundMs);
  const perHour = costs?.outagePerHour;
  if (cost === undefined || perHour === undefined || perHour === 0) return undefined;
  return (cost / perHour) * hourMs;
}

export type HoldOff = { readonly ms: number; readonly because: "costs" | "policy" | "default" };

/** How long a trouble is waited out before its primary is left. */
export function holdOffOf(
  policy: Policy,
  costs: Costs | undefined,
  trouble: {
    readonly degraded: boolean;
    readonly lossBoundMs: LossBound;
    /** Share of requests that fails, 0 to 1, where it was seen: a brown-out costs that share of an outage. */
    readonly failingShare?: number | undefined;
  },
): HoldOff {
  const rental = skiRentalMs(costs, trouble.lossBoundMs);
  if (trouble.degraded) {
    // Never sooner than the policy says: which users it reaches, and how badly, is not known as well as that something is down.
    const { failingShare = 1 } = trouble;
    const rentalMs = rental === undefined || failingShare <= 0 ? 0 : rental / Math.min(1, failingShare);
    return rentalMs > policy.degradedHoldOffMs
      ? { ms: rentalMs, because: "costs" }
      : { ms: policy.degradedHoldOffMs, because: "policy" };
  }
  if (policy.holdOffMs !== undefined) return { ms: policy.holdOffMs, because: "policy" };
  return rental === undefined ? { ms: 0, because: "default" } : { ms: rental, because: "costs" };
}
