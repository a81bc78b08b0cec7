// Who could take over, who not and why, and what it would lose at most.
// I3. lossBound = end of the old lease - last moment the target was seen caught up, on the controller's clock.

import type { RegionName } from "../model/system.ts";
import { duration } from "../watch/sentence.ts";
import type { Candidate, DecideInput, LossBound } from "./decision.ts";
import { policyOf } from "./policy.ts";
import { decideRules, unfit, unwell } from "./rules.ts";

export type How = "graceful" | "forced";

export type Judged = {
  readonly region: RegionName;
  /** Absent: it could take over. */
  readonly refusedWhy?: string;
  readonly lossBoundMs: LossBound;
  /** What is wrong with it and does not keep it from taking over. */
  readonly unwell?: string;
};

type Bar = {
  readonly applies: "always" | How;
  readonly stops: (candidate: Candidate | undefined, input: DecideInput, region: RegionName) => boolean;
  readonly why: (region: RegionName, candidate: Candidate | undefined, input: DecideInput) => string;
};

const replicates = (input: DecideInput): boolean => input.group.mode !== "none";

/** Read from the top; the first that stops a candidate is the reason given. */
const bars: readonly Bar[] = [
  {
    applies: "always",
    stops: (_, { group }, region) => group.witnesses.includes(region),
    why: (region) => `${region} is a witness and serves nothing`,
  },
  {
    applies: "always",
    stops: (_, { record }, region) => record?.primary === region,
    why: (region) => `${region} is the primary already`,
  },
  {
    applies: "always",
    stops: (_, { group }, region) => !group.primary.includes(region),
    why: (region, _, { group }) => `${region} is not among the regions that may be primary of ${group.name}`,
  },
  {
    applies: "always",
    stops: (_, { group }, region) => policyOf(group.policy).forbidden.includes(region),
    why: (region, _, { group }) => `the manifest forbids ${region} as primary of ${group.name}`,
  },
  {
    applies: "always",
    stops: (candidate) => candidate?.barredWhy !== undefined,
    why: (_, candidate) => candidate?.barredWhy ?? "",
  },
  {
    applies: "always",
    stops: (_, { maintenance = [] }, region) => maintenance.some((one) => one.region === region),
    why: (region, _, { maintenance = [] }) =>
      `${region} was taken out for maintenance by ${maintenance.find((one) => one.region === region)?.by ?? "somebody"}`,
  },
  {
    applies: "always",
    stops: (_, { record }, region) => !(record?.promotable.includes(region) ?? false),
    why: (region, _, { record }) =>
      `${region} is not promotable in epoch ${record?.epoch ?? 0}: it has not been admitted as a standby`,
  },
  {
    applies: "always",
    stops: (_, input, region) => seenAt(input, region, unfit) !== undefined,
    why: (region, _, input) => `${region} is in trouble itself (${seenAt(input, region, unfit) ?? "down"})`,
  },
  {
    applies: "always",
    stops: (candidate) => candidate === undefined || !candidate.agentReachable,
    why: (region) => `the agent of ${region} does not report`,
  },
  {
    applies: "always",
    stops: (candidate, input) => replicates(input) && candidate?.hasStreamed !== true,
    why: (region) => `the copy in ${region} was never seen streaming from a primary`,
  },
  {
    applies: "graceful",
    stops: (candidate, input) => replicates(input) && candidate?.streaming !== true,
    why: (region) => `the copy in ${region} is not streaming now, so it would lose what it has not received`,
  },
  {
    applies: "graceful",
    stops: (candidate, input) =>
      replicates(input) &&
      input.nowMs - (candidate?.caughtUpAtMs ?? Number.NEGATIVE_INFINITY) > decideRules.caughtUpWithinMs,
    why: (region, candidate, { nowMs }) =>
      candidate?.caughtUpAtMs === undefined
        ? `${region} has not been seen caught up yet`
        : `${region} is behind: last caught up ${duration(nowMs - candidate.caughtUpAtMs)} ago, ${duration(decideRules.caughtUpWithinMs)} is the most`,
  },
];

export function judge(input: DecideInput, region: RegionName, how: How): Judged {
  const candidate = input.candidates.find((one) => one.region === region);
  const bar = bars.find(
    (one) => (one.applies === "always" || one.applies === how) && one.stops(candidate, input, region),
  );
  const lossBoundMs = how === "graceful" ? 0 : lossBound(input, candidate);
  const illness = seenAt(input, region, unwell);
  return {
    region,
    lossBoundMs,
    ...(bar === undefined ? {} : { refusedWhy: bar.why(region, candidate, input) }),
    ...(illness === undefined ? {} : { unwell: illness }),
  };
}

export function lossBound(input: DecideInput, candidate: Candidate | undefined): LossBound {
  // In sync mode nothing is acknowledged that a promotable standby does not have; without replication there is nothing to lose.
  if (input.group.mode !== "async") return 0;
  if (candidate?.caughtUpAtMs === undefined) return "unknown";
  return Math.max(0, input.lease.seenAtMs + input.lease.ttlMs - candidate.caughtUpAtMs);
}

export function exceeds(bound: LossBound, limitMs: number): boolean {
  return bound === "unknown" || bound > limitMs;
}

/** The first of these names that is diagnosed in the region, of the region itself or of a service of the group. */
export function seenAt(input: DecideInput, region: RegionName, names: readonly string[]): string | undefined {
  return input.diagnoses.find(
    (one) =>
      one.region === region &&
      names.includes(one.name) &&
      (one.service === undefined || input.group.services.includes(one.service)),
  )?.name;
}
