// Which of a service's origins in this region gets the next request.
//
// I6. Origins never become none by accident: when no origin is ready, the policy says what is used, and "keep-last" is the default.

/** What to do when no origin is ready: the last ones that were, every one ever known, or none. */
export type WhenAllDown = "keep-last" | "open" | "closed";

export type OriginSets = {
  readonly ready: readonly string[];
  /** The newest `ready` that was not empty. */
  readonly last: readonly string[];
  /** Every origin seen since the router started, bounded by its keeper. */
  readonly known: readonly string[];
};

const allDown: Readonly<Record<WhenAllDown, (sets: OriginSets) => readonly string[]>> = {
  "keep-last": (sets) => sets.last,
  open: (sets) => sets.known,
  closed: () => [],
};

export function originsToUse(sets: OriginSets, policy: WhenAllDown): readonly string[] {
  return sets.ready.length > 0 ? sets.ready : allDown[policy](sets);
}

/** What the router remembers of an origin. */
export type OriginState = {
  /** Requests and sessions it is busy with. */
  readonly inFlight: number;
  /** It refused a connection: left out until then, on the monotonic clock. */
  readonly ejectedUntilMs: number;
};

/**
 * The least busy origin that is not ejected; among equals the next one in turn. Undefined when every one has just refused a
 * connection: then waiting is better than asking again at once.
 */
export function pickOrigin(
  origins: readonly string[],
  stateOf: (origin: string) => OriginState | undefined,
  nowMs: number,
  turn: number,
): string | undefined {
  let best: string | undefined;
  let bestInFlight = Number.POSITIVE_INFINITY;
  for (let i = 0; i < origins.length; i++) {
    const origin = origins[(turn + i) % origins.length] as string;
    const state = stateOf(origin);
    if (state !== undefined && state.ejectedUntilMs > nowMs) continue;
    const inFlight = state?.inFlight ?? 0;
    if (inFlight >= bestInFlight) continue;
    best = origin;
    bestInFlight = inFlight;
  }
  return best;
}
