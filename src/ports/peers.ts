// Calls to other Leeward processes. Each has a deadline, a bearer token and a version; what did not come back in time is
// "unknown", because the other side may have done it.

export type CallFailure = {
  readonly kind: "failed";
  /** "unreachable": nothing was sent or accepted. "unknown": sent, no answer in time. "refused": an answer, and it is no. */
  readonly cause: "unreachable" | "unknown" | "refused";
  readonly why: string;
};

export interface Peers {
  /** POSTs `body` as the call `name` to the process at `base` (`http://host:port`). */
  call(
    base: string,
    name: string,
    body: unknown,
    deadlineMs: number,
  ): Promise<{ readonly kind: "answer"; readonly body: unknown } | CallFailure>;
}
