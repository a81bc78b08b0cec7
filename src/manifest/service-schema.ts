// The schema of one service. See schema.ts.

import { z } from "zod";
import { checkHealth, health } from "./health-schema.ts";
import {
  between,
  command,
  duration,
  label,
  list,
  money,
  name,
  rate,
  reference,
  settings,
  size,
  text,
  url,
} from "./values.ts";

const placement = z.strictObject(
  {
    url: url
      .exactOptional()
      .describe("Where it answers in this region; for replicas that the agent starts, the address of the first."),
    password: reference.exactOptional().describe("env:NAME or file:PATH, never the password itself."),
    data: text.exactOptional().describe("Data folder. Default: the agent keeps it under its own state folder."),
    bin: text.exactOptional().describe("Folder of the server's binaries. Default: looked for."),
    settings: settings.exactOptional().describe("Where this region's instance differs from the service's settings."),
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

const volume = z
  .strictObject(
    {
      size: size.describe("How much data it holds, such as 40GiB."),
      changePerDay: size.exactOptional().describe("How much of it changes in a day."),
    },
    "mapping",
  )
  .describe("How much data has to be carried over.");

const someTime = between(1, Number.MAX_SAFE_INTEGER);

const restore = z
  .strictObject(
    {
      provision: duration.prefault("0s").describe("Until there is something to restore to, or the medium has arrived."),
      rate: rate.exactOptional().describe("How fast data is read back, such as 100MiB/s."),
      restart: duration.prefault("0s").describe("From the last byte to the first answer."),
    },
    "mapping",
  )
  .describe("What it takes to be back from this copy.");

const copy = z.strictObject(
  {
    name: name.describe("Name of this copy."),
    in: z
      .string("text")
      .min(1, "text")
      .describe("A region of this manifest, or a location outside it such as azure/westeurope or site/vault."),
    device: text.exactOptional().describe("What it lies on; what lies on the device of the data is lost with it."),
    account: text.exactOptional().describe("The account it belongs to, where it is not the region's."),
    every: someTime.describe("Time between two copies."),
    hold: duration.prefault("0s").describe("Waits so long before it is sent."),
    transfer: duration.prefault("0s").describe("Is on its way for so long."),
    keep: someTime.exactOptional().describe("How far back one can go. Default: the newest only."),
    restore: restore.exactOptional(),
  },
  "mapping",
);

const watches = z
  .strictObject(
    {
      region: name.describe("The region it looks at."),
      every: someTime.describe("Looks once in so long."),
    },
    "mapping",
  )
  .describe("For a watchdog: what it watches.");

const environment = z.record(
  z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, "variable"),
  z.string("words").max(8_192, "words"),
  "mapping",
);

const described = z.strictObject(
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
    health,
    in: z
      .record(name, placement, "mapping")
      .exactOptional()
      .describe("The regions it is deployed in. Left out only for what its provider runs everywhere."),
    startNeeds: list(name)
      .exactOptional()
      .describe("Services needed only to start it or to switch it: a registry, a pipeline, an identity provider."),
    settings: settings.exactOptional().describe("What the catalog's entry of its type asks about: tier, kind, ..."),
    access: z
      .enum(["routed", "direct"], "choice")
      .exactOptional()
      .describe("direct: some clients go straight to it, past every router and front door. Default: routed."),
    changes: z
      .enum(["staged", "everywhere"], "choice")
      .exactOptional()
      .describe("How a change reaches the regions: one after the other, or all at the same time."),
    shares: list(label).exactOptional().describe("What fails together with it, such as power/grid-2."),
    volume: volume.exactOptional(),
    copies: list(copy)
      .exactOptional()
      .describe("Copies of its data apart from the replication, in the order in which they are made from one another."),
    cost: money.exactOptional().describe("What it costs a month in the primary region, in costs.currency."),
    scaleUp: duration
      .exactOptional()
      .describe("From the standby's size to the primary's. Default: what the catalog says."),
    watches: watches.exactOptional(),
  },
  "mapping",
);

export const service = described.superRefine(checkHealth);
