// How a member renews its lease, grants and collects holds, is prepared, promoted and fenced.
// I1. It writes only under the newest epoch it was promoted for, and only until the end of its lease or of every other promotable
//     member's hold, both counted on its own clock from the moment it asked.
// I1. While a hold it granted may be outstanding it is not promoted, unless the holder's fence receipt is there.
// I7. It asks for holds before its lease is over, so a store that goes away makes no gap.

import type { RegionName } from "../model/system.ts";
import {
  gateUntilAfterBoot,
  isHolder,
  type MemberDurable,
  type MemberEffect,
  type MemberInput,
  type MemberState,
  mayWrite,
  memberFrom,
  writeUntilOf,
} from "./member-state.ts";
import { type GroupRecord, NEVER_MS } from "./record.ts";
import { type LeaseConfig, reliableMs, secondsText } from "./timing.ts";

export type MemberStep = {
  readonly state: MemberState;
  readonly effects: readonly MemberEffect[];
  readonly reason?: string;
};

/** A start's numbers begin above all of the starts before: 2^32 renewals last longer than fifty years. */
export const SEQ_PER_BOOT = 2 ** 32;

export function memberTransition(config: LeaseConfig, state: MemberState, input: MemberInput): MemberStep {
  return settled(config, state, decided(config, state, input), input.nowMs);
}

function decided(config: LeaseConfig, state: MemberState, input: MemberInput): MemberStep {
  switch (input.kind) {
    case "boot":
      return booted(config, state, input.nowMs);
    case "tick":
      return ticked(config, state, input.nowMs);
    case "renewal-due":
      return renewing(config, state, input.nowMs);
    case "renewed":
      return renewed(config, state, input);
    case "renewal-refused":
    case "record-seen":
      return recordSeen(state, input.record);
    case "hold-request":
      return holdRequested(config, state, input);
    case "hold-granted":
      return holdGranted(config, state, input);
    case "hold-refused":
      return { state, effects: [], reason: `${input.from} grants no hold for epoch ${input.epoch}` };
    case "prepare":
      return preparing(config, state, input);
    case "release":
      return releasing(state, input);
    case "promote":
      return promoting(config, state, input);
    case "fence":
      return fencing(state, input);
    case "widen":
      return widening(state, input);
    case "gate-confirmed":
      return gateConfirmed(state, input);
    default:
      return input satisfies never;
  }
}

function booted(config: LeaseConfig, state: MemberState, nowMs: number): MemberStep {
  const boots = state.durable.boots + 1;
  const durable = { ...state.durable, boots };
  const wasPromoted = durable.epoch > 0 && durable.promotedEpoch === durable.epoch;
  return {
    state: {
      ...memberFrom(state.self, durable),
      bootAtMs: nowMs,
      seq: boots * SEQ_PER_BOOT,
      // When the hold was granted is forgotten, that it was is not: the longest it can still last is counted from here.
      refuseUntilMs: durable.heldEpoch > 0 ? nowMs + config.timing.holdMs : NEVER_MS,
      gateUntilMs: wasPromoted ? gateUntilAfterBoot(config, nowMs) : NEVER_MS,
    },
    effects: [],
  };
}

function ticked(config: LeaseConfig, state: MemberState, nowMs: number): MemberStep {
  const free = state.durable.heldEpoch > 0 && nowMs >= state.refuseUntilMs;
  const durable = free ? { ...state.durable, heldEpoch: 0 } : state.durable;
  return withHolds(config, { state: { ...pruned(config, state, nowMs), durable }, effects: [] }, nowMs);
}

// ---- the holder's side: lease and holds ----

function renewing(config: LeaseConfig, state: MemberState, nowMs: number): MemberStep {
  return withHolds(config, withRenewal(config, { state: pruned(config, state, nowMs), effects: [] }, nowMs), nowMs);
}

function withRenewal(config: LeaseConfig, step: MemberStep, nowMs: number): MemberStep {
  const { state } = step;
  if (!isHolder(state)) return step;
  // A one-way cut lets renewals out and no answer in: the holder has fenced itself, so it must let its lease run out too.
  const confirmed = nowMs - state.lastConfirmedAtMs < config.timing.ttlMs;
  const writable = confirmed || !config.safeguards.writable;
  const seq = state.seq + 1;
  return {
    ...step,
    state: {
      ...state,
      seq,
      renewals: [...state.renewals, { seq, sentAtMs: nowMs, writable }].slice(-config.pendingMax),
    },
    effects: [...step.effects, { kind: "send-renewal", epoch: state.durable.epoch, seq, writable }],
  };
}

