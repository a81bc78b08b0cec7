// Names that only the assessment follows: what a start needs, what a watchdog looks at, where copies lie, which front leads users, and
// what an accepted finding is about.

import type { Service, System } from "../core/model/system.ts";
import { type Declared, eachOnce, type Known, listed, makeKnown } from "./known.ts";
import type { Nearest } from "./nearest.ts";
import { error, type Finding, type Path } from "./problem.ts";
import { locationPattern } from "./values.ts";
import { wording } from "./wording.ts";

export function assessedNameFindings(system: System, declared: Declared, nearest: Nearest): readonly Finding[] {
  const findings: Finding[] = [];
  const say = (finding: Finding): void => void findings.push(finding);
  const known = makeKnown(declared, nearest, say);

  for (const region of system.regions) {
    if (region.shares !== undefined) sayTwice(region.shares, ["regions", region.name, "shares"], say);
  }
  for (const service of system.services) {
    const { startNeeds, watches, copies, shares } = service;
    if (startNeeds !== undefined) {
      const path = ["services", service.name, "startNeeds"];
      for (const [need, at] of eachOnce(startNeeds, path, "Keep it once.", say)) known("service", need, at);
    }
    if (watches !== undefined) known("region", watches.region, ["services", service.name, "watches", "region"]);
    if (shares !== undefined) sayTwice(shares, ["services", service.name, "shares"], say);
    if (copies !== undefined) copyFindings(service, copies, known, nearest, say);
  }
  for (const route of system.routes) {
    if (route.through !== undefined) known("service", route.through, ["routes", route.name, "through"]);
  }
  acceptedFindings(system, declared, nearest, say);
  return findings;
}

function sayTwice(names: readonly string[], path: Path, say: (finding: Finding) => void): void {
  for (const _first of eachOnce(names, path, "Keep it once.", say));
}

function copyFindings(
  service: Service,
  copies: NonNullable<Service["copies"]>,
  known: Known,
  nearest: Nearest,
  say: (finding: Finding) => void,
): void {
  const names = new Set<string>();
  for (const [index, copy] of copies.entries()) {
    const path = ["services", service.name, "copies", index];
    if (names.has(copy.name)) {
      const message = `A copy of ${service.name} is named \`${copy.name}\` already.`;
      say(error([...path, "name"], "duplicated-name", message, "Give one of the two another name."));
    }
    names.add(copy.name);
    if (!copy.in.includes("/")) known("region", copy.in, [...path, "in"]);
    else if (!locationPattern.test(copy.in)) {
      const words = wording.location?.(copy.in, nearest, []);
      if (words !== undefined) say(error([...path, "in"], words.rule, words.message, words.fix));
    }
  }
}

function acceptedFindings(system: System, declared: Declared, nearest: Nearest, say: (finding: Finding) => void): void {
  const sections = [declared.regions, declared.groups, declared.services, declared.routes, declared.jobs];
  // A section that was too broken to tell may have had the name.
  if (system.accepted === undefined || sections.includes(undefined)) return;
  const all = new Set(sections.flatMap((names) => [...(names ?? [])]));
  for (const [index, { of }] of system.accepted.entries()) {
    if (of === undefined || all.has(of)) continue;
    const meant = nearest(of, all);
    say(
      error(
        ["accepted", index, "of"],
        "unknown-name",
        `Nothing in this manifest is named \`${of.slice(0, 60)}\`.`,
        meant === undefined
          ? `Write the name of a region, group, service, route or job: ${listed(all)}.`
          : `Did you mean \`${meant}\`?`,
      ),
    );
  }
}
