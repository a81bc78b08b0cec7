// A named conclusion of a quorum of vantages, with what it rests on. What it leads to is the business of core/decide.

import type { RegionName, ServiceName } from "../model/system.ts";

export type DiagnosisName =
  | "healthy"
  | "recovering"
  | "service-down"
  | "database-down"
  | "region-unreachable"
  | "region-degraded"
  | "service-degraded"
  | "slow"
  | "flapping"
  | "agent-down"
  | "agent-silent"
  | "link-cut"
  | "replication-stalled"
  | "promoted-by-hand"
  | "observer-blind"
  | "vantages-disagree"
  | "store-away"
  | "unknown";

/** "critical": users are or will be without service; "warning": something a person should know; "notice": passing; "ok". */
export type Severity = "ok" | "notice" | "warning" | "critical";

export type Evidence = {
  /** The statistic that was compared, in its own unit: misses in a row for availability, nats for what fails in part, milliseconds for ages. */
  readonly statistic: number;
  readonly threshold: number;
  /** Who stands behind it. */
  readonly vantages: readonly RegionName[];
  readonly sampleCount: number;
  /** How long the target has not answered anybody; 0 where that is not the point. */
  readonly silentMs: number;
  /** The row of the bank that raised it, the share of failures it is made for, and the share that was seen: 0..1. */
  readonly detector?: string;
  readonly madeForShare?: number;
  readonly failureShare?: number;
};

export type Diagnosis = {
  readonly name: DiagnosisName;
  readonly region: RegionName;
  readonly service?: ServiceName;
  /** The other end, for what is wrong between two regions. */
  readonly partner?: RegionName;
  readonly severity: Severity;
  /** When it began, as near as the observations tell: the first of the misses, not the alarm. */
  readonly sinceMs: number;
  /** When it was first concluded. */
  readonly seenAtMs: number;
  readonly evidence: Evidence;
  /** One sentence with numbers, for a person. */
  readonly sentence: string;
};
