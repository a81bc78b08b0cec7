// Everything of a system that can be lost as one thing: regions, places, accounts, what regions share, instances, services that are
// everywhere at once, interfaces of providers, changes that reach all regions, copies. Each is a leaf of the net in graph.ts.

import type { Region, RegionName, Service, ServiceName, System } from "../model/system.ts";
import type { GateBuilder, NodeId } from "./gates.ts";
import type { ServiceKnowledge, Where } from "./knowledge.ts";

export type ComponentKind =
  | "region"
  /** A place at a provider that several regions of the manifest are in, or that an interface lives in. */
  | "place"
  | "account"
  /** What the manifest says under `shares`. */
  | "shared"
  | "instance"
  /** A service that is in no region, or in all of them: one thing to lose. */
  | "service"
  | "control-plane"
  /** A bad change of a service that reaches all its regions at the same time. */
  | "change"
  | "copy";

export type Component = {
  readonly node: NodeId;
  /** Unique: the kind, a colon, the name. */
  readonly id: string;
  readonly kind: ComponentKind;
  /** As people call it: the word of the manifest where there is one. */
  readonly name: string;
  readonly service?: ServiceName;
  readonly region?: RegionName;
};

export type Components = {
  readonly list: readonly Component[];
  /** `label` is what a path says; left out: the name. */
  readonly of: (
    kind: ComponentKind,
    name: string,
    more?: Pick<Component, "service" | "region">,
    label?: string,
  ) => NodeId;
};

/** Makes each component once, whoever asks first. */
export function componentsIn(builder: GateBuilder): Components {
  const list: Component[] = [];
  const known = new Map<string, NodeId>();
  return {
    list,
    of: (kind, name, more = {}, label = name) => {
      const id = `${kind}:${name}`;
      const before = known.get(id);
      if (before !== undefined) return before;
      const node = builder.leaf(label);
      known.set(id, node);
      list.push({ node, id, kind, name, ...more });
      return node;
    },
  };
}

export type Places = {
  readonly gateOf: (region: RegionName) => NodeId | undefined;
  /** The leaves that go when the whole region goes. */
  readonly lossOf: (region: RegionName) => readonly NodeId[];
  /** Something at a place of a provider, or in a region of the manifest. */
  readonly at: (place: string) => NodeId;
};

/** Gates of the regions, with everything that takes a whole region down. */
export function placesOf(system: System, builder: GateBuilder, components: Components): Places {
  const sharers = new Map<string, number>();
  for (const { at } of system.regions) sharers.set(at, (sharers.get(at) ?? 0) + 1);
  const gates = new Map<RegionName, NodeId>();
  const losses = new Map<RegionName, readonly NodeId[]>();
  const alone = new Map<string, NodeId>();
  for (const region of system.regions) {
    const own = components.of("region", region.name, { region: region.name });
    const gate = builder.all(region.name, [own]);
    gates.set(region.name, gate);
    losses.set(region.name, [own]);
    if (hasPlaceOfItsOwn(region, sharers)) alone.set(region.at, gate);
    else if (region.at !== "unknown") builder.add(gate, components.of("place", region.at));
    if (region.account !== undefined) builder.add(gate, components.of("account", accountName(region.account)));
    for (const shared of region.shares ?? []) builder.add(gate, components.of("shared", shared));
  }
  return {
    gateOf: (region) => gates.get(region),
    lossOf: (region) => losses.get(region) ?? [],
    at: (place) => gates.get(place) ?? alone.get(place) ?? components.of("place", place),
  };
}

/** A zone is less than its place, and a place in which two regions are is more than either: such a place is lost apart. */
function hasPlaceOfItsOwn(region: Region, sharers: ReadonlyMap<string, number>): boolean {
  return region.zone === undefined && region.at !== "unknown" && sharers.get(region.at) === 1;
}

export function accountName(account: string): string {
  return `account ${account}`;
}

export function instanceName(service: Service, region: RegionName): string {
  return Object.keys(service.in).length === 1 ? service.name : `${service.name}@${region}`;
}

/** Its single instance is everywhere or nowhere: what the manifest says of regions does not divide it. */
export function isEverywhere(service: Service, type: ServiceKnowledge | undefined): boolean {
  return type?.scope === "global" || Object.keys(service.in).length === 0;
}

/** The provider of a type: `azure` of `azure/key-vault`. Undefined for what runs anywhere. */
export function providerOf(type: ServiceKnowledge): string | undefined {
  const slash = type.id.indexOf("/");
  const provider = slash < 0 ? undefined : type.id.slice(0, slash);
  return provider === "kubernetes" ? undefined : provider;
}

/** What a provider has one of for all its regions is taken as one thing, however many interfaces it has. */
export function globalPlane(provider: string): string {
  return `global control plane of ${provider}`;
}

export type Side = { readonly from: RegionName; readonly to: RegionName };

/**
 * An interface that has to be up for a move, under the name that the catalog gives it. Undefined for one that is in either of the two
 * regions: the target is needed anyway, and what asks the source is told by control-plane.ts and counted by who calls this.
 */
export function planeNode(
  where: Where,
  what: string,
  type: ServiceKnowledge,
  builder: GateBuilder,
  places: Places,
  components: Components,
): NodeId | undefined {
  if (where === "target-region" || where === "source-region") return undefined;
  if (where !== "global") return builder.all(what, [places.at(where)]);
  const provider = providerOf(type);
  return provider === undefined
    ? undefined
    : builder.all(what, [components.of("control-plane", globalPlane(provider))]);
}
