// The router's own answers: one line of JSON with a sentence. What carries `leeward-not-executed` was never handed to an origin.

import { type ServerResponse, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { epochHeader, notExecutedHeader } from "../wire/version.ts";

export type OwnAnswer = {
  readonly status: number;
  readonly error:
    | "not-executed"
    | "unknown"
    | "no-route"
    | "too-large"
    | "unauthorized"
    | "unsupported"
    | "bad-request";
  readonly why: string;
  /** Epoch of the group as this router knows it, for another router. */
  readonly epoch?: number;
  /** Part of it reached an origin before this was found out. */
  readonly partial?: boolean;
  /** Close the connection afterwards: part of the request is still unread. */
  readonly close?: boolean;
};

const retryAfterSeconds = "1";

function ownHeaders(answer: OwnAnswer): string[] {
  const headers = ["Content-Type", "application/json"];
  // Everything but an unknown outcome stopped short of an origin.
  if (answer.error !== "unknown" && answer.partial !== true) headers.push(notExecutedHeader, "1");
  if (answer.status === 503) headers.push("Retry-After", retryAfterSeconds);
  if (answer.epoch !== undefined) headers.push(epochHeader, String(answer.epoch));
  if (answer.close === true) headers.push("Connection", "close");
  return headers;
}

function ownBody(answer: OwnAnswer): string {
  return `${JSON.stringify({ error: answer.error, why: answer.why })}\n`;
}

/** Does nothing when the client has left or was answered. */
export function sendOwn(response: ServerResponse, answer: OwnAnswer): void {
  if (response.headersSent || response.destroyed) return;
  const body = ownBody(answer);
  // The reason phrase is given, because an origin's unusable one may still sit in the response.
  response.writeHead(answer.status, STATUS_CODES[answer.status] ?? "", [
    ...ownHeaders(answer),
    "Content-Length",
    String(Buffer.byteLength(body)),
  ]);
  response.end(body);
}

/** How long a refused CONNECT may take to read its answer and leave. */
const hangUpMs = 1_000;

/** The same for a CONNECT, whose socket has no response object. The socket is closed, at the latest after a second. */
export function hangUp(socket: Socket, answer: OwnAnswer): void {
  const body = ownBody(answer);
  const headers = [...ownHeaders({ ...answer, close: true }), "Content-Length", String(Buffer.byteLength(body))];
  let head = `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ""}\r\n`;
  for (let i = 0; i < headers.length; i += 2) head += `${headers[i]}: ${headers[i + 1]}\r\n`;
  socket.end(`${head}\r\n${body}`);
  // What it still sends is read and thrown away: closing over unread bytes would reset the connection and lose the answer.
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), hangUpMs);
  socket.once("close", () => clearTimeout(timer));
}

/** The sentence in another router's own answer, if that is what it is. */
export function whyIn(body: string): string | undefined {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value === "object" && value !== null && "why" in value && typeof value.why === "string")
      return value.why;
  } catch {
    // Not a router's JSON; the caller has a sentence of its own.
  }
  return undefined;
}
