// What a running server says of itself, in one question: role, positions, lag, who streams.
// Views: https://www.postgresql.org/docs/18/monitoring-stats.html

import { type Lsn, parseLsnOrNone } from "./lsn.ts";
import type { Sql } from "./sql.ts";

type Standby = {
  readonly name: string;
  readonly state: string;
  readonly sync: boolean;
  readonly flushed: Lsn | undefined;
  readonly replayed: Lsn | undefined;
  /** How far its replay is behind in time, as the primary measures it; undefined when nothing was written lately. */
  readonly replayLagMs: number | undefined;
};

type Slot = { readonly name: string; readonly active: boolean; readonly retainedBytes: bigint | undefined };

export type ServerStatus =
  | {
      readonly role: "primary";
      readonly systemIdentifier: string;
      readonly timeline: number;
      readonly written: Lsn;
      readonly flushed: Lsn;
      readonly standbys: readonly Standby[];
      readonly slots: readonly Slot[];
    }
  | {
      readonly role: "standby";
      readonly systemIdentifier: string;
      readonly timeline: number;
      /** On this server's disk. */
      readonly received: Lsn;
      readonly replayed: Lsn;
      readonly streaming: boolean;
      /** How old the primary's last message is; without one, what is known of the primary may be old. */
      readonly heardMs: number | undefined;
      /** Behind what the primary last said it had. Undefined when it has never said. */
      readonly lagBytes: bigint | undefined;
      readonly lagMs: number | undefined;
    };

type Row = {
  standby: boolean;
  system: string;
  written: string | null;
  flushed: string | null;
  timeline: number | null;
  received: string | null;
  replayed: string | null;
  receiver: string | null;
  sender_end: string | null;
  heard_ms: number | null;
  replay_age_ms: number | null;
  standbys: readonly StandbyRow[] | null;
  slots: readonly { name: string; active: boolean; retained: string | null }[] | null;
};

type StandbyRow = {
  name: string;
  state: string;
  sync: string;
  flushed: string | null;
  replayed: string | null;
  lag_ms: number | null;
};

// The timeline of a primary is read off the name of its current log file: its control file is behind until the next checkpoint.
const question = `
SELECT r.standby,
  (SELECT system_identifier::text FROM pg_control_system()) AS system,
  CASE WHEN r.standby THEN NULL ELSE pg_current_wal_lsn()::text END AS written,
  CASE WHEN r.standby THEN NULL ELSE pg_current_wal_flush_lsn()::text END AS flushed,
  CASE WHEN r.standby
    THEN coalesce(w.received_tli, (SELECT nullif(min_recovery_end_timeline, 0) FROM pg_control_recovery()), (SELECT timeline_id FROM pg_control_checkpoint()))
    ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int END AS timeline,
  pg_last_wal_receive_lsn()::text AS received,
  pg_last_wal_replay_lsn()::text AS replayed,
  w.status AS receiver,
  w.latest_end_lsn::text AS sender_end,
  (extract(epoch FROM clock_timestamp() - w.last_msg_receipt_time) * 1000)::float8 AS heard_ms,
  (extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000)::float8 AS replay_age_ms,
  (SELECT json_agg(json_build_object('name', application_name, 'state', state, 'sync', sync_state,
      'flushed', flush_lsn::text, 'replayed', replay_lsn::text,
      'lag_ms', (extract(epoch FROM replay_lag) * 1000)::float8))
    FROM pg_stat_replication WHERE NOT r.standby) AS standbys,
  (SELECT json_agg(json_build_object('name', slot_name, 'active', active,
      'retained', pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::text))
    FROM pg_replication_slots WHERE NOT r.standby AND slot_type = 'physical') AS slots
FROM (SELECT pg_is_in_recovery() AS standby) r LEFT JOIN pg_stat_wal_receiver w ON true`;

/** Throws a DriverError when the server does not answer. */
export async function readStatus(sql: Sql, deadlineMs: number): Promise<ServerStatus> {
  const [row] = await sql.query<Row>(question, [], deadlineMs);
  if (row === undefined) throw new Error("a question for one row brought none");
  return statusOf(row);
}

function statusOf(row: Row): ServerStatus {
  const common = { systemIdentifier: row.system, timeline: row.timeline ?? 0 };
  if (!row.standby) {
    return {
      role: "primary",
      ...common,
      written: parseLsnOrNone(row.written) ?? 0n,
      flushed: parseLsnOrNone(row.flushed) ?? 0n,
      standbys: (row.standbys ?? []).map(standbyOf),
      slots: (row.slots ?? []).map(({ name, active, retained }) => ({
        name,
        active,
        retainedBytes: retained === null ? undefined : BigInt(retained),
      })),
    };
  }
  const replayed = parseLsnOrNone(row.replayed) ?? 0n;
  // The receiver counts from the start of a segment when it begins; what was replayed is here too.
  const received = larger(parseLsnOrNone(row.received) ?? 0n, replayed);
  const senderEnd = parseLsnOrNone(row.sender_end);
  const lagBytes = senderEnd === undefined ? undefined : larger(0n, senderEnd - replayed);
  return {
    role: "standby",
    ...common,
    received,
    replayed,
    streaming: row.receiver === "streaming",
    heardMs: row.heard_ms ?? undefined,
    lagBytes,
    // With everything replayed, the age of the last transaction is not lag: nobody wrote.
    lagMs: lagBytes === 0n ? 0 : (row.replay_age_ms ?? undefined),
  };
}

function standbyOf(row: StandbyRow): Standby {
  return {
    name: row.name,
    state: row.state,
    sync: row.sync === "sync" || row.sync === "quorum",
    flushed: parseLsnOrNone(row.flushed),
    replayed: parseLsnOrNone(row.replayed),
    replayLagMs: row.lag_ms ?? undefined,
  };
}

function larger(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}
