// The schema of the sections that only the assessment reads: what it reckons with, what things cost, what people live with. See schema.ts.

import { z } from "zod";
import { between, day, duration, money, share, text } from "./values.ts";

export const assumptions = z
  .strictObject(
    {
      outagesPerYear: z
        .number("number")
        .min(0, "number")
        .max(1e6, "number")
        .exactOptional()
        .describe("How often one region fails, in a year."),
      repair: between(1, Number.MAX_SAFE_INTEGER).exactOptional().describe("How long a region is away then."),
      commonCause: share.exactOptional().describe("Share of outages that hit both regions at once, 0 to 1."),
      coverage: share
        .exactOptional()
        .describe("Share of switches that work when they are needed, 0 to 1. Default: what the drills prove."),
      detection: duration
        .exactOptional()
        .describe("From the first missing answer to a decision. Default: what the watch guarantees."),
      approval: duration.exactOptional().describe("A person needs so long to be reached, to understand and to agree."),
    },
    "mapping",
  )
  .describe("What the assessment reckons with.");

export const costs = z
  .strictObject(
    {
      currency: z
        .string("currency")
        .regex(/^[A-Z]{3}$/, "currency")
        .describe("Of every amount in this manifest, as three letters: EUR."),
      outagePerHour: money.exactOptional().describe("What an hour costs in which users cannot work."),
      lossPerHour: money.exactOptional().describe("What an hour of acknowledged work costs that is lost."),
      falseFailover: money.exactOptional().describe("What a failover costs that nothing called for."),
      drill: money.exactOptional().describe("What a drill costs."),
      budgetPerMonth: money.exactOptional().describe("What the whole system may cost a month."),
    },
    "mapping",
  )
  .describe("Money, in one currency.");

export const accepted = z.strictObject(
  {
    rule: z
      .string("rule")
      .regex(/^[a-z][a-z0-9-]{0,62}$/, "rule")
      .describe("Id of the finding."),
    of: z
      .string("text")
      .min(1, "text")
      .exactOptional()
      .describe("Only for this region, group, service, route or job. Default: for all."),
    why: text.describe("Why one can live with it."),
    until: day.exactOptional().describe("After this day, YYYY-MM-DD, it counts again. Default: for ever."),
  },
  "mapping",
);
