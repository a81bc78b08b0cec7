// The driver of `http` and `process` services: so many replicas of one command, each with a port of its own where it has one.
// S1. What runs after a restart of the agent is adopted, never started twice: replica i is known by its record file.
// S2. A replica that died while the agent was away is not started again by the driver itself: whether this region may run it is
//     asked of the agent first (I11).
// S3. A replica that dies while it is wanted is started again after a pause that grows and is bounded (back-off.ts).

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Action, Driver, Outcome, ServiceStatus } from "../../ports/driver.ts";
import type { Log } from "../../ports/log.ts";
import type { Signal } from "../../ports/signal.ts";
import { backOff, pauseBeforeRestart } from "./back-off.ts";
import { answers200, portTrouble } from "./health.ts";
import { isAlive } from "./look.ts";
import { removeRecord } from "./record.ts";
import { adopt, type Running, startProcess, stop } from "./start.ts";

export type ProcessServiceOptions = {
  readonly service: string;
  readonly type: "http" | "process";
  readonly command: readonly string[];
  /** The whole environment of a replica, besides PORT and HOST, which the driver sets for `http` services. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Where `http` replicas listen: replica i has port `firstPort + i`. */
  readonly host?: string;
  readonly firstPort?: number;
  readonly health?: { readonly path: string; readonly timeoutMs: number };
  /** Records and logs are kept here, as `SERVICE-i.json` and `SERVICE-i.log`. */
  readonly stateFolder: string;
  readonly log: Log;
  readonly as?: { readonly uid: number; readonly gid: number };
};

/** No manifest needs more on one machine, and a slip of the pen should not start ten thousand. */
const replicasMax = 256;
/** How long a replica may take to end by itself before it is killed. */
const stopGraceMs = 3_000;
const readyPollMs = 25;

type Replica = { running: Running | undefined; deaths: number; startedMs: number; timer: NodeJS.Timeout | undefined };

export class ProcessService implements Driver {
  readonly #options: ProcessServiceOptions;
  readonly #replicas = new Map<number, Replica>();
  #wanted = 0;
  #adopted: Promise<void> | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #closed = false;
  #readyNumbers: readonly number[] = [];
  /** Why the last start failed; shown until one succeeds. */
  #trouble: string | undefined;

  constructor(options: ProcessServiceOptions) {
    this.#options = options;
  }

