// The controller's side of one group's lease: feeds the protocol and performs what it says. One thing at a time, because an advance and
// a renewal compete for the same compare-and-swap.

import { controllerTransition } from "../core/lease/controller.ts";
import {
  type ControllerEffect,
  type ControllerInput,
  type ControllerState,
  newController,
  type Stored,
} from "../core/lease/controller-state.ts";
import { type GroupRecord, type Lease, unrenewedLease } from "../core/lease/record.ts";
import type { LeaseConfig } from "../core/lease/timing.ts";
import type { RegionName, System } from "../core/model/system.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { Peers } from "../ports/peers.ts";
import type { StoreFailure } from "../ports/store.ts";
import type { RequestOf, ResponseOf } from "../wire/calls.ts";
import type { GroupStore, Read } from "./group-store.ts";

export type LeaseDeskPorts = {
  readonly system: System;
  readonly config: LeaseConfig;
  readonly clock: Clock;
  readonly peers: Peers;
  readonly log: Log;
  readonly store: GroupStore;
  /** After every call to the store: was it there? */
  readonly onStore: (failure: StoreFailure | undefined) => void;
  readonly onRecord: (record: GroupRecord) => void;
  /** The old primary's receipt counts from here. */
  readonly onFenced?: (from: RegionName, epoch: number) => void;
};

type Unstamped = ControllerInput extends infer Input
  ? Input extends ControllerInput
    ? Omit<Input, "nowMs">
    : never
  : never;

export type Advanced =
  | { readonly kind: "advanced"; readonly record: GroupRecord; readonly reason: string }
  | { readonly kind: "refused"; readonly reason: string; readonly waitMs: number };

const messageDeadlineMs = 300;
/** A release that was not answered is repeated after this, until it is, or until it has lost its meaning. */
const releaseAgainMs = 500;
/** Renewals of one holder that wait for the store; each newer one says all that the older said. */
const renewalsWaitingMax = 2;

export class LeaseDesk {
  readonly #ports: LeaseDeskPorts;
  #state: ControllerState | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  /** What the store holds is not known since a call without an answer. */
  #mustRead = false;
  #renewalsWaiting = 0;
  #backAtMs: number | undefined;
  /** Members that may still be prepared for a switch that was given up; they grant no holds until they have been told. */
  readonly #releases = new Map<RegionName, { readonly epoch: number; readonly attempt: number; nextMs: number }>();

  constructor(ports: LeaseDeskPorts) {
    this.#ports = ports;
  }

  get state(): ControllerState | undefined {
    return this.#state;
  }

  get record(): GroupRecord | undefined {
    return this.#state?.record;
  }

  get leaseAgeMs(): number | undefined {
    return this.#state === undefined ? undefined : this.#ports.clock.nowMs() - this.#state.leaseSeenAtMs;
  }

  /** When a renewal of the primary last came after half a lease of silence. */
  get backAtMs(): number | undefined {
    return this.#backAtMs;
  }

  /** Has the primary not renewed for half a lease and more, and may its lease still be valid? */
  get isRunningOut(): boolean {
    const { ttlMs } = this.#ports.config.timing;
    const ageMs = this.leaseAgeMs ?? 0;
    return ageMs >= ttlMs / 2 && ageMs < ttlMs;
  }

  /** What this process found in the store when it began. From here it waits a whole lease before it lets anyone take over. */
  start(read: Read): void {
    if (read.record === undefined || read.lease === undefined) return;
    this.#begin(read.record, read.lease);
  }

