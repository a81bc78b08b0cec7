// Where requests and new sessions wait for a configuration they can go on under. Bounded in number and, by each caller's own
// deadline, in time. They go on in the order in which they came.

export type HeldEnd = "changed" | "time" | "full";

export interface Held {
  readonly count: number;
  /** Until the configuration changes in any way, or `ms` have passed. "full" at once when too many wait already. */
  wait(ms: number): Promise<HeldEnd>;
  releaseAll(): void;
}

export function makeHeld(heldMax: number): Held {
  const waiting = new Set<() => void>();
  return {
    get count() {
      return waiting.size;
    },
    wait(ms) {
      if (waiting.size >= heldMax) return Promise.resolve("full");
      return new Promise((resolve) => {
        const release = () => {
          clearTimeout(timer);
          resolve("changed");
        };
        const timer = setTimeout(() => {
          waiting.delete(release);
          resolve("time");
        }, ms);
        waiting.add(release);
      });
    },
    releaseAll() {
      const all = [...waiting];
      waiting.clear();
      for (const release of all) release();
    },
  };
}
