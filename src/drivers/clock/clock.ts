// `Clock` that counts the time in which the host was suspended, and the same instants for the other processes of this machine.
//
// 1. It never goes back.
// 2. It advances by the larger of the monotonic and the wall clock's advance: a suspended host's monotonic clock may have stood
//    still, and a lease must then be over. A wall clock that was set forward makes it jump too: early is the safe side.
// 3. The wall clock counts in whole milliseconds and is slewed by time services (500 parts per million at most), so it is believed
//    only when it is ahead by more than 5 ms for each second since the last anchor. Up to that a suspension goes unseen; the
//    drift that leases allow for covers it.

import type { Clock } from "../../ports/clock.ts";
import type { MachineInstant } from "../../wire/calls.ts";

export type ClockSources = {
  /** Milliseconds of a clock that is never set, with their fraction. Shared by all processes of the machine. */
  monotonicMs(): number;
  /** Milliseconds since 1970. */
  wallMs(): number;
};

export type SystemClock = Clock & {
  /**
   * The instant, on this machine's two clocks, that is `ms` after the value `nowMs()` returned last. Counted from there and not
   * from the moment of this call: a host suspended between the two would otherwise grant itself the time it slept.
   */
  machineInstantIn(ms: number): MachineInstant;
};

const toleranceMs = 5;
const anchorEveryMs = 1_000;
/** Tries to read both clocks without a pause in between. */
const readingsMax = 4;
/** The longest that a timer of Node can wait. */
const timerMs = 2_147_483_647;

const systemSources: ClockSources = {
  monotonicMs: () => Number(process.hrtime.bigint()) / 1e6,
  wallMs: () => Date.now(),
};

/** For whoever must stop in time: the holder of a lease, a fence, a router. */
export function makeClock(sources: ClockSources = systemSources): SystemClock {
  const first = bothAt(sources);
  let anchor = { monotonicMs: first.monotonicMs, wallMs: first.wallMs, nowMs: first.monotonicMs };
  let nowMs = anchor.nowMs;
  // What both clocks showed at the last reading.
  let seen: MachineInstant = first;

  const read = (): number => {
    const { monotonicMs, wallMs, together } = bothAt(sources);
    const monotonicAdvanceMs = monotonicMs - anchor.monotonicMs;
    const wallAdvanceMs = wallMs - anchor.wallMs;
    const windows = Math.max(1, Math.ceil(monotonicAdvanceMs / anchorEveryMs));
    const slept = wallAdvanceMs > monotonicAdvanceMs + toleranceMs * windows;
    nowMs = Math.max(nowMs, anchor.nowMs + (slept ? wallAdvanceMs : monotonicAdvanceMs));
    seen = { monotonicMs, wallMs };
    // An anchor of two readings that lie apart would count the gap between them once more at each reading from then on.
    if (together && (slept || monotonicAdvanceMs >= anchorEveryMs)) anchor = { monotonicMs, wallMs, nowMs };
    return nowMs;
  };

  return {
    nowMs: read,
    wallMs: () => sources.wallMs(),
    sleep,
    machineInstantIn: (ms) => ({ monotonicMs: seen.monotonicMs + ms, wallMs: seen.wallMs + ms }),
  };
}

/**
 * The monotonic clock alone, for whoever must *wait* long enough: for another's lease or hold to run out. There the wall clock is
 * the unsafe one: set forward, it would end the wait early. One that stands still during a suspension only waits longer.
 */
export function makeWaitingClock(sources: ClockSources = systemSources): Clock {
  return { nowMs: () => sources.monotonicMs(), wallMs: () => sources.wallMs(), sleep };
}

/**
 * Both clocks at one moment. The wall clock is read before the monotonic one, so that a pause of this process between the two is
 * never taken for a suspension of the host; `together` says that there was none.
 */
function bothAt(sources: ClockSources): MachineInstant & { readonly together: boolean } {
  for (let left = readingsMax; ; left -= 1) {
    const beforeMs = sources.monotonicMs();
    const wallMs = sources.wallMs();
    const monotonicMs = sources.monotonicMs();
    const together = monotonicMs - beforeMs <= 1;
    if (together || left === 1) return { monotonicMs, wallMs, together };
  }
}

/** Now, on this machine's two clocks. */
export function machineNow(sources: ClockSources = systemSources): MachineInstant {
  return { monotonicMs: sources.monotonicMs(), wallMs: sources.wallMs() };
}

/** `ms` from the moment of this call. For an end counted on a `SystemClock`, use its own `machineInstantIn`. */
export function machineInstantIn(ms: number, sources: ClockSources = systemSources): MachineInstant {
  const now = machineNow(sources);
  return { monotonicMs: now.monotonicMs + ms, wallMs: now.wallMs + ms };
}

function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error);
    let leftMs = Math.max(0, ms);
    let timer: NodeJS.Timeout;
    const aborted = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const wait = (): void => {
      const partMs = Math.min(leftMs, timerMs);
      timer = setTimeout(() => {
        leftMs -= partMs;
        if (leftMs > 0) return wait();
        signal?.removeEventListener("abort", aborted);
        resolve();
      }, partMs);
    };
    signal?.addEventListener("abort", aborted, { once: true });
    wait();
  });
}
