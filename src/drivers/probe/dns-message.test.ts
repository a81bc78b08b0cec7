import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { dnsQuestion, plainAddress, readDnsAnswer } from "./dns-message.ts";

const hex = (text: string): Buffer => Buffer.from(text.replace(/\s/g, ""), "hex");
/** The question for www.example.com, its name at 12, as in RFC 1035. */
const name = "03 777777 07 6578616d706c65 03 636f6d 00";
const head = (flags: string, answers: number): string => `1234 ${flags} 0001 000${answers} 0000 0000 ${name} 0001 0001`;

describe("a DNS message", () => {
  test("asks one question, and for an answer of up to 1232 bytes", () => {
    expect(dnsQuestion(0x1234, "www.example.com.", "A")?.toString("hex")).toBe(
      hex(`1234 0100 0001 0000 0000 0001 ${name} 0001 0001 00 0029 04d0 00000000 0000`).toString("hex"),
    );
    expect(dnsQuestion(1, "a..b", "A")).toBeUndefined();
    expect(dnsQuestion(1, `${"a".repeat(64)}.b`, "A")).toBeUndefined();
    expect(dnsQuestion(1, "a.".repeat(130), "A")).toBeUndefined();
  });

  test("is read with what is between the name and its address", () => {
    const cname = "c00c 0005 0001 0000003c 0006 03 6c6221 c010"; // lb!.example.com
    const a = "c02d 0001 0001 0000003c 0004 c0000201";
    const read = readDnsAnswer(hex(`${head("8180", 2)} ${cname} ${a}`), 0x1234, "WWW.example.com", "A");
    expect(read).toEqual({
      kind: "answer",
      records: [
        { type: "CNAME", value: "lb!.example.com" },
        { type: "A", value: "192.0.2.1" },
      ],
    });
  });

  test.each([
    ["8183", "NXDOMAIN"],
    ["8182", "SERVFAIL"],
    ["8185", "REFUSED"],
    ["8380", "did not fit"],
    ["818f", "code 15"],
  ])("with the flags %s is an error", (flags, why) => {
    expect(readDnsAnswer(hex(head(flags, 0)), 0x1234, "www.example.com", "A")).toEqual({
      kind: "error",
      why: expect.stringContaining(why),
    });
  });

  test("of another number, to another question, or that is a question, says nothing", () => {
    const answer = hex(head("8180", 0));
    expect(readDnsAnswer(answer, 0x1235, "www.example.com", "A").kind).toBe("foreign");
    expect(readDnsAnswer(answer, 0x1234, "www.example.org", "A").kind).toBe("foreign");
    expect(readDnsAnswer(answer, 0x1234, "www.example.com", "AAAA").kind).toBe("foreign");
    expect(readDnsAnswer(hex(head("0100", 0)), 0x1234, "www.example.com", "A").kind).toBe("foreign");
    expect(readDnsAnswer(Buffer.alloc(0), 0x1234, "www.example.com", "A").kind).toBe("foreign");
  });

  test("whose names run in circles, or that ends early, is malformed", () => {
    const circle = hex("1234 8180 0001 0000 0000 0000 c00c 0001 0001");
    expect(readDnsAnswer(circle, 0x1234, "www.example.com", "A").kind).toBe("malformed");
    const whole = hex(`${head("8180", 1)} c00c 0001 0001 0000003c 0004 c0000201`);
    for (let bytes = 12; bytes < whole.length; bytes += 1)
      expect(readDnsAnswer(whole.subarray(0, bytes), 0x1234, "www.example.com", "A").kind).toBe("malformed");
  });

  test("of any bytes at all does not throw", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), fc.boolean(), (bytes, asked) => {
        const message = Buffer.concat(asked ? [hex(head("8180", 9)), bytes] : [hex("1234 8180"), bytes]);
        expect(["foreign", "malformed", "error", "answer"]).toContain(
          readDnsAnswer(message, 0x1234, "www.example.com", "A").kind,
        );
      }),
    );
  });
});

test.each([
  ["2001:DB8:0:0::1", "2001:db8::1"],
  ["192.0.2.1", "192.0.2.1"],
  ["LB.example.com.", "lb.example.com"],
])("the address %s has one spelling", (given, one) => {
  expect(plainAddress(given)).toBe(one);
});
