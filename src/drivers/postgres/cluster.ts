// A server's life: made, started, found again, stopped.
// C1. The postmaster is our direct child, so a killed one is reaped at once: a zombie would keep its lock file valid.
// C2. A lock file is removed only when no process of the data folder is left.
// C3. A running server is found again by its data folder, not by a pid that may be another's by now.

import { execFile } from "node:child_process";
import { open, readdir, readFile, rm, stat } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Binaries, findBinaries } from "./binaries.ts";
import { type ControlFile, readControlFile } from "./control-file.ts";
import { makePrivateFolder, writeDurably } from "./durable.ts";
import { codeOf, DriverError } from "./errors.ts";
import { checkIdentity, writeIdentity } from "./notes.ts";
import type { ProcessName } from "./processes.ts";
import { processesOf } from "./server-processes.ts";
import { accessRules, type Changes, changeSettings, standingSettings } from "./settings.ts";
import { adminAddress, pathsOf, type Site, serverEnvironment } from "./site.ts";
import { identifier, Sql } from "./sql.ts";

const startPollMs = 10;
const initdbDeadlineMs = 60_000;
/** How much of the end of a log is searched for the reason of a failed start. */
const logTailBytes = 8_192;

/** What is in the data folder, checked to be ours. Undefined: nothing. Throws when it is another system's, or something else entirely. */
export async function dataOf(site: Site): Promise<ControlFile | undefined> {
  const control = await readControlFile(site.dataFolder);
  if (control !== undefined) {
    await checkIdentity(site, control);
    return control;
  }
  const names = await readdir(site.dataFolder).catch(() => []);
  if (names.length === 0) return undefined;
  throw new DriverError(
    "not-a-data-folder",
    "never",
    `The folder ${site.dataFolder} is not empty and holds no PostgreSQL data (${names.slice(0, 3).join(", ")}). Nothing was touched.`,
  );
}

export async function binariesOf(site: Site): Promise<Binaries> {
  const text = await readFile(join(site.dataFolder, "PG_VERSION"), "utf8").catch(() => undefined);
  const major = text === undefined ? undefined : Number.parseInt(text, 10);
  return findBinaries({
    ...(site.binFolder === undefined ? {} : { folder: site.binFolder }),
    ...(major === undefined ? {} : { major }),
  });
}

/** Makes a new, empty cluster. The password is in a file while initdb runs, and nowhere else. */
export async function makeCluster(site: Site): Promise<void> {
  const { initdb, major } = await findBinaries(site.binFolder === undefined ? {} : { folder: site.binFolder });
  const { newPassword } = pathsOf(site);
  await makePrivateFolder(site.stateFolder, site.as);
  await makePrivateFolder(site.dataFolder, site.as);
  await writeDurably(newPassword, `${site.password}\n`, 0o600, site.as);
  try {
    await runTool(site, initdb, [
      ...["-D", site.dataFolder, "-U", site.user, "--pwfile", newPassword],
      ...["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-instructions"],
      // One order to the whole file system instead of one per file: seconds less on a disk that takes its time.
      ...(major >= 17 && process.platform === "linux" ? ["--sync-method=syncfs"] : []),
    ]);
  } finally {
    await rm(newPassword, { force: true });
  }
  const control = await readControlFile(site.dataFolder);
  if (control !== undefined) await writeIdentity(site, control.systemIdentifier);
}

/** Brings the files of a stopped server in line: who may come in, and every setting that is ours. */
export async function configure(site: Site, more: Changes): Promise<void> {
  const standing = Object.fromEntries(standingSettings.map(({ name, value }) => [name, value]));
  const own = { listen_addresses: site.host, port: String(site.port) };
  await writeDurably(join(site.dataFolder, "pg_hba.conf"), accessRules(site.allowFrom), 0o600, site.as);
  await changeSettings(site.dataFolder, { ...standing, ...own, ...site.settings, ...more }, site.as);
}

/** The postmaster of the data folder, if one runs: whoever started it. */
export async function findServer(site: Site): Promise<ProcessName | undefined> {
  const text = await readFile(join(site.dataFolder, "postmaster.pid"), "utf8").catch(() => "");
  const pid = Number.parseInt(text, 10);
  if (!Number.isInteger(pid)) return undefined;
  return (await processesOf(site.dataFolder, site.processes)).find((one) => one.pid === pid);
}

/** Starts what is in the data folder and returns a session once it answers. Throws a DriverError with the server's own reason. */
export async function startServer(site: Site, deadlineMs: number): Promise<Sql> {
  const until = performance.now() + deadlineMs;
  if ((await findServer(site)) !== undefined) return openWhenReady(site, until, undefined);
  const { postgres } = await binariesOf(site);
  await clearRemains(site);
  await checkPort(site);
  const paths = pathsOf(site);
  const logFrom = await stat(paths.log).then(
    ({ size }) => size,
    () => 0,
  );
  const started = await site.processes.startProcess({
    command: postgres,
    args: ["-D", site.dataFolder],
    env: serverEnvironment,
    cwd: site.dataFolder,
    logFile: paths.log,
    recordFile: paths.record,
    ...(site.as === undefined ? {} : { as: site.as }),
  });
  if (started.kind === "failed") throw new DriverError("start", started.retry, started.why);
  let ended = false;
  // Only to notice an early end below.
  void started.running.ended.then(() => {
    ended = true;
  });
  return openWhenReady(site, until, async () => {
    if (ended) throw new DriverError("start", "later", await whyEnded(site, logFrom));
  });
}

