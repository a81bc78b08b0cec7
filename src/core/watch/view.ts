// One vantage's look at one target: what it saw last, how long it has seen it, what it usually sees.

import type { RegionName } from "../model/system.ts";
import { type ClassicRules, classicVerdict } from "./classic.ts";
import { type Latency, newLatency } from "./latency.ts";
import { coldStartLevel } from "./scores.ts";

export type View = {
  readonly vantage: RegionName;
  /** The next sample is due then; one that is more than half a period early is a second one of the same period. */
  readonly dueMs: number;
  readonly sampledAtMs: number;
  /** "busy": it answered that it is too busy. It fails, but it is there. */
  readonly last: "none" | "ok" | "busy" | "miss" | "blind";
  /** What it said when it was last too busy. */
  readonly busyWhy?: string;
  /** Counted misses in a row, and answers in a row. */
  readonly misses: number;
  readonly answers: number;
  readonly samples: number;
  readonly answeredAtMs?: number;
  /** The vantage's step of loss, and whether it is unwell, as of its newest sample. */
  readonly level: number;
  readonly unwell: boolean;
  readonly latency: Latency;
  /** Samples not yet taken for its usual loss, because they may be the target's trouble; and those that the newest sample settled. */
  readonly pending: Counted;
  readonly learned: Counted;
  /** For the classic rule: the newest outcomes as bits, and what it says. */
  readonly recent: number;
  readonly judged: "up" | "down";
};

export type Counted = { readonly samples: number; readonly misses: number };

export const nothing: Counted = { samples: 0, misses: 0 };

export type Timing = { readonly periodMs: number; readonly silentAfterMs: number; readonly classic?: ClassicRules };

export type Look = {
  readonly last: "ok" | "busy" | "miss" | "blind";
  readonly busyWhy?: string | undefined;
  readonly level: number;
  readonly unwell: boolean;
  /** The answer to a look that was a sample before, as a miss. */
  readonly late?: boolean;
};

export function newView(vantage: RegionName): View {
  return {
    vantage,
    dueMs: 0,
    sampledAtMs: 0,
    last: "none",
    misses: 0,
    answers: 0,
    samples: 0,
    level: coldStartLevel,
    unwell: false,
    latency: newLatency,
    pending: nothing,
    learned: nothing,
    recent: 0,
    judged: "up",
  };
}

export function nextView(view: View, rules: Timing, look: Look, nowMs: number): View {
  const stale = nowMs - view.sampledAtMs > rules.silentAfterMs;
  const { last } = look;
  // A blind period breaks the run: a vote rests on misses that were all seen with a control target in reach.
  const misses = last === "miss" ? (stale ? 0 : view.misses) + 1 : 0;
  const answers = last === "ok" ? (stale ? 0 : view.answers) + 1 : 0;
  const recent = last === "blind" ? view.recent : ((view.recent << 1) | (last === "miss" ? 0 : 1)) & 0xffff;
  const judged =
    rules.classic === undefined || last === "blind"
      ? view.judged
      : classicVerdict(rules.classic, view.judged, { misses, answers, recent, counted: view.samples + 1 });
  return {
    ...view,
    dueMs: look.late === true ? view.dueMs : Math.max(nowMs, view.dueMs) + rules.periodMs,
    sampledAtMs: nowMs,
    last,
    misses,
    answers,
    recent,
    judged,
    samples: view.samples + (look.late === true ? 0 : 1),
    level: look.level,
    unwell: look.unwell,
    pending: stale || last === "blind" ? nothing : view.pending,
    learned: nothing,
    ...(last === "ok" || last === "busy" ? { answeredAtMs: nowMs } : {}),
    ...(look.busyWhy === undefined ? {} : { busyWhy: look.busyWhy }),
  };
}

export function fresh(view: View, rules: Timing, nowMs: number): boolean {
  return view.samples > 0 && nowMs - view.sampledAtMs <= rules.silentAfterMs;
}

/** Moves what is pending to what is learned: now, or never. */
export function settled(view: View, how: "learn" | "wait" | "drop"): View {
  if (how === "wait" || (how === "drop" && view.pending.samples === 0)) return view;
  return { ...view, pending: nothing, learned: how === "learn" ? view.pending : nothing };
}

export function counted(view: View, missed: boolean): View {
  return {
    ...view,
    pending: { samples: view.pending.samples + 1, misses: view.pending.misses + (missed ? 1 : 0) },
  };
}

/** The miss among the pending samples was none: its answer came late. */
export function takenBack(view: View): View {
  return { ...view, pending: { ...view.pending, misses: Math.max(0, view.pending.misses - 1) } };
}
