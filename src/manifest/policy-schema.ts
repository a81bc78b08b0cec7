// The keys of a group's policy: when it leaves its primary, when it stays, when a person is asked.

import { z } from "zod";
import { between, duration, list, name } from "./values.ts";

const limit = (high: number) => z.int("limit").min(1, "limit").max(high, "limit");

export const policy = z
  .strictObject(
    {
      forbidden: list(name)
        .exactOptional()
        .describe("Regions of `primary` that never become primary, whoever orders it."),
      holdOff: duration
        .exactOptional()
        .describe(
          "A dead primary is left only after so long. Default: from the costs, and at once where there are none.",
        ),
      degraded: z
        .enum(["hold", "ask", "switch"], "choice")
        .prefault("hold")
        .describe(
          "When the primary answers, but badly. hold: it is said, and nothing is done. ask: a person decides. switch: it is left.",
        ),
      degradedHoldOff: duration
        .prefault("60s")
        .describe("A primary that answers badly is left, or asked about, only after so long."),
      keepServing: limit(64)
        .prefault(1)
        .describe(
          "A switch by itself leaves at least so many regions able to serve, the new primary among them; else a person is asked.",
        ),
      flaps: z
        .strictObject(
          {
            switches: limit(60)
              .prefault(3)
              .describe("So many switches by itself within the window; for the next a person is asked."),
            alarms: limit(60)
              .prefault(6)
              .describe("So many times in trouble within the window; at the next a person is asked."),
            within: between(1_000, 2_592_000_000).prefault("1h").describe("The window."),
          },
          "mapping",
        )
        .prefault({})
        .describe("How much going back and forth is left to automation."),
      dropSyncAfter: duration
        .exactOptional()
        .describe("Commits stop waiting for a synchronous standby that is lost for so long. Default: never."),
    },
    "mapping",
  )
  .describe("When the group leaves its primary, when it stays, and when a person is asked.");
