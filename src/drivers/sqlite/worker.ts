// The thread in which SQLite may block: on a lock, on a slow or hanging disk. One job at a time, in order.

import { parentPort, workerData } from "node:worker_threads";
import { openDatabase } from "./database.ts";
import type { Answer, Request, WorkerSettings } from "./messages.ts";

/** Given up so much before the caller's own deadline, so that "the lock was held" arrives as that and not as "unknown". */
const answerMarginMs = 15;

const port = parentPort;
if (port === null) throw new Error("drivers/sqlite/worker.ts is started by the store, as a worker thread");
const answer = (message: Answer): void => port.postMessage(message);

const opened = openDatabase(workerData as WorkerSettings);
if (opened.kind === "failed") {
  answer({ opened });
  port.close();
} else {
  const { database } = opened;
  port.on("message", (request: Request) => {
    if ("close" in request) {
      database.close();
      answer({ id: request.id, reply: { kind: "done" } });
      port.close();
      return;
    }
    const leftMs = request.untilMs - Number(process.hrtime.bigint()) / 1e6 - answerMarginMs;
    // Begun too late, it would change the store after its caller has gone on.
    const reply =
      leftMs <= 0
        ? ({ kind: "failed", retry: "later", why: "It was too late to begin; nothing was written." } as const)
        : database.perform(request.job, leftMs);
    answer({ id: request.id, reply });
  });
  answer({ opened: { kind: "opened" } });
}
