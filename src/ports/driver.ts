// What an agent needs of a thing it looks after: see its state, and bring it into another one. One driver instance serves one
// service in one region. `perform` is idempotent per action: it observes, acts if needed, verifies, and says what it found.

import type { Action, Outcome } from "../core/plan/action.ts";
import type { Signal } from "./signal.ts";

export type { Action, Facts, Outcome } from "../core/plan/action.ts";

export type ServiceStatus = {
  readonly service: string;
  readonly running: boolean;
  /** Databases: what it is right now; "none" when it is not running or has no data. */
  readonly role: "primary" | "standby" | "none" | "not-a-database";
  /** Replicas running and ready, for things that scale. */
  readonly replicas?: { readonly running: number; readonly ready: number };
  /** Bytes from the origin of the log, as decimal strings, each where it is known. */
  readonly position?: {
    readonly written?: string;
    readonly received?: string;
    readonly replayed?: string;
    readonly timeline: number;
  };
  readonly streaming?: boolean;
  /** Has this copy ever streamed from a primary? One that has not is never promoted. */
  readonly hasStreamed?: boolean;
  readonly lagBytes?: number;
  readonly lagMs?: number;
  /** A sentence, when something is wrong or noteworthy. */
  readonly note?: string;
};

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
