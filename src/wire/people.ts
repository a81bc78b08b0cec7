// What people and their tools ask of a controller: how is it, do this, what happened. The command line uses nothing else.

import { z } from "zod";
import { decisionKinds } from "../core/audit/fact.ts";

const name = z.string().min(1).max(64);
const sentence = z.string().max(4_000);

/** Something that was seen, decided or done, for the timeline of a report. `atMs` is the controller's wall clock. */
export const timelineEvent = z.object({
  atMs: z.number(),
  kind: z.enum(["seen", "decided", "done"]),
  group: name,
  region: z.string().max(64),
  service: z.string().max(64).exactOptional(),
  step: z.string().max(200).exactOptional(),
  run: z.string().max(128).exactOptional(),
  name: z.string().max(64),
  sentence,
  /** What it rests on, for programs: see "The audit trail" in docs/operating.md. */
  fact: z.record(z.string(), z.unknown()).exactOptional(),
});

const lossBound = z.union([z.number(), z.literal("unknown")]);

const whySeen = z.object({
  name: z.string(),
  region: z.string(),
  service: z.string().exactOptional(),
  partner: z.string().exactOptional(),
  severity: z.string(),
  sinceMs: z.number(),
  evidence: z.looseObject({
    statistic: z.number(),
    threshold: z.number(),
    vantages: z.array(z.string()),
    sampleCount: z.number(),
    silentMs: z.number(),
  }),
  sentence,
});

/** Why something was done, or not done. Instants are wall clock, milliseconds since 1970. */
export const whyAnswer = z.object({
  group: name,
  /** Leads the page. */
  sentence,
  decision: z
    .object({
      seq: z.number().exactOptional(),
      atMs: z.number(),
      /** Until another decision followed; left out while it stands. */
      untilMs: z.number().exactOptional(),
      kind: z.string(),
      rule: z.string(),
      when: z.string(),
      reason: sentence,
      state: z.string(),
      epoch: z.number(),
      primary: z.string(),
      by: z.string().exactOptional(),
      plan: z.object({ kind: z.string(), from: z.string(), to: z.string() }).exactOptional(),
      fence: z.string().exactOptional(),
      lossBoundMs: lossBound.exactOptional(),
    })
    .exactOptional(),
  diagnoses: z.array(whySeen),
  considered: z.array(
    z.object({
      region: z.string(),
      chosen: z.boolean(),
      refusedWhy: sentence.exactOptional(),
      why: sentence.exactOptional(),
      lossBoundMs: lossBound.exactOptional(),
    }),
  ),
  order: z
    .object({ atMs: z.number(), by: z.string(), asked: sentence, accepted: z.boolean(), answer: sentence })
    .exactOptional(),
  run: z
    .object({
      id: z.string(),
      kind: z.string(),
      from: z.string(),
      to: z.string(),
      result: z.string().exactOptional(),
      reason: sentence,
      beganAtMs: z.number(),
      endedAtMs: z.number().exactOptional(),
    })
    .exactOptional(),
  wouldChange: z.array(sentence),
  /** What waiting costs, where a person is asked. */
  waiting: sentence.exactOptional(),
  next: sentence.exactOptional(),
  /** Where the trail that this was read from ends. */
  trail: z.object({ entries: z.number(), hash: z.string() }).exactOptional(),
});

export const stepReport = z.object({
  id: z.string(),
  phase: z.string(),
  region: z.string(),
  service: z.string(),
  startedAt: z.number(),
  endedAt: z.number(),
  outcome: z.string(),
  reason: sentence,
});

export const runReport = z.object({
  id: z.string(),
  kind: z.string(),
  group: name,
  from: z.string(),
  to: z.string(),
  epochBefore: z.number(),
  reason: sentence,
  startedAt: z.number(),
  endedAt: z.number().exactOptional(),
  result: z.enum(["running", "paused", "done", "failed", "aborted"]),
  resultReason: sentence,
  /** How long users wait in such a run, as planned. */
  expectedMs: z.number(),
  /** Bound on the loss that was accepted when the run began, where there was one. */
  lossBoundMs: z.number().exactOptional(),
  facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  steps: z.array(stepReport),
});

