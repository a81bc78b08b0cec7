// The one schema of a manifest: what may stand where, in which unit, with which default. From it come the types, the errors and the
// JSON Schema for editors (write-schema.ts). A schema's error text is the name of a row in wording.ts, which says it in sentences.
// Durations come out as milliseconds. What needs more than one key to judge (dangling names, cycles, ports) is in the checks.

import { z } from "zod";
import { accepted, assumptions, costs } from "./assessed-schema.ts";
import { isRecurrence, isTimeZone } from "./cron.ts";
import { policy } from "./policy-schema.ts";
import { service } from "./service-schema.ts";
import {
  address,
  baseUrl,
  between,
  callPattern,
  command,
  day,
  duration,
  flag,
  hostNamePattern,
  label,
  list,
  location,
  name,
  reference,
  share,
  text,
  url,
  waiting,
} from "./values.ts";

const router = z
  .strictObject(
    {
      http: address.describe("Where users' HTTP requests arrive, as host:port."),
      peer: address.describe("Where other regions' routers send traffic, as host:port."),
      tcp: z
        .record(name, address, "mapping")
        .prefault({})
        .describe("One listener for each TCP service, by its name: host:port."),
    },
    "mapping",
  )
  .describe("The region's router, the data plane of its routes.");

const region = z.strictObject(
  {
    at: location.describe(
      "provider/region such as azure/norwayeast, site/anything for a place of your own, or unknown.",
    ),
    witness: flag.prefault(false).describe("Votes on who is alive, and serves nothing."),
    zone: text.exactOptional().describe("An availability zone, where this is only that and no whole region."),
    account: text.exactOptional().describe("The subscription or account that everything there belongs to."),
    shares: list(label).exactOptional().describe("What fails together with it, such as power/grid-2 or transit/telia."),
    agent: baseUrl.exactOptional().describe("Where this region's agent answers, as http://host:port."),
    controller: baseUrl.exactOptional().describe("Where a controller answers, if one lives here, as http://host:port."),
    router: router.exactOptional(),
  },
  "mapping",
);

const objectives = z
  .strictObject(
    {
      rto: between(1, Number.MAX_SAFE_INTEGER)
        .prefault("5m")
        .describe("Within this time users must be able to write again."),
      rpo: duration.prefault("30s").describe("So much acknowledged work may be lost, counted in time."),
      falseFailover: between(86_400_000, Number.MAX_SAFE_INTEGER)
        .prefault("10y")
        .describe("Tolerated mean time between two failovers that nothing called for."),
      brownOut: between(1_000, Number.MAX_SAFE_INTEGER)
        .exactOptional()
        .describe("A fifth of the answers failing must be known within this time. Default: nothing is asked of it."),
      residency: list(z.string("country").regex(/^[A-Z]{2,4}$/, "country"))
        .prefault([])
        .describe("Country codes, or EU, where data may live; empty: anywhere."),
    },
    "mapping",
  )
  .describe("What the system has to survive, and at which price.");

const group = z.strictObject(
  {
    primary: list(name).min(1, "list").describe("Regions that may be primary, preferred first."),
    pattern: z
      .enum(
        ["backup-restore", "pilot-light", "warm-standby", "active-active", "active-passive", "passive-cold"],
        "choice",
      )
      .prefault("warm-standby")
      .describe("How much of the system is ready on the other side."),
    failover: z
      .enum(["automatic", "approve", "manual"], "choice")
      .prefault("approve")
      .describe("automatic: Leeward switches by itself. approve: it asks a person. manual: it only says what it sees."),
    maxDataLoss: duration
      .exactOptional()
      .describe("The loss an automatic failover may accept without a person's yes. Default: objectives.rpo."),
    coolDown: duration.prefault("60s").describe("No second automatic switch of this group for so long after one."),
    drills: z
      .strictObject(
        {
          clean: z
            .int("drills")
            .min(0, "drills")
            .max(1_000_000, "drills")
            .prefault(0)
            .describe("Drills since the last change that went right from end to end."),
          last: day.exactOptional().describe("Day of the last one, YYYY-MM-DD."),
          every: between(1, Number.MAX_SAFE_INTEGER).exactOptional().describe("One in so long is planned."),
        },
        "mapping",
      )
      .exactOptional()
      .describe("What has been tried already."),
    policy: policy.exactOptional(),
  },
  "mapping",
);

