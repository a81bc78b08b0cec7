// Stories of links and stores, where everybody lives and no one can be sure of it; and of services that answer badly.

import { lossShown, nothingLost, reasoned, said, trafficStayed, usersMet } from "../checks.ts";
import type { Story } from "../story.ts";
import { settleMs } from "./times.ts";

export const linkStories: readonly Story[] = [
  {
    name: "store-cut",
    what: "the primary region cannot reach the controller for 45 s, but reaches its standby",
    expects: "no outage, by holds; nobody is promoted",
    expected: "stays",
    steps: [
      { do: "cut", between: ["primary", "controller"] },
      { do: "go-on", ms: 45_000 },
      { do: "heal" },
      { do: "go-on", ms: settleMs },
    ],
    after: [],
    checks: [nothingLost, trafficStayed],
  },
  {
    name: "store-stall",
    what: "the controller's store hangs for 45 s",
    expects: "no outage, by holds; nobody is promoted",
    expected: "stays",
    steps: [
      { do: "stall-store", ms: 45_000 },
      { do: "go-on", ms: 45_000 + settleMs },
    ],
    after: [],
    checks: [nothingLost, trafficStayed],
  },
  {
    name: "link-cut",
    what: "only the link between the primary region and its standby is cut, for 15 s",
    expects: "no failover; replication is said to stand still, and what a failover would lose is shown to grow",
    expected: "stays",
    steps: [
      { do: "cut", between: ["primary", "target"] },
      { do: "go-on", ms: 15_000 },
      { do: "heal" },
      { do: "go-on", ms: settleMs },
    ],
    after: [],
    checks: [said(["replication-stalled"], "target"), lossShown(12_000), nothingLost],
    sync: {
      expects: "no failover; writes wait for the standby that cannot confirm them, and nothing is lost",
      checks: [nothingLost],
    },
  },
  {
    name: "loss",
    what: "1 % of the packets on every link are lost",
    expects: "no switch",
    expected: "stays",
    steps: [
      { do: "lose-packets", share: 0.01 },
      { do: "go-on", ms: 60_000, long: true },
      { do: "heal" },
      { do: "go-on", ms: settleMs },
    ],
    after: [],
    checks: [nothingLost],
  },
  {
    name: "slow",
    what: "every answer of the primary region's services comes 300 ms later; users wait 1 s for each",
    expects: "diagnosed as slow or degraded, no failover",
    expected: "stays",
    patienceMs: 1_000,
    steps: [
      // What is slow is judged by a target's own history, so there has to be one.
      { do: "go-on", ms: 20_000 },
      { do: "late-answers", who: "primary", ms: 300 },
      { do: "go-on", ms: 45_000, long: true },
      { do: "heal" },
      { do: "go-on", ms: settleMs },
    ],
    after: [],
    checks: [said(["slow", "service-degraded", "region-degraded"], "primary", "evident"), nothingLost],
  },
  {
    name: "brown-out",
    what: "one in five of the answers of the primary region's services is a failure, for a minute",
    expects: "diagnosed as degraded, with statistic, threshold and vantages; the policy decides, with its reason",
    expected: "either",
    steps: [
      { do: "fail-answers", who: "primary", share: 0.2 },
      { do: "await-seen", names: ["service-degraded", "region-degraded"], who: "primary", withinMs: 60_000 },
      { do: "go-on", ms: 30_000 },
      { do: "heal" },
      { do: "go-on", ms: settleMs },
    ],
    after: [],
    checks: [
      said(["service-degraded", "region-degraded"], "primary", "evident"),
      reasoned(/degraded|fail/i, "what is done about one failure in five, and why"),
      usersMet(0.2),
      nothingLost,
    ],
  },
];
