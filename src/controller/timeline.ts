// What was seen, decided and done, in order, for reports and for the question "why". Kept in the journal of the group and, the newest
// part, in memory. I12: entries are only ever appended.

import type { GroupName } from "../core/model/system.ts";
import type { Clock } from "../ports/clock.ts";
import type { Store } from "../ports/store.ts";
import type { TimelineEvent } from "../wire/people.ts";

/** Newest entries in memory; older ones stay in the store. */
const memoryMax = 2_000;
/** Entries that wait for the store. While it is away the oldest waiting ones stay, for they explain what began it. */
const waitingMax = 1_000;

export class Timeline {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #run: string;
  readonly #events: TimelineEvent[] = [];
  readonly #waiting: TimelineEvent[] = [];
  #next = 1;
  /** The number of an append without an answer: a conflict there is that append. */
  #inDoubt = 0;
  #writing = false;

  constructor(store: Store, clock: Clock, group: GroupName) {
    this.#store = store;
    this.#clock = clock;
    this.#run = `timeline/${group}`;
  }

  /** False while the store does not give it back. One that never will is left as it is, and appended to where it ends. */
  async load(): Promise<boolean> {
    const journal = await this.#store.journal(this.#run);
    if (journal.kind !== "rows") return journal.retry === "never";
    this.#next = (journal.rows.at(-1)?.seq ?? 0) + 1;
    this.#events.unshift(...journal.rows.slice(-memoryMax).map((row) => row.entry as TimelineEvent));
    return true;
  }

  add(event: Omit<TimelineEvent, "atMs">): void {
    const stamped: TimelineEvent = { ...event, atMs: this.#clock.wallMs() };
    this.#events.push(stamped);
    if (this.#events.length > memoryMax) this.#events.shift();
    if (this.#waiting.length < waitingMax) this.#waiting.push(stamped);
    void this.flush();
  }

  since(sinceMs: number): readonly TimelineEvent[] {
    return this.#events.filter((event) => event.atMs >= sinceMs);
  }

  /** Writes what waits; gives up at the first failure, until called again. */
  async flush(): Promise<void> {
    if (this.#writing) return;
    this.#writing = true;
    try {
      for (let event = this.#waiting[0]; event !== undefined; event = this.#waiting[0]) {
        const written = await this.#store.append({ run: this.#run, seq: this.#next, entry: event });
        if (written.kind === "failed") {
          if (written.retry === "unknown") this.#inDoubt = this.#next;
          return;
        }
        // A conflict is our own earlier try, whose answer was lost, or another controller's entry: then the next number is tried.
        if (written.kind === "done" || this.#inDoubt === this.#next) this.#waiting.shift();
        this.#next += 1;
      }
    } finally {
      this.#writing = false;
    }
  }
}
