import fc from "fast-check";
import { expect, test } from "vitest";
import { behindBytes, marksMax, newReplication, type Replication, takeReport } from "./replication.ts";

function primary(state: Replication, written: number, stampEchoMs: number, timeline = 1): Replication {
  const position = { written: String(written), timeline };
  const service = { service: "orders", running: true, role: "primary", position } as const;
  return takeReport(state, { region: "north", stampEchoMs, nowMs: stampEchoMs + 30, service });
}

function standby(state: Replication, received: number, nowMs: number, timeline = 1): Replication {
  const position = { received: String(received), timeline };
  const service = {
    service: "orders",
    running: true,
    role: "standby",
    streaming: true,
    hasStreamed: true,
    position,
  } as const;
  return takeReport(state, { region: "south", stampEchoMs: nowMs - 30, nowMs, service });
}

const caughtUp = (state: Replication): number | undefined => state.standbys[0]?.caughtUpAtMs;

test("a standby is caught up as of the newest stamp whose bytes it has", () => {
  let state = newReplication("north");
  state = primary(state, 100, 1_000);
  state = primary(state, 200, 1_200);
  state = primary(state, 300, 1_400);
  expect(caughtUp(standby(state, 99, 1_500))).toBeUndefined();
  expect(caughtUp(standby(state, 250, 1_500))).toBe(1_200);
  expect(caughtUp(standby(state, 300, 1_500))).toBe(1_400);
});

test("an idle primary's standby stays caught up", () => {
  const state = standby(primary(newReplication("north"), 100, 1_000), 100, 1_100);
  expect(caughtUp(primary(state, 100, 9_000))).toBe(9_000);
});

test("another timeline, another copy, or no copy proves nothing", () => {
  const state = standby(primary(newReplication("north"), 100, 1_000), 100, 1_100);
  expect(caughtUp(standby(primary(newReplication("north"), 100, 1_000, 2), 500, 1_100, 1))).toBeUndefined();
  expect(caughtUp(standby(primary(state, 150, 1_200), 40, 1_300))).toBeUndefined();
  const gone = takeReport(state, {
    region: "south",
    stampEchoMs: 1_200,
    nowMs: 1_300,
    service: { service: "orders", running: false, role: "none" },
  });
  expect(gone.standbys).toEqual([]);
});

test("positions beyond 2^53 are compared exactly", () => {
  const service = {
    service: "orders",
    running: true,
    role: "standby",
    position: { received: "9007199254740992", timeline: 1 },
  } as const;
  const written = {
    service: "orders",
    running: true,
    role: "primary",
    position: { written: "9007199254740993", timeline: 1 },
  } as const;
  let state = takeReport(newReplication("north"), { region: "north", stampEchoMs: 5, nowMs: 6, service: written });
  state = takeReport(state, { region: "south", stampEchoMs: 5, nowMs: 6, service });
  expect(caughtUp(state)).toBeUndefined();
});

test("what is said is never later than the truth, whatever the delays, and the memory is bounded", () => {
  const event = fc.record({
    gap: fc.integer({ min: 1, max: 400 }),
    grow: fc.integer({ min: 0, max: 50 }),
    lag: fc.integer({ min: 0, max: 80 }),
    back: fc.integer({ min: 1, max: 500 }),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 300 }), (events) => {
      let state = newReplication("north");
      let [nowMs, written, received] = [10_000, 0, 0];
      // The truth: how many bytes had been written at each instant.
      const history: { atMs: number; written: number }[] = [{ atMs: 0, written: 0 }];
      for (const { gap, grow, lag, back } of events) {
        nowMs += gap;
        written += grow;
        history.push({ atMs: nowMs, written });
        state = primary(state, written, nowMs - back);
        received = Math.max(received, written - lag);
        state = standby(state, received, nowMs);
        const said = caughtUp(state);
        expect(state.marks.length).toBeLessThanOrEqual(marksMax);
        if (said === undefined) continue;
        const writtenThen = history.findLast((one) => one.atMs <= said)?.written ?? 0;
        expect(received).toBeGreaterThanOrEqual(writtenThen);
      }
    }),
  );
});

test("how far a standby is behind is what the primary says it has written, and unknown without its word", () => {
  const far = standby(primary(newReplication("north"), 900, 1_000), 250, 1_100);
  expect(behindBytes(far, far.standbys[0], 900)).toBe(650);
  expect(behindBytes(far, far.standbys[0], 1_001)).toBeUndefined();
  const fresh = standby(newReplication("north"), 250, 1_100);
  expect(behindBytes(fresh, fresh.standbys[0], 0)).toBeUndefined();
  const older = standby(primary(newReplication("north"), 900, 1_000, 2), 250, 1_100);
  expect(behindBytes(older, older.standbys[0], 0)).toBeUndefined();
});
