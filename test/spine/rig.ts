// The real controller and the real agents of a small system, in one process and in virtual time, with everything around them made up:
// lines with delays that can be cut, a store and disks in memory, databases, routers, users. The same seed is the same story.
//
// I1 is watched all along: no two routers may let writes through at one instant, and nothing is acknowledged under an epoch once a higher
// one has begun to acknowledge.

import { Agent } from "../../src/agent/agent.ts";
import type { Tended } from "../../src/agent/caretaker.ts";
import { Controller } from "../../src/controller/controller.ts";
import type { TrailRow } from "../../src/core/audit/verify.ts";
import { defaultLeaseConfig, type LeaseConfig, type Safeguards } from "../../src/core/lease/timing.ts";
import type { RegionName, System } from "../../src/core/model/system.ts";
import { chanceFrom } from "../../src/core/watch/chance.ts";
import type { Point } from "../../src/executor/execute.ts";
import type { Disk } from "../../src/ports/disk.ts";
import type { Driver } from "../../src/ports/driver.ts";
import type { Log } from "../../src/ports/log.ts";
import type { Notice } from "../../src/ports/notifier.ts";
import type { Peers } from "../../src/ports/peers.ts";
import type { Prober, ProbeTarget } from "../../src/ports/probe.ts";
import { Stop } from "../../src/ports/signal.ts";
import type { Store, StoreFailure } from "../../src/ports/store.ts";
import { calls, type RouterConfig } from "../../src/wire/calls.ts";
import type { CommandAnswer, GroupStatus, PersonCommand, RunReport } from "../../src/wire/people.ts";
import { type MemoryDisk, makeMemoryDisk } from "../contract/memory-disk.ts";
import { makeMemoryStore } from "../contract/memory-store.ts";
import { Databases, type Row } from "./database.ts";
import { methods } from "./shop.ts";
import { VirtualClock } from "./virtual-clock.ts";

const group = "storefront";
const lineDelayMs = 15;
const loopbackMs = 1;
const storeDeadlineMs = 200;
const writeEveryMs = 20;
const lookEveryMs = 4;

type Handler = (name: string, body: unknown) => Promise<unknown>;
type Process = { alive: boolean; readonly stop: Stop };
type RouterState = { config: RouterConfig | undefined; process: Process };

export class Rig {
  readonly time = new VirtualClock();
  readonly system: System;
  readonly seed: number;
  readonly databases: Databases;
  readonly violations: string[] = [];
  readonly lines: string[] = [];
  readonly notices: Notice[] = [];
  /** Rows whose commit was acknowledged to a user, with when. */
  readonly acknowledged: { readonly row: Row; readonly atMs: number; readonly region: RegionName }[] = [];
  /** An order that an agent's end interrupted is begun again by the next one. */
  agentsWereRestarted = false;
  reached: ((step: string, point: Point, kind: string) => void) | undefined;
  controller: Controller | undefined;
  readonly agents = new Map<RegionName, Agent>();
  readonly replicas = new Map<string, number>();
  /** Share of the probes of a region that fail, though it lives. */
  readonly failing = new Map<RegionName, number>();
  /** Milliseconds by which everything in a region answers probes later. */
  readonly slow = new Map<RegionName, number>();
  readonly #lease: LeaseConfig;
  readonly #random: () => number;
  readonly #store = makeMemoryStore();
  readonly #disks = new Map<RegionName, MemoryDisk>();
  readonly #handlers = new Map<
    string,
    { readonly region: RegionName; readonly process: Process; readonly handle: Handler }
  >();
  readonly #cuts = new Set<string>();
  readonly #dark = new Set<RegionName>();
  readonly #routers = new Map<RegionName, RouterState>();
  readonly #processes = new Map<string, Process>();
  #storeFault: "none" | "hangs" | "hangs, and does it" = "none";
  #highestEpoch = 0;
  #rows = 0;
  #users = false;

  constructor(system: System, seed = 1, safeguards: Partial<Safeguards> = {}) {
    this.system = system;
    this.#lease = { ...defaultLeaseConfig, safeguards: { ...defaultLeaseConfig.safeguards, ...safeguards } };
    this.seed = seed;
    this.#random = chanceFrom(seed);
    const serving = system.groups.flatMap((one) => one.primary);
    this.databases = new Databases(
      this.time,
      [...new Set(serving)],
      (from, to) => this.#reaches(from, to),
      lineDelayMs,
    );
    for (const region of system.regions) this.#disks.set(region.name, makeMemoryDisk());
  }

