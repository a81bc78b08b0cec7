// What the rounds come to: one row for each event and system, and how Leeward compares with the best settings of the other.

import type { EventName, Round } from "./round.ts";

export type Row = {
  readonly event: EventName;
  readonly system: string;
  readonly profile: string;
  readonly rounds: number;
  readonly outageMs: { readonly min: number; readonly median: number; readonly max: number };
  readonly acknowledged: number;
  readonly lost: number;
  readonly late: number;
};

export type Ratio = {
  readonly event: EventName;
  readonly leeward: Row;
  readonly best: Row;
  readonly ratio: number;
};

export function rowsOf(rounds: readonly Round[]): readonly Row[] {
  const groups = Map.groupBy(rounds, ({ event, system, profile }) => `${event} ${system} ${profile}`);
  return [...groups.values()].map((group) => {
    const [{ event, system, profile }] = group as [Round, ...Round[]];
    const outages = group.map((one) => one.outageMs).sort((a, b) => a - b);
    const sum = (pick: (round: Round) => number): number => group.reduce((total, one) => total + pick(one), 0);
    return {
      event,
      system,
      profile,
      rounds: group.length,
      outageMs: { min: outages[0] ?? 0, median: medianOf(outages), max: outages.at(-1) ?? 0 },
      acknowledged: sum((one) => one.acknowledged),
      lost: sum((one) => one.lost),
      late: sum((one) => one.late),
    };
  });
}

/** Of sorted values; of an even number, the mean of the two in the middle. */
export function medianOf(sorted: readonly number[]): number {
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? 0;
  return Number.isInteger(middle) ? Math.round(((sorted[middle - 1] ?? upper) + upper) / 2) : upper;
}

/** Medians: Leeward's over the lowest of the other's profiles. Events that only one of them played have none. */
export function ratiosOf(rows: readonly Row[]): readonly Ratio[] {
  return rows
    .filter((row) => row.system === "Leeward")
    .flatMap((leeward): Ratio[] => {
      const [best] = rows
        .filter((row) => row.event === leeward.event && row.system !== "Leeward")
        .sort((a, b) => a.outageMs.median - b.outageMs.median);
      if (best === undefined || best.outageMs.median === 0) return [];
      const ratio = Number((leeward.outageMs.median / best.outageMs.median).toFixed(3));
      return [{ event: leeward.event, leeward, best, ratio }];
    });
}

export function renderTable(rows: readonly Row[]): string {
  const count = (value: number): string => value.toLocaleString("en-US").replaceAll(",", " ");
  const cells = [
    [
      "event",
      "system",
      "profile",
      "rounds",
      "outage ms: min",
      "median",
      "max",
      "lost",
      "of acknowledged",
      "two writers",
    ],
    ...rows.map((row) => [
      ...[row.event, row.system, row.profile, String(row.rounds)],
      ...[row.outageMs.min, row.outageMs.median, row.outageMs.max, row.lost, row.acknowledged, row.late].map(count),
    ]),
  ];
  const widths = (cells[0] as string[]).map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)));
  return cells
    .map((line) =>
      line
        .map((cell, i) => (i < 3 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

export function renderRatios(ratios: readonly Ratio[]): string {
  const count = (value: number): string => value.toLocaleString("en-US").replaceAll(",", " ");
  return ratios
    .map(
      ({ event, leeward, best, ratio }) =>
        `${event}: Leeward (${leeward.profile}) ${count(leeward.outageMs.median)} ms, ${best.system} ${best.profile} ${count(best.outageMs.median)} ms: ratio ${ratio}`,
    )
    .join("\n");
}
