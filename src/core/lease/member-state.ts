// What a member of a group knows: an agent of a serving region, which may be the holder, a standby, or on the way between.
// Times are `nowMs` of the host's own clock, the same clock that the router beside it reads.

import type { RegionName } from "../model/system.ts";
import { type GroupRecord, NEVER_MS } from "./record.ts";
import { type LeaseConfig, reliableMs } from "./timing.ts";

/** Survives a restart. Whoever performs `persist` has it on disk before the next effect. */
export type MemberDurable = {
  /** The newest record this member has seen. 0 = none yet. */
  readonly epoch: number;
  readonly primary: RegionName;
  readonly promotable: readonly RegionName[];
  /** The newest epoch whose PROMOTE this member accepted. 0 = none. */
  readonly promotedEpoch: number;
  /** It grants no hold for any epoch below this one. 0 = not prepared. */
  readonly preparedEpoch: number;
  /** Which PREPARE that was, and the newest one taken back: a late copy of a RELEASE must not undo a newer PREPARE. */
  readonly preparedAttempt: number;
  readonly releasedAttempt: number;
  /** The epoch for which a granted hold may still be outstanding. 0 = none. */
  readonly heldEpoch: number;
  /** It never again writes under this epoch or a lower one. */
  readonly fencedEpoch: number;
  /** Counts starts, so that no `seq` is ever used twice. */
  readonly boots: number;
};

export type PendingRenewal = { readonly seq: number; readonly sentAtMs: number; readonly writable: boolean };
export type PendingAsk = { readonly seq: number; readonly sentAtMs: number };

export type MemberState = {
  readonly kind: "member";
  readonly self: RegionName;
  readonly durable: MemberDurable;
  readonly bootAtMs: number;
  /** Until then it refuses to be promoted, because of holds it granted. */
  readonly refuseUntilMs: number;
  /** The last number given to a renewal or a question for holds. */
  readonly seq: number;
  readonly leaseUntilMs: number;
  /** When the newest renewal that got any answer was sent, or when it was promoted, whichever is later. */
  readonly lastConfirmedAtMs: number;
  readonly renewals: readonly PendingRenewal[];
  readonly asks: readonly PendingAsk[];
  /** Until when each other member's hold may be relied on. */
  readonly holds: Readonly<Record<RegionName, number>>;
  /** The same for a holder that is the only promotable member: nobody else can be promoted without its fence receipt. */
  readonly soleUntilMs: number;
  /** Whether writes were allowed after the last input. */
  readonly serving: boolean;
  /** The router beside it may go by a `writeUntilMs` up to this one. */
  readonly gateUntilMs: number;
  /** The epoch for which a fence receipt is due as soon as the router cannot acknowledge any more. 0 = none. */
  readonly fencePendingEpoch: number;
};

export type MemberInput = { readonly nowMs: number } & (
  | { readonly kind: "boot" }
  /** At least every `callTimeoutMs`. */
  | { readonly kind: "tick" }
  /** Every `renewEveryMs`. */
  | { readonly kind: "renewal-due" }
  | { readonly kind: "renewed"; readonly epoch: number; readonly seq: number }
  | { readonly kind: "renewal-refused"; readonly record: GroupRecord }
  | { readonly kind: "hold-request"; readonly from: RegionName; readonly epoch: number; readonly seq: number }
  | { readonly kind: "hold-granted"; readonly from: RegionName; readonly epoch: number; readonly seq: number }
  | { readonly kind: "hold-refused"; readonly from: RegionName; readonly epoch: number; readonly seq: number }
  | { readonly kind: "prepare"; readonly epoch: number; readonly attempt: number }
  | { readonly kind: "release"; readonly epoch: number; readonly attempt: number }
  /** `receipt`: the controller has the fence receipt of the primary of epoch `record.epoch - 1`. */
  | { readonly kind: "promote"; readonly record: GroupRecord; readonly receipt: boolean }
  | { readonly kind: "fence"; readonly epoch: number }
  /** The controller is about to make `promotable` promotable with the next epoch: the holder needs their holds from now on. */
  | { readonly kind: "widen"; readonly epoch: number; readonly promotable: readonly RegionName[] }
  | { readonly kind: "record-seen"; readonly record: GroupRecord }
  /** The router beside it works by a configuration with these numbers. */
  | { readonly kind: "gate-confirmed"; readonly epoch: number; readonly fencedEpoch: number }
);

