// This machine's two clocks, as the router and the agent beside it must both read them: an instant that one names, the other compares.

import type { Instant } from "../core/route/config.ts";

export interface Instants {
  /** `process.hrtime` in milliseconds: since the machine's start, the same for every process on it; may stand still while it is suspended. */
  monotonicMs(): number;
  /** Milliseconds since 1970. */
  wallMs(): number;
}

export const machineInstants: Instants = {
  monotonicMs: () => Number(process.hrtime.bigint()) / 1e6,
  wallMs: () => Date.now(),
};

/** A reader that fills one object over and over: clocks are read for each chunk, and nothing may keep what it returns. */
export function makeReader(instants: Instants): () => Instant {
  const now = { monotonicMs: 0, wallMs: 0 };
  return () => {
    now.monotonicMs = instants.monotonicMs();
    now.wallMs = instants.wallMs();
    return now;
  };
}
