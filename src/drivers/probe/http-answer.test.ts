import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bodyBytesMax, HttpAnswer } from "./http-answer.ts";

function read(bytes: Buffer, cuts: readonly number[] = []): HttpAnswer {
  const answer = new HttpAnswer();
  const at = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
  for (const [index, start] of at.entries()) answer.push(bytes.subarray(start, at[index + 1] ?? bytes.length));
  return answer;
}
const seen = (answer: HttpAnswer) => ({
  broken: answer.broken,
  status: answer.head?.status,
  complete: answer.complete,
  body: answer.head === undefined ? "" : answer.body(),
});
const of = (text: string): ReturnType<typeof seen> => seen(read(Buffer.from(text, "latin1")));
const well = { broken: false, status: 200 };

describe("an HTTP answer", () => {
  test.each([
    ["with a length", "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfine", { ...well, complete: true, body: "fine" }],
    ["with more than its length", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nfine", { complete: true, body: "fi" }],
    ["with less", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nfine", { ...well, complete: false, body: "fine" }],
    [
      "in chunks",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nfi\r\n2\r\nne\r\n0\r\na: b\r\n\r\n",
      { complete: true, body: "fine" },
    ],
    ["up to its end", "HTTP/1.0 200\r\n\r\nfine", { ...well, complete: false, body: "fine" }],
    ["without a body", "HTTP/1.1 204 No Content\r\n\r\n", { status: 204, complete: true, body: "" }],
    [
      "after an interim one",
      "HTTP/1.1 103 Early\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
      { ...well, complete: true },
    ],
    [
      "whose length stands twice",
      "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 2\r\n\r\nok",
      { complete: true, body: "ok" },
    ],
  ])("%s is read", (_, text, expected) => {
    expect(of(text)).toMatchObject(expected);
  });

  test.each([
    ["another protocol", "SSH-2.0-OpenSSH\r\n"],
    ["HTTP/2", "HTTP/2 200\r\n\r\n"],
    ["a status of two digits", "HTTP/1.1 20 OK\r\n\r\n"],
    ["a status of four", "HTTP/1.1 2000 OK\r\n\r\n"],
    ["no status", "HTTP/1.1 fine\r\n\r\n"],
    ["a protocol that nobody asked for", "HTTP/1.1 101 Switching\r\n\r\n"],
    ["a header without a colon", "HTTP/1.1 200 OK\r\nfine\r\n\r\n"],
    ["a space before the colon", "HTTP/1.1 200 OK\r\nx : y\r\n\r\n"],
    ["a folded header", "HTTP/1.1 200 OK\r\nx: y\r\n z\r\n\r\n"],
    ["two lengths", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok"],
    ["a length that is none", "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n"],
    ["a length and chunks", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n"],
    ["a chunk without a size", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"],
    ["a chunk that is longer than it says", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nfine\r\n"],
    ["a chunk size without end", `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${"1".repeat(300)}`],
    ["a head without end", `HTTP/1.1 200 OK\r\n${"x: y\r\n".repeat(5_000)}`],
  ])("with %s is none", (_, text) => {
    expect(of(text).broken).toBe(true);
  });

  test("is the same however it is cut", () => {
    const whole = Buffer.from(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0A\r\n0123456789\r\n0\r\n\r\n",
    );
    fc.assert(
      fc.property(fc.array(fc.nat(whole.length)), (cuts) => {
        expect(seen(read(whole, cuts))).toEqual({ ...well, complete: true, body: "abc0123456789" });
      }),
    );
  });

  test("that is garbage is never taken for one, nor does it throw", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 })), (parts) => {
        const answer = new HttpAnswer();
        for (const part of parts) answer.push(Buffer.from(part));
        answer.end();
        expect(answer.head).toBeUndefined();
      }),
    );
  });

  test("without end is kept up to the bound only", () => {
    const answer = new HttpAnswer();
    answer.push(Buffer.from("HTTP/1.1 200 OK\r\n\r\n"));
    for (let n = 0; n < 10; n += 1) answer.push(Buffer.alloc(20_000, "x"));
    expect([answer.bodyBytes, answer.body().length]).toEqual([200_000, bodyBytesMax]);
  });

  test("does not change when the buffer it was read from is used again", () => {
    const buffer = Buffer.from("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
    const answer = new HttpAnswer();
    answer.push(buffer);
    for (const part of ["4\r\nfi", "ne\r", "\n0\r", "\n\r\n"]) {
      buffer.write(part, "latin1");
      answer.push(buffer.subarray(0, part.length));
      buffer.fill("!");
    }
    expect(seen(answer)).toEqual({ ...well, complete: true, body: "fine" });
  });
});
