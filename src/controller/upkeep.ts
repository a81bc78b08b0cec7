// The runs that nobody orders: a first primary, the rest of a run that broke off, a region made a standby again. Says which is due.
// I1: a group whose members know an epoch is never established afresh. One that fails is tried again after a growing pause.

import type { GroupRecord } from "../core/lease/record.ts";
import type { Group, RegionName } from "../core/model/system.ts";
import type { Plan, PlanKind } from "../core/plan/plan.ts";
import type { Traffic } from "../wire/calls.ts";

/** A run to be begun. */
export type Wanted = {
  readonly kind: PlanKind;
  readonly from: RegionName;
  readonly to: RegionName;
  readonly reason: string;
  /** The epoch it starts from, where that is not the record's own. */
  readonly epoch?: number;
  /** Only for `restore`. */
  readonly fenced?: boolean;
  /** Who decided it, and the bound on the loss that was accepted; only for what the decider said. */
  readonly by?: string;
  readonly lossBoundMs?: number;
};

export type Due =
  | { readonly kind: "nothing" }
  | { readonly kind: "run"; readonly wanted: Wanted }
  | { readonly kind: "trouble"; readonly sentence: string };

/** How things are at one moment of the controller's clock. */
export type Standing = {
  readonly nowMs: number;
  readonly record: GroupRecord | undefined;
  readonly traffic: Traffic | undefined;
  /** No run is under way, and automation is on. */
  readonly free: boolean;
  readonly isHeard: (region: RegionName) => boolean;
  /** Standbys that a person took out: they are left alone. */
  readonly maintenance: readonly RegionName[];
};

/** The preferred region may be late at the very first start; then another one is established instead. */
const establishGraceMs = 15_000;
/** Between two tries of the same upkeep; the last one for all that follow. */
const pauseMs = [0, 1_000, 5_000, 15_000, 60_000] as const;
/** A region must have been heard for so long before it is made a standby: one that flaps is left alone. */
const protectAfterHeardMs = 600;

const nothing: Due = { kind: "nothing" };

export class Upkeep {
  readonly #group: Group;
  readonly #startedMs: number;
  readonly #heardSinceMs = new Map<RegionName, number>();
  readonly #memberEpochs = new Map<RegionName, number>();
  readonly #protects = new Map<RegionName, { readonly tries: number; readonly nextMs: number }>();
  /** A run that moved the epoch and ended before users were there: what is left of it is done by another one. */
  #unfinished: Plan | undefined;
  #finishing = { tries: 0, nextMs: 0 };

  constructor(group: Group, startedMs: number) {
    this.#group = group;
    this.#startedMs = startedMs;
  }