  async status(_deadlineMs: number): Promise<ServiceStatus> {
    await this.#adoptOnce();
    const numbers = [...this.#replicas.keys()];
    const alive = await Promise.all(numbers.map((number) => this.#alive(number)));
    const ready = await Promise.all(numbers.map((number) => this.#ready(number)));
    this.#readyNumbers = numbers.filter((_, index) => ready[index] === true);
    const running = alive.filter(Boolean).length;
    const missing = this.#wanted - running;
    const note =
      this.#trouble ??
      (missing > 0 ? `${missing} of ${this.#wanted} replicas died and are being started again.` : undefined);
    return {
      service: this.#options.service,
      running: running > 0 || this.#wanted === 0,
      role: "not-a-database",
      replicas: { running, ready: ready.filter(Boolean).length },
      ...(note === undefined ? {} : { note }),
    };
  }

  /** Where replicas answered at the last look, `host:port`; empty for services that do not listen. */
  origins(): readonly string[] {
    const { host = "127.0.0.1", firstPort } = this.#options;
    return firstPort === undefined ? [] : this.#readyNumbers.map((number) => `${host}:${firstPort + number}`);
  }

  async perform(action: Action, deadlineMs: number, progress: (sentence: string) => void): Promise<Outcome> {
    await this.#adoptOnce();
    switch (action.kind) {
      case "scale":
        return this.#scale(action.replicas, deadlineMs, progress);
      case "stop":
        return this.#scale(0, deadlineMs, progress);
      default:
        return this.#failed("never", `a service of type ${this.#options.type} cannot be asked to ${action.kind}.`);
    }
  }

  async run(signal: Signal): Promise<void> {
    await this.#adoptOnce();
    if (!signal.aborted) {
      await new Promise<void>((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    }
    // What runs goes on running; only the looking after ends.
    this.#closed = true;
    for (const replica of this.#replicas.values()) clearTimeout(replica.timer);
  }

  async shutdown(deadlineMs: number): Promise<void> {
    await this.#adoptOnce();
    await this.#scale(0, deadlineMs, () => {});
    this.#closed = true;
  }

  async #scale(replicas: number, deadlineMs: number, progress: (sentence: string) => void): Promise<Outcome> {
    if (!Number.isInteger(replicas) || replicas < 0 || replicas > replicasMax) {
      return this.#failed("never", `it can have 0 to ${replicasMax} replicas, not ${replicas}.`);
    }
    const until = performance.now() + deadlineMs;
    const trouble = await this.#inTurn(async () => {
      this.#wanted = replicas;
      const extra = [...this.#replicas.keys()].filter((number) => number >= replicas);
      if (extra.length > 0) progress(`stopping ${extra.length} of ${this.#replicas.size} replicas`);
      const graceMs = Math.max(0, Math.min(stopGraceMs, deadlineMs / 2));
      const left = (await Promise.all(extra.map((number) => this.#stop(number, graceMs)))).filter(
        (text) => text !== undefined,
      );
      if (left[0] !== undefined) return left[0];
      for (let number = 0; number < replicas; number++) {
        if (await this.#alive(number)) continue;
        progress(`starting replica ${number + 1} of ${replicas}`);
        const failure = await this.#start(number);
        if (failure !== undefined) return failure;
      }
      return undefined;
    });
    if (trouble !== undefined) return trouble;
    return this.#awaitReady(replicas, until);
  }

  async #awaitReady(replicas: number, until: number): Promise<Outcome> {
    const { service } = this.#options;
    for (;;) {
      const numbers = Array.from({ length: replicas }, (_, number) => number);
      const ready = (await Promise.all(numbers.map((number) => this.#ready(number)))).filter(Boolean).length;
      if (ready === replicas) {
        const reason =
          replicas === 0
            ? `no replica of ${service} runs`
            : `${replicas} of ${replicas} replicas of ${service} are ready`;
        return { kind: "done", reason, facts: { running: replicas, ready } };
      }
      if (performance.now() >= until) {
        const last = this.#trouble === undefined ? "" : ` ${this.#trouble}`;
        return {
          kind: "failed",
          retry: "later",
          reason: `${ready} of ${replicas} replicas of ${service} were ready in time.${last} See ${this.#file(0, "log")}.`,
          facts: { ready },
        };
      }
      await sleep(readyPollMs);
    }
  }

  async #start(number: number): Promise<Outcome | undefined> {
    const { service, command, env, cwd, firstPort, type, as } = this.#options;
    const [program, ...args] = command;
    if (program === undefined) return this.#failed("never", "the manifest gives it no command to run.");
    const host = this.#options.host ?? "127.0.0.1";
    const port = type === "http" && firstPort !== undefined ? firstPort + number : undefined;
    const inUse = port === undefined ? undefined : await portTrouble(host, port);
    if (inUse !== undefined) {
      this.#trouble = `${inUse}.`;
      return this.#failed("later", `${inUse}.`);
    }
    const started = await startProcess({
      command: program,
      args,
      cwd,
      env: { ...env, ...(port === undefined ? {} : { PORT: String(port), HOST: host }) },
      logFile: this.#file(number, "log"),
      recordFile: this.#file(number, "json"),
      notes: { service, replica: number, ...(port === undefined ? {} : { port }) },
      ...(as === undefined ? {} : { as }),
    });
    if (started.kind === "failed") {
      this.#trouble = started.why;
      return this.#failed(started.retry, started.why);
    }
    this.#trouble = undefined;
    this.#watch(number, started.running);
    this.#options.log.write("info", "services", `${service}: replica ${number} runs`, {
      pid: started.running.record.pid,
    });
    return undefined;
  }

  #watch(number: number, running: Running): void {
    const before = this.#replicas.get(number);
    clearTimeout(before?.timer);
    const startedMs = performance.now();
    const replica: Replica = { running, deaths: before?.deaths ?? 0, startedMs, timer: undefined };
    this.#replicas.set(number, replica);
    // Nothing waits for this: it is the news of the end, whenever that is.
    void running.ended.then((ended) => {
      if (this.#replicas.get(number) !== replica || this.#closed || number >= this.#wanted) return;
      replica.running = undefined;
      this.#restartLater(number, replica, ended.signal ?? ended.code ?? "unseen");
    });
  }

  #restartLater(number: number, replica: Replica, how: string | number): void {
    const livedMs = performance.now() - replica.startedMs;
    replica.deaths = livedMs >= backOff.forgetAfterMs ? 1 : replica.deaths + 1;
    const pauseMs = pauseBeforeRestart(replica.deaths);
    this.#options.log.write(
      "warn",
      "services",
      `${this.#options.service}: replica ${number} ended by itself; it is started again`,
      {
        how,
        pauseMs,
      },
    );
    replica.timer = setTimeout(() => {
      // Awaited by nobody: what it finds is in the log and in the status.
      void this.#inTurn(async () => {
        if (this.#closed || number >= this.#wanted || (await this.#alive(number))) return;
        const failure = await this.#start(number);
        if (failure !== undefined) this.#restartLater(number, replica, failure.reason);
      });
    }, pauseMs);
    replica.timer.unref();
  }

  async #stop(number: number, graceMs: number): Promise<Outcome | undefined> {
    const replica = this.#replicas.get(number);
    clearTimeout(replica?.timer);
    const record = replica?.running?.record;
    if (record !== undefined && !(await stop(record, { graceMs }))) {
      return {
        kind: "unknown",
        reason: `replica ${number} of ${this.#options.service} (pid ${record.pid}) does not end, not even killed; look at its state with: ps -o pid,state,wchan ${record.pid}`,
      };
    }
    await removeRecord(this.#file(number, "json"));
    this.#replicas.delete(number);
    return undefined;
  }

  async #alive(number: number): Promise<boolean> {
    const record = this.#replicas.get(number)?.running?.record;
    return record !== undefined && (await isAlive(record));
  }

  async #ready(number: number): Promise<boolean> {
    const { host, firstPort, health, type } = this.#options;
    if (!(await this.#alive(number))) return false;
    if (type !== "http" || firstPort === undefined || health === undefined) return true;
    return answers200(host ?? "127.0.0.1", firstPort + number, health.path, health.timeoutMs);
  }

  #adoptOnce(): Promise<void> {
    this.#adopted ??= this.#adoptAll();
    return this.#adopted;
  }

  async #adoptAll(): Promise<void> {
    const { service, stateFolder, log } = this.#options;
    const names = await readdir(stateFolder).catch(() => []);
    for (const name of names) {
      const number = numberOf(name, service);
      if (number === undefined) continue;
      const running = await adopt(join(stateFolder, name));
      if (running === undefined) continue;
      this.#wanted = Math.max(this.#wanted, number + 1);
      this.#watch(number, running);
      log.write("info", "services", `${service}: replica ${number} still runs and is taken over`, {
        pid: running.record.pid,
      });
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  #file(number: number, ending: "json" | "log"): string {
    return join(this.#options.stateFolder, `${this.#options.service}-${number}.${ending}`);
  }

  #failed(retry: "later" | "never", why: string): Outcome & { kind: "failed" } {
    return { kind: "failed", retry, reason: `${this.#options.service}: ${why}` };
  }
}

function numberOf(fileName: string, service: string): number | undefined {
  const match = fileName.startsWith(`${service}-`) ? /^(\d+)\.json$/.exec(fileName.slice(service.length + 1)) : null;
  return match?.[1] === undefined ? undefined : Number(match[1]);
}
