// One group under control: its record and lease, its routes, its decisions, its one run at a time.
// The loop is: what the watch diagnoses goes into `decide`; what it decides becomes a plan; a plan becomes a run.
// I2, I10. Nothing switches here that `decide` has not said.

import { decide } from "../core/decide/decide.ts";
import {
  type Candidate,
  type DecideInput,
  type DecideState,
  type Decision,
  type EndedRun,
  initialDecideState,
  type PersonRequest,
} from "../core/decide/decision.ts";
import type { LeaseConfig } from "../core/lease/timing.ts";
import { servicesOf } from "../core/model/select.ts";
import type { Group, RegionName, System } from "../core/model/system.ts";
import type { Outcome } from "../core/plan/action.ts";
import { compilePlan, type Methods } from "../core/plan/compile.ts";
import type { Plan, PlanKind } from "../core/plan/plan.ts";
import { isDatabase, type WatchConfig } from "../core/watch/config.ts";
import type { Diagnosis } from "../core/watch/diagnosis.ts";
import { reportKey } from "../core/watch/facts.ts";
import { isHeard, standbyOf, type WatchState } from "../core/watch/watch.ts";
import { Execution, type ExecutorPorts, type Performer, type Point } from "../executor/execute.ts";
import { type Command, type Entry, readRun } from "../executor/run.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { Notice } from "../ports/notifier.ts";
import type { Peers } from "../ports/peers.ts";
import type { Signal } from "../ports/signal.ts";
import type { Store, StoreFailure } from "../ports/store.ts";
import type { RequestOf, Traffic } from "../wire/calls.ts";
import type { CommandAnswer, GroupStatus, PersonCommand, RunReport } from "../wire/people.ts";
import { GroupStore, type Read, type RunIndex, recentRunsMax, type Switchboard } from "./group-store.ts";
import { LeaseDesk } from "./lease-desk.ts";
import { makePerformer } from "./performer.ts";
import { runReportOf } from "./run-report.ts";
import { Timeline } from "./timeline.ts";

export type GroupPorts = {
  readonly system: System;
  readonly group: Group;
  readonly methods: Methods;
  readonly fingerprint: string;
  readonly lease: LeaseConfig;
  readonly clock: Clock;
  readonly peers: Peers;
  readonly store: Store;
  readonly log: Log;
  readonly watchConfig: WatchConfig;
  readonly watched: () => { readonly state: WatchState; readonly diagnoses: readonly Diagnosis[] };
  readonly onStore: (failure: StoreFailure | undefined) => void;
  readonly onRecord: (record: { group: string; epoch: number; primary: string; promotable: readonly string[] }) => void;
  readonly notify: (notice: Omit<Notice, "system" | "atMs">) => void;
  /** For rehearsals: called at every durable boundary of every step. */
  readonly reached?: (plan: Plan, step: string, point: Point) => void;
};

/** A graceful switch wants the standby this close behind; what is left then takes milliseconds to arrive. */
const gracefulLagMaxBytes = 16 * 1024 * 1024;
/** The preferred region may be late at the very first start; then another one is established instead. */
const establishGraceMs = 15_000;
/** Between two tries to make a region a standby again. */
const protectPauseMs = [0, 1_000, 5_000, 15_000, 60_000] as const;
/** After a decision to switch that could not even be begun. */
const beginAgainMs = 250;
/** A person's word in a run is answered after this at the latest, durable or not. */
const commandWaitMs = 3_000;
/** The same complaint is not made again for so long; so many are remembered. */
const complainAgainMs = 600_000;
const complaintsMax = 64;
/** A region must have been heard for so long before it is made a standby: one that flaps is left alone. */
const protectAfterHeardMs = 600;

type Wanted = {
  readonly kind: PlanKind;
  readonly from: RegionName;
  readonly to: RegionName;
  readonly reason: string;
  /** The epoch it starts from, where that is not the record's own. */
  readonly epoch?: number;
  /** Only for `restore`. */
  readonly fenced?: boolean;
};

export class GroupControl {
  readonly #ports: GroupPorts;
  readonly #groupStore: GroupStore;
  readonly #performer: Performer;
  readonly desk: LeaseDesk;
  readonly timeline: Timeline;
  readonly #startedMs: number;
  #traffic: Traffic | undefined;
  #switchboard: Switchboard = { paused: false, pausedBy: "" };
  #runs: RunIndex = { recent: [], fingerprint: "" };
  #decideState: DecideState = initialDecideState;
  #decision: Decision | undefined;
  #execution: Execution | undefined;
  #driving: Promise<void> = Promise.resolve();
  #lastRun: EndedRun | undefined;
  readonly #lossBounds = new Map<string, number>();
  readonly #heardSinceMs = new Map<RegionName, number>();
  readonly #protects = new Map<RegionName, { readonly tries: number; readonly nextMs: number }>();
  readonly #memberEpochs = new Map<RegionName, number>();
  readonly #complaints = new Map<string, number>();
  /** A run that moved the epoch and ended before users were there: what is left of it is done by another one. */
  #unfinished: Plan | undefined;
  #finishing = { tries: 0, nextMs: 0 };
  #beginAfterMs = Number.NEGATIVE_INFINITY;
  #remembers = false;
  #loaded = false;
  #starting = false;

