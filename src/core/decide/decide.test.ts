import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Diagnosis, DiagnosisName } from "../watch/diagnosis.ts";
import { decide } from "./decide.ts";
import {
  type Candidate,
  type DecideInput,
  type DecideState,
  type Decision,
  initialDecideState,
  type PersonRequest,
} from "./decision.ts";
import { orders } from "./orders.ts";
import { transitionsPage } from "./render.ts";
import { transitions } from "./transitions.ts";
import { isWord, wordsIn } from "./words.ts";

const now = 1_000_000;

function seen(name: DiagnosisName, over: Partial<Diagnosis> = {}): Diagnosis {
  const region = over.region ?? "north";
  return {
    name,
    region,
    severity: "critical",
    sinceMs: now - 900,
    seenAtMs: now,
    evidence: { statistic: 5, threshold: 5, vantages: ["south", "watch"], sampleCount: 100, silentMs: 900 },
    sentence: `${region} is ${name}`,
    ...over,
  };
}

const south: Candidate = {
  region: "south",
  agentReachable: true,
  streaming: true,
  hasStreamed: true,
  lagBytes: 0,
  caughtUpAtMs: now - 2_400,
  readyServices: ["orders", "web"],
};
const north: Candidate = { region: "north", agentReachable: false, readyServices: [] };
const west: Candidate = { ...south, region: "west" };

function input(over: Partial<DecideInput> = {}): DecideInput {
  return {
    nowMs: now,
    group: {
      name: "shop",
      primary: ["north", "south", "west"],
      witnesses: ["watch"],
      services: ["orders", "web"],
      failover: "automatic",
      maxDataLossMs: 30_000,
      coolDownMs: 60_000,
      mode: "async",
    },
    paused: false,
    record: { epoch: 7, primary: "north", promotable: ["north", "south", "west"] },
    diagnoses: [],
    candidates: [{ ...south, region: "north" }, south],
    lease: { seenAtMs: now - 2_100, ttlMs: 2_200 },
    ...over,
  };
}

const gone = (over: Partial<DecideInput> = {}): DecideInput =>
  input({ diagnoses: [seen("region-unreachable")], candidates: [north, south], ...over });

const withGroup = (base: DecideInput, over: Partial<DecideInput["group"]>): DecideInput => ({
  ...base,
  group: { ...base.group, ...over },
});

const at = (name: DecideState["name"], over: Partial<DecideState> = {}): DecideState => ({
  ...initialDecideState,
  name,
  ...over,
});

const run = { id: "r1", kind: "switchover", from: "north", to: "south" } as const;
const ended = { ...run, kind: "failover", result: "done", reason: "complete", endedAtMs: now - 20_000 } as const;

type Case = readonly [
  what: string,
  input: DecideInput,
  rule: string,
  kind: Decision["kind"],
  enters: DecideState["name"],
  reason: string,
  state?: DecideState,
];

