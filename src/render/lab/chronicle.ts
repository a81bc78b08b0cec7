// What happened, in one order and with one numbering, so that a number in the picture is the same number in the list below it. Events
// of the controller, faults of the lab, steps of the runs and what users noticed become entries of one kind.

import type { LabEvent, LabReport, ReportStep } from "../../core/model/lab-report.ts";
import { clean, cut, seconds } from "../words.ts";
import { moved, placesOf } from "./report.ts";

export type EntryKind = "fault" | "seen" | "decided" | "done" | "users";

export type Entry = {
  readonly number: number;
  readonly kind: EntryKind;
  /** Milliseconds since the fault. */
  readonly at: number;
  /** Steps only; infinite while one runs. */
  readonly until?: number;
  readonly lane: string;
  /** Fits beside a mark. */
  readonly short: string;
  readonly sentence: string;
  /** Steps only: "done", "failed", "unknown", ... */
  readonly outcome?: string;
};

export type Act = {
  readonly title: string;
  readonly entries: readonly Entry[];
};

export type Window = { readonly from: number; readonly to: number };

export type Chronicle = {
  /** Users first, then who fails, who takes over, other places, and the controller. */
  readonly lanes: readonly string[];
  /** The act of the fault, what came between, the way home; empty ones are left out. */
  readonly acts: readonly Act[];
  /** What the first picture shows, and the second if there was a way home; milliseconds since the fault. */
  readonly first: Window;
  readonly second?: Window;
  /** Events that were left out because a page has an end. */
  readonly leftOut: number;
};

export const usersLane = "users";
export const controllerLane = "controller";

const entriesMax = 400;
const shortMax = 54;
/** Steps that hold nobody up may go on for long after users are back; the picture does not wait for them. */
const tailMs = 600;

export function chronicleOf(report: LabReport): Chronicle {
  const { timeline } = report;
  const since = (wallMs: number): number => wallMs - timeline.faultAt;
  const endsAt = since(timeline.endedAt);
  const first = firstWindow(report, since);
  const home = timeline.home;
  const homeFrom = home === undefined ? undefined : since(home.askedAt);
  const homeSteps = home?.steps ?? [];
  const second =
    home === undefined || homeFrom === undefined
      ? undefined
      : around(homeFrom, Math.max(since(home.gap.to), ...lastEnds(homeSteps, since, since(home.gap.to) + tailMs)));

  const all = [
    ...timeline.events
      .filter((event) => !repeats(event, report))
      .map((event) => ofEvent(event, since, report.story === "switchover")),
    ...report.steps.map((step) => ofStep(step, since, report.decision === "failover")),
    ...homeSteps.map((step) => ofStep(step, since, false)),
    ...ofUsers(report, since),
  ].sort((a, b) => a.at - b.at || order.indexOf(a.kind) - order.indexOf(b.kind));
  const kept = all.slice(0, entriesMax);
  const entries = kept.map(
    (entry, index): Entry => ({
      ...entry,
      number: index + 1,
      sentence: withoutRepeat(entry.sentence, kept.slice(Math.max(0, index - repeatWithin), index), index),
    }),
  );

  const acts: Act[] = [
    { title: titleOf(report), entries: entries.filter((entry) => entry.at <= first.to) },
    {
      title: "Afterwards",
      entries: entries.filter((entry) => entry.at > first.to && (homeFrom === undefined || entry.at < homeFrom)),
    },
    {
      title: "The way home",
      entries: entries.filter((entry) => homeFrom !== undefined && entry.at >= homeFrom && entry.at > first.to),
    },
  ];
  return {
    lanes: lanesOf(report, entries),
    acts: acts.filter((act) => act.entries.length > 0),
    first: { from: first.from, to: Math.min(first.to, Math.max(endsAt, first.from + 1)) },
    ...(second === undefined ? {} : { second }),
    leftOut: all.length - kept.length,
  };
}

/** A reason travels from what was seen to what was decided to what was begun; it is read once. */
const repeatWithin = 12;
const repeatMin = 30;

function withoutRepeat(sentence: string, before: readonly Unnumbered[], index: number): string {
  for (let back = before.length - 1; back >= 0; back -= 1) {
    const earlier = before[back]?.sentence ?? "";
    if (earlier.length < repeatMin) continue;
    const number = index - before.length + back + 1;
    if (sentence.startsWith(`${earlier}; `)) return `because of ${number}: ${sentence.slice(earlier.length + 2)}`;
    if (sentence.endsWith(`: ${earlier}`)) return `${sentence.slice(0, -earlier.length - 2)}, because of ${number}`;
    const at = sentence.indexOf(`: ${earlier}; `);
    if (at > 0) return `${sentence.slice(0, at)}, because of ${number}: ${sentence.slice(at + earlier.length + 4)}`;
  }
  return sentence;
}

const order: readonly EntryKind[] = ["fault", "users", "seen", "decided", "done"];

type Unnumbered = Omit<Entry, "number">;

function titleOf(report: LabReport): string {
  if (report.story === "switchover") return "The switch";
  return moved(report) ? "The fault, and the way out" : "The fault";
}

