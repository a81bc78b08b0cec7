// A region's own process: watches the other regions, renews the lease, grants holds, does every effect on the region's things, fences
// itself, and tells the router beside it what to do. Holds no policy: it decides nothing but whether an order may be obeyed.

import type { LeaseConfig } from "../core/lease/timing.ts";
import type { GroupName, RegionName, System } from "../core/model/system.ts";
import type { Outcome } from "../core/plan/action.ts";
import type { Clock } from "../ports/clock.ts";
import type { Disk } from "../ports/disk.ts";
import type { Log } from "../ports/log.ts";
import type { Peers } from "../ports/peers.ts";
import type { Prober } from "../ports/probe.ts";
import type { Signal } from "../ports/signal.ts";
import type { MachineInstant, RequestOf, ResponseOf } from "../wire/calls.ts";
import type { DeepHealth } from "../wire/health.ts";
import { wireVersion } from "../wire/version.ts";
import { Caretaker, type Tended } from "./caretaker.ts";
import { DeepHealthCheck } from "./deep-health.ts";
import { Keeper } from "./keeper.ts";
import { Lookout } from "./lookout.ts";
import { OrderBook } from "./order-book.ts";
import { Routing } from "./routing.ts";

export type AgentPorts = {
  readonly system: System;
  readonly region: RegionName;
  readonly fingerprint: string;
  readonly lease: LeaseConfig;
  readonly clock: Clock;
  readonly disk: Disk;
  readonly peers: Peers;
  readonly prober: Prober;
  /** 0 to 1, anew each time: spreads the looks of a round. Left out: they all begin with it. */
  readonly chance?: () => number;
  readonly log: Log;
  readonly tended: ReadonlyMap<string, Tended>;
  readonly machineInstantIn: (ms: number) => MachineInstant;
  readonly via: (address: string) => string;
  readonly pid: number;
  /** Processes of this region besides this one, for people and rehearsals. */
  readonly processes: () => readonly { readonly what: string; readonly pid: number }[];
};

const tickEveryMs = 50;
const mendEveryMs = 250;
/** A graceful fence waits so long for requests under way to end by themselves. */
const drainMaxMs = 150;
/** An order of a newer epoch waits so long for the record of that epoch to arrive. */
const recordWaitMs = 500;
const reportDeadlineMs = 400;
const routeWaitMs = 1_000;

export class Agent {
  readonly #ports: AgentPorts;
  readonly #keepers: ReadonlyMap<GroupName, Keeper>;
  readonly #orders: OrderBook;
  readonly #caretaker: Caretaker;
  readonly #routing: Routing;
  readonly #lookout: Lookout;
  readonly #deepHealth: DeepHealthCheck;
  #stamp = 0;
  /** The stamp that was known when the newest statuses began to be measured: none of them is older than it. */
  #statusStamp = 0;
  #controller = 0;
  #primaries: ReadonlySet<RegionName> = new Set();

