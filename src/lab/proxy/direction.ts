// One direction of one connection: bytes enter on one side and leave on the other after the link's delay, in order.
//
// What stands for a lost packet: TCP hides loss as lateness, so a lost chunk comes `retransmitMs` later, and everything behind it waits.
// What a swallowed byte means: it is gone, with everything in flight at that moment, and so are ends and resets. Real TCP would send
// it again after the cut; here the connection is reset when the link heals, because its stream has a hole.

import type { Socket } from "node:net";
import type { Link } from "./faults.ts";

/** The shortest retransmission timeout of Linux. */
const retransmitMs = 200;
/** Bytes in flight per direction before the sender is made to wait: what a long fat link would hold. */
const inFlightBytesMax = 16 * 1024 * 1024;

type Item =
  | { readonly kind: "data"; readonly chunk: Buffer; readonly dueMs: number }
  | { readonly kind: "end"; readonly dueMs: number }
  | { readonly kind: "reset"; readonly dueMs: number };

export type Direction = {
  readonly link: Link;
  /** Something of this stream is lost: it can only be reset once the link heals. */
  dirty(): boolean;
  spoil(): void;
  data(chunk: Buffer): void;
  end(): void;
  reset(): void;
  /** The link's silence changed: drops what is in flight if it is silent now. */
  silenced(): void;
  /** Nothing leaves before this instant: the handshake is still on its way. */
  notBefore(ms: number): void;
  dispose(): void;
};

export function makeDirection(parts: {
  readonly link: Link;
  /** Milliseconds by which what enters now leaves later than the link alone would have it. */
  readonly lateMs?: () => number;
  readonly source: () => Socket | undefined;
  readonly target: () => Socket | undefined;
}): Direction {
  const { link } = parts;
  const queue: Item[] = [];
  let queuedBytes = 0;
  let lastDueMs = 0;
  let spoiled = false;
  let disposed = false;
  let timer: NodeJS.Timeout | undefined;
  let waitingForDrain = false;

  const schedule = (): void => {
    const head = queue[0];
    if (head === undefined || timer !== undefined || disposed || waitingForDrain) return;
    timer = setTimeout(deliver, Math.max(0, Math.ceil(head.dueMs - performance.now())));
  };

  const deliver = (): void => {
    timer = undefined;
    const target = parts.target();
    const now = performance.now();
    // Half a millisecond early counts as due: timers only know whole ones.
    while (queue[0] !== undefined && queue[0].dueMs <= now + 0.5) {
      const item = queue.shift() as Item;
      if (target === undefined || target.destroyed) continue;
      if (item.kind === "end") target.end();
      else if (item.kind === "reset") target.resetAndDestroy();
      else {
        queuedBytes -= item.chunk.length;
        if (!target.write(item.chunk) && !target.connecting) {
          waitingForDrain = true;
          target.once("drain", () => {
            waitingForDrain = false;
            schedule();
          });
          break;
        }
      }
    }
    if (queuedBytes < inFlightBytesMax / 2) parts.source()?.resume();
    schedule();
  };

  const push = (make: (dueMs: number) => Item): void => {
    if (disposed) return;
    if (link.silence !== "none") {
      spoiled = true;
      return;
    }
    const late = link.lossShare > 0 && Math.random() < link.lossShare ? retransmitMs : 0;
    lastDueMs = Math.max(performance.now() + link.delayMs + late + (parts.lateMs?.() ?? 0), lastDueMs);
    queue.push(make(lastDueMs));
    schedule();
  };

  return {
    link,
    dirty: () => spoiled,
    spoil() {
      spoiled = true;
    },
    data(chunk) {
      push((dueMs) => {
        queuedBytes += chunk.length;
        return { kind: "data", chunk, dueMs };
      });
      if (queuedBytes > inFlightBytesMax) parts.source()?.pause();
    },
    end: () => push((dueMs) => ({ kind: "end", dueMs })),
    reset: () => push((dueMs) => ({ kind: "reset", dueMs })),
    silenced() {
      if (link.silence === "none") return;
      if (queue.length > 0) spoiled = true;
      queue.length = 0;
      queuedBytes = 0;
      clearTimeout(timer);
      timer = undefined;
      // What was paused for fullness must be read again, into the void.
      parts.source()?.resume();
    },
    notBefore(ms) {
      lastDueMs = Math.max(lastDueMs, ms);
    },
    dispose() {
      disposed = true;
      queue.length = 0;
      clearTimeout(timer);
    },
  };
}
