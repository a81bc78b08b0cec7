// One short word for a whole model, so that processes can tell whether they run by the same manifest.

import { createHash } from "node:crypto";
import type { System } from "../core/model/system.ts";

/** `sha256:` and 64 hex digits. The order of regions, services, groups, routes, jobs and needs means nothing and does not count. */
export function fingerprintOf(system: System): string {
  const byName = <T extends { readonly name: string }>(list: readonly T[]): readonly T[] =>
    [...list].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const same: System = {
    ...system,
    regions: byName(system.regions),
    objectives: { ...system.objectives, residency: [...system.objectives.residency].sort() },
    groups: byName(system.groups),
    services: byName(system.services).map((service) => ({ ...service, needs: [...service.needs].sort() })),
    routes: byName(system.routes),
    jobs: byName(system.jobs),
  };
  return `sha256:${createHash("sha256").update(canonical(same)).digest("hex")}`;
}

/** JSON with the keys of each object in order. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : inner,
  );
}
