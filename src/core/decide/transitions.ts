// The transition table of a group. Rows are read from the top; the first whose `from` and `test` hold decides. The last row of each
// half holds always, so every state has an answer. docs/transitions.md is drawn from these rows.
//
// I2.  Less than a quorum is unknown, and unknown never switches.
// I3.  Above maxDataLoss nothing happens without a person's yes.
// I7.  While the store is away nobody is promoted.
// I10. Nothing here leads home by itself.

import { commands } from "./commands.ts";
import type { StateName } from "./decision.ts";
import type { DecideFacts } from "./facts.ts";
import { decideRules } from "./rules.ts";
import { exceeds } from "./targets.ts";

export type Row = {
  readonly id: string;
  readonly from: readonly StateName[] | "any";
  /** The condition in words; `test` is the same as code. */
  readonly when: string;
  readonly test: (facts: DecideFacts) => boolean;
  readonly decision: "hold" | "hold and tell" | "ask" | "switch";
  readonly enters: StateName;
  readonly sentence: string;
  readonly next?: (facts: DecideFacts) => string | undefined;
};

const goNow = (f: DecideFacts): string | undefined => {
  if (f.target === undefined) return undefined;
  const { name, maxDataLossMs } = f.input.group;
  if (f.trouble?.remedy === "switchover") return commands.switchover(name, f.target.region);
  return commands.failover(name, f.target.region, exceeds(f.target.lossBoundMs, maxDataLossMs));
};
const approve = (f: DecideFacts): string => commands.approve(f.input.group.name);
const inTrouble = (f: DecideFacts): boolean => f.trouble !== undefined;

