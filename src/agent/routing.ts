// What the router beside this agent is told: one answer with a serial number that grows with every change, given to a long poll.
// I5. A lower generation changes nothing.
// I7. While no controller can be reached the last answer stands; only the right to acknowledge writes runs out by itself.

import { NEVER_MS } from "../core/lease/record.ts";
import { regionOf } from "../core/model/select.ts";
import type { GroupName, RegionName, Route, Service, System } from "../core/model/system.ts";
import type { Clock } from "../ports/clock.ts";
import type { MachineInstant, RequestOf, RouterConfig, Traffic } from "../wire/calls.ts";
import type { Tended } from "./caretaker.ts";
import { closedGate, type Gate } from "./keeper.ts";
import type { RouterOutcome } from "./lookout.ts";

type GroupRouting = { traffic: Traffic; gate: Gate; holding: boolean };

export type RoutingPorts = {
  readonly system: System;
  readonly region: RegionName;
  readonly clock: Clock;
  readonly tended: ReadonlyMap<string, Tended>;
  /** This machine's two clocks, `ms` from now. */
  readonly machineInstantIn: (ms: number) => MachineInstant;
  /** The address as it must be dialled from this place. */
  readonly via: (address: string) => string;
  /** The router works by everything up to this gate. */
  readonly onConfirmed: (group: GroupName, gate: Gate) => void;
};

const outcomesMax = 256;

export class Routing {
  readonly #ports: RoutingPorts;
  readonly #groups = new Map<GroupName, GroupRouting>();
  #serial: number;
  #changed: () => void = () => {};
  #change: Promise<void>;
  #originsKey = "";
  #polledMs = Number.MIN_SAFE_INTEGER;
  #applied: RequestOf<"router-config">["applied"] = {};
  #outcomes: RouterOutcome[] = [];

