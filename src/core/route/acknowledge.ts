// May an answer be let through, at this very moment? Asked with both clocks freshly read, right before the bytes are written.
//
// I1. No answer to a write leaves under an epoch that is over, nor at or past either clock of `writeUntil`: a router that was
//     suspended wakes with the answer in its hands and must not pass it on.

import { type GroupRoute, type Instant, isBefore } from "./config.ts";

/** Under what a request or session was handed on. */
export type Dispatch = {
  readonly epoch: number;
  /** The region it was handed to. */
  readonly to: string;
  readonly safe: boolean;
};

export type Verdict =
  | { readonly kind: "yes" }
  /**
   * Whether it happened is not for this router to say. `mayReopen`: the epoch is still in force and only the window is shut, so a
   * renewed window may yet allow it.
   */
  | { readonly kind: "unknown"; readonly mayReopen: boolean; readonly why: string };

// One object for every yes: this is asked for each chunk.
const yes: Verdict = { kind: "yes" };

/**
 * `group` is the record in force now, `region` the router's own. A router that handed the work to another region's router checks
 * its own epoch only; the window is checked there, where the lease is.
 */
export function mayAcknowledge(
  dispatch: Dispatch,
  group: GroupRoute | undefined,
  region: string,
  now: Instant,
): Verdict {
  if (group === undefined)
    return { kind: "unknown", mayReopen: false, why: "its group is no longer in the router's configuration" };
  if (group.epoch !== dispatch.epoch || group.primary !== dispatch.to) {
    return {
      kind: "unknown",
      mayReopen: false,
      why: `${group.group} moved to ${group.primary} (epoch ${group.epoch}) while this was on its way under epoch ${dispatch.epoch}`,
    };
  }
  if (dispatch.safe || dispatch.to !== region) return yes;
  const until = group.writeUntil;
  if (until !== undefined && isBefore(now, until)) return yes;
  return {
    kind: "unknown",
    mayReopen: true,
    why: `the lease of ${region} on ${group.group} (epoch ${group.epoch}) had run out before the answer could be passed on`,
  };
}
