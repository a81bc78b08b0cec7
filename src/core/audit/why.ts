// Why did it, or did it not, act? The answer is put together from the audit trail alone, so that it is the same while the controller
// runs and the morning after. Pure.

import type { AuditEvent } from "./entry.ts";
import type { ConsideredFact, DecisionFact, DecisionKind, OrderWord, SeenFact } from "./fact.ts";
import { wouldChange } from "./would-change.ts";

export type WhyQuery = {
  /** The decision that stood at this moment; the newest when left out. */
  readonly atMs?: number;
  /** The newest of this kind, up to `atMs`. */
  readonly last?: DecisionKind;
};

export type Why = {
  readonly group: string;
  readonly sentence: string;
  readonly decision?: {
    readonly seq?: number;
    readonly atMs: number;
    readonly untilMs?: number;
    readonly kind: string;
    readonly rule: string;
    readonly when: string;
    readonly reason: string;
    readonly state: string;
    readonly epoch: number;
    readonly primary: string;
    readonly by?: string;
    readonly plan?: { readonly kind: string; readonly from: string; readonly to: string };
    readonly fence?: string;
    readonly lossBoundMs?: number | "unknown";
  };
  readonly diagnoses: readonly SeenFact[];
  readonly considered: readonly ConsideredFact[];
  readonly order?: {
    readonly atMs: number;
    readonly by: string;
    readonly asked: string;
    readonly accepted: boolean;
    readonly answer: string;
  };
  readonly run?: {
    readonly id: string;
    readonly kind: string;
    readonly from: string;
    readonly to: string;
    readonly result?: string;
    readonly reason: string;
    readonly beganAtMs: number;
    readonly endedAtMs?: number;
  };
  readonly wouldChange: readonly string[];
  /** What waiting costs, where a person is asked. */
  readonly waiting?: string;
  readonly next?: string;
  readonly trail?: { readonly entries: number; readonly hash: string };
};

type Decided = AuditEvent & { readonly fact: DecisionFact };

/** So long after a decision its run begins and the answer to its order is written. */
const belongsMs = 60_000;

/** `events`: one group's trail, or the newest part of it, oldest first. */
export function whyOf(group: string, events: readonly AuditEvent[], query: WhyQuery = {}): Why {
  const upTo = query.atMs ?? Number.POSITIVE_INFINITY;
  const decisions = events.filter(isDecided);
  const at = decisions.findLastIndex(
    (one) => one.atMs <= upTo && (query.last === undefined || one.fact.decision === query.last),
  );
  const decided = decisions[at];
  if (decided === undefined) return nothing(group, events, query);
  const { fact } = decided;
  const followed = decisions[at + 1];
  const since = events.slice(events.indexOf(decided));
  const order = orderOf(since, decided);
  const run = runOf(since, decided, decisions[at + 1]);
  const past = followed !== undefined;
  const { seq } = decided as { readonly seq?: number };
  return {
    group,
    sentence: sentenceOf(group, decided, past),
    decision: {
      ...(seq === undefined ? {} : { seq }),
      atMs: decided.atMs,
      ...(followed === undefined ? {} : { untilMs: followed.atMs }),
      kind: fact.decision,
      rule: fact.rule,
      when: fact.when,
      reason: decided.sentence,
      state: fact.enters,
      epoch: fact.epoch,
      primary: fact.primary,
      ...(fact.by === undefined ? {} : { by: fact.by }),
      ...(fact.plan === undefined ? {} : { plan: fact.plan }),
      ...(fact.fence === undefined ? {} : { fence: fact.fence }),
      ...(fact.lossBoundMs === undefined ? {} : { lossBoundMs: fact.lossBoundMs }),
    },
    diagnoses: fact.diagnoses,
    considered: fact.considered,
    ...(order === undefined ? {} : { order }),
    ...(run === undefined ? {} : { run }),
    // What has been followed by another decision cannot be changed any more.
    wouldChange: past ? [] : fact.until === undefined ? wouldChange(fact.rule, fact.when) : [standing(fact.until)],
    ...(fact.waiting === undefined ? {} : { waiting: fact.waiting }),
    ...(fact.next === undefined || past ? {} : { next: fact.next }),
    ...headIn(events),
  };
}

function isDecided(event: AuditEvent): event is Decided {
  return event.fact?.what === "decision";
}