const cases: readonly Case[] = [
  [
    "no record",
    without(input(), "record"),
    "not-established",
    "hold",
    "new",
    "shop has no primary on record yet: it has to be established first",
  ],
  ["all well", input(), "steady", "hold", "steady", "north is primary of shop and serves"],
  [
    "a region is gone",
    gone(),
    "switch",
    "switch",
    "switching",
    "north is region-unreachable; south takes over, the only standby that can take over, losing at most 2.5 s",
  ],
  [
    "gone, and the lease still runs",
    gone({ lease: { seenAtMs: now - 1_000, ttlMs: 2_200 } }),
    "lease-runs",
    "hold",
    "suspect",
    "north is region-unreachable; its lease runs 1.2 s longer and may be renewed, so nobody is promoted yet",
  ],
  [
    "a run is under way",
    gone({ run }),
    "run-under-way",
    "hold",
    "switching",
    "a switchover from north to south (r1) is under way, and nothing else begins until it has ended",
  ],
  [
    "only a standby is being rebuilt",
    gone({ run: { ...run, kind: "protect" } }),
    "switch",
    "switch",
    "switching",
    "north is region-unreachable; south takes over, the only standby that can take over, losing at most 2.5 s",
  ],
  [
    "the store is away",
    gone({ diagnoses: [seen("region-unreachable"), seen("store-away", { region: "watch" })] }),
    "store-away",
    "hold",
    "degraded",
    "holding: watch is store-away",
  ],
  [
    "unknown",
    gone({ diagnoses: [seen("unknown", { severity: "warning" })] }),
    "unknown",
    "hold",
    "suspect",
    "holding, for silence is not death: north is unknown",
  ],
  [
    "unknown beside an alarm",
    gone({ diagnoses: [seen("unknown"), seen("database-down", { service: "orders" })] }),
    "unknown",
    "hold",
    "suspect",
    "holding, for silence is not death: north is unknown",
  ],
  [
    "paused",
    gone({ paused: true }),
    "paused",
    "hold",
    "degraded",
    "north is region-unreachable; automation is paused, so nothing is done until a person orders it",
  ],
  [
    "manual",
    withGroup(gone(), { failover: "manual" }),
    "manual",
    "hold",
    "degraded",
    "north is region-unreachable; the policy of shop is manual, so a person has to order the failover",
  ],
  [
    "approve",
    withGroup(gone(), { failover: "approve" }),
    "ask-policy",
    "ask",
    "asking",
    "north is region-unreachable; a failover to south would lose at most 2.5 s; the policy of shop wants a person's yes",
  ],
  [
    "too much loss",
    withGroup(gone(), { maxDataLossMs: 2_000 }),
    "ask-loss",
    "ask",
    "asking",
    "north is region-unreachable; a failover to south may lose 2.5 s, more than the 2.0 s allowed without a person's yes",
  ],
  [
    "never seen caught up",
    gone({ candidates: [without(south, "caughtUpAtMs")] }),
    "ask-loss",
    "ask",
    "asking",
    "north is region-unreachable; a failover to south may lose an unknown amount, more than the 30 s allowed without a person's yes",
  ],
  [
    "sync loses nothing",
    withGroup(gone({ candidates: [without(south, "caughtUpAtMs")] }), { mode: "sync", maxDataLossMs: 0 }),
    "switch",
    "switch",
    "switching",
    "north is region-unreachable; south takes over, the only standby that can take over, losing at most 0.0 s",
  ],
  [
    "no standby",
    withGroup(gone(), { primary: ["north"] }),
    "no-target",
    "hold",
    "degraded",
    "north is region-unreachable; nobody can take over: there is no other region",
  ],
  [
    "nobody able",
    gone({
      candidates: [
        { ...south, hasStreamed: false },
        { ...west, agentReachable: false },
      ],
    }),
    "no-target",
    "hold",
    "degraded",
    "north is region-unreachable; nobody can take over: the copy in south was never seen streaming from a primary; the agent of west does not report",
  ],
  [
    "cooling down",
    gone({ lastRun: ended }),
    "cooling-down",
    "hold",
    "cooling-down",
    "north is region-unreachable; the last switch has only just ended, the next automatic one may come in 40 s",
  ],
  [
    "cool and well",
    input({ lastRun: ended }),
    "after-switch",
    "hold",
    "cooling-down",
    "north is primary of shop and serves; automatic switches rest for 40 s more",
  ],
  [
    "the database may restart",
    input({ diagnoses: [seen("database-down", { service: "orders" })] }),
    "restart-window",
    "hold",
    "suspect",
    "north is database-down; a restart in place has 1.1 s left before the failover",
  ],
  [
    "the database did not restart",
    input({ diagnoses: [seen("database-down", { service: "orders", sinceMs: now - 2_000 })] }),
    "switch",
    "switch",
    "switching",
    "north is database-down; south takes over, the only standby that can take over, losing at most 2.5 s",
  ],
  [
    "the web service is down for long",
    input({ diagnoses: [seen("service-down", { service: "web", sinceMs: now - 10_000 })] }),
    "switch",
    "switch",
    "switching",
    "north is service-down; south takes over, the only standby that can take over, losing at most 0.0 s",
  ],
  [
    "and not seen there either",
    input({
      diagnoses: [seen("service-down", { service: "web", sinceMs: now - 10_000 })],
      candidates: [{ ...south, readyServices: ["orders"] }],
    }),
    "ask-unproven",
    "ask",
    "asking",
    "north is service-down; web is not seen running in south either, so moving may not heal it: a person decides",
  ],
  [
    "another group's service",
    input({ diagnoses: [seen("service-down", { service: "mail", sinceMs: 0 })] }),
    "steady",
    "hold",
    "steady",
    "north is primary of shop and serves",
  ],
  [
    "the standby is gone",
    input({ diagnoses: [seen("region-unreachable", { region: "south", severity: "warning" })] }),
    "warned",
    "hold",
    "degraded",
    "holding: south is region-unreachable",
  ],
  [
    "link cut",
    input({ diagnoses: [seen("link-cut", { partner: "south", severity: "warning" })] }),
    "link-cut",
    "hold",
    "degraded",
    "holding: north is link-cut; moving would heal nothing",
  ],
  [
    "agent silent",
    input({ diagnoses: [seen("agent-silent", { severity: "warning" })] }),
    "warned",
    "hold",
    "degraded",
    "holding: north is agent-silent",
  ],
  [
    "recovering",
    input({ diagnoses: [seen("recovering", { severity: "notice" })] }),
    "recovering",
    "hold",
    "suspect",
    "holding: north is recovering",
  ],
  [
    "recovered",
    input(),
    "recovered",
    "hold",
    "steady",
    "north is in order again and stays primary of shop",
    at("suspect"),
  ],
  [
    "the question is over",
    input(),
    "withdrawn",
    "hold",
    "steady",
    "north is in order again, so the question about shop is withdrawn",
    at("asking"),
  ],
  [
    "promoted by hand",
    input({ diagnoses: [seen("promoted-by-hand", { region: "south", service: "orders" })] }),
    "promoted-by-hand",
    "ask",
    "asking",
    "south is promoted-by-hand: decide which of the two goes on, and stop the other",
  ],
  [
    "denied",
    gone(),
    "denied",
    "hold",
    "degraded",
    "north is region-unreachable; ada decided against a failover, so it waits for an order",
    at("suspect", { denied: { trouble: "region-unreachable/north/", by: "ada" } }),
  ],
  [
    "a switch has just failed",
    gone({ lastRun: { ...ended, result: "failed", reason: "no disk", endedAtMs: now - 1_000 } }),
    "retry-later",
    "hold",
    "suspect",
    "north is region-unreachable; the last switch failed (no disk), the next try is in 4.0 s",
  ],
  [
    "three have failed",
    gone({ lastRun: { ...ended, result: "failed", reason: "no disk", endedAtMs: now - 900_000 } }),
    "failed-too-often",
    "hold",
    "degraded",
    "north is region-unreachable; 3 switches in a row have failed, the last because: no disk; a person has to look",
    at("suspect", { failedRuns: 2 }),
  ],
  [
    "a switch ended half-way",
    input({
      record: { epoch: 8, primary: "south", promotable: ["south"] },
      lastRun: { ...ended, result: "failed", reason: "no route" },
    }),
    "half-way",
    "hold",
    "degraded",
    "south is primary, but the failover to south ended half-way: no route",
  ],
];

