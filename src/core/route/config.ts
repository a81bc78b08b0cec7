// What a router works by, as the route decisions see it. The wire's "router-config" answer has this shape; core does not import
// wire, so it is written out here and held against it by the router's own types.
//
// I5. A group's record is replaced only by one of the same or a higher generation *and* epoch (change.ts).

/** A moment on this machine's two clocks. Work is allowed before it only while *both* clocks are before it. */
export type Instant = { readonly monotonicMs: number; readonly wallMs: number };

export type GroupRoute = {
  readonly group: string;
  readonly generation: number;
  readonly epoch: number;
  readonly primary: string;
  readonly mode: "open" | "hold";
  /** Only in the primary's region: until when answers to writes may be let through under `epoch`. */
  readonly writeUntil?: Instant;
};

export type ServiceRoute = {
  readonly service: string;
  readonly group: string;
  readonly kind: "http" | "tcp";
  /** Ready origins in this region, `host:port`. */
  readonly origins: readonly string[];
};

export type HostRoute = {
  readonly host: string;
  readonly service: string;
  /** How long users may remember the answer, at this moment (ttl.ts). Whoever answers names goes by it; a proxy does not. */
  readonly ttlMs?: number;
};

export type RouteConfig = {
  readonly serial: number;
  readonly region: string;
  readonly groups: readonly GroupRoute[];
  readonly services: readonly ServiceRoute[];
  readonly routes: readonly HostRoute[];
  /** Peer ports of the other regions' routers, `host:port`. */
  readonly peers: Readonly<Record<string, string>>;
};

const safeMethods: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** Does this HTTP method promise to change nothing (RFC 9110, 9.2.1)? Such a request needs no write window and may be sent again. */
export function isSafeMethod(method: string): boolean {
  return safeMethods.has(method);
}

/** Are both clocks before `until`? At the instant itself it is over. */
export function isBefore(now: Instant, until: Instant): boolean {
  return now.monotonicMs < until.monotonicMs && now.wallMs < until.wallMs;
}

/**
 * Which service a Host header leads to. Ports and case do not matter. With exactly one route everything goes there, whatever the
 * Host: that is how a system is reached by address, through a load balancer's probe, or in a lab.
 */
export function serviceOfHost(routes: readonly HostRoute[], host: string | undefined): string | undefined {
  const only = routes[0];
  if (routes.length === 1 && only !== undefined) return only.service;
  if (host === undefined) return undefined;
  const bare = host.replace(/:\d+$/, "").toLowerCase();
  return routes.find((route) => route.host.toLowerCase() === bare)?.service;
}
