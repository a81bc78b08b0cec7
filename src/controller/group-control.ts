// One group under control: its record and lease, its routes, its decisions, its one run at a time.
// The loop is: what the watch diagnoses goes into `decide`; what it decides becomes a plan; a plan becomes a run.
// I2, I10. Nothing switches here that `decide` has not said.

import { type Why, whyOf } from "../core/audit/why.ts";
import { decide } from "../core/decide/decide.ts";
import type { DecideInput, Decision, PersonRequest, Question } from "../core/decide/decision.ts";
import { decideRules, troubles } from "../core/decide/rules.ts";
import type { GroupRecord } from "../core/lease/record.ts";
import type { LeaseConfig } from "../core/lease/timing.ts";
import { servicesOf } from "../core/model/select.ts";
import type { Group, GroupName, RegionName, Route, System } from "../core/model/system.ts";
import type { Outcome } from "../core/plan/action.ts";
import type { Methods } from "../core/plan/compile.ts";
import type { Plan } from "../core/plan/plan.ts";
import { nextTtlState, shortenedTtls, type TtlState } from "../core/route/ttl.ts";
import type { WatchConfig } from "../core/watch/config.ts";
import type { Diagnosis, DiagnosisName } from "../core/watch/diagnosis.ts";
import { duration } from "../core/watch/sentence.ts";
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
import { decideInputOf, type Places, targetProblemOf, type View } from "./candidates.ts";
import { DeciderMemory } from "./decider-memory.ts";
import { GroupRuns } from "./group-runs.ts";
import { groupStatusOf } from "./group-status.ts";
import { GroupStore } from "./group-store.ts";
import { LeaseDesk } from "./lease-desk.ts";
import { makePerformer } from "./performer.ts";
import { commandRun, type RunCommand } from "./run-command.ts";
import { Switches } from "./switchboard.ts";
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
const wasInDoubt = "the primary was in doubt a moment ago";
/** What makes one doubt a primary: a switch may be near. */
const doubtful: readonly DiagnosisName[] = [...troubles.map((one) => one.diagnosis), "flapping", "slow", "unknown"];

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
  readonly #switches: Switches;
  readonly #memory: DeciderMemory;
  #ttl: TtlState = {};
  #ttlStoring = false;
  #decision: Decision | undefined;
  #reasonKey = "";
  /** The newest epoch that is in the trail. */
  #epochNoted = 0;
  #fenceNoted = 0;
  #beginAfterMs = Number.NEGATIVE_INFINITY;
  #unprotectAfterMs = Number.NEGATIVE_INFINITY;
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
    return this.#switches.paused;
  }

  /** Reads the store once, at the start; false while it is away. Takes up the run that an earlier process left. */
  async load(signal: Signal): Promise<boolean> {
    if (this.#loaded) return true;
    const read = await this.#groupStore.read();
    this.#ports.onStore(read.kind === "failed" ? read : undefined);
    if (read.kind === "failed") return false;
    this.desk.start(read);
    this.#traffic = read.traffic;
    this.#switches.load(read.switchboard);
    this.#memory.load(read.decider);
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
      this.#keepTtls();
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

  /** Never waited for: a store that hangs must not keep a decision from being made. While a run is under way routes are its business. */
  #keepTtls(): void {
    const { clock, group, system } = this.#ports;
    const doubts = this.#doubt();
    this.#ttl = nextTtlState(this.#ttl, { nowMs: clock.nowMs(), inDoubt: doubts !== undefined });
    const traffic = this.#traffic;
    if (this.#ttlStoring || traffic === undefined || this.#runs.execution !== undefined) return;
    const wanted = shortenedTtls(routesTo(system, group.name), this.#ttl);
    if (JSON.stringify(wanted) === JSON.stringify(traffic.ttls)) return;
    this.#ttlStoring = true;
    const { epoch, primary, mode } = traffic;
    void this.#storeTraffic({ epoch, primary, mode }, wanted)
      .then((stored) => {
        if (stored.kind === "done") this.#telling.say("done", this.#ttlSaid(wanted, doubts));
      })
      .finally(() => {
        this.#ttlStoring = false;
      });
  }

  #ttlSaid(ttls: Traffic["ttls"], doubts: Diagnosis | undefined): { name: string; region: string; sentence: string } {
    const region = this.#traffic?.primary ?? "";
    if (ttls === undefined)
      return {
        name: "ttl-usual",
        region,
        sentence: `${region} has been well for a while: routes have their usual TTL again`,
      };
    const names = Object.entries(ttls).map(([route, ttlMs]) => `${route} ${duration(ttlMs)}`);
    const why = doubts?.sentence ?? wasInDoubt;
    return {
      name: "ttl-short",
      region,
      sentence: `the TTL is shortened (${names.join(", ")}), for ${why}`.slice(0, 1_000),
    };
  }

  /** What makes one doubt the primary at this moment. */
  #doubt(): Diagnosis | undefined {
    const { watched, system, group } = this.#ports;
    const primary = this.desk.record?.primary;
    const services = servicesOf(system, group.name).map((service) => service.name);
    return watched().diagnoses.find(
      (one) =>
        one.region === primary &&
        doubtful.includes(one.name) &&
        (one.service === undefined || services.includes(one.service)),
    );
  }

  /** What nobody orders: begun only while nothing else is under way and automation is on. */
  async #keepUp(signal: Signal): Promise<void> {
    const due = this.#upkeep.due({
      nowMs: this.#ports.clock.nowMs(),
      record: this.desk.record,
      traffic: this.#traffic,
      free: this.#runs.execution === undefined && !this.#switches.paused,
      isHeard: (region) => this.#isHeard(region),
      maintenance: this.#switches.maintenance.map((one) => one.region),
    });
    if (due.kind === "run") await this.#runs.start(due.wanted, signal);
    else if (due.kind === "trouble") this.#telling.complain(due.sentence);
  }

  async #storeTraffic(
    next: Pick<Traffic, "epoch" | "primary" | "mode">,
    ttls: Traffic["ttls"] = this.#traffic?.ttls,
  ): Promise<Outcome> {
    const generation = (this.#traffic?.generation ?? 0) + 1;
    const traffic: Traffic = { group: this.name, generation, ...next, ...(ttls === undefined ? {} : { ttls }) };
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
        fact: decisionFact(decision, input, was, state, this.#toWall()),
      };
      // The same rule for another reason is for the trail; people are told when the rule changes.
      if (anew) this.#telling.say("decided", said);
      else this.#telling.note("decided", said);
    }
    this.#tellPeople(decision, was.question, anew);
    this.#reasonKey = key;
    return decision;
  }

  /** A question is told once, and again as its own reminders and successors come; everything else when the rule changes. */
  #tellPeople(decision: Decision, before: Question | undefined, anew: boolean): void {
    const next = decision.next === undefined ? {} : { next: decision.next };
    const question = decision.kind === "ask" ? decision.question : undefined;
    if (question !== undefined) {
      const { id, reminders } = question;
      if (before?.id === id && before.reminders === reminders) return;
      const again = before?.id === id ? `reminder ${reminders} of ${decideRules.remindersMax}: ` : "asked anew: ";
      const sentence = `${before === undefined ? "" : again}${noticeOf(decision)}`;
      this.#telling.notify({ kind: "asked", sentence, ...next });
      return;
    }
    if (!anew || (decision.kind === "hold" && !decision.attention)) return;
    const kind = decision.kind === "hold" ? "trouble" : decision.kind === "ask" ? "asked" : "decided";
    this.#telling.notify({ kind, sentence: noticeOf(decision), ...next });
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
      traffic: this.#traffic,
      paused: this.#switches.paused,
      maintenance: this.#switches.maintenance,
      decider: this.#memory.state,
      routes: routesTo(system, group.name),
      ttlWhy: this.#traffic?.ttls === undefined ? undefined : (this.#doubt()?.sentence ?? wasInDoubt),
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
    const { head } = this.timeline;
    const trail = head === undefined ? {} : { trail: { ...head } };
    let events = this.timeline.newest();
    let why = whyOf(group.name, events, query);
    if (why.decision !== undefined) return { ...why, ...trail };
    for await (const older of this.timeline.older()) {
      if (older === undefined) {
        const sentence = `${why.sentence}; older entries are in the store, which does not answer now`;
        return { ...why, ...trail, sentence };
      }
      events = [...older, ...events];
      why = whyOf(group.name, events, query);
      if (why.decision !== undefined) break;
    }
    return { ...why, ...trail };
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

/** The reason, what waiting costs, and until when nothing is done. */
function noticeOf({ reason, waiting, until, kind }: Decision): string {
  const more = [waiting, kind === "hold" && until !== undefined ? `this holds ${until}` : undefined];
  return [reason, ...more.filter((one) => one !== undefined)].join(". ");
}

/** Routes that lead to a service of the group. */
function routesTo(system: System, group: GroupName): readonly Route[] {
  const services = servicesOf(system, group).map((service) => service.name);
  return system.routes.filter((route) => services.includes(route.to));
}
