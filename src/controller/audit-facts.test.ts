import { describe, expect, test } from "vitest";
import { decide } from "../core/decide/decide.ts";
import { type DecideInput, type Decision, initialDecideState } from "../core/decide/decision.ts";
import type { Diagnosis } from "../core/watch/diagnosis.ts";
import { decisionFact, orderWord, orderWords, reasonKey, seenFact, stepFact } from "./audit-facts.ts";

const now = 1_000_000;
const toWall = (ms: number): number => ms + 5;

const gone: Diagnosis = {
  name: "region-unreachable",
  region: "north",
  severity: "critical",
  sinceMs: now - 900,
  seenAtMs: now,
  evidence: { statistic: 5.00049, threshold: 5, vantages: ["south", "watch"], sampleCount: 100, silentMs: 900.7 },
  sentence: "north is unreachable: south and watch have had no answer for 0.9 s",
};

const south = {
  region: "south",
  agentReachable: true,
  streaming: true,
  hasStreamed: true,
  lagBytes: 0,
  caughtUpAtMs: now - 2_400,
  readyServices: ["orders"],
};

const input = (over: Partial<DecideInput> = {}): DecideInput => ({
  nowMs: now,
  group: {
    name: "shop",
    primary: ["north", "south", "west"],
    witnesses: ["watch"],
    services: ["orders"],
    failover: "automatic",
    maxDataLossMs: 30_000,
    coolDownMs: 60_000,
    mode: "async",
  },
  paused: false,
  record: { epoch: 7, primary: "north", promotable: ["north", "south", "west"] },
  diagnoses: [gone],
  candidates: [south, { region: "west", agentReachable: false, readyServices: [] }],
  lease: { seenAtMs: now - 2_100, ttlMs: 2_200 },
  ...over,
});

describe("what the trail keeps of a decision", () => {
  test("is the rule with its condition, the evidence, and who was considered and refused", () => {
    const { decision, state } = decide(initialDecideState, input());
    const fact = decisionFact(decision, input(), initialDecideState, state, toWall);
    expect(fact).toMatchObject({
      what: "decision",
      decision: "switch",
      rule: "switch",
      from: "new",
      enters: "switching",
      epoch: 7,
      primary: "north",
      fence: "lease",
      by: "policy",
      plan: { kind: "failover", from: "north", to: "south" },
      lossBoundMs: 2_500,
      diagnoses: [{ name: "region-unreachable", sinceMs: now - 895, evidence: { statistic: 5, silentMs: 901 } }],
    });
    expect(fact.when).not.toBe("");
    expect(fact.considered).toMatchObject([
      { region: "south", chosen: true, lossBoundMs: 2_500 },
      { region: "west", chosen: false, refusedWhy: "the agent of west does not report" },
    ]);
  });

  test("has nobody considered while all is well, and no diagnosis of what is well", () => {
    const well = input({ diagnoses: [{ ...gone, severity: "ok", name: "healthy" }] });
    const { decision, state } = decide(initialDecideState, well);
    expect(decisionFact(decision, well, initialDecideState, state, toWall)).toMatchObject({
      decision: "hold",
      diagnoses: [],
      considered: [],
    });
  });

  test("has the order that it answers", () => {
    const asked = input({ request: { kind: "failover", to: "west", by: "kari", acceptLoss: true } });
    const { decision, state } = decide(initialDecideState, asked);
    expect(decisionFact(decision, asked, initialDecideState, state, toWall)).toMatchObject({
      order: { kind: "failover", to: "west", by: "kari", acceptLoss: true, accepted: false },
    });
  });
});

describe("a reason", () => {
  const hold = (reason: string): Decision => ({ kind: "hold", attention: false, rule: "lease-runs", reason });
  const key = (reason: string, diagnoses: readonly Diagnosis[] = [gone]): string =>
    reasonKey(hold(reason), input({ diagnoses }));

  test("is the same while only its numbers change", () => {
    const later = { ...gone, sentence: gone.sentence.replace("0.9", "1.4") };
    expect(key(`${later.sentence}; its lease runs 0.7 s longer`, [later])).toBe(
      key(`${gone.sentence}; its lease runs 1.2 s longer`),
    );
  });

  test("is another one when another diagnosis is behind it, and not when one that it does not speak of begins", () => {
    const silent: Diagnosis = { ...gone, name: "agent-down", sentence: "the agent of north is down: nobody hears it" };
    expect(key(`${silent.sentence}; its lease runs`, [gone, silent])).not.toBe(key(`${gone.sentence}; its lease runs`));
    expect(key(`${gone.sentence}; its lease runs`, [gone, silent])).toBe(key(`${gone.sentence}; its lease runs`));
  });
});

test("a diagnosis keeps whose service it is, and its instants become those of the wall clock", () => {
  expect(seenFact({ ...gone, service: "orders", partner: "south" }, toWall)).toMatchObject({
    service: "orders",
    partner: "south",
    sinceMs: now - 895,
  });
});

test("an order is said in words, whichever it is", () => {
  const words = [
    { kind: "switchover", group: "g", to: "south", by: "kari" },
    { kind: "failover", group: "g", to: "south", by: "kari", acceptLoss: true },
    { kind: "failback", group: "g", by: "kari" },
    { kind: "pause", group: "g", by: "kari" },
    { kind: "unpause", group: "g", by: "kari" },
    { kind: "approve", group: "g", by: "kari" },
    { kind: "deny", group: "g", by: "kari" },
    { kind: "maintenance", group: "g", region: "south", on: true, by: "kari" },
    { kind: "maintenance", group: "g", region: "south", on: false, by: "kari" },
    { kind: "run", run: "r1", command: "skip", step: "fence", by: "kari" },
  ] as const;
  expect(words.map((command) => orderWords(orderWord(command)))).toEqual([
    "asked for a switchover to south",
    "asked for a failover to south, whatever is lost",
    "asked for a failback",
    "asked for automation to be off",
    "asked for automation to be on again",
    "said yes to the open question",
    "said no to the open question",
    "asked for south to be taken out",
    "asked for south to be brought back",
    "asked to skip fence of r1",
  ]);
});

test("a step is in the trail when it begins and when it ends", () => {
  expect(stepFact({ kind: "intent", step: "promote", attempt: 1, at: 1 })).toMatchObject({
    sentence: "promote begins",
    fact: { phase: "begun", attempt: 1 },
  });
  expect(
    stepFact({ kind: "outcome", step: "promote", attempt: 2, outcome: { kind: "unknown", reason: "silent" }, at: 1 }),
  ).toMatchObject({ sentence: "promote: unknown; silent", fact: { phase: "ended", outcome: "unknown" } });
});
