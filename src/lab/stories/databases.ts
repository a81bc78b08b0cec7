// Stories of databases, in a region that is otherwise well.

import { asked, fencedByReceipt, nothingLost, said, trafficStayed } from "../checks.ts";
import type { Story } from "../story.ts";
import { settleMs, successorWithinMs } from "./times.ts";

export const databaseStories: readonly Story[] = [
  {
    name: "database-restart",
    what: "the primary's database server is killed with every session; its agent lives",
    expects: "restart in place if it is back within 2 s, else failover; nothing is lost by a restart",
    expected: "either",
    steps: [
      { do: "kill-database", who: "primary", what: "all" },
      { do: "go-on", ms: 10_000 },
    ],
    after: [],
    checks: [nothingLostInPlace()],
  },
  {
    name: "database-crash-loop",
    what: "the primary's database server is killed, and again whenever it starts; its agent lives",
    expects: "failover with the fence receipt of the living agent, without waiting for the lease",
    expected: "moves",
    steps: [
      { do: "crash-loop", who: "primary" },
      { do: "await-successor", withinMs: successorWithinMs },
      { do: "go-on", ms: settleMs },
    ],
    after: [{ do: "heal" }],
    checks: [said(["database-down"], "primary", "evident"), fencedByReceipt],
  },
  {
    name: "postmaster-loss",
    what: "only the process that starts the others is killed in the primary's database; sessions die after it",
    expects: "as after the loss of the whole database; what dying sessions acknowledged is there",
    expected: "either",
    steps: [
      { do: "kill-database", who: "primary", what: "server" },
      { do: "go-on", ms: 10_000 },
    ],
    after: [],
    checks: [nothingLostInPlace()],
  },
  {
    name: "replication-stall",
    what: "the standby's receiving process stands still for 35 s, then the primary region dies",
    expects:
      "replication is said to be stalled; what a failover would lose is above maxDataLoss, so nobody is promoted and a person is asked",
    expected: "moves",
    steps: [
      { do: "stop-receiver", who: "target" },
      { do: "go-on", ms: 35_000 },
      { do: "kill", who: "primary" },
      { do: "await-asked", withinMs: 20_000 },
      { do: "go-on", ms: 3_000 },
      { do: "wake-receiver", who: "target" },
      { do: "say-yes" },
      { do: "await-successor", withinMs: successorWithinMs },
      { do: "go-on", ms: settleMs },
    ],
    after: [{ do: "bring-back", who: "primary" }],
    checks: [said(["replication-stalled"], "target", "evident"), asked(/lose/, "may so much be lost?")],
    others: {
      expects: "replication is said to be stalled; another standby, whose copy is whole, takes over by itself",
      steps: [
        { do: "stop-receiver", who: "target" },
        { do: "go-on", ms: 35_000 },
        { do: "kill", who: "primary" },
        { do: "await-successor", withinMs: successorWithinMs },
        { do: "wake-receiver", who: "target" },
        { do: "go-on", ms: settleMs },
      ],
      checks: [said(["replication-stalled"], "target", "evident")],
    },
    sync: {
      what: "the standby's receiving process stands still for 15 s",
      expects: "replication is said to be stalled; writes wait, and nothing is lost",
      expected: "stays",
      steps: [
        { do: "stop-receiver", who: "target" },
        { do: "go-on", ms: 15_000 },
        { do: "wake-receiver", who: "target" },
        { do: "go-on", ms: settleMs },
      ],
      after: [],
      checks: [said(["replication-stalled"], "target"), nothingLost],
    },
  },
  {
    name: "by-hand",
    what: "somebody promotes the standby's database without Leeward",
    expects: "noticed, traffic is never split, a person is asked",
    expected: "stays",
    steps: [
      { do: "promote-by-hand", who: "target" },
      { do: "await-seen", names: ["promoted-by-hand"], who: "target", withinMs: 20_000 },
      { do: "go-on", ms: 10_000 },
    ],
    // The person decides for the primary that users have, and stops the other one.
    after: [{ do: "kill-database", who: "target", what: "all" }],
    checks: [
      said(["promoted-by-hand"], "target"),
      asked(/promoted by hand/, "which of the two goes on?"),
      trafficStayed,
      nothingLost,
    ],
  },
];

/** Where the primary stayed, its database came back with everything; a failover may lose what asynchronous replication had not sent. */
function nothingLostInPlace() {
  return {
    ...nothingLost,
    what: "a restart in place loses nothing",
    fails: (sight: Parameters<typeof nothingLost.fails>[0]) =>
      sight.report.steps.length > 0 ? undefined : nothingLost.fails(sight),
  };
}
