// Looks after the services of this region: which part each plays here, and that it keeps playing it.
// I11. A worker that belongs to the primary does not run in a region that may not write.
// A part is durable before it is played, so that after a restart of agent or region the same part is taken up again - but a primary's
// part only when the record in the store still names this region.

import { servicesOf } from "../core/model/select.ts";
import type { GroupName, RegionName, Service, System } from "../core/model/system.ts";
import type { Action, Outcome } from "../core/plan/action.ts";
import type { Clock } from "../ports/clock.ts";
import type { Disk } from "../ports/disk.ts";
import type { Driver, ServiceStatus } from "../ports/driver.ts";
import type { Log } from "../ports/log.ts";
import type { Signal } from "../ports/signal.ts";

/** A driver with what routers need to know of its service here. */
export type Tended = {
  readonly driver: Driver;
  readonly kind: "http" | "tcp" | "none";
  /** A database has roles; anything else has replicas. */
  readonly database: boolean;
  /** Ready origins of this region, `host:port`. */
  readonly origins: () => readonly string[];
};

type Part = {
  readonly role: "primary" | "standby" | "stopped";
  readonly replicas: number;
  /** Of a primary: whose confirmation its commits wait for. Kept over a restart in place, or strictness would end with it. */
  readonly sync: boolean;
  readonly standbys: readonly RegionName[];
};

const noPart: Part = { role: "standby", replicas: 0, sync: false, standbys: [] };

export type CaretakerPorts = {
  readonly system: System;
  readonly region: RegionName;
  readonly clock: Clock;
  readonly disk: Disk;
  readonly log: Log;
  readonly tended: ReadonlyMap<string, Tended>;
  /** Does the newest record name this region, as far as is known, and was that confirmed since this process started? */
  readonly isPrimary: (group: GroupName) => boolean;
  readonly primaryOf: (group: GroupName) => { readonly region: RegionName; readonly epoch: number } | undefined;
};

const fileName = "parts";
const statusDeadlineMs = 150;
/** A service found not playing its part is put right at once, then with growing pauses. */
const mendAfterMs = [0, 500, 1_000, 2_000, 5_000, 10_000] as const;
const mendDeadlineMs = 30_000;
/** A database must have been down for so long before it is started in place: a single look may come between a stop and a start. */
const mendDownForMs = 300;

export class Caretaker {
  readonly #ports: CaretakerPorts;
  #parts: Map<string, Part>;
  readonly #statuses = new Map<string, ServiceStatus>();
  readonly #busy = new Set<string>();
  readonly #downSinceMs = new Map<string, number>();
  readonly #mends = new Map<string, { readonly tries: number; readonly nextMs: number }>();
  #trouble: string | undefined;
  /** The region is being shut down: nothing is started any more. */
  #ended = false;

  private constructor(ports: CaretakerPorts, parts: Map<string, Part>) {
    this.#ports = ports;
    this.#parts = parts;
  }

  static async open(ports: CaretakerPorts): Promise<Caretaker | { readonly kind: "torn"; readonly why: string }> {
    const stored = await ports.disk.read(fileName);
    if (stored.kind === "torn") return { kind: "torn", why: stored.why };
    return new Caretaker(ports, new Map(stored.kind === "value" ? (stored.value as [string, Part][]) : []));
  }

  get trouble(): string | undefined {
    return this.#trouble;
  }

  statuses(): readonly ServiceStatus[] {
    return [...this.#statuses.values()];
  }

  /** Looks at every service; a slow one keeps its last status and a note. */
  async look(): Promise<void> {
    await Promise.all(
      [...this.#ports.tended].map(async ([service, { driver }]) => {
        const status = await driver.status(statusDeadlineMs);
        this.#statuses.set(service, status);
        if (status.running) this.#downSinceMs.delete(service);
        else if (!this.#downSinceMs.has(service)) this.#downSinceMs.set(service, this.#ports.clock.nowMs());
      }),
    );
  }

  /** Carries out an action and remembers the part it gives. */
  async perform(
    service: string,
    action: Action,
    deadlineMs: number,
    progress: (sentence: string) => void,
  ): Promise<Outcome> {
    const tended = this.#ports.tended.get(service);
    if (tended === undefined) {
      return { kind: "failed", retry: "never", reason: `${service} is not looked after in ${this.#ports.region}` };
    }
    if (this.#ended) {
      return { kind: "failed", retry: "later", reason: `${this.#ports.region} is being shut down` };
    }
    this.#busy.add(service);
    try {
      const part = partAfter(action, this.#parts.get(service));
      // A part that takes something away is durable before it is played, one that gives something after: a crash in between then
      // leaves the weaker part.
      if (part?.role === "stopped") await this.#assign(service, part);
      const outcome = await tended.driver.perform(action, deadlineMs, progress);
      if (part !== undefined && part.role !== "stopped" && outcome.kind === "done") await this.#assign(service, part);
      this.#statuses.set(service, await tended.driver.status(statusDeadlineMs));
      return outcome;
    } finally {
      this.#busy.delete(service);
    }
  }

  /** The right to write is gone: databases stop, workers of the primary stop, the rest shrinks to a standby's size. */
  async standDown(group: GroupName, epoch: number, because: "lease-end" | "record" | "fence"): Promise<void> {
    // All at once: a worker that is slow to end must not keep a database open for clients that come past the routers.
    await Promise.all(
      servicesOf(this.#ports.system, group).map((service) => {
        const tended = this.#ports.tended.get(service.name);
        if (tended === undefined) return Promise.resolve();
        return tended.database
          ? this.#closeDatabase(service.name, tended, epoch, because)
          : this.#shrink(service, because !== "lease-end");
      }),
    );
  }

  async #closeDatabase(
    name: string,
    tended: Tended,
    epoch: number,
    because: "lease-end" | "record" | "fence",
  ): Promise<void> {
    // A fence order stops the databases itself and reports how far they had come; doing it here too would hide that.
    if (because === "fence" || this.#parts.get(name)?.role !== "primary") return;
    // The part stays "primary": if only the lease was lost and comes back under the same epoch, it is taken up again.
    this.#busy.add(name);
    try {
      const outcome = await tended.driver.perform({ kind: "fence", epoch, mode: "forced" }, mendDeadlineMs, () => {});
      this.#ports.log.write("warn", "fence", `${name}: ${outcome.reason}`, { because });
    } finally {
      this.#busy.delete(name);
    }
  }

  /** Every second or so: each service plays its part, or is helped to. */
  async mend(): Promise<void> {
    const { clock, tended } = this.#ports;
    await Promise.all(
      [...tended].map(async ([name, one]) => {
        const wanted = this.#wanted(name, one);
        const mends = this.#mends.get(name) ?? { tries: 0, nextMs: 0 };
        if (this.#ended || wanted === undefined || this.#busy.has(name)) {
          if (mends.tries > 0 && wanted === undefined) {
            this.#mends.delete(name);
            if (this.#trouble?.startsWith(`${name}: `)) this.#trouble = undefined;
          }
          return;
        }
        if (clock.nowMs() < mends.nextMs) return;
        this.#busy.add(name);
        try {
          const outcome = await one.driver.perform(wanted, mendDeadlineMs, () => {});
          this.#trouble = outcome.kind === "done" ? undefined : `${name}: ${outcome.reason}`;
          this.#ports.log.write(outcome.kind === "done" ? "info" : "warn", "services", `${name}: ${outcome.reason}`, {
            asked: wanted.kind,
          });
        } finally {
          this.#busy.delete(name);
        }
        const tries = mends.tries + 1;
        const pauseMs = mendAfterMs[Math.min(tries, mendAfterMs.length - 1)] ?? 10_000;
        this.#mends.set(name, { tries, nextMs: clock.nowMs() + pauseMs });
      }),
    );
  }

