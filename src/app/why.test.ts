import { describe, expect, test } from "vitest";
import { momentOf } from "./why.ts";

const now = Date.UTC(2026, 10, 21, 6, 10, 0);
const at = (text: string): string | undefined => {
  const moment = momentOf(text, now);
  return moment === undefined ? undefined : new Date(moment).toISOString();
};

describe("a moment", () => {
  test("is a time of day that has been, how long ago, or a day and a time, all in UTC", () => {
    expect(at("06:03:12")).toBe("2026-11-21T06:03:12.000Z");
    expect(at("06:03:12.345")).toBe("2026-11-21T06:03:12.345Z");
    expect(at("23:15:00")).toBe("2026-11-20T23:15:00.000Z");
    expect(at("10m")).toBe("2026-11-21T06:00:00.000Z");
    expect(at("2026-11-20T06:03:12Z")).toBe("2026-11-20T06:03:12.000Z");
    expect(at("2026-11-20 06:03")).toBe("2026-11-20T06:03:00.000Z");
    expect(at("2026-11-20T06:03:12+02:00")).toBe("2026-11-20T04:03:12.000Z");
  });

  test("without seconds is the whole of that minute, the present one too", () => {
    expect(at("06:03")).toBe("2026-11-21T06:03:59.999Z");
    expect(at("06:10")).toBe("2026-11-21T06:10:59.999Z");
    expect(at("06:12")).toBe("2026-11-20T06:12:59.999Z");
  });

  test.each(["", "25:00", "06:61", "yesterday", "2026-11-20", "2026-13-40T06:00Z", "-10m"])("is not %j", (text) => {
    expect(at(text)).toBeUndefined();
  });
});
