// The fields of a line: what looks like a credential is taken out of each, and what is named like one is not printed at all.

import { hidden, redact } from "../../core/model/redact.ts";

const secretNames = /password|passwd|secret|token|authorization|api[-_]?key|credential/i;

/** Numbers and truth values are no secrets, whatever they are called: `tokens=3` stays. */
export function redactField(name: string, value: string | number | boolean): string | number | boolean {
  if (typeof value !== "string") return value;
  return secretNames.test(name) ? hidden : redact(value);
}
