// The one schema of a manifest: what may stand where, in which unit, with which default. From it come the types, the errors and the
// JSON Schema for editors (write-schema.ts). A schema's error text is the name of a row in wording.ts, which says it in sentences.
// Durations come out as milliseconds. What needs more than one key to judge (dangling names, cycles, ports) is in the checks.

import { z } from "zod";
import { isRecurrence, isTimeZone } from "./cron.ts";
import { durationPattern, parseDuration } from "./duration.ts";

/** Names become parts of ids, file names, host names and environment variables. `constructor` is what every object inherits. */
const namePattern = /^(?!constructor$)[a-z][a-z0-9-]{0,62}$/;
const hostNamePattern = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;
export const addressPattern = /^([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):([0-9]{1,5})$/;
const baseUrlPattern = /^https?:\/\/([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):([0-9]{1,5})\/?$/;
const referencePattern = /^(env:[A-Za-z_][A-Za-z0-9_]{0,127}|file:[^\s].{0,1023})$/;
const locationPattern = /^(unknown|(azure|aws|gcp)\/[a-z0-9-]{2,40}|site\/[A-Za-z0-9._-]{1,60})$/;
const callPattern = /^(GET|POST|PUT|PATCH|DELETE) http:\/\/([a-z][a-z0-9-]{0,62})(\/[^\s]*)?$/;

const name = z.string("name").regex(namePattern, "name");
const text = z.string("text").min(1, "text").max(1_024, "text");
const flag = z.boolean("flag");

const duration = z
  .string("duration")
  .regex(durationPattern, "duration")
  .transform((written, context) => {
    const ms = parseDuration(written);
    if (ms !== undefined) return ms;
    context.addIssue({ code: "custom", message: "duration-range", input: written });
    return z.NEVER;
  });

const between = (low: number, high: number) =>
  duration.superRefine((ms, context) => {
    if (ms < low || ms > high)
      context.addIssue({ code: "custom", message: `duration-between ${low} ${high}`, input: ms });
  });
const waiting = between(1, 86_400_000);

const portIsRight = (written: string): boolean => {
  const port = Number(written.replace(/\/$/, "").split(":").at(-1));
  return port >= 1 && port <= 65_535;
};
const address = z.string("address").regex(addressPattern, "address").refine(portIsRight, "port");
const baseUrl = z.string("base-url").regex(baseUrlPattern, "base-url").refine(portIsRight, "port");
const reference = z.string("reference").regex(referencePattern, "reference");
const url = z
  .string("url")
  .max(2_048, "url")
  .refine((written) => URL.canParse(written), "url");
const command = z.array(text, "command").min(1, "command").max(256, "command");
const list = <T extends z.ZodType>(item: T) => z.array(item, "list");

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
    at: z
      .string("location")
      .regex(locationPattern, "location")
      .describe("provider/region such as azure/norwayeast, site/anything for a place of your own, or unknown."),
    witness: flag.prefault(false).describe("Votes on who is alive, and serves nothing."),
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
  },
  "mapping",
);

const placement = z.strictObject(
  {
    url: url
      .exactOptional()
      .describe("Where it answers in this region; for replicas that the agent starts, the address of the first."),
    password: reference.exactOptional().describe("env:NAME or file:PATH, never the password itself."),
    data: text.exactOptional().describe("Data folder. Default: the agent keeps it under its own state folder."),
    bin: text.exactOptional().describe("Folder of the server's binaries. Default: looked for."),
  },
  "mapping",
);

const replicas = z.strictObject(
  {
    primary: z.int("count").min(1, "count").max(1_000, "count").prefault(1).describe("In the region that is primary."),
    standby: z.int("count").min(0, "count").max(1_000, "count").exactOptional().describe("In each standby region."),
  },
  "mapping",
);

const environment = z.record(
  z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, "variable"),
  z.string("words").max(8_192, "words"),
  "mapping",
);

const service = z.strictObject(
  {
    type: z.string("text").min(1, "text").describe("A catalog id: postgresql, http, process, azure/cosmos-db, ..."),
    group: name.exactOptional().describe("The group it moves with. Left out: it does not move."),
    replication: z
      .strictObject(
        {
          method: text.exactOptional().describe("A method of the type. Default: the type's usual one."),
          mode: z
            .enum(["async", "sync"], "choice")
            .exactOptional()
            .describe("sync: nothing acknowledged is ever lost, and each commit waits for the standby."),
        },
        "mapping",
      )
      .exactOptional()
      .describe("How its data gets to the other regions."),
    needs: list(name).prefault([]).describe("Services that must work for this one to work."),
    replicas: replicas.exactOptional().describe("How many run side by side."),
    run: z
      .strictObject(
        {
          command: command.describe("What the agent starts, as a list of words; no shell."),
          env: environment.prefault({}).describe("Further environment variables."),
          cwd: text.exactOptional().describe("Folder to start in, relative to the manifest's own folder."),
        },
        "mapping",
      )
      .exactOptional()
      .describe("For processes that the agent starts and looks after."),
    health: z
      .strictObject(
        {
          path: z
            .string("path")
            .regex(/^\/\S*$/, "path")
            .prefault("/healthz")
            .describe("Answers 2xx when all is well."),
          every: between(10, 3_600_000)
            .exactOptional()
            .describe("One probe per vantage in so long. Default: control.probeEvery."),
          timeout: waiting.exactOptional().describe("Default: 4 times the p99 round trip, at least 150ms."),
        },
        "mapping",
      )
      .prefault({})
      .describe("How to see whether it is well."),
    in: z.record(name, placement, "mapping").describe("The regions it is deployed in."),
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
    whenAllDown: z
      .enum(["keep-last", "open", "closed"], "choice")
      .prefault("keep-last")
      .describe(
        "When every origin is down: keep-last sends users where they went before, open tries all, closed refuses.",
      ),
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
  });

const job = z.strictObject(
  {
    trigger: trigger.describe("What starts it; exactly one kind."),
    call: z.string("call").regex(callPattern, "call").describe("METHOD http://service/path."),
    group: name
      .exactOptional()
      .describe("The group in whose primary region it runs. Default: the group of the service it calls."),
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
    },
    "mapping",
  )
  .describe("A system that Leeward looks after: where it lives, what it must survive, and how much it may lose.");

/** A manifest of the right shape, with the defaults that need no other key; durations in milliseconds. */
export type Draft = z.output<typeof manifestSchema>;
