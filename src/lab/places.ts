// From a manifest to a lab: every address gets a free port of this machine, in a copy of the manifest that keeps its comments; and for
// every place the list of what it must dial through the fault proxies. A place is a region, or "users". Addresses inside a place are
// dialled straight; every address in another place through that pair's proxy, so that no byte between places escapes the faults.

import { dirname, resolve } from "node:path";
import { type Document, isScalar, parseDocument } from "yaml";
import type { RegionName, System } from "../core/model/system.ts";
import type { PortPicker } from "./ports.ts";
import type { OpenWay, Way } from "./proxy/proxies.ts";

/** Where the users' clients live; no region may have this name in the lab. */
export const usersPlace = "users";

export type LabMap = {
  /** The rewritten manifest. */
  readonly text: string;
  readonly places: readonly string[];
  readonly regions: readonly LabRegion[];
  /** Everything to put a proxy on. */
  readonly ways: readonly Way[];
};

export type LabRegion = {
  readonly name: RegionName;
  /** May a group of this system have its primary here? */
  readonly serves: boolean;
  readonly agent: string;
  readonly controller?: string;
  readonly router: { readonly http: string; readonly peer: string; readonly tcp: Readonly<Record<string, string>> };
  /** `host:port` of everything in this region that another region may dial. */
  readonly addresses: readonly string[];
  /** The first database here, with the manifest's own user and database name. */
  readonly database?: { readonly service: string; readonly url: URL; readonly password?: string };
};

/** Fails with a sentence (an Error) when the manifest lacks an address that the lab must give out. */
export async function mapPlaces(options: {
  readonly text: string;
  readonly file: string;
  readonly system: System;
  readonly ports: PortPicker;
  readonly mode?: "sync" | "async";
  /** Keys of the group's policy that the copy gets. */
  readonly policy?: { readonly group: string; readonly keys: Readonly<Record<string, string>> };
}): Promise<LabMap> {
  const { system, ports } = options;
  if (system.regions.some((region) => region.name === usersPlace)) {
    throw new Error(
      `the lab's clients live in a place called "${usersPlace}": give the region ${usersPlace} another name`,
    );
  }
  const doc = parseDocument(options.text, { uniqueKeys: false });
  const put = (path: readonly string[], value: string): void => setScalar(doc, path, value);
  const freshAddress = async (count = 1): Promise<string> => `127.0.0.1:${await ports.take(count)}`;

  const regions: LabRegion[] = [];
  for (const region of system.regions) {
    const { router } = region;
    if (region.agent === undefined || router === undefined) {
      throw new Error(
        `the lab needs regions.${region.name}.${region.agent === undefined ? "agent" : "router"} in ${options.file}`,
      );
    }
    const agent = await freshAddress();
    put(["regions", region.name, "agent"], `http://${agent}`);
    const http = await freshAddress();
    put(["regions", region.name, "router", "http"], http);
    const peer = await freshAddress();
    put(["regions", region.name, "router", "peer"], peer);
    const tcp: Record<string, string> = {};
    for (const service of Object.keys(router.tcp)) {
      tcp[service] = await freshAddress();
      put(["regions", region.name, "router", "tcp", service], tcp[service]);
    }
    const addresses = [agent, http, peer, ...Object.values(tcp)];
    let controller: string | undefined;
    if (region.controller !== undefined) {
      controller = await freshAddress();
      put(["regions", region.name, "controller"], `http://${controller}`);
      addresses.push(controller);
    }

    let database: LabRegion["database"];
    for (const service of system.services) {
      const placement = service.in[region.name];
      if (placement?.url === undefined) continue;
      // Replicas listen on the given port, plus 0, 1, ...
      const count = Math.max(1, service.replicas.primary, service.replicas.standby);
      const first = await ports.take(count);
      const url = new URL(placement.url);
      url.hostname = "127.0.0.1";
      url.port = String(first);
      const keepsNoPath = url.pathname === "/" && !placement.url.endsWith("/");
      put(["services", service.name, "in", region.name, "url"], keepsNoPath ? url.origin : url.href);
      for (let index = 0; index < count; index++) addresses.push(`127.0.0.1:${first + index}`);
      if (url.protocol.startsWith("postgres")) {
        database ??= {
          service: service.name,
          url,
          ...(placement.password === undefined ? {} : { password: placement.password }),
        };
      }
    }
    regions.push({
      name: region.name,
      serves: !region.witness && system.groups.some((group) => group.primary.includes(region.name)),
      agent,
      ...(controller === undefined ? {} : { controller }),
      router: { http, peer, tcp },
      addresses,
      ...(database === undefined ? {} : { database }),
    });
  }

  for (const service of system.services) {
    // Commands start where the original manifest says, not beside the copy.
    if (service.run !== undefined) {
      setScalar(doc, ["services", service.name, "run", "cwd"], resolve(dirname(options.file), service.run.cwd ?? "."));
    }
    if (service.replication !== undefined && options.mode !== undefined) {
      setScalar(doc, ["services", service.name, "replication", "mode"], options.mode);
    }
  }
  for (const [key, value] of Object.entries(options.policy?.keys ?? {}))
    setScalar(doc, ["groups", options.policy?.group ?? "", "policy", key], value);
  return {
    text: doc.toString({ lineWidth: 0 }),
    places: [...regions.map((region) => region.name), usersPlace],
    regions,
    ways: waysOf(regions),
  };
}

function waysOf(regions: readonly LabRegion[]): readonly Way[] {
  return regions.flatMap((to) => {
    // Users call a region's services through its routers; a router elsewhere reaches them at the peer port.
    const serving: readonly string[] = [to.router.http, to.router.peer];
    const way = (from: string, address: string): Way => ({
      from,
      to: to.name,
      address,
      ...(serving.includes(address) ? { serves: true } : {}),
    });
    return [
      ...regions
        .filter((from) => from !== to)
        .flatMap((from) => to.addresses.map((address) => way(from.name, address))),
      ...[to.router.http, ...Object.values(to.router.tcp)].map((address) => way(usersPlace, address)),
    ];
  });
}

/** What `--via` of everything that lives in `place` says: the address as written, the address to dial. */
export function viaOf(ways: readonly OpenWay[], place: string): Readonly<Record<string, string>> {
  return Object.fromEntries(ways.filter((way) => way.from === place).map((way) => [way.address, way.listen]));
}

/** The address that `place` dials to reach `address`. */
export function reachedFrom(ways: readonly OpenWay[], place: string, address: string): string {
  return viaOf(ways, place)[address] ?? address;
}

function setScalar(doc: Document, path: readonly string[], value: string): void {
  const node = doc.getIn(path, true);
  // Changing the node's value keeps the comment that stands beside it.
  if (isScalar(node)) node.value = value;
  else doc.setIn(path, value);
}
