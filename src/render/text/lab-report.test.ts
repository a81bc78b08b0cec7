import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  crashes,
  linkCut,
  lostInSync,
  regionLoss,
  regionLossWithOrphans,
  splitBrain,
  switchover,
  tenRounds,
  tooSlow,
} from "../../../test/support/lab-report-samples.ts";
import type { LabReport } from "../../core/model/lab-report.ts";
import { verdictOf } from "../lab/verdict.ts";
import { labReportText } from "./lab-report.ts";

describe("the sentence that leads", () => {
  const says: readonly (readonly [string, LabReport, string, string])[] = [
    [
      "a loss that was survived",
      regionLoss,
      "as promised",
      "North died; users could write again after 2.41 s, nothing acknowledged was lost, home again with a 0.21 s gap.",
    ],
    [
      "a loss within what is allowed",
      regionLossWithOrphans,
      "as promised",
      "North died; users could write again after 2.41 s, 12 of 1,684 acknowledged orders were lost (0.12 s of data, 30 s are allowed), home again with a 0.21 s gap.",
    ],
    [
      "ten rounds",
      { ...tenRounds, lost: 0, rpoMs: 0 },
      "as promised",
      "In 10 rounds, north died; users could write again after 2.40 s in the median (2.20 s to 2.62 s), nothing acknowledged was lost, home again with a 0.21 s gap.",
    ],
    [
      "a switchover",
      switchover,
      "as promised",
      "A switchover from north to south was asked for; users waited 0.22 s for a write, nothing acknowledged was lost, home again with a 0.21 s gap.",
    ],
    [
      "no switch where none is right",
      linkCut,
      "as promised",
      "The link between north and its standby was cut; no switch, as it should be; users wrote on, with no gap longer than 0.04 s, nothing acknowledged was lost.",
    ],
    [
      "an objective missed",
      tooSlow,
      "objective missed",
      "An objective was missed: users waited 2.41 s, 2 s was promised. North died; users could write again after 2.41 s, nothing acknowledged was lost, home again with a 0.21 s gap.",
    ],
    [
      "a row lost in sync mode",
      lostInSync,
      "data lost",
      "North died; users could write again after 2.41 s, 3 of 1,684 acknowledged orders were lost, though not one may be (0.02 s of data), home again with a 0.21 s gap.",
    ],
    [
      "two writers",
      { ...splitBrain, lost: 0, rpoMs: 0 },
      "two writers",
      "Two regions acknowledged writes at the same time: the data has split in two. North froze, and woke later; users could write again after 2.41 s, nothing acknowledged was lost, home again with a 0.21 s gap.",
    ],
    [
      "a controller that dies",
      crashes,
      "as promised",
      "The controller was killed at 3 places of its plans; 2 ended in the intended state, 1 in the prior one; no effect happened twice, nothing acknowledged was lost.",
    ],
    [
      "a story that ended otherwise than it must",
      { ...linkCut, notes: ["This story must not end like this: south serves"] },
      "wrong end",
      "This story must not end like this: south serves. The link between north and its standby was cut; nobody took over; users wrote on, with no gap longer than 0.04 s, nothing acknowledged was lost.",
    ],
  ];
  test.each(says)("%s", (_what, report, word, sentence) => {
    expect(verdictOf(report)).toMatchObject({ word, sentence });
  });

  test("is broken by whatever must never happen, whatever else went well", () => {
    const bad: readonly Partial<LabReport>[] = [
      { twoWriters: true },
      { duplicated: 1 },
      { home: { writeGapMs: 200, lost: 1 } },
      { crashes: [{ at: "failover/x/intent", died: true, ended: "neither", effectsTwice: 0 }] },
      { crashes: [{ at: "failover/x/intent", died: true, ended: "intended", effectsTwice: 1 }] },
    ];
    for (const change of bad) expect(verdictOf({ ...regionLoss, ...change }).tone).toBe("broken");
  });
});

