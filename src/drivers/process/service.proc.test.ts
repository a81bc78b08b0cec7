import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Log } from "../../ports/log.ts";
import { portTrouble } from "./health.ts";
import { childrenOf, isAlive, look } from "./look.ts";
import { readRecord, writeRecord } from "./record.ts";
import { ProcessService, type ProcessServiceOptions } from "./service.ts";
import { adopt, startProcess, stop } from "./start.ts";

const log: Log = { write: () => {} };
let folder: string;
let services: ProcessService[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "leeward-process-"));
  services = [];
});

afterEach(async () => {
  for (const service of services) await service.shutdown(5_000);
  await rm(folder, { recursive: true, force: true });
});

/** The first of two ports in a row that are free, below those that the system gives to connections. */
async function freePorts(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const first = 20_000 + Math.floor(Math.random() * 10_000);
    const trouble = [await portTrouble("127.0.0.1", first), await portTrouble("127.0.0.1", first + 1)];
    if (trouble.every((one) => one === undefined)) return first;
  }
  throw new Error("no two free ports in a row were found");
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if (await condition()) return;
    await sleep(25);
  }
  throw new Error("what was waited for did not come about within 10 s");
}

const answers =
  "require('http').createServer((q, s) => s.end(process.env.NAME)).listen(process.env.PORT, process.env.HOST)";

function serviceOf(more: Partial<ProcessServiceOptions>): ProcessService {
  const service = new ProcessService({
    service: "web",
    type: "http",
    command: [process.execPath, "-e", answers],
    env: { NAME: "shop" },
    cwd: folder,
    health: { path: "/healthz", timeoutMs: 500 },
    stateFolder: folder,
    log,
    ...more,
  });
  services.push(service);
  return service;
}

test("scales up until every replica answers, and down until none is left", async () => {
  const service = serviceOf({ firstPort: await freePorts() });
  expect(await service.perform({ kind: "scale", replicas: 2 }, 10_000, () => {})).toMatchObject({ kind: "done" });
  expect((await service.status(1_000)).replicas).toEqual({ running: 2, ready: 2 });
  const first = await readRecord(join(folder, "web-0.json"));
  expect(await service.perform({ kind: "scale", replicas: 0 }, 10_000, () => {})).toMatchObject({ kind: "done" });
  expect((await service.status(1_000)).replicas).toEqual({ running: 0, ready: 0 });
  // Gone, or dead and about to be reaped by its parent: a zombie is no process that runs.
  expect((await look(first?.pid ?? 0))?.zombie ?? true).toBe(true);
});

test("starts a replica again that was killed", async () => {
  const service = serviceOf({ firstPort: await freePorts() });
  await service.perform({ kind: "scale", replicas: 1 }, 10_000, () => {});
  const before = await readRecord(join(folder, "web-0.json"));
  process.kill(before?.pid ?? 0, "SIGKILL");
  await until(async () => {
    const after = await readRecord(join(folder, "web-0.json"));
    return after?.pid !== before?.pid && (await service.status(1_000)).replicas?.ready === 1;
  });
});

test("a later driver takes over what runs and does not start it twice", async () => {
  const firstPort = await freePorts();
  const earlier = serviceOf({ firstPort });
  expect(await earlier.perform({ kind: "scale", replicas: 2 }, 10_000, () => {})).toMatchObject({ kind: "done" });
  const before = await readRecord(join(folder, "web-1.json"));
  const later = serviceOf({ firstPort });
  expect((await later.status(1_000)).replicas).toEqual({ running: 2, ready: 2 });
  await later.perform({ kind: "scale", replicas: 2 }, 10_000, () => {});
  expect((await readRecord(join(folder, "web-1.json")))?.pid).toBe(before?.pid);
});

test("a later driver leaves dead what died meanwhile, until it is asked to scale", async () => {
  const firstPort = await freePorts();
  const earlier = serviceOf({ firstPort });
  const stopLooking = new AbortController();
  const looking = earlier.run(stopLooking.signal);
  await earlier.perform({ kind: "scale", replicas: 1 }, 10_000, () => {});
  stopLooking.abort();
  await looking;
  const record = await readRecord(join(folder, "web-0.json"));
  if (record !== undefined) await stop(record, { signal: "SIGKILL", graceMs: 1_000 });
  const later = serviceOf({ firstPort });
  expect((await later.status(1_000)).replicas).toEqual({ running: 0, ready: 0 });
});

test("a port in use is said, and nothing is started", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => taken.once("listening", resolve));
  const { port } = taken.address() as AddressInfo;
  const outcome = await serviceOf({ firstPort: port }).perform({ kind: "scale", replicas: 1 }, 5_000, () => {});
  expect(outcome).toMatchObject({ kind: "failed", retry: "later" });
  expect(outcome.reason).toContain(`port ${port} of 127.0.0.1 cannot be used: another program listens there`);
  await new Promise((resolve) => taken.close(resolve));
});

test("a missing program is said", async () => {
  const service = serviceOf({ command: ["no-such-program-at-all"], firstPort: await freePorts() });
  const outcome = await service.perform({ kind: "scale", replicas: 1 }, 5_000, () => {});
  expect(outcome).toMatchObject({ kind: "failed", retry: "never" });
  expect(outcome.reason).toContain("there is no such program");
});

test("a worker without a port is ready when it runs, and writes to its log", async () => {
  const service = serviceOf({ service: "mailer", type: "process", command: ["sh", "-c", "echo sent; exec sleep 60"] });
  expect(await service.perform({ kind: "scale", replicas: 1 }, 5_000, () => {})).toMatchObject({ kind: "done" });
  await until(async () => (await readFile(join(folder, "mailer-0.log"), "utf8")) === "sent\n");
});

test("stop ends a process that ignores SIGTERM, and its children", async () => {
  const started = await startProcess({
    command: "sh",
    args: ["-c", "trap '' TERM; sleep 61 & sleep 62 & wait"],
    env: { PATH: process.env.PATH ?? "" },
    cwd: folder,
    logFile: join(folder, "x.log"),
    recordFile: join(folder, "x.json"),
  });
  if (started.kind === "failed") throw new Error(started.why);
  const { record } = started.running;
  await until(async () => (await childrenOf(record.pid)).length === 2);
  const below = await childrenOf(record.pid);
  expect(await stop(record, { graceMs: 100 })).toBe(true);
  for (const one of [record, ...below]) expect(await isAlive(one)).toBe(false);
});

test("a record whose pid was used again adopts nothing and kills nothing", async () => {
  const other: ChildProcess = spawn("sleep", ["60"], { stdio: "ignore" });
  const record = { version: 1, pid: other.pid ?? 0, startTime: "long ago", command: ["sleep"], notes: {} } as const;
  await writeRecord(join(folder, "x.json"), record);
  expect(await adopt(join(folder, "x.json"))).toBeUndefined();
  expect(await stop(record, { graceMs: 10 })).toBe(true);
  expect(other.exitCode ?? other.signalCode).toBeNull();
  other.kill("SIGKILL");
});

test("a torn record adopts nothing", async () => {
  await writeFile(join(folder, "x.json"), '{"version":1,"pid":12');
  expect(await adopt(join(folder, "x.json"))).toBeUndefined();
});
