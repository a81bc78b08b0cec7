// One target under one bank, as a value: its statistics, the stretch of trouble they tell of, and the alarm that stands. An alarm is
// raised by a pooled statistic at its threshold together with a quorum of vantages, each at its own; it ends when the same evidence
// has been taken back to nothing.

import type { RegionName } from "../model/system.ts";
import {
  type Bank,
  type BankLevel,
  firstAlarm,
  forgetRow,
  forgetRows,
  localAt,
  newCells,
  pooledAt,
  step,
} from "./bank.ts";
import type { Detector } from "./budget.ts";
import { unitNats } from "./scores.ts";

export type Track = {
  /** Never changed in place once it is part of a track. */
  readonly cells: Int32Array<ArrayBuffer>;
  /** Since all rows last stood at nothing, pooled. */
  readonly run: { readonly fromMs: number; readonly samples: number; readonly failed: number };
  readonly alarm?: Alarm;
};

export type Alarm = {
  readonly row: number;
  readonly sinceMs: number;
  /** Those of the newest moment at which a quorum stood behind it. */
  readonly vantages: readonly RegionName[];
};

/** What is told of an alarm. */
export type Weak = {
  readonly detector: Detector["name"];
  readonly p1: number;
  /** Of the samples in this stretch, so many failed: 0..1. */
  readonly share: number;
  /** In nats. */
  readonly statistic: number;
  readonly threshold: number;
  readonly vantages: readonly RegionName[];
  readonly sinceMs: number;
  readonly samples: number;
};

/** The share of failures is that of about so many of the newest samples. */
const runMax = 256;

export function newTrack(bank: Bank, nowMs: number): Track {
  return { cells: newCells(bank), run: { fromMs: nowMs, samples: 0, failed: 0 } };
}

/** `cells` are a copy that this may change. `alive`: it failed, but is not dead, and that is what the first row is for. */
export function stepTrack(
  before: Omit<Track, "cells">,
  cells: Int32Array<ArrayBuffer>,
  bank: Bank,
  level: BankLevel,
  sample: { readonly vantage: number; readonly failed: boolean; readonly alive?: boolean; readonly nowMs: number },
): Track {
  step(cells, bank, level, sample.vantage, sample.failed);
  if (sample.alive === true) forgetRow(cells, bank, sample.vantage, 0);
  return withRun(before, cells, bank, { ok: sample.failed ? 0 : 1, failed: sample.failed ? 1 : 0 }, sample.nowMs);
}

export function withRun(
  before: Omit<Track, "cells">,
  cells: Int32Array<ArrayBuffer>,
  bank: Bank,
  batch: { readonly ok: number; readonly failed: number },
  nowMs: number,
): Track {
  const { alarm } = before;
  const quiet = alarm === undefined && atRest(cells, bank);
  if (quiet) return { cells, run: { fromMs: nowMs, samples: 0, failed: 0 } };
  // What began with this very sample begins now, not with the last quiet one.
  const fromMs = before.run.samples === 0 ? nowMs : before.run.fromMs;
  const samples = before.run.samples + batch.ok + batch.failed;
  const failed = before.run.failed + batch.failed;
  const fade = samples > runMax ? runMax / samples : 1;
  return {
    cells,
    run: { fromMs, samples: samples * fade, failed: failed * fade },
    ...(alarm === undefined ? {} : { alarm }),
  };
}

/** Raises and ends the alarm. Rows before `from` have their own way of telling. */
export function settleTrack(
  track: Track,
  bank: Bank,
  level: BankLevel,
  who: {
    readonly from: number;
    readonly names: readonly RegionName[];
    readonly mayVote: (vantage: number) => boolean;
    readonly quorum: number;
  },
): Track {
  const { cells, run, alarm } = track;
  // Over for the row that raised it is over: the slower rows would tell of the same trouble for some time yet.
  if (alarm !== undefined && pooledAt(cells, bank, alarm.row) === 0)
    return forgetTrack(track, bank, who.from, run.fromMs);
  for (let row = firstAlarm(cells, bank, level, who.from); row >= 0; row = firstAlarm(cells, bank, level, row + 1)) {
    // A row for a larger share of failures takes over from one for a smaller share.
    if (alarm !== undefined && row > alarm.row) break;
    const needed = level.local[row] ?? 0;
    const vantages = who.names.filter((_, one) => who.mayVote(one) && localAt(cells, bank, row, one) >= needed);
    if (vantages.length < who.quorum) continue;
    if (alarm?.row === row && alarm.vantages.join() === vantages.join()) return track;
    return { cells, run, alarm: { row, sinceMs: alarm?.sinceMs ?? run.fromMs, vantages } };
  }
  return track;
}

export function weakOf(track: Track, bank: Bank, level: BankLevel, rows: readonly Detector[]): Weak | undefined {
  const { alarm, run, cells } = track;
  const detector = rows[alarm?.row ?? -1];
  if (alarm === undefined || detector === undefined) return undefined;
  const unit = unitNats(detector.p1);
  return {
    detector: detector.name,
    p1: detector.p1,
    share: run.samples === 0 ? detector.p1 : run.failed / run.samples,
    statistic: pooledAt(cells, bank, alarm.row) * unit,
    threshold: (level.pooled[alarm.row] ?? 0) * unit,
    vantages: alarm.vantages,
    sinceMs: alarm.sinceMs,
    samples: Math.round(run.samples),
  };
}

/** Nothing is known any more but what the rows before `from` hold. */
export function forgetTrack(track: Track, bank: Bank, from: number, nowMs: number): Track {
  const cells = track.cells.slice();
  forgetRows(cells, bank, from);
  return { cells, run: { fromMs: nowMs, samples: 0, failed: 0 } };
}

/** Has this vantage's own evidence gone back to nothing? Then what it saw belongs to its usual loss. */
export function isSettled(cells: Int32Array, bank: Bank, vantage: number): boolean {
  for (let row = 0; row < bank.rows; row += 1) if (localAt(cells, bank, row, vantage) !== 0) return false;
  return true;
}

/** Is this vantage's own statistic of a row from `from` at its own threshold? */
export function isSuspect(cells: Int32Array, bank: Bank, level: BankLevel, vantage: number, from: number): boolean {
  for (let row = from; row < bank.rows; row += 1)
    if (localAt(cells, bank, row, vantage) >= (level.local[row] ?? 0)) return true;
  return false;
}

function atRest(cells: Int32Array, bank: Bank): boolean {
  for (let row = 0; row < bank.rows; row += 1) if (pooledAt(cells, bank, row) !== 0) return false;
  return true;
}
