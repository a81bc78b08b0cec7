// What is well-formed and cannot work: needs in a circle, two things on one address, a lease that ends by itself, an automatic failover
// that would always be refused, a group without anywhere to go.

import { isMovedByAgents, serviceTypeOf } from "../catalog/load.ts";
import type { ServiceType } from "../catalog/service-type.ts";
import { renewalsInLease, shortestLeaseMs, smallestLossBoundMs, usableLeaseMs } from "../core/model/bounds.ts";
import { needsCycles } from "../core/model/cycles.ts";
import type { Group, Service, System } from "../core/model/system.ts";
import { formatDuration } from "./duration.ts";
import { type Declared, listed } from "./known.ts";
import { error, errorOnKey, type Finding, warning } from "./problem.ts";

/** With fewer chances in a lease a healthy primary fences itself about once a week at one lost call in a hundred. */
const renewalsMin = 4;

/** The agent gives these to what it starts. */
const givenVariables = /^(PORT|LEEWARD_.*)$/;

export function hazardFindings(system: System, declared: Declared): readonly Finding[] {
  const members = membersByGroup(system);
  const serves = new Set(system.regions.filter((region) => !region.witness).map((region) => region.name));
  return [
    ...cycleFindings(system),
    ...leaseFindings(system),
    ...system.groups.flatMap((group) => groupFindings(group, members.get(group.name) ?? [], system, serves, declared)),
    ...system.services.flatMap((service) => serviceFindings(service)),
    ...listenerFindings(system, declared),
    ...everyFindings(system),
    ...system.regions
      .filter((region) => region.at === "unknown")
      .map((region) =>
        warning(
          ["regions", region.name, "at"],
          "unknown-location",
          `Nobody has said where \`${region.name}\` is, so nothing can be said about distance and shared fate.`,
          "Write its location, such as `azure/norwayeast`.",
        ),
      ),
  ];
}

function cycleFindings(system: System): readonly Finding[] {
  const services = new Map(system.services.map((service) => [service.name, service]));
  return needsCycles(system.services).map((circle) => {
    const [first = ""] = circle;
    const last = circle.at(-1) ?? first;
    const index = services.get(last)?.needs.indexOf(first) ?? 0;
    const told = circle.length > 10 ? [...circle.slice(0, 10), "..."] : circle;
    const message =
      circle.length === 1
        ? `\`${first}\` needs itself.`
        : `These need each other in a circle, so none could start first: ${[...told, first].join(" needs ")}.`;
    return error(["services", last, "needs", index], "needs-cycle", message, "Remove one of these needs.");
  });
}

function leaseFindings(system: System): readonly Finding[] {
  const { lease } = system.control;
  const path = ["control", "lease"];
  const least = shortestLeaseMs(lease);
  const parts = `one renewal (${formatDuration(lease.renewEveryMs)}) and its call (${formatDuration(lease.callTimeoutMs)})`;
  const findings: Finding[] = [];
  if (usableLeaseMs(lease) <= lease.renewEveryMs + lease.callTimeoutMs) {
    const enough = formatDuration(Math.ceil((least * renewalsMin) / 100) * 100);
    findings.push(
      error(
        [...path, "ttl"],
        "lease-too-short",
        `A lease of ${formatDuration(lease.ttlMs)} ends before ${parts} are over, so a healthy primary would fence itself again and again.`,
        `Write more than ${formatDuration(least)}; \`${enough}\` leaves room for lost calls.`,
      ),
    );
  } else if (renewalsInLease(lease) < renewalsMin) {
    const enough =
      Math.ceil(
        ((renewalsMin * lease.renewEveryMs + lease.callTimeoutMs) * (1 + lease.drift)) / (1 - lease.drift) / 100,
      ) * 100;
    findings.push(
      warning(
        [...path, "ttl"],
        "lease-tight",
        `Only ${renewalsInLease(lease)} renewals fit into a lease of ${formatDuration(lease.ttlMs)}, so a few lost calls in a row make a healthy primary fence itself.`,
        `Write at least \`${formatDuration(enough)}\`, or renew more often.`,
      ),
    );
  }
  if (lease.holdMs * (1 - lease.drift) <= (lease.renewEveryMs + lease.callTimeoutMs) * (1 + lease.drift)) {
    findings.push(
      error(
        [...path, "hold"],
        "hold-too-short",
        `A hold of ${formatDuration(lease.holdMs)} ends before ${parts} are over, so holds could not carry a primary through an outage of the store.`,
        `Write more than ${formatDuration(least)}; as long as the lease is usual.`,
      ),
    );
  }
  if (lease.callTimeoutMs > lease.renewEveryMs) {
    findings.push(
      warning(
        [...path, "callTimeout"],
        "calls-overlap",
        `A call may take ${formatDuration(lease.callTimeoutMs)}, longer than the ${formatDuration(lease.renewEveryMs)} from one renewal to the next.`,
        `Write at most \`${formatDuration(lease.renewEveryMs)}\`.`,
      ),
    );
  }
  return findings;
}

