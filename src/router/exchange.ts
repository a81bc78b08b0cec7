// One attempt to have one HTTP request answered by one origin or by the primary's router.
//
// I1. An answer to a write is collected whole and let through in one write to the socket, right after both clocks and the epoch were
//     read; one too large to collect is checked again at every chunk. What may not be let through is dropped, never stored for later.
//
// How it ends says what may be done next: "not-executed" was never handed on (or another router says so), "again" was a read that
// may simply be repeated, "unknown" may have happened.

import {
  type Agent,
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import type { Dispatch } from "../core/route/acknowledge.ts";
import { acknowledgedHeader, notExecutedHeader } from "../wire/version.ts";
import type { Address } from "./address.ts";
import { whyIn } from "./answers.ts";
import type { Body } from "./body.ts";
import { answerHeaders, requestHeaders } from "./headers.ts";
import type { RouterLimits } from "./limits.ts";
import type { GroupState, Member, Table } from "./table.ts";

export type Ended =
  /** Something was written to the client, or it has left. */
  | { readonly kind: "answered" }
  | { readonly kind: "not-executed"; readonly why: string; readonly refusedConnection: boolean }
  | { readonly kind: "again"; readonly why: string }
  | { readonly kind: "too-large"; readonly why: string }
  | { readonly kind: "unknown"; readonly why: string };

export type Job = {
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: Exclude<Body, { readonly kind: "too-large" | "gone" }>;
  readonly group: GroupState;
  readonly dispatch: Dispatch;
  /** Is the target another router? */
  readonly isPeer: boolean;
  readonly address: Address;
  readonly agent: Agent;
  /** Headers of the routers' own towards a peer, flat. */
  readonly own: readonly string[];
  /** The user's address to be added to X-Forwarded-For; undefined when another router has done it. */
  readonly remote: string | undefined;
  /** In words, for sentences: "the router of north", "web at 127.0.0.1:9000". */
  readonly target: string;
  /** For a request without a Host. */
  readonly host: string;
};

export type ExchangeDeps = {
  readonly table: Table;
  readonly limits: RouterLimits;
  /** The target answered (true), or failed to (false). */
  readonly observed: (ok: boolean) => void;
  /** The target took the request and then said nothing until the deadline. */
  readonly silent: () => void;
};

/** Never rejects. Registered in the group's `inFlight` while it lasts. */
export function exchange(job: Job, deps: ExchangeDeps): Promise<Ended> {
  return new Promise((resolve) => new Exchange(job, deps, resolve).start());
}

class Exchange implements Member {
  readonly epoch: number;
  readonly #job: Job;
  readonly #deps: ExchangeDeps;
  readonly #resolve: (ended: Ended) => void;
  #upstream: ClientRequest | undefined;
  #answer: IncomingMessage | undefined;
  #timer: NodeJS.Timeout | undefined;
  #hasEnded = false;
  /** A connection stands, so the request may have arrived. */
  #isSent = false;
  /** The head of the answer was written to the client. */
  #hasStarted = false;
  /** The answer is passed on chunk by chunk. */
  #isStreaming = false;
  #isComplete = false;
  #isWaitingForWindow = false;
  #chunks: Buffer[] = [];
  #size = 0;
  #bodyBytes = 0;

  constructor(job: Job, deps: ExchangeDeps, resolve: (ended: Ended) => void) {
    this.epoch = job.dispatch.epoch;
    this.#job = job;
    this.#deps = deps;
    this.#resolve = resolve;
  }

  start(): void {
    const job = this.#job;
    const { limits } = this.#deps;
    let upstream: ClientRequest;
    try {
      upstream = httpRequest({
        host: job.address.host,
        port: job.address.port,
        method: job.incoming.method ?? "GET",
        path: originForm(job.incoming.url ?? "/"),
        headers: requestHeaders(job.incoming.rawHeaders, {
          remote: job.remote,
          own: [...job.own, ...framing(job.body)],
          host: job.host,
        }),
        agent: job.agent,
        setHost: false,
      });
    } catch (error) {
      this.#end({
        kind: "not-executed",
        why: `the request cannot be passed on: ${messageOf(error)}`,
        refusedConnection: false,
      });
      return;
    }
    this.#upstream = upstream;
    job.group.inFlight.add(this);
    job.response.once("close", this.#onClientGone);
    this.#arm(limits.answerDeadlineMs + (job.isPeer ? limits.peerExtraMs : 0), this.#onSilence);
    upstream.on("socket", (socket) => {
      if (!socket.connecting) {
        this.#isSent = true;
        return;
      }
      this.#arm(limits.connectTimeoutMs, this.#onNoConnection);
      socket.once("connect", () => {
        if (this.#hasEnded) return;
        this.#isSent = true;
        this.#armAnswer();
      });
    });
    upstream.on("response", (answer) => this.#onAnswer(answer));
    upstream.on("upgrade", (_answer, socket) => {
      socket.destroy();
      this.#lose(`${job.target} wanted to change the protocol, which this router does not do`, true);
    });
    upstream.on("error", (error) =>
      this.#lose(`${job.target} ${this.#isSent ? "broke off" : "could not be reached"}: ${messageOf(error)}`, true),
    );
    this.#sendBody(upstream);
  }

  drop(why: string): void {
    this.#lose(why, false);
  }

  recheck(): void {
    if (this.#isWaitingForWindow) this.#passOnWhole();
  }

  #sendBody(upstream: ClientRequest): void {
    const { body, incoming } = this.#job;
    if (body.kind === "none") upstream.end();
    else if (body.kind === "whole") upstream.end(body.bytes);
    else {
      for (const chunk of body.first) {
        this.#bodyBytes += chunk.length;
        upstream.write(chunk);
      }
      incoming.on("data", (chunk: Buffer) => {
        if (this.#hasEnded) return;
        this.#bodyBytes += chunk.length;
        if (this.#bodyBytes > this.#deps.limits.bodyBytesMax) {
          upstream.destroy();
          this.#end({
            kind: "too-large",
            why: `a request body may have ${this.#deps.limits.bodyBytesMax} bytes; this one has more`,
          });
          return;
        }
        if (!upstream.write(chunk)) incoming.pause();
        this.#armAnswer();
      });
      upstream.on("drain", () => incoming.resume());
      incoming.on("end", () => {
        if (!this.#hasEnded) upstream.end();
      });
      incoming.resume();
    }
  }

  #onAnswer(answer: IncomingMessage): void {
    const job = this.#job;
    const deps = this.#deps;
    this.#answer = answer;
    answer.on("error", (error) => this.#lose(`${job.target} broke off its answer: ${messageOf(error)}`, true));
    answer.on("close", () => {
      if (!this.#isComplete) this.#lose(`${job.target} broke off its answer`, true);
    });
    if (this.#hasEnded) return;
    if (job.isPeer && answer.headers[notExecutedHeader] !== undefined) {
      this.#onPeersNo(answer);
      return;
    }
    deps.observed((answer.statusCode ?? 500) < 500);
    const isEventStream = answer.headers["content-type"]?.startsWith("text/event-stream") === true;
    const length = answer.headers["content-length"];
    if (
      job.dispatch.safe ||
      isEventStream ||
      (length !== undefined && Number(length) > deps.limits.answerBytesMax && hasBody(job, answer))
    ) {
      this.#stream();
      if (this.#hasEnded) return;
    } else if (length === undefined) {
      this.#arm(deps.limits.answerCollectMs, () => {
        if (!this.#isWaitingForWindow) this.#stream();
      });
    }
    answer.on("data", (chunk: Buffer) => this.#onChunk(chunk));
    answer.on("end", () => {
      this.#isComplete = true;
      if (this.#hasEnded) return;
      if (this.#isStreaming) this.#finishStream();
      else this.#passOnWhole();
    });
  }

  /** Another router's own word: it did not hand the request on. */
  #onPeersNo(answer: IncomingMessage): void {
    let text = "";
    answer.setEncoding("utf8");
    answer.on("data", (part: string) => {
      if (text.length < 2_000) text += part;
    });
    answer.on("end", () => {
      this.#isComplete = true;
      this.#end({
        kind: "not-executed",
        why: `${this.#job.target}: ${whyIn(text) ?? `it answered ${answer.statusCode}`}`,
        refusedConnection: false,
      });
    });
  }

  #onChunk(chunk: Buffer): void {
    if (this.#hasEnded) return;
    if (this.#isStreaming) {
      this.#passOnChunk(chunk);
      return;
    }
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    if (this.#size > this.#deps.limits.answerBytesMax) this.#stream();
  }

  /** The whole answer is here: both clocks are read, and it leaves in one write or not at all. */
  #passOnWhole(): void {
    const job = this.#job;
    const deps = this.#deps;
    const answer = this.#answer as IncomingMessage;
    const bytes = this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks, this.#size);
    // An answer without a body keeps the length it announces (HEAD, 304).
    const length = hasBody(job, answer) ? String(bytes.length) : answer.headers["content-length"];
    const headers = answerHeaders(answer.rawHeaders, length, acknowledgedEpoch(job, answer));
    const verdict = deps.table.verdict(job.dispatch, job.group.route.group);
    if (verdict.kind === "yes") {
      if (!this.#writeHead(answer, headers)) return;
      job.response.end(bytes);
      this.#end({ kind: "answered" });
    } else if (!verdict.mayReopen) this.#lose(verdict.why, false);
    else if (!this.#isWaitingForWindow) {
      this.#isWaitingForWindow = true;
      this.#arm(deps.limits.windowWaitMs, () => this.#lose(verdict.why, false));
    }
  }

  /** From here on the answer is passed on as it comes. */
  #stream(): void {
    if (this.#hasEnded || this.#isStreaming) return;
    const job = this.#job;
    const deps = this.#deps;
    const answer = this.#answer as IncomingMessage;
    const headers = answerHeaders(answer.rawHeaders, answer.headers["content-length"], acknowledgedEpoch(job, answer));
    const verdict = deps.table.verdict(job.dispatch, job.group.route.group);
    if (verdict.kind !== "yes") {
      this.#lose(verdict.why, false);
      return;
    }
    if (!this.#writeHead(answer, headers)) return;
    this.#isStreaming = true;
    this.#arm(deps.limits.streamIdleMs, this.#onSilence);
    job.response.on("drain", () => answer.resume());
    const chunks = this.#chunks;
    this.#chunks = [];
    // The head waits a moment for the first chunk to leave together with it; a stream that is silent at first sends it alone.
    if (chunks.length === 0 && answer.headers["content-length"] === undefined) setImmediate(this.#flushHead);
    for (const chunk of chunks) this.#passOnChunk(chunk);
  }

  /** Node parses heads that it refuses to write (a status of 99, control characters): such an answer is as good as broken off. */
  #writeHead(answer: IncomingMessage, headers: string[]): boolean {
    try {
      this.#job.response.writeHead(answer.statusCode ?? 502, answer.statusMessage ?? "", headers);
      this.#hasStarted = true;
      return true;
    } catch (error) {
      this.#lose(`${this.#job.target} answered with a head that cannot be passed on: ${messageOf(error)}`, true);
      return false;
    }
  }

  #passOnChunk(chunk: Buffer): void {
    const job = this.#job;
    const deps = this.#deps;
    const verdict = deps.table.verdict(job.dispatch, job.group.route.group);
    if (verdict.kind !== "yes") {
      this.#lose(verdict.why, false);
      return;
    }
    this.#timer?.refresh();
    if (!job.response.write(chunk)) this.#answer?.pause();
  }

  #finishStream(): void {
    const verdict = this.#deps.table.verdict(this.#job.dispatch, this.#job.group.route.group);
    if (verdict.kind !== "yes") {
      this.#lose(verdict.why, false);
      return;
    }
    this.#job.response.end();
    this.#end({ kind: "answered" });
  }

  /** No answer will come, or it may not be let through. `byTarget`: it is the target's doing, and worth an observation. */
  #lose(why: string, byTarget: boolean): void {
    if (this.#hasEnded) return;
    if (byTarget && !this.#hasStarted) this.#deps.observed(false);
    this.#chunks = [];
    const job = this.#job;
    if (this.#hasStarted) {
      // A cut connection is the one way to say that an answer which has begun is not whole.
      job.response.destroy();
      this.#end({ kind: "answered" });
    } else if (!this.#isSent) this.#end({ kind: "not-executed", why, refusedConnection: byTarget });
    else if (job.dispatch.safe) this.#end({ kind: "again", why });
    else this.#end({ kind: "unknown", why });
    this.#upstream?.destroy();
  }

  readonly #onClientGone = (): void => {
    if (this.#hasEnded) return;
    this.#end({ kind: "answered" });
    this.#upstream?.destroy();
  };

  readonly #flushHead = (): void => {
    if (!this.#hasEnded) this.#job.response.flushHeaders();
  };

  readonly #onSilence = (): void => {
    this.#deps.silent();
    this.#lose(`${this.#job.target} did not answer in time`, true);
  };

  readonly #onNoConnection = (): void => this.#lose(`${this.#job.target} did not accept a connection in time`, true);

  #armAnswer(): void {
    if (this.#answer !== undefined) return;
    const { limits } = this.#deps;
    this.#arm(limits.answerDeadlineMs + (this.#job.isPeer ? limits.peerExtraMs : 0), this.#onSilence);
  }

  #arm(ms: number, then: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(then, ms);
  }

  #end(ended: Ended): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    clearTimeout(this.#timer);
    this.#job.group.inFlight.delete(this);
    this.#job.response.off("close", this.#onClientGone);
    // An answer that came before the whole request was sent leaves a connection that no other request can use.
    if (this.#upstream?.writableEnded === false) this.#upstream.destroy();
    this.#resolve(ended);
  }
}

function framing(body: Job["body"]): readonly string[] {
  if (body.kind === "none") return [];
  if (body.kind === "whole") return ["Content-Length", String(body.bytes.length)];
  return body.length === undefined ? ["Transfer-Encoding", "chunked"] : ["Content-Length", body.length];
}

/** A peer's router says by its own header whether its answer is one; its "unknown" is none. */
function acknowledgedEpoch(job: Job, answer: IncomingMessage): number | undefined {
  if (job.dispatch.safe || (job.isPeer && answer.headers[acknowledgedHeader] === undefined)) return undefined;
  return job.dispatch.epoch;
}

function hasBody(job: Job, answer: IncomingMessage): boolean {
  return job.incoming.method !== "HEAD" && answer.statusCode !== 304 && answer.statusCode !== 204;
}

/** Proxies may be asked with a whole URL; origins are asked with its path. */
function originForm(url: string): string {
  const match = /^https?:\/\/[^/?#]*/i.exec(url);
  if (match === null) return url;
  const rest = url.slice(match[0].length);
  return rest.startsWith("/") ? rest : `/${rest}`;
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = (error as NodeJS.ErrnoException).code;
  // Several addresses tried: Node gives an AggregateError without a message.
  return error.message === "" ? (code ?? error.name) : error.message;
}
