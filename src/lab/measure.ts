// From what the clients were told, what the database holds, and what the controller wrote down, to the numbers of the report. Pure.

import type { LabReport, Phases, Timeline } from "../core/model/lab-report.ts";
import type { RunReport, TimelineEvent } from "../wire/people.ts";
import type { LedgerEntry } from "./users/ledger.ts";

export type Evidence = {
  readonly story: string;
  readonly mode: "sync" | "async";
  readonly system: string;
  /** Where the primary was when the fault came. */
  readonly region: string;
  readonly startedAt: number;
  readonly faultAt: number;
  /** When the switch home was asked for; left out where there was none. */
  readonly homeAt?: number;
  readonly endedAt: number;
  readonly entries: readonly LedgerEntry[];
  /** What the serving database holds of this round: copies by order key, markers by number. */
  readonly stored: { readonly orders: ReadonlyMap<string, number>; readonly markers: ReadonlySet<number> };
  readonly events: readonly TimelineEvent[];
  readonly runs: readonly RunReport[];
  readonly faults: readonly { readonly at: number; readonly region: string; readonly sentence: string }[];
  readonly objectives: { readonly rtoMs: number; readonly rpoMs: number };
  readonly withheld: number;
};

const bucketFineMs = 100;
/** An hour in tenths of a second is more than a page can show. */
const bucketsMax = 6_000;

export function measure(evidence: Evidence): LabReport {
  const { entries, stored } = evidence;
  const firstEnd = evidence.homeAt ?? evidence.endedAt;
  const load = entries.filter((entry) => entry.client === "users");
  const ackTimes = load.filter(isAcknowledged).map((entry) => entry.endedAt);
  const gap = longestGap(ackTimes, evidence.startedAt, firstEnd);
  const run = switchRun(evidence, evidence.faultAt, firstEnd);

  const orders = entries.filter((entry) => entry.what === "order" && entry.client !== "direct");
  const acknowledged = orders.filter(isAcknowledged);
  const lostOrders = acknowledged.filter((entry) => !stored.orders.has(entry.key));
  const markers = load.filter((entry) => entry.what === "marker");
  const lostMarkers = markers.filter((entry) => isAcknowledged(entry) && !stored.markers.has(entry.seq));
  const lostNumbers = lostMarkers.map((entry) => entry.seq).sort((a, b) => a - b);
  const rpoMs = round(
    rpoOf(
      lostMarkers.filter((entry) => entry.endedAt <= firstEnd),
      evidence.faultAt,
    ),
  );
  const rtoMs = round(gap.to - gap.from);
  const said = wordsOf(evidence, run);
  const goal = evidence.objectives;
  const homeGap = evidence.homeAt === undefined ? undefined : longestGap(ackTimes, evidence.homeAt, evidence.endedAt);

  return {
    version: 1,
    story: evidence.story,
    mode: evidence.mode,
    system: evidence.system,
    rtoMs,
    phases: phasesOf(gap, evidence, run),
    rpoMs,
    markers: {
      sent: markers.length,
      lost: lostMarkers.length,
      ...(lostNumbers.length === 0
        ? {}
        : { firstLost: lostNumbers[0] as number, lastLost: lostNumbers.at(-1) as number }),
    },
    acknowledged: acknowledged.length,
    lost: lostOrders.length,
    duplicated: [...stored.orders.values()].reduce((sum, copies) => sum + copies - 1, 0),
    // The stubborn client stays unserved by its nature; only what it was promised counts.
    refused: orders.filter((entry) => entry.client === "users" && entry.outcome === "refused").length,
    unknown: orders.filter((entry) => entry.client === "users" && entry.outcome === "unknown").length,
    orphans: orphansOf(evidence.runs),
    twoWriters: hasTwoWriters(entries),
    direct: { acknowledgedAfterSwitch: directAfterSwitch(entries, evidence.faultAt, firstEnd) },
    ...said,
    steps: run?.steps ?? [],
    ...(homeGap === undefined
      ? {}
      : {
          home: {
            writeGapMs: round(homeGap.to - homeGap.from),
            lost: lostOrders.filter((entry) => entry.endedAt >= (evidence.homeAt ?? 0)).length,
          },
        }),
    objectives: { rtoMs: goal.rtoMs, rpoMs: goal.rpoMs, met: rtoMs <= goal.rtoMs && rpoMs <= goal.rpoMs },
    predicted: { rtoMs: run?.expectedMs ?? 0, rpoMs: evidence.mode === "sync" ? 0 : (run?.lossBoundMs ?? 0) },
    notes: notesOf(evidence),
    timeline: timelineOf(evidence, gap, homeGap),
  };
}

