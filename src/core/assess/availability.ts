// Minutes without service a year, from how often a region fails, how long that lasts, what both sides share, and how well and how fast the
// switch works. The chain of five states is solved exactly; the closed form says which term they come from (papers by name: Ford et al.,
// OSDI'10, for the model; coverage and common cause as in Dugan and Trivedi 1989).
//
// Active-active in N regions has the same mean as active-passive (N times as often, 1/N of the users); what shrinks is how many
// users one outage hits.

import type { System } from "../model/system.ts";
import { coverageProven } from "./drills.ts";

export type Design = {
  /** lambda: outages of one region a year. */
  readonly outagesPerYear: number;
  readonly repairHours: number;
  /** beta: share of outages that hit both. */
  readonly commonCause: number;
  /** c: share of switches that work when called. */
  readonly coverage: number;
  readonly switchHours: number;
  readonly falseFailoversPerYear: number;
};

export type Downtime = {
  readonly minutesPerYear: number;
  readonly terms: readonly { readonly what: string; readonly minutesPerYear: number }[];
};

const hoursPerYear = 8_760;
const minutesPerHour = 60;

/** U: both up. F: the active one lost, switching. R: one region serves. X: the switch has failed. D: both down. */
export type States = Readonly<Record<"U" | "F" | "R" | "X" | "D", number>>;

/** Share of time in each state: pi Q = 0, sum pi = 1. Per hour; false failovers are no part of the chain. */
export function stationary(design: Design): States {
  const lambda = design.outagesPerYear / hoursPerYear;
  const li = (1 - design.commonCause) * lambda;
  const lc = design.commonCause * lambda;
  const mu = 1 / design.repairHours;
  // An instant switch is one of a microsecond; an endless one never ends.
  const s = 1 / Math.max(design.switchHours, 1e-10);
  const c = design.coverage;
  // Rows and columns: U F R X D.
  const rates = [
    [0, li, li, 0, lc],
    [mu, 0, s * c, s * (1 - c), li + lc],
    [mu, 0, 0, 0, li + lc],
    [mu, 0, 0, 0, li + lc],
    [0, 0, 2 * mu, 0, 0],
  ];
  const [U = 0, F = 0, R = 0, X = 0, D = 0] = eliminate(rates);
  return { U, F, R, X, D };
}

/** Exactly, from the chain: (pi_F + pi_X + pi_D) of a year, and false failovers, which each cost one switch. */
export function exactMinutesPerYear(design: Design): number {
  const { F, X, D } = stationary(design);
  return (F + X + D) * hoursPerYear * minutesPerHour + falsely(design);
}

/** A false failover costs one switch, and never more than the repair that puts it right. */
function falsely({ falseFailoversPerYear, switchHours, repairHours }: Design): number {
  return falseFailoversPerYear * Math.min(switchHours, repairHours) * minutesPerHour;
}

/** The exact figure, shared out among the terms as the closed form has them. */
export function downtimeOf(design: Design): Downtime {
  // With figures far out the false failovers alone, which come on top, would fill more than a year.
  const minutesPerYear = Math.min(exactMinutesPerYear(design), hoursPerYear * minutesPerHour);
  const { terms, minutesPerYear: nearly } = closedForm(design);
  const scale = nearly === 0 ? 1 : minutesPerYear / nearly;
  return { minutesPerYear, terms: terms.map((term) => ({ ...term, minutesPerYear: term.minutesPerYear * scale })) };
}

/**
 * (1-b) l (k T + (1-c) k M + l M^2) + b l M/2 + false failovers * T, with k = M / (T + M): a repair may come before the switch does.
 * Within 2 % of the chain where l M < 0.001.
 */
export function closedForm(design: Design): Downtime {
  const { outagesPerYear: lambda, repairHours: M, commonCause: beta, coverage: c, switchHours: T } = design;
  const independent = (1 - beta) * lambda * minutesPerHour;
  // A switch that never ends: then the repair ends every outage.
  const endless = !Number.isFinite(T);
  const k = endless ? 0 : M / (T + M);
  const terms = [
    { what: "switch", minutesPerYear: independent * (endless ? M : k * T) },
    { what: "failed switch", minutesPerYear: independent * (1 - c) * k * M },
    { what: "independent overlap", minutesPerYear: independent * (lambda / hoursPerYear) * M * M },
    { what: "common cause", minutesPerYear: (beta * lambda * minutesPerHour * M) / 2 },
    { what: "false failovers", minutesPerYear: falsely(design) },
  ];
  return { terms, minutesPerYear: terms.reduce((sum, term) => sum + term.minutesPerYear, 0) };
}

