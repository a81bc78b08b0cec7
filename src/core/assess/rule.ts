// What a rule of the assessment is. A rule looks at one thing, says what is wrong with it in one sentence and how to mend it, and can
// give its reason at length with the source (`leeward explain`). Ids are stable: people accept findings by them, pipelines count them.

import type { Finding, ManifestPath, Severity } from "../model/assess-report.ts";
import type { Facts } from "./facts.ts";
import type { Source } from "./knowledge.ts";

export type Rule = {
  /** Kebab case, stable for ever. */
  readonly id: string;
  readonly severity: Severity;
  /** What is wrong, in a few words: the title in a list. */
  readonly title: string;
  /** Why it matters and what happens if nobody mends it; several sentences. */
  readonly why: string;
  readonly mend: string;
  readonly source: Source;
  /** In the order of the manifest. Rule id, severity and source are filled in by the caller where they are left out. */
  readonly check: (facts: Facts, before: readonly Before[]) => readonly Said[];
};

/** What rules further up in the table have said, and about what. */
export type Before = { readonly rule: string; readonly about: string | undefined };

export type Said = {
  readonly message: string;
  readonly fix: string;
  readonly path: ManifestPath;
  readonly service?: string;
  /** Name of the service, region, route, job or group it is about: what `accepted.of` names. */
  readonly of?: string;
  readonly severity?: Severity;
  readonly source?: Source;
};

/** What the rules say, in the order of the table; findings that somebody accepted carry the reason. */
export function findingsOf(rules: readonly Rule[], facts: Facts): readonly Finding[] {
  const findings: Finding[] = [];
  const before: Before[] = [];
  for (const rule of rules) {
    const found = rule.check(facts, before).map(({ of, ...said }) => {
      const about = of ?? said.service;
      const accepted = facts.acceptedWhy(rule.id, about);
      before.push({ rule: rule.id, about });
      return {
        ...said,
        ...(about === undefined ? {} : { about }),
        rule: rule.id,
        severity: said.severity ?? rule.severity,
        source: said.source ?? rule.source,
        ...(accepted === undefined ? {} : { accepted }),
      };
    });
    findings.push(...found);
  }
  return findings;
}
