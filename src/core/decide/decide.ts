// Diagnosis, policy and orders in; one decision with its reason out. Pure: state and input are all it knows.
// The rows of transitions.ts and orders.ts choose; this file only carries out what a row says.

import type { DecideInput, DecideState, Decision, LossBound, Question, StateName, SwitchKind } from "./decision.ts";
import { type DecideFacts, decideFactsOf } from "./facts.ts";
import { type OrderRow, orders } from "./orders.ts";
import { type Row, transitions } from "./transitions.ts";
import { fill } from "./words.ts";

export type Decided = { readonly decision: Decision; readonly state: DecideState };

/**
 * One decision for one group. A "switch" is said once per call: the caller begins the run (or fails to) before it calls again, and
 * from then on gives it as `run`, later as `lastRun`. An order is answered in the same return, in `decision.answer`.
 */
export function decide(before: DecideState, input: DecideInput): Decided {
  const counted = countRun(before, input);
  const facts = decideFactsOf(counted, input);
  const state = forget(counted, facts);
  const known = { ...facts, state };
  return input.request === undefined ? byPolicy(known) : byOrder(known);
}

function byPolicy(facts: DecideFacts): Decided {
  const { state } = facts;
  const row = transitions.find((one) => (one.from === "any" || one.from.includes(state.name)) && one.test(facts));
  if (row === undefined) throw new Error(`no row of the transition table holds in state ${state.name}`);
  const told = { reason: fill(row.sentence, facts), rule: row.id, ...nextOf(row, facts) };
  switch (row.decision) {
    case "hold":
    case "hold and tell": {
      const next = withoutQuestion(enter(state, row.enters, facts));
      return {
        decision: { kind: "hold", attention: row.decision === "hold and tell", ...told, ...lossOf(facts) },
        state: next,
      };
    }
    case "ask": {
      const question = questionOf(facts);
      const next = enter(state, row.enters, facts);
      if (question === undefined) return { decision: { kind: "ask", ...told }, state: withoutQuestion(next) };
      return { decision: { kind: "ask", ...told, question, ...lossOf(facts) }, state: { ...next, question } };
    }
    case "switch": {
      const { trouble, target } = facts;
      if (trouble === undefined || target === undefined)
        throw new Error(`row ${row.id} switches without trouble or target`);
      return switched(
        facts,
        { kind: trouble.remedy, to: target.region, lossBoundMs: target.lossBoundMs, by: "policy" },
        told,
      );
    }
    default:
      return row.decision satisfies never;
  }
}

function byOrder(facts: DecideFacts): Decided {
  const { state, input } = facts;
  const { request } = input;
  const row = orders.find((one) => request !== undefined && one.kinds.includes(request.kind) && one.test(facts));
  if (request === undefined || row === undefined) throw new Error("no row of the order table holds");
  const reason = fill(row.sentence, facts);
  const told = { reason, rule: row.id, ...nextOf(row, facts) };
  const then = row.enters === "same" ? state.name : row.enters;
  switch (row.does) {
    case "refuse":
      return { decision: { kind: "hold", attention: false, ...told, answer: { accepted: false, why: reason } }, state };
    case "note": {
      const trouble = facts.trouble?.key;
      const denied = trouble === undefined ? {} : { denied: { trouble, by: request.by } };
      const next = { ...withoutQuestion(enter(state, then, facts)), ...denied };
      return {
        decision: { kind: "hold", attention: false, ...told, answer: { accepted: true, why: reason } },
        state: next,
      };
    }
    case "ask again": {
      const question = questionOf({ ...facts, state: withoutQuestion(state) });
      const answer = { accepted: false, why: reason };
      const next = enter(state, then, facts);
      if (question === undefined) return { decision: { kind: "ask", ...told, answer }, state: withoutQuestion(next) };
      return { decision: { kind: "ask", ...told, question, ...lossOf(facts), answer }, state: { ...next, question } };
    }
    case "switch": {
      const plan = orderedPlan(facts);
      return switched(facts, { ...plan, by: request.by }, { ...told, answer: { accepted: true, why: reason } });
    }
    default:
      return row.does satisfies never;
  }
}

