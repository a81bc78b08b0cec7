import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import * as processes from "../process/index.ts";
import { findServer } from "./cluster.ts";
import { PostgresDriver } from "./driver.ts";
import { processesOf } from "./server-processes.ts";
import { adminAddress, pathsOf } from "./site.ts";
import { askOnce } from "./sql.ts";
import { ask, done, pair, pairLike, type Region, Regions, stopAll } from "./testing/region.ts";

let regions: Regions;
let north: Region;
let south: Region;

let models: Regions;
let model: readonly [Region, Region];

beforeAll(async () => {
  models = await Regions.begin(processes);
  model = await pair(models);
  await stopAll([model[1], model[0]]);
});

beforeEach(async () => {
  regions = await Regions.begin(processes);
  [north, south] = await pairLike(regions, model);
});

afterEach(() => regions.end());
afterAll(() => models.end());

const quiet = () => {};
const promote = { kind: "promote", epoch: 2, sync: false, standbys: [] } as const;

async function timed<T>(what: string, work: Promise<T>): Promise<T> {
  const began = performance.now();
  const result = await work;
  console.log(`${what}: ${Math.round(performance.now() - began)} ms`);
  return result;
}

/** Every process of the region at once, as when the machine dies. */
async function killAll({ site }: Region): Promise<void> {
  const all = await processesOf(site.dataFolder, processes);
  await processes.kill(all);
  await processes.gone(all, 5_000);
}

/** South is away while north goes on writing: what it writes now, it alone has. */
async function lose({ site }: Region): Promise<void> {
  await done(new PostgresDriver(site).perform({ kind: "stop" }, 10_000, quiet));
}

async function deafen(region: Region): Promise<void> {
  const [receiver] = await ask<{ pid: number }>(region, "SELECT pid FROM pg_stat_wal_receiver");
  process.kill(receiver?.pid ?? 0, "SIGSTOP");
}

