// The checked world: north and south (an agent and a router each, on one host clock), a witness that grants every hold, a controller
// with its store, and a network that loses, delays, reorders and repeats. A state of the world is eight small numbers; every
// move of a process is the production transition function, remembered per part (see parts.ts).
//
// Pauses need no move of their own: nothing has to happen at any particular time. Neither do losses and delays: a message may stay on its
// way for ever. Repeats, crashes and answers of the store that get lost are counted against `faultsMax`.

import type { ControllerEffect, ControllerInput, ControllerState } from "../controller-state.ts";
import { newController, type Stored } from "../controller-state.ts";
import { acknowledgeProblem, type GateInput, type GateState, newGate } from "../gate.ts";
import {
  holdsUntilOf,
  isHolder,
  type MemberEffect,
  type MemberInput,
  type MemberState,
  mayWrite,
  newMember,
} from "../member-state.ts";
import { type GroupRecord, NEVER_MS, unrenewedLease } from "../record.ts";
import type { LeaseConfig } from "../timing.ts";
import { transition } from "../transition.ts";
import {
  type ControllerMessage,
  isDeadForController,
  isDeadForMember,
  type MemberMessage,
  type Message,
  messageOfController,
  messageOfMember,
  messageRenumbered,
} from "./messages.ts";
import {
  BASE_MS,
  controllerAtBase,
  gateAtBase,
  Interner,
  memberAtBase,
  type Renumber,
  type StoreState,
  storeRenumbered,
} from "./parts.ts";

export const MEMBERS = ["north", "south"] as const;
/** Places in a world: two members, controller, two routers, store, messages on their way, and what only the checker remembers. */
export const WORDS = 8;
export const CONTROLLER = 2;
export const GATE = 3;
export const STORE = 5;
export const NET = 6;
export const META = 7;

/** Clock units per tick of real time: `slow` and `fast` are as far apart as the drift term allows for. */
export type Rates = { readonly north: number; readonly south: number; readonly controller: number };

export type WorldOptions = {
  readonly config: LeaseConfig;
  readonly rates: Rates;
  readonly epochsMax: number;
  readonly faultsMax: number;
  readonly messagesMax: number;
  /** A new epoch may also leave its primary as the only promotable member, or admit the other one to it. */
  readonly alone: boolean;
  /** North is the only promotable member of epoch 1, and the other is admitted. Without fence receipts, for fewer states. */
  readonly startsAlone: boolean;
  /** Remember how long each holder has had no answer, to judge "lease-kept-alive-by-the-fenced"; costs many states. */
  readonly silence: boolean;
};

export type Violation =
  | "two-writers"
  | "older-epoch-acknowledged"
  | "acknowledged-after-advance"
  | "promoted-under-other-record"
  | "lease-kept-alive-by-the-fenced"
  | "hold-after-prepare";

/** How a move is written down: its kind, who moves, and one number that the kind gives a meaning. */
export type MoveKind =
  | "time"
  | "deliver"
  | "deliver-deaf"
  | "repeat"
  | "drop"
  | "tick"
  | "tick-deaf"
  | "renew"
  | "restart"
  | "restart-router"
  | "prepare"
  | "release"
  | "fence"
  | "advance"
  | "admit"
  | "tell"
  | "read";
type MemberMove = {
  readonly next: number;
  readonly effects: readonly MemberEffect[];
  readonly reason: string | undefined;
  readonly sends: readonly number[];
  readonly gates: readonly number[];
  /** Some configuration for the router closes it, and whether it hears that makes a difference. */
  readonly closing: boolean;
  readonly becomes: number;
  readonly renewsWritable: boolean;
  readonly confirms: boolean;
};
type ControllerMove = {
  readonly next: number;
  readonly effects: readonly ControllerEffect[];
  readonly reason: string | undefined;
  readonly sends: readonly number[];
  readonly cas: number;
};
type Cas = Extract<ControllerEffect, { kind: "cas-lease" | "cas-record" }>;
type CasResult = { readonly store: number; readonly input: number; readonly done: boolean };

/** Told to whoever replays a path: what one process did with one input. */
export type Watcher = {
  member?: (who: number, input: MemberMessage, effects: readonly MemberEffect[], reason: string | undefined) => void;
  controller?: (input: ControllerMessage, effects: readonly ControllerEffect[], reason: string | undefined) => void;
};

/** Four words for every part's form: the masks of its three families, and whether they have been worked out. */
type Masks = Int32Array<ArrayBuffer>;
const FAMILIES = 3;
const STRIDE = FAMILIES + 1;
/** The words whose parts have numbers. */
const NUMBERED: readonly number[] = [0, 1, CONTROLLER, STORE, NET];

