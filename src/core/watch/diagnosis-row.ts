// A row of the diagnosis table: when it holds, how bad that is, what it rests on, and the sentence for a person.

import type { RegionName } from "../model/system.ts";
import type { DiagnosisName, Evidence, Severity } from "./diagnosis.ts";

export type Subject<F> = { readonly facts: F; readonly nowMs: number };

export type Row<F> = {
  readonly name: DiagnosisName;
  /** For the documentation: the condition in words. */
  readonly means: string;
  /** Which rows below it are not read any more: those of the same subject, or also those of the region's services. */
  readonly covers: "nothing" | "subject" | "services";
  readonly when: (subject: Subject<F>) => boolean;
  readonly severity: (facts: F) => Severity;
  /** Left out: from when it was first seen. */
  readonly sinceMs?: (subject: Subject<F>) => number;
  readonly partner?: (facts: F) => RegionName;
  readonly evidence: (subject: Subject<F>) => Evidence;
  readonly sentence: (subject: Subject<F>) => string;
};

/** Two reports in a row before a region's own word about a strange state is believed: one may have crossed a change of record. */
export const reportsBelieved = 2;
