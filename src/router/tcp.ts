// TCP sessions: a listener per service for this region's users, and the far end of another router's CONNECT.
//
// A session is opened under the epoch in force and lives no longer than it (I1). New ones wait, within a bound, while a switch is
// under way; old ones stay through the hold and are closed with the epoch.

import { createServer, type Server, type Socket } from "node:net";
import { decideForPeer, decideForUser, type ForwardDecision } from "../core/route/forward.ts";
import { parseAddress } from "./address.ts";
import { hangUp, type OwnAnswer } from "./answers.ts";
import { type Dialled, dialOrigin, dialPeer } from "./dial.ts";
import { Session } from "./session.ts";
import type { GroupState, Member, ServiceState } from "./table.ts";
import type { World } from "./world.ts";

type HandedOn = Extract<ForwardDecision, { readonly kind: "local" | "peer" }>;

const nothing = Buffer.alloc(0);

/** A listener for the users of one service. */
export function makeTcpServer(world: World, service: string): Server {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (client) => {
    client.on("error", () => {}); // until the session listens for itself
    void openForUser(world, service, client); // never rejects
  });
  server.maxConnections = world.limits.sessionsMax;
  return server;
}

function isFull(world: World): boolean {
  if (world.counts.sessions < world.limits.sessionsMax) return false;
  world.say(
    "sessions",
    `${world.limits.sessionsMax} TCP sessions are open, which is the bound; further ones are refused`,
  );
  return true;
}

async function openForUser(world: World, name: string, client: Socket): Promise<void> {
  if (world.isStopping || isFull(world)) {
    client.destroy();
    return;
  }
  world.counts.sessions++;
  const why = await waitAndOpen(world, name, client);
  if (why === undefined) return;
  world.counts.sessions--;
  if (client.destroyed) return;
  client.destroy();
  world.say(`refused ${name}`, `a session to ${name} was refused: ${why}`);
}

/** Undefined when the session is open and owns its place in the count; else why not. */
async function waitAndOpen(world: World, name: string, client: Socket): Promise<string | undefined> {
  const { table, limits } = world;
  const startedAt = performance.now();
  for (;;) {
    if (client.destroyed || world.isStopping) return "the client left, or the router is stopping";
    const service = table.service(name);
    const decision: ForwardDecision =
      service?.route.kind === "tcp"
        ? decideForUser(table.facts(service, false))
        : { kind: "hold", why: `the router of ${world.region} has no configuration for ${name}` };
    let why: string;
    let waitMs = limits.holdMs;
    if (decision.kind === "local" || decision.kind === "peer") {
      const state = service as ServiceState;
      const opened = await open(world, state, decision, client, nothing, () =>
        decideForUser(table.facts(state, false)),
      );
      if (opened.kind === "open") return undefined;
      why = opened.why;
      waitMs = opened.again ? 0 : limits.retryMs;
    } else why = decision.why;
    const leftMs = limits.holdMs - (performance.now() - startedAt);
    if (leftMs <= 0) return why;
    if (waitMs > 0 && (await world.held.wait(Math.min(waitMs, leftMs))) === "full")
      return `${why}; and as many as may wait do so already`;
  }
}

export type PeerSession = {
  readonly client: Socket;
  readonly early: Buffer;
  readonly service: string;
  readonly epoch: number;
};

/** The far end of a CONNECT. Answers 200 once the origin is connected, else 503 with a sentence. Never rejects. */
export async function openForPeer(world: World, asked: PeerSession): Promise<void> {
  const { client } = asked;
  const refuse = (own: OwnAnswer) => hangUp(client, own);
  if (world.isStopping || isFull(world))
    return refuse({ status: 503, error: "not-executed", why: `the router of ${world.region} takes no more sessions` });
  world.counts.sessions++;
  const own = await catchUpAndOpen(world, asked);
  if (own === undefined) return;
  world.counts.sessions--;
  refuse(own);
}

