// What a status says of the last decision and of the policy behind it: the row, the sentence, what would change it and when, who was
// considered, how much of the flap budget is used, how long users may remember a route. Pure.

import type { DecideState, Decision, LossBound } from "../core/decide/decision.ts";
import { countFlaps } from "../core/decide/flaps.ts";
import { policyOf } from "../core/decide/policy.ts";
import { expiresAtMs } from "../core/decide/questions.ts";
import type { Group, Route } from "../core/model/system.ts";
import type { Traffic } from "../wire/calls.ts";
import type { GroupStatus } from "../wire/people.ts";

export function decisionStatus(decision: Decision | undefined, nowMs: number): GroupStatus["decision"] {
  if (decision === undefined) return { kind: "hold", reason: "nothing has been decided yet" };
  const { kind, reason, rule, until, waiting, next, considered } = decision;
  const question = kind === "ask" ? decision.question : undefined;
  return {
    kind,
    reason,
    rule,
    ...(until === undefined ? {} : { until }),
    ...(waiting === undefined ? {} : { waiting }),
    ...(next === undefined ? {} : { next }),
    ...lossOf("lossBoundMs" in decision ? decision.lossBoundMs : undefined),
    ...(question === undefined
      ? {}
      : {
          question: {
            id: question.id,
            askedMsAgo: Math.round(nowMs - question.askedAtMs),
            reminders: question.reminders,
            expiresInMs: Math.round(expiresAtMs(question) - nowMs),
          },
        }),
    ...(considered === undefined
      ? {}
      : {
          considered: considered.map(({ region, rank, why, refusedWhy, lossBoundMs }) => ({
            region,
            rank,
            why,
            ...(refusedWhy === undefined ? {} : { refusedWhy }),
            ...lossOf(lossBoundMs),
          })),
        }),
  };
}

export function flapStatus(group: Group, state: DecideState, nowMs: number): NonNullable<GroupStatus["flaps"]> {
  const policy = policyOf(group.policy);
  const { withinMs, switches, alarms } = policy.flaps;
  return { withinMs, ...countFlaps(state.flaps, policy, nowMs), switchesMax: switches, alarmsMax: alarms };
}

/** `why`: what made one shorten them, for as long as they are. */
export function routeStatus(
  routes: readonly Route[],
  traffic: Traffic | undefined,
  why: string | undefined,
): NonNullable<GroupStatus["routes"]> {
  return routes.map(({ name, ttlMs }) => {
    const now = traffic?.ttls?.[name] ?? ttlMs;
    return { route: name, ttlMs: now, usualTtlMs: ttlMs, ...(now < ttlMs && why !== undefined ? { why } : {}) };
  });
}

function lossOf(bound: LossBound | undefined): { readonly lossBoundMs?: number } {
  return typeof bound === "number" ? { lossBoundMs: Math.round(bound) } : {};
}