export const oneRegionMinutesPerYear = (design: Pick<Design, "outagesPerYear" | "repairHours">): number =>
  design.outagesPerYear * design.repairHours * minutesPerHour;

/** Grassmann, Taksar and Heyman 1985: elimination without a single subtraction, so small probabilities keep their digits. */
function eliminate(rates: number[][]): readonly number[] {
  const size = rates.length;
  const at = (row: number, column: number): number => rates[row]?.[column] ?? 0;
  for (let last = size - 1; last > 0; last -= 1) {
    let out = 0;
    for (let column = 0; column < last; column += 1) out += at(last, column);
    for (let row = 0; row < last; row += 1) {
      const share = at(row, last) / out;
      const line = rates[row];
      if (line === undefined) continue;
      line[last] = share;
      for (let column = 0; column < last; column += 1) {
        if (column !== row) line[column] = at(row, column) + share * at(last, column);
      }
    }
  }
  const weights = [1];
  for (let state = 1; state < size; state += 1) {
    let weight = 0;
    for (let from = 0; from < state; from += 1) weight += (weights[from] ?? 0) * at(from, state);
    weights.push(weight);
  }
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/** What the assessment reckons with, the manifest's own or its defaults. */
export type Assumed = {
  readonly outagesPerYear: number;
  readonly repairSeconds: number;
  readonly commonCause: number;
  readonly coverage: number;
  readonly approvalSeconds: number;
  readonly falseFailoversPerYear: number;
  /** Of the outages, those after which the data of the region does not come back: waiting is then no way out. */
  readonly destroysData: number;
  /** What of all this was not stated, as sentences. */
  readonly notes: readonly string[];
};

/** One region outage a year of four hours, of which 5 % hit both sides: the worked example of the papers, and ours until yours is stated. */
const defaults = { outagesPerYear: 1, repairSeconds: 4 * 3_600, commonCause: 0.05 } as const;

/** Long enough to be paged, to get to a screen, to understand and to agree; shorter only for those who have measured it. */
const approvalDefaultSeconds = 15 * 60;

/** Where no drill has shown that a switch works, it works every other time. An assumption, and a kind one. */
const undrilledCoverage = 0.5;

const destroysDataDefault = 0.05;
const yearMs = 365 * 86_400_000;

export function assumed(system: System): Assumed {
  const stated = system.assumptions ?? {};
  const clean = Math.min(...system.groups.map((group) => group.drills?.clean ?? 0), Number.POSITIVE_INFINITY);
  const drilled = Number.isFinite(clean) ? clean : 0;
  const coverage = stated.coverage ?? Math.max(undrilledCoverage, coverageProven(drilled));
  const notes = [
    ...(stated.outagesPerYear === undefined ? ["one outage of a region a year"] : []),
    ...(stated.repairMs === undefined ? ["four hours until a region is back"] : []),
    ...(stated.commonCause === undefined ? ["5 % of outages hit both regions"] : []),
    ...(stated.approvalMs === undefined && system.groups.some((group) => group.failover !== "automatic")
      ? ["15 min until a person has been reached, has understood and has agreed"]
      : []),
    ...(stated.coverage === undefined
      ? [
          drilled === 0
            ? "no drill has shown that a switch works, so it is taken to work every other time"
            : `${drilled} clean ${drilled === 1 ? "drill proves" : "drills prove"} that a switch works in ${Math.floor(coverageProven(drilled) * 100)} % of cases, half is taken at least`,
        ]
      : []),
  ];
  return {
    outagesPerYear: stated.outagesPerYear ?? defaults.outagesPerYear,
    repairSeconds: stated.repairMs === undefined ? defaults.repairSeconds : stated.repairMs / 1_000,
    commonCause: stated.commonCause ?? defaults.commonCause,
    coverage,
    approvalSeconds: stated.approvalMs === undefined ? approvalDefaultSeconds : stated.approvalMs / 1_000,
    falseFailoversPerYear: system.objectives.falseFailoverMs > 0 ? yearMs / system.objectives.falseFailoverMs : 0,
    destroysData: destroysDataDefault,
    notes,
  };
}

/** The design that these assumptions make with a switch of so long. */
export function designOf(from: Assumed, switchSeconds: number, coverage = from.coverage): Design {
  return {
    outagesPerYear: from.outagesPerYear,
    repairHours: from.repairSeconds / 3_600,
    commonCause: from.commonCause,
    coverage,
    switchHours: switchSeconds / 3_600,
    falseFailoversPerYear: from.falseFailoversPerYear,
  };
}
