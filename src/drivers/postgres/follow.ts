// Makes a data folder a standby of a primary, and sees it stream.

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { configure } from "./cluster.ts";
import { writeDurably } from "./durable.ts";
import { DriverError } from "./errors.ts";
import { type History, parseHistory } from "./history.ts";
import { readStreamed, writeStreamed } from "./notes.ts";
import { adminAddress, type Endpoint, type Site, slotOf, writePassFile } from "./site.ts";
import { literal, Sql } from "./sql.ts";
import { readStatus, type ServerStatus } from "./status.ts";

const pollMs = 20;

/** What a standby needs to know of its primary. The password stays in its own file. https://www.postgresql.org/docs/18/libpq-connect.html */
export function connectionInfo(site: Site, primary: Endpoint, passFile: string): string {
  const words = {
    host: primary.host,
    port: String(primary.port),
    user: site.user,
    passfile: passFile,
    application_name: site.region,
    // A line that swallows packets must be given up; the system's own patience is minutes.
    connect_timeout: "2",
    keepalives_idle: "2",
    keepalives_interval: "1",
    keepalives_count: "3",
    tcp_user_timeout: "5000",
    sslmode: "prefer",
    gssencmode: "disable",
  };
  return Object.entries(words)
    .map(([name, value]) => `${name}='${value.replaceAll(/[\\']/g, (char) => `\\${char}`)}'`)
    .join(" ");
}

/** Settings of a standby. Its own mode is async: it has no standbys until it is promoted. */
async function standbySettings(site: Site, primary: Endpoint) {
  return {
    primary_conninfo: connectionInfo(site, primary, await writePassFile(site)),
    primary_slot_name: slotOf(site.region),
    synchronous_standby_names: "",
    recovery_target_timeline: "latest",
  };
}

/** Prepares the files of a stopped server. Durable on return. */
export async function makeStandby(site: Site, primary: Endpoint): Promise<void> {
  await configure(site, await standbySettings(site, primary));
  await rm(join(site.dataFolder, "recovery.signal"), { force: true });
  await writeDurably(join(site.dataFolder, "standby.signal"), "", 0o600, site.as);
}

/** Turns a running standby to another primary, without a restart. */
export async function turnTo(site: Site, sql: Sql, primary: Endpoint, deadlineMs: number): Promise<void> {
  for (const [name, value] of Object.entries(await standbySettings(site, primary))) {
    // This one needs a restart, and every standby of ours has it already.
    if (name === "recovery_target_timeline") continue;
    await sql.query(`ALTER SYSTEM SET ${name} = ${literal(value)}`, [], deadlineMs);
  }
  await sql.query("SELECT pg_reload_conf()", [], deadlineMs);
}

/** Keeps the primary's log for this standby from now on. Idempotent. */
export async function ensureSlot(site: Site, primary: Sql, deadlineMs: number): Promise<void> {
  const name = slotOf(site.region);
  const slots = await primary.query<{ lost: boolean; active: boolean }>(
    "SELECT wal_status = 'lost' AS lost, active FROM pg_replication_slots WHERE slot_name = $1",
    [name],
    deadlineMs,
  );
  // A slot that fell too far behind never recovers.
  if (slots[0]?.lost === true) await primary.query("SELECT pg_drop_replication_slot($1)", [name], deadlineMs);
  else if (slots.length > 0) return;
  await primary.query("SELECT pg_create_physical_replication_slot($1, true)", [name], deadlineMs);
}

/** A standby keeps no log for others: slots left from its time as a primary would fill its disk. Only Leeward's own are dropped. */
export async function dropSlots(sql: Sql, deadlineMs: number): Promise<void> {
  await sql.query(
    "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name LIKE 'leeward\\_%' AND NOT active",
    [],
    deadlineMs,
  );
}

export type PrimarySeen = {
  readonly systemIdentifier: string;
  readonly timeline: number;
  readonly history: History;
};

/** Who is at the other end, and what led to its timeline. Asked by the replication protocol. Throws a DriverError. */
export async function askPrimary(site: Site, primary: Endpoint, deadlineMs: number): Promise<PrimarySeen> {
  const until = performance.now() + deadlineMs;
  const where = `${primary.host}:${primary.port}`;
  await using sql = await Sql.open(adminAddress(site, primary), deadlineMs);
  const status = await readStatus(sql, until - performance.now());
  if (status.role !== "primary") {
    throw new DriverError(
      "not-primary",
      "later",
      `The server at ${where} is itself a standby, so nobody can follow it yet.`,
    );
  }
  const { systemIdentifier, timeline } = status;
  if (timeline === 1) return { systemIdentifier, timeline, history: parseHistory(1, "") };
  const content = await historyOf(site, primary, timeline, until - performance.now());
  return { systemIdentifier, timeline, history: parseHistory(timeline, content) };
}

async function historyOf(site: Site, primary: Endpoint, timeline: number, deadlineMs: number): Promise<string> {
  const client = new pg.Client({
    ...adminAddress(site, primary),
    ssl: false,
    connectionTimeoutMillis: deadlineMs,
    query_timeout: deadlineMs,
    ...{ replication: "true" },
  });
  client.on("error", () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ content: Buffer | string }>(`TIMELINE_HISTORY ${timeline}`);
    return rows[0]?.content.toString() ?? "";
  } finally {
    // The answer is here already; how the session ends changes nothing.
    void client.end().catch(() => {});
  }
}

/** Waits until it streams, and remembers that it has. The last status seen when the deadline comes first. */
export async function awaitStreaming(
  site: Site,
  sql: Sql,
  deadlineMs: number,
): Promise<{ readonly streaming: boolean; readonly status: ServerStatus }> {
  const until = performance.now() + deadlineMs;
  for (;;) {
    const status = await readStatus(sql, Math.max(1, until - performance.now()));
    if (status.role === "standby" && status.streaming) {
      await rememberStreaming(site, status);
      return { streaming: true, status };
    }
    if (performance.now() + pollMs >= until) return { streaming: false, status };
    await sleep(pollMs);
  }
}

const rememberEveryMs = 1_000;

/** Durable, at most once a second: it is asked whenever the status is. */
export async function rememberStreaming(site: Site, status: ServerStatus & { role: "standby" }): Promise<void> {
  const before = await readStreamed(site);
  const same = before?.systemIdentifier === status.systemIdentifier && before.timeline === status.timeline;
  if (same && Date.now() - Date.parse(before.at) < rememberEveryMs) return;
  await writeStreamed(site, {
    systemIdentifier: status.systemIdentifier,
    timeline: status.timeline,
    at: new Date().toISOString(),
    received: status.received.toString(),
  });
}
