// Where users of one group are led: the newest generation that is stored, and the TTLs of its routes, which are short while the primary
// is in doubt. While a run is under way its steps store the traffic.

import { troubles } from "../core/decide/rules.ts";
import { servicesOf } from "../core/model/select.ts";
import type { Group, GroupName, RegionName, Route, System } from "../core/model/system.ts";
import type { Outcome } from "../core/plan/action.ts";
import { nextTtlState, shortenedTtls, type TtlState } from "../core/route/ttl.ts";
import type { Diagnosis, DiagnosisName } from "../core/watch/diagnosis.ts";
import { duration } from "../core/watch/sentence.ts";
import type { Clock } from "../ports/clock.ts";
import type { StoreFailure } from "../ports/store.ts";
import type { Traffic } from "../wire/calls.ts";
import type { GroupStore, Read } from "./group-store.ts";
import type { Telling } from "./telling.ts";

export type RoutesPorts = {
  readonly system: System;
  readonly group: Group;
  readonly clock: Clock;
  readonly store: GroupStore;
  readonly telling: Telling;
  readonly diagnoses: () => readonly Diagnosis[];
  readonly primary: () => RegionName | undefined;
  /** Reads the group anew, after somebody else was first. */
  readonly reread: () => Promise<Read | undefined>;
  readonly onStore: (failure: StoreFailure | undefined) => void;
};

const wasInDoubt = "the primary was in doubt a moment ago";
/** What makes one doubt a primary: a switch may be near. */
const doubtful: readonly DiagnosisName[] = [...troubles.map((one) => one.diagnosis), "flapping", "slow", "unknown"];

export class GroupRoutes {
  readonly #ports: RoutesPorts;
  #traffic: Traffic | undefined;
  #ttl: TtlState = {};
  #ttlStoring = false;

  constructor(ports: RoutesPorts) {
    this.#ports = ports;
  }

  get traffic(): Traffic | undefined {
    return this.#traffic;
  }

  /** Why TTLs are short, while they are. */
  get ttlWhy(): string | undefined {
    return this.#traffic?.ttls === undefined ? undefined : (this.#doubt()?.sentence ?? wasInDoubt);
  }

  load(traffic: Traffic | undefined): void {
    this.#traffic = traffic;
  }

  async storeTraffic(
    next: Pick<Traffic, "epoch" | "primary" | "mode">,
    ttls: Traffic["ttls"] = this.#traffic?.ttls,
  ): Promise<Outcome> {
    const { group, store, onStore, reread } = this.#ports;
    const generation = (this.#traffic?.generation ?? 0) + 1;
    const traffic: Traffic = { group: group.name, generation, ...next, ...(ttls === undefined ? {} : { ttls }) };
    // The lease desk may be renewing at this moment, which does not touch the record; only a new epoch would conflict.
    const stored = await store.storeTraffic(traffic);
    onStore(stored.kind === "failed" ? stored : undefined);
    if (stored.kind === "done") {
      this.#traffic = traffic;
      return { kind: "done", reason: `generation ${traffic.generation} is stored` };
    }
    if (stored.kind === "failed" && stored.retry === "never")
      return { kind: "failed", retry: "never", reason: stored.why };
    const read = await reread();
    if (read !== undefined) this.#traffic = read.traffic;
    return {
      kind: "failed",
      retry: "now",
      reason: stored.kind === "failed" ? stored.why : "the routes were changed meanwhile",
    };
  }

  /** Never waited for: a store that hangs must not keep a decision from being made. `free`: no run is under way. */
  keepTtls(free: boolean): void {
    const { clock, group, system, telling } = this.#ports;
    const doubts = this.#doubt();
    this.#ttl = nextTtlState(this.#ttl, { nowMs: clock.nowMs(), inDoubt: doubts !== undefined });
    const traffic = this.#traffic;
    if (this.#ttlStoring || traffic === undefined || !free) return;
    const wanted = shortenedTtls(routesTo(system, group.name), this.#ttl);
    if (JSON.stringify(wanted) === JSON.stringify(traffic.ttls)) return;
    this.#ttlStoring = true;
    const { epoch, primary, mode } = traffic;
    void this.storeTraffic({ epoch, primary, mode }, wanted)
      .then((stored) => {
        if (stored.kind === "done") telling.say("done", this.#ttlSaid(wanted, doubts));
      })
      .finally(() => {
        this.#ttlStoring = false;
      });
  }

  #ttlSaid(ttls: Traffic["ttls"], doubts: Diagnosis | undefined): { name: string; region: string; sentence: string } {
    const region = this.#traffic?.primary ?? "";
    if (ttls === undefined)
      return {
        name: "ttl-usual",
        region,
        sentence: `${region} has been well for a while: routes have their usual TTL again`,
      };
    const names = Object.entries(ttls).map(([route, ttlMs]) => `${route} ${duration(ttlMs)}`);
    const why = doubts?.sentence ?? wasInDoubt;
    return {
      name: "ttl-short",
      region,
      sentence: `the TTL is shortened (${names.join(", ")}), for ${why}`.slice(0, 1_000),
    };
  }

  /** What makes one doubt the primary at this moment. */
  #doubt(): Diagnosis | undefined {
    const { diagnoses, system, group, primary } = this.#ports;
    const services = servicesOf(system, group.name).map((service) => service.name);
    return diagnoses().find(
      (one) =>
        one.region === primary() &&
        doubtful.includes(one.name) &&
        (one.service === undefined || services.includes(one.service)),
    );
  }
}

/** Routes that lead to a service of the group. */
export function routesTo(system: System, group: GroupName): readonly Route[] {
  const services = servicesOf(system, group).map((service) => service.name);
  return system.routes.filter((route) => services.includes(route.to));
}
