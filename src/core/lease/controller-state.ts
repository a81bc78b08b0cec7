// What a controller knows of one group, and the rule by which it may let a new epoch begin.
// I1. The record moves to epoch e+1 only with the old primary's fence receipt for e, or after the chosen member promised to grant no
//     further hold, the holds it granted have run out, and the lease of e was not seen to change for a whole lease.

import type { RegionName } from "../model/system.ts";
import { type GroupRecord, type Lease, NEVER_MS } from "./record.ts";
import { type LeaseConfig, secondsText } from "./timing.ts";

export type Preparation = {
  readonly epoch: number;
  readonly target: RegionName;
  readonly attempt: number;
  readonly clear: boolean;
};

export type ControllerState = {
  readonly kind: "controller";
  readonly record: GroupRecord;
  readonly lease: Lease;
  /** On its own clock: when the lease was last seen to change, or to be there at all. */
  readonly leaseSeenAtMs: number;
  readonly startedAtMs: number;
  readonly preparing?: Preparation;
  /** The number of the last PREPARE or RELEASE; grows. */
  readonly attempt: number;
  /** The epoch whose primary gave its fence receipt. 0 = none. */
  readonly receiptEpoch: number;
  /** Whom the primary of `epoch` asks for holds, by its own word: at least these. */
  readonly widened?: { readonly epoch: number; readonly promotable: readonly RegionName[] };
  /** A change of the record was sent to the store and it is not known whether it happened. */
  readonly inDoubt: boolean;
};

/** What the caller did with a `cas-lease` or `cas-record`. `record` and `lease` are read from the store after a conflict. */
export type Stored =
  | { readonly outcome: "ok" | "unknown" }
  | { readonly outcome: "conflict"; readonly record: GroupRecord; readonly lease: Lease };

export type RenewalAnswer = { readonly to: RegionName; readonly epoch: number; readonly seq: number };

export type ControllerInput = { readonly nowMs: number } /**
 * `attemptBase` must be above every attempt that an earlier controller of this group used: a wall clock in milliseconds
 * or the store's own counter of terms times a million. One that is too low is found out by the member and corrected.
 */ & (
  | { readonly kind: "started"; readonly record: GroupRecord; readonly lease: Lease; readonly attemptBase: number }
  /** Read from the store, or told by its watch. */
  | { readonly kind: "seen"; readonly record: GroupRecord; readonly lease: Lease }
  | {
      readonly kind: "renewal";
      readonly from: RegionName;
      readonly epoch: number;
      readonly seq: number;
      readonly writable: boolean;
    }
  | { readonly kind: "lease-stored"; readonly next: Lease; readonly answer: RenewalAnswer; readonly stored: Stored }
  | { readonly kind: "record-stored"; readonly next: GroupRecord; readonly nextLease: Lease; readonly stored: Stored }
  /** Also repeats a PREPARE that was not answered "clear" yet. */
  | { readonly kind: "prepare-wanted"; readonly target: RegionName }
  | {
      readonly kind: "prepared";
      readonly from: RegionName;
      readonly epoch: number;
      readonly attempt: number;
      readonly clear: boolean;
    }
  | {
      readonly kind: "prepare-refused";
      readonly from: RegionName;
      readonly epoch: number;
      readonly attempt: number;
      readonly floorAttempt: number;
    }
  | { readonly kind: "release-wanted" }
  | { readonly kind: "fence-wanted" }
  /**
   * The primary's receipt. A person's word that the old primary is off for good is given the same way; nothing else can
   * stand for it, because whoever says it takes the place of the fence.
   */
  | { readonly kind: "fenced"; readonly from: RegionName; readonly epoch: number }
  | { readonly kind: "advance-wanted"; readonly target: RegionName; readonly promotable: readonly RegionName[] }
  /**
   * The same primary, other promotable members. As long as the primary has not answered "widened" for every member that is new, it is
   * only asked to: else it could go on without the hold of one that may be promoted. Then want it again.
   */
  | { readonly kind: "admit-wanted"; readonly promotable: readonly RegionName[] }
  /** The primary's answer: it asks all of `promotable` for holds from now on. */
  | {
      readonly kind: "widened";
      readonly from: RegionName;
      readonly epoch: number;
      readonly promotable: readonly RegionName[];
    }
  /** Tells the record again to all: PROMOTE to its primary, the record to the others. */
  | { readonly kind: "promote-due" }
);