  private constructor(
    ports: AgentPorts,
    parts: { keepers: Map<GroupName, Keeper>; orders: OrderBook; caretaker: Caretaker; routing: Routing },
  ) {
    this.#ports = ports;
    this.#keepers = parts.keepers;
    this.#orders = parts.orders;
    this.#caretaker = parts.caretaker;
    this.#routing = parts.routing;
    this.#lookout = new Lookout(ports.system, ports.region, ports.prober, ports.clock, ports.chance);
    this.#deepHealth = new DeepHealthCheck({
      ...ports,
      primaryOf: (group) => {
        const durable = parts.keepers.get(group)?.durable;
        return durable === undefined || durable.epoch === 0 ? undefined : durable.primary;
      },
      mayWrite: (group) => parts.keepers.get(group)?.mayWrite() ?? false,
      hasRouter: () => parts.routing.hasRouter(),
    });
  }

  /** Reads its durable state. A torn file is said and nothing is started: promises made before would be forgotten. */
  static async open(ports: AgentPorts): Promise<Agent | { readonly kind: "torn"; readonly why: string }> {
    const { system, region, clock, disk, log } = ports;
    const keepers = new Map<GroupName, Keeper>();
    const routing = new Routing({
      ...ports,
      onConfirmed: (group, gate) =>
        void keepers.get(group)?.input({ kind: "gate-confirmed", epoch: gate.epoch, fencedEpoch: gate.fencedEpoch }),
    });
    const orders = await OrderBook.open(disk, clock);
    if ("kind" in orders) return orders;
    const caretaker = await Caretaker.open({
      ...ports,
      isPrimary: (group) => keepers.get(group)?.mayWrite() ?? false,
      primaryOf: (group) => {
        const durable = keepers.get(group)?.durable;
        return durable === undefined || durable.epoch === 0
          ? undefined
          : { region: durable.primary, epoch: durable.epoch };
      },
    });
    if ("kind" in caretaker) return caretaker;
    for (const group of system.groups.filter((one) => one.primary.includes(region))) {
      const keeper = await Keeper.open(group.name, region, ports.lease, {
        ...ports,
        controllers: controllersOf(system, region),
        agentOf: (other) => system.regions.find((one) => one.name === other)?.agent,
        onGate: (name, gate) => routing.setGate(name, gate),
        onPrimary: () => {},
        onStepDown: (name, because) => {
          const epoch = keepers.get(name)?.durable.epoch ?? 0;
          void caretaker.standDown(name, epoch, because).catch((error: unknown) => {
            log.write(
              "error",
              "fence",
              `standing down failed: ${error instanceof Error ? error.message : String(error)}`,
              { group: name },
            );
          });
        },
      });
      if ("kind" in keeper) return keeper;
      keepers.set(group.name, keeper);
    }
    return new Agent(ports, { keepers, orders, caretaker, routing });
  }

  /** Runs until the signal; leaves the region's things running, for the next agent to take over. */
  async run(signal: Signal): Promise<void> {
    const { lease } = this.#ports;
    await Promise.all([
      this.#every(tickEveryMs, signal, async () => this.#each({ kind: "tick" })),
      this.#every(lease.timing.renewEveryMs, signal, async () => this.#each({ kind: "renewal-due" })),
      this.#every(this.#ports.system.control.probeEveryMs, signal, () => this.#watchAndReport()),
      this.#every(mendEveryMs, signal, async () => {
        await this.#caretaker.mend();
        this.#routing.refreshOrigins();
      }),
      this.#caretaker.run(signal),
    ]);
  }

  async shutdown(deadlineMs: number): Promise<void> {
    await this.#caretaker.shutdown(deadlineMs);
  }

  // ---- calls from others ----

  async hold(request: RequestOf<"hold">): Promise<ResponseOf<"hold">> {
    const answer = { group: request.group, epoch: request.epoch, to: this.#ports.region, seq: request.seq };
    const effects = await this.#keepers
      .get(request.group)
      ?.input({ kind: "hold-request", from: request.from, epoch: request.epoch, seq: request.seq });
    const reply = effects?.find((effect) => effect.kind === "reply-hold");
    if (reply?.kind !== "reply-hold")
      return { ...answer, granted: false, why: `${this.#ports.region} is no member of ${request.group}` };
    return { ...answer, granted: reply.granted, why: reply.reason };
  }

  async lease(request: RequestOf<"lease">): Promise<ResponseOf<"lease">> {
    const keeper = this.#keepers.get(request.group);
    if (keeper === undefined)
      return { kind: "pending", epoch: 0, why: `${this.#ports.region} is no member of ${request.group}` };
    switch (request.kind) {
      case "fence": {
        const receipt = await keeper.fence(request.epoch, this.#ports.lease.timing.ttlMs);
        return receipt
          ? { kind: "fenced", epoch: request.epoch }
          : { kind: "pending", epoch: request.epoch, why: "the router may still acknowledge until the lease ends" };
      }
      case "record":
        await keeper.input({ kind: "record-seen", record: request.record });
        return { kind: "accepted", epoch: request.record.epoch };
      case "prepare":
      case "release":
      case "widen":
      case "promote": {
        const { group: _, ...input } = request;
        return replyOf(await keeper.input(input), keeper.durable.epoch);
      }
      default:
        return request satisfies never;
    }
  }

  async order(request: RequestOf<"order">): Promise<ResponseOf<"order">> {
    const known = this.#orders.look(request.key);
    if (known.kind === "ended") return known;
    if (request.observeOnly) return known;
    const refusal = await this.#refusal(request);
    if (refusal !== undefined) return { kind: "refused", why: refusal };
    return this.#orders.carryOut(request.key, request.waitMs, (progress) => this.#carryOut(request, progress));
  }

  async route(request: RequestOf<"route">): Promise<ResponseOf<"route">> {
    if (!this.#routing.setTraffic(request)) {
      const { generation } = this.#routing.trafficOf(request.group);
      return { generation, applied: false, why: `generation ${request.generation} is older than ${generation}` };
    }
    if (!this.#routing.hasRouter())
      return { generation: request.generation, applied: false, why: "no router asks this agent" };
    const applied = await this.#routing.applied(request.group, request.generation, routeWaitMs);
    return {
      generation: request.generation,
      applied,
      why: applied ? "the router has taken it over" : "the router has not confirmed it yet",
    };
  }

  routerConfig(request: RequestOf<"router-config">): Promise<ResponseOf<"router-config">> {
    return this.#routing.poll(request);
  }

  status(): ResponseOf<"agent-status"> {
    return {
      region: this.#ports.region,
      pid: this.#ports.pid,
      version: wireVersion,
      members: this.#members().map((member) => ({
        ...member,
        primary: this.#keepers.get(member.group)?.durable.primary ?? "",
        preparedEpoch: this.#keepers.get(member.group)?.durable.preparedEpoch ?? 0,
      })),
      services: [...this.#caretaker.statuses()],
      processes: [...this.#ports.processes()],
      effects: { ...this.#orders.counts() },
    };
  }

  /** Whether this region can play its part; undefined when it has no such group. See deep-health.ts. */
  deepHealth(group?: GroupName): Promise<DeepHealth | undefined> {
    return this.#deepHealth.answer(group);
  }

  // ---- orders ----

  /** I1: a sink refuses an epoch lower than the highest it knows, and one that it has not been told of. */
  async #refusal(request: RequestOf<"order">): Promise<string | undefined> {
    const keeper = this.#keepers.get(request.group);
    if (keeper === undefined) return `${this.#ports.region} is no member of ${request.group}`;
    const until = this.#ports.clock.nowMs() + recordWaitMs;
    while (keeper.durable.epoch < request.epoch && this.#ports.clock.nowMs() < until) await this.#ports.clock.sleep(5);
    const { epoch } = keeper.durable;
    if (request.epoch < epoch)
      return `the order is of epoch ${request.epoch}, and ${this.#ports.region} knows epoch ${epoch}`;
    if (request.epoch > epoch)
      return `the order is of epoch ${request.epoch}, which ${this.#ports.region} has not been told of yet`;
    if (request.action.kind === "promote" && keeper.durable.promotedEpoch !== epoch) {
      return `${this.#ports.region} has not been promoted for epoch ${epoch}`;
    }
    return undefined;
  }

  async #carryOut(request: RequestOf<"order">, progress: (sentence: string) => void): Promise<Outcome> {
    const { action, service, deadlineMs } = request;
    this.#ports.log.write("info", "order", `${action.kind} ${service}`, { key: request.key, epoch: request.epoch });
    if (action.kind === "fence") {
      const gate = await this.#closeGate(request, action.mode);
      if (gate !== undefined) return gate;
    }
    const outcome = await this.#caretaker.perform(service, action, deadlineMs, progress);
    this.#routing.refreshOrigins();
    this.#ports.log.write(
      outcome.kind === "done" ? "info" : "warn",
      "order",
      `${action.kind} ${service}: ${outcome.reason}`,
      {
        key: request.key,
        outcome: outcome.kind,
      },
    );
    return outcome;
  }

  /** New requests wait, those under way end, then nothing is acknowledged any more; only after that the database is stopped. */
  async #closeGate(request: RequestOf<"order">, mode: "graceful" | "forced"): Promise<Outcome | undefined> {
    const { group, epoch, deadlineMs } = request;
    const keeper = this.#keepers.get(group);
    if (keeper === undefined) return undefined;
    if (mode === "graceful" && this.#routing.hasRouter()) {
      this.#routing.setHolding(group, true);
      const until = this.#ports.clock.nowMs() + drainMaxMs;
      // The number is as old as the router's last poll, which the hold itself has just brought about.
      await this.#ports.clock.sleep(10);
      while (this.#routing.inFlight(group) > 0 && this.#ports.clock.nowMs() < until) await this.#ports.clock.sleep(5);
    }
    const receipt = await keeper.fence(epoch, deadlineMs);
    if (receipt) return undefined;
    return { kind: "unknown", reason: "the router beside this agent may still acknowledge until the lease ends" };
  }

  // ---- loops ----

  async #watchAndReport(): Promise<void> {
    const { region, fingerprint } = this.#ports;
    const statusStamp = this.#stamp;
    const looked = this.#caretaker.look().then(() => {
      this.#statusStamp = statusStamp;
    });
    const observations = await this.#lookout.round(this.#primaries, this.#routing.takeOutcomes());
    await looked;
    const controllers = controllersOf(this.#ports.system, region);
    const base = controllers[this.#controller % Math.max(1, controllers.length)];
    if (base === undefined) return;
    const request: RequestOf<"report"> = {
      region,
      manifest: fingerprint,
      stampEcho: this.#statusStamp,
      observations: observations.slice(0, 256),
      services: [...this.#caretaker.statuses()],
      members: this.#members(),
      trouble: this.#trouble(),
    };
    const answer = await this.#ports.peers.call(base, "report", request, reportDeadlineMs);
    if (answer.kind === "failed") {
      this.#controller += 1;
      return;
    }
    const body = answer.body as ResponseOf<"report">;
    this.#stamp = body.stampMs;
    this.#primaries = new Set(body.records.map((record) => record.primary));
    for (const record of body.records) await this.#keepers.get(record.group)?.input({ kind: "record-seen", record });
    for (const traffic of body.traffic) this.#routing.setTraffic(traffic);
  }

  #members(): { group: GroupName; epoch: number; writable: boolean; fencedEpoch: number }[] {
    return [...this.#keepers].map(([group, keeper]) => ({
      group,
      epoch: keeper.durable.epoch,
      writable: keeper.mayWrite(),
      fencedEpoch: keeper.durable.fencedEpoch,
    }));
  }

  #trouble(): string[] {
    const keepers = [...this.#keepers.values()].map((keeper) => keeper.trouble);
    return [...keepers, this.#caretaker.trouble, ...this.#lookout.trouble]
      .filter((one) => one !== undefined)
      .slice(0, 16);
  }

  async #each(input: { readonly kind: "tick" } | { readonly kind: "renewal-due" }): Promise<void> {
    for (const keeper of this.#keepers.values()) await keeper.input(input);
  }

  /** Starts `work` once per period; work that takes longer than its period is not started twice. */
  async #every(periodMs: number, signal: Signal, work: () => Promise<void>): Promise<void> {
    const { clock, log } = this.#ports;
    let dueMs = clock.nowMs();
    while (!signal.aborted) {
      try {
        await work();
      } catch (error) {
        log.write("error", "agent", `a round failed: ${error instanceof Error ? error.message : String(error)}`);
      }
      dueMs = Math.max(dueMs + periodMs, clock.nowMs());
      await clock.sleep(Math.max(1, dueMs - clock.nowMs()), signal).catch(() => undefined);
    }
  }
}

