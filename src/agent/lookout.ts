// This region as a vantage: each period it looks once at every target of the other regions, and says for each whether it could
// reach anything else at that moment (I2).

import { regionOf } from "../core/model/select.ts";
import type { RegionName, Service, System } from "../core/model/system.ts";
import type { Clock } from "../ports/clock.ts";
import type { ProbeResult, Prober, ProbeTarget } from "../ports/probe.ts";
import type { Observation } from "../wire/calls.ts";

/** The pseudo service of a region's agent: is anybody there at all. */
export const agentTarget = "agent";

/** A probe is given four times the 99th percentile of what it usually takes, within these bounds. */
const timeoutMinMs = 150;
const timeoutMaxMs = 1_000;
const historyMax = 100;

type Target = { readonly region: RegionName; readonly service: string; readonly probe: ProbeTarget; readonly timeoutMs?: number };

export type RouterOutcome = { readonly region: RegionName; readonly service: string; readonly ok: number; readonly failed: number };

export class Lookout {
  readonly #system: System;
  readonly #region: RegionName;
  readonly #prober: Prober;
  readonly #clock: Clock;
  readonly #roundTrips = new Map<string, number[]>();

  constructor(system: System, region: RegionName, prober: Prober, clock: Clock) {
    this.#system = system;
    this.#region = region;
    this.#prober = prober;
    this.#clock = clock;
  }

  /** One round. `primaries` are the regions whose web services are worth asking: a standby's router leads back to the primary. */
  async round(primaries: ReadonlySet<RegionName>, routerOutcomes: readonly RouterOutcome[]): Promise<readonly Observation[]> {
    const targets = this.#targets(primaries);
    const results = await Promise.all(targets.map((target) => this.#probe(target)));
    const reached = new Set(targets.filter((target, index) => target.service === agentTarget && results[index]?.ok === true).map((t) => t.region));
    const controlsFor = (observed: RegionName): boolean => [...reached].some((region) => region !== observed);
    const probes = targets.map((target, index): Observation => {
      const result = results[index] ?? { ok: false, roundTripMs: 0, why: "not probed" };
      return {
        vantage: this.#region,
        target: { region: target.region, service: target.service },
        source: "probe",
        ok: result.ok,
        controls: controlsFor(target.region),
        roundTripMs: result.roundTripMs,
        ...(result.why === undefined ? {} : { why: result.why.slice(0, 300) }),
      };
    });
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
          region.agent === undefined ? [] : [{ region: region.name, service: agentTarget, probe: { kind: "agent", url: region.agent } }];
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
      return [{ region, service: service.name, probe: { kind: "http", url: `http://${router.http}${service.health.path}` }, ...timeout }];
    }
    return [];
  }

  async #probe(target: Target): Promise<ProbeResult> {
    const key = `${target.region}/${target.service}`;
    const history = this.#roundTrips.get(key) ?? [];
    const startedMs = this.#clock.nowMs();
    const result = await this.#prober.probe(target.probe, target.timeoutMs ?? timeoutOf(history));
    if (result.ok) {
      history.push(this.#clock.nowMs() - startedMs);
      if (history.length > historyMax) history.shift();
      this.#roundTrips.set(key, history);
    }
    return result;
  }
}

/** 4 x p99 of the last round trips, at least 150 ms, at most a second. */
export function timeoutOf(roundTripsMs: readonly number[]): number {
  if (roundTripsMs.length < 10) return 2 * timeoutMinMs;
  const sorted = [...roundTripsMs].sort((a, b) => a - b);
  const p99 = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.99))] ?? timeoutMinMs;
  return Math.min(timeoutMaxMs, Math.max(timeoutMinMs, 4 * p99));
}
