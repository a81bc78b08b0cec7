// The bank of CUSUMs of one target, on plain arrays, so that a sample costs nanoseconds: one row per detector, and in each row one
// statistic pooled over the vantages and one per vantage. Belief, traffic and latency all run on this; so does bench/detect.
//
// A row's statistics stand next to each other: cells[row * (1 + vantages)] is the pooled one, then the vantages in their order.

import type { Scores } from "./passage.ts";
import { resetScore } from "./scores.ts";

export type Bank = {
  readonly rows: number;
  readonly vantages: number;
};

/** Scores and thresholds of each row at one level of loss. A row that rests has threshold `never` and scores of nothing. */
export type BankLevel = {
  readonly up: Int32Array;
  readonly down: Int32Array;
  /** Alarm at so much, pooled; a vantage votes at so much of its own. */
  readonly pooled: Int32Array;
  readonly local: Int32Array;
  /** Nothing counts higher than this: what went on for an hour is not to be told for an hour after it is over. */
  readonly caps: Int32Array;
};

export const never = 2 ** 29;

export function newCells({ rows, vantages }: Bank): Int32Array<ArrayBuffer> {
  return new Int32Array(rows * (1 + vantages));
}

/** One sample, in place. Allocates nothing. */
export function step(cells: Int32Array, bank: Bank, level: BankLevel, vantage: number, failed: boolean): void {
  const width = 1 + bank.vantages;
  const own = vantage + 1;
  const { up, down, caps } = level;
  for (let row = 0, at = 0; row < bank.rows; row += 1, at += width) {
    const cap = caps[row] as number;
    const pooled = cells[at] as number;
    const local = cells[at + own] as number;
    if (failed) {
      const score = up[row] as number;
      cells[at] = pooled + score < cap ? pooled + score : cap;
      cells[at + own] = local + score < cap ? local + score : cap;
    } else if ((pooled | local) !== 0) {
      const score = down[row] as number;
      cells[at] = pooled > score ? pooled - score : 0;
      cells[at + own] = local > score ? local - score : 0;
    }
  }
}

/**
 * Many outcomes of one period at once, in unknown order. `most` bounds what a single batch adds, so that one burst is no alarm.
 * The sum is never above what any order would have given.
 */
export function stepBatch(
  cells: Int32Array,
  bank: Bank,
  level: BankLevel,
  vantage: number,
  batch: { readonly ok: number; readonly failed: number; readonly most: number },
): void {
  const width = 1 + bank.vantages;
  for (let row = 0; row < bank.rows; row += 1) {
    const cap = level.caps[row] as number;
    const net = batch.failed * (level.up[row] as number) - batch.ok * (level.down[row] as number);
    const score = Math.min(net, Math.ceil(cap / batch.most));
    for (const at of [row * width, row * width + 1 + vantage]) {
      cells[at] = Math.max(0, Math.min(cap, (cells[at] as number) + score));
    }
  }
}

/** The first row whose pooled statistic is at its threshold, from `from`; -1: none. Allocates nothing. */
export function firstAlarm(cells: Int32Array, bank: Bank, level: BankLevel, from: number): number {
  const width = 1 + bank.vantages;
  for (let row = from; row < bank.rows; row += 1) {
    if ((cells[row * width] as number) >= (level.pooled[row] as number)) return row;
  }
  return -1;
}

export function pooledAt(cells: Int32Array, bank: Bank, row: number): number {
  return cells[row * (1 + bank.vantages)] ?? 0;
}

export function localAt(cells: Int32Array, bank: Bank, row: number, vantage: number): number {
  return cells[row * (1 + bank.vantages) + 1 + vantage] ?? 0;
}

/** Sets one vantage's statistic of a row, or of all rows, to nothing. In place. */
export function forgetVantage(cells: Int32Array, bank: Bank, vantage: number, row?: number): void {
  for (let one = row ?? 0; one < (row === undefined ? bank.rows : row + 1); one += 1)
    cells[one * (1 + bank.vantages) + 1 + vantage] = 0;
}

/** Sets a row's pooled statistic and one vantage's to nothing. In place. */
export function forgetRow(cells: Int32Array, bank: Bank, vantage: number, row: number): void {
  cells[row * (1 + bank.vantages)] = 0;
  forgetVantage(cells, bank, vantage, row);
}

export function forgetPooled(cells: Int32Array, bank: Bank): void {
  for (let row = 0; row < bank.rows; row += 1) cells[row * (1 + bank.vantages)] = 0;
}

/** Everything but the rows before `from`. In place. */
export function forgetRows(cells: Int32Array, bank: Bank, from: number): void {
  cells.fill(0, from * (1 + bank.vantages));
}

/** A level as arrays, from the rows' scores and thresholds; undefined scores: the row rests. */
export function bankLevel(
  rows: readonly {
    readonly scores: Scores | undefined;
    readonly pooled: number;
    readonly local: number;
    readonly cap?: number;
  }[],
): BankLevel {
  const of = (pick: (row: (typeof rows)[number]) => number): Int32Array => Int32Array.from(rows, pick);
  return {
    up: of((row) => row.scores?.up ?? 0),
    down: of((row) => row.scores?.down ?? resetScore),
    pooled: of((row) => (row.scores === undefined ? never : row.pooled)),
    local: of((row) => (row.scores === undefined ? never : row.local)),
    caps: of((row) => (row.scores === undefined ? 0 : (row.cap ?? row.pooled))),
  };
}
