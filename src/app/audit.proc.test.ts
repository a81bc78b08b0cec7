// The commands as a person types them, beside a controller that runs, and after it was killed.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const command = join(root, "bin/leeward.js");
let folder = "";
let state = "";
let reach: readonly string[] = [];
let controller: ChildProcess | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "leeward-audit-"));
  state = join(folder, "state");
});

afterEach(() => {
  controller?.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

function leeward(...args: readonly string[]): {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
} {
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...args], {
    encoding: "utf8",
    timeout: 20_000,
  });
  return { code: status, out: stdout, err: stderr };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

/** A controller alone, with nobody to hear: it holds, and says so. */
async function serve(): Promise<ChildProcess> {
  const port = await freePort();
  const manifest = join(folder, "leeward.yaml");
  const token = join(folder, "token");
  const text = readFileSync(join(root, "examples/shop/leeward.yaml"), "utf8");
  writeFileSync(manifest, text.replace("controller: http://127.0.0.1:7400", `controller: http://127.0.0.1:${port}`));
  writeFileSync(token, "a token of more than sixteen characters\n");
  reach = ["--file", manifest, "--token-file", token];
  const child = spawn(process.execPath, [command, "serve", manifest, "--state", state, "--token-file", token], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  controller = child;
  await new Promise<void>((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`the controller ended with ${code}`)));
    createInterface({ input: child.stdout }).once("line", () => resolve());
  });
  return child;
}

/** The controller has written its first entries: its start is among them. */
async function begun(): Promise<void> {
  for (let tries = 0; tries < 40; tries += 1) {
    const { out } = leeward("audit", "verify", "--state", state, "--json");
    if (
      (JSON.parse(out) as { readonly trails: readonly { readonly entries: number }[] }).trails.some(
        (one) => one.entries >= 2,
      )
    )
      return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("no trail was written");
}

function killed(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.removeAllListeners("exit");
    child.once("exit", () => resolve());
    child.kill("SIGKILL");
  });
}

test("a trail is checked, explained and exported beside its controller, and after it was killed", async () => {
  const child = await serve();
  await begun();
  const paused = leeward("pause", "storefront", ...reach);
  expect(paused.out).toContain("automation is off for storefront");

  const why = leeward("why", "storefront", ...reach);
  expect(why.out).toMatch(/^(Leeward does|There is no decision)/);
  const report = JSON.parse(leeward("why", ...reach, "--json").out) as {
    readonly answers: readonly { readonly group: string }[];
  };
  expect(report.answers.map((one) => one.group)).toEqual(["storefront"]);
  expect(leeward("why", "storefrnot", ...reach).out).toContain(
    "There is no group storefrnot in shop; there is storefront",
  );

  const live = join(folder, "live.jsonl");
  const exported = leeward("audit", "export", ...reach, "-o", live);
  expect(exported).toMatchObject({ code: 0, out: "" });
  expect(leeward("audit", "export", ...reach, "-o", live)).toMatchObject({ code: 3 });
  expect(readFileSync(live, "utf8")).toContain("asked for automation to be off");

  await killed(child);
  const offline = join(folder, "offline.jsonl");
  expect(leeward("audit", "export", "--state", state, "-o", offline).code).toBe(0);
  // What was exported while it ran is the beginning of what it left.
  expect(readFileSync(offline, "utf8").startsWith(readFileSync(live, "utf8"))).toBe(true);
  expect(leeward("why", "--state", state).out).toBe(leeward("why", "--export", offline).out);
  const head = (
    JSON.parse(leeward("audit", "verify", "--file", offline, "--json").out) as {
      readonly trails: readonly [{ readonly hash: string }];
    }
  ).trails[0].hash;
  expect(leeward("audit", "verify", "--state", state, "--head", head)).toMatchObject({ code: 0 });
  // With the head of the longer one, the shorter is one whose end was cut off.
  const cut = leeward("audit", "verify", "--file", live, "--head", head);
  if (readFileSync(live).length < readFileSync(offline).length)
    expect(cut).toMatchObject({ code: 1, out: expect.stringContaining("Broken: the kept head") });
});

test("what somebody changed is named, in an export and in the store", async () => {
  await killed(
    await serve().then(async (child) => {
      await begun();
      return child;
    }),
  );
  const file = join(folder, "trail.jsonl");
  leeward("audit", "export", "--state", state, "-o", file);
  const lines = readFileSync(file, "utf8").split("\n");
  writeFileSync(file, lines.with(1, (lines[1] ?? "").replace("storefront", "storefrond")).join("\n"));
  expect(leeward("audit", "verify", "--file", file)).toMatchObject({
    code: 1,
    out: expect.stringMatching(/^Broken: entry 2 of storefront was changed, after entry 1 of /),
  });

  const db = new DatabaseSync(join(state, "leeward.db"));
  db.exec(
    "DROP TRIGGER journal_is_never_changed; UPDATE journal SET entry = replace(entry, 'shop', 'shed') WHERE seq = 1",
  );
  db.close();
  expect(leeward("audit", "verify", "--state", state)).toMatchObject({
    code: 1,
    out: expect.stringMatching(/^Broken: entry 1 of storefront was changed/),
  });
});

test("nothing to read is a sentence and an exit code", () => {
  expect(leeward("audit", "verify")).toMatchObject({ code: 2, err: expect.stringContaining("--state FOLDER") });
  expect(leeward("audit", "verify", "--state", folder)).toMatchObject({
    code: 2,
    err: expect.stringContaining("no leeward.db"),
  });
  expect(leeward("audit", "verify", "--file", join(folder, "none"))).toMatchObject({ code: 3 });
  writeFileSync(join(folder, "empty"), "");
  expect(leeward("audit", "verify", "--file", join(folder, "empty"))).toMatchObject({ code: 1 });
  expect(leeward("why", "--state", folder)).toMatchObject({ code: 2 });
  expect(leeward("why", "--at", "soon", "--state", folder)).toMatchObject({
    code: 2,
    err: expect.stringContaining("--at soon"),
  });
});
