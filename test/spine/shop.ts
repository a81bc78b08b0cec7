// The example's own manifest and the catalog's own steps: what the spine's tests run, so that they test what is shipped.

import { readFileSync } from "node:fs";
import { methodSteps } from "../../src/catalog/load.ts";
import type { Group, RegionName, Service, System } from "../../src/core/model/system.ts";
import { compilePlan } from "../../src/core/plan/compile.ts";
import type { Plan, PlanKind } from "../../src/core/plan/plan.ts";
import { parseManifest } from "../../src/manifest/parse.ts";

export const methods = methodSteps;

export function shop(): System {
  const file = new URL("../../examples/shop/leeward.yaml", import.meta.url);
  const parsed = parseManifest(readFileSync(file, "utf8"), { file: "leeward.yaml" });
  if (parsed.kind === "bad") throw new Error("the example's manifest is not valid");
  return parsed.system;
}

/** The shop with another policy or mode. */
export function shopWith(change: { readonly group?: Partial<Group>; readonly mode?: "async" | "sync" }): System {
  const system = shop();
  const withMode = (service: Service): Service =>
    service.replication === undefined || change.mode === undefined
      ? service
      : { ...service, replication: { ...service.replication, mode: change.mode } };
  return {
    ...system,
    groups: system.groups.map((group) => ({ ...group, ...change.group })),
    services: system.services.map(withMode),
  };
}

/** The shop with a third region that may be primary. */
export function shopInThree(): System {
  const system = shop();
  const south = system.regions.find((region) => region.name === "south");
  if (south === undefined) throw new Error("the example has no south");
  const moved = <T>(value: T): T =>
    JSON.parse(
      JSON.stringify(value)
        .replaceAll("7412", "7415")
        .replaceAll(":84", ":85")
        .replaceAll("5512", "5515")
        .replaceAll("9120", "9150"),
    );
  return {
    ...system,
    regions: [...system.regions, { ...moved(south), name: "east", at: "azure/uksouth" }],
    groups: system.groups.map((group) => ({ ...group, primary: [...group.primary, "east"], coolDownMs: 1_000 })),
    services: system.services.map((service) => ({
      ...service,
      in: { ...service.in, east: moved(service.in.south ?? {}) },
    })),
  };
}

export function planOf(
  system: System,
  kind: PlanKind,
  from: RegionName,
  to: RegionName,
  epoch = 1,
  promotable: readonly RegionName[] = ["north", "south"],
): Plan {
  const [group] = system.groups;
  if (group === undefined) throw new Error("the system has no group");
  return compilePlan({ id: `${kind}-1`, kind, system, group, methods, from, to, epoch, promotable, reason: "a test" });
}
