// What an entry of the audit trail rests on, besides its sentence: names and numbers that a program can go by. Times are wall clock,
// milliseconds since 1970. Nothing here is a secret; texts are also passed through a net that takes out what looks like one.

import type { DiagnosisName, Evidence, Severity } from "../watch/diagnosis.ts";

/** A diagnosis as it stood when something was decided. */
export type SeenFact = {
  readonly name: DiagnosisName;
  readonly region: string;
  readonly service?: string;
  readonly partner?: string;
  readonly severity: Severity;
  readonly sinceMs: number;
  readonly evidence: Evidence;
  readonly sentence: string;
};

/** A region that could have been chosen, with why it was not where it could not be. */
export type ConsideredFact = {
  readonly region: string;
  readonly chosen: boolean;
  readonly refusedWhy?: string;
  /** Why it has its rank among those who could. */
  readonly why?: string;
  readonly lossBoundMs?: number | "unknown";
};

export type OrderWord = {
  readonly kind: string;
  readonly to?: string;
  readonly acceptLoss?: boolean;
  readonly run?: string;
  readonly command?: string;
  readonly step?: string;
  /** Of maintenance: the standby, and whether it goes out or is back. */
  readonly region?: string;
  readonly on?: boolean;
};

/** What a decision can be, in the words that `leeward why --last` takes. */
export const decisionKinds = ["switch", "hold", "ask", "unprotect"] as const;

export type DecisionKind = (typeof decisionKinds)[number];

export type DecisionFact = {
  readonly what: "decision";
  readonly decision: DecisionKind;
  /** The row of the transition table, or of the table of orders. */
  readonly rule: string;
  /** That row's condition in words, as it was in the version that decided. */
  readonly when: string;
  /** State of the group before and after. */
  readonly from: string;
  readonly enters: string;
  readonly epoch: number;
  readonly primary: string;
  /** A command that a person could type. */
  readonly next?: string;
  /** What would change it, in the decider's own words. */
  readonly until?: string;
  /** What waiting costs, where a person is asked. */
  readonly waiting?: string;
  readonly plan?: { readonly kind: string; readonly from: string; readonly to: string };
  readonly fence?: "receipt" | "lease";
  readonly lossBoundMs?: number | "unknown";
  /** "policy", or the person, for a switch. */
  readonly by?: string;
  /** The order that this answers. */
  readonly order?: OrderWord & { readonly by: string; readonly accepted: boolean };
  readonly diagnoses: readonly SeenFact[];
  readonly considered: readonly ConsideredFact[];
};

export type AuditFact =
  /** First of a trail. `earlier`: what an older version of Leeward had written here, without a chain. */
  | {
      readonly what: "trail";
      readonly system: string;
      readonly format: number;
      readonly earlier?: EarlierRows;
    }
  | { readonly what: "start"; readonly controller: string; readonly manifest: string }
  | DecisionFact
  | ({ readonly what: "diagnosis"; readonly over: boolean } & SeenFact)
  | {
      readonly what: "order";
      readonly order: OrderWord;
      readonly by: string;
      readonly accepted: boolean;
      readonly answer: string;
      readonly run?: string;
    }
  | {
      readonly what: "run";
      readonly phase: "begun" | "resumed" | "ended";
      readonly kind: string;
      readonly from: string;
      readonly to: string;
      readonly result?: string;
    }
  | { readonly what: "step"; readonly phase: "begun" | "ended"; readonly attempt: number; readonly outcome?: string }
  | {
      readonly what: "epoch";
      readonly epoch: number;
      readonly primary: string;
      readonly promotable: readonly string[];
    }
  | { readonly what: "policy"; readonly paused: boolean; readonly by: string }
  /** A standby that a person took out, or brought back. */
  | { readonly what: "maintenance"; readonly region: string; readonly out: boolean; readonly by: string }
  | { readonly what: "fence"; readonly epoch: number }
  /** So many entries could not be kept while the store was away. */
  | { readonly what: "gap"; readonly entries: number; readonly fromMs: number; readonly toMs: number };

/** Rows from before the chain: `digest` is over all of them, `marks` name a single one that was changed. */
export type EarlierRows = {
  readonly entries: number;
  readonly digest: string;
  /** The first 16 hexadecimal digits of each row's SHA-256; of the newest `marksMax` only. */
  readonly marks: readonly string[];
};
