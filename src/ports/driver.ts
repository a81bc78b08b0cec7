// What an agent needs of a thing it looks after: see its state, and bring it into another one. One driver instance serves one
// service in one region. `perform` is idempotent per action: it observes, acts if needed, verifies, and says what it found.

import type { Action, Outcome } from "../core/plan/action.ts";
import type { ReportedService } from "../core/watch/observation.ts";
import type { Signal } from "./signal.ts";

export type { Action, Facts, Outcome } from "../core/plan/action.ts";

/** What a service is right now, as its driver sees it and as the watch takes it. */
export type ServiceStatus = ReportedService;

export interface Driver {
  /** Never throws for an expected state; a server that does not answer is `running: false` or carries a note. Bounded by `deadlineMs`. */
  status(deadlineMs: number): Promise<ServiceStatus>;
  /** Idempotent. Throws only for a bug. Gives up after `deadlineMs` with "unknown" or "failed". */
  perform(action: Action, deadlineMs: number, progress: (sentence: string) => void): Promise<Outcome>;
  /** Looks after what runs (restarts what died) and takes over what an earlier agent left running. Returns when the signal aborts; leaves things running. */
  run(signal: Signal): Promise<void>;
  /** Ends everything it started. For a shutdown of the region, not for a restart of the agent. */
  shutdown(deadlineMs: number): Promise<void>;
}
