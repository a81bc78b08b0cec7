// What is on its way between the processes of the checked world, as the input it will be for whoever gets it.
// Answers that would change nothing (a refused hold, "not clear yet") are not modelled: losing them is the same.

import type { ControllerEffect, ControllerInput, ControllerState } from "../controller-state.ts";
import type { MemberEffect, MemberInput, MemberState } from "../member-state.ts";
import { ATTEMPTS, familyOf, type Renumber } from "./parts.ts";

type Bare<T> = T extends unknown ? Omit<T, "nowMs"> : never;
export type MemberMessage = Bare<MemberInput>;
export type ControllerMessage = Bare<ControllerInput>;

export type Message =
  | { readonly to: "north" | "south"; readonly input: MemberMessage }
  | { readonly to: "controller"; readonly input: ControllerMessage };

function member(region: string, input: MemberMessage): Message {
  return { to: region === "north" ? "north" : "south", input };
}

export function messageOfMember(self: string, effect: MemberEffect): Message | undefined {
  switch (effect.kind) {
    case "send-renewal": {
      const { epoch, seq, writable } = effect;
      return { to: "controller", input: { kind: "renewal", from: self, epoch, seq, writable } };
    }
    case "ask-hold":
      return member(effect.to, { kind: "hold-request", from: self, epoch: effect.epoch, seq: effect.seq });
    case "reply-hold":
      return effect.granted
        ? member(effect.to, { kind: "hold-granted", from: self, epoch: effect.epoch, seq: effect.seq })
        : undefined;
    case "reply-prepared":
      return effect.clear
        ? {
            to: "controller",
            input: { kind: "prepared", from: self, epoch: effect.epoch, attempt: effect.attempt, clear: true },
          }
        : undefined;
    case "reply-prepare-refused": {
      const { epoch, attempt, floorAttempt } = effect;
      return { to: "controller", input: { kind: "prepare-refused", from: self, epoch, attempt, floorAttempt } };
    }
    case "reply-fenced":
      return { to: "controller", input: { kind: "fenced", from: self, epoch: effect.epoch } };
    case "reply-widened": {
      const { epoch, promotable } = effect;
      return {
        to: "controller",
        input: { kind: "widened", from: self, epoch, promotable: [...promotable].sort() },
      };
    }
    case "persist":
    case "reply-widen-refused":
    case "reply-released":
    case "reply-promoted":
    case "reply-promote-refused":
    case "become-primary":
    case "step-down":
    case "set-gate":
      return undefined;
    default:
      return effect satisfies never;
  }
}

export function messageOfController(effect: ControllerEffect): Message | undefined {
  switch (effect.kind) {
    case "reply-renewed":
      return member(effect.to, { kind: "renewed", epoch: effect.epoch, seq: effect.seq });
    case "reply-renewal-refused":
    case "send-record":
      return member(effect.to, { kind: "record-seen", record: effect.record });
    case "send-prepare":
      return member(effect.to, { kind: "prepare", epoch: effect.epoch, attempt: effect.attempt });
    case "send-release":
      return member(effect.to, { kind: "release", epoch: effect.epoch, attempt: effect.attempt });
    case "send-fence":
      return member(effect.to, { kind: "fence", epoch: effect.epoch });
    case "send-widen":
      return member(effect.to, { kind: "widen", epoch: effect.epoch, promotable: effect.promotable });
    case "send-promote":
      return member(effect.to, { kind: "promote", record: effect.record, receipt: effect.receipt });
    case "cas-lease":
    case "cas-record":
    case "read-store":
    case "refuse":
      return undefined;
    default:
      return effect satisfies never;
  }
}

export function messageRenumbered(message: Message, renumber: Renumber): Message {
  if (message.to === "controller") {
    const { input } = message;
    switch (input.kind) {
      case "renewal":
        return { ...message, input: { ...input, seq: renumber(familyOf(input.from), input.seq) } };
      case "prepared":
        return { ...message, input: { ...input, attempt: renumber(ATTEMPTS, input.attempt) } };
      case "prepare-refused":
        return {
          ...message,
          input: {
            ...input,
            attempt: renumber(ATTEMPTS, input.attempt),
            floorAttempt: renumber(ATTEMPTS, input.floorAttempt),
          },
        };
      default:
        return message;
    }
  }
  const { input } = message;
  switch (input.kind) {
    case "renewed":
    case "hold-granted":
      return { ...message, input: { ...input, seq: renumber(familyOf(message.to), input.seq) } };
    case "hold-request":
      return { ...message, input: { ...input, seq: renumber(familyOf(input.from), input.seq) } };
    case "prepare":
    case "release":
      return { ...message, input: { ...input, attempt: renumber(ATTEMPTS, input.attempt) } };
    default:
      return message;
  }
}

/**
 * Whoever gets it now or at any later time will do nothing that matters with it, because what it knows only grows.
 * Such a message is taken off the network, so that it neither fills it nor makes two states of one. Valid with the epoch check only.
 */
export function isDeadForMember(message: MemberMessage, state: MemberState): boolean {
  const { epoch, promotedEpoch, fencedEpoch } = state.durable;
  switch (message.kind) {
    case "renewed":
      return (
        message.epoch < epoch || (message.epoch === epoch && !state.renewals.some(({ seq }) => seq === message.seq))
      );
    case "hold-granted":
      return message.epoch < epoch || (message.epoch === epoch && !state.asks.some(({ seq }) => seq === message.seq));
    case "hold-request":
    case "widen":
      return message.epoch < epoch;
    case "prepare":
    case "release":
      return message.epoch <= epoch;
    case "record-seen":
      return message.record.epoch <= epoch;
    case "promote":
      return message.record.epoch < epoch || message.record.epoch <= Math.max(promotedEpoch, fencedEpoch);
    default:
      return false;
  }
}

export function isDeadForController(message: ControllerMessage, state: ControllerState): boolean {
  switch (message.kind) {
    case "prepared":
    case "prepare-refused":
      return message.epoch <= state.record.epoch || message.attempt < state.attempt;
    case "widened":
      return message.epoch < state.record.epoch;
    case "fenced":
      return message.epoch < state.record.epoch || state.receiptEpoch === state.record.epoch;
    default:
      return false;
  }
}
