import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { criticalPath, effectKey, expectedEnds, type Step } from "./plan.ts";

function step(id: string, needs: readonly string[], expectedMs: number): Step {
  return {
    id,
    phase: "data",
    region: "south",
    does: { kind: "check-target", target: "south", graceful: false },
    needs,
    deadlineMs: 1_000,
    expectedMs,
    bestEffort: false,
    gracefulOnly: false,
    what: "",
  };
}

/** Steps in any order whose needs are always steps with a smaller number. */
const steps = fc
  .array(fc.record({ expectedMs: fc.nat(1_000), needs: fc.array(fc.nat(30), { maxLength: 4 }) }), { maxLength: 20 })
  .map((drawn) =>
    drawn.map(({ expectedMs, needs }, index) => {
      const earlier = index === 0 ? [] : [...new Set(needs.map((need) => `s${need % index}`))];
      return step(`s${index}`, earlier, expectedMs);
    }),
  )
  .chain((made) => fc.shuffledSubarray(made, { minLength: made.length }));

/** The dumb way: let a millisecond pass, see what has ended and what may begin. */
function endsBySimulation(all: readonly Step[]): Map<string, number> {
  const began = new Map<string, number>();
  const ended = new Map<string, number>();
  for (let nowMs = 0; ended.size < all.length; nowMs += 1) {
    for (let changed = true; changed; ) {
      changed = false;
      for (const one of all) {
        if (!began.has(one.id) && one.needs.every((need) => ended.has(need))) {
          began.set(one.id, nowMs);
          changed = true;
        }
        const beganMs = began.get(one.id);
        if (beganMs !== undefined && !ended.has(one.id) && nowMs >= beganMs + one.expectedMs) {
          ended.set(one.id, nowMs);
          changed = true;
        }
      }
    }
  }
  return ended;
}

describe("the expected times of a plan", () => {
  test("are those of a simulation that lets one millisecond pass after the other", () => {
    fc.assert(
      fc.property(steps, (all) => {
        expect([...expectedEnds(all)].sort()).toEqual([...endsBySimulation(all)].sort());
      }),
      { numRuns: 60 },
    );
  });

  test("a need that is no step of the plan takes no time", () => {
    expect(expectedEnds([step("a", ["elsewhere"], 7)]).get("a")).toBe(7);
  });

  test("the critical path is a chain of needs that takes as long as the plan", () => {
    fc.assert(
      fc.property(steps, (all) => {
        const path = criticalPath(all);
        const longest = Math.max(0, ...expectedEnds(all).values());
        expect(path.reduce((sum, one) => sum + one.expectedMs, 0)).toBe(longest);
        for (const [index, one] of path.slice(1).entries()) expect(one.needs).toContain(path[index]?.id);
      }),
    );
  });

  test("an empty plan takes no time and has no path", () => {
    expect(criticalPath([])).toEqual([]);
  });
});

test("an effect's key names run, step and attempt", () => {
  expect(effectKey("failover-1", "data.promote.orders@south", 2)).toBe("failover-1/data.promote.orders@south/2");
});
