// What the decider is told of one group, and what it answers. All instants are on the controller's clock.

import type { Costs, FailoverPolicy, GroupName, GroupPolicy, RegionName, ServiceName } from "../model/system.ts";
import type { Diagnosis } from "../watch/diagnosis.ts";
import type { FlapHistory } from "./flaps.ts";

export type SwitchKind = "failover" | "switchover" | "failback";

export type DecideInput = {
  readonly nowMs: number;
  /** The wall clock at `nowMs`, milliseconds since 1970: only so that sentences can name a time of day. */
  readonly wallMs?: number;
  readonly group: DecideGroup;
  /** Automation off, detection on. */
  readonly paused: boolean;
  /** Standbys that a person has taken out. */
  readonly maintenance?: readonly Maintenance[];
  readonly costs?: Costs;
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
  readonly policy?: GroupPolicy;
};

export type Maintenance = { readonly region: RegionName; readonly by: string };

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
  /** Bytes that the most advanced standby has and this one has not, over all databases; left out where that is not known. */
  readonly behindBytes?: number;
  /** Services of the group that are up in this region now: a replica is ready, or the database runs. */
  readonly readyServices: readonly ServiceName[];
  /** Share of the primary's replicas that is ready here already, 0 to 1; left out where nothing is scaled. */
  readonly capacity?: number;
  /** Round trip to the preferred region, in milliseconds, where somebody knows it. */
  readonly latencyMs?: number;
  /** Why the group's data may not be served from here (residency); left out: it may. */
  readonly barredWhy?: string;
};

export type RunUnderWay = {
  readonly id: string;
  readonly kind: SwitchKind | "establish" | "protect" | "unprotect" | "restore";
  readonly from: RegionName;
  readonly to: RegionName;
};

export type EndedRun = RunUnderWay & {
  readonly kind: SwitchKind;
  readonly result: "done" | "failed" | "aborted";
  readonly reason: string;
  readonly endedAtMs: number;
  /** "policy", or the person; left out where an older controller began it. */
  readonly by?: string;
};

export type PersonRequest =
  | { readonly kind: "switchover"; readonly to: RegionName; readonly by: string }
  | { readonly kind: "failover"; readonly to: RegionName; readonly by: string; readonly acceptLoss: boolean }
  | { readonly kind: "failback"; readonly by: string }
  /** `question`: the number of the question that is answered; left out: the open one. */
  | { readonly kind: "approve"; readonly by: string; readonly question?: number }
  | { readonly kind: "deny"; readonly by: string; readonly question?: number };

/** "unknown": the target was never seen caught up under this epoch. */
export type LossBound = number | "unknown";

export type Question = {
  /** Counts up within the group, so that an answer can name the question that it is to. */
  readonly id: number;
  /** The trouble that it is about. */
  readonly trouble: string;
  readonly kind: SwitchKind;
  readonly from: RegionName;
  readonly to: RegionName;
  readonly lossBoundMs: LossBound;
  readonly askedAtMs: number;
  /** How often it was repeated already. */
  readonly reminders: number;
};

/** One region that could take over, or not, and how it compares. */
export type Considered = {
  readonly region: RegionName;
  /** 1 is the best; the refused come last. */
  readonly rank: number;
  readonly lossBoundMs: LossBound;
  readonly refusedWhy?: string;
  /** Why it has this rank, against the one before it. */
  readonly why: string;
};

type Told = {
  /** One sentence, never empty, under 300 characters. */
  readonly reason: string;
  /** The id of the row of the transition table that decided. */
  readonly rule: string;
  /** What would change it, and when, such as "until 12:03:10 UTC, when its lease ends". Always there where nothing is done. */
  readonly until?: string;
  /** What waiting costs, where a person is asked. */
  readonly waiting?: string;
  /** What a person can type now. */
  readonly next?: string;
  /** Who could take over, best first, where there is trouble or an order. */
  readonly considered?: readonly Considered[];
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
    })
  /** The region stops being promotable, by an epoch of its own, and only then commits stop waiting for it. */
  | (Told & { readonly kind: "unprotect"; readonly from: RegionName; readonly region: RegionName });

export type StateName = "new" | "steady" | "suspect" | "degraded" | "asking" | "switching" | "cooling-down";

export type DecideState = {
  readonly name: StateName;
  readonly sinceMs: number;
  readonly question?: Question;
  /** The number of the last question. */
  readonly lastQuestion: number;
  /** What became of the last question that is no longer open. */
  readonly closed?: { readonly id: number; readonly why: string };
  /** The trouble for which a person said no, or aborted the run; forgotten when the primary has been well for the dwell. */
  readonly denied?: { readonly trouble: string; readonly by: string };
  /** The trouble about which a question ran out without an answer; forgotten like a no. */
  readonly unanswered?: { readonly trouble: string; readonly question: number };
  /** Switches that failed one after the other, since the last one that was done or the last time that all was well for the dwell. */
  readonly failedRuns: number;
  /** The newest ended run that has been counted. */
  readonly countedRun?: string;
  /** Past switches by policy and past alarms, for the flap budget. */
  readonly flaps: FlapHistory;
  /** The trouble of this moment, under whichever names, began then. */
  readonly troubleSinceMs?: number;
  /** The same, of what is worse than a brown-out: an outage in a brown-out begins by itself. */
  readonly downSinceMs?: number;
  /** The primary was flapping at that moment: remembered for the fall that follows, for a region that is down is not said to flap. */
  readonly flapped?: { readonly seen: Diagnosis; readonly atMs: number };
  /** A person led the group to its primary then, and so vouched for it: what it did before is no flapping. */
  readonly vouchedAtMs?: number;
  /** Without trouble, and known to be, since then. */
  readonly wellSinceMs?: number;
  /** Synchronous standbys that are lost, since when. */
  readonly lostSinceMs: Readonly<Record<RegionName, number>>;
};

export const initialDecideState: DecideState = {
  name: "new",
  sinceMs: 0,
  lastQuestion: 0,
  failedRuns: 0,
  flaps: { switches: [], alarms: [] },
  lostSinceMs: {},
};
