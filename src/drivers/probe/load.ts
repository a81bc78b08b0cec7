// How much this prober takes on at a time. What is too much is left out, counted and said; it never becomes a failure of a target.

import { performance } from "node:perf_hooks";

/** Sockets and memory: more looks are never under way at the same time. */
const openMax = 512;
/** While the process itself is so late, a further look would only make all the others late too. */
const lateMaxMs = 50;
/** Looks that were left out are told of for so long. */
const windowMs = 5_000;

type Window = { startedMs: number; made: number; skipped: number };

export class Load {
  readonly #lateMs: () => number;
  readonly #open: { now: number } = { now: 0 };
  #now: Window = { startedMs: performance.now(), made: 0, skipped: 0 };
  #before: Window = { startedMs: 0, made: 0, skipped: 0 };
  #because = "";

  /** `lateMs`: how late this process is with what it has to do. */
  constructor(lateMs: () => number) {
    this.#lateMs = lateMs;
  }

  /** Undefined: it may begin, and `leave` has to follow. Else why it may not. */
  enter(): string | undefined {
    const window = this.#window();
    const because = this.#tooMuch();
    if (because === undefined) {
      window.made += 1;
      this.#open.now += 1;
      return undefined;
    }
    this.skip(because);
    return `The prober has too much to do: ${because}.`;
  }

  leave(): void {
    this.#open.now -= 1;
  }

  /** One look was left out, or was made and says nothing. */
  skip(because: string): void {
    this.#window().skipped += 1;
    this.#because = because;
  }

  /** While looks are left out: how many, why, and what that means. */
  sentence(): string | undefined {
    const now = this.#window();
    const skipped = now.skipped + this.#before.skipped;
    if (skipped === 0) return undefined;
    const all = now.made + this.#before.made + skipped;
    const seconds = Math.max(1, Math.round((performance.now() - this.#before.startedMs) / 1_000));
    return `The prober here left out ${skipped} of its last ${all} looks (${Math.min(seconds, (2 * windowMs) / 1_000)} s), because ${this.#because}. They count as not made, not as failures; give this process more processor time, or probe less often.`;
  }

  #tooMuch(): string | undefined {
    if (this.#open.now >= openMax) return `${openMax} looks are under way, and no more are made at a time`;
    const lateMs = this.#lateMs();
    return lateMs > lateMaxMs ? `its own process is ${Math.round(lateMs)} ms late` : undefined;
  }

  #window(): Window {
    const nowMs = performance.now();
    if (nowMs - this.#now.startedMs >= windowMs) {
      const stale = nowMs - this.#now.startedMs >= 2 * windowMs;
      this.#before = stale ? { startedMs: nowMs - windowMs, made: 0, skipped: 0 } : this.#now;
      this.#now = { startedMs: nowMs, made: 0, skipped: 0 };
    }
    return this.#now;
  }
}
