// What one look is given, and what it finds.

import type { Via } from "./address.ts";
import type { Names } from "./names.ts";

/** Undefined: not well in any way that was asked about. `warning`: well, and something a person should know. */
export type Finding =
  | { readonly well: true; readonly warning?: string }
  /** `busy`: it said so itself, so it is there. */
  | { readonly well: false; readonly why: string; readonly busy?: true }
  /** Nothing was learnt about the target, for a reason that lies here. */
  | { readonly well: undefined; readonly why: string };

export const well: Finding = { well: true };
export const ill = (why: string): Finding => ({ well: false, why });

export type Look = {
  readonly via: Via;
  readonly names: Names;
  /** Authorities that sign certificates, as PEM; undefined: those that Node knows. */
  readonly authorities: string | undefined;
  /**
   * What is to be said when the time is up. `soFar` is asked after so many milliseconds without an end, more than once if the look goes on;
   * `end` is called when it may not go on, once, and has to end it. A second call replaces the first.
   */
  onDeadline(soFar: (withinMs: number) => Finding, end: (finding: Finding) => void): void;
};

/** The reason of a connection that could not be made, or that broke. */
export function broken(error: NodeJS.ErrnoException, connected: boolean): Finding {
  const code = error.code ?? error.name;
  if (code === "ENAMESBUSY")
    return { well: undefined, why: "Its name could not be looked up: other names are still being looked up here." };
  if (code === "EMFILE" || code === "ENFILE" || code === "EADDRNOTAVAIL" || code === "ENOBUFS" || code === "ENOMEM")
    return { well: undefined, why: `This machine had nothing left to make a connection with (${code}).` };
  return ill(connected ? `The connection broke (${code}).` : `It took no connection (${code}).`);
}
