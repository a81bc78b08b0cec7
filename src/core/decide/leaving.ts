// When a primary is left: by itself, or with a person's yes. What would be forbidden in silence is asked about instead, with the reason.
// I3. Above maxDataLoss nothing happens without a person's yes.

import { approve, inTrouble, type Row } from "./row.ts";
import { exceeds } from "./targets.ts";

const answered = "until a person answers, the question runs out {expiry}, or {from} is well again";

export const leaving: readonly Row[] = [
  {
    id: "ask-flaps",
    part: "leaving",
    from: "any",
    when: "the flap budget is used up: so many switches by itself, or so many alarms, within its window",
    test: (f) => inTrouble(f) && f.spent !== undefined,
    decision: "ask",
    enters: "asking",
    sentence: "{seen}; {flaps}: a person decides on the {remedy} to {to}, losing at most {loss}",
    until: "until a person answers, the question runs out {expiry}, or the budget is free again {budgetFree}",
    next: approve,
  },
  {
    id: "ask-too-few",
    part: "leaving",
    from: "any",
    when: "fewer regions than policy.keepServing could serve after the switch",
    test: (f) => inTrouble(f) && f.servingAfter.length < f.policy.keepServing,
    decision: "ask",
    enters: "asking",
    sentence:
      "{seen}; a {remedy} to {to} would leave {serving} able to serve, and {keepServing} are wanted: a person decides",
    until: answered,
    next: approve,
  },
  {
    id: "ask-loss",
    part: "leaving",
    from: "any",
    when: "the loss bound is above maxDataLoss, or unknown (I3)",
    test: (f) => inTrouble(f) && f.target !== undefined && exceeds(f.target.lossBoundMs, f.input.group.maxDataLossMs),
    decision: "ask",
    enters: "asking",
    sentence: "{seen}; a failover to {to} may lose {loss}, more than the {maxLoss} allowed without a person's yes",
    until: answered,
    next: approve,
  },
  {
    id: "ask-policy",
    part: "leaving",
    from: "any",
    when: "policy is approve",
    test: (f) => inTrouble(f) && f.input.group.failover === "approve",
    decision: "ask",
    enters: "asking",
    sentence: "{seen}; a {remedy} to {to} would lose at most {loss}; the policy of {group} wants a person's yes",
    until: answered,
    next: approve,
  },
  {
    id: "ask-degraded",
    part: "leaving",
    from: "any",
    when: "a brown-out, and the policy is to ask",
    test: (f) => f.trouble?.degraded === true && f.policy.degraded === "ask",
    decision: "ask",
    enters: "asking",
    sentence:
      "{seen}; a {remedy} to {to} loses at most {loss}; for a brown-out the policy of {group} wants a person's yes",
    until: answered,
    next: approve,
  },
  {
    id: "ask-unproven",
    part: "leaving",
    from: "any",
    when: "one service is down or unwell, and the target is not seen to run it either",
    test: (f) => f.trouble?.mustBeReady === true && !f.targetReady,
    decision: "ask",
    enters: "asking",
    sentence: "{seen}; {service} is not seen running in {to} either, so moving may not heal it: a person decides",
    until: answered,
    next: approve,
  },
  {
    id: "switch",
    part: "leaving",
    from: "any",
    when: "trouble that a switch heals, and nothing above stands against it",
    test: inTrouble,
    decision: "switch",
    enters: "switching",
    sentence: "{seen}; {to} takes over, {choice}, losing at most {loss}",
    until: "",
  },
];
