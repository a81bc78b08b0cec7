// What a check explored, as lines for a terminal. The time it took is the caller's to add: there is no clock in here.

import type { CheckReport } from "./check-protocol.ts";

export function reportLines(report: CheckReport): string[] {
  return report.worlds.flatMap(({ name, states, moves, depth, complete, reached }) => [
    `${name}:`,
    `  ${count(states)} states, ${count(moves)} moves between them, up to ${depth} moves deep, ` +
      (complete ? "nothing left to explore" : "not explored to the end"),
    `  somebody may write in ${count(reached.writing)} of them, by holds in ${count(reached.writingByHolds)}, ` +
      `in a later epoch in ${count(reached.writingInLaterEpochs)}`,
  ]);
}

export function count(value: number): string {
  return value.toLocaleString("en");
}
