// The picture of a story: one lane per place, time from left to right in seconds since the fault. Who was primary runs along the top of
// a region's lane; what was seen, decided and done stands below it, each mark with its number and its words beside it; the time in
// which nobody could write is a band through all lanes. Labels never lie on one another: each mark takes the first row that is free.

import type { LabReport, ReportStep } from "../../core/model/lab-report.ts";
import { type Chronicle, controllerLane, type Entry, usersLane, type Window } from "../lab/chronicle.ts";
import { clean, cut, seconds } from "../words.ts";
import { type Draw, type Drawn, dot, epochsOf, labelGapPx, plot, Rows, type Scene, textPx, widthPx } from "./canvas.ts";
import { html, type Markup } from "./markup.ts";
import { users } from "./users-lane.ts";

const rowPx = 22;
const barPx = 15;
const railPx = 7;
const lanePadPx = 10;
const milestoneRowPx = 17;
const axisPx = 34;
const ticksMax = 12;

export function timelineSvg(report: LabReport, chronicle: Chronicle, scene: Scene): Markup {
  const { window } = scene;
  const span = Math.max(1, window.to - window.from);
  const x = (at: number): number =>
    plot.left + ((Math.min(window.to, Math.max(window.from, at)) - window.from) / span) * (plot.right - plot.left);
  const draw: Draw = { report, chronicle, scene, x, since: (wallMs) => wallMs - report.timeline.faultAt };

  const flags = milestones(draw);
  const top = flags.rows * milestoneRowPx + 12;
  let y = top;
  const grounds: Markup[] = [];
  const marks: Markup[] = [];
  for (const lane of chronicle.lanes) {
    const drawn = lane === usersLane ? users(draw, y) : places(draw, lane, y);
    grounds.push(html`<rect class="lane" x="0" y="${y}" width="${widthPx}" height="${drawn.height}"/>`);
    marks.push(html`<g><text class="lane-name" x="14" y="${y + 20}">${cut(lane, 15)}</text>
<text class="lane-note" x="14" y="${y + 35}">${noteOf(lane, scene)}</text>${drawn.markup}</g>`);
    y += drawn.height + 4;
  }
  const bottom = y - 4;
  const height = bottom + axisPx;
  const label = `${seconds(window.from - scene.zero.at)} to ${seconds(window.to - scene.zero.at)} since ${scene.zero.name}; the list says the same in words`;
  return html`<svg class="timeline" viewBox="0 0 ${widthPx} ${Math.round(height)}" role="img" aria-label="${label}">
<defs><pattern id="${scene.id}-hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="hatch" width="2.4" height="6"/></pattern></defs>
<g>${grounds}</g>${band(draw, top, bottom)}${axis(draw, top, bottom)}${lines(flags, bottom)}
<g class="marks">${marks}</g>${flags.markup}</svg>`;
}

function noteOf(lane: string, scene: Scene): string {
  if (lane === usersLane) return "orders stored";
  if (lane === controllerLane) return "sees and decides";
  if (lane === scene.from) return scene.moved ? "primary at first" : "primary";
  return scene.moved && lane === scene.to ? "takes over" : "";
}

function band({ scene, x }: Draw, top: number, bottom: number): Markup {
  if (scene.gap.to <= scene.window.from || scene.gap.from >= scene.window.to) return html``;
  const from = x(scene.gap.from);
  return html`<rect class="gap" x="${from}" y="${top}" width="${Math.max(2, x(scene.gap.to) - from)}" height="${bottom - top}"/>`;
}

function axis({ scene, x }: Draw, top: number, bottom: number): Markup {
  const from = scene.window.from - scene.zero.at;
  const to = scene.window.to - scene.zero.at;
  const step = niceStep((to - from) / ticksMax);
  const ticks: Markup[] = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
    const digits = step >= 1_000 ? 0 : step >= 100 ? 1 : 2;
    const text = `${(Math.abs(at) / 1_000).toFixed(digits)}`;
    const px = x(at + scene.zero.at);
    ticks.push(html`<line class="tick" x1="${px}" x2="${px}" y1="${top}" y2="${bottom + 5}"/>
<text class="tick-label" x="${px}" y="${bottom + 19}">${at < -step / 2 ? `-${text}` : text}</text>`);
  }
  return html`<g class="axis">${ticks}<text class="axis-name" x="14" y="${bottom + 19}">${scene.zero.name === "the fault" ? "s since the fault" : "s since asked"}</text></g>`;
}

function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, least)));
  return ([1, 2, 5, 10].find((factor) => factor * power >= least) ?? 10) * power;
}

