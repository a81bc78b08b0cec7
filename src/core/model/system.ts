// What one manifest describes, as everything behind the manifest sees it: checked, complete, with every default filled in.
// The manifest layer is the only maker of a `System`; all others trust it. Who may be primary stands here; who *is* primary
// lives in the store and never here.

export type RegionName = string;
export type ServiceName = string;
export type GroupName = string;

export type System = {
  readonly version: 1;
  readonly name: string;
  readonly regions: readonly Region[];
  readonly objectives: Objectives;
  readonly groups: readonly Group[];
  readonly services: readonly Service[];
  readonly routes: readonly Route[];
  readonly jobs: readonly Job[];
  readonly control: Control;
};

export type Region = {
  readonly name: RegionName;
  /** `provider/region`, `site/anything`, or "unknown" as imports may leave it. */
  readonly at: string;
  /** A witness votes and serves nothing. */
  readonly witness: boolean;
  /** Where this region's agent answers, as `http://host:port`. */
  readonly agent?: string;
  /** Where a controller answers, if one lives here, as `http://host:port`. */
  readonly controller?: string;
  readonly router?: RouterAddresses;
};

/** All as `host:port`. `tcp` has one listener per TCP service, by service name. */
export type RouterAddresses = {
  /** For users, HTTP. */
  readonly http: string;
  /** For other routers: HTTP with an epoch, and CONNECT for TCP sessions. Bearer token. */
  readonly peer: string;
  readonly tcp: Readonly<Record<ServiceName, string>>;
};

export type Objectives = {
  readonly rtoMs: number;
  readonly rpoMs: number;
  /** Tolerated mean time between two false failovers. */
  readonly falseFailoverMs: number;
  /** Country or group codes where data may live; empty = anywhere. */
  readonly residency: readonly string[];
};

export type Pattern =
  | "backup-restore"
  | "pilot-light"
  | "warm-standby"
  | "active-active"
  | "active-passive"
  | "passive-cold";

export type FailoverPolicy = "automatic" | "approve" | "manual";

export type Group = {
  readonly name: GroupName;
  /** Who may be primary, preferred first. */
  readonly primary: readonly RegionName[];
  readonly pattern: Pattern;
  readonly failover: FailoverPolicy;
  /** The loss an automatic failover may accept without a person's yes. */
  readonly maxDataLossMs: number;
  /** No second automatic switch of this group for so long after one. */
  readonly coolDownMs: number;
};

export type Service = {
  readonly name: ServiceName;
  /** A catalog id: `postgresql`, `http`, `process`, `azure/cosmos-db`, ... */
  readonly type: string;
  /** Left out: a service that does not move. */
  readonly group?: GroupName;
  readonly replication?: Replication;
  readonly needs: readonly ServiceName[];
  readonly replicas: { readonly primary: number; readonly standby: number };
  readonly run?: Run;
  readonly health: Health;
  readonly in: Readonly<Record<RegionName, Placement>>;
};

export type Replication = {
  readonly method: string;
  readonly mode: "async" | "sync";
};

/** A command that the region's agent starts; ports and addresses reach it through its environment. */
export type Run = {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Folder to start in; relative to the manifest's own folder. */
  readonly cwd?: string;
};

export type Health = {
  readonly path: string;
  readonly everyMs: number;
  /** Left out: 4 x the p99 round trip, at least 150 ms. */
  readonly timeoutMs?: number;
};

export type Placement = {
  /** Where the thing answers in this region: `postgres://user@host:port/database`, `http://host:port`. For replicas started by the agent: its first port. */
  readonly url?: string;
  /** A reference, `env:NAME` or `file:PATH`; never a value. */
  readonly password?: string;
  /** Data folder; left out: the agent keeps it under its own state folder. */
  readonly data?: string;
  /** Folder of the server's binaries; left out: looked for. */
  readonly bin?: string;
};

export type RoutePolicy = "priority" | "weighted" | "performance" | "geographic";

export type Route = {
  /** What users resolve or call: a host name. */
  readonly name: string;
  readonly to: ServiceName;
  readonly policy: RoutePolicy;
  readonly ttlMs: number;
  /** What to do when every origin is down (I6). */
  readonly whenAllDown: "keep-last" | "open" | "closed";
};

export type Trigger =
  | { readonly kind: "recurrence"; readonly cron: string; readonly zone: string }
  | { readonly kind: "polling"; readonly everyMs: number }
  | { readonly kind: "request" }
  | { readonly kind: "webhook" }
  | { readonly kind: "queue"; readonly service: ServiceName };

export type Job = {
  readonly name: string;
  readonly trigger: Trigger;
  /** `METHOD http://service/path`. */
  readonly call: string;
  readonly group?: GroupName;
};

/** How the control plane itself is set up. */
export type Control = {
  readonly lease: {
    readonly ttlMs: number;
    readonly renewEveryMs: number;
    readonly callTimeoutMs: number;
    readonly holdMs: number;
    /** Largest relative rate difference of two clocks that is allowed for. */
    readonly drift: number;
  };
  /** One observation per vantage, target and period. */
  readonly probeEveryMs: number;
  readonly notify: readonly NotifyTarget[];
};

export type NotifyTarget =
  | { readonly kind: "webhook"; readonly url: string; readonly token?: string }
  | { readonly kind: "command"; readonly command: readonly string[] };
