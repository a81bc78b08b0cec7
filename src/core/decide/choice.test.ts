import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { consideredFor, targetsFor } from "./choice.ts";
import type { Candidate, DecideInput } from "./decision.ts";

const nowMs = 1_000_000;
const standby: Candidate = {
  region: "south",
  agentReachable: true,
  streaming: true,
  hasStreamed: true,
  caughtUpAtMs: nowMs - 200,
  readyServices: [],
};
function input(...candidates: readonly Candidate[]): DecideInput {
  return {
    nowMs,
    group: {
      name: "shop",
      primary: ["north", "south", "west", "east"],
      witnesses: [],
      services: ["orders"],
      failover: "automatic",
      maxDataLossMs: 30_000,
      coolDownMs: 60_000,
      mode: "async",
    },
    paused: false,
    record: { epoch: 7, primary: "north", promotable: ["north", "south", "west"] },
    diagnoses: [],
    candidates,
    lease: { seenAtMs: nowMs - 2_200, ttlMs: 2_200 },
  };
}

/** South against west, west being better in one thing. */
const better: readonly (readonly [string, Partial<Candidate>, Partial<Candidate>, string])[] = [
  ["loss", { caughtUpAtMs: nowMs - 9_000 }, {}, "for it may lose 0.2 s, south 9.0 s"],
  ["position", { behindBytes: 1_200 }, { behindBytes: 0 }, "for it has 1,200 bytes more than south"],
  ["a known position", {}, { behindBytes: 0 }, "for how far south has come is not known"],
  ["capacity", { capacity: 0.25 }, { capacity: 0.5 }, "for 50 % of the capacity is ready there, 25 % in south"],
  ["latency", { latencyMs: 40 }, { latencyMs: 9 }, "for it is nearer (9 ms) than south (40 ms)"],
];

describe("of two standbys", () => {
  test.each(better)("the one with the better %s is chosen, and it is said why", (_, south, west, why) => {
    const given = input({ ...standby, ...south }, { ...standby, ...west, region: "west" });
    const [first, second, third] = consideredFor(given, "forced");
    expect(first).toMatchObject({ region: "west", rank: 1, why });
    expect(second).toMatchObject({ region: "south", rank: 2, why: why.replace(/^for /, "") });
    expect(third).toMatchObject({
      region: "east",
      rank: 3,
      refusedWhy: "east is not promotable in epoch 7: it has not been admitted as a standby",
    });
  });

  test("one that is unwell comes after one that is well, even if it has more", () => {
    const given = input({ ...standby, behindBytes: 0 }, { ...standby, region: "west", behindBytes: 5_000 });
    const seen = {
      name: "flapping",
      region: "south",
      severity: "warning",
      sinceMs: 0,
      seenAtMs: 0,
      sentence: "",
    } as const;
    const evidence = { statistic: 0, threshold: 0, vantages: [], sampleCount: 0, silentMs: 0 };
    const [first] = consideredFor({ ...given, diagnoses: [{ ...seen, evidence }] }, "forced");
    expect(first).toMatchObject({ region: "west", why: "for south is unwell (flapping)" });
  });

  test("data comes before comfort: the fuller copy wins over the bigger region", () => {
    const given = input(
      { ...standby, behindBytes: 0, capacity: 0 },
      { ...standby, region: "west", behindBytes: 1, capacity: 1 },
    );
    expect(targetsFor(given, "forced")[0]?.region).toBe("south");
    // Where nothing can be lost, comfort decides.
    expect(targetsFor(given, "graceful")[0]?.region).toBe("west");
  });

  test("alike in all, the manifest decides", () => {
    const [first] = consideredFor(input({ ...standby, region: "west" }, standby), "forced");
    expect(first).toMatchObject({ region: "south", why: "for it comes before west in the manifest, alike otherwise" });
  });
});

test("the order does not depend on the order in which candidates are told, and the refused come last", () => {
  const candidate = (region: string): fc.Arbitrary<Candidate> =>
    fc.record({
      region: fc.constant(region),
      agentReachable: fc.boolean(),
      streaming: fc.constant(true),
      hasStreamed: fc.constant(true),
      caughtUpAtMs: fc.integer({ min: nowMs - 5_000, max: nowMs }),
      behindBytes: fc.constantFrom(0, 100),
      capacity: fc.constantFrom(0, 0.5, 1),
      latencyMs: fc.constantFrom(3, 4, 9),
      readyServices: fc.constant([]),
    });
  fc.assert(
    fc.property(candidate("south"), candidate("west"), candidate("east"), (one, two, three) => {
      const ranks = consideredFor(input(one, two, three), "forced");
      expect(consideredFor(input(three, one, two), "forced")).toEqual(ranks);
      const refused = ranks.map((each) => each.refusedWhy !== undefined);
      expect([...refused].sort()).toEqual(refused);
    }),
  );
});
