// A small system and a world around the watch: who reaches whom is a function, time goes by in periods. For tests of core/watch.

import type { RegionName, System } from "../../src/core/model/system.ts";
import { type WatchConfig, watchConfigOf } from "../../src/core/watch/config.ts";
import type { Diagnosis, DiagnosisName } from "../../src/core/watch/diagnosis.ts";
import { agentService, type Observation, type ReportedService, type Target } from "../../src/core/watch/observation.ts";
import { initialWatch, type Watched, type WatchState, watch } from "../../src/core/watch/watch.ts";

export const year = 31_557_600_000;

/** A primary and a standby with a database and a web service; so many witnesses. */
export function shopOf(witnesses = 1): System {
  const names = ["north", "south", "watch", "west", "east", "far", "deep"].slice(0, 2 + witnesses);
  return {
    version: 1,
    name: "shop",
    regions: names.map((name, index) => ({ name, at: `site/${name}`, witness: index > 1 })),
    objectives: { rtoMs: 30_000, rpoMs: 30_000, falseFailoverMs: 10 * year, residency: [] },
    groups: [
      {
        name: "storefront",
        primary: ["north", "south"],
        pattern: "warm-standby",
        failover: "automatic",
        maxDataLossMs: 30_000,
        coolDownMs: 60_000,
      },
    ],
    services: [
      {
        name: "orders",
        type: "postgresql",
        group: "storefront",
        replication: { method: "streaming", mode: "async" },
        needs: [],
        replicas: { primary: 1, standby: 1 },
        health: { path: "/", everyMs: 200 },
        in: { north: {}, south: {} },
      },
      {
        name: "web",
        type: "http",
        group: "storefront",
        needs: ["orders"],
        replicas: { primary: 4, standby: 1 },
        health: { path: "/healthz", everyMs: 200 },
        in: { north: {}, south: {} },
      },
    ],
    routes: [],
    jobs: [],
    control: {
      lease: { ttlMs: 2_200, renewEveryMs: 400, callTimeoutMs: 200, holdMs: 2_000, drift: 0.001 },
      probeEveryMs: 200,
      notify: [],
    },
  };
}

/** What is so in one period; left out: all is well. */
export type Weather = {
  readonly misses?: (vantage: RegionName, target: Target) => boolean;
  /** Of what is missed: it answers that it is too busy. */
  readonly busy?: (target: Target) => boolean;
  readonly controls?: (vantage: RegionName) => boolean;
  readonly roundTripMs?: (vantage: RegionName, target: Target) => number;
  /** What users' requests got through a router in that region, for each target that it led to. */
  readonly requests?: (router: RegionName) => readonly (Target & { readonly ok: number; readonly failed: number })[];
  /** Places whose agents say nothing to the controller. */
  readonly silent?: readonly RegionName[];
  readonly reports?: (region: RegionName) => readonly ReportedService[];
};

export class World {
  readonly config: WatchConfig;
  nowMs = 1_000_000;
  state: WatchState;
  last: Watched | undefined;
  begun: Diagnosis[] = [];

  constructor(system: System, primary: RegionName | undefined = "north") {
    this.config = watchConfigOf(system, "watch");
    this.state = initialWatch(this.config);
    if (primary === undefined) return;
    this.take({
      kind: "record",
      nowMs: this.nowMs,
      record: { group: "storefront", epoch: 1, primary, promotable: ["north", "south"] },
    });
  }

  take(input: Parameters<typeof watch>[2]): Watched {
    const watched = watch(this.config, this.state, input);
    this.state = watched.state;
    this.last = watched;
    this.begun.push(...watched.begun);
    return watched;
  }

  /** One period: every place reports once, one after the other. */
  period(weather: Weather = {}): void {
    const places = this.config.system.regions.map((region) => region.name);
    const gapMs = this.config.periodMs / (places.length + 1);
    for (const vantage of places) {
      this.nowMs += gapMs;
      if (weather.silent?.includes(vantage)) continue;
      this.take({ kind: "observations", nowMs: this.nowMs, observations: this.#sees(vantage, weather) });
      const services = weather.reports?.(vantage) ?? this.#well(vantage);
      this.take({ kind: "status", nowMs: this.nowMs, region: vantage, stampEchoMs: this.nowMs - 60, services });
    }
    this.nowMs += gapMs;
    this.take({ kind: "tick", nowMs: this.nowMs });
  }

  periods(count: number, weather: Weather = {}): void {
    for (let index = 0; index < count; index += 1) this.period(weather);
  }

  names(region?: RegionName): readonly DiagnosisName[] {
    return (this.last?.diagnoses ?? [])
      .filter((one) => region === undefined || one.region === region)
      .map((one) => one.name);
  }

  diagnosis(name: DiagnosisName): Diagnosis {
    const found = this.last?.diagnoses.find((one) => one.name === name);
    if (found === undefined) throw new Error(`no ${name} among ${this.names().join(", ")}`);
    return found;
  }

  #sees(vantage: RegionName, weather: Weather): readonly Observation[] {
    const routed = (weather.requests?.(vantage) ?? []).map(
      ({ region, service, ok, failed }): Observation => ({
        vantage,
        target: { region, service },
        source: "router",
        ok: ok > 0,
        controls: weather.controls?.(vantage) ?? true,
        roundTripMs: 0,
        counts: { ok, failed },
      }),
    );
    const probed = this.config.targets
      .filter((target) => target.region !== vantage)
      .map(
        ({ region, service }): Observation => ({
          vantage,
          target: { region, service },
          source: "probe",
          ok: !(weather.misses?.(vantage, { region, service }) ?? false),
          controls: weather.controls?.(vantage) ?? true,
          roundTripMs: weather.roundTripMs?.(vantage, { region, service }) ?? 30,
          ...(weather.busy?.({ region, service }) === true ? { busy: true, why: "It has no connection left." } : {}),
        }),
      );
    return [...routed, ...probed];
  }

  #well(region: RegionName): readonly ReportedService[] {
    const primary = this.state.records.get("storefront")?.primary;
    if (primary === undefined || !["north", "south"].includes(region)) return [];
    const written = String(Math.floor(this.nowMs));
    return region === primary
      ? [{ service: "orders", running: true, role: "primary", position: { written, timeline: 1 } }]
      : [
          {
            service: "orders",
            running: true,
            role: "standby",
            streaming: true,
            hasStreamed: true,
            position: { received: written, replayed: written, timeline: 1 },
          },
        ];
  }
}

/** Nobody reaches anything in that region, and nothing of it reports. */
export function dead(region: RegionName): Weather {
  return { misses: (_, target) => target.region === region, silent: [region] };
}

export function isAgent(target: Target): boolean {
  return target.service === agentService;
}
