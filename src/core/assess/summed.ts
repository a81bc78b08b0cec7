// Terms and what they add up to.

import type { Bound, Term } from "../model/assess-report.ts";

export type Summed = { readonly seconds: Bound; readonly terms: readonly Term[] };

export function longer(one: Bound, other: Bound): boolean {
  return one.worst > other.worst || (one.worst === other.worst && one.expected > other.expected);
}

/** Makes the terms add up to both figures where the ordinary day is decided elsewhere than the worst one; `more` says where. */
export function topped(terms: readonly Term[], sum: Bound, expected: number, moreWhat: string): Summed {
  const seconds = { expected, worst: Math.max(sum.worst, expected) };
  const more = expected - sum.expected;
  const all = terms.filter((term) => term.seconds.expected > 0 || term.seconds.worst > 0);
  if (!(more > 1e-9)) return { seconds, terms: all };
  return {
    seconds,
    terms: [...all, { what: moreWhat, seconds: { expected: more, worst: 0 }, basis: "sum" }],
  };
}

/** Nobody comes back from it. */
export const never: Bound = { expected: Number.POSITIVE_INFINITY, worst: Number.POSITIVE_INFINITY };

export const endless = (what: string): Term => ({ what, seconds: never, basis: "stated" });
