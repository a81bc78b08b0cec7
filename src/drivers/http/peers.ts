// `Peers` over HTTP: calls to other Leeward processes through kept connections.
//
// 1. Each call ends by its deadline, and says what is certain: "unreachable" only when no byte of it can have been taken over there.
// 2. A peer that went silent (a cut, a frozen host) leaves dead connections behind that look alive. So one that ran into a deadline
//    is destroyed, and with it all idle ones to that peer: the next call starts on a new one.
// 3. Every answer is bounded before it is read.
//
// node:http with its own agent instead of fetch: about half of the processor time and of the wait, and it shows whether a
// connection was made, which (1) needs.

import { Agent, type IncomingMessage, type RequestOptions, request } from "node:http";
import type { Socket } from "node:net";
import type { CallFailure, Peers } from "../../ports/peers.ts";
import { versionHeader } from "../../wire/version.ts";

export type PeerSettings = {
  /** The bearer token itself, not the name of its file. */
  readonly token: string;
  /** Addresses as they must be dialled from here: `host:port` -> `host:port`. One that is not named is dialled as it is. */
  readonly via: Readonly<Record<string, string>>;
  /** The wire version this process speaks. */
  readonly version: number;
  /** Who calls, for the other side's log: `agent north`. */
  readonly caller: string;
};

const answerBytesMax = 4 * 1024 * 1024;
const requestBytesMax = 1024 * 1024;
/** Connections to one peer: the calls of every group at once, and its long polls. More wait for one of them. */
const connectionsMax = 32;
const idleConnectionsMax = 4;
/** Shorter than the 20 s after which our own server closes an idle connection, so that no call meets a closing one. */
const idleMs = 10_000;
/** Peers with connections at one time; a system has far fewer. */
const peersMax = 256;

type Peer = { readonly agent: Agent; readonly host: string; readonly port: number; readonly headerHost: string };

/** `close` ends the kept connections; calls under way fail. */
export function makePeers({ token, via, version, caller }: PeerSettings): Peers & { close(): void } {
  const peers = new Map<string, Peer>();
  const headers = {
    authorization: `Bearer ${token}`,
    [versionHeader]: String(version),
    "user-agent": `leeward ${caller}`,
    "content-type": "application/json",
  };

  const peerAt = (base: string): Peer | undefined => {
    const known = peers.get(base);
    if (known !== undefined) return known;
    const address = addressOf(base, via);
    if (address === undefined) return undefined;
    if (peers.size >= peersMax) {
      const [oldest] = peers;
      if (oldest !== undefined) {
        oldest[1].agent.destroy();
        peers.delete(oldest[0]);
      }
    }
    const agent = new Agent({
      keepAlive: true,
      maxSockets: connectionsMax,
      maxFreeSockets: idleConnectionsMax,
      scheduling: "lifo",
      timeout: idleMs,
    });
    const peer = { agent, ...address };
    peers.set(base, peer);
    return peer;
  };

  return {
    call(base, name, body, deadlineMs) {
      const peer = peerAt(base);
      if (peer === undefined)
        return Promise.resolve(failed("unreachable", `${base} is not an address of the form http://host:port.`));
      const payload = Buffer.from(JSON.stringify(body ?? null));
      if (payload.length > requestBytesMax) {
        return Promise.resolve(
          failed(
            "unreachable",
            `The call ${name} to ${base} was not sent: it has ${payload.length} bytes, ${requestBytesMax} are allowed.`,
          ),
        );
      }
      return callOnce(peer, { base, name, payload, deadlineMs, version, headers });
    },
    close() {
      for (const { agent } of peers.values()) agent.destroy();
      peers.clear();
    },
  };
}

type Call = {
  readonly base: string;
  readonly name: string;
  readonly payload: Buffer;
  readonly deadlineMs: number;
  readonly version: number;
  readonly headers: Readonly<Record<string, string>>;
};

type Result = Awaited<ReturnType<Peers["call"]>>;

