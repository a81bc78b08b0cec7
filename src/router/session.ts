// One TCP session: two sockets joined under one epoch. What the client sends passes freely; every chunk from the upstream passes the
// gate, because a database's acknowledgements cannot be told from its rows.
//
// I1. A chunk passes only after the clocks and the epoch were read at that moment. While the client's socket still holds bytes in
//     this process nothing more is read from the upstream, so at most one chunk that passed can still be on its way out.

import type { Socket } from "node:net";
import type { Verdict } from "../core/route/acknowledge.ts";
import type { Member } from "./table.ts";

export type SessionDeps = {
  readonly client: Socket;
  readonly upstream: Socket;
  readonly epoch: number;
  readonly verdict: () => Verdict;
  /** How long a chunk waits for the window to be renewed under the same epoch. */
  readonly windowWaitMs: number;
  /** Called once, when both sockets are gone or being destroyed. */
  readonly onEnd: (why: string) => void;
};

export class Session implements Member {
  readonly epoch: number;
  readonly #client: Socket;
  readonly #upstream: Socket;
  readonly #deps: SessionDeps;
  #waiting: Buffer | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isFull = false;
  #hasUpstreamEnded = false;
  #hasEnded = false;
  #open = 2;

  constructor(deps: SessionDeps) {
    this.#deps = deps;
    this.epoch = deps.epoch;
    this.#client = deps.client;
    this.#upstream = deps.upstream;
  }

  /** Joins the sockets. `early` and `earlyAnswer`: bytes that were read before they were joined. */
  start(early: Buffer, earlyAnswer: Buffer): void {
    const client = this.#client;
    const upstream = this.#upstream;
    for (const socket of [client, upstream]) {
      socket.setTimeout(0);
      socket.setNoDelay(true);
      socket.setKeepAlive(true, 10_000);
      socket.on("error", this.#onBroken);
      socket.on("close", this.#onClose);
    }
    client.on("data", (chunk: Buffer) => {
      if (!upstream.write(chunk)) client.pause();
    });
    upstream.on("drain", () => client.resume());
    client.on("end", () => upstream.end());
    upstream.on("data", this.#onUpstreamData);
    upstream.on("end", () => {
      this.#hasUpstreamEnded = true;
      if (this.#waiting === undefined) client.end();
    });
    if (early.length > 0) upstream.write(early);
    if (earlyAnswer.length > 0) this.#onUpstreamData(earlyAnswer);
    // A side that ended before it was joined has said so to nobody.
    if (client.readableEnded) upstream.end();
    if (upstream.readableEnded) {
      this.#hasUpstreamEnded = true;
      if (this.#waiting === undefined) client.end();
    }
    client.resume();
    if (this.#waiting === undefined && !this.#isFull) upstream.resume();
    if (client.destroyed || upstream.destroyed) this.drop("one side was gone before the session began");
  }

  drop(why: string): void {
    this.#finish(why);
  }

  recheck(): void {
    const chunk = this.#waiting;
    if (chunk === undefined) return;
    const verdict = this.#deps.verdict();
    if (verdict.kind === "unknown") {
      if (!verdict.mayReopen) this.#finish(verdict.why);
      return;
    }
    clearTimeout(this.#timer);
    this.#waiting = undefined;
    this.#pass(chunk);
    if (!this.#isFull) this.#upstream.resume();
    if (this.#hasUpstreamEnded) this.#client.end();
  }

  readonly #onUpstreamData = (chunk: Buffer): void => {
    if (this.#hasEnded) return;
    const verdict = this.#deps.verdict();
    if (verdict.kind === "yes") {
      this.#pass(chunk);
      return;
    }
    if (!verdict.mayReopen) {
      this.#finish(verdict.why);
      return;
    }
    this.#upstream.pause();
    this.#waiting = this.#waiting === undefined ? chunk : Buffer.concat([this.#waiting, chunk]);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#finish(verdict.why), this.#deps.windowWaitMs);
  };

  #pass(chunk: Buffer): void {
    this.#client.write(chunk, this.#onFlushed);
    if (this.#client.writableLength === 0) return;
    this.#isFull = true;
    this.#upstream.pause();
  }

  readonly #onFlushed = (): void => {
    if (!this.#isFull || this.#client.writableLength > 0) return;
    this.#isFull = false;
    if (this.#waiting === undefined) this.#upstream.resume();
  };

  readonly #onBroken = (error: Error): void => this.#finish(`the connection broke: ${error.message}`);

  readonly #onClose = (): void => {
    this.#open--;
    const isWhole = this.#client.readableEnded && this.#hasUpstreamEnded;
    if (!isWhole) this.#finish("one side closed");
    else if (this.#open === 0) this.#finish("both sides closed");
  };

  #finish(why: string): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    clearTimeout(this.#timer);
    this.#waiting = undefined;
    this.#client.destroy();
    this.#upstream.destroy();
    this.#deps.onEnd(why);
  }
}
