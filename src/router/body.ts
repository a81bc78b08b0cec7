// A request's body: small ones are collected, so that they can be sent again to a new primary; large ones stream and cannot.

import type { IncomingMessage } from "node:http";

export type Body =
  | { readonly kind: "none" }
  | { readonly kind: "whole"; readonly bytes: Buffer }
  /** The first part is here, the rest is still to be read from the (paused) request. */
  | { readonly kind: "stream"; readonly first: readonly Buffer[]; readonly length: string | undefined }
  | { readonly kind: "too-large"; readonly why: string }
  | { readonly kind: "gone" };

export type BodyLimits = { readonly replayBytesMax: number; readonly bodyBytesMax: number };

const none: Body = { kind: "none" };

/** Collects up to `replayBytesMax`. "gone" when the client leaves before its body was whole. */
export function gatherBody(request: IncomingMessage, limits: BodyLimits): Body | Promise<Body> {
  const length = request.headers["content-length"];
  if (length === undefined && request.headers["transfer-encoding"] === undefined) return none;
  const declared = length === undefined ? undefined : Number(length);
  if (declared === 0) return none;
  if (declared !== undefined && declared > limits.bodyBytesMax) {
    return {
      kind: "too-large",
      why: `a request body may have ${limits.bodyBytesMax} bytes, this one announces ${length}`,
    };
  }
  if (declared !== undefined && declared > limits.replayBytesMax) return { kind: "stream", first: [], length };
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const end = (body: Body) => {
      request.off("data", onData).off("end", onEnd).off("close", onGone).off("error", onGone);
      resolve(body);
    };
    const onData = (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size <= limits.replayBytesMax) return;
      request.pause();
      end({ kind: "stream", first: chunks, length });
    };
    const onEnd = () =>
      end({ kind: "whole", bytes: chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, size) });
    const onGone = () => end({ kind: "gone" });
    request.on("data", onData).on("end", onEnd).on("close", onGone).on("error", onGone);
  });
}
