// The words in braces of the tables' sentences, and how they are filled in. A sentence is data, so that the documentation shows the
// same one that an operator reads.

import { duration } from "../watch/sentence.ts";
import type { LossBound } from "./decision.ts";
import type { DecideFacts } from "./facts.ts";

export const reasonMax = 299;
/** A diagnosis inside a reason may take this much of it. */
const seenMax = 190;

const words = {
  group: (f: DecideFacts) => f.input.group.name,
  from: (f: DecideFacts) => f.from,
  to: (f: DecideFacts) => f.order?.to ?? f.target?.region ?? "nobody",
  seen: (f: DecideFacts) => cut(f.trouble?.seen.sentence ?? "", seenMax),
  remedy: (f: DecideFacts) => f.trouble?.remedy ?? "",
  unknown: (f: DecideFacts) => cut(f.unknown?.sentence ?? "", seenMax),
  recovering: (f: DecideFacts) => cut(f.recovering?.sentence ?? "", seenMax),
  linkCut: (f: DecideFacts) => cut(f.linkCut?.sentence ?? "", seenMax),
  warning: (f: DecideFacts) => cut(f.warning?.sentence ?? "", seenMax),
  byHand: (f: DecideFacts) => cut(f.byHand?.sentence ?? "", seenMax),
  storeAway: (f: DecideFacts) => cut(f.storeAway?.sentence ?? "", seenMax),
  choice: (f: DecideFacts) => choice(f),
  loss: (f: DecideFacts) => lossWords(f.order?.judged.lossBoundMs ?? f.target?.lossBoundMs ?? "unknown"),
  askedLoss: (f: DecideFacts) => lossWords(f.state.question?.lossBoundMs ?? "unknown"),
  maxLoss: (f: DecideFacts) => duration(f.input.group.maxDataLossMs),
  leaseLeft: (f: DecideFacts) => duration(f.leaseLeftMs),
  restartLeft: (f: DecideFacts) => duration(f.restartLeftMs),
  coolLeft: (f: DecideFacts) => duration(f.coolLeftMs),
  retryLeft: (f: DecideFacts) => duration(f.retryLeftMs),
  failedRuns: (f: DecideFacts) => String(f.state.failedRuns),
  lastWhy: (f: DecideFacts) => cut(f.input.lastRun?.reason ?? "", 120),
  lastRun: (f: DecideFacts) => `${f.input.lastRun?.kind ?? "run"} to ${f.input.lastRun?.to ?? ""}`,
  run: (f: DecideFacts) => runWords(f),
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

function choice({ targets, target }: DecideFacts): string {
  const able = targets.filter((one) => one.refusedWhy === undefined);
  if (target === undefined) return "";
  if (able.length === 1) return "the only standby that can take over";
  const tied = able.filter((one) => one.lossBoundMs === target.lossBoundMs).length > 1;
  return `${tied ? "first in the manifest among those with" : "the one with"} the smallest loss bound of ${able.length}`;
}

function runWords({ run }: DecideFacts): string {
  if (run === undefined) return "";
  const way = run.kind === "establish" || run.from === run.to ? `of ${run.to}` : `from ${run.from} to ${run.to}`;
  return `${run.kind} ${way} (${cut(run.id, 40)})`;
}

function cut(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max - 1)}…`;
}
