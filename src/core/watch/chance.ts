// Chance that can be repeated: the same seed gives the same numbers, so that a plan says the same twice and a failing run can be replayed.
// Tommy Ettinger's mulberry32: small, fast, and good enough for simulations and jitter; for nothing that must not be guessed.

/** Numbers from 0 up to but not 1. */
export function chanceFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
