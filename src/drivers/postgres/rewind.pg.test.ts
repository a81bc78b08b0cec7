// With a PostgreSQL that brings pg_rewind, and whose log reads a little differently: Debian's 15, where it is installed.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as processes from "../process/index.ts";
import { findBinaries } from "./binaries.ts";
import { processesOf } from "./server-processes.ts";
import { pathsOf } from "./site.ts";
import { ask, done, type Region, Regions } from "./testing/region.ts";

const folder = "/usr/lib/postgresql/15/bin";
const found = await findBinaries({ folder }).catch(() => undefined);
let regions: Regions;
let north: Region;
let south: Region;
let west: Region;

const quiet = () => {};
const follow = { kind: "follow", primary: "north", run: "establish", epoch: 1 } as const;

beforeAll(async () => {
  if (found?.pgRewind === undefined) return;
  regions = await Regions.begin(processes);
  [north, south, west] = (await regions.make(["north", "south", "west"], { binFolder: folder })) as [
    Region,
    Region,
    Region,
  ];
  const serve = { kind: "serve-primary", create: true, epoch: 1, sync: false, standbys: [] } as const;
  await done(north.driver.perform(serve, 30_000, quiet));
  await ask(north, "CREATE TABLE orders AS SELECT i AS id, 'tea' AS item FROM generate_series(1, 100) i");
  await done(south.driver.perform(follow, 30_000, quiet));
  await done(west.driver.perform(follow, 30_000, quiet));
});

afterAll(() => regions?.end());

test.skipIf(found?.pgRewind === undefined)(
  "an old primary is taken back to the fork, and a third region turns to the new one in place",
  async () => {
    const { position } = await north.driver.status(2_000);
    for (const region of [south, west]) {
      await done(region.driver.perform({ kind: "await-position", position: position?.written ?? "" }, 5_000, quiet));
      await done(region.driver.perform({ kind: "stop" }, 10_000, quiet));
    }
    await ask(north, "INSERT INTO orders VALUES (901, 'orphan')");
    await ask(north, "UPDATE orders SET item = 'changed' WHERE id = 7");
    await ask(north, "DELETE FROM orders WHERE id = 8");
    const all = await processesOf(north.site.dataFolder, processes);
    await processes.kill(all);
    await processes.gone(all, 5_000);
    await done(south.driver.perform({ kind: "promote", epoch: 2, sync: false, standbys: [] }, 20_000, quiet));
    await ask(south, "INSERT INTO orders VALUES (501, 'new side')");

    const began = performance.now();
    const back = { kind: "follow", primary: "south", run: "failover-1", epoch: 2 } as const;
    const outcome = await done(north.driver.perform(back, 60_000, quiet));
    console.log(`quarantine and rejoin by pg_rewind: ${Math.round(performance.now() - began)} ms`);
    expect(outcome.facts).toMatchObject({ how: "rewound", orphans: 3, copiedBytes: 0 });
    const text = await readFile(join(pathsOf(north.site).quarantine, "failover-1", "orphans.jsonl"), "utf8");
    const place = { database: "shop", schema: "public", table: "orders" };
    expect(
      text
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { ...place, op: "insert", row: { id: 901, item: "orphan" } },
      { ...place, op: "update", row: { id: 7, item: "changed" } },
      { ...place, op: "delete", row: { id: 8, item: "tea" } },
    ]);
    const turned = await done(west.driver.perform(back, 30_000, quiet));
    expect(turned.facts).toMatchObject({ how: "followed" });
    const end = (await south.driver.status(2_000)).position?.written ?? "";
    for (const region of [north, west]) {
      await done(region.driver.perform({ kind: "await-position", position: end }, 5_000, quiet));
      expect(await ask(region, "SELECT count(*)::int AS n FROM orders WHERE id IN (8, 501, 901)")).toEqual([{ n: 2 }]);
    }
  },
);

test.skipIf(found?.pgRewind === undefined)(
  "a running standby is turned to a new primary without a restart",
  async () => {
    // South leaves cleanly, north takes over; west runs all the time.
    const fenced = await done(south.driver.perform({ kind: "fence", epoch: 2, mode: "graceful" }, 15_000, quiet));
    const position = String(fenced.facts?.position);
    await done(north.driver.perform({ kind: "await-position", position }, 5_000, quiet));
    await done(north.driver.perform({ kind: "promote", epoch: 3, sync: false, standbys: [] }, 10_000, quiet));
    const before = await processesOf(west.site.dataFolder, processes);
    const outcome = await done(west.driver.perform({ ...follow, run: "r3", epoch: 3 }, 20_000, quiet));
    expect(outcome.reason).toContain("was turned to");
    const after = await processesOf(west.site.dataFolder, processes);
    expect(after.some(({ pid }) => pid === before[0]?.pid)).toBe(true);
    expect(await west.driver.status(2_000)).toMatchObject({ streaming: true, position: { timeline: 3 } });
  },
);
