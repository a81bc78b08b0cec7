// The queue before the worker thread: one job at a time is with the worker, the others wait here, each for at most its deadline.
//
// 1. A caller is answered by its deadline, whatever the disk does. The event loop never waits for a disk.
// 2. "Unknown" is said only of a change that was handed to the worker. One that still waited here was not begun: "later".
// 3. An answer that comes after its deadline frees the worker, and is given to nobody: ids are never used twice.

import type { StoreFailure } from "../../ports/store.ts";
import type { Job, Reply, Request } from "./messages.ts";

/** The way to a worker that has its file open. */
export type Channel = {
  send(request: Request): void;
  /** Set once, right after the channel is made. */
  onReply(listener: (id: number, reply: Reply) => void): void;
  /** The worker is gone, without having been asked to go. */
  onEnd(listener: (why: string) => void): void;
  /** Resolves when it is gone, or was given up because it hangs. */
  end(): Promise<void>;
};

export type LineSettings = {
  /** Never rejects. */
  readonly connect: () => Promise<{ readonly kind: "connected"; readonly channel: Channel } | StoreFailure>;
  readonly deadlineMs: number;
  /** Jobs that may wait; one more is told "later". */
  readonly waitingMax: number;
  readonly nowMs: () => number;
  readonly what: string;
};

export type Line = {
  call(job: Job): Promise<Reply>;
  /** What waits is told "later"; what is with the worker gets its time. */
  close(): Promise<void>;
};

/** A worker that died is replaced, but not more often than this. */
const reconnectEveryMs = 1_000;

type Waiting = {
  readonly id: number;
  readonly job: Job;
  readonly untilMs: number;
  settle: ((reply: Reply) => void) | undefined;
};

export function makeLine(first: Channel, settings: LineSettings): Line {
  const { deadlineMs, waitingMax, nowMs, what } = settings;
  let channel: Channel | undefined;
  let connecting = false;
  let connectFromMs = 0;
  let nextId = 1;
  let closed = false;
  let idle: (() => void) | undefined;
  let withWorker: Waiting | undefined;
  const waiting: Waiting[] = [];

  const later = (why: string): StoreFailure => ({ kind: "failed", retry: "later", why });
  const ranOut = (job: Job): StoreFailure =>
    changes(job)
      ? {
          kind: "failed",
          retry: "unknown",
          why: `${what} did not answer within ${deadlineMs} ms: whether the change was made is not known.`,
        }
      : later(`${what} did not answer within ${deadlineMs} ms.`);

  const adopt = (next: Channel): void => {
    channel = next;
    next.onReply((id, reply) => {
      if (channel !== next || withWorker?.id !== id) return;
      const { settle } = withWorker;
      withWorker = undefined;
      settle?.(reply);
      pump();
    });
    next.onEnd((why) => {
      if (channel !== next) return;
      channel = undefined;
      connectFromMs = nowMs() + reconnectEveryMs;
      const lost = withWorker;
      withWorker = undefined;
      lost?.settle?.(
        changes(lost.job)
          ? {
              kind: "failed",
              retry: "unknown",
              why: `${what} stopped in the middle of a call (${why}): whether the change was made is not known.`,
            }
          : later(`${what} stopped: ${why}.`),
      );
      pump();
    });
  };

  const refuseAll = (failure: StoreFailure): void => {
    for (const { settle } of waiting.splice(0)) settle?.(failure);
  };

  const reconnect = async (): Promise<void> => {
    connecting = true;
    const result = await settings.connect();
    connecting = false;
    if (result.kind === "failed") {
      connectFromMs = nowMs() + reconnectEveryMs;
      refuseAll(result.retry === "unknown" ? { ...result, retry: "later" } : result);
      idle?.();
    } else if (closed) {
      await result.channel.end();
      idle?.();
    } else {
      adopt(result.channel);
      pump();
    }
  };

  const pump = (): void => {
    if (withWorker !== undefined) return;
    if (waiting.length === 0) {
      idle?.();
      return;
    }
    if (channel === undefined) {
      if (connecting) return;
      if (nowMs() < connectFromMs)
        refuseAll(later(`${what} stopped, and is about to be opened again; nothing was written.`));
      else void reconnect(); // It never rejects, and calls `pump` when it is through.
      return;
    }
    withWorker = waiting.shift();
    if (withWorker !== undefined) channel.send({ id: withWorker.id, untilMs: withWorker.untilMs, job: withWorker.job });
  };

  adopt(first);

  return {
    call(job) {
      if (closed) return Promise.resolve<Reply>({ kind: "failed", retry: "never", why: `${what} is closed.` });
      if (waiting.length >= waitingMax)
        return Promise.resolve<Reply>(
          later(`${what} is too slow: ${waitingMax} calls already wait for it. Nothing was written.`),
        );
      return new Promise((resolve) => {
        const entry: Waiting = { id: nextId++, job, untilMs: nowMs() + deadlineMs, settle: undefined };
        const timer = setTimeout(() => {
          const at = waiting.indexOf(entry);
          if (at >= 0) waiting.splice(at, 1);
          entry.settle?.(
            at >= 0
              ? later(`${what} did not get to this call within ${deadlineMs} ms; nothing was written.`)
              : ranOut(job),
          );
        }, deadlineMs);
        entry.settle = (reply) => {
          entry.settle = undefined;
          clearTimeout(timer);
          resolve(reply);
        };
        waiting.push(entry);
        pump();
      });
    },
    async close() {
      if (closed) return;
      closed = true;
      refuseAll(later(`${what} is being closed; nothing was written.`));
      if (withWorker !== undefined) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, deadlineMs);
          idle = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      const last = channel;
      channel = undefined;
      await last?.end();
    },
  };
}

function changes(job: Job): boolean {
  return job.op === "swap" || job.op === "append";
}
