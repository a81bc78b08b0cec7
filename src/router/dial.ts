// Opening the upstream side of a TCP session: straight to an origin, or through the primary's router by HTTP CONNECT.

import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { epochHeader } from "../wire/version.ts";
import type { Address } from "./address.ts";
import { whyIn } from "./answers.ts";

export type Dialled =
  | { readonly kind: "connected"; readonly socket: Socket; readonly early: Buffer }
  /** Nothing was handed to an origin. `heard`: somebody answered, and it was a no. */
  | { readonly kind: "refused"; readonly heard: boolean; readonly why: string };

const nothing = Buffer.alloc(0);

/** The socket is paused. Gives up after `deadlineMs`, or when the signal aborts. Never rejects. */
export function dialOrigin(address: Address, deadlineMs: number, signal: AbortSignal): Promise<Dialled> {
  return new Promise((resolve) => {
    const socket = connect({ host: address.host, port: address.port, allowHalfOpen: true, noDelay: true });
    socket.pause();
    const end = (dialled: Dialled) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      socket.off("connect", onConnect).off("error", onError);
      // Whoever takes the socket over listens for itself; until then an error must not end the process.
      socket.on("error", () => {});
      if (dialled.kind === "refused") socket.destroy();
      resolve(dialled);
    };
    const onConnect = () => end({ kind: "connected", socket, early: nothing });
    const onError = (error: NodeJS.ErrnoException) =>
      end({ kind: "refused", heard: false, why: error.code ?? error.message });
    const onAbort = () => end({ kind: "refused", heard: false, why: String(signal.reason) });
    signal.addEventListener("abort", onAbort);
    const timer = setTimeout(
      () => end({ kind: "refused", heard: false, why: `no connection within ${deadlineMs} ms` }),
      deadlineMs,
    );
    socket.once("connect", onConnect).once("error", onError);
  });
}

export type PeerFacts = { readonly service: string; readonly epoch: number; readonly token: string };

/** CONNECT `service:0` at another router's peer port. The socket is paused. Never rejects. */
export function dialPeer(
  address: Address,
  facts: PeerFacts,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<Dialled> {
  return new Promise((resolve) => {
    let hasEnded = false;
    const end = (dialled: Dialled) => {
      if (hasEnded) {
        if (dialled.kind === "connected") dialled.socket.destroy();
        return;
      }
      hasEnded = true;
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      if (dialled.kind === "refused") asked.destroy();
      resolve(dialled);
    };
    const asked = request({
      host: address.host,
      port: address.port,
      method: "CONNECT",
      path: `${facts.service}:0`,
      headers: {
        Host: `${facts.service}:0`,
        "Proxy-Authorization": `Bearer ${facts.token}`,
        [epochHeader]: String(facts.epoch),
      },
      createConnection: () => connect({ host: address.host, port: address.port, allowHalfOpen: true, noDelay: true }),
    });
    const onAbort = () => end({ kind: "refused", heard: false, why: String(signal.reason) });
    signal.addEventListener("abort", onAbort);
    const timer = setTimeout(
      () => end({ kind: "refused", heard: false, why: `no session within ${deadlineMs} ms` }),
      deadlineMs,
    );
    asked.on("connect", (answer, socket, early) => {
      socket.pause();
      socket.on("error", () => {});
      // A refused CONNECT comes here too, mostly with its JSON in `early`.
      if (answer.statusCode === 200) end({ kind: "connected", socket: socket as Socket, early });
      else {
        socket.destroy();
        end({ kind: "refused", heard: true, why: whyIn(early.toString("utf8")) ?? `it answered ${answer.statusCode}` });
      }
    });
    asked.on("error", (error: NodeJS.ErrnoException) =>
      end({ kind: "refused", heard: false, why: error.code ?? error.message }),
    );
    asked.end();
  });
}
