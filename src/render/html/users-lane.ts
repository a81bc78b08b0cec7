// The lane of the users: how many orders they got acknowledged, under which epoch, and how long they could not write.

import { usersLane } from "../lab/chronicle.ts";
import { seconds } from "../words.ts";
import { type Draw, type Drawn, dot, epochsOf, labelGapPx, plot, textPx } from "./canvas.ts";
import { html, type Markup } from "./markup.ts";

const usersPx = 64;

/** How many orders were acknowledged, by the epoch they were acknowledged under, and how long nobody could. */
export function users(draw: Draw, y: number): Drawn {
  const { report, scene, x } = draw;
  const from = x(scene.gap.from);
  const to = x(scene.gap.to);
  const shown = scene.gap.from < scene.window.to && scene.gap.to > scene.window.from;
  const length = seconds(scene.gap.to - scene.gap.from);
  const text = scene.graceful
    ? `writes wait ${length}`
    : scene.moved
      ? `nobody can write for ${length}`
      : `longest gap ${length}`;
  const fits = to - from > textPx(text) + 80;
  // Words that do not fit into the gap get a line of their own.
  const height = usersPx + (fits || !shown ? 0 : 16);
  const nameY = y + height - usersPx + 15;
  const base = y + height - 8;
  const epochs = epochsOf(report);
  const bars = barsOf(draw);
  const usual = usualRate(bars);
  const drawn = bars.map((bar) => {
    const left = x(bar.from);
    const tall = Math.min(1, bar.rate / (usual * burstMax)) * (usersPx - 30);
    const wide = x(bar.to) - left;
    return html`<rect class="epoch-${epochs.indexOf(bar.epoch) % 2}" x="${left}" y="${base - tall}" width="${Math.max(0.5, wide - (wide < 6 ? 0 : 1))}" height="${tall}"/>`;
  });
  const names = epochs.flatMap((epoch) => {
    const of = bars.filter((bar) => bar.epoch === epoch);
    const left = x(of[0]?.from ?? 0);
    const name = `epoch ${epoch}`;
    return of.length === 0 || x(of.at(-1)?.to ?? 0) - left < textPx(name)
      ? []
      : [html`<text class="epoch-name" x="${left + 2}" y="${nameY}">${name}</text>`];
  });
  const middle = y + usersPx / 2 + 4;
  const words = fits
    ? html`<line class="gap-line" x1="${from + 30}" x2="${to - 30}" y1="${middle + 8}" y2="${middle + 8}"/><text class="gap-text" x="${(from + to) / 2}" y="${middle}" text-anchor="middle">${text}</text>`
    : gapAside({ from, to, text, y: y + 15 });
  const marks = html`<line class="base" x1="${plot.left}" x2="${plot.right}" y1="${base}" y2="${base}"/>${names}${shown ? words : undefined}${edges(draw, base)}`;
  return { height, markup: html`<g class="users">${drawn}${marks}</g>` };
}

/** What had to wait comes in a burst; a bar says so much and no more, or all others would vanish beside it. */
const burstMax = 1.5;

function usualRate(bars: readonly Bar[]): number {
  const rates = bars.map((bar) => bar.rate).sort((a, b) => a - b);
  return Math.max(0.001, rates[Math.floor(rates.length / 2)] ?? 0);
}

type Bar = { readonly from: number; readonly to: number; readonly epoch: number; readonly rate: number };

/** Acknowledged orders a millisecond. A bucket that reaches into the gap ends, or begins, where the gap does. */
function barsOf({ report, scene, since }: Draw): readonly Bar[] {
  const { bucketMs, acknowledged } = report.timeline;
  const { window, gap } = scene;
  return acknowledged.flatMap((bucket): readonly Bar[] => {
    const begin = since(bucket.at);
    const end = begin + bucketMs;
    const before = begin < gap.from;
    const from = !before && begin < gap.to ? Math.min(end, gap.to) : begin;
    const to = before && end > gap.from ? gap.from : end;
    if (to - from < 1 || to <= window.from || from >= window.to) return [];
    return [
      {
        from,
        to,
        epoch: bucket.epoch,
        rate: bucket.count / (to - from),
      },
    ];
  });
}

/** The numbers of the last write and of the first one after it, at the edges of the gap. */
function edges({ chronicle, scene, x }: Draw, base: number): Markup {
  const entries = chronicle.acts
    .flatMap((act) => act.entries)
    .filter((entry) => entry.lane === usersLane && entry.at >= scene.window.from && entry.at <= scene.window.to);
  const apart = x(scene.gap.to) - x(scene.gap.from) > 60;
  return html`${entries.map((entry) => {
    const at = x(entry.at);
    const first = entry.at <= scene.gap.from;
    const inward = apart === first;
    return html`${dot(entry.kind, at, base)}<text class="label" x="${inward ? at + 8 : at - 8}" y="${base - 6}" text-anchor="${inward ? "start" : "end"}"><tspan class="number">${entry.number}</tspan></text>`;
  })}`;
}

function gapAside({
  from,
  to,
  text,
  y,
}: {
  readonly from: number;
  readonly to: number;
  readonly text: string;
  readonly y: number;
}): Markup {
  const left = to + labelGapPx + textPx(text) > plot.right;
  return html`<text class="gap-text" x="${left ? from - labelGapPx : to + labelGapPx}" y="${y}" text-anchor="${left ? "end" : "start"}">${text}</text>`;
}
