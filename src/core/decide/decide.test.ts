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
  type Question,
} from "./decision.ts";
import { orders } from "./orders.ts";
import { transitionsPage } from "./render.ts";
import { decideRules } from "./rules.ts";
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

/** The primary answers, but badly. */
function brownOut(policy: DecideInput["group"]["policy"] = {}, sinceMs = now - 60_000): DecideInput {
  const candidates = [
    { ...south, region: "north" },
    { ...south, caughtUpAtMs: now - 100 },
  ];
  return withGroup(input({ diagnoses: [seen("region-degraded", { sinceMs })], candidates }), { policy });
}

/** In sync mode, with a standby that has gone. */
function standbyLost(policy: DecideInput["group"]["policy"] = {}): DecideInput {
  const diagnoses = [seen("region-unreachable", { region: "south", severity: "warning" })];
  return withGroup(input({ diagnoses }), { mode: "sync", policy });
}

function openQuestion(askedAtMs: number): Question {
  return {
    id: 3,
    trouble: "region-unreachable/north/",
    kind: "failover",
    from: "north",
    to: "south",
    lossBoundMs: 2_500,
    askedAtMs,
    reminders: 0,
  };
}

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
    "the question may be over",
    input(),
    "question-stands",
    "hold",
    "asking",
    "north is not in trouble at this moment; question 3 stands until that is certain",
    at("asking", { question: openQuestion(now - 5_000), wellSinceMs: now - 4_000 }),
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
  [
    "nobody can be judged",
    input({
      diagnoses: ["north", "south", "west"].map((region) => seen("unknown", { region, sinceMs: now - 6_000 })),
    }),
    "all-unknown",
    "hold",
    "suspect",
    "nothing is moved: not one of north, south and west can be judged, so the fault is more likely with those who watch than with all of them at once",
  ],
  [
    "it flaps",
    input({ diagnoses: [seen("flapping")] }),
    "flapping",
    "hold",
    "degraded",
    "north is flapping; what flaps is not left by itself, for it would be back before the switch has ended",
  ],
  [
    "it flaps, and is down at this moment",
    gone({ diagnoses: [seen("flapping"), seen("region-unreachable")] }),
    "flapping",
    "hold",
    "degraded",
    "north is flapping; what flaps is not left by itself, for it would be back before the switch has ended",
  ],
  [
    "it flapped, and stays away",
    gone({ diagnoses: [seen("flapping"), seen("region-unreachable", { sinceMs: now - 30_000 })] }),
    "switch",
    "switch",
    "switching",
    "north is region-unreachable; south takes over, the only standby that can take over, losing at most 2.5 s",
  ],
  [
    "a brown-out that has only begun",
    brownOut({ degraded: "switch" }, now - 9_000),
    "degraded-new",
    "hold",
    "suspect",
    "north is region-degraded; it answers, if badly, and is watched a little longer",
  ],
  [
    "it flapped a moment ago, and is down",
    gone(),
    "flapping",
    "hold",
    "degraded",
    "north is flapping; what flaps is not left by itself, for it would be back before the switch has ended",
    at("degraded", { flapped: { seen: seen("flapping"), atMs: now - 1_000 } }),
  ],
  [
    "a brown-out, by default",
    brownOut(),
    "degraded-held",
    "hold",
    "degraded",
    "north is region-degraded; it answers, if badly, and the policy of shop is to hold through a brown-out",
  ],
  [
    "a brown-out that is to be left, and has only begun",
    brownOut({ degraded: "switch" }, now - 20_000),
    "hold-off",
    "hold",
    "suspect",
    "north is region-degraded; the policy of shop holds off for 60 s, so the switchover waits 40 s more",
  ],
  [
    "a brown-out that is to be left, and lasts",
    brownOut({ degraded: "switch" }),
    "switch",
    "switch",
    "switching",
    "north is region-degraded; south takes over, the only standby that can take over, losing at most 0.0 s",
  ],
  [
    "a brown-out that is to be left, and has all but passed",
    {
      ...brownOut({ degraded: "switch" }),
      diagnoses: [
        seen("region-degraded", {
          sinceMs: now - 60_000,
          evidence: { ...seen("region-degraded").evidence, statistic: 4.9 },
        }),
      ],
    },
    "degraded-fading",
    "hold",
    "degraded",
    "north is region-degraded; that is below the threshold by now, so nothing moves unless it rises again",
  ],
  [
    "a brown-out that is to be asked about",
    brownOut({ degraded: "ask" }),
    "ask-degraded",
    "ask",
    "asking",
    "north is region-degraded; a switchover to south loses at most 0.0 s; for a brown-out the policy of shop wants a person's yes",
  ],
  [
    "a dead region, while a switch is dearer than the outage so far",
    gone({ costs: { currency: "EUR", outagePerHour: 36_000, falseFailover: 100 } }),
    "hold-off",
    "hold",
    "suspect",
    "north is region-unreachable; a switch costs EUR 100, and the outage has not cost that yet, so the failover waits 9.1 s more",
  ],
  [
    "a dead region, once the outage has cost as much",
    gone({
      costs: { currency: "EUR", outagePerHour: 36_000, falseFailover: 100 },
      diagnoses: [seen("region-unreachable", { sinceMs: now - 10_000 })],
    }),
    "switch",
    "switch",
    "switching",
    "north is region-unreachable; south takes over, the only standby that can take over, losing at most 2.5 s",
  ],
  [
    "a question that nobody answered",
    withGroup(gone(), { failover: "approve" }),
    "unanswered",
    "hold",
    "degraded",
    "north is region-unreachable; nobody answered question 3 within 4.0 h, so it is over and a person has to order the failover",
    at("asking", { lastQuestion: 3, question: openQuestion(now - 14_400_000) }),
  ],
  [
    "too many switches by itself",
    gone(),
    "ask-flaps",
    "ask",
    "asking",
    "north is region-unreachable; it would be switch 4 within 60 min, and 3 are left to automation: a person decides on the failover to south, losing at most 2.5 s",
    at("steady", { flaps: { switches: [now - 3_000_000, now - 2_000_000, now - 1_000_000], alarms: [] } }),
  ],
  [
    "too many alarms",
    gone(),
    "ask-flaps",
    "ask",
    "asking",
    "north is region-unreachable; it is alarm 7 within 60 min, and 6 are left to automation: a person decides on the failover to south, losing at most 2.5 s",
    at("steady", { flaps: { switches: [], alarms: [1, 2, 3, 4, 5, 6].map((ago) => now - ago * 100_000) } }),
  ],
  [
    "too few would be left",
    withGroup(gone(), { policy: { keepServing: 2 } }),
    "ask-too-few",
    "ask",
    "asking",
    "north is region-unreachable; a failover to south would leave only south able to serve, and 2 are wanted: a person decides",
  ],
  [
    "a standby taken out",
    input({ maintenance: [{ region: "south", by: "ada" }] }),
    "out-of-service",
    "unprotect",
    "degraded",
    "south was taken out by ada: it stops being promotable, and commits stop waiting for it",
  ],
  [
    "the synchronous standby is lost, strictly",
    standbyLost(),
    "sync-waits",
    "hold",
    "degraded",
    "north serves, but commits of shop wait for south, its synchronous standby, which is lost for 20 s; its policy is strict",
    at("degraded", { lostSinceMs: { south: now - 20_000 } }),
  ],
  [
    "the synchronous standby is lost, for too long",
    standbyLost({ dropSyncAfterMs: 20_000 }),
    "sync-dropped",
    "unprotect",
    "degraded",
    "south is lost for 20 s, and shop waits 20 s at most: it stops being promotable, and then commits stop waiting for it",
    at("degraded", { lostSinceMs: { south: now - 20_000 } }),
  ],
  [
    "slow, and nothing else",
    input({ diagnoses: [seen("slow", { severity: "warning" })] }),
    "slow",
    "hold",
    "degraded",
    "holding: north is slow; nobody is left for slowness alone",
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
      gone({
        candidates: [
          { ...south, caughtUpAtMs: now - 9_000 },
          { ...west, caughtUpAtMs: now - 2_000 },
        ],
      }),
    ).decision;
    expect(nearer).toMatchObject({ plan: { to: "west" }, lossBoundMs: 2_100 });
    expect(nearer.reason).toContain("west takes over, for it may lose 2.1 s, south 9.1 s");
    const tied = decide(initialDecideState, gone({ candidates: [west, south] })).decision;
    expect(tied).toMatchObject({ plan: { to: "south" } });
    expect(tied.reason).toContain("south takes over, for it comes before west in the manifest, alike otherwise");
  });

  test("a person's next command comes with what needs a person", () => {
    expect(decide(initialDecideState, gone({ paused: true })).decision.next).toBe("leeward failover shop --to south");
    expect(decide(initialDecideState, withGroup(gone(), { failover: "approve" })).decision.next).toBe(
      "leeward approve shop --question 1",
    );
    const lossy = withGroup(gone({ paused: true }), { maxDataLossMs: 1 });
    expect(decide(initialDecideState, lossy).decision.next).toBe("leeward failover shop --to south --accept-loss");
  });

  test("failures are forgotten once the primary has been well for the dwell, and a person's no with them", () => {
    const state = at("degraded", { failedRuns: 2, denied: { trouble: "region-unreachable/north/", by: "ada" } });
    // A controller that has just started sees nothing wrong for a moment.
    const well = decide(state, input()).state;
    expect(well).toMatchObject({ failedRuns: 2, denied: { by: "ada" } });
    const almost = decide(well, input({ nowMs: now + 29_999 })).state;
    expect(almost).toMatchObject({ failedRuns: 2, denied: { by: "ada" } });
    const after = decide(almost, input({ nowMs: now + 30_000 })).state;
    expect(after).toMatchObject({ failedRuns: 0 });
    expect(after).not.toHaveProperty("denied");
    const interrupted = decide(
      almost,
      input({ nowMs: now + 30_000, diagnoses: [seen("service-down", { service: "web" })] }),
    );
    expect(decide(interrupted.state, input({ nowMs: now + 31_000 })).state).toMatchObject({ denied: { by: "ada" } });
    // Not to know is not to know that it is over.
    expect(decide(state, input({ diagnoses: [seen("unknown")] })).state).toMatchObject({
      failedRuns: 2,
      denied: { by: "ada" },
    });
  });

  test("each beginning of trouble is one alarm, but not while a run is under way", () => {
    const first = decide(at("steady"), gone()).state;
    expect(first.flaps.alarms).toEqual([now]);
    expect(decide(first, gone({ nowMs: now + 1_000 })).state.flaps.alarms).toEqual([now]);
    const well = decide(first, input({ nowMs: now + 2_000 })).state;
    expect(decide(well, gone({ nowMs: now + 3_000 })).state.flaps.alarms).toEqual([now, now + 3_000]);
    // Not to know is neither trouble nor its end.
    const unknown = decide(first, input({ nowMs: now + 2_000, diagnoses: [seen("unknown")] })).state;
    expect(decide(unknown, gone({ nowMs: now + 3_000 })).state.flaps.alarms).toEqual([now]);
    expect(decide(at("switching"), gone({ run })).state.flaps.alarms).toEqual([]);
  });

  test("a switch by policy is counted once it is done, a person's is not", () => {
    const counted = (by: string): readonly number[] =>
      decide(at("steady"), input({ lastRun: { ...ended, by } })).state.flaps.switches;
    expect(counted("policy")).toEqual([ended.endedAtMs]);
    expect(counted("ada")).toEqual([]);
  });

  test("whoever orders a switch vouches for the new primary: the budget begins anew, and falls from before are forgiven", () => {
    const spent = at("steady", { flaps: { switches: [now - 3_000, now - 2_000], alarms: [now - 3_000] } });
    const home = { ...ended, by: "ada", endedAtMs: now - 1_000 };
    const vouched = decide(spent, input({ lastRun: home })).state;
    expect(vouched).toMatchObject({ flaps: { switches: [], alarms: [] }, vouchedAtMs: now - 1_000 });
    const flaps = (sinceMs: number) => [{ ...seen("flapping"), sinceMs }, seen("region-unreachable")];
    const rule = (sinceMs: number): string =>
      decide(vouched, input({ lastRun: home, diagnoses: flaps(sinceMs) })).decision.rule;
    expect(rule(now - 60_000)).not.toMatch(/flapping/);
    expect(rule(now - 500)).toMatch(/flapping/);
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
const question = openQuestion(now - 5_000);
const asking = at("asking", { question, lastQuestion: 3 });
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
    "a yes to an old question",
    { ...yes, question: 2 },
    gone(),
    "answer-old",
    "hold",
    false,
    "refused: question 2 is not open any more (north is in order again, so the question about shop is withdrawn); the open one is 3, a failover to south, losing at most 2.5 s",
    at("asking", {
      question,
      lastQuestion: 3,
      closed: { id: 2, why: "north is in order again, so the question about shop is withdrawn" },
    }),
  ],
  [
    "a yes after the question ran out",
    yes,
    gone(),
    "answer-late",
    "hold",
    false,
    "refused: question 3 ran out after 4.0 h, and its figures with it; order the switch yourself if it is still right",
    at("asking", { lastQuestion: 3, question: openQuestion(now - 14_400_000) }),
  ],
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
    const { state } = decide(at("steady"), ready);
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
    // What is no worse is covered by the same no; what is worse is another question.
    expect(decide(denied.state, { ...given, diagnoses: [seen("agent-down")] }).decision.rule).toBe("denied");
    const lesser = { ...given, diagnoses: [seen("agent-down")] };
    const no2 = decide(decide(at("steady"), lesser).state, { ...lesser, request: no });
    expect(decide(no2.state, lesser).decision.rule).toBe("denied");
    expect(decide(no2.state, given).decision.rule).toBe("ask-policy");
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
      "region-degraded",
      "service-degraded",
      "slow",
      "flapping",
      // The ones that may end in a switch, or must prevent it, more often than chance would bring them together.
      "region-unreachable",
      "region-unreachable",
      "region-unreachable",
      "agent-down",
      "database-down",
      "database-down",
      "database-down",
      "region-degraded",
      "unknown",
    ),
    region: fc.oneof(fc.constant("north"), fc.constant("north"), names),
    service: fc.constantFrom(undefined, undefined, "orders", "web"),
    sinceMs: fc.constantFrom(now - 500, now - 3_000, now - 15_000, now - 45_000),
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
      barred: fc.constantFrom(false, false, false, false, false, false, false, true),
      caughtUpAtMs: fc.constantFrom(undefined, now - 40_000, now - 3_000, now - 100),
      readyServices: fc.subarray(["orders", "web"]),
    })
    .map(({ caughtUpAtMs, barred, ...rest }) => ({
      region,
      ...rest,
      ...(barred ? { barredWhy: `${region} lies elsewhere` } : {}),
      ...(caughtUpAtMs === undefined ? {} : { caughtUpAtMs }),
    }));