function groupFindings(
  group: Group,
  members: readonly Service[],
  system: System,
  serves: ReadonlySet<string>,
  declared: Declared,
): readonly Finding[] {
  const path = ["groups", group.name];
  const findings: Finding[] = [];
  if (new Set(group.primary).size === 1) {
    findings.push(
      warning(
        [...path, "primary"],
        "no-standby",
        `\`${group.primary[0]}\` is the only region that may be primary, so when it is lost there is nowhere to go.`,
        "Add a second region, or accept the loss.",
      ),
    );
  }
  const serving = new Set(group.primary.filter((region) => serves.has(region)));
  for (const service of members) {
    // What people move is judged by the assessment; what agents move must be where they are told to move it.
    if (typeMoved(service) === undefined) continue;
    // What has no places at all is either everywhere, or has been told already.
    if (declared.keysAt(["services", service.name, "in"]) === undefined) continue;
    for (const region of serving) {
      if (declared.has(["services", service.name, "in", region])) continue;
      findings.push(
        error(
          ["services", service.name, "in"],
          "not-deployed",
          `\`${service.name}\` moves with ${group.name}, and ${region} may be primary of that, but ${service.name} is not deployed in ${region}.`,
          `Add \`${region}: {}\` here, or take ${region} out of the group's \`primary\`.`,
        ),
      );
    }
  }
  const needed = smallestLossBoundMs(system.control);
  const risky = members.find(
    (service) => service.replication?.mode === "async" && typeMoved(service)?.holdsData === true,
  );
  if (
    group.failover === "automatic" &&
    risky !== undefined &&
    group.maxDataLossMs < needed &&
    new Set(group.primary).size > 1
  ) {
    const { lease, probeEveryMs } = system.control;
    const message =
      `No automatic failover could keep within maxDataLoss ${formatDuration(group.maxDataLossMs)}: with ${risky.name} replicated asynchronously, a lost primary may have gone on writing ` +
      `until its lease was over (${formatDuration(lease.ttlMs)}), and the standby was last seen caught up to ${formatDuration(probeEveryMs + lease.callTimeoutMs)} before that.`;
    findings.push(
      error(
        [...path, "maxDataLoss"],
        "loss-bound-too-small",
        message,
        `Write \`${formatDuration(needed)}\` or more, or \`mode: sync\` for ${risky.name}, or \`failover: approve\`.`,
      ),
    );
  }
  if (group.maxDataLossMs > system.objectives.rpoMs) {
    findings.push(
      warning(
        [...path, "maxDataLoss"],
        "loss-above-objective",
        `maxDataLoss ${formatDuration(group.maxDataLossMs)} allows an automatic failover to lose more than the objective rpo ${formatDuration(system.objectives.rpoMs)}.`,
        `Write at most \`${formatDuration(system.objectives.rpoMs)}\`, or change the objective.`,
      ),
    );
  }
  // Where people move everything, nobody's vote moves anything.
  const isMoved = members.length === 0 || members.some((service) => typeMoved(service) !== undefined);
  if (group.failover === "automatic" && isMoved && declared.regions !== undefined && declared.regions.size < 3) {
    findings.push(
      warning(
        [...path, "failover"],
        "too-few-vantages",
        "With fewer than three regions, only one other place sees whether a region is dead, and it alone cannot be a quorum against its own mistakes.",
        "Add a witness region: `watch: { at: ..., witness: true }`.",
      ),
    );
  }
  return findings;
}

