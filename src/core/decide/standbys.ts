// What becomes of standbys while the primary serves. Its own agent's word is enough for that: with two serving regions and a witness, a
// standby that is lost leaves too few vantages to judge the primary, and that is just when commits wait. A synchronous standby that is lost makes commits wait: strict means that they
// wait until it is back. They stop waiting only after it has been taken out of promotable by an epoch of its own, so that nobody is ever
// promoted who lacks what was acknowledged (I3).

import { commands } from "./commands.ts";
import type { DecideFacts } from "./facts.ts";
import type { Row } from "./row.ts";
import { decideRules } from "./rules.ts";

/** Commits that wait look like a brown-out to users, so a primary that answers badly is no reason to leave the standby where it is. */
const isServing = (f: DecideFacts): boolean =>
  f.fromHeard && (f.trouble === undefined || f.trouble.degraded) && f.halfWay === undefined;

export const standbys: readonly Row[] = [
  {
    id: "out-of-service",
    part: "standbys",
    from: "any",
    when: "a person took a standby out for maintenance, and it is still promotable",
    test: (f) => isServing(f) && f.outOfService !== undefined && !f.input.paused,
    decision: "unprotect",
    enters: "degraded",
    sentence: "{outRegion} was taken out by {outBy}: it stops being promotable, and commits stop waiting for it",
    until: "",
  },
  {
    id: "sync-dropped",
    part: "standbys",
    from: "any",
    when: "a synchronous standby has been lost for longer than policy.dropSyncAfter",
    test: (f) => isServing(f) && f.lost?.dropLeftMs !== undefined && f.lost.dropLeftMs <= 0 && !f.input.paused,
    decision: "unprotect",
    enters: "degraded",
    sentence:
      "{lostRegion} is lost for {lostFor}, and {group} waits {dropAfter} at most: it stops being promotable, and then commits stop waiting for it",
    until: "",
  },
  {
    id: "sync-waits",
    part: "standbys",
    from: "any",
    when: `a synchronous standby is lost for ${decideRules.lostTellAfterMs / 1_000} s, and commits wait for it`,
    test: (f) => isServing(f) && f.lost !== undefined && f.lost.forMs >= decideRules.lostTellAfterMs,
    decision: "hold and tell",
    enters: "degraded",
    sentence:
      "{from} serves, but commits of {group} wait for {lostRegion}, its synchronous standby, which is lost for {lostFor}; {dropRule}",
    until: "until {lostRegion} streams again{dropEnd}, or a person takes it out",
    next: (f) => (f.lost === undefined ? undefined : commands.maintenance(f.input.group.name, f.lost.region)),
  },
];