  #begin(record: GroupRecord, lease: Lease): void {
    const { clock, config, onRecord } = this.#ports;
    const input = {
      kind: "started",
      record,
      lease,
      attemptBase: Math.floor(clock.wallMs()),
      nowMs: clock.nowMs(),
    } as const;
    this.#state = controllerTransition(config, newController(record, lease), input).state;
    onRecord(record);
  }

  async renew(request: RequestOf<"renew">): Promise<ResponseOf<"renew">> {
    // While the store hangs they would queue up, and keep everything else waiting long after it is back.
    if (this.#renewalsWaiting >= renewalsWaitingMax)
      return { kind: "refused", why: "the store has not answered the renewals before this one" };
    this.#renewalsWaiting += 1;
    return this.#renew(request).finally(() => {
      this.#renewalsWaiting -= 1;
    });
  }

  #renew(request: RequestOf<"renew">): Promise<ResponseOf<"renew">> {
    return this.#queued(async () => {
      if (this.#state === undefined) return { kind: "refused", why: `${request.group} has no record yet` };
      const effects = await this.#input({
        kind: "renewal",
        from: request.region,
        epoch: request.epoch,
        seq: request.seq,
        writable: request.writable,
      });
      for (const effect of effects) {
        if (effect.kind === "reply-renewed")
          return { kind: "renewed", epoch: effect.epoch, seq: effect.seq, record: wireRecord(this.#state.record) };
        if (effect.kind === "reply-renewal-refused") {
          return {
            kind: "refused",
            record: wireRecord(effect.record),
            why: `epoch ${effect.record.epoch} names ${effect.record.primary}`,
          };
        }
      }
      return { kind: "refused", why: "it is not known whether the renewal is stored" };
    });
  }

  /** The target stops granting holds. "clear" once none is outstanding. */
  async prepare(
    target: RegionName,
  ): Promise<
    | { readonly kind: "prepared"; readonly clear: boolean; readonly remainingMs: number }
    | { readonly kind: "refused"; readonly reason: string }
  > {
    this.#releases.delete(target);
    const effects = await this.#queued(() => this.#input({ kind: "prepare-wanted", target }));
    return this.#sendPrepare(effects, 3);
  }

  async #sendPrepare(
    effects: readonly ControllerEffect[],
    triesLeft: number,
  ): Promise<
    | { readonly kind: "prepared"; readonly clear: boolean; readonly remainingMs: number }
    | { readonly kind: "refused"; readonly reason: string }
  > {
    const send = effects.find((effect) => effect.kind === "send-prepare");
    const refusal = effects.find((effect) => effect.kind === "refuse");
    if (refusal?.kind === "refuse") return { kind: "refused", reason: refusal.reason };
    if (send?.kind !== "send-prepare") return { kind: "refused", reason: "the record has moved on" };
    const { to, epoch, attempt } = send;
    const answer = await this.#say(to, { kind: "prepare", group: this.#group(), epoch, attempt });
    if (answer.kind === "prepared") {
      await this.#queued(() => this.#input({ kind: "prepared", from: to, epoch, attempt, clear: answer.clear }));
      return { kind: "prepared", clear: answer.clear, remainingMs: answer.remainingMs };
    }
    if (answer.kind === "prepare-refused" && triesLeft > 0) {
      const { floorAttempt } = answer;
      const next = await this.#queued(() =>
        this.#input({ kind: "prepare-refused", from: to, epoch, attempt, floorAttempt }),
      );
      return this.#sendPrepare(next, triesLeft - 1);
    }
    return {
      kind: "refused",
      reason:
        answer.kind === "silent" || answer.kind === "prepare-refused" ? answer.why : `${to} answered ${answer.kind}`,
    };
  }

  /** Takes a preparation back. A member that stays prepared grants no holds, so it is told until it answers. */
  async release(): Promise<void> {
    const effects = await this.#queued(() => this.#input({ kind: "release-wanted" }));
    for (const effect of effects) {
      if (effect.kind === "send-release")
        this.#releases.set(effect.to, { epoch: effect.epoch, attempt: effect.attempt, nextMs: 0 });
    }
    this.#tellReleases();
  }

  #tellReleases(): void {
    const nowMs = this.#ports.clock.nowMs();
    for (const [to, release] of this.#releases) {
      // With the next epoch the preparation is over by itself.
      if (release.epoch <= (this.record?.epoch ?? 0)) this.#releases.delete(to);
      else if (nowMs >= release.nextMs) {
        release.nextMs = nowMs + releaseAgainMs;
        const { epoch, attempt } = release;
        void this.#say(to, { kind: "release", group: this.#group(), epoch, attempt }).then((answer) => {
          if (answer.kind === "released" && this.#releases.get(to) === release) this.#releases.delete(to);
        });
      }
    }
  }

  /** Asks the primary itself for its fence receipt, where no order to fence brings one. Without an answer nothing is known. */
  async fence(): Promise<void> {
    const effects = await this.#queued(() => this.#input({ kind: "fence-wanted" }));
    for (const effect of effects) {
      if (effect.kind !== "send-fence") continue;
      const answer = await this.#say(effect.to, { kind: "fence", group: this.#group(), epoch: effect.epoch });
      if (answer.kind === "fenced") await this.receipt(effect.to, effect.epoch);
    }
  }

  /** The old primary's receipt has come: neither it nor its router acknowledges under `epoch` any more. */
  async receipt(from: RegionName, epoch: number): Promise<void> {
    await this.#queued(() => this.#input({ kind: "fenced", from, epoch }));
    this.#ports.onFenced?.(from, epoch);
  }

  /** The next epoch with another primary, if nobody can acknowledge under this one any more. */
  advance(target: RegionName, promotable: readonly RegionName[]): Promise<Advanced> {
    return this.#queued(() => this.#change({ kind: "advance-wanted", target, promotable }));
  }

  /** The next epoch with the same primary and other promotable members, once the primary has agreed to need their holds. */
  async admit(promotable: readonly RegionName[]): Promise<Advanced> {
    const first = await this.#queued(
      async (): Promise<Advanced | Extract<ControllerEffect, { kind: "send-widen" }>> => {
        const missing =
          this.#state === undefined
            ? []
            : promotable.filter((member) => !this.#state?.record.promotable.includes(member));
        if (missing.length === 0) return this.#change({ kind: "admit-wanted", promotable });
        const effects = await this.#input({ kind: "admit-wanted", promotable });
        const widen = effects.find((effect) => effect.kind === "send-widen");
        return widen?.kind === "send-widen" ? widen : refusalIn(effects);
      },
    );
    if (first.kind !== "send-widen") return first;
    const { to, epoch } = first;
    const answer = await this.#say(to, {
      kind: "widen",
      group: this.#group(),
      epoch,
      promotable: [...first.promotable],
    });
    if (answer.kind !== "widened") {
      return { kind: "refused", reason: "why" in answer ? answer.why : `${to} answered ${answer.kind}`, waitMs: 100 };
    }
    return this.#queued(async () => {
      await this.#input({ kind: "widened", from: to, epoch: answer.epoch, promotable: answer.promotable });
      return this.#change({ kind: "admit-wanted", promotable });
    });
  }

  /** The first record of a group that has none. */
  create(record: GroupRecord): Promise<Advanced> {
    return this.#queued(async (): Promise<Advanced> => {
      if (this.#state !== undefined)
        return { kind: "refused", reason: `${record.group} has a record already`, waitMs: 0 };
      const lease = unrenewedLease(record, this.#ports.config.timing.ttlMs);
      const stored = await this.#ports.store.storeRecord(record, lease);
      this.#ports.onStore(stored.kind === "failed" ? stored : undefined);
      if (stored.kind !== "done") {
        await this.#read();
        return {
          kind: "refused",
          reason: stored.kind === "failed" ? stored.why : "another controller was first",
          waitMs: 0,
        };
      }
      this.#begin(record, lease);
      this.retell();
      return { kind: "advanced", record, reason: `epoch ${record.epoch} is the first` };
    });
  }

  /** Tells members the record again; for those whose reports say that they have not heard. */
  retell(): void {
    void this.#queued(() => this.#input({ kind: "promote-due" }));
  }

  /** Reads the store again if an answer is owed. Called from the loop. */
  async settle(): Promise<void> {
    if (this.#mustRead) await this.#queued(() => this.#read());
    this.#tellReleases();
  }

  /** Reads the store now, in turn with everything else that goes by what was read. */
  reread(): Promise<Read | undefined> {
    return this.#queued(() => this.#read());
  }

  async #change(input: Unstamped): Promise<Advanced> {
    if (this.#state === undefined) return { kind: "refused", reason: "there is no record yet", waitMs: 0 };
    const before = this.#state.record.epoch;
    const effects = await this.#input(input);
    const after: GroupRecord = this.#state.record;
    if (after.epoch > before) {
      return { kind: "advanced", record: after, reason: this.#reason };
    }
    return refusalIn(effects);
  }

  #reason = "";

  /** One input and all that follows from it; returns the effects that are replies. */
  async #input(unstamped: Unstamped): Promise<readonly ControllerEffect[]> {
    if (this.#state === undefined) return [];
    const { config, clock, onRecord } = this.#ports;
    const { record: before, leaseSeenAtMs } = this.#state;
    const step = controllerTransition(config, this.#state, { ...unstamped, nowMs: clock.nowMs() } as ControllerInput);
    this.#state = step.state;
    if (step.reason !== undefined) this.#reason = step.reason;
    if (step.state.record.epoch !== before.epoch) onRecord(step.state.record);
    else if (step.state.leaseSeenAtMs - leaseSeenAtMs >= config.timing.ttlMs / 2)
      this.#backAtMs = step.state.leaseSeenAtMs;
    const replies: ControllerEffect[] = [];
    for (const effect of step.effects) replies.push(...(await this.#perform(effect)));
    return replies;
  }

  async #perform(effect: ControllerEffect): Promise<readonly ControllerEffect[]> {
    const { store } = this.#ports;
    switch (effect.kind) {
      case "cas-lease": {
        const stored = await this.#stored(await store.storeLease(effect.next));
        return this.#input({ kind: "lease-stored", next: effect.next, answer: effect.answer, stored });
      }
      case "cas-record": {
        const reason = this.#reason;
        const stored = await this.#stored(await store.storeRecord(effect.next, effect.nextLease));
        const replies = await this.#input({
          kind: "record-stored",
          next: effect.next,
          nextLease: effect.nextLease,
          stored,
        });
        this.#reason = reason;
        return replies;
      }
      case "read-store":
        await this.#read();
        return [];
      case "send-promote":
        void this.#say(effect.to, {
          kind: "promote",
          group: effect.record.group,
          record: wireRecord(effect.record),
          receipt: effect.receipt,
        });
        return [];
      case "send-record":
        void this.#say(effect.to, { kind: "record", group: effect.record.group, record: wireRecord(effect.record) });
        return [];
      default:
        return [effect];
    }
  }

  async #stored(swapped: { readonly kind: "done" } | { readonly kind: "conflict" } | StoreFailure): Promise<Stored> {
    this.#ports.onStore(swapped.kind === "failed" ? swapped : undefined);
    if (swapped.kind === "done") return { outcome: "ok" };
    // Whatever became of the call, what is read after it is what holds: the store takes our calls one after another. And what was read
    // is told to the protocol at once, or the next swap would pass on versions whose meaning it does not know.
    const read = await this.#ports.store.read();
    if (read.kind === "read" && read.record !== undefined && read.lease !== undefined) {
      return { outcome: "conflict", record: read.record, lease: read.lease };
    }
    this.#mustRead = true;
    return { outcome: "unknown" };
  }

  async #read(): Promise<Read | undefined> {
    const read = await this.#ports.store.read();
    this.#ports.onStore(read.kind === "failed" ? read : undefined);
    this.#mustRead = read.kind === "failed";
    if (read.kind === "failed") return undefined;
    if (read.record === undefined || read.lease === undefined) return read;
    if (this.#state === undefined) this.#begin(read.record, read.lease);
    else await this.#input({ kind: "seen", record: read.record, lease: read.lease });
    return read;
  }

  async #say(
    to: RegionName,
    message: RequestOf<"lease">,
  ): Promise<ResponseOf<"lease"> | { readonly kind: "silent"; readonly why: string }> {
    const base = this.#ports.system.regions.find((region) => region.name === to)?.agent;
    if (base === undefined) return { kind: "silent", why: `${to} has no agent in the manifest` };
    const answer = await this.#ports.peers.call(base, "lease", message, messageDeadlineMs);
    return answer.kind === "failed"
      ? { kind: "silent", why: `${to} does not answer: ${answer.why}` }
      : (answer.body as ResponseOf<"lease">);
  }

  #group(): string {
    return this.#state?.record.group ?? "";
  }

  #queued<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(work);
    this.#queue = done.catch(() => undefined);
    return done;
  }
}

function refusalIn(effects: readonly ControllerEffect[]): Advanced {
  const refusal = effects.find((effect) => effect.kind === "refuse");
  return refusal?.kind === "refuse"
    ? { kind: "refused", reason: refusal.reason, waitMs: refusal.waitMs }
    : { kind: "refused", reason: "the store has not answered whether the epoch moved", waitMs: 0 };
}

export function wireRecord(record: GroupRecord): {
  group: string;
  epoch: number;
  primary: string;
  promotable: string[];
} {
  return { group: record.group, epoch: record.epoch, primary: record.primary, promotable: [...record.promotable] };
}