const identity: Renumber = (_family, value) => value;

export class World {
  readonly options: WorldOptions;
  readonly members = [new Interner<MemberState>(), new Interner<MemberState>()] as const;
  readonly controllers = new Interner<ControllerState>();
  readonly gates = new Interner<GateState>();
  readonly stores = new Interner<StoreState>();
  readonly messages = new Interner<Message>();
  readonly nets = new Interner<readonly number[]>();
  private readonly inputs = new Interner<MemberMessage | ControllerMessage | Bare<GateInput>>();
  private readonly casEffects = new Interner<Cas>();

  private readonly memberMoves: Map<number, MemberMove>[][] = [[], []];
  private readonly controllerMoves: Map<number, ControllerMove>[] = [];
  private readonly gateMoves: Map<number, number>[] = [];
  private readonly casResults: Map<number, CasResult>[] = [];
  private readonly netAdds: Map<number, number>[] = [];
  private readonly netDrops: Map<number, number>[] = [];
  private readonly messageInputs: number[] = [];
  private readonly aged: number[][] = [[], [], [], [], []];
  private readonly renumbered: Map<number, number>[][] = NUMBERED.flatMap(() => [[], [], []]);
  private readonly masks: Masks[] = NUMBERED.map(() => new Int32Array(STRIDE));
  private readonly writeMasks: number[][] = [[], []];
  private readonly holdFlags: number[][] = [[], []];
  private readonly holders: boolean[][] = [[], []];
  private readonly gateMasks: number[] = [];
  private readonly dead: Map<number, boolean>[][] = [[], [], []];
  private readonly startInputs: number[] = [];
  private readonly seenInputs: number[] = [];
  private readonly confirmInputs: number[] = [];
  private readonly fixed: Record<"tick" | "renew" | "boot" | "release" | "fence" | "tell" | "gateBoot", number>;
  private readonly prepareInputs: readonly number[];
  private readonly advanceInputs: readonly number[];
  private readonly admitInputs: readonly number[];
  readonly advanceChoices: readonly { readonly target: string; readonly promotable: readonly string[] }[];

  /** The world under construction. */
  readonly next = new Int32Array(WORDS);
  violation: Violation | undefined;
  /** How many messages in a row are delivered at the instant they are sent, rather than put on their way. */
  private prompt = 0;
  /** How many messages the move put on their way; with none, more promptness makes no difference. */
  slowSends = 0;
  watcher: Watcher | undefined;

  constructor(options: WorldOptions) {
    this.options = options;
    const local = (input: MemberMessage | ControllerMessage | Bare<GateInput>): number => this.inputs.idOf(input);
    this.fixed = {
      tick: local({ kind: "tick" }),
      renew: local({ kind: "renewal-due" }),
      boot: local({ kind: "boot" }),
      gateBoot: local({ kind: "boot" }),
      release: local({ kind: "release-wanted" }),
      fence: local({ kind: "fence-wanted" }),
      tell: local({ kind: "promote-due" }),
    };
    this.prepareInputs = MEMBERS.map((target) => local({ kind: "prepare-wanted", target }));
    const both = MEMBERS.map((target) => ({ target, promotable: MEMBERS }));
    this.advanceChoices = options.alone
      ? [...both, ...MEMBERS.map((target) => ({ target, promotable: [target] }))]
      : both;
    this.advanceInputs = this.advanceChoices.map((choice) => local({ kind: "advance-wanted", ...choice }));
    this.admitInputs = [MEMBERS, ["north"], ["south"]].map((promotable) => local({ kind: "admit-wanted", promotable }));
    this.nets.idOf([]);
  }

  /** North is primary of epoch 1 and was just promoted; south and the controller know it; nothing is on its way. */
  initial(): Int32Array {
    const { config, faultsMax } = this.options;
    const record: GroupRecord = {
      group: "g",
      epoch: 1,
      primary: "north",
      promotable: this.options.startsAlone ? ["north"] : MEMBERS,
    };
    const lease = unrenewedLease(record, config.timing.ttlMs);
    const grown = (self: string, input: Bare<MemberInput>): MemberState => {
      const booted = transition(config, newMember(self), { kind: "boot", nowMs: BASE_MS }).state;
      const at = memberAtBase(this.options, booted, 0, (_family, value) => (value === 30 ? 1 : value));
      return memberAtBase(
        this.options,
        transition(config, at, { ...input, nowMs: BASE_MS } as MemberInput).state,
        0,
        identity,
      );
    };
    const world = new Int32Array(WORDS);
    world[0] = this.members[0].idOf(grown("north", { kind: "promote", record, receipt: false }));
    world[1] = this.members[1].idOf(grown("south", { kind: "record-seen", record }));
    const longAgo = 2 * config.timing.ttlMs;
    world[CONTROLLER] = this.controllers.idOf(
      controllerAtBase(this.options, newController(record, lease), longAgo, identity),
    );
    world[GATE] = this.gates.idOf(newGate());
    world[GATE + 1] = this.gates.idOf(newGate());
    world[STORE] = this.stores.idOf({ record, lease, since: 1 });
    world[NET] = this.nets.idOf([]);
    world[META] = metaOf({ confirmed: [0, 0], acknowledged: 0, faultsLeft: faultsMax });
    return world;
  }

