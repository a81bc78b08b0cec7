// The PostgreSQL driver: one server of one service in one region.
// D1. Orders are carried out one after the other, except a fence, which waits for nobody. It ends the server at once, and once more
//     when an order that was under way is over: that one might just have started it again.
// D2. Errors are caught here, once, and become outcomes.

import type { Action, Driver, Outcome, ServiceStatus } from "../../ports/driver.ts";
import type { Log } from "../../ports/log.ts";
import type { Signal } from "../../ports/signal.ts";
import {
  awaitPosition,
  fencedOutcome,
  fenceHere,
  fenceTimes,
  followPrimary,
  type Progress,
  promoteHere,
  servePrimary,
  setMode,
  verifyWrite,
} from "./actions.ts";
import { noticeByHand } from "./by-hand.ts";
import { dataOf, findServer } from "./cluster.ts";
import { makePrivateFolder } from "./durable.ts";
import { driverErrorOf } from "./errors.ts";
import { fence } from "./fence.ts";
import { rememberStreaming } from "./follow.ts";
import { readPart, readStreamed, type Streamed } from "./notes.ts";
import { adminAddress, type Site } from "./site.ts";
import { Sql } from "./sql.ts";
import { readStatus, type ServerStatus } from "./status.ts";

export type PostgresDriverOptions = Site & { readonly log: Log };

/** Kept back from a fence's deadline to look once more after an order that was under way (D1). */
const secondLookShare = 0.4;

/** So long a server that does not answer counts as what it last was; after that it is no better than one that is down. */
const slowForMs = 5_000;

export class PostgresDriver implements Driver {
  #last: { readonly answer: ServiceStatus; readonly atMs: number } | undefined;
  readonly #site: PostgresDriverOptions;
  #sql: Sql | undefined;
  #opening: Promise<Sql> | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #underWay: Action["kind"] | undefined;
  /** A status for everybody who asks at the same moment. */
  #asking: Promise<ServiceStatus> | undefined;

  constructor(options: PostgresDriverOptions) {
    this.#site = options;
  }

  status(deadlineMs: number): Promise<ServiceStatus> {
    this.#asking ??= this.#status(deadlineMs).finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async perform(action: Action, deadlineMs: number, progress: Progress): Promise<Outcome> {
    const until = performance.now() + deadlineMs;
    this.#last = undefined;
    if (action.kind === "fence") return this.#fence(action, until);
    return this.#inTurn(action.kind, until, () => this.#act(action, until, progress));
  }

