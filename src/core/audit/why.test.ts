import { describe, expect, test } from "vitest";
import { orders } from "../decide/orders.ts";
import { transitions } from "../decide/transitions.ts";
import type { AuditEvent } from "./entry.ts";
import type { AuditFact, DecisionFact } from "./fact.ts";
import { whyOf } from "./why.ts";
import { wouldChange } from "./would-change.ts";

const group = "storefront";
const at = 1_790_000_000_000;

const event = (afterMs: number, name: string, sentence: string, fact: AuditFact, run?: string): AuditEvent => ({
  atMs: at + afterMs,
  kind: "decided",
  group,
  region: "",
  name,
  sentence,
  fact,
  ...(run === undefined ? {} : { run }),
});

const decision = (rule: string, over: Partial<DecisionFact> = {}): DecisionFact => ({
  what: "decision",
  decision: "hold",
  rule,
  when: transitions.find((row) => row.id === rule)?.when ?? "",
  from: "steady",
  enters: "steady",
  epoch: 3,
  primary: "north",
  diagnoses: [],
  considered: [],
  ...over,
});

const plan = { kind: "failover", from: "north", to: "south" } as const;
const trail: readonly AuditEvent[] = [
  event(0, "steady", "north is primary of storefront and serves", decision("steady")),
  event(
    1_000,
    "lease-runs",
    "north is silent; its lease runs 1.2 s longer",
    decision("lease-runs", { enters: "suspect" }),
  ),
  event(
    2_200,
    "switch",
    "north is silent; south takes over",
    decision("switch", {
      decision: "switch",
      plan,
      fence: "lease",
      by: "policy",
      lossBoundMs: 2_500,
      enters: "switching",
    }),
  ),
  event(2_210, "failover", "failover begins", { what: "run", phase: "begun", ...plan }, "r1"),
  event(2_250, "run-under-way", "a failover is under way", decision("run-under-way", { enters: "switching" })),
  event(4_000, "failover", "failover to south: done", { what: "run", phase: "ended", ...plan, result: "done" }, "r1"),
  event(
    4_010,
    "after-switch",
    "south is primary of storefront and serves; automatic switches rest for 60 s more",
    decision("after-switch", { primary: "south", epoch: 4, enters: "cooling-down", next: "leeward status" }),
  ),
];

describe("why", () => {
  test("is of the newest decision, with what would change it and what to type", () => {
    const why = whyOf(group, trail);
    expect(why.sentence).toMatch(/^Leeward does nothing about storefront: south is primary/);
    expect(why).toMatchObject({ decision: { rule: "after-switch", epoch: 4 }, next: "leeward status" });
    expect(why.wouldChange.length).toBeGreaterThan(0);
    expect(why.decision).not.toHaveProperty("untilMs");
  });

  test("while a run is under way is that it is at work, and says until when, in the decider's own words", () => {
    const until = "until that run has ended";
    const busy = event(
      5_000,
      "run-under-way",
      "a failover is under way",
      decision("run-under-way", { enters: "switching", until }),
    );
    expect(whyOf(group, [...trail, busy])).toMatchObject({
      sentence: "Leeward is at work on storefront: a failover is under way",
      wouldChange: ["it stands until that run has ended"],
    });
  });

  test("is of the last switch with the run that came of it", () => {
    expect(whyOf(group, trail, { last: "switch" })).toMatchObject({
      sentence: "Leeward moved storefront from north to south, because north is silent; south takes over",
      decision: { rule: "switch", by: "policy", fence: "lease", lossBoundMs: 2_500, untilMs: at + 2_250 },
      run: { id: "r1", result: "done", beganAtMs: at + 2_210, endedAtMs: at + 4_000 },
      wouldChange: [],
    });
  });

  test("is of a standby that was taken out, with the run that did it", () => {
    const out = { kind: "unprotect", from: "south", to: "north" } as const;
    const taken = [
      ...trail,
      event(20_000, "maintenance", "north is taken out of storefront (kari)", {
        what: "maintenance",
        region: "north",
        out: true,
        by: "kari",
      }),
      event(
        20_010,
        "out-of-service",
        "north was taken out by kari: it stops being promotable, and commits stop waiting for it",
        decision("out-of-service", { decision: "unprotect", plan: out, primary: "south", enters: "degraded" }),
      ),
      event(20_020, "unprotect", "unprotect begins", { what: "run", phase: "begun", ...out }, "r2"),
      event(20_900, "unprotect", "unprotect: done", { what: "run", phase: "ended", ...out, result: "done" }, "r2"),
    ];
    expect(whyOf(group, taken, { last: "unprotect" })).toMatchObject({
      sentence:
        "Leeward took a standby of storefront out of those that may be promoted: north was taken out by kari: it stops being promotable, and commits stop waiting for it",
      decision: { kind: "unprotect", rule: "out-of-service" },
      run: { id: "r2", result: "done" },
    });
    expect(whyOf(group, trail, { last: "unprotect" }).sentence).toContain(
      "There is no decision to take a standby out about storefront",
    );
  });

  test("is of the decision that stood at a moment, and says until when", () => {
    const why = whyOf(group, trail, { atMs: at + 2_000 });
    expect(why).toMatchObject({ decision: { rule: "lease-runs", untilMs: at + 2_200 }, wouldChange: [] });
    expect(why.sentence).toMatch(/^Leeward did nothing about storefront|^Leeward did not move storefront/);
    expect(whyOf(group, trail, { atMs: at + 2_000, last: "switch" }).decision).toBeUndefined();
  });

  test("of an order names who asked and what the answer was", () => {
    const asked = decision("order-gentler", {
      order: { kind: "failover", to: "south", by: "kari", accepted: false },
      when: orders.find((row) => row.id === "order-gentler")?.when ?? "",
    });
    const refused = [
      ...trail,
      event(9_000, "order-gentler", "refused: a switchover loses nothing", asked),
      event(9_001, "order", "kari asked for a failover to south: refused", {
        what: "order",
        order: { kind: "failover", to: "south" },
        by: "kari",
        accepted: false,
        answer: "refused: a switchover loses nothing",
      }),
    ];
    expect(whyOf(group, refused)).toMatchObject({
      sentence: "Leeward did not do what kari asked of storefront: refused: a switchover loses nothing",
      order: { by: "kari", asked: "failover to south", accepted: false, answer: "refused: a switchover loses nothing" },
    });
  });

  test("of nothing is said to be nothing", () => {
    expect(whyOf(group, []).sentence).toContain("its audit trail is empty");
    expect(whyOf(group, trail, { last: "ask" }).sentence).toContain("There is no question about storefront");
    expect(whyOf(group, trail, { atMs: at - 1 }).decision).toBeUndefined();
  });

  test("each row that holds or asks says what would change it", () => {
    const rows = transitions.filter((row) => row.decision !== "switch");
    expect(rows.length).toBeGreaterThan(10);
    for (const row of rows) expect(wouldChange(row.id, row.when)).not.toEqual([]);
  });
});