type Flag = { readonly at: number; readonly text: string; readonly tone: "fault" | "decided" | "users" | "done" };
type Flags = {
  readonly rows: number;
  readonly markup: Markup;
  readonly at: readonly { readonly x: number; readonly tone: Flag["tone"]; readonly top: number }[];
};

/** The few instants that everything turns on, named above the lanes and drawn through them. */
function milestones(draw: Draw): Flags {
  const { scene, report, since, x } = draw;
  const endOf = (test: (step: ReportStep) => boolean): number | undefined => {
    const ends = scene.steps.filter((step) => step.outcome === "done" && step.endedAt > 0 && test(step));
    return ends.length === 0 ? undefined : Math.max(...ends.map((step) => since(step.endedAt)));
  };
  const faults = report.timeline.events
    .filter((event) => event.kind === "fault")
    .map(
      (event): Flag => ({
        at: since(event.at),
        text: clean(event.sentence),
        tone: scene.graceful ? "decided" : "fault",
      }),
    );
  const epochEnd = endOf((step) => step.id.startsWith("fence.epoch"));
  const promoted = endOf((step) => step.phase === "data" && step.region === scene.to);
  const routed = endOf((step) => step.phase === "traffic");
  const flags = [
    ...faults,
    ...(epochEnd === undefined
      ? []
      : [{ at: epochEnd, text: scene.graceful ? "new epoch" : "old lease is over", tone: "done" as const }]),
    ...(promoted === undefined
      ? []
      : [{ at: promoted, text: `${clean(scene.to)} takes writes`, tone: "done" as const }]),
    ...(routed === undefined ? [] : [{ at: routed, text: "traffic moved", tone: "done" as const }]),
    ...(scene.moved && scene.gap.to < since(report.timeline.endedAt)
      ? [{ at: scene.gap.to, text: "users write again", tone: "users" as const }]
      : []),
  ]
    .filter((flag) => flag.at >= scene.window.from && flag.at <= scene.window.to)
    .sort((a, b) => a.at - b.at);
  const rows = new Rows();
  const placed = flags.map((flag) => {
    const text = `${seconds(flag.at - scene.zero.at)}  ${cut(flag.text, 52)}`;
    const width = textPx(text);
    const left = x(flag.at) + labelGapPx + width > widthPx;
    const at = x(flag.at);
    const row = rows.take(left ? at - width - labelGapPx : at - 2, left ? at + 2 : at + labelGapPx + width);
    return { flag, at, row, left, text };
  });
  const y = (row: number): number => row * milestoneRowPx + 13;
  return {
    rows: Math.max(1, rows.count),
    at: placed.map(({ at, row, flag }) => ({ x: at, tone: flag.tone, top: y(row) - 9 })),
    markup: html`<g class="flags">${placed.map(
      ({ flag, at, row, left, text }) =>
        html`<text class="flag ${flag.tone}" x="${left ? at - labelGapPx : at + labelGapPx}" y="${y(row)}" text-anchor="${left ? "end" : "start"}">${text}</text>`,
    )}</g>`,
  };
}

function lines(flags: Flags, bottom: number): Markup {
  return html`<g class="lines">${flags.at.map(
    ({ x, tone, top }) => html`<line class="line ${tone}" x1="${x}" x2="${x}" y1="${top}" y2="${bottom}"/>`,
  )}</g>`;
}

function places(draw: Draw, name: string, y: number): Drawn {
  const { scene, chronicle } = draw;
  const entries = chronicle.acts
    .flatMap((act) => act.entries)
    .filter((entry) => entry.lane === name && entry.at >= scene.window.from && entry.at <= scene.window.to);
  const shown = telling(entries);
  const rail = name === controllerLane ? html`` : railOf(draw, name, y + 6);
  const railed = name === controllerLane ? 0 : railPx + 16;
  const rows = new Rows();
  const top = y + lanePadPx + railed;
  const marks = shown.map((entry) => mark(draw, entry, rows, top));
  const hidden = entries.length - shown.length;
  return {
    height: Math.max(48, lanePadPx + railed + rows.count * rowPx + 6),
    markup: html`${rail}${marks}${hidden > 0 ? html`<text class="lane-note" x="14" y="${y + 50}">${hidden} more in the list</text>` : undefined}`,
  };
}

/** A lane holds so many marks before it says less: first it leaves out what is over again, then what comes last. */
const marksUsual = 8;
const marksMax = 24;

function telling(entries: readonly Entry[]): readonly Entry[] {
  if (entries.length <= marksUsual) return entries;
  return entries.filter((entry) => entry.kind !== "seen" || !entry.short.startsWith("over: ")).slice(0, marksMax);
}

