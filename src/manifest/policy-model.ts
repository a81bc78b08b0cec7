// A group's policy, from the draft to the model, and what in it contradicts the rest of the group.

import type { Group, GroupPolicy, System } from "../core/model/system.ts";
import type { Known } from "./known.ts";
import { error, type Finding } from "./problem.ts";
import type { Draft } from "./schema.ts";

type DraftPolicy = NonNullable<Draft["groups"][string]["policy"]>;

export function groupPolicyOf(draft: DraftPolicy): GroupPolicy {
  const { forbidden, holdOff, degraded, degradedHoldOff, keepServing, flaps, dropSyncAfter } = draft;
  return {
    ...(forbidden === undefined ? {} : { forbidden }),
    ...(holdOff === undefined ? {} : { holdOffMs: holdOff }),
    degraded,
    degradedHoldOffMs: degradedHoldOff,
    keepServing,
    flaps: { switches: flaps.switches, alarms: flaps.alarms, withinMs: flaps.within },
    ...(dropSyncAfter === undefined ? {} : { dropSyncAfterMs: dropSyncAfter }),
  };
}

export function policyFindings(system: System, known: Known, say: (finding: Finding) => void): void {
  for (const group of system.groups) {
    for (const [index, region] of (group.policy?.forbidden ?? []).entries()) {
      const path = ["groups", group.name, "policy", "forbidden", index];
      if (!known("region", region, path) || group.primary.includes(region)) continue;
      const message = `\`${region}\` is not among the regions that may be primary of ${group.name}, so nothing is forbidden by this.`;
      say(error(path, "nothing-forbidden", message, `Take it out, or write one of ${group.primary.join(", ")}.`));
    }
    tooMany(group, say);
  }
}

function tooMany(group: Group, say: (finding: Finding) => void): void {
  const { keepServing = 1, forbidden = [] } = group.policy ?? {};
  const able = group.primary.filter((region) => !forbidden.includes(region)).length;
  if (able < 2 || keepServing <= able) return;
  say(
    error(
      ["groups", group.name, "policy", "keepServing"],
      "keeps-too-many",
      `${group.name} has ${able} regions that may be primary, so ${keepServing} can never be able to serve.`,
      `Write at most \`${able}\`; with \`${able}\` every switch away from a dead region is asked about.`,
    ),
  );
}
