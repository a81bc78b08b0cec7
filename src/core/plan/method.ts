// What a service type contributes to plans: templates of steps, given by the catalog's methods. The planner hangs them between its
// own milestones (check, prepare, epoch, traffic), so that a new type needs data here and no new planner.

import type { Phase } from "./plan.ts";

/** Where in a plan a template's step stands, in this order. */
export type Slot =
  /** While the old primary may still serve: harmless preparation on the new side (capacity first, I9). */
  | "prepare"
  /** Make the old primary unable to take writes. */
  | "fence"
  /** After the fence, before the epoch moves: what makes a switch lossless. */
  | "catch-up"
  /** Under the new epoch, before users come. */
  | "take-over"
  /** Under the new epoch, once the services it needs have taken over; users wait for it. */
  | "before-traffic"
  /** Users are there: prove it, and clean up. */
  | "after-traffic";

export type StepTemplate = {
  /** Verb of the step's id: `promote` gives `data.promote.orders@south`. */
  readonly name: string;
  readonly phase: Phase;
  readonly slot: Slot;
  /** Which side's agent does it. In `protect`, "new" is the standby being made, "old" the serving primary. */
  readonly at: "old" | "new";
  readonly action:
    | "serve-primary"
    | "fence"
    | "await-position"
    | "promote"
    | "follow"
    | "set-mode"
    | "scale-primary"
    | "scale-standby"
    | "verify-write"
    | "stop";
  /** Only in a switchover, only in a failover, or in both. */
  readonly when: "graceful" | "forced" | "always";
  /** Its failure does not end a failover. (In a switchover nothing is best effort but what stands after traffic.) */
  readonly bestEffort: boolean;
  readonly deadlineMs: number;
  readonly expectedMs: number;
  /** For a person; `{service}`, `{old}` and `{new}` are filled in. */
  readonly what: string;
};

export type MethodSteps = {
  /** First start of an empty group on the "new" side. */
  readonly establish: readonly StepTemplate[];
  /** Switchover and failover from "old" to "new". */
  readonly leave: readonly StepTemplate[];
  /** Make "new" a standby of the serving primary "old". */
  readonly protect: readonly StepTemplate[];
};