  ageMax(): number {
    return this.options.config.timing.ttlMs;
  }

  // ---- moves: each leaves its result in `next` and returns false if it changes nothing or is not possible ----

  private start(from: Int32Array, prompt = 0): void {
    this.next.set(from);
    this.prompt = prompt;
    this.slowSends = 0;
    this.violation = undefined;
  }

  timePasses(from: Int32Array): boolean {
    this.start(from);
    const { rates } = this.options;
    const { next } = this;
    next[0] = this.agedMember(0, next[0] as number, rates.north);
    next[1] = this.agedMember(1, next[1] as number, rates.south);
    next[CONTROLLER] = this.agedController(next[CONTROLLER] as number, rates.controller);
    next[GATE] = this.agedGate(3, next[GATE] as number, rates.north);
    next[GATE + 1] = this.agedGate(4, next[GATE + 1] as number, rates.south);
    const meta = next[META] as number;
    const max = this.ageMax();
    const step = this.options.silence ? 1 : 0;
    const north = Math.min(max, (meta & 7) + step);
    const south = Math.min(max, ((meta >> 3) & 7) + step);
    next[META] = (meta & ~63) | north | (south << 3);
    return this.finish(from);
  }

  /** `index` = which message on its way. `keep`: a copy stays. `deaf`: the router beside does not hear that it is closed. */
  deliver(
    from: Int32Array,
    index: number,
    how: { readonly keep: boolean; readonly deaf: boolean; readonly prompt: number },
  ): boolean {
    this.start(from, how.prompt);
    const messageId = this.nets.at(from[NET] as number)[index];
    if (messageId === undefined) return false;
    if (how.keep) {
      if (!this.spendFault()) return false;
    } else this.next[NET] = this.netWithout(from[NET] as number, messageId);
    const message = this.messages.at(messageId);
    const input = this.inputOfMessage(messageId);
    if (message.to === "controller") {
      if (how.deaf) return false;
      this.controllerDoes(input, false);
    } else if (!this.memberDoes(message.to === "north" ? 0 : 1, input, how.deaf)) return false;
    return this.finish(from);
  }

  /** A message that never arrives is the same as one that is lost, but it takes the place of another. */
  drop(from: Int32Array, index: number): boolean {
    this.start(from);
    const on = this.nets.at(from[NET] as number);
    const messageId = on[index];
    if (messageId === undefined) return false;
    this.next[NET] = this.netWithout(from[NET] as number, messageId);
    return this.finish(from);
  }

  tick(from: Int32Array, who: number, deaf: boolean, prompt: number): boolean {
    this.start(from, prompt);
    return this.memberDoes(who, this.fixed.tick, deaf) && this.finish(from);
  }

  renew(from: Int32Array, who: number, prompt: number): boolean {
    this.start(from, prompt);
    const state = this.members[who as 0 | 1].at(from[who] as number);
    // Once per instant is enough; more would only be more copies of the same.
    if (!isHolder(state) || state.renewals.at(-1)?.sentAtMs === BASE_MS) return false;
    return this.memberDoes(who, this.fixed.renew, false) && this.finish(from);
  }

  /** A process ends and is started again; what it did not make durable is forgotten. */
  restart(from: Int32Array, who: number): boolean {
    this.start(from);
    if (!this.spendFault()) return false;
    if (who === CONTROLLER) this.controllerDoes(this.startInput(from[STORE] as number), false);
    else {
      const meta = this.next[META] as number;
      if (this.options.silence) this.next[META] = (meta & ~(7 << (3 * who))) | (this.ageMax() << (3 * who));
      this.memberDoes(who, this.fixed.boot, false);
    }
    return this.finish(from);
  }

