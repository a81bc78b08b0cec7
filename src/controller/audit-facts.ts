// What the audit trail keeps of a decision, a diagnosis, an order and a run, besides the sentence. Pure. The controller's own clock means
// nothing to whoever reads the trail later, so instants become those of the wall clock.

import type { AuditFact, ConsideredFact, DecisionFact, OrderWord, SeenFact } from "../core/audit/fact.ts";
import type { DecideInput, DecideState, Decision } from "../core/decide/decision.ts";
import { orders } from "../core/decide/orders.ts";
import { troubles } from "../core/decide/rules.ts";
import { judge } from "../core/decide/targets.ts";
import { transitions } from "../core/decide/transitions.ts";
import type { Diagnosis } from "../core/watch/diagnosis.ts";
import type { Entry } from "../executor/run.ts";
import type { PersonCommand } from "../wire/people.ts";

/** Turns an instant of the controller's clock into one of the wall clock. */
export type ToWall = (nowMs: number) => number;

export function seenFact(diagnosis: Diagnosis, toWall: ToWall): SeenFact {
  const { name, region, service, partner, severity, sinceMs, evidence, sentence } = diagnosis;
  return {
    name,
    region,
    ...(service === undefined ? {} : { service }),
    ...(partner === undefined ? {} : { partner }),
    severity,
    sinceMs: Math.round(toWall(sinceMs)),
    evidence: {
      ...evidence,
      statistic: figure(evidence.statistic),
      threshold: figure(evidence.threshold),
      silentMs: Math.round(evidence.silentMs),
    },
    sentence,
  };
}

/** Three digits behind the point are more than anybody compares. */
function figure(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}

export function decisionFact(
  decision: Decision,
  input: DecideInput,
  before: DecideState,
  after: DecideState,
  toWall: ToWall,
): DecisionFact {
  const { request, record } = input;
  const lossBoundMs = rounded("lossBoundMs" in decision ? decision.lossBoundMs : undefined);
  const { until, waiting } = decision as MoreTold;
  return {
    what: "decision",
    decision: decision.kind,
    rule: decision.rule,
    when: whenOf(decision.rule),
    from: before.name,
    enters: after.name,
    epoch: record?.epoch ?? 0,
    primary: record?.primary ?? "",
    ...(decision.next === undefined ? {} : { next: decision.next }),
    ...(until === undefined ? {} : { until }),
    ...(waiting === undefined ? {} : { waiting }),
    ...(lossBoundMs === undefined ? {} : { lossBoundMs }),
    ...(decision.kind === "switch" ? { plan: decision.plan, fence: decision.fence, by: decision.by } : {}),
    ...(decision.kind === "unprotect"
      ? { plan: { kind: decision.kind, from: decision.from, to: decision.region } }
      : {}),
    ...(request === undefined || decision.answer === undefined
      ? {}
      : { order: { ...orderWord(request), by: request.by, accepted: decision.answer.accepted } }),
    diagnoses: input.diagnoses.filter((one) => one.severity !== "ok").map((one) => seenFact(one, toWall)),
    considered: considered(decision, input),
  };
}

/** So much of a diagnosis's sentence shows that a reason speaks of it; the numbers in it come later. */
const citedCharacters = 24;

/** Changes when the reason does, not with the numbers in its sentence: once per change it is an entry. */
export function reasonKey(decision: Decision, input: DecideInput): string {
  const cited = input.diagnoses
    .filter((one) => decision.reason.includes(one.sentence.slice(0, citedCharacters)))
    .map((one) => `${one.name}/${one.region}/${one.service ?? ""}/${one.partner ?? ""}`);
  const to =
    decision.kind === "switch" ? decision.plan.to : decision.kind === "ask" ? (decision.question?.to ?? "") : "";
  return [decision.kind, decision.rule, to, ...cited.sort()].join("|");
}

function whenOf(rule: string): string {
  return [...transitions, ...orders].find((row) => row.id === rule)?.when ?? "";
}

/** What the decider says besides the reason, where it says it. */
type MoreTold = {
  readonly until?: string;
  readonly waiting?: string;
  readonly considered?: readonly {
    readonly region: string;
    readonly lossBoundMs: number | "unknown";
    readonly refusedWhy?: string;
    readonly why?: string;
  }[];
};

