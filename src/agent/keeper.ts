// Keeps one group's membership: feeds the lease protocol and performs what it says, in its order.
// I1, I4. A member's durable part is on disk before anything that follows from it is sent.
// Inputs are taken one at a time; each reads the clock when it is taken, not when it was asked for.

import { memberTransition } from "../core/lease/member.ts";
import {
  isHolder,
  type MemberDurable,
  type MemberEffect,
  type MemberInput,
  type MemberState,
  mayWrite,
  memberFrom,
  newMember,
} from "../core/lease/member-state.ts";
import { NEVER_MS } from "../core/lease/record.ts";
import type { LeaseConfig } from "../core/lease/timing.ts";
import type { GroupName, RegionName } from "../core/model/system.ts";
import type { Clock } from "../ports/clock.ts";
import type { Disk } from "../ports/disk.ts";
import type { Log } from "../ports/log.ts";
import type { Peers } from "../ports/peers.ts";
import type { RequestOf, ResponseOf } from "../wire/calls.ts";

/** What an input is before the clock is read. */
export type Unstamped = MemberInput extends infer Input
  ? Input extends MemberInput
    ? Omit<Input, "nowMs">
    : never
  : never;

export type Gate = {
  readonly epoch: number;
  readonly writeUntilMs: number;
  readonly fencedEpoch: number;
  /** The epoch with which this region took over; later ones that only changed who is promotable are the same reign. 0 = before this process. */
  readonly sinceEpoch: number;
};

export type KeeperPorts = {
  readonly clock: Clock;
  readonly disk: Disk;
  readonly peers: Peers;
  readonly log: Log;
  /** Where the controllers answer, nearest first. */
  readonly controllers: readonly string[];
  readonly agentOf: (region: RegionName) => string | undefined;
  readonly onGate: (group: GroupName, gate: Gate) => void;
  readonly onPrimary: (group: GroupName, epoch: number) => void;
  readonly onStepDown: (group: GroupName, because: "lease-end" | "record" | "fence", reason: string) => void;
};

type Waiter = { readonly epoch: number; readonly resolve: () => void };

export class Keeper {
  readonly group: GroupName;
  readonly #config: LeaseConfig;
  readonly #ports: KeeperPorts;
  #state: MemberState;
  #queue: Promise<void> = Promise.resolve();
  #fenceWaiters: Waiter[] = [];
  #sinceEpoch = 0;
  /** A controller that answered last is asked first. */
  #controller = 0;
  /** A state that could not be made durable must not be acted on: then nothing is renewed or granted until a write succeeds. */
  #diskTrouble: string | undefined;

  private constructor(group: GroupName, config: LeaseConfig, state: MemberState, ports: KeeperPorts) {
    this.group = group;
    this.#config = config;
    this.#state = state;
    this.#ports = ports;
  }

  /** Reads what an earlier process left. A torn file is an error: nobody then knows which promises were made. */
  static async open(
    group: GroupName,
    self: RegionName,
    config: LeaseConfig,
    ports: KeeperPorts,
  ): Promise<Keeper | { readonly kind: "torn"; readonly why: string }> {
    const stored = await ports.disk.read(fileOf(group));
    if (stored.kind === "torn") return { kind: "torn", why: stored.why };
    const state =
      stored.kind === "value" ? memberFrom(self, stored.value as MemberDurable) : await withoutFile(self, ports.disk);
    const keeper = new Keeper(group, config, state, ports);
    await keeper.input({ kind: "boot" });
    return keeper;
  }

  get durable(): MemberDurable {
    return this.#state.durable;
  }

  get trouble(): string | undefined {
    return this.#diskTrouble;
  }