const isAcknowledged = (entry: LedgerEntry): boolean => entry.outcome === "acknowledged";
const round = (ms: number): number => Math.round(ms * 10) / 10;

/** The ends of the window count as neighbours: silence up to the end is a gap too. */
export function longestGap(
  times: readonly number[],
  from: number,
  to: number,
): { readonly from: number; readonly to: number } {
  const inside = times.filter((time) => time >= from && time <= to).sort((a, b) => a - b);
  let best = { from, to: from };
  let previous = from;
  for (const time of [...inside, to]) {
    if (time - previous > best.to - best.from) best = { from: previous, to: time };
    previous = time;
  }
  return best;
}

/** An acknowledgement under an epoch, received after one under a higher epoch was. */
export function hasTwoWriters(entries: readonly LedgerEntry[]): boolean {
  const acknowledged = entries
    .filter((entry) => isAcknowledged(entry) && entry.client !== "direct" && entry.epoch !== undefined)
    .sort((a, b) => a.endedAt - b.endedAt);
  let highest = 0;
  for (const { epoch = 0 } of acknowledged) {
    if (epoch < highest) return true;
    highest = epoch;
  }
  return false;
}

/**
 * What of the time up to the fault is gone. Markers may also be lost *after* the fault, where a region that is cut off goes on taking
 * writes until its lease ends: then it is the time from the first lost one to the last.
 */
function rpoOf(lost: readonly LedgerEntry[], faultAt: number): number {
  if (lost.length === 0) return 0;
  const oldest = Math.min(...lost.map((entry) => entry.sentAt));
  const newest = Math.max(...lost.map((entry) => entry.endedAt));
  return Math.max(faultAt, newest) - oldest;
}

/**
 * Rows that the direct client got acknowledged after users were served under a higher epoch than before the fault, and before the
 * primary was taken home to where that client writes.
 */
function directAfterSwitch(entries: readonly LedgerEntry[], faultAt: number, until: number): number {
  const users = entries.filter(
    (entry) => entry.client === "users" && isAcknowledged(entry) && entry.epoch !== undefined,
  );
  const before = Math.max(0, ...users.filter((entry) => entry.endedAt <= faultAt).map((entry) => entry.epoch ?? 0));
  const after = users.filter((entry) => (entry.epoch ?? 0) > before).map((entry) => entry.endedAt);
  if (after.length === 0) return 0;
  const switchedAt = after.reduce((least, at) => Math.min(least, at));
  return entries.filter(
    (entry) =>
      entry.client === "direct" && isAcknowledged(entry) && entry.endedAt > switchedAt && entry.endedAt <= until,
  ).length;
}

/** The run that moved the primary in the first act, if one did. */
function switchRun(evidence: Evidence, from: number, to: number): RunReport | undefined {
  return evidence.runs
    .filter(
      (run) =>
        run.startedAt >= from - 1_000 && run.startedAt <= to && run.from === evidence.region && run.from !== run.to,
    )
    .filter((run) => run.kind === "failover" || run.kind === "switchover" || run.kind === "failback")
    .filter((run) => !wasCalledOff(run))
    .sort((a, b) => Number(gaveUp(a)) - Number(gaveUp(b)) || a.startedAt - b.startedAt)[0];
}

/** Its primary came back in time and served on: nobody was moved, and nothing failed. The timeline tells of it. */
function wasCalledOff(run: RunReport): boolean {
  return gaveUp(run) && Object.keys(run.facts).some((name) => /(^|[.:/])abandoned$/.test(name));
}

/** The run that brought the primary back to where it was before the fault. */
function homeRun(evidence: Evidence, askedAt: number): RunReport | undefined {
  return evidence.runs
    .filter((run) => run.startedAt >= askedAt && run.to === evidence.region && run.from !== run.to)
    .filter((run) => run.kind === "switchover" || run.kind === "failback")
    .sort((a, b) => Number(gaveUp(a)) - Number(gaveUp(b)) || a.startedAt - b.startedAt)[0];
}

