// What a controller answers when asked how things are; the shape of `status` in wire. What only newer controllers say may be left out.

export type StatusView = {
  readonly system: string;
  readonly sentence: string;
  readonly store: { readonly ok: boolean; readonly why: string };
  readonly groups: readonly GroupView[];
  readonly regions: readonly {
    readonly region: string;
    readonly witness: boolean;
    readonly agentHeardMsAgo?: number;
    readonly trouble: readonly string[];
  }[];
};

export type GroupView = {
  readonly group: string;
  readonly sentence: string;
  readonly epoch: number;
  readonly primary: string;
  readonly promotable: readonly string[];
  readonly traffic?: { readonly generation: number; readonly primary: string; readonly mode: string };
  readonly lease?: { readonly ageMs: number; readonly ttlMs: number; readonly writable: boolean };
  readonly paused: boolean;
  readonly policy: string;
  readonly maintenance?: readonly { readonly region: string; readonly by: string }[];
  readonly routes?: readonly {
    readonly route: string;
    readonly ttlMs: number;
    readonly usualTtlMs: number;
    readonly why?: string;
  }[];
  readonly flaps?: {
    readonly withinMs: number;
    readonly switches: number;
    readonly switchesMax: number;
    readonly alarms: number;
    readonly alarmsMax: number;
  };
  readonly diagnoses: readonly {
    readonly name: string;
    readonly sentence: string;
    readonly sinceMs: number;
    readonly evidence?: {
      readonly statistic: number;
      readonly threshold: number;
      readonly vantages: readonly string[];
    };
  }[];
  readonly decision: DecisionView;
  readonly links: readonly {
    readonly service: string;
    readonly from: string;
    readonly to: string;
    readonly streaming: boolean;
    readonly lagBytes?: number;
    readonly lagMs?: number;
    readonly lossBoundMs?: number;
  }[];
  readonly run?: RunView;
  /** The newest entry of the audit trail. */
  readonly trail?: { readonly entries: number; readonly hash: string };
};

export type DecisionView = {
  readonly kind: string;
  readonly reason: string;
  readonly rule?: string;
  readonly until?: string;
  readonly waiting?: string;
  readonly next?: string;
  readonly lossBoundMs?: number;
  readonly question?: {
    readonly id: number;
    readonly askedMsAgo: number;
    readonly reminders: number;
    readonly expiresInMs: number;
  };
  readonly considered?: readonly {
    readonly region: string;
    readonly rank: number;
    readonly why: string;
    readonly refusedWhy?: string;
    readonly lossBoundMs?: number;
  }[];
};

export type RunView = {
  readonly id: string;
  readonly kind: string;
  readonly from: string;
  readonly to: string;
  readonly result: string;
  readonly resultReason: string;
  readonly expectedMs?: number;
  readonly startedAt?: number;
  readonly endedAt?: number;
  readonly steps: readonly {
    readonly id: string;
    readonly outcome: string;
    readonly reason: string;
    readonly phase?: string;
  }[];
};
