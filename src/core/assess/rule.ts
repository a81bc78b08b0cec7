// What a rule of the assessment is. A rule looks at one thing, says what is wrong with it in one sentence and how to mend it, and can
// give its reason at length with the source (`leeward explain`). Ids are stable: people accept findings by them, pipelines count them.

import type { Finding, Loss, ServiceVerdict, Severity, SharedFate } from "../model/assess-report.ts";
import type { System } from "../model/system.ts";
import type { Knowledge, Source } from "./knowledge.ts";

/** Everything a rule may look at: the system, the world, and what was reckoned before the rules are asked. */
export type Facts = {
  readonly system: System;
  readonly knowledge: Knowledge;
  readonly services: readonly ServiceVerdict[];
  readonly losses: readonly Loss[];
  readonly sharedFate: readonly SharedFate[];
};

export type Rule = {
  /** Kebab case, stable for ever. */
  readonly id: string;
  readonly severity: Severity;
  /** What is wrong, in a few words: the title in a list. */
  readonly title: string;
  /** Why it matters and what happens at 3 a.m. if nobody mends it; several sentences. */
  readonly why: string;
  readonly mend: string;
  readonly source: Source;
  /** The rule's own id, severity and source are filled in by the caller where they are left out. */
  readonly check: (facts: Facts) => readonly Said[];
};

export type Said = Omit<Finding, "rule" | "severity"> & { readonly severity?: Severity };
