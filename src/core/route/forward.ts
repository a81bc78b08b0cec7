// May this request be forwarded now, and where to? Two tables, one for users and one for other routers, each read from the top:
// the first row that holds decides.
//
// I1. A write is handed to an origin only by the router of the primary's region, under the epoch in force, inside the write window.
// I6. Having no origin is never an empty answer: it is a wait or a refusal with a sentence.
// I7. Reads need no write window, so they go on while the control plane is away.

import { type GroupRoute, type Instant, isBefore } from "./config.ts";

export type ForwardDecision =
  | { readonly kind: "local"; readonly epoch: number; readonly origins: readonly string[] }
  | { readonly kind: "peer"; readonly epoch: number; readonly region: string; readonly address: string }
  /** Keep it waiting, within the router's bound, until the configuration changes. `why` is what the client is told if it does not. */
  | { readonly kind: "hold"; readonly why: string }
  /** Never handed to an origin: it may be sent again without harm. */
  | { readonly kind: "refuse"; readonly status: 404 | 503; readonly executed: false; readonly why: string };

export type ForwardFacts = {
  /** This router's own region. */
  readonly region: string;
  readonly service: string;
  /** The service's group; undefined while this router knows nothing of it. */
  readonly group: GroupRoute | undefined;
  /** What may be used here and now, after the all-down policy (origins.ts). */
  readonly origins: readonly string[];
  /** Is an empty `origins` the policy's own wish ("closed") rather than bad luck? */
  readonly closed: boolean;
  /** Peer port of the primary's router, if known. */
  readonly peer: string | undefined;
  /** Does it promise to change nothing? TCP sessions never do. */
  readonly safe: boolean;
  readonly now: Instant;
};

type Facts = ForwardFacts & { readonly group: GroupRoute; readonly claimedEpoch: number };
type Row = { readonly when: (f: Facts) => boolean; readonly give: (f: Facts) => ForwardDecision };

const refuse = (why: string): ForwardDecision => ({ kind: "refuse", status: 503, executed: false, why });
const hold = (why: string): ForwardDecision => ({ kind: "hold", why });

const isElsewhere = (f: Facts) => f.group.primary !== f.region;
const hasNoWindow = (f: Facts) => !f.safe && f.group.writeUntil === undefined;
const isPastWindow = (f: Facts) => !f.safe && f.group.writeUntil !== undefined && !isBefore(f.now, f.group.writeUntil);

const switching = (f: Facts) => `a switch of ${f.group.group} is under way; requests wait for the new primary`;
const unaddressed = (f: Facts) =>
  `${f.group.group} is served in ${f.group.primary}, but no address of a router there is known`;
const closed = (f: Facts) => `no origin of ${f.service} is ready in ${f.region}, and its route is to be closed then`;
const empty = (f: Facts) => `no origin of ${f.service} is ready in ${f.region} yet`;
const noWindow = (f: Facts) =>
  `the agent of ${f.region} has not said until when writes to ${f.group.group} may be acknowledged under epoch ${f.group.epoch}`;
const pastWindow = (f: Facts) =>
  `the lease of ${f.region} on ${f.group.group} has run out; writes wait until it is renewed or moves`;
const local = (f: Facts): ForwardDecision => ({ kind: "local", epoch: f.group.epoch, origins: f.origins });

const forUsers: readonly Row[] = [
  { when: (f) => f.group.mode === "hold", give: (f) => hold(switching(f)) },
  { when: (f) => isElsewhere(f) && f.peer === undefined, give: (f) => refuse(unaddressed(f)) },
  {
    when: isElsewhere,
    give: (f) => ({ kind: "peer", epoch: f.group.epoch, region: f.group.primary, address: f.peer as string }),
  },
  { when: hasNoWindow, give: (f) => hold(noWindow(f)) },
  { when: isPastWindow, give: (f) => hold(pastWindow(f)) },
  { when: (f) => f.origins.length === 0 && f.closed, give: (f) => refuse(closed(f)) },
  { when: (f) => f.origins.length === 0, give: (f) => hold(empty(f)) },
  { when: () => true, give: local },
];

// A peer's request is never kept here (save for the moment in which this router's own configuration is behind): its sender holds
// it, where it can still be sent to the new primary.
const forPeers: readonly Row[] = [
  {
    when: (f) => f.claimedEpoch < f.group.epoch,
    give: (f) =>
      refuse(`sent under epoch ${f.claimedEpoch} of ${f.group.group}, which is at epoch ${f.group.epoch} by now`),
  },
  {
    when: (f) => f.claimedEpoch > f.group.epoch,
    give: (f) =>
      hold(
        `sent under epoch ${f.claimedEpoch} of ${f.group.group}, while ${f.region} still works by epoch ${f.group.epoch}`,
      ),
  },
  { when: isElsewhere, give: (f) => refuse(`${f.group.group} is served in ${f.group.primary}, not in ${f.region}`) },
  { when: (f) => f.group.mode === "hold", give: (f) => refuse(switching(f)) },
  { when: hasNoWindow, give: (f) => refuse(noWindow(f)) },
  { when: isPastWindow, give: (f) => refuse(pastWindow(f)) },
  { when: (f) => f.origins.length === 0, give: (f) => refuse(f.closed ? closed(f) : empty(f)) },
  { when: () => true, give: local },
];

function firstOf(rows: readonly Row[], facts: Facts): ForwardDecision {
  for (const row of rows) if (row.when(facts)) return row.give(facts);
  return refuse(`nothing decides about ${facts.service}`);
}

/** For a request or session that a user brought to this router. */
export function decideForUser(facts: ForwardFacts): ForwardDecision {
  const { group } = facts;
  if (group === undefined) return hold(`the router of ${facts.region} has no configuration for ${facts.service} yet`);
  return firstOf(forUsers, { ...facts, group, claimedEpoch: group.epoch });
}

/** For a request or session that another router sent here under `claimedEpoch`. */
export function decideForPeer(facts: ForwardFacts, claimedEpoch: number): ForwardDecision {
  const { group } = facts;
  if (group === undefined) return refuse(`the router of ${facts.region} has no configuration for ${facts.service} yet`);
  return firstOf(forPeers, { ...facts, group, claimedEpoch });
}
