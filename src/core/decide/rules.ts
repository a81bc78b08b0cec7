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
};

/** What is wrong with a primary and can be healed by a switch; the first that holds decides. */
export const troubles: readonly Trouble[] = [
  { diagnosis: "region-unreachable", remedy: "failover", fence: "lease", restartWindowMs: 0, mustBeReady: false },
  { diagnosis: "agent-down", remedy: "failover", fence: "lease", restartWindowMs: 0, mustBeReady: false },
  { diagnosis: "database-down", remedy: "failover", fence: "receipt", restartWindowMs: 2_000, mustBeReady: false },
  { diagnosis: "service-down", remedy: "switchover", fence: "receipt", restartWindowMs: 10_000, mustBeReady: true },
];

/** What keeps a region from becoming primary. "unknown" is not among them: with the primary gone there may be no quorum left to judge its successor, whose own agent speaks for it. */
export const unfit: readonly DiagnosisName[] = ["region-unreachable", "agent-down", "database-down"];