/** Every region that could take over, as it was judged; nothing while nobody thinks of moving. */
function considered(decision: Decision & MoreTold, input: DecideInput): readonly ConsideredFact[] {
  const to =
    decision.kind === "switch" ? decision.plan.to : decision.kind === "ask" ? decision.question?.to : undefined;
  return (decision.considered ?? judged(decision, input)).map((one) => {
    const { region, refusedWhy, why } = one as NonNullable<MoreTold["considered"]>[number];
    const bound = rounded(one.lossBoundMs);
    return {
      region,
      chosen: region === to,
      ...(refusedWhy === undefined ? {} : { refusedWhy }),
      ...(why === undefined ? {} : { why }),
      ...(bound === undefined || input.group.mode === "none" ? {} : { lossBoundMs: bound }),
    };
  });
}

function judged(decision: Decision, input: DecideInput): readonly ReturnType<typeof judge>[] {
  const primary = input.record?.primary;
  const trouble = troubles.find((one) =>
    input.diagnoses.some((seen) => seen.name === one.diagnosis && seen.region === primary),
  );
  if (trouble === undefined && decision.kind !== "switch" && input.request === undefined) return [];
  const kind = decision.kind === "switch" ? decision.plan.kind : (input.request?.kind ?? trouble?.remedy);
  const how = kind === "switchover" || kind === "failback" ? "graceful" : "forced";
  return input.group.primary.filter((region) => region !== primary).map((region) => judge(input, region, how));
}

function rounded(bound: number | "unknown" | undefined): number | "unknown" | undefined {
  return typeof bound === "number" ? Math.round(bound) : bound;
}

export function orderWord(command: Omit<PersonCommand, "group" | "by">): OrderWord {
  const {
    kind,
    to,
    acceptLoss,
    run,
    step,
    command: word,
    region,
    on,
  } = command as {
    readonly kind: string;
    readonly to?: string;
    readonly acceptLoss?: boolean;
    readonly run?: string;
    readonly step?: string;
    readonly command?: string;
    readonly region?: string;
    readonly on?: boolean;
  };
  return {
    kind,
    ...(to === undefined ? {} : { to }),
    ...(acceptLoss === undefined ? {} : { acceptLoss }),
    ...(run === undefined ? {} : { run }),
    ...(word === undefined ? {} : { command: word }),
    ...(step === undefined ? {} : { step }),
    ...(region === undefined ? {} : { region }),
    ...(on === undefined ? {} : { on }),
  };
}

/** "asked for a failover to south, accepting the loss". */
export function orderWords({ kind, to, acceptLoss, command, run, step, region, on }: OrderWord): string {
  switch (kind) {
    case "run":
      return `asked to ${command ?? "steer"} ${step === undefined ? "" : `${step} of `}${run ?? "a run"}`;
    case "pause":
      return "asked for automation to be off";
    case "unpause":
      return "asked for automation to be on again";
    case "maintenance":
      return on === false
        ? `asked for ${region ?? "a standby"} to be brought back`
        : `asked for ${region ?? "a standby"} to be taken out`;
    case "approve":
      return "said yes to the open question";
    case "deny":
      return "said no to the open question";
    default:
      return `asked for a ${kind}${to === undefined ? "" : ` to ${to}`}${acceptLoss === true ? ", whatever is lost" : ""}`;
  }
}

/** What the trail keeps of a run's journal, beside the journal: that a step began and how it ended. */
export function stepFact(entry: Extract<Entry, { kind: "intent" | "outcome" }>): {
  readonly name: string;
  readonly sentence: string;
  readonly fact: AuditFact;
} {
  const { step, attempt } = entry;
  if (entry.kind === "intent")
    return { name: "step", sentence: `${step} begins`, fact: { what: "step", phase: "begun", attempt } };
  const { outcome } = entry;
  return {
    name: "step",
    sentence: `${step}: ${outcome.kind}; ${outcome.reason}`,
    fact: { what: "step", phase: "ended", attempt, outcome: outcome.kind },
  };
}
