// One short word for a whole model, so that processes can tell whether they run by the same manifest.

import { createHash } from "node:crypto";
import type { System } from "../core/model/system.ts";

/** `sha256:` and 64 hex digits. The order of regions, services, groups, routes, jobs, needs and shares means nothing and does not count. */
export function fingerprintOf(system: System): string {
  const byName = <T extends { readonly name: string }>(list: readonly T[]): readonly T[] =>
    [...list].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const same: System = {
    ...system,
    regions: byName(system.regions).map((region) => ({
      ...region,
      ...(region.shares === undefined ? {} : { shares: [...region.shares].sort() }),
    })),
    objectives: { ...system.objectives, residency: [...system.objectives.residency].sort() },
    groups: byName(system.groups),
    services: byName(system.services).map((service) => ({
      ...service,
      needs: [...service.needs].sort(),
      ...(service.startNeeds === undefined ? {} : { startNeeds: [...service.startNeeds].sort() }),
      ...(service.shares === undefined ? {} : { shares: [...service.shares].sort() }),
    })),
    routes: byName(system.routes),
    jobs: byName(system.jobs),
  };
  return `sha256:${createHash("sha256").update(canonical(same)).digest("hex")}`;
}

/** JSON with the keys of each object in order. */
function canonical(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  const keyed = value as Readonly<Record<string, unknown>>;
  let text = "";
  for (const key of Object.keys(keyed).sort()) {
    const inner = keyed[key];
    if (inner !== undefined) text += `${text === "" ? "" : ","}${JSON.stringify(key)}:${canonical(inner)}`;
  }
  return `{${text}}`;
}
