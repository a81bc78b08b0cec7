// Time that passes only when a test says so. Sleepers wake in the order of their instants, those of one instant in the order in which
// they fell asleep, and all that follows from one waking has happened before the next: the same test is the same every time.

import type { Clock } from "../../src/ports/clock.ts";
import type { Signal } from "../../src/ports/signal.ts";

type Sleeper = { readonly atMs: number; readonly order: number; readonly wake: () => void };

const wallStartMs = Date.UTC(2026, 10, 1);

export class VirtualClock {
  #nowMs = 1_000;
  #order = 0;
  #wallAheadMs = 0;
  readonly #sleepers: Sleeper[] = [];

  get nowMs(): number {
    return this.#nowMs;
  }

  /** A process's own clock; one that is asked to sleep by a process that has ended never wakes it. */
  clock(alive: () => boolean = () => true): Clock {
    return {
      nowMs: () => this.#nowMs,
      wallMs: () => wallStartMs + this.#wallAheadMs + Math.floor(this.#nowMs),
      sleep: (ms, signal) => this.#sleep(ms, signal, alive),
    };
  }

  /** All wall clocks are set forward by so much, against where they began. */
  setWallAhead(ms: number): void {
    this.#wallAheadMs = ms;
  }

  /** Calls `work` after `ms`, as the world's doing and no process's. */
  after(ms: number, work: () => void): void {
    this.#push(this.#nowMs + Math.max(0, ms), work);
  }

  /** Lets time pass until `done` holds or `ms` are over. True when `done` held. */
  async pass(ms: number, done: () => boolean = () => false): Promise<boolean> {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      await settled();
      if (done()) return true;
      const next = this.#sleepers[0];
      if (next === undefined || next.atMs > untilMs) break;
      this.#pop();
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.wake();
    }
    this.#nowMs = untilMs;
    await settled();
    return done();
  }

  #sleep(ms: number, signal: Signal | undefined, alive: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (): void => reject(signal?.reason instanceof Error ? signal.reason : new Error("stopped"));
      if (signal?.aborted === true) {
        fail();
        return;
      }
      signal?.addEventListener("abort", fail, { once: true });
      this.#push(this.#nowMs + Math.max(0, ms), () => {
        signal?.removeEventListener("abort", fail);
        if (alive()) resolve();
      });
    });
  }

  #push(atMs: number, wake: () => void): void {
    const heap = this.#sleepers;
    const sleeper = { atMs, order: this.#order++, wake };
    let index = heap.push(sleeper) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!before(sleeper, at(heap, parent))) break;
      heap[index] = at(heap, parent);
      index = parent;
    }
    heap[index] = sleeper;
  }

  #pop(): void {
    const heap = this.#sleepers;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(at(heap, child + 1), at(heap, child))) child += 1;
      if (!before(at(heap, child), last)) break;
      heap[index] = at(heap, child);
      index = child;
    }
    heap[index] = last;
  }
}

function before(a: Sleeper, b: Sleeper): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

function at(heap: readonly Sleeper[], index: number): Sleeper {
  const found = heap[index];
  if (found === undefined) throw new Error("outside the heap");
  return found;
}

/** Everything that follows from what has happened, but for time passing: promises settle before the next immediate runs. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
