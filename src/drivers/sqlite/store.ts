// `Store` on SQLite: for one controller on one machine. The file is used by a worker thread only, so that a disk that hangs
// costs each call its deadline and the control loop nothing.

import { Worker } from "node:worker_threads";
import type { Store, StoreFailure, Versioned } from "../../ports/store.ts";
import { type Channel, makeLine } from "./line.ts";
import type { Answer, Job, Reply, WorkerSettings } from "./messages.ts";

export type SqliteStoreOptions = {
  readonly file: string;
  /** Each call's; 200 ms when left out. */
  readonly deadlineMs?: number;
  /** For the first opening, which checks the whole file; 10 s when left out. */
  readonly openWithinMs?: number;
  /** Calls that may wait while the disk is slow; 256 when left out: more than a controller has at once. */
  readonly waitingMax?: number;
  /** Bounds the file, in pages of 4096 bytes; when left out, the disk does. */
  readonly pagesMax?: number;
};

/** A value, as JSON text. Bounds what one entry can do to the file and to the memory of whoever reads it. */
const valueCharactersMax = 1024 * 1024;
const keyCharactersMax = 512;
const writesMax = 256;
/** So long a worker may take to close its file before it is ended. */
const closeWithinMs = 2_000;

/**
 * Opens the store, or makes a new one where there is no file. A file that is not a store, is damaged, or has another version's
 * format is refused with a sentence that says what to do, and stays as it was.
 */
export async function openSqliteStore(
  options: SqliteStoreOptions,
): Promise<{ readonly kind: "opened"; readonly store: Store } | StoreFailure> {
  const { file, deadlineMs = 200, openWithinMs = 10_000, waitingMax = 256, pagesMax } = options;
  const settings: WorkerSettings = { file, openWithinMs, pagesMax };
  const first = await startWorker(settings);
  if (first.kind === "failed") return first;
  const line = makeLine(first.channel, {
    connect: () => startWorker(settings),
    deadlineMs,
    waitingMax,
    nowMs: () => Number(process.hrtime.bigint()) / 1e6,
    what: `The store ${file}`,
  });
  return { kind: "opened", store: storeOver(line.call, line.close) };
}

function storeOver(call: (job: Job) => Promise<Reply>, close: () => Promise<void>): Store {
  return {
    async get(key) {
      const bad = badKey(key);
      if (bad !== undefined) return bad;
      const reply = await call({ op: "get", key });
      if (reply.kind === "failed") return reply;
      const record = reply.kind === "records" ? reply.records[0] : undefined;
      return { kind: "value", at: record === undefined ? undefined : versionedOf(record) };
    },
    async list(prefix) {
      const bad = prefix === "" ? undefined : badKey(prefix);
      if (bad !== undefined) return bad;
      const reply = await call({ op: "list", prefix });
      if (reply.kind === "failed") return reply;
      return {
        kind: "values",
        at:
          reply.kind === "records" ? reply.records.map((record) => ({ key: record.key, ...versionedOf(record) })) : [],
      };
    },
    async swap(writes, checks = []) {
      if (writes.length + checks.length > writesMax)
        return never(`One change of the store names more than ${writesMax} keys.`);
      const bad = [...writes, ...checks]
        .map(({ key, expect }) => badKey(key) ?? badNumber(expect, 0))
        .find((failure) => failure !== undefined);
      if (bad !== undefined) return bad;
      if (new Set(writes.map(({ key }) => key)).size !== writes.length)
        return never("One change of the store writes the same key twice.");
      const texts: { key: string; expect: number; text: string }[] = [];
      for (const { key, expect, value } of writes) {
        const text = textOf(value);
        if (typeof text !== "string") return text;
        texts.push({ key, expect, text });
      }
      const reply = await call({
        op: "swap",
        writes: texts,
        checks: checks.map(({ key, expect }) => ({ key, expect })),
      });
      return reply.kind === "records" || reply.kind === "entries"
        ? never("The store answered another question.")
        : reply;
    },
    async append({ run, seq, entry }) {
      const bad = badKey(run) ?? badNumber(seq, 1);
      if (bad !== undefined) return bad;
      const text = textOf(entry);
      if (typeof text !== "string") return text;
      const reply = await call({ op: "append", run, seq, text });
      if (reply.kind === "failed" || reply.kind === "done") return reply;
      return { kind: "conflict" };
    },
    async journal(run, part) {
      const bad =
        badKey(run) ?? (part === undefined ? undefined : (badNumber(part.newest, 1) ?? badNumber(part.before ?? 1, 1)));
      if (bad !== undefined) return bad;
      const reply = await call({ op: "journal", run, ...(part === undefined ? {} : { part }) });
      if (reply.kind === "failed") return reply;
      return {
        kind: "rows",
        rows:
          reply.kind === "entries"
            ? reply.entries.map(({ seq, text }) => ({ run, seq, entry: JSON.parse(text) as unknown }))
            : [],
      };
    },
    close,
  };
}

