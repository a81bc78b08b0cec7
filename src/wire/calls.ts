// Every call between Leeward's processes: name, request, response. JSON over HTTP POST to /v1/<name>, bearer token, version header,
// body bound and deadline by the transport. Parsed once at the edge; trusted inside.

import { z } from "zod";

const region = z.string().min(1).max(64);
const group = z.string().min(1).max(64);
const epoch = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const sentence = z.string().max(2_000);
const facts = z.record(z.string().max(64), z.union([z.string().max(4_000), z.number(), z.boolean()]));

export const groupRecord = z.object({ group, epoch, primary: region, promotable: z.array(region).max(64) });

/** Where a group's routes lead, as every router should have it. "hold": keep new requests waiting, a switch is under way. */
export const traffic = z.object({
  group,
  generation: z.number().int().min(0),
  epoch,
  primary: region,
  mode: z.enum(["open", "hold"]),
  /** By route: the TTL in milliseconds that holds now, where it is shorter than the manifest's, because the primary is in doubt. */
  ttls: z.record(z.string().max(253), z.number().int().min(0)).exactOptional(),
});

const outcome = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("done"), reason: sentence, facts: facts.exactOptional() }),
  z.object({
    kind: z.literal("failed"),
    reason: sentence,
    retry: z.enum(["now", "later", "never"]),
    facts: facts.exactOptional(),
  }),
  z.object({ kind: z.literal("unknown"), reason: sentence, facts: facts.exactOptional() }),
]);

const action = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("serve-primary"),
    create: z.boolean(),
    epoch,
    sync: z.boolean(),
    standbys: z.array(region),
  }),
  z.object({ kind: z.literal("follow"), primary: region, run: z.string().max(128), epoch }),
  z.object({ kind: z.literal("promote"), epoch, sync: z.boolean(), standbys: z.array(region) }),
  z.object({ kind: z.literal("fence"), epoch, mode: z.enum(["graceful", "forced"]) }),
  z.object({ kind: z.literal("await-position"), position: z.string().max(32) }),
  z.object({ kind: z.literal("set-mode"), sync: z.boolean(), standbys: z.array(region) }),
  z.object({ kind: z.literal("scale"), replicas: z.number().int().min(0).max(1_000) }),
  z.object({ kind: z.literal("verify-write") }),
  z.object({ kind: z.literal("stop") }),
]);

export const serviceStatus = z.object({
  service: z.string().max(64),
  running: z.boolean(),
  role: z.enum(["primary", "standby", "none", "not-a-database"]),
  replicas: z.object({ running: z.number(), ready: z.number() }).exactOptional(),
  position: z
    .object({
      written: z.string().max(32).exactOptional(),
      received: z.string().max(32).exactOptional(),
      replayed: z.string().max(32).exactOptional(),
      timeline: z.number(),
    })
    .exactOptional(),
  streaming: z.boolean().exactOptional(),
  hasStreamed: z.boolean().exactOptional(),
  lagBytes: z.number().exactOptional(),
  lagMs: z.number().exactOptional(),
  note: sentence.exactOptional(),
});

/** One look of one vantage at one target, or the outcomes a router saw in one period. */
export const observation = z.object({
  vantage: region,
  target: z.object({ region, service: z.string().max(64) }),
  source: z.enum(["probe", "router"]),
  ok: z.boolean(),
  /** Did this vantage reach a control target in the same period? A failure counts only then (I2). */
  controls: z.boolean(),
  roundTripMs: z.number().min(0),
  /** The answer to a look that was reported as a failure when its time was up. */
  late: z.literal(true).exactOptional(),
  /** Of a failure: it answered that it is too busy. So it is there, and not dead. */
  busy: z.literal(true).exactOptional(),
  why: sentence.exactOptional(),
  /** Of a router: requests of users that were answered and that failed there in this period. Its own region may be the target. */
  counts: z.object({ ok: z.number().int().min(0), failed: z.number().int().min(0) }).exactOptional(),
  /** Looks at this target that this vantage left out since it last observed it. They were not made, and say nothing. */
  skipped: z.number().int().min(1).exactOptional(),
  /** Nothing at all has answered this vantage lately. */
  blind: z.boolean().exactOptional(),
});

