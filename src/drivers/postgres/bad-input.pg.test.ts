import { cp, mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as processes from "../process/index.ts";
import { findBinaries } from "./binaries.ts";
import { binariesOf } from "./cluster.ts";
import { PostgresDriver } from "./driver.ts";
import { processesOf } from "./server-processes.ts";
import { done, type Region, Regions } from "./testing/region.ts";

let regions: Regions;
let north: Region;
let south: Region;
let other: Region;

const quiet = () => {};
const serve = { kind: "serve-primary", create: true, epoch: 1, sync: false, standbys: [] } as const;
const follow = { kind: "follow", primary: "north", run: "r", epoch: 1 } as const;

beforeAll(async () => {
  regions = await Regions.begin(processes);
  [north, south, other] = (await regions.make(["north", "south", "other"])) as [Region, Region, Region];
  await done(north.driver.perform(serve, 30_000, quiet));
  await done(other.driver.perform(serve, 30_000, quiet));
  await done(other.driver.perform({ kind: "stop" }, 10_000, quiet));
});

afterAll(() => regions.end());

test("the data of another system is neither served nor followed with, and stays as it is", async () => {
  // Somebody mixed up two paths: south's notes, the other system's folder.
  await done(south.driver.perform(follow, 30_000, quiet));
  await done(south.driver.perform({ kind: "stop" }, 10_000, quiet));
  const mixed = new PostgresDriver({ ...south.site, dataFolder: other.site.dataFolder });
  for (const action of [follow, serve]) {
    const outcome = await mixed.perform(action, 20_000, quiet);
    expect(outcome).toMatchObject({ kind: "failed", retry: "never" });
    expect(outcome.reason).toContain("belongs to another system");
    expect(outcome.reason).toContain("Nothing was touched");
  }
  expect((await mixed.status(1_000)).note).toContain("belongs to another system");
  const strange = await other.driver.perform(follow, 20_000, quiet);
  expect(strange).toMatchObject({ kind: "failed", retry: "never" });
  expect(strange.reason).toContain("is not a copy of the primary's");
  await done(other.driver.perform({ ...serve, create: false }, 20_000, quiet));
  await done(other.driver.perform({ kind: "stop" }, 10_000, quiet));
});

test("a folder with something else in it is left alone", async () => {
  const folder = join(south.folder, "photos");
  await mkdir(folder);
  await writeFile(join(folder, "cat.jpg"), "");
  const outcome = await new PostgresDriver({ ...south.site, dataFolder: folder }).perform(serve, 20_000, quiet);
  expect(outcome).toMatchObject({ kind: "failed", retry: "never" });
  expect(outcome.reason).toContain("holds no PostgreSQL data (cat.jpg)");
  expect(await readdir(folder)).toEqual(["cat.jpg"]);
});

test("no new database is made where the order does not say so", async () => {
  const driver = new PostgresDriver({ ...south.site, dataFolder: join(south.folder, "nothing") });
  const outcome = await driver.perform({ ...serve, create: false }, 20_000, quiet);
  expect(outcome).toMatchObject({ kind: "failed", retry: "never" });
  expect(outcome.reason).toContain("there is no data");
});

test("a standby's data is not served as a primary's", async () => {
  const outcome = await south.driver.perform({ ...serve, create: false }, 20_000, quiet);
  expect(outcome).toMatchObject({ kind: "failed", retry: "never" });
  expect(outcome.reason).toContain("is a standby's");
});

test("a port in use is said", async () => {
  const taken = createServer().listen(other.site.port, "127.0.0.1");
  await new Promise((resolve) => taken.once("listening", resolve));
  const outcome = await other.driver.perform({ ...serve, create: false }, 10_000, quiet);
  expect(outcome).toMatchObject({ kind: "failed", retry: "later" });
  expect(outcome.reason).toContain(`cannot listen on 127.0.0.1:${other.site.port}: another program listens there`);
  await new Promise((resolve) => taken.close(resolve));
});

test("a server that ends while it starts gives its own reason", async () => {
  const broken = new PostgresDriver({ ...other.site, settings: { shared_buffers: "twelve" } });
  const outcome = await broken.perform({ ...serve, create: false }, 10_000, quiet);
  expect(outcome.kind).toBe("failed");
  expect(outcome.reason).toContain("shared_buffers");
});

test("a wrong password is said, and nothing is copied", async () => {
  const driver = new PostgresDriver({ ...south.site, password: "wrong", dataFolder: join(south.folder, "wrong") });
  const outcome = await driver.perform(follow, 10_000, quiet);
  expect(outcome).toMatchObject({ kind: "failed", retry: "never" });
  expect(outcome.reason).toContain("refuses this user or password");
  expect(outcome.reason).not.toContain("cret");
  expect(await readdir(south.folder)).not.toContain("wrong.incoming");
});

test("a missing program is said, with the places looked at", async () => {
  const driver = new PostgresDriver({
    ...south.site,
    binFolder: "/nonexistent/bin",
    dataFolder: join(south.folder, "none"),
  });
  const outcome = await driver.perform(serve, 10_000, quiet);
  expect(outcome).toMatchObject({ kind: "failed", retry: "never" });
  expect(outcome.reason).toContain("/nonexistent/bin (no postgres)");
  await expect(findBinaries({ major: 99 })).rejects.toThrow("of version 99, which the data needs,");
});

test("a folder whose links npm left out is mended", async () => {
  const { folder } = await binariesOf(north.site);
  const root = dirname(dirname(folder));
  const copy = await mkdtemp(join(tmpdir(), "leeward-bin-"));
  try {
    await cp(join(root, "native"), join(copy, "native"), { recursive: true, verbatimSymlinks: true });
    await rm(join(copy, "native", "lib", "libicuuc.so.60"));
    const found = await findBinaries({ folder: join(copy, "native", "bin") });
    expect(found.major).toBeGreaterThanOrEqual(18);
    expect(await readdir(join(copy, "native", "lib"))).toContain("libicuuc.so.60");
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
});

test("following nobody known, or a standby, is refused", async () => {
  const unknown = await south.driver.perform({ ...follow, primary: "atlantis" }, 5_000, quiet);
  expect(unknown.reason).toContain("the address of orders in atlantis is not known");
  await done(south.driver.perform(follow, 20_000, quiet));
  const outcome = await other.driver.perform({ ...follow, primary: "south" }, 10_000, quiet);
  expect(outcome).toMatchObject({ kind: "failed", retry: "later" });
  expect(outcome.reason).toContain("is itself a standby");
});

test("a fence during the start of a primary wins", async () => {
  const starting = other.driver.perform({ ...serve, create: false }, 20_000, quiet);
  const fenced = await other.driver.perform({ kind: "fence", epoch: 1, mode: "forced" }, 15_000, quiet);
  await starting;
  expect(fenced.kind).toBe("done");
  expect(await processesOf(other.site.dataFolder, processes)).toEqual([]);
});

test("a copy that was interrupted is made anew", async () => {
  await done(south.driver.perform({ kind: "stop" }, 10_000, quiet));
  // As a crash between the two renames leaves it, with a half copy beside it.
  await rename(south.site.dataFolder, `${south.site.dataFolder}.replaced`);
  await mkdir(`${south.site.dataFolder}.incoming`);
  await writeFile(join(`${south.site.dataFolder}.incoming`, "half"), "");
  const outcome = await done(south.driver.perform(follow, 30_000, quiet));
  expect(outcome.facts).toMatchObject({ how: "copied" });
  expect((await readdir(south.folder)).filter((name) => name.startsWith("data."))).toEqual([]);
  expect(await readdir(south.site.dataFolder)).not.toContain("half");
});