export const groupStatus = z.object({
  group: name,
  /** Leads every screen. */
  sentence,
  epoch: z.number(),
  primary: z.string(),
  promotable: z.array(z.string()),
  traffic: z.object({ generation: z.number(), primary: z.string(), mode: z.string() }).exactOptional(),
  lease: z.object({ ageMs: z.number(), ttlMs: z.number(), writable: z.boolean() }).exactOptional(),
  paused: z.boolean(),
  policy: z.string(),
  /** Standbys that a person took out, and who. */
  maintenance: z.array(z.object({ region: z.string(), by: z.string() })).exactOptional(),
  /** Routes to the group, with the TTL that holds now and the manifest's own. */
  routes: z
    .array(z.object({ route: z.string(), ttlMs: z.number(), usualTtlMs: z.number(), why: sentence.exactOptional() }))
    .exactOptional(),
  /** What was switched by policy and what was in trouble within the window, against the budget. */
  flaps: z
    .object({
      withinMs: z.number(),
      switches: z.number(),
      switchesMax: z.number(),
      alarms: z.number(),
      alarmsMax: z.number(),
    })
    .exactOptional(),
  diagnoses: z.array(
    z.object({
      name: z.string(),
      region: z.string(),
      service: z.string().exactOptional(),
      sentence,
      sinceMs: z.number(),
      /** What it rests on: what was compared with what, and who saw it. Only a controller of an older version leaves it out. */
      evidence: z
        .object({ statistic: z.number(), threshold: z.number(), vantages: z.array(z.string()) })
        .exactOptional(),
    }),
  ),
  decision: z.object({
    kind: z.string(),
    reason: sentence,
    /** Id of the row of the transition table that decided; see docs/transitions.md. */
    rule: z.string().exactOptional(),
    /** What would change it, and when; always there where nothing is done. */
    until: sentence.exactOptional(),
    /** What waiting costs, where a person is asked. */
    waiting: sentence.exactOptional(),
    next: sentence.exactOptional(),
    lossBoundMs: z.number().exactOptional(),
    question: z
      .object({
        id: z.number(),
        askedMsAgo: z.number(),
        reminders: z.number(),
        expiresInMs: z.number(),
      })
      .exactOptional(),
    considered: z
      .array(
        z.object({
          region: z.string(),
          rank: z.number(),
          why: sentence,
          refusedWhy: sentence.exactOptional(),
          lossBoundMs: z.number().exactOptional(),
        }),
      )
      .exactOptional(),
  }),
  links: z.array(
    z.object({
      service: z.string(),
      from: z.string(),
      to: z.string(),
      streaming: z.boolean(),
      lagBytes: z.number().exactOptional(),
      lagMs: z.number().exactOptional(),
      /** What a failover started now could lose at most. */
      lossBoundMs: z.number().exactOptional(),
    }),
  ),
  run: runReport.exactOptional(),
  /** The newest durable entry of the audit trail. Kept elsewhere, it shows later whether the trail's end was cut off. */
  trail: z.object({ entries: z.number(), hash: z.string() }).exactOptional(),
});

export const peopleCalls = {
  status: {
    request: z.object({}),
    response: z.object({
      version: z.literal(1),
      system: z.string(),
      sentence,
      store: z.object({ ok: z.boolean(), why: sentence }),
      groups: z.array(groupStatus),
      regions: z.array(
        z.object({
          region: z.string(),
          witness: z.boolean(),
          agentHeardMsAgo: z.number().exactOptional(),
          trouble: z.array(sentence),
        }),
      ),
    }),
  },
  command: {
    request: z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("switchover"), group: name, to: name, by: name }),
      z.object({ kind: z.literal("failover"), group: name, to: name, by: name, acceptLoss: z.boolean() }),
      z.object({ kind: z.literal("failback"), group: name, by: name }),
      z.object({ kind: z.literal("pause"), group: name, by: name }),
      z.object({ kind: z.literal("unpause"), group: name, by: name }),
      z.object({ kind: z.literal("approve"), group: name, by: name, question: z.number().int().exactOptional() }),
      z.object({ kind: z.literal("deny"), group: name, by: name, question: z.number().int().exactOptional() }),
      z.object({ kind: z.literal("maintenance"), group: name, region: name, on: z.boolean(), by: name }),
      z.object({
        kind: z.literal("run"),
        run: z.string().max(128),
        command: z.enum(["pause", "resume", "skip", "approve", "abort", "force"]),
        step: z.string().max(200).exactOptional(),
        by: name,
      }),
    ]),
    response: z.object({ accepted: z.boolean(), sentence, run: z.string().exactOptional() }),
  },
  history: {
    request: z.object({ sinceMs: z.number(), runsMax: z.number().int().min(1).max(1_000) }),
    response: z.object({
      version: z.literal(1),
      system: z.string(),
      events: z.array(timelineEvent),
      runs: z.array(runReport),
    }),
  },
  /** The audit trail as the store has it, part by part: the rows of one group after number `afterSeq`. */
  trail: {
    request: z.object({ group: name, afterSeq: z.number().int().min(0), max: z.number().int().min(1).max(500) }),
    response: z.object({
      version: z.literal(1),
      /** Of the whole system; the rows are of the group that was asked for. */
      groups: z.array(z.string()),
      /** False: the store does not answer now. */
      read: z.boolean(),
      rows: z.array(z.object({ seq: z.number(), text: z.string() })),
    }),
  },
  why: {
    request: z.object({
      /** Every group when left out. */
      group: name.exactOptional(),
      /** The decision that stood then, instead of the newest. */
      atMs: z.number().exactOptional(),
      /** The newest of this kind. */
      last: z.enum(decisionKinds).exactOptional(),
    }),
    response: z.object({ version: z.literal(1), system: z.string(), answers: z.array(whyAnswer) }),
  },
} as const;

export type PeopleCallName = keyof typeof peopleCalls;
export type SystemStatus = z.infer<typeof peopleCalls.status.response>;
export type GroupStatus = z.infer<typeof groupStatus>;
export type PersonCommand = z.infer<typeof peopleCalls.command.request>;
export type CommandAnswer = z.infer<typeof peopleCalls.command.response>;
export type ReportAnswer = z.infer<typeof peopleCalls.history.response>;
export type TrailQuestion = z.infer<typeof peopleCalls.trail.request>;
export type TrailPart = z.infer<typeof peopleCalls.trail.response>;
export type WhyReport = z.infer<typeof peopleCalls.why.response>;
export type WhyQuestion = z.infer<typeof peopleCalls.why.request>;
export type TimelineEvent = z.infer<typeof timelineEvent>;
export type RunReport = z.infer<typeof runReport>;
