// What the steps of a plan are performed with.

import type { RegionName, System } from "../core/model/system.ts";
import type { Outcome } from "../core/plan/action.ts";
import type { Does } from "../core/plan/plan.ts";
import type { Clock } from "../ports/clock.ts";
import type { Peers } from "../ports/peers.ts";
import type { Traffic } from "../wire/calls.ts";
import type { LeaseDesk } from "./lease-desk.ts";

export type PerformerPorts = {
  readonly system: System;
  readonly clock: Clock;
  readonly peers: Peers;
  readonly desk: LeaseDesk;
  /** Why the target may not be promoted, or nothing. */
  readonly targetProblem: (target: RegionName, graceful: boolean) => string | undefined;
  /** Why the standby may not be made promotable, or nothing. */
  readonly admissionProblem: (standby: RegionName) => string | undefined;
  readonly traffic: () => Traffic | undefined;
  /** Stores the next traffic generation; durable when it returns "done". */
  readonly storeTraffic: (next: Pick<Traffic, "epoch" | "primary" | "mode">) => Promise<Outcome>;
  /** Regions whose agents answered lately. */
  readonly heard: () => readonly RegionName[];
};

/** What a step does, of one kind. */
export type Own<K extends Does["kind"]> = Extract<Does, { kind: K }>;

/** While an agent does not answer, or a milestone must wait, the next try comes after this. */
export const tryAgainMs = 40;
