// What it costs to go on waiting for an answer: how the loss to expect grows, and the outage. Both in one sentence, because whoever is
// asked decides between the two.

import type { Costs } from "../model/system.ts";
import { duration } from "../watch/sentence.ts";
import type { DecideFacts } from "./facts.ts";
import { decideRules } from "./rules.ts";

export function waitingWords(facts: DecideFacts): string {
  return `${lossPart(facts)}; ${outagePart(facts)}`;
}

/** Milliseconds of loss that a minute of waiting adds. */
export function lossGrowthPerMinuteMs({ input, trouble, leaseLeftMs }: DecideFacts): number {
  if (input.group.mode !== "async" || trouble?.remedy !== "failover") return 0;
  // While the old side renews its lease it may acknowledge, and nobody knows that the target has that; after its end it cannot.
  return leaseLeftMs > decideRules.leaseLeadMs ? 60_000 : 0;
}

function lossPart(facts: DecideFacts): string {
  const { input, trouble, from } = facts;
  if (input.group.mode === "none") return "waiting loses nothing, for nothing here holds data";
  if (trouble?.remedy === "switchover") return `waiting loses nothing, for ${from} still has everything`;
  if (input.group.mode === "sync") return "waiting loses nothing that was acknowledged";
  return lossGrowthPerMinuteMs(facts) > 0
    ? `${from} still renews its lease, so each minute of waiting may add a minute to the loss`
    : `waiting does not add to the loss, for the lease of ${from} has run out`;
}

function outagePart(facts: DecideFacts): string {
  const { trouble, input } = facts;
  const since = facts.outageMs;
  const soFar = `${trouble?.degraded === true ? "users are served badly" : "users have been without it"} for ${duration(since)}`;
  const perHour = input.costs?.outagePerHour;
  if (input.costs === undefined || perHour === undefined) return `${soFar}, and each minute adds one`;
  const most = trouble?.degraded === true ? "at most " : "";
  return `${soFar} (${most}${money(input.costs, (perHour * since) / 3_600_000)}), and each minute costs ${most}${money(input.costs, perHour / 60)} more`;
}

export function money({ currency }: Costs, amount: number): string {
  return `${currency} ${Math.round(amount).toLocaleString("en")}`;
}