describe("the report on a terminal", () => {
  test("is this, for a switchover", () => {
    expect(labReportText({ ...switchover, steps: switchover.steps.slice(4, 9) })).toBe(`\
A switchover from north to south was asked for; users waited 0.22 s for a write, nothing
acknowledged was lost, home again with a 0.21 s gap.

shop, story switchover, async: as promised

  longest write gap     0.22 s  RTO objective 30 s, kept; predicted 0.90 s
  data lost, in time    0.00 s  RPO objective 30 s, kept
  orders acknowledged      912  users were told: it is stored
  of these lost              0  each was found again
  stored twice               0  each order stands there once
  refused                    0  users were told: not now; nothing is stored
  unknown                    0  no answer in time: it may be stored or not
  markers lost         0 of 96  one each 100 ms, to measure the loss in time
  orphans                    0  rows only the old primary had, set aside before it rejoined
  two writers            never  no old epoch acknowledged after a newer one
  past the routers           0  writes by a client that bypasses them, after the switch
  gap of the way home   0.21 s  and nothing lost

Where the 0.22 s went
  |FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFPPPPPPPPPPPRRRRRRRRRRRWWWWWW|
  D  detect         0.00 s  until the fault was known
  d  decide         0.00 s  until it was decided what to do
  F  fence          0.12 s  until the old side could write no more: its lease had to run out
  P  data           0.04 s  until the new database took writes
  R  route          0.04 s  until every router led there
  W  first write    0.02 s  until the first write of users was acknowledged

What was done, since it was asked for
      at   took  region  ended  what and why
  0.45 s  65 ms  north   done   orders in north stopped at 0/4B00028
  0.52 s  20 ms  south   done   orders in south has everything up to 0/4B00028
  0.54 s   5 ms  south   done   epoch 3 names south, on the fence receipt of north
  0.54 s  38 ms  south   done   orders in south was promoted at 0/4B00028 on timeline 3
  0.58 s  39 ms  south   done   3 of 3 routers that answer lead to south, generation 10

In words
  Decided: switchover. Lab asked for a switchover to south.
  Users were told of 912 orders that they are stored. Afterwards each was looked for in the serving
  database, and each was found.
  A client that goes straight to the old database, past every router, got nothing acknowledged after
  the switch.
`);
  });

  test("says where lost orders are", () => {
    const text = labReportText(regionLossWithOrphans).replace(/\s+/g, " ");
    expect(text).toContain("Measured by 1 lost marker of 187, 0.12 s of writes are gone.");
    expect(text).toContain("13 rows that only it had were set aside before anything overwrote them");
  });

  test("lists the rounds", () => {
    const lines = labReportText(tenRounds).split("\n");
    expect(lines).toContain("10 rounds: write gap at least 2.20 s, median 2.40 s, at most 2.62 s");
    expect(lines).toContain("      4  2.40 s         1,684    12       31    0.21 s  as promised");
  });

  test("is never wider than the terminal or 100 columns, whatever stands in it", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 200 }), fc.integer({ min: 60, max: 300 }), (word, width) => {
        const report = { ...regionLossWithOrphans, reason: word, notes: [word], system: word.slice(0, 20) };
        for (const line of labReportText(report, { width }).split("\n")) {
          expect([...line].length).toBeLessThanOrEqual(Math.min(100, width));
        }
      }),
      { numRuns: 60 },
    );
  });

  test("gives a terminal nothing to obey but the colours that were asked for", () => {
    const evil = "\u001b]0;owned\u0007\u001b[2J\u009b31m\r\u202eabc";
    const report = { ...regionLoss, reason: evil, system: evil, notes: [evil], story: evil };
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
    expect(labReportText(report)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
    expect(labReportText(regionLoss, { color: true })).toMatch(/^\u001b\[32m/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
    expect(labReportText(regionLoss, { color: true }).replace(/\u001b\[[0-9;]*m/g, "")).toBe(labReportText(regionLoss));
  });
});
