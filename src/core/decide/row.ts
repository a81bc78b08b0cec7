// One row of the transition table, and what several rows share.

import { commands } from "./commands.ts";
import type { StateName } from "./decision.ts";
import type { DecideFacts } from "./facts.ts";
import { exceeds } from "./targets.ts";

/** Which of the rules it belongs to. They are separate on purpose: what makes one leave need not be what makes one stay or return. */
export type Part = "standing" | "staying" | "leaving" | "standbys" | "returning";

export type Row = {
  readonly id: string;
  readonly part: Part;
  readonly from: readonly StateName[] | "any";
  /** The condition in words; `test` is the same as code. */
  readonly when: string;
  readonly test: (facts: DecideFacts) => boolean;
  readonly decision: "hold" | "hold and tell" | "ask" | "switch" | "unprotect";
  readonly enters: StateName;
  readonly sentence: string;
  /** What would change it, and when; said of every row that does nothing yet. */
  readonly until: string;
  /** An open question stands meanwhile: what it is about may well go on. */
  readonly keepsQuestion?: true;
  readonly next?: (facts: DecideFacts) => string | undefined;
};

export const inTrouble = (f: DecideFacts): boolean => f.trouble !== undefined;

export const goNow = (f: DecideFacts): string | undefined => {
  if (f.target === undefined) return undefined;
  const { name, maxDataLossMs } = f.input.group;
  if (f.trouble?.remedy === "switchover") return commands.switchover(name, f.target.region);
  return commands.failover(name, f.target.region, exceeds(f.target.lossBoundMs, maxDataLossMs));
};

/** The command carries the number of the question, so that it cannot be taken for the answer to a later one. */
export const approve = (f: DecideFacts, question?: number): string => commands.approve(f.input.group.name, question);