/** Kills backends that outlived their postmaster, then removes its lock file (C2). */
async function clearRemains(site: Site): Promise<void> {
  const left = await processesOf(site.dataFolder, site.processes);
  await site.processes.kill(left);
  if (!(await site.processes.gone(left, 5_000))) {
    const pids = left.map(({ pid }) => pid).join(", ");
    throw new DriverError(
      "remains",
      "later",
      `Processes of an earlier server still work in ${site.dataFolder} and do not end (${pids}).`,
    );
  }
  await rm(join(site.dataFolder, "postmaster.pid"), { force: true });
}

async function openWhenReady(site: Site, until: number, check: (() => Promise<void>) | undefined): Promise<Sql> {
  for (;;) {
    try {
      return await Sql.open(adminAddress(site), Math.max(1, Math.min(2_000, until - performance.now())));
    } catch (error) {
      await check?.();
      const starting = ["ECONNREFUSED", "57P03", "ECONNRESET", "connect-timeout", "08001", "other"];
      if (!starting.includes(codeOf(error) ?? "")) throw error;
      if (performance.now() >= until) {
        const place = `${site.host}:${site.port}`;
        throw new DriverError(
          "start-timeout",
          "unknown",
          `The server at ${place} did not answer in time; see ${pathsOf(site).log}.`,
          error,
        );
      }
    }
    await sleep(startPollMs);
  }
}

async function checkPort(site: Site): Promise<void> {
  const code = await new Promise<string | undefined>((resolve) => {
    const probe = createServer();
    probe.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "other"));
    probe.listen({ host: site.host, port: site.port, exclusive: true }, () => probe.close(() => resolve(undefined)));
  });
  if (code === undefined) return;
  const why = code === "EADDRINUSE" ? "another program listens there" : `this machine refuses it (${code})`;
  throw new DriverError(
    "port",
    "later",
    `${site.service} in ${site.region} cannot listen on ${site.host}:${site.port}: ${why}.`,
  );
}

/** Which line of a log tells why a server did not start, most telling first. The fatal line itself often says only that there was an error. */
const causes: readonly RegExp[] = [
  /PANIC: /,
  /LOG: .*(invalid value|unrecognized configuration|syntax error|could not (bind|create|open|write|resize))/,
  /FATAL: /,
  /ERROR: |postgres: /,
];

/** The server's own last words since `from`. */
async function whyEnded(site: Site, from: number): Promise<string> {
  const { log } = pathsOf(site);
  const handle = await open(log, "r");
  try {
    const { size } = await handle.stat();
    const start = Math.max(from, size - logTailBytes);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(logTailBytes), 0, logTailBytes, start);
    const lines = buffer.toString("utf8", 0, bytesRead).split("\n");
    const said = causes.flatMap((cause) => lines.filter((line) => cause.test(line)))[0] ?? lines.filter(Boolean).at(-1);
    return `The server of ${site.service} in ${site.region} ended while it started: ${said?.replace(/^.*?(PANIC|FATAL|ERROR|LOG|HINT):\s*/, "") ?? "it said nothing"}. See ${log}.`;
  } finally {
    await handle.close();
  }
}

/** Runs one of PostgreSQL's own tools to its end. Throws a DriverError with its last words. */
export async function runTool(
  site: Site,
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  deadlineMs: number = initdbDeadlineMs,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const options = {
      timeout: Math.max(1, Math.ceil(deadlineMs)),
      killSignal: "SIGKILL" as const,
      env: { ...serverEnvironment, ...env },
      cwd: site.stateFolder,
      ...site.as,
    };
    execFile(program, [...args], options, (error, _stdout, stderr) => {
      if (error === null) return resolve();
      const lines = stderr.trim().split("\n");
      const said = lines.find((line) => /error:/.test(line)) ?? lines.at(-1) ?? "";
      reject(
        new DriverError(
          "tool",
          "later",
          `${program} failed: ${said === "" ? error.message.split("\n")[0] : said}`,
          error,
        ),
      );
    });
  });
}

/** Things a primary needs once: the users' database, and the extension that a later quarantine reads the log with. */
export async function furnish(site: Site, sql: Sql, deadlineMs: number): Promise<void> {
  const databases = await sql.query("SELECT 1 FROM pg_database WHERE datname = $1", [site.database], deadlineMs);
  if (databases.length === 0) await sql.query(`CREATE DATABASE ${identifier(site.database)}`, [], deadlineMs);
  const available = await sql.query(
    "SELECT 1 FROM pg_available_extensions WHERE name = 'pg_walinspect'",
    [],
    deadlineMs,
  );
  if (available.length > 0) await sql.query("CREATE EXTENSION IF NOT EXISTS pg_walinspect", [], deadlineMs);
}
