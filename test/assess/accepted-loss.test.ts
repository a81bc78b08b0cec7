// A loss that is not survived, and that somebody lives with, is still said.

import { expect, test } from "vitest";
import { knowledge } from "../../src/catalog/knowledge.ts";
import { assess } from "../../src/core/assess/assess.ts";
import { systemFrom } from "./world.ts";

const accepted = (rules: string) =>
  assess(
    systemFrom(`
version: 1
system: shop
regions: { a: { at: azure/westeurope }, b: { at: azure/northeurope } }
objectives: { rto: 1h, rpo: 0s }
groups: { main: { primary: [a, b], pattern: active-passive } }
accepted: [${rules}]
services:
  licence: { type: http, in: { a: {} } }
  web: { type: http, group: main, needs: [licence], in: { a: {}, b: {} } }
routes: { shop.example.com: { to: web } }
`),
    knowledge(),
    { today: "2026-11-21" },
  );

const loss = '{ rule: loss-not-survived, of: a, why: "the licence server moves in spring" }';
const need = '{ rule: single-region-dependency, why: "the same" }';
const told = "The loss of a is not survived, which was accepted (the licence server moves in spring).";

test("beside what is kept", () => {
  const { verdict, summary } = accepted(`${loss}, ${need}`);
  expect(verdict).toBe("meets");
  expect(summary).toMatch(/^shop survives the loss of b within its objectives/);
  expect(summary.endsWith(told)).toBe(true);
});

test("beside an error that is open, without a word of times that are kept", () => {
  const { verdict, summary } = accepted(loss);
  expect(verdict).toBe("fails");
  expect(summary).toBe(
    `shop fails: one error has to be mended first: licence is only in a, and web needs it in a and b. ${told}`,
  );
});
