// Small questions everyone asks of a `System`. Pure look-ups, no policy.

import type { Group, GroupName, Region, RegionName, Service, ServiceName, System } from "./system.ts";

export function regionOf(system: System, name: RegionName): Region {
  return found(
    system.regions.find((region) => region.name === name),
    "region",
    name,
  );
}

/** The group's services, those that others need first (manifest order within that). */
export function servicesOf(system: System, group: GroupName): readonly Service[] {
  const members = system.services.filter((service) => service.group === group);
  const ordered: Service[] = [];
  const visit = (service: Service): void => {
    if (ordered.includes(service)) return;
    for (const need of members.filter((member) => service.needs.includes(member.name))) visit(need);
    ordered.push(service);
  };
  for (const member of members) visit(member);
  return ordered;
}

/** Regions that look at others: those with an agent. Where the manifest names no agent at all, it is a plan of what is to be, and each does. */
export function vantagesOf({ regions }: System): readonly RegionName[] {
  const seeing = regions.filter((region) => region.agent !== undefined);
  return (seeing.length === 0 ? regions : seeing).map(({ name }) => name);
}

/** Regions that may vote on `observed`: every one that looks at others, but itself. */
export function vantagesFor(system: System, observed: RegionName): readonly RegionName[] {
  return vantagesOf(system).filter((name) => name !== observed);
}

/** The service that a job calls: the host of its URL, `METHOD http://service/path`; empty if it has none. */
export function calledServiceOf(call: string): ServiceName {
  return /^[A-Z]+ http:\/\/([a-z0-9-]+)/.exec(call)?.[1] ?? "";
}

export function standbysOf(group: Group, primary: RegionName): readonly RegionName[] {
  return group.primary.filter((region) => region !== primary);
}

function found<T>(thing: T | undefined, kind: string, name: string): T {
  // The manifest layer has resolved every name, so a miss is a bug in Leeward, not in a manifest.
  if (thing === undefined) throw new Error(`no ${kind} named ${name} in this system`);
  return thing;
}
