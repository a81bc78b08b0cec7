// Which design is the cheapest when outages and losses are counted, and at which penalty rate that changes. A design's cost over a penalty
// rate is a line; the cheapest at each rate is the lower envelope of the lines, so the crossovers are exact and nothing is sampled.
// Waiting for the region to come back is an option of every design: it loses nothing, unless the data is destroyed.

/** Per year: what it costs in itself, hours without service, hours of acknowledged work lost. */
export type Line = {
  readonly name: string;
  readonly outlay: number;
  readonly outageHours: number;
  readonly lossHours: number;
};

export type OutageInput = {
  readonly outagesPerYear: number;
  readonly repairHours: number;
  /** Share of outages after which the region's data does not come back. */
  readonly destroysData: number;
  readonly rtoHours: number;
  readonly rpoHours: number;
  /** Share of switches that work; when one does not, the region is waited for. */
  readonly coverage: number;
  /** Hours a year that no choice changes: both sides down, common cause. */
  readonly otherHours: number;
  /** Hours a year spent in switches that were not needed. */
  readonly falselyHours: number;
};

/** expected cost = outlay + sum_f rate_f min(wait_f p_u, switch_f p_u + loss_f p_l), as the two lines that the minimum is of. */
export function linesOf(name: string, outlay: number, of: OutageInput): readonly Line[] {
  const { outagesPerYear: often, destroysData: gone, rtoHours, repairHours, coverage } = of;
  const switching = coverage * rtoHours + (1 - coverage) * Math.max(repairHours, rtoHours);
  return [
    {
      name,
      outlay,
      outageHours: often * ((1 - gone) * switching + gone * rtoHours) + of.otherHours + of.falselyHours,
      lossHours: often * of.rpoHours,
    },
    {
      name,
      outlay,
      outageHours: often * ((1 - gone) * repairHours + gone * rtoHours) + of.otherHours,
      lossHours: often * gone * of.rpoHours,
    },
  ];
}

export type Rates = { readonly outagePerHour: number; readonly lossPerHour: number };

export function costAt(line: Line, rates: Rates): number {
  return line.outlay + times(rates.outagePerHour, line.outageHours) + times(rates.lossPerHour, line.lossHours);
}

/** What costs nothing costs nothing for ever as well. */
const times = (rate: number, hours: number): number => (rate === 0 ? 0 : rate * hours);

export type Crossover = { readonly perHour: number; readonly to: string };

/**
 * From which rate on which design is the cheapest, while the other penalty stays as in `rates`; the first entry holds from 0. Of designs
 * that cost the same for ever the first is named.
 */
export function cheapestOver(
  penalty: "outagePerHour" | "lossPerHour",
  lines: readonly Line[],
  rates: Rates,
): readonly Crossover[] {
  const straight = lines
    .map((line) => ({
      name: line.name,
      slope: penalty === "outagePerHour" ? line.outageHours : line.lossHours,
      base: costAt(line, { ...rates, [penalty]: 0 }),
    }))
    .filter(({ slope, base }) => Number.isFinite(slope) && Number.isFinite(base));
  let current = straight[0];
  if (current === undefined) return [];
  for (const line of straight) {
    if (line.base < current.base || (line.base === current.base && line.slope < current.slope)) current = line;
  }
  const found: Crossover[] = [{ perHour: 0, to: current.name }];
  for (;;) {
    const from: { readonly slope: number; readonly base: number } = current;
    let next: (typeof straight)[number] | undefined;
    let at = Number.POSITIVE_INFINITY;
    for (const line of straight) {
      if (line.slope >= from.slope) continue;
      const rate = (line.base - from.base) / (from.slope - line.slope);
      if (rate < at || (rate === at && next !== undefined && line.slope < next.slope)) {
        at = rate;
        next = line;
      }
    }
    if (next === undefined) return found;
    if (next.name !== found.at(-1)?.to) found.push({ perHour: at, to: next.name });
    current = next;
  }
}