export const calls = {
  /** Agent of the primary -> controller. Answered only when it is durable in the store. */
  renew: {
    request: z.object({ region, group, epoch, seq: z.number().int().min(0), writable: z.boolean() }),
    response: z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("renewed"), epoch, seq: z.number().int(), record: groupRecord }),
      z.object({ kind: z.literal("refused"), record: groupRecord.exactOptional(), why: sentence }),
    ]),
  },
  /**
   * Agent -> controller, every probe period: what it saw, how its things are. `stampEcho` is the newest `stampMs` it was given: the
   * controller's own clock, so that the controller knows an instant *before* which none of this can have been measured.
   */
  report: {
    request: z.object({
      region,
      manifest: z.string().max(128),
      stampEcho: z.number(),
      observations: z.array(observation).max(256),
      services: z.array(serviceStatus).max(256),
      members: z.array(z.object({ group, epoch, writable: z.boolean(), fencedEpoch: epoch })).max(64),
      trouble: z.array(sentence).max(16),
    }),
    response: z.object({
      stampMs: z.number(),
      records: z.array(groupRecord),
      traffic: z.array(traffic),
      paused: z.array(group),
    }),
  },
  /** Agent -> agent of the same group, while the store is away. */
  hold: {
    request: z.object({ group, epoch, from: region, seq: z.number().int() }),
    response: z.object({ group, epoch, to: region, seq: z.number().int(), granted: z.boolean(), why: sentence }),
  },
  /** Controller -> agent: the switch's own messages of the lease protocol. `fence` answers when neither the agent nor its router can acknowledge any more. */
  lease: {
    request: z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("prepare"), group, epoch, attempt: z.number().int() }),
      z.object({ kind: z.literal("release"), group, epoch, attempt: z.number().int() }),
      z.object({ kind: z.literal("promote"), group, record: groupRecord, receipt: z.boolean() }),
      z.object({ kind: z.literal("record"), group, record: groupRecord }),
      z.object({ kind: z.literal("widen"), group, epoch, promotable: z.array(region).max(64) }),
      z.object({ kind: z.literal("fence"), group, epoch }),
    ]),
    response: z.discriminatedUnion("kind", [
      z.object({
        kind: z.literal("prepared"),
        epoch,
        attempt: z.number().int(),
        clear: z.boolean(),
        remainingMs: z.number(),
      }),
      z.object({
        kind: z.literal("prepare-refused"),
        epoch,
        attempt: z.number().int(),
        floorAttempt: z.number().int(),
        why: sentence,
      }),
      z.object({ kind: z.literal("released"), epoch, attempt: z.number().int() }),
      z.object({ kind: z.literal("promoted"), epoch }),
      z.object({ kind: z.literal("promote-refused"), epoch, waitMs: z.number(), why: sentence }),
      z.object({ kind: z.literal("accepted"), epoch }),
      z.object({ kind: z.literal("widened"), epoch, promotable: z.array(region).max(64) }),
      z.object({ kind: z.literal("widen-refused"), epoch, why: sentence }),
      z.object({ kind: z.literal("fenced"), epoch }),
      z.object({ kind: z.literal("pending"), epoch, why: sentence }),
    ]),
  },
  /**
   * Controller -> agent: bring something about. The same key again gets the old result, or joins the work under way. A lower epoch
   * than the agent's durable one is refused. "running": not finished within `waitMs`; ask again with the same key.
   */
  order: {
    request: z.object({
      key: z.string().min(1).max(400),
      run: z.string().max(128),
      step: z.string().max(64),
      group,
      epoch,
      service: z.string().max(64),
      action,
      deadlineMs: z.number().int().min(1).max(3_600_000),
      waitMs: z.number().int().min(0).max(60_000),
      /** true: only look; answer with a stored result, "running" or "absent", and start nothing. */
      observeOnly: z.boolean(),
    }),
    response: z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("running"), progress: sentence }),
      z.object({ kind: z.literal("absent") }),
      z.object({ kind: z.literal("refused"), why: sentence }),
      z.object({ kind: z.literal("ended"), outcome }),
    ]),
  },
  /** Controller -> agent: where routes lead now. A lower generation changes nothing (I5). Answered when its router has taken it over. */
  route: {
    request: traffic,
    response: z.object({ generation: z.number().int(), applied: z.boolean(), why: sentence }),
  },
  /**
   * Router -> the agent beside it: long poll. Answers at once when there is something newer than `have`, else after `waitMs`.
   * `applied` is the highest generation per group that the router works by.
   */
  "router-config": {
    request: z.object({
      have: z.number().int().min(0),
      waitMs: z.number().int().min(0).max(10_000),
      applied: z.record(group, z.object({ generation: z.number().int(), inFlight: z.number().int() })),
      outcomes: z
        .array(z.object({ region, service: z.string().max(64), ok: z.number().int(), failed: z.number().int() }))
        .max(256),
    }),
    response: z.lazy(() => routerConfig),
  },
  /** Anyone with the token -> any agent. For status screens, the lab, and counting effects. */
  "agent-status": {
    request: z.object({}),
    response: z.object({
      region,
      pid: z.number(),
      version: z.number(),
      members: z.array(
        z.object({ group, epoch, primary: region, writable: z.boolean(), fencedEpoch: epoch, preparedEpoch: epoch }),
      ),
      services: z.array(serviceStatus),
      processes: z.array(z.object({ what: z.string(), pid: z.number() })),
      /** How often each order's effect was really performed, by key. */
      effects: z.record(z.string(), z.number()),
    }),
  },
} as const;

/** An instant on this machine's clocks: work is allowed only while *both* are before it, for a suspended host's monotonic clock may have stood still. */
const machineInstant = z.object({ monotonicMs: z.number(), wallMs: z.number() });

export const routerConfig = z.object({
  /** Grows with every change the agent makes to this answer. */
  serial: z.number().int().min(0),
  region,
  groups: z.array(
    z.object({
      group,
      generation: z.number().int(),
      epoch,
      primary: region,
      mode: z.enum(["open", "hold"]),
      /** Present only in the primary's region: until when answers to writes may be let through under `epoch`. */
      writeUntil: machineInstant.exactOptional(),
    }),
  ),
  services: z.array(
    z.object({
      service: z.string(),
      group,
      kind: z.enum(["http", "tcp"]),
      /** Ready origins in this region, `host:port`. */
      origins: z.array(z.string()).max(1_000),
    }),
  ),
  routes: z.array(z.object({ host: z.string(), service: z.string(), ttlMs: z.number().exactOptional() })),
  /** Peer ports of the other regions' routers as seen from here, `host:port`. */
  peers: z.record(region, z.string()),
});

export type CallName = keyof typeof calls;
export type RequestOf<N extends CallName> = z.infer<(typeof calls)[N]["request"]>;
export type ResponseOf<N extends CallName> = z.infer<(typeof calls)[N]["response"]>;
export type Observation = z.infer<typeof observation>;
export type Traffic = z.infer<typeof traffic>;
export type GroupRecord = z.infer<typeof groupRecord>;
export type RouterConfig = z.infer<typeof routerConfig>;
export type MachineInstant = z.infer<typeof machineInstant>;
