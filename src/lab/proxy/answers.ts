// The answers of a service on one connection: which bytes begin one, and which of them are made to fail. A brown-out is not a network
// fault, so it is made where a caller meets it: one answer in so many is replaced by a 503 and the end of the connection, whatever the
// service has really done. HTTP/1.1 without pipelining, as all callers here speak it: an answer begins with the first bytes that come
// back after bytes went up. What does not begin with a request line is left alone.

import type { Link } from "./faults.ts";

const requestLine = /^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) /;
const body = "this answer was made to fail by the lab\n";
const failure = Buffer.from(
  `HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
);

export type Answers = {
  /** Bytes go up to the service. */
  asked(chunk: Buffer): void;
  /** Bytes come back: what to send instead of them, "swallow" after a failure was sent, undefined when they are to pass. */
  takes(): Buffer | "swallow" | undefined;
  isHttp(): boolean;
  /** This connection has had its failure, and ended with it. */
  failed(): boolean;
};

/** `link`: from the service to the caller. */
export function makeAnswers(link: Link): Answers {
  let sort: "unknown" | "http" | "other" = "unknown";
  let awaited = false;
  let failed = false;
  return {
    asked(chunk) {
      if (sort === "unknown") sort = requestLine.test(chunk.subarray(0, 8).toString("latin1")) ? "http" : "other";
      awaited = true;
    },
    takes() {
      if (failed) return "swallow";
      const begins = awaited;
      awaited = false;
      if (!begins || sort !== "http" || Math.random() >= link.failShare) return undefined;
      failed = true;
      return failure;
    },
    isHttp: () => sort === "http",
    failed: () => failed,
  };
}