  isHolder(): boolean {
    return isHolder(this.#state);
  }

  mayWrite(): boolean {
    return mayWrite(this.#config, this.#state, this.#ports.clock.nowMs());
  }

  /** Takes one input; resolves to its effects once the durable ones are on disk and the others are under way. */
  input(unstamped: Unstamped): Promise<readonly MemberEffect[]> {
    const taken = this.#queue.then(() => this.#take(unstamped));
    this.#queue = taken.then(
      () => undefined,
      () => undefined,
    );
    return taken;
  }

  async #take(unstamped: Unstamped): Promise<readonly MemberEffect[]> {
    const input = { ...unstamped, nowMs: this.#ports.clock.nowMs() } as MemberInput;
    const before = this.#state;
    const { state, effects } = memberTransition(this.#config, before, input);
    for (const effect of effects) {
      if (effect.kind !== "persist") continue;
      try {
        await this.#ports.disk.write(fileOf(this.group), effect.durable);
        this.#diskTrouble = undefined;
      } catch (error) {
        // The old state stays: it made no promise that the disk does not hold.
        this.#diskTrouble = `the state of ${this.group} could not be written: ${error instanceof Error ? error.message : String(error)}`;
        this.#ports.log.write("error", "lease", this.#diskTrouble, { group: this.group });
        return [];
      }
    }
    this.#state = state;
    if (
      state.durable.promotedEpoch > before.durable.promotedEpoch &&
      !(isHolder(before) && state.durable.epoch === before.durable.epoch + 1)
    ) {
      this.#sinceEpoch = state.durable.promotedEpoch;
    }
    for (const effect of effects) this.#perform(effect);
    if (input.kind === "tick" && this.#isPressed(input.nowMs)) void this.input({ kind: "renewal-due" });
    return effects;
  }

  /** Is the lease near its end, and the newest renewal without an answer? Then the next one is not waited for: each may be the one that arrives. */
  #isPressed(nowMs: number): boolean {
    const { renewEveryMs, callTimeoutMs } = this.#config.timing;
    const { leaseUntilMs, renewals } = this.#state;
    const leftMs = leaseUntilMs - nowMs;
    if (!isHolder(this.#state) || leftMs <= 0 || leftMs > 2 * renewEveryMs) return false;
    return nowMs - (renewals.at(-1)?.sentAtMs ?? nowMs) >= callTimeoutMs / 2;
  }

  #perform(effect: MemberEffect): void {
    const { log, onGate, onPrimary, onStepDown } = this.#ports;
    switch (effect.kind) {
      case "send-renewal":
        void this.#renew(effect);
        return;
      case "ask-hold":
        void this.#askHold(effect);
        return;
      case "set-gate":
        onGate(this.group, {
          epoch: effect.epoch,
          writeUntilMs: effect.writeUntilMs,
          fencedEpoch: effect.fencedEpoch,
          sinceEpoch: this.#sinceEpoch,
        });
        return;
      case "become-primary":
        log.write("info", "lease", `this region may write under epoch ${effect.epoch}`, {
          group: this.group,
          epoch: effect.epoch,
        });
        onPrimary(this.group, effect.epoch);
        return;
      case "step-down":
        log.write("warn", "lease", `this region may no longer write: ${effect.reason}`, {
          group: this.group,
          epoch: effect.epoch,
        });
        onStepDown(this.group, effect.because, effect.reason);
        return;
      case "reply-fenced":
        this.#fenceWaiters = this.#fenceWaiters.filter((waiter) => {
          if (waiter.epoch <= effect.epoch) waiter.resolve();
          return waiter.epoch > effect.epoch;
        });
        return;
      default:
        // Persisted already, or a reply that the caller of `input` hands on.
        return;
    }
  }

  async #renew(effect: Extract<MemberEffect, { kind: "send-renewal" }>): Promise<void> {
    const { controllers, peers } = this.#ports;
    const base = controllers[this.#controller % Math.max(1, controllers.length)];
    if (base === undefined) return;
    const request: RequestOf<"renew"> = {
      region: this.#state.self,
      group: this.group,
      epoch: effect.epoch,
      seq: effect.seq,
      writable: effect.writable,
    };
    // The next renewal is due before this answer could still matter; an answer may be late without harm, for it counts from its sending.
    const answer = await peers.call(base, "renew", request, this.#config.timing.renewEveryMs);
    if (answer.kind === "failed") {
      this.#controller += 1;
      return;
    }
    const body = answer.body as ResponseOf<"renew">;
    if (body.kind === "renewed") await this.input({ kind: "renewed", epoch: body.epoch, seq: body.seq });
    else if (body.record !== undefined) await this.input({ kind: "renewal-refused", record: body.record });
  }

  async #askHold(effect: Extract<MemberEffect, { kind: "ask-hold" }>): Promise<void> {
    const base = this.#ports.agentOf(effect.to);
    if (base === undefined) return;
    const request: RequestOf<"hold"> = {
      group: this.group,
      epoch: effect.epoch,
      from: this.#state.self,
      seq: effect.seq,
    };
    const answer = await this.#ports.peers.call(base, "hold", request, this.#config.timing.renewEveryMs);
    if (answer.kind === "failed") return;
    const body = answer.body as ResponseOf<"hold">;
    const kind = body.granted ? "hold-granted" : "hold-refused";
    await this.input({ kind, from: effect.to, epoch: body.epoch, seq: body.seq });
  }

  /** The receipt: resolves true once neither this member nor its router can acknowledge under `epoch`; false if not within `deadlineMs`. */
  async fence(epoch: number, deadlineMs: number): Promise<boolean> {
    let arrived = false;
    let arrive = (): void => {};
    const receipt = new Promise<void>((resolve) => {
      arrive = () => {
        arrived = true;
        resolve();
      };
    });
    const own: Waiter = { epoch, resolve: arrive };
    this.#fenceWaiters.push(own);
    await this.input({ kind: "fence", epoch });
    const until = this.#ports.clock.nowMs() + deadlineMs;
    while (!arrived && this.#ports.clock.nowMs() < until) {
      await Promise.race([receipt, this.#ports.clock.sleep(Math.min(20, deadlineMs))]);
      if (!arrived) await this.input({ kind: "tick" });
    }
    this.#fenceWaiters = this.#fenceWaiters.filter((waiter) => waiter !== own);
    return arrived;
  }
}

/**
 * At a first start there is nothing to remember. Where the agent has left other files, its member's file was lost, and with it whether a
 * hold is outstanding: then one is waited out.
 */
async function withoutFile(self: RegionName, disk: Disk): Promise<MemberState> {
  const others = await Promise.all(["orders", "parts"].map((name) => disk.read(name)));
  const fresh = newMember(self);
  return others.every((one) => one.kind === "absent") ? fresh : memberFrom(self, { ...fresh.durable, heldEpoch: 1 });
}

export function fileOf(group: GroupName): string {
  return `member-${group}`;
}

export const closedGate: Gate = { epoch: 0, writeUntilMs: NEVER_MS, fencedEpoch: 0, sinceEpoch: 0 };
