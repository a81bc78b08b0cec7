import { describe, expect, test } from "vitest";
import { defaultTtlFloorMs, nextTtlState, shortenedTtls, type TtlState, ttlDwellMs, ttlNow } from "./ttl.ts";

const route = { name: "shop.example.com", ttlMs: 30_000 };
const doubted: TtlState = { doubtedAtMs: 1_000 };

describe("the TTL of a route", () => {
  test("is its own while nobody doubts the primary", () => {
    expect(ttlNow(route, {})).toBe(30_000);
    expect(shortenedTtls([route], {})).toBeUndefined();
  });

  test("falls to the floor with the first doubt, and never rises by it", () => {
    expect(ttlNow(route, doubted)).toBe(defaultTtlFloorMs);
    expect(ttlNow({ ...route, ttlFloorMs: 1_000 }, doubted)).toBe(1_000);
    expect(ttlNow({ ...route, ttlMs: 2_000 }, doubted)).toBe(2_000);
    expect(shortenedTtls([route, { name: "short", ttlMs: 2_000 }], doubted)).toEqual({ "shop.example.com": 5_000 });
  });

  test("is back when there has been no doubt for the dwell", () => {
    let state = nextTtlState({}, { nowMs: 1_000, inDoubt: true });
    state = nextTtlState(state, { nowMs: 1_000 + ttlDwellMs - 1, inDoubt: false });
    expect(ttlNow(route, state)).toBe(defaultTtlFloorMs);
    expect(ttlNow(route, nextTtlState(state, { nowMs: 1_000 + ttlDwellMs, inDoubt: false }))).toBe(30_000);
    // Each doubt begins the dwell anew.
    const again = nextTtlState(state, { nowMs: 1_000 + ttlDwellMs, inDoubt: true });
    expect(ttlNow(route, nextTtlState(again, { nowMs: 1_000 + 2 * ttlDwellMs - 1, inDoubt: false }))).toBe(5_000);
  });
});