  restartRouter(from: Int32Array, who: number): boolean {
    this.start(from);
    if (!this.spendFault()) return false;
    this.next[GATE + who] = this.gateDoes(from[GATE + who] as number, this.fixed.gateBoot);
    return this.finish(from);
  }

  prepare(from: Int32Array, who: number, prompt: number): boolean {
    this.start(from, prompt);
    const { preparing, record } = this.controllers.at(from[CONTROLLER] as number);
    if (preparing?.clear || record.epoch >= this.options.epochsMax) return false;
    this.controllerDoes(this.prepareInputs[who] as number, false);
    return this.finish(from);
  }

  /** Taking back what nobody was asked for would only raise a number. */
  release(from: Int32Array, prompt: number): boolean {
    this.start(from, prompt);
    const { preparing, record } = this.controllers.at(from[CONTROLLER] as number);
    const prepared = [0, 1].some(
      (who) => this.members[who as 0 | 1].at(from[who] as number).durable.preparedEpoch === record.epoch + 1,
    );
    if (preparing === undefined && !prepared) return false;
    this.controllerDoes(this.fixed.release, false);
    return this.finish(from);
  }

  fence(from: Int32Array, prompt: number): boolean {
    this.start(from, prompt);
    if (this.controllers.at(from[CONTROLLER] as number).record.epoch >= this.options.epochsMax) return false;
    this.controllerDoes(this.fixed.fence, false);
    return this.finish(from);
  }

  /** `lost`: the store does it, but its answer does not arrive. */
  advance(from: Int32Array, choice: number, lost: boolean, prompt: number): boolean {
    this.start(from, prompt);
    if (this.stores.at(from[STORE] as number).record.epoch >= this.options.epochsMax) return false;
    if (lost && !this.spendFault()) return false;
    const before = this.next[STORE];
    this.controllerDoes(this.advanceInputs[choice] as number, lost);
    if (lost && this.next[STORE] === before) return false;
    return this.finish(from);
  }

  /** The same primary, with the other member or without. */
  admit(from: Int32Array, choice: number, lost: boolean, prompt: number): boolean {
    this.start(from, prompt);
    const { record } = this.stores.at(from[STORE] as number);
    if (record.epoch >= this.options.epochsMax || record.promotable.length === (choice === 0 ? 2 : 1)) return false;
    if (lost && !this.spendFault()) return false;
    const before = this.next[STORE];
    const input = choice === 0 ? 0 : record.primary === "north" ? 1 : 2;
    this.controllerDoes(this.admitInputs[input] as number, lost);
    if (lost && this.next[STORE] === before) return false;
    return this.finish(from);
  }

  tell(from: Int32Array, prompt: number): boolean {
    this.start(from, prompt);
    this.controllerDoes(this.fixed.tell, false);
    return this.finish(from);
  }

  read(from: Int32Array): boolean {
    this.start(from);
    this.controllerDoes(this.seenInput(from[STORE] as number), false);
    return this.finish(from);
  }

  // ---- what the processes do ----

  private memberDoes(who: number, input: number, deaf: boolean): boolean {
    const { next } = this;
    let move = this.memberMove(who, next[who] as number, input);
    if (deaf && !move.closing) return false;
    for (let rounds = 0; ; rounds += 1) {
      this.watcher?.member?.(who, this.inputs.at(input) as MemberMessage, move.effects, move.reason);
      this.applyMember(who, move);
      if (!deaf) for (const gate of move.gates) next[GATE + who] = this.gateDoes(next[GATE + who] as number, gate);
      this.send(move.sends);
      if (deaf || move.gates.length === 0 || !move.closing || rounds >= 2) return true;
      input = this.confirmInput(next[GATE + who] as number);
      move = this.memberMove(who, next[who] as number, input);
    }
  }

  private applyMember(who: number, move: MemberMove): void {
    const { next, options } = this;
    next[who] = move.next;
    if (move.confirms) next[META] = (next[META] as number) & ~(7 << (3 * who));
    if (move.renewsWritable) {
      const rate = who === 0 ? options.rates.north : options.rates.south;
      const silentMs = (((next[META] as number) >> (3 * who)) & 7) * rate;
      if (silentMs >= options.config.timing.ttlMs) this.violation ??= "lease-kept-alive-by-the-fenced";
    }
    if (move.becomes > 0) {
      const { record, since } = this.stores.at(next[STORE] as number);
      const own = record.primary === MEMBERS[who] && since <= move.becomes && move.becomes <= record.epoch;
      if (!own) this.violation ??= "promoted-under-other-record";
    }
  }

