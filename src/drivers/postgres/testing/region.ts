// Regions for the tests of this folder: real servers on free ports of loopback, in a temporary folder, as an ordinary user where the
// tests run as root. Every process started here is gone after `end`.

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, chown, mkdir, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Outcome } from "../../../core/plan/action.ts";
import type { Log } from "../../../ports/log.ts";
import { PostgresDriver, type PostgresDriverOptions } from "../driver.ts";
import type { Owner } from "../durable.ts";
import { fence } from "../fence.ts";
import type { Processes } from "../processes.ts";
import { adminAddress } from "../site.ts";
import { Sql } from "../sql.ts";

/** PostgreSQL refuses root: `nobody` then. */
const owner: Owner | undefined = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : undefined;
const log: Log = { write: () => {} };

export type Region = { readonly site: PostgresDriverOptions; readonly driver: PostgresDriver; readonly folder: string };

export class Regions {
  readonly #processes: Processes;
  readonly #folder: string;
  readonly #made: Region[] = [];

  private constructor(processes: Processes, folder: string) {
    this.#processes = processes;
    this.#folder = folder;
  }

  static async begin(processes: Processes): Promise<Regions> {
    // In memory where there is such a folder: these tests are about what is written, not how fast a disk is.
    const folder = await mkdtemp(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "leeward-pg-"));
    await chmod(folder, 0o755);
    return new Regions(processes, folder);
  }

  /** Regions that know each other's addresses. */
  async make(names: readonly string[], more: Partial<PostgresDriverOptions> = {}): Promise<readonly Region[]> {
    const ports = await freePorts(names.length);
    const upstreams = Object.fromEntries(
      names.map((name, index) => [name, { host: "127.0.0.1", port: ports[index] ?? 0 }]),
    );
    const made: Region[] = [];
    for (const [index, name] of names.entries()) {
      const folder = join(this.#folder, `${name}-${this.#made.length}`);
      await mkdir(folder);
      if (owner !== undefined) await chown(folder, owner.uid, owner.gid);
      const site: PostgresDriverOptions = {
        service: "orders",
        region: name,
        host: "127.0.0.1",
        port: ports[index] ?? 0,
        user: "leeward",
        password: "se:cret\\'s",
        database: "shop",
        dataFolder: join(folder, "data"),
        stateFolder: join(folder, "state"),
        upstreams,
        allowFrom: ["127.0.0.1/32"],
        settings: { shared_buffers: "16MB", max_connections: "30" },
        processes: this.#processes,
        log,
        ...(owner === undefined ? {} : { as: owner }),
        ...more,
      };
      const region = { site, driver: new PostgresDriver(site), folder };
      this.#made.push(region);
      made.push(region);
    }
    return made;
  }

  async end(): Promise<void> {
    for (const { site } of this.#made) await fence(site, { fastMs: 0, immediateMs: 0, killMs: 5_000 });
    await rm(this.#folder, { recursive: true, force: true });
  }
}

async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  const ports: number[] = [];
  for (const server of servers) {
    if (!server.listening) await new Promise((resolve) => server.once("listening", resolve));
    const address = server.address();
    ports.push(typeof address === "object" && address !== null ? address.port : 0);
  }
  for (const server of servers) await new Promise((resolve) => server.close(resolve));
  return ports;
}

/** The outcome, if it is done; else an error with its sentence. */
export async function done(outcome: Promise<Outcome>): Promise<Outcome & { kind: "done" }> {
  const result = await outcome;
  if (result.kind !== "done") throw new Error(`${result.kind}: ${result.reason}`);
  return result;
}

/** One statement as a user would send it, waiting for standbys where the mode says so. */
export async function ask<Row>({ site }: Region, text: string, deadlineMs = 5_000): Promise<readonly Row[]> {
  await using sql = await Sql.open({ ...adminAddress(site), database: site.database }, deadlineMs);
  await sql.query("SET synchronous_commit = on", [], deadlineMs);
  return await sql.query<Row>(text, [], deadlineMs);
}

/** North serves and south streams from it, with a table of orders in which there are rows. */
export async function pair(regions: Regions): Promise<readonly [Region, Region]> {
  const [north, south] = await regions.make(["north", "south"]);
  if (north === undefined || south === undefined) throw new Error("two regions were asked for");
  await done(
    north.driver.perform(
      { kind: "serve-primary", create: true, epoch: 1, sync: false, standbys: [] },
      30_000,
      () => {},
    ),
  );
  await ask(north, "CREATE TABLE orders (id bigint PRIMARY KEY, item text NOT NULL, note jsonb)");
  await ask(
    north,
    `INSERT INTO orders SELECT i, 'tea ' || i, '{"big": 12345678901234567890}' FROM generate_series(1, 100) i`,
  );
  await done(south.driver.perform({ kind: "follow", primary: "north", run: "establish", epoch: 1 }, 30_000, () => {}));
  return [north, south];
}

/** The same pair again, from the stopped folders of an earlier one: a tenth of the time. */
export async function pairLike(regions: Regions, model: readonly [Region, Region]): Promise<readonly [Region, Region]> {
  const [north, south] = await regions.make(["north", "south"]);
  if (north === undefined || south === undefined) throw new Error("two regions were asked for");
  for (const [index, region] of [north, south].entries()) {
    const from = model[index]?.folder ?? "";
    await rm(region.folder, { recursive: true, force: true });
    // `cp -a` keeps the owner, which Node's own copy does not.
    await promisify(execFile)("cp", ["-a", from, region.folder]);
  }
  await done(
    north.driver.perform(
      { kind: "serve-primary", create: false, epoch: 1, sync: false, standbys: [] },
      30_000,
      () => {},
    ),
  );
  await done(south.driver.perform({ kind: "follow", primary: "north", run: "establish", epoch: 1 }, 30_000, () => {}));
  return [north, south];
}

export async function stopAll(regions: readonly Region[]): Promise<void> {
  for (const { driver } of regions) await done(driver.perform({ kind: "stop" }, 20_000, () => {}));
}
