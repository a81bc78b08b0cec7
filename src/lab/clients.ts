// The users' process, as the story sees it: started, watched over its channel, stopped with its ledger complete. And what the serving
// database really holds of a round, asked past every router.

import { fork } from "node:child_process";
import { closeSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { LabFailure } from "./failure.ts";
import { usersPlace } from "./places.ts";
import { startTimeOf } from "./process-table.ts";
import { record } from "./processes.ts";
import { besideMe, type Lab } from "./start.ts";
import { hostOf } from "./up.ts";
import { type LedgerEntry, readLedgerEntries } from "./users/ledger.ts";
import { type LoadState, nothingSent } from "./users/load.ts";
import type { UsersConfig, UsersMessage } from "./users/main.ts";

export type Users = {
  /** As of at most a twentieth of a second ago. */
  state(): LoadState;
  /** Ends the writes, waits for those under way, and returns everything that was promised. */
  stop(): Promise<{ readonly entries: readonly LedgerEntry[]; readonly state: LoadState }>;
};

const orderEveryMs = 10;
const markerEveryMs = 100;
const attemptMs = 300;
const totalMs = 5_000;
const inFlightMax = 100;
/** The stubborn client may wait on its connection for 20 s; it is given up then. */
const stopDeadlineMs = 30_000;

/** `first`: the region whose router the stubborn client holds on to, and whose database the direct one writes to. `patienceMs`: what each request is given. */
export function startUsers(lab: Lab, run: string, first: string, patienceMs = attemptMs): Users {
  const serving = lab.map.regions.filter((region) => region.name !== first);
  const order = [first, ...serving.map((region) => region.name)];
  const adminUrl = lab.database(first)?.adminUrl;
  const ledger = join(lab.folder, `ledger-${run}.jsonl`);
  const config: UsersConfig = {
    routers: order.map((name) => ({ name, url: lab.fromUsers(name).http })),
    host: hostOf(lab),
    run,
    orderEveryMs,
    markerEveryMs,
    attemptMs: patienceMs,
    totalMs,
    inFlightMax,
    ledger,
    ...(adminUrl === undefined ? {} : { adminUrl }),
  };
  const file = join(lab.folder, `users-${run}.json`);
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
  const log = openSync(join(lab.folder, "logs", "users.log"), "a", 0o600);
  const child = fork(besideMe("users/main"), [file], {
    cwd: lab.folder,
    stdio: ["ignore", log, log, "ipc"],
    env: { ...process.env, LEEWARD_LAB_RUN: lab.folder, LEEWARD_LAB_PLACE: usersPlace },
  });
  closeSync(log);
  if (child.pid === undefined) throw new LabFailure("The users' process could not be started.");
  record(lab.folder, { what: "users", place: usersPlace, pid: child.pid, startTime: startTimeOf(child.pid) ?? "gone" });

  let state: LoadState | undefined;
  let stopped: LoadState | undefined;
  let ended = false;
  child.on("message", (message: UsersMessage) => {
    state = message.state;
    if (message.kind === "stopped") stopped = message.state;
  });
  child.on("exit", () => {
    ended = true;
  });
  child.on("error", () => {});

  return {
    state() {
      if (ended && stopped === undefined)
        throw new LabFailure(`The users' process ended by itself. Log: ${join(lab.folder, "logs", "users.log")}`);
      return state ?? nothingSent;
    },
    async stop() {
      if (child.connected) child.send("stop");
      const until = performance.now() + stopDeadlineMs;
      while (!ended && performance.now() < until) await sleep(20);
      if (!ended) child.kill("SIGKILL");
      if (stopped === undefined)
        throw new LabFailure(
          `The users' process did not finish its ledger. Log: ${join(lab.folder, "logs", "users.log")}`,
        );
      return { entries: readLedgerEntries(ledger), state: stopped };
    },
  };
}

const lookDeadlineMs = 20_000;

/** Orders of this run by key with their copies, and markers by number, in the database at `adminUrl`. */
export async function readStored(
  adminUrl: string,
  run: string,
): Promise<{ readonly orders: ReadonlyMap<string, number>; readonly markers: ReadonlySet<number> }> {
  const client = new pg.Client({
    connectionString: adminUrl,
    connectionTimeoutMillis: 5_000,
    query_timeout: lookDeadlineMs,
    application_name: "lab count",
  });
  client.on("error", () => {});
  await client.connect().catch((error: Error) => {
    throw new LabFailure(`The serving database could not be asked what it holds: ${error.message}.`, 3, {
      cause: error,
    });
  });
  try {
    // Not by an index: a damaged one must not hide a second copy.
    await client.query("set enable_indexscan = off");
    await client.query("set enable_indexonlyscan = off");
    await client.query("set enable_bitmapscan = off");
    const prefix = `${run}-%`;
    const orders = await client.query<{ key: string; copies: number }>(
      "select key, count(*)::int as copies from orders where key like $1 and region <> 'direct' group by key",
      [prefix],
    );
    const markers = await client.query<{ seq: string }>("select seq from markers where run = $1", [run]);
    return {
      orders: new Map(orders.rows.map((row) => [row.key, row.copies])),
      markers: new Set(markers.rows.map((row) => Number(row.seq))),
    };
  } finally {
    await client.end().catch(() => {});
  }
}
