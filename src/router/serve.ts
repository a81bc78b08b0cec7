// One HTTP request, from a user or from another router: decide, hand on, and wait and decide again where that is allowed.
//
// A request is sent a second time only if it was certainly not executed, or if its method promises to change nothing.

import type { IncomingMessage, ServerResponse } from "node:http";
import { isSafeMethod } from "../core/route/config.ts";
import { decideForPeer, decideForUser, type ForwardDecision } from "../core/route/forward.ts";
import { epochHeader } from "../wire/version.ts";
import { parseAddress } from "./address.ts";
import { type OwnAnswer, sendOwn } from "./answers.ts";
import { gatherBody } from "./body.ts";
import { type Ended, exchange, type Job } from "./exchange.ts";
import { serviceHeader } from "./headers.ts";
import type { ServiceState } from "./table.ts";
import type { World } from "./world.ts";

/** Who brought the request. */
export type From =
  | { readonly kind: "user" }
  | { readonly kind: "peer"; readonly service: string; readonly epoch: number };

/** A read that got no answer is repeated so often; then its origins have had their chance. */
const repeatsMax = 2;

type HandedOn = Extract<ForwardDecision, { readonly kind: "local" | "peer" }>;

/** Never rejects; the response is ended or destroyed when it resolves. */
export async function serve(
  world: World,
  incoming: IncomingMessage,
  response: ServerResponse,
  from: From,
): Promise<void> {
  world.counts.requests++;
  const answer = (own: OwnAnswer) => {
    if (own.error === "unknown") world.counts.unknown++;
    else world.counts.refused++;
    sendOwn(response, own);
  };
  if (world.isStopping) return answer({ ...notExecuted(`the router of ${world.region} is stopping`), close: true });
  if (incoming.headers.upgrade?.toLowerCase() === "websocket") {
    return answer({ status: 501, error: "unsupported", why: "this router does not pass websockets on", close: true });
  }
  const gathered = gatherBody(incoming, world.limits);
  const body = gathered instanceof Promise ? await gathered : gathered;
  if (body.kind === "gone") return;
  if (body.kind === "too-large") return answer({ status: 413, error: "too-large", why: body.why, close: true });
  const bytes = body.kind === "whole" ? body.bytes.length : 0;
  if (world.counts.bufferedBytes + bytes > world.limits.bufferedBytesMax) {
    return answer(notExecuted("the router keeps as many request bodies as it may; try again"));
  }
  world.counts.bufferedBytes += bytes;
  const own = await attend(world, { incoming, response, from, body });
  world.counts.bufferedBytes -= bytes;
  if (own === undefined) world.counts.answered++;
  else answer(own);
}

type Request = {
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
  readonly from: From;
  readonly body: Job["body"];
};

/** Undefined when the client got its answer or left; else what the router itself has to say. */
async function attend(world: World, request: Request): Promise<OwnAnswer | undefined> {
  const { incoming, response, from, body } = request;
  const { table, limits } = world;
  const safe = isSafeMethod(incoming.method ?? "");
  const startedAt = performance.now();
  const patienceMs = from.kind === "user" ? limits.holdMs : limits.catchUpMs;
  let repeats = 0;
  for (;;) {
    if (response.destroyed) return undefined;
    if (world.isStopping) return { ...notExecuted(`the router of ${world.region} is stopping`), close: true };
    const leftMs = patienceMs - (performance.now() - startedAt);
    const name = from.kind === "peer" ? from.service : table.serviceOfHost(incoming.headers.host);
    const service = name === undefined ? undefined : table.service(name);
    if (table.config !== undefined && service?.route.kind !== "http") return noRoute(incoming, from);
    const decision: ForwardDecision = service === undefined ? unconfigured(world) : decide(world, service, safe, from);
    const epoch = service === undefined ? undefined : table.group(service.route.group)?.route.epoch;
    let why: string;
    let waitMs = leftMs;
    if (decision.kind === "refuse") return own(decision.status, decision.why, epoch);
    else if (decision.kind === "hold") why = decision.why;
    else {
      const ended = await handOn(world, request, service as ServiceState, decision, safe);
      if (ended.kind === "answered") return undefined;
      if (ended.kind === "too-large")
        return { status: 413, error: "too-large", why: ended.why, partial: true, close: true };
      if (ended.kind === "unknown") return unknown(ended.why);
      if (body.kind === "stream") {
        return ended.kind === "again"
          ? unknown(ended.why)
          : { ...own(503, `${ended.why}; its body was too large to be kept`, epoch), close: true };
      }
      const stillLeftMs = patienceMs - (performance.now() - startedAt);
      const hasMoved = table.group((service as ServiceState).route.group)?.route.epoch !== decision.epoch;
      if (ended.kind === "again" && (stillLeftMs <= 0 || (!hasMoved && ++repeats > repeatsMax)))
        return unknown(ended.why);
      // Another origin, or the new primary, may take it right away.
      if (stillLeftMs > 0 && (hasMoved || ended.kind === "again" || ended.tryNext)) continue;
      // A peer's request goes back to its sender, who keeps it.
      if (from.kind === "peer") return own(503, ended.why, epoch);
      why = ended.why;
      waitMs = Math.min(limits.retryMs, stillLeftMs);
    }
    if (waitMs <= 0) return own(503, why, epoch);
    if ((await world.held.wait(waitMs)) === "full")
      return own(503, `${why}; and as many requests as may wait do so already`, epoch);
  }
}