/** Asks every other promotable member for a hold as soon as a renewal stays unanswered for the call timeout. */
function withHolds(config: LeaseConfig, step: MemberStep, nowMs: number): MemberStep {
  const { state } = step;
  const { epoch, promotable } = state.durable;
  const { ttlMs, renewEveryMs, callTimeoutMs, holdMs } = config.timing;
  if (!isHolder(state)) return step;
  const freshUntilMs = state.leaseUntilMs - reliableMs(config, ttlMs) + renewEveryMs + callTimeoutMs;
  if (nowMs < freshUntilMs) return step;
  const others = promotable.filter((member) => member !== state.self);
  if (others.length === 0) return { ...step, state: { ...state, soleUntilMs: nowMs + reliableMs(config, holdMs) } };
  const last = state.asks.at(-1);
  if (last !== undefined && nowMs - last.sentAtMs < renewEveryMs) return step;
  const seq = state.seq + 1;
  return {
    ...step,
    state: { ...state, seq, asks: [...state.asks, { seq, sentAtMs: nowMs }].slice(-config.pendingMax) },
    effects: [...step.effects, ...others.map((to) => ({ kind: "ask-hold", to, epoch, seq }) as const)],
  };
}

function renewed(
  config: LeaseConfig,
  state: MemberState,
  input: { readonly epoch: number; readonly seq: number; readonly nowMs: number },
): MemberStep {
  if (!isHolder(state))
    return { state, effects: [], reason: "not the holder: the answer to a renewal changes nothing" };
  if (config.safeguards.epochCheck && input.epoch !== state.durable.epoch) return { state, effects: [] };
  const renewal = state.renewals.find((pending) => pending.seq === input.seq);
  if (renewal === undefined) return { state, effects: [] };
  const fromMs = config.safeguards.countFromSend ? renewal.sentAtMs : input.nowMs;
  const untilMs = renewal.writable ? fromMs + reliableMs(config, config.timing.ttlMs) : NEVER_MS;
  return {
    state: {
      ...state,
      leaseUntilMs: Math.max(state.leaseUntilMs, untilMs),
      lastConfirmedAtMs: Math.max(state.lastConfirmedAtMs, renewal.sentAtMs),
      renewals: state.renewals.filter((pending) => pending.seq > input.seq),
    },
    effects: [],
  };
}

function holdGranted(
  config: LeaseConfig,
  state: MemberState,
  input: { readonly from: RegionName; readonly epoch: number; readonly seq: number; readonly nowMs: number },
): MemberStep {
  const { epochCheck, allPromotable, countFromSend } = config.safeguards;
  if (!isHolder(state)) return { state, effects: [] };
  if (epochCheck && input.epoch !== state.durable.epoch) return { state, effects: [] };
  // A witness cannot be promoted, so its promise not to be protects nobody.
  if (allPromotable && !state.durable.promotable.includes(input.from)) return { state, effects: [] };
  const ask = state.asks.find((pending) => pending.seq === input.seq);
  if (ask === undefined) return { state, effects: [] };
  const untilMs = (countFromSend ? ask.sentAtMs : input.nowMs) + reliableMs(config, config.timing.holdMs);
  const heldUntilMs = Math.max(untilMs, state.holds[input.from] ?? NEVER_MS);
  return { state: { ...state, holds: { ...state.holds, [input.from]: heldUntilMs } }, effects: [] };
}

/** Forgets what can give no right any more. */
function pruned(config: LeaseConfig, state: MemberState, nowMs: number): MemberState {
  const renewals = state.renewals.filter((pending) => nowMs - pending.sentAtMs < config.timing.ttlMs);
  const asks = state.asks.filter((pending) => nowMs - pending.sentAtMs < config.timing.holdMs);
  return renewals.length === state.renewals.length && asks.length === state.asks.length
    ? state
    : { ...state, renewals, asks };
}

