// How a controller stores renewals and carries a group from one epoch to the next.
// I1. It answers a renewal only when that renewal, or a later one, is in the store; it counts only those that are writable.
// I5. Every change of record or lease is one compare-and-swap on both, so an advance and a renewal can never both succeed.

import type { RegionName } from "../model/system.ts";
import {
  type ControllerEffect,
  type ControllerInput,
  type ControllerState,
  mayAdvance,
  type RenewalAnswer,
  type Stored,
} from "./controller-state.ts";
import { type GroupRecord, type Lease, NEVER_MS, unrenewedLease } from "./record.ts";
import type { LeaseConfig } from "./timing.ts";

export type ControllerStep = {
  readonly state: ControllerState;
  readonly effects: readonly ControllerEffect[];
  readonly reason?: string;
};

export function controllerTransition(
  config: LeaseConfig,
  state: ControllerState,
  input: ControllerInput,
): ControllerStep {
  switch (input.kind) {
    case "started":
      return started(config, input);
    case "seen":
      return { state: withSeen(state, input), effects: [] };
    case "renewal":
      return renewal(config, state, input);
    case "lease-stored":
      return leaseStored(config, state, input);
    case "record-stored":
      return recordStored(state, input);
    case "prepare-wanted":
      return prepareWanted(state, input.target);
    case "prepared":
      return prepared(state, input);
    case "prepare-refused":
      return prepareRefused(state, input);
    case "release-wanted":
      return releaseWanted(state);
    case "fence-wanted":
      return { state, effects: [{ kind: "send-fence", to: state.record.primary, epoch: state.record.epoch }] };
    case "fenced":
      return fenced(state, input);
    case "advance-wanted":
      return advanceWanted(config, state, input);
    case "admit-wanted":
      return admitWanted(config, state, input.promotable);
    case "widened":
      return widened(state, input);
    case "promote-due":
      return { state, effects: told(state) };
    default:
      return input satisfies never;
  }
}

function started(
  config: LeaseConfig,
  input: { readonly record: GroupRecord; readonly lease: Lease; readonly attemptBase: number; readonly nowMs: number },
): ControllerStep {
  return {
    state: {
      kind: "controller",
      record: input.record,
      lease: input.lease,
      // It does not know when the newest renewal came, so it counts from now.
      leaseSeenAtMs: config.safeguards.waitAfterRestart ? input.nowMs : NEVER_MS,
      startedAtMs: input.nowMs,
      attempt: input.attemptBase,
      receiptEpoch: 0,
      inDoubt: false,
    },
    effects: [],
  };
}

/** Takes over what the store says, if it is newer than what is known, and times it from this moment. */
function withSeen(
  state: ControllerState,
  seen: { readonly record: GroupRecord; readonly lease: Lease; readonly nowMs: number },
): ControllerState {
  const { record, lease, nowMs } = seen;
  // What was read after the call in doubt had ended tells whether it happened.
  if (record.epoch > state.record.epoch) {
    const { preparing: _preparing, widened: _widened, ...rest } = state;
    return { ...rest, record, lease, leaseSeenAtMs: nowMs, inDoubt: false };
  }
  if (record.epoch === state.record.epoch && lease.seq > state.lease.seq) {
    return { ...state, lease, leaseSeenAtMs: lease.writable ? nowMs : state.leaseSeenAtMs, inDoubt: false };
  }
  return state.inDoubt ? { ...state, inDoubt: false } : state;
}

// ---- renewals ----

function renewal(
  config: LeaseConfig,
  state: ControllerState,
  input: {
    readonly from: RegionName;
    readonly epoch: number;
    readonly seq: number;
    readonly writable: boolean;
    readonly nowMs: number;
  },
): ControllerStep {
  const { from, epoch, seq, writable } = input;
  const { record, lease } = state;
  if (config.safeguards.epochCheck) {
    if (epoch > record.epoch) return { state, effects: [{ kind: "read-store" }] };
    if (epoch < record.epoch || from !== record.primary) {
      return {
        state,
        effects: [{ kind: "reply-renewal-refused", to: from, record }],
        reason: `refused ${from}'s renewal of epoch ${epoch}: epoch ${record.epoch} names ${record.primary}`,
      };
    }
  }
  const answer: RenewalAnswer = { to: from, epoch, seq };
  // Not counted, but answered: so the holder learns that its way to the controller works in both directions again.
  // An older or repeated one needs no storing: a later one is stored, and the holder counts each from when it sent it.
  if (!writable || (lease.writable && seq <= lease.seq)) {
    return { state, effects: [{ kind: "reply-renewed", ...answer }] };
  }
  const next: Lease = {
    group: record.group,
    epoch: record.epoch,
    holder: from,
    seq,
    ttlMs: config.timing.ttlMs,
    writable,
  };
  return { state, effects: [{ kind: "cas-lease", expect: expectOf(state), next, answer }] };
}

