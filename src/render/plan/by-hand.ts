// What people have to do in a switch: the catalog's own steps of every service of a group that no agent can move, in the order of the
// phases, and within a phase what others need before those who need it. With the way back, for nobody should go out without it (I10).

import { isMovedByAgents, methodOf, serviceTypeOf } from "../../catalog/load.ts";
import type { SwitchStep } from "../../core/assess/knowledge.ts";
import { servicesOf } from "../../core/model/select.ts";
import type { Group, Service, System } from "../../core/model/system.ts";

export type HandStep = SwitchStep & { readonly service: string; readonly type: string; readonly method: string };

export type ByHand = {
  /** Services that no agent moves, fronts that lead to the group's services included. */
  readonly services: readonly string[];
  /** Whether agents move something of the group as well. */
  readonly agentsMoveSome: boolean;
  readonly out: readonly HandStep[];
  readonly back: readonly HandStep[];
};

const phases: readonly SwitchStep["phase"][] = [
  "check",
  "fence",
  "data",
  "compute",
  "jobs",
  "traffic",
  "verify",
  "re-protect",
];

/** Undefined where agents move everything. */
export function byHandOf(system: System, group: Group): ByHand | undefined {
  const members = servicesOf(system, group.name);
  const names = new Set(members.map((service) => service.name));
  const fronts = new Set(system.routes.filter((route) => names.has(route.to)).map((route) => route.through));
  const moved = [
    ...members,
    ...system.services.filter((service) => fronts.has(service.name) && !names.has(service.name)),
  ];
  const hand = moved.filter((service) => !isAgents(service));
  if (hand.length === 0) return undefined;
  return {
    services: hand.map((service) => service.name),
    agentsMoveSome: hand.length < moved.length,
    out: stepsOf(hand, "out"),
    back: stepsOf(hand, "back"),
  };
}

function isAgents(service: Service): boolean {
  const type = serviceTypeOf(service.type);
  return type !== undefined && isMovedByAgents(type);
}

function stepsOf(services: readonly Service[], way: "out" | "back"): readonly HandStep[] {
  const steps = services.flatMap((service) => {
    const method = methodOf(service);
    return (method?.switch[way] ?? []).map((step): HandStep => {
      return { ...step, service: service.name, type: service.type, method: method?.id ?? "" };
    });
  });
  return steps.toSorted((a, b) => phases.indexOf(a.phase) - phases.indexOf(b.phase));
}
