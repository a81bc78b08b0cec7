// `leeward status --watch` on this terminal: signals, the clock, and a controller to ask.

import { setTimeout as sleep } from "node:timers/promises";
import { type Answer, liveStatus } from "../cli/live-status.ts";
import { parseDuration } from "../manifest/duration.ts";
import type { SystemStatus } from "../wire/people.ts";
import { Refusal } from "./context.ts";
import { makeAsker, type Reach } from "./tell.ts";

const everyBoundsMs = { min: 200, max: 3_600_000 } as const;
/** A controller that has not answered by then is said to be away. */
const answerWithinMs = 2_000;

export async function watchStatus(reach: Reach, every: string): Promise<number> {
  const everyMs = parseDuration(every);
  if (everyMs === undefined || everyMs < everyBoundsMs.min || everyMs > everyBoundsMs.max)
    throw new Refusal(`--every ${every}: write a number and a unit from 200ms to 1h, such as 1s.`, 2);
  const asker = makeAsker(reach, answerWithinMs);
  const ended = new AbortController();
  const end = (): void => {
    ended.abort();
    // A question under way fails with it.
    asker.close();
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, end);
  // Whoever read the output has gone: nobody is left to be told.
  process.stdout.on("error", end);
  const { stdout } = process;
  try {
    return await liveStatus(
      {
        ask: () => askOnce(asker.ask),
        nowMs: () => Date.now(),
        sleep: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => undefined),
        screen: {
          write: (text) => void stdout.write(text),
          drawn: stdout.isTTY === true && process.env.TERM !== "dumb",
          color: stdout.isTTY === true,
          size: () => ({ columns: stdout.columns ?? 100, rows: stdout.rows ?? 24 }),
        },
      },
      { everyMs, json: reach.json === true },
      ended.signal,
    );
  } finally {
    for (const signal of signals) process.off(signal, end);
    asker.close();
  }
}

async function askOnce(ask: ReturnType<typeof makeAsker>["ask"]): Promise<Answer> {
  try {
    return { kind: "status", status: await ask<SystemStatus>("status", {}) };
  } catch (error) {
    if (error instanceof Refusal) return { kind: "away", why: error.message.replace(/^No controller answers\. /, "") };
    throw error;
  }
}
