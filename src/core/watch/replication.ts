// When was a standby last proved to have everything? On the controller's clock alone: the primary's report says "at least W bytes
// were written by the instant whose stamp I echo"; a standby that has received W had, at that instant, everything acknowledged
// before it. Whatever the clocks of the regions say does not enter.
// I3. The instant errs to the early side only, so that the loss it bounds is never larger than said.

import type { RegionName } from "../model/system.ts";
import type { ReportedService } from "./observation.ts";

/** The primary had written at least `written` when the controller's clock stood at `stampMs`. */
type Mark = { readonly stampMs: number; readonly written: bigint };

export type Standby = {
  readonly region: RegionName;
  readonly reportedAtMs: number;
  /** First report under this primary; stands in for the last catch-up until there is one. */
  readonly firstReportedAtMs: number;
  readonly streaming: boolean;
  readonly hasStreamed: boolean;
  readonly received?: bigint;
  readonly timeline?: number;
  readonly lagBytes?: number;
  readonly lagMs?: number;
  readonly caughtUpAtMs?: number;
};

export type Replication = {
  readonly primary: RegionName;
  readonly primaryReportedAtMs?: number;
  readonly timeline?: number;
  readonly marks: readonly Mark[];
  readonly standbys: readonly Standby[];
};

/** Marks kept per service: at five reports a second 25 s in full detail; older ones are thinned out, never dropped at once. */
export const marksMax = 128;

export function newReplication(primary: RegionName): Replication {
  return { primary, marks: [], standbys: [] };
}

export type ReplicationReport = {
  readonly region: RegionName;
  readonly stampEchoMs: number;
  readonly nowMs: number;
  readonly service: ReportedService;
};

export function takeReport(state: Replication, report: ReplicationReport): Replication {
  const { region, service } = report;
  if (region === state.primary) return service.role === "primary" ? withPrimary(state, report) : state;
  // Not a copy at this moment (stopped, or being made anew): what was proved of the old one is not true of the next by itself.
  if (service.role !== "standby")
    return { ...state, standbys: state.standbys.filter((standby) => standby.region !== region) };
  return proved({ ...state, standbys: withStandby(state.standbys, report) });
}

/**
 * What the primary had written and the standby has not received, by their newest reports. Undefined when the primary has not told its
 * position since `sinceMs`, or their timelines differ.
 */
export function behindBytes(
  state: Replication | undefined,
  standby: Standby | undefined,
  sinceMs: number,
): number | undefined {
  const mark = state?.marks.at(-1);
  if (mark === undefined || mark.stampMs < sinceMs) return undefined;
  if (standby?.received === undefined || standby.timeline !== state?.timeline) return undefined;
  return Math.max(0, Number(mark.written - standby.received));
}

function withPrimary(state: Replication, { service, stampEchoMs, nowMs }: ReplicationReport): Replication {
  const written = service.position?.written;
  const timeline = service.position?.timeline;
  if (written === undefined || timeline === undefined) return { ...state, primaryReportedAtMs: nowMs };
  // Bytes of another timeline are another history: positions across it cannot be compared.
  const marks = state.timeline === undefined || state.timeline === timeline ? state.marks : [];
  const newest = marks.at(-1);
  // A report that overtook a newer one adds nothing.
  const added =
    newest !== undefined && stampEchoMs <= newest.stampMs
      ? marks
      : thinned([...marks, { stampMs: stampEchoMs, written: BigInt(written) }]);
  return proved({ ...state, primaryReportedAtMs: nowMs, timeline, marks: added });
}

function withStandby(standbys: readonly Standby[], { region, service, nowMs }: ReplicationReport): readonly Standby[] {
  const before = standbys.find((standby) => standby.region === region);
  const received = service.position?.received;
  // Fewer bytes than before: this is another copy.
  const copied = received !== undefined && before?.received !== undefined && BigInt(received) < before.received;
  const caughtUpAtMs = copied ? undefined : before?.caughtUpAtMs;
  const next: Standby = {
    region,
    reportedAtMs: nowMs,
    firstReportedAtMs: before?.firstReportedAtMs ?? nowMs,
    streaming: service.streaming ?? false,
    hasStreamed: (service.hasStreamed ?? false) || (before?.hasStreamed ?? false),
    ...(received === undefined ? {} : { received: BigInt(received) }),
    ...(service.position === undefined ? {} : { timeline: service.position.timeline }),
    ...(service.lagBytes === undefined ? {} : { lagBytes: service.lagBytes }),
    ...(service.lagMs === undefined ? {} : { lagMs: service.lagMs }),
    ...(caughtUpAtMs === undefined ? {} : { caughtUpAtMs }),
  };
  return [...standbys.filter((standby) => standby.region !== region), next];
}

/** For each standby the newest mark that it has received. */
function proved(state: Replication): Replication {
  const standbys = state.standbys.map((standby): Standby => {
    const { received } = standby;
    if (received === undefined || standby.timeline !== state.timeline) return standby;
    const mark = state.marks.findLast((one) => one.written <= received);
    if (mark === undefined || mark.stampMs <= (standby.caughtUpAtMs ?? Number.NEGATIVE_INFINITY)) return standby;
    return { ...standby, caughtUpAtMs: mark.stampMs };
  });
  return { ...state, standbys };
}

function thinned(marks: readonly Mark[]): readonly Mark[] {
  if (marks.length <= marksMax) return marks;
  // Every second one of the older half: coarser where the catch-up is old anyhow.
  return marks.filter((_, index) => index >= marksMax / 2 || index % 2 === 0);
}
