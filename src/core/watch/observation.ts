// What the watch is told. All instants are on the controller's own clock; no other clock is ever compared with it.

import type { GroupName, RegionName, ServiceName } from "../model/system.ts";

/** The pseudo service that stands for Leeward's own answer of a region: is anybody there at all. */
export const agentService = "agent";

export type Target = { readonly region: RegionName; readonly service: ServiceName };

/** One look of one vantage at one target, or what a router there saw of it in one period. The same shape goes over the wire. */
export type Observation = {
  readonly vantage: RegionName;
  readonly target: Target;
  readonly source: "probe" | "router";
  readonly ok: boolean;
  /** Did this vantage reach a control target in the same period? A failure counts only then (I2). */
  readonly controls: boolean;
  readonly roundTripMs: number;
  /** The answer to a look that was reported as a failure when its time was up: that failure is taken back. */
  readonly late?: boolean;
  /** Of a failure: it answered that it is too busy. So it is there, and not dead. */
  readonly busy?: boolean;
  readonly why?: string;
  /** Of a router: how many requests of users it saw answered and failed there in this period. Its own region may be the target. */
  readonly counts?: { readonly ok: number; readonly failed: number };
  /** Looks at this target that were left out since the last one: they say nothing. */
  readonly skipped?: number;
  /** Nothing at all has answered this vantage lately. */
  readonly blind?: boolean;
};

/** What a region's own agent says of a service there; a driver's status has this shape. */
export type ReportedService = {
  readonly service: ServiceName;
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

/** Who is primary under which epoch, as the store has it. */
export type WatchedRecord = {
  readonly group: GroupName;
  readonly epoch: number;
  readonly primary: RegionName;
  readonly promotable: readonly RegionName[];
};

export type WatchInput =
  /** The observations of one report. Within it a router outcome takes the place of a probe of the same target. */
  | { readonly kind: "observations"; readonly nowMs: number; readonly observations: readonly Observation[] }
  /** `stampEchoMs`: an instant of the controller's clock before which none of this can have been measured. */
  | {
      readonly kind: "status";
      readonly nowMs: number;
      readonly region: RegionName;
      readonly stampEchoMs: number;
      readonly services: readonly ReportedService[];
    }
  | { readonly kind: "record"; readonly nowMs: number; readonly record: WatchedRecord }
  | { readonly kind: "store"; readonly nowMs: number; readonly reachable: boolean; readonly why?: string }
  | { readonly kind: "tick"; readonly nowMs: number };
