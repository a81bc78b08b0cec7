// Stories of whole regions: killed, frozen, cut off, flapping.

import { epochGrew, nothingLost, reasoned, said, silentByLeaseEnd, strict } from "../checks.ts";
import type { Story } from "../story.ts";
import { settleMs, successorWithinMs } from "./times.ts";

const commitsWait = /commits .*wait for/;

export const regionStories: readonly Story[] = [
  {
    name: "region-loss",
    what: "everything in the primary region is killed, and its links fall silent",
    expects: "failover, bounded by the end of the lease and by detection",
    expected: "moves",
    steps: [
      { do: "kill", who: "primary" },
      { do: "await-successor", withinMs: successorWithinMs },
      { do: "go-on", ms: settleMs },
    ],
    after: [{ do: "bring-back", who: "primary" }],
    checks: [said(["region-unreachable"], "primary", "evident")],
  },
  {
    name: "region-freeze",
    what: "everything in the primary region stands still while busy, and wakes 5 s after its successor serves",
    expects: "failover; nothing is acknowledged through any router under the old epoch",
    expected: "moves",
    steps: [
      { do: "freeze", who: "primary" },
      { do: "await-successor", withinMs: successorWithinMs },
      { do: "go-on", ms: 5_000 },
      { do: "thaw", who: "primary" },
      { do: "go-on", ms: settleMs },
    ],
    after: [],
    checks: [silentByLeaseEnd],
  },
  {
    name: "agent-freeze",
    what: "only the agent of the primary region stands still; its router, database and services go on",
    expects: "writes stop at the end of the lease, failover",
    expected: "moves",
    steps: [
      { do: "freeze-agent", who: "primary" },
      { do: "await-successor", withinMs: successorWithinMs },
      { do: "go-on", ms: 5_000 },
      { do: "thaw", who: "primary" },
      { do: "go-on", ms: settleMs },
    ],
    after: [],
    checks: [silentByLeaseEnd],
  },
  {
    name: "region-cut",
    what: "the primary region is cut from every other region, but not from itself and its users",
    expects: "the region fences itself at the end of its lease, failover",
    expected: "moves",
    steps: [
      { do: "isolate", who: "primary" },
      { do: "await-successor", withinMs: successorWithinMs },
      { do: "go-on", ms: settleMs },
    ],
    after: [{ do: "heal" }],
    checks: [silentByLeaseEnd],
  },
  {
    name: "one-way-cut-deaf",
    what: "the primary region hears nobody, for 15 s; what it says arrives",
    expects: "no two writers, no endless outage",
    expected: "either",
    steps: [
      { do: "one-way", who: "primary", is: "deaf" },
      { do: "go-on", ms: 15_000 },
      { do: "heal" },
      { do: "go-on", ms: 5_000 },
    ],
    after: [],
    checks: [silentByLeaseEndUnlessStayed()],
  },
  {
    name: "one-way-cut-mute",
    what: "nobody hears the primary region, for 15 s; it hears everybody",
    expects: "no two writers, no endless outage",
    expected: "either",
    steps: [
      { do: "one-way", who: "primary", is: "mute" },
      { do: "go-on", ms: 15_000 },
      { do: "heal" },
      { do: "go-on", ms: 5_000 },
    ],
    after: [],
    checks: [silentByLeaseEndUnlessStayed()],
  },
  {
    name: "standby-loss",
    what: "everything in the standby region is killed, and its links fall silent",
    expects: "users write on",
    expected: "stays",
    steps: [
      { do: "kill", who: "target" },
      { do: "go-on", ms: 15_000 },
    ],
    after: [{ do: "bring-back", who: "target" }],
    checks: [said(["region-unreachable"], "target"), nothingLost],
    sync: {
      expects: "writes wait, and it is told for whom; a person takes the standby out, and under a new epoch they go on",
      steps: [
        { do: "kill", who: "target" },
        { do: "await-told", words: commitsWait, withinMs: 20_000 },
        { do: "go-on", ms: 3_000 },
        { do: "maintain", who: "target", out: true },
        { do: "await-epoch", withinMs: 30_000 },
        { do: "go-on", ms: settleMs },
      ],
      after: [
        { do: "bring-back", who: "target" },
        { do: "maintain", who: "target", out: false },
      ],
      checks: [
        said(["region-unreachable"], "target"),
        reasoned(commitsWait, "commits wait for the standby that is lost"),
        nothingLost,
        strict,
        epochGrew,
      ],
    },
  },
  {
    name: "witness-loss",
    what: "the witness region, where the controller lives, is killed, and returns 15 s later",
    expects: "serving goes on by holds; nobody is promoted meanwhile",
    expected: "stays",
    steps: [
      { do: "kill", who: "controller" },
      { do: "go-on", ms: 15_000, long: true },
      { do: "bring-back", who: "controller" },
      { do: "go-on", ms: 5_000 },
    ],
    after: [],
    checks: [nothingLost],
  },
  {
    name: "flapping",
    what: "the primary region is unreachable for 1.5 s out of every 10",
    expects: "no switch, and it is said why",
    expected: "stays",
    steps: [
      { do: "flap", who: "primary", downMs: 1_500, everyMs: 10_000, ms: 60_000 },
      { do: "go-on", ms: settleMs },
    ],
    after: [],
    checks: [
      said(["flapping"], "primary"),
      reasoned(/flap|lease|again|watched/i, "why a region that comes and goes is not left"),
      nothingLost,
    ],
  },
];

/** Where the region went on under its own epoch there is nothing that had to fall silent. */
function silentByLeaseEndUnlessStayed() {
  return {
    ...silentByLeaseEnd,
    fails: (sight: Parameters<typeof silentByLeaseEnd.fails>[0]) =>
      sight.report.steps.length === 0 ? undefined : silentByLeaseEnd.fails(sight),
  };
}
