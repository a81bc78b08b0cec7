// The words in braces of the tables' sentences, and how they are filled in. A sentence is data, so that the documentation shows the
// same one that an operator reads.

import { duration, list } from "../watch/sentence.ts";
import { choiceWords } from "./choice.ts";
import type { LossBound } from "./decision.ts";
import type { DecideFacts } from "./facts.ts";
import { skiRentalMs, switchCost } from "./policy.ts";
import { expiresAtMs, questionOf } from "./questions.ts";
import { decideRules } from "./rules.ts";
import { money } from "./waiting.ts";

export const reasonMax = 299;
/** A diagnosis inside a reason may take this much of it. */
const seenMax = 190;

const words = {
  group: (f: DecideFacts) => f.input.group.name,
  from: (f: DecideFacts) => f.from,
  to: (f: DecideFacts) => f.order?.to ?? f.target?.region ?? "nobody",
  regions: (f: DecideFacts) => list(f.input.group.primary),
  seen: (f: DecideFacts) => cut(f.trouble?.seen.sentence ?? "", seenMax),
  remedy: (f: DecideFacts) => f.trouble?.remedy ?? "switch",
  unknown: (f: DecideFacts) => cut(f.unknown?.sentence ?? "", seenMax),
  flapping: (f: DecideFacts) => cut(f.flapping?.sentence ?? "", seenMax),
  slow: (f: DecideFacts) => cut(f.slow?.sentence ?? "", seenMax),
  recovering: (f: DecideFacts) => cut(f.recovering?.sentence ?? "", seenMax),
  linkCut: (f: DecideFacts) => cut(f.linkCut?.sentence ?? "", seenMax),
  warning: (f: DecideFacts) => cut(f.warning?.sentence ?? "", seenMax),
  byHand: (f: DecideFacts) => cut(f.byHand?.sentence ?? "", seenMax),
  storeAway: (f: DecideFacts) => cut(f.storeAway?.sentence ?? "", seenMax),
  choice: (f: DecideFacts) => choiceWords(f.input, f.how),
  loss: (f: DecideFacts) => lossWords(f.order?.judged.lossBoundMs ?? f.target?.lossBoundMs ?? "unknown"),
  askedLoss: (f: DecideFacts) => lossWords(f.state.question?.lossBoundMs ?? "unknown"),
  maxLoss: (f: DecideFacts) => duration(f.input.group.maxDataLossMs),
  leaseLeft: (f: DecideFacts) => duration(f.leaseLeftMs),
  leaseEnd: (f: DecideFacts) => timeIn(f, f.leaseLeftMs),
  restartLeft: (f: DecideFacts) => duration(f.restartLeftMs),
  restartEnd: (f: DecideFacts) => timeIn(f, f.restartLeftMs),
  holdOffLeft: (f: DecideFacts) => duration(f.holdOffLeftMs),
  holdOffEnd: (f: DecideFacts) => timeIn(f, f.holdOffLeftMs),
  holdOffWhy: (f: DecideFacts) => holdOffWords(f),
  coolLeft: (f: DecideFacts) => duration(f.coolLeftMs),
  coolEnd: (f: DecideFacts) => timeIn(f, f.coolLeftMs),
  retryLeft: (f: DecideFacts) => duration(f.retryLeftMs),
  retryEnd: (f: DecideFacts) => timeIn(f, f.retryLeftMs),
  degradedTell: (f: DecideFacts) => timeIn(f, decideRules.degradedTellAfterMs - f.outageMs),
  withdrawEnd: (f: DecideFacts) => timeIn(f, decideRules.withdrawAfterMs - f.wellMs),
  dwell: () => duration(decideRules.dwellMs),
  flappingWait: () => duration(decideRules.flappingWaitMs),
  questionLasts: () => duration(decideRules.questionLastsMs),
  expiry: (f: DecideFacts) => expiryWords(f),
  askedId: (f: DecideFacts) => String(f.state.question?.id ?? f.state.unanswered?.question ?? f.state.lastQuestion),
  answeredId: (f: DecideFacts) => String(answeredOf(f) ?? ""),
  closedWhy: (f: DecideFacts) => cut(closedWords(f), 120),
  closedLast: (f: DecideFacts) =>
    f.state.closed === undefined ? "" : cut(` now; question ${f.state.closed.id} is over: ${f.state.closed.why}`, 200),
  failedRuns: (f: DecideFacts) => String(f.state.failedRuns),
  lastWhy: (f: DecideFacts) => cut(f.input.lastRun?.reason ?? "", 120),
  lastRun: (f: DecideFacts) => `${f.input.lastRun?.kind ?? "run"} to ${f.input.lastRun?.to ?? ""}`,
  run: (f: DecideFacts) => runWords(f),
  flaps: (f: DecideFacts) => flapWords(f),
  budgetFree: (f: DecideFacts) => timeIn(f, f.budgetFreeAtMs - f.input.nowMs),
  serving: (f: DecideFacts) => (f.servingAfter.length === 1 ? `only ${list(f.servingAfter)}` : list(f.servingAfter)),
  keepServing: (f: DecideFacts) => String(f.policy.keepServing),
  outRegion: (f: DecideFacts) => f.outOfService?.region ?? "",
  outBy: (f: DecideFacts) => f.outOfService?.by ?? "",
  lostRegion: (f: DecideFacts) => f.lost?.region ?? "",
  lostFor: (f: DecideFacts) => duration(f.lost?.forMs ?? 0),
  dropAfter: (f: DecideFacts) => duration(f.policy.dropSyncAfterMs ?? 0),
  dropRule: (f: DecideFacts) =>
    f.policy.dropSyncAfterMs === undefined
      ? "its policy is strict"
      : `they stop waiting after ${duration(f.policy.dropSyncAfterMs)}`,
  dropEnd: (f: DecideFacts) => {
    const left = f.lost?.dropLeftMs;
    if (left === undefined) return "";
    return left > 0 ? `, or until ${timeIn(f, left)}, when it is taken out` : ", or automation is unpaused";
  },
  refusals: (f: DecideFacts) =>
    cut(f.targets.map((one) => one.refusedWhy).join("; ") || "there is no other region", seenMax),
  why: (f: DecideFacts) => f.order?.judged.refusedWhy ?? "",
  service: (f: DecideFacts) => f.trouble?.seen.service ?? "",
  deniedBy: (f: DecideFacts) => f.state.denied?.by ?? "",
  by: (f: DecideFacts) => f.input.request?.by ?? "",
  asked: (f: DecideFacts) => f.input.request?.kind ?? "",
  question: (f: DecideFacts) => `${f.state.question?.kind ?? ""} to ${f.state.question?.to ?? ""}`,
} as const;

