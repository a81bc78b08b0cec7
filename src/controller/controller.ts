// The controller: takes what agents report, watches, decides, runs plans, answers people. Times leases even while it does not lead.
// Everything it knows it can lose: a new process reads the store, waits a whole lease, and goes on.

import type { AuditEvent } from "../core/audit/entry.ts";
import type { Why } from "../core/audit/why.ts";
import type { LeaseConfig } from "../core/lease/timing.ts";
import type { GroupName, RegionName, System } from "../core/model/system.ts";
import type { Methods } from "../core/plan/compile.ts";
import type { Plan } from "../core/plan/plan.ts";
import { watchConfigOf } from "../core/watch/config.ts";
import type { Diagnosis } from "../core/watch/diagnosis.ts";
import type { WatchInput } from "../core/watch/observation.ts";
import { initialWatch, watch } from "../core/watch/watch.ts";
import type { Point } from "../executor/execute.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { Notice, Notifier } from "../ports/notifier.ts";
import type { Peers } from "../ports/peers.ts";
import type { Signal } from "../ports/signal.ts";
import type { Store, StoreFailure } from "../ports/store.ts";
import type { RequestOf, ResponseOf } from "../wire/calls.ts";
import type {
  CommandAnswer,
  PersonCommand,
  ReportAnswer,
  SystemStatus,
  TimelineEvent,
  TrailPart,
  TrailQuestion,
  WhyQuestion,
  WhyReport,
} from "../wire/people.ts";
import type { Places } from "./candidates.ts";
import { GroupControl } from "./group-control.ts";
import { wireRecord } from "./lease-desk.ts";

export type ControllerPorts = {
  readonly system: System;
  /** Where this controller lives. */
  readonly region: RegionName;
  readonly fingerprint: string;
  readonly lease: LeaseConfig;
  readonly methods: Methods;
  readonly clock: Clock;
  readonly store: Store;
  readonly peers: Peers;
  readonly notifier: Notifier;
  /** What is known of regions as places; left out: nothing, and no region is barred for it. */
  readonly places?: Places;
  readonly log: Log;
  readonly reached?: (plan: Plan, step: string, point: Point) => void;
};

/** Between two turns of a group's loop; the lease's own waits are timed inside their step. */
const turnEveryMs = 40;
const systemKey = "system";
const troubleMax = 32;
/** Of one part of an audit trail: less than a caller takes in one answer. */
const trailCharactersMax = 1_000_000;

export class Controller {
  readonly #ports: ControllerPorts;
  readonly #groups: ReadonlyMap<GroupName, GroupControl>;
  readonly #watchConfig: ReturnType<typeof watchConfigOf>;
  #watched: ReturnType<typeof watch>;
  #storeFailure: StoreFailure | undefined;
  readonly #heardMs = new Map<RegionName, number>();
  readonly #trouble = new Map<RegionName, readonly string[]>();
  #signal: Signal | undefined;

