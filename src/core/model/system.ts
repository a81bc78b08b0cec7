// What one manifest describes, as everything behind the manifest sees it: checked, complete, with every default filled in.
// The manifest layer is the only maker of a `System`; all others trust it. Who may be primary stands here; who *is* primary
// lives in the store and never here.

import type { HealthProbe } from "./health-probe.ts";

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
  /** What the assessment reckons with; left out: its own assumptions. */
  readonly assumptions?: Assumptions;
  readonly costs?: Costs;
  /** Findings that somebody has looked at and lives with. */
  readonly accepted?: readonly Accepted[];
};

/** How often a region fails and how long that lasts; papers by name in core/assess. Each left out: the assessment's own default. */
export type Assumptions = {
  readonly outagesPerYear?: number;
  readonly repairMs?: number;
  /** Share of outages that hit both regions at once. */
  readonly commonCause?: number;
  /** Share of switches that work when called; left out: what the drills prove. */
  readonly coverage?: number;
  /** From the first missing answer to a decision; left out: what the watch guarantees. */
  readonly detectionMs?: number;
  /** What a person needs to be reached, to understand and to agree, where a switch is not automatic. */
  readonly approvalMs?: number;
};

/** Money, in one currency. */
export type Costs = {
  readonly currency: string;
  readonly outagePerHour?: number;
  /** Per hour of acknowledged work that is lost. */
  readonly lossPerHour?: number;
  readonly falseFailover?: number;
  readonly drill?: number;
  readonly budgetPerMonth?: number;
};

export type Accepted = {
  readonly rule: string;
  /** Only for this service, region, route or job; left out: everywhere. */
  readonly of?: string;
  readonly why: string;
  /** `YYYY-MM-DD`; after that day it counts again. */
  readonly until?: string;
};

export type Setting = string | number | boolean;

export type Region = {
  readonly name: RegionName;
  /** `provider/region`, `site/anything`, or "unknown" as imports may leave it. */
  readonly at: string;
  /** A witness votes and serves nothing. */
  readonly witness: boolean;
  /** An availability zone, where the "region" is only that. */
  readonly zone?: string;
  /** The subscription or account that everything there belongs to. */
  readonly account?: string;
  /** Further things that fail together with it: `power/grid-2`, `transit/telia`, `dns/example.com`. */
  readonly shares?: readonly string[];
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
  /** A fifth of the answers failing must be known within this time; left out: nothing is asked of it. */
  readonly brownOutMs?: number;
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
  readonly drills?: Drills;
  /** Left out: the defaults of core/decide/policy.ts. */
  readonly policy?: GroupPolicy;
};

/** When a group leaves its primary, when it stays, and when a person is asked. Each left out: its default. */
export type GroupPolicy = {
  /** Never primary, whatever happens and whoever orders it. */
  readonly forbidden?: readonly RegionName[];
  /** A dead primary is left only after so long; left out: from the costs (ski rental), and at once where there are none. */
  readonly holdOffMs?: number;
  /** What becomes of a brown-out: the primary answers, but badly. */
  readonly degraded?: DegradedPolicy;
  /** A brown-out is left, or asked about, only after so long. */
  readonly degradedHoldOffMs?: number;
  /** A switch by itself leaves at least so many regions that can serve, the new primary among them. */
  readonly keepServing?: number;
  /** More than this within `withinMs`, and a person is asked instead. */
  readonly flaps?: { readonly switches: number; readonly alarms: number; readonly withinMs: number };
  /** Commits stop waiting for a synchronous standby that is lost for so long; left out: never (strict). */
  readonly dropSyncAfterMs?: number;
};

export type DegradedPolicy = "hold" | "ask" | "switch";

