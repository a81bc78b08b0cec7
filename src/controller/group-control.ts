// One group under control: its record and lease, its routes, its decisions, its one run at a time.
// The loop is: what the watch diagnoses goes into `decide`; what it decides becomes a plan; a plan becomes a run.
// I2, I10. Nothing switches here that `decide` has not said.

import type { Why } from "../core/audit/why.ts";
import { decide } from "../core/decide/decide.ts";
import type { DecideInput, Decision, PersonRequest } from "../core/decide/decision.ts";
import type { LeaseConfig } from "../core/lease/timing.ts";
import type { Group, RegionName, System } from "../core/model/system.ts";
import type { Methods } from "../core/plan/compile.ts";
import type { Plan } from "../core/plan/plan.ts";
import type { WatchConfig } from "../core/watch/config.ts";
import type { Diagnosis } from "../core/watch/diagnosis.ts";
import { isHeard, type WatchState } from "../core/watch/watch.ts";
import type { Point } from "../executor/execute.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { Notice } from "../ports/notifier.ts";
import type { Peers } from "../ports/peers.ts";
import type { Signal } from "../ports/signal.ts";
import type { Store, StoreFailure } from "../ports/store.ts";
import type { RequestOf, Traffic } from "../wire/calls.ts";
import type { CommandAnswer, GroupStatus, PersonCommand, RunReport, WhyQuestion } from "../wire/people.ts";
import { decisionFact, reasonKey } from "./audit-facts.ts";
import { admissionProblemOf, decideInputOf, type Places, targetProblemOf, type View } from "./candidates.ts";
import { DeciderMemory } from "./decider-memory.ts";
import { noticeOf } from "./decision-notice.ts";
import { GroupRoutes, routesTo } from "./group-routes.ts";
import { GroupRuns } from "./group-runs.ts";
import { groupStatusOf } from "./group-status.ts";
import { GroupStore } from "./group-store.ts";
import { LeaseDesk } from "./lease-desk.ts";
import { makePerformer } from "./performer.ts";
import { commandRun, type RunCommand } from "./run-command.ts";
import { Switches } from "./switchboard.ts";
import { Telling } from "./telling.ts";
import { Timeline } from "./timeline.ts";
import { TrailNotes } from "./trail-notes.ts";
import { Upkeep } from "./upkeep.ts";

export type GroupPorts = {
  readonly system: System;
  readonly group: Group;
  /** Where this controller lives. */
  readonly region: RegionName;
  readonly methods: Methods;
  readonly fingerprint: string;
  readonly lease: LeaseConfig;
  readonly clock: Clock;
  readonly peers: Peers;
  readonly store: Store;
  readonly log: Log;
  readonly watchConfig: WatchConfig;
  readonly watched: () => { readonly state: WatchState; readonly diagnoses: readonly Diagnosis[] };
  /** What is known of regions as places, such as whether the data may be served there. */
  readonly places?: Places;
  readonly onStore: (failure: StoreFailure | undefined) => void;
  readonly onRecord: (record: { group: string; epoch: number; primary: string; promotable: readonly string[] }) => void;
  readonly notify: (notice: Omit<Notice, "system" | "atMs">) => void;
  /** For rehearsals: called at every durable boundary of every step. */
  readonly reached?: (plan: Plan, step: string, point: Point) => void;
};

/** After a decision to switch that could not even be begun. */
const beginAgainMs = 250;
/** After a try to take a standby out that failed. */
const unprotectAgainMs = 5_000;

export class GroupControl {
  readonly #ports: GroupPorts;
  readonly #groupStore: GroupStore;
  readonly #telling: Telling;
  readonly #upkeep: Upkeep;
  readonly #runs: GroupRuns;
  readonly desk: LeaseDesk;
  readonly timeline: Timeline;
  readonly #startedMs: number;
  readonly #routes: GroupRoutes;
  readonly #notes: TrailNotes;
  readonly #switches: Switches;
  readonly #memory: DeciderMemory;
  #decision: Decision | undefined;
  #reasonKey = "";
  #beginAfterMs = Number.NEGATIVE_INFINITY;
  #unprotectAfterMs = Number.NEGATIVE_INFINITY;
  #loaded = false;