  constructor(ports: RoutingPorts) {
    this.#ports = ports;
    // Above every serial of an earlier process, so that a router which still works by one of those is never taken to have this one's.
    this.#serial = Math.floor(ports.clock.wallMs());
    this.#change = new Promise((resolve) => {
      this.#changed = resolve;
    });
  }

  setGate(group: GroupName, gate: Gate): void {
    this.#of(group).gate = gate;
    this.#bump();
  }

  /** Takes over where routes lead, unless it is older than what is known. */
  setTraffic(traffic: Traffic): boolean {
    const routing = this.#of(traffic.group);
    if (traffic.generation <= routing.traffic.generation) return traffic.generation === routing.traffic.generation;
    const { traffic: before } = routing;
    routing.traffic = traffic;
    // A generation that only says how long users may remember it ends no hold of a switch under way.
    if (!onlyTtls(before, traffic)) routing.holding = false;
    this.#bump();
    return true;
  }

  /** Keep new requests waiting here, until the next generation or until it is taken back. */
  setHolding(group: GroupName, holding: boolean): void {
    if (this.#of(group).holding === holding) return;
    this.#of(group).holding = holding;
    this.#bump();
  }

  trafficOf(group: GroupName): Traffic {
    return this.#of(group).traffic;
  }

  inFlight(group: GroupName): number {
    return this.#applied[group]?.inFlight ?? 0;
  }

  /** Is there a router here that asked lately? */
  hasRouter(): boolean {
    return this.#ports.clock.nowMs() - this.#polledMs < 2_000;
  }

  takeOutcomes(): readonly RouterOutcome[] {
    const outcomes = this.#outcomes;
    this.#outcomes = [];
    return outcomes;
  }

  /** Waits until the router works by the given generation, or answers false. */
  async applied(group: GroupName, generation: number, deadlineMs: number): Promise<boolean> {
    const until = this.#ports.clock.nowMs() + deadlineMs;
    while ((this.#applied[group]?.generation ?? -1) < generation) {
      if (this.#ports.clock.nowMs() >= until) return false;
      await this.#ports.clock.sleep(3);
    }
    return true;
  }

  /** The router's long poll. */
  async poll(request: RequestOf<"router-config">): Promise<RouterConfig> {
    this.#polledMs = this.#ports.clock.nowMs();
    this.#applied = request.applied;
    this.#outcomes = [...this.#outcomes, ...request.outcomes].slice(-outcomesMax);
    if (request.have === this.#serial) {
      for (const [group, routing] of this.#groups) this.#ports.onConfirmed(group, routing.gate);
    }
    this.refreshOrigins();
    if (request.have === this.#serial) {
      await Promise.race([this.#change, this.#ports.clock.sleep(request.waitMs)]);
      this.#polledMs = this.#ports.clock.nowMs();
    }
    return this.#answer();
  }

  /** Called now and then: replicas come and go without anybody saying so. */
  refreshOrigins(): void {
    const key = [...this.#ports.tended].map(([name, tended]) => `${name}=${tended.origins().join(",")}`).join(";");
    if (key === this.#originsKey) return;
    this.#originsKey = key;
    this.#bump();
  }

  #answer(): RouterConfig {
    const { system, region, via, tended } = this.#ports;
    return {
      serial: this.#serial,
      region,
      groups: system.groups.map(({ name }) => this.#groupAnswer(name)),
      services: system.services.flatMap((service) => {
        const { name, group } = service;
        const here = tended.get(name);
        // A region that does not have the service, such as a witness, leads its users to those that do.
        const kind = here?.kind ?? kindElsewhere(service);
        if (kind === "none" || group === undefined) return [];
        return [{ service: name, group, kind, origins: [...(here?.origins() ?? [])] }];
      }),
      routes: system.routes.map((route) => ({ host: route.name, service: route.to, ttlMs: this.#ttlOf(route) })),
      peers: Object.fromEntries(
        system.regions.flatMap((other) =>
          other.name === region || other.router === undefined ? [] : [[other.name, via(other.router.peer)]],
        ),
      ),
    };
  }

  #ttlOf(route: Route): number {
    const group = this.#ports.system.services.find((service) => service.name === route.to)?.group;
    const shortened = group === undefined ? undefined : this.#groups.get(group)?.traffic.ttls?.[route.name];
    return shortened ?? route.ttlMs;
  }

  #groupAnswer(group: GroupName): RouterConfig["groups"][number] {
    const { traffic, gate, holding } = this.#of(group);
    const leftMs = gate.writeUntilMs === NEVER_MS ? 0 : gate.writeUntilMs - this.#ports.clock.nowMs();
    // Routers know a reign by the epoch it began with: an epoch that only changed who is promotable drops nobody's work. The window opens
    // only for the reign that the routes name, so that nothing is acknowledged under the label of an older one.
    const open =
      leftMs > 0 &&
      gate.fencedEpoch < gate.epoch &&
      traffic.epoch >= gate.sinceEpoch &&
      traffic.primary === this.#ports.region;
    return {
      group,
      generation: traffic.generation,
      epoch: traffic.epoch,
      primary: traffic.primary,
      mode: holding ? "hold" : traffic.mode,
      ...(open ? { writeUntil: this.#ports.machineInstantIn(leftMs) } : {}),
    };
  }

  #of(group: GroupName): GroupRouting {
    const known = this.#groups.get(group);
    if (known !== undefined) return known;
    const [first = regionOf(this.#ports.system, this.#ports.region).name] =
      this.#ports.system.groups.find((one) => one.name === group)?.primary ?? [];
    const fresh: GroupRouting = {
      traffic: { group, generation: 0, epoch: 0, primary: first, mode: "hold" },
      gate: closedGate,
      holding: false,
    };
    this.#groups.set(group, fresh);
    return fresh;
  }

  #bump(): void {
    this.#serial += 1;
    const changed = this.#changed;
    this.#change = new Promise((resolve) => {
      this.#changed = resolve;
    });
    changed();
  }
}

/** Does the newer one say nothing new but other TTLs? */
function onlyTtls(before: Traffic, after: Traffic): boolean {
  const same = after.epoch === before.epoch && after.primary === before.primary && after.mode === before.mode;
  return same && JSON.stringify(after.ttls) !== JSON.stringify(before.ttls);
}

/** How users reach a service that runs in other regions only. */
function kindElsewhere(service: Service): Tended["kind"] {
  if (service.replication !== undefined) return "tcp";
  return service.type === "http" ? "http" : "none";
}
