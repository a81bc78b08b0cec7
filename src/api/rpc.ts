// The edge where a call of wire/ enters a process: Request -> Response, nothing of Node.
//
// 1. Whoever has no token learns nothing but that the process is there and what it is; of an agent, also whether its region is well and
//    which part is not (wire/health.ts).
// 2. A request is parsed here once; the handler trusts it. Nothing larger than the bound is ever held in memory.
// 3. Every answer is JSON: what the call answers, or `{error, why}` with a sentence. An unexpected error's own message stays
//    here, for it may hold an address with a password.

import { Hono } from "hono";
import { type EveryCallName, type EveryRequest, type EveryResponse, everyCall } from "../wire/every-call.ts";
import type { DeepHealth } from "../wire/health.ts";
import { versionHeader, wireVersion } from "../wire/version.ts";

/** `signal` aborts when the caller has gone away: a long poll may then stop waiting. */
export type Handlers = {
  readonly [N in EveryCallName]?: (request: EveryRequest<N>, signal: AbortSignal) => Promise<EveryResponse<N>>;
};

export type RpcSettings = {
  readonly handlers: Handlers;
  /** What callers must bring. The token itself, not the name of its file. */
  readonly token: string;
  /** What this process is, as people call it: `agent north`. Anybody may read it. */
  readonly role: string;
  /** Whether all that this process depends on is well. Undefined: there is no such group. Left out: nobody can ask. */
  readonly deepHealth?: (group?: string) => Promise<DeepHealth | undefined>;
  /** Is told of a handler that threw; the caller only learns that it did. */
  readonly onError?: (call: string, error: unknown) => void;
};

type ErrorCode = "unauthorized" | "version" | "unknown-call" | "method" | "too-large" | "bad-request" | "failed";

const statuses: Readonly<Record<ErrorCode, number>> = {
  unauthorized: 401,
  version: 409,
  "unknown-call": 404,
  method: 405,
  "too-large": 413,
  "bad-request": 400,
  failed: 500,
};

const requestBytesMax = 1024 * 1024;
/** So many faults of one request are named; the rest is counted. */
const faultsNamedMax = 5;

/** POST /v1/<call> with the token; GET /healthz and GET /healthz?deep=1 without. Give its `fetch` to a server, or call it in a test. */
export function makeRpc({ handlers, token, role, deepHealth, onError }: RpcSettings): Hono {
  if (token.length === 0) throw new Error("makeRpc needs a token: an empty one would let everybody in");
  const app = new Hono();
  app.get("/healthz", async (context) => {
    const { deep, group } = context.req.query();
    if (deep === undefined) return answer(200, { ok: true, role, version: wireVersion });
    if (deepHealth === undefined) return refusal("unknown-call", `The ${role} has no deep health.`);
    if (deep !== "1" || (group !== undefined && !/^[a-z][a-z0-9-]{0,62}$/.test(group)))
      return refusal("bad-request", "Ask for /healthz?deep=1, or for /healthz?deep=1&group=NAME.");
    const found = await deepHealth(group);
    if (found === undefined) return refusal("unknown-call", `The ${role} has no group ${quoted(group ?? "")}.`);
    return answer(found.ok ? 200 : 503, found);
  });
  app.all("/v1/:name", async (context) => {
    const request = context.req.raw;
    if (!mayEnter(request, token))
      return refusal(
        "unauthorized",
        `The ${role} answers only calls with its bearer token (authorization: Bearer ...). Both sides must be given the same token file.`,
      );
    if (request.method !== "POST") return refusal("method", `Calls are sent with POST, not ${request.method}.`);
    const theirs = request.headers.get(versionHeader);
    if (theirs !== String(wireVersion)) {
      const said = theirs === null ? "names no version" : `speaks version ${quoted(theirs)}`;
      return refusal(
        "version",
        `The caller ${said} of Leeward's protocol (header ${versionHeader}); the ${role} speaks version ${wireVersion}. Bring both to the same version of Leeward.`,
      );
    }
    const name = context.req.param("name");
    if (!isCall(name) || handlers[name] === undefined)
      return refusal("unknown-call", `The ${role} has no call ${quoted(name)}.`);
    const text = await textOf(request);
    if (text === undefined) return refusal("too-large", `A call may have ${requestBytesMax} bytes; this one has more.`);
    const body = parsed(text);
    if (body === undefined) return refusal("bad-request", `The body of the call ${name} is not JSON.`);
    const checked = everyCall[name].request.safeParse(body.value);
    if (!checked.success)
      return refusal("bad-request", `The call ${name} is not as it should be: ${faultsOf(checked.error.issues)}.`);
    try {
      // The schema of `name` has just made this the request of `name`; the compiler cannot follow a table that far.
      const handler = handlers[name] as (request: unknown, signal: AbortSignal) => Promise<unknown>;
      return answer(200, await handler(checked.data, request.signal));
    } catch (error) {
      onError?.(name, error);
      return refusal(
        "failed",
        `The ${role} failed in the call ${name}; whether it had an effect is not known. Its own log says why.`,
      );
    }
  });
  app.notFound(() => refusal("unknown-call", `The ${role} has nothing at this path. Calls are at /v1/<name>.`));
  app.onError((error) => {
    onError?.("?", error);
    return refusal("failed", `The ${role} failed in answering this request. Its own log says why.`);
  });
  return app;
}

function answer(status: number, body: unknown): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/json", "cache-control": "no-store", [versionHeader]: String(wireVersion) },
  });
}

function refusal(error: ErrorCode, why: string): Response {
  return answer(statuses[error], { error, why });
}

function isCall(name: string): name is EveryCallName {
  return Object.hasOwn(everyCall, name);
}

function mayEnter(request: Request, token: string): boolean {
  const given = /^Bearer +(.+)$/i.exec(request.headers.get("authorization") ?? "")?.[1] ?? "";
  return sameText(given, token);
}

/** Takes the same time wherever the two differ, so that the time says nothing about the token. */
function sameText(given: string, token: string): boolean {
  let difference = given.length ^ token.length;
  for (let at = 0; at < token.length; at += 1)
    difference |= given.charCodeAt(at % Math.max(1, given.length)) ^ token.charCodeAt(at);
  return difference === 0;
}

/** Undefined when it is longer than the bound; then the rest is not read. A body that breaks off is an empty text: no JSON. */
async function textOf(request: Request): Promise<string | undefined> {
  const header = request.headers.get("content-length");
  const length = header !== null && /^\d+$/.test(header) ? Number(header) : null;
  if (length !== null && length > requestBytesMax) return undefined;
  try {
    // With a length, the server below sees to it that no more than that is read.
    if (length !== null) return await request.text();
    return request.body === null ? "" : await boundedText(request.body);
  } catch {
    return "";
  }
}

async function boundedText(body: ReadableStream<Uint8Array>): Promise<string | undefined> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let bytes = 0;
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.length;
    if (bytes > requestBytesMax) {
      await reader.cancel();
      return undefined;
    }
    text += decoder.decode(value, { stream: true });
  }
}

function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

function faultsOf(issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[]): string {
  const named = issues
    .slice(0, faultsNamedMax)
    .map(({ path, message }) => `${placeOf(path)}: ${message.charAt(0).toLowerCase()}${message.slice(1)}`);
  const more = issues.length - named.length;
  return `${named.join("; ")}${more > 0 ? `; and ${more} more` : ""}`;
}

/** `observations[3].roundTripMs` */
function placeOf(path: readonly PropertyKey[]): string {
  const place = path.map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`)).join("");
  return place === "" ? "the body" : place.replace(/^\./, "").slice(0, 200);
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 40));
}
