import fc from "fast-check";
import { expect, test } from "vitest";
import { needsCycles } from "./cycles.ts";

const needing = (graph: Readonly<Record<string, readonly string[]>>) =>
  Object.entries(graph).map(([name, needs]) => ({ name, needs }));

test("a chain and a diamond have no circle", () => {
  expect(needsCycles(needing({ a: ["b"], b: ["c"], c: [] }))).toEqual([]);
  expect(needsCycles(needing({ a: ["b", "c"], b: ["d"], c: ["d"], d: [] }))).toEqual([]);
});

test("a circle is told in the order of needing, without what only leads to it", () => {
  expect(needsCycles(needing({ x: ["a"], a: ["b"], b: ["c"], c: ["a"] }))).toEqual([["a", "b", "c"]]);
  expect(needsCycles(needing({ a: ["a"] }))).toEqual([["a"]]);
});

test("two circles apart from each other are both told", () => {
  expect(needsCycles(needing({ a: ["b"], b: ["a"], c: ["d"], d: ["c"] }))).toEqual([
    ["a", "b"],
    ["c", "d"],
  ]);
  expect(needsCycles(needing({ root: ["a", "c"], a: ["b"], b: ["a"], c: ["d"], d: ["c"] }))).toEqual([
    ["a", "b"],
    ["c", "d"],
  ]);
});

test("a name that no service has is no circle", () => {
  expect(needsCycles(needing({ a: ["nobody"] }))).toEqual([]);
});

test("a chain of a hundred thousand services is walked without running out of stack", () => {
  const services = Array.from({ length: 100_000 }, (_, i) => ({ name: `s${i}`, needs: [`s${i + 1}`] }));
  expect(needsCycles(services)).toEqual([]);
});

test("there is a circle exactly when taking away services that need nothing leaves some over", () => {
  const graph = fc.array(fc.array(fc.nat(7), { maxLength: 3 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(graph, (edges) => {
      const services = edges.map((needs, i) => ({
        name: `s${i}`,
        needs: needs.filter((n) => n < edges.length).map((n) => `s${n}`),
      }));
      let left = services;
      for (;;) {
        const names = new Set(left.map((service) => service.name));
        const rest = left.filter((service) => service.needs.some((need) => names.has(need)));
        if (rest.length === left.length) break;
        left = rest;
      }
      const cycles = needsCycles(services);
      expect(cycles.length > 0).toBe(left.length > 0);
      for (const circle of cycles) {
        for (const [i, name] of circle.entries()) {
          const next = circle[(i + 1) % circle.length];
          expect(services.find((service) => service.name === name)?.needs).toContain(next);
        }
      }
    }),
  );
});
