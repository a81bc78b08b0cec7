// Diagnosis, policy and orders in; one decision with its reason out. Pure: state and input are all it knows.
// The rows of transitions.ts and orders.ts choose; this file only carries out what a row says.

import { commands } from "./commands.ts";
import type { DecideInput, DecideState, Decision, LossBound, StateName, SwitchKind } from "./decision.ts";
import { type DecideFacts, decideFactsOf } from "./facts.ts";
import { type OrderRow, orders } from "./orders.ts";
import { questionOf, withoutQuestion, withQuestion } from "./questions.ts";
import { countRun, forget, notice } from "./remember.ts";
import { type Row, transitions } from "./transitions.ts";
import { waitingWords } from "./waiting.ts";
import { fill } from "./words.ts";

export type Decided = { readonly decision: Decision; readonly state: DecideState };

/**
 * One decision for one group. A "switch" or "unprotect" is said once per call: the caller begins the run (or fails to) before it calls
 * again, and from then on gives it as `run`, later as `lastRun`. An order is answered in the same return, in `decision.answer`.
 */
export function decide(before: DecideState, input: DecideInput): Decided {
  const counted = countRun(before, input);
  const state = notice(forget(counted, decideFactsOf(counted, input)), decideFactsOf(counted, input));
  const known = decideFactsOf(state, input);
  return input.request === undefined ? byPolicy(known) : byOrder(known);
}

function byPolicy(facts: DecideFacts): Decided {
  const { state } = facts;
  const row = transitions.find((one) => (one.from === "any" || one.from.includes(state.name)) && one.test(facts));
  if (row === undefined) throw new Error(`no row of the transition table holds in state ${state.name}`);
  const reason = fill(row.sentence, facts);
  const told = {
    reason,
    rule: row.id,
    ...(row.until === "" ? {} : { until: fill(row.until, facts) }),
    ...nextOf(row, facts),
    ...consideredOf(facts),
  };
  switch (row.decision) {
    case "hold":
    case "hold and tell": {
      const entered = enter(state, row.enters, facts);
      const keeps = row.keepsQuestion === true && facts.expired === undefined;
      const next = keeps ? entered : withoutOpen(entered, facts, reason);
      return {
        decision: { kind: "hold", attention: row.decision === "hold and tell", ...told, ...lossOf(facts) },
        state: next,
      };
    }
    case "ask":
      return asked(facts, told, row.enters);
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
    case "unprotect": {
      const region = row.id === "out-of-service" ? facts.outOfService?.region : facts.lost?.region;
      if (region === undefined) throw new Error(`row ${row.id} takes nobody out`);
      const next = withoutOpen(enter(state, row.enters, facts), facts, reason);
      return { decision: { kind: "unprotect", from: facts.from, region, ...told }, state: next };
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
  const told = { reason, rule: row.id, ...nextOf(row, facts), ...consideredOf(facts) };
  const then = row.enters === "same" ? state.name : row.enters;
  switch (row.does) {
    case "refuse":
      return { decision: { kind: "hold", attention: false, ...told, answer: { accepted: false, why: reason } }, state };
    case "note": {
      const trouble = facts.trouble?.key ?? state.question?.trouble;
      const denied = trouble === undefined ? {} : { denied: { trouble, by: request.by } };
      const next = { ...withoutQuestion(enter(state, then, facts), `${request.by} said no to it`), ...denied };
      return {
        decision: { kind: "hold", attention: false, ...told, answer: { accepted: true, why: reason } },
        state: next,
      };
    }
    case "ask again":
      return asked(
        { ...facts, state: withoutQuestion(state, "the loss to expect had grown since") },
        { ...told, answer: { accepted: false, why: reason } },
        then,
      );
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

type Told = Pick<Decision, "reason" | "rule" | "until" | "next" | "considered" | "answer">;

function asked(facts: DecideFacts, told: Told, enters: StateName): Decided {
  const next = enter(facts.state, enters, facts);
  const question = questionOf(facts);
  if (question === undefined)
    return {
      decision: { kind: "ask", ...told },
      state: withoutQuestion(next, "something else has to be decided first"),
    };
  return {
    decision: {
      kind: "ask",
      ...told,
      question,
      waiting: waitingWords(facts),
      next: commands.approve(facts.input.group.name, question.id),
      ...lossOf(facts),
    },
    state: withQuestion(next, question),
  };
}

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
  const why = input.request?.kind === "approve" ? `${by} said yes to it` : `a ${kind} to ${to} was begun meanwhile`;
  return { decision, state: withoutQuestion(enter(facts.state, "switching", facts), why) };
}

/** A question that ran out leaves a mark, so that it is not asked again at once. */
function withoutOpen(state: DecideState, { expired }: DecideFacts, reason: string): DecideState {
  if (expired === undefined) return withoutQuestion(state, reason);
  const next = withoutQuestion(state, "it had no answer in time, and ran out");
  return { ...next, unanswered: { trouble: expired.trouble, question: expired.id } };
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

function consideredOf({ considered }: DecideFacts): Pick<Decision, "considered"> {
  return considered.length === 0 ? {} : { considered };
}

function enter(state: DecideState, name: StateName, { input }: DecideFacts): DecideState {
  return state.name === name ? state : { ...state, name, sinceMs: input.nowMs };
}
