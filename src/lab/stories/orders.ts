// Stories of people who ask for a switch.

import { nothingLost, nothingRefused, oneOrderWins } from "../checks.ts";
import type { Story } from "../story.ts";
import { settleMs, successorWithinMs } from "./times.ts";

export const orderStories: readonly Story[] = [
  {
    name: "switchover",
    what: "somebody asks for the switch; nothing is broken",
    expects: "nothing lost, nothing refused",
    expected: "moves",
    steps: [
      { do: "ask-switchover", to: "target" },
      { do: "await-successor", withinMs: successorWithinMs },
      { do: "go-on", ms: settleMs },
    ],
    after: [],
    checks: [nothingLost, nothingRefused],
  },
  {
    name: "two-orders",
    what: "a failover and a switchover to the same region are asked for at the same instant; nothing is broken",
    expects: "one wins, the other is told why",
    expected: "moves",
    steps: [
      { do: "ask-both", to: "target" },
      { do: "await-epoch", withinMs: 20_000 },
      { do: "go-on", ms: settleMs },
    ],
    after: [],
    checks: [oneOrderWins],
  },
];
