import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readManifest } from "../manifest/read.ts";
import { bringBack, freezeRegion, killRegion, thawRegion } from "./faults.ts";
import { startTimeOf } from "./process-table.ts";
import { livingOf, startProcess } from "./processes.ts";
import { silentProgress } from "./progress.ts";
import { prepareFolder } from "./run-folder.ts";
import { type Lab, projectFolder, startLab } from "./start.ts";
import { describeUp, leaveUp, takeDown } from "./up.ts";

const file = join(projectFolder, "examples", "shop", "leeward.yaml");
const program = join(projectFolder, "test", "fixtures", "lab", "leeward.js");
let folder: string;
let lab: Lab | undefined;

beforeEach(() => {
  folder = prepareFolder(realpathSync(mkdtempSync(join(tmpdir(), "leeward-start-"))));
});

afterEach(async () => {
  await lab?.end();
  lab = undefined;
  rmSync(folder, { recursive: true, force: true });
});

async function start(kind: "story" | "up" = "story"): Promise<Lab> {
  const manifest = readManifest(file);
  if (manifest.kind === "bad") throw new Error(manifest.problems.map((problem) => problem.message).join("\n"));
  lab = await startLab({
    file,
    text: manifest.text,
    system: manifest.system,
    folder,
    progress: silentProgress,
    kind,
    program,
  });
  return lab;
}

const get = (url: string): Promise<string> =>
  fetch(url, { signal: AbortSignal.timeout(400) }).then(
    (response) => response.text(),
    (error: Error) => error.name,
  );

test("a lab comes up, is described for strangers, and ends without a trace", async () => {
  const running = await start();
  const up = describeUp(running);
  expect(up.regions.map((region) => [region.name, region.serves])).toEqual([
    ["north", true],
    ["south", true],
    ["watch", false],
  ]);
  // Agent, its child, router; the witness has the controller too.
  expect(up.regions.map((region) => region.pids.length)).toEqual([3, 3, 4]);
  expect(startTimeOf(up.controller.pid)).toBeDefined();
  expect(JSON.parse(await get(up.regions[0]?.fromUsers?.http ?? ""))).toEqual({ name: "north", command: "router" });
  for (const region of up.regions)
    expect(region.fromUsers?.postgres).toMatch(/^postgres:\/\/leeward:[0-9a-f]{36}@127\.0\.0\.1:\d+\/shop$/);
  expect(readFileSync(up.manifest, "utf8")).not.toContain(":7411");
  await running.end();
  expect(livingOf(folder)).toEqual([]);
});

test("a killed region is silent, and its neighbours live; it comes back with its links", async () => {
  const running = await start();
  const http = running.fromUsers("north").http;
  const south = livingOf(folder, "south").map((one) => one.pid);
  await killRegion(running, "north", "swallow");
  expect(livingOf(folder, "north")).toEqual([]);
  expect(livingOf(folder, "south").map((one) => one.pid)).toEqual(south);
  expect(await get(http)).toBe("TimeoutError");
  expect(await get(running.fromUsers("south").http)).toContain("south");
  await bringBack(running, "north");
  expect(await get(http)).toContain("north");
});

test("with refuse a killed region says no at once", async () => {
  const running = await start();
  await killRegion(running, "north", "refuse");
  expect(await get(running.fromUsers("north").http)).toBe("TypeError");
});

test("a frozen region says nothing until it is woken", async () => {
  const running = await start();
  await freezeRegion(running, "north");
  expect(await get(running.fromUsers("north").http)).toBe("TimeoutError");
  await thawRegion(running, "north");
  expect(await get(running.fromUsers("north").http)).toContain("north");
});

test("a second lab in the same folder is refused while the first was left up, and down ends it", async () => {
  const running = await start("up");
  leaveUp(running);
  await expect(start()).rejects.toThrow(/left running in .* by `leeward lab up`/);
  expect(await takeDown(folder, 2_000)).toBeGreaterThanOrEqual(10);
  expect(livingOf(folder)).toEqual([]);
});

test("what a crashed lab left is ended by the next one", async () => {
  mkdirSync(join(folder, "logs"));
  const left = startProcess({ folder, what: "left", place: "north", args: [program, "child"] });
  await start();
  expect(startTimeOf(left.pid)).toBeUndefined();
});

test("a command that does not come up is named with its log, and nothing stays behind", async () => {
  const manifest = readManifest(file);
  if (manifest.kind === "bad") throw new Error("the example is broken");
  const options = {
    file,
    text: manifest.text,
    system: manifest.system,
    folder,
    progress: silentProgress,
    kind: "story",
  } as const;
  await expect(startLab({ ...options, program: join(folder, "nothing.js") })).rejects.toThrow(
    /^controller ended with exit code 1 before it was ready\..*Log: /s,
  );
  expect(livingOf(folder)).toEqual([]);
});
