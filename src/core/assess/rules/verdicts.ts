// What was reckoned, said as findings: losses that are not survived, objectives that are missed, fates that are shared, money.

import type { Service } from "../../model/system.ts";
import type { Facts } from "../facts.ts";
import type { Rule, Said } from "../rule.ts";
import { betterIf } from "./better-if.ts";
import { composition, guide, own } from "./sources.ts";

export const verdictRules: readonly Rule[] = [
  {
    id: "loss-not-survived",
    severity: "error",
    title: "a region whose loss the system does not survive",
    why: "When this region is gone nobody serves what users call until it comes back, whatever the objectives say. Either something exists there alone, or what takes over needs something that is lost too.",
    mend: "Follow the path in the finding: deploy what is missing in the other region.",
    source: own("The loss of a region"),
    check: (facts) =>
      facts.losses.flatMap((loss): readonly Said[] =>
        loss.survives || loss.regions.length > 1
          ? []
          : [
              {
                path: ["regions", loss.regions[0] ?? ""],
                of: loss.region,
                message: `The loss of ${loss.region} is not survived: ${loss.why}.`,
                fix: "Deploy what is missing in another region of its group, or choose a method that leads there.",
              },
            ],
      ),
  },
  {
    id: "rto-missed",
    severity: "error",
    title: "a recovery that takes longer than the RTO",
    why: "The recovery time is everything from the first missing answer to the first write on the other side: noticing, deciding, waiting until the old side cannot write, moving the data's role, starting what has to start, leading the users. One of these terms is the one to shorten; it is named.",
    mend: "Shorten the named term, or change the objective.",
    source: composition,
    check: (facts) => missed(facts, "rto"),
  },
  {
    id: "rpo-missed",
    severity: "error",
    title: "a loss of data beyond the RPO",
    why: "What is lost is what the surviving copy does not have: the replication's lag, what was written until the old side stopped, or everything since the last copy was made and had arrived. One of these terms is the one to shorten; it is named.",
    mend: "Shorten the named term, replicate synchronously, or change the objective.",
    source: composition,
    check: (facts) => missed(facts, "rpo"),
  },
  {
    id: "shared-fate",
    severity: "warning",
    title: "something that both sides depend on",
    why: "Two regions are two only as far as nothing else takes both. A registry, an identity provider, a zone of names, a key vault, a pipeline, a global product: if the switch or the other side needs it, its loss together with a region, or alone, leaves nobody who serves. In large outages it was rarely the replicas that failed; it was what they shared.",
    mend: "Have it in both regions, or be able to switch and run without it; otherwise accept it with the reason.",
    source: own("Shared fate"),
    check: (facts) => {
      const serving = servingRegions(facts);
      return facts.sharedFate
        .filter((fate) => fate.cut.length === 1)
        .flatMap((fate): readonly Said[] => {
          const thing = fate.cut[0] ?? "";
          const service = facts.service(thing);
          // A service of one region, a gateway of one region and a watchdog in the wrong region each have a rule of their own.
          const told =
            service !== undefined &&
            (service.watches !== undefined ||
              toldElsewhere.has(service.type) ||
              soleRegion(facts, serving, service) !== undefined);
          if (told) return [];
          return [
            {
              ...(service === undefined ? {} : { service: service.name }),
              path: service === undefined ? ["system"] : ["services", service.name],
              of: thing,
              message: fate.why,
              fix: "Have it on both sides, or accept this with the reason.",
            },
          ];
        });
    },
  },
  {
    id: "single-region-dependency",
    severity: "error",
    title: "a service that exists in one region and is needed in both",
    why: "A service of one region that the other region's side calls, or needs to start, brings both down together. The redundancy of everything above it is worth nothing in that moment.",
    mend: "Deploy it in the other region as well, or remove the need.",
    source: own("Shared fate"),
    check: (facts) => {
      const serving = servingRegions(facts);
      return facts.system.services.flatMap((service): readonly Said[] => {
        const sole = soleRegion(facts, serving, service);
        if (sole === undefined) return [];
        const { only, user, more } = sole;
        const starts = user.needs.includes(service.name) ? "" : "to start ";
        const others = more === 0 ? "" : more === 1 ? ", as one more service does" : `, as ${more} more services do`;
        return [
          {
            service: service.name,
            path: ["services", service.name, "in"],
            message: `${service.name} is only in ${only}, and ${user.name} needs it ${starts}in ${facts.regionsOf(user).join(" and ")}${others}.`,
            fix: "Deploy it in the other region as well.",
          },
        ];
      });
    },
  },
  {
    id: "change-reaches-everywhere",
    severity: "warning",
    title: "a change that reaches every region at the same moment",
    why: "Several of the largest outages were one change of configuration, policy or data that a global table carried to every region within seconds. No second region helps, for it has the same change. Changes have to reach one region first, and to be taken back before they reach the next.",
    mend: "Stage changes region by region with time to look between them, and keep the last good state at hand.",
    source: {
      title: "Google Cloud, incident report of 12 June 2025 (policy data replicated globally within seconds)",
      url: "https://status.cloud.google.com/incidents/ow5i3PPK96RduMcb1SsW",
      asOf: "2025-06-13",
    },
    check: (facts) =>
      facts.system.services.flatMap((service): readonly Said[] =>
        service.changes === "everywhere"
          ? [
              {
                service: service.name,
                path: ["services", service.name, "changes"],
                message: `A change of ${service.name} reaches every region at the same moment; a bad one leaves no region to go to.`,
                fix: "Stage it region by region and write `changes: staged`.",
              },
            ]
          : [],
      ),
  },
  {
    id: "switch-needs-lost-region",
    severity: "error",
    title: "a switch that asks the region it leaves",
    why: "An interface in the failing region, or one that everybody asks on that day, may not answer when it is needed most. A switch must not depend on it: whatever it needs has to be made beforehand, or be done on the side that takes over.",
    mend: "Prepare what the step makes, or choose a method whose switch is started on the other side.",
    source: own("Interfaces that a switch needs"),
    check: (facts) => {
      const seen = new Set<string>();
      return facts.controlPlane.flatMap((row): readonly Said[] => {
        const key = `${row.service} ${row.step}`;
        // A watchdog in the region it watches has a rule of its own.
        if (row.stands || seen.has(key) || facts.service(row.service)?.watches !== undefined) return [];
        seen.add(key);
        return [
          {
            service: row.service,
            path: ["services", row.service],
            message: `When ${row.lost} is lost, "${row.step}" of ${row.service} asks ${row.needs}: ${row.why}`,
            fix: "Prepare it beforehand, or use a method that is switched from the other side.",
          },
        ];
      });
    },
  },
  {
    id: "over-budget",
    severity: "warning",
    title: "more expensive than the budget",
    why: "What the system costs as it is declared, second region, copies and traffic between the regions included, is more than the manifest allows. Either the pattern is more than the objectives ask for, or the budget was set for less than they need; both are better said now than in the year's accounts.",
    mend: "Look at the patterns side by side: a cheaper one may meet the objectives.",
    source: guide("Frequently asked questions, cost"),
    check: (facts) => {
      const budget = facts.system.costs?.budgetPerMonth;
      const { monthly, currency } = facts.cost;
      if (budget === undefined || monthly === undefined || monthly <= budget) return [];
      return [
        {
          path: ["costs", "budgetPerMonth"],
          message: `As declared it costs about ${Math.round(monthly)} ${currency} a month, and ${budget} are allowed.`,
          fix: "Compare the patterns below.",
        },
      ];
    },
  },
  {
    id: "cheaper-pattern",
    severity: "info",
    title: "a cheaper pattern that meets the objectives too",
    why: "Backup and restore costs little and takes hours, a pilot light adds about 10 to 20 %, a warm standby 30 to 50 %, active-active about doubles. Where a cheaper one meets the objectives the rest is paid for nothing, unless outages cost more than they seem.",
    mend: "Take the cheaper one, or tighten the objectives to what you really need.",
    source: guide("Frequently asked questions, cost"),
    check: (facts) => {
      const declared = facts.patterns.find((pattern) => pattern.declared);
      const cheapest = facts.patterns.find((pattern) => pattern.pattern === facts.advice.pattern);
      if (declared === undefined || cheapest === undefined || declared.pattern === cheapest.pattern) return [];
      if (!declared.meets || cheapest.costFactor >= declared.costFactor) return [];
      return [
        {
          path: ["groups"],
          message: `${cheapest.pattern} would meet the objectives at ${times(cheapest.costFactor)} the cost of one region, ${declared.pattern} costs ${times(declared.costFactor)}.`,
          fix: "Compare the patterns, with the penalty rate at which the answer changes.",
        },
      ];
    },
  },
];

