// The parts of the checked world (members, controller, routers, store, network), each reduced to a small number.
// A part is kept as it looks at one fixed instant, BASE: every time in it is relative to that, what is over is NEVER, what is older
// than any rule asks for is clamped. So a part has finitely many forms, each is interned once, and what the production
// transition does to a form is computed once and remembered. This is exact because the transition only ever uses differences of times
// (`transition.test.ts` checks that) and only compares sequence numbers, so they may be renumbered in order.

import type { ControllerState } from "../controller-state.ts";
import type { GateState } from "../gate.ts";
import { isHolder, type MemberState, mayWrite } from "../member-state.ts";
import { type GroupRecord, type Lease, NEVER_MS } from "../record.ts";
import { type LeaseConfig, reliableMs } from "../timing.ts";

export const BASE_MS = 1_000;
/** A number given after a restart: above all others until the next renumbering. */
export const TOP_SEQ = 30;

/** `since`: the first epoch of the present primary, for the checker only. It may go on writing under an earlier one of its own. */
export type StoreState = { readonly record: GroupRecord; readonly lease: Lease; readonly since: number };

/** Numbers of three families are renumbered: north's and south's sequence numbers, and the controller's attempts. */
export type Family = 0 | 1 | 2;
export const ATTEMPTS: Family = 2;
export type Renumber = (family: Family, value: number) => number;

export function familyOf(region: string): Family {
  return region === "north" ? 0 : 1;
}

function deadline(atMs: number, elapsedMs: number): number {
  return atMs - elapsedMs <= BASE_MS ? NEVER_MS : Math.round(atMs - elapsedMs);
}

function moment(atMs: number, elapsedMs: number, ageMaxMs: number): number {
  return Math.max(Math.round(atMs - elapsedMs), BASE_MS - ageMaxMs);
}

/** What the parts are reduced by: everything that no rule can ask for any more is forgotten, so that equal futures are one state. */
export type Reduction = { readonly config: LeaseConfig; readonly epochsMax: number };

/** The member after its clock has advanced by `elapsedMs`, as seen at BASE again. */
export function memberAtBase(
  { config, epochsMax }: Reduction,
  whole: MemberState,
  elapsedMs: number,
  renumber: Renumber,
): MemberState {
  const state = isHolder(whole) ? whole : withoutRights(whole);
  const { ttlMs, holdMs } = config.timing;
  const ageMaxMs = Math.max(ttlMs, holdMs);
  const family = familyOf(state.self);
  const holds: Record<string, number> = {};
  for (const member of Object.keys(state.holds).sort()) {
    const until = deadline(state.holds[member] ?? NEVER_MS, elapsedMs);
    if (until !== NEVER_MS) holds[member] = until;
  }
  // With the epoch check, a preparation for a known epoch is void, and no attempt matters once the last epoch is reached.
  const { epochCheck } = config.safeguards;
  const { epoch, primary, promotedEpoch, preparedEpoch, fencedEpoch } = state.durable;
  const last = epochCheck && epoch >= epochsMax;
  const prepared = !epochCheck || preparedEpoch > epoch;
  // An answer counts from when the question was sent, so one to an old question gives nothing any more.
  const { countFromSend } = config.safeguards;
  const ageMs = (sentAtMs: number): number => BASE_MS + elapsedMs - sentAtMs;
  const confirmedAtMs = Math.max(state.lastConfirmedAtMs, BASE_MS + elapsedMs - ageMaxMs);
  const mayRenew = ({ sentAtMs }: { readonly sentAtMs: number }): boolean =>
    !countFromSend || ageMs(sentAtMs) < reliableMs(config, ttlMs) || sentAtMs > confirmedAtMs;
  const mayHold = ({ sentAtMs }: { readonly sentAtMs: number }): boolean =>
    !countFromSend || ageMs(sentAtMs) < reliableMs(config, holdMs);
  const promotable = !last || (primary === state.self && promotedEpoch < epoch);
  const reduced: MemberState = {
    kind: "member",
    self: state.self,
    durable: {
      epoch,
      primary,
      promotable: [...state.durable.promotable].sort(),
      promotedEpoch: epochCheck && promotedEpoch < epoch ? 0 : promotedEpoch,
      preparedEpoch: prepared ? preparedEpoch : 0,
      preparedAttempt: last ? 0 : renumber(ATTEMPTS, state.durable.preparedAttempt),
      releasedAttempt: last ? 0 : renumber(ATTEMPTS, state.durable.releasedAttempt),
      heldEpoch: promotable ? state.durable.heldEpoch : 0,
      fencedEpoch: epochCheck && fencedEpoch < epoch ? 0 : fencedEpoch,
      boots: 0,
    },
    bootAtMs: NEVER_MS,
    refuseUntilMs: promotable ? deadline(state.refuseUntilMs, elapsedMs) : NEVER_MS,
    seq: renumber(family, state.seq >= 2 ** 32 ? TOP_SEQ : state.seq),
    leaseUntilMs: deadline(state.leaseUntilMs, elapsedMs),
    lastConfirmedAtMs: moment(state.lastConfirmedAtMs, elapsedMs, ageMaxMs),
    renewals: state.renewals.filter(mayRenew).map(({ seq, sentAtMs, writable }) => ({
      seq: renumber(family, seq),
      sentAtMs: moment(sentAtMs, elapsedMs, ageMaxMs),
      writable,
    })),
    asks: state.asks.filter(mayHold).map(({ seq, sentAtMs }) => ({
      seq: renumber(family, seq),
      sentAtMs: moment(sentAtMs, elapsedMs, ageMaxMs),
    })),
    holds,
    soleUntilMs: deadline(state.soleUntilMs, elapsedMs),
    serving: state.serving,
    gateUntilMs: deadline(state.gateUntilMs, elapsedMs),
    fencePendingEpoch: state.fencePendingEpoch,
  };
  // As if it noticed at once that its right is over: it then says more often, not less, that it becomes primary.
  return reduced.serving && !mayWrite(config, reduced, BASE_MS) ? { ...reduced, serving: false } : reduced;
}