  async run(signal: Signal): Promise<void> {
    await makePrivateFolder(this.#site.stateFolder, this.#site.as);
    const { service, log } = this.#site;
    const server = await findServer(this.#site);
    if (server !== undefined)
      log.write("info", "services", `${service} still runs and is taken over`, { pid: server.pid });
    if (!signal.aborted) {
      await new Promise<void>((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    }
    this.#disconnect();
  }

  async shutdown(deadlineMs: number): Promise<void> {
    const busy = this.#underWay !== undefined;
    await this.#stop(deadlineMs * (busy ? 0.5 : 1));
    if (!busy) return;
    // What was under way might have started it again.
    await this.#turnEndsWithin(deadlineMs * 0.2);
    await this.#stop(deadlineMs * 0.3);
  }

  async #act(action: Exclude<Action, { kind: "fence" }>, until: number, progress: Progress): Promise<Outcome> {
    await makePrivateFolder(this.#site.stateFolder, this.#site.as);
    const kept = this.#sql?.usable === true ? this.#sql : undefined;
    switch (action.kind) {
      case "serve-primary":
        return servePrimary(this.#site, action, until);
      case "follow":
        return followPrimary(this.#site, action, until, progress);
      case "promote":
        return promoteHere(this.#site, action, until, kept);
      case "await-position":
        return awaitPosition(this.#site, action, until, kept);
      case "set-mode":
        return setMode(this.#site, action, until);
      case "verify-write":
        return verifyWrite(this.#site, until);
      case "stop":
        return this.#stop(until - performance.now());
      case "scale":
        return { kind: "failed", retry: "never", reason: `${this.#site.service} is a database and cannot be scaled.` };
      default:
        return action satisfies never;
    }
  }

  async #fence(action: Extract<Action, { kind: "fence" }>, until: number): Promise<Outcome> {
    this.#disconnect();
    const leftMs = () => Math.max(1, until - performance.now());
    try {
      await makePrivateFolder(this.#site.stateFolder, this.#site.as);
      const underWay = this.#underWay;
      if (underWay === undefined) return await fenceHere(this.#site, action, leftMs());
      const first = await fenceHere(this.#site, action, leftMs() * (1 - secondLookShare));
      if (first.kind !== "done") return first;
      const ended = await this.#turnEndsWithin(leftMs() / 2);
      const mayServe = underWay === "serve-primary" || underWay === "promote";
      if (!ended && mayServe) {
        return {
          kind: "unknown",
          reason: `${first.reason}; but an order to ${underWay} was under way and is not over`,
        };
      }
      // A standby that is being copied takes no writes, and may go on.
      if (!mayServe) return first;
      const second = await fenceHere(this.#site, action, leftMs());
      return second.kind === "done" && second.facts?.how === "absent" ? first : second;
    } catch (error) {
      return this.#failureOf(error, "fencing");
    }
  }

  async #stop(deadlineMs: number): Promise<Outcome> {
    this.#disconnect();
    return fencedOutcome(this.#site, await fence(this.#site, fenceTimes("graceful", deadlineMs)));
  }

  async #inTurn(kind: Action["kind"], until: number, work: () => Promise<Outcome>): Promise<Outcome> {
    const before = this.#turn;
    const mine = (async (): Promise<Outcome> => {
      if (!(await endsWithin(before, until - performance.now()))) {
        const reason = `${this.#site.service} in ${this.#site.region} was busy with another order until this one's time was over.`;
        return { kind: "failed", retry: "now", reason };
      }
      this.#underWay = kind;
      try {
        return await work();
      } catch (error) {
        return this.#failureOf(error, `carrying out ${kind}`);
      } finally {
        this.#underWay = undefined;
      }
    })();
    this.#turn = Promise.all([before, mine]);
    return mine;
  }

  #turnEndsWithin(ms: number): Promise<boolean> {
    return endsWithin(this.#turn, ms);
  }

  #failureOf(error: unknown, doing: string): Outcome {
    const { service, region } = this.#site;
    const known = driverErrorOf(error, `${doing} for ${service} in ${region}`);
    if (known.retry === "unknown") return { kind: "unknown", reason: known.message, facts: { code: known.code } };
    return { kind: "failed", retry: known.retry, reason: known.message, facts: { code: known.code } };
  }

  async #status(deadlineMs: number): Promise<ServiceStatus> {
    const { service } = this.#site;
    const until = performance.now() + deadlineMs;
    const streamed = await readStreamed(this.#site);
    const hasStreamed = streamed !== undefined;
    const absent = { service, running: false, role: "none", hasStreamed } as const;
    try {
      const sql = await this.#connected(until);
      const status = await readStatus(sql, Math.max(1, until - performance.now()));
      if (status.role === "standby" && status.streaming) await rememberStreaming(this.#site, status);
      const answer = await this.#answer(status, streamed);
      this.#last = { answer, atMs: performance.now() };
      return answer;
    } catch (error) {
      this.#disconnect();
      const running = (await findServer(this.#site).catch(() => undefined)) !== undefined;
      if (running) return this.#slow(driverErrorOf(error, "asking for its state").message, absent);
      const data = await dataOf(this.#site).catch((trouble: unknown) =>
        driverErrorOf(trouble, "looking at the data folder"),
      );
      const note = data instanceof Error ? data.message : data === undefined ? "There is no data yet." : undefined;
      return note === undefined ? absent : { ...absent, note };
    }
  }

  /**
   * A server that lives and does not answer in time is slow, not stopped: for a moment it is what it was. A primary's position is left
   * out, because an older one would prove of standbys what they have not got; a standby's older one only proves less than there is.
   */
  #slow(why: string, absent: ServiceStatus): ServiceStatus {
    const note = `The server runs but does not answer: ${why}`;
    if (this.#last === undefined || performance.now() - this.#last.atMs > slowForMs) return { ...absent, note };
    const { answer } = this.#last;
    if (answer.role !== "primary" || answer.position === undefined) return { ...answer, note };
    return { ...answer, position: { timeline: answer.position.timeline }, note };
  }

  async #answer(status: ServerStatus, streamed: Streamed | undefined): Promise<ServiceStatus> {
    const { service, region } = this.#site;
    const ordered = await readPart(this.#site);
    const note = noticeByHand({ service, region, role: status.role, timeline: status.timeline, ordered });
    const common = { service, running: true, role: status.role, ...(note === undefined ? {} : { note }) } as const;
    if (status.role === "primary") {
      const { written, timeline, standbys } = status;
      return {
        ...common,
        position: { written: written.toString(), timeline },
        streaming: standbys.some(({ state }) => state === "streaming"),
        hasStreamed: streamed !== undefined,
      };
    }
    const { received, replayed, streaming, lagBytes, lagMs } = status;
    // While it does not stream, it knows its timeline only as of its last restart point; the note is newer.
    const timeline = Math.max(status.timeline, streamed?.timeline ?? 0);
    return {
      ...common,
      position: { received: received.toString(), replayed: replayed.toString(), timeline },
      streaming,
      hasStreamed: streamed !== undefined || streaming,
      ...(lagBytes === undefined ? {} : { lagBytes: Number(lagBytes) }),
      ...(lagMs === undefined ? {} : { lagMs: Math.round(lagMs) }),
    };
  }

  /** One session is kept for the status: it is asked for many times a second, and each new session costs a password check. */
  async #connected(until: number): Promise<Sql> {
    if (this.#sql?.usable === true) return this.#sql;
    this.#opening ??= Sql.open(adminAddress(this.#site), Math.max(1, until - performance.now())).finally(() => {
      this.#opening = undefined;
    });
    this.#sql = await this.#opening;
    return this.#sql;
  }

  #disconnect(): void {
    this.#sql?.destroy();
    this.#sql = undefined;
  }
}

async function endsWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  const ended = await Promise.race([work.then(() => true), late]);
  clearTimeout(timer);
  return ended;
}
