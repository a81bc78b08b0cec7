// The configuration in force, with what is going on under it: per group the work in flight and the sessions, per service the
// origins. Taking a configuration over is synchronous: when `apply` returns, work of a lower epoch is gone.
//
// I1. After `apply` no answer of a lower epoch can leave: its exchanges and sessions are ended before anything else runs.

import { type Dispatch, mayAcknowledge, type Verdict } from "../core/route/acknowledge.ts";
import { type GroupChange, type Merged, mergeConfig } from "../core/route/change.ts";
import {
  type GroupRoute,
  type HostRoute,
  type Instant,
  type RouteConfig,
  type ServiceRoute,
  serviceOfHost,
} from "../core/route/config.ts";
import type { ForwardFacts } from "../core/route/forward.ts";
import { type OriginState, originsToUse, pickOrigin } from "../core/route/origins.ts";

/** An exchange or a session: something that was handed on under an epoch. */
export interface Member {
  readonly epoch: number;
  /** Ends it; what its client is told depends on how far it was. */
  drop(why: string): void;
  /** The configuration moved: an answer that waits for the window may try again. */
  recheck(): void;
}

export type GroupState = {
  route: GroupRoute;
  /** HTTP requests handed on and not yet answered. */
  readonly inFlight: Set<Member>;
  /** TCP sessions. */
  readonly sessions: Set<Member>;
};

export type ServiceState = { route: ServiceRoute; last: readonly string[]; turn: number };

type MutableOrigin = { inFlight: number; ejectedUntilMs: number };

/** Origins remembered, over all services; replicas come and go with new ports. */
const originsRememberedMax = 4_000;

export interface Table {
  readonly config: RouteConfig | undefined;
  readonly groups: ReadonlyMap<string, GroupState>;
  apply(next: RouteConfig): Merged & { readonly dropped: number };
  serviceOfHost(host: string | undefined): string | undefined;
  service(name: string): ServiceState | undefined;
  group(name: string): GroupState | undefined;
  facts(service: ServiceState, safe: boolean): ForwardFacts;
  /** Reads the clocks, now. */
  verdict(dispatch: Dispatch, group: string): Verdict;
  pick(service: ServiceState, origins: readonly string[]): string | undefined;
  /** Marks an origin busy with one thing more (+1) or less (-1). */
  busy(origin: string, change: 1 | -1): void;
  eject(origin: string, ms: number): void;
}

export function makeTable(region: string, read: () => Instant, via: (address: string) => string): Table {
  let config: RouteConfig | undefined;
  let routes: readonly HostRoute[] = [];
  const groups = new Map<string, GroupState>();
  let services = new Map<string, ServiceState>();
  const origins = new Map<string, MutableOrigin>();

  const origin = (address: string): MutableOrigin => {
    let state = origins.get(address);
    if (state === undefined) {
      if (origins.size >= originsRememberedMax) {
        for (const [old, { inFlight }] of origins) if (inFlight === 0) origins.delete(old);
      }
      state = { inFlight: 0, ejectedUntilMs: 0 };
      origins.set(address, state);
    }
    return state;
  };

  function takeServices(next: RouteConfig): void {
    const before = services;
    services = new Map();
    for (const route of next.services) {
      const old = before.get(route.service);
      const last = route.origins.length > 0 ? route.origins : (old?.last ?? []);
      services.set(route.service, { route, last, turn: old?.turn ?? 0 });
    }
  }

  function takeGroups(merged: RouteConfig): void {
    for (const route of merged.groups) {
      const state = groups.get(route.group);
      if (state === undefined) groups.set(route.group, { route, inFlight: new Set(), sessions: new Set() });
      else state.route = route;
    }
  }

  function dropLower(changes: readonly GroupChange[]): number {
    let dropped = 0;
    for (const change of changes) {
      const state = groups.get(change.group);
      const below = change.dropBelowEpoch;
      if (state === undefined || below === undefined) continue;
      for (const member of [...state.inFlight, ...state.sessions]) {
        if (member.epoch >= below) continue;
        member.drop(change.why);
        dropped++;
      }
    }
    return dropped;
  }

  return {
    get config() {
      return config;
    },
    groups,
    apply(next) {
      const merged = mergeConfig(config, next);
      config = merged.config;
      routes = config.routes;
      takeServices(config);
      takeGroups(config);
      const dropped = dropLower(merged.changes);
      for (const state of groups.values()) {
        for (const member of state.inFlight) member.recheck();
        for (const member of state.sessions) member.recheck();
      }
      return { ...merged, dropped };
    },
    serviceOfHost: (host) => serviceOfHost(routes, host),
    service: (name) => services.get(name),
    group: (name) => groups.get(name),
    facts(service, safe) {
      const group = groups.get(service.route.group)?.route;
      const peer = group === undefined || group.primary === region ? undefined : config?.peers[group.primary];
      return {
        region,
        service: service.route.service,
        group,
        origins: originsToUse({ ready: service.route.origins, last: service.last, known: service.last }, "keep-last"),
        closed: false,
        peer: peer === undefined ? undefined : via(peer),
        safe,
        now: read(),
      };
    },
    verdict: (dispatch, group) => mayAcknowledge(dispatch, groups.get(group)?.route, region, read()),
    pick: (service, from) =>
      pickOrigin(from, (address): OriginState | undefined => origins.get(address), read().monotonicMs, service.turn++),
    busy(address, change) {
      origin(address).inFlight += change;
    },
    eject(address, ms) {
      origin(address).ejectedUntilMs = read().monotonicMs + ms;
    },
  };
}