export type Word = keyof typeof words;

/** Replaces each {word}. Never longer than `reasonMax`. */
export function fill(sentence: string, facts: DecideFacts): string {
  const filled = sentence.replace(/\{(\w+)\}/g, (whole, word: string) =>
    word in words ? words[word as Word](facts) : whole,
  );
  return cut(filled, reasonMax);
}

export function wordsIn(sentence: string): readonly string[] {
  return [...sentence.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "");
}

export function isWord(word: string): word is Word {
  return word in words;
}

export function lossWords(bound: LossBound): string {
  return bound === "unknown" ? "an unknown amount" : duration(bound);
}

/** "12:03:10 UTC", rounded up to whole seconds; "in 12 s" where nobody has said which time it is, and beyond a day. */
export function timeIn({ input }: DecideFacts, leftMs: number): string {
  if (input.wallMs === undefined || leftMs > 86_400_000) return `in ${duration(leftMs)}`;
  const seconds = Math.ceil((input.wallMs + Math.max(0, leftMs)) / 1_000) % 86_400;
  const two = (value: number): string => String(Math.floor(value)).padStart(2, "0");
  return `${two(seconds / 3_600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)} UTC`;
}

/** The number that a person's answer names. */
export function answeredOf({ input }: DecideFacts): number | undefined {
  const { request } = input;
  return request?.kind === "approve" || request?.kind === "deny" ? request.question : undefined;
}

function closedWords(f: DecideFacts): string {
  const { closed, lastQuestion } = f.state;
  const asked = answeredOf(f);
  if (asked !== undefined && asked > lastQuestion) return "it was never asked";
  return closed !== undefined && (asked === undefined || closed.id === asked) ? closed.why : "it was asked long ago";
}

function expiryWords(f: DecideFacts): string {
  const question = questionOf(f);
  return question === undefined ? "in time" : timeOf(f, expiresAtMs(question));
}

function timeOf(f: DecideFacts, atMs: number): string {
  const said = timeIn(f, atMs - f.input.nowMs);
  return said.startsWith("in ") ? said : `at ${said}`;
}

function holdOffWords(f: DecideFacts): string {
  const { costs } = f.input;
  const loss = f.target?.lossBoundMs ?? "unknown";
  const cost = switchCost(costs, loss);
  if (
    f.holdOff.because === "costs" &&
    costs !== undefined &&
    cost !== undefined &&
    skiRentalMs(costs, loss) !== undefined
  )
    return `a switch costs ${money(costs, cost)}, and the outage has not cost that yet`;
  return `the policy of ${f.input.group.name} holds off for ${duration(f.holdOff.ms)}`;
}

function flapWords({ spent, policy }: DecideFacts): string {
  if (spent === undefined) return "";
  const what = spent.what === "switches" ? `it would be switch ${spent.count + 1}` : `it is alarm ${spent.count}`;
  return `${what} within ${duration(policy.flaps.withinMs)}, and ${spent.budget} are left to automation`;
}

function runWords({ run }: DecideFacts): string {
  if (run === undefined) return "";
  const way = run.kind === "establish" || run.from === run.to ? `of ${run.to}` : `from ${run.from} to ${run.to}`;
  return `${run.kind} ${way} (${cut(run.id, 40)})`;
}

function cut(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max - 1)}…`;
}