function serviceFindings(service: Service): readonly Finding[] {
  const path = ["services", service.name];
  const type = typeMoved(service);
  const findings: Finding[] = [];
  if (type?.id === "process" && service.run === undefined) {
    findings.push(
      warning(
        path,
        "nothing-to-run",
        `\`${service.name}\` is a process without \`run\`, so Leeward starts and stops nothing for it.`,
        "Write `run: { command: [...] }`.",
      ),
    );
  }
  if (type !== undefined && !type.scales && (service.replicas.primary > 1 || service.replicas.standby > 1)) {
    findings.push(
      error(
        [...path, "replicas"],
        "no-replicas",
        `A ${type.id} service is one server per region, so replicas have no meaning.`,
        "Remove `replicas`.",
      ),
    );
  }
  for (const name of Object.keys(service.run?.env ?? {})) {
    if (!givenVariables.test(name)) continue;
    findings.push(
      errorOnKey(
        [...path, "run", "env", name],
        "given-variable",
        `The agent sets ${name} itself.`,
        "Remove it; docs/manifest.md lists what a process is given.",
      ),
    );
  }
  return findings;
}

/** A region's programs reach a database through the router beside them, which needs a listener for it. */
function listenerFindings(system: System, declared: Declared): readonly Finding[] {
  if (declared.services === undefined) return [];
  const needed = system.services.filter(
    (service) => service.group !== undefined && typeMoved(service)?.serves === "tcp",
  );
  return system.regions.flatMap((region) => {
    const router = region.router;
    if (router === undefined) return [];
    const missing = needed
      .filter((service) => !declared.has(["regions", region.name, "router", "tcp", service.name]))
      .map((service) => service.name);
    if (missing.length === 0) return [];
    return [
      warning(
        ["regions", region.name, "router"],
        "no-listener",
        `The router of \`${region.name}\` has no TCP listener for ${listed(missing)}, so nothing there can reach ${missing.length === 1 ? "it" : "them"} through Leeward.`,
        `Add \`tcp: { ${missing[0]}: "host:port" }\`.`,
      ),
    ];
  });
}

/** Agents look at everything in one rhythm; what another says of how often is for the assessment of what others ask. */
function everyFindings({ regions, services, control }: System): readonly Finding[] {
  if (regions.every((region) => region.agent === undefined)) return [];
  return services
    .filter(({ health, type }) => health.probe !== undefined || type === "postgresql" || type === "http")
    .filter(({ health }) => health.everyMs !== control.probeEveryMs)
    .map(({ name, health }) =>
      warning(
        ["services", name, "health", "every"],
        "every-not-kept",
        `Agents look at \`${name}\` every ${formatDuration(control.probeEveryMs)} like at everything else, not every ${formatDuration(health.everyMs)}.`,
        "Write `control.probeEvery` for all of them, and remove this.",
      ),
    );
}

/** Its type, if agents can move it: what a region's agent and router need does not concern the others. */
function typeMoved(service: Service): ServiceType | undefined {
  const type = serviceTypeOf(service.type);
  return type !== undefined && isMovedByAgents(type) ? type : undefined;
}

function membersByGroup(system: System): ReadonlyMap<string, readonly Service[]> {
  const members = new Map<string, Service[]>();
  for (const service of system.services) {
    if (service.group === undefined) continue;
    const list = members.get(service.group) ?? [];
    list.push(service);
    members.set(service.group, list);
  }
  return members;
}
