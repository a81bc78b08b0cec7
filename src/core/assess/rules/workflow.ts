// Workflows and jobs: which trigger may fire in which region, and what has to lie beside a workflow.

import type { Job, Service } from "../../model/system.ts";
import type { Facts } from "../facts.ts";
import type { Rule, Said } from "../rule.ts";
import { logicApps } from "./sources.ts";

/** A job's own findings, with the service it starts. */
function ofJobs(facts: Facts, say: (job: Job, service: Service | undefined) => Omit<Said, "path" | "of"> | undefined) {
  return facts.system.jobs.flatMap((job): readonly Said[] => {
    const said = say(job, facts.calledBy(job));
    return said === undefined ? [] : [{ path: ["jobs", job.name], of: job.name, ...said }];
  });
}

const isEverywhere = (job: Job): boolean => job.roles === "active-active";

/** Users of an instance that only its own region can use, in regions where it is not. */
function elsewhere(facts: Facts, type: string, say: (user: Service, thing: Service, region: string) => Said): Said[] {
  const said: Said[] = [];
  for (const thing of facts.system.services) {
    if (thing.type !== type) continue;
    for (const user of facts.usersOf(thing.name)) {
      for (const region of facts.regionsOf(user)) {
        if (thing.in[region] !== undefined) continue;
        // Where another region's may be used, a second one anywhere is enough.
        if (facts.typeOf(thing)?.reach !== "own-region" && facts.regionsOf(thing).length > 1) continue;
        said.push(say(user, thing, region));
      }
    }
  }
  return said;
}