function versionedOf({ version, text }: { readonly version: number; readonly text: string }): Versioned<unknown> {
  return { value: JSON.parse(text) as unknown, version };
}

function never(why: string): StoreFailure {
  return { kind: "failed", retry: "never", why };
}

function badKey(key: string): StoreFailure | undefined {
  // SQLite's text functions stop at a NUL; half a surrogate pair cannot be stored as it is.
  if (key.length > 0 && key.length <= keyCharactersMax && !/\p{Cc}/u.test(key) && key.isWellFormed()) return undefined;
  return never(
    `${JSON.stringify(key.slice(0, 64))} cannot be a key of the store: it must have 1 to ${keyCharactersMax} characters, none of them a control character.`,
  );
}

function badNumber(value: number, min: number): StoreFailure | undefined {
  return Number.isSafeInteger(value) && value >= min
    ? undefined
    : never(`${value} cannot be a version or a sequence number: it must be a whole number from ${min} up.`);
}

function textOf(value: unknown): string | StoreFailure {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) return never("A value for the store must be JSON; nothing was written.");
  if (text.length > valueCharactersMax)
    return never(
      `A value for the store may have ${valueCharactersMax} characters; this one has ${text.length}. Nothing was written.`,
    );
  return text;
}

/** Built, this file and the worker's end in .js; rewriting only reaches imports. */
const workerUrl = new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url);

function startWorker(
  settings: WorkerSettings,
): Promise<{ readonly kind: "connected"; readonly channel: Channel } | StoreFailure> {
  return new Promise((resolve) => {
    let worker: Worker;
    try {
      worker = new Worker(workerUrl, { name: "leeward-store", workerData: settings, execArgv: [] });
    } catch (error) {
      resolve({
        kind: "failed",
        retry: "later",
        why: `The store ${settings.file} could not be opened: no thread could be started (${String(error)}).`,
      });
      return;
    }
    let onReply: (id: number, reply: Reply) => void = () => {};
    let onEnd: (why: string) => void = () => {};
    let ended = false;
    const later = (why: string): StoreFailure => ({ kind: "failed", retry: "later", why });
    const fail = (why: string): void => {
      if (ended) return;
      ended = true;
      resolve(later(`The store ${settings.file} could not be opened: ${why}.`));
      onEnd(why);
    };
    const giveUp = (): void => {
      ended = true;
      // A thread that hangs in the disk cannot be ended from here; it must not keep the process's loop alive either.
      worker.unref();
      void worker.terminate().catch(() => {});
    };
    const timer = setTimeout(() => {
      giveUp();
      resolve(
        later(
          `The store ${settings.file} could not be opened within ${settings.openWithinMs} ms: its disk does not answer.`,
        ),
      );
    }, settings.openWithinMs + 500);
    const channel: Channel = {
      send: (request) => worker.postMessage(request),
      onReply: (listener) => {
        onReply = listener;
      },
      onEnd: (listener) => {
        onEnd = listener;
      },
      end: () =>
        new Promise((gone) => {
          if (ended) return gone();
          ended = true;
          const forced = setTimeout(() => {
            giveUp();
            gone();
          }, closeWithinMs);
          worker.once("exit", () => {
            clearTimeout(forced);
            gone();
          });
          worker.postMessage({ id: 0, close: true });
        }),
    };
    worker.on("message", (answer: Answer) => {
      if (!("opened" in answer)) return onReply(answer.id, answer.reply);
      clearTimeout(timer);
      if (answer.opened.kind === "opened") return resolve({ kind: "connected", channel });
      ended = true;
      resolve(answer.opened);
    });
    worker.on("error", (error) => {
      clearTimeout(timer);
      fail(error instanceof Error ? error.message : String(error));
    });
    worker.on("exit", () => {
      clearTimeout(timer);
      fail("its thread ended");
    });
  });
}
