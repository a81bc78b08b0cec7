// How long to wait before a process that died is started again. It grows, so that a process which dies at once does not keep the
// machine busy; it is bounded, so that a process whose reason to die has gone comes back soon; it forgets after a quiet while.

export const backOff = {
  firstMs: 100,
  factor: 2,
  mostMs: 10_000,
  /** A process that lived this long begins again at `firstMs`. */
  forgetAfterMs: 30_000,
} as const;

/** The pause before start number `deaths + 1`, in milliseconds. `deaths` counts from 1. */
export function pauseBeforeRestart(deaths: number): number {
  return Math.min(backOff.mostMs, backOff.firstMs * backOff.factor ** Math.max(0, deaths - 1));
}
