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
