// The two HTTP listeners: `http` for users, `peer` for other routers (bearer token, epoch, CONNECT for TCP sessions).

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { epochHeader } from "../wire/version.ts";
import { hangUp, type OwnAnswer, sendOwn } from "./answers.ts";
import { serviceHeader } from "./headers.ts";
import { serve } from "./serve.ts";
import { openForPeer } from "./tcp.ts";
import { makeTokenCheck } from "./token.ts";
import type { World } from "./world.ts";

/** Requests that one connection may have waiting behind an unanswered one. */
const pipelinedMax = 32;
/** Longer than another router keeps an idle connection, so that it is never this side that closes first. */
const peerKeepAliveMs = 75_000;
const userKeepAliveMs = 65_000;

function makeServer(
  world: World,
  keepAliveTimeoutMs: number,
  onRequest: (incoming: IncomingMessage, response: ServerResponse) => void,
): Server {
  const { limits } = world;
  const server = createServer(
    {
      maxHeaderSize: limits.headerBytesMax,
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: keepAliveTimeoutMs,
      connectionsCheckingInterval: 1_000,
      noDelay: true,
    },
    inTurn(onRequest),
  );
  server.maxConnections = limits.httpConnectionsMax;
  return server;
}

/**
 * A pipelined request waits until the answers before it have left: Node would else keep its checked answer in memory and send it
 * later, unchecked (I1).
 */
function inTurn(onRequest: (incoming: IncomingMessage, response: ServerResponse) => void) {
  const pipelined = new WeakMap<Socket, number>();
  return (incoming: IncomingMessage, response: ServerResponse): void => {
    if (response.socket !== null) {
      onRequest(incoming, response);
      return;
    }
    const count = (pipelined.get(incoming.socket) ?? 0) + 1;
    pipelined.set(incoming.socket, count);
    if (count > pipelinedMax) {
      incoming.socket.destroy();
      return;
    }
    response.once("socket", () => {
      pipelined.set(incoming.socket, (pipelined.get(incoming.socket) ?? 1) - 1);
      onRequest(incoming, response);
    });
  };
}

export function makeUserServer(world: World): Server {
  return makeServer(world, userKeepAliveMs, (incoming, response) => {
    void serve(world, incoming, response, { kind: "user" }); // never rejects
  });
}

/** `status` is what GET /v1/router-status answers with. */
export function makePeerServer(world: World, status: () => unknown): Server {
  const isToken = makeTokenCheck(world.token);
  const unauthorized = (incoming: IncomingMessage): OwnAnswer | undefined => {
    if (isToken(incoming.headers["proxy-authorization"])) return undefined;
    world.say(
      "token",
      `a call without the right token came to the peer port from ${incoming.socket.remoteAddress ?? "an unknown address"}`,
    );
    return {
      status: 401,
      error: "unauthorized",
      why: `the router of ${world.region} does not accept this token`,
      close: true,
    };
  };
  const server = makeServer(world, peerKeepAliveMs, (incoming, response) => {
    const refused = unauthorized(incoming);
    if (refused !== undefined) return sendOwn(response, refused);
    if (incoming.url === "/v1/router-status" && incoming.headers[epochHeader] === undefined) {
      response.setHeader("Content-Type", "application/json");
      response.end(`${JSON.stringify(status())}\n`);
      return;
    }
    const epoch = epochOf(incoming);
    const service = incoming.headers[serviceHeader];
    if (epoch === undefined || typeof service !== "string") {
      return sendOwn(response, {
        status: 400,
        error: "bad-request",
        why: `the peer port takes ${epochHeader} and ${serviceHeader} with every request`,
      });
    }
    void serve(world, incoming, response, { kind: "peer", service, epoch }); // never rejects
  });
  server.on("connect", (incoming: IncomingMessage, stream, early: Buffer) => {
    const socket = stream as Socket;
    socket.pause();
    socket.on("error", () => {}); // until the session listens for itself
    const epoch = epochOf(incoming);
    const service = /^([^:]+):0$/.exec(incoming.url ?? "")?.[1];
    const refused =
      unauthorized(incoming) ??
      (epoch === undefined || service === undefined
        ? ({ status: 400, error: "bad-request", why: `CONNECT takes SERVICE:0 and ${epochHeader}` } as const)
        : undefined);
    if (refused !== undefined) return hangUp(socket, refused);
    void openForPeer(world, { client: socket, early, service: service as string, epoch: epoch as number }); // never rejects
  });
  return server;
}

function epochOf(incoming: IncomingMessage): number | undefined {
  const text = incoming.headers[epochHeader];
  if (typeof text !== "string" || !/^\d{1,15}$/.test(text)) return undefined;
  return Number(text);
}
