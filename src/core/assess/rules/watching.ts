// Who looks, from where, how deep and how often.

import type { Rule, Said } from "../rule.ts";
import { design, logicApps } from "./sources.ts";

export const watchingRules: readonly Rule[] = [
  {
    id: "health-answers-asynchronously",
    severity: "error",
    title: "a health check that answers before it has looked",
    why: "A check that answers 202, or puts its answer into a queue, says only that something took the request. It goes on saying so while the service behind it does nothing, and every probe that trusts it is blind. The answer has to be given in the same call, after the check was made.",
    mend: "Answer in the same call, with the result: in a logic app with a Response action.",
    source: logicApps("Check primary instance availability", "check-primary-availability"),
    check: (facts) =>
      facts.system.services.flatMap((service): readonly Said[] =>
        service.health.answers === "asynchronous"
          ? [
              {
                service: service.name,
                path: ["services", service.name, "health", "answers"],
                message: `The health check of ${service.name} answers before it has looked, so it says "well" whatever happens.`,
                fix: "Make it answer in the same call, with what it found.",
              },
            ]
          : [],
      ),
  },
  {
    id: "shallow-health-check",
    severity: "warning",
    title: "a health check that looks at nothing behind the service",
    why: "A process that answers while its database, its queue or its identity provider does not is up and useless. A shallow check keeps sending users to it, and nobody is told. A deep check factors in what the service needs in its own region, and only there: one that looks into the other region fails with it.",
    mend: "Factor the state of what it needs in its own region into the answer, and write `health: { deep: true }`.",
    source: logicApps("Check primary instance availability, step 3", "check-primary-availability"),
    check: (facts) => {
      const called = new Set(facts.system.routes.map((route) => route.to));
      return facts.system.services.flatMap((service): readonly Said[] => {
        const routed = called.has(service.name);
        const needs = service.needs.length;
        if (service.health.deep !== false && !(routed && service.health.deep === undefined && needs > 0)) return [];
        return [
          {
            service: service.name,
            path: ["services", service.name, "health"],
            severity: service.health.deep === false ? "warning" : "info",
            message:
              service.health.deep === false
                ? `The health check of ${service.name} does not look at what it needs (${service.needs.join(", ")}).`
                : `Nothing says whether the health check of ${service.name} looks at what it needs (${service.needs.join(", ")}).`,
            fix: "Let it look at what it needs in its own region, and write `health: { deep: true }`.",
          },
        ];
      });
    },
  },
  {
    id: "watchdog-in-watched-region",
    severity: "error",
    title: "a watchdog in the region it watches",
    why: "A watchdog that lives in the region it watches fails together with it, and says nothing. It has to be in another location.",
    mend: "Move the watchdog to another region.",
    source: logicApps("Create a watchdog logic app", "monitor-primary-health"),
    check: (facts) =>
      facts.system.services.flatMap((service): readonly Said[] => {
        if (service.watches === undefined) return [];
        const watched = service.watches.region;
        const places = facts.regionsOf(service);
        const at = facts.region(watched)?.at;
        const away = places.filter((region) => region !== watched && facts.region(region)?.at !== at);
        if (away.length > 0) return [];
        return [
          {
            service: service.name,
            path: ["services", service.name, "watches"],
            message: `${service.name} watches ${watched} from inside it, so it falls silent together with it.`,
            fix: `Deploy it in another region than ${watched}.`,
          },
        ];
      }),
  },
  {
    id: "watchdog-slower-than-rto",
    severity: "error",
    title: "a watchdog that looks less often than the RTO allows",
    why: "The time to notice is part of the recovery time. A watchdog that looks once in an interval as long as the RTO has used all of it up before anybody does anything.",
    mend: "Let it look well below the RTO.",
    source: logicApps("Create a watchdog logic app, recurrence", "monitor-primary-health"),
    check: (facts) =>
      facts.system.services.flatMap((service): readonly Said[] => {
        if (service.watches === undefined || service.watches.everyMs < facts.system.objectives.rtoMs) return [];
        return [
          {
            service: service.name,
            path: ["services", service.name, "watches", "every"],
            message: `${service.name} looks at ${service.watches.region} once in ${minutes(service.watches.everyMs)}, and the whole recovery may take ${minutes(facts.system.objectives.rtoMs)}.`,
            fix: "Shorten `every` to a fraction of the RTO.",
          },
        ];
      }),
  },
  {
    id: "nobody-watches",
    severity: "warning",
    title: "no third place that could tell a dead region from a dead link",
    why: "Two regions that look at each other cannot tell the other's death from a cut between them: each sees the same silence. A third place, independent of both, has to vote before anybody switches, or a person has to decide.",
    mend: "Add a small region with `witness: true`, at another provider or at least in another region.",
    source: design("Watching"),
    check: (facts) => {
      // Where every region serves and nothing has to be switched, nobody has to be judged dead.
      const switched = new Set(
        facts.system.services.flatMap((service) => {
          const kind = facts.methodOf(service)?.kind;
          const group = facts.group(service);
          const served = group?.pattern === "active-active" && (kind === "multi-write" || kind === "redeploy");
          return group === undefined || served || kind === "global" ? [] : [group.name];
        }),
      );
      const automatic = facts.system.groups.filter(
        (group) => group.failover === "automatic" && group.primary.length > 1 && switched.has(group.name),
      );
      if (automatic.length === 0) return [];
      const looking = new Set([
        ...facts.system.groups.flatMap((group) => group.primary),
        ...facts.system.services.flatMap((service) => (service.watches === undefined ? [] : facts.regionsOf(service))),
      ]);
      // A third party, or any other place where nobody of ours looks, has no vote.
      const places = new Set(
        facts.system.regions
          .filter((region) => region.witness || region.agent !== undefined || looking.has(region.name))
          .map((region) => region.at),
      );
      if (places.size >= 3) return [];
      const group = automatic[0];
      if (group === undefined) return [];
      return [
        {
          path: ["groups", group.name, "failover"],
          of: group.name,
          message: `${group.name} is to fail over by itself, and there is no third place that could tell a dead region from a cut link.`,
          fix: "Add a region with `witness: true` somewhere else, or write `failover: approve`.",
        },
      ];
    },
  },
  {
    id: "region-unwatched",
    severity: "warning",
    title: "nobody is told to notice that a region is gone",
    why: "A switch begins with somebody noticing. If no agent, no watchdog, no health check with an interval and no front with probes of its own looks at a group's primary region, the first to notice is a user, and the time that takes is in nobody's plan. Leeward reckons with a figure of its own there, and the truth may be hours.",
    mend: "Run agents, put a watchdog into another region, give the health check an interval, or state the time your monitoring takes under `assumptions.detection`.",
    source: logicApps("Assess primary instance health", "assess-primary-instance-health"),
    check: (facts) => {
      const { system } = facts;
      if (system.assumptions?.detectionMs !== undefined) return [];
      const watched = new Set(system.services.flatMap((service) => service.watches?.region ?? []));
      const probed = new Set(
        system.services.flatMap((service) =>
          service.group === undefined || service.health.everyMs === system.control.probeEveryMs ? [] : [service.group],
        ),
      );
      for (const route of system.routes) {
        const group = route.through === undefined ? undefined : facts.service(route.to)?.group;
        if (group !== undefined) probed.add(group);
      }
      return system.groups.flatMap((group): readonly Said[] => {
        const home = group.primary[0];
        if (home === undefined || group.primary.length < 2 || probed.has(group.name) || watched.has(home)) return [];
        if (group.primary.every((region) => facts.region(region)?.agent !== undefined)) return [];
        return [
          {
            path: ["groups", group.name],
            of: group.name,
            message: `The manifest names nobody who would notice that ${home} is lost, where ${group.name} is primary.`,
            fix: "Name a watchdog (`watches`), a probe (`health: { every: ... }`), or how long it takes (`assumptions.detection`).",
          },
        ];
      });
    },
  },
  {
    id: "witness-shares-place",
    severity: "error",
    title: "a witness in a region it has to judge",
    why: "A witness that lies where a serving region lies falls with it, and takes its vote along exactly when it is needed. What is left then cannot tell a dead region from a cut link, and rightly does nothing.",
    mend: "Put the witness into a place of its own.",
    source: design("Watching"),
    check: (facts) => {
      const serving = new Map(
        facts.system.regions.filter((region) => !region.witness).map((region) => [region.at, region]),
      );
      return facts.system.regions.flatMap((region): readonly Said[] => {
        const other = region.witness && region.at !== "unknown" ? serving.get(region.at) : undefined;
        return other === undefined
          ? []
          : [
              {
                path: ["regions", region.name, "at"],
                of: region.name,
                message: `The witness ${region.name} lies in ${region.at}, as ${other.name} does: both are lost together.`,
                fix: "Move the witness to another location.",
              },
            ];
      });
    },
  },
  {
    id: "observability-in-one-region",
    severity: "warning",
    title: "logs that go with the region they describe",
    why: "On the day a region is lost its logs are what people ask for first. A workspace in that region only is out of reach together with it. Diagnostics have to go to workspaces in more than one region, or to one that is replicated.",
    mend: "Send diagnostics to a workspace in each region, or replicate the workspace.",
    source: logicApps("Collect diagnostic data", "collect-diagnostic-data"),
    check: (facts) =>
      facts.system.services.flatMap((service): readonly Said[] => {
        if (facts.typeOf(service)?.area !== "observability" || facts.regionsOf(service).length !== 1) return [];
        const region = facts.regionsOf(service)[0] ?? "";
        return [
          {
            service: service.name,
            path: ["services", service.name, "in"],
            message: `${service.name} is in ${region} only: when ${region} is lost, so is the record of how.`,
            fix: "Add a second workspace or replicate this one.",
          },
        ];
      }),
  },
  {
    id: "runs-not-recorded",
    severity: "info",
    title: "no record of runs that outlives a region",
    why: "The history of a logic app's triggers and runs lies where it ran, and cannot be moved. Diagnostics that are sent to a workspace show what ran in all regions in one place; without them nobody knows, after a loss, which runs were under way.",
    mend: "Send diagnostics of every logic app to a workspace in each region.",
    source: logicApps("Access to trigger and runs history", "access-trigger-runs-history"),
    check: (facts) => {
      const { services } = facts.system;
      const app = services.find((service) => service.type === "azure/logic-app" && facts.regionsOf(service).length > 1);
      if (app === undefined || services.some((service) => facts.typeOf(service)?.area === "observability")) return [];
      return [
        {
          path: ["services", app.name],
          message: "No workspace takes the diagnostics of the logic apps: the history of runs is lost with its region.",
          fix: "Add `azure/monitor-diagnostics` and a workspace in each region.",
        },
      ];
    },
  },
];

function minutes(ms: number): string {
  return ms < 60_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 6_000) / 10} min`;
}
