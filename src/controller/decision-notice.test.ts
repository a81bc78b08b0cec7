import { expect, test } from "vitest";
import type { Decision, Question } from "../core/decide/decision.ts";
import { noticeOf } from "./decision-notice.ts";

const hold = (attention: boolean): Decision => ({
  kind: "hold",
  attention,
  rule: "sync-waits",
  reason: "commits wait",
  until: "until south streams again",
});
const question = (id: number, reminders: number): Question => ({ id, reminders }) as Question;
const ask = (open?: Question): Decision => ({
  kind: "ask",
  rule: "ask-loss",
  reason: "it may lose 45 s",
  waiting: "waiting costs 1 EUR a minute",
  ...(open === undefined ? {} : { question: open }),
});

test("what holds is told where it wants attention, when the rule changes, with how long it holds", () => {
  expect(noticeOf(hold(true), undefined, true)).toEqual({
    kind: "trouble",
    sentence: "commits wait. this holds until south streams again",
  });
  expect(noticeOf(hold(true), undefined, false)).toBeUndefined();
  expect(noticeOf(hold(false), undefined, true)).toBeUndefined();
});

test("a question is told once, with each reminder, and when another one takes its place", () => {
  const sentence = "it may lose 45 s. waiting costs 1 EUR a minute";
  expect(noticeOf(ask(question(1, 0)), undefined, true)).toEqual({ kind: "asked", sentence });
  expect(noticeOf(ask(question(1, 0)), question(1, 0), true)).toBeUndefined();
  expect(noticeOf(ask(question(1, 1)), question(1, 0), false)?.sentence).toMatch(/^reminder 1 of \d+: it may lose/);
  expect(noticeOf(ask(question(2, 0)), question(1, 3), false)?.sentence).toBe(`asked anew: ${sentence}`);
});