  constructor(ports: GroupPorts) {
    const { group, store, clock, system } = ports;
    this.#ports = ports;
    this.#startedMs = clock.nowMs();
    this.#groupStore = new GroupStore(store, group.name, ports.lease.timing.ttlMs);
    this.timeline = new Timeline(store, clock, group.name, system.name);
    this.#telling = new Telling(ports, group.name, this.timeline);
    this.#notes = new TrailNotes(clock, this.#telling, this.timeline);
    this.#upkeep = new Upkeep(group, this.#startedMs);
    this.#memory = new DeciderMemory({ clock, store: this.#groupStore, onStore: ports.onStore });
    this.#switches = new Switches({
      group: group.name,
      regions: group.primary,
      store: this.#groupStore,
      telling: this.#telling,
      onStore: ports.onStore,
      primary: () => this.desk.record?.primary,
    });
    this.desk = new LeaseDesk({
      ...ports,
      config: ports.lease,
      store: this.#groupStore,
      onRecord: (record) => {
        this.#notes.epoch(record);
        ports.onRecord(record);
      },
      onFenced: (from, epoch) => this.#notes.fence(from, epoch),
    });
    this.#routes = new GroupRoutes({
      ...ports,
      store: this.#groupStore,
      telling: this.#telling,
      diagnoses: () => ports.watched().diagnoses,
      primary: () => this.desk.record?.primary,
      reread: () => this.desk.reread(),
    });
    const performer = makePerformer({
      ...ports,
      desk: this.desk,
      targetProblem: (target, graceful) => targetProblemOf(this.#view(), this.desk.record, target, graceful),
      admissionProblem: (standby) => admissionProblemOf(this.#view(), standby),
      traffic: () => this.traffic,
      storeTraffic: (next) => this.#routes.storeTraffic(next),
      heard: () => system.regions.map((region) => region.name).filter((region) => this.#isHeard(region)),
    });
    this.#runs = new GroupRuns({
      ...ports,
      groupStore: this.#groupStore,
      desk: this.desk,
      performer,
      telling: this.#telling,
      upkeep: this.#upkeep,
    });
  }

  get name(): string {
    return this.#ports.group.name;
  }

  get traffic(): Traffic | undefined {
    return this.#routes.traffic;
  }

  get paused(): boolean {
    return this.#switches.paused;
  }

  /** Reads the store once, at the start; false while it is away. Takes up the run that an earlier process left. */
  async load(signal: Signal): Promise<boolean> {
    if (this.#loaded) return true;
    const read = await this.#groupStore.read();
    this.#ports.onStore(read.kind === "failed" ? read : undefined);
    if (read.kind === "failed") return false;
    this.desk.start(read);
    this.#routes.load(read.traffic);
    this.#switches.load(read.switchboard);
    this.#memory.load(read.decider);
    this.#runs.know(read.runs);
    const { region, fingerprint } = this.#ports;
    if (!(await this.#notes.begin(region, fingerprint, () => this.desk.record))) return false;
    if (!(await this.#runs.resume(signal))) return false;
    this.#loaded = true;
    // What an earlier process prepared and did not finish would keep a standby from granting holds.
    if (this.#runs.execution === undefined) await this.desk.release();
    return true;
  }

  /** A member's word in its report: what it knows, so that it can be told what it has missed. */
  heard(region: RegionName, members: RequestOf<"report">["members"]): void {
    const member = members.find((one) => one.group === this.name);
    this.#upkeep.heard(region, this.#ports.clock.nowMs(), member?.epoch);
    if (member === undefined) return;
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
    if (this.#runs.execution === undefined && !this.#runs.starting && this.desk.state?.preparing !== undefined)
      await this.desk.release();
    this.#upkeep.forgetSilent((region) => this.#isHeard(region));
    if (this.#runs.starting) return;
    if (this.desk.record !== undefined) {
      if (this.#ports.clock.nowMs() < this.#beginAfterMs) return;
      const decision = this.#decide(undefined);
      void this.#memory.keepUp();
      if (decision.kind === "switch") {
        const begun = await this.#runs.begin(decision, signal);
        if (typeof begun !== "string") this.#beginAfterMs = this.#ports.clock.nowMs() + beginAgainMs;
        return;
      }
      if (decision.kind === "unprotect") {
        await this.#unprotect(decision, signal);
        return;
      }
      this.#routes.keepTtls(this.#runs.execution === undefined);
    }
    await this.#keepUp(signal);
  }

  /** One that failed is tried again after a pause. */
  async #unprotect({ from, region, reason }: Extract<Decision, { kind: "unprotect" }>, signal: Signal): Promise<void> {
    const nowMs = this.#ports.clock.nowMs();
    if (nowMs < this.#unprotectAfterMs || this.#runs.execution !== undefined) return;
    this.#unprotectAfterMs = nowMs + unprotectAgainMs;
    await this.#runs.start({ kind: "unprotect", from, to: region, reason, by: "policy" }, signal);
  }

  /** What nobody orders: begun only while nothing else is under way and automation is on. */
  async #keepUp(signal: Signal): Promise<void> {
    const due = this.#upkeep.due({
      nowMs: this.#ports.clock.nowMs(),
      record: this.desk.record,
      traffic: this.traffic,
      free: this.#runs.execution === undefined && !this.#switches.paused,
      isHeard: (region) => this.#isHeard(region),
      maintenance: this.#switches.maintenance.map((one) => one.region),
    });
    if (due.kind === "run") await this.#runs.start(due.wanted, signal);
    else if (due.kind === "trouble") this.#telling.complain(due.sentence);
  }

  // ---- people ----

  /** Every order is in the trail with its answer, the refused ones too. */
  async command(command: PersonCommand, signal: Signal): Promise<CommandAnswer> {
    const answer = await this.#commanded(command, signal);
    this.noteOrder(command, answer);
    return answer;
  }

  noteOrder(command: PersonCommand, answer: CommandAnswer): void {
    this.#notes.order(command, answer);
  }

  async #commanded(command: PersonCommand, signal: Signal): Promise<CommandAnswer> {
    if (!this.#loaded)
      return { accepted: false, sentence: "the store does not answer, so nothing can be decided durably" };
    switch (command.kind) {
      case "pause":
      case "unpause":
        return this.#switches.pause(command.kind === "pause", command.by);
      case "maintenance":
        return this.#switches.maintain(command.region, command.on, command.by);
      case "run":
        return this.#commandRun(command.run, { command: command.command, by: command.by, step: command.step });
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
    if (this.#runs.starting) return { accepted: false, sentence: "another switch is just being started" };
    const decision = this.#decide(command);
    const answer = decision.answer ?? { accepted: false, why: decision.reason };
    if (decision.kind !== "switch") {
      const durable = await this.#memory.keep();
      if (durable || !answer.accepted) return { accepted: answer.accepted, sentence: answer.why };
      return {
        accepted: false,
        sentence: `${answer.why}; but the store does not answer, so a controller that is restarted now would ask again`,
      };
    }
    const begun = await this.#runs.begin(decision, signal);
    return typeof begun === "string"
      ? { accepted: true, sentence: answer.why, run: begun }
      : { accepted: false, sentence: begun.why };
  }

  async #commandRun(run: string, word: RunCommand): Promise<CommandAnswer> {
    const { execution } = this.#runs;
    if (execution === undefined || execution.id !== run)
      return { accepted: false, sentence: `${run} is not under way` };
    const answer = await commandRun(this.#ports.clock, execution, word, this.desk.record?.epoch ?? 0);
    if (answer.accepted) {
      const sentence = `${word.by} asked to ${word.command} ${word.step ?? run}`;
      this.#telling.say("decided", { name: `run-${word.command}`, region: "", run, sentence });
    }
    return answer;
  }

  // ---- deciding ----

  #decide(request: PersonRequest | undefined): Decision {
    const before = this.#decision;
    const was = this.#memory.state;
    const input = this.#decideInput(request);
    const { decision, state } = decide(was, input);
    this.#memory.state = state;
    this.#decision = decision;
    const key = reasonKey(decision, input);
    const anew = decision.rule !== before?.rule || decision.kind !== before.kind || request !== undefined;
    if (anew || key !== this.#reasonKey) {
      const said = {
        name: decision.rule,
        region: decision.kind === "switch" ? decision.plan.to : "",
        sentence: decision.reason,
        fact: decisionFact(decision, input, was, state, this.#notes.toWall()),
      };
      // The same rule for another reason is for the trail; people are told when the rule changes.
      if (anew) this.#telling.say("decided", said);
      else this.#telling.note("decided", said);
    }
    const notice = noticeOf(decision, was.question, anew);
    if (notice !== undefined) this.#telling.notify(notice);
    this.#reasonKey = key;
    return decision;
  }

  #decideInput(request: PersonRequest | undefined): DecideInput {
    const { watched, lease } = this.#ports;
    const { record, state } = this.desk;
    return decideInputOf(this.#view(), {
      paused: this.#switches.paused,
      maintenance: this.#switches.maintenance,
      record,
      diagnoses: watched().diagnoses,
      lease: { seenAtMs: state?.leaseSeenAtMs ?? this.#startedMs, ttlMs: lease.timing.ttlMs },
      run: this.#runs.underWay,
      lastRun: this.#runs.lastRun,
      request,
    });
  }

  #view(): View {
    const { system, group, watchConfig, watched, clock, places } = this.#ports;
    const view = { nowMs: clock.nowMs(), wallMs: clock.wallMs(), system, group, watchConfig, watch: watched().state };
    return places === undefined ? view : { ...view, places };
  }

  #isHeard(region: RegionName): boolean {
    return isHeard(this.#ports.watchConfig, this.#ports.watched().state, region, this.#ports.clock.nowMs());
  }

  // ---- telling ----

  status(): GroupStatus {
    const { group, clock, watched, system, lease } = this.#ports;
    const { record, state } = this.desk;
    const { diagnoses, state: watch } = watched();
    return groupStatusOf({
      nowMs: clock.nowMs(),
      system,
      group,
      loaded: this.#loaded,
      record,
      ttlMs: lease.timing.ttlMs,
      lease: state === undefined ? undefined : { seenAtMs: state.leaseSeenAtMs, writable: state.lease.writable },
      traffic: this.traffic,
      paused: this.#switches.paused,
      maintenance: this.#switches.maintenance,
      decider: this.#memory.state,
      routes: routesTo(system, group.name),
      ttlWhy: this.#routes.ttlWhy,
      watch,
      diagnoses,
      decision: this.#decision,
      run: this.currentRun(),
      trail: this.timeline.head,
    });
  }

  currentRun(): RunReport | undefined {
    return this.#runs.current();
  }

  why(query: { readonly [K in "atMs" | "last"]: WhyQuestion[K] | undefined }): Promise<Why> {
    return this.#notes.why(this.name, query);
  }

  runs(max: number): Promise<readonly RunReport[]> {
    return this.#runs.recent(max);
  }

  seen(diagnosis: Diagnosis, over: boolean): void {
    this.#notes.seen(diagnosis, over);
  }
}
