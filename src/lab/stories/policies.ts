// Stories of what a manifest may allow Leeward to do by itself, with the policy that allows it.

import { epochGrew, nothingLost, reasoned, said, strict } from "../checks.ts";
import type { Story } from "../story.ts";
import { settleMs, successorWithinMs } from "./times.ts";

export const policyStories: readonly Story[] = [
  {
    name: "standby-dropped",
    what: "everything in the standby region is killed; the policy is to wait 5 s for a standby, and then to go on without it",
    expects:
      "writes wait; after 5 s a new epoch leaves the standby out, and they go on; back again, it is made promotable",
    expected: "stays",
    mode: "sync",
    policy: { dropSyncAfter: "5s" },
    steps: [
      { do: "kill", who: "target" },
      { do: "await-epoch", withinMs: 30_000 },
      { do: "go-on", ms: settleMs },
    ],
    after: [{ do: "bring-back", who: "target" }],
    checks: [
      said(["region-unreachable"], "target"),
      reasoned(/commits .*wait for/, "commits wait for the standby that is lost"),
      nothingLost,
      strict,
      epochGrew,
    ],
  },
  {
    name: "brown-out-left",
    what: "one in five of the answers of the primary region's services is a failure; the policy is to leave after 10 s of it",
    expects:
      "diagnosed as degraded, with statistic, threshold and vantages; after the hold-off a switch that loses nothing",
    expected: "moves",
    policy: { degraded: "switch", degradedHoldOff: "10s" },
    steps: [
      { do: "fail-answers", who: "primary", share: 0.2 },
      { do: "await-seen", names: ["service-degraded", "region-degraded"], who: "primary", withinMs: 60_000 },
      { do: "await-successor", withinMs: successorWithinMs },
      { do: "heal" },
      { do: "go-on", ms: settleMs },
    ],
    after: [],
    checks: [
      said(["service-degraded", "region-degraded"], "primary", "evident"),
      reasoned(/degraded/, "that a brown-out is left"),
      nothingLost,
    ],
  },
];
