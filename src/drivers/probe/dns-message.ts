// DNS messages, as much as a look needs (RFC 1035, 4): one question out, its answers in. Whatever is malformed is refused.

import type { DnsRecordType } from "../../core/model/health-probe.ts";

const types: Readonly<Record<DnsRecordType, number>> = { A: 1, CNAME: 5, AAAA: 28 };
const internet = 1;
const recursionDesired = 0x0100;
/** Room for an answer of so many bytes over UDP (RFC 6891; the value of the DNS flag day of 2020). */
const udpBytes = 1232;
const optType = 41;
const jumpsMax = 32;

/** RFC 1035, 4.1.1. */
const codes: Readonly<Record<number, string>> = {
  1: "it found the question malformed (FORMERR)",
  2: "it could not find out (SERVFAIL)",
  3: "there is no such name (NXDOMAIN)",
  4: "it does not do such questions (NOTIMP)",
  5: "it refuses to answer (REFUSED)",
};

export type DnsAnswer =
  /** Not an answer to this question: it says nothing, and the right one may still come. */
  | { readonly kind: "foreign" }
  | { readonly kind: "malformed" }
  | { readonly kind: "error"; readonly why: string }
  | { readonly kind: "answer"; readonly records: readonly { readonly type: DnsRecordType; readonly value: string }[] };

/** Undefined when the name is no host name. */
export function dnsQuestion(id: number, name: string, record: DnsRecordType): Buffer | undefined {
  const labels = name.replace(/\.$/, "").split(".");
  if (labels.some((label) => label === "" || Buffer.byteLength(label) > 63) || name.length > 253) return undefined;
  const head = Buffer.alloc(12);
  head.writeUInt16BE(id, 0);
  head.writeUInt16BE(recursionDesired, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(1, 10);
  const words = labels.map((label) => Buffer.concat([Buffer.from([Buffer.byteLength(label)]), Buffer.from(label)]));
  const opt = Buffer.from([0, 0, optType, udpBytes >> 8, udpBytes & 0xff, 0, 0, 0, 0, 0, 0]);
  return Buffer.concat([head, ...words, Buffer.from([0, 0, types[record], 0, internet]), opt]);
}

export function readDnsAnswer(message: Buffer, id: number, name: string, record: DnsRecordType): DnsAnswer {
  try {
    return read(message, id, name, record);
  } catch (error) {
    // Every read past the end.
    if (error instanceof RangeError) return { kind: "malformed" };
    throw error;
  }
}

function read(message: Buffer, id: number, name: string, record: DnsRecordType): DnsAnswer {
  if (message.length < 12 || message.readUInt16BE(0) !== id) return { kind: "foreign" };
  const flags = message.readUInt16BE(2);
  if ((flags & 0x8000) === 0) return { kind: "foreign" };
  const code = flags & 0xf;
  // A server that cannot read the question may leave it out.
  if (code !== 0 && message.readUInt16BE(4) === 0) return errorOf(code);
  if (message.readUInt16BE(4) !== 1) return { kind: "malformed" };
  const asked = nameAt(message, 12);
  if (asked === undefined) return { kind: "malformed" };
  if (asked.name !== plain(name) || message.readUInt16BE(asked.end) !== types[record]) return { kind: "foreign" };
  if (code !== 0) return errorOf(code);
  if ((flags & 0x0200) !== 0) return { kind: "error", why: "its answer did not fit into one packet" };
  const records: { type: DnsRecordType; value: string }[] = [];
  let at = asked.end + 4;
  for (let left = message.readUInt16BE(6); left > 0; left -= 1) {
    const owner = nameAt(message, at);
    if (owner === undefined) return { kind: "malformed" };
    const bytes = message.readUInt16BE(owner.end + 8);
    const data = owner.end + 10;
    if (data + bytes > message.length) return { kind: "malformed" };
    const value = valueAt(message, message.readUInt16BE(owner.end), data, bytes);
    if (value === "malformed") return { kind: "malformed" };
    if (value !== undefined) records.push(value);
    at = data + bytes;
  }
  return { kind: "answer", records };
}

function errorOf(code: number): DnsAnswer {
  return { kind: "error", why: codes[code] ?? `it answered with code ${code}` };
}

function valueAt(
  message: Buffer,
  type: number,
  at: number,
  bytes: number,
): { readonly type: DnsRecordType; readonly value: string } | "malformed" | undefined {
  const data = message.subarray(at, at + bytes);
  switch (type) {
    case types.A:
      return bytes === 4 ? { type: "A", value: data.join(".") } : "malformed";
    case types.AAAA:
      return bytes === 16 ? { type: "AAAA", value: ipv6Of(data) } : "malformed";
    case types.CNAME: {
      const target = nameAt(message, at);
      return target === undefined ? "malformed" : { type: "CNAME", value: target.name };
    }
    default:
      return undefined;
  }
}

function ipv6Of(data: Buffer): string {
  return plainAddress(data.toString("hex").replace(/(.{4})(?=.)/g, "$1:"));
}

/** One spelling for every spelling of an address; other texts as names. */
export function plainAddress(text: string): string {
  if (!text.includes(":")) return plain(text);
  return URL.parse(`http://[${text}]/`)?.hostname.slice(1, -1) ?? text;
}

function plain(name: string): string {
  return name.replace(/\.$/, "").toLowerCase();
}

/** `end`: behind the name where it stands. Undefined: it runs in circles, or is too long. */
function nameAt(message: Buffer, start: number): { readonly name: string; readonly end: number } | undefined {
  const labels: string[] = [];
  let at = start;
  let end: number | undefined;
  for (let jumps = 0, length = 0; ; ) {
    const size = message.readUInt8(at);
    if (size === 0) return { name: plain(labels.join(".")), end: end ?? at + 1 };
    if (size >= 0xc0) {
      jumps += 1;
      if (jumps > jumpsMax) return undefined;
      end ??= at + 2;
      at = message.readUInt16BE(at) & 0x3fff;
      continue;
    }
    length += size + 1;
    if (size > 63 || length > 255 || at + 1 + size > message.length) return undefined;
    labels.push(message.toString("latin1", at + 1, at + 1 + size));
    at += 1 + size;
  }
}
