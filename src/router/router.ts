// The data plane of one region: takes users' requests and sessions, and other routers', to the one primary there is.
//
// Configured only by the agent beside it. I1: core/route decides, with both clocks read at each acknowledgement. I7: stands on its
// last configuration while the control plane is away.

import type { AddressInfo, Server as NetServer } from "node:net";
import type { Disk } from "../ports/disk.ts";
import type { Log } from "../ports/log.ts";
import { formatAddress, parseAddress } from "./address.ts";
import { type ConfigSource, makeConfiguration } from "./configuration.ts";
import { makeHeld } from "./held.ts";
import { makePeerServer, makeUserServer } from "./http-port.ts";
import { type Instants, makeReader } from "./instants.ts";
import { defaultLimits, type RouterLimits } from "./limits.ts";
import { makeTable } from "./table.ts";
import { makeTally } from "./tally.ts";
import { makeTcpServer } from "./tcp.ts";
import { type Counts, makePools, makeSayer, type World } from "./world.ts";

export type RouterOptions = {
  readonly region: string;
  /** `host:port` each; port 0 takes a free one. */
  readonly listen: { readonly http: string; readonly peer: string; readonly tcp: Readonly<Record<string, string>> };
  /** What the routers of one system share. */
  readonly token: string;
  /** An address as it must be dialled from here; the address itself where nothing is in between. */
  readonly via: (address: string) => string;
  readonly configSource: ConfigSource;
  readonly disk: Disk;
  readonly instants: Instants;
  readonly log: Log;
  readonly limits?: Partial<RouterLimits>;
};

/** Where it listens, as `host:port`. */
export type Listening = {
  readonly http: string;
  readonly peer: string;
  readonly tcp: Readonly<Record<string, string>>;
};

export type RouterStatus = Readonly<Counts> & {
  readonly region: string;
  /** Serial of the configuration in force; undefined before the first. */
  readonly serial: number | undefined;
  readonly held: number;
  readonly groups: readonly {
    readonly group: string;
    readonly generation: number;
    readonly epoch: number;
    readonly primary: string;
    readonly mode: "open" | "hold";
    readonly hasWindow: boolean;
    readonly inFlight: number;
    readonly sessions: number;
  }[];
};

export interface Router {
  /** Loads the last configuration, listens, and begins to ask the agent. Throws a plain sentence when a port cannot be had. */
  start(): Promise<Listening>;
  /** Takes nothing new, lets requests in flight end within `drainMs`, then closes everything. Idempotent. */
  stop(): Promise<void>;
  status(): RouterStatus;
}

export function makeRouter(options: RouterOptions): Router {
  const { region, log } = options;
  const limits: RouterLimits = { ...defaultLimits, ...options.limits };
  const held = makeHeld(limits.heldMax);
  const tally = makeTally();
  const table = makeTable(region, makeReader(options.instants), options.via);
  const world: World = {
    region,
    token: options.token,
    table,
    held,
    tally,
    limits,
    pools: makePools(limits),
    counts: { inFlight: 0, sessions: 0, bufferedBytes: 0, requests: 0, answered: 0, refused: 0, unknown: 0 },
    say: makeSayer(log),
    via: options.via,
    isStopping: false,
  };
  const configuration = makeConfiguration({
    region,
    source: options.configSource,
    disk: options.disk,
    table,
    held,
    tally,
    log,
    limits,
  });
  const users = makeUserServer(world);
  const peers = makePeerServer(world, status);
  const tcp = new Map(Object.keys(options.listen.tcp).map((service) => [service, makeTcpServer(world, service)]));
  const servers: readonly NetServer[] = [users, peers, ...tcp.values()];
  const abort = new AbortController();
  let polling: Promise<void> | undefined;
  let stopping: Promise<void> | undefined;

  function status(): RouterStatus {
    const groups = [...table.groups.values()].map(({ route, inFlight, sessions }) => ({
      group: route.group,
      generation: route.generation,
      epoch: route.epoch,
      primary: route.primary,
      mode: route.mode,
      hasWindow: table.verdict({ epoch: route.epoch, to: region, safe: false }, route.group).kind === "yes",
      inFlight: inFlight.size,
      sessions: sessions.size,
    }));
    return { ...world.counts, region, serial: table.config?.serial, held: held.count, groups };
  }

  async function drain(): Promise<void> {
    world.isStopping = true;
    for (const server of servers) if (server.listening) server.close();
    held.releaseAll();
    const startedAt = performance.now();
    while (world.counts.inFlight > 0 && performance.now() - startedAt < limits.drainMs) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const left = world.counts.inFlight;
    if (left > 0)
      log.write("warn", "router", `${left} requests did not end within ${limits.drainMs} ms and are cut off`);
    // A session says nothing about when it is idle, so it ends when the requests that may use it have.
    for (const { inFlight, sessions } of table.groups.values()) {
      for (const member of [...inFlight, ...sessions]) member.drop(`the router of ${region} is stopping`);
    }
    users.closeAllConnections();
    peers.closeAllConnections();
    abort.abort();
    world.pools.close();
    await polling;
  }

  return {
    status,
    async start() {
      await configuration.load();
      try {
        const http = await listen(users, "http", options.listen.http);
        const peer = await listen(peers, "peer", options.listen.peer);
        const bound: Record<string, string> = {};
        for (const [service, server] of tcp)
          bound[service] = await listen(server, `tcp ${service}`, options.listen.tcp[service] as string);
        polling = configuration.run(abort.signal);
        return { http, peer, tcp: bound };
      } catch (error) {
        for (const server of servers) if (server.listening) server.close();
        throw error;
      }
    },
    stop() {
      stopping ??= drain();
      return stopping;
    },
  };
}

function listen(server: NetServer, what: string, text: string): Promise<string> {
  const address = parseAddress(text);
  if (address === undefined) return Promise.reject(new Error(`the router's ${what} address ${text} is not host:port`));
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException) => {
      const why = error.code === "EADDRINUSE" ? "another process has it" : error.message;
      reject(new Error(`the router cannot listen on ${text} (${what}): ${why}`));
    };
    server.once("error", onError);
    server.listen(address.port, address.host, () => {
      server.off("error", onError);
      // A listener that fails later (descriptors run out) must not end the process; what it has goes on.
      server.on("error", () => {});
      const bound = server.address() as AddressInfo;
      resolve(formatAddress(bound.address, bound.port));
    });
  });
}
