// One group under control: its record and lease, its routes, its decisions, its one run at a time.
// The loop is: what the watch diagnoses goes into `decide`; what it decides becomes a plan; a plan becomes a run.
// I2, I10. Nothing switches here that `decide` has not said.

import type { AuditEvent } from "../core/audit/entry.ts";
import { type Why, whyOf } from "../core/audit/why.ts";
import { decide } from "../core/decide/decide.ts";
import {
  type DecideInput,
  type DecideState,
  type Decision,
  initialDecideState,
  type PersonRequest,
} from "../core/decide/decision.ts";
import type { GroupRecord } from "../core/lease/record.ts";
import type { LeaseConfig } from "../core/lease/timing.ts";
import type { Group, RegionName, System } from "../core/model/system.ts";
import type { Outcome } from "../core/plan/action.ts";
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
import { decisionFact, orderWord, orderWords, reasonKey, seenFact } from "./audit-facts.ts";
import { decideInputOf, targetProblemOf, type View } from "./candidates.ts";
import { GroupRuns } from "./group-runs.ts";
import { groupStatusOf } from "./group-status.ts";
import { GroupStore, type Switchboard } from "./group-store.ts";
import { LeaseDesk } from "./lease-desk.ts";
import { makePerformer } from "./performer.ts";
import { commandRun, type RunCommand } from "./run-command.ts";
import { Telling } from "./telling.ts";
import { Timeline } from "./timeline.ts";
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
  readonly onStore: (failure: StoreFailure | undefined) => void;
  readonly onRecord: (record: { group: string; epoch: number; primary: string; promotable: readonly string[] }) => void;
  readonly notify: (notice: Omit<Notice, "system" | "atMs">) => void;
  /** For rehearsals: called at every durable boundary of every step. */
  readonly reached?: (plan: Plan, step: string, point: Point) => void;
};

/** After a decision to switch that could not even be begun. */
const beginAgainMs = 250;

export class GroupControl {
  readonly #ports: GroupPorts;
  readonly #groupStore: GroupStore;
  readonly #telling: Telling;
  readonly #upkeep: Upkeep;
  readonly #runs: GroupRuns;
  readonly desk: LeaseDesk;
  readonly timeline: Timeline;
  readonly #startedMs: number;
  #traffic: Traffic | undefined;
  #switchboard: Switchboard = { paused: false, pausedBy: "" };
  #decideState: DecideState = initialDecideState;
  #decision: Decision | undefined;
  #reasonKey = "";
  /** The newest epoch that is in the trail. */
  #epochNoted = 0;
  #fenceNoted = 0;
  #beginAfterMs = Number.NEGATIVE_INFINITY;
  #remembers = false;
  #loaded = false;

