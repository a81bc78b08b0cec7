// What needs what, as a net of gates over everything that can be lost. The rules of the net:
//   - an instance runs while its region, its shares and one instance of each of its needs do: the one in its own region if there is
//     one, else any (none, if the type can be used in its own region only); a need that moves with a group is wherever the group is;
//   - a group is where all its services are. Its first region is home: there it only has to stay up. Anywhere else it has to be moved
//     first, and then `startNeeds`, the interfaces that the switch asks, a controller, a watchdog and copies to restore from count too;
//   - users are served by the service of their route, wherever its group is, through the route's front.

import type { Group, RegionName, Route, Service, ServiceName, System } from "../model/system.ts";
import {
  type Component,
  type Components,
  componentsIn,
  instanceName,
  isEverywhere,
  type Places,
  placesOf,
  planeNode,
  type Side,
} from "./components.ts";
import { type GateBuilder, type Gates, gateBuilder, type NodeId } from "./gates.ts";
import type { Knowledge, MethodKnowledge, ServiceKnowledge } from "./knowledge.ts";
import { chosenMethod } from "./methods.ts";
import { coldPatterns, dataSteps, movedKinds, mustStart, needsSource } from "./moves.ts";

/** Something that has to be there for the system to be called well. */
export type Goal = { readonly kind: "route" | "group" | "service"; readonly name: string; readonly node: NodeId };

export type Graph = {
  readonly system: System;
  readonly gates: Gates;
  readonly components: readonly Component[];
  readonly goals: readonly Goal[];
  /** Where each group may be, home first. */
  readonly targets: ReadonlyMap<string, readonly { readonly region: RegionName; readonly node: NodeId }[]>;
  /** The region that a gate is in, for regions themselves and for instances. */
  readonly regionOf: ReadonlyMap<NodeId, RegionName>;
  /** Gates that never stood, with the service of which there is none that could be used there. */
  readonly missing: ReadonlyMap<NodeId, ServiceName>;
  readonly gateOf: (region: RegionName) => NodeId | undefined;
  /** The leaves that go with a region. */
  readonly lossOf: (region: RegionName) => readonly NodeId[];
};

type Making = {
  readonly system: System;
  readonly builder: GateBuilder;
  readonly components: Components;
  readonly places: Places;
  readonly services: ReadonlyMap<ServiceName, Service>;
  readonly groups: ReadonlyMap<string, Group>;
  readonly typeOf: (service: Service) => ServiceKnowledge | undefined;
  /** Instances by service and region; a service that is everywhere has one, under "". */
  readonly instances: ReadonlyMap<ServiceName, ReadonlyMap<RegionName, NodeId>>;
  readonly anywhere: Map<ServiceName, NodeId>;
  readonly missing: Map<NodeId, ServiceName>;
  readonly controllers: NodeId | undefined;
  /** Watchdogs of one's own, by the region they look at. */
  readonly watchdogs: ReadonlyMap<RegionName, NodeId>;
};

/** Linear in services, needs and regions. Types that the knowledge does not have are taken as regional and usable from everywhere. */
export function componentGraph(system: System, knowledge: Knowledge): Graph {
  const builder = gateBuilder();
  const components = componentsIn(builder);
  const places = placesOf(system, builder, components);
  const types = new Map<string, ServiceKnowledge | undefined>();
  const typeOf = ({ type }: Service): ServiceKnowledge | undefined => {
    if (!types.has(type)) types.set(type, knowledge.serviceOf(type));
    return types.get(type);
  };
  const instances = new Map(
    system.services.map((service) => [
      service.name,
      instancesOf(service, typeOf(service), builder, components, places),
    ]),
  );
  const controllers = system.regions.flatMap(({ name, controller }) =>
    controller === undefined ? [] : (places.gateOf(name) ?? []),
  );
  const making: Making = {
    system,
    builder,
    components,
    places,
    services: new Map(system.services.map((service) => [service.name, service])),
    groups: new Map(system.groups.map((group) => [group.name, group])),
    typeOf,
    instances,
    anywhere: new Map(),
    missing: new Map(),
    controllers: controllers.length === 0 ? undefined : builder.any("the controller", controllers),
    watchdogs: watchdogsOf(system, builder, instances),
  };
  for (const service of system.services) connect(service, making);
  const targets = targetsOf(making);
  const goals = goalsOf(making, targets);
  const regionOf = new Map<NodeId, RegionName>();
  for (const { name } of system.regions) {
    const gate = places.gateOf(name);
    if (gate !== undefined) regionOf.set(gate, name);
  }
  for (const each of instances.values()) {
    for (const [region, gate] of each) if (region !== "") regionOf.set(gate, region);
  }
  const gates = builder.build();
  return {
    system,
    gates,
    components: components.list,
    goals,
    targets,
    regionOf,
    missing: making.missing,
    gateOf: places.gateOf,
    lossOf: places.lossOf,
  };
}

