// Time, as everything outside the drivers sees it.

import type { Signal } from "./signal.ts";

/**
 * One process's own clock. `nowMs` never goes back and counts the time in which the host was suspended: it advances by the
 * larger of the monotonic and the wall clock's advance, because a suspended host's monotonic clock may have stood still
 * (and a lease must then be over, not paused).
 */
export interface Clock {
  nowMs(): number;
  /** Wall clock, for people and records only; never compared across machines. Milliseconds since 1970. */
  wallMs(): number;
  /** Resolves after `ms`, or rejects with the signal's reason. */
  sleep(ms: number, signal?: Signal): Promise<void>;
}
