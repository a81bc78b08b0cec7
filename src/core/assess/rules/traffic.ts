// How users get to the region that serves: what leads them, what remembers the old answer, and ways round the front door.

import { short } from "../detection.ts";
import type { Rule, Said } from "../rule.ts";
import { aksModels, guide, own } from "./sources.ts";

export const trafficRules: readonly Rule[] = [
  {
    id: "origin-reachable-past-front",
    severity: "error",
    title: "origins that answer to anybody, not only to the front door",
    why: "Users who go straight to a region's origin are not led away when the region fails, pass no rule of the front, and keep writing to the old side after a switch. The origin has to take requests from the front only.",
    mend: "Let the origin accept only the front's own requests, and write `access: routed`.",
    source: aksModels(
      "active-passive, limit network traffic to the front door instance",
      "active-passive-disaster-recovery-deployment-model",
    ),
    check: (facts) =>
      facts.system.routes.flatMap((route): readonly Said[] => {
        const service = facts.service(route.to);
        if (service?.access !== "direct") return [];
        const front = route.through ?? "the routers";
        return [
          {
            service: service.name,
            path: ["services", service.name, "access"],
            message: `${service.name} behind ${route.name} also answers to those who do not come through ${front}: they stay on a failed region.`,
            fix: `Accept only what comes from ${front}, and write \`access: routed\`.`,
          },
        ];
      }),
  },
  {
    id: "ttl-beyond-rto",
    severity: "error",
    title: "an answer that users remember for longer than the RTO",
    why: "A user who has asked keeps the answer for its TTL and goes on calling the lost region that long, however fast the switch was. The recovery is over for whoever asks again, and for nobody else.",
    mend: "Shorten the TTL to a fraction of the RTO, or lead users through a front that needs no new answer.",
    source: own("Routing"),
    check: (facts) =>
      facts.system.routes.flatMap((route): readonly Said[] => {
        const front = route.through === undefined ? undefined : facts.service(route.through);
        const remembers = front === undefined || front.type === "azure/traffic-manager" || front.type === "aws/route53";
        if (!remembers || route.ttlMs < facts.system.objectives.rtoMs) return [];
        return [
          {
            path: ["routes", route.name, "ttl"],
            of: route.name,
            message: `Users remember where ${route.name} leads for ${short(route.ttlMs / 1_000)}, and the whole recovery may take ${short(facts.system.objectives.rtoMs / 1_000)}.`,
            fix: "Shorten `ttl`.",
          },
        ];
      }),
  },
  {
    id: "clients-ignore-ttl",
    severity: "warning",
    title: "clients that keep an answer for ever",
    why: "Some resolvers, connection pools and runtimes hold an address far beyond its TTL, some until they are restarted. They are a tail that no change of a name reaches; somebody has to go on serving them at the old address or forward them.",
    mend: "Keep a proxy at the old address, or give these clients a front with a fixed address.",
    source: own("Routing"),
    check: (facts) =>
      facts.system.routes.flatMap((route): readonly Said[] =>
        (route.stubbornShare ?? 0) > 0
          ? [
              {
                path: ["routes", route.name, "stubborn"],
                of: route.name,
                message: `${Math.round((route.stubbornShare ?? 0) * 1000) / 10} % of the users of ${route.name} ignore the TTL: no change of the name reaches them.`,
                fix: "Keep a proxy at the old address, or a front whose address never changes.",
              },
            ]
          : [],
      ),
  },
  {
    id: "policy-contradicts-pattern",
    severity: "warning",
    title: "a route that contradicts the group's pattern",
    why: "Active-active means that both regions get users in peace, so that a loss only shifts a share; a priority route sends all of them to one. Active-passive means that the second region gets none until it is told; a weighted route sends it some, to a side that takes no writes.",
    mend: "Use weighted, performance or geographic with active-active, priority with everything else.",
    source: aksModels("comparison of the models", "multi-region-deployment-model-implementations"),
    check: (facts) =>
      facts.system.routes.flatMap((route): readonly Said[] => {
        const service = facts.service(route.to);
        const group = service === undefined ? undefined : facts.group(service);
        if (group === undefined || group.primary.length < 2) return [];
        if ((group.pattern === "active-active") === (route.policy !== "priority")) return [];
        return [
          {
            path: ["routes", route.name, "policy"],
            of: route.name,
            message: `${group.name} is ${group.pattern}, and ${route.name} leads users by ${route.policy}.`,
            fix:
              group.pattern === "active-active"
                ? "Write `policy: performance`, `geographic` or `weighted`."
                : "Write `policy: priority`.",
          },
        ];
      }),
  },
  {
    id: "no-route",
    severity: "info",
    title: "no name that users call",
    why: "Recovery is over when users are served again, and how they get to the other side is part of it. Without a route nothing is known of that part, so it is left out of the times.",
    mend: "Name what users call under `routes`.",
    source: guide("Key takeaways, DNS-based failover"),
    check: (facts) =>
      facts.system.routes.length === 0 && facts.system.groups.some((group) => group.primary.length > 1)
        ? [
            {
              path: ["system"],
              message: "The manifest names no route, so the time until users are led to the other side is left out.",
              fix: "Add what users call under `routes`, with its TTL.",
            },
          ]
        : [],
  },
];