  /** A region's agent has reported; `epoch` is what it knows as a member. */
  heard(region: RegionName, nowMs: number, epoch: number | undefined): void {
    if (!this.#heardSinceMs.has(region)) this.#heardSinceMs.set(region, nowMs);
    if (epoch !== undefined) this.#memberEpochs.set(region, epoch);
  }

  /** Regions that have fallen silent begin anew when they are heard again. */
  forgetSilent(isHeard: (region: RegionName) => boolean): void {
    for (const region of this.#heardSinceMs.keys()) if (!isHeard(region)) this.#heardSinceMs.delete(region);
  }

  /** The last run ended before its users were served, or (undefined) it left nothing undone. */
  leave(plan: Plan | undefined): void {
    this.#unfinished = plan;
  }

  /** The region is a standby: the next time it is not, it is tried at once. */
  protectedAgain(region: RegionName): void {
    this.#protects.delete(region);
  }

  /** What is due of a group that is not being switched. A run that is named here counts as tried. */
  due(standing: Standing): Due {
    if (!standing.free) return nothing;
    if (standing.record === undefined) return this.#establish(standing);
    return this.#finish(standing, standing.record) ?? this.#protect(standing, standing.record);
  }

  #establish({ nowMs, isHeard }: Standing): Due {
    const { name, primary } = this.#group;
    const knowing = [...this.#memberEpochs].find(([, epoch]) => epoch > 0);
    if (knowing !== undefined) {
      // Starting afresh could make a second primary beside one that serves.
      const sentence = `the store knows nothing of ${name}, but ${knowing[0]} knows epoch ${knowing[1]}: bring the controller's store back`;
      return { kind: "trouble", sentence };
    }
    const late = nowMs - this.#startedMs > establishGraceMs;
    const [preferred] = primary;
    const first = late ? primary.find((region) => isHeard(region)) : preferred;
    if (first === undefined || !isHeard(first)) return nothing;
    const reason = `${name} has no primary yet; ${first} is the first choice that answers`;
    return { kind: "run", wanted: { kind: "establish", from: first, to: first, reason } };
  }

  /**
   * The record names a primary that does not serve, because the run that moved the epoch broke off. There is no way back past an epoch,
   * so the rest is done, as another run under the same epoch. Undefined when nothing is left; "nothing" while it is waited for.
   */
  #finish({ nowMs, traffic, isHeard }: Standing, record: GroupRecord): Due | undefined {
    const left = this.#unfinished;
    if (left === undefined) return undefined;
    if (left.kind === "unprotect") return this.#finishUnprotect({ nowMs, isHeard }, record, left);
    if (record.epoch !== left.epochBefore + 1 || record.primary !== left.to || (traffic?.epoch ?? 0) >= record.epoch) {
      this.#unfinished = undefined;
      this.#finishing = { tries: 0, nextMs: 0 };
      return undefined;
    }
    if (!isHeard(record.primary) || nowMs < this.#finishing.nextMs) return nothing;
    const tries = this.#finishing.tries + 1;
    this.#finishing = { tries, nextMs: nowMs + pauseAfter(tries) };
    const kind = left.kind === "switchover" || left.kind === "failback" ? "failover" : left.kind;
    const reason = `epoch ${record.epoch} names ${record.primary}, which does not serve yet: what is left of the ${left.kind} is done`;
    return { kind: "run", wanted: { kind, from: left.from, to: left.to, reason, epoch: left.epochBefore } };
  }

  /** The epoch has left the standby out, and commits wait for it still. Nothing is left once it is promotable again, or the epoch moved on. */
  #finishUnprotect(
    { nowMs, isHeard }: Pick<Standing, "nowMs" | "isHeard">,
    record: GroupRecord,
    left: Plan,
  ): Due | undefined {
    if (record.epoch !== left.epochBefore + 1 || record.primary !== left.from || record.promotable.includes(left.to)) {
      this.#unfinished = undefined;
      this.#finishing = { tries: 0, nextMs: 0 };
      return undefined;
    }
    if (!isHeard(record.primary) || nowMs < this.#finishing.nextMs) return nothing;
    const tries = this.#finishing.tries + 1;
    this.#finishing = { tries, nextMs: nowMs + pauseAfter(tries) };
    const reason = `epoch ${record.epoch} leaves ${left.to} out, but commits wait for it still: what is left is done`;
    return {
      kind: "run",
      wanted: { kind: "unprotect", from: left.from, to: left.to, reason, epoch: left.epochBefore },
    };
  }

  /** Every region that may be primary becomes a standby again, one at a time, as soon as it answers. */
  #protect({ nowMs, traffic, isHeard, maintenance }: Standing, record: GroupRecord): Due {
    if (!isHeard(record.primary) || traffic?.primary !== record.primary) return nothing;
    const region = this.#group.primary.find((one) => {
      const sinceMs = this.#heardSinceMs.get(one);
      const nextMs = this.#protects.get(one)?.nextMs ?? 0;
      return (
        !record.promotable.includes(one) &&
        !maintenance.includes(one) &&
        sinceMs !== undefined &&
        nowMs - sinceMs >= protectAfterHeardMs &&
        nowMs >= nextMs
      );
    });
    if (region === undefined) return nothing;
    const tries = (this.#protects.get(region)?.tries ?? 0) + 1;
    this.#protects.set(region, { tries, nextMs: nowMs + pauseAfter(tries) });
    const reason = `${region} answers and is no standby: it is made one again`;
    return { kind: "run", wanted: { kind: "protect", from: record.primary, to: region, reason } };
  }
}

function pauseAfter(tries: number): number {
  return pauseMs[Math.min(tries, pauseMs.length - 1)] ?? 60_000;
}
