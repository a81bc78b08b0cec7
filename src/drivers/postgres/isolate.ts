// Starts an old data folder where nobody but us can reach it, so that its rows can be read.
// It is started as a standby of nobody: that recovers from the crash, shows everything the old primary had, and writes not one
// byte of log of its own. So a folder that turns out to hold nothing beyond the fork can still simply follow.
// Q1. It listens only on a socket in a folder that only we may enter; nothing is archived, sent or received.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { binariesOf } from "./cluster.ts";
import { makePrivateFolder, writeDurably } from "./durable.ts";
import { DriverError, driverErrorOf } from "./errors.ts";
import { fence } from "./fence.ts";
import { type Lsn, parseLsn } from "./lsn.ts";
import { pathsOf, type Site, serverEnvironment } from "./site.ts";
import { Sql, type SqlAddress } from "./sql.ts";

export type Isolated = {
  readonly address: (database: string) => SqlAddress;
  /** Where its log ends. */
  readonly end: Lsn;
  /** Stops it and removes the folder of its socket. */
  readonly close: () => Promise<void>;
};

const pollMs = 20;
/** Socket names are part of the path, whose length is bounded by the system; the port only names the socket. */
const socketPort = 5432;

/** Throws a DriverError when it does not come up in time. Nothing may run on the data folder. */
export async function isolate(site: Site, deadlineMs: number): Promise<Isolated> {
  const until = performance.now() + deadlineMs;
  const folder = await mkdtemp(join(tmpdir(), "leeward-"));
  const close = async () => {
    await fence(site, { fastMs: 10_000, immediateMs: 2_000, killMs: 2_000 });
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await makePrivateFolder(folder, site.as);
    await writeDurably(join(folder, "hba.conf"), `local all ${site.user} trust\n`, 0o600, site.as);
    await writeDurably(join(site.dataFolder, "standby.signal"), "", 0o600, site.as);
    await rm(join(site.dataFolder, "postmaster.pid"), { force: true });
    const { postgres } = await binariesOf(site);
    const paths = pathsOf(site);
    const started = await site.processes.startProcess({
      command: postgres,
      args: ["-D", site.dataFolder, ...isolation(folder).flatMap((setting) => ["-c", setting])],
      env: serverEnvironment,
      cwd: site.dataFolder,
      logFile: paths.log,
      recordFile: paths.record,
      ...(site.as === undefined ? {} : { as: site.as }),
    });
    if (started.kind === "failed") throw new DriverError("start", started.retry, started.why);
    let ended = false;
    // Only to notice an early end below.
    void started.running.ended.then(() => {
      ended = true;
    });
    const address = (database: string): SqlAddress => ({
      host: folder,
      port: socketPort,
      user: site.user,
      password: site.password,
      database,
    });
    const end = await endOfLog(address("postgres"), until, () => ended, paths.log);
    return { address, end, close };
  } catch (error) {
    await close();
    throw driverErrorOf(error, "starting the old data folder apart from everything");
  }
}

function isolation(folder: string): readonly string[] {
  return [
    `port=${socketPort}`,
    "listen_addresses=",
    `unix_socket_directories=${folder}`,
    "unix_socket_permissions=0700",
    `hba_file=${join(folder, "hba.conf")}`,
    "hot_standby=on",
    "primary_conninfo=",
    "primary_slot_name=",
    "restore_command=",
    "recovery_target_timeline=current",
    "archive_mode=off",
    "archive_library=",
    "synchronous_standby_names=",
    "default_transaction_read_only=on",
    // Its log is what is to be read, and what pg_rewind needs later: none of it may be tidied away.
    "wal_keep_size=1000000MB",
    "max_slot_wal_keep_size=-1",
    "checkpoint_timeout=1d",
  ];
}

/** Waits until it has replayed all it has: its startup process then waits for more. */
async function endOfLog(address: SqlAddress, until: number, ended: () => boolean, logFile: string): Promise<Lsn> {
  for (let last: unknown; ; await sleep(pollMs)) {
    if (ended())
      throw new DriverError("isolate", "later", `The old data folder could not be recovered; see ${logFile}.`, last);
    if (performance.now() >= until) {
      throw new DriverError("isolate", "later", `The old data folder was not recovered in time; see ${logFile}.`, last);
    }
    try {
      await using sql = await Sql.open(address, 1_000);
      const [row] = await sql.query<{ waits: boolean; at: string }>(
        `SELECT pg_last_wal_replay_lsn()::text AS at, EXISTS (SELECT 1 FROM pg_stat_activity WHERE backend_type = 'startup'
           AND wait_event IN ('RecoveryWalStream', 'RecoveryRetrieveRetryInterval')) AS waits`,
        [],
        1_000,
      );
      if (row?.waits === true) return parseLsn(row.at);
    } catch (error) {
      last = error;
    }
  }
}
