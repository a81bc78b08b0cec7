import { stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as processes from "../process/index.ts";
import { findServer } from "./cluster.ts";
import { PostgresDriver } from "./driver.ts";
import { isolate } from "./isolate.ts";
import { adminAddress, pathsOf } from "./site.ts";
import { askOnce } from "./sql.ts";
import { ask, done, pair, type Region, Regions } from "./testing/region.ts";

let regions: Regions;
let north: Region;
let south: Region;

beforeAll(async () => {
  regions = await Regions.begin(processes);
  const began = performance.now();
  [north, south] = await pair(regions);
  console.log(`primary made, standby copied and streaming: ${Math.round(performance.now() - began)} ms`);
});

afterAll(() => regions.end());

const quiet = () => {};

async function untilCaughtUp(): Promise<void> {
  const { position } = await north.driver.status(2_000);
  await done(south.driver.perform({ kind: "await-position", position: position?.written ?? "" }, 10_000, quiet));
}

test("the primary says that it is one, and that somebody streams", async () => {
  expect(await north.driver.status(2_000)).toMatchObject({
    running: true,
    role: "primary",
    streaming: true,
    position: { timeline: 1 },
  });
});

test("the standby streams, remembers it, and lags by nothing once it has replayed everything", async () => {
  await ask(north, "INSERT INTO orders VALUES (101, 'coffee')");
  await untilCaughtUp();
  const status = await south.driver.status(2_000);
  expect(status).toMatchObject({
    running: true,
    role: "standby",
    streaming: true,
    hasStreamed: true,
    lagBytes: 0,
    lagMs: 0,
  });
  expect(status.note).toBeUndefined();
  expect(await ask(south, "SELECT count(*)::int AS n FROM orders")).toEqual([{ n: 101 }]);
});

test("the lag in bytes is what arrived and was not replayed", async () => {
  await ask(south, "SELECT pg_wal_replay_pause()");
  await ask(north, "INSERT INTO orders SELECT i, repeat('x', 1000) FROM generate_series(1000, 1100) i");
  let lagBytes = 0;
  for (let tries = 0; tries < 200 && lagBytes < 100_000; tries++)
    lagBytes = (await south.driver.status(2_000)).lagBytes ?? 0;
  expect(lagBytes).toBeGreaterThanOrEqual(100_000);
  await ask(south, "SELECT pg_wal_replay_resume()");
  await untilCaughtUp();
  expect((await south.driver.status(2_000)).lagBytes).toBe(0);
});

test("in async mode a write does not wait for a frozen standby, in sync mode it does, until the standby goes on", async () => {
  await done(north.driver.perform({ kind: "set-mode", sync: true, standbys: ["south"] }, 10_000, quiet));
  await ask(north, "INSERT INTO orders VALUES (201, 'sync')");
  const [receiver] = await ask<{ pid: number }>(south, "SELECT pid FROM pg_stat_wal_receiver");
  process.kill(receiver?.pid ?? 0, "SIGSTOP");
  let acknowledged = false;
  const write = ask(north, "INSERT INTO orders VALUES (202, 'waits')", 20_000).then(() => {
    acknowledged = true;
  });
  // The other session sees that it waits for the standby, rather than for time to pass.
  let waiting: readonly unknown[] = [];
  for (let tries = 0; tries < 400 && waiting.length === 0; tries++) {
    waiting = await ask(north, "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
  }
  expect(waiting).toHaveLength(1);
  expect(acknowledged).toBe(false);
  process.kill(receiver?.pid ?? 0, "SIGCONT");
  await write;
  await done(north.driver.perform({ kind: "set-mode", sync: false, standbys: [] }, 10_000, quiet));
  process.kill(receiver?.pid ?? 0, "SIGSTOP");
  await ask(north, "INSERT INTO orders VALUES (203, 'async')");
  process.kill(receiver?.pid ?? 0, "SIGCONT");
});

test("a restart under the same epoch does not make a strict primary lenient", async () => {
  await done(north.driver.perform({ kind: "set-mode", sync: true, standbys: ["south"] }, 10_000, quiet));
  await done(
    north.driver.perform({ kind: "serve-primary", create: false, epoch: 1, sync: false, standbys: [] }, 10_000, quiet),
  );
  const names = () => ask<{ is: string }>(north, "SELECT current_setting('synchronous_standby_names') AS is");
  expect(await names()).toEqual([{ is: 'FIRST 1 ("south")' }]);
  await done(north.driver.perform({ kind: "set-mode", sync: false, standbys: [] }, 10_000, quiet));
  expect(await names()).toEqual([{ is: "" }]);
});

test("sync is refused for a standby that does not stream, and the mode stays as it was", async () => {
  const outcome = await north.driver.perform({ kind: "set-mode", sync: true, standbys: ["nowhere"] }, 1_500, quiet);
  expect(outcome).toMatchObject({ kind: "failed", retry: "later" });
  expect(await ask(north, "SELECT current_setting('synchronous_standby_names') AS is")).toEqual([{ is: "" }]);
});

test("a write is verified on the primary and refused on the standby", async () => {
  expect(await north.driver.perform({ kind: "verify-write" }, 5_000, quiet)).toMatchObject({ kind: "done" });
  expect(await south.driver.perform({ kind: "verify-write" }, 5_000, quiet)).toMatchObject({ kind: "failed" });
});

test("a second order to serve or to follow finds it done", async () => {
  const serve = { kind: "serve-primary", create: true, epoch: 1, sync: false, standbys: [] } as const;
  const before = await findServer(north.site);
  expect((await done(north.driver.perform(serve, 10_000, quiet))).reason).toContain("already serves");
  expect(await findServer(north.site)).toEqual(before);
  const follow = { kind: "follow", primary: "north", run: "again", epoch: 1 } as const;
  expect((await done(south.driver.perform(follow, 10_000, quiet))).reason).toContain("already follows");
});

test("a driver of a later agent finds the server that runs", async () => {
  const before = await findServer(south.site);
  const later = new PostgresDriver(south.site);
  expect(await later.status(2_000)).toMatchObject({ running: true, role: "standby", hasStreamed: true });
  expect(await findServer(south.site)).toEqual(before);
});

test("a killed standby comes back without a copy", async () => {
  const server = await findServer(south.site);
  process.kill(server?.pid ?? 0, "SIGKILL");
  const follow = { kind: "follow", primary: "north", run: "restart", epoch: 1 } as const;
  const outcome = await done(south.driver.perform(follow, 20_000, quiet));
  expect(outcome.facts).toMatchObject({ how: "followed", copiedBytes: 0 });
});

test("the password is in no argument, no setting and no log, and its files are closed to others", async () => {
  for (const name of [pathsOf(south.site).passFile, join(south.site.dataFolder, "postgresql.auto.conf")]) {
    expect((await stat(name)).mode & 0o077).toBe(0);
  }
  const seen = await Promise.all(
    [north, south].map((region) =>
      askOnce(
        adminAddress(region.site),
        "SELECT name FROM pg_settings WHERE setting LIKE '%cret%' UNION ALL SELECT query FROM pg_stat_activity WHERE query LIKE '%cret''%'",
        5_000,
      ),
    ),
  );
  for (const rows of seen) expect(rows.length).toBeLessThanOrEqual(1); // The question itself.
});

test("a data folder that runs apart answers nobody on the network", async () => {
  const [alone] = await regions.make(["alone"]);
  if (alone === undefined) throw new Error("a region was asked for");
  await done(
    alone.driver.perform({ kind: "serve-primary", create: true, epoch: 1, sync: false, standbys: [] }, 30_000, quiet),
  );
  await done(alone.driver.perform({ kind: "fence", epoch: 1, mode: "forced" }, 10_000, quiet));
  const isolated = await isolate(alone.site, 20_000);
  const readOnly = await askOnce(isolated.address("shop"), "SHOW transaction_read_only", 2_000);
  expect(readOnly).toEqual([{ transaction_read_only: "on" }]);
  expect(await alone.driver.status(1_000)).toMatchObject({ running: false });
  await isolated.close();
  expect(await findServer(alone.site)).toBeUndefined();
});
