// A report of the lab, as far as it is shown. The lab and its pages know nothing of each other: what the lab hands over has to have
// this shape, which the compiler checks where the two are brought together.

export type LabReport = {
  readonly story: string;
  readonly mode: "sync" | "async";
  readonly system: string;
  /** Longest gap between acknowledged writes; with rounds the median. */
  readonly rtoMs: number;
  readonly phases: Phases;
  readonly rpoMs: number;
  readonly markers: {
    readonly sent: number;
    readonly lost: number;
    readonly firstLost?: number;
    readonly lastLost?: number;
  };
  readonly acknowledged: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly refused: number;
  readonly unknown: number;
  readonly orphans: number;
  readonly twoWriters: boolean;
  readonly direct: { readonly acknowledgedAfterSwitch: number };
  readonly diagnosis: string;
  readonly decision: string;
  readonly reason: string;
  readonly steps: readonly ReportStep[];
  readonly home?: { readonly writeGapMs: number; readonly lost: number };
  readonly objectives: { readonly rtoMs: number; readonly rpoMs: number; readonly met: boolean };
  readonly predicted: { readonly rtoMs: number; readonly rpoMs: number };
  readonly rounds?: {
    readonly count: number;
    readonly rtoMs: { readonly min: number; readonly median: number; readonly max: number };
    readonly each: readonly LabReport[];
  };
  readonly crashes?: readonly CrashPoint[];
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
  /** 0 while it runs. */
  readonly endedAt: number;
  readonly outcome: string;
  readonly reason: string;
};

export type CrashPoint = {
  readonly at: string;
  readonly died: boolean;
  readonly ended: "intended" | "prior" | "neither";
  readonly effectsTwice: number;
};

/** Instants are wall clock milliseconds. */
export type Timeline = {
  readonly startedAt: number;
  readonly endedAt: number;
  readonly faultAt: number;
  readonly gap: { readonly from: number; readonly to: number };
  /** The switch home, where there was one: when it was asked for, the gap that users noticed, and what was done. */
  readonly home?: {
    readonly askedAt: number;
    readonly gap: { readonly from: number; readonly to: number };
    readonly steps: readonly ReportStep[];
  };
  readonly events: readonly TimelineEvent[];
  readonly bucketMs: number;
  readonly acknowledged: readonly { readonly at: number; readonly epoch: number; readonly count: number }[];
};

export type TimelineEvent = {
  readonly at: number;
  readonly kind: "seen" | "decided" | "done" | "fault";
  readonly region: string;
  readonly service?: string;
  readonly sentence: string;
  readonly step?: string;
};

/** The lab begins a note with this where a story ended otherwise than it must. */
const endedWrong = "This story must not end like this";

export function wrongEnd(report: LabReport): string | undefined {
  return report.notes.find((note) => note.startsWith(endedWrong));
}

/** Somebody else was primary for a while; otherwise everything stayed where it was. */
export function moved(report: LabReport): boolean {
  return report.steps.some((step) => step.phase === "traffic" && step.outcome === "done");
}

/** Where the fault was, and where the group went, as far as the report says. */
export function placesOf(report: LabReport): { readonly from: string; readonly to: string } {
  const from = report.timeline.events.find((event) => event.kind === "fault")?.region ?? "";
  const to = report.steps.find((step) => step.phase === "traffic" || step.phase === "data")?.region ?? "";
  return { from: from === "" ? "the primary region" : from, to: to === "" ? "the standby" : to };
}
