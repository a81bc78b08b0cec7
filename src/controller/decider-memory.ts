// The decider's state, and its durable part in the store: a no, an open question, failures in a row, the flap history (I12). One write is
// under way at a time, the newest state wins, and one that failed is tried again a little later. Nothing waits for it but a person's
// answer, which counts as durable only then.

import { type DecideState, initialDecideState } from "../core/decide/decision.ts";
import { memoryKey, memoryOf, stateFrom } from "../core/decide/memory.ts";
import type { Clock } from "../ports/clock.ts";
import type { StoreFailure } from "../ports/store.ts";
import type { GroupStore } from "./group-store.ts";

export type MemoryPorts = {
  readonly clock: Clock;
  readonly store: GroupStore;
  readonly onStore: (failure: StoreFailure | undefined) => void;
};

/** After a write that failed; a person's answer is tried at once all the same. */
const againMs = 1_000;

export class DeciderMemory {
  readonly #ports: MemoryPorts;
  #state: DecideState = initialDecideState;
  #storedKey = memoryKey(initialDecideState);
  #writing: Promise<void> | undefined;
  #againAtMs = Number.NEGATIVE_INFINITY;

  constructor(ports: MemoryPorts) {
    this.#ports = ports;
  }

  get state(): DecideState {
    return this.#state;
  }

  set state(next: DecideState) {
    this.#state = next;
  }

  /** What an earlier process left in the store. */
  load(value: unknown): void {
    if (value === undefined) return;
    const { clock } = this.#ports;
    this.#state = stateFrom(value, { nowMs: clock.nowMs(), wallMs: clock.wallMs() });
    this.#storedKey = memoryKey(this.#state);
  }

  /** For the loop: stores what has changed, but leaves a store alone that has just failed. */
  async keepUp(): Promise<void> {
    if (this.#ports.clock.nowMs() >= this.#againAtMs) await this.keep();
  }

  /** Resolves when nothing is left to be stored, or a try has failed; true: what the decider knows now is durable. */
  async keep(): Promise<boolean> {
    // At most one round more than the one under way: it takes the newest state along.
    for (let round = 0; round < 2 && memoryKey(this.#state) !== this.#storedKey; round += 1) {
      this.#writing ??= this.#write().finally(() => {
        this.#writing = undefined;
      });
      await this.#writing;
    }
    return memoryKey(this.#state) === this.#storedKey;
  }

  async #write(): Promise<void> {
    const { clock, store, onStore } = this.#ports;
    const key = memoryKey(this.#state);
    const stored = await store.storeDecider(memoryOf(this.#state, { nowMs: clock.nowMs(), wallMs: clock.wallMs() }));
    onStore(stored.kind === "failed" ? stored : undefined);
    if (stored.kind === "done") this.#storedKey = key;
    else this.#againAtMs = clock.nowMs() + againMs;
  }
}
