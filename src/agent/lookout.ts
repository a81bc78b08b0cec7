// This region as a vantage: each period it looks once at every target of the other regions, and says for each whether it could
// reach anything else at that moment (I2).
//
// A look that was not made (too many are open at the target, the prober has too much to do) is no failure: it is counted, and goes along
// with the next observation of that target. Where no look is made at all, nothing is said of the target.

import type { RegionName, System } from "../core/model/system.ts";
import { nextHealth, patience } from "../core/watch/observer.ts";
import type { Clock } from "../ports/clock.ts";
import type { ProbeResult, Prober, ProbeSkipped } from "../ports/probe.ts";
import type { Observation } from "../wire/calls.ts";
import { agentTarget, targetsOf, type WatchedTarget } from "./lookout-targets.ts";
import { lateMaxMs, timeoutOf } from "./patience.ts";

const historyMax = 100;
/** A target that hangs is asked again each period all the same; so many questions may be open at once. */
const openMax = 6;
/** So many missed looks at a target are listened to at a time, beyond those that are open: their answers may only be late. */
const listeningMax = 4;
/** How long the answer of a control target counts. */
const controlPeriods = 3;
/** Looks begin spread over this share of a period, so that the vantages do not all ask at the same moment. */
const spreadShare = 0.1;
/** A warning is told for so long after the last look that gave it. */
const warningKeptPeriods = 10;
const sentencesMax = 4;

export type RouterOutcome = {
  readonly region: RegionName;
  readonly service: string;
  readonly ok: number;
  readonly failed: number;
};

export class Lookout {
  readonly #system: System;
  readonly #region: RegionName;
  readonly #prober: Prober;
  readonly #clock: Clock;
  readonly #roundTrips = new Map<string, number[]>();
  readonly #open = new Map<string, number>();
  readonly #listening = new Map<string, number>();
  readonly #agentSeenMs = new Map<RegionName, number>();
  /** Looks at a target that were left out since it was last observed. */
  readonly #skipped = new Map<string, number>();
  readonly #warnings = new Map<string, { readonly sentence: string; readonly atMs: number }>();
  readonly #chance: () => number;
  #anythingSeenMs: number;
  /** 0: well. The watch reckons the same of every vantage; here it makes this one slower to call a look missed (Lifeguard). */
  #health = 0;
  #ended: { readonly target: WatchedTarget; readonly result: ProbeResult; readonly late?: true }[] = [];

  /** `chance`: 0 to 1, anew each time; always 0 lets every look begin with its round. */
  constructor(system: System, region: RegionName, prober: Prober, clock: Clock, chance: () => number = () => 0) {
    this.#system = system;
    this.#region = region;
    this.#prober = prober;
    this.#clock = clock;
    this.#chance = chance;
    this.#anythingSeenMs = clock.nowMs();
  }

