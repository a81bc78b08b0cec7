// Patroni with etcd and HAProxy on this machine, as an ordinary user: one etcd, two Patroni nodes, one HAProxy, all on 127.0.0.1, fresh
// for each round. One etcd rather than three favours it: no election of etcd's own ever falls into an outage.

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makePortPicker } from "../../src/lab/ports.ts";
import { startTimeOf } from "../../src/lab/process-table.ts";
import { clearLedger, killAll, livingOf, record, signalAll } from "../../src/lab/processes.ts";
import { BenchFailure, type Contender, type Running, until } from "./contender.ts";
import { haproxyFile, type Node, type Profile, patroniFile } from "./patroni-files.ts";
import type { Programs } from "./programs.ts";
import { askOnce } from "./session.ts";

const home = "north";
const other = "south";
/** initdb, the first copy, the first leader. */
const startDeadlineMs = 120_000;
const restLimitMs = 2_000;
const freezePasses = 2;

export function makePatroni(options: {
  readonly profile: Profile;
  readonly programs: Programs;
  /** Of the bench, claimed by it. */
  readonly folder: string;
  readonly sync: boolean;
}): Contender {
  const { profile } = options;
  let ups = 0;
  const timings = `ttl ${profile.ttl} s, loop_wait ${profile.loopWait} s, retry_timeout ${profile.retryTimeout} s`;
  const checks = `HAProxy check every ${profile.interMs} ms, fall ${profile.fall}, rise ${profile.rise}`;
  return {
    system: "Patroni",
    profile: profile.name,
    what: `${timings}; ${checks}; ${profile.why}`,
    async up(say) {
      try {
        const logs = join(options.folder, "logs", `patroni-${profile.name}-${++ups}`);
        mkdirSync(logs, { mode: 0o700 });
        return await start({ ...options, logs, say });
      } catch (error) {
        await end(options.folder);
        throw error;
      }
    },
  };
}