describe("by policy", () => {
  for (const [what, given, rule, kind, enters, reason, state = initialDecideState] of cases) {
    test(what, () => {
      const { decision, state: after } = decide(state, given);
      const got = { rule: decision.rule, kind: decision.kind, enters: after.name, reason: decision.reason };
      expect(got).toEqual({ rule, kind, enters, reason });
    });
  }

  test("every row of the table has a case", () => {
    expect(transitions.map((row) => row.id).filter((id) => !cases.some(([, , rule]) => rule === id))).toEqual([]);
  });

  test("a switch says what is to be run", () => {
    expect(decide(initialDecideState, gone()).decision).toMatchObject({
      kind: "switch",
      plan: { kind: "failover", from: "north", to: "south" },
      fence: "lease",
      lossBoundMs: 2_500,
      by: "policy",
    });
    const protecting = gone({ run: { ...run, kind: "protect", id: "p1" } });
    expect(decide(initialDecideState, protecting).decision).toMatchObject({ replaces: "p1" });
    const restarted = input({ diagnoses: [seen("database-down", { service: "orders", sinceMs: 0 })] });
    expect(decide(initialDecideState, restarted).decision).toMatchObject({
      fence: "receipt",
      plan: { kind: "failover" },
    });
    const web = input({ diagnoses: [seen("service-down", { service: "web", sinceMs: 0 })] });
    expect(decide(initialDecideState, web).decision).toMatchObject({ plan: { kind: "switchover" }, lossBoundMs: 0 });
  });

  test("the target is the one with the smallest loss, then the first in the manifest, and the reason says so", () => {
    const nearer = decide(
      initialDecideState,
      gone({ candidates: [south, { ...west, caughtUpAtMs: now - 2_000 }] }),
    ).decision;
    expect(nearer).toMatchObject({ plan: { to: "west" }, lossBoundMs: 2_100 });
    expect(nearer.reason).toContain("the one with the smallest loss bound of 2");
    const tied = decide(initialDecideState, gone({ candidates: [west, south] })).decision;
    expect(tied).toMatchObject({ plan: { to: "south" } });
    expect(tied.reason).toContain("first in the manifest among those with the smallest loss bound of 2");
  });

  test("a person's next command comes with what needs a person", () => {
    expect(decide(initialDecideState, gone({ paused: true })).decision.next).toBe("leeward failover shop --to south");
    expect(decide(initialDecideState, withGroup(gone(), { failover: "approve" })).decision.next).toBe(
      "leeward approve shop",
    );
    const lossy = withGroup(gone({ paused: true }), { maxDataLossMs: 1 });
    expect(decide(initialDecideState, lossy).decision.next).toBe("leeward failover shop --to south --accept-loss");
  });

  test("failures are forgotten with the trouble, and a person's no with it", () => {
    const state = at("degraded", { failedRuns: 2, denied: { trouble: "region-unreachable/north/", by: "ada" } });
    expect(decide(state, input()).state).toMatchObject({ failedRuns: 0 });
    expect(decide(state, input()).state).not.toHaveProperty("denied");
    // Not to know is not to know that it is over.
    expect(decide(state, input({ diagnoses: [seen("unknown")] })).state).toMatchObject({
      failedRuns: 2,
      denied: { by: "ada" },
    });
  });

  test("a run that a person aborted is a no", () => {
    const aborted = gone({ lastRun: { ...ended, result: "aborted" } });
    expect(decide(at("switching"), aborted).decision.rule).toBe("denied");
  });
});

