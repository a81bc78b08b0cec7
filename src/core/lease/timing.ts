// How long a lease and a hold last, and which safeguards are in force. Every bound of the protocol follows from these numbers.

/** Durations in milliseconds on the clock of whoever waits; `drift` is the largest relative rate error of any clock. */
export type Timing = {
  /** A lease not seen to change for so long is over for whoever waits for it. */
  readonly ttlMs: number;
  /** A holder renews, and while the store is silent asks for holds, once in so long. */
  readonly renewEveryMs: number;
  /** A renewal without an answer after this time counts as a silent store. */
  readonly callTimeoutMs: number;
  /** A member that granted a hold refuses to be promoted for so long. */
  readonly holdMs: number;
  readonly drift: number;
};

/** The eight rules that together exclude two writers. All are in force in production; only the protocol check takes one out. */
export type Safeguards = {
  /** A granted hold is durable before it is answered, so that a restart does not forget it. */
  readonly durableHold: boolean;
  /** A right to write counts from the moment the question was sent, never from the moment the answer came. */
  readonly countFromSend: boolean;
  /** A holder's own deadline is shortened by what two clocks may differ. */
  readonly driftTerm: boolean;
  /** The chosen member stops granting holds before it is promoted. */
  readonly prepare: boolean;
  /** A message of another epoch than one's own changes nothing. */
  readonly epochCheck: boolean;
  /** A holder without any answer for a whole lease stops keeping its lease alive. */
  readonly writable: boolean;
  /** A restarted controller waits a full lease, because it does not know when the last renewal came. */
  readonly waitAfterRestart: boolean;
  /** Holds give a right only when every promotable member granted one. */
  readonly allPromotable: boolean;
};

export type LeaseConfig = {
  readonly timing: Timing;
  readonly safeguards: Safeguards;
  /** Most unanswered renewals, and most unanswered questions for holds, that a member remembers; the oldest is forgotten. */
  readonly pendingMax: number;
};

export const allSafeguards: Safeguards = {
  durableHold: true,
  countFromSend: true,
  driftTerm: true,
  prepare: true,
  epochCheck: true,
  writable: true,
  waitAfterRestart: true,
  allPromotable: true,
};

export const defaultTiming: Timing = {
  // Outlasts five renewals in a row. At 1 % loss per call a healthy holder then fences itself once in 128 years; with
  // 2 s / 0.5 s / 0.4 s it would be once in 6 days.
  ttlMs: 2_200,
  // Five further chances within one lease, for 2.5 small writes a second at the store.
  renewEveryMs: 400,
  // Over ten times the 15 ms round trip between near regions; leaves four questions for holds before the lease is over.
  callTimeoutMs: 200,
  // As long as a lease: the wait for a hold to run out is then never longer than the wait for the lease itself.
  holdMs: 2_200,
  // A hundred times what an undisciplined quartz clock is off, for virtual machines and clocks that are being slewed.
  drift: 0.01,
};

export const defaultLeaseConfig: LeaseConfig = {
  timing: defaultTiming,
  safeguards: allSafeguards,
  // More than ttl / renewEvery: an older one could give no right any more.
  pendingMax: 8,
};

/**
 * For how long, from the moment of sending, a holder may rely on a promise of `promisedMs` that another clock measures:
 * promised * (1 - drift) / (1 + drift). Clocks run at rates within [1 - drift, 1 + drift] (Gray and Cheriton 1989).
 */
export function reliableMs(config: LeaseConfig, promisedMs: number): number {
  const { drift } = config.timing;
  return config.safeguards.driftTerm ? (promisedMs * (1 - drift)) / (1 + drift) : promisedMs;
}

/**
 * Why these durations cannot hold, as a sentence, or nothing. `storeGapMs` is how long the store may be away by itself,
 * such as for an election of its own (0 for SQLite on the controller's disk).
 */
export function leaseProblem(timing: Timing, storeGapMs: number): string | undefined {
  const { ttlMs, renewEveryMs, callTimeoutMs, holdMs, drift } = timing;
  if (drift < 0 || drift >= 1) return `the clock drift of ${drift} must be at least 0 and below 1`;
  if (renewEveryMs <= 0 || callTimeoutMs <= 0) return "the renewal interval and the call timeout must be above 0 ms";
  const ttlMinMs = storeGapMs + renewEveryMs + callTimeoutMs;
  const ttlReliableMs = (ttlMs * (1 - drift)) / (1 + drift);
  if (ttlReliableMs < ttlMinMs) {
    return (
      `a lease of ${ttlMs} ms (${Math.floor(ttlReliableMs)} ms after clock drift) is too short: ` +
      `the store's own gap of ${storeGapMs} ms, a renewal interval of ${renewEveryMs} ms ` +
      `and a call timeout of ${callTimeoutMs} ms together are ${ttlMinMs} ms`
    );
  }
  if (holdMs > ttlMs)
    return `a hold of ${holdMs} ms is longer than the lease of ${ttlMs} ms: whoever takes over waits for the lease alone`;
  const holdReliableMs = (holdMs * (1 - drift)) / (1 + drift);
  if (holdReliableMs < renewEveryMs + callTimeoutMs) {
    return (
      `a hold of ${holdMs} ms is too short: it must outlast one renewal interval of ${renewEveryMs} ms ` +
      `and one call timeout of ${callTimeoutMs} ms`
    );
  }
  return undefined;
}

/** "1.2 s", for sentences. */
export function secondsText(ms: number): string {
  return `${(Math.max(0, ms) / 1000).toFixed(1)} s`;
}
