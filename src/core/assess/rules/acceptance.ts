// Acceptances that accept nothing. Asked last, for it looks at what all other rules have said.

import type { Rule, Said } from "../rule.ts";
import { own } from "./sources.ts";

export const acceptanceRules: readonly Rule[] = [
  {
    id: "accepted-nothing",
    severity: "warning",
    title: "an acceptance of something that is not found",
    why: "An acceptance that fits no finding is mistyped, or what it was about is mended. Left in place it will one day silence a finding that nobody has looked at.",
    mend: "Correct the rule or the name, or take the acceptance out.",
    source: own("Accepted findings"),
    check: (facts, before) => {
      const said = new Set(before.flatMap(({ rule, about }) => [rule, `${rule} ${about ?? ""}`]));
      // Two things that fall together are told with the cuts, and not as a finding.
      const isCut = (of: string | undefined): boolean =>
        facts.sharedFate.some(({ accepted, cut }) => accepted !== undefined && (of === undefined || cut.includes(of)));
      return (facts.system.accepted ?? []).flatMap((entry, index): readonly Said[] => {
        if (entry.rule === "shared-fate" && isCut(entry.of)) return [];
        if (said.has(entry.of === undefined ? entry.rule : `${entry.rule} ${entry.of}`)) return [];
        return [
          {
            path: ["accepted", index],
            of: entry.of ?? entry.rule,
            message: `Nothing is found that ${entry.rule}${entry.of === undefined ? "" : ` of ${entry.of}`} could accept.`,
            fix: "Correct the rule or the name (`leeward explain` lists the rules), or take this entry out.",
          },
        ];
      });
    },
  },
];
