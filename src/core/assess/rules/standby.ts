// The other side's readiness: how much of it runs, what has to grow, and whether anybody has ever tried.

import { needsCycles } from "../../model/cycles.ts";
import { dayNumber } from "../days.ts";
import type { Rule, Said } from "../rule.ts";
import { aksModels, ctmc, guide, own } from "./sources.ts";

/** What the guide drills by, where the manifest names no interval. */
const quarterMs = 92 * 86_400_000;

export const standbyRules: readonly Rule[] = [
  {
    id: "group-in-one-region",
    severity: "error",
    title: "a group with nowhere to go",
    why: "A group with one region cannot move. If that region is lost, so is the group until the region comes back.",
    mend: "Name a second region under `primary` and deploy its services there.",
    source: guide("Key takeaways, multi-region protects against region outages"),
    check: (facts) =>
      facts.system.groups.flatMap((group): readonly Said[] =>
        group.primary.length > 1
          ? []
          : [
              {
                path: ["groups", group.name, "primary"],
                of: group.name,
                message: `${group.name} can be primary in ${group.primary[0] ?? "no region"} only: there is no way out.`,
                fix: "Add a region to `primary`; `leeward catalog regions --from` ranks them.",
              },
            ],
      ),
  },
  {
    id: "missing-on-standby",
    severity: "error",
    title: "a service of the group that the other side does not have",
    why: "Whatever a group needs has to exist where the group goes. A service that is deployed in the primary region only is not there after the switch.",
    mend: "Deploy it in every region of its group.",
    source: aksModels("active-passive, two identical deployments", "active-passive-disaster-recovery-deployment-model"),
    check: (facts) =>
      facts.system.services.flatMap((service): readonly Said[] => {
        const [group, type] = [facts.group(service), facts.typeOf(service)];
        // Data has a rule of its own.
        if (group === undefined || type === undefined || type.holdsData || type.scope === "global") return [];
        const missing = group.primary.filter((region) => service.in[region] === undefined);
        if (missing.length === 0) return [];
        return [
          {
            service: service.name,
            path: ["services", service.name, "in"],
            message: `${service.name} is not in ${missing.join(" or ")}, where ${group.name} may have to go.`,
            fix: `Add ${missing.join(" and ")} under \`in\`.`,
          },
        ];
      }),
  },
  {
    id: "start-circle",
    severity: "error",
    title: "services that need one another to start",
    why: "Each of them runs well for years, because the others are up. After a whole region has gone down, or in a standby that is started cold, the first waits for the second and the second for the first, and nothing comes up until somebody breaks the circle by hand. Large outages have taken hours longer for this reason.",
    mend: "Let one of them start without the other: from a copy, from a cache, or degraded.",
    source: own("Shared fate"),
    check: (facts) => {
      const needing = facts.system.services.map((service) => {
        return { name: service.name, needs: [...service.needs, ...(service.startNeeds ?? [])] };
      });
      return needsCycles(needing).map((circle): Said => {
        const [first = ""] = circle;
        return {
          service: first,
          path: ["services", first, "startNeeds"],
          message: `${[...circle, first].join(" needs ")} to start: once all of them are down, none comes up.`,
          fix: "Let one of them start without the next one, and take that need out.",
        };
      });
    },
  },
  {
    id: "pattern-without-standby",
    severity: "warning",
    title: "a warm standby with nothing running in it",
    why: "Warm standby and active-active count on something that runs on the other side. With no replicas there the pattern is a pilot light, and the time to start everything belongs to the recovery time.",
    mend: "Run at least one replica on standby, or name the pattern for what it is.",
    source: aksModels("active-passive, autoscaling", "active-passive-disaster-recovery-deployment-model"),
    check: (facts) =>
      facts.system.services.flatMap((service): readonly Said[] => {
        const group = facts.group(service);
        if (group === undefined || group.primary.length < 2 || service.replicas.standby > 0) return [];
        if (group.pattern !== "warm-standby" && group.pattern !== "active-active") return [];
        // What must never run twice, such as a mailer, has no standby on purpose.
        if (service.type === "process") return [];
        return [
          {
            service: service.name,
            path: ["services", service.name, "replicas"],
            message: `${group.name} is ${group.pattern}, and nothing of ${service.name} runs on standby.`,
            fix: "Write `replicas: { standby: 1 }`, or `pattern: pilot-light`.",
          },
        ];
      }),
  },
  {
    id: "standby-must-grow",
    severity: "warning",
    title: "a standby that has to grow before it can carry the load",
    why: "A standby runs small to save money. When all users come at once it has to grow first, which takes time and, in a region where everybody else arrives at the same moment, capacity that may not be there. Scaling has to be set up beforehand, and reserved where it counts.",
    mend: "Set up scaling to the primary's count, reserve the capacity, and give `scaleUp` as measured.",
    source: aksModels("active-passive, autoscaling", "active-passive-disaster-recovery-deployment-model"),
    check: (facts) =>
      facts.system.services.flatMap((service): readonly Said[] => {
        const group = facts.group(service);
        if (group === undefined || group.primary.length < 2) return [];
        const { primary, standby } = service.replicas;
        // How long it takes is a term of the recovery time once somebody has measured it.
        if (standby === 0 || standby >= primary || service.scaleUpMs !== undefined) return [];
        return [
          {
            service: service.name,
            path: ["services", service.name, "replicas"],
            message: `${service.name} runs ${standby} on standby and needs ${primary} when it serves; how long that takes is not given.`,
            fix: "Measure it in a drill and write `scaleUp`, or keep as many on standby.",
          },
        ];
      }),
  },
  {
    id: "quota-to-verify",
    severity: "info",
    title: "quota and capacity that nobody can see from here",
    why: "Quotas are per subscription and region, and capacity is what is left when others come too. Neither is in any document. A switch that stops at a quota stops in the middle.",
    mend: "Look at the quota of every standby region, raise it to what the primary uses, and reserve capacity for what must run.",
    source: own("Capacity"),
    check: (facts) =>
      facts.system.groups.flatMap((group): readonly Said[] => {
        const standbys = group.primary.slice(1).filter((region) => {
          const provider = facts.place(region)?.provider;
          return provider === "azure" || provider === "aws" || provider === "gcp";
        });
        if (standbys.length === 0) return [];
        return [
          {
            path: ["groups", group.name],
            of: group.name,
            message: `Quota and free capacity of ${standbys.join(" and ")} for all of ${group.name} are to be verified with the provider.`,
            fix: "Verify them and accept this with the date.",
          },
        ];
      }),
  },
  {
    id: "never-drilled",
    severity: "warning",
    title: "a way out that nobody has walked",
    why: "Whether the switch works when it is called counts for more than how fast it is. At one outage a year and four hours to repair, raising the share of switches that work from 0.90 to 0.99 saves 21 minutes a year, and cutting a switch from 7 minutes to 1 saves 6. Nothing but drills shows that share: n clean ones prove at least 0.05^(1/n) at 95 %.",
    mend: "Drill, count the clean ones under `drills`, and begin again after each change that counts.",
    source: ctmc,
    check: (facts) =>
      facts.system.groups.flatMap((group): readonly Said[] => {
        if (group.primary.length < 2 || (group.drills?.clean ?? 0) > 0) return [];
        return [
          {
            path: ["groups", group.name],
            of: group.name,
            severity: group.drills === undefined ? "info" : "warning",
            message:
              group.drills === undefined
                ? `The manifest names no drill of ${group.name}: nothing shows that its switch works.`
                : `No drill of ${group.name} has gone right since the last change: nothing shows that its switch works.`,
            fix: "Drill, and write `drills: { clean: 1, last: YYYY-MM-DD }`.",
          },
        ];
      }),
  },
  {
    id: "drill-overdue",
    severity: "warning",
    title: "a drill that is overdue",
    why: "Things that nobody uses break silently: a certificate runs out, a quota is used up, a name changes. The longer ago the last drill, the more likely is one of them.",
    mend: "Drill now.",
    source: guide("How to design multi-region DR, quarterly drills"),
    check: (facts) =>
      facts.system.groups.flatMap((group): readonly Said[] => {
        const { last, everyMs = quarterMs } = group.drills ?? {};
        if (last === undefined) return [];
        const sinceDays = dayNumber(facts.today) - dayNumber(last);
        if (!(sinceDays > everyMs / 86_400_000)) return [];
        return [
          {
            path: ["groups", group.name, "drills", "last"],
            of: group.name,
            message: `The last drill of ${group.name} was on ${last}, ${sinceDays} days ago; one is due every ${Math.round(everyMs / 86_400_000)} days.`,
            fix: "Drill, and write the new date.",
          },
        ];
      }),
  },
];
