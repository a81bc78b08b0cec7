// What becomes of a person's order. Rows are read from the top; the first that holds answers it. Orders override the policy, the
// pause and the cool-down, never the safety rules: who may take over, one run at a time, the store.

import { commands } from "./commands.ts";
import type { PersonRequest, StateName } from "./decision.ts";
import type { DecideFacts } from "./facts.ts";
import { goNow } from "./row.ts";
import { decideRules } from "./rules.ts";
import { exceeds } from "./targets.ts";
import { answeredOf } from "./words.ts";

export type OrderRow = {
  readonly id: string;
  readonly kinds: readonly PersonRequest["kind"][];
  readonly when: string;
  readonly test: (facts: DecideFacts) => boolean;
  readonly does: "refuse" | "ask again" | "note" | "switch";
  readonly enters: StateName | "same";
  readonly sentence: string;
  readonly next?: (facts: DecideFacts) => string | undefined;
};

const all = ["switchover", "failover", "failback", "approve", "deny"] as const;
const graceful = ["switchover", "failback"] as const;
const answers = ["approve", "deny"] as const;

const nameOf = (f: DecideFacts): string => f.input.group.name;
const toOf = (f: DecideFacts): string => f.order?.to ?? "";
const status = (): string => commands.status();
const accepts = (f: DecideFacts): boolean => f.input.request?.kind === "failover" && f.input.request.acceptLoss;
const needsForce = (f: DecideFacts): boolean => f.unknown !== undefined || f.trouble?.remedy === "failover";
const primaryHeard = (f: DecideFacts): boolean =>
  f.input.candidates.some((one) => one.region === f.from && one.agentReachable);
/** A yes covers the loss that was named, a little more, and what the manifest allows anyhow. */
const covered = (f: DecideFacts): boolean => {
  const asked = f.state.question?.lossBoundMs;
  if (asked === undefined || f.target === undefined) return false;
  if (asked === "unknown") return true;
  return !exceeds(f.target.lossBoundMs, Math.max(f.input.group.maxDataLossMs, asked + decideRules.approvalSlackMs));
};

