// What each order does to the server: observe, act if needed, verify, say what was found. Idempotent, every one.

import { access } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Action, Outcome } from "../../ports/driver.ts";
import { configure, dataOf, findServer, furnish, makeCluster, startServer } from "./cluster.ts";
import { DriverError } from "./errors.ts";
import { type Fenced, type FenceTimes, fence } from "./fence.ts";
import { askPrimary, awaitStreaming, connectionInfo, ensureSlot, turnTo } from "./follow.ts";
import { formatLsn } from "./lsn.ts";
import { awaitMode, type Mode, modeSettings, writeMode } from "./mode.ts";
import { forgetStreamed, readPart, readStreamed, writePart } from "./notes.ts";
import { promote } from "./promote.ts";
import { rejoin } from "./rejoin.ts";
import { adminAddress, type Endpoint, pathsOf, type Site } from "./site.ts";
import { Sql } from "./sql.ts";
import { readStatus } from "./status.ts";

export type Progress = (sentence: string) => void;
type Of<Kind extends Action["kind"]> = Extract<Action, { kind: Kind }>;

const pollMs = 5;

/** Fast stops of a switchover wait for the standbys; a forced fence must be over before the lease's successor needs it. */
export function fenceTimes(mode: "graceful" | "forced", deadlineMs: number): FenceTimes {
  return mode === "graceful"
    ? { fastMs: deadlineMs * 0.6, immediateMs: Math.min(1_000, deadlineMs * 0.2), killMs: deadlineMs * 0.2 }
    : {
        fastMs: Math.min(1_000, deadlineMs * 0.4),
        immediateMs: Math.min(500, deadlineMs * 0.2),
        killMs: deadlineMs * 0.4,
      };
}

export async function servePrimary(site: Site, action: Of<"serve-primary">, until: number): Promise<Outcome> {
  const control = await dataOf(site);
  if (control === undefined && !action.create) {
    return failed(
      "never",
      `there is no data in ${site.dataFolder}, and this order does not allow a new, empty database`,
    );
  }
  const before = await readPart(site);
  // A restart under the same epoch never makes a strict primary lenient: only set-mode does that (I3).
  const keep = before?.epoch === action.epoch && before.sync && !action.sync;
  const mode: Mode = keep ? before : action;
  const running = (await findServer(site)) !== undefined;
  if (!running && control !== undefined && (await isStandbyFolder(site))) {
    return failed(
      "never",
      `the data in ${site.dataFolder} is a standby's; it becomes a primary only by being promoted`,
    );
  }
  if (control === undefined) await makeCluster(site);
  if (!running) await configure(site, modeSettings(mode));
  await writePart(site, { part: "primary", epoch: action.epoch, sync: mode.sync, standbys: mode.standbys });
  await using sql = await startServer(site, left(until));
  const status = await readStatus(sql, left(until));
  if (status.role !== "primary")
    return failed("never", "the server that runs is a standby; it becomes a primary only by being promoted");
  if (running) await writeMode(sql, mode, left(until));
  await furnish(site, sql, left(until));
  const how = running
    ? "already serves"
    : control === undefined
      ? "serves from a new, empty database"
      : "serves from its data";
  return {
    kind: "done",
    reason: `${name(site)} ${how} on timeline ${status.timeline}${mode.sync ? modeWords(mode) : ""}`,
    facts: { timeline: status.timeline, position: status.written.toString(), system: status.systemIdentifier },
  };
}

export async function followPrimary(
  site: Site,
  action: Of<"follow">,
  until: number,
  progress: Progress,
): Promise<Outcome> {
  const primary = site.upstreams[action.primary];
  if (primary === undefined)
    return failed("never", `the address of ${site.service} in ${action.primary} is not known here`);
  await writePart(site, { part: "standby", epoch: action.epoch, sync: false, standbys: [] });
  const turned = await turnRunning(site, primary, until);
  if (turned !== undefined) return turned;
  const fenced = await fence(site, fenceTimes("graceful", Math.min(left(until), 20_000)));
  if (fenced.kind === "still-alive") return stillAlive(site, fenced.pids);
  const { how, streaming, sql, quarantined, copiedBytes } = await rejoin(
    site,
    primary,
    action.run,
    left(until),
    progress,
  );
  await sql.close();
  const words = { followed: "needed no copy", rewound: "was taken back to the fork", copied: "was copied anew" }[how];
  const set = quarantined === undefined ? "" : `; ${orphanWords(quarantined)}`;
  const facts = {
    how,
    copiedBytes,
    orphans: quarantined?.rows ?? 0,
    ...(quarantined === undefined ? {} : { quarantine: quarantined.folder }),
  };
  if (!streaming) {
    const reason = `${name(site)} ${words} but does not stream from ${action.primary} yet${set}; see ${pathsOf(site).log}`;
    return { kind: "failed", retry: "later", reason, facts };
  }
  return { kind: "done", reason: `${name(site)} ${words} and streams from ${action.primary}${set}`, facts };
}