  constructor(ports: GroupPorts) {
    const { group, store, clock, system } = ports;
    this.#ports = ports;
    this.#startedMs = clock.nowMs();
    this.#groupStore = new GroupStore(store, group.name, ports.lease.timing.ttlMs);
    this.timeline = new Timeline(store, clock, group.name, system.name);
    this.#telling = new Telling(ports, group.name, this.timeline);
    this.#upkeep = new Upkeep(group, this.#startedMs);
    this.desk = new LeaseDesk({
      ...ports,
      config: ports.lease,
      store: this.#groupStore,
      onRecord: (record) => {
        this.#noteEpoch(record);
        ports.onRecord(record);
      },
      onFenced: (from, epoch) => this.#noteFence(from, epoch),
    });
    const performer = makePerformer({
      ...ports,
      desk: this.desk,
      targetProblem: (target, graceful) => targetProblemOf(this.#view(), this.desk.record, target, graceful),
      traffic: () => this.#traffic,
      storeTraffic: (next) => this.#storeTraffic(next),
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
    this.#runs.know(read.runs);
    if (!this.#remembers && !(await this.#remember())) return false;
    if (!(await this.#runs.resume(signal))) return false;
    this.#loaded = true;
    // What an earlier process prepared and did not finish would keep a standby from granting holds.
    if (this.#runs.execution === undefined) await this.desk.release();
    return true;
  }

  /** The trail so far, and that this process goes on with it. */
  async #remember(): Promise<boolean> {
    if (!(await this.timeline.load())) return false;
    this.#remembers = true;
    const { region, fingerprint } = this.#ports;
    this.#telling.note("done", {
      name: "start",
      region,
      sentence: `the controller in ${region} starts, with the manifest ${fingerprint}`,
      fact: { what: "start", controller: region, manifest: fingerprint },
    });
    if (this.timeline.trouble !== undefined) this.#telling.complain(this.timeline.trouble);
    const { record } = this.desk;
    if (record !== undefined) this.#noteEpoch(record);
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
      if (decision.kind === "switch") {
        const begun = await this.#runs.begin(decision, signal);
        if (typeof begun !== "string") this.#beginAfterMs = this.#ports.clock.nowMs() + beginAgainMs;
        return;
      }
    }
    await this.#keepUp(signal);
  }

  /** What nobody orders: begun only while nothing else is under way and automation is on. */
  async #keepUp(signal: Signal): Promise<void> {
    const due = this.#upkeep.due({
      nowMs: this.#ports.clock.nowMs(),
      record: this.desk.record,
      traffic: this.#traffic,
      free: this.#runs.execution === undefined && !this.#switchboard.paused,
      isHeard: (region) => this.#isHeard(region),
    });
    if (due.kind === "run") await this.#runs.start(due.wanted, signal);
    else if (due.kind === "trouble") this.#telling.complain(due.sentence);
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

  // ---- people ----

  /** Every order is in the trail with its answer, the refused ones too. */
  async command(command: PersonCommand, signal: Signal): Promise<CommandAnswer> {
    const answer = await this.#commanded(command, signal);
    this.noteOrder(command, answer);
    return answer;
  }

  noteOrder(command: PersonCommand, answer: CommandAnswer): void {
    const order = orderWord(command);
    this.#telling.note("decided", {
      name: "order",
      region: order.to ?? "",
      ...(answer.run === undefined ? {} : { run: answer.run }),
      sentence: `${command.by} ${orderWords(order)}: ${answer.accepted ? "accepted" : "refused"}; ${answer.sentence}`,
      fact: {
        what: "order",
        order,
        by: command.by,
        accepted: answer.accepted,
        answer: answer.sentence,
        ...(answer.run === undefined ? {} : { run: answer.run }),
      },
    });
  }

  async #commanded(command: PersonCommand, signal: Signal): Promise<CommandAnswer> {
    if (!this.#loaded)
      return { accepted: false, sentence: "the store does not answer, so nothing can be decided durably" };
    switch (command.kind) {
      case "pause":
      case "unpause":
        return this.#pause(command.kind === "pause", command.by);
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
    if (decision.kind !== "switch") return { accepted: answer.accepted, sentence: answer.why };
    const begun = await this.#runs.begin(decision, signal);
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
    this.#telling.say("decided", {
      name: paused ? "paused" : "unpaused",
      region: "",
      sentence: `${sentence} (${by})`,
      fact: { what: "policy", paused, by },
    });
    return { accepted: true, sentence };
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
    const was = this.#decideState;
    const input = this.#decideInput(request);
    const { decision, state } = decide(was, input);
    this.#decideState = state;
    this.#decision = decision;
    const key = reasonKey(decision, input);
    const anew = decision.rule !== before?.rule || decision.kind !== before.kind || request !== undefined;
    if (anew || key !== this.#reasonKey) {
      const said = {
        name: decision.rule,
        region: decision.kind === "switch" ? decision.plan.to : "",
        sentence: decision.reason,
        fact: decisionFact(decision, input, was, state, this.#toWall()),
      };
      // The same rule for another reason is for the trail; people are told when the rule changes.
      if (anew) this.#announce(decision, before, said);
      else this.#telling.note("decided", said);
    }
    this.#reasonKey = key;
    return decision;
  }

  #announce(
    decision: Decision,
    before: Decision | undefined,
    said: Pick<AuditEvent, "name" | "region" | "sentence">,
  ): void {
    const quiet = decision.kind === "hold" && !decision.attention;
    this.#telling.say("decided", said);
    if (quiet && before?.kind !== "ask") return;
    const next = decision.next === undefined ? {} : { next: decision.next };
    const kind = decision.kind === "switch" ? "decided" : decision.kind === "ask" ? "asked" : "trouble";
    if (!quiet) this.#telling.notify({ kind, sentence: decision.reason, ...next });
  }

  #decideInput(request: PersonRequest | undefined): DecideInput {
    const { watched, lease } = this.#ports;
    const { record, state } = this.desk;
    return decideInputOf(this.#view(), {
      paused: this.#switchboard.paused,
      record,
      diagnoses: watched().diagnoses,
      lease: { seenAtMs: state?.leaseSeenAtMs ?? this.#startedMs, ttlMs: lease.timing.ttlMs },
      run: this.#runs.underWay,
      lastRun: this.#runs.lastRun,
      request,
    });
  }

  #view(): View {
    const { system, group, watchConfig, watched, clock } = this.#ports;
    return { nowMs: clock.nowMs(), system, group, watchConfig, watch: watched().state };
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
      traffic: this.#traffic,
      paused: this.#switchboard.paused,
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

  /** From the audit trail, as far back as the question goes. */
  async why({ atMs, last }: { readonly [K in "atMs" | "last"]: WhyQuestion[K] | undefined }): Promise<Why> {
    const { group } = this.#ports;
    const query = { ...(atMs === undefined ? {} : { atMs }), ...(last === undefined ? {} : { last }) };
    const newest = whyOf(group.name, this.timeline.newest(), query);
    const { head } = this.timeline;
    const trail = head === undefined ? {} : { trail: { ...head } };
    if (newest.decision !== undefined) return { ...newest, ...trail };
    const all = await this.timeline.all();
    if (all !== undefined) return { ...whyOf(group.name, all, query), ...trail };
    return {
      ...newest,
      ...trail,
      sentence: `${newest.sentence}; older entries are in the store, which does not answer now`,
    };
  }

  runs(max: number): Promise<readonly RunReport[]> {
    return this.#runs.recent(max);
  }

  seen(diagnosis: Diagnosis, over: boolean): void {
    const sentence = over ? `over: ${diagnosis.sentence}` : diagnosis.sentence;
    const service = diagnosis.service === undefined ? {} : { service: diagnosis.service };
    const fact = { what: "diagnosis" as const, over, ...seenFact(diagnosis, this.#toWall()) };
    this.#telling.say("seen", { name: diagnosis.name, region: diagnosis.region, ...service, sentence, fact });
  }

  #toWall(): (nowMs: number) => number {
    const { clock } = this.#ports;
    const aheadMs = clock.wallMs() - clock.nowMs();
    return (nowMs) => nowMs + aheadMs;
  }

  #noteEpoch(record: GroupRecord): void {
    // Before the trail has been read it is not known which epochs are in it.
    if (!this.#remembers || record.epoch <= this.#epochNoted) return;
    this.#epochNoted = record.epoch;
    const { epoch, primary, promotable } = record;
    const others = promotable.filter((region) => region !== primary);
    this.#telling.note("done", {
      name: "epoch",
      region: primary,
      sentence: `epoch ${epoch}: ${primary} is primary; ${others.length === 0 ? "nobody else may take over" : `${others.join(" and ")} may take over`}`,
      fact: { what: "epoch", epoch, primary, promotable },
    });
  }

  #noteFence(region: RegionName, epoch: number): void {
    if (epoch <= this.#fenceNoted) return;
    this.#fenceNoted = epoch;
    this.#telling.note("done", {
      name: "fence",
      region,
      sentence: `${region} has given its receipt: nothing is acknowledged there under epoch ${epoch} any more`,
      fact: { what: "fence", epoch },
    });
  }
}