  constructor(ports: ControllerPorts) {
    const { system, clock } = ports;
    this.#ports = ports;
    this.#watchConfig = watchConfigOf(system, ports.region);
    this.#watched = { state: initialWatch(this.#watchConfig), diagnoses: [], begun: [], ended: [] };
    this.#groups = new Map(
      system.groups.map((group) => [
        group.name,
        new GroupControl({
          ...ports,
          group,
          watchConfig: this.#watchConfig,
          watched: () => this.#watched,
          onStore: (failure) => this.#noteStore(failure),
          onRecord: (record) => this.#watch({ kind: "record", nowMs: clock.nowMs(), record }),
          notify: (notice) => this.#notify(notice),
        }),
      ]),
    );
  }

  /** Is this store this system's, as far as it can be told? A sentence when not. */
  async belongs(): Promise<string | undefined> {
    const { store, system } = this.#ports;
    const known = await store.get(systemKey);
    if (known.kind === "failed") return known.retry === "never" ? known.why : undefined;
    const value = known.at?.value as { readonly name?: string } | undefined;
    if (value === undefined) {
      await store.swap([{ key: systemKey, expect: 0, value: { name: system.name } }]);
      return undefined;
    }
    return value.name === system.name
      ? undefined
      : `this store belongs to the system ${value.name}, and the manifest describes ${system.name}: give each system a --state folder of its own`;
  }

  async run(signal: Signal): Promise<void> {
    this.#signal = signal;
    await Promise.all([this.#tick(signal), ...[...this.#groups.values()].map((group) => this.#turns(group, signal))]);
  }

  async #tick(signal: Signal): Promise<void> {
    const { clock } = this.#ports;
    while (!signal.aborted) {
      this.#watch({ kind: "tick", nowMs: clock.nowMs() });
      await clock.sleep(turnEveryMs, signal).catch(() => undefined);
    }
  }

  /** Each group by itself: one that waits for something does not keep the others waiting. */
  async #turns(group: GroupControl, signal: Signal): Promise<void> {
    const { clock, log } = this.#ports;
    while (!signal.aborted) {
      try {
        await group.turn(signal);
      } catch (error) {
        log.write(
          "error",
          "controller",
          `a turn of ${group.name} failed: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
      await clock.sleep(turnEveryMs, signal).catch(() => undefined);
    }
  }

  // ---- agents ----

  async renew(request: RequestOf<"renew">): Promise<ResponseOf<"renew">> {
    const group = this.#groups.get(request.group);
    return group === undefined
      ? { kind: "refused", why: `there is no group ${request.group}` }
      : group.desk.renew(request);
  }

  report(request: RequestOf<"report">): ResponseOf<"report"> {
    const { clock, fingerprint, system, log } = this.#ports;
    const nowMs = clock.nowMs();
    const { region } = request;
    if (system.regions.every((one) => one.name !== region)) {
      // Whoever it is has another manifest; nothing of it is kept.
      log.write("warn", "controller", `a report came from ${region}, which is no region of this manifest`);
      return { stampMs: nowMs, records: [], traffic: [], paused: [] };
    }
    this.#heardMs.set(region, nowMs);
    const foreign =
      request.manifest === fingerprint
        ? []
        : [`${region} runs another manifest than this controller: restart both with the same file`];
    this.#trouble.set(region, [...foreign, ...request.trouble].slice(0, troubleMax));
    this.#watch({ kind: "status", nowMs, region, stampEchoMs: request.stampEcho, services: request.services });
    // A vantage speaks for itself only.
    const own = request.observations.filter((observation) => observation.vantage === region);
    this.#watch({ kind: "observations", nowMs, observations: own });
    for (const group of this.#groups.values()) group.heard(region, request.members);
    const groups = [...this.#groups.values()];
    return {
      stampMs: nowMs,
      records: groups.flatMap((group) => (group.desk.record === undefined ? [] : [wireRecord(group.desk.record)])),
      traffic: groups.flatMap((group) => (group.traffic === undefined ? [] : [group.traffic])),
      paused: groups.filter((group) => group.paused).map((group) => group.name),
    };
  }

  // ---- people ----

  async command(command: PersonCommand): Promise<CommandAnswer> {
    const signal = this.#signal;
    if (signal === undefined) return { accepted: false, sentence: "the controller is still starting" };
    if (command.kind === "run") {
      const owner = [...this.#groups.values()].find((group) => group.currentRun()?.id === command.run);
      return owner === undefined
        ? this.#refuse(command, `${command.run} is not under way`)
        : owner.command(command, signal);
    }
    const group = this.#groups.get(command.group);
    if (group !== undefined) return group.command(command, signal);
    return this.#refuse(command, `there is no group ${command.group}; there is ${[...this.#groups.keys()].join(", ")}`);
  }

  /** An order that leads to no group of this system stands in every trail: somebody may have meant one of them. */
  #refuse(command: PersonCommand, sentence: string): CommandAnswer {
    const answer: CommandAnswer = { accepted: false, sentence };
    for (const group of this.#groups.values()) group.noteOrder(command, answer);
    return answer;
  }

  status(): SystemStatus {
    const { system, clock } = this.#ports;
    const nowMs = clock.nowMs();
    const groups = [...this.#groups.values()].map((group) => group.status());
    const worst =
      groups.find((group) => group.decision.kind !== "hold") ??
      groups.find((group) => group.diagnoses.length > 0) ??
      groups[0];
    const away = this.#storeFailure;
    return {
      version: 1,
      system: system.name,
      sentence:
        away === undefined
          ? (worst?.sentence ?? `${system.name} has no group that moves`)
          : `the store does not answer (${away.why}); nothing is promoted meanwhile`,
      store: { ok: away === undefined, why: away === undefined ? "answers" : away.why },
      groups,
      regions: system.regions.map((region) => {
        const heardMs = this.#heardMs.get(region.name);
        return {
          region: region.name,
          witness: region.witness,
          ...(heardMs === undefined ? {} : { agentHeardMsAgo: Math.round(nowMs - heardMs) }),
          trouble: [...(this.#trouble.get(region.name) ?? [])],
        };
      }),
    };
  }

  async history(request: { readonly sinceMs: number; readonly runsMax: number }): Promise<ReportAnswer> {
    const groups = [...this.#groups.values()];
    const runs = await Promise.all(groups.map((group) => group.runs(request.runsMax)));
    return {
      version: 1,
      system: this.#ports.system.name,
      events: groups
        .flatMap((group) => group.timeline.since(request.sinceMs).map(toldOf))
        .sort((a, b) => a.atMs - b.atMs),
      runs: runs.flat().filter((run) => (run.endedAt ?? Number.MAX_SAFE_INTEGER) >= request.sinceMs),
    };
  }

  /** A part of one group's audit trail, as the store has it. */
  async trail({ group, afterSeq, max }: TrailQuestion): Promise<TrailPart> {
    const groups = [...this.#groups.keys()];
    const rows = await this.#groups.get(group)?.timeline.rows(afterSeq, max);
    if (rows === undefined) return { version: 1, groups, read: !groups.includes(group), rows: [] };
    const texts: { seq: number; text: string }[] = [];
    let characters = 0;
    for (const { seq, entry } of rows) {
      const text = JSON.stringify(entry);
      characters += text.length;
      if (characters > trailCharactersMax && texts.length > 0) break;
      texts.push({ seq, text });
    }
    return { version: 1, groups, read: true, rows: texts };
  }

  /** Why did it, or did it not, act? From the audit trail. */
  async why({ group, atMs, last }: WhyQuestion): Promise<WhyReport> {
    const asked = [...this.#groups.values()].filter((one) => group === undefined || one.name === group);
    const answers: Why[] = await Promise.all(asked.map((one) => one.why({ atMs, last })));
    if (asked.length === 0) {
      const sentence = `There is no group ${group ?? ""} in ${this.#ports.system.name}; there is ${[...this.#groups.keys()].join(", ")}`;
      answers.push({ group: group ?? "", sentence, diagnoses: [], considered: [], wouldChange: [] });
    }
    return { version: 1, system: this.#ports.system.name, answers: answers as WhyReport["answers"] };
  }

  // ---- watching ----

  #watch(input: WatchInput): void {
    const before = this.#watched;
    const next = watch(this.#watchConfig, before.state, input);
    this.#watched = next;
    for (const diagnosis of next.begun) if (diagnosis.severity !== "ok") this.#tell(diagnosis, false);
    for (const diagnosis of next.ended) if (diagnosis.severity !== "ok") this.#tell(diagnosis, true);
  }

  #tell(diagnosis: Diagnosis, over: boolean): void {
    // A diagnosis without a group of its own, such as a blind observer, concerns every group.
    const service = this.#ports.system.services.find((one) => one.name === diagnosis.service);
    for (const group of this.#groups.values()) {
      if (service?.group === undefined || service.group === group.name) group.seen(diagnosis, over);
    }
  }

  #noteStore(failure: StoreFailure | undefined): void {
    const { clock } = this.#ports;
    this.#storeFailure = failure;
    this.#watch({
      kind: "store",
      nowMs: clock.nowMs(),
      reachable: failure === undefined,
      ...(failure === undefined ? {} : { why: failure.why }),
    });
  }

  #notify(notice: Omit<Notice, "system" | "atMs">): void {
    const { notifier, system, clock, log } = this.#ports;
    const whole: Notice = { ...notice, system: system.name, atMs: clock.wallMs() };
    void notifier.notify(whole).then((failures) => {
      for (const failure of failures) log.write("warn", "notify", failure);
    });
  }
}

/** An entry of the trail as reports have it: without its place in the chain. */
function toldOf({ atMs, kind, group, region, service, step, run, name, sentence, fact }: AuditEvent): TimelineEvent {
  return {
    atMs,
    kind,
    group,
    region,
    ...(service === undefined ? {} : { service }),
    ...(step === undefined ? {} : { step }),
    ...(run === undefined ? {} : { run }),
    name,
    sentence,
    ...(fact === undefined ? {} : { fact }),
  };
}
