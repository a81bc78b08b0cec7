// Orders and what became of them. The same key is carried out once: it gets its old result, or joins the work under way.
// I4. That an effect began is durable before it begins, its outcome before it is answered. After a restart of the agent an order
//     that had begun and not ended is carried out again when it is asked for again: drivers observe before they act.

import type { Outcome } from "../core/plan/action.ts";
import type { Clock } from "../ports/clock.ts";
import type { Disk } from "../ports/disk.ts";

export type BookEntry = {
  /** How often the effect was begun. More than once only when a restart of the agent interrupted it. */
  readonly begun: number;
  readonly outcome?: Outcome;
};

/** Results are kept for the last so many orders; a run has about twenty, and asks again within minutes. All are written at each change. */
const ordersMax = 400;
const fileName = "orders";

export class OrderBook {
  readonly #disk: Disk;
  readonly #clock: Clock;
  #entries: Map<string, BookEntry>;
  readonly #underWay = new Map<string, { readonly done: Promise<Outcome>; progress: string }>();
  #writing: Promise<void> = Promise.resolve();

  private constructor(disk: Disk, clock: Clock, entries: Map<string, BookEntry>) {
    this.#disk = disk;
    this.#clock = clock;
    this.#entries = entries;
  }

  static async open(disk: Disk, clock: Clock): Promise<OrderBook | { readonly kind: "torn"; readonly why: string }> {
    const stored = await disk.read(fileName);
    if (stored.kind === "torn") return { kind: "torn", why: stored.why };
    const entries = stored.kind === "value" ? (stored.value as [string, BookEntry][]) : [];
    return new OrderBook(disk, clock, new Map(entries));
  }

  look(
    key: string,
  ):
    | { readonly kind: "absent" }
    | { readonly kind: "running"; readonly progress: string }
    | { readonly kind: "ended"; readonly outcome: Outcome } {
    const running = this.#underWay.get(key);
    if (running !== undefined) return { kind: "running", progress: running.progress };
    const entry = this.#entries.get(key);
    return entry?.outcome === undefined ? { kind: "absent" } : { kind: "ended", outcome: entry.outcome };
  }

  /** Carries out, joins, or repeats the result; waits at most `waitMs` for the end. */
  async carryOut(
    key: string,
    waitMs: number,
    work: (progress: (sentence: string) => void) => Promise<Outcome>,
  ): Promise<
    { readonly kind: "running"; readonly progress: string } | { readonly kind: "ended"; readonly outcome: Outcome }
  > {
    const known = this.look(key);
    if (known.kind === "ended") return known;
    if (known.kind === "absent") this.#begin(key, work);
    const running = this.#underWay.get(key);
    if (running !== undefined) await Promise.race([running.done, this.#clock.sleep(waitMs)]);
    const now = this.look(key);
    return now.kind === "absent" ? { kind: "running", progress: "about to begin" } : now;
  }

  /** How often each order's effect was begun, by key. */
  counts(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#entries].map(([key, entry]) => [key, entry.begun]));
  }

  #begin(key: string, work: (progress: (sentence: string) => void) => Promise<Outcome>): void {
    const running = { progress: "begun", done: Promise.resolve<Outcome>({ kind: "unknown", reason: "not begun" }) };
    running.done = (async (): Promise<Outcome> => {
      const begun = (this.#entries.get(key)?.begun ?? 0) + 1;
      const refused = await this.#put(key, { begun });
      if (refused !== undefined) {
        this.#entries.delete(key);
        return {
          kind: "failed",
          retry: "later",
          reason: `not begun, because it could not be noted durably: ${refused}`,
        };
      }
      let outcome: Outcome;
      try {
        outcome = await work((sentence) => {
          running.progress = sentence;
        });
      } catch (error) {
        outcome = {
          kind: "unknown",
          reason: `the driver failed: ${error instanceof Error ? error.message : String(error)}`,
        };
      }
      // An unknown outcome is not a result: the next call with this key looks again.
      const trouble = outcome.kind === "unknown" ? undefined : await this.#put(key, { begun, outcome });
      if (trouble !== undefined)
        return { kind: "unknown", reason: `done, but the result could not be noted: ${trouble}` };
      return outcome;
    })().finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, running);
  }

  async #put(key: string, entry: BookEntry): Promise<string | undefined> {
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= ordersMax) break;
      this.#entries.delete(oldest);
    }
    const written = this.#writing.then(() => this.#disk.write(fileName, [...this.#entries]));
    this.#writing = written.catch(() => undefined);
    return written.then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
  }
}
