// Names that lead nowhere, or to the wrong kind of thing: groups, regions, services, types, methods.

import { catalogIds, isCatalogId } from "../catalog/ids.ts";
import { serviceTypeOf } from "../catalog/load.ts";
import type { Service, System } from "../core/model/system.ts";
import { callTargetOf } from "./model.ts";
import type { Nearest } from "./nearest.ts";
import { error, errorOnKey, type Finding, type Path, warning } from "./problem.ts";

/** Names as the text declares them, also of what was too broken to keep; undefined where the whole section was. */
export type Declared = {
  readonly regions: ReadonlySet<string> | undefined;
  readonly groups: ReadonlySet<string> | undefined;
  readonly services: ReadonlySet<string> | undefined;
  /** Whether the text has anything at this path. */
  readonly has: (path: Path) => boolean;
};

type Kind = "region" | "group" | "service";

export function nameFindings(system: System, declared: Declared, nearest: Nearest): readonly Finding[] {
  const sets = { region: declared.regions, group: declared.groups, service: declared.services } as const;
  const findings: Finding[] = [];
  const say = (finding: Finding): void => void findings.push(finding);

  const known = (kind: Kind, name: string, path: Path, on: "key" | "value" = "value"): boolean => {
    const names = sets[kind];
    if (names === undefined) return false;
    if (names.has(name)) return true;
    const meant = nearest(name, names);
    const fix =
      meant !== undefined
        ? `Did you mean \`${meant}\`?`
        : names.size === 0
          ? `Add it under \`${kind}s\`.`
          : `Known: ${listed(names)}; or add it under \`${kind}s\`.`;
    say({ ...error(path, `unknown-${kind}`, `There is no ${kind} named \`${name}\` in this manifest.`, fix), on });
    return false;
  };

  const witnesses = new Set(system.regions.filter((region) => region.witness).map((region) => region.name));
  for (const group of system.groups) {
    const seen = new Set<string>();
    for (const [index, region] of group.primary.entries()) {
      const path = ["groups", group.name, "primary", index];
      if (seen.has(region)) {
        say(
          error(
            path,
            "duplicated-name",
            `\`${region}\` stands in this list twice.`,
            "Keep it once, where you prefer it.",
          ),
        );
      } else if (known("region", region, path) && witnesses.has(region)) {
        say(
          error(
            path,
            "witness-as-primary",
            `\`${region}\` is a witness: it votes and serves nothing, so it can never be primary.`,
            "Take it out of this list, or remove `witness: true` from the region.",
          ),
        );
      }
      seen.add(region);
    }
  }

  for (const service of system.services) {
    const path: Path = ["services", service.name];
    for (const finding of typeFindings(service, nearest)) say(finding);
    if (service.group !== undefined) known("group", service.group, [...path, "group"]);
    const needs = new Set<string>();
    for (const [index, need] of service.needs.entries()) {
      const at = [...path, "needs", index];
      const isNew = !needs.has(need);
      needs.add(need);
      if (!isNew) say(error(at, "duplicated-name", `\`${need}\` stands in this list twice.`, "Keep it once."));
      else known("service", need, at);
    }
    for (const region of Object.keys(service.in)) {
      if (known("region", region, [...path, "in", region], "key") && witnesses.has(region)) {
        say(
          errorOnKey(
            [...path, "in", region],
            "witness-serves",
            `\`${region}\` is a witness: it votes and serves nothing.`,
            "Take it out here, or remove `witness: true` from the region.",
          ),
        );
      }
    }
  }

  const services = new Map(system.services.map((service) => [service.name, service]));
  for (const region of system.regions) {
    for (const name of Object.keys(region.router?.tcp ?? {})) {
      const path = ["regions", region.name, "router", "tcp", name];
      if (!known("service", name, path, "key")) continue;
      const type = serviceTypeOf(services.get(name)?.type ?? "");
      if (type !== undefined && type.serves !== "tcp") {
        say(
          errorOnKey(
            path,
            "wrong-kind",
            `\`${name}\` is of type ${type.id}, which does not serve TCP clients.`,
            type.serves === "http"
              ? "Remove it: the router's `http` address serves it."
              : "Remove it: nobody calls it.",
          ),
        );
      }
    }
  }

  for (const route of system.routes) {
    const path = ["routes", route.name];
    if (!known("service", route.to, [...path, "to"])) continue;
    const type = serviceTypeOf(services.get(route.to)?.type ?? "");
    if (type?.serves === "nothing") {
      say(
        error(
          [...path, "to"],
          "wrong-kind",
          `\`${route.to}\` is of type ${type.id}, which takes no requests.`,
          "Lead the route to a service that does.",
        ),
      );
    }
  }

  for (const job of system.jobs) {
    const path: Path = ["jobs", job.name];
    const target = callTargetOf(job.call);
    if (known("service", target, [...path, "call"])) {
      const type = serviceTypeOf(services.get(target)?.type ?? "");
      if (type !== undefined && type.serves !== "http") {
        say(
          error(
            [...path, "call"],
            "wrong-kind",
            `\`${target}\` is of type ${type.id}, which answers no HTTP requests.`,
            "Call a service that does.",
          ),
        );
      }
    }
    if (job.trigger.kind === "queue") known("service", job.trigger.service, [...path, "trigger", "queue"]);
    // A group that the called service gave was looked at there.
    if (job.group !== undefined && job.group !== services.get(target)?.group)
      known("group", job.group, [...path, "group"]);
  }
  return findings;
}

function typeFindings(service: Service, nearest: Nearest): readonly Finding[] {
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
  if (type === undefined) {
    if (service.group === undefined) return [];
    return [
      warning(
        [...path, "type"],
        "type-without-method",
        `Leeward knows ${service.type} by name only: when its group switches, this service is not moved.`,
        "Move it yourself, or take it out of the group.",
      ),
    ];
  }
  const findings: Finding[] = [];
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
    const scheme = placement.url?.split(":")[0]?.toLowerCase();
    if (scheme === undefined || type.urlSchemes.length === 0 || type.urlSchemes.includes(scheme)) continue;
    const path = ["services", service.name, "in", region, "url"];
    findings.push(
      error(
        path,
        "wrong-scheme",
        `A ${type.id} service answers at ${type.urlSchemes[0]}://, and this URL begins with ${scheme}:.`,
        `Begin it with \`${type.urlSchemes[0]}://\`.`,
      ),
    );
  }
  return findings;
}

export function listed(names: Iterable<string>): string {
  const all = [...names];
  return all.length <= 8 ? all.join(", ") : `${all.slice(0, 8).join(", ")} and ${all.length - 8} more`;
}
