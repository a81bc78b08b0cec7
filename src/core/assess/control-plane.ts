// For each step of the way out of a lost region: whose answer it needs, and whether that stands while the region is lost (I8 of the
// design: a switch depends on nothing in the failing region). Steps that ask nobody have no row, and neither have steps that a failover
// leaves out: the check, the fence by hand, what only a planned move does.

import type { AssessReport } from "../model/assess-report.ts";
import type { Group, Region, RegionName, Service, System } from "../model/system.ts";
import { globalPlane, isEverywhere, providerOf, type Side } from "./components.ts";
import type { Graph } from "./graph.ts";
import type { Knowledge, MethodKnowledge, ServiceKnowledge, Where } from "./knowledge.ts";
import { chosenMethod } from "./methods.ts";
import { isDecisive, mustStart, needsSource } from "./moves.ts";
import { judgeOf } from "./recovers.ts";

export type ControlPlaneRow = AssessReport["controlPlane"][number];

/** Linear in the steps of the services that move. Only groups whose home the lost region is have to move. */
export function controlPlaneOf(system: System, knowledge: Knowledge, graph: Graph): readonly ControlPlaneRow[] {
  const judge = judgeOf(graph);
  const members = new Map<string, Service[]>();
  for (const service of system.services) {
    if (service.group === undefined) continue;
    const list = members.get(service.group) ?? [];
    members.set(service.group, list);
    list.push(service);
  }
  const services = new Map(system.services.map((service) => [service.name, service]));
  return system.regions.flatMap(({ name: lost }) => {
    const leaving = system.groups.filter(({ primary }) => primary[0] === lost && primary.length > 1);
    if (leaving.length === 0) return [];
    const targets = new Map(judge.recoversFrom([lost]).targets.map(({ group, to }) => [group, to]));
    const moves = leaving.flatMap((group) => {
      const side = { from: lost, to: targets.get(group.name) ?? group.primary[1] ?? lost };
      const rows = (members.get(group.name) ?? []).flatMap((service) =>
        rowsOf(service, group, side, { system, knowledge, services }),
      );
      return [...rows, ...controllerRow(system, group, side, members.get(group.name) ?? [], knowledge)];
    });
    return [...moves, ...watchdogRows(system, lost)];
  });
}

type World = {
  readonly system: System;
  readonly knowledge: Knowledge;
  readonly services: ReadonlyMap<string, Service>;
};

function rowsOf(service: Service, group: Group, side: Side, world: World): readonly ControlPlaneRow[] {
  const type = world.knowledge.serviceOf(service.type);
  const method = chosenMethod(service, type);
  const started = mustStart(service, group) ? startRows(service, side, world) : [];
  if (type === undefined || method === undefined) return started;
  const provider = providerOf(type);
  const plane = provider === undefined ? undefined : globalPlane(provider);
  const row = (step: string, where: Where): ControlPlaneRow => ({
    lost: side.from,
    service: service.name,
    step,
    ...standing(where, plane, side, world.system),
  });
  // What asks the lost region is left out of a failover, unless nothing else does the same.
  const isAsked = (where: Where): boolean => where !== "source-region" || needsSource(method);
  const steps = method.switch.out.flatMap((step) =>
    step.needs === undefined || method.steps !== undefined || !isDecisive(step) || !isAsked(step.needs)
      ? []
      : [row(step.what, step.needs)],
  );
  const interfaces = method.dependsOn.flatMap(({ what, where }) => (isAsked(where) ? [row(what, where)] : []));
  return [...steps, ...interfaces, ...agentRow(service, method, side, world.system), ...started];
}

function standing(
  where: Where,
  plane: string | undefined,
  { from, to }: Side,
  system: System,
): Pick<ControlPlaneRow, "needs" | "stands" | "why"> {
  if (where === "target-region") return { needs: to, stands: true, why: `It asks ${to} only, which takes over.` };
  if (where === "source-region") return { needs: from, stands: false, why: `It asks ${from}, which is what is lost.` };
  if (where === "global") {
    // A type of no provider has no control plane of one: a repository, a zone of names or a balancer of one's own, wherever that is.
    if (plane === undefined) {
      const why = `It is taken to lie outside ${from}; nobody says where it is.`;
      return { needs: "something outside the regions", stands: true, why };
    }
    const why = `${plane} is one for all regions: it stands when ${from} is lost, and takes both sides when it fails itself.`;
    return { needs: plane, stands: true, why };
  }
  const there = system.regions.filter(({ at, name }) => at === where || name === where);
  const falls = there.some(({ name, zone }) => name === from && zone === undefined);
  const why = falls
    ? `${plane ?? "It"} lives in ${where}, which is where ${from} is.`
    : `${plane ?? "It"} lives in ${where}, which stands when ${from} is lost.`;
  return { needs: where, stands: !falls, why };
}