  /** On its way, or there at once. `prompt` counts down along a chain of questions and answers. */
  private send(messages: readonly number[]): void {
    if (this.prompt === 0) {
      this.slowSends += messages.length;
      for (const message of messages) this.next[NET] = this.netWith(this.next[NET] as number, message);
      return;
    }
    this.prompt -= 1;
    for (const messageId of messages) {
      const message = this.messages.at(messageId);
      const input = this.inputOfMessage(messageId);
      if (message.to === "controller") this.controllerDoes(input, false);
      else this.memberDoes(message.to === "north" ? 0 : 1, input, false);
    }
    this.prompt += 1;
  }

  private controllerDoes(input: number, lost: boolean): void {
    const { next } = this;
    for (let rounds = 0; rounds < 3; rounds += 1) {
      const move = this.controllerMove(next[CONTROLLER] as number, input);
      this.watcher?.controller?.(this.inputs.at(input) as ControllerMessage, move.effects, move.reason);
      next[CONTROLLER] = move.next;
      this.send(move.sends);
      if (move.cas < 0) return;
      const result = this.casResult(move.cas, next[STORE] as number);
      next[STORE] = result.store;
      if (lost && result.done) return;
      input = result.input;
    }
  }

  private spendFault(): boolean {
    const meta = this.next[META] as number;
    if (meta >> 9 === 0) return false;
    this.next[META] = meta - (1 << 9);
    return true;
  }

  // ---- remembered steps ----

  private memberMove(who: number, id: number, input: number): MemberMove {
    const table = this.memberMoves[who] as Map<number, MemberMove>[];
    const row = rowOf(table, id);
    const known = row.get(input);
    if (known !== undefined) return known;
    const move = this.computedMemberMove(who as 0 | 1, id, this.inputs.at(input) as MemberMessage);
    row.set(input, move);
    return move;
  }

  private computedMemberMove(who: 0 | 1, id: number, input: MemberMessage): MemberMove {
    const { config } = this.options;
    const before = this.members[who].at(id);
    let step = transition(config, before, { ...input, nowMs: BASE_MS } as MemberInput);
    const effects = [...step.effects];
    for (const effect of step.effects) {
      // The witness grants every hold at once. In production that counts for nothing.
      if (effect.kind !== "ask-hold") continue;
      const { epoch, seq } = effect;
      step = transition(config, step.state, { kind: "hold-granted", from: "watch", epoch, seq, nowMs: BASE_MS });
      effects.push(...step.effects);
    }
    const self = before.self;
    const messages = effects.map((effect) => messageOfMember(self, effect)).filter((message) => message !== undefined);
    const gates = effects.filter((effect) => effect.kind === "set-gate");
    const promoted = step.state.durable.promotedEpoch !== before.durable.promotedEpoch;
    return {
      next: this.members[who].idOf(memberAtBase(this.options, step.state, 0, identity)),
      effects,
      reason: step.reason,
      sends: messages.map((message) => this.messages.idOf(message)),
      gates: gates.map(({ epoch, writeUntilMs, fencedEpoch }) =>
        this.inputs.idOf({ kind: "configure", epoch, writeUntilMs, fencedEpoch }),
      ),
      closing: gates.some((gate) => gate.writeUntilMs === NEVER_MS),
      becomes: effects.find((effect) => effect.kind === "become-primary")?.epoch ?? 0,
      renewsWritable: effects.some((effect) => effect.kind === "send-renewal" && effect.writable),
      confirms: promoted || (input.kind === "renewed" && input.epoch === before.durable.epoch),
    };
  }

  private controllerMove(id: number, input: number): ControllerMove {
    const row = rowOf(this.controllerMoves, id);
    const known = row.get(input);
    if (known !== undefined) return known;
    const { config } = this.options;
    const step = transition(config, this.controllers.at(id), {
      ...(this.inputs.at(input) as ControllerMessage),
      nowMs: BASE_MS,
    } as ControllerInput);
    const cas = step.effects.find((effect) => effect.kind === "cas-lease" || effect.kind === "cas-record");
    const messages = step.effects.map(messageOfController).filter((message) => message !== undefined);
    const move: ControllerMove = {
      next: this.controllers.idOf(controllerAtBase(this.options, step.state, 0, identity)),
      effects: step.effects,
      reason: step.reason,
      sends: messages.map((message) => this.messages.idOf(message)),
      cas: cas === undefined ? -1 : this.casEffects.idOf(cas),
    };
    row.set(input, move);
    return move;
  }