async function catchUpAndOpen(world: World, asked: PeerSession): Promise<OwnAnswer | undefined> {
  const { table, limits } = world;
  const startedAt = performance.now();
  for (;;) {
    const service = table.service(asked.service);
    if (service?.route.kind !== "tcp")
      return { status: 404, error: "no-route", why: `this router has no TCP service ${asked.service}` };
    const decide = () => decideForPeer(table.facts(service, false), asked.epoch);
    const decision = decide();
    const epoch = table.group(service.route.group)?.route.epoch ?? 0;
    if (decision.kind === "refuse") return { status: decision.status, error: "not-executed", why: decision.why, epoch };
    const leftMs = limits.catchUpMs - (performance.now() - startedAt);
    if (decision.kind === "hold") {
      if (leftMs <= 0 || (await world.held.wait(leftMs)) === "full")
        return { status: 503, error: "not-executed", why: decision.why, epoch };
      continue;
    }
    const opened = await open(world, service, decision, asked.client, asked.early, decide, "HTTP/1.1 200 OK\r\n\r\n");
    if (opened.kind === "open") return undefined;
    if (!opened.again || leftMs <= 0) return { status: 503, error: "not-executed", why: opened.why, epoch };
  }
}

type Opened =
  | { readonly kind: "open" }
  | { readonly kind: "not"; readonly why: string /** Worth trying at once. */; readonly again: boolean };

/** Dials and joins. `decideAgain` is asked once more when the upstream stands: the world may have moved meanwhile. */
async function open(
  world: World,
  service: ServiceState,
  decision: HandedOn,
  client: Socket,
  early: Buffer,
  decideAgain: () => ForwardDecision,
  greeting?: string,
): Promise<Opened> {
  const { table, limits } = world;
  const name = service.route.service;
  const group = table.group(service.route.group);
  if (group === undefined)
    return { kind: "not", why: `${service.route.group} is not in the configuration`, again: false };
  const origin = decision.kind === "local" ? table.pick(service, decision.origins) : undefined;
  const to = decision.kind === "peer" ? decision.region : world.region;
  const target = decision.kind === "peer" ? decision.address : origin;
  if (target === undefined)
    return { kind: "not", why: `no origin of ${name} in ${to} accepts connections`, again: false };
  const dialled = await dial(world, group, decision, name, target);
  const hasMoved = group.route.epoch !== decision.epoch;
  if (dialled.kind === "refused") {
    if (!hasMoved && !dialled.heard) world.tally.count(to, name, false);
    if (origin !== undefined && !hasMoved) table.eject(origin, limits.ejectMs);
    const whom = decision.kind === "peer" ? `the router of ${to}` : `${name} at ${target}`;
    return { kind: "not", why: `${whom}: ${dialled.why}`, again: hasMoved || origin !== undefined };
  }
  const now = decideAgain();
  if (now.kind !== decision.kind || now.epoch !== decision.epoch || client.destroyed || world.isStopping) {
    dialled.socket.destroy();
    return { kind: "not", why: "the configuration moved while the session was being opened", again: true };
  }
  world.tally.count(to, name, true);
  if (origin !== undefined) table.busy(origin, 1);
  const dispatch = { epoch: decision.epoch, to, safe: false };
  const groupName = group.route.group;
  const session = new Session({
    client,
    upstream: dialled.socket,
    epoch: decision.epoch,
    verdict: () => table.verdict(dispatch, groupName),
    windowWaitMs: limits.windowWaitMs,
    onEnd: () => {
      group.sessions.delete(session);
      world.counts.sessions--;
      if (origin !== undefined) table.busy(origin, -1);
    },
  });
  group.sessions.add(session);
  if (greeting !== undefined) client.write(greeting);
  session.start(early, dialled.early);
  return { kind: "open" };
}

/** A dial under way ends with its epoch: a region that died in silence must not keep its clients from the new one. */
async function dial(
  world: World,
  group: GroupState,
  decision: HandedOn,
  service: string,
  target: string,
): Promise<Dialled> {
  const { limits } = world;
  const address = parseAddress(decision.kind === "peer" ? target : world.via(target));
  if (address === undefined) return { kind: "refused", heard: true, why: `${target} is not host:port` };
  const stop = new AbortController();
  const member: Member = { epoch: decision.epoch, drop: (why) => stop.abort(why), recheck: () => {} };
  group.sessions.add(member);
  const dialled =
    decision.kind === "peer"
      ? await dialPeer(
          address,
          { service, epoch: decision.epoch, token: world.token },
          limits.connectTimeoutMs + limits.catchUpMs,
          stop.signal,
        )
      : await dialOrigin(address, limits.connectTimeoutMs, stop.signal);
  group.sessions.delete(member);
  return dialled;
}
