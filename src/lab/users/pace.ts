// How fast a client goes on asking while nobody answers: one attempt in a twentieth of its patience, in the order in which they want to,
// so that the first answer is still found at once; faster again with every acknowledgement.

import { setTimeout as sleep } from "node:timers/promises";
import type { Attempt } from "./attempt.ts";

export type Pace = {
  /** Returns when an attempt may begin. */
  turn(): Promise<void>;
  learn(attempt: Attempt): void;
};

const shareOfPatience = 1 / 20;
const fasterBy = 0.9;
/** Below this it is no pace any more. */
const leastMs = 1;

export function makePace(attemptMs: number): Pace {
  let spacingMs = 0;
  let nextMs = 0;
  return {
    async turn() {
      if (spacingMs === 0) return;
      const now = performance.now();
      const atMs = Math.max(now, nextMs);
      nextMs = atMs + spacingMs;
      if (atMs > now) await sleep(atMs - now);
    },
    learn(attempt) {
      if (attempt.kind === "unknown" && attempt.why.startsWith("no answer")) spacingMs = attemptMs * shareOfPatience;
      else if (attempt.kind === "acknowledged") spacingMs = spacingMs * fasterBy < leastMs ? 0 : spacingMs * fasterBy;
    },
  };
}