type OrderCase = readonly [
  what: string,
  request: PersonRequest,
  input: DecideInput,
  rule: string,
  kind: Decision["kind"],
  accepted: boolean,
  reason: string,
  state?: DecideState,
];

const to = (kind: "switchover", region = "south"): PersonRequest => ({ kind, to: region, by: "ada" });
const fail = (acceptLoss = false, region = "south"): PersonRequest => ({
  kind: "failover",
  to: region,
  by: "ada",
  acceptLoss,
});
const yes: PersonRequest = { kind: "approve", by: "ada" };
const no: PersonRequest = { kind: "deny", by: "ada" };
const home: PersonRequest = { kind: "failback", by: "ada" };
const question = { kind: "failover", from: "north", to: "south", lossBoundMs: 2_500, askedAtMs: now - 5_000 } as const;
const asking = at("asking", { question });
const fresh: Candidate = { ...south, caughtUpAtMs: now - 100 };
const ready = input({ candidates: [{ ...south, region: "north" }, fresh] });
const away = input({
  record: { epoch: 8, primary: "south", promotable: ["north", "south"] },
  candidates: [{ ...fresh, region: "north" }, fresh],
});

const orderCases: readonly OrderCase[] = [
  [
    "before there is a primary",
    to("switchover"),
    without(input(), "record"),
    "order-not-established",
    "hold",
    false,
    "refused: shop has no primary on record yet",
  ],
  [
    "while a run is under way",
    to("switchover"),
    input({ run }),
    "order-run",
    "hold",
    false,
    "refused: a switchover from north to south (r1) is under way and came first; order again when it has ended",
  ],
  [
    "while the store is away",
    fail(true),
    gone({ diagnoses: [seen("store-away", { region: "watch" })] }),
    "order-store-away",
    "hold",
    false,
    "refused: watch is store-away; an epoch cannot be agreed on without the store",
  ],
  ["a yes to nothing", yes, gone(), "answer-no-question", "hold", false, "refused: nothing is being asked about shop"],
  [
    "no",
    no,
    gone(),
    "deny",
    "hold",
    true,
    "ada said no to the failover to south; it is not asked again while the trouble is the same",
    asking,
  ],
  [
    "a yes too late",
    yes,
    input(),
    "approve-over",
    "hold",
    false,
    "refused: what was asked about is no longer so; north is not known to be in trouble at this moment",
    asking,
  ],
  [
    "a yes to another target",
    yes,
    gone({ candidates: [west] }),
    "approve-other",
    "hold",
    false,
    "refused: a failover to south was asked about, but by now that is not what would be done",
    asking,
  ],
  [
    "a yes to a loss that has grown",
    yes,
    withGroup(gone({ candidates: [{ ...south, caughtUpAtMs: now - 10_000 }] }), { maxDataLossMs: 0 }),
    "approve-grown",
    "ask",
    false,
    "the loss to expect has grown from 2.5 s to 10 s since you were asked: approve again if that is still right",
    asking,
  ],
  [
    "yes",
    yes,
    withGroup(gone({ paused: true }), { maxDataLossMs: 0 }),
    "approve",
    "switch",
    true,
    "ada approved the failover to south, losing at most 2.5 s: north is region-unreachable",
    asking,
  ],
  [
    "home from home",
    home,
    ready,
    "order-home-already",
    "hold",
    false,
    "refused: shop is at home already, north is its first region in the manifest",
  ],
  [
    "to a witness",
    fail(true, "watch"),
    gone(),
    "order-target",
    "hold",
    false,
    "refused: watch is a witness and serves nothing",
  ],
  [
    "to where it is",
    to("switchover", "north"),
    ready,
    "order-target",
    "hold",
    false,
    "refused: north is the primary already",
  ],
  [
    "to a stranger",
    to("switchover", "mars"),
    ready,
    "order-target",
    "hold",
    false,
    "refused: mars is not among the regions that may be primary of shop",
  ],
  [
    "to one that is not admitted",
    fail(true),
    gone({ record: { epoch: 7, primary: "north", promotable: ["north"] } }),
    "order-target",
    "hold",
    false,
    "refused: south is not promotable in epoch 7: it has not been admitted as a standby",
  ],
  [
    "to one in trouble",
    fail(true),
    gone({ diagnoses: [seen("region-unreachable"), seen("database-down", { region: "south", service: "orders" })] }),
    "order-target",
    "hold",
    false,
    "refused: south is in trouble itself (database-down)",
  ],
  [
    "to one that does not stream",
    to("switchover"),
    input({ candidates: [{ ...fresh, streaming: false }] }),
    "order-target",
    "hold",
    false,
    "refused: the copy in south is not streaming now, so it would lose what it has not received",
  ],
  [
    "to one that is behind",
    to("switchover"),
    input({ candidates: [{ ...fresh, caughtUpAtMs: now - 12_000 }] }),
    "order-target",
    "hold",
    false,
    "refused: south is behind: last caught up 12 s ago, 10 s is the most",
  ],
  [
    "to one of which nothing is known",
    to("switchover"),
    input({ candidates: [without(fresh, "caughtUpAtMs")] }),
    "order-target",
    "hold",
    false,
    "refused: south has not been seen caught up yet",
  ],
  [
    "gently from a dead primary",
    to("switchover"),
    gone({ candidates: [north, fresh] }),
    "order-needs-force",
    "hold",
    false,
    "refused: a switchover needs north to stop its writes in good order, and north does not answer for that; a failover does not need it",
  ],
  [
    "by force from a healthy one",
    fail(),
    ready,
    "order-gentler",
    "hold",
    false,
    "refused: north is well, and a failover may lose 0.2 s where a switchover loses nothing",
  ],
  [
    "by force, above the loss",
    fail(),
    withGroup(gone(), { maxDataLossMs: 1_000 }),
    "order-loss",
    "hold",
    false,
    "refused: a failover to south may lose 2.5 s, and 1.0 s is allowed; say that you accept it",
  ],
  [
    "by force, the loss accepted",
    fail(true),
    withGroup(gone({ paused: true, lastRun: ended }), { maxDataLossMs: 1_000, failover: "manual" }),
    "order-failover",
    "switch",
    true,
    "ada ordered a failover from north to south, losing at most 2.5 s",
  ],
  [
    "by force though nothing is known",
    fail(),
    gone({ diagnoses: [seen("unknown")] }),
    "order-failover",
    "switch",
    true,
    "ada ordered a failover from north to south, losing at most 2.5 s",
  ],
  [
    "a switchover",
    to("switchover"),
    ready,
    "order-graceful",
    "switch",
    true,
    "ada ordered a switchover from north to south; nothing is lost",
  ],
  ["home", home, away, "order-graceful", "switch", true, "ada ordered a failback from south to north; nothing is lost"],
];