export type Drills = {
  /** Drills since the last change that went right from end to end. */
  readonly clean: number;
  /** `YYYY-MM-DD` of the last one. */
  readonly last?: string;
  readonly everyMs?: number;
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
  /** Needed only to start or to be switched, not to run: an image registry, a pipeline, an identity provider. */
  readonly startNeeds?: readonly ServiceName[];
  /** What the catalog's entry of the type asks about: tier, kind, sessions, hostType, ... */
  readonly settings?: Readonly<Record<string, Setting>>;
  /** How clients reach it. direct: some go straight to it, past every router and front door. */
  readonly access?: "routed" | "direct";
  /** How a change of it reaches the regions. everywhere: all at the same time. */
  readonly changes?: "staged" | "everywhere";
  /** Further things that fail together with it, as for a region. */
  readonly shares?: readonly string[];
  readonly volume?: Volume;
  /** Copies of its data apart from the replication, in the order in which they are made from one another. */
  readonly copies?: readonly Copy[];
  /** What it costs a month in the primary region, in `costs.currency`. */
  readonly costPerMonth?: number;
  /** From standby size to the primary's size; left out: from the catalog. */
  readonly scaleUpMs?: number;
  /** It is a watchdog: looks at this region once in so long. */
  readonly watches?: { readonly region: RegionName; readonly everyMs: number };
};

export type Volume = { readonly bytes: number; readonly changedBytesPerDay?: number };

/** One level of a chain of copies (Keeton and Merchant, DSN'04): each is made from the one before it. */
export type Copy = {
  readonly name: string;
  /** A region of the manifest, or a location outside it. */
  readonly in: string;
  /** What it lies on; a copy on the same device as the data goes with it. */
  readonly device?: string;
  /** Belongs to another account than the region's: a deletion of the account spares it. */
  readonly account?: string;
  /** Time between two copies. */
  readonly everyMs: number;
  /** Waits so long before it is sent. */
  readonly holdMs: number;
  /** On its way for so long. */
  readonly transferMs: number;
  /** How far back one can go; left out: the newest only. */
  readonly keepMs?: number;
  readonly restore?: {
    /** Until there is something to restore to, or the medium has arrived: the longer of both. */
    readonly provisionMs: number;
    readonly bytesPerSecond?: number;
    readonly restartMs: number;
  };
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
  /** asynchronous: it answers before it has looked (202, a queued answer). */
  readonly answers?: "synchronous" | "asynchronous";
  /** Whether it looks at what the service needs as well. */
  readonly deep?: boolean;
  /** Left out: in the way of its type. */
  readonly probe?: HealthProbe;
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
  /** Where this region's instance differs from the service's `settings`. */
  readonly settings?: Readonly<Record<string, Setting>>;
};

export type RoutePolicy = "priority" | "weighted" | "performance" | "geographic";

export type Route = {
  /** What users resolve or call: a host name. */
  readonly name: string;
  readonly to: ServiceName;
  readonly policy: RoutePolicy;
  readonly ttlMs: number;
  /** The TTL while the primary is in doubt, so that a switch reaches users sooner. Left out: core/route/ttl.ts says. */
  readonly ttlFloorMs?: number;
  /** What to do when every origin is down (I6). */
  readonly whenAllDown: "keep-last" | "open" | "closed";
  /** The global front that leads users, a service such as azure/front-door; left out: DNS or Leeward's own routers. */
  readonly through?: ServiceName;
  /** Share of users whose resolvers or clients ignore the TTL, 0 to 1. */
  readonly stubbornShare?: number;
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
  /** Whether one region fires it, or both. Left out: active-passive. */
  readonly roles?: "active-active" | "active-passive";
  /** The schedule is divided between the regions, each with its half. */
  readonly split?: boolean;
  /** Where a polling trigger keeps what it has read. */
  readonly state?: "client" | "server";
  /** Messages must be worked on in their order. */
  readonly ordered?: boolean;
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
  /** How what the vantages see becomes "down"; left out: by the bank of detectors. */
  readonly watch?: WatchMode;
  readonly notify: readonly NotifyTarget[];
};

/** "cusum": thresholds follow from `falseFailover`. "classic": so many failures in a row and it is down, so many successes and it is up. */
export type WatchMode =
  | { readonly mode: "cusum" }
  | {
      readonly mode: "classic";
      /** What one of the clouds' own health checks does; `down` and `up` overrule it. */
      readonly preset?: "route53" | "traffic-manager" | "front-door" | "cloud-dns";
      readonly down?: number;
      readonly up?: number;
    };

export type NotifyTarget =
  | { readonly kind: "webhook"; readonly url: string; readonly token?: string }
  | { readonly kind: "command"; readonly command: readonly string[] };