function orderedPlan(facts: DecideFacts): {
  readonly kind: SwitchKind;
  readonly to: string;
  readonly lossBoundMs: LossBound;
} {
  const { order, target, trouble, input } = facts;
  const { request } = input;
  if (request?.kind === "approve" && target !== undefined && trouble !== undefined) {
    return { kind: trouble.remedy, to: target.region, lossBoundMs: target.lossBoundMs };
  }
  if (order !== undefined && request !== undefined && request.kind !== "approve" && request.kind !== "deny") {
    return { kind: request.kind, to: order.to, lossBoundMs: order.judged.lossBoundMs };
  }
  throw new Error("an order without a target was let through");
}

type Told = Pick<Decision, "reason" | "rule" | "next" | "answer">;

function switched(
  facts: DecideFacts,
  plan: { readonly kind: SwitchKind; readonly to: string; readonly lossBoundMs: LossBound; readonly by: string },
  told: Told,
): Decided {
  const { from, input, trouble, replaceable } = facts;
  const { kind, to, lossBoundMs, by } = plan;
  const heard = input.candidates.some((one) => one.region === from && one.agentReachable);
  const decision: Decision = {
    kind: "switch",
    plan: { kind, from, to },
    fence: trouble?.fence ?? (heard ? "receipt" : "lease"),
    lossBoundMs,
    by,
    ...told,
    ...(replaceable === undefined ? {} : { replaces: replaceable.id }),
  };
  return { decision, state: withoutQuestion(enter(facts.state, "switching", facts)) };
}

/** The open question, kept while it is about the same thing; asked anew when the loss to expect has doubled. */
function questionOf(facts: DecideFacts): Question | undefined {
  const { trouble, target, from, state, input } = facts;
  if (trouble === undefined || target === undefined || facts.byHand !== undefined) return undefined;
  const fresh: Question = {
    kind: trouble.remedy,
    from,
    to: target.region,
    lossBoundMs: target.lossBoundMs,
    askedAtMs: input.nowMs,
  };
  const open = state.question;
  if (open === undefined || open.kind !== fresh.kind || open.from !== from || open.to !== fresh.to) return fresh;
  if (open.lossBoundMs === "unknown") return fresh.lossBoundMs === "unknown" ? open : fresh;
  return fresh.lossBoundMs === "unknown" || fresh.lossBoundMs > 2 * open.lossBoundMs + 1_000 ? fresh : open;
}

function lossOf({ trouble, target, input }: DecideFacts): { readonly lossBoundMs?: LossBound } {
  return trouble === undefined || target === undefined || input.group.mode === "none"
    ? {}
    : { lossBoundMs: target.lossBoundMs };
}

function nextOf(row: Row | OrderRow, facts: DecideFacts): { readonly next?: string } {
  const next = row.next?.(facts);
  return next === undefined ? {} : { next };
}

function enter(state: DecideState, name: StateName, { input }: DecideFacts): DecideState {
  return state.name === name ? state : { ...state, name, sinceMs: input.nowMs };
}

function withoutQuestion({ question: _, ...rest }: DecideState): DecideState {
  return rest;
}

/** Each ended run is counted once: what was done clears the count, what failed adds to it, what a person aborted is a no. */
function countRun(state: DecideState, input: DecideInput): DecideState {
  const { lastRun } = input;
  if (lastRun === undefined || lastRun.id === state.countedRun) return state;
  const counted = { ...state, countedRun: lastRun.id };
  if (lastRun.result === "done") return { ...counted, failedRuns: 0 };
  if (lastRun.result === "failed") return { ...counted, failedRuns: state.failedRuns + 1 };
  const { trouble } = decideFactsOf(counted, input);
  return trouble === undefined
    ? counted
    : { ...counted, denied: { trouble: trouble.key, by: "the person who aborted the last run" } };
}

/** A no, and a count of failures, last as long as the trouble that they were about. Unknown is not an end of trouble. */
function forget(state: DecideState, { trouble, unknown, run }: DecideFacts): DecideState {
  if (unknown !== undefined || run !== undefined) return state;
  const { denied, ...rest } = state;
  const kept = denied !== undefined && denied.trouble === trouble?.key ? { denied } : {};
  return { ...rest, ...kept, failedRuns: trouble === undefined ? 0 : state.failedRuns };
}