function orphanWords(quarantined: {
  rows: number;
  folder: string;
  keep: { at: string; why: string } | undefined;
}): string {
  if (quarantined.keep !== undefined)
    return `its whole old data is kept in ${quarantined.keep.at}, because ${quarantined.keep.why}`;
  if (quarantined.rows === 0) return "its old data held no row that is missing here";
  return `${quarantined.rows} rows that only it had are in ${join(quarantined.folder, "orphans.jsonl")}`;
}

/** A standby that already runs: left as it is, or turned to its new primary in place. Undefined when more has to be done. */
async function turnRunning(site: Site, primary: Endpoint, until: number): Promise<Outcome | undefined> {
  if ((await findServer(site)) === undefined) return undefined;
  let sql: Sql;
  try {
    sql = await Sql.open(adminAddress(site), Math.min(2_000, left(until)));
  } catch {
    return undefined; // It runs and does not answer: it is stopped and started.
  }
  await using own = sql;
  const status = await readStatus(own, left(until));
  if (status.role !== "standby") return undefined;
  const [row] = await own.query<{ is: string }>("SELECT current_setting('primary_conninfo') AS is", [], left(until));
  const same = row?.is === connectionInfo(site, primary, pathsOf(site).passFile);
  if (!same) {
    const seen = await askPrimary(site, primary, Math.min(10_000, left(until)));
    // A standby that does not stream at the moment knows its timeline only as of its last restart point; our note is newer.
    const streamed = await readStreamed(site);
    const timeline = Math.max(
      status.timeline,
      streamed?.systemIdentifier === status.systemIdentifier ? streamed.timeline : 0,
    );
    // Where the new primary left the timeline that this one is on; not at all, if it is not in its past.
    const parted = seen.history.find((past) => past.timeline === timeline);
    const ahead = parted === undefined || (parted.until !== undefined && status.received > parted.until);
    if (seen.systemIdentifier !== status.systemIdentifier || ahead) return undefined;
    if (seen.timeline !== timeline) await forgetStreamed(site);
    await using there = await Sql.open(adminAddress(site, primary), left(until));
    await ensureSlot(site, there, left(until));
    await turnTo(site, own, primary, left(until));
  }
  const { streaming } = await awaitStreaming(site, own, Math.min(10_000, left(until)));
  if (!streaming) return undefined;
  const words = same ? "already follows" : "was turned to";
  return {
    kind: "done",
    reason: `${name(site)} ${words} ${primary.host}:${primary.port} and streams`,
    facts: { how: "followed", copiedBytes: 0, orphans: 0 },
  };
}

/** `kept`: a session to the server that is open anyway; a new one costs a password check, which users would wait for. */
export async function promoteHere(
  site: Site,
  action: Of<"promote">,
  until: number,
  kept: Sql | undefined,
): Promise<Outcome> {
  if (kept !== undefined && (await answers(kept))) return promoteBy(kept, site, action, until);
  const control = await dataOf(site);
  if (control === undefined) return failed("never", `there is no data in ${site.dataFolder} to promote`);
  await using sql = await startServer(site, left(until));
  return await promoteBy(sql, site, action, until);
}

async function answers(sql: Sql): Promise<boolean> {
  return sql.query("SELECT 1", [], 300).then(
    () => true,
    () => false,
  );
}

async function promoteBy(sql: Sql, site: Site, action: Of<"promote">, until: number): Promise<Outcome> {
  const began = performance.now();
  const result = await promote(sql, action, await readStreamed(site), left(until));
  if (result.kind === "refused") return failed("never", `${name(site)} is not promoted: ${result.why}`);
  if (result.kind === "unknown") return { kind: "unknown", reason: `${name(site)}: ${result.why}` };
  if (result.already) await writeMode(sql, action, left(until));
  await writePart(site, { part: "primary", epoch: action.epoch, sync: action.sync, standbys: action.standbys });
  const { timeline, written } = result.status;
  const ms = Math.round(performance.now() - began);
  return {
    kind: "done",
    reason: result.already
      ? `${name(site)} already is the primary, on timeline ${timeline}`
      : `${name(site)} became the primary in ${ms} ms, on timeline ${timeline} from ${formatLsn(written)}`,
    facts: { timeline, position: written.toString(), tookMs: ms, already: result.already },
  };
}

export async function fenceHere(site: Site, action: Of<"fence">, deadlineMs: number): Promise<Outcome> {
  const before = await readPart(site);
  // The mode is remembered: should this member serve again under the same epoch, it is as strict as it was.
  await writePart(site, { ...(before ?? { sync: false, standbys: [] }), part: "fenced", epoch: action.epoch });
  return fencedOutcome(site, await fence(site, fenceTimes(action.mode, deadlineMs)));
}