function missed(facts: Facts, objective: string): readonly Said[] {
  return facts.losses.flatMap((loss) =>
    // What is not survived at all has a finding of its own, and no time to shorten.
    loss.regions.length > 1 || !loss.survives
      ? []
      : loss.breaks
          .filter((broken) => broken.objective.toLowerCase() === objective)
          .map((broken) => {
            const said = { path: ["objectives", objective], of: loss.region };
            const better = betterIf(facts, loss, objective, broken.term);
            const first = better === undefined ? "" : `${better} Otherwise: `;
            if (Number.isFinite(broken.seconds))
              return {
                ...said,
                message: `When ${loss.region} is lost, ${broken.why}.`,
                fix: `${first}Shorten "${broken.term}", or change the objective.`,
              };
            return {
              ...said,
              // Nobody knows that it is missed; only that nobody promises that it is kept.
              severity: "warning" as const,
              message: `When ${loss.region} is lost, ${broken.why}.`,
              fix: `${first}Use a method whose figure has a bound. Until then watch the figure yourself and alarm on it; the verdict stays open.`,
            };
          }),
  );
}

/** Types for which a rule of their own says that they are missing in a region. */
const toldElsewhere: ReadonlySet<string> = new Set([
  "azure/data-gateway",
  "azure/integration-account",
  "azure/api-connection",
]);

/** The one region that a service is in, where others of several regions need it; undefined: it is no such thing. */
function soleRegion(facts: Facts, serving: ReadonlySet<string>, service: Service): Sole | undefined {
  const type = facts.typeOf(service);
  if (type?.scope === "global" || type?.reach === "own-region" || toldElsewhere.has(service.type)) return undefined;
  const [only, ...others] = facts.regionsOf(service);
  if (only === undefined || others.length > 0) return undefined;
  // A place of its own, such as a third party, is lost with neither region: that is a shared fate, told there.
  if (serving.size > 0 && !serving.has(only)) return undefined;
  const users = facts
    .usersOf(service.name)
    .filter((user) => facts.regionsOf(user).some((region) => region !== only) && facts.regionsOf(user).length > 1);
  const user = users[0];
  return user === undefined ? undefined : { only, user, more: users.length - 1 };
}

type Sole = { readonly only: string; readonly user: Service; readonly more: number };

const servingRegions = (facts: Facts): ReadonlySet<string> =>
  new Set(facts.system.groups.flatMap((group) => group.primary));

const times = (factor: number): string => `${Math.round(factor * 100) / 100} times`;
