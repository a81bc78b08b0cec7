// The router's own answers: one line of JSON with a sentence. What carries `leeward-not-executed` was never handed to an origin.

import { STATUS_CODES, type ServerResponse } from "node:http";
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
  response.writeHead(answer.status, [...ownHeaders(answer), "Content-Length", String(Buffer.byteLength(body))]);
  response.end(body);
}

/** The same as text, for a CONNECT, whose socket has no response object. */
export function rawOwn(answer: OwnAnswer): string {
  const body = ownBody(answer);
  const headers = [...ownHeaders({ ...answer, close: true }), "Content-Length", String(Buffer.byteLength(body))];
  let head = `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ""}\r\n`;
  for (let i = 0; i < headers.length; i += 2) head += `${headers[i]}: ${headers[i + 1]}\r\n`;
  return `${head}\r\n${body}`;
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