  // ---- what a story does ----

  async start(): Promise<void> {
    for (const region of this.system.regions) await this.startRegion(region.name);
    this.startController();
    await this.until(
      "it serves",
      () => this.status().traffic !== undefined && this.servingRegion() !== undefined,
      30_000,
    );
    this.startUsers();
    await this.until(
      "its standby is promotable",
      () => this.status().promotable.length === this.#serving && this.idle(),
      30_000,
    );
    await this.pass(1_000);
  }

  startController(fingerprint = "the same"): void {
    const process = this.#begin("controller");
    const clock = this.time.clock(() => process.alive);
    const controller = new Controller({
      system: this.system,
      region: "watch",
      fingerprint,
      lease: this.#lease,
      methods,
      clock,
      store: this.#storeFor(process),
      peers: this.#peersFor("watch", process),
      notifier: {
        notify: async (notice) => {
          this.notices.push(notice);
          return [];
        },
      },
      log: this.#logFor("controller"),
      reached: (plan, step, point) => {
        if (process.alive) this.reached?.(step, point, plan.kind);
      },
    });
    this.controller = controller;
    this.#handlers.set(this.#address("watch", "controller"), {
      region: "watch",
      process,
      handle: async (name, body) => {
        if (name === "renew") return controller.renew(calls.renew.request.parse(body));
        if (name === "report") return controller.report(calls.report.request.parse(body));
        throw new Error(`the controller has no call ${name}`);
      },
    });
    this.#survive("controller", controller.run(process.stop));
  }

  killController(): void {
    this.#end("controller");
  }

  async startRegion(region: RegionName): Promise<void> {
    await this.startAgent(region);
    this.startRouter(region);
  }

  async startAgent(region: RegionName): Promise<void> {
    const process = this.#begin(`agent ${region}`);
    const clock = this.time.clock(() => process.alive);
    const opening = Agent.open({
      system: this.system,
      region,
      fingerprint: "the same",
      lease: this.#lease,
      clock,
      disk: this.#diskFor(region, process),
      peers: this.#peersFor(region, process),
      prober: this.#proberFor(region, process),
      log: this.#logFor(region),
      tended: this.#tendedIn(region, process),
      machineInstantIn: (ms) => ({ monotonicMs: clock.nowMs() + ms, wallMs: clock.wallMs() + ms }),
      via: (address) => address,
      pid: 1,
      processes: () => [],
    });
    let opened: Awaited<typeof opening> | undefined;
    void opening.then((one) => {
      opened = one;
    });
    await this.time.pass(1_000, () => opened !== undefined);
    if (!(opened instanceof Agent)) throw new Error(`the agent of ${region} does not start: ${JSON.stringify(opened)}`);
    const agent = opened;
    this.agents.set(region, agent);
    this.#handlers.set(this.#address(region, "agent"), {
      region,
      process,
      handle: async (name, body) => {
        switch (name) {
          case "hold":
            return agent.hold(calls.hold.request.parse(body));
          case "lease":
            return agent.lease(calls.lease.request.parse(body));
          case "order":
            return agent.order(calls.order.request.parse(body));
          case "route":
            return agent.route(calls.route.request.parse(body));
          default:
            throw new Error(`an agent has no call ${name}`);
        }
      },
    });
    this.#survive(`agent ${region}`, agent.run(process.stop));
  }

  killAgent(region: RegionName): void {
    this.agentsWereRestarted = true;
    this.#end(`agent ${region}`);
  }

  startRouter(region: RegionName): void {
    const process = this.#begin(`router ${region}`);
    const state: RouterState = { config: this.#routers.get(region)?.config, process };
    // After a restart it goes on by what is on its disk, all but the right to write.
    if (state.config !== undefined) {
      state.config = { ...state.config, groups: state.config.groups.map(({ writeUntil: _, ...rest }) => rest) };
    }
    this.#routers.set(region, state);
    void this.#route(region, state);
  }

  /** Everything in the region ends at once, and its lines swallow what comes. */
  loseRegion(region: RegionName): void {
    this.tell(`everything in ${region} dies`);
    this.#dark.add(region);
    this.#end(`agent ${region}`);
    this.#end(`router ${region}`);
    const copy = this.databases.copies.get(region);
    if (copy !== undefined) Object.assign(copy, { running: false, streaming: false });
    for (const service of this.system.services) this.replicas.set(`${service.name}@${region}`, 0);
  }

  async returnRegion(region: RegionName): Promise<void> {
    this.tell(`${region} returns`);
    this.#dark.delete(region);
    await this.startRegion(region);
  }

  cut(from: RegionName, to: RegionName): void {
    this.#cuts.add(`${from}>${to}`);
    this.#cuts.add(`${to}>${from}`);
  }

  cutOneWay(from: RegionName, to: RegionName): void {
    this.#cuts.add(`${from}>${to}`);
  }

  cutOff(region: RegionName): void {
    this.tell(`${region} is cut off`);
    for (const other of this.system.regions) if (other.name !== region) this.cut(region, other.name);
  }

  heal(): void {
    this.tell("all lines are whole");
    this.#cuts.clear();
  }

  storeFault(fault: "none" | "hangs" | "hangs, and does it"): void {
    this.tell(`the store: ${fault}`);
    this.#storeFault = fault;
  }

  startUsers(): void {
    if (this.#users) return;
    this.#users = true;
    const next = (): void => {
      void this.#write();
      this.time.after(writeEveryMs, next);
    };
    next();
  }

  async order(command: PersonCommand): Promise<CommandAnswer> {
    const { controller } = this;
    if (controller === undefined) throw new Error("no controller");
    let answer: CommandAnswer | undefined;
    let failure: unknown;
    controller.command(command).then(
      (one) => {
        answer = one;
      },
      (error: unknown) => {
        failure = error;
      },
    );
    await this.time.pass(10_000, () => answer !== undefined || failure !== undefined);
    if (failure !== undefined) throw failure;
    if (answer === undefined) throw new Error(`no answer to ${command.kind}\n${this.story()}`);
    this.tell(`${command.kind}: ${answer.accepted ? "accepted" : "refused"}, ${answer.sentence}`);
    return answer;
  }

  pass(ms: number): Promise<boolean> {
    return this.time.pass(ms);
  }

  /** Lets time pass until it is so; an error with the whole story when it does not come. */
  async until(what: string, done: () => boolean, ms = 60_000): Promise<void> {
    // Looked at every few milliseconds: to look after each event would cost more than the story.
    let nextMs = this.time.nowMs;
    const looked = (): boolean => {
      if (this.time.nowMs < nextMs) return false;
      nextMs = this.time.nowMs + lookEveryMs;
      return done();
    };
    if (!(await this.time.pass(ms, looked)) && !done())
      throw new Error(`not within ${ms} ms: ${what}\n${this.story()}`);
  }

  get #serving(): number {
    return this.databases.copies.size;
  }

  // ---- what a story sees ----

  /** The audit trail of the group, as the store has it. */
  async trail(): Promise<readonly TrailRow[]> {
    const journal = await this.#store.journal(`timeline/${group}`);
    if (journal.kind !== "rows") throw new Error(journal.why);
    return journal.rows.map(({ seq, entry }) => ({ group, seq, text: JSON.stringify(entry) }));
  }

  status(): GroupStatus {
    const [status] = this.controller?.status().groups ?? [];
    if (status === undefined) throw new Error("no group");
    return status;
  }

  idle(): boolean {
    return this.status().run === undefined;
  }

  async runs(): Promise<readonly RunReport[]> {
    let runs: readonly RunReport[] | undefined;
    void this.controller?.history({ sinceMs: 0, runsMax: 100 }).then((report) => {
      runs = report.runs;
    });
    await this.time.pass(2_000, () => runs !== undefined);
    return runs ?? [];
  }

  /** Regions whose routers let writes through at this instant. */
  openRegions(): readonly RegionName[] {
    return [...this.#routers].flatMap(([region]) => (this.#isOpen(region) ? [region] : []));
  }

  /** Where a user's write would be acknowledged at this instant. */
  servingRegion(): RegionName | undefined {
    return this.openRegions().find((region) => {
      const copy = this.databases.copies.get(region);
      return copy?.running === true && copy.role === "primary";
    });
  }

  /** The longest time without an acknowledgement since `sinceMs`, and until now. */
  longestGapMs(sinceMs: number): number {
    const times = [
      sinceMs,
      ...this.acknowledged.flatMap(({ atMs }) => (atMs >= sinceMs ? [atMs] : [])),
      this.time.nowMs,
    ];
    return Math.max(...times.slice(1).map((atMs, index) => atMs - (times[index] ?? atMs)));
  }

  /** Acknowledged rows that the serving database does not have. */
  lost(): readonly Row[] {
    const region = this.servingRegion() ?? this.status().primary;
    const kept = new Set(this.databases.of(region).rows.map((row) => row.id));
    return this.acknowledged.flatMap(({ row }) => (kept.has(row.id) ? [] : [row]));
  }

  tell(sentence: string): void {
    this.lines.push(`${(this.time.nowMs / 1_000).toFixed(3).padStart(9)} ${sentence}`);
  }

  story(): string {
    return [
      `seed ${this.seed}`,
      ...this.lines.slice(-150),
      `now: ${JSON.stringify({ open: this.openRegions(), serving: this.servingRegion(), ...this.#summary() })}`,
      `databases: ${JSON.stringify([...this.databases.copies.values()].map(({ rows, ...copy }) => ({ ...copy, rows: rows.length })))}`,
      ...this.violations,
    ].join("\n");
  }

  /** What must hold in every story. */
  problems(): readonly string[] {
    const silent =
      this.controller === undefined
        ? []
        : this.controller
            .status()
            .groups.filter((one) => one.sentence.length === 0 || one.decision.reason.length === 0);
    const counts = this.agentsWereRestarted
      ? []
      : [...this.agents.values()].flatMap((agent) => Object.entries(agent.status().effects));
    const twice = counts.flatMap(([key, count]) => (count > 1 ? [`${key} was begun ${count} times`] : []));
    return [...this.violations, ...silent.map((one) => `${one.group} has no reason`), ...twice];
  }

  #summary(): object {
    const { epoch, primary, promotable, traffic, decision, run } = this.status();
    return { epoch, primary, promotable, traffic, decision: decision.reason, run: run?.id };
  }

  // ---- users ----

  async #write(): Promise<void> {
    const open = this.openRegions();
    if (open.length > 1) this.#violation(`${open.join(" and ")} let writes through at one instant`);
    for (const region of open) {
      const epoch = this.#groupConfig(region)?.epoch ?? 0;
      const row: Row = { id: ++this.#rows, epoch };
      if (!(await this.databases.commit(region, row))) continue;
      // The clock is read again when the answer goes out.
      if (!this.#isOpen(region) || this.#groupConfig(region)?.epoch !== epoch) continue;
      if (epoch < this.#highestEpoch)
        this.#violation(`${region} acknowledged under epoch ${epoch} after epoch ${this.#highestEpoch} had begun`);
      this.#highestEpoch = Math.max(this.#highestEpoch, epoch);
      this.acknowledged.push({ row, atMs: this.time.nowMs, region });
      return;
    }
  }

  #violation(sentence: string): void {
    if (this.violations.length < 20) this.violations.push(`I1 at ${this.time.nowMs}: ${sentence}`);
  }

  #groupConfig(region: RegionName): RouterConfig["groups"][number] | undefined {
    return this.#routers.get(region)?.config?.groups.find((one) => one.group === group);
  }

  #isOpen(region: RegionName): boolean {
    const config = this.#groupConfig(region);
    const alive = this.#routers.get(region)?.process.alive === true;
    return (
      alive &&
      config?.primary === region &&
      config.mode === "open" &&
      config.writeUntil !== undefined &&
      this.time.nowMs < config.writeUntil.monotonicMs
    );
  }

  // ---- the made-up world ----

  #begin(name: string): Process {
    this.#end(name);
    const process: Process = { alive: true, stop: new Stop() };
    this.#processes.set(name, process);
    return process;
  }

  #end(name: string): void {
    const process = this.#processes.get(name);
    if (process?.alive === true) {
      this.tell(`${name} ends`);
      process.alive = false;
    }
  }

  #survive(name: string, running: Promise<void>): void {
    running.then(
      () => this.#violation(`${name} returned by itself`),
      (error: unknown) =>
        this.#violation(`${name} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`),
    );
  }

  #reaches(from: RegionName, to: RegionName): boolean {
    return !this.#cuts.has(`${from}>${to}`) && !this.#dark.has(from) && !this.#dark.has(to);
  }

  #delay(from: RegionName, to: RegionName): number {
    return from === to ? loopbackMs : lineDelayMs + this.#random() * 2;
  }

  #address(region: RegionName, what: "agent" | "controller"): string {
    return this.system.regions.find((one) => one.name === region)?.[what] ?? "";
  }

  #peersFor(region: RegionName, process: Process): Peers {
    return {
      call: (base, name, body, deadlineMs) =>
        new Promise((resolve) => {
          if (!process.alive) return;
          const text = JSON.stringify(body);
          const late = (): void => {
            if (process.alive) resolve({ kind: "failed", cause: "unknown", why: `no answer within ${deadlineMs} ms` });
          };
          this.time.after(deadlineMs, late);
          const target = this.#handlers.get(base);
          if (target === undefined) return;
          this.time.after(this.#delay(region, target.region), () => {
            const there = this.#handlers.get(base);
            if (there === undefined || !there.process.alive || !this.#reaches(region, there.region)) return;
            there.handle(name, JSON.parse(text)).then(
              (answer) => {
                const spoken = (calls as Record<string, { response: { parse: (value: unknown) => unknown } }>)[
                  name
                ]?.response.parse(answer);
                this.time.after(this.#delay(there.region, region), () => {
                  if (there.process.alive && process.alive && this.#reaches(there.region, region)) {
                    resolve({ kind: "answer", body: JSON.parse(JSON.stringify(spoken)) });
                  }
                });
              },
              (error: unknown) =>
                this.#violation(
                  `${base} failed at ${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
                ),
            );
          });
        }),
    };
  }

  #proberFor(region: RegionName, process: Process): Prober {
    return {
      probe: (target, timeoutMs, lateMs = timeoutMs) =>
        new Promise((resolve) => {
          const there = this.#regionOf(target);
          const roundTripMs = 2 * this.#delay(region, there) + (this.slow.get(there) ?? 0);
          const answers =
            this.#reaches(region, there) &&
            this.#reaches(there, region) &&
            this.#answers(target, there) &&
            // No number is drawn where nothing fails, so that the other stories stay what they were.
            !(this.failing.has(there) && this.#random() < (this.failing.get(there) ?? 0));
          const ok = answers && roundTripMs < timeoutMs;
          const late = this.#later(lateMs > timeoutMs ? Math.min(roundTripMs, lateMs) : 0, process).then(() =>
            answers && roundTripMs < lateMs ? { roundTripMs } : undefined,
          );
          this.time.after(ok ? roundTripMs : timeoutMs, () => {
            if (!process.alive) return;
            const missed = { ok: false, roundTripMs: timeoutMs, why: `no answer within ${timeoutMs} ms` };
            resolve(ok ? { ok, roundTripMs } : lateMs > timeoutMs ? { ...missed, late } : missed);
          });
        }),
    };
  }

  #regionOf(target: ProbeTarget): RegionName {
    const where = "url" in target ? target.url : `${target.kind}, which nothing here is looked at by`;
    const found = this.system.regions.find(
      (region) =>
        region.agent === where ||
        (region.router !== undefined && where.startsWith(`http://${region.router.http}`)) ||
        this.system.services.some((service) => service.in[region.name]?.url === where),
    );
    if (found === undefined) throw new Error(`nobody knows ${where}`);
    return found.name;
  }

  #answers(target: ProbeTarget, region: RegionName): boolean {
    switch (target.kind) {
      case "agent":
        return this.#processes.get(`agent ${region}`)?.alive === true;
      case "sql":
        return this.databases.copies.get(region)?.running === true;
      default:
        return this.#routers.get(region)?.process.alive === true && (this.replicas.get(`web@${region}`) ?? 0) > 0;
    }
  }

  #storeFor(process: Process): Store {
    const failure: StoreFailure = { kind: "failed", retry: "unknown", why: `no answer within ${storeDeadlineMs} ms` };
    const asked = async <T>(call: () => Promise<T>): Promise<T | StoreFailure> => {
      const fault = this.#storeFault;
      await this.#later(fault === "none" ? loopbackMs : storeDeadlineMs, process);
      if (fault === "hangs") return failure;
      const result = await call();
      if (fault === "hangs, and does it") return failure;
      await this.#later(loopbackMs, process);
      return result;
    };
    return {
      get: (key) => asked(() => this.#store.get(key)),
      list: (prefix) => asked(() => this.#store.list(prefix)),
      swap: (writes, checks) => asked(() => this.#store.swap(writes, checks)),
      append: (row) => asked(() => this.#store.append(row)),
      journal: (run) => asked(() => this.#store.journal(run)),
      close: async () => {},
    };
  }

  #diskFor(region: RegionName, process: Process): Disk {
    const disk = this.#disks.get(region);
    if (disk === undefined) throw new Error(`${region} has no disk`);
    return {
      read: async (name) => {
        await this.#later(loopbackMs, process);
        return disk.read(name);
      },
      write: async (name, value) => {
        await this.#later(loopbackMs, process);
        await disk.write(name, value);
        await this.#later(loopbackMs, process);
      },
    };
  }

  #logFor(who: string): Log {
    return {
      write: (level, part, sentence) => {
        if (level !== "info" || part === "decided" || part === "lease" || part === "order")
          this.tell(`${who} ${part}: ${sentence}`);
      },
    };
  }

  #tendedIn(region: RegionName, process: Process): ReadonlyMap<string, Tended> {
    return new Map(
      this.system.services.flatMap((service): [string, Tended][] => {
        if (service.in[region] === undefined) return [];
        const database = service.replication !== undefined;
        const driver = this.#livingDriver(
          database ? this.databases.driver(region) : this.#scaled(`${service.name}@${region}`, service.name),
          process,
        );
        return [[service.name, { driver, kind: database ? "tcp" : "http", database, origins: () => [] }]];
      }),
    );
  }

  /** What a driver was asked for goes on when its agent dies; only nobody hears of it. */
  #livingDriver(driver: Driver, process: Process): Driver {
    const heard = <T>(value: Promise<T>): Promise<T> =>
      value.then((one) => (process.alive ? one : new Promise<T>(() => {})));
    return {
      ...driver,
      status: (deadlineMs) => heard(driver.status(deadlineMs)),
      perform: (action, deadlineMs, progress) => heard(driver.perform(action, deadlineMs, progress)),
    };
  }

  #scaled(key: string, service: string): Driver {
    return {
      status: async () => {
        await this.#later(1);
        const running = this.replicas.get(key) ?? 0;
        return { service, running: running > 0, role: "not-a-database", replicas: { running, ready: running } };
      },
      perform: async (action) => {
        await this.#later(30);
        if (action.kind !== "scale") return { kind: "failed", retry: "never", reason: `${service} only scales` };
        this.replicas.set(key, action.replicas);
        return { kind: "done", reason: `${action.replicas} run` };
      },
      run: () => new Promise(() => {}),
      shutdown: async () => {},
    };
  }

  async #route(region: RegionName, state: RouterState): Promise<void> {
    let have = 0;
    const { process } = state;
    for (;;) {
      const agent = this.agents.get(region);
      const agentProcess = this.#processes.get(`agent ${region}`);
      const applied = Object.fromEntries(
        (state.config?.groups ?? []).map((one) => [one.group, { generation: one.generation, inFlight: 0 }]),
      );
      await this.#later(loopbackMs, process);
      let config: RouterConfig | undefined;
      if (agent !== undefined && agentProcess?.alive === true) {
        const asking = agent.routerConfig({ have, waitMs: 1_000, applied, outcomes: [] });
        const answer = await Promise.race([asking, this.#later(1_500, process).then(() => undefined)]);
        config = answer === undefined ? undefined : calls["router-config"].response.parse(answer);
      }
      await this.#later(config === undefined ? 50 : loopbackMs, process);
      if (config === undefined || !agentProcess?.alive) have = 0;
      else {
        have = config.serial;
        const before = state.config;
        // I5: a lower generation changes nothing.
        const groups = config.groups.map((one) => {
          const known = before?.groups.find((other) => other.group === one.group);
          return known !== undefined && known.generation > one.generation ? { ...known } : one;
        });
        state.config = { ...config, groups };
      }
    }
  }

  #later(ms: number, process?: Process): Promise<void> {
    return new Promise((resolve) =>
      this.time.after(ms, () => {
        if (process === undefined || process.alive) resolve();
      }),
    );
  }
}
