import fc from "fast-check";
import { expect, test } from "vitest";
import { acknowledgeProblem, type GateState, gateTransition, newGate } from "./gate.ts";
import { NEVER_MS } from "./record.ts";
import { defaultLeaseConfig as config } from "./timing.ts";

const open = gateTransition(config, newGate(), {
  kind: "configure",
  epoch: 2,
  writeUntilMs: 1_000,
  fencedEpoch: 0,
  nowMs: 0,
}).state;

test("acknowledges under its epoch up to the deadline, by the clock of that instant", () => {
  const at = (nowMs: number, epoch = 2) => gateTransition(config, open, { kind: "acknowledge", epoch, nowMs }).effects;
  expect(at(999)).toEqual([{ kind: "acknowledge", epoch: 2 }]);
  expect(at(1_000)).toMatchObject([{ kind: "answer-unknown", reason: "the right to write ended 0 ms ago" }]);
  expect(at(1, 1)).toMatchObject([{ kind: "answer-unknown", reason: expect.stringContaining("under epoch 1") }]);
});

test("keeps epoch and fence over a restart, and asks anew for the deadline", () => {
  const again = gateTransition(config, open, { kind: "boot", nowMs: 5 }).state;
  expect(again).toEqual({ kind: "gate", epoch: 2, fencedEpoch: 0, writeUntilMs: NEVER_MS });
});

test("whatever order configurations come in, a confirmed fence or higher epoch is never undone", () => {
  const configuration = fc.record({
    epoch: fc.integer({ min: 1, max: 3 }),
    writeUntilMs: fc.constantFrom(NEVER_MS, 100, 200),
    fencedEpoch: fc.integer({ min: 0, max: 3 }),
  });
  fc.assert(
    fc.property(fc.array(configuration, { maxLength: 12 }), (all) => {
      let state: GateState = newGate();
      let highest = 0;
      let fenced = 0;
      for (const one of all) {
        const step = gateTransition(config, state, { kind: "configure", ...one, nowMs: 0 });
        state = step.state;
        highest = Math.max(highest, one.epoch);
        fenced = Math.max(fenced, one.fencedEpoch);
        expect(step.effects.at(-1)).toEqual({ kind: "reply-configured", epoch: highest, fencedEpoch: fenced });
        for (let epoch = 1; epoch <= 3; epoch += 1) {
          const allowed = acknowledgeProblem(config, state, { epoch, nowMs: 50 }) === undefined;
          if (epoch < highest || epoch <= fenced) expect(allowed).toBe(false);
        }
      }
    }),
  );
});
