// What a decider must not forget when its controller is restarted: a person's no, failures in a row, the open question and its number,
// the flap history. Kept with the group's keys, by compare-and-swap. Instants are kept as wall clock times, because the next process has
// another monotonic clock; a wall clock that was set meanwhile moves them, and then a budget or a question ends sooner or later.
//
// What is not kept is seen again: which state it is in, since when there is trouble, which standby is lost.

import { type DecideState, initialDecideState, type Question } from "./decision.ts";
import { type FlapHistory, flapsMax } from "./flaps.ts";

export type Memory = {
  readonly version: 1;
  readonly question?: Question;
  readonly lastQuestion: number;
  readonly closed?: NonNullable<DecideState["closed"]>;
  readonly denied?: NonNullable<DecideState["denied"]>;
  readonly unanswered?: NonNullable<DecideState["unanswered"]>;
  readonly failedRuns: number;
  readonly countedRun?: string;
  readonly flaps: FlapHistory;
};

export type Clocks = { readonly nowMs: number; readonly wallMs: number };

export function memoryOf(state: DecideState, { nowMs, wallMs }: Clocks): Memory {
  return shifted(kept(state), wallMs - nowMs);
}

/** Equal exactly when nothing that must be kept has changed. */
export function memoryKey(state: DecideState): string {
  return JSON.stringify(kept(state));
}

/** The state that a new process begins with. What it does not understand it leaves out: it then asks again rather than guess. */
export function stateFrom(value: unknown, { nowMs, wallMs }: Clocks): DecideState {
  const known = value as Memory | undefined;
  if (known?.version !== 1) return { ...initialDecideState, sinceMs: nowMs };
  const { version: _, ...memory } = shifted(known, nowMs - wallMs);
  const name = memory.question !== undefined ? "asking" : memory.denied !== undefined ? "degraded" : "new";
  return { ...initialDecideState, ...memory, name, sinceMs: nowMs };
}

function kept(state: DecideState): Memory {
  const { question, lastQuestion, closed, denied, unanswered, failedRuns, countedRun, flaps } = state;
  return {
    version: 1,
    lastQuestion,
    failedRuns,
    flaps,
    ...(question === undefined ? {} : { question }),
    ...(closed === undefined ? {} : { closed: { ...closed, why: closed.why.slice(0, 500) } }),
    ...(denied === undefined ? {} : { denied }),
    ...(unanswered === undefined ? {} : { unanswered }),
    ...(countedRun === undefined ? {} : { countedRun }),
  };
}

function shifted(memory: Memory, byMs: number): Memory {
  const shift = (instants: readonly number[]): readonly number[] => instants.slice(-flapsMax).map((at) => at + byMs);
  const { question, flaps } = memory;
  return {
    ...memory,
    flaps: { switches: shift(flaps.switches), alarms: shift(flaps.alarms) },
    ...(question === undefined ? {} : { question: { ...question, askedAtMs: question.askedAtMs + byMs } }),
  };
}
