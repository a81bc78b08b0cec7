// The two things of a group that live in the store, changed only by compare-and-swap.

import type { GroupName, RegionName } from "../model/system.ts";

/** Who is primary. `epoch` grows by one with every change; who is promotable changes only together with it. */
export type GroupRecord = {
  readonly group: GroupName;
  readonly epoch: number;
  readonly primary: RegionName;
  readonly promotable: readonly RegionName[];
};

/**
 * The newest counted renewal of the record's primary. `seq` is the holder's own number and only grows within an epoch;
 * 0 = not renewed yet under this epoch. `writable` is true from the first counted renewal on: others are not stored.
 */
export type Lease = {
  readonly group: GroupName;
  readonly epoch: number;
  readonly holder: RegionName;
  readonly seq: number;
  readonly ttlMs: number;
  readonly writable: boolean;
};

/**
 * An instant before every other, on any clock: "not yet" for a moment, "over" for a deadline. A safe integer rather than
 * minus infinity, because JSON turns that into null.
 */
export const NEVER_MS = Number.MIN_SAFE_INTEGER;

/** The lease that a new record starts with: its primary has not renewed yet. */
export function unrenewedLease(record: GroupRecord, ttlMs: number): Lease {
  return { group: record.group, epoch: record.epoch, holder: record.primary, seq: 0, ttlMs, writable: false };
}
