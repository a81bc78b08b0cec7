// What `leeward assess` says, as JSON. Others read this shape: a change to it is said in the changelog. Seconds are numbers of seconds;
// a time that nobody can bound is Infinity inside Leeward and null in JSON.

import type { Source } from "../assess/knowledge.ts";

export type Bound = { readonly expected: number; readonly worst: number };

export type Severity = "error" | "warning" | "info";

export type FindingPlace = { readonly file: string; readonly line: number; readonly column: number };

/** Path of a key in the manifest, such as ["services", "orders", "replication", "method"]. */
export type ManifestPath = readonly (string | number)[];

export type Finding = {
  readonly rule: string;
  readonly severity: Severity;
  readonly service?: string;
  /** Name of the service, region, group, route or job it is about: what an acceptance names as `of`. */
  readonly about?: string;
  readonly message: string;
  readonly fix: string;
  /** Where in the manifest; the command makes `at` of it. */
  readonly path: ManifestPath;
  readonly at?: FindingPlace;
  readonly source?: Source;
  /** Somebody has looked at it and lives with it: why. It does not count for the verdict. */
  readonly accepted?: string;
};

/** One part of a recovery time or a recovery point, in the order in which they follow one another. */
export type Term = {
  readonly what: string;
  readonly seconds: Bound;
  readonly basis: string;
  readonly service?: string;
  readonly source?: Source;
};

export type Loss = {
  /** The region that is lost; of a pair: joined with " and ". */
  readonly region: string;
  readonly regions: readonly string[];
  readonly survives: boolean;
  /** In one sentence: who takes over, or why nobody does. */
  readonly why: string;
  /** Group by group, where each goes. */
  readonly targets: readonly { readonly group: string; readonly to: string | null }[];
  readonly rtoSeconds: Bound;
  readonly rpoSeconds: Bound;
  /** The chain that decides the recovery time. */
  readonly rtoTerms: readonly Term[];
  readonly rpoTerms: readonly Term[];
  readonly breaks: readonly {
    readonly objective: string;
    readonly term: string;
    readonly seconds: number;
    readonly why: string;
  }[];
};

export type MethodVerdict = {
  readonly method: string;
  readonly rpoSeconds?: Bound;
  readonly rtoSeconds?: Bound;
  /** What has to be so, where the manifest does not say. */
  readonly requires?: readonly string[];
  readonly source: Source;
};

export type ServiceVerdict = {
  readonly name: string;
  readonly type: string;
  readonly method?: string;
  readonly possible: readonly MethodVerdict[];
  readonly ruledOut: readonly { readonly method: string; readonly why: string; readonly source: Source }[];
};

export type SharedFate = {
  /** Names of the one or two things whose loss leaves nobody who serves. */
  readonly cut: readonly string[];
  /** From what users call to the thing both sides depend on. */
  readonly path: readonly string[];
  readonly why: string;
  readonly accepted?: string;
};

export type PatternVerdict = {
  readonly pattern: string;
  readonly meets: boolean;
  readonly rtoSeconds: Bound;
  readonly rpoSeconds: Bound;
  readonly downtimeMinutesPerYear: number;
  /** The terms of papers by name: switch, failed switch, overlap, common cause, false failovers; their sum is the line above. */
  readonly downtimeTerms: readonly { readonly what: string; readonly minutesPerYear: number }[];
  /** Cost of everything, as a multiple of one region alone. */
  readonly costFactor: number;
  readonly monthly?: number;
  readonly declared: boolean;
  readonly why: string;
};

export type Advice = {
  /** The cheapest pattern that meets the objectives, if any. */
  readonly pattern?: string;
  /** At these penalty rates another pattern would be cheaper, outages and losses counted. */
  readonly crossovers: readonly {
    readonly penalty: "outagePerHour" | "lossPerHour";
    readonly perHour: number;
    readonly to: string;
  }[];
  readonly drills: readonly { readonly group: string; readonly sentence: string; readonly everyDays?: number }[];
};

export type AssessReport = {
  readonly version: 1;
  readonly system: string;
  readonly verdict: "meets" | "fails" | "unknown";
  readonly summary: string;
  readonly objectives: { readonly rtoSeconds: number; readonly rpoSeconds: number };
  readonly losses: readonly Loss[];
  readonly services: readonly ServiceVerdict[];
  readonly sharedFate: readonly SharedFate[];
  /** For each plan step that asks somebody's interface: whether that stands when the region is lost. */
  readonly controlPlane: readonly {
    readonly lost: string;
    readonly service: string;
    readonly step: string;
    readonly needs: string;
    readonly stands: boolean;
    readonly why: string;
  }[];
  readonly findings: readonly Finding[];
  readonly patterns: readonly PatternVerdict[];
  readonly cost: {
    readonly currency: string;
    readonly monthly?: number;
    readonly terms: readonly { readonly what: string; readonly monthly: number }[];
  };
  readonly advice: Advice;
};