  async run(signal: Signal): Promise<void> {
    await Promise.all([...this.#ports.tended.values()].map(({ driver }) => driver.run(signal)));
  }

  async shutdown(deadlineMs: number): Promise<void> {
    this.#ended = true;
    const inOrder = [...this.#ports.tended].reverse();
    for (const [, { driver }] of inOrder) await driver.shutdown(deadlineMs);
  }

  /** What would have to be done for the service to play its part; nothing when it does, or when it is not clear what its part is. */
  #wanted(name: string, tended: Tended): Action | undefined {
    const { system, isPrimary, primaryOf } = this.#ports;
    const service = system.services.find((one) => one.name === name);
    const part = this.#parts.get(name);
    const status = this.#statuses.get(name);
    if (service === undefined || part === undefined || status === undefined || service.group === undefined)
      return undefined;
    const primary = primaryOf(service.group);
    if (primary === undefined) return undefined;
    if (!tended.database) {
      const replicas = isPrimary(service.group) ? part.replicas : Math.min(part.replicas, service.replicas.standby);
      return (status.replicas?.running ?? 0) === replicas ? undefined : { kind: "scale", replicas };
    }
    const downMs = this.#ports.clock.nowMs() - (this.#downSinceMs.get(name) ?? this.#ports.clock.nowMs());
    if (status.running || downMs < mendDownForMs) return undefined;
    if (part.role === "primary" && isPrimary(service.group)) {
      return { kind: "serve-primary", create: false, epoch: primary.epoch, sync: part.sync, standbys: part.standbys };
    }
    if (part.role === "standby" && primary.region !== this.#ports.region) {
      return { kind: "follow", primary: primary.region, run: `restart-${primary.epoch}`, epoch: primary.epoch };
    }
    return undefined;
  }

  /** To a standby's size; for good, or until the right to write comes back, when `mend` gives it its own size again. */
  async #shrink(service: Service, forGood: boolean): Promise<void> {
    // What is being ended must not be brought back to a standby's size.
    if (this.#ended) return;
    const { standby: replicas } = service.replicas;
    const tended = this.#ports.tended.get(service.name);
    const part = this.#parts.get(service.name);
    if (tended === undefined || part === undefined || part.replicas <= replicas) return;
    if (forGood) await this.#assign(service.name, { ...part, replicas });
    const outcome = await tended.driver.perform({ kind: "scale", replicas }, mendDeadlineMs, () => {});
    this.#ports.log.write("info", "services", `${service.name}: ${outcome.reason}`);
  }

  async #assign(service: string, part: Part): Promise<void> {
    this.#parts = new Map(this.#parts).set(service, part);
    await this.#ports.disk.write(fileName, [...this.#parts]);
  }
}

function partAfter(action: Action, before: Part = noPart): Part | undefined {
  switch (action.kind) {
    case "serve-primary":
    case "promote":
      return { ...before, role: "primary", sync: action.sync, standbys: action.standbys };
    case "follow":
      return { ...before, role: "standby", sync: false, standbys: [] };
    case "fence":
    case "stop":
      return { ...before, role: "stopped" };
    case "scale":
      return { ...before, replicas: action.replicas };
    case "set-mode":
      return { ...before, sync: action.sync, standbys: action.standbys };
    case "verify-write":
    case "await-position":
      return undefined;
    default:
      return action satisfies never;
  }
}