/** Who was primary, and until when it had the right to write. */
function railOf({ report, scene, x, since }: Draw, name: string, y: number): Markup {
  const epochs = epochsOf(report);
  const during = report.timeline.acknowledged.filter(
    (bucket) => since(bucket.at) >= scene.window.from && since(bucket.at) <= scene.window.to,
  );
  const first = during[0]?.epoch;
  const epochOf = (epoch: number | undefined): number =>
    epoch === undefined ? 0 : Math.max(0, epochs.indexOf(epoch)) % 2;
  const rail = (span: Window, style: string, whole: string): Markup => {
    const left = x(span.from);
    const wide = Math.max(0, x(span.to) - left);
    const text = textPx(whole) > wide + labelGapPx ? "primary" : whole;
    // Words that do not fit over their rail stand where they have room.
    const overflows = left + textPx(text) > plot.right;
    return html`<rect class="${style}" x="${left}" y="${y}" width="${wide}" height="${railPx}" rx="2"/>
<text class="rail-name" x="${overflows ? plot.right : left}" y="${y + railPx + 11}" text-anchor="${overflows ? "end" : "start"}">${text}</text>`;
  };
  const said = (epoch: number | undefined): string =>
    epoch === undefined || epoch === 0 ? "primary" : `primary, epoch ${epoch}`;
  if (!scene.moved) {
    return name === scene.from ? rail(scene.window, `epoch-${epochOf(first)}`, said(first)) : html``;
  }
  const stepEnd = (test: (step: ReportStep) => boolean): number | undefined =>
    scene.steps
      .filter((step) => test(step) && step.endedAt > 0 && step.outcome === "done")
      .map((step) => since(step.endedAt))
      .at(-1);
  const over = stepEnd((step) => step.id.startsWith("fence.epoch")) ?? scene.gap.to;
  if (name === scene.from) {
    const fenced = scene.steps.find(
      (step) => step.region === name && step.phase === "fence" && step.outcome === "done",
    );
    const until = scene.graceful ? since(fenced?.startedAt ?? report.timeline.faultAt) : 0;
    return html`${rail({ from: scene.window.from, to: until }, `epoch-${epochOf(first)}`, said(first))}${
      scene.graceful || over <= until
        ? undefined
        : html`<rect class="ground" x="${x(until)}" y="${y}" width="${x(over) - x(until)}" height="${railPx}"/>
<rect fill="url(#${scene.id}-hatch)" x="${x(until)}" y="${y}" width="${x(over) - x(until)}" height="${railPx}"/>
<text class="rail-name" x="${x(until) + labelGapPx}" y="${y + railPx + 11}">its lease runs on: nobody else may write yet</text>`
    }`;
  }
  if (name !== scene.to) return html``;
  const begins = stepEnd((step) => step.phase === "data" && step.region === name) ?? over;
  const next = during.find(
    (bucket) => since(bucket.at) >= scene.gap.to - report.timeline.bucketMs && bucket.epoch !== first,
  )?.epoch;
  return rail({ from: begins, to: scene.window.to }, `epoch-${epochOf(next)}`, said(next));
}

/** A bar for what took time, a dot for what did not; number and words beside it, or inside it where there is room. */
function mark({ x, scene }: Draw, entry: Entry, rows: Rows, top: number): Markup {
  const words = `${entry.number}  ${entry.short}`;
  const width = textPx(words);
  const left = x(entry.at);
  const right = entry.until === undefined ? left : Math.max(left + 3, x(Math.min(entry.until, scene.window.to)));
  const inside = right - left > width + 10;
  const before = !inside && right + labelGapPx + 4 + width > plot.right;
  const textX = inside ? left + 6 : before ? left - labelGapPx - 3 : right + labelGapPx + 3;
  const row = rows.take(before ? textX - width : left - 6, inside ? right + 4 : before ? right + 6 : textX + width);
  const middle = top + row * rowPx + rowPx / 2;
  const shape = entry.until === undefined ? dot(entry.kind, left, middle) : bar(entry, left, right, middle);
  return html`<g class="mark">${shape}<text class="label${inside ? " inside" : ""}" x="${textX}" y="${middle + 4}" text-anchor="${before ? "end" : "start"}"><tspan class="number">${entry.number}</tspan>  ${entry.short}</text></g>`;
}

function bar(entry: Entry, left: number, right: number, middle: number): Markup {
  const style = entry.outcome === "done" ? "bar" : "bar astray";
  return html`<rect class="${style}" x="${left}" y="${middle - barPx / 2}" width="${right - left}" height="${barPx}" rx="2.5"/>`;
}
