// The load client: an order every 10 ms and a marker every 100 ms, by a fixed schedule, through whichever router answers. It behaves as
// a user's program should: each attempt has 300 ms, then the same write goes with the same key to the next router; it stays with the
// router that last answered; after the total bound it gives the write up as unknown, and only if every answer was a clear no, as refused.
//
// At most `inFlightMax` writes are under way. What the schedule asks for above that is withheld and counted, so that an outage is not
// made longer by the client's own storm of retries on a machine that has two cores for everything. For the same reason fewer are begun
// while nobody answers: a hundred writes that all try again every 300 ms would keep a system down that is just coming back.

import { Agent } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { type Attempt, attempt, noAnswer, type Write } from "./attempt.ts";
import { type LedgerEntry, type LedgerWriter, nowMs } from "./ledger.ts";

export type Router = { readonly name: string; readonly url: string };

export type LoadOptions = {
  /** In the order of preference. */
  readonly routers: readonly Router[];
  /** The host name users ask for. */
  readonly host: string;
  /** Starts every key of this run. */
  readonly run: string;
  readonly orderEveryMs: number;
  readonly markerEveryMs: number;
  readonly attemptMs: number;
  readonly totalMs: number;
  /** Writes under way at one time. */
  readonly inFlightMax: number;
};

export type LoadState = {
  acknowledged: number;
  refused: number;
  unknown: number;
  sent: number;
  markers: number;
  withheld: number;
  inFlight: number;
  lastAckAt: number;
  highestEpoch: number;
  /** When the highest epoch was first seen on an acknowledgement. */
  highestEpochAt: number;
};

export const nothingSent: LoadState = {
  acknowledged: 0,
  refused: 0,
  unknown: 0,
  sent: 0,
  markers: 0,
  withheld: 0,
  inFlight: 0,
  lastAckAt: 0,
  highestEpoch: 0,
  highestEpochAt: 0,
};

/** After an answer "not now" from a router that is there: all routers lead to the same primary, so asking another at once is no help. */
const pauseAfterRefusalMs = 250;
/** Writes under way while nobody answers: with 300 ms each they are about as many attempts as there are writes in good times. */
const cautiousMax = 40;
/** Caution ends after so many acknowledgements in a row. */
const calmAfter = 20;
/** A process that slept does not send what it missed all at once. */
const catchUpMax = 5;

export function makeLoad(
  options: LoadOptions,
  ledger: LedgerWriter,
): { readonly state: LoadState; run(signal: AbortSignal): Promise<void> } {
  const agents = options.routers.map(
    () => new Agent({ keepAlive: true, maxSockets: options.inFlightMax, scheduling: "fifo" }),
  );
  /** Acknowledgements since an attempt had no answer; few of them call for caution. */
  let calm = calmAfter;
  let preferred = 0;
  const state: LoadState = { ...nothingSent };

  async function send(what: LedgerEntry["what"], seq: number, write: Write): Promise<void> {
    const sentAt = nowMs();
    const giveUpAt = sentAt + options.totalMs;
    let attempts = 0;
    let allRefused = true;
    let index = preferred;
    let last: Attempt | undefined;
    while (last?.kind !== "acknowledged" && nowMs() + options.attemptMs <= giveUpAt) {
      attempts++;
      const router = options.routers[index] as Router;
      last = await attempt(
        { url: router.url, host: options.host, agent: agents[index] as Agent },
        write,
        options.attemptMs,
      );
      if (last.kind === "acknowledged") calm++;
      else if (last.kind === "unknown" && last.why.startsWith(noAnswer)) calm = 0;
      if (last.kind === "acknowledged") break;
      if (last.kind === "unknown") allRefused = false;
      const next = (index + 1) % options.routers.length;
      if (preferred === index) preferred = next;
      // Somebody else may have found the way meanwhile.
      index = preferred === index ? next : preferred;
      const fullPass = attempts % options.routers.length === 0;
      if (last.kind === "refused" && (!last.elsewhere || fullPass)) await sleep(pauseAfterRefusalMs);
      else if (fullPass && !last.kind.startsWith("refused") && !last.why.startsWith(noAnswer))
        await sleep(pauseAfterRefusalMs);
    }
    const endedAt = nowMs();
    const common = { client: "users", what, key: write.key, seq, sentAt, endedAt, attempts } as const;
    if (last?.kind === "acknowledged") {
      preferred = index;
      state.lastAckAt = endedAt;
      if (what === "order") state.acknowledged++;
      if (last.epoch !== undefined && last.epoch > state.highestEpoch) {
        state.highestEpoch = last.epoch;
        state.highestEpochAt = endedAt;
      }
      ledger.add({
        ...common,
        outcome: "acknowledged",
        router: options.routers[index]?.name ?? "",
        ...(last.epoch === undefined ? {} : { epoch: last.epoch }),
      });
      return;
    }
    const outcome = allRefused && attempts > 0 ? "refused" : "unknown";
    if (what === "order") state[outcome]++;
    ledger.add({ ...common, outcome, why: last?.why ?? "no attempt was possible" });
  }

  async function onSchedule(everyMs: number, signal: AbortSignal, tick: (seq: number) => void): Promise<void> {
    const startedAt = performance.now();
    // The schedule is absolute: lateness of one tick does not move the next.
    for (let seq = 1, due = startedAt; !signal.aborted; seq++, due += everyMs) {
      const waitMs = due - performance.now();
      if (waitMs > 0.5) await sleep(waitMs, undefined, { signal }).catch(() => {});
      else if (-waitMs > catchUpMax * everyMs) due = performance.now();
      if (!signal.aborted) tick(seq);
    }
  }

  return {
    state,
    async run(signal) {
      const underWay = new Set<Promise<void>>();
      const start = (what: LedgerEntry["what"], seq: number, write: Write): void => {
        const most = calm < calmAfter ? Math.min(cautiousMax, options.inFlightMax) : options.inFlightMax;
        if (state.inFlight >= most) {
          state.withheld++;
          return;
        }
        state.inFlight++;
        if (what === "order") state.sent++;
        else state.markers++;
        const work = send(what, seq, write).finally(() => {
          state.inFlight--;
          underWay.delete(work);
        });
        underWay.add(work);
      };
      await Promise.all([
        onSchedule(options.orderEveryMs, signal, (seq) => {
          const body = JSON.stringify({ item: "lamp", quantity: 1 + (seq % 5) });
          start("order", seq, { path: "/orders", key: `${options.run}-${seq}`, body });
        }),
        onSchedule(options.markerEveryMs, signal, (seq) => {
          const body = JSON.stringify({ run: options.run, seq, epoch: state.highestEpoch, at: nowMs() });
          start("marker", seq, { path: "/markers", key: `${options.run}-marker-${seq}`, body });
        }),
      ]);
      // Bounded: every write ends within its total bound.
      await Promise.all(underWay);
      for (const agent of agents) agent.destroy();
    },
  };
}