function decide(world: World, service: ServiceState, safe: boolean, from: From): ForwardDecision {
  const facts = world.table.facts(service, safe);
  return from.kind === "user" ? decideForUser(facts) : decideForPeer(facts, from.epoch);
}

type HandedOnEnd =
  | Exclude<Ended, { readonly kind: "not-executed" }>
  | { readonly kind: "not-executed"; readonly why: string; readonly tryNext: boolean };

async function handOn(
  world: World,
  request: Request,
  service: ServiceState,
  decision: HandedOn,
  safe: boolean,
): Promise<HandedOnEnd> {
  const { table, counts, limits, pools } = world;
  const name = service.route.service;
  const group = table.group(service.route.group);
  if (group === undefined) return no(`${service.route.group} is not in the configuration`);
  if (counts.inFlight >= limits.inFlightMax) return no("the router has as many requests in flight as it may");
  const isPeer = decision.kind === "peer";
  if (isPeer && group.inFlight.size >= limits.inFlightPerPeerMax) {
    return no(`as many requests as may wait for an answer from ${decision.region} do so already`);
  }
  const origin = isPeer ? undefined : table.pick(service, decision.origins);
  const target = isPeer ? decision.address : origin;
  if (target === undefined) return no(`no origin of ${name} in ${world.region} accepts connections`);
  const address = parseAddress(isPeer ? target : world.via(target));
  if (address === undefined) return no(`the configuration has ${target} as an address, which is not host:port`);
  if (origin !== undefined) table.busy(origin, 1);
  counts.inFlight++;
  const to = isPeer ? decision.region : world.region;
  const ended = await exchange(
    {
      incoming: request.incoming,
      response: request.response,
      body: request.body,
      group,
      dispatch: { epoch: decision.epoch, to, safe },
      isPeer,
      address,
      agent: isPeer ? pools.peer(group.route.group, to, decision.epoch) : pools.origins,
      own: isPeer ? peerHeaders(world, name, decision.epoch) : [],
      remote: request.from.kind === "user" ? remoteOf(request.incoming) : undefined,
      target: isPeer ? `the router of ${to}` : `${name} at ${target}`,
      host: target,
    },
    {
      table,
      limits,
      observed: (ok) => world.tally.count(to, name, ok),
      silent: () => {
        if (isPeer) pools.forgetIdle(group.route.group);
      },
    },
  );
  counts.inFlight--;
  if (origin !== undefined) table.busy(origin, -1);
  if (ended.kind !== "not-executed") return ended;
  if (ended.refusedConnection && origin !== undefined) table.eject(origin, limits.ejectMs);
  return { kind: "not-executed", why: ended.why, tryNext: ended.refusedConnection && origin !== undefined };
}

const no = (why: string): HandedOnEnd => ({ kind: "not-executed", why, tryNext: false });

function peerHeaders(world: World, service: string, epoch: number): readonly string[] {
  return ["Proxy-Authorization", `Bearer ${world.token}`, epochHeader, String(epoch), serviceHeader, service];
}

function remoteOf(incoming: IncomingMessage): string {
  const address = incoming.socket.remoteAddress ?? "unknown";
  return address.startsWith("::ffff:") ? address.slice(7) : address;
}

function unconfigured(world: World): ForwardDecision {
  return { kind: "hold", why: `the router of ${world.region} has no configuration yet; its agent gives it one` };
}

function noRoute(incoming: IncomingMessage, from: From): OwnAnswer {
  const what =
    from.kind === "peer" ? `HTTP service ${from.service}` : `route for the host ${incoming.headers.host ?? "(none)"}`;
  return { status: 404, error: "no-route", why: `this router has no ${what}` };
}

function notExecuted(why: string): OwnAnswer {
  return { status: 503, error: "not-executed", why };
}

function own(status: number, why: string, epoch: number | undefined): OwnAnswer {
  return { ...notExecuted(why), status, ...(epoch === undefined ? {} : { epoch }) };
}

function unknown(why: string): OwnAnswer {
  return { status: 504, error: "unknown", why: `it is unknown whether this happened: ${why}` };
}