/** In the order of the array, which is a promise: `persist` comes first and is durable before the others are performed. */
export type MemberEffect =
  | { readonly kind: "persist"; readonly durable: MemberDurable }
  | { readonly kind: "send-renewal"; readonly epoch: number; readonly seq: number; readonly writable: boolean }
  | { readonly kind: "ask-hold"; readonly to: RegionName; readonly epoch: number; readonly seq: number }
  | {
      readonly kind: "reply-hold";
      readonly to: RegionName;
      readonly epoch: number;
      readonly seq: number;
      readonly granted: boolean;
      readonly reason: string;
    }
  | {
      readonly kind: "reply-prepared";
      readonly epoch: number;
      readonly attempt: number;
      /** Nothing it promised, and no right of its own, is outstanding: it can be promoted at once. */
      readonly clear: boolean;
      readonly remainingMs: number;
    }
  | {
      readonly kind: "reply-prepare-refused";
      readonly epoch: number;
      readonly attempt: number;
      /** An attempt must be above this one to be taken. */
      readonly floorAttempt: number;
      readonly reason: string;
    }
  | { readonly kind: "reply-released"; readonly epoch: number; readonly attempt: number }
  | { readonly kind: "reply-promoted"; readonly epoch: number }
  | { readonly kind: "reply-promote-refused"; readonly epoch: number; readonly waitMs: number; readonly reason: string }
  | { readonly kind: "reply-widened"; readonly epoch: number; readonly promotable: readonly RegionName[] }
  | { readonly kind: "reply-widen-refused"; readonly epoch: number; readonly reason: string }
  /** The receipt: neither this member nor the router beside it acknowledges under `epoch` or lower from now on. */
  | { readonly kind: "reply-fenced"; readonly epoch: number }
  /** It may write now. The record in the store names it under this epoch, and will until its right is over. */
  | { readonly kind: "become-primary"; readonly epoch: number }
  | {
      readonly kind: "step-down";
      readonly epoch: number;
      /** "lease-end": it goes on by itself when the store or the holds are back; the others are for good. */
      readonly because: "lease-end" | "record" | "fence";
      readonly reason: string;
    }
  | { readonly kind: "set-gate"; readonly epoch: number; readonly writeUntilMs: number; readonly fencedEpoch: number };

/** A member that has never run. Give it "boot" before anything else. */
export function newMember(self: RegionName): MemberState {
  return memberFrom(self, {
    epoch: 0,
    primary: "",
    promotable: [],
    promotedEpoch: 0,
    preparedEpoch: 0,
    preparedAttempt: 0,
    releasedAttempt: 0,
    heldEpoch: 0,
    fencedEpoch: 0,
    boots: 0,
  });
}

/** A member as it is read back from disk. Give it "boot" before anything else. */
export function memberFrom(self: RegionName, durable: MemberDurable): MemberState {
  return {
    kind: "member",
    self,
    durable,
    bootAtMs: NEVER_MS,
    refuseUntilMs: NEVER_MS,
    seq: 0,
    leaseUntilMs: NEVER_MS,
    lastConfirmedAtMs: NEVER_MS,
    renewals: [],
    asks: [],
    holds: {},
    soleUntilMs: NEVER_MS,
    serving: false,
    gateUntilMs: NEVER_MS,
    fencePendingEpoch: 0,
  };
}

/** Was it promoted under the newest record it knows, and not fenced since? Then it renews; whether it may write is `mayWrite`. */
export function isHolder(state: MemberState): boolean {
  const { epoch, primary, promotedEpoch, fencedEpoch } = state.durable;
  return epoch > 0 && primary === state.self && promotedEpoch === epoch && fencedEpoch < epoch;
}

/** The instant up to which it may let writes be acknowledged: the end of its lease or of the holds, whichever is later (I1). */
export function writeUntilOf(config: LeaseConfig, state: MemberState): number {
  return isHolder(state) ? Math.max(state.leaseUntilMs, holdsUntilOf(config, state)) : NEVER_MS;
}

/** Reads the given instant; a flag set by a timer would be late in a process that was frozen. */
export function mayWrite(config: LeaseConfig, state: MemberState, nowMs: number): boolean {
  return nowMs < writeUntilOf(config, state);
}

/** Until when the others' holds allow writing: the shortest of all promotable members, for any one of them may be promoted. */
export function holdsUntilOf(config: LeaseConfig, state: MemberState): number {
  if (!config.safeguards.allPromotable) {
    return Object.values(state.holds).reduce((latest, until) => Math.max(latest, until), NEVER_MS);
  }
  const others = state.durable.promotable.filter((member) => member !== state.self);
  if (others.length === 0) return state.soleUntilMs;
  return others.reduce((least, member) => Math.min(least, state.holds[member] ?? NEVER_MS), Number.MAX_SAFE_INTEGER);
}

/** The latest instant up to which a configuration given to the router before a restart can allow anything. */
export function gateUntilAfterBoot(config: LeaseConfig, bootAtMs: number): number {
  return bootAtMs + Math.max(reliableMs(config, config.timing.ttlMs), reliableMs(config, config.timing.holdMs));
}
