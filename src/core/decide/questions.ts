// The life of a question to a person: asked with a number, repeated a bounded number of times, replaced when its figures have changed,
// and over when it is answered, withdrawn, or has had no answer for too long. An answer to an old one is told what became of that one.

import type { DecideState, Question } from "./decision.ts";
import type { DecideFacts } from "./facts.ts";
import { decideRules } from "./rules.ts";

/** The question that stands now: the open one while it is about the same thing, else a new one with the next number. */
export function questionOf(facts: DecideFacts): Question | undefined {
  const { trouble, target, from, state, input, byHand } = facts;
  if (trouble === undefined || target === undefined || byHand !== undefined) return undefined;
  const fresh: Question = {
    id: state.lastQuestion + 1,
    trouble: trouble.key,
    kind: trouble.remedy,
    from,
    to: target.region,
    lossBoundMs: target.lossBoundMs,
    askedAtMs: input.nowMs,
    reminders: 0,
  };
  const open = state.question;
  if (open === undefined || open.kind !== fresh.kind || open.from !== from || open.to !== fresh.to) return fresh;
  return hasGrown(open, fresh) ? fresh : reminded(open, input.nowMs);
}

/** Asked anew when the loss to expect has doubled, or is not known any more. */
function hasGrown(open: Question, fresh: Question): boolean {
  if (open.lossBoundMs === "unknown") return fresh.lossBoundMs !== "unknown";
  return fresh.lossBoundMs === "unknown" || fresh.lossBoundMs > 2 * open.lossBoundMs + 1_000;
}

function reminded(open: Question, nowMs: number): Question {
  const due = remindersDue(nowMs - open.askedAtMs);
  return due === open.reminders ? open : { ...open, reminders: due };
}

/** After 5 min, 15, 35, 75 and 155: each pause is twice the one before it. */
export function remindersDue(ageMs: number): number {
  let due = 0;
  while (due < decideRules.remindersMax && ageMs >= decideRules.remindAfterMs * (2 ** (due + 1) - 1)) due += 1;
  return due;
}

export function expiresAtMs(question: Question): number {
  return question.askedAtMs + decideRules.questionLastsMs;
}

export function hasExpired(question: Question | undefined, nowMs: number): question is Question {
  return question !== undefined && nowMs >= expiresAtMs(question);
}

/** The state with this question open; one that it replaces is closed. */
export function withQuestion(state: DecideState, question: Question): DecideState {
  const replaced = state.question !== undefined && state.question.id !== question.id;
  const before = replaced ? withoutQuestion(state, `question ${question.id} has taken its place`) : state;
  return { ...before, question, lastQuestion: Math.max(before.lastQuestion, question.id) };
}

export function withoutQuestion(state: DecideState, why: string): DecideState {
  const { question, ...rest } = state;
  return question === undefined ? state : { ...rest, closed: { id: question.id, why } };
}
