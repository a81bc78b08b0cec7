// What can be asked of a service in a region, and what may become of it. The words that plans, orders and drivers share.

import type { RegionName } from "../model/system.ts";

/** Measured things worth reporting: positions, counts, file names. No secrets. JSON values only; positions as decimal strings. */
export type Facts = Readonly<Record<string, string | number | boolean>>;

/** What became of an effect. "unknown" is neither success nor failure (I4): it must be observed again. */
export type Outcome =
  | { readonly kind: "done"; readonly reason: string; readonly facts?: Facts }
  | {
      readonly kind: "failed";
      readonly reason: string;
      readonly retry: "now" | "later" | "never";
      readonly facts?: Facts;
    }
  | { readonly kind: "unknown"; readonly reason: string; readonly facts?: Facts };

/** What an agent asks a driver to bring about. Which of these a type knows is in the catalog. */
export type Action =
  /** Serve as the primary from whatever is in the data folder; makes a new, empty one only if `create`. */
  | {
      readonly kind: "serve-primary";
      readonly create: boolean;
      readonly epoch: number;
      readonly sync: boolean;
      readonly standbys: readonly RegionName[];
    }
  /** Follow the primary of another region, by copying it if needed; quarantines orphans first. `run` names the quarantine. */
  | { readonly kind: "follow"; readonly primary: RegionName; readonly run: string; readonly epoch: number }
  | {
      readonly kind: "promote";
      readonly epoch: number;
      readonly sync: boolean;
      readonly standbys: readonly RegionName[];
    }
  /** Stop taking writes for good: end sessions, stop the server, verified. Facts carry the last position. */
  | { readonly kind: "fence"; readonly epoch: number; readonly mode: "graceful" | "forced" }
  /** Done when the standby has received everything up to `position`. */
  | { readonly kind: "await-position"; readonly position: string }
  /** Commits wait for these standbys (strict), or for nobody. */
  | { readonly kind: "set-mode"; readonly sync: boolean; readonly standbys: readonly RegionName[] }
  /** Run so many replicas, and wait until they are ready. */
  | { readonly kind: "scale"; readonly replicas: number }
  /** Prove that a write goes through, here and now. */
  | { readonly kind: "verify-write" }
  | { readonly kind: "stop" };