// ---- the standby's side: hold, prepare, release, promote ----

function holdRequested(
  config: LeaseConfig,
  state: MemberState,
  input: { readonly from: RegionName; readonly epoch: number; readonly seq: number; readonly nowMs: number },
): MemberStep {
  const { from, epoch, seq } = input;
  const problem = holdProblem(config, state, input);
  if (problem !== undefined) {
    return {
      state,
      effects: [{ kind: "reply-hold", to: from, epoch, seq, granted: false, reason: problem }],
      reason: problem,
    };
  }
  const known = state.durable.heldEpoch === epoch || !config.safeguards.durableHold;
  const reason = `${state.self} will not be promoted for ${secondsText(config.timing.holdMs)}`;
  return {
    state: {
      ...state,
      durable: known ? state.durable : { ...state.durable, heldEpoch: epoch },
      refuseUntilMs: Math.max(state.refuseUntilMs, input.nowMs + config.timing.holdMs),
    },
    effects: [{ kind: "reply-hold", to: from, epoch, seq, granted: true, reason }],
  };
}

function holdProblem(
  config: LeaseConfig,
  state: MemberState,
  input: { readonly from: RegionName; readonly epoch: number },
): string | undefined {
  const { epoch, primary, promotable, preparedEpoch } = state.durable;
  const { epochCheck, allPromotable, prepare } = config.safeguards;
  if (epochCheck && input.epoch !== epoch) {
    return `${input.from} asks for epoch ${input.epoch}, ${state.self} knows epoch ${epoch}`;
  }
  if (epochCheck && input.from !== primary) return `${input.from} is not the primary of epoch ${epoch}`;
  if (allPromotable && !promotable.includes(state.self)) {
    return `${state.self} cannot be promoted, so its hold would protect nobody`;
  }
  if (prepare && preparedEpoch > input.epoch) return `${state.self} is prepared for epoch ${preparedEpoch}`;
  return undefined;
}

function preparing(
  config: LeaseConfig,
  state: MemberState,
  input: { readonly epoch: number; readonly attempt: number; readonly nowMs: number },
): MemberStep {
  const { epoch, attempt, nowMs } = input;
  const { durable } = state;
  const refused = (reason: string): MemberStep => ({
    state,
    effects: [
      {
        kind: "reply-prepare-refused",
        epoch,
        attempt,
        floorAttempt: Math.max(durable.releasedAttempt, durable.preparedAttempt),
        reason,
      },
    ],
    reason,
  });
  if (epoch <= durable.epoch) return refused(`${state.self} knows epoch ${durable.epoch} already`);
  if (attempt <= durable.releasedAttempt || attempt < durable.preparedAttempt) {
    return refused("a later attempt to prepare this member came first");
  }
  const same = durable.preparedEpoch === epoch && durable.preparedAttempt === attempt;
  const next = same ? state : { ...state, durable: { ...durable, preparedEpoch: epoch, preparedAttempt: attempt } };
  const busyUntilMs = Math.max(next.refuseUntilMs, next.gateUntilMs, writeUntilOf(config, next));
  const remainingMs = Math.max(0, busyUntilMs - nowMs);
  return { state: next, effects: [{ kind: "reply-prepared", epoch, attempt, clear: remainingMs === 0, remainingMs }] };
}

function releasing(state: MemberState, input: { readonly epoch: number; readonly attempt: number }): MemberStep {
  const { epoch, attempt } = input;
  const { durable } = state;
  const undoes = durable.preparedEpoch === epoch && durable.preparedAttempt <= attempt;
  const newer = attempt > durable.releasedAttempt;
  if (!undoes && !newer) return { state, effects: [{ kind: "reply-released", epoch, attempt }] };
  return {
    state: {
      ...state,
      durable: {
        ...durable,
        preparedEpoch: undoes ? 0 : durable.preparedEpoch,
        releasedAttempt: Math.max(attempt, durable.releasedAttempt),
      },
    },
    effects: [{ kind: "reply-released", epoch, attempt }],
  };
}