function callOnce(peer: Peer, call: Call): Promise<Result> {
  const { base, name, payload, deadlineMs } = call;
  return new Promise((resolve) => {
    let connected = false;
    let ended = false;
    const options: RequestOptions = {
      agent: peer.agent,
      host: peer.host,
      port: peer.port,
      method: "POST",
      path: `/v1/${encodeURIComponent(name)}`,
      headers: { ...call.headers, host: peer.headerHost, "content-length": payload.length },
    };
    const outgoing = request(options);
    const end = (result: Result): void => {
      if (ended) return;
      ended = true;
      clearTimeout(timer);
      resolve(result);
    };
    const giveUp = (result: Result): void => {
      if (ended) return;
      end(result);
      outgoing.destroy();
    };
    const timer = setTimeout(() => {
      giveUp(
        connected
          ? failed(
              "unknown",
              `${base} did not answer the call ${name} within ${deadlineMs} ms: whether it was carried out is not known.`,
            )
          : failed("unreachable", `${base} could not be reached within ${deadlineMs} ms (call ${name}).`),
      );
      dropIdle(peer.agent);
    }, deadlineMs);
    outgoing.on("socket", (socket: Socket) => {
      if (!socket.connecting) connected = true;
      else socket.once("connect", () => (connected = true));
    });
    outgoing.on("error", (error: NodeJS.ErrnoException) => {
      end(
        connected
          ? failed(
              "unknown",
              `The connection to ${base} broke in the call ${name} (${reasonOf(error)}): whether it was carried out is not known.`,
            )
          : failed("unreachable", `${base} could not be reached: ${reasonOf(error)} (call ${name}).`),
      );
    });
    outgoing.on("response", (incoming) => {
      readBody(
        incoming,
        (text) =>
          end(text === undefined ? failed("unknown", brokenAnswer(base, name)) : resultOf(call, incoming, text)),
        () =>
          giveUp(
            failed(
              "unknown",
              `The answer of ${base} to the call ${name} has more than ${answerBytesMax} bytes: whether it was carried out is not known.`,
            ),
          ),
      );
    });
    outgoing.end(payload);
  });
}

/** `done` gets undefined when the answer broke off. */
function readBody(incoming: IncomingMessage, done: (text: string | undefined) => void, tooLong: () => void): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  incoming.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > answerBytesMax) tooLong();
    else chunks.push(chunk);
  });
  incoming.on("end", () => done(Buffer.concat(chunks).toString("utf8")));
  incoming.on("error", () => done(undefined));
  incoming.on("aborted", () => done(undefined));
}

function brokenAnswer(base: string, name: string): string {
  return `The answer of ${base} to the call ${name} broke off: whether it was carried out is not known.`;
}

function resultOf({ base, name, version }: Call, incoming: IncomingMessage, text: string): Result {
  const status = incoming.statusCode ?? 0;
  const theirs = incoming.headers[versionHeader];
  const body = parsed(text);
  if (theirs === undefined) {
    return failed(
      "refused",
      `${base} answered the call ${name} with ${status}, but not as Leeward does: something else listens there.`,
    );
  }
  const why = whyIn(body);
  if (status !== 200) {
    // A handler that fell over, or a proxy that lost its way, may have had its effect first.
    const cause = status >= 500 && status !== 503 ? "unknown" : "refused";
    return failed(cause, why ?? `${base} answered the call ${name} with status ${status}.`);
  }
  if (theirs !== String(version)) {
    return failed(
      "refused",
      `${base} speaks version ${String(theirs)} of Leeward's protocol, this process version ${version}: bring both to the same version.`,
    );
  }
  if (body === undefined) return failed("unknown", brokenAnswer(base, name));
  return { kind: "answer", body: body.value };
}

function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

function whyIn(body: { readonly value: unknown } | undefined): string | undefined {
  const value = body?.value;
  return typeof value === "object" && value !== null && "why" in value && typeof value.why === "string"
    ? value.why
    : undefined;
}

function dropIdle(agent: Agent): void {
  for (const sockets of Object.values(agent.freeSockets)) for (const socket of [...(sockets ?? [])]) socket.destroy();
}

function addressOf(base: string, via: Readonly<Record<string, string>>): Omit<Peer, "agent"> | undefined {
  const url = URL.parse(base);
  if (url === null || url.protocol !== "http:" || url.hostname === "") return undefined;
  const headerHost = `${url.hostname}:${url.port === "" ? "80" : url.port}`;
  const dialled = URL.parse(`http://${via[headerHost] ?? headerHost}`);
  if (dialled === null) return undefined;
  return {
    headerHost,
    host: dialled.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: Number(dialled.port === "" ? 80 : dialled.port),
  };
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ECONNRESET: "the other side closed it",
  EPIPE: "the other side closed it",
  EHOSTUNREACH: "there is no way to that host",
  ENETUNREACH: "there is no way to that network",
  ENOTFOUND: "its host name is not known",
  EAI_AGAIN: "the name service does not answer",
  ETIMEDOUT: "it does not answer",
  EADDRNOTAVAIL: "this machine has no free local port or no such address",
  EMFILE: "this process has too many open files",
};

function reasonOf(error: NodeJS.ErrnoException): string {
  return (error.code !== undefined ? reasons[error.code] : undefined) ?? error.code ?? error.message;
}

function failed(cause: CallFailure["cause"], why: string): CallFailure {
  return { kind: "failed", cause, why };
}