export type ControllerEffect =
  /** One transaction: the record still has `expect.epoch` and the lease still `expect.leaseSeq`, or nothing happens. */
  | {
      readonly kind: "cas-lease";
      readonly expect: { readonly epoch: number; readonly leaseSeq: number };
      readonly next: Lease;
      readonly answer: RenewalAnswer;
    }
  | {
      readonly kind: "cas-record";
      readonly expect: { readonly epoch: number; readonly leaseSeq: number };
      readonly next: GroupRecord;
      readonly nextLease: Lease;
    }
  /** Another controller knows more: read record and lease, then input "seen". */
  | { readonly kind: "read-store" }
  | { readonly kind: "reply-renewed"; readonly to: RegionName; readonly epoch: number; readonly seq: number }
  | { readonly kind: "reply-renewal-refused"; readonly to: RegionName; readonly record: GroupRecord }
  | { readonly kind: "send-prepare"; readonly to: RegionName; readonly epoch: number; readonly attempt: number }
  | { readonly kind: "send-release"; readonly to: RegionName; readonly epoch: number; readonly attempt: number }
  | { readonly kind: "send-fence"; readonly to: RegionName; readonly epoch: number }
  | {
      readonly kind: "send-widen";
      readonly to: RegionName;
      readonly epoch: number;
      readonly promotable: readonly RegionName[];
    }
  | { readonly kind: "send-promote"; readonly to: RegionName; readonly record: GroupRecord; readonly receipt: boolean }
  | { readonly kind: "send-record"; readonly to: RegionName; readonly record: GroupRecord }
  /** What was wanted is not possible now. `waitMs` = in how long it may be, as far as this controller's clock tells; 0 = not by waiting. */
  | { readonly kind: "refuse"; readonly reason: string; readonly waitMs: number };

export function newController(record: GroupRecord, lease: Lease): ControllerState {
  return {
    kind: "controller",
    record,
    lease,
    leaseSeenAtMs: NEVER_MS,
    startedAtMs: NEVER_MS,
    attempt: 0,
    receiptEpoch: 0,
    inDoubt: false,
  };
}

export type Permission =
  | { readonly ok: true; readonly reason: string }
  | { readonly ok: false; readonly waitMs: number; readonly reason: string };

/** May the record move on to `target` now? Else why not, in a sentence, and for how long (0 = not by waiting alone). */
export function mayAdvance(
  config: LeaseConfig,
  state: ControllerState,
  wanted: { readonly target: RegionName; readonly promotable: readonly RegionName[] },
  nowMs: number,
): Permission {
  const { record, preparing, leaseSeenAtMs, startedAtMs } = state;
  const { target, promotable } = wanted;
  const { ttlMs } = config.timing;
  const no = (reason: string, waitMs = 0): Permission => ({ ok: false, waitMs, reason });

  if (!record.promotable.includes(target)) return no(`${target} is not promotable in epoch ${record.epoch}`);
  if (!promotable.includes(target)) return no(`${target} would not be promotable in the epoch it is to lead`);
  if (state.receiptEpoch === record.epoch) {
    return { ok: true, reason: `${record.primary} gave its fence receipt for epoch ${record.epoch}` };
  }
  // The holder cannot wait for itself: holds of the others could carry it through any wait.
  if (target === record.primary)
    return no(`${target} is the primary: a new epoch for it needs its own fence receipt first`);
  if (preparing === undefined || preparing.target !== target || preparing.epoch !== record.epoch + 1) {
    return no(`${target} has not been prepared for epoch ${record.epoch + 1}`);
  }
  const leaseOverAtMs = leaseSeenAtMs + ttlMs;
  if (nowMs < leaseOverAtMs) {
    const waitMs = leaseOverAtMs - nowMs;
    return no(`waiting ${secondsText(waitMs)} more: ${record.primary}'s lease may still be valid`, waitMs);
  }
  if (config.safeguards.waitAfterRestart && nowMs < startedAtMs + ttlMs) {
    const waitMs = startedAtMs + ttlMs - nowMs;
    return no(
      `waiting ${secondsText(waitMs)} more: this controller has not watched ${record.primary}'s lease long enough`,
      waitMs,
    );
  }
  if (!preparing.clear)
    return no(`waiting: a hold that ${target} granted to ${record.primary} may still be outstanding`);
  return { ok: true, reason: `${record.primary}'s lease and every hold for epoch ${record.epoch} have run out` };
}