/** The controllers' addresses, the one in this region first. */
function controllersOf(system: System, region: RegionName): readonly string[] {
  return [...system.regions]
    .sort((a, b) => Number(b.name === region) - Number(a.name === region))
    .flatMap((one) => (one.controller === undefined ? [] : [one.controller]));
}

function replyOf(effects: Awaited<ReturnType<Keeper["input"]>>, epoch: number): ResponseOf<"lease"> {
  for (const effect of effects) {
    switch (effect.kind) {
      case "reply-prepared":
        return {
          kind: "prepared",
          epoch: effect.epoch,
          attempt: effect.attempt,
          clear: effect.clear,
          remainingMs: effect.remainingMs,
        };
      case "reply-prepare-refused": {
        const { attempt, floorAttempt, reason } = effect;
        return { kind: "prepare-refused", epoch: effect.epoch, attempt, floorAttempt, why: reason };
      }
      case "reply-released":
        return { kind: "released", epoch: effect.epoch, attempt: effect.attempt };
      case "reply-widened":
        return { kind: "widened", epoch: effect.epoch, promotable: [...effect.promotable] };
      case "reply-widen-refused":
        return { kind: "widen-refused", epoch: effect.epoch, why: effect.reason };
      case "reply-promoted":
        return { kind: "promoted", epoch: effect.epoch };
      case "reply-promote-refused":
        return { kind: "promote-refused", epoch: effect.epoch, waitMs: effect.waitMs, why: effect.reason };
      default:
        break;
    }
  }
  return { kind: "pending", epoch, why: "the state could not be made durable" };
}
