// Makes a standby the primary.
// P1. A copy that has never streamed from a primary is refused, whatever lag it shows: it may lack whole tables.
// P2. pg_promote(false) and a poll of our own: with `true` the server looks only every 100 ms whether it is done.
// P3. The mode it will have is written before it can acknowledge anything.

import { setTimeout as sleep } from "node:timers/promises";
import { driverErrorOf } from "./errors.ts";
import { type Mode, writeMode } from "./mode.ts";
import type { Streamed } from "./notes.ts";
import type { Sql } from "./sql.ts";
import { readStatus, type ServerStatus } from "./status.ts";

type Promoted =
  | { readonly kind: "promoted"; readonly already: boolean; readonly status: ServerStatus & { role: "primary" } }
  | { readonly kind: "refused"; readonly why: string }
  | { readonly kind: "unknown"; readonly why: string };

const pollMs = 1;

export async function promote(
  sql: Sql,
  mode: Mode,
  streamed: Streamed | undefined,
  deadlineMs: number,
): Promise<Promoted> {
  const until = performance.now() + deadlineMs;
  const before = await readStatus(sql, deadlineMs);
  if (before.role === "primary") return { kind: "promoted", already: true, status: before };
  const refusal = whyNot(before, streamed);
  if (refusal !== undefined) return { kind: "refused", why: refusal };
  await writeMode(sql, mode, until - performance.now());
  try {
    await sql.query("SELECT pg_promote(false)", [], until - performance.now());
    while (await inRecovery(sql, until)) {
      if (performance.now() >= until)
        return { kind: "unknown", why: "it was told to become the primary but is not one yet" };
      await sleep(pollMs);
    }
    const status = await readStatus(sql, Math.max(100, until - performance.now()));
    if (status.role === "primary") return { kind: "promoted", already: false, status };
    return { kind: "unknown", why: "it said that it had become the primary, and then that it was a standby" };
  } catch (error) {
    // From the order on, whatever broke may have broken after it was carried out.
    return { kind: "unknown", why: driverErrorOf(error, "promoting").message };
  }
}

function whyNot(status: ServerStatus & { role: "standby" }, streamed: Streamed | undefined): string | undefined {
  if (streamed === undefined && !status.streaming) {
    return "this copy has never streamed from a primary, so nobody knows what it lacks";
  }
  if (streamed !== undefined && streamed.systemIdentifier !== status.systemIdentifier) {
    return `what streamed here was another system (${streamed.systemIdentifier}, this is ${status.systemIdentifier})`;
  }
  if (status.replayed === 0n) return "this copy has replayed nothing yet";
  return undefined;
}

async function inRecovery(sql: Sql, until: number): Promise<boolean> {
  const [row] = await sql.query<{ yes: boolean }>(
    "SELECT pg_is_in_recovery() AS yes",
    [],
    Math.max(1, until - performance.now()),
  );
  return row?.yes !== false;
}
