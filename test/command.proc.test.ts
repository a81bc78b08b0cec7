// The command's first file on a Node that is too old: it goes on under the Node that was installed with it, or says what is
// needed. The old Node is this one, told to say that it is old; the installed one is this one, as it is.

import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";

const root = fileURLToPath(new URL("../", import.meta.url));
const major = process.versions.node.split(".")[0];
const old = 'Object.defineProperty(process.versions, "node", { value: "20.20.2" })';
const main = `
const [what] = process.argv.slice(2) as string[];
if (what === "say") console.log(JSON.stringify([process.versions.node.split(".")[0], process.argv.slice(2)]));
if (what === "fail") process.exitCode = 7;
if (what === "die") process.kill(process.pid, "SIGKILL");
if (what === "wait") {
  process.on("SIGTERM", () => process.exit(9));
  setTimeout(() => process.exit(1), 20_000);
  console.log("waiting");
}
`;

let folder: string;
const running = new Set<ChildProcess>();

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "leeward-command-"));
  put("package.json", '{ "type": "module" }');
  put("src/app/main.ts", main);
  cpSync(join(root, "bin/leeward.js"), join(folder, "bin/leeward.js"));
});

afterEach(() => {
  for (const child of running) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

test("a new Node runs the sources of a checkout", async () => {
  expect(await end(run("new", "say", "a b"))).toEqual({
    code: 0,
    signal: null,
    out: `["${major}",["say","a b"]]\n`,
    err: "",
  });
});

test("a new Node runs what was built where there are no sources", async () => {
  rmSync(join(folder, "src"), { recursive: true });
  put("dist/app/main.js", 'console.log("built");');
  expect(await end(run("new"))).toMatchObject({ code: 0, out: "built\n" });
});

test("an old Node goes on under the installed one, with the same arguments", async () => {
  installNode(join(folder, "node_modules"));
  expect(await end(run("old", "say", "a b", "--x"))).toEqual({
    code: 0,
    signal: null,
    out: `["${major}",["say","a b","--x"]]\n`,
    err: "",
  });
});

test("the installed Node is found where the package manager put it higher up", async () => {
  const inside = join(folder, "node_modules/leeward");
  cpSync(join(folder, "bin"), join(inside, "bin"), { recursive: true });
  writeFileSync(join(inside, "package.json"), '{ "type": "module" }');
  mkdirSync(join(inside, "dist/app"), { recursive: true });
  writeFileSync(join(inside, "dist/app/main.js"), "console.log(process.versions.node.split('.')[0]);");
  installNode(join(folder, "node_modules"));
  expect(await end(start("old", join(inside, "bin/leeward.js")))).toMatchObject({ code: 0, out: `${major}\n` });
});

test("the exit code of the command comes through", async () => {
  installNode(join(folder, "node_modules"));
  expect(await end(run("old", "fail"))).toMatchObject({ code: 7, signal: null });
});

test("the signal that killed the command comes through", async () => {
  installNode(join(folder, "node_modules"));
  expect(await end(run("old", "die"))).toMatchObject({ code: null, signal: "SIGKILL" });
});

test("a signal reaches the command, and its answer comes back", async () => {
  installNode(join(folder, "node_modules"));
  const child = run("old", "wait");
  const ended = end(child);
  await new Promise((resolve) => child.stdout?.once("data", resolve));
  child.kill("SIGTERM");
  expect(await ended).toMatchObject({ code: 9, signal: null });
});

test("an old Node without the installed one says in one sentence what is needed", async () => {
  const { code, err, out } = await end(run("old", "say"));
  expect({ code, out }).toEqual({ code: 2, out: "" });
  expect(err).toMatch(/^leeward: needs Node 24 or newer, and this is Node 20\.20\.2: .*install Node 24.*\.\n$/);
});

function put(path: string, content: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
}

function installNode(modules: string): void {
  const bin = join(modules, `node-${process.platform}-${process.arch}`, "bin");
  mkdirSync(bin, { recursive: true });
  symlinkSync(process.execPath, join(bin, "node"));
}

function run(age: "old" | "new", ...args: string[]): ChildProcess {
  return start(age, join(folder, "bin/leeward.js"), ...args);
}

function start(age: "old" | "new", file: string, ...args: string[]): ChildProcess {
  const pretence = age === "old" ? ["--import", `data:text/javascript,${encodeURIComponent(old)}`] : [];
  const child = spawn(process.execPath, [...pretence, file, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  return child;
}

interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

async function end(child: ChildProcess): Promise<End> {
  const ended = new Promise<Pick<End, "code" | "signal">>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
  const [{ code, signal }, out, err] = await Promise.all([ended, collect(child.stdout), collect(child.stderr)]);
  running.delete(child);
  return { code, signal, out, err };
}

async function collect(stream: ChildProcess["stdout"]): Promise<string> {
  return stream === null ? "" : await text(stream);
}
