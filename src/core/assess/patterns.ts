// The six patterns side by side for this very system: what each would take to recover, lose, be down a year and cost, by the same
// arithmetic that reckons the declared one; the cheapest that meets the objectives; the penalty rates at which that would change.

import type { Advice, Bound, Loss, PatternVerdict } from "../model/assess-report.ts";
import type { Pattern } from "../model/system.ts";
import { designOf, downtimeOf } from "./availability.ts";
import { patternCost } from "./cost.ts";
import { cheapestOver, type Line, linesOf } from "./crossovers.ts";
import { short } from "./detection.ts";
import type { Ground } from "./ground.ts";
import { homesOf, recoveryOf, targetsAfter } from "./recovery.ts";

/** From the least to the most that stands ready. */
export const patternNames: readonly Pattern[] = [
  "backup-restore",
  "passive-cold",
  "pilot-light",
  "warm-standby",
  "active-passive",
  "active-active",
];

/** Both sides serve all the time, so every day is a drill of all but the way of the users. Ours, unless a coverage is stated. */
const alwaysOnCoverage = 0.99;
const monthsPerYear = 12;

export type Compared = { readonly patterns: readonly PatternVerdict[]; readonly advice: Omit<Advice, "drills"> };

export function comparePatterns(ground: Ground): Compared {
  // A pattern is a group's; where nothing moves there is nothing to compare.
  if (ground.groups.size === 0) return { patterns: [], advice: { crossovers: [] } };
  const measured = patternNames.map((pattern) => measure(ground, pattern));
  const patterns = measured.map(({ verdict }) => verdict);
  const cheapest = cheapestOf(patterns.filter((verdict) => verdict.meets));
  return {
    patterns,
    advice: {
      ...(cheapest === undefined ? {} : { pattern: cheapest.pattern }),
      crossovers: crossoversOf(
        ground,
        measured.flatMap(({ lines }) => lines),
      ),
    },
  };
}

function cheapestOf(verdicts: readonly PatternVerdict[]): PatternVerdict | undefined {
  let best: PatternVerdict | undefined;
  for (const verdict of verdicts) if (best === undefined || price(verdict) < price(best)) best = verdict;
  return best;
}

const price = (verdict: PatternVerdict): number => verdict.monthly ?? verdict.costFactor;

function measure(
  ground: Ground,
  pattern: Pattern,
): { readonly verdict: PatternVerdict; readonly lines: readonly Line[] } {
  const { system, assumed } = ground;
  // A loss of several homes is another question; here each pattern has to bear the loss of any one.
  const losses = [...homesOf(ground)].map((home) =>
    recoveryOf({ ground, lost: [home], targets: targetsAfter(system, [home]), assume: pattern }),
  );
  const rtoSeconds = worstOf(losses.map((loss) => loss.rtoSeconds));
  const rpoSeconds = worstOf(losses.map((loss) => loss.rpoSeconds));
  const stated = system.assumptions?.coverage;
  const coverage =
    pattern === "active-active" && everyDayIsADrill(ground)
      ? (stated ?? Math.max(assumed.coverage, alwaysOnCoverage))
      : assumed.coverage;
  const downtime = downtimeOf(designOf(assumed, rtoSeconds.expected, coverage));
  const { factor, monthly } = patternCost(ground, pattern);
  const { rtoMs, rpoMs } = system.objectives;
  const late = rtoSeconds.worst > rtoMs / 1_000;
  const lossy = rpoSeconds.worst > rpoMs / 1_000;
  const budget = system.costs?.budgetPerMonth;
  const dear = budget !== undefined && monthly !== undefined && monthly > budget;
  return {
    verdict: {
      pattern,
      meets: !late && !lossy && !dear,
      rtoSeconds,
      rpoSeconds,
      downtimeMinutesPerYear: downtime.minutesPerYear,
      downtimeTerms: downtime.terms,
      costFactor: factor,
      ...(monthly === undefined ? {} : { monthly }),
      declared: system.groups.some((group) => group.pattern === pattern),
      why: whyOf(losses, dear ? { monthly: monthly ?? 0, budget: budget ?? 0 } : undefined),
    },
    lines:
      monthly === undefined || !Number.isFinite(rtoSeconds.expected)
        ? []
        : linesOf(pattern, monthly * monthsPerYear, {
            outagesPerYear: assumed.outagesPerYear * (1 - assumed.commonCause),
            repairHours: assumed.repairSeconds / 3_600,
            destroysData: assumed.destroysData,
            rtoHours: rtoSeconds.expected / 3_600,
            rpoHours: rpoSeconds.expected / 3_600,
            coverage,
            otherHours: hoursOf(downtime.terms, ["independent overlap", "common cause"]),
            falselyHours: hoursOf(downtime.terms, ["false failovers"]),
          }),
  };
}

/** Data with one writing region has to be switched all the same, and that is tried no oftener than in any other pattern. */
function everyDayIsADrill({ items }: Ground): boolean {
  return items.every(
    ({ group, holdsData, method }) => group === undefined || !holdsData || method?.kind === "multi-write",
  );
}

function hoursOf(terms: PatternVerdict["downtimeTerms"], names: readonly string[]): number {
  return terms.reduce((sum, term) => sum + (names.includes(term.what) ? term.minutesPerYear / 60 : 0), 0);
}

function worstOf(bounds: readonly Bound[]): Bound {
  return {
    expected: Math.max(0, ...bounds.map((bound) => bound.expected)),
    worst: Math.max(0, ...bounds.map((bound) => bound.worst)),
  };
}

function whyOf(
  losses: readonly Loss[],
  dear: { readonly monthly: number; readonly budget: number } | undefined,
): string {
  for (const objective of ["rto", "rpo"]) {
    for (const { breaks, region } of losses) {
      const first = breaks.find((one) => one.objective === objective);
      if (first !== undefined) return `when ${region} is lost, ${first.why}`;
    }
  }
  if (dear !== undefined) {
    return `it costs ${Math.round(dear.monthly).toLocaleString("en")} a month, where ${Math.round(dear.budget).toLocaleString("en")} is the budget`;
  }
  const rto = worstOf(losses.map((loss) => loss.rtoSeconds)).worst;
  const rpo = worstOf(losses.map((loss) => loss.rpoSeconds)).worst;
  return `back within ${short(rto)}, ${rpo === 0 ? "nothing lost" : `at most ${short(rpo)} lost`}, whichever primary region is lost`;
}

function crossoversOf({ system }: Ground, lines: readonly Line[]): Advice["crossovers"] {
  const { outagePerHour = 0, lossPerHour = 0 } = system.costs ?? {};
  const rates = { outagePerHour, lossPerHour };
  return (["outagePerHour", "lossPerHour"] as const).flatMap((penalty) =>
    cheapestOver(penalty, lines, rates)
      // From 0 on the cheapest is no change of an answer.
      .slice(1)
      .map(({ perHour, to }) => ({ penalty, perHour, to })),
  );
}