const route = z.strictObject(
  {
    to: name.describe("The service it leads to."),
    policy: z
      .enum(["priority", "weighted", "performance", "geographic"], "choice")
      .prefault("priority")
      .describe("Which origin a user gets."),
    ttl: between(0, 604_800_000).prefault("30s").describe("So long users may remember an answer."),
    ttlFloor: between(0, 604_800_000)
      .exactOptional()
      .describe("The ttl while the primary is in doubt, if that is shorter. Default: 5s."),
    whenAllDown: z
      .enum(["keep-last", "open", "closed"], "choice")
      .prefault("keep-last")
      .describe(
        "When every origin is down: keep-last sends users where they went before, open tries all, closed refuses.",
      ),
    through: name
      .exactOptional()
      .describe("The service that leads users to an origin, such as azure/front-door. Default: DNS or the routers."),
    stubborn: share.exactOptional().describe("Share of users whose clients ignore the ttl, 0 to 1."),
  },
  "mapping",
);

const trigger = z
  .strictObject(
    {
      recurrence: z
        .string("cron")
        .refine(isRecurrence, "cron")
        .exactOptional()
        .describe('Five fields of cron, such as "0 2 * * *".'),
      zone: z
        .string("zone")
        .refine(isTimeZone, "zone")
        .exactOptional()
        .describe("Time zone of the recurrence, such as Europe/Oslo. Default: UTC."),
      polling: waiting.exactOptional().describe("Looks for work once in so long."),
      state: z
        .enum(["client", "server"], "choice")
        .exactOptional()
        .describe("Where polling keeps what it has read: with the job in its region, or with what it reads from."),
      request: z.literal(true, "only-true").exactOptional().describe("Fires when somebody asks."),
      webhook: z.literal(true, "only-true").exactOptional().describe("Fires when another system calls."),
      queue: name.exactOptional().describe("Fires for each message of this service."),
    },
    "mapping",
  )
  .superRefine((value, context) => {
    const kinds = [value.recurrence, value.polling, value.request, value.webhook, value.queue].filter(
      (kind) => kind !== undefined,
    );
    if (kinds.length !== 1) context.addIssue({ code: "custom", message: "one-trigger", input: value });
    if (value.zone !== undefined && value.recurrence === undefined && kinds.length === 1) {
      context.addIssue({ code: "custom", message: "zone-alone", path: ["zone"], input: value });
    }
    if (value.state !== undefined && value.polling === undefined && kinds.length === 1) {
      context.addIssue({ code: "custom", message: "state-alone", path: ["state"], input: value });
    }
  });

const job = z.strictObject(
  {
    trigger: trigger.describe("What starts it; exactly one kind."),
    call: z.string("call").regex(callPattern, "call").describe("METHOD http://service/path."),
    group: name
      .exactOptional()
      .describe("The group in whose primary region it runs. Default: the group of the service it calls."),
    roles: z
      .enum(["active-active", "active-passive"], "choice")
      .exactOptional()
      .describe("Whether every region fires it, or only the primary. Default: active-passive."),
    split: flag.exactOptional().describe("The schedule is divided, so that each region fires its own part."),
    ordered: flag.exactOptional().describe("Messages must be worked on in their order."),
  },
  "mapping",
);

