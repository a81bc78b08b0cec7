// How a fault is said: rule, sentence, advice. Values are shown only where they cannot be secrets.

import type { Nearest } from "./nearest.ts";

export type Words = { readonly rule: string; readonly message: string; readonly fix: string };

export type Row = (value: unknown, nearest: Nearest, parameters: readonly string[]) => Words;

export function words(rule: string, message: string, fix: string): Words {
  return { rule, message, fix };
}

/** A value as it may be shown: short, and never something that could hold a password. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a block of keys";
  if (typeof value === "string") return value.includes("@") || value.length > 60 ? "another text" : `"${value}"`;
  return String(value);
}

export function secretless(value: unknown): string {
  const text = shown(value);
  return text === "another text" ? "" : `, and this is ${text}`;
}