export function fencedOutcome(site: Site, fenced: Fenced): Outcome {
  if (fenced.kind === "still-alive") return stillAlive(site, fenced.pids);
  const words = {
    absent: "did not run",
    fast: "ended its sessions and stopped, with everything written",
    immediate: "was stopped at once; it will recover as after a crash",
    killed: "was killed, every process of it; it will recover as after a crash",
  }[fenced.how];
  return {
    kind: "done",
    reason: `${name(site)} ${words}; no process of ${site.dataFolder} is left`,
    facts: {
      how: fenced.how,
      ...(fenced.position === undefined ? {} : { position: fenced.position.toString() }),
      ...(fenced.timeline === undefined ? {} : { timeline: fenced.timeline }),
    },
  };
}

export async function awaitPosition(
  site: Site,
  action: Of<"await-position">,
  until: number,
  kept: Sql | undefined,
): Promise<Outcome> {
  const wanted = BigInt(action.position);
  if (kept !== undefined && (await answers(kept))) return reached(kept, site, wanted, until);
  await using sql = await Sql.open(adminAddress(site), left(until));
  return await reached(sql, site, wanted, until);
}

async function reached(sql: Sql, site: Site, wanted: bigint, until: number): Promise<Outcome> {
  for (;;) {
    const status = await readStatus(sql, left(until));
    const position = status.role === "primary" ? status.written : status.replayed;
    const facts = { position: position.toString() };
    if (position >= wanted) {
      return { kind: "done", reason: `${name(site)} has everything up to ${formatLsn(wanted)}`, facts };
    }
    if (performance.now() + pollMs >= until) {
      const reason = `${name(site)} has replayed up to ${formatLsn(position)}, ${wanted - position} bytes short of ${formatLsn(wanted)}`;
      return { kind: "failed", retry: "later", reason, facts };
    }
    await sleep(pollMs);
  }
}

export async function setMode(site: Site, action: Of<"set-mode">, until: number): Promise<Outcome> {
  await using sql = await Sql.open(adminAddress(site), left(until));
  const part = await readPart(site);
  // Strict before its standby streams would stop every commit; so first the standby, then the rule.
  while (action.sync) {
    const status = await readStatus(sql, left(until));
    if (status.role !== "primary")
      return failed("later", `${name(site)} is a standby, so it has no commits that could wait`);
    const streaming = status.standbys.filter(({ state }) => state === "streaming").map((standby) => standby.name);
    const missing = action.standbys.filter((standby) => !streaming.includes(standby));
    if (missing.length === 0) break;
    if (performance.now() + 500 >= until) {
      return failed(
        "later",
        `commits of ${name(site)} cannot wait for ${missing.join(", ")} yet, which does not stream; the mode is as it was`,
      );
    }
    await sleep(20);
  }
  await writeMode(sql, action, left(until));
  if (part !== undefined) await writePart(site, { ...part, sync: action.sync, standbys: action.standbys });
  if (!(await awaitMode(sql, action, left(until)))) {
    return failed("later", `commits of ${name(site)} wait${modeWords(action)}, but not every one of them confirms yet`);
  }
  return { kind: "done", reason: `commits of ${name(site)} wait${modeWords(action)}` };
}

/** A record in the log that no table sees, committed like any user's transaction: in sync mode it waits for the standbys. */
export async function verifyWrite(site: Site, until: number): Promise<Outcome> {
  const began = performance.now();
  try {
    await using sql = await Sql.open({ ...adminAddress(site), database: site.database }, left(until));
    await sql.query("SET synchronous_commit = on", [], left(until));
    const rows = await sql.query<{ at: string }>(
      "SELECT pg_logical_emit_message(true, 'leeward', 'verify')::text AS at",
      [],
      left(until),
    );
    const ms = Math.round(performance.now() - began);
    return {
      kind: "done",
      reason: `a write went through ${name(site)} in ${ms} ms`,
      facts: { tookMs: ms, at: rows[0]?.at ?? "" },
    };
  } catch (error) {
    // Asking again is another write, so an unknown one is no reason to stop.
    if (error instanceof DriverError && error.retry === "unknown") return failed("later", error.message);
    throw error;
  }
}

function modeWords({ sync, standbys }: Mode): string {
  if (!sync) return " for nobody";
  return standbys.length === 0 ? " for nobody, because no standby may be promoted" : ` for ${standbys.join(" and ")}`;
}

function isStandbyFolder(site: Site): Promise<boolean> {
  return access(join(site.dataFolder, "standby.signal")).then(
    () => true,
    () => false,
  );
}

function stillAlive(site: Site, pids: readonly number[]): Outcome {
  return {
    kind: "unknown",
    reason: `${name(site)} was killed, but processes of ${site.dataFolder} do not end (${pids.join(", ")}): the disk below them may hang`,
  };
}

function failed(retry: "now" | "later" | "never", reason: string): Outcome {
  return { kind: "failed", retry, reason: `${reason}.` };
}

function name(site: Site): string {
  return `${site.service} in ${site.region}`;
}

function left(until: number): number {
  return Math.max(1, until - performance.now());
}