function promoting(
  config: LeaseConfig,
  state: MemberState,
  input: { readonly record: GroupRecord; readonly receipt: boolean; readonly nowMs: number },
): MemberStep {
  const { record, receipt, nowMs } = input;
  const { durable } = state;
  const refused = (reason: string, waitMs: number, next = state): MemberStep => ({
    state: next,
    effects: [{ kind: "reply-promote-refused", epoch: record.epoch, waitMs, reason }],
    reason,
  });
  if (record.primary !== state.self)
    return refused(`epoch ${record.epoch} names ${record.primary}, not ${state.self}`, 0);
  if (config.safeguards.epochCheck) {
    if (record.epoch < durable.epoch) return refused(`${state.self} knows epoch ${durable.epoch} already`, 0);
    if (record.epoch === durable.epoch && durable.primary !== state.self) {
      return refused(`${durable.primary} is the primary of epoch ${durable.epoch}`, 0);
    }
  }
  if (record.epoch <= durable.fencedEpoch)
    return refused(`${state.self} is fenced up to epoch ${durable.fencedEpoch}`, 0);
  if (durable.epoch === record.epoch && durable.promotedEpoch === record.epoch) {
    return { state, effects: [{ kind: "reply-promoted", epoch: record.epoch }] };
  }
  // The receipt of the very holder to whom the hold was given makes waiting for it needless.
  const released = receipt && durable.heldEpoch === record.epoch - 1;
  if (nowMs < state.refuseUntilMs && !released) {
    // It has seen the new record, so from here on it grants no hold to the old primary either.
    return refused(
      `a hold that ${state.self} granted lasts another ${secondsText(state.refuseUntilMs - nowMs)}`,
      state.refuseUntilMs - nowMs,
      record.epoch > durable.epoch ? adopted(state, record) : state,
    );
  }
  // A holder that stays primary keeps its lease: each renewal of the old epoch was counted before the record moved, and whoever wants
  // to take over waits a whole lease from that moment. Its holds and its standing alone end, for they do not bind new members.
  const continues = isHolder(state) && record.epoch === durable.epoch + 1;
  const promoted: MemberState = {
    ...adopted(state, record),
    durable: { ...durable, ...recordPart(record), promotedEpoch: record.epoch, preparedEpoch: 0, heldEpoch: 0 },
    refuseUntilMs: NEVER_MS,
    lastConfirmedAtMs: nowMs,
    leaseUntilMs: continues ? state.leaseUntilMs : NEVER_MS,
  };
  return withRenewal(config, { state: promoted, effects: [{ kind: "reply-promoted", epoch: record.epoch }] }, nowMs);
}

/**
 * Before the record names more promotable members, the holder makes durable that it needs their holds too. So when the record names
 * them, the old primary relies on nothing that does not bind them, whether or not it has heard of the new epoch.
 */
function widening(
  state: MemberState,
  input: { readonly epoch: number; readonly promotable: readonly RegionName[] },
): MemberStep {
  const { epoch } = input;
  const { durable } = state;
  if (epoch !== durable.epoch || !isHolder(state)) {
    const reason = `${state.self} is not the holder of epoch ${epoch}`;
    return { state, effects: [{ kind: "reply-widen-refused", epoch, reason }], reason };
  }
  const promotable = [...new Set([...durable.promotable, ...input.promotable])];
  const same = promotable.length === durable.promotable.length;
  const reason = `${state.self} asks ${promotable.filter((member) => member !== state.self).join(", ")} for holds from now on`;
  return {
    state: same ? state : { ...state, durable: { ...durable, promotable }, soleUntilMs: NEVER_MS },
    effects: [{ kind: "reply-widened", epoch, promotable }],
    reason,
  };
}

// ---- both sides: a newer record, a fence ----

function recordSeen(state: MemberState, record: GroupRecord): MemberStep {
  if (record.epoch <= state.durable.epoch) return { state, effects: [] };
  // Its own next epoch begins with PROMOTE alone. Taken over from hearsay that came first, it would end a lease that goes on.
  if (record.primary === state.self)
    return { state, effects: [], reason: `epoch ${record.epoch} names ${state.self}: waiting for its PROMOTE` };
  return { state: adopted(state, record), effects: [], reason: `epoch ${record.epoch}: ${record.primary} is primary` };
}

