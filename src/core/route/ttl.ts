// How long users may remember where a route leads. While the primary is in doubt a switch may be near, and whoever has just been told
// the old answer will go on to it for a whole TTL: so from the first doubt on answers are short-lived. They are so until the primary has
// been well for a while, because each change is one that every name server has to learn.
//
// The TTL bounds how long it takes until users who obey it have followed a switch that comes later; what was handed out before the first
// doubt is beyond reach.

/** Where a route does not say: short enough to matter, long enough for resolvers not to be flooded. */
export const defaultTtlFloorMs = 5_000;
/** The primary must have been in no doubt for so long before the usual TTL holds again. */
export const ttlDwellMs = 60_000;

export type TtlState = {
  /** The last instant of doubt; undefined: none since the beginning, or the dwell has passed. */
  readonly doubtedAtMs?: number;
};

export type RouteTtl = { readonly name: string; readonly ttlMs: number; readonly ttlFloorMs?: number };

export function nextTtlState(state: TtlState, now: { readonly nowMs: number; readonly inDoubt: boolean }): TtlState {
  if (now.inDoubt) return { doubtedAtMs: now.nowMs };
  return state.doubtedAtMs !== undefined && now.nowMs - state.doubtedAtMs >= ttlDwellMs ? {} : state;
}

/** Never longer than the route's own. */
export function ttlNow({ ttlMs, ttlFloorMs = defaultTtlFloorMs }: RouteTtl, state: TtlState): number {
  return state.doubtedAtMs === undefined ? ttlMs : Math.min(ttlMs, ttlFloorMs);
}

/** By route, those that are shorter than their own; undefined when none is. */
export function shortenedTtls(
  routes: readonly RouteTtl[],
  state: TtlState,
): Readonly<Record<string, number>> | undefined {
  const short = routes.filter((route) => ttlNow(route, state) < route.ttlMs);
  return short.length === 0 ? undefined : Object.fromEntries(short.map((route) => [route.name, ttlNow(route, state)]));
}
