// The fault proxies: one TCP listener for each (place, address in another place). Whoever lives in that place dials the listener
// instead of the address, and so meets the faults of the links between the two.

import { type AddressInfo, createServer, type Server } from "node:net";
import { type Connection, openConnection } from "./connection.ts";
import { type FaultOrder, type FaultTable, type Link, makeFaultTable } from "./faults.ts";

export type Way = {
  readonly from: string;
  readonly to: string;
  /** `host:port` of the real thing. */
  readonly address: string;
  /** What answers there is a service that users call, itself or through a router. */
  readonly serves?: boolean;
};
export type OpenWay = Way & { /** `host:port` to dial from that place. */ readonly listen: string };

export type Proxies = {
  readonly ways: readonly OpenWay[];
  readonly links: readonly Link[];
  /** Takes hold before it returns. A sentence when the order makes no sense. */
  order(order: FaultOrder): readonly Link[] | string;
  close(): Promise<void>;
};

/** Connections one listener carries at a time; above it, new ones are reset. */
const connectionsMax = 4_096;

export async function openProxies(options: {
  readonly places: readonly string[];
  readonly ways: readonly Way[];
  readonly delayMs: number;
}): Promise<Proxies> {
  const table = makeFaultTable(options.places, options.delayMs);
  const open = new Map<Way, Set<Connection>>();
  const servers: Server[] = [];
  const ways: OpenWay[] = [];
  for (const way of options.ways) {
    const connections = new Set<Connection>();
    open.set(way, connections);
    const server = await listen(way, table, connections);
    servers.push(server);
    ways.push({ ...way, listen: `127.0.0.1:${(server.address() as AddressInfo).port}` });
  }
  return {
    ways,
    links: table.links,
    order(order) {
      const changed = table.apply(order);
      if (typeof changed === "string") return changed;
      for (const [way, connections] of open) {
        const touched = changed.some((link) => joins(link, way));
        if (touched) for (const connection of connections) connection.linkChanged();
      }
      return changed;
    },
    async close() {
      for (const connections of open.values()) for (const connection of connections) connection.destroy();
      await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))));
    },
  };
}

function joins(link: Link, way: Way): boolean {
  return (link.from === way.from && link.to === way.to) || (link.from === way.to && link.to === way.from);
}

async function listen(way: Way, table: FaultTable, connections: Set<Connection>): Promise<Server> {
  const { host, port } = splitAddress(way.address);
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    if (connections.size >= connectionsMax) {
      client.resetAndDestroy();
      return;
    }
    connections.add(
      openConnection({
        client,
        host,
        port,
        serves: way.serves === true,
        up: table.link(way.from, way.to),
        down: table.link(way.to, way.from),
        closed: (connection) => connections.delete(connection),
      }),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: "127.0.0.1", port: 0, backlog: 1_024 }, resolve);
  });
  return server;
}

export function splitAddress(address: string): { readonly host: string; readonly port: number } {
  const at = address.lastIndexOf(":");
  return { host: address.slice(0, at), port: Number(address.slice(at + 1)) };
}
