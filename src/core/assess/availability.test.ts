import fc from "fast-check";
import { expect, test } from "vitest";
import { closedForm, type Design, downtimeOf, exactMinutesPerYear, stationary } from "./availability.ts";

const design = (some: Partial<Design> = {}): Design => ({
  outagesPerYear: 1,
  repairHours: 4,
  commonCause: 0.05,
  coverage: 0.9,
  switchHours: 0.1,
  falseFailoversPerYear: 0,
  ...some,
});

const anyDesign = fc.record({
  outagesPerYear: fc.double({ min: 0.01, max: 100, noNaN: true }),
  repairHours: fc.double({ min: 0.01, max: 500, noNaN: true }),
  commonCause: fc.double({ min: 0, max: 1, noNaN: true }),
  coverage: fc.double({ min: 0, max: 1, noNaN: true }),
  switchHours: fc.double({ min: 0, max: 1_000, noNaN: true }),
  falseFailoversPerYear: fc.constant(0),
});

test("the shares of time are shares, and what flows into each state flows out of it", () => {
  fc.assert(
    fc.property(anyDesign, (of) => {
      const { U, F, R, X, D } = stationary(of);
      expect(U + F + R + X + D).toBeCloseTo(1, 9);
      const lambda = of.outagesPerYear / 8_760;
      const mu = 1 / of.repairHours;
      for (const share of [U, F, R, X, D]) expect(share).toBeGreaterThanOrEqual(0);
      // Both down: left by either repair, entered from U by a common cause and from the others by any failure of who is left.
      const into = U * of.commonCause * lambda + (F + R + X) * lambda;
      expect(into / (D * 2 * mu)).toBeCloseTo(1, 6);
    }),
  );
});

test("better coverage, a faster switch and less in common never mean more downtime", () => {
  fc.assert(
    fc.property(anyDesign, (of) => {
      const now = exactMinutesPerYear(of) * (1 + 1e-9) + 1e-9;
      expect(exactMinutesPerYear({ ...of, coverage: (1 + of.coverage) / 2 })).toBeLessThanOrEqual(now);
      expect(exactMinutesPerYear({ ...of, switchHours: of.switchHours / 2 })).toBeLessThanOrEqual(now);
    }),
  );
});

test("a switch that never ends leaves the repair, and that is no better than no switch at all", () => {
  const endless = design({ switchHours: Number.POSITIVE_INFINITY, commonCause: 0 });
  const useless = design({ coverage: 0, switchHours: 0, commonCause: 0 });
  expect(exactMinutesPerYear(endless)).toBeCloseTo(exactMinutesPerYear(useless), 3);
  expect(closedForm(endless).minutesPerYear).toBeCloseTo(240.1, 1);
});

test("the terms of the report add up to the exact figure", () => {
  fc.assert(
    fc.property(anyDesign, (of) => {
      const { terms, minutesPerYear } = downtimeOf({ ...of, falseFailoversPerYear: 0.1 });
      const sum = terms.reduce((so, term) => so + term.minutesPerYear, 0);
      expect(Math.abs(sum - minutesPerYear)).toBeLessThan(1e-6 * (1 + minutesPerYear));
    }),
  );
});

test("no figures fill more than a year", () => {
  const far = design({ switchHours: 1e6, repairHours: 1e6, falseFailoversPerYear: 9 });
  const { minutesPerYear, terms } = downtimeOf(far);
  expect(minutesPerYear).toBe(525_600);
  expect(terms.reduce((sum, term) => sum + term.minutesPerYear, 0)).toBeCloseTo(525_600, 3);
});

test("false failovers cost a switch each, and at most a repair", () => {
  const none = exactMinutesPerYear(design());
  expect(exactMinutesPerYear(design({ falseFailoversPerYear: 2 })) - none).toBeCloseTo(12, 9);
  const slow = design({ switchHours: 100 });
  expect(exactMinutesPerYear({ ...slow, falseFailoversPerYear: 1 }) - exactMinutesPerYear(slow)).toBeCloseTo(240, 6);
});