  private gateDoes(id: number, input: number): number {
    const row = rowOf(this.gateMoves, id);
    const known = row.get(input);
    if (known !== undefined) return known;
    const gateInput = { ...(this.inputs.at(input) as Bare<GateInput>), nowMs: BASE_MS } as GateInput;
    const next = this.gates.idOf(
      gateAtBase(this.options, transition(this.options.config, this.gates.at(id), gateInput).state, 0),
    );
    row.set(input, next);
    return next;
  }

  private casResult(casId: number, storeId: number): CasResult {
    const row = rowOf(this.casResults, casId);
    const known = row.get(storeId);
    if (known !== undefined) return known;
    const cas = this.casEffects.at(casId);
    const { record, lease, since } = this.stores.at(storeId);
    const done = record.epoch === cas.expect.epoch && lease.seq === cas.expect.leaseSeq;
    const stored: Stored = done ? { outcome: "ok" } : { outcome: "conflict", record, lease };
    const after: StoreState =
      cas.kind === "cas-lease"
        ? { record, lease: cas.next, since }
        : {
            record: cas.next,
            lease: cas.nextLease,
            since: cas.next.primary === record.primary ? since : cas.next.epoch,
          };
    const input: ControllerMessage =
      cas.kind === "cas-lease"
        ? { kind: "lease-stored", next: cas.next, answer: cas.answer, stored }
        : { kind: "record-stored", next: cas.next, nextLease: cas.nextLease, stored };
    const result = { store: done ? this.stores.idOf(after) : storeId, input: this.inputs.idOf(input), done };
    row.set(storeId, result);
    return result;
  }

  private inputOfMessage(messageId: number): number {
    return (
      this.messageInputs[messageId] ??
      remembered(this.messageInputs, messageId, this.inputs.idOf(this.messages.at(messageId).input))
    );
  }

  private startInput(storeId: number): number {
    return (
      this.startInputs[storeId] ??
      remembered(
        this.startInputs,
        storeId,
        this.inputs.idOf({
          kind: "started",
          ...this.seenAt(storeId),
          attemptBase: 29,
        }),
      )
    );
  }

  private seenInput(storeId: number): number {
    return (
      this.seenInputs[storeId] ??
      remembered(this.seenInputs, storeId, this.inputs.idOf({ kind: "seen", ...this.seenAt(storeId) }))
    );
  }

  private seenAt(storeId: number): Pick<StoreState, "record" | "lease"> {
    const { record, lease } = this.stores.at(storeId);
    return { record, lease };
  }

  private confirmInput(gateId: number): number {
    const { epoch, fencedEpoch } = this.gates.at(gateId);
    return (
      this.confirmInputs[gateId] ??
      remembered(this.confirmInputs, gateId, this.inputs.idOf({ kind: "gate-confirmed", epoch, fencedEpoch }))
    );
  }

  private netWith(net: number, message: number): number {
    const row = rowOf(this.netAdds, net);
    const known = row.get(message);
    if (known !== undefined) return known;
    const on = this.nets.at(net);
    // A message that does not fit is lost. A second copy of the same one is a repeat, which `repeat` brings about.
    const next =
      on.includes(message) || on.length >= this.options.messagesMax
        ? net
        : this.nets.idOf([...on, message].sort((a, b) => a - b));
    row.set(message, next);
    return next;
  }

  private netWithout(net: number, message: number): number {
    const row = rowOf(this.netDrops, net);
    const known = row.get(message);
    if (known !== undefined) return known;
    const next = this.nets.idOf(this.nets.at(net).filter((other) => other !== message));
    row.set(message, next);
    return next;
  }

  private agedMember(who: 0 | 1, id: number, byMs: number): number {
    return (
      (this.aged[who] as number[])[id] ??
      remembered(
        this.aged[who] as number[],
        id,
        this.members[who].idOf(memberAtBase(this.options, this.members[who].at(id), byMs, identity)),
      )
    );
  }

  private agedController(id: number, byMs: number): number {
    return (
      (this.aged[CONTROLLER] as number[])[id] ??
      remembered(
        this.aged[CONTROLLER] as number[],
        id,
        this.controllers.idOf(controllerAtBase(this.options, this.controllers.at(id), byMs, identity)),
      )
    );
  }

  private agedGate(slot: 3 | 4, id: number, byMs: number): number {
    return (
      (this.aged[slot] as number[])[id] ??
      remembered(this.aged[slot] as number[], id, this.gates.idOf(gateAtBase(this.options, this.gates.at(id), byMs)))
    );
  }

  // ---- after every move: renumber, then judge ----

  private finish(from: Int32Array): boolean {
    if (this.violation === undefined && this.unchanged(from)) return false;
    if (this.options.config.safeguards.epochCheck) this.clear();
    this.renumber();
    this.judge();
    return this.violation !== undefined || !this.unchanged(from);
  }

