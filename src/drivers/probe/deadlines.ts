// The deadlines of all looks that are under way, on one timer. A deadline counts only the time in which this process could look: time in
// which it was held up (suspended, starved of the processor, busy with itself) is measured by how late the timer comes, and added.
//
// 1. One timer whatever the number of looks; none while there are no looks.
// 2. Before a look is over its sockets are read once more: an answer that lay there while this process was held up is an answer.
// 3. A look ends by twice its timeout at the latest, plus one standstill.

import { performance } from "node:perf_hooks";

const tickEveryMs = 10;
/** A timer is never quite on time. */
const usualLateMs = 5;

export type Deadline = {
  readonly startedMs: number;
  /** So long this process was held up since then. */
  lostMs(): number;
  /** The look is over; the deadline will not come any more. */
  end(): void;
};

type Open = { readonly startedMs: number; readonly lostBefore: number; readonly timeoutMs: number; over: () => void };

export class Deadlines {
  readonly #open = new Set<Open>();
  #timer: NodeJS.Timeout | undefined;
  #tickedMs = 0;
  #lostMs = 0;
  #lateMs = 0;

  /** How late the timer came the last time, while looks are under way: how busy this process is. */
  get lateMs(): number {
    return this.#timer === undefined ? 0 : this.#lateMs;
  }

  begin(timeoutMs: number, over: () => void): Deadline {
    const startedMs = performance.now();
    if (this.#timer === undefined) {
      this.#tickedMs = startedMs;
      this.#lateMs = 0;
      this.#timer = setInterval(() => this.#tick(), tickEveryMs);
    }
    const open: Open = { startedMs, lostBefore: this.#lostMs, timeoutMs, over };
    this.#open.add(open);
    return {
      startedMs,
      lostMs: () => this.#lostMs - open.lostBefore + this.#lateNow(),
      end: () => this.#end(open),
    };
  }

  #end(open: Open): void {
    if (!this.#open.delete(open) || this.#open.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** What the next tick will find, for a look that ends before it. */
  #lateNow(): number {
    if (this.#timer === undefined) return 0;
    return Math.max(0, performance.now() - this.#tickedMs - tickEveryMs - usualLateMs);
  }

  #tick(): void {
    const nowMs = performance.now();
    this.#lateMs = nowMs - this.#tickedMs - tickEveryMs;
    if (this.#lateMs > usualLateMs) this.#lostMs += this.#lateMs - usualLateMs;
    this.#tickedMs = nowMs;
    const due = [...this.#open].filter((open) => this.#isDue(open, nowMs));
    // After this turn of the loop has read what there is to read.
    if (due.length > 0)
      setImmediate(() => {
        for (const open of due) if (this.#open.has(open)) open.over();
      });
  }

  #isDue({ startedMs, lostBefore, timeoutMs }: Open, nowMs: number): boolean {
    const lostMs = Math.min(this.#lostMs - lostBefore, timeoutMs);
    return nowMs - startedMs - lostMs >= timeoutMs;
  }
}
