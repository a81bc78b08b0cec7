// Who could take over, who not and why, and what it would lose at most.
// I3. lossBound = end of the old lease - last moment the target was seen caught up, on the controller's clock.

import type { RegionName } from "../model/system.ts";
import { duration } from "../watch/sentence.ts";
import type { Candidate, DecideInput, LossBound } from "./decision.ts";
import { decideRules, unfit } from "./rules.ts";

export type Judged = {
  readonly region: RegionName;
  /** Absent: it could take over. */
  readonly refusedWhy?: string;
  readonly lossBoundMs: LossBound;
};

type Bar = {
  readonly applies: "always" | "graceful" | "forced";
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
    stops: (_, { record }, region) => !(record?.promotable.includes(region) ?? false),
    why: (region, _, { record }) =>
      `${region} is not promotable in epoch ${record?.epoch ?? 0}: it has not been admitted as a standby`,
  },
  {
    applies: "always",
    stops: (_, input, region) => unfitDiagnosis(input, region) !== undefined,
    why: (region, _, input) => `${region} is in trouble itself (${unfitDiagnosis(input, region) ?? "down"})`,
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

export function judge(input: DecideInput, region: RegionName, how: "graceful" | "forced"): Judged {
  const candidate = input.candidates.find((one) => one.region === region);
  const bar = bars.find(
    (one) => (one.applies === "always" || one.applies === how) && one.stops(candidate, input, region),
  );
  const lossBoundMs = how === "graceful" ? 0 : lossBound(input, candidate);
  return { region, lossBoundMs, ...(bar === undefined ? {} : { refusedWhy: bar.why(region, candidate, input) }) };
}

/** Every region that the manifest allows, but the primary; the best first: least loss, then the manifest's order. The refused come last. */
export function targetsFor(input: DecideInput, how: "graceful" | "forced"): readonly Judged[] {
  return input.group.primary
    .filter((region) => region !== input.record?.primary)
    .map((region) => judge(input, region, how))
    .map((judged, order) => ({ judged, order }))
    .sort((a, b) => rank(a.judged) - rank(b.judged) || a.order - b.order)
    .map(({ judged }) => judged);
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

// Finite, so that two unknowns compare as equal instead of as NaN.
const unknownRank = Number.MAX_VALUE / 4;

function rank({ lossBoundMs, refusedWhy }: Judged): number {
  const loss = lossBoundMs === "unknown" ? unknownRank : lossBoundMs;
  return refusedWhy === undefined ? loss : unknownRank * 2 + loss;
}

function unfitDiagnosis(input: DecideInput, region: RegionName): string | undefined {
  return input.diagnoses.find(
    (one) =>
      one.region === region &&
      unfit.includes(one.name) &&
      (one.service === undefined || input.group.services.includes(one.service)),
  )?.name;
}
