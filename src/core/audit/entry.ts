// The audit trail of a group: a chain of entries, each with its number, the hash of the one before, and its own hash over everything
// else in it (I12). Whoever changes, drops, adds or moves an entry breaks the chain there; whoever writes the whole chain anew from
// there ends with another last hash (the head), which is why the head is told to people and kept elsewhere.

import { redact } from "../model/redact.ts";
import { canonical, ordered } from "./canonical.ts";
import type { AuditFact, EarlierRows } from "./fact.ts";
import { sha256 } from "./sha256.ts";

/** Grows with every change of what an entry means or how it is hashed; stands in the first entry. */
export const trailFormat = 1;
/** Rows of an older version that are marked one by one; a store's value has room for them. */
export const marksMax = 20_000;
const markDigits = 16;
const sentenceMax = 4_000;
const listMax = 32;
const depthMax = 6;

/** What happened, before it has its place in the chain. */
export type AuditEvent = {
  /** The controller's wall clock. */
  readonly atMs: number;
  readonly kind: "seen" | "decided" | "done";
  readonly group: string;
  readonly region: string;
  readonly service?: string;
  readonly step?: string;
  readonly run?: string;
  readonly name: string;
  readonly sentence: string;
  /** In the trail, and not in reports of what happened: bookkeeping, such as the steps that a report shows with their run. */
  readonly quiet?: true;
  readonly fact?: AuditFact;
};

export type AuditEntry = AuditEvent & {
  readonly seq: number;
  /** The hash of the entry before; empty in the first one. */
  readonly before: string;
  readonly hash: string;
};

/** Where a chain ends. */
export type Tail = { readonly seq: number; readonly hash: string };

/** The next entry of a chain, its keys in order. */
export function chained(event: AuditEvent, tail: Tail): AuditEntry {
  const entry = { ...event, seq: tail.seq + 1, before: tail.hash };
  return ordered({ ...entry, hash: sha256(canonical(entry)) }) as AuditEntry;
}

/** Does it carry the hash of what stands in it? */
export function isIntact({ hash, ...entry }: AuditEntry): boolean {
  return sha256(canonical(entry)) === hash;
}

/** Of this shape, intact or not. */
export function isEntry(value: unknown): value is AuditEntry {
  if (typeof value !== "object" || value === null) return false;
  const { seq, before, hash, group, atMs, sentence } = value as Partial<Record<keyof AuditEntry, unknown>>;
  return (
    Number.isSafeInteger(seq) &&
    typeof before === "string" &&
    typeof hash === "string" &&
    typeof group === "string" &&
    typeof atMs === "number" &&
    typeof sentence === "string"
  );
}

/** Without what looks like a secret, and no longer than an entry may be. */
export function printable(event: AuditEvent): AuditEvent {
  return ordered(scrubbed(event, 0)) as AuditEvent;
}

function scrubbed(value: unknown, depth: number): unknown {
  if (typeof value === "string") return redact(value).slice(0, sentenceMax).toWellFormed();
  if (typeof value !== "object" || value === null) return value;
  if (depth > depthMax) return null;
  if (Array.isArray(value)) return value.slice(0, listMax).map((one) => scrubbed(one, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, scrubbed(one, depth + 1)]));
}

/** The first entry of a trail says whose it is; and what stood there before there was a chain. */
export function firstEvent(
  system: string,
  group: string,
  atMs: number,
  earlier: readonly string[] | undefined,
): AuditEvent {
  const rows = earlier === undefined || earlier.length === 0 ? undefined : earlierRows(earlier);
  const after =
    rows === undefined
      ? ""
      : `; it goes on after ${rows.entries} ${rows.entries === 1 ? "entry" : "entries"} that an older version wrote without a chain`;
  return {
    atMs,
    kind: "seen",
    group,
    region: "",
    name: "trail",
    sentence: `the audit trail of ${group} in ${system} begins here${after}`,
    quiet: true,
    fact: { what: "trail", system, format: trailFormat, ...(rows === undefined ? {} : { earlier: rows }) },
  };
}

/** Takes each row's text as it stands in the store. */
export function earlierRows(texts: readonly string[]): EarlierRows {
  const hashes = texts.map((text) => sha256(text));
  return {
    entries: texts.length,
    digest: sha256(hashes.join("\n")),
    marks: hashes.slice(-marksMax).map((hash) => hash.slice(0, markDigits)),
  };
}
