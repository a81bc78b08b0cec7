// Two clients that do not follow: one that keeps a single connection to the first region's router and never asks where else to go, and
// one that goes past every router straight to the first region's database. The first must never be told "done" by a region that has
// been succeeded; the second shows what a fence inside a frozen host cannot prevent.

import { Agent } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { attempt } from "./attempt.ts";
import { type LedgerWriter, nowMs } from "./ledger.ts";
import type { Router } from "./load.ts";

const everyMs = 100;
/** Far beyond the load client's patience: it waits on its connection, as a badly written program does. */
const stubbornDeadlineMs = 20_000;
const directDeadlineMs = 10_000;

export async function runStubborn(
  options: { readonly router: Router; readonly host: string; readonly run: string },
  ledger: LedgerWriter,
  signal: AbortSignal,
): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  signal.addEventListener("abort", () => agent.destroy());
  for (let seq = 1; !signal.aborted; seq++) {
    const sentAt = nowMs();
    const key = `${options.run}-stubborn-${seq}`;
    const write = { path: "/orders", key, body: JSON.stringify({ item: "stubborn", quantity: 1 }) };
    const result = await attempt({ url: options.router.url, host: options.host, agent }, write, stubbornDeadlineMs);
    const common = {
      client: "stubborn",
      what: "order",
      key,
      seq,
      sentAt,
      endedAt: nowMs(),
      attempts: 1,
      router: options.router.name,
    } as const;
    if (result.kind === "acknowledged") {
      ledger.add({
        ...common,
        outcome: "acknowledged",
        ...(result.epoch === undefined ? {} : { epoch: result.epoch }),
      });
    } else {
      ledger.add({ ...common, outcome: result.kind, why: result.why });
    }
    await pause(sentAt, signal);
  }
}

export async function runDirect(
  options: { readonly adminUrl: string; readonly run: string },
  ledger: LedgerWriter,
  signal: AbortSignal,
): Promise<void> {
  let client: pg.Client | undefined;
  const drop = (): void => {
    const old = client;
    client = undefined;
    if (old !== undefined) void old.end().catch(() => {});
  };
  signal.addEventListener("abort", drop);
  for (let seq = 1; !signal.aborted; seq++) {
    const sentAt = nowMs();
    const key = `${options.run}-direct-${seq}`;
    const common = { client: "direct", what: "order", key, seq, sentAt, attempts: 1 } as const;
    try {
      client ??= await connected(options.adminUrl);
      await client.query("insert into orders (key, item, quantity, region) values ($1, 'direct', 1, 'direct')", [key]);
      ledger.add({ ...common, endedAt: nowMs(), outcome: "acknowledged" });
    } catch (error) {
      drop();
      // A server that names its reason did not do it; a broken session may have.
      const said = error instanceof pg.DatabaseError;
      ledger.add({
        ...common,
        endedAt: nowMs(),
        outcome: said ? "refused" : "unknown",
        why: error instanceof Error ? error.message : String(error),
      });
    }
    await pause(sentAt, signal);
  }
  drop();
}

async function connected(adminUrl: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: adminUrl,
    connectionTimeoutMillis: 2_000,
    query_timeout: directDeadlineMs,
    application_name: "lab direct",
  });
  client.on("error", () => {});
  await client.connect();
  return client;
}

async function pause(sentAt: number, signal: AbortSignal): Promise<void> {
  await sleep(Math.max(1, sentAt + everyMs - nowMs()), undefined, { signal }).catch(() => {});
}
