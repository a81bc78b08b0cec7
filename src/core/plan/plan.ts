// The shape of a plan: ordered steps that take a group from one primary to another, or bring a standby back. A plan is data; what
// a run of it has done so far is the executor's journal.
//
// I10. A plan that leads away carries, in `undo`, the steps that restore the prior state while it is not finished, and names in
// `then` what brings the group back to full strength afterwards.

import type { GroupName, RegionName, ServiceName } from "../model/system.ts";
import type { Action } from "./action.ts";

export type PlanKind =
  /** First start: somebody becomes primary of an empty group. */
  | "establish"
  /** Asked for, loses nothing. */
  | "switchover"
  /** Forced: the old primary is gone, or nobody knows. */
  | "failover"
  /** A switchover home. */
  | "failback"
  /** Make a region a promotable standby (again). */
  | "protect"
  /** Take a standby out: it stops being promotable by an epoch of its own, and only then commits stop waiting for it. */
  | "unprotect"
  /** Put the old primary back to work after a switchover that stopped half-way. */
  | "restore";

export type Phase = "check" | "fence" | "data" | "compute" | "jobs" | "traffic" | "verify" | "re-protect";

/** What a step does. `order` is carried out by the region's agent; the rest by the controller itself. */
export type Does =
  /** The target may be promoted: it has streamed, is near enough, its agent answers. */
  | { readonly kind: "check-target"; readonly target: RegionName; readonly graceful: boolean }
  /** The target stops granting holds for the current epoch. */
  | { readonly kind: "prepare"; readonly target: RegionName; readonly epoch: number }
  /** The record moves to the next epoch, once nobody can acknowledge under the current one any more (I1). */
  | {
      readonly kind: "advance-epoch";
      readonly epoch: number;
      readonly primary: RegionName;
      readonly promotable: readonly RegionName[];
    }
  /** The primary stays, a standby becomes promotable or stops being so: a new epoch, agreed with the primary first where it needs more holds. */
  | {
      readonly kind: "admit";
      readonly epoch: number;
      readonly primary: RegionName;
      readonly promotable: readonly RegionName[];
    }
  | { readonly kind: "route"; readonly primary: RegionName; readonly epoch: number; readonly mode: "open" | "hold" }
  | { readonly kind: "order"; readonly service: ServiceName; readonly action: Action };

export type Step = {
  /** Unique in its plan, like `data.promote.orders@south`. */
  readonly id: string;
  readonly phase: Phase;
  readonly region: RegionName;
  readonly service?: ServiceName;
  readonly does: Does;
  /** Ids of steps that must have ended well (or been skipped) before. */
  readonly needs: readonly string[];
  /** The step may take so long; after that it is over, one way or the other. */
  readonly deadlineMs: number;
  /** What it takes usually; shown, and added up along the critical path. */
  readonly expectedMs: number;
  /** A step that may fail without ending the run, because the plan is safe and useful without it. */
  readonly bestEffort: boolean;
  /** Left out when a person turns a graceful run into a forced one. */
  readonly gracefulOnly: boolean;
  /** What it does and why, for a person. */
  readonly what: string;
};

export type Plan = {
  readonly version: 1;
  readonly id: string;
  readonly kind: PlanKind;
  readonly group: GroupName;
  readonly from: RegionName;
  readonly to: RegionName;
  /** The epoch it was made for; a run of it is refused under any other (I5). */
  readonly epochBefore: number;
  readonly reason: string;
  /** Who decided it: "policy", or a person. Left out for what keeps house. */
  readonly by?: string;
  /** The bound on the loss that was accepted with it, in milliseconds (I3). Left out where it is not known. */
  readonly lossBoundMs?: number;
  readonly steps: readonly Step[];
  /** Restores the prior state from any point before the new primary takes over. Empty where stopping is harmless. */
  readonly undo: readonly Step[];
  /** The way back, compiled with the way out (I10): what follows by itself, or on request, in order. */
  readonly then: readonly { readonly kind: PlanKind; readonly when: string; readonly steps: readonly Step[] }[];
};

/** Key of a step's effect at its sink: the same attempt of the same step of the same run is performed once. */
export function effectKey(run: string, step: string, attempt: number): string {
  return `${run}/${step}/${attempt}`;
}

/** Milliseconds from start to the end of each step when each takes its expected time; the largest is the plan's. */
export function expectedEnds(steps: readonly Step[]): ReadonlyMap<string, number> {
  const ends = new Map<string, number>();
  const byId = new Map(steps.map((step) => [step.id, step]));
  const endOf = (step: Step): number => {
    const known = ends.get(step.id);
    if (known !== undefined) return known;
    const start = Math.max(0, ...step.needs.map((need) => (byId.has(need) ? endOf(byId.get(need) as Step) : 0)));
    ends.set(step.id, start + step.expectedMs);
    return start + step.expectedMs;
  };
  for (const step of steps) endOf(step);
  return ends;
}

/** The steps that decide how long the plan takes, first to last. */
export function criticalPath(steps: readonly Step[]): readonly Step[] {
  const ends = expectedEnds(steps);
  const latest = (candidates: readonly Step[]): Step | undefined =>
    candidates.reduce<Step | undefined>(
      (best, step) => (best === undefined || (ends.get(step.id) ?? 0) > (ends.get(best.id) ?? 0) ? step : best),
      undefined,
    );
  const path: Step[] = [];
  for (let step = latest(steps); step !== undefined; ) {
    path.unshift(step);
    const needs: readonly string[] = step.needs;
    step = latest(steps.filter((other) => needs.includes(other.id)));
  }
  return path;
}
