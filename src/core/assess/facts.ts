// Everything a rule may look at, with the look-ups that keep the rules linear in the number of services.

import type { AssessReport, Loss, ServiceVerdict, SharedFate } from "../model/assess-report.ts";
import { calledServiceOf } from "../model/select.ts";
import type { Group, Job, Region, RegionName, Service, ServiceName, Setting, System } from "../model/system.ts";
import type { Knowledge, MethodKnowledge, RegionKnowledge, ServiceKnowledge } from "./knowledge.ts";
import { chosenMethod } from "./methods.ts";
import { settingsOf } from "./numbers.ts";

/** What was reckoned before the rules are asked. */
export type Reckoned = {
  readonly services: readonly ServiceVerdict[];
  readonly losses: readonly Loss[];
  readonly sharedFate: readonly SharedFate[];
  readonly controlPlane: AssessReport["controlPlane"];
  readonly patterns: AssessReport["patterns"];
  readonly cost: AssessReport["cost"];
  readonly advice: AssessReport["advice"];
};

export type Facts = Reckoned & {
  readonly system: System;
  readonly knowledge: Knowledge;
  /** `YYYY-MM-DD`: the day the assessment is made, for what holds only until a day. */
  readonly today: string;
  readonly service: (name: ServiceName) => Service | undefined;
  readonly region: (name: RegionName) => Region | undefined;
  readonly place: (region: RegionName) => RegionKnowledge | undefined;
  readonly group: (service: Service) => Group | undefined;
  readonly typeOf: (service: Service) => ServiceKnowledge | undefined;
  readonly methodOf: (service: Service) => MethodKnowledge | undefined;
  readonly settingOf: (service: Service, setting: string, region?: RegionName) => Setting | undefined;
  /** Names of the regions it is deployed in, in the manifest's order. */
  readonly regionsOf: (service: Service) => readonly RegionName[];
  readonly usersOf: (service: ServiceName) => readonly Service[];
  readonly jobsOf: (service: ServiceName) => readonly Job[];
  /** The service a job calls. */
  readonly calledBy: (job: Job) => Service | undefined;
  /** Why somebody lives with this finding; undefined if nobody does. */
  readonly acceptedWhy: (rule: string, of: string | undefined) => string | undefined;
};

export function factsOf(system: System, knowledge: Knowledge, reckoned: Reckoned, today: string): Facts {
  const services = new Map(system.services.map((service) => [service.name, service]));
  const regions = new Map(system.regions.map((region) => [region.name, region]));
  const groups = new Map(system.groups.map((group) => [group.name, group]));
  const users = new Map<ServiceName, Service[]>();
  for (const service of system.services) {
    for (const need of new Set([...service.needs, ...(service.startNeeds ?? [])])) push(users, need, service);
  }
  const jobs = new Map<ServiceName, Job[]>();
  for (const job of system.jobs) push(jobs, calledServiceOf(job.call), job);
  const typeOf = (service: Service) => knowledge.serviceOf(service.type);
  return {
    ...reckoned,
    system,
    knowledge,
    today,
    service: (name) => services.get(name),
    region: (name) => regions.get(name),
    place: (name) => {
      const at = regions.get(name)?.at;
      return at === undefined ? undefined : knowledge.regionOf(at);
    },
    group: (service) => (service.group === undefined ? undefined : groups.get(service.group)),
    typeOf,
    methodOf: (service) => chosenMethod(service, typeOf(service)),
    settingOf: (service, setting, region) => settingsOf(service, typeOf(service), region)[setting],
    regionsOf: (service) => Object.keys(service.in),
    usersOf: (name) => users.get(name) ?? [],
    jobsOf: (name) => jobs.get(name) ?? [],
    calledBy: (job) => services.get(calledServiceOf(job.call)),
    acceptedWhy: (rule, of) => {
      for (const entry of system.accepted ?? []) {
        if (entry.rule !== rule || (entry.until !== undefined && entry.until < today)) continue;
        if (entry.of === undefined || entry.of === of) return entry.why;
      }
      return undefined;
    },
  };
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
