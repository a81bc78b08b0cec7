// What a story measured, as JSON. Everything in it was seen from a client's side or is in the controller's own record of its run.

export type LabReport = {
  readonly version: 1;
  readonly story: string;
  readonly mode: "sync" | "async";
  readonly system: string;
  /** Longest gap between acknowledged writes, as the load client in `users` saw it. With rounds: the median. */
  readonly rtoMs: number;
  /** Where that gap went; the sum is `rtoMs`. */
  readonly phases: Phases;
  /** From the sending of the oldest lost marker to the fault, or to the last lost marker's acknowledgement if that was later; 0 if none is lost. */
  readonly rpoMs: number;
  readonly markers: {
    readonly sent: number;
    readonly lost: number;
    readonly firstLost?: number;
    readonly lastLost?: number;
  };
  /** Orders of every client that goes through a router, the stubborn one too. */
  readonly acknowledged: number;
  readonly lost: number;
  readonly duplicated: number;
  /** Orders of the load client. */
  readonly refused: number;
  readonly unknown: number;
  readonly orphans: number;
  readonly twoWriters: boolean;
  readonly direct: { readonly acknowledgedAfterSwitch: number };
  readonly diagnosis: string;
  /** What the diagnosis rests on, where the controller said it. */
  readonly evidence?: { readonly statistic: number; readonly threshold: number; readonly vantages: readonly string[] };
  readonly decision: string;
  readonly reason: string;
  /** What this story must show, in words; and each thing that was looked for, with what was found where it does not hold. */
  readonly expected?: string;
  /** A person said yes to a loss that was named beforehand, so that the RPO objective is no promise of this story any more. */
  readonly lossAccepted?: boolean;
  readonly checks?: readonly { readonly what: string; readonly held: boolean; readonly found: string }[];
  readonly steps: readonly ReportStep[];
  readonly home?: { readonly writeGapMs: number; readonly lost: number };
  readonly objectives: { readonly rtoMs: number; readonly rpoMs: number; readonly met: boolean };
  readonly predicted: { readonly rtoMs: number; readonly rpoMs: number };
  readonly rounds?: {
    readonly count: number;
    readonly rtoMs: { readonly min: number; readonly median: number; readonly max: number };
    readonly each: readonly LabReport[];
  };
  /** Only `controller-crash`: every place where the controller was killed, and how it ended. */
  readonly crashes?: readonly CrashPoint[];
  /** What a reader of the numbers must know: writes withheld by the client's own bound, answers without an epoch. */
  readonly notes: readonly string[];
  readonly timeline: Timeline;
};

export type Phases = {
  readonly detect: number;
  readonly decide: number;
  readonly fence: number;
  readonly data: number;
  readonly route: number;
  readonly firstWrite: number;
};

export type ReportStep = {
  readonly id: string;
  readonly phase: string;
  readonly region: string;
  readonly service: string;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly outcome: string;
  readonly reason: string;
};

export type CrashPoint = {
  /** `<planKind>/<step>/<intent|effect|outcome>`, as the controller was told to die at. */
  readonly at: string;
  readonly died: boolean;
  readonly ended: "intended" | "prior" | "neither";
  /** Effects that were performed more than once, counted by the agents that performed them. */
  readonly effectsTwice: number;
};

/** For the page: what was seen, decided and done, and what users noticed. All instants are wall clock milliseconds. */
export type Timeline = {
  readonly startedAt: number;
  readonly endedAt: number;
  readonly faultAt: number;
  /** The longest gap of the first act. */
  readonly gap: { readonly from: number; readonly to: number };
  /** The second act: when the switch home was asked for, the longest gap since, and the steps of its run. */
  readonly home?: {
    readonly askedAt: number;
    readonly gap: { readonly from: number; readonly to: number };
    readonly steps: readonly ReportStep[];
  };
  readonly events: readonly LabEvent[];
  /** Acknowledged orders of the load client in each `bucketMs`, by the epoch they were acknowledged under. */
  readonly bucketMs: number;
  readonly acknowledged: readonly { readonly at: number; readonly epoch: number; readonly count: number }[];
};

export type LabEvent = {
  readonly at: number;
  readonly kind: "seen" | "decided" | "done" | "fault";
  readonly region: string;
  readonly service?: string;
  readonly sentence: string;
  readonly step?: string;
};

/** A note that begins with this says that the story ended otherwise than it must. */
export const endedWrong = "This story must not end like this";