  /** What people should know of the looks made here: those left out, certificates that run out. */
  get trouble(): readonly string[] {
    const freshMs = this.#clock.nowMs() - warningKeptPeriods * this.#system.control.probeEveryMs;
    for (const [key, { atMs }] of this.#warnings) if (atMs < freshMs) this.#warnings.delete(key);
    const saturated = this.#prober.trouble?.();
    const warnings = [...this.#warnings.values()].map(({ sentence }) => sentence).slice(0, sentencesMax);
    return [...(saturated === undefined ? [] : [saturated]), ...warnings];
  }

  /**
   * Asks every target once, and answers with all that came in until a period is nearly over: a target that hangs is reported when its
   * time is up, and delays no other. `primaries` are the regions whose web services are worth asking: a standby's router leads back to
   * the primary.
   */
  async round(
    primaries: ReadonlySet<RegionName>,
    routerOutcomes: readonly RouterOutcome[],
  ): Promise<readonly Observation[]> {
    const { probeEveryMs } = this.#system.control;
    const asked = targetsOf(this.#system, this.#region, primaries).map((target) => this.#ask(target));
    await Promise.race([Promise.all(asked), this.#clock.sleep(probeEveryMs * 0.9)]);
    const ended = this.#ended;
    this.#ended = [];
    const freshMs = this.#clock.nowMs() - controlPeriods * probeEveryMs;
    const controlsFor = (observed: RegionName): boolean =>
      [...this.#agentSeenMs].some(([region, seenMs]) => region !== observed && seenMs >= freshMs);
    const sees = this.#anythingSeenMs >= freshMs;
    this.#health = nextHealth(this.#health, sees);
    const blind = sees ? {} : { blind: true };
    const probes = ended.map(
      ({ target, result, late }): Observation => ({
        vantage: this.#region,
        target: { region: target.region, service: target.service },
        source: "probe",
        ok: result.ok,
        controls: controlsFor(target.region),
        roundTripMs: result.roundTripMs,
        ...(late === undefined ? {} : { late }),
        ...(result.busy === undefined ? {} : { busy: result.busy }),
        ...(result.why === undefined ? {} : { why: result.why.slice(0, 300) }),
        ...this.#takeSkipped(keyOf(target)),
        ...blind,
      }),
    );
    const routers = routerOutcomes
      .filter((outcome) => outcome.ok + outcome.failed > 0)
      .map(
        (outcome): Observation => ({
          vantage: this.#region,
          target: { region: outcome.region, service: outcome.service },
          source: "router",
          ok: outcome.ok > 0,
          controls: controlsFor(outcome.region),
          roundTripMs: 0,
          counts: { ok: outcome.ok, failed: outcome.failed },
          ...(outcome.ok > 0 ? {} : { why: `${outcome.failed} requests of users failed` }),
        }),
      );
    return [...routers, ...probes];
  }

  async #ask(target: WatchedTarget): Promise<void> {
    const key = keyOf(target);
    const open = this.#open.get(key) ?? 0;
    if (open >= openMax) return this.#skip(key);
    this.#open.set(key, open + 1);
    try {
      const spreadMs = spreadShare * this.#system.control.probeEveryMs * this.#chance();
      if (spreadMs >= 1) await this.#clock.sleep(spreadMs);
      const startedMs = this.#clock.nowMs();
      const result = await this.#look(target, key);
      if ("skipped" in result) return this.#skip(key);
      if (result.ok) this.#answered(target, this.#clock.nowMs() - startedMs);
      if (result.warning !== undefined) {
        const sentence = `${target.service} in ${target.region}: ${result.warning}`.slice(0, 300);
        this.#warnings.set(key, { sentence, atMs: this.#clock.nowMs() });
      }
      this.#ended.push({ target, result });
      if (result.late !== undefined) void this.#listen(target, result.late);
    } finally {
      this.#open.set(key, (this.#open.get(key) ?? 1) - 1);
    }
  }

  #look(target: WatchedTarget, key: string): Promise<ProbeResult | ProbeSkipped> {
    // Who says how long an answer may take has said what a late one is.
    if (target.timeoutMs !== undefined) return this.#prober.probe(target.probe, target.timeoutMs);
    const usualMs = timeoutOf(this.#roundTrips.get(key) ?? [], this.#system.control.probeEveryMs);
    const timeoutMs = patience(this.#health) * usualMs;
    const listens = timeoutMs < lateMaxMs && (this.#listening.get(key) ?? 0) < listeningMax;
    return this.#prober.probe(target.probe, timeoutMs, ...(listens ? [lateMaxMs] : []));
  }

  /** A look that was reported as missed, and may be answered yet. */
  async #listen(target: WatchedTarget, late: NonNullable<ProbeResult["late"]>): Promise<void> {
    const key = keyOf(target);
    this.#listening.set(key, (this.#listening.get(key) ?? 0) + 1);
    const answer = await late;
    this.#listening.set(key, (this.#listening.get(key) ?? 1) - 1);
    if (answer === undefined) return;
    this.#answered(target, answer.roundTripMs);
    this.#ended.push({ target, result: { ok: true, roundTripMs: answer.roundTripMs }, late: true });
  }

  #answered(target: WatchedTarget, roundTripMs: number): void {
    const history = this.#roundTrips.get(keyOf(target)) ?? [];
    history.push(roundTripMs);
    if (history.length > historyMax) history.shift();
    this.#roundTrips.set(keyOf(target), history);
    const nowMs = this.#clock.nowMs();
    this.#anythingSeenMs = nowMs;
    if (target.service === agentTarget) this.#agentSeenMs.set(target.region, nowMs);
  }

  #skip(key: string): void {
    this.#skipped.set(key, (this.#skipped.get(key) ?? 0) + 1);
  }

  #takeSkipped(key: string): { readonly skipped?: number } {
    const skipped = this.#skipped.get(key);
    this.#skipped.delete(key);
    return skipped === undefined ? {} : { skipped };
  }
}

function keyOf({ region, service }: WatchedTarget): string {
  return `${region}/${service}`;
}