  private unchanged(from: Int32Array): boolean {
    const { next } = this;
    for (let word = 0; word < WORDS; word += 1) if (next[word] !== from[word]) return false;
    return true;
  }

  /** Takes off the network what can change nothing any more. */
  private clear(): void {
    const { next } = this;
    for (const message of this.nets.at(next[NET] as number)) {
      if (this.isDead(message)) next[NET] = this.netWithout(next[NET] as number, message);
    }
  }

  private isDead(messageId: number): boolean {
    const message = this.messages.at(messageId);
    const word = message.to === "controller" ? CONTROLLER : message.to === "north" ? 0 : 1;
    const id = this.next[word] as number;
    const row = rowOf(this.dead[word] as Map<number, boolean>[], id);
    let dead = row.get(messageId);
    if (dead === undefined) {
      dead =
        message.to === "controller"
          ? isDeadForController(message.input, this.controllers.at(id))
          : isDeadForMember(message.input, this.members[word as 0 | 1].at(id));
      row.set(messageId, dead);
    }
    return dead;
  }

  private renumber(): void {
    const { next } = this;
    const north = this.maskAt(0, next[0] as number);
    const south = this.maskAt(1, next[1] as number);
    const controller = this.maskAt(2, next[CONTROLLER] as number);
    const store = this.maskAt(3, next[STORE] as number);
    const net = this.maskAt(4, next[NET] as number);
    const [ofNorth, ofSouth, ofController, ofStore, ofNet] = this.masks as [Masks, Masks, Masks, Masks, Masks];
    for (let family = 0; family < FAMILIES; family += 1) {
      const used =
        (ofNorth[north + family] as number) |
        (ofSouth[south + family] as number) |
        (ofController[controller + family] as number) |
        (ofStore[store + family] as number) |
        (ofNet[net + family] as number);
      // Numbers 1 to k without a gap (bits 1 to k) are in order already.
      if ((used & (used + 2)) === 0) continue;
      for (let part = 0; part < NUMBERED.length; part += 1) {
        const word = NUMBERED[part] as number;
        next[word] = this.renumberedPart(part, next[word] as number, family, used);
      }
      // The other families' masks belong to the parts as they were, which is the same: each family has its own numbers.
    }
  }

  /** Where the masks of a part begin: bit n of the mask of a family says that the part has the number n of that family. */
  private maskAt(part: number, id: number): number {
    const at = id * STRIDE;
    let table = this.masks[part] as Masks;
    if (at >= table.length) {
      const larger = new Int32Array(Math.max(table.length * 2, at + STRIDE));
      larger.set(table);
      this.masks[part] = larger;
      table = larger;
    }
    if (table[at + FAMILIES] === 0) {
      const masks = [0, 0, 0];
      this.renumberPart(part, id, (family, value) => {
        if (value > 0) masks[family] = (masks[family] as number) | (1 << value);
        return value;
      });
      table.set([...masks, 1], at);
    }
    return at;
  }

  private renumberedPart(part: number, id: number, family: number, used: number): number {
    const at = this.maskAt(part, id);
    if ((this.masks[part] as Masks)[at + family] === 0) return id;
    const table = this.renumbered[part * FAMILIES + family] as Map<number, number>[];
    const row = rowOf(table, id);
    const known = row.get(used);
    if (known !== undefined) return known;
    const next = this.renumberPart(part, id, (of, value) => (of === family && value > 0 ? rankOf(value, used) : value));
    row.set(used, next);
    return next;
  }

  /** `part` = its place in NUMBERED. */
  private renumberPart(part: number, id: number, by: Renumber): number {
    switch (part) {
      case 0:
      case 1:
        return this.members[part].idOf(memberAtBase(this.options, this.members[part].at(id), 0, by));
      case 2:
        return this.controllers.idOf(controllerAtBase(this.options, this.controllers.at(id), 0, by));
      case 3:
        return this.stores.idOf(storeRenumbered(this.stores.at(id), by));
      default: {
        const on = this.nets
          .at(id)
          .map((message) => this.messages.idOf(messageRenumbered(this.messages.at(message), by)));
        return this.nets.idOf(on.sort((a, b) => a - b));
      }
    }
  }

