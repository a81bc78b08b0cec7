import { describe, expect, test } from "vitest";
import type { HttpExpectation } from "../../core/model/health-probe.ts";
import type { Head } from "./http-answer.ts";
import { judgeBody, judgeHead } from "./http-judge.ts";

const head = (status: number, headers: Record<string, string> = {}): Head => ({
  status,
  headers: new Map(Object.entries(headers)),
  framing: { by: "end" },
  stays: false,
});

describe("the head of an answer", () => {
  test.each<[number, HttpExpectation, boolean]>([
    [200, {}, true],
    [302, {}, true],
    [404, {}, false],
    [404, { status: [{ from: 404, to: 404 }] }, true],
    [200, { status: [{ from: 404, to: 404 }] }, false],
    [
      299,
      {
        status: [
          { from: 200, to: 201 },
          { from: 290, to: 299 },
        ],
      },
      true,
    ],
    [202, {}, false],
    [202, { status: [{ from: 200, to: 299 }] }, false],
    [202, { status: [{ from: 202, to: 202 }] }, false],
  ])("with %i and %o", (status, expected, isWell) => {
    expect(judgeHead(head(status), expected) === undefined).toBe(isWell);
  });

  test.each([
    [{ "operation-location": "/jobs/1" }],
    [{ "azure-asyncoperation": "https://x" }],
    [{ "preference-applied": "respond-async" }],
  ])("that says it will be answered later (%o) is not well", (headers) => {
    expect(judgeHead(head(200, headers as Record<string, string>), {})).toMatchObject({
      well: false,
      why: expect.stringContaining("looked into later"),
    });
  });
});

describe("the body of an answer", () => {
  test.each([
    "queued",
    '"Queued"',
    " accepted.\n",
    '{"status":"queued"}',
    '{"id": 7, "state": "Accepted", "x": 1}',
    "pending",
  ])("%j says that it will be answered later", (body) => {
    expect(judgeBody(body, true, undefined)).toMatchObject({ well: false, why: expect.stringContaining("later") });
  });

  test.each([
    "ok",
    "",
    '{"ok":true}',
    "the queue is empty: nothing queued",
    '{"queued":0,"status":"running"}',
    "<html>accepted</html>",
  ])("%j does not", (body) => {
    expect(judgeBody(body, true, undefined)).toEqual({ well: true });
  });

  test("contains what it should, as soon as that has come", () => {
    expect(judgeBody("all fi", false, { contains: "fine" })).toBe("more");
    expect(judgeBody("all fine, and", false, { contains: "fine" })).toEqual({ well: true });
    expect(judgeBody("all well", true, { contains: "fine" })).toEqual({
      well: false,
      why: 'Its answer does not contain "fine": "all well".',
    });
    expect(judgeBody("queued", true, { contains: "queued" })).toEqual({ well: true });
  });

  test("matches a pattern when all of it has come", () => {
    expect(judgeBody("v12", false, { matches: "^v\\d+$" })).toBe("more");
    expect(judgeBody("v12", true, { matches: "^v\\d+$" })).toEqual({ well: true });
    expect(judgeBody("v", true, { matches: "^v\\d+$" })).toMatchObject({ well: false });
  });

  test("cannot hold the prober up with a pattern that tries everything", () => {
    expect(judgeBody(`${"a".repeat(40)}!`, true, { matches: "^(a+)+$" })).toMatchObject({ well: false });
  });
});
