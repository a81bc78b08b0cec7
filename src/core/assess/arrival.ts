// The last part of a recovery time: users, who have to learn where their service is now.

import type { Bound, Term } from "../model/assess-report.ts";
import type { Route } from "../model/system.ts";
import { short } from "./detection.ts";
import type { Losing } from "./fate.ts";
import type { Entry, Ground, Item } from "./ground.ts";
import { boundOf, recoveryTimeOf } from "./numbers.ts";

/** From a service that serves again to its users being there. */
export function arrival(losing: Losing, { route }: Entry, item: Item, sofar: Bound): readonly Term[] {
  if (route === undefined) return [];
  const { ground } = losing;
  const ttl = route.ttlMs / 1_000;
  if (route.through !== undefined) {
    const front = throughFront(ground, route.name, route.through);
    const type = ground.items[ground.indexOf.get(route.through) ?? -1]?.service.type ?? "";
    const included = namesIncludeTtl.get(type);
    if (included === undefined) return [front];
    const left = Math.max(0, ttl - included);
    const asked: readonly Term[] =
      left === 0
        ? []
        : [
            {
              what: `users of ${route.name} ask DNS again, TTL ${short(ttl)}`,
              seconds: { expected: included === 0 ? ttl / 2 : left, worst: left },
              basis: "stated",
            },
          ];
    return [front, ...asked, ...stubborn(losing, route, sofar.worst + front.seconds.worst + left)];
  }
  const routers = ledByRouters(losing, item);
  const dns: Term = routers
    ? {
        // Whoever asked another region's router is led on by it; only those who know the lost one's address have to ask again.
        what: `users of ${route.name} who know the lost region's router ask DNS again`,
        seconds: { expected: routersLeadSeconds, worst: ttl },
        basis: "stated",
      }
    : {
        what: `users of ${route.name} ask DNS again, TTL ${short(ttl)}`,
        seconds: { expected: ttl / 2, worst: ttl },
        basis: "stated",
      };
  return [dns, ...stubborn(losing, route, sofar.worst + ttl)];
}

/** Those whom no change of a name reaches come back with the region. */
function stubborn({ ground }: Losing, route: Route, afterSeconds: number): readonly Term[] {
  const share = route.stubbornShare ?? 0;
  if (share <= 0) return [];
  const until = Math.max(0, ground.assumed.repairSeconds - afterSeconds);
  return [
    {
      what: `${Math.round(share * 1_000) / 10} % of the users of ${route.name} ignore the TTL and stay with the lost region until it is back`,
      seconds: { expected: 0, worst: Number.isFinite(until) ? until : 0 },
      basis: "stated",
    },
  ];
}

/**
 * Fronts that only answer with a name or an address, which users remember for its TTL; with the seconds of TTL that the catalog's figure
 * of the type has in it already.
 */
const namesIncludeTtl: ReadonlyMap<string, number> = new Map([
  ["azure/traffic-manager", 0],
  ["aws/route53", 60],
]);

/** Lead the routers to the new primary and prove a write: as the catalog's postgresql.yaml has it, measured on the lab. */
const routersLeadSeconds = 0.1;

function ledByRouters({ ground, lost }: Losing, { group }: Item): boolean {
  if (group === undefined || !ground.watch.leased.has(group.name)) return false;
  return group.primary.every((region) => ground.regions.get(region)?.router !== undefined) && lost.size > 0;
}

function throughFront(ground: Ground, route: string, name: string): Term {
  const front = ground.items[ground.indexOf.get(name) ?? -1];
  const entry = front?.method === undefined ? undefined : recoveryTimeOf(front.method, "failover", front.settings);
  if (front === undefined || entry === undefined) {
    return {
      what: `${name} leads the users of ${route} elsewhere: the catalog has no figure for how soon it sees that an origin is down`,
      seconds: { expected: 0, worst: Number.POSITIVE_INFINITY },
      basis: "unknown",
      service: name,
    };
  }
  return {
    what: `${name} sees by its own probes where ${route} is served and leads its users there`,
    seconds: boundOf(entry),
    basis: entry.basis,
    service: name,
    source: entry.source,
  };
}
