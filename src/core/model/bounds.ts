// What the times of the control plane imply, before anything runs: how long a lease must be, and how much an automatic failover has to
// be allowed to lose.

import type { Control } from "./system.ts";

/** A holder may write until `sentAt + ttl * (1 - drift) / (1 + drift)`: so long at least, on any clock. */
export function usableLeaseMs(lease: Control["lease"]): number {
  return (lease.ttlMs * (1 - lease.drift)) / (1 + lease.drift);
}

/** A lease no longer than this ends between two renewals although nothing is wrong. */
export function shortestLeaseMs(lease: Control["lease"]): number {
  return Math.ceil(((lease.renewEveryMs + lease.callTimeoutMs) * (1 + lease.drift)) / (1 - lease.drift));
}

/** Renewals that can fail in a row before a healthy primary fences itself; with n, one lost call in a hundred does so once in 100^n. */
export function renewalsInLease(lease: Control["lease"]): number {
  return Math.floor((usableLeaseMs(lease) - lease.callTimeoutMs) / lease.renewEveryMs);
}

/**
 * With asynchronous replication, the smallest `maxDataLoss` under which an automatic failover can be taken (I3): after a silent death
 * the old primary has to be counted as writing until its lease is over, and the standby was last seen caught up one report earlier,
 * which is one probe period and one call old. Rounded up to a tenth of a second.
 */
export function smallestLossBoundMs(control: Control): number {
  const { lease, probeEveryMs } = control;
  return Math.ceil((lease.ttlMs + probeEveryMs + lease.callTimeoutMs) / 100) * 100;
}