function instancesOf(
  service: Service,
  type: ServiceKnowledge | undefined,
  builder: GateBuilder,
  components: Components,
  places: Places,
): ReadonlyMap<RegionName, NodeId> {
  const common = (service.shares ?? []).map((shared) => components.of("shared", shared));
  if (isEverywhere(service, type)) {
    const own = components.of("service", service.name, { service: service.name });
    return new Map([["", builder.all(service.name, [own, ...common])]]);
  }
  const regions = Object.keys(service.in);
  if (service.changes === "everywhere" && regions.length > 1) {
    common.push(components.of("change", `change of ${service.name}`, { service: service.name }));
  }
  return new Map(
    regions.map((region) => {
      const name = instanceName(service, region);
      const label = `${service.name}@${region}`;
      const own = components.of("instance", name, { service: service.name, region }, label);
      const place = places.gateOf(region);
      const children = [own, ...common, ...(place === undefined ? [] : [place])];
      return [region, builder.all(label, children)];
    }),
  );
}

function connect(service: Service, making: Making): void {
  const { builder, instances, groups } = making;
  const group = service.group === undefined ? undefined : groups.get(service.group);
  const home = group?.primary[0];
  for (const [region, instance] of instances.get(service.name) ?? []) {
    for (const need of service.needs) builder.add(instance, useOf(need, service, region, making));
    if (group === undefined || home === undefined || region === "" || region === home) continue;
    for (const need of moveNeeds(service, group, { from: home, to: region }, making)) builder.add(instance, need);
  }
}

/** What a user in a region has of a service that it needs. */
function useOf(need: ServiceName, user: Service, region: RegionName, making: Making): NodeId {
  const service = making.services.get(need);
  const instances = making.instances.get(need);
  if (service === undefined || instances === undefined) return making.builder.any(`no ${need}`);
  const everywhere = instances.get("");
  if (everywhere !== undefined) return everywhere;
  const local = instances.get(region);
  const moves = service.group !== undefined && service.group !== user.group && making.groups.has(service.group);
  if (local !== undefined && !moves) return local;
  if (making.typeOf(service)?.reach === "own-region" && region !== "") {
    return local ?? none(need, region, making);
  }
  return anywhere(service, making);
}

function none(service: ServiceName, region: RegionName, { builder, missing }: Making): NodeId {
  const gate = builder.any(`no ${service} in ${region}`);
  missing.set(gate, service);
  return gate;
}

/** Any instance of it; of a service that moves, wherever its group may be. */
function anywhere(service: Service, making: Making): NodeId {
  const known = making.anywhere.get(service.name);
  if (known !== undefined) return known;
  const instances = making.instances.get(service.name) ?? new Map<RegionName, NodeId>();
  const group = service.group === undefined ? undefined : making.groups.get(service.group);
  const allowed = group?.primary.flatMap((region) => instances.get(region) ?? []) ?? [];
  const node = making.builder.any("", allowed.length === 0 ? [...instances.values()] : allowed);
  making.anywhere.set(service.name, node);
  return node;
}

/** What has to be there for one service to take over in another region, on top of what it needs to run there. */
function moveNeeds(service: Service, group: Group, side: Side, making: Making): readonly NodeId[] {
  const { builder, components, places } = making;
  const type = making.typeOf(service);
  const method = chosenMethod(service, type);
  const planes = switchPlanes(type, method, side, making);
  const needs: NodeId[] = [];
  if (mustStart(service, group)) {
    const wanted = (service.startNeeds ?? []).map((need) => useOf(need, service, side.to, making));
    const plane = method?.steps === undefined && coldPatterns.has(group.pattern) ? type?.controlPlane : undefined;
    const created =
      type === undefined || plane === undefined
        ? undefined
        : planeNode(plane.where, plane.what, type, builder, places, components);
    if (created !== undefined) wanted.push(created);
    if (wanted.length > 0) needs.push(builder.all(`start of ${service.name}@${side.to}`, wanted));
  }
  if (method?.steps !== undefined && making.controllers !== undefined) planes.push(making.controllers);
  const watchdog = making.watchdogs.get(side.from);
  const byWatchdog = making.controllers === undefined && group.failover === "automatic";
  if (byWatchdog && watchdog !== undefined) planes.push(watchdog);
  if (planes.length > 0) needs.push(builder.all(`switch of ${service.name} to ${side.to}`, planes));
  if (group.pattern === "backup-restore" && (service.copies ?? []).length > 0) needs.push(copiesOf(service, making));
  return needs;
}