const notify = z
  .strictObject(
    {
      webhook: url.exactOptional().describe("Gets a POST with what happened."),
      token: reference.exactOptional().describe("Bearer token of the webhook, as env:NAME or file:PATH."),
      command: command.exactOptional().describe("Started with what happened on its standard input."),
    },
    "mapping",
  )
  .superRefine((value, context) => {
    const both = value.webhook !== undefined && value.command !== undefined;
    if (both || (value.webhook === undefined && value.command === undefined)) {
      context.addIssue({ code: "custom", message: "one-notifier", input: value });
    }
  });

const runs = z.int("count").min(1, "count").max(100, "count");

const watchMode = z
  .strictObject(
    {
      mode: z
        .enum(["cusum", "classic"], "choice")
        .prefault("cusum")
        .describe("cusum: thresholds follow from falseFailover. classic: so many failures in a row and it is down."),
      preset: z
        .enum(["route53", "traffic-manager", "front-door", "cloud-dns"], "choice")
        .exactOptional()
        .describe("Classic only: the counts and the vote of that product's own health checks."),
      down: runs
        .exactOptional()
        .describe("Classic only: failures in a row at one vantage. Default: the preset's, else 3."),
      up: runs.exactOptional().describe("Classic only: successes in a row there. Default: the preset's, else 2."),
    },
    "mapping",
  )
  .superRefine(({ mode, preset, down, up }, context) => {
    if (mode === "cusum" && (preset !== undefined || down !== undefined || up !== undefined))
      context.addIssue({ code: "custom", message: "classic-only", input: mode });
  })
  .describe("How what the vantages see becomes down.");

const control = z
  .strictObject(
    {
      lease: z
        .strictObject(
          {
            ttl: waiting.prefault("2.2s").describe("A primary that cannot renew may acknowledge writes for so long."),
            renewEvery: waiting.prefault("400ms").describe("It renews once in so long."),
            callTimeout: waiting.prefault("200ms").describe("A renewal without an answer after this time has failed."),
            hold: waiting.prefault("2.2s").describe("A standby that grants a hold refuses to be promoted for so long."),
            drift: z
              .number("drift")
              .min(0, "drift")
              .max(0.1, "drift")
              .prefault(0.01)
              .describe("Largest relative difference in speed of two clocks."),
          },
          "mapping",
        )
        .prefault({})
        .describe("How long a primary may go on without word from the controller."),
      probeEvery: between(10, 3_600_000)
        .prefault("200ms")
        .describe("Each vantage looks at each target once in so long."),
      watch: watchMode.exactOptional(),
      notify: list(notify).max(64, "list").prefault([]).describe("Who is told what happened, and what to type next."),
    },
    "mapping",
  )
  .describe("How the control plane itself is set up.");

const some = <T extends z.ZodRecord>(record: T) => record.refine((value) => Object.keys(value).length > 0, "some");

export const manifestSchema = z
  .strictObject(
    {
      version: z.literal(1, "version").describe("Version of this format: 1."),
      system: name.describe("Name of the system."),
      regions: some(z.record(name, region, "mapping")).describe("Places that can fail as a whole."),
      objectives: objectives.prefault({}),
      groups: z.record(name, group, "mapping").prefault({}).describe("Services that move together."),
      services: some(z.record(name, service, "mapping")).describe("The parts of the system."),
      routes: z
        .record(z.string().regex(hostNamePattern, "host-name"), route, "mapping")
        .prefault({})
        .describe("Names that users resolve or call."),
      jobs: z.record(name, job, "mapping").prefault({}).describe("Work that must run in the right region only."),
      control: control.prefault({}),
      assumptions: assumptions.exactOptional(),
      costs: costs.exactOptional(),
      accepted: list(accepted).exactOptional().describe("Findings of the assessment that somebody lives with."),
    },
    "mapping",
  )
  .describe("A system that Leeward looks after: where it lives, what it must survive, and how much it may lose.");

/** A manifest of the right shape, with the defaults that need no other key; durations in milliseconds. */
export type Draft = z.output<typeof manifestSchema>;