  private judge(): void {
    const { next } = this;
    const northGate = this.gateMask(next[GATE] as number);
    const southGate = this.gateMask(next[GATE + 1] as number);
    const north = this.writeMask(0, next[0] as number) | northGate;
    const south = this.writeMask(1, next[1] as number) | southGate;
    if ((north | south) !== 0) {
      if (north !== 0 && south !== 0) this.violation ??= "two-writers";
      const { since } = this.stores.at(next[STORE] as number);
      if (((north | south) & ((1 << since) - 1)) !== 0) this.violation ??= "acknowledged-after-advance";
      const gates = northGate | southGate;
      const meta = next[META] as number;
      const highest = Math.max((meta >> 6) & 7, gates === 0 ? 0 : 31 - Math.clz32(gates));
      if ((gates & ((1 << highest) - 1)) !== 0) this.violation ??= "older-epoch-acknowledged";
      // Up to the primary's first epoch it need not be remembered: the rule above judges those.
      next[META] = (meta & ~(7 << 6)) | (highest > since ? highest << 6 : 0);
    }
    for (let who = 0; who < 2; who += 1) {
      // Being promoted starts it anew, and no other member renews.
      if (!this.renews(who as 0 | 1, next[who] as number)) next[META] = (next[META] as number) & ~(7 << (3 * who));
    }
    const { preparing } = this.controllers.at(next[CONTROLLER] as number);
    if (preparing?.clear) {
      const { record } = this.stores.at(next[STORE] as number);
      const other = preparing.target === "north" ? 1 : 0;
      if (preparing.epoch === record.epoch + 1 && this.holdFlag(other, next[other] as number) === 1) {
        this.violation ??= "hold-after-prepare";
      }
    }
  }

  /** Bit e: the member may write under epoch e at this instant. */
  private writeMask(who: 0 | 1, id: number): number {
    const table = this.writeMasks[who] as number[];
    const known = table[id];
    if (known !== undefined) return known;
    const state = this.members[who].at(id);
    const mask = mayWrite(this.options.config, state, BASE_MS) ? 1 << state.durable.epoch : 0;
    table[id] = mask;
    return mask;
  }

  private holdFlag(who: 0 | 1, id: number): number {
    const state = this.members[who].at(id);
    return (
      (this.holdFlags[who] as number[])[id] ??
      remembered(
        this.holdFlags[who] as number[],
        id,
        isHolder(state) && holdsUntilOf(this.options.config, state) > BASE_MS ? 1 : 0,
      )
    );
  }

  private renews(who: 0 | 1, id: number): boolean {
    return (
      (this.holders[who] as boolean[])[id] ??
      remembered(this.holders[who] as boolean[], id, isHolder(this.members[who].at(id)))
    );
  }

  /** Bit e: the router would acknowledge a write of epoch e at this instant. */
  private gateMask(id: number): number {
    const known = this.gateMasks[id];
    if (known !== undefined) return known;
    let mask = 0;
    for (let epoch = 1; epoch <= this.options.epochsMax; epoch += 1) {
      const write = { epoch, nowMs: BASE_MS };
      if (acknowledgeProblem(this.options.config, this.gates.at(id), write) === undefined) mask |= 1 << epoch;
    }
    this.gateMasks[id] = mask;
    return mask;
  }

  /** Who writes (bits of epochs), for the story and for the count of what was reached. */
  writing(world: Int32Array): { readonly north: number; readonly south: number; readonly held: boolean } {
    const north = this.writeMask(0, world[0] as number) | this.gateMask(world[GATE] as number);
    const south = this.writeMask(1, world[1] as number) | this.gateMask(world[GATE + 1] as number);
    const held = this.holdFlag(0, world[0] as number) === 1 || this.holdFlag(1, world[1] as number) === 1;
    return { north, south, held };
  }
}

type Bare<T> = T extends unknown ? Omit<T, "nowMs"> : never;

/** Bits 0-2 and 3-5: ticks since north and south had an answer; 6-8: highest epoch that could acknowledge; from 9: faults left. */
function metaOf(meta: {
  readonly confirmed: readonly [number, number];
  readonly acknowledged: number;
  readonly faultsLeft: number;
}): number {
  return meta.confirmed[0] | (meta.confirmed[1] << 3) | (meta.acknowledged << 6) | (meta.faultsLeft << 9);
}

/** How many used numbers are up to `value`. */
function rankOf(value: number, used: number): number {
  let rank = 0;
  for (let bit = 1; bit <= value; bit += 1) if ((used & (1 << bit)) !== 0) rank += 1;
  return rank;
}

function rowOf<T>(table: Map<number, T>[], id: number): Map<number, T> {
  return table[id] ?? remembered(table, id, new Map<number, T>());
}

function remembered<T>(table: T[], id: number, value: T): T {
  table[id] = value;
  return value;
}