/** Of one that is not the holder: being promoted starts all of these anew. */
function withoutRights(state: MemberState): MemberState {
  return {
    ...state,
    leaseUntilMs: NEVER_MS,
    lastConfirmedAtMs: NEVER_MS,
    renewals: [],
    asks: [],
    holds: {},
    soleUntilMs: NEVER_MS,
    serving: false,
  };
}

export function controllerAtBase(
  { config, epochsMax }: Reduction,
  state: ControllerState,
  elapsedMs: number,
  renumber: Renumber,
): ControllerState {
  const { ttlMs } = config.timing;
  const { preparing, record } = state;
  const last = config.safeguards.epochCheck && record.epoch >= epochsMax;
  return {
    kind: "controller",
    record: state.record,
    lease: leaseRenumbered(state.lease, renumber),
    leaseSeenAtMs: last ? BASE_MS - ttlMs : moment(state.leaseSeenAtMs, elapsedMs, ttlMs),
    // The later of the two is what is waited for.
    startedAtMs:
      last || state.startedAtMs <= state.leaseSeenAtMs ? BASE_MS - ttlMs : moment(state.startedAtMs, elapsedMs, ttlMs),
    ...(preparing === undefined || last
      ? {}
      : { preparing: { ...preparing, attempt: renumber(ATTEMPTS, preparing.attempt) } }),
    attempt: last ? 0 : renumber(ATTEMPTS, state.attempt),
    ...(state.widened === undefined || last || state.widened.epoch < record.epoch ? {} : { widened: state.widened }),
    receiptEpoch: state.receiptEpoch < record.epoch - 1 ? 0 : state.receiptEpoch,
    inDoubt: state.inDoubt && !last,
  };
}

export function gateAtBase({ config }: Reduction, state: GateState, elapsedMs: number): GateState {
  const fenced = state.fencedEpoch >= state.epoch || !config.safeguards.epochCheck;
  return {
    kind: "gate",
    epoch: state.epoch,
    fencedEpoch: fenced ? state.fencedEpoch : 0,
    writeUntilMs: deadline(state.writeUntilMs, elapsedMs),
  };
}

export function storeRenumbered(state: StoreState, renumber: Renumber): StoreState {
  return { record: state.record, lease: leaseRenumbered(state.lease, renumber), since: state.since };
}

function leaseRenumbered(lease: Lease, renumber: Renumber): Lease {
  return { ...lease, seq: renumber(familyOf(lease.holder), lease.seq) };
}

/** Gives every form of a part a number, in order of appearance. */
export class Interner<T> {
  readonly items: T[] = [];
  private readonly ids = new Map<string, number>();

  idOf(item: T): number {
    const key = JSON.stringify(item);
    const known = this.ids.get(key);
    if (known !== undefined) return known;
    const id = this.items.length;
    this.ids.set(key, id);
    this.items.push(item);
    return id;
  }

  at(id: number): T {
    return this.items[id] as T;
  }
}