function leaseStored(
  config: LeaseConfig,
  state: ControllerState,
  input: {
    readonly next: Lease;
    readonly answer: RenewalAnswer;
    readonly stored: Stored;
    readonly nowMs: number;
  },
): ControllerStep {
  const { next, answer, stored, nowMs } = input;
  switch (stored.outcome) {
    case "ok":
      return {
        state: withSeen(state, {
          record: state.record,
          lease: next.epoch === state.record.epoch ? next : state.lease,
          nowMs,
        }),
        effects: [{ kind: "reply-renewed", ...answer }],
      };
    case "unknown":
      return {
        state,
        effects: [{ kind: "read-store" }],
        reason: "not answered: it is not known whether the renewal is stored",
      };
    case "conflict": {
      const after = withSeen(state, { record: stored.record, lease: stored.lease, nowMs });
      // Judged again against what the store holds now; a third controller in between only makes the holder ask again.
      const { record, lease } = after;
      if (config.safeguards.epochCheck && answer.epoch !== record.epoch) {
        return { state: after, effects: [{ kind: "reply-renewal-refused", to: answer.to, record }] };
      }
      const covered = lease.writable && lease.holder === answer.to && answer.seq <= lease.seq;
      return { state: after, effects: covered ? [{ kind: "reply-renewed", ...answer }] : [] };
    }
    default:
      return stored satisfies never;
  }
}

function expectOf(state: ControllerState): { readonly epoch: number; readonly leaseSeq: number } {
  return { epoch: state.record.epoch, leaseSeq: state.lease.seq };
}

// ---- the switch ----

function prepareWanted(state: ControllerState, target: RegionName): ControllerStep {
  const { record, preparing } = state;
  const epoch = record.epoch + 1;
  if (target === record.primary) return refused(state, `${target} is the primary already`);
  if (!record.promotable.includes(target))
    return refused(state, `${target} is not promotable in epoch ${record.epoch}`);
  if (preparing !== undefined && preparing.target !== target) {
    return refused(state, `${preparing.target} is being prepared; release it first`);
  }
  const attempt = preparing?.attempt ?? state.attempt + 1;
  return {
    state: { ...state, attempt, preparing: preparing ?? { epoch, target, attempt, clear: false } },
    effects: [{ kind: "send-prepare", to: target, epoch, attempt }],
  };
}

function prepared(
  state: ControllerState,
  input: { readonly from: RegionName; readonly epoch: number; readonly attempt: number; readonly clear: boolean },
): ControllerStep {
  const { preparing } = state;
  if (!answers(state, input) || preparing === undefined || !input.clear) return { state, effects: [] };
  return { state: { ...state, preparing: { ...preparing, clear: true } }, effects: [] };
}

function prepareRefused(
  state: ControllerState,
  input: {
    readonly from: RegionName;
    readonly epoch: number;
    readonly attempt: number;
    readonly floorAttempt: number;
  },
): ControllerStep {
  const { preparing } = state;
  if (!answers(state, input) || preparing === undefined) return { state, effects: [] };
  // The member knows a newer record than this controller does.
  if (input.floorAttempt < input.attempt) return { state, effects: [{ kind: "read-store" }] };
  const attempt = input.floorAttempt + 1;
  return {
    state: { ...state, attempt, preparing: { ...preparing, attempt, clear: false } },
    effects: [{ kind: "send-prepare", to: preparing.target, epoch: preparing.epoch, attempt }],
  };
}

/** An answer counts only for the very attempt it belongs to: a late copy of an older one says nothing about now. */
function answers(
  state: ControllerState,
  input: { readonly from: RegionName; readonly epoch: number; readonly attempt: number },
): boolean {
  const { preparing } = state;
  return (
    preparing !== undefined &&
    preparing.target === input.from &&
    preparing.epoch === input.epoch &&
    preparing.attempt === input.attempt
  );
}

/** Also for what an earlier controller prepared and this one does not remember. */
function releaseWanted(state: ControllerState): ControllerStep {
  if (state.inDoubt) {
    return refused(
      state,
      "the last change of the record may have happened: read the store before anything is taken back",
    );
  }
  const { preparing, ...rest } = state;
  const { record, attempt } = state;
  const targets =
    preparing === undefined ? record.promotable.filter((member) => member !== record.primary) : [preparing.target];
  const epoch = record.epoch + 1;
  return { state: rest, effects: targets.map((to) => ({ kind: "send-release", to, epoch, attempt }) as const) };
}

