// Listens on an address and hands each request to a function of Request -> Response. Everything that could be kept waiting by a
// client is bounded here.

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";

export type ServeSettings = {
  readonly fetch: (request: Request) => Response | Promise<Response>;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
};

export type Serving = {
  readonly kind: "serving";
  /** `http://host:port`, with the port that was really taken. */
  readonly url: string;
  readonly port: number;
  /** Takes no new connections, lets requests under way end until the deadline, then breaks them off. */
  stop(deadlineMs: number): Promise<void>;
};

/** A client has so long to send its headers, and the whole request. */
const headersWithinMs = 5_000;
const requestWithinMs = 10_000;
/** Longer than our own clients keep an idle connection (10 s), so that they never send into a closing one. */
const idleConnectionMs = 20_000;
const headerBytesMax = 16 * 1024;
const connectionsMax = 1_024;

/** "refused" carries a sentence that says what is in the way and how to find it. */
export function serveFetch({
  fetch,
  host,
  port,
}: ServeSettings): Promise<Serving | { readonly kind: "refused"; readonly why: string }> {
  const server = createServer(
    {
      headersTimeout: headersWithinMs,
      requestTimeout: requestWithinMs,
      keepAliveTimeout: idleConnectionMs,
      connectionsCheckingInterval: 1_000,
      maxHeaderSize: headerBytesMax,
      noDelay: true,
    },
    // A handler that throws answers 500 without its message: it may hold an address with a password.
    getRequestListener(fetch, {
      overrideGlobalObjects: false,
      errorHandler: () =>
        new Response('{"error":"failed","why":"An internal error."}', {
          status: 500,
          headers: { "content-type": "application/json" },
        }),
    }),
  );
  server.maxConnections = connectionsMax;
  return new Promise((resolve) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      resolve({ kind: "refused", why: whyNot(error, host, port) }),
    );
    server.listen({ host, port }, () => {
      server.removeAllListeners("error");
      server.on("error", () => {}); // An error of accepting one connection ends that connection only.
      const taken = (server.address() as AddressInfo).port;
      resolve({
        kind: "serving",
        url: `http://${host.includes(":") ? `[${host}]` : host}:${taken}`,
        port: taken,
        stop: (deadlineMs) => stop(server, deadlineMs),
      });
    });
  });
}

function stop(server: Server, deadlineMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), deadlineMs);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}

function whyNot(error: NodeJS.ErrnoException, host: string, port: number): string {
  const address = `${host}:${port}`;
  switch (error.code) {
    case "EADDRINUSE":
      return `Cannot listen on ${address}: another process already does. Find it with: ss -ltnp 'sport = :${port}'. Stop it, or give another port in the manifest.`;
    case "EACCES":
      return `Cannot listen on ${address}: this user may not take a port below 1024. Give a higher port in the manifest.`;
    case "EADDRNOTAVAIL":
      return `Cannot listen on ${address}: this machine has no network address ${host}. Its addresses are listed by: ip address.`;
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `Cannot listen on ${address}: the host name ${host} is not known on this machine.`;
    default:
      return `Cannot listen on ${address}: ${error.code ?? error.message}.`;
  }
}
