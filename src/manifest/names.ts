// Names that lead nowhere, or to the wrong kind of thing: groups, regions, services, types, methods.

import { isMovedByAgents, serviceTypeOf } from "../catalog/load.ts";
import { calledServiceOf } from "../core/model/select.ts";
import type { System } from "../core/model/system.ts";
import { assessedNameFindings } from "./assessed-names.ts";
import { type Declared, eachOnce, makeKnown } from "./known.ts";
import type { Nearest } from "./nearest.ts";
import { policyFindings } from "./policy-model.ts";
import { error, errorOnKey, type Finding, type Path } from "./problem.ts";
import { typeFindings } from "./type-check.ts";

export function nameFindings(system: System, declared: Declared, nearest: Nearest): readonly Finding[] {
  const findings: Finding[] = [];
  const say = (finding: Finding): void => void findings.push(finding);

  const known = makeKnown(declared, nearest, say);

  const witnesses = new Set(system.regions.filter((region) => region.witness).map((region) => region.name));
  for (const group of system.groups) {
    const list = ["groups", group.name, "primary"];
    for (const [region, path] of eachOnce(group.primary, list, "Keep it once, where you prefer it.", say)) {
      if (known("region", region, path) && witnesses.has(region)) {
        say(
          error(
            path,
            "witness-as-primary",
            `\`${region}\` is a witness: it votes and serves nothing, so it can never be primary.`,
            "Take it out of this list, or remove `witness: true` from the region.",
          ),
        );
      }
    }
  }

  policyFindings(system, known, say);

  for (const service of system.services) {
    const path: Path = ["services", service.name];
    if (service.name === "agent") {
      say(
        errorOnKey(
          path,
          "reserved-name",
          "In every report `agent` is a region's own agent, so no service can have this name.",
          "Call it something else.",
        ),
      );
    }
    for (const finding of typeFindings(service, declared, nearest)) say(finding);
    if (service.group !== undefined) known("group", service.group, [...path, "group"]);
    for (const [need, at] of eachOnce(service.needs, [...path, "needs"], "Keep it once.", say))
      known("service", need, at);
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
    if (type?.serves === "nothing" && isMovedByAgents(type)) {
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
    const target = calledServiceOf(job.call);
    if (known("service", target, [...path, "call"])) {
      const type = serviceTypeOf(services.get(target)?.type ?? "");
      // A platform starts jobs by ways of its own, whatever its services answer to.
      if (type !== undefined && isMovedByAgents(type) && type.serves !== "http") {
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
  return [...findings, ...assessedNameFindings(system, declared, nearest)];
}
