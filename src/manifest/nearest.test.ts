import fc from "fast-check";
import { expect, test } from "vitest";
import { catalogIds } from "../catalog/ids.ts";
import { editDistance, makeNearest } from "./nearest.ts";

test("slips of the keyboard lead to the word that was meant", () => {
  const nearest = makeNearest();
  const table: Readonly<Record<string, string | undefined>> = {
    postgres: "postgresql",
    Postgresql: "postgresql",
    cosmosdb: "azure/cosmos-db",
    "azure/cosmosdb": "azure/cosmos-db",
    rediss: "redis",
    kubernetes_deployment: "kubernetes/deployment",
    mainframe: undefined,
    "aws/aurroa": "aws/aurora",
  };
  for (const [word, meant] of Object.entries(table)) expect(nearest(word, catalogIds), word).toBe(meant);
  expect(nearest("auto", ["automatic", "approve", "manual"])).toBe("automatic");
  expect(nearest("x", [])).toBeUndefined();
});

test("a file that gets everything wrong gets answers without guesses in the end", () => {
  const nearest = makeNearest();
  const names = Array.from({ length: 1_000 }, (_, i) => `service-${i}`);
  for (let i = 0; i < 200; i++) nearest("no-match-at-all", names);
  expect(nearest("service-1", names)).toBeUndefined();
});

test("the distance agrees with the definition, followed blindly", () => {
  const slow = (a: string, b: string): number => {
    if (a === "" || b === "") return a.length + b.length;
    const same = a.at(-1) === b.at(-1) ? 0 : 1;
    let best = Math.min(
      slow(a.slice(0, -1), b) + 1,
      slow(a, b.slice(0, -1)) + 1,
      slow(a.slice(0, -1), b.slice(0, -1)) + same,
    );
    if (a.length > 1 && b.length > 1 && a.at(-1) === b.at(-2) && a.at(-2) === b.at(-1))
      best = Math.min(best, slow(a.slice(0, -2), b.slice(0, -2)) + 1);
    return best;
  };
  const word = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 5 });
  fc.assert(
    fc.property(word, word, (a, b) => {
      expect(editDistance(a, b)).toBe(slow(a, b));
    }),
  );
});
