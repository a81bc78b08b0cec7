// How much drills prove, and how often they pay. Zero failures in n drills show, at 95 %, that c >= 0.05^(1/n) of switches work (the
// exact binomial bound; the "rule of three" is its first order). The interval is that of the cheapest sum of drills and of outages in
// which a silently broken switch is found out.

import type { Advice } from "../model/assess-report.ts";
import type { Group, System } from "../model/system.ts";

/** At 95 % certainty; 0 drills prove nothing. */
export function coverageProven(clean: number): number {
  return clean <= 0 ? 0 : 0.05 ** (1 / clean);
}

/** Clean drills in a row that prove this coverage: 29 for 0.90, 59 for 0.95, 299 for 0.99. */
export function drillsFor(coverage: number): number {
  // 0.95 ^ 58.4 comes out a hair off a whole number for none of the usual coverages; the small term keeps it so for the others.
  return Math.ceil(Math.log(0.05) / Math.log(coverage) - 1e-9);
}

export type DrillCosts = {
  readonly drill: number;
  /** delta: how often a year a working switch breaks without anybody seeing it. */
  readonly breakagesPerYear: number;
  readonly outagesPerYear: number;
  /** What an outage costs more when the switch does not work. */
  readonly lossWhenBroken: number;
};

/** tau* = sqrt(2 C_drill / (delta lambda Loss)), in days. */
export function drillIntervalDays(costs: DrillCosts): number {
  return 365 * Math.sqrt((2 * costs.drill) / (costs.breakagesPerYear * costs.outagesPerYear * costs.lossWhenBroken));
}

/** Every second year something changes that breaks a switch unseen: ours, until measured. */
export const breakagesPerYearDefault = 0.5;

export type DrillAdviceInput = {
  readonly system: System;
  readonly outagesPerYear: number;
  readonly repairSeconds: number;
  /** The expected recovery time of the whole system when the switch works. */
  readonly rtoSeconds: number;
};

export function drillAdvice(input: DrillAdviceInput): Advice["drills"] {
  const everyDays = intervalOf(input);
  return input.system.groups
    .filter((group) => group.primary.length > 1)
    .map((group) => ({
      group: group.name,
      sentence: `${proof(group)} ${frequency(group, everyDays)}`,
      ...(everyDays === undefined ? {} : { everyDays }),
    }));
}

function intervalOf({ system, outagesPerYear, repairSeconds, rtoSeconds }: DrillAdviceInput): number | undefined {
  const { drill, outagePerHour } = system.costs ?? {};
  if (drill === undefined || outagePerHour === undefined) return undefined;
  const saved = (Math.max(0, repairSeconds - rtoSeconds) / 3_600) * outagePerHour;
  if (drill <= 0 || saved <= 0 || outagesPerYear <= 0) return undefined;
  return drillIntervalDays({ drill, outagesPerYear, breakagesPerYear: breakagesPerYearDefault, lossWhenBroken: saved });
}

function proof({ name, drills }: Group): string {
  const clean = drills?.clean ?? 0;
  if (clean === 0) {
    return `No clean drill of ${name} is noted, so nothing shows that its switch works; ${drillsFor(0.9)} in a row would prove 90 %.`;
  }
  const proven = coverageProven(clean);
  const next = [0.9, 0.95, 0.99, 0.999].find((coverage) => coverage > proven);
  const more =
    next === undefined ? "" : `; ${drillsFor(next) - clean} more without a fault would prove ${percent(next)}`;
  return `${clean} clean ${clean === 1 ? "drill" : "drills"} of ${name} ${clean === 1 ? "proves" : "prove"}, at 95 % certainty, that ${percent(proven)} of its switches work${more}.`;
}

function frequency({ drills }: Group, everyDays: number | undefined): string {
  const own = drills?.everyMs === undefined ? undefined : drills.everyMs / 86_400_000;
  if (everyDays === undefined) {
    return own === undefined
      ? "State costs.drill and costs.outagePerHour to learn how often a drill pays."
      : `It is drilled every ${days(own)}; state costs.drill and costs.outagePerHour to learn whether that pays.`;
  }
  const advice = `A drill every ${days(everyDays)} is the cheapest`;
  if (own === undefined) return `${advice}.`;
  if (own > everyDays * 1.5) return `${advice}; every ${days(own)}, as now, is too seldom.`;
  if (own < everyDays / 1.5) return `${advice}; every ${days(own)}, as now, is more often than pays.`;
  return `${advice}; every ${days(own)}, as now, is about right.`;
}

const percent = (share: number): string => `${Math.floor(share * 1_000 + 1e-9) / 10} %`;
const days = (count: number): string =>
  `${count < 10 ? Math.round(count * 10) / 10 : Math.round(count).toLocaleString("en")} days`;
