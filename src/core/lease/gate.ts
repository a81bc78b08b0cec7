// What a router may let through. It learns the epoch and the deadline from the agent beside it and reads the clock, the same
// host's clock, at every single acknowledgement. So a router that was frozen cannot acknowledge by an old permission.
// I1. Never under a lower epoch than the newest one it knows, never under a fenced epoch, never at or after the deadline.

import { NEVER_MS } from "./record.ts";
import type { LeaseConfig } from "./timing.ts";

export type GateState = {
  readonly kind: "gate";
  readonly epoch: number;
  /** Nothing is acknowledged under this epoch or a lower one, whatever configuration is still on its way. */
  readonly fencedEpoch: number;
  readonly writeUntilMs: number;
};

export type GateInput = { readonly nowMs: number } & (
  | { readonly kind: "boot" }
  | { readonly kind: "configure"; readonly epoch: number; readonly writeUntilMs: number; readonly fencedEpoch: number }
  /** The answer to a write that came in under `epoch` is about to be passed on. */
  | { readonly kind: "acknowledge"; readonly epoch: number }
);

export type GateEffect =
  /** Durable before the next effect. The deadline is not kept: another start of the host has another clock. */
  | { readonly kind: "persist"; readonly epoch: number; readonly fencedEpoch: number }
  /** To the agent beside it: it works by these numbers from now on. */
  | { readonly kind: "reply-configured"; readonly epoch: number; readonly fencedEpoch: number }
  | { readonly kind: "acknowledge"; readonly epoch: number }
  /** The answer is dropped and the client told that it is not known whether the write happened. */
  | { readonly kind: "answer-unknown"; readonly epoch: number; readonly reason: string };

export type GateStep = { readonly state: GateState; readonly effects: readonly GateEffect[]; readonly reason?: string };

export function newGate(): GateState {
  return { kind: "gate", epoch: 0, fencedEpoch: 0, writeUntilMs: NEVER_MS };
}

/** Nothing if an answer to a write of `epoch` may be passed on at `nowMs`, else why not. */
export function acknowledgeProblem(
  config: LeaseConfig,
  state: GateState,
  write: { readonly epoch: number; readonly nowMs: number },
): string | undefined {
  if (config.safeguards.epochCheck && write.epoch !== state.epoch) {
    return `the write came in under epoch ${write.epoch}, this router works by epoch ${state.epoch}`;
  }
  if (state.fencedEpoch >= write.epoch) return `epoch ${write.epoch} is fenced in this region`;
  if (write.nowMs >= state.writeUntilMs) {
    return state.writeUntilMs === NEVER_MS
      ? "this region has not been given a right to write"
      : `the right to write ended ${Math.round(write.nowMs - state.writeUntilMs)} ms ago`;
  }
  return undefined;
}

export function gateTransition(config: LeaseConfig, state: GateState, input: GateInput): GateStep {
  switch (input.kind) {
    case "boot":
      return { state: { ...state, writeUntilMs: NEVER_MS }, effects: [] };
    case "configure":
      return configured(config, state, input);
    case "acknowledge": {
      const reason = acknowledgeProblem(config, state, input);
      return reason === undefined
        ? { state, effects: [{ kind: "acknowledge", epoch: input.epoch }] }
        : { state, effects: [{ kind: "answer-unknown", epoch: input.epoch, reason }], reason };
    }
    default:
      return input satisfies never;
  }
}

function configured(
  config: LeaseConfig,
  state: GateState,
  input: { readonly epoch: number; readonly writeUntilMs: number; readonly fencedEpoch: number },
): GateStep {
  const fencedEpoch = Math.max(state.fencedEpoch, input.fencedEpoch);
  const lower = config.safeguards.epochCheck && input.epoch < state.epoch;
  const epoch = lower ? state.epoch : input.epoch;
  // Configurations may overtake each other. Within an epoch a right once given stays given until it is fenced, so the later
  // deadline is right; under a new epoch nothing of the old one counts.
  const writeUntilMs = lower
    ? state.writeUntilMs
    : input.epoch === state.epoch
      ? Math.max(state.writeUntilMs, input.writeUntilMs)
      : input.writeUntilMs;
  const next: GateState = {
    kind: "gate",
    epoch,
    fencedEpoch,
    writeUntilMs: fencedEpoch >= epoch ? NEVER_MS : writeUntilMs,
  };
  const changed = epoch !== state.epoch || fencedEpoch !== state.fencedEpoch;
  return {
    state: next,
    effects: [
      ...(changed ? [{ kind: "persist", epoch, fencedEpoch } as const] : []),
      { kind: "reply-configured", epoch, fencedEpoch },
    ],
    ...(lower
      ? { reason: `ignored a configuration of epoch ${input.epoch}: this router works by epoch ${epoch}` }
      : {}),
  };
}