/** The interfaces without which a forced switch of the data does not happen. */
function switchPlanes(
  type: ServiceKnowledge | undefined,
  method: MethodKnowledge | undefined,
  { from }: Side,
  { builder, places, components }: Making,
): NodeId[] {
  if (type === undefined || method === undefined) return [];
  const interfaces = movedKinds.has(method.kind)
    ? [
        ...method.dependsOn,
        ...dataSteps(method).flatMap(({ needs, what }) => (needs === undefined ? [] : [{ where: needs, what }])),
      ]
    : [];
  const asked = interfaces.flatMap(
    ({ where, what }) => planeNode(where, what, type, builder, places, components) ?? [],
  );
  const source = needsSource(method) ? places.gateOf(from) : undefined;
  return source === undefined ? asked : [...asked, source];
}

function watchdogsOf(
  system: System,
  builder: GateBuilder,
  instances: Making["instances"],
): ReadonlyMap<RegionName, NodeId> {
  const dogs = new Map<RegionName, NodeId>();
  for (const { name, watches } of system.services) {
    if (watches === undefined) continue;
    const dog = dogs.get(watches.region) ?? builder.any(`watchdog of ${watches.region}`);
    dogs.set(watches.region, dog);
    for (const instance of instances.get(name)?.values() ?? []) builder.add(dog, instance);
  }
  return dogs;
}

/** A copy is lost with the place it lies in and with the account it belongs to. */
function copiesOf(service: Service, { builder, components, places }: Making): NodeId {
  const copies = (service.copies ?? []).map((copy) => {
    const own = components.of("copy", `${copy.name} of ${service.name}`, { service: service.name });
    const account = copy.account === undefined ? [] : [components.of("account", `account ${copy.account}`)];
    return builder.all(`${copy.name} of ${service.name}`, [own, places.at(copy.in), ...account]);
  });
  return builder.any(`copies of ${service.name}`, copies);
}

function targetsOf(making: Making): Graph["targets"] {
  const members = new Map<string, Service[]>(making.system.groups.map(({ name }) => [name, []]));
  for (const service of making.system.services) members.get(service.group ?? "")?.push(service);
  return new Map(
    making.system.groups.map((group) => {
      const targets = group.primary.map((region) => {
        const node = making.builder.all("");
        const place = making.places.gateOf(region);
        if (place !== undefined) making.builder.add(node, place);
        for (const service of members.get(group.name) ?? [])
          making.builder.add(node, memberAt(service, region, making));
        return { region, node };
      });
      return [group.name, targets] as const;
    }),
  );
}

function memberAt(service: Service, region: RegionName, making: Making): NodeId {
  const instances = making.instances.get(service.name);
  return instances?.get("") ?? instances?.get(region) ?? none(service.name, region, making);
}

function goalsOf(making: Making, targets: Graph["targets"]): readonly Goal[] {
  const { system, builder } = making;
  const goals: Goal[] = system.routes.map((route) => ({
    kind: "route",
    name: route.name,
    node: served(route, making),
  }));
  for (const { name } of system.groups) {
    goals.push({
      kind: "group",
      name,
      node: builder.any(
        name,
        (targets.get(name) ?? []).map(({ node }) => node),
      ),
    });
  }
  if (goals.length > 0) return goals;
  // Nobody says what it is for: then whatever nobody else needs.
  const needed = new Set(system.services.flatMap(({ needs, startNeeds = [] }) => [...needs, ...startNeeds]));
  return system.services
    .filter(({ name }) => !needed.has(name))
    .map((service) => ({
      kind: "service",
      name: service.name,
      node: builder.all(service.name, [anywhere(service, making)]),
    }));
}

function served(route: Route, making: Making): NodeId {
  const { builder } = making;
  const front = route.through === undefined ? undefined : making.services.get(route.through);
  const frontNodes = front === undefined ? [] : [anywhere(front, making)];
  const service = making.services.get(route.to);
  if (service === undefined) return builder.any(route.name);
  const group = service.group === undefined ? undefined : making.groups.get(service.group);
  if (group === undefined || making.instances.get(service.name)?.has("")) {
    return builder.all(route.name, [...frontNodes, anywhere(service, making)]);
  }
  const ways = group.primary.map((to) => memberAt(service, to, making));
  return builder.all(route.name, [...frontNodes, builder.any("", ways)]);
}
