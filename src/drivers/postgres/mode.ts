// Whether commits wait for standbys. Sync is strict: it waits for every named standby, and never stops waiting by itself (I3);
// only this function changes it, on an order that an epoch allows.
// https://www.postgresql.org/docs/18/runtime-config-replication.html#GUC-SYNCHRONOUS-STANDBY-NAMES

import { setTimeout as sleep } from "node:timers/promises";
import type { Changes } from "./settings.ts";
import { literal, type Sql } from "./sql.ts";
import { readStatus } from "./status.ts";

export type Mode = { readonly sync: boolean; readonly standbys: readonly string[] };

const pollMs = 10;

/** The settings that make the mode. All named standbys have to confirm, so that whichever is promoted has everything. */
export function modeSettings({ sync, standbys }: Mode): Changes & { readonly synchronous_standby_names: string } {
  const quoted = standbys.map((name) => `"${name.replaceAll('"', '""')}"`).join(", ");
  const names = sync && standbys.length > 0 ? `FIRST ${standbys.length} (${quoted})` : "";
  return { synchronous_standby_names: names, synchronous_commit: "on" };
}

/** Changes a running server's mode, for every session from its next command on. Also works on a standby, for when it is promoted. */
export async function writeMode(sql: Sql, mode: Mode, deadlineMs: number): Promise<void> {
  const until = performance.now() + deadlineMs;
  // Each ALTER SYSTEM is a synced file; a promotion has no time for those that change nothing.
  if (await hasMode(sql, mode, deadlineMs)) return;
  for (const [name, value] of Object.entries(modeSettings(mode))) {
    // ALTER SYSTEM takes no parameters, so the value goes in as a literal.
    await sql.query(`ALTER SYSTEM SET ${name} = ${literal(value ?? "")}`, [], until - performance.now());
  }
  await sql.query("SELECT pg_reload_conf()", [], until - performance.now());
  while (!(await hasMode(sql, mode, until - performance.now()))) await sleep(pollMs);
}

/** What the server has for everybody: our own session has a synchronous_commit of its own. */
async function hasMode(sql: Sql, mode: Mode, deadlineMs: number): Promise<boolean> {
  const [row] = await sql.query<{ names: string; commit: string }>(
    `SELECT current_setting('synchronous_standby_names') AS names, coalesce(
       (SELECT setting FROM pg_file_settings WHERE name = 'synchronous_commit' AND error IS NULL ORDER BY seqno DESC LIMIT 1), 'on') AS commit`,
    [],
    deadlineMs,
  );
  return row?.names === modeSettings(mode).synchronous_standby_names && row.commit === "on";
}

/** True once every named standby is streaming and waited for; false when the deadline came first. Async is true at once. */
export async function awaitMode(sql: Sql, mode: Mode, deadlineMs: number): Promise<boolean> {
  const until = performance.now() + deadlineMs;
  while (mode.sync) {
    const status = await readStatus(sql, Math.max(1, until - performance.now()));
    if (status.role !== "primary") return false;
    const waited = status.standbys.filter(({ state, sync }) => state === "streaming" && sync).map(({ name }) => name);
    if (mode.standbys.every((name) => waited.includes(name))) return true;
    if (performance.now() + pollMs >= until) return false;
    await sleep(pollMs);
  }
  return true;
}