/** One that ended without moving anybody tells less than a later one that did. */
function gaveUp(run: RunReport): boolean {
  return run.result === "failed" || run.result === "aborted";
}

/** Marks on the way, each no earlier than the one before it, so that the shares add up whatever ran side by side. */
function phasesOf(
  gap: { readonly from: number; readonly to: number },
  evidence: Evidence,
  run: RunReport | undefined,
): Phases {
  if (run === undefined)
    return { detect: 0, decide: 0, fence: 0, data: 0, route: 0, firstWrite: round(gap.to - gap.from) };
  // What is done to the old side may go on for long (it may be dead) and holds nobody up; the new side's steps do.
  const lastEnd = (...phases: readonly string[]): number | undefined => {
    const ends = run.steps
      .filter((step) => step.region === run.to && phases.includes(step.phase))
      .map((step) => step.endedAt);
    return ends.length === 0 ? undefined : Math.max(...ends);
  };
  const routed = lastEnd("traffic");
  const before = (at: number | undefined): number | undefined =>
    at === undefined || routed === undefined ? at : Math.min(at, routed);
  const seen = evidence.events.find(
    (event) => event.kind === "seen" && event.atMs >= evidence.faultAt && event.atMs <= run.startedAt,
  );
  const marks = [
    seen?.atMs,
    run.startedAt,
    before(lastEnd("fence")),
    before(lastEnd("data", "compute", "jobs")),
    routed,
  ];
  let previous = gap.from;
  const shares = marks.map((mark) => {
    const at = Math.min(gap.to, Math.max(previous, mark ?? previous));
    const share = at - previous;
    previous = at;
    return share;
  });
  const [detect = 0, decide = 0, fence = 0, data = 0, route = 0] = shares.map(round);
  // What rounding took or gave is in the last share: the sum is the gap.
  const firstWrite = round(round(gap.to - gap.from) - detect - decide - fence - data - route);
  return { detect, decide, fence, data, route, firstWrite };
}

function wordsOf(evidence: Evidence, run: RunReport | undefined): Pick<LabReport, "diagnosis" | "decision" | "reason"> {
  const during = evidence.events.filter(
    (event) => event.atMs >= evidence.faultAt && event.atMs <= (run?.startedAt ?? evidence.endedAt) + 1_000,
  );
  const begun = during.filter((event) => event.kind === "seen" && !event.sentence.startsWith("over: "));
  const here = begun.filter((event) => event.region === evidence.region);
  // A run says in its reason which diagnosis it acted on; its numbers have grown since, so the words before the first are compared.
  const stem = (sentence: string): string => sentence.split(/[0-9]/)[0] ?? sentence;
  const seen =
    run === undefined
      ? (here.at(-1) ?? begun.at(-1))
      : begun.findLast((event) => run.reason.startsWith(stem(event.sentence)));
  const decided = during.filter((event) => event.kind === "decided").at(-1);
  return {
    diagnosis: seen?.name ?? "none",
    decision: run === undefined ? (decided?.name ?? "hold") : run.kind,
    reason: run?.reason ?? decided?.sentence ?? "nothing was seen that called for a decision",
  };
}

/** Runs say how many rows they put in quarantine, as facts of their follow steps. */
function orphansOf(runs: readonly RunReport[]): number {
  return runs
    .flatMap((run) => Object.entries(run.facts))
    .filter(([name]) => /(^|[.:/])orphans$/i.test(name))
    .reduce((sum, [, value]) => sum + (typeof value === "number" ? value : 0), 0);
}

function notesOf(evidence: Evidence): readonly string[] {
  const blind = evidence.entries.filter(
    (entry) => isAcknowledged(entry) && entry.client !== "direct" && entry.epoch === undefined,
  ).length;
  return [
    ...(evidence.withheld > 0
      ? [`${evidence.withheld} writes were withheld by the client's own bound on writes under way`]
      : []),
    ...(blind > 0
      ? [`${blind} acknowledgements carried no epoch, so that two writers cannot be ruled out for them`]
      : []),
  ];
}