async function start(options: {
  readonly profile: Profile;
  readonly programs: Programs;
  readonly folder: string;
  readonly sync: boolean;
  readonly logs: string;
  readonly say: (detail: string) => void;
}): Promise<Running> {
  const { profile, programs, folder, sync, logs, say } = options;
  const launch = (what: string, place: string, program: string, args: readonly string[]): void =>
    launchIn({ folder, log: join(logs, `${what}.log`), what, place, program, args });
  const ports = makePortPicker();
  const etcdPort = await ports.take(2);
  const front = await ports.take(1);
  const secrets = { superuser: randomBytes(12).toString("hex"), replication: randomBytes(12).toString("hex") };
  const nodes: Node[] = [];
  for (const region of [home, other]) {
    const first = await ports.take(2);
    const place = join(folder, "state", region);
    mkdirSync(place, { recursive: true, mode: 0o700 });
    nodes.push({ region, databasePort: first, restPort: first + 1, folder: place });
  }
  const nodeOf = (region: string): Node => nodes.find((node) => node.region === region) as Node;
  const databases = Object.fromEntries(
    nodes.map((node) => [
      node.region,
      `postgres://postgres:${secrets.superuser}@127.0.0.1:${node.databasePort}/postgres`,
    ]),
  );

  say("etcd starts");
  const client = `http://127.0.0.1:${etcdPort}`;
  const peer = `http://127.0.0.1:${etcdPort + 1}`;
  launch("etcd", "store", programs.etcd, [
    ...["--name", "only", "--data-dir", join(folder, "state", "etcd"), "--logger", "zap", "--log-level", "warn"],
    ...["--listen-client-urls", client, "--advertise-client-urls", client],
    ...["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", `only=${peer}`],
  ]);
  await until("etcd answers", startDeadlineMs, 50, async () => {
    const health = (await (await get(`${client}/health`)).json()) as { health?: string };
    return health.health === "true" ? undefined : "it says that it is not healthy";
  });

  const patroni = (node: Node): void => {
    const file = join(node.folder, "patroni.json");
    const text = patroniFile(node, { profile, etcdPort, secrets, serverFolder: programs.serverFolder, sync });
    writeFileSync(file, text, { mode: 0o600 });
    launch(`patroni-${node.region}`, node.region, programs.patroni, [file]);
  };
  const role = async (region: string, path: string): Promise<boolean> =>
    (await get(`http://127.0.0.1:${nodeOf(region).restPort}/${path}`)).status === 200;

  say(`${home} makes its database`);
  patroni(nodeOf(home));
  await until(`${home} leads`, startDeadlineMs, 100, async () =>
    (await role(home, "primary")) ? undefined : `it does not lead yet; log: ${join(logs, `patroni-${home}.log`)}`,
  );
  say(`${other} copies it`);
  patroni(nodeOf(other));
  await until(`${other} follows`, startDeadlineMs, 100, async () =>
    (await role(other, "replica")) ? undefined : `it does not follow yet; log: ${join(logs, `patroni-${other}.log`)}`,
  );
  const haproxy = join(folder, "haproxy.cfg");
  writeFileSync(haproxy, haproxyFile(front, nodes, profile), { mode: 0o600 });
  launch("haproxy", "front", programs.haproxy, ["-db", "-f", haproxy]);
  refuseAdjusted(join(logs, `patroni-${home}.log`), profile);

  return {
    fronts: [`postgres://postgres:${secrets.superuser}@127.0.0.1:${front}/postgres`],
    primary: home,
    databases,
    async notWhole() {
      // Patroni says "running, lag 0" of a replica before it streams; only the primary's own view counts.
      const rows = await askOnce(
        databases[home] as string,
        "select state, sync_state, pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)::float8 as lag from pg_stat_replication",
      );
      const streaming = rows.find((row) => row.state === "streaming");
      if (streaming === undefined) return `${home} sees no replica that streams`;
      if (sync && streaming.sync_state !== "sync") return `${other} is not the synchronous standby yet`;
      return Number(streaming.lag) < 1_048_576 ? undefined : `${other} is ${streaming.lag} bytes behind`;
    },
    async kill() {
      await killAll(folder, home, livingOf(folder, home));
    },
    async freeze() {
      for (let pass = 0; pass < freezePasses; pass++) signalAll(livingOf(folder, home), "SIGSTOP");
    },
    async thaw() {
      signalAll(livingOf(folder, home), "SIGCONT");
    },
    async switchover() {
      const response = await fetch(`http://127.0.0.1:${nodeOf(home).restPort}/switchover`, {
        method: "POST",
        body: JSON.stringify({ leader: home, candidate: other }),
        signal: AbortSignal.timeout(60_000),
      });
      const said = await response.text();
      if (!response.ok) throw new BenchFailure(`Patroni refused the switchover: ${said}`);
    },
    async serving() {
      const answers = await Promise.all(nodes.map((node) => role(node.region, "primary").then(Boolean, () => false)));
      const leading = nodes.filter((_, index) => answers[index]);
      return leading.length === 1 ? leading[0]?.region : undefined;
    },
    down: () => end(folder),
  };
}

const get = (url: string): Promise<Response> => fetch(url, { signal: AbortSignal.timeout(restLimitMs) });

/** A process of its own, known by pid and start time, and marked so that what it starts is found too. */
function launchIn(options: {
  readonly folder: string;
  readonly log: string;
  readonly what: string;
  readonly place: string;
  readonly program: string;
  readonly args: readonly string[];
}): void {
  const { folder, what, place, program } = options;
  const out = openSync(options.log, "a", 0o600);
  const child = spawn(program, options.args, {
    cwd: folder,
    detached: true,
    stdio: ["ignore", out, out],
    env: { ...process.env, LEEWARD_LAB_RUN: folder, LEEWARD_LAB_PLACE: place },
  });
  closeSync(out);
  child.on("error", () => {});
  if (child.pid === undefined) throw new BenchFailure(`${what} could not be started: ${program} may not be run`);
  record(folder, { what, place, pid: child.pid, startTime: startTimeOf(child.pid) ?? "gone" });
  child.unref();
}

/** Newer releases of Patroni raise timings below their floor by themselves; a figure under the wrong name is worse than none. */
function refuseAdjusted(log: string, profile: Profile): void {
  const line = existsSync(log)
    ? readFileSync(log, "utf8")
        .split("\n")
        .find((one) => /can't be smaller|adjusting/i.test(one))
    : undefined;
  if (line !== undefined) throw new BenchFailure(`This Patroni does not accept the profile ${profile.name}: ${line}`);
}

/** Nothing of it is needed any more. */
async function end(folder: string): Promise<void> {
  await killAll(folder);
  clearLedger(folder);
  rmSync(join(folder, "state"), { recursive: true, force: true });
  mkdirSync(join(folder, "state"), { mode: 0o700 });
}