export const transitions: readonly Row[] = [
  {
    id: "not-established",
    from: "any",
    when: "the store has no record of this group, and no run is under way",
    test: (f) => f.input.record === undefined && f.run === undefined,
    decision: "hold",
    enters: "new",
    sentence: "{group} has no primary on record yet: it has to be established first",
  },
  {
    id: "run-under-way",
    from: "any",
    when: "a run of this group is under way (one that only rebuilds a standby does not count)",
    test: (f) => f.run !== undefined,
    decision: "hold",
    enters: "switching",
    sentence: "a {run} is under way, and nothing else begins until it has ended",
  },
  {
    id: "store-away",
    from: "any",
    when: "the store cannot be reached (I7)",
    test: (f) => f.storeAway !== undefined,
    decision: "hold and tell",
    enters: "degraded",
    sentence: "holding: {storeAway}",
    next: () => commands.status(),
  },
  {
    id: "promoted-by-hand",
    from: "any",
    when: "a copy outside the primary's region was promoted without Leeward",
    test: (f) => f.byHand !== undefined,
    decision: "ask",
    enters: "asking",
    sentence: "{byHand}: decide which of the two goes on, and stop the other",
    next: (f) => (f.byHand === undefined ? undefined : commands.failover(f.input.group.name, f.byHand.region, true)),
  },
  {
    id: "unknown",
    from: "any",
    when: "the primary cannot be judged by a quorum (I2)",
    test: (f) => f.unknown !== undefined,
    decision: "hold",
    enters: "suspect",
    sentence: "holding, for silence is not death: {unknown}",
  },
  {
    id: "paused",
    from: "any",
    when: "trouble with the primary, automation is paused",
    test: (f) => inTrouble(f) && f.input.paused,
    decision: "hold and tell",
    enters: "degraded",
    sentence: "{seen}; automation is paused, so nothing is done until a person orders it",
    next: (f) => goNow(f) ?? commands.unpause(f.input.group.name),
  },
  {
    id: "manual",
    from: "any",
    when: "trouble with the primary, policy is manual",
    test: (f) => inTrouble(f) && f.input.group.failover === "manual",
    decision: "hold and tell",
    enters: "degraded",
    sentence: "{seen}; the policy of {group} is manual, so a person has to order the {remedy}",
    next: goNow,
  },
  {
    id: "denied",
    from: "any",
    when: "trouble for which a person has said no, or aborted the run",
    test: (f) => f.trouble !== undefined && f.state.denied?.trouble === f.trouble.key,
    decision: "hold",
    enters: "degraded",
    sentence: "{seen}; {deniedBy} decided against a {remedy}, so it waits for an order",
    next: goNow,
  },
  {
    id: "lease-runs",
    from: "any",
    when: `the primary's lease lasts longer than ${decideRules.leaseLeadMs} ms yet; it may still serve`,
    test: (f) => f.trouble?.fence === "lease" && f.leaseLeftMs > decideRules.leaseLeadMs,
    decision: "hold",
    enters: "suspect",
    sentence: "{seen}; its lease runs {leaseLeft} longer and may be renewed, so nobody is promoted yet",
  },
  {
    id: "restart-window",
    from: "any",
    when: "it is down, its agent lives: a restart in place is waited for (2 s for a database, 10 s for another service)",
    test: (f) => inTrouble(f) && f.restartLeftMs > 0,
    decision: "hold",
    enters: "suspect",
    sentence: "{seen}; a restart in place has {restartLeft} left before the {remedy}",
  },
  {
    id: "no-target",
    from: "any",
    when: "trouble, and no other region can take over",
    test: (f) => inTrouble(f) && f.target === undefined,
    decision: "hold and tell",
    enters: "degraded",
    sentence: "{seen}; nobody can take over: {refusals}",
    next: () => commands.status(),
  },
  {
    id: "cooling-down",
    from: "any",
    when: "trouble within the cool-down after a switch",
    test: (f) => inTrouble(f) && f.coolLeftMs > 0,
    decision: "hold and tell",
    enters: "cooling-down",
    sentence: "{seen}; the last switch has only just ended, the next automatic one may come in {coolLeft}",
    next: goNow,
  },
  {
    id: "failed-too-often",
    from: "any",
    when: `trouble, and ${decideRules.failedRunsMax} switches in a row have failed`,
    test: (f) => inTrouble(f) && f.state.failedRuns >= decideRules.failedRunsMax,
    decision: "hold and tell",
    enters: "degraded",
    sentence: "{seen}; {failedRuns} switches in a row have failed, the last because: {lastWhy}; a person has to look",
    next: goNow,
  },
  {
    id: "retry-later",
    from: "any",
    when: "trouble, and the last switch failed a moment ago",
    test: (f) => inTrouble(f) && f.state.failedRuns > 0 && f.retryLeftMs > 0,
    decision: "hold",
    enters: "suspect",
    sentence: "{seen}; the last switch failed ({lastWhy}), the next try is in {retryLeft}",
  },
  {
    id: "ask-loss",
    from: "any",
    when: "the loss bound is above maxDataLoss, or unknown (I3)",
    test: (f) => inTrouble(f) && f.target !== undefined && exceeds(f.target.lossBoundMs, f.input.group.maxDataLossMs),
    decision: "ask",
    enters: "asking",
    sentence: "{seen}; a failover to {to} may lose {loss}, more than the {maxLoss} allowed without a person's yes",
    next: approve,
  },
  {
    id: "ask-policy",
    from: "any",
    when: "policy is approve",
    test: (f) => inTrouble(f) && f.input.group.failover === "approve",
    decision: "ask",
    enters: "asking",
    sentence: "{seen}; a {remedy} to {to} would lose at most {loss}; the policy of {group} wants a person's yes",
    next: approve,
  },
  {
    id: "ask-unproven",
    from: "any",
    when: "one service is down, and the target is not seen to run it either",
    test: (f) => f.trouble?.mustBeReady === true && !f.targetReady,
    decision: "ask",
    enters: "asking",
    sentence: "{seen}; {service} is not seen running in {to} either, so moving may not heal it: a person decides",
    next: approve,
  },
  {
    id: "switch",
    from: "any",
    when: "trouble that a switch heals, and nothing above stands against it",
    test: inTrouble,
    decision: "switch",
    enters: "switching",
    sentence: "{seen}; {to} takes over, {choice}, losing at most {loss}",
  },
  {
    id: "half-way",
    from: "any",
    when: "the run that made this region primary ended before its last step",
    test: (f) => f.halfWay !== undefined,
    decision: "hold and tell",
    enters: "degraded",
    sentence: "{from} is primary, but the {lastRun} ended half-way: {lastWhy}",
    next: () => commands.status(),
  },
  {
    id: "withdrawn",
    from: ["asking"],
    when: "the trouble that was asked about is over",
    test: () => true,
    decision: "hold",
    enters: "steady",
    sentence: "{from} is in order again, so the question about {group} is withdrawn",
  },
  {
    id: "recovering",
    from: "any",
    when: "the primary answers again, but not for long enough yet",
    test: (f) => f.recovering !== undefined,
    decision: "hold",
    enters: "suspect",
    sentence: "holding: {recovering}",
  },
  {
    id: "link-cut",
    from: "any",
    when: "the link between two regions of the group is cut while both are seen by others",
    test: (f) => f.linkCut !== undefined,
    decision: "hold",
    enters: "degraded",
    sentence: "holding: {linkCut}; moving would heal nothing",
  },
  {
    id: "warned",
    from: "any",
    when: "something is wrong that no switch heals",
    test: (f) => f.warning !== undefined,
    decision: "hold",
    enters: "degraded",
    sentence: "holding: {warning}",
  },
  {
    id: "after-switch",
    from: "any",
    when: "all is well, and the last switch ended within the cool-down",
    test: (f) => f.coolLeftMs > 0,
    decision: "hold",
    enters: "cooling-down",
    sentence: "{from} is primary of {group} and serves; automatic switches rest for {coolLeft} more",
  },
  {
    id: "recovered",
    from: ["suspect", "degraded"],
    when: "what was wrong is over",
    test: () => true,
    decision: "hold",
    enters: "steady",
    sentence: "{from} is in order again and stays primary of {group}",
  },
  {
    id: "steady",
    from: "any",
    when: "all is well",
    test: () => true,
    decision: "hold",
    enters: "steady",
    sentence: "{from} is primary of {group} and serves",
  },
];