function fenced(state: ControllerState, input: { readonly from: RegionName; readonly epoch: number }): ControllerStep {
  const { record } = state;
  if (input.from !== record.primary || input.epoch < record.epoch) return { state, effects: [] };
  return {
    state: { ...state, receiptEpoch: record.epoch },
    effects: [],
    reason: `${input.from} gave its fence receipt for epoch ${record.epoch}`,
  };
}

function advanceWanted(
  config: LeaseConfig,
  state: ControllerState,
  input: { readonly target: RegionName; readonly promotable: readonly RegionName[]; readonly nowMs: number },
): ControllerStep {
  const permission = mayAdvance(config, state, input, input.nowMs);
  if (!permission.ok) return refused(state, permission.reason, permission.waitMs);
  const { record } = state;
  const next: GroupRecord = {
    group: record.group,
    epoch: record.epoch + 1,
    primary: input.target,
    promotable: input.promotable,
  };
  const nextLease = unrenewedLease(next, config.timing.ttlMs);
  return {
    state: { ...state, inDoubt: true },
    effects: [{ kind: "cas-record", expect: expectOf(state), next, nextLease }],
    reason: permission.reason,
  };
}

function admitWanted(config: LeaseConfig, state: ControllerState, promotable: readonly RegionName[]): ControllerStep {
  const { record, preparing } = state;
  if (!promotable.includes(record.primary))
    return refused(state, `${record.primary} is the primary and stays promotable`);
  if (preparing !== undefined) return refused(state, `${preparing.target} is being prepared for a switch`);
  const agreed = state.widened?.epoch === record.epoch ? state.widened.promotable : record.promotable;
  const missing = promotable.filter((member) => !agreed.includes(member));
  if (missing.length > 0) {
    const reason = `${record.primary} has not agreed yet that it needs the holds of ${missing.join(", ")} too`;
    return {
      state,
      effects: [
        { kind: "send-widen", to: record.primary, epoch: record.epoch, promotable },
        { kind: "refuse", reason, waitMs: 0 },
      ],
      reason,
    };
  }
  const next: GroupRecord = { ...record, epoch: record.epoch + 1, promotable };
  return {
    state: { ...state, inDoubt: true },
    effects: [
      { kind: "cas-record", expect: expectOf(state), next, nextLease: unrenewedLease(next, config.timing.ttlMs) },
    ],
    reason: `${record.primary} stays primary; promotable are ${promotable.join(", ")}`,
  };
}

function widened(
  state: ControllerState,
  input: { readonly from: RegionName; readonly epoch: number; readonly promotable: readonly RegionName[] },
): ControllerStep {
  const { record } = state;
  if (input.from !== record.primary || input.epoch !== record.epoch) return { state, effects: [] };
  return { state: { ...state, widened: { epoch: input.epoch, promotable: input.promotable } }, effects: [] };
}

function recordStored(
  state: ControllerState,
  input: {
    readonly next: GroupRecord;
    readonly nextLease: Lease;
    readonly stored: Stored;
    readonly nowMs: number;
  },
): ControllerStep {
  const { next, nextLease, stored, nowMs } = input;
  switch (stored.outcome) {
    case "ok": {
      const after = withSeen(state, { record: next, lease: nextLease, nowMs });
      // The old members too, for one that is not promotable any more would not hear of it otherwise.
      return { state: after, effects: told(after, state.record.promotable) };
    }
    case "unknown":
      return { state: { ...state, inDoubt: true }, effects: [{ kind: "read-store" }] };
    case "conflict": {
      const after = withSeen(state, { record: stored.record, lease: stored.lease, nowMs });
      const moved = after.record.epoch > state.record.epoch;
      return {
        state: after,
        effects: moved ? told(after) : [{ kind: "refuse", reason: "the lease was renewed meanwhile", waitMs: 0 }],
      };
    }
    default:
      return stored satisfies never;
  }
}

function told(state: ControllerState, formerly: readonly RegionName[] = []): ControllerEffect[] {
  const { record } = state;
  const receipt = state.receiptEpoch === record.epoch - 1 && record.epoch > 1;
  const others = [...new Set([...record.promotable, ...formerly])].filter((member) => member !== record.primary);
  return [
    { kind: "send-promote", to: record.primary, record, receipt },
    ...others.map((to) => ({ kind: "send-record", to, record }) as const),
  ];
}

function refused(state: ControllerState, reason: string, waitMs = 0): ControllerStep {
  return { state, effects: [{ kind: "refuse", reason, waitMs }], reason };
}
