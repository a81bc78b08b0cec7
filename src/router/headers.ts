// What a proxy changes in the headers that pass through it (RFC 9110, 7.6), on the flat name-value arrays that Node gives and takes.
//
// Whatever a user or an origin says in a header of the routers' own is taken out: only routers speak for routers.

import { acknowledgedHeader, epochHeader, notExecutedHeader, versionHeader } from "../wire/version.ts";

/** Between routers: which service a request is for, so that both ends need not agree about host names. */
export const serviceHeader = "leeward-service";

// Hop-by-hop, the framing (Node frames anew), "expect" (answered here), and the routers' own.
const dropped: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authorization",
  "proxy-authenticate",
  "te",
  "trailer",
  "transfer-encoding",
  "content-length",
  "upgrade",
  "expect",
  epochHeader,
  notExecutedHeader,
  acknowledgedHeader,
  serviceHeader,
  versionHeader,
]);

/** Names a `Connection` header lists besides "close" and "keep-alive": meant for this hop only. */
function namedByConnection(raw: readonly string[]): ReadonlySet<string> | undefined {
  let names: Set<string> | undefined;
  for (let i = 0; i < raw.length; i += 2) {
    if ((raw[i] as string).length !== 10 || (raw[i] as string).toLowerCase() !== "connection") continue;
    for (const part of (raw[i + 1] as string).split(",")) {
      const name = part.trim().toLowerCase();
      if (name === "close" || name === "keep-alive" || name === "") continue;
      names ??= new Set();
      names.add(name);
    }
  }
  return names;
}

export type RequestFacts = {
  /** The user's address, when the request comes from a user; another router has already written it. */
  readonly remote: string | undefined;
  /** What follows the user's headers: the framing and, towards a peer, the routers' own. */
  readonly own: readonly string[];
  /** Used when the request names no host (HTTP/1.0). */
  readonly host: string;
};

/** Request headers as they go to an origin or a peer. */
export function requestHeaders(raw: readonly string[], facts: RequestFacts): string[] {
  const named = namedByConnection(raw);
  const out: string[] = [];
  let hasHost = false;
  let hasProto = false;
  let forwardedFor = "";
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    const value = raw[i + 1] as string;
    const lower = name.toLowerCase();
    if (dropped.has(lower) || named?.has(lower)) continue;
    if (lower === "x-forwarded-for" && facts.remote !== undefined) {
      forwardedFor += `${value}, `;
      continue;
    }
    if (lower === "host") hasHost = true;
    else if (lower === "x-forwarded-proto") hasProto = true;
    out.push(name, value);
  }
  if (!hasHost) out.push("Host", facts.host);
  if (facts.remote !== undefined) {
    out.push("X-Forwarded-For", forwardedFor + facts.remote);
    if (!hasProto) out.push("X-Forwarded-Proto", "http");
  }
  for (const text of facts.own) out.push(text);
  return out;
}

/** Answer headers as they go back. `acknowledgedEpoch`: given for answers to writes. */
export function answerHeaders(
  raw: readonly string[],
  length: string | undefined,
  acknowledgedEpoch: number | undefined,
): string[] {
  const named = namedByConnection(raw);
  const out: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    const lower = (raw[i] as string).toLowerCase();
    if (dropped.has(lower) || named?.has(lower)) continue;
    out.push(raw[i] as string, raw[i + 1] as string);
  }
  if (length !== undefined) out.push("Content-Length", length);
  if (acknowledgedEpoch !== undefined) out.push(acknowledgedHeader, String(acknowledgedEpoch));
  return out;
}