/** Takes over a newer record. Every right under the old one ends here; holds granted to others stay promised. */
function adopted(state: MemberState, record: GroupRecord): MemberState {
  return {
    ...state,
    durable: { ...state.durable, ...recordPart(record) },
    leaseUntilMs: NEVER_MS,
    lastConfirmedAtMs: NEVER_MS,
    renewals: [],
    asks: [],
    holds: {},
    soleUntilMs: NEVER_MS,
    fencePendingEpoch: state.fencePendingEpoch < record.epoch ? 0 : state.fencePendingEpoch,
  };
}

function recordPart(record: GroupRecord): Pick<MemberDurable, "epoch" | "primary" | "promotable"> {
  return { epoch: record.epoch, primary: record.primary, promotable: record.promotable };
}

function fencing(state: MemberState, input: { readonly epoch: number }): MemberStep {
  const { durable } = state;
  const fencedEpoch = Math.max(durable.fencedEpoch, input.epoch);
  const next = fencedEpoch === durable.fencedEpoch ? state : { ...state, durable: { ...durable, fencedEpoch } };
  // A newer record exists, so nobody can write under the older epoch any more.
  if (input.epoch < durable.epoch) return { state: next, effects: [{ kind: "reply-fenced", epoch: input.epoch }] };
  return { state: { ...next, fencePendingEpoch: Math.max(state.fencePendingEpoch, input.epoch) }, effects: [] };
}

function gateConfirmed(
  state: MemberState,
  input: { readonly epoch: number; readonly fencedEpoch: number },
): MemberStep {
  const closed = input.fencedEpoch >= state.durable.epoch && input.fencedEpoch >= input.epoch;
  return { state: closed ? { ...state, gateUntilMs: NEVER_MS } : state, effects: [] };
}

// ---- what follows from any change ----

/**
 * Adds what every input may bring about: the durable part first, then the decided effects, then the router's permission,
 * the beginning or end of the right to write, and a fence receipt that has become due.
 */
function settled(config: LeaseConfig, before: MemberState, step: MemberStep, nowMs: number): MemberStep {
  const effects: MemberEffect[] = [];
  let state = step.state;
  const { epoch, fencedEpoch } = state.durable;
  if (state.durable !== before.durable) effects.push({ kind: "persist", durable: state.durable });
  effects.push(...step.effects);

  const writeUntilMs = writeUntilOf(config, state);
  const serving = mayWrite(config, state, nowMs);
  const regrouped = epoch !== before.durable.epoch;
  if (regrouped && !isHolder(state)) {
    effects.push({ kind: "set-gate", epoch, writeUntilMs: NEVER_MS, fencedEpoch });
  } else if (serving && (writeUntilMs > state.gateUntilMs || regrouped || !state.serving)) {
    state = { ...state, gateUntilMs: Math.max(state.gateUntilMs, writeUntilMs) };
    effects.push({ kind: "set-gate", epoch, writeUntilMs, fencedEpoch });
  }
  if (state.serving && !serving) {
    effects.push({ kind: "step-down", epoch: before.durable.epoch, ...endOf(state, before) });
  }
  if (serving && (!state.serving || regrouped)) effects.push({ kind: "become-primary", epoch });
  if (serving !== state.serving) state = { ...state, serving };

  if (state.fencePendingEpoch > 0) {
    if (nowMs >= state.gateUntilMs) {
      effects.push({ kind: "reply-fenced", epoch: state.fencePendingEpoch });
      state = { ...state, fencePendingEpoch: 0 };
    } else {
      effects.push({ kind: "set-gate", epoch, writeUntilMs: NEVER_MS, fencedEpoch });
    }
  }
  return { ...step, state, effects };
}

function endOf(
  state: MemberState,
  before: MemberState,
): { readonly because: "lease-end" | "record" | "fence"; readonly reason: string } {
  const { epoch, primary, fencedEpoch } = state.durable;
  if (epoch !== before.durable.epoch)
    return { because: "record", reason: `epoch ${epoch} names ${primary} as primary` };
  if (fencedEpoch >= epoch) return { because: "fence", reason: `epoch ${epoch} was fenced on the controller's order` };
  return {
    because: "lease-end",
    reason: `the lease of epoch ${epoch} ran out and not every promotable member granted a hold`,
  };
}