const request = fc.oneof(
  { weight: 4, arbitrary: fc.constant(undefined) },
  fc.record({ kind: fc.constant("switchover" as const), to: names, by: fc.constant("ada") }),
  fc.record({ kind: fc.constant("failover" as const), to: names, by: fc.constant("ada"), acceptLoss: fc.boolean() }),
  fc.constantFrom(yes, no, home),
);
const anyInput: fc.Arbitrary<DecideInput> = fc
  .record({
    failover: fc.constantFrom<DecideInput["group"]["failover"][]>(
      "automatic",
      "automatic",
      "automatic",
      "automatic",
      "approve",
      "manual",
    ),
    mode: fc.constantFrom<DecideInput["group"]["mode"][]>("async", "sync", "none"),
    maxDataLossMs: fc.constantFrom(0, 5_000, 30_000, 30_000),
    paused: fc.constantFrom(false, false, false, false, true),
    diagnoses: fc.array(diagnosis, { minLength: 1, maxLength: 3 }),
    candidates: fc.tuple(candidate("north"), candidate("south"), candidate("west")),
    leaseAgeMs: fc.constantFrom(500, 2_050, 4_000, 4_000, 9_000),
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
    policy: fc.constantFrom<NonNullable<DecideInput["group"]["policy"]>[]>(
      {},
      {},
      {},
      { forbidden: ["south"] },
      { degraded: "switch", degradedHoldOffMs: 1_000 },
      { degraded: "ask" },
      { keepServing: 2 },
      { dropSyncAfterMs: 0 },
    ),
    maintenance: fc.constantFrom<NonNullable<DecideInput["maintenance"]>[]>(
      [],
      [],
      [],
      [{ region: "west", by: "ada" }],
    ),
  })
  .map((any) => ({
    ...withGroup(input(), {
      failover: any.failover,
      mode: any.mode,
      maxDataLossMs: any.maxDataLossMs,
      policy: any.policy,
    }),
    maintenance: any.maintenance,
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
  at("suspect", { troubleSinceMs: now - 60_000, downSinceMs: now - 60_000 }),
  asking,
  at("switching"),
  at("cooling-down"),
  at("steady", { flaps: { switches: [now - 3_000, now - 2_000, now - 1_000], alarms: [] } }),
  at("degraded", { denied: { trouble: "region-unreachable/north/", by: "ada" } }),
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

  test("nobody is promoted who is forbidden, barred or taken out, whoever orders it", () => {
    always((given, decision) => {
      if (decision.kind !== "switch") return;
      const { to: target } = decision.plan;
      expect(given.group.policy?.forbidden ?? []).not.toContain(target);
      expect(given.maintenance?.map((one) => one.region) ?? []).not.toContain(target);
      expect(given.candidates.find((one) => one.region === target)).not.toHaveProperty("barredWhy");
    });
  });

  test("at most one switch by itself per cool-down, and none beyond the flap budget", () => {
    always((given, decision, after) => {
      if (!bySelf(given, decision)) return;
      const { lastRun } = given;
      if (lastRun?.result === "done") expect(now - lastRun.endedAtMs).toBeGreaterThanOrEqual(given.group.coolDownMs);
      const counted = after.flaps.switches.filter((at_) => now - at_ < 3_600_000).length;
      expect(counted).toBeLessThan(3);
    });
  });

  test("a brown-out is left by itself only where the policy says so, what flaps only when it stays away, slowness never", () => {
    always((given, decision, after) => {
      if (!bySelf(given, decision)) return;
      const of = (names: readonly string[]): boolean =>
        given.diagnoses.some((one) => one.region === decision.plan.from && names.includes(one.name));
      const flaps = given.diagnoses.some(
        (one) => one.name === "flapping" && one.region === decision.plan.from && concerns(given, one),
      );
      const awayMs = given.nowMs - (after.troubleSinceMs ?? given.nowMs);
      expect(!flaps || awayMs >= decideRules.flappingWaitMs).toBe(true);
      const dead = of(["region-unreachable", "agent-down", "database-down", "service-down"]);
      expect(dead || given.group.policy?.degraded === "switch").toBe(true);
    });
  });

  test("whatever is not done says what would change it", () => {
    always((given, decision) => {
      if (given.request === undefined && (decision.kind === "hold" || decision.kind === "ask"))
        expect(decision.until?.length ?? 0).toBeGreaterThan(0);
    });
  });

  test("who is considered is everybody but the primary, ranked, and each with a why", () => {
    always((given, decision) => {
      if (decision.considered === undefined) return;
      const others = given.group.primary.filter((region) => region !== given.record?.primary);
      expect([...decision.considered.map((one) => one.region)].sort()).toEqual([...others].sort());
      expect(decision.considered.map((one) => one.rank)).toEqual(others.map((_, index) => index + 1));
      for (const one of decision.considered) expect(one.why.length).toBeGreaterThan(0);
    });
  });

  test("who is taken out is a promotable standby, and only while the primary is in order", () => {
    always((given, decision) => {
      if (decision.kind !== "unprotect") return;
      expect(given.record?.promotable).toContain(decision.region);
      expect(decision.region).not.toBe(given.record?.primary);
      expect(given.paused).toBe(false);
      expect(given.run === undefined || given.run.kind === "protect").toBe(true);
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

  test("a question that can be answered is in the state, and stays only where a row keeps it", () => {
    always((given, decision, after) => {
      const row = transitions.find((one) => one.id === decision.rule);
      if (decision.kind === "ask") expect(after.question).toEqual(decision.question);
      else if (given.request === undefined && row?.keepsQuestion !== true) expect(after.question).toBeUndefined();
    });
  });
});

describe("the tables", () => {
  test("every word in braces is known", () => {
    const all = [...transitions, ...orders].flatMap((row) => [
      ...wordsIn(row.sentence),
      ...("until" in row ? wordsIn(row.until) : []),
    ]);
    expect(all.filter((word) => !isWord(word))).toEqual([]);
  });

  test("every row that does nothing says what would change it, and every question too", () => {
    const silent = transitions.filter((row) => row.until === "").map((row) => row.decision);
    expect(new Set(silent)).toEqual(new Set(["switch", "unprotect"]));
  });

  test("ids are unique", () => {
    const ids = [...transitions, ...orders].map((row) => row.id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("the page in docs is drawn from them", async () => {
    await expect(transitionsPage()).toMatchFileSnapshot("../../../docs/transitions.md");
  });
});

function concerns(given: DecideInput, one: Diagnosis): boolean {
  return one.service === undefined || given.group.services.includes(one.service);
}

function without<T extends object, K extends keyof T>(value: T, key: K): Omit<T, K> {
  const { [key]: _, ...rest } = value;
  return rest;
}