async function orphansOf(region: Region, run: string): Promise<readonly Record<string, unknown>[]> {
  const text = await readFile(join(pathsOf(region.site).quarantine, run, "orphans.jsonl"), "utf8");
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

test("a switchover loses nothing, and home again needs no copy", async () => {
  await ask(north, "INSERT INTO orders VALUES (101, 'last')");
  // As an agent that looks at it all the time: the session is open.
  await south.driver.status(2_000);
  const began = performance.now();
  const fenced = await done(
    timed("fence, graceful", north.driver.perform({ kind: "fence", epoch: 1, mode: "graceful" }, 15_000, quiet)),
  );
  expect(fenced.facts).toMatchObject({ how: "fast", timeline: 1 });
  const position = String(fenced.facts?.position);
  await done(timed("await position", south.driver.perform({ kind: "await-position", position }, 5_000, quiet)));
  await done(timed("promote", south.driver.perform(promote, 10_000, quiet)));
  await ask(south, "INSERT INTO orders VALUES (102, 'first on the other side')");
  console.log(`switchover, from the order to the first write: ${Math.round(performance.now() - began)} ms`);
  expect(await ask(south, "SELECT count(*)::int AS n FROM orders")).toEqual([{ n: 102 }]);
  expect((await done(south.driver.perform(promote, 10_000, quiet))).facts).toMatchObject({
    already: true,
    timeline: 2,
  });

  const follow = { kind: "follow", primary: "south", run: "r1", epoch: 2 } as const;
  const home = await done(timed("rejoin after a clean stop", north.driver.perform(follow, 30_000, quiet)));
  expect(home.facts).toMatchObject({ how: "followed", copiedBytes: 0, orphans: 0 });
  expect(await ask(south, "SELECT slot_name FROM pg_replication_slots")).toEqual([{ slot_name: "leeward_north" }]);
  const { position: end } = await south.driver.status(2_000);
  await done(north.driver.perform({ kind: "await-position", position: end?.written ?? "" }, 5_000, quiet));
  expect(await ask(north, "SELECT count(*)::int AS n FROM orders")).toEqual([{ n: 102 }]);
  expect(await ask(north, "SELECT slot_name FROM pg_replication_slots")).toEqual([]);
});

test("what only the dead primary had is set aside, row by row, before it is copied anew", async () => {
  await ask(north, "CREATE TABLE untouched (id int)");
  await ask(north, "INSERT INTO untouched SELECT generate_series(1, 1000)");
  const { position } = await north.driver.status(2_000);
  await done(south.driver.perform({ kind: "await-position", position: position?.written ?? "" }, 5_000, quiet));
  await lose(south);
  await ask(north, "INSERT INTO orders VALUES (901, 'orphan', '{\"big\": 98765432109876543210}')");
  await ask(
    north,
    "DO $$ BEGIN INSERT INTO orders VALUES (902, 'in a subtransaction'); BEGIN INSERT INTO orders VALUES (903, 'below'); EXCEPTION WHEN others THEN NULL; END; END $$",
  );
  await ask(north, "BEGIN; INSERT INTO orders VALUES (999, 'never committed'); ROLLBACK");
  await ask(north, "UPDATE orders SET item = 'changed' WHERE id = 7");
  await ask(north, "DELETE FROM orders WHERE id = 8");
  await ask(north, "UPDATE orders SET item = 'changed first' WHERE id = 9");
  await ask(north, "DELETE FROM orders WHERE id = 9");
  await ask(north, "INSERT INTO orders VALUES (904, 'came and went')");
  await ask(north, "DELETE FROM orders WHERE id = 904");
  await ask(north, "CREATE TABLE late AS SELECT 1 AS id");
  await ask(north, "DELETE FROM late");
  await killAll(north);

  await done(timed("promote after a kill", south.driver.perform(promote, 10_000, quiet)));
  await ask(south, "INSERT INTO orders VALUES (501, 'on the new side')");
  const follow = { kind: "follow", primary: "south", run: "failover-1", epoch: 2 } as const;
  const outcome = await done(timed("quarantine and rejoin by a copy", north.driver.perform(follow, 60_000, quiet)));
  expect(outcome.facts).toMatchObject({ how: "copied", orphans: 6 });
  const place = { database: "shop", schema: "public", table: "orders" };
  const found = (await orphansOf(north, "failover-1")).map((line) => {
    const { id, item } = (line.row ?? {}) as { id: number; item: string };
    return { ...line, row: { id, item } };
  });
  expect(found.sort((one, other) => one.row.id - other.row.id)).toEqual([
    { ...place, op: "update", row: { id: 7, item: "changed" } },
    { ...place, op: "delete", row: { id: 8, item: "tea 8" } },
    { ...place, op: "delete", row: { id: 9, item: "tea 9" } },
    { ...place, op: "insert", row: { id: 901, item: "orphan" } },
    { ...place, op: "insert", row: { id: 902, item: "in a subtransaction" } },
    { ...place, op: "insert", row: { id: 903, item: "below" } },
  ]);
  const text = await readFile(join(pathsOf(north.site).quarantine, "failover-1", "orphans.jsonl"), "utf8");
  expect(text).toContain("98765432109876543210");
  const summary = JSON.parse(
    await readFile(join(pathsOf(north.site).quarantine, "failover-1", "summary.json"), "utf8"),
  );
  expect(summary).toMatchObject({ rows: 6, insert: 3, update: 1, delete: 2, region: "north", deletionsComplete: true });
  const { position: end } = await south.driver.status(2_000);
  await done(north.driver.perform({ kind: "await-position", position: end?.written ?? "" }, 5_000, quiet));
  expect(await ask(north, "SELECT count(*)::int AS n FROM orders")).toEqual([{ n: 101 }]);
  expect((await readdir(north.folder)).sort()).toEqual(["data", "state"]);
});

test("a killed primary that had sent everything just follows, without a copy", async () => {
  await ask(north, "INSERT INTO orders VALUES (101, 'sent')");
  const { position } = await north.driver.status(2_000);
  await done(south.driver.perform({ kind: "await-position", position: position?.written ?? "" }, 5_000, quiet));
  await killAll(north);
  await done(south.driver.perform(promote, 10_000, quiet));
  const follow = { kind: "follow", primary: "south", run: "r1", epoch: 2 } as const;
  const outcome = await done(
    timed("rejoin after a kill with nothing lost", north.driver.perform(follow, 30_000, quiet)),
  );
  expect(outcome.facts).toMatchObject({ how: "followed", orphans: 0 });
});

test("without the extension that reads the log, the whole old folder is kept", async () => {
  const progress: string[] = [];
  await ask(north, "INSERT INTO orders VALUES (101, 'sent')");
  await askOnce(adminAddress(north.site), "DROP EXTENSION pg_walinspect", 5_000);
  const { position } = await north.driver.status(2_000);
  await done(south.driver.perform({ kind: "await-position", position: position?.written ?? "" }, 5_000, quiet));
  await lose(south);
  await ask(north, "INSERT INTO orders VALUES (901, 'orphan')");
  await killAll(north);
  await done(south.driver.perform(promote, 10_000, quiet));
  const follow = { kind: "follow", primary: "south", run: "r/1", epoch: 2 } as const;
  const outcome = await done(north.driver.perform(follow, 60_000, (sentence) => progress.push(sentence)));
  expect(outcome.reason).toContain("its whole old data is kept in");
  expect(outcome.reason).toContain("pg_walinspect is not installed");
  expect((await readdir(north.folder)).sort()).toEqual(["data", "data.kept-r_1", "state"]);
  expect(progress.join("\n")).toContain("past the fork at");
});

test("a forced fence leaves no process, also of a frozen server and of backends without a postmaster", async () => {
  await ask(north, "INSERT INTO orders VALUES (101, 'x')");
  const frozen = await processesOf(north.site.dataFolder, processes);
  expect(frozen.length).toBeGreaterThan(3);
  for (const { pid } of frozen) process.kill(pid, "SIGSTOP");
  const first = await done(
    timed("fence of a frozen server", north.driver.perform({ kind: "fence", epoch: 1, mode: "forced" }, 4_000, quiet)),
  );
  expect(first.facts).toMatchObject({ how: "killed" });
  expect(await processesOf(north.site.dataFolder, processes)).toEqual([]);

  const server = await findServer(south.site);
  const backends = (await processesOf(south.site.dataFolder, processes)).filter(({ pid }) => pid !== server?.pid);
  // Frozen, so that they cannot notice the postmaster's end by themselves.
  for (const { pid } of backends) process.kill(pid, "SIGSTOP");
  process.kill(server?.pid ?? 0, "SIGKILL");
  const second = await done(
    timed("fence of backends alone", south.driver.perform({ kind: "fence", epoch: 1, mode: "forced" }, 4_000, quiet)),
  );
  expect(second.facts).toMatchObject({ how: "killed" });
  expect(await processesOf(south.site.dataFolder, processes)).toEqual([]);
  const third = await done(south.driver.perform({ kind: "fence", epoch: 1, mode: "forced" }, 4_000, quiet));
  expect(third.facts).toMatchObject({ how: "absent" });
});

test("a fence does not acknowledge a commit that waits for a standby", async () => {
  await done(north.driver.perform({ kind: "set-mode", sync: true, standbys: ["south"] }, 10_000, quiet));
  await deafen(south);
  const write = ask(north, "INSERT INTO orders VALUES (101, 'waits')", 20_000).then(
    () => "acknowledged",
    () => "not acknowledged",
  );
  let waiting: readonly unknown[] = [];
  for (let tries = 0; tries < 400 && waiting.length === 0; tries++) {
    waiting = await ask(north, "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
  }
  expect(waiting).toHaveLength(1);
  await done(
    timed(
      "fence with a waiting commit",
      north.driver.perform({ kind: "fence", epoch: 1, mode: "forced" }, 6_000, quiet),
    ),
  );
  expect(await write).toBe("not acknowledged");
});

test("a copy that has never streamed is not promoted", async () => {
  await rm(pathsOf(south.site).streamed, { force: true });
  // Its primary is gone, so it starts and cannot stream.
  await done(south.driver.perform({ kind: "stop" }, 10_000, quiet));
  await killAll(north);
  const later = new PostgresDriver(south.site);
  const outcome = await later.perform(promote, 10_000, quiet);
  expect(outcome).toMatchObject({ kind: "failed", retry: "never" });
  expect(outcome.reason).toContain("never streamed");
  expect(await later.status(2_000)).toMatchObject({ role: "standby", hasStreamed: false });
});

test("a promotion by hand is noticed", async () => {
  await ask(south, "SELECT pg_promote()");
  const status = await south.driver.status(2_000);
  expect(status.role).toBe("primary");
  expect(status.note).toContain("somebody promoted or started it by hand");
});
