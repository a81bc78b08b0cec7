import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { machineInstantIn, machineNow, makeClock, makeWaitingClock } from "./clock.ts";

/** A machine whose clocks do only what the test says. The wall clock shows whole milliseconds. */
function makeMachine() {
  const at = { monotonicMs: 1_000.25, wallMs: 1_700_000_000_000 };
  return {
    sources: { monotonicMs: () => at.monotonicMs, wallMs: () => Math.floor(at.wallMs) },
    /** Time goes by; the wall clock is `rate` faster. */
    run(ms: number, rate = 0) {
      at.monotonicMs += ms;
      at.wallMs += ms * (1 + rate);
    },
    suspend(ms: number) {
      at.wallMs += ms;
    },
    setWall(byMs: number) {
      at.wallMs += byMs;
    },
  };
}

describe("the clock", () => {
  test("advances with the monotonic clock, to its fraction", () => {
    const machine = makeMachine();
    const clock = makeClock(machine.sources);
    const start = clock.nowMs();
    machine.run(0.5);
    expect(clock.nowMs() - start).toBeCloseTo(0.5, 6);
    machine.run(12_345);
    expect(clock.nowMs() - start).toBeCloseTo(12_345.5, 6);
  });

  test("counts the time in which the host was suspended", () => {
    const machine = makeMachine();
    const clock = makeClock(machine.sources);
    const start = clock.nowMs();
    machine.run(300);
    machine.suspend(5_000);
    machine.run(200);
    expect(clock.nowMs() - start).toBeGreaterThanOrEqual(5_499);
    machine.run(100);
    expect(clock.nowMs() - start).toBeLessThanOrEqual(5_601);
  });

  test("stays where it was when the wall clock is set back, and goes on", () => {
    const machine = makeMachine();
    const clock = makeClock(machine.sources);
    const start = clock.nowMs();
    machine.run(100);
    clock.nowMs();
    machine.setWall(-3_600_000);
    machine.run(100);
    expect(clock.nowMs() - start).toBeCloseTo(200, 6);
    machine.run(2_000);
    clock.nowMs();
    machine.suspend(700);
    expect(clock.nowMs() - start).toBeGreaterThanOrEqual(2_899);
  });

  test("does not add up the wall clock's rounding and slewing, however often or seldom it is read", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.01, max: 20_000, noNaN: true }), { maxLength: 200 }),
        fc.constantFrom(-0.0005, 0, 0.0005),
        (steps, rate) => {
          const machine = makeMachine();
          const clock = makeClock(machine.sources);
          const start = clock.nowMs();
          let elapsed = 0;
          for (const step of steps) {
            machine.run(step, rate);
            elapsed += step;
            expect(Math.abs(clock.nowMs() - start - elapsed)).toBeLessThan(0.001);
          }
        },
      ),
    );
  });

  test("never goes back, and never loses more of a suspension than its tolerance", () => {
    const event = fc.record({
      runMs: fc.double({ min: 0, max: 3_000, noNaN: true }),
      suspendMs: fc.oneof(fc.constant(0), fc.integer({ min: 20, max: 60_000 })),
      reads: fc.integer({ min: 1, max: 3 }),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const machine = makeMachine();
        const clock = makeClock(machine.sources);
        const start = clock.nowMs();
        let last = start;
        let elapsed = 0;
        let suspensions = 0;
        for (const { runMs, suspendMs, reads } of events) {
          machine.run(runMs);
          machine.suspend(suspendMs);
          elapsed += runMs + suspendMs;
          if (suspendMs > 0) suspensions += 1;
          for (let n = 0; n < reads; n += 1) {
            const now = clock.nowMs();
            expect(now).toBeGreaterThanOrEqual(last);
            last = now;
          }
          // A suspension is seen in full: what the wall clock shows is at most a millisecond short for each anchor.
          expect(last - start).toBeGreaterThanOrEqual(elapsed - 2 * suspensions - 0.001);
          expect(last - start).toBeLessThanOrEqual(elapsed + 2 * suspensions + 0.001);
        }
      }),
    );
  });

  test("does not take a pause between its two readings for a suspension, now or later", () => {
    const machine = makeMachine();
    let pauseMs = 0;
    const clock = makeClock({
      monotonicMs: machine.sources.monotonicMs,
      wallMs: () => {
        const shown = machine.sources.wallMs();
        machine.run(pauseMs);
        return shown;
      },
    });
    const start = clock.nowMs();
    pauseMs = 400;
    const paused = clock.nowMs();
    expect(paused - start).toBeCloseTo(4 * 400, 6);
    pauseMs = 0;
    machine.run(10);
    expect(clock.nowMs() - paused).toBeCloseTo(10, 6);
  });

  test("an instant for others is counted from the last reading, so that a host suspended in between grants itself nothing", () => {
    const machine = makeMachine();
    const clock = makeClock(machine.sources);
    const until = clock.nowMs() + 1_000;
    const [leftMs, before] = [until - clock.nowMs(), machineNow(machine.sources)];
    machine.suspend(5_000);
    const instant = clock.machineInstantIn(leftMs);
    expect(instant).toEqual({ monotonicMs: before.monotonicMs + 1_000, wallMs: before.wallMs + 1_000 });
    expect(machineNow(machine.sources).wallMs).toBeGreaterThan(instant.wallMs);
  });

  test("the waiting clock is not hurried by a wall clock that is set forward", () => {
    const machine = makeMachine();
    const clock = makeWaitingClock(machine.sources);
    const start = clock.nowMs();
    machine.setWall(60_000);
    machine.run(10);
    expect(clock.nowMs() - start).toBeCloseTo(10, 6);
  });

  test("this machine's own clocks are read in milliseconds", () => {
    const clock = makeClock();
    const before = clock.nowMs();
    expect(clock.nowMs()).toBeGreaterThanOrEqual(before);
    expect(clock.wallMs()).toBeGreaterThan(1_700_000_000_000);
    const now = machineNow();
    const later = machineInstantIn(1_000);
    expect(later.monotonicMs - now.monotonicMs).toBeGreaterThanOrEqual(1_000);
    expect(later.wallMs - now.wallMs).toBeGreaterThanOrEqual(1_000);
  });

  test("a sleep ends with its signal's reason, also when that came before it", async () => {
    const clock = makeClock();
    const control = new AbortController();
    const sleeping = clock.sleep(1_000_000_000_000, control.signal);
    control.abort(new Error("shutting down"));
    await expect(sleeping).rejects.toThrow("shutting down");
    await expect(clock.sleep(1, control.signal)).rejects.toThrow("shutting down");
    await expect(clock.sleep(1)).resolves.toBeUndefined();
  });
});