describe("by a person's order", () => {
  for (const [what, request, given, rule, kind, accepted, reason, state = at("steady")] of orderCases) {
    test(what, () => {
      const { decision } = decide(state, { ...given, request });
      const got = { rule: decision.rule, kind: decision.kind, reason: decision.reason, answer: decision.answer };
      expect(got).toEqual({ rule, kind, reason, answer: { accepted, why: reason } });
    });
  }

  test("every row of the table has a case", () => {
    expect(orders.map((row) => row.id).filter((id) => !orderCases.some(([, , , rule]) => rule === id))).toEqual([]);
  });

  test("a refused order changes nothing", () => {
    const state = at("steady");
    expect(decide(state, { ...ready, request: fail() }).state).toEqual(state);
  });

  test("of two orders at once one wins, the other is told why", () => {
    const first = decide(at("steady"), { ...ready, request: to("switchover") });
    expect(first.decision.kind).toBe("switch");
    const second = decide(first.state, { ...ready, run, request: fail(true) });
    expect(second.decision).toMatchObject({ kind: "hold", answer: { accepted: false } });
    expect(second.decision.answer?.why).toContain("is under way and came first");
  });

  test("the question stands until it is answered, and is asked anew when the loss has doubled", () => {
    const given = withGroup(gone(), { failover: "approve" });
    const first = decide(at("steady"), given);
    const later = decide(first.state, { ...given, nowMs: now + 60_000 });
    expect(later.decision).toMatchObject({ kind: "ask", question: { askedAtMs: now } });
    const worse = decide(first.state, {
      ...given,
      nowMs: now + 60_000,
      candidates: [{ ...south, caughtUpAtMs: now - 9_000 }],
    });
    expect(worse.decision).toMatchObject({ kind: "ask", question: { askedAtMs: now + 60_000, lossBoundMs: 9_100 } });
  });

  test("after a no it is not asked again until the trouble is another one", () => {
    const given = withGroup(gone(), { failover: "approve" });
    const asked = decide(at("steady"), given);
    const denied = decide(asked.state, { ...given, request: no });
    expect(decide(denied.state, given).decision.rule).toBe("denied");
    const other = { ...given, diagnoses: [seen("agent-down")] };
    expect(decide(denied.state, other).decision.rule).toBe("ask-policy");
  });
});

