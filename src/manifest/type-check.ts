// What a service says against what the catalog knows of its type: the id itself, method and mode, settings, URLs, regions.

import { catalogIds, isCatalogId } from "../catalog/ids.ts";
import { isMovedByAgents, serviceTypeOf } from "../catalog/load.ts";
import type { ServiceType } from "../catalog/service-type.ts";
import type { Service, Setting } from "../core/model/system.ts";
import { type Declared, listed } from "./known.ts";
import type { Nearest } from "./nearest.ts";
import { error, errorOnKey, type Finding, type Path, warning } from "./problem.ts";
import { shown } from "./said.ts";
import { service as serviceSchema } from "./service-schema.ts";

export function typeFindings(service: Service, declared: Declared, nearest: Nearest): readonly Finding[] {
  const path: Path = ["services", service.name];
  if (!isCatalogId(service.type)) {
    const meant = nearest(service.type, catalogIds);
    const fix =
      meant === undefined
        ? "Write one of the ids that docs/manifest.md lists, such as `postgresql`, `http` or `process`."
        : `Did you mean \`${meant}\`?`;
    return [
      error(
        [...path, "type"],
        "unknown-type",
        `\`${service.type.slice(0, 60)}\` is no service type that is known.`,
        fix,
      ),
    ];
  }
  const type = serviceTypeOf(service.type);
  const findings: Finding[] = missingPlaces(service, type, declared, nearest);
  if (service.group !== undefined && (type === undefined || !isMovedByAgents(type))) {
    findings.push(
      type === undefined
        ? warning(
            [...path, "type"],
            "type-without-method",
            `Leeward knows ${service.type} by name only: when its group switches, this service is not moved.`,
            "Move it yourself, or take it out of the group.",
          )
        : warning(
            [...path, "type"],
            "type-without-method",
            `No agent can move ${service.type}: when its group switches, people have to move this service, by the steps of the catalog.`,
            `\`leeward catalog show ${type.id}\` has the steps; or take it out of the group.`,
          ),
    );
  }
  if (type === undefined) return findings;
  findings.push(...settingFindings(type, service.settings, [...path, "settings"], nearest));
  const wanted = service.replication;
  const method = type.methods.find((known) => known.id === wanted?.method);
  if (wanted !== undefined && method === undefined) {
    const ids = type.methods.map((known) => known.id);
    const meant = nearest(wanted.method, ids);
    const fix = meant === undefined ? `Known for ${type.id}: ${ids.join(", ")}.` : `Did you mean \`${meant}\`?`;
    findings.push(
      error(
        [...path, "replication", "method"],
        "unknown-method",
        `\`${wanted.method.slice(0, 60)}\` is no method that ${type.id} has.`,
        fix,
      ),
    );
  } else if (wanted !== undefined && method !== undefined && !method.modes.includes(wanted.mode)) {
    findings.push(
      error(
        [...path, "replication", "mode"],
        "unknown-mode",
        `The method ${method.id} of ${type.id} has no mode \`${wanted.mode}\`.`,
        `Write \`${method.modes[0]}\`, or leave \`mode\` out.`,
      ),
    );
  }
  for (const [region, placement] of Object.entries(service.in)) {
    if (placement.settings !== undefined)
      findings.push(...settingFindings(type, placement.settings, [...path, "in", region, "settings"], nearest));
    const scheme = placement.url?.split(":")[0]?.toLowerCase();
    if (scheme === undefined || type.urlSchemes.length === 0 || type.urlSchemes.includes(scheme)) continue;
    findings.push(
      error(
        [...path, "in", region, "url"],
        "wrong-scheme",
        `A ${type.id} service answers at ${type.urlSchemes[0]}://, and this URL begins with ${scheme}:.`,
        `Begin it with \`${type.urlSchemes[0]}://\`.`,
      ),
    );
  }
  return findings;
}

/** Only what its provider runs everywhere is in no region. */
function missingPlaces(
  service: Service,
  type: ServiceType | undefined,
  declared: Declared,
  nearest: Nearest,
): Finding[] {
  const path: Path = ["services", service.name];
  if (type === undefined || type.scope === "global" || declared.has([...path, "in"])) return [];
  // A service that stands in for a broken section is nowhere in the text.
  if (!declared.has(path)) return [];
  // Misspelt rather than missing: the unknown key has been told already.
  if (declared.keysAt(path)?.some((key) => !(key in keysOfService) && nearest(key, ["in"]) === "in") === true)
    return [];
  const fix = "Write the regions it is deployed in, such as `in: { north: {}, south: {} }`.";
  return [errorOnKey(path, "missing-key", "`in` is missing here.", fix)];
}

const keysOfService: Readonly<Record<string, unknown>> = serviceSchema.shape;

/** `path` leads to the block of settings. */
export function settingFindings(
  type: ServiceType,
  given: Readonly<Record<string, Setting>> | undefined,
  path: Path,
  nearest: Nearest,
): readonly Finding[] {
  if (given === undefined) return [];
  const names = Object.keys(type.settings);
  return Object.entries(given).flatMap(([name, value]) => {
    const known = Object.hasOwn(type.settings, name) ? type.settings[name] : undefined;
    if (known === undefined) {
      const meant = nearest(name, names);
      const fix =
        names.length === 0
          ? "Remove it."
          : meant === undefined
            ? `Known for ${type.id}: ${listed(names)}.`
            : `Did you mean \`${meant}\`?`;
      const message =
        names.length === 0
          ? `The catalog asks for no settings of ${type.id}.`
          : `\`${name.slice(0, 60)}\` is no setting of ${type.id} that the catalog knows.`;
      return [errorOnKey([...path, name], "unknown-setting", message, fix)];
    }
    if (known.values === undefined || known.values.includes(value)) return [];
    const choices = known.values.map(String);
    const meant = nearest(String(value), choices);
    return [
      error(
        [...path, name],
        "unknown-word",
        `One of ${choices.join(", ")} was expected here, and this is ${shown(value)}.`,
        meant === undefined ? `Write one of ${choices.join(", ")}.` : `Did you mean \`${meant}\`?`,
      ),
    ];
  });
}