function firstWindow(report: LabReport, since: (wallMs: number) => number): Window {
  const { timeline } = report;
  const gapEnd = since(timeline.gap.to);
  const whole = moved(report) ? undefined : around(0, since(timeline.endedAt));
  if (whole !== undefined) return { from: Math.max(whole.from, since(timeline.startedAt)), to: whole.to };
  return around(
    Math.min(0, since(timeline.gap.from)),
    Math.max(gapEnd, ...lastEnds(report.steps, since, gapEnd + tailMs)),
  );
}

/** With room to the left for what was before, and to the right for labels. */
function around(from: number, to: number): Window {
  const span = Math.max(50, to - from);
  return { from: from - span * 0.12, to: to + span * 0.24 };
}

function lastEnds(steps: readonly ReportStep[], since: (wallMs: number) => number, max: number): readonly number[] {
  return steps
    .filter((step) => step.endedAt > 0)
    .map((step) => since(step.endedAt))
    .filter((at) => at <= max);
}

/** The controller may say of a step what the step's own line says. */
function repeats(event: LabEvent, report: LabReport): boolean {
  return event.step !== undefined && report.steps.some((step) => step.id === event.step);
}

/** Where a story has no fault, what it begins with is somebody's decision. */
function ofEvent(event: LabEvent, since: (wallMs: number) => number, graceful: boolean): Unnumbered {
  const sentence = clean(event.sentence);
  return {
    kind: graceful && event.kind === "fault" ? "decided" : event.kind,
    at: since(event.at),
    lane: event.kind === "fault" ? clean(event.region) || controllerLane : controllerLane,
    short: shortEvent(event.kind, sentence),
    sentence,
  };
}

/**
 * The part of a sentence that says the thing itself. What was seen comes first in it; what was decided comes last, after what was seen.
 */
function shortEvent(kind: EntryKind, sentence: string): string {
  const plain = sentence.replace(/\([^()]*\)/g, "").replace(/\s+/g, " ");
  const begins = /^(.{1,60}? begins):/.exec(plain)?.[1];
  const over = /^over: ([^:;]+)/.exec(plain)?.[1];
  if (begins !== undefined) return cut(begins, shortMax);
  if (over !== undefined) return cut(`over: ${over}`.trim(), shortMax);
  if (kind === "decided") return cut((plain.split("; ").at(-1) ?? plain).split(/[:,]/)[0]?.trim() ?? plain, shortMax);
  if (kind === "done") return cut(plain.split(";")[0]?.trim() ?? plain, shortMax);
  return cut(plain.split(/[:;]/)[0]?.trim() ?? plain, shortMax);
}

function ofStep(step: ReportStep, since: (wallMs: number) => number, forced: boolean): Unnumbered {
  const sentence = clean(step.reason);
  const outcome = clean(step.outcome);
  return {
    kind: "done",
    at: since(step.startedAt),
    until: step.endedAt > 0 ? since(step.endedAt) : Number.POSITIVE_INFINITY,
    lane: clean(step.region) || controllerLane,
    short: cut(`${shortStep(step, forced)}${outcome === "done" ? "" : `: ${outcome}`}`, shortMax),
    sentence: sentence === "" ? clean(step.id) : sentence,
    outcome,
  };
}

/** Milestones have names of their own; other steps are a verb and a service: `data.promote.orders@south`. */
const milestones: Readonly<Record<string, string>> = {
  "check.target": "may it take over?",
  "fence.prepare": "no more holds",
  "fence.epoch": "new epoch",
  "traffic.move": "routers move users",
  "re-protect.admit": "may be promoted again",
};

function shortStep(step: ReportStep, forced: boolean): string {
  const [path = step.id] = step.id.split("@");
  const known = milestones[path];
  // Nobody may be promoted before the lost side's lease and holds are over for certain.
  if (forced && path === "fence.epoch") return "until the old lease is over: new epoch";
  if (known !== undefined) return known;
  const [, verb = clean(step.id)] = path.split(".");
  const service = clean(step.service);
  const words = verb.replaceAll("-", " ");
  return clean(service === "" || verb === service ? words : `${words} ${service}`);
}

function ofUsers(report: LabReport, since: (wallMs: number) => number): readonly Unnumbered[] {
  const { timeline } = report;
  const pair = (gap: { readonly from: number; readonly to: number }): readonly Unnumbered[] => {
    const long = seconds(gap.to - gap.from);
    const again = gap.to < timeline.endedAt;
    return [
      {
        kind: "users",
        at: since(gap.from),
        lane: usersLane,
        short: "last write",
        sentence: `the last write before a gap of ${long} was acknowledged`,
      },
      ...(again
        ? [
            {
              kind: "users" as const,
              at: since(gap.to),
              lane: usersLane,
              short: "writes again",
              sentence: `a write was acknowledged again, after ${long}`,
            },
          ]
        : []),
    ];
  };
  return [...pair(timeline.gap), ...(timeline.home === undefined ? [] : pair(timeline.home.gap))];
}

function lanesOf(report: LabReport, entries: readonly Entry[]): readonly string[] {
  const { from, to } = placesOf(report);
  const known = new Set(entries.map((entry) => entry.lane));
  const names = new Set([usersLane, ...[clean(from), clean(to)].filter((name) => known.has(name)), ...known]);
  names.delete(controllerLane);
  return [...names, controllerLane];
}