  constructor(ports: GroupPorts) {
    this.#ports = ports;
    this.#startedMs = ports.clock.nowMs();
    this.#groupStore = new GroupStore(ports.store, ports.group.name, ports.lease.timing.ttlMs);
    this.timeline = new Timeline(ports.store, ports.clock, ports.group.name);
    this.desk = new LeaseDesk({ ...ports, config: ports.lease, store: this.#groupStore });
    this.#performer = makePerformer({
      ...ports,
      desk: this.desk,
      targetProblem: (target, graceful) => this.#targetProblem(target, graceful),
      traffic: () => this.#traffic,
      storeTraffic: (next) => this.#storeTraffic(next),
      heard: () => ports.system.regions.map((region) => region.name).filter((region) => this.#isHeard(region)),
    });
  }

  get name(): string {
    return this.#ports.group.name;
  }

  get traffic(): Traffic | undefined {
    return this.#traffic;
  }

  get paused(): boolean {
    return this.#switchboard.paused;
  }

  /** Reads the store once, at the start; false while it is away. Takes up the run that an earlier process left. */
  async load(signal: Signal): Promise<boolean> {
    if (this.#loaded) return true;
    const read = await this.#groupStore.read();
    this.#ports.onStore(read.kind === "failed" ? read : undefined);
    if (read.kind === "failed") return false;
    this.desk.start(read);
    this.#traffic = read.traffic;
    this.#switchboard = read.switchboard;
    this.#runs = read.runs;
    if (!this.#remembers && !(await this.timeline.load())) return false;
    this.#remembers = true;
    if (!(await this.#resume(read, signal))) return false;
    this.#loaded = true;
    // What an earlier process prepared and did not finish would keep a standby from granting holds.
    if (this.#execution === undefined) await this.desk.release();
    return true;
  }

  /** A member's word in its report: what it knows, so that it can be told what it has missed. */
  heard(region: RegionName, members: RequestOf<"report">["members"]): void {
    const member = members.find((one) => one.group === this.name);
    if (!this.#heardSinceMs.has(region)) this.#heardSinceMs.set(region, this.#ports.clock.nowMs());
    if (member === undefined) return;
    this.#memberEpochs.set(region, member.epoch);
    const { record, state } = this.desk;
    // It has not heard of its epoch, or could not take it over at once: told again until it renews under it.
    const silent =
      record?.primary === region && (member.epoch < record.epoch || (state?.lease.seq === 0 && !member.writable));
    if (silent && member.fencedEpoch < (record?.epoch ?? 0)) this.desk.retell();
  }

  /** One turn of the loop. */
  async turn(signal: Signal): Promise<void> {
    if (!(await this.load(signal))) return;
    await this.desk.settle();
    void this.timeline.flush();
    // A preparation that nobody will use any more, and that could not be taken back at once.
    if (this.#execution === undefined && !this.#starting && this.desk.state?.preparing !== undefined)
      await this.desk.release();
    for (const region of this.#heardSinceMs.keys()) if (!this.#isHeard(region)) this.#heardSinceMs.delete(region);
    if (this.#starting) return;
    if (this.desk.record === undefined) {
      await this.#establish(signal);
      return;
    }
    if (this.#ports.clock.nowMs() < this.#beginAfterMs) return;
    const decision = this.#decide(undefined);
    if (decision.kind === "switch") {
      const begun = await this.#begin(decision, signal);
      if (typeof begun !== "string") this.#beginAfterMs = this.#ports.clock.nowMs() + beginAgainMs;
    } else if (!(await this.#finish(signal))) await this.#protect(signal);
  }

  async command(command: PersonCommand, signal: Signal): Promise<CommandAnswer> {
    if (!this.#loaded)
      return { accepted: false, sentence: "the store does not answer, so nothing can be decided durably" };
    switch (command.kind) {
      case "pause":
      case "unpause":
        return this.#pause(command.kind === "pause", command.by);
      case "run":
        return this.#commandRun(command.run, command.command, command.by, command.step);
      case "switchover":
      case "failover":
      case "failback":
      case "approve":
      case "deny":
        return this.#order(command, signal);
      default:
        return command satisfies never;
    }
  }

  async #order(command: PersonRequest, signal: Signal): Promise<CommandAnswer> {
    if (this.desk.record === undefined)
      return { accepted: false, sentence: `${this.name} has no primary yet: it is being established` };
    if (this.#starting) return { accepted: false, sentence: "another switch is just being started" };
    const decision = this.#decide(command);
    const answer = decision.answer ?? { accepted: false, why: decision.reason };
    if (decision.kind !== "switch") return { accepted: answer.accepted, sentence: answer.why };
    const begun = await this.#begin(decision, signal);
    return typeof begun === "string"
      ? { accepted: true, sentence: answer.why, run: begun }
      : { accepted: false, sentence: begun.why };
  }

  async #pause(paused: boolean, by: string): Promise<CommandAnswer> {
    const next = { paused, pausedBy: paused ? by : "" };
    const stored = await this.#groupStore.storeSwitchboard(next);
    this.#ports.onStore(stored.kind === "failed" ? stored : undefined);
    if (stored.kind !== "done")
      return {
        accepted: false,
        sentence: `not stored: ${stored.kind === "failed" ? stored.why : "another controller was first"}`,
      };
    this.#switchboard = next;
    const sentence = paused
      ? `automation is off for ${this.name}: it is watched, and nothing is switched or re-protected until \`leeward unpause ${this.name}\``
      : `automation is on again for ${this.name}`;
    this.#say("decided", { name: paused ? "paused" : "unpaused", region: "", sentence: `${sentence} (${by})` });
    return { accepted: true, sentence };
  }

  async #commandRun(run: string, command: Command, by: string, step: string | undefined): Promise<CommandAnswer> {
    const execution = this.#execution;
    if (execution === undefined || execution.id !== run)
      return { accepted: false, sentence: `${run} is not under way` };
    if (command === "skip" && (step === undefined || !execution.state.steps.has(step))) {
      return { accepted: false, sentence: `name the step to skip: ${[...execution.state.steps.keys()].join(", ")}` };
    }
    const unsafe =
      step === undefined
        ? undefined
        : execution.state.plan.steps.find((one) => one.id === step && one.does.kind === "advance-epoch");
    if (command === "skip" && unsafe !== undefined) {
      return { accepted: false, sentence: "the epoch cannot be skipped: without it there could be two writers" };
    }
    const { plan } = execution.state;
    const passed = plan.kind !== "protect" && (this.desk.record?.epoch ?? 0) > plan.epochBefore;
    if (command === "abort" && passed) {
      return {
        accepted: false,
        sentence: `too late to abort: epoch ${this.desk.record?.epoch} names ${plan.to} already, and stopping now would leave nobody to serve`,
      };
    }
    const noted = execution.command(command, by, step).then(
      () => "noted",
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    const answer = await Promise.race([
      noted,
      this.#ports.clock.sleep(commandWaitMs).then(() => "the journal does not answer; it counts as soon as it does"),
    ]);
    if (answer !== "noted") return { accepted: false, sentence: `${command} is not durable: ${answer}`, run };
    this.#say("decided", {
      name: `run-${command}`,
      region: "",
      run,
      sentence: `${by} asked to ${command} ${step ?? run}`,
    });
    return { accepted: true, sentence: `${run}: ${command}${step === undefined ? "" : ` ${step}`}`, run };
  }

  // ---- deciding ----

  #decide(request: PersonRequest | undefined): Decision {
    const before = this.#decision;
    const { decision, state } = decide(this.#decideState, this.#decideInput(request));
    this.#decideState = state;
    this.#decision = decision;
    if (decision.rule !== before?.rule || decision.kind !== before.kind || request !== undefined)
      this.#announce(decision, before);
    return decision;
  }

  #announce(decision: Decision, before: Decision | undefined): void {
    const quiet = decision.kind === "hold" && !decision.attention;
    this.#say("decided", {
      name: decision.rule,
      region: decision.kind === "switch" ? decision.plan.to : "",
      sentence: decision.reason,
    });
    if (quiet && before?.kind !== "ask") return;
    const next = decision.next === undefined ? {} : { next: decision.next };
    const kind = decision.kind === "switch" ? "decided" : decision.kind === "ask" ? "asked" : "trouble";
    if (!quiet) this.#ports.notify({ group: this.name, kind, sentence: decision.reason, ...next });
  }

  #decideInput(request: PersonRequest | undefined): DecideInput {
    const { group, system, clock, watched, lease } = this.#ports;
    const { record, state } = this.desk;
    const execution = this.#execution;
    const modes = servicesOf(system, group.name).flatMap((service) =>
      service.replication === undefined ? [] : [service.replication.mode],
    );
    return {
      nowMs: clock.nowMs(),
      group: {
        name: group.name,
        primary: group.primary,
        services: servicesOf(system, group.name).map((service) => service.name),
        witnesses: system.regions.filter((region) => region.witness).map((region) => region.name),
        failover: group.failover,
        maxDataLossMs: group.maxDataLossMs,
        coolDownMs: group.coolDownMs,
        mode: modes.length === 0 ? "none" : modes.includes("async") ? "async" : "sync",
      },
      paused: this.#switchboard.paused,
      ...(record === undefined ? {} : { record }),
      diagnoses: watched().diagnoses,
      candidates: group.primary.map((region) => this.#candidate(region)),
      lease: { seenAtMs: state?.leaseSeenAtMs ?? this.#startedMs, ttlMs: lease.timing.ttlMs },
      ...(execution === undefined
        ? {}
        : {
            run: {
              id: execution.id,
              kind: execution.state.plan.kind,
              from: execution.state.plan.from,
              to: execution.state.plan.to,
            },
          }),
      ...(this.#lastRun === undefined ? {} : { lastRun: this.#lastRun }),
      ...(request === undefined ? {} : { request }),
    };
  }

  #candidate(region: RegionName): Candidate {
    const { system, group, watched } = this.#ports;
    const { state } = watched();
    const copies = servicesOf(system, group.name)
      .filter((service) => isDatabase(service))
      .map((service) => standbyOf(state, service.name, region));
    const readyServices = servicesOf(system, group.name)
      .map((service) => service.name)
      .filter((service) => {
        const report = state.reports.get(reportKey(region, service))?.service;
        return report?.running === true && (report.replicas === undefined || report.replicas.ready > 0);
      });
    const base = { region, agentReachable: this.#isHeard(region), readyServices };
    // A region without a copy of every database cannot be judged, and so is not promoted.
    if (copies.length === 0) return base;
    if (copies.some((copy) => copy === undefined)) {
      // Promoted by hand it is no standby any more, and still the copy that a person may want to go on with.
      const databases = servicesOf(system, group.name).filter((service) => isDatabase(service));
      const streamed = databases.every(
        (service) => state.reports.get(reportKey(region, service.name))?.service.hasStreamed === true,
      );
      return streamed ? { ...base, streaming: false, hasStreamed: true } : base;
    }
    const known = copies.filter((copy) => copy !== undefined);
    const caughtUp = known.map((copy) => copy.caughtUpAtMs);
    const lags = known.flatMap((copy) => (copy.lagBytes === undefined ? [] : [copy.lagBytes]));
    return {
      ...base,
      streaming: known.every((copy) => copy.streaming),
      hasStreamed: known.every((copy) => copy.hasStreamed),
      ...(lags.length === 0 ? {} : { lagBytes: Math.max(...lags) }),
      ...(caughtUp.some((at) => at === undefined)
        ? {}
        : { caughtUpAtMs: Math.min(...caughtUp.filter((at) => at !== undefined)) }),
    };
  }

  #targetProblem(target: RegionName, graceful: boolean): string | undefined {
    const candidate = this.#candidate(target);
    const { record } = this.desk;
    if (record !== undefined && !record.promotable.includes(target))
      return `${target} is not promotable in epoch ${record.epoch}`;
    if (!candidate.agentReachable) return `${target}'s agent does not answer`;
    if (candidate.hasStreamed === undefined) return undefined;
    if (!candidate.hasStreamed)
      return `${target} has never streamed from a primary: promoting it could lose everything`;
    if (!graceful) return undefined;
    if (candidate.streaming !== true) return `${target} is not streaming, so a switch without loss is not possible now`;
    const lag = candidate.lagBytes ?? 0;
    return lag <= gracefulLagMaxBytes
      ? undefined
      : `${target} is ${lag} bytes behind; it has to come within ${gracefulLagMaxBytes} bytes`;
  }

  #isHeard(region: RegionName): boolean {
    return isHeard(this.#ports.watchConfig, this.#ports.watched().state, region, this.#ports.clock.nowMs());
  }

  // ---- beginning runs ----

  async #begin(
    decision: Extract<Decision, { kind: "switch" }>,
    signal: Signal,
  ): Promise<string | { readonly why: string }> {
    if (this.#starting) return { why: "another switch is just being started" };
    if (decision.replaces !== undefined && this.#execution !== undefined) {
      this.#starting = true;
      try {
        await this.#execution.command("abort", "leeward");
        await this.#driving;
      } finally {
        this.#starting = false;
      }
    }
    const { plan } = decision;
    const begun = await this.#start({ ...plan, reason: decision.reason }, signal);
    if (typeof begun === "string" && typeof decision.lossBoundMs === "number") {
      this.#lossBounds.set(begun, Math.max(0, Math.round(decision.lossBoundMs)));
      for (const oldest of this.#lossBounds.keys())
        if (this.#lossBounds.size > recentRunsMax) this.#lossBounds.delete(oldest);
    }
    return begun;
  }

  /**
   * The record names a primary that does not serve, because the run that moved the epoch broke off. There is no way back past an epoch,
   * so the rest is done, as another run under the same epoch. True when that was begun or is being waited for.
   */
  async #finish(signal: Signal): Promise<boolean> {
    const { clock } = this.#ports;
    const { record } = this.desk;
    const left = this.#unfinished;
    if (left === undefined || record === undefined || this.#execution !== undefined || this.#switchboard.paused)
      return false;
    if (
      record.epoch !== left.epochBefore + 1 ||
      record.primary !== left.to ||
      (this.#traffic?.epoch ?? 0) >= record.epoch
    ) {
      this.#unfinished = undefined;
      this.#finishing = { tries: 0, nextMs: 0 };
      return false;
    }
    if (!this.#isHeard(record.primary) || clock.nowMs() < this.#finishing.nextMs) return true;
    const tries = this.#finishing.tries + 1;
    this.#finishing = {
      tries,
      nextMs: clock.nowMs() + (protectPauseMs[Math.min(tries, protectPauseMs.length - 1)] ?? 60_000),
    };
    const kind = left.kind === "switchover" || left.kind === "failback" ? "failover" : left.kind;
    const reason = `epoch ${record.epoch} names ${record.primary}, which does not serve yet: what is left of the ${left.kind} is done`;
    await this.#start({ kind, from: left.from, to: left.to, reason, epoch: left.epochBefore }, signal);
    return true;
  }

  async #establish(signal: Signal): Promise<void> {
    const { group, clock } = this.#ports;
    if (this.#execution !== undefined || this.#switchboard.paused) return;
    const knowing = [...this.#memberEpochs].find(([, epoch]) => epoch > 0);
    if (knowing !== undefined) {
      // Starting afresh could make a second primary beside one that serves.
      this.#complain(
        `the store knows nothing of ${this.name}, but ${knowing[0]} knows epoch ${knowing[1]}: bring the controller's store back`,
      );
      return;
    }
    const late = clock.nowMs() - this.#startedMs > establishGraceMs;
    const [preferred] = group.primary;
    const first = late ? group.primary.find((region) => this.#isHeard(region)) : preferred;
    if (first === undefined || !this.#isHeard(first)) return;
    const reason = `${this.name} has no primary yet; ${first} is the first choice that answers`;
    await this.#start({ kind: "establish", from: first, to: first, reason }, signal);
  }

  /** Every region that may be primary becomes a standby again, one at a time, as soon as it answers. */
  async #protect(signal: Signal): Promise<void> {
    const { group, clock } = this.#ports;
    const { record } = this.desk;
    if (record === undefined || this.#execution !== undefined || this.#switchboard.paused) return;
    if (!this.#isHeard(record.primary) || this.#traffic?.primary !== record.primary) return;
    const nowMs = clock.nowMs();
    const region = group.primary.find((one) => {
      const sinceMs = this.#heardSinceMs.get(one);
      const pause = this.#protects.get(one)?.nextMs ?? 0;
      return (
        !record.promotable.includes(one) &&
        sinceMs !== undefined &&
        nowMs - sinceMs >= protectAfterHeardMs &&
        nowMs >= pause
      );
    });
    if (region === undefined) return;
    const tries = (this.#protects.get(region)?.tries ?? 0) + 1;
    const pauseMs = protectPauseMs[Math.min(tries, protectPauseMs.length - 1)] ?? 60_000;
    this.#protects.set(region, { tries, nextMs: nowMs + pauseMs });
    const reason = `${region} answers and is no standby: it is made one again`;
    await this.#start({ kind: "protect", from: record.primary, to: region, reason }, signal);
  }

  async #start(wanted: Wanted, signal: Signal): Promise<string | { readonly why: string }> {
    if (this.#execution !== undefined) return { why: `${this.#execution.id} is under way` };
    if (this.#starting) return { why: "another run is just being started" };
    const { kind, to } = wanted;
    const { system, group, methods, clock, fingerprint } = this.#ports;
    this.#starting = true;
    try {
      const epoch = wanted.epoch ?? this.desk.record?.epoch ?? 0;
      const id = `${kind}-${group.name}-e${epoch}-${clock.wallMs().toString(36)}`;
      const promotable = this.desk.record?.promotable ?? [];
      const plan = compilePlan({ id, system, group, methods, promotable, ...wanted, epoch });
      const execution = await Execution.start(id, plan, this.#executorPorts());
      if (!(execution instanceof Execution)) {
        this.#complain(`${kind} to ${to} was not begun: ${execution.why}`);
        return { why: execution.why };
      }
      // The index makes a restart find the run. A run that is journalled and not in the index has had no effect yet.
      const runs = { current: id, recent: [...this.#runs.recent, id].slice(-recentRunsMax), fingerprint };
      const stored = await this.#groupStore.storeRuns(runs);
      this.#ports.onStore(stored.kind === "failed" ? stored : undefined);
      if (stored.kind !== "done")
        return { why: stored.kind === "failed" ? stored.why : "another controller was first" };
      this.#runs = runs;
      this.#drive(execution, signal);
      return id;
    } finally {
      this.#starting = false;
    }
  }

  /** False while the store does not give back what there is to take up: a run half done must not be forgotten. */
  async #resume(read: Read, signal: Signal): Promise<boolean> {
    const { log, store, fingerprint } = this.#ports;
    if (!(await this.#recall(read.runs))) return false;
    if (read.runs.current === undefined) return true;
    const journal = await store.journal(read.runs.current);
    if (journal.kind !== "rows") return this.#unreadable(read.runs.current, journal);
    const entries = journal.rows.map((row) => row.entry as Entry);
    const execution = Execution.resume(read.runs.current, entries, this.#executorPorts());
    if (execution === undefined || execution.state.ended !== undefined) return true;
    log.write("warn", "run", `taking up ${execution.id} where its journal ends`, { entries: entries.length });
    this.#say("decided", {
      name: "resumed",
      region: "",
      run: execution.id,
      sentence: `this controller started and takes up ${execution.id} where its journal ends`,
    });
    const changed = read.runs.fingerprint !== fingerprint;
    if (changed) {
      this.#complain(
        `the manifest changed while ${execution.id} was under way: it is paused; compare, then \`leeward run resume ${execution.id}\` or \`abort\``,
      );
    }
    // A run that is to be paused is not driven before that is durable.
    this.#drive(execution, signal, changed ? execution.command("pause", "leeward") : undefined);
    return true;
  }

  /** What a fresh process needs of the past: when the last switch was, and whether the last run left something undone. */
  async #recall(runs: RunIndex): Promise<boolean> {
    const wanted = [/^(failover|switchover|failback)-/, /^(failover|switchover|failback|establish|restore)-/];
    const ids = wanted.map((kinds) => runs.recent.findLast((id) => id !== runs.current && kinds.test(id)));
    for (const id of new Set(ids)) {
      if (id === undefined) continue;
      const journal = await this.#ports.store.journal(id);
      if (journal.kind !== "rows") {
        if (this.#unreadable(id, journal)) continue;
        return false;
      }
      const run = readRun(journal.rows.map((row) => row.entry as Entry));
      if (run?.ended === undefined) continue;
      const agoMs = Math.max(0, this.#ports.clock.wallMs() - run.ended.at);
      this.#note(id, run.plan, run.ended, this.#ports.clock.nowMs() - agoMs);
      if (id === ids[1] && run.ended.result !== "done") this.#unfinished = run.plan;
    }
    return true;
  }

  /** Is it of no use to read it again? Then it is said, and the start goes on without it. */
  #unreadable(run: string, failure: StoreFailure): boolean {
    if (failure.retry !== "never") return false;
    this.#complain(
      `the journal of ${run} cannot be read (${failure.why}): look at \`leeward status\` before anything is switched`,
    );
    return true;
  }

  #drive(execution: Execution, signal: Signal, first: Promise<void> = Promise.resolve()): void {
    this.#execution = execution;
    const { plan } = execution.state;
    this.#say("decided", {
      name: plan.kind,
      region: plan.to,
      run: execution.id,
      sentence: `${plan.kind} from ${plan.from} to ${plan.to} begins: ${plan.reason}`.slice(0, 1_000),
    });
    this.#driving = first
      .then(() => execution.drive(signal))
      .then((state) => (state.ended === undefined ? undefined : this.#finished(execution, signal)))
      .catch((error: unknown) =>
        this.#complain(`${execution.id} stopped: ${error instanceof Error ? error.message : String(error)}`),
      )
      .finally(() => {
        if (this.#execution === execution) this.#execution = undefined;
      });
  }

  async #finished(execution: Execution, signal: Signal): Promise<void> {
    const { plan, ended, steps } = execution.state;
    if (ended === undefined) return;
    const { clock, notify, fingerprint } = this.#ports;
    this.#note(execution.id, plan, ended, clock.nowMs());
    this.#say("done", {
      name: plan.kind,
      region: plan.to,
      run: execution.id,
      sentence: `${plan.kind} to ${plan.to}: ${ended.result}; ${ended.reason}`.slice(0, 1_000),
    });
    if (plan.kind === "protect" && ended.result === "done") this.#protects.delete(plan.to);
    const rest: RunIndex = { recent: this.#runs.recent, fingerprint };
    const stored = await this.#groupStore.storeRuns(rest);
    if (stored.kind === "done") this.#runs = rest;
    if (plan.kind !== "protect" && plan.kind !== "establish") {
      const next = ended.result === "done" ? {} : { next: "leeward status" };
      notify({
        group: this.name,
        kind: ended.result === "done" ? "done" : "trouble",
        sentence: `${plan.kind} of ${this.name} to ${plan.to}: ${ended.result}. ${ended.reason}`,
        ...next,
      });
    }
    if (plan.kind !== "protect") this.#unfinished = ended.result === "done" ? undefined : plan;
    if (ended.result === "done" || plan.kind === "protect" || this.desk.record?.epoch !== plan.epochBefore) {
      this.#execution = undefined;
      return;
    }
    // It stopped before the new primary's epoch began: the old state is put back, as far as it was touched.
    if (this.desk.record !== undefined) await this.desk.release();
    const touched = plan.steps.filter((step) => {
      const state = steps.get(step.id)?.kind ?? "waiting";
      return step.region === plan.from && step.does.kind === "order" && state !== "waiting" && state !== "skipped";
    });
    // From here to the new run nothing is awaited, so that no other one comes between.
    this.#execution = undefined;
    if (touched.length > 0 && plan.undo.length > 0) {
      const fenced = touched.some((step) => step.does.kind === "order" && step.does.action.kind === "fence");
      const reason = `${plan.kind} stopped (${ended.reason}): ${plan.from} serves again`.slice(0, 300);
      await this.#start({ kind: "restore", from: plan.from, to: plan.from, reason, fenced }, signal);
    }
  }

  /** The decider counts switches, not what keeps house. */
  #note(
    id: string,
    plan: Plan,
    ended: { readonly result: "done" | "failed" | "aborted"; readonly reason: string },
    endedAtMs: number,
  ): void {
    const { kind, from, to } = plan;
    if (kind !== "failover" && kind !== "switchover" && kind !== "failback") return;
    this.#lastRun = { id, kind, from, to, result: ended.result, reason: ended.reason, endedAtMs };
  }

  #executorPorts(): ExecutorPorts {
    const { store, clock, log, reached } = this.#ports;
    return {
      store,
      clock,
      performer: this.#performer,
      onEvent: (event) => {
        if (event.kind === "entry" && event.entry.kind === "outcome") {
          const { step, outcome } = event.entry;
          log.write(outcome.kind === "done" ? "info" : "warn", "run", `${step}: ${outcome.reason}`, {
            run: event.run,
            outcome: outcome.kind,
          });
        } else if (event.kind === "progress") {
          log.write("info", "run", `${event.step}: ${event.sentence}`, { run: event.run });
        } else if (event.kind === "journal-away") {
          log.write("warn", "run", `the journal does not answer, so nothing new begins: ${event.why}`, {
            run: event.run,
          });
        }
      },
      ...(reached === undefined ? {} : { reached: (plan, step, point) => reached(plan, step.id, point) }),
    };
  }

  async #storeTraffic(next: Pick<Traffic, "epoch" | "primary" | "mode">): Promise<Outcome> {
    const traffic: Traffic = { group: this.name, generation: (this.#traffic?.generation ?? 0) + 1, ...next };
    // The lease desk may be renewing at this moment, which does not touch the record; only a new epoch would conflict.
    const stored = await this.#groupStore.storeTraffic(traffic);
    this.#ports.onStore(stored.kind === "failed" ? stored : undefined);
    if (stored.kind === "done") {
      this.#traffic = traffic;
      return { kind: "done", reason: `generation ${traffic.generation} is stored` };
    }
    if (stored.kind === "failed" && stored.retry === "never")
      return { kind: "failed", retry: "never", reason: stored.why };
    const read = await this.desk.reread();
    if (read !== undefined) this.#traffic = read.traffic;
    return {
      kind: "failed",
      retry: "now",
      reason: stored.kind === "failed" ? stored.why : "the routes were changed meanwhile",
    };
  }

  // ---- telling ----

  status(): GroupStatus {
    const { group, clock, watched, system, lease } = this.#ports;
    const { state } = this.desk;
    // Until the run that an earlier process left is found, nothing is claimed: it would look as if none were under way.
    const record = this.#loaded ? this.desk.record : undefined;
    const { diagnoses, state: watch } = watched();
    const decision = this.#decision;
    const nowMs = clock.nowMs();
    const run = this.currentRun();
    const leaseEndMs = (state?.leaseSeenAtMs ?? nowMs) + lease.timing.ttlMs;
    const links = servicesOf(system, group.name)
      .filter((service) => isDatabase(service))
      .flatMap((service) =>
        group.primary.flatMap((region): GroupStatus["links"] => {
          const copy = standbyOf(watch, service.name, region);
          if (copy === undefined || record === undefined || region === record.primary) return [];
          const loss =
            service.replication?.mode === "sync"
              ? 0
              : copy.caughtUpAtMs === undefined
                ? undefined
                : Math.max(0, Math.round(leaseEndMs - copy.caughtUpAtMs));
          return [
            {
              service: service.name,
              from: record.primary,
              to: region,
              streaming: copy.streaming,
              ...(copy.lagBytes === undefined ? {} : { lagBytes: copy.lagBytes }),
              ...(copy.lagMs === undefined ? {} : { lagMs: copy.lagMs }),
              ...(loss === undefined ? {} : { lossBoundMs: loss }),
            },
          ];
        }),
      );
    return {
      group: group.name,
      sentence:
        record === undefined
          ? this.#loaded
            ? `${group.name} has no primary yet`
            : `this controller is reading what the store knows of ${group.name}`
          : (decision?.reason ?? `${record.primary} is primary under epoch ${record.epoch}`),
      epoch: record?.epoch ?? 0,
      primary: record?.primary ?? "",
      promotable: [...(record?.promotable ?? [])],
      ...(this.#traffic === undefined
        ? {}
        : {
            traffic: { generation: this.#traffic.generation, primary: this.#traffic.primary, mode: this.#traffic.mode },
          }),
      ...(state === undefined
        ? {}
        : {
            lease: {
              ageMs: Math.round(nowMs - state.leaseSeenAtMs),
              ttlMs: lease.timing.ttlMs,
              writable: state.lease.writable,
            },
          }),
      paused: this.#switchboard.paused,
      policy: group.failover,
      diagnoses: diagnoses
        .filter((diagnosis) => diagnosis.severity !== "ok")
        .map((diagnosis) => ({
          name: diagnosis.name,
          region: diagnosis.region,
          ...(diagnosis.service === undefined ? {} : { service: diagnosis.service }),
          sentence: diagnosis.sentence,
          sinceMs: Math.round(nowMs - diagnosis.sinceMs),
        })),
      decision: {
        kind: decision?.kind ?? "hold",
        reason: decision?.reason ?? "nothing has been decided yet",
        ...(decision?.next === undefined ? {} : { next: decision.next }),
        ...(typeof decision?.lossBoundMs === "number" ? { lossBoundMs: Math.round(decision.lossBoundMs) } : {}),
      },
      links,
      ...(run === undefined ? {} : { run }),
    };
  }

  currentRun(): RunReport | undefined {
    const execution = this.#execution;
    return execution === undefined
      ? undefined
      : runReportOf(execution.id, execution.state, this.#lossBounds.get(execution.id));
  }

  async runs(max: number): Promise<readonly RunReport[]> {
    const reports: RunReport[] = [];
    for (const id of this.#runs.recent.slice(-max)) {
      const journal = await this.#ports.store.journal(id);
      const run = journal.kind === "rows" ? readRun(journal.rows.map((row) => row.entry as Entry)) : undefined;
      if (run !== undefined) reports.push(runReportOf(id, run, this.#lossBounds.get(id)));
    }
    return reports;
  }

  seen(diagnosis: Diagnosis, over: boolean): void {
    const sentence = over ? `over: ${diagnosis.sentence}` : diagnosis.sentence;
    const service = diagnosis.service === undefined ? {} : { service: diagnosis.service };
    this.#say("seen", { name: diagnosis.name, region: diagnosis.region, ...service, sentence });
  }

  #complain(sentence: string): void {
    const nowMs = this.#ports.clock.nowMs();
    if (nowMs - (this.#complaints.get(sentence) ?? Number.NEGATIVE_INFINITY) < complainAgainMs) return;
    this.#complaints.set(sentence, nowMs);
    for (const oldest of this.#complaints.keys())
      if (this.#complaints.size > complaintsMax) this.#complaints.delete(oldest);
    this.#say("seen", { name: "trouble", region: "", sentence });
    this.#ports.notify({ group: this.name, kind: "trouble", sentence });
  }

  #say(
    kind: "seen" | "decided" | "done",
    event: {
      readonly name: string;
      readonly region: string;
      readonly service?: string;
      readonly run?: string;
      readonly sentence: string;
    },
  ): void {
    this.#ports.log.write("info", kind, event.sentence, { group: this.name, name: event.name });
    this.timeline.add({ kind, group: this.name, ...event });
  }
}
