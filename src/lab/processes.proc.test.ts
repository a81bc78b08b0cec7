import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { familyOf, type RunningProcess, startTimeOf } from "./process-table.ts";
import { endAll, killAll, livingOf, readLedger, record, startProcess } from "./processes.ts";

let folder: string;
const strangers: ChildProcess[] = [];

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "leeward-processes-")));
  mkdirSync(join(folder, "logs"));
  mkdirSync(join(folder, "state", "north"), { recursive: true });
});

afterEach(async () => {
  for (const stranger of strangers.splice(0)) stranger.kill("SIGKILL");
  await killAll(folder);
  rmSync(folder, { recursive: true });
});

const parentOf = (program: string): string =>
  `require("node:child_process").spawn(process.execPath, ["-e", ${JSON.stringify(program)}], { stdio: "ignore", detached: true, env: {} });`;
const sleeper = "setInterval(() => {}, 1000)";
const ready = `console.log(JSON.stringify({ ready: true, port: 7 }));`;

function start(what: string, place: string, program: string) {
  return startProcess({ folder, what, place, args: ["-e", program] });
}

test("a started process is ready when it says so, and is in the ledger", async () => {
  const child = start("sleeper", "north", `${ready}${sleeper}`);
  expect(await child.ready(5_000)).toEqual({ ready: true, port: 7 });
  expect(readLedger(folder)).toEqual([
    { what: "sleeper", place: "north", pid: child.pid, startTime: startTimeOf(child.pid) },
  ]);
});

test("one that ends early is told with its last words", async () => {
  const child = start("early", "north", `console.error("no such folder"); process.exit(3)`);
  await expect(child.ready(5_000)).rejects.toThrow(
    /early ended with exit code 3 before it was ready\. It said last: no such folder/,
  );
});

test("killing a place ends its children too, and nothing of another place", async () => {
  const north = start("agent north", "north", `${parentOf(sleeper)}${ready}${sleeper}`);
  const south = start("agent south", "south", `${ready}${sleeper}`);
  await Promise.all([north.ready(5_000), south.ready(5_000)]);
  // On a busy machine the child may take a moment to exist.
  while (livingOf(folder, "north").length < 2) await sleep(10);
  expect(await killAll(folder, "north")).toBeGreaterThanOrEqual(2);
  expect(livingOf(folder, "north")).toEqual([]);
  expect(livingOf(folder).map((one) => one.pid)).toEqual([south.pid]);
});

test("a frozen lab still ends", async () => {
  const child = start("frozen", "north", `${ready}${sleeper}`);
  await child.ready(5_000);
  process.kill(child.pid, "SIGSTOP");
  await endAll(folder, 2_000);
  expect(livingOf(folder)).toEqual([]);
  expect(readLedger(folder)).toEqual([]);
});

test("a pid of another start time is somebody else and is left alone", async () => {
  const stranger = spawn(process.execPath, ["-e", sleeper], { stdio: "ignore" });
  strangers.push(stranger);
  record(folder, { what: "old", place: "north", pid: stranger.pid as number, startTime: "another-boot-1" });
  await endAll(folder, 100);
  expect(startTimeOf(stranger.pid as number)).toBeDefined();
});

test("a database server whose agent is gone is found by its data folder, and a person's shell there is spared", async () => {
  const cwd = join(folder, "state", "north");
  // No ledger entry, no mark in its environment.
  const orphan = spawn(process.execPath, ["-e", sleeper], {
    stdio: "ignore",
    env: {},
    detached: true,
    cwd,
    argv0: "postgres",
  });
  const shell = spawn(process.execPath, ["-e", sleeper], { stdio: "ignore", env: {}, cwd, argv0: "bash" });
  strangers.push(orphan, shell);
  while (!livingOf(folder, "north").some((one) => one.pid === orphan.pid)) await sleep(10);
  await killAll(folder);
  expect(startTimeOf(orphan.pid as number)).toBeUndefined();
  expect(startTimeOf(shell.pid as number)).toBeDefined();
});

test("a family is the roots and all below them, once each", () => {
  const one = (pid: number, parent: number): RunningProcess => ({
    pid,
    parent,
    startTime: "",
    command: "",
    environment: "",
    cwd: "",
    zombie: false,
  });
  const family = familyOf([one(4, 2), one(2, 1), one(3, 1), one(5, 4), one(6, 9)], new Set([2, 5]));
  expect(family.map((member) => member.pid).sort()).toEqual([2, 4, 5]);
});
