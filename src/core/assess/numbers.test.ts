import { describe, expect, test } from "vitest";
import type { RecoveryPoint, RecoveryTime } from "./knowledge.ts";
import { boundOf } from "./numbers.ts";

const because = { why: "So.", source: { title: "a page", asOf: "2026-01-01" } };
const time = (rest: Partial<RecoveryTime>): RecoveryTime => ({
  of: "failover",
  basis: "class",
  expectedSeconds: 60,
  ...because,
  ...rest,
});
const point = (rest: Partial<RecoveryPoint>): RecoveryPoint => ({
  kind: "bounded",
  basis: "class",
  ...because,
  ...rest,
});

describe("the bound of a figure", () => {
  test("without a worst figure is what is expected", () => {
    expect(boundOf(time({}))).toEqual({ expected: 60, worst: 60 });
    expect(boundOf(time({ worstSeconds: 90 }))).toEqual({ expected: 60, worst: 90 });
  });

  test("does not end where nobody bounds the time", () => {
    expect(boundOf(time({ unbounded: true }))).toEqual({ expected: 60, worst: Number.POSITIVE_INFINITY });
  });

  test("does not end where nobody bounds the loss", () => {
    expect(boundOf(point({ kind: "unbounded", expectedSeconds: 5 }))).toEqual({
      expected: 5,
      worst: Number.POSITIVE_INFINITY,
    });
    expect(boundOf(point({ kind: "unbounded" }))).toEqual({
      expected: Number.POSITIVE_INFINITY,
      worst: Number.POSITIVE_INFINITY,
    });
  });

  test("of a loss with a worst figure alone expects that", () => {
    expect(boundOf(point({ worstSeconds: 300 }))).toEqual({ expected: 300, worst: 300 });
  });
});
