// What the decider is told of one group, and what it answers. All instants are on the controller's clock.

import type { FailoverPolicy, GroupName, RegionName, ServiceName } from "../model/system.ts";
import type { Diagnosis } from "../watch/diagnosis.ts";

export type SwitchKind = "failover" | "switchover" | "failback";

export type DecideInput = {
  readonly nowMs: number;
  readonly group: DecideGroup;
  /** Automation off, detection on. */
  readonly paused: boolean;
  /** As the store has it; absent before the group is established. */
  readonly record?: {
    readonly epoch: number;
    readonly primary: RegionName;
    readonly promotable: readonly RegionName[];
  };
  /** All current diagnoses of the system; the decider picks what concerns this group. */
  readonly diagnoses: readonly Diagnosis[];
  /** Every region named in `group.primary`, the current primary too (its entry says whether its agent is heard). */
  readonly candidates: readonly Candidate[];
  readonly lease: {
    /** The controller's clock when it saw the last *writable* renewal change; after its own restart, the restart. */
    readonly seenAtMs: number;
    readonly ttlMs: number;
  };
  /** The run of this group that has not ended, paused ones too. */
  readonly run?: RunUnderWay;
  /**
   * The newest ended failover, switchover or failback of this group, whoever ordered it; not a protecting run after it, or the
   * cool-down would be forgotten. Left out again once a switch that ended half-way has been put right.
   */
  readonly lastRun?: EndedRun;
  /** At most one order of a person at a time; the answer is in the same return. */
  readonly request?: PersonRequest;
};

export type DecideGroup = {
  readonly name: GroupName;
  /** Who may be primary, preferred first. */
  readonly primary: readonly RegionName[];
  readonly witnesses: readonly RegionName[];
  readonly services: readonly ServiceName[];
  readonly failover: FailoverPolicy;
  readonly maxDataLossMs: number;
  readonly coolDownMs: number;
  /** "none": nothing in the group replicates, so nothing can be lost. With several databases, the weakest: async before sync. */
  readonly mode: "async" | "sync" | "none";
};

export type Candidate = {
  readonly region: RegionName;
  /** Has its agent reported within the last few periods? */
  readonly agentReachable: boolean;
  /** Its copies, the worst of the group's databases; left out where nothing replicates or nothing is known. */
  readonly streaming?: boolean;
  readonly hasStreamed?: boolean;
  readonly lagBytes?: number;
  /** The last moment at which it was proved to have everything acknowledged until then. */
  readonly caughtUpAtMs?: number;
  /** Services of the group that are up in this region now: a replica is ready, or the database runs. */
  readonly readyServices: readonly ServiceName[];
};

export type RunUnderWay = {
  readonly id: string;
  readonly kind: SwitchKind | "establish" | "protect" | "restore";
  readonly from: RegionName;
  readonly to: RegionName;
};

export type EndedRun = RunUnderWay & {
  readonly kind: SwitchKind;
  readonly result: "done" | "failed" | "aborted";
  readonly reason: string;
  readonly endedAtMs: number;
};

export type PersonRequest =
  | { readonly kind: "switchover"; readonly to: RegionName; readonly by: string }
  | { readonly kind: "failover"; readonly to: RegionName; readonly by: string; readonly acceptLoss: boolean }
  | { readonly kind: "failback"; readonly by: string }
  | { readonly kind: "approve"; readonly by: string }
  | { readonly kind: "deny"; readonly by: string };

/** "unknown": the target was never seen caught up under this epoch. */
export type LossBound = number | "unknown";

export type Question = {
  readonly kind: SwitchKind;
  readonly from: RegionName;
  readonly to: RegionName;
  readonly lossBoundMs: LossBound;
  readonly askedAtMs: number;
};

type Told = {
  /** One sentence, never empty, under 300 characters. */
  readonly reason: string;
  /** The id of the row of the transition table that decided. */
  readonly rule: string;
  /** What a person can type now. */
  readonly next?: string;
  /** Present exactly when there was a request. */
  readonly answer?: { readonly accepted: boolean; readonly why: string };
};

export type Decision =
  | (Told & {
      readonly kind: "hold";
      /** A person should be told: it does not mend itself. */
      readonly attention: boolean;
      readonly lossBoundMs?: LossBound;
    })
  | (Told & { readonly kind: "ask"; readonly question?: Question; readonly lossBoundMs?: LossBound })
  | (Told & {
      readonly kind: "switch";
      readonly plan: { readonly kind: SwitchKind; readonly from: RegionName; readonly to: RegionName };
      /** "receipt": the old side's agent answers and can fence; "lease": its lease has to run out. */
      readonly fence: "receipt" | "lease";
      readonly lossBoundMs: LossBound;
      /** "policy", or the person. */
      readonly by: string;
      /** A protecting run under way, which this one ends first. */
      readonly replaces?: string;
    });

export type StateName = "new" | "steady" | "suspect" | "degraded" | "asking" | "switching" | "cooling-down";

export type DecideState = {
  readonly name: StateName;
  readonly sinceMs: number;
  readonly question?: Question;
  /** The trouble for which a person said no, or aborted the run; forgotten when that trouble is over. */
  readonly denied?: { readonly trouble: string; readonly by: string };
  /** Switches that failed one after the other, since the last one that was done or the last time that all was well. */
  readonly failedRuns: number;
  /** The newest ended run that has been counted. */
  readonly countedRun?: string;
};

export const initialDecideState: DecideState = { name: "new", sinceMs: 0, failedRuns: 0 };
