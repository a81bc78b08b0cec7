// What a probe costs: HTTP probes a second of processor time, beside blackbox exporter, in one run against one target server. Each probe
// is a new connection on both sides. And: are any healthy targets called down at 120 % of what the prober can do?
//
//   node bench/probe.ts [--seconds 4] [--rounds 3] [--parallel 32] [--json]
//
// Needs blackbox exporter for the comparison (Debian: apt-get install --no-install-recommends prometheus-blackbox-exporter); without it
// only Leeward's own figures are printed. `--blackbox PATH` names another binary.
//
// The target, the prober and blackbox exporter are processes of their own; processor seconds are those of the prober's process alone,
// user and system, from /proc/PID/stat. Blackbox exporter is asked as Prometheus asks it (GET /probe?target=...), over kept connections,
// by a client whose own time does not count.

import { type ChildProcess, fork, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent, get } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { makeProber } from "../src/drivers/probe/probe.ts";

const timeoutMs = 1_000;
/** The least that a probe is ever given. */
const saturatedTimeoutMs = 150;
const overload = 1.2;
/** What Linux counts in /proc/PID/stat, a second. */
const ticksPerSecond = 100;

type Order =
  | { readonly do: "closed"; readonly target: string; readonly ms: number; readonly parallel: number }
  | { readonly do: "open"; readonly target: string; readonly ms: number; readonly perSecond: number };
type Tally = {
  readonly made: number;
  readonly failed: number;
  readonly skipped: number;
  readonly offered: number;
  readonly tookMs: number;
  readonly why: string;
  readonly said: string;
};

// ---- the processes ----

function beTarget(): void {
  const answer = Buffer.from(
    "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok",
  );
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end(answer));
  });
  server.listen({ port: 0, host: "127.0.0.1", backlog: 4_096 }, () =>
    process.send?.((server.address() as AddressInfo).port),
  );
}

function beProber(): void {
  const prober = makeProber({ via: {}, secretOf: () => ({ kind: "missing", why: "" }) });
  process.on("message", async (order: Order) => {
    const startedMs = performance.now();
    let [made, failed, skipped, offered, why, said] = [0, 0, 0, 0, "", ""];
    /** True when a look was made. */
    const one = async (patienceMs: number): Promise<boolean> => {
      offered += 1;
      const result = await prober.probe({ kind: "http", url: `http://${order.target}/healthz` }, patienceMs);
      if ("skipped" in result) {
        skipped += 1;
        return false;
      }
      made += 1;
      if (!result.ok) {
        failed += 1;
        why = result.why ?? "";
      }
      return true;
    };
    if (order.do === "closed") {
      const worker = async (): Promise<void> => {
        while (performance.now() - startedMs < order.ms)
          // What was left out is not asked for again at once: a prober waits for its next period.
          if (!(await one(timeoutMs))) await new Promise((resolve) => setTimeout(resolve, 10));
      };
      await Promise.all(Array.from({ length: order.parallel }, worker));
    } else {
      // As a clock offers them: what is due is begun, however late this process is.
      const open = new Set<Promise<boolean>>();
      await new Promise<void>((resolve) => {
        const timer = setInterval(() => {
          const ranMs = Math.min(order.ms, performance.now() - startedMs);
          for (let due = Math.floor((ranMs * order.perSecond) / 1_000) - offered; due > 0; due -= 1) {
            const probe = one(saturatedTimeoutMs);
            open.add(probe);
            void probe.finally(() => open.delete(probe));
          }
          said = prober.trouble() ?? said;
          if (ranMs < order.ms) return;
          clearInterval(timer);
          resolve();
        }, 1);
      });
      await Promise.all(open);
    }
    process.send?.({
      made,
      failed,
      skipped,
      offered,
      tookMs: performance.now() - startedMs,
      why,
      said,
    } satisfies Tally);
  });
  process.send?.("ready");
}

// ---- the measure ----

