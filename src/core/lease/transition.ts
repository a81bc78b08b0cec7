// The protocol of lease, hold and prepare as one function that agent, controller, router, simulator and protocol check share.
// Pure: time, messages and outcomes are inputs, everything to be done is an effect, in the order in which it must be done.

import { type ControllerStep, controllerTransition } from "./controller.ts";
import type { ControllerInput, ControllerState } from "./controller-state.ts";
import { type GateInput, type GateState, type GateStep, gateTransition } from "./gate.ts";
import { type MemberStep, memberTransition } from "./member.ts";
import type { MemberInput, MemberState } from "./member-state.ts";
import type { LeaseConfig } from "./timing.ts";

export function transition(config: LeaseConfig, state: MemberState, input: MemberInput): MemberStep;
export function transition(config: LeaseConfig, state: ControllerState, input: ControllerInput): ControllerStep;
export function transition(config: LeaseConfig, state: GateState, input: GateInput): GateStep;
export function transition(
  config: LeaseConfig,
  state: MemberState | ControllerState | GateState,
  input: MemberInput | ControllerInput | GateInput,
): MemberStep | ControllerStep | GateStep {
  // The overloads pair each state with its own inputs; inside, the pairing is known by the state's kind alone.
  switch (state.kind) {
    case "member":
      return memberTransition(config, state, input as MemberInput);
    case "controller":
      return controllerTransition(config, state, input as ControllerInput);
    case "gate":
      return gateTransition(config, state, input as GateInput);
    default:
      return state satisfies never;
  }
}