function timelineOf(evidence: Evidence, gap: Timeline["gap"], homeGap: Timeline["gap"] | undefined): Timeline {
  const { homeAt } = evidence;
  const bucketMs =
    bucketFineMs * Math.max(1, Math.ceil((evidence.endedAt - evidence.startedAt) / bucketFineMs / bucketsMax));
  const buckets = new Map<string, { at: number; epoch: number; count: number }>();
  for (const entry of evidence.entries) {
    if (entry.client !== "users" || entry.what !== "order" || !isAcknowledged(entry)) continue;
    const at = evidence.startedAt + Math.floor((entry.endedAt - evidence.startedAt) / bucketMs) * bucketMs;
    const epoch = entry.epoch ?? 0;
    const bucket = buckets.get(`${at}/${epoch}`) ?? { at, epoch, count: 0 };
    bucket.count++;
    buckets.set(`${at}/${epoch}`, bucket);
  }
  const events = [
    ...evidence.events
      .filter((event) => event.atMs >= evidence.startedAt)
      .map(({ atMs, kind, region, service, sentence, step }) => ({
        at: atMs,
        kind,
        region,
        sentence,
        ...(service === undefined ? {} : { service }),
        ...(step === undefined ? {} : { step }),
      })),
    ...evidence.faults.map(({ at, region, sentence }) => ({ at, region, sentence, kind: "fault" as const })),
  ];
  return {
    startedAt: evidence.startedAt,
    endedAt: evidence.endedAt,
    faultAt: evidence.faultAt,
    gap,
    ...(homeAt === undefined || homeGap === undefined
      ? {}
      : { home: { askedAt: homeAt, gap: homeGap, steps: homeRun(evidence, homeAt)?.steps ?? [] } }),
    events: events.sort((a, b) => a.at - b.at),
    bucketMs,
    acknowledged: [...buckets.values()].sort((a, b) => a.at - b.at || a.epoch - b.epoch),
  };
}

/** Several rounds of one story: counts are sums, two writers in any is two writers, the story told is that of the median round. */
export function aggregate(each: readonly LabReport[]): LabReport {
  const byGap = [...each].sort((a, b) => a.rtoMs - b.rtoMs);
  const told = byGap[Math.floor((byGap.length - 1) / 2)];
  if (told === undefined) throw new Error("no round was measured");
  const sum = (of: (report: LabReport) => number): number => each.reduce((total, report) => total + of(report), 0);
  const median = medianOf(each.map((report) => report.rtoMs));
  const rpoMs = Math.max(...each.map((report) => report.rpoMs));
  const homes = each.flatMap((report) => (report.home === undefined ? [] : [report.home]));
  const crashes = each.flatMap((report) => report.crashes ?? []);
  return {
    ...told,
    rtoMs: median,
    // With an even number of rounds the median lies between two; the told round's shares are stretched to it.
    phases: stretched(told.phases, told.rtoMs, median),
    rpoMs,
    // Marker numbers are of one round; they stay with it.
    markers: { sent: sum((report) => report.markers.sent), lost: sum((report) => report.markers.lost) },
    acknowledged: sum((report) => report.acknowledged),
    lost: sum((report) => report.lost),
    duplicated: sum((report) => report.duplicated),
    refused: sum((report) => report.refused),
    unknown: sum((report) => report.unknown),
    orphans: sum((report) => report.orphans),
    twoWriters: each.some((report) => report.twoWriters),
    direct: { acknowledgedAfterSwitch: sum((report) => report.direct.acknowledgedAfterSwitch) },
    ...(homes.length === 0
      ? {}
      : {
          home: {
            writeGapMs: medianOf(homes.map((home) => home.writeGapMs)),
            lost: homes.reduce((total, home) => total + home.lost, 0),
          },
        }),
    objectives: { ...told.objectives, met: each.every((report) => report.objectives.met) },
    ...(crashes.length === 0 ? {} : { crashes }),
    notes: [...new Set(each.flatMap((report) => report.notes))],
    rounds: { count: each.length, rtoMs: { min: byGap[0]?.rtoMs ?? 0, median, max: byGap.at(-1)?.rtoMs ?? 0 }, each },
  };
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  if (sorted.length % 2 === 1) return sorted[Math.floor(middle)] as number;
  return round(((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2);
}

function stretched(phases: Phases, from: number, to: number): Phases {
  if (from === to || from === 0) return phases;
  const scale = (ms: number): number => round((ms * to) / from);
  const [detect, decide, fence, data, route] = [
    phases.detect,
    phases.decide,
    phases.fence,
    phases.data,
    phases.route,
  ].map(scale) as [number, number, number, number, number];
  return { detect, decide, fence, data, route, firstWrite: round(to - detect - decide - fence - data - route) };
}