export const workflowRules: readonly Rule[] = [
  {
    id: "recurrence-active-active",
    severity: "error",
    title: "a schedule fires in both regions",
    why: "A recurrence trigger depends on nothing but the clock, so the same schedule in two regions starts the same work twice, at the same moment, and nothing between the two can tell that it has been done. It has to be active in one region and passive in the other, or the schedule is split, so that each region fires at times of its own.",
    mend: "Declare the job active-passive, or split the schedule between the regions (`split: true`) so that each fires its own half.",
    source: logicApps("Recurrence trigger", "recurrence-trigger"),
    check: (facts) =>
      ofJobs(facts, (job) =>
        job.trigger.kind === "recurrence" && isEverywhere(job) && job.split !== true
          ? {
              message: `${job.name} is a schedule declared active-active: every firing starts the same work in each region.`,
              fix: "Write `roles: active-passive`, or `split: true` if each region fires at times of its own.",
            }
          : undefined,
      ),
  },
  {
    id: "schedule-not-split",
    severity: "info",
    title: "a schedule could be split to miss less",
    why: "An active-passive schedule misses every firing between the loss of its region and the moment somebody notices and activates the passive one. If the schedule is split, with every other firing in the other region, only half of them are missed meanwhile, which shortens the time without any run at all.",
    mend: "Give each region every other firing, each with a passive twin in the other region, and write `split: true`.",
    source: logicApps("Recurrence trigger", "recurrence-trigger"),
    check: (facts) =>
      ofJobs(facts, (job, service) =>
        job.trigger.kind === "recurrence" && !isEverywhere(job) && job.split !== true && isFrequent(job.trigger.cron)
          ? {
              ...(service === undefined ? {} : { service: service.name }),
              message: `${job.name} fires several times an hour in one region only; until the other takes over, every firing is missed.`,
              fix: "Split the schedule between the regions and write `split: true`, or accept this.",
            }
          : undefined,
      ),
  },
  {
    id: "webhook-active-active",
    severity: "error",
    title: "a webhook subscription in both regions",
    why: "A webhook trigger subscribes with its callback address when it is enabled and unsubscribes when it is disabled. If it is enabled in two regions the sender knows two subscribers and delivers each event to both, so each event is worked on twice.",
    mend: "Keep the webhook enabled in one region and disabled in the other until the switch.",
    source: logicApps("Webhook trigger", "webhook-trigger"),
    check: (facts) =>
      ofJobs(facts, (job) =>
        job.trigger.kind === "webhook" && isEverywhere(job)
          ? {
              message: `${job.name} is a webhook declared active-active: both regions subscribe, and each event is worked on twice.`,
              fix: "Write `roles: active-passive`.",
            }
          : undefined,
      ),
  },
  {
    id: "polling-client-state-active-active",
    severity: "error",
    title: "a polling trigger with its own memory in both regions",
    why: "A polling trigger that remembers on its own side what it has read, such as the time of the newest mail, does not know what its twin in the other region has read. Two active ones read everything twice. Only one may be active; where the source itself keeps the mark (a queue's lock, a row's flag) both may compete.",
    mend: "Keep one of the two disabled until the switch, or move the mark to the source.",
    source: logicApps("Polling trigger", "polling-trigger"),
    check: (facts) =>
      ofJobs(facts, (job) =>
        job.trigger.kind === "polling" && isEverywhere(job) && job.state !== "server"
          ? {
              message:
                job.state === "client"
                  ? `${job.name} remembers on its own side what it has read, and is active in both regions: everything is read twice.`
                  : `${job.name} polls in both regions, and nothing says where it remembers what it has read.`,
              fix: "Write `roles: active-passive`, or `state: server` in its trigger if the source keeps the mark.",
              ...(job.state === "client" ? {} : { severity: "warning" as const }),
            }
          : undefined,
      ),
  },
  {
    id: "ordered-without-sessions",
    severity: "error",
    title: "ordered messages with competing consumers and no sessions",
    why: "Consumers in two regions that compete for the messages of one queue take them as they come, so two messages that belong together may be worked on side by side and finish in the wrong order. Sessions lock a whole sequence to one consumer; without them ordered messages need one active region.",
    mend: "Turn sessions on in the queue and use them in the consumers, or make the job active-passive.",
    source: logicApps("Polling trigger, reading messages in order", "polling-trigger"),
    check: (facts) =>
      ofJobs(facts, (job) => {
        if (job.ordered !== true || !isEverywhere(job)) return undefined;
        if (job.trigger.kind !== "queue" && job.trigger.kind !== "polling") return undefined;
        const queue = job.trigger.kind === "queue" ? facts.service(job.trigger.service) : undefined;
        if (queue !== undefined && facts.settingOf(queue, "sessions") === true) return undefined;
        return {
          message: `${job.name} must keep the order of its messages, and both regions compete for them without sessions.`,
          fix:
            queue === undefined
              ? "Write `roles: active-passive`, or read from a queue that has sessions."
              : `Write \`settings: { sessions: true }\` at ${queue.name} once its sessions are on, or \`roles: active-passive\` here.`,
        };
      }),
  },
  {
    id: "integration-account-elsewhere",
    severity: "error",
    title: "an integration account in another region than its logic app",
    why: "Partners, agreements, schemas, maps and certificates lie in an integration account, and a logic app can use only an account in its own location. A secondary logic app without an account beside it starts, and then fails at the first B2B action.",
    mend: "Create an integration account in every region of the logic app, and replicate the control numbers to it.",
    source: logicApps("Primary and secondary deployment", "primary-secondary-locations"),
    check: (facts) =>
      elsewhere(facts, "azure/integration-account", (user, thing, region) => ({
        service: user.name,
        path: ["services", thing.name, "in"],
        message: `${user.name} in ${region} needs the integration account ${thing.name}, which is only in ${facts.regionsOf(thing).join(" and ")}.`,
        fix: `Deploy an integration account in ${region} and add it under \`in\` of ${thing.name}.`,
      })),
  },
  {
    id: "connection-shared",
    severity: "error",
    title: "a connection shared between regions",
    why: "A connection is a resource of one location and cannot be used by resources in other locations. Even where the thing at its other end lives elsewhere and survives, the connection goes with its own region, and the secondary has no way to reach anything.",
    mend: "Create a connection of its own in every region.",
    source: logicApps("Connections to resources", "resource-connections"),
    check: (facts) =>
      elsewhere(facts, "azure/api-connection", (user, thing, region) => ({
        service: user.name,
        path: ["services", thing.name, "in"],
        message: `${user.name} in ${region} uses the connection ${thing.name}, which exists only in ${facts.regionsOf(thing).join(" and ")}.`,
        fix: `Create a connection in ${region} and add it under \`in\` of ${thing.name}.`,
      })),
  },
  {
    id: "gateway-elsewhere",
    severity: "warning",
    title: "a data gateway whose region both sides share",
    why: "A gateway resource lies in one location, just as a logic app does, and has to stay available to whichever instance is active. A logic app may use the gateway resource of another region (Microsoft, 2025-04-22), so this works, also after a switch, as long as the gateway's own region is up. The day that region is lost, every region that goes through it has lost its way to everything on premises.",
    mend: "Create a gateway resource in every region, on an installation of its own, and run each installation on more than one machine.",
    source: logicApps("On-premises data gateways", "on-premises-data-gateways"),
    check: (facts) =>
      elsewhere(facts, "azure/data-gateway", (user, thing, region) => ({
        service: user.name,
        path: ["services", thing.name, "in"],
        message: `${user.name} in ${region} reaches on-premises systems only through ${thing.name} in ${facts.regionsOf(thing).join(" and ")}; when that region is lost, so is the way there.`,
        fix: `Create a gateway resource in ${region} and add it under \`in\` of ${thing.name}.`,
      })),
  },
  {
    id: "gateway-single-installation",
    severity: "warning",
    title: "a data gateway on one machine",
    why: "A gateway resource stands for an installation on a computer of one's own. With a single installation the logic app loses its way to everything on premises whenever that machine restarts, in either region; with several, requests go to the next.",
    mend: "Install the gateway on a second machine and add it to the cluster, with the recovery key of the first.",
    source: logicApps("On-premises data gateways, high availability", "on-premises-data-gateways"),
    check: (facts) =>
      facts.system.services.flatMap((service): readonly Said[] => {
        if (service.type !== "azure/data-gateway") return [];
        const alone = facts
          .regionsOf(service)
          .filter((region) => facts.settingOf(service, "installations", region) === "single");
        return alone.length === 0
          ? []
          : [
              {
                service: service.name,
                path: ["services", service.name, "settings"],
                message: `${service.name} runs on a single machine for ${alone.join(" and ")}: when that restarts, nothing on premises can be reached.`,
                fix: "Add a second installation and write `installations: cluster`.",
              },
            ];
      }),
  },
  {
    id: "request-not-distributed",
    severity: "warning",
    title: "nobody leads requests to the instance that is left",
    why: "A request trigger waits until somebody calls it. With one instance in each region, the caller or something before them decides which of the two is called, both in turn or the second only when the first is gone. Without a route there is no such thing, and callers keep the address of the instance that was lost.",
    mend: "Put API Management with gateways in both regions, or another balancer, in front, and name it as a route.",
    source: logicApps("Request trigger", "request-trigger"),
    check: (facts) => {
      const routed = new Set(facts.system.routes.map((route) => route.to));
      return ofJobs(facts, (job, service) => {
        if (job.trigger.kind !== "request" || service === undefined || routed.has(service.name)) return undefined;
        if (facts.regionsOf(service).length < 2 || service.type !== "azure/logic-app") return undefined;
        return {
          service: service.name,
          message: `${job.name} starts by a request, and no route leads callers to ${service.name} in the region that is left.`,
          fix: `Add a route that leads to ${service.name}, through API Management or another balancer.`,
        };
      });
    },
  },
  {
    id: "host-type-differs",
    severity: "error",
    title: "primary and secondary of different host types",
    why: "Both instances of a logic app must have the same host type, multitenant or single-tenant. The two differ in connectors, in how definitions are deployed and in limits, so what runs in the one does not simply run in the other, and that is found out on the day of the switch.",
    mend: "Deploy the same host type in every region.",
    source: logicApps("Primary and secondary deployment", "primary-secondary-locations"),
    check: (facts) =>
      facts.system.services.flatMap((service): readonly Said[] => {
        if (service.type !== "azure/logic-app") return [];
        const kinds = facts
          .regionsOf(service)
          .map((region) => [region, facts.settingOf(service, "hostType", region)] as const);
        const told = kinds.filter(([, kind]) => kind !== undefined);
        if (new Set(told.map(([, kind]) => kind)).size < 2) return [];
        return [
          {
            service: service.name,
            path: ["services", service.name],
            message: `${service.name} is of different host types: ${told.map(([region, kind]) => `${kind} in ${region}`).join(", ")}.`,
            fix: "Deploy the same host type in every region.",
          },
        ];
      }),
  },
  {
    id: "runs-abandoned",
    severity: "info",
    title: "runs in progress are abandoned by a switch",
    why: "A logic app's state and history stay where the run began and cannot be moved. Runs in progress are abandoned when their region is lost, and new ones begin in the other region. Short stages that hand over through a queue (routing slip, process manager, peek-lock) leave less to be abandoned.",
    mend: "Split long workflows into stages that hand over through a queue, and send run diagnostics to a workspace outside the region.",
    source: logicApps("Logic app state and history", "state-history"),
    check: (facts) => {
      // One finding for all of them: it is true of every logic app, and mended for all in the same way.
      const apps = facts.system.services
        .filter((service) => service.type === "azure/logic-app" && facts.regionsOf(service).length > 1)
        .map((service) => service.name);
      const [first] = apps;
      if (first === undefined) return [];
      const rest = apps.length - namedMax;
      const named = apps.slice(0, namedMax).join(", ");
      return [
        {
          ...(apps.length === 1 ? { service: first } : {}),
          path: ["services", first],
          message: `Runs in progress when their region is lost are abandoned, and their history stays there: ${named}${rest > 0 ? ` and ${rest} more` : ""}.`,
          fix: "Hand over between short stages through a queue, and send diagnostics to a workspace elsewhere.",
        },
      ];
    },
  },
];

const namedMax = 4;

/** More often than once an hour. */
function isFrequent(cron: string): boolean {
  const minutes = cron.trim().split(/\s+/)[0] ?? "";
  return /[*,/-]/.test(minutes);
}
