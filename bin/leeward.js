#!/usr/bin/env node
// The command's first file. It must load on any Node that has ES modules, however old, because its first task is to leave
// such a Node: Leeward runs on Node 24 or newer, and brings one along on Linux (the optional packages node-linux-*).
// So nothing here is newer than Node 12.20: no `await` outside a function, no `?.`, no `??`, no names that came later.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join, parse } from "node:path";
import { fileURLToPath } from "node:url";

const NEEDED = 24;
const thisFile = fileURLToPath(import.meta.url);
const running = process.versions.node;

if (Number(running.split(".")[0]) >= NEEDED) {
  start();
} else {
  const bundled = findBundledNode();
  if (bundled !== undefined) continueUnder(bundled);
  else refuse();
}

/** Loads the sources where they are (a checkout), else what was built from them (the package). */
function start() {
  import("node:module")
    .then((module) => {
      // Keeps compiled code on disk between starts. Where it cannot (a folder it may not write), the start is only slower.
      module.enableCompileCache();
      const source = new URL("../src/app/main.ts", import.meta.url);
      const built = new URL("../dist/app/main.js", import.meta.url);
      return import((existsSync(source) ? source : built).href);
    })
    .catch((error) => {
      console.error(error);
      process.exitCode = 1;
    });
}

/** The Node that was installed with this package: in a node_modules folder beside it or in one of those above it. */
function findBundledNode() {
  const name = `node-${process.platform}-${process.arch}`;
  let folder = dirname(dirname(thisFile));
  for (;;) {
    const node = join(folder, "node_modules", name, "bin", "node");
    if (existsSync(node)) return node;
    if (folder === parse(folder).root) return undefined;
    folder = dirname(folder);
  }
}

/** Runs the same command under that Node: same arguments, same terminal, same signals, same end. */
function continueUnder(node) {
  const child = spawn(node, [thisFile].concat(process.argv.slice(2)), { stdio: "inherit" });
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  const pass = (signal) => {
    // A terminal's Ctrl-C reaches both processes. Passed on as well, it would look like the second one, of an impatient
    // person. Either way this process stays until the child has cleaned up.
    if (signal === "SIGINT" && process.stdin.isTTY) return;
    child.kill(signal);
  };
  signals.forEach((signal) => {
    process.on(signal, pass);
  });
  child.on("error", (error) => {
    console.error(`leeward: the Node that was installed with it does not start (${node}): ${error.message}`);
    process.exit(2);
  });
  child.on("exit", (code, signal) => {
    signals.forEach((name) => {
      process.removeListener(name, pass);
    });
    // Dying of the same signal tells the shell the truth; an exit code would say that the command ended by itself.
    if (signal) process.kill(process.pid, signal);
    else process.exit(code);
  });
}

function refuse() {
  const isBrought = process.platform === "linux" && (process.arch === "x64" || process.arch === "arm64");
  const way = isBrought
    ? `run "npm ci" in its folder, which brings one along, or install Node ${NEEDED}`
    : `install Node ${NEEDED} from nodejs.org`;
  console.error(`leeward: needs Node ${NEEDED} or newer, and this is Node ${running}: ${way}.`);
  process.exit(2);
}
