// The numbers and the table of troubles that decisions rest on.

import type { DiagnosisName } from "../watch/diagnosis.ts";

export const decideRules = {
  /** A switch whose lease is about to end begins so long before that end: the target prepares meanwhile. It is not promoted earlier. */
  leaseLeadMs: 200,
  /** A graceful switch waits for the target to catch up; one that is further behind than this is not waited for. */
  caughtUpWithinMs: 10_000,
  /** After a switch that failed: the next automatic one so much later, doubled with each failure... */
  retryAfterMs: 5_000,
  retryAfterMaxMs: 60_000,
  /** ...and after so many failures a person has to look. */
  failedRunsMax: 3,
  /** A yes holds for a loss that has grown by no more than this since it was named. */
  approvalSlackMs: 5_000,
  /** The primary must have been well for so long before a person's no, a count of failures or an unanswered question is forgotten. */
  dwellMs: 30_000,
  /** A question is repeated after so long, then after twice as long, and so on, so often at most... */
  remindAfterMs: 300_000,
  remindersMax: 5,
  /** ...and after so long without an answer it is over: by then its figures say nothing any more. */
  questionLastsMs: 14_400_000,
  /** Regions that none can judge for so long: then it is said of all of them, and people are told. A fresh controller knows nothing yet. */
  allUnknownAfterMs: 5_000,
  /** A brown-out is said to people when it lasts so long: what dies looks degraded for a moment before. */
  degradedTellAfterMs: 10_000,
  /** A synchronous standby that reconnects within this is not worth a word. */
  lostTellAfterMs: 2_000,
  /** The trouble must not have been seen for so long before the question about it is withdrawn: a fresh controller has seen nothing yet. */
  withdrawAfterMs: 5_000,
  /** A primary that flaps is waited for; one that is then away for so long does not flap any more, and is left like any other. */
  flappingWaitMs: 30_000,
  /** Loss bounds that differ by less than this are alike: reports come a few times a second. */
  lossAlikeMs: 1_000,
  /** Round trips that differ by less than this are alike. */
  latencyAlikeMs: 5,
} as const;

export type Trouble = {
  readonly diagnosis: DiagnosisName;
  readonly remedy: "failover" | "switchover";
  /** What the old side is kept from writing by. */
  readonly fence: "lease" | "receipt";
  /** How long a restart in place is waited for. */
  readonly restartWindowMs: number;
  /** The target must be seen to run that same service, else a person is asked: what is broken there too is not healed by moving. */
  readonly mustBeReady: boolean;
  /** A brown-out: it answers, but badly. The group's policy says what becomes of it. */
  readonly degraded: boolean;
};

const dead = { restartWindowMs: 0, mustBeReady: false, degraded: false } as const;

/** What is wrong with a primary and can be healed by a switch; the first that holds decides. The worst come first. */
export const troubles: readonly Trouble[] = [
  { ...dead, diagnosis: "region-unreachable", remedy: "failover", fence: "lease" },
  { ...dead, diagnosis: "agent-down", remedy: "failover", fence: "lease" },
  { ...dead, diagnosis: "database-down", remedy: "failover", fence: "receipt", restartWindowMs: 2_000 },
  {
    ...dead,
    diagnosis: "service-down",
    remedy: "switchover",
    fence: "receipt",
    restartWindowMs: 10_000,
    mustBeReady: true,
  },
  { ...dead, diagnosis: "region-degraded", remedy: "switchover", fence: "receipt", degraded: true },
  {
    ...dead,
    diagnosis: "service-degraded",
    remedy: "switchover",
    fence: "receipt",
    mustBeReady: true,
    degraded: true,
  },
];

/** What keeps a region from becoming primary. "unknown" is not among them: with the primary gone there may be no quorum left to judge its successor, whose own agent speaks for it. */
export const unfit: readonly DiagnosisName[] = ["region-unreachable", "agent-down", "database-down"];

/** What makes a region a worse choice, and no choice at all where the primary still answers. */
export const unwell: readonly DiagnosisName[] = [
  "region-degraded",
  "service-degraded",
  "service-down",
  "flapping",
  "slow",
];

/** What of a standby makes synchronous commits wait. A silent agent is not enough: its database may stream on. */
export const standbyLost: readonly DiagnosisName[] = ["region-unreachable", "database-down"];

/**
 * Does a person's no to one trouble also cover another of the same primary? It covers what is no worse: who did not want to leave a dead
 * region does not want to leave one whose agent alone is down. Keys are `diagnosis/region/service`.
 */
export function coversTrouble(known: string, now: string): boolean {
  const [before, region, service] = known.split("/");
  const [after, sameRegion, other] = now.split("/");
  const rank = (name: string | undefined): number => troubles.findIndex((one) => one.diagnosis === name);
  if (region !== sameRegion || rank(before) > rank(after)) return false;
  return service === "" || service === other;
}