function agentRow(
  service: Service,
  method: MethodKnowledge,
  { from, to }: Side,
  system: System,
): readonly ControlPlaneRow[] {
  const managed = system.regions.some(({ agent }) => agent !== undefined);
  const steps = method.steps?.leave.filter(({ at, bestEffort }) => at === "new" && !bestEffort) ?? [];
  if (!managed || steps.length === 0) return [];
  const stands = system.regions.some(({ name, agent }) => name === to && agent !== undefined);
  const why = stands
    ? `The agent of ${to} does it there, and asks nobody in ${from}.`
    : `No agent is named for ${to}, so nobody does it there.`;
  const step = `${steps.map(({ name }) => name).join(", ")} in ${to}`;
  return [{ lost: from, service: service.name, step, needs: `agent of ${to}`, stands, why }];
}

/** One row a group: who decides and runs the plan. */
function controllerRow(
  system: System,
  group: Group,
  { from }: Side,
  members: readonly Service[],
  knowledge: Knowledge,
): readonly ControlPlaneRow[] {
  const places = system.regions.filter(({ controller }) => controller !== undefined);
  const runs = members.some((service) => chosenMethod(service, knowledge.serviceOf(service.type))?.steps !== undefined);
  if (places.length === 0 || !runs) return [];
  const left = places.filter(({ name }) => name !== from);
  const names = (regions: readonly Region[]): string => regions.map(({ name }) => name).join(", ");
  const why =
    left.length > 0
      ? `The plan is decided and run from ${names(left)}, which stands when ${from} is lost.`
      : `The only controller is in ${from}: when it is lost, nobody decides and nobody runs the plan.`;
  return [
    {
      lost: from,
      service: group.name,
      step: "decide and run the plan",
      needs: `controller in ${names(left.length > 0 ? left : places)}`,
      stands: left.length > 0,
      why,
    },
  ];
}

function watchdogRows(system: System, lost: RegionName): readonly ControlPlaneRow[] {
  return system.services.flatMap((service) => {
    if (service.watches?.region !== lost) return [];
    const regions = Object.keys(service.in);
    const stands = regions.length === 0 || regions.some((region) => region !== lost);
    const why = stands
      ? `${service.name} looks at ${lost} from outside it.`
      : `${service.name} is in ${lost}, the region it watches: it is lost with it and can raise no alarm.`;
    const needs = regions.length === 0 ? service.name : `${service.name} in ${regions.join(", ")}`;
    return [{ lost, service: service.name, step: `notice that ${lost} is lost`, needs, stands, why }];
  });
}

/** What has to answer for the standby to be started, scaled or switched. */
function startRows(service: Service, { from, to }: Side, { knowledge, services }: World): readonly ControlPlaneRow[] {
  return (service.startNeeds ?? []).flatMap((name) => {
    const need = services.get(name);
    if (need === undefined) return [];
    const where = whereUsed(need, knowledge.serviceOf(need.type), to);
    const stands = where === "everywhere" || where.some((region) => region !== from);
    const place = where === "everywhere" ? "" : ` in ${where.length === 0 ? to : where.join(", ")}`;
    const why = stands
      ? `${service.name} can be started in ${to} with ${name}${place}.`
      : where.length === 0
        ? `${service.name} cannot be started in ${to}: there is no ${name} there, and it is of no use outside its own region.`
        : `${service.name} cannot be started in ${to}: ${name} is${place} only, and lost with it.`;
    return [{ lost: from, service: service.name, step: `start in ${to}`, needs: `${name}${place}`, stands, why }];
  });
}

/** The regions of the instances that a user in `region` may use; the one beside it alone, where there is one. */
export function whereUsed(
  service: Service,
  type: ServiceKnowledge | undefined,
  region: RegionName,
): readonly RegionName[] | "everywhere" {
  if (isEverywhere(service, type)) return "everywhere";
  if (service.in[region] !== undefined) return [region];
  return type?.reach === "own-region" ? [] : Object.keys(service.in);
}
