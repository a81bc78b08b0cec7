import { expect, test } from "vitest";
import type { Why } from "../../core/audit/why.ts";
import { whyText } from "./why.ts";

const at = Date.UTC(2026, 10, 21, 6, 3, 12, 345);

const switched: Why = {
  group: "storefront",
  sentence: "Leeward moved storefront from north to south, because north does not answer south and watch for 0.9 s",
  decision: {
    seq: 47,
    atMs: at,
    untilMs: at + 60,
    kind: "switch",
    rule: "switch",
    when: "trouble that a switch heals, and nothing above stands against it",
    reason: "north does not answer",
    state: "switching",
    epoch: 3,
    primary: "north",
    by: "policy",
    plan: { kind: "failover", from: "north", to: "south" },
    fence: "lease",
    lossBoundMs: 2_500,
  },
  diagnoses: [
    {
      name: "region-unreachable",
      region: "north",
      severity: "critical",
      sinceMs: at - 900,
      evidence: { statistic: 5, threshold: 5, vantages: ["south", "watch"], sampleCount: 1_204, silentMs: 900 },
      sentence: "north does not answer south and watch for 0.9 s",
    },
  ],
  considered: [
    { region: "south", chosen: true, lossBoundMs: 2_500 },
    { region: "west", chosen: false, refusedWhy: "the agent of west does not report" },
  ],
  run: {
    id: "failover-storefront-e3-1",
    kind: "failover",
    from: "north",
    to: "south",
    result: "done",
    reason: "failover to south: done; complete",
    beganAtMs: at + 10,
    endedAtMs: at + 1_800,
  },
  wouldChange: [],
  trail: { entries: 61, hash: "9f3a".repeat(16) },
};

const held: Why = {
  group: "storefront",
  sentence: "Leeward does not move storefront: holding, for silence is not death: north cannot be judged",
  decision: {
    atMs: at,
    kind: "hold",
    rule: "unknown",
    when: "the primary cannot be judged by a quorum (I2)",
    reason: "holding",
    state: "suspect",
    epoch: 3,
    primary: "north",
  },
  diagnoses: [],
  considered: [],
  wouldChange: ["a quorum of vantages can judge again"],
  next: "leeward status",
};

test("a switch: the sentence, the rule, the evidence, who was considered, and what came of it", () => {
  expect(whyText([switched])).toMatchInlineSnapshot(`
    "Leeward moved storefront from north to south, because north does not answer south and watch for 0.9
    s.

    Decided
      when   2026-11-21 06:03:12 UTC, until 06:03:12.405, when another decision followed (entry 47 of
             the audit trail)
      rule   switch: trouble that a switch heals, and nothing above stands against it
      by     the policy of the manifest
      then   north was primary under epoch 3; the group was switching
      loss   at most 2.5 s
      fence  the old primary's lease has to run out first

    Seen
      north does not answer south and watch for 0.9 s
        region-unreachable: 5 against a threshold of 5, from 1,204 samples, no answer for 0.90 s, by
        south, watch, for 0.90 s

    Who could take over
      south  chosen   it could take over; it would lose at most 2.5 s
      west   refused  the agent of west does not report

    What came of it
      failover-storefront-e3-1 ended after 1.79 s: failover to south: done; complete

    From an audit trail of 61 entries, head 9f3a9f3a9f3a9f3a; \`leeward audit verify\` shows whether it is
    as it was written.
    "
  `);
});

test("a hold: the sentence, what to type, and what would change it", () => {
  expect(whyText([held])).toMatchInlineSnapshot(`
    "Leeward does not move storefront: holding, for silence is not death: north cannot be judged.

    To do: leeward status

    Decided
      when  2026-11-21 06:03:12 UTC, and it stands
      rule  unknown: the primary cannot be judged by a quorum
      then  north was primary under epoch 3; the group was suspect

    Seen
      nothing wrong anywhere

    What would change it
      a quorum of vantages can judge again
    "
  `);
});

test("it fits one screen whatever was seen", () => {
  const diagnosis = switched.diagnoses[0];
  const region = switched.considered[1];
  if (diagnosis === undefined || region === undefined) throw new Error("there is one of each");
  const much: Why = { ...switched, diagnoses: Array(30).fill(diagnosis), considered: Array(30).fill(region) };
  const lines = whyText([much]).split("\n");
  expect(lines.length).toBeLessThan(45);
  expect(lines.every((line) => line.length <= 100)).toBe(true);
});

test("what comes from outside neither breaks a line nor says a password", () => {
  const text = whyText([{ ...held, sentence: "north\u001b[2J at postgres://ada:hunter2@10.0.0.1 is\nsilent" }]);
  expect(text).not.toContain("hunter2");
  expect(text).not.toContain("\u001b");
  expect(text.split("\n")[0]).toContain("is silent.");
});

test("an empty trail is a sentence", () => {
  expect(whyText([])).toBe("There is no audit trail here, so nothing can be said.\n");
});