function cpuSeconds(pid: number): number {
  // The name, in brackets, may hold anything; the fields after it are counted from its end.
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

function start(role: string): Promise<{ readonly child: ChildProcess; readonly said: unknown }> {
  const child = fork(import.meta.filename, [role], { stdio: "inherit" });
  return new Promise((resolve, reject) => {
    child.once("message", (said) => resolve({ child, said }));
    child.once("exit", (code) => reject(new Error(`the ${role} process ended with ${code} before it was ready`)));
  });
}

function tell(prober: ChildProcess, order: Order): Promise<Tally> {
  return new Promise((resolve) => {
    prober.once("message", (tally) => resolve(tally as Tally));
    prober.send(order);
  });
}

/** One probe by blackbox exporter; true when it says that the target is well. */
function askBlackbox(port: number, target: string, agent: Agent): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const path = `/probe?module=leeward&target=${encodeURIComponent(`http://${target}/healthz`)}`;
    const request = get({ host: "127.0.0.1", port, path, agent }, (response) => {
      let text = "";
      response.setEncoding("latin1");
      response.on("data", (part: string) => {
        text += part;
      });
      response.on("end", () => resolve(/^probe_success 1$/m.test(text)));
      response.on("error", reject);
    });
    request.on("error", reject);
  });
}

