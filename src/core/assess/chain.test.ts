import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Copy, Region, Service } from "../model/system.ts";
import {
  levelsOf,
  lossAt,
  providerOf,
  recentLoss,
  recoveryTime,
  regionFailure,
  restoreSeconds,
  usable,
} from "./chain.ts";

const hour = 3_600_000;
const regions = new Map<string, Region>([
  ["north", { name: "north", at: "azure/norwayeast", witness: false, account: "main" }],
  ["south", { name: "south", at: "azure/swedencentral", witness: false }],
]);

const service = (copies: readonly Copy[]): Service => ({
  name: "data",
  type: "postgresql",
  needs: [],
  replicas: { primary: 1, standby: 1 },
  health: { path: "/", everyMs: 1_000 },
  in: { north: {}, south: {} },
  copies,
});

const copy = (some: Partial<Copy> = {}): Copy => ({
  name: "copy",
  in: "south",
  everyMs: 12 * hour,
  holdMs: 0,
  transferMs: 0,
  ...some,
});

const levels = (...copies: Copy[]) => levelsOf(service(copies), regions);

describe("a level", () => {
  test("is as old as all the waits before it, and can be no newer than the one it is made from", () => {
    const [first, second, third] = levels(
      copy({ everyMs: 6 * hour, holdMs: hour, transferMs: 2 * hour }),
      copy({ everyMs: 4 * hour, transferMs: hour }),
      copy({ everyMs: 10 * hour }),
    );
    expect(first?.loss).toEqual({ expected: 6 * 3_600, worst: 9 * 3_600 });
    expect(second?.loss).toEqual({ expected: 7 * 3_600, worst: 10 * 3_600 });
    // Every ten hours takes each second of those that come every six.
    expect(third?.loss).toEqual({ expected: 10 * 3_600, worst: 16 * 3_600 });
  });

  test("that keeps two days can give the state of yesterday, at most a gap older", () => {
    const [level] = levels(copy({ keepMs: 48 * hour }));
    expect(level && lossAt(level, 24 * 3_600)).toEqual({ expected: 6 * 3_600, worst: 12 * 3_600 });
    expect(level && lossAt(level, 36 * 3_600)).toBeDefined();
    expect(level && lossAt(level, 36 * 3_600 + 1)).toBeUndefined();
  });

  test("without a keep has no state older than its newest copy", () => {
    const [level] = levels(copy({ transferMs: hour }));
    expect(level && lossAt(level, 3_600)).toEqual({ expected: 6 * 3_600, worst: 12 * 3_600 });
    expect(level && lossAt(level, 3_601)).toBeUndefined();
  });

  test("never loses more of an older state than of the newest", () => {
    fc.assert(
      fc.property(fc.nat(1e6), fc.nat(1e6), fc.nat(1e6), fc.nat(1e6), (every, wait, keep, target) => {
        const [level] = levels(copy({ everyMs: (every + 1) * 1_000, transferMs: wait * 1_000, keepMs: keep * 1_000 }));
        const loss = level && lossAt(level, target);
        if (loss === undefined || level === undefined) return;
        expect(loss.worst).toBeLessThanOrEqual(level.loss.worst);
        expect(loss.worst).toBeGreaterThanOrEqual(level.gapSeconds);
      }),
    );
  });
});

describe("a failure takes what is inside it", () => {
  const [replica, here, elsewhere] = [
    ...levelsOf(service([]), regions, {
      method: "streaming",
      to: [regions.get("south") as Region],
      lag: { expected: 0.1, worst: 1 },
    }),
    ...levels(copy({ in: "north", device: "data" }), copy({ in: "azure/norwayeast", account: "vault" })),
  ];

  test("an object: every replica, no copy", () => {
    expect([replica, here].map((level) => level && usable(level, { scope: "object" }))).toEqual([false, true]);
  });

  test("a device: the copies on it", () => {
    const failure = { scope: "device", device: "data" } as const;
    expect([replica, here, elsewhere].map((level) => level && usable(level, failure))).toEqual([true, false, true]);
  });

  test("a region: what names it, and what only names its place", () => {
    const failure = regionFailure(["north"], regions);
    expect([replica, here, elsewhere].map((level) => level && usable(level, failure))).toEqual([true, false, false]);
  });

  test("a provider and an account: all of theirs", () => {
    expect(replica && usable(replica, { scope: "provider", provider: "azure" })).toBe(false);
    expect(here && usable(here, { scope: "account", account: "main" })).toBe(false);
    expect(elsewhere && usable(elsewhere, { scope: "account", account: "main" })).toBe(true);
    expect(providerOf("unknown")).toBe("");
  });

  test("the newest of what is left is taken", () => {
    const all = [replica, here, elsewhere].flatMap((level) => level ?? []);
    expect(recentLoss(all, regionFailure(["north"], regions))?.level).toBe(replica);
    expect(recentLoss(all, { scope: "object" })?.level).toBe(here);
    expect(recentLoss(all, regionFailure(["north", "south"], regions))).toBeUndefined();
  });
});

describe("restoring", () => {
  test("takes the longer of provisioning and shipping, then the slowest of the ways, replay and restart", () => {
    const times = { provisionSeconds: 60, shipSeconds: 100, replaySeconds: 5, restartSeconds: 7 };
    expect(recoveryTime({ ...times, bytes: 1_000, bytesPerSecond: [50, 10, 20] })).toBe(100 + 100 + 5 + 7);
    expect(recoveryTime({ ...times, bytes: 0, bytesPerSecond: [0] })).toBe(112);
  });

  test("cannot be told where the size or the way is not stated", () => {
    const restore = { provisionMs: 60_000, restartMs: 0 };
    const [silent, instant, read] = levels(
      copy(),
      copy({ restore }),
      copy({ restore: { ...restore, bytesPerSecond: 10 } }),
    );
    expect(silent && restoreSeconds(silent, 100)).toBeUndefined();
    expect(instant && restoreSeconds(instant, undefined)).toBe(60);
    expect(read && restoreSeconds(read, undefined)).toBeUndefined();
    expect(read && restoreSeconds(read, 100)).toBe(70);
  });
});