export const orders: readonly OrderRow[] = [
  {
    id: "order-not-established",
    kinds: all,
    when: "the group has no record yet",
    test: (f) => f.input.record === undefined,
    does: "refuse",
    enters: "same",
    sentence: "refused: {group} has no primary on record yet",
    next: status,
  },
  {
    id: "order-run",
    kinds: all,
    when: "a run is under way",
    test: (f) => f.run !== undefined,
    does: "refuse",
    enters: "same",
    sentence: "refused: a {run} is under way and came first; order again when it has ended",
    next: status,
  },
  {
    id: "order-store-away",
    kinds: ["switchover", "failover", "failback", "approve"],
    when: "the store cannot be reached (I7)",
    test: (f) => f.storeAway !== undefined,
    does: "refuse",
    enters: "same",
    sentence: "refused: {storeAway}; an epoch cannot be agreed on without the store",
    next: status,
  },
  {
    id: "answer-no-question",
    kinds: answers,
    when: "nothing is being asked",
    test: (f) => f.state.question === undefined,
    does: "refuse",
    enters: "same",
    sentence: "refused: nothing is being asked about {group}{closedLast}",
    next: status,
  },
  {
    id: "answer-old",
    kinds: answers,
    when: "the answer names another question than the open one",
    test: (f) => answeredOf(f) !== undefined && answeredOf(f) !== f.state.question?.id,
    does: "refuse",
    enters: "same",
    sentence:
      "refused: question {answeredId} is not open any more ({closedWhy}); the open one is {askedId}, a {question}, losing at most {askedLoss}",
    next: (f) => commands.approve(nameOf(f), f.state.question?.id),
  },
  {
    id: "answer-late",
    kinds: ["approve"],
    when: "the question has run out",
    test: (f) => f.expired !== undefined,
    does: "refuse",
    enters: "same",
    sentence:
      "refused: question {askedId} ran out after {questionLasts}, and its figures with it; order the switch yourself if it is still right",
    next: (f) => goNow(f) ?? commands.status(),
  },
  {
    id: "deny",
    kinds: ["deny"],
    when: "a person says no",
    test: () => true,
    does: "note",
    enters: "degraded",
    sentence: "{by} said no to the {question}; it is not asked again while the trouble is the same",
    next: status,
  },
  {
    id: "approve-over",
    kinds: ["approve"],
    when: "the trouble that was asked about is over, or cannot be judged any more",
    test: (f) => f.trouble === undefined || f.unknown !== undefined,
    does: "refuse",
    enters: "same",
    sentence: "refused: what was asked about is no longer so; {from} is not known to be in trouble at this moment",
    next: status,
  },
  {
    id: "approve-other",
    kinds: ["approve"],
    when: "the answer is to another question than the one that would be asked now",
    test: (f) =>
      f.target === undefined || f.target.region !== f.state.question?.to || f.trouble?.remedy !== f.state.question.kind,
    does: "refuse",
    enters: "same",
    sentence: "refused: a {question} was asked about, but by now that is not what would be done",
    next: status,
  },
  {
    id: "approve-grown",
    kinds: ["approve"],
    when: "the loss has grown beyond what was named when asking (I3)",
    test: (f) => !covered(f),
    does: "ask again",
    enters: "asking",
    sentence:
      "the loss to expect has grown from {askedLoss} to {loss} since you were asked: approve again if that is still right",
  },
  {
    id: "approve",
    kinds: ["approve"],
    when: "a person says yes",
    test: () => true,
    does: "switch",
    enters: "switching",
    sentence: "{by} approved the {question}, losing at most {loss}: {seen}",
  },
  {
    id: "order-home-already",
    kinds: ["failback"],
    when: "the group is at home",
    test: (f) => f.order?.to === f.from,
    does: "refuse",
    enters: "same",
    sentence: "refused: {group} is at home already, {from} is its first region in the manifest",
  },
  {
    id: "order-target",
    kinds: ["switchover", "failover", "failback"],
    when: "the target cannot take over (not promotable, a witness, in trouble, never streamed, ...; to a graceful switch also: not streaming, behind)",
    test: (f) => f.order?.judged.refusedWhy !== undefined,
    does: "refuse",
    enters: "same",
    sentence: "refused: {why}",
    next: status,
  },
  {
    id: "order-needs-force",
    kinds: graceful,
    when: "a graceful switch needs the old primary, and that is in trouble, unknown, or does not report",
    test: (f) => needsForce(f) || !primaryHeard(f),
    does: "refuse",
    enters: "same",
    sentence:
      "refused: a {asked} needs {from} to stop its writes in good order, and {from} does not answer for that; a failover does not need it",
    next: (f) => commands.failover(nameOf(f), toOf(f)),
  },
  {
    id: "order-gentler",
    kinds: ["failover"],
    when: "the primary is well, and the loss was not accepted",
    test: (f) => f.trouble === undefined && f.unknown === undefined && primaryHeard(f) && !accepts(f),
    does: "refuse",
    enters: "same",
    sentence: "refused: {from} is well, and a failover may lose {loss} where a switchover loses nothing",
    next: (f) => commands.switchover(nameOf(f), toOf(f)),
  },
  {
    id: "order-loss",
    kinds: ["failover"],
    when: "the loss bound is above maxDataLoss, or unknown, and was not accepted (I3)",
    test: (f) =>
      f.order !== undefined && exceeds(f.order.judged.lossBoundMs, f.input.group.maxDataLossMs) && !accepts(f),
    does: "refuse",
    enters: "same",
    sentence: "refused: a failover to {to} may lose {loss}, and {maxLoss} is allowed; say that you accept it",
    next: (f) => commands.failover(nameOf(f), toOf(f), true),
  },
  {
    id: "order-failover",
    kinds: ["failover"],
    when: "the order stands",
    test: () => true,
    does: "switch",
    enters: "switching",
    sentence: "{by} ordered a failover from {from} to {to}, losing at most {loss}",
  },
  {
    id: "order-graceful",
    kinds: graceful,
    when: "the order stands",
    test: () => true,
    does: "switch",
    enters: "switching",
    sentence: "{by} ordered a {asked} from {from} to {to}; nothing is lost",
  },
];