async function driveBlackbox(
  port: number,
  target: string,
  ms: number,
  parallel: number,
): Promise<{ made: number; failed: number }> {
  const agent = new Agent({ keepAlive: true, maxSockets: parallel });
  const endMs = performance.now() + ms;
  let [made, failed] = [0, 0];
  const worker = async (): Promise<void> => {
    while (performance.now() < endMs) {
      made += 1;
      if (!(await askBlackbox(port, target, agent))) failed += 1;
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  agent.destroy();
  return { made, failed };
}

async function startBlackbox(binary: string, folder: string): Promise<{ child: ChildProcess; port: number }> {
  const config = join(folder, "blackbox.yml");
  writeFileSync(
    config,
    "modules:\n  leeward:\n    prober: http\n    timeout: 1s\n    http:\n      preferred_ip_protocol: ip4\n      valid_status_codes: [200]\n",
  );
  const free = createServer();
  await new Promise<void>((resolve) => free.listen(0, "127.0.0.1", resolve));
  const { port } = free.address() as AddressInfo;
  await new Promise((resolve) => free.close(resolve));
  const child = spawn(
    binary,
    [`--config.file=${config}`, `--web.listen-address=127.0.0.1:${port}`, "--log.level=error"],
    { stdio: ["ignore", "ignore", "inherit"] },
  );
  const agent = new Agent();
  for (let tries = 0; tries < 100; tries += 1) {
    const answers = await askBlackbox(port, "127.0.0.1:1", agent).then(
      () => true,
      () => false,
    );
    if (answers) return { child, port };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${binary} did not begin to answer`);
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seconds: { type: "string", default: "4" },
      rounds: { type: "string", default: "3" },
      parallel: { type: "string", default: "32" },
      blackbox: { type: "string", default: "/usr/bin/prometheus-blackbox-exporter" },
      json: { type: "boolean", default: false },
    },
  });
  const ms = Number(values.seconds) * 1_000;
  const rounds = Number(values.rounds);
  /** Probes under way at a time, for both. */
  const parallel = Number(values.parallel);
  const folder = mkdtempSync(join(tmpdir(), "leeward-bench-"));
  const children: ChildProcess[] = [];
  try {
    const served = await start("target");
    children.push(served.child);
    const target = `127.0.0.1:${String(served.said)}`;
    const { child: prober } = await start("prober");
    children.push(prober);
    const blackbox = existsSync(values.blackbox) ? await startBlackbox(values.blackbox, folder) : undefined;
    if (blackbox !== undefined) children.push(blackbox.child);

    await tell(prober, { do: "closed", target, ms: 1_000, parallel }); // warm up
    if (blackbox !== undefined) await driveBlackbox(blackbox.port, target, 1_000, parallel);

    const ours: { readonly perSecond: number; readonly perCpuSecond: number }[] = [];
    const theirs: { readonly perSecond: number; readonly perCpuSecond: number; readonly failed: number }[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const before = cpuSeconds(prober.pid ?? 0);
      const tally = await tell(prober, { do: "closed", target, ms, parallel });
      const cpu = cpuSeconds(prober.pid ?? 0) - before;
      if (tally.failed > 0) throw new Error(`${tally.failed} probes of a target that is well failed: ${tally.why}`);
      ours.push({ perSecond: (tally.made / tally.tookMs) * 1_000, perCpuSecond: tally.made / cpu });
      if (blackbox === undefined) continue;
      const blackboxPid = blackbox.child.pid ?? 0;
      const beforeTheirs = cpuSeconds(blackboxPid);
      const startedMs = performance.now();
      const driven = await driveBlackbox(blackbox.port, target, ms, parallel);
      theirs.push({
        perSecond: (driven.made / (performance.now() - startedMs)) * 1_000,
        perCpuSecond: driven.made / (cpuSeconds(blackboxPid) - beforeTheirs),
        failed: driven.failed,
      });
    }
    // Capacity is what it did when the next probe always waited; then more than that is offered by the clock.
    const capacity = Math.max(...ours.map((one) => one.perSecond));
    const saturated = await tell(prober, { do: "open", target, ms: 2 * ms, perSecond: capacity * overload });

    const leeward = {
      perSecond: Math.round(median(ours.map((one) => one.perSecond))),
      perCpuSecond: Math.round(median(ours.map((one) => one.perCpuSecond))),
    };
    const peer =
      theirs.length === 0
        ? undefined
        : {
            perSecond: Math.round(median(theirs.map((one) => one.perSecond))),
            perCpuSecond: Math.round(median(theirs.map((one) => one.perCpuSecond))),
            failed: theirs.reduce((sum, one) => sum + one.failed, 0),
          };
    // Round by round, so that what else the machine did cancels out.
    const ratio = Number(
      median(theirs.map((one, round) => (ours[round]?.perCpuSecond ?? 0) / one.perCpuSecond)).toFixed(2),
    );
    const over = {
      offeredPerSecond: Math.round((saturated.offered / saturated.tookMs) * 1_000),
      ofCapacity: overload,
      timeoutMs: saturatedTimeoutMs,
      offered: saturated.offered,
      made: saturated.made,
      skipped: saturated.skipped,
      falseDowns: saturated.failed,
      said: saturated.said,
    };
    if (values.json) console.log(JSON.stringify({ rounds, parallel, leeward, blackbox: peer, ratio, saturated: over }));
    else {
      const row = (name: string, one: { readonly perSecond: number; readonly perCpuSecond: number }): string =>
        `${name.padEnd(20)} ${String(one.perSecond).padStart(7)} probes/s   ${String(one.perCpuSecond).padStart(7)} probes per processor second`;
      console.log(row("leeward", leeward));
      if (peer === undefined) console.log(`${values.blackbox} is not installed: nothing to compare with`);
      else
        console.log(
          `${row("blackbox exporter", peer)}\nleeward makes ${ratio} times as many, median of ${rounds} rounds`,
        );
      console.log(
        `at ${Math.round(overload * 100)} % of capacity, ${over.timeoutMs} ms each: ${over.offered} offered, ${over.made} made, ${over.skipped} left out, ${over.falseDowns} called down`,
      );
      if (over.said !== "") console.log(`it said: ${over.said}`);
    }
  } finally {
    for (const child of children) child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
}

const [role] = process.argv.slice(2);
if (role === "target") beTarget();
else if (role === "prober") beProber();
else await main();
// A part of the bench is over when its parent is, however that ended.
if (process.connected) process.on("disconnect", () => process.exit(0));
