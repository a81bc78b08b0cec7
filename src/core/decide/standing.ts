// Before anything is asked about the primary: is there one, may it be touched, can it be judged at all?
// I2. Less than a quorum is unknown, and unknown never switches.
// I7. While the store is away nobody is promoted.

import { commands } from "./commands.ts";
import type { Row } from "./row.ts";
import { decideRules } from "./rules.ts";

export const standing: readonly Row[] = [
  {
    id: "not-established",
    part: "standing",
    from: "any",
    when: "the store has no record of this group, and no run is under way",
    test: (f) => f.input.record === undefined && f.run === undefined,
    decision: "hold",
    enters: "new",
    sentence: "{group} has no primary on record yet: it has to be established first",
    until: "until a region that may be primary answers, and is established",
  },
  {
    id: "run-under-way",
    part: "standing",
    from: "any",
    when: "a run of this group is under way (one that only rebuilds a standby does not count)",
    test: (f) => f.run !== undefined,
    decision: "hold",
    enters: "switching",
    sentence: "a {run} is under way, and nothing else begins until it has ended",
    until: "until that run has ended",
  },
  {
    id: "store-away",
    part: "standing",
    from: "any",
    when: "the store cannot be reached (I7)",
    test: (f) => f.storeAway !== undefined,
    decision: "hold and tell",
    enters: "degraded",
    sentence: "holding: {storeAway}",
    until: "until the store answers again",
    keepsQuestion: true,
    next: () => commands.status(),
  },
  {
    id: "promoted-by-hand",
    part: "standing",
    from: "any",
    when: "a copy outside the primary's region was promoted without Leeward",
    test: (f) => f.byHand !== undefined,
    decision: "ask",
    enters: "asking",
    sentence: "{byHand}: decide which of the two goes on, and stop the other",
    until: "until one of the two is stopped, or a person orders a failover",
    next: (f) => (f.byHand === undefined ? undefined : commands.failover(f.input.group.name, f.byHand.region, true)),
  },
];

/** After the standbys' rows: those rest on the word of the primary's own agent. */
export const unjudged: readonly Row[] = [
  {
    id: "all-unknown",
    part: "standing",
    from: "any",
    when: `not one region of the group can be judged by a quorum, for ${decideRules.allUnknownAfterMs / 1_000} s (I2)`,
    test: (f) => f.allUnknown,
    decision: "hold and tell",
    enters: "suspect",
    sentence:
      "nothing is moved: not one of {regions} can be judged, so the fault is more likely with those who watch than with all of them at once",
    until: "until a quorum of vantages can judge {from} again",
    keepsQuestion: true,
    next: () => commands.status(),
  },
  {
    id: "unknown",
    part: "standing",
    from: "any",
    when: "the primary cannot be judged by a quorum (I2)",
    test: (f) => f.unknown !== undefined,
    decision: "hold",
    enters: "suspect",
    sentence: "holding, for silence is not death: {unknown}",
    until: "until a quorum of vantages can judge {from} again",
    keepsQuestion: true,
  },
];