// Anything that could be told to the decider, sensible or not.
const names = fc.constantFrom("north", "south", "west", "watch");
const diagnosis = fc
  .record({
    name: fc.constantFrom<DiagnosisName[]>(
      "healthy",
      "recovering",
      "service-down",
      "database-down",
      "region-unreachable",
      "agent-down",
      "agent-silent",
      "link-cut",
      "replication-stalled",
      "promoted-by-hand",
      "vantages-disagree",
      "store-away",
      "unknown",
      // The ones that may end in a switch, or must prevent it, more often than chance would bring them together.
      "region-unreachable",
      "database-down",
      "unknown",
    ),
    region: fc.oneof(fc.constant("north"), fc.constant("north"), names),
    service: fc.constantFrom(undefined, undefined, "orders", "web"),
    sinceMs: fc.constantFrom(now - 500, now - 3_000, now - 15_000),
    severity: fc.constantFrom<Diagnosis["severity"][]>("ok", "notice", "warning", "critical"),
    sentence: fc.string({ maxLength: 600 }),
  })
  .map(({ service, ...rest }) => seen(rest.name, { ...rest, ...(service === undefined ? {} : { service }) }));
const often = fc.constantFrom(true, true, true, false);
const candidate = (region: string): fc.Arbitrary<Candidate> =>
  fc
    .record({
      agentReachable: often,
      streaming: often,
      hasStreamed: often,
      caughtUpAtMs: fc.constantFrom(undefined, now - 40_000, now - 3_000, now - 100),
      readyServices: fc.subarray(["orders", "web"]),
    })
    .map(({ caughtUpAtMs, ...rest }) => ({ region, ...rest, ...(caughtUpAtMs === undefined ? {} : { caughtUpAtMs }) }));
