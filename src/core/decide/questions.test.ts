import { describe, expect, test } from "vitest";
import { initialDecideState, type Question } from "./decision.ts";
import { expiresAtMs, hasExpired, remindersDue, withoutQuestion, withQuestion } from "./questions.ts";
import { coversTrouble } from "./rules.ts";

const minuteMs = 60_000;
const question: Question = {
  id: 2,
  trouble: "region-unreachable/north/",
  kind: "failover",
  from: "north",
  to: "south",
  lossBoundMs: 100,
  askedAtMs: 1_000,
  reminders: 0,
};

describe("a question", () => {
  test.each([
    [0, 0],
    [4.9, 0],
    [5, 1],
    [14.9, 1],
    [15, 2],
    [35, 3],
    [75, 4],
    [155, 5],
    [100_000, 5],
  ])("that is %d minutes old has been repeated %i times", (minutes, times) => {
    expect(remindersDue(minutes * minuteMs)).toBe(times);
  });

  test("runs out after four hours, to the millisecond", () => {
    expect(hasExpired(question, expiresAtMs(question) - 1)).toBe(false);
    expect(hasExpired(question, expiresAtMs(question))).toBe(true);
    expect(expiresAtMs(question) - question.askedAtMs).toBe(4 * 60 * minuteMs);
  });

  test("that another one replaces is closed with the reason, and numbers only grow", () => {
    const first = withQuestion(initialDecideState, { ...question, id: 1 });
    const second = withQuestion(first, question);
    expect(second).toMatchObject({ lastQuestion: 2, closed: { id: 1, why: "question 2 has taken its place" } });
    const closed = withoutQuestion(second, "it is over");
    expect(closed).toMatchObject({ lastQuestion: 2, closed: { id: 2, why: "it is over" } });
    expect(closed).not.toHaveProperty("question");
    expect(withoutQuestion(closed, "again")).toBe(closed);
  });
});

describe("a person's no", () => {
  test.each([
    ["region-unreachable/north/", "region-unreachable/north/", true],
    ["region-unreachable/north/", "agent-down/north/", true],
    ["region-unreachable/north/", "service-degraded/north/web", true],
    ["agent-down/north/", "region-unreachable/north/", false],
    ["database-down/north/orders", "service-down/north/web", false],
    ["service-down/north/web", "service-down/north/web", true],
    ["service-degraded/north/web", "service-down/north/web", false],
    ["region-unreachable/north/", "region-unreachable/south/", false],
  ])("to %s covers %s: %s", (known, now, covered) => {
    expect(coversTrouble(known, now)).toBe(covered);
  });
});