function sentenceOf(group: string, { fact, sentence }: Decided, past: boolean): string {
  const { plan } = fact;
  if (fact.decision === "switch") {
    const who = fact.by === undefined || fact.by === "policy" ? "Leeward" : `${fact.by}, through Leeward,`;
    return `${who} moved ${group} from ${plan?.from ?? fact.primary} to ${plan?.to ?? "another region"}, because ${sentence}`;
  }
  if (fact.decision === "unprotect")
    return `Leeward took a standby of ${group} out of those that may be promoted: ${sentence}`;
  if (fact.decision === "ask") return `Leeward ${past ? "asked" : "asks"} a person about ${group}, because ${sentence}`;
  if (fact.order?.accepted === false) return `Leeward did not do what ${fact.order.by} asked of ${group}: ${sentence}`;
  if (fact.enters === "switching") return `Leeward ${past ? "was" : "is"} at work on ${group}: ${sentence}`;
  const calm = fact.diagnoses.length === 0;
  const does = past ? (calm ? "did nothing about" : "did not move") : calm ? "does nothing about" : "does not move";
  return `Leeward ${does} ${group}: ${sentence}`;
}

function standing(until: string): string {
  return until.startsWith("until ") ? `it stands ${until}` : until;
}

const decisionWords: Readonly<Record<DecisionKind, string>> = {
  switch: "decision to switch",
  hold: "decision to hold",
  ask: "question",
  unprotect: "decision to take a standby out",
};

function nothing(group: string, events: readonly AuditEvent[], { last, atMs }: WhyQuery): Why {
  const what = last === undefined ? "decision" : decisionWords[last];
  const oldest = events[0];
  const from = oldest === undefined ? "its audit trail is empty" : "its audit trail has none";
  return {
    group,
    sentence: `There is no ${what} about ${group}${atMs === undefined ? "" : " up to that moment"}: ${from}`,
    diagnoses: [],
    considered: [],
    wouldChange: [],
    ...headIn(events),
  };
}

/** The order that a decision answers stands after it, with its answer. */
function orderOf(since: readonly AuditEvent[], { atMs, fact }: Decided): Why["order"] {
  const { order } = fact;
  if (order === undefined) return undefined;
  for (const event of since) {
    if (event.atMs > atMs + belongsMs) break;
    if (event.fact?.what !== "order" || event.fact.by !== order.by || event.fact.order.kind !== order.kind) continue;
    const { by, accepted, answer } = event.fact;
    return { atMs: event.atMs, by, asked: askedOf(order), accepted, answer };
  }
  return { atMs, by: order.by, asked: askedOf(order), accepted: order.accepted, answer: "" };
}

function askedOf({ kind, to, region, on }: OrderWord): string {
  if (region !== undefined) return `${kind} of ${region}${on === false ? ", its end" : ""}`;
  return to === undefined ? kind : `${kind} to ${to}`;
}

function runOf(since: readonly AuditEvent[], { atMs, fact }: Decided, followed: Decided | undefined): Why["run"] {
  if (fact.plan === undefined) return undefined;
  const { kind, to, from } = fact.plan;
  const begun = since.find(
    (event) =>
      event.fact?.what === "run" && event.fact.phase === "begun" && event.fact.kind === kind && event.fact.to === to,
  );
  const again = followed?.fact.decision === fact.decision ? followed.atMs : Number.POSITIVE_INFINITY;
  if (begun?.run === undefined || begun.atMs > Math.min(atMs + belongsMs, again)) return undefined;
  const ended = since.find(
    (event) => event.run === begun.run && event.fact?.what === "run" && event.fact.phase === "ended",
  );
  const result = ended?.fact?.what === "run" ? ended.fact.result : undefined;
  return {
    id: begun.run,
    kind,
    from,
    to,
    ...(result === undefined ? {} : { result }),
    reason: ended?.sentence ?? "it has not ended",
    beganAtMs: begun.atMs,
    ...(ended === undefined ? {} : { endedAtMs: ended.atMs }),
  };
}

function headIn(events: readonly AuditEvent[]): Pick<Why, "trail"> {
  const last = events.findLast((event) => "hash" in event) as
    | (AuditEvent & { readonly hash: string; readonly seq: number })
    | undefined;
  return last === undefined ? {} : { trail: { entries: last.seq, hash: last.hash } };
}
