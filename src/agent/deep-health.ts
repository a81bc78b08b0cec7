// Is this region able to play its part? Factors in what that depends on here: its services with their databases and replicas, the right
// to write where it is primary, its router, its disk. Nothing of another region counts: a check that looks across fails with what it
// looks at, and then no region is left that says it is well. So whether a standby receives anything right now is not asked here.
//
// 1. It has looked when it answers; an answer is at most `freshMs` old.
// 2. However often it is asked: one look at a time, and one write to the disk a second.
// 3. What does not answer in time is not well.

import { regionOf, servicesOf } from "../core/model/select.ts";
import type { GroupName, RegionName, Service, System } from "../core/model/system.ts";
import type { Clock } from "../ports/clock.ts";
import type { Disk } from "../ports/disk.ts";
import type { ServiceStatus } from "../ports/driver.ts";
import type { DeepHealth, HealthPart } from "../wire/health.ts";
import type { Tended } from "./caretaker.ts";

export type DeepHealthPorts = {
  readonly system: System;
  readonly region: RegionName;
  readonly clock: Clock;
  readonly disk: Disk;
  readonly tended: ReadonlyMap<string, Tended>;
  readonly primaryOf: (group: GroupName) => RegionName | undefined;
  readonly mayWrite: (group: GroupName) => boolean;
  readonly hasRouter: () => boolean;
};

type Role = DeepHealth["roles"][string];

const freshMs = 200;
const lookWithinMs = 400;
const statusDeadlineMs = 150;
const diskEveryMs = 1_000;
const fileName = "deep-health";

export class DeepHealthCheck {
  readonly #ports: DeepHealthPorts;
  #looking: Promise<readonly HealthPart[]> | undefined;
  #seen: { readonly parts: readonly HealthPart[]; readonly atMs: number } | undefined;
  #disk: { readonly part: Promise<HealthPart>; readonly atMs: number; over: boolean } | undefined;

  constructor(ports: DeepHealthPorts) {
    this.#ports = ports;
  }

  /** With a group: only its services, and what they all need. Undefined: this region has no such group. */
  async answer(group?: GroupName): Promise<DeepHealth | undefined> {
    const { system, region } = this.#ports;
    const groups = system.groups.filter((one) =>
      servicesOf(system, one.name).some((service) => service.in[region] !== undefined),
    );
    if (group !== undefined && !groups.some((one) => one.name === group)) return undefined;
    const of = (service: string | undefined): string | undefined =>
      system.services.find((one) => one.name === service)?.group;
    const parts = (await this.#parts()).filter(
      ({ part, name }) =>
        group === undefined || (part === "service" ? of(name) === group : part !== "write" || name === group),
    );
    const told = groups.filter((one) => group === undefined || one.name === group);
    return {
      ok: parts.every((part) => part.ok),
      region,
      ...(group === undefined ? {} : { group }),
      roles: Object.fromEntries(told.map((one) => [one.name, this.#roleIn(one.name)])),
      parts,
    };
  }

  #parts(): Promise<readonly HealthPart[]> {
    const { clock } = this.#ports;
    if (this.#seen !== undefined && clock.nowMs() - this.#seen.atMs <= freshMs)
      return Promise.resolve(this.#seen.parts);
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #look(): Promise<readonly HealthPart[]> {
    const { system, region, clock, tended, mayWrite, hasRouter } = this.#ports;
    const startedMs = clock.nowMs();
    const late = clock.sleep(lookWithinMs).then((): "late" => "late");
    const here = system.services.flatMap((service) => {
      const one = tended.get(service.name);
      return one === undefined ? [] : [{ service, ...one }];
    });
    // A look of its own: the statuses that are reported carry an instant before which none of them was measured.
    const [disk, ...services] = await Promise.all([
      Promise.race([this.#diskPart(), late]),
      ...here.map(async ({ service, driver, database }): Promise<HealthPart> => {
        const status = await Promise.race([driver.status(statusDeadlineMs), late]).catch((): "late" => "late");
        const role = service.group === undefined ? "unknown" : this.#roleIn(service.group);
        return { part: "service", name: service.name, ...judge(service, database, role, status) };
      }),
    ]);
    const writes = system.groups
      .filter(({ name }) => this.#roleIn(name) === "primary")
      .map(({ name }): HealthPart => {
        const ok = mayWrite(name);
        const says = ok ? "Writes may be acknowledged." : "No write may be acknowledged: the lease is not confirmed.";
        return { part: "write", name, ok, says };
      });
    const router: HealthPart[] =
      regionOf(system, region).router === undefined
        ? []
        : [
            hasRouter()
              ? { part: "router", ok: true, says: "The router asks for its orders." }
              : { part: "router", ok: false, says: "The router has not asked for its orders lately." },
          ];
    const parts = [...services, ...writes, ...router, disk === "late" ? diskLate : disk];
    this.#seen = { parts, atMs: startedMs };
    return parts;
  }

  /** One write at a time, however long it takes: a disk that hangs must not gather more of them. */
  #diskPart(): Promise<HealthPart> {
    const { clock, disk } = this.#ports;
    const nowMs = clock.nowMs();
    const known = this.#disk;
    if (known !== undefined && (!known.over || nowMs - known.atMs < diskEveryMs)) return known.part;
    const part = disk.write(fileName, { wallMs: clock.wallMs() }).then(
      (): HealthPart => ({ part: "disk", ok: true, says: "A write was durable in time." }),
      (): HealthPart => ({ part: "disk", ok: false, says: "A write failed; the agent's log says why." }),
    );
    const written = { part, atMs: nowMs, over: false };
    this.#disk = written;
    void part.then(() => {
      written.over = true;
    });
    return part;
  }

  #roleIn(group: GroupName): Role {
    const primary = this.#ports.primaryOf(group);
    if (primary === undefined) return "unknown";
    return primary === this.#ports.region ? "primary" : "standby";
  }
}

const diskLate: HealthPart = { part: "disk", ok: false, says: `A write was not durable within ${lookWithinMs} ms.` };

function judge(
  service: Service,
  isDatabase: boolean,
  role: Role,
  status: ServiceStatus | "late",
): { readonly ok: boolean; readonly says: string } {
  if (status === "late") return { ok: false, says: `It did not answer within ${lookWithinMs} ms.` };
  if (isDatabase) {
    if (!status.running) return { ok: false, says: "It does not run." };
    const fits = role === "unknown" || status.role === role;
    return { ok: fits, says: fits ? `It runs as ${status.role}.` : `It runs as ${status.role} and should be ${role}.` };
  }
  const wanted = role === "primary" ? service.replicas.primary : service.replicas.standby;
  const ready = status.replicas?.ready ?? (status.running ? 1 : 0);
  const says = `${ready} of ${wanted} replicas are ready.`;
  return { ok: ready >= Math.min(1, wanted), says };
}
