// What an agent needs of a thing it looks after: see its state, and bring it into another one. One driver instance serves one
// service in one region. `perform` is idempotent per action: it observes, acts if needed, verifies, and says what it found.

import type { RegionName } from "../core/model/system.ts";

/** What became of an effect. "unknown" is neither success nor failure (I4): it must be observed again. */
export type Outcome =
  | { readonly kind: "done"; readonly reason: string; readonly facts?: Facts }
  | { readonly kind: "failed"; readonly reason: string; readonly retry: "now" | "later" | "never"; readonly facts?: Facts }
  | { readonly kind: "unknown"; readonly reason: string; readonly facts?: Facts };

/** Measured things worth reporting: positions, counts, file names. No secrets. JSON values only; positions as decimal strings. */
export type Facts = Readonly<Record<string, string | number | boolean>>;

/** What the agent asks a driver to bring about. Which of these a type knows is in the catalog. */
export type Action =
  /** Serve as the primary from whatever is in the data folder; makes a new, empty one only if `create`. */
  | { readonly kind: "serve-primary"; readonly create: boolean; readonly epoch: number; readonly sync: boolean; readonly standbys: readonly RegionName[] }
  /** Follow the primary of another region, by copying it if needed; quarantines orphans first. `run` names the quarantine. */
  | { readonly kind: "follow"; readonly primary: RegionName; readonly run: string; readonly epoch: number }
  | { readonly kind: "promote"; readonly epoch: number; readonly sync: boolean; readonly standbys: readonly RegionName[] }
  /** Stop taking writes for good: end sessions, stop the server, verified. Facts carry the last position. */
  | { readonly kind: "fence"; readonly epoch: number; readonly mode: "graceful" | "forced" }
  /** The standby has received (and for "replayed" applied) everything up to `position`. */
  | { readonly kind: "await-position"; readonly position: string }
  /** Commit waits for these standbys (strict), or for nobody. */
  | { readonly kind: "set-mode"; readonly sync: boolean; readonly standbys: readonly RegionName[] }
  /** Run so many replicas, and wait until they are ready. */
  | { readonly kind: "scale"; readonly replicas: number }
  /** Prove that a write goes through, here and now. */
  | { readonly kind: "verify-write" }
  | { readonly kind: "stop" };

export type ServiceStatus = {
  readonly service: string;
  readonly running: boolean;
  /** Databases: what it is right now; "none" when it is not running or has no data. */
  readonly role: "primary" | "standby" | "none" | "not-a-database";
  /** Replicas running and ready, for things that scale. */
  readonly replicas?: { readonly running: number; readonly ready: number };
  /** Bytes from the origin of the log, as decimal strings, each where it is known. */
  readonly position?: { readonly written?: string; readonly received?: string; readonly replayed?: string; readonly timeline: number };
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
  run(signal: AbortSignal): Promise<void>;
  /** Ends everything it started. For a shutdown of the region, not for a restart of the agent. */
  shutdown(deadlineMs: number): Promise<void>;
}