const request = fc.oneof(
  { weight: 4, arbitrary: fc.constant(undefined) },
  fc.record({ kind: fc.constant("switchover" as const), to: names, by: fc.constant("ada") }),
  fc.record({ kind: fc.constant("failover" as const), to: names, by: fc.constant("ada"), acceptLoss: fc.boolean() }),
  fc.constantFrom(yes, no, home),
);
const anyInput: fc.Arbitrary<DecideInput> = fc
  .record({
    failover: fc.constantFrom<DecideInput["group"]["failover"][]>("automatic", "automatic", "approve", "manual"),
    mode: fc.constantFrom<DecideInput["group"]["mode"][]>("async", "sync", "none"),
    maxDataLossMs: fc.constantFrom(0, 5_000, 30_000),
    paused: fc.constantFrom(false, false, true),
    diagnoses: fc.array(diagnosis, { minLength: 1, maxLength: 3 }),
    candidates: fc.tuple(candidate("north"), candidate("south"), candidate("west")),
    leaseAgeMs: fc.constantFrom(500, 2_050, 4_000, 9_000),
    run: fc.constantFrom(undefined, undefined, undefined, undefined, undefined, run, {
      ...run,
      kind: "protect" as const,
    }),
    lastRun: fc.constantFrom(undefined, undefined, ended, {
      ...ended,
      id: "r2",
      result: "failed" as const,
      endedAtMs: now - 100_000,
    }),
    request,
  })
  .map((any) => ({
    ...withGroup(input(), { failover: any.failover, mode: any.mode, maxDataLossMs: any.maxDataLossMs }),
    paused: any.paused,
    diagnoses: any.diagnoses,
    candidates: any.candidates,
    lease: { seenAtMs: now - any.leaseAgeMs, ttlMs: 2_200 },
    ...(any.run === undefined ? {} : { run: any.run }),
    ...(any.lastRun === undefined ? {} : { lastRun: any.lastRun }),
    ...(any.request === undefined ? {} : { request: any.request }),
  }))
  .chain((made) =>
    fc
      .record({
        primary: fc.oneof({ weight: 8, arbitrary: fc.constant("north") }, fc.constantFrom("south", "")),
        promotable: fc.oneof(fc.constant(["north", "south", "west"]), fc.subarray(["north", "south", "west"])),
      })
      .map(
        ({ primary, promotable }): DecideInput =>
          primary === "" ? without(made, "record") : { ...made, record: { epoch: 7, primary, promotable } },
      ),
  );
const anyState = fc.constantFrom<DecideState[]>(
  initialDecideState,
  at("steady"),
  at("suspect", { failedRuns: 1 }),
  at("degraded"),
  asking,
  at("switching"),
  at("cooling-down"),
);

