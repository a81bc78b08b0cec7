// This region as a vantage: each period it looks once at every target of the other regions, and says for each whether it could
// reach anything else at that moment (I2).

import { regionOf } from "../core/model/select.ts";
import type { RegionName, Service, System } from "../core/model/system.ts";
import type { Clock } from "../ports/clock.ts";
import type { ProbeResult, Prober, ProbeTarget } from "../ports/probe.ts";
import type { Observation } from "../wire/calls.ts";

/** The pseudo service of a region's agent: is anybody there at all. */
export const agentTarget = "agent";

/** A probe is given four times the 99th percentile of what it usually takes, at least this. */
const timeoutMinMs = 150;
/** One slow answer must not make a vantage patient for long: never more than four times the median, or two periods. */
const timeoutMedians = 4;
const timeoutPeriods = 2;
const historyMax = 100;
/** A target that hangs is asked again each period all the same; so many questions may be open at once. */
const openMax = 6;
/** How long the answer of a control target counts. */
const controlPeriods = 3;

type Target = {
  readonly region: RegionName;
  readonly service: string;
  readonly probe: ProbeTarget;
  readonly timeoutMs?: number;
};

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
  readonly #agentSeenMs = new Map<RegionName, number>();
  #ended: { readonly target: Target; readonly result: ProbeResult }[] = [];

  constructor(system: System, region: RegionName, prober: Prober, clock: Clock) {
    this.#system = system;
    this.#region = region;
    this.#prober = prober;
    this.#clock = clock;
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
    const asked = this.#targets(primaries).map((target) => this.#ask(target));
    await Promise.race([Promise.all(asked), this.#clock.sleep(probeEveryMs * 0.9)]);
    const ended = this.#ended;
    this.#ended = [];
    const freshMs = this.#clock.nowMs() - controlPeriods * probeEveryMs;
    const controlsFor = (observed: RegionName): boolean =>
      [...this.#agentSeenMs].some(([region, seenMs]) => region !== observed && seenMs >= freshMs);
    const probes = ended.map(
      ({ target, result }): Observation => ({
        vantage: this.#region,
        target: { region: target.region, service: target.service },
        source: "probe",
        ok: result.ok,
        controls: controlsFor(target.region),
        roundTripMs: result.roundTripMs,
        ...(result.why === undefined ? {} : { why: result.why.slice(0, 300) }),
      }),
    );
    const routers = routerOutcomes
      .filter((outcome) => outcome.region !== this.#region && outcome.ok + outcome.failed > 0)
      .map(
        (outcome): Observation => ({
          vantage: this.#region,
          target: { region: outcome.region, service: outcome.service },
          source: "router",
          ok: outcome.ok > 0,
          controls: controlsFor(outcome.region),
          roundTripMs: 0,
          ...(outcome.ok > 0 ? {} : { why: `${outcome.failed} requests of users failed` }),
        }),
      );
    return [...routers, ...probes];
  }

  #targets(primaries: ReadonlySet<RegionName>): readonly Target[] {
    return this.#system.regions
      .filter((region) => region.name !== this.#region)
      .flatMap((region): Target[] => {
        const agent: Target[] =
          region.agent === undefined
            ? []
            : [{ region: region.name, service: agentTarget, probe: { kind: "agent", url: region.agent } }];
        const services = this.#system.services
          .filter((service) => service.in[region.name] !== undefined)
          .flatMap((service) => this.#serviceTarget(service, region.name, primaries));
        return [...agent, ...services];
      });
  }

  #serviceTarget(service: Service, region: RegionName, primaries: ReadonlySet<RegionName>): Target[] {
    const placement = service.in[region];
    const timeout = service.health.timeoutMs === undefined ? {} : { timeoutMs: service.health.timeoutMs };
    if (service.type === "postgresql" && placement?.url !== undefined) {
      const password = placement.password === undefined ? {} : { password: placement.password };
      return [{ region, service: service.name, probe: { kind: "sql", url: placement.url, ...password }, ...timeout }];
    }
    const router = regionOf(this.#system, region).router;
    if (service.type === "http" && router !== undefined && primaries.has(region)) {
      return [
        {
          region,
          service: service.name,
          probe: { kind: "http", url: `http://${router.http}${service.health.path}` },
          ...timeout,
        },
      ];
    }
    return [];
  }

  async #ask(target: Target): Promise<void> {
    const key = `${target.region}/${target.service}`;
    const open = this.#open.get(key) ?? 0;
    if (open >= openMax) return;
    this.#open.set(key, open + 1);
    const history = this.#roundTrips.get(key) ?? [];
    const startedMs = this.#clock.nowMs();
    try {
      const result = await this.#prober.probe(
        target.probe,
        target.timeoutMs ?? timeoutOf(history, this.#system.control.probeEveryMs),
      );
      if (result.ok) {
        history.push(this.#clock.nowMs() - startedMs);
        if (history.length > historyMax) history.shift();
        this.#roundTrips.set(key, history);
        if (target.service === agentTarget) this.#agentSeenMs.set(target.region, this.#clock.nowMs());
      }
      this.#ended.push({ target, result });
    } finally {
      this.#open.set(key, (this.#open.get(key) ?? 1) - 1);
    }
  }
}

/** 4 x p99 of the last round trips, at most four medians or two periods, whichever is more; at least 150 ms in any case. */
export function timeoutOf(roundTripsMs: readonly number[], periodMs: number): number {
  if (roundTripsMs.length < 10) return Math.max(timeoutMinMs, timeoutPeriods * periodMs);
  const sorted = [...roundTripsMs].sort((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? timeoutMinMs;
  const mostMs = Math.max(timeoutMedians * at(0.5), timeoutPeriods * periodMs);
  return Math.max(timeoutMinMs, Math.min(mostMs, 4 * at(0.99)));
}
