// What the ports of one router share: the table, the bounds, the pools of connections, the counts.

import { Agent } from "node:http";
import type { Log } from "../ports/log.ts";
import type { Held } from "./held.ts";
import type { RouterLimits } from "./limits.ts";
import type { Table } from "./table.ts";
import type { Tally } from "./tally.ts";

export type Counts = {
  /** HTTP requests handed on right now. */
  inFlight: number;
  /** TCP sessions, being opened or open, right now. */
  sessions: number;
  /** Bytes of request bodies kept right now. */
  bufferedBytes: number;
  /** Since the start: HTTP requests that came, that were answered by an origin or peer, refused as not executed, and of unknown outcome. */
  requests: number;
  answered: number;
  refused: number;
  unknown: number;
};

export type World = {
  readonly region: string;
  readonly token: string;
  readonly table: Table;
  readonly held: Held;
  readonly tally: Tally;
  readonly limits: RouterLimits;
  readonly pools: Pools;
  readonly counts: Counts;
  /** Says the same kind of thing at most once in ten seconds. */
  readonly say: (kind: string, sentence: string) => void;
  readonly via: (address: string) => string;
  isStopping: boolean;
};

export interface Pools {
  readonly origins: Agent;
  /** Connections to the router of `region` for one group under one epoch. Those of an earlier epoch are closed. */
  peer(group: string, region: string, epoch: number): Agent;
  /** Closes the idle connections to a peer that has gone silent: they lead to the same silence. */
  forgetIdle(group: string): void;
  close(): void;
}

/** An origin may close an idle connection after five seconds (Node's own default), and a write must not meet that moment. */
const originIdleMs = 4_000;
const peerIdleMs = 30_000;
const socketsPerOriginMax = 256;
const idlePerOriginMax = 64;

function makeAgent(idleMs: number, socketsMax: number): Agent {
  return new Agent({
    keepAlive: true,
    maxSockets: socketsMax,
    maxFreeSockets: idlePerOriginMax,
    scheduling: "lifo",
    timeout: idleMs,
  });
}

export function makePools(limits: RouterLimits): Pools {
  const origins = makeAgent(originIdleMs, socketsPerOriginMax);
  const peers = new Map<string, { readonly key: string; readonly agent: Agent }>();
  return {
    origins,
    peer(group, region, epoch) {
      const key = `${region} ${epoch}`;
      const held = peers.get(group);
      if (held?.key === key) return held.agent;
      held?.agent.destroy();
      const agent = makeAgent(peerIdleMs, limits.inFlightPerPeerMax);
      peers.set(group, { key, agent });
      return agent;
    },
    forgetIdle(group) {
      const free = peers.get(group)?.agent.freeSockets ?? {};
      for (const sockets of Object.values(free)) for (const socket of sockets ?? []) socket.destroy();
    },
    close() {
      origins.destroy();
      for (const { agent } of peers.values()) agent.destroy();
    },
  };
}

const repeatMs = 10_000;

export function makeSayer(log: Log): World["say"] {
  const saidAt = new Map<string, number>();
  return (kind, sentence) => {
    const now = performance.now();
    const before = saidAt.get(kind);
    if (before !== undefined && now - before < repeatMs) return;
    saidAt.set(kind, now);
    log.write("warn", "router", sentence);
  };
}