describe("whatever it is told", () => {
  const always = (check: (given: DecideInput, decision: Decision, after: DecideState) => void): void => {
    fc.assert(
      fc.property(anyState, anyInput, (state, given) => {
        const { decision, state: after } = decide(state, given);
        check(given, decision, after);
      }),
      { numRuns: 3_000 },
    );
  };
  const bySelf = (given: DecideInput, decision: Decision): decision is Extract<Decision, { kind: "switch" }> =>
    decision.kind === "switch" && given.request === undefined;

  test("the inputs below lead to switches of every kind often enough to prove something", () => {
    let [byPolicy, byOrder] = [0, 0];
    always((given, decision) => {
      if (decision.kind !== "switch") return;
      if (given.request === undefined) byPolicy += 1;
      else byOrder += 1;
    });
    expect(byPolicy).toBeGreaterThan(10);
    expect(byOrder).toBeGreaterThan(10);
  });

  test("there is a reason, one bounded line of it", () => {
    always((_, decision) => {
      expect(decision.reason.length).toBeGreaterThan(0);
      expect(decision.reason.length).toBeLessThan(300);
    });
  });

  test("unknown never switches by itself, paused and not-automatic neither (I2)", () => {
    always((given, decision) => {
      if (!bySelf(given, decision)) return;
      expect(given.paused).toBe(false);
      expect(given.group.failover).toBe("automatic");
      expect(
        given.diagnoses.some(
          (one) => one.name === "unknown" && one.region === given.record?.primary && one.service === undefined,
        ),
      ).toBe(false);
    });
  });

  test("above maxDataLoss nothing happens without a person's yes (I3)", () => {
    always((given, decision) => {
      if (decision.kind !== "switch") return;
      const within = decision.lossBoundMs !== "unknown" && decision.lossBoundMs <= given.group.maxDataLossMs;
      const saidYes =
        given.request?.kind === "approve" || (given.request?.kind === "failover" && given.request.acceptLoss);
      expect(within || saidYes).toBe(true);
    });
  });

  test("nobody is promoted who is not promotable, a witness, never streamed, or silent (I1)", () => {
    always((given, decision) => {
      if (decision.kind !== "switch") return;
      const { to: target, from } = decision.plan;
      const chosen = given.candidates.find((one) => one.region === target);
      expect(given.record?.promotable).toContain(target);
      expect(given.group.witnesses).not.toContain(target);
      expect(target).not.toBe(from);
      expect(from).toBe(given.record?.primary);
      expect(chosen?.agentReachable).toBe(true);
      if (given.group.mode !== "none") expect(chosen?.hasStreamed).toBe(true);
    });
  });

  test("nothing overtakes a run, and nothing happens while the store is away (I7)", () => {
    always((given, decision) => {
      if (decision.kind !== "switch") return;
      expect(given.run === undefined || given.run.kind === "protect").toBe(true);
      expect(given.diagnoses.some((one) => one.name === "store-away")).toBe(false);
    });
  });

  test("nothing leads home by itself (I10)", () => {
    always((given, decision) => {
      if (bySelf(given, decision)) expect(decision.plan.kind).not.toBe("failback");
    });
  });

  test("an order has an answer, and only an order", () => {
    always((given, decision) => expect(decision.answer !== undefined).toBe(given.request !== undefined));
  });

  test("a question that can be answered is in the state, and in no other state than asking", () => {
    always((given, decision, after) => {
      if (decision.kind === "ask") expect(after.question).toEqual(decision.question);
      else if (given.request === undefined) expect(after.question).toBeUndefined();
    });
  });
});

describe("the tables", () => {
  test("every word in braces is known", () => {
    const all = [...transitions, ...orders].flatMap((row) => wordsIn(row.sentence));
    expect(all.filter((word) => !isWord(word))).toEqual([]);
  });

  test("ids are unique", () => {
    const ids = [...transitions, ...orders].map((row) => row.id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("the page in docs is drawn from them", async () => {
    await expect(transitionsPage()).toMatchFileSnapshot("../../../docs/transitions.md");
  });
});

function without<T extends object, K extends keyof T>(value: T, key: K): Omit<T, K> {
  const { [key]: _, ...rest } = value;
  return rest;
}
