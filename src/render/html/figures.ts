// Small pictures beside the timeline: where the time went, and how the rounds lie.

import type { LabReport } from "../../core/model/lab-report.ts";
import { type PhaseShare, phaseShares } from "../lab/account.ts";
import { verdictOf } from "../lab/verdict.ts";
import { limit, seconds } from "../words.ts";
import { html, type Markup } from "./markup.ts";

const widthPx = 1070;
const letterPx = 6.8;

/** One bar, as long as the gap; each phase's share of it, named inside where it fits. */
export function phasesBar(report: LabReport): Markup {
  const shares = phaseShares(report);
  const whole = Math.max(
    1,
    shares.reduce((sum, share) => sum + share.ms, 0),
  );
  let x = 0;
  const bars = shares.map((share, index) => {
    const width = (share.ms / whole) * widthPx;
    const left = x;
    x += width;
    return width <= 0 ? html`` : segment(share, index, left, width);
  });
  return html`<svg viewBox="0 0 ${widthPx} 30" role="img" aria-label="where the time went; the table below has the numbers">${bars}</svg>`;
}

function segment(share: PhaseShare, index: number, left: number, width: number): Markup {
  const text = `${share.name} ${seconds(share.ms)}`;
  const fits = width > text.length * letterPx + 12;
  return html`<rect class="p${index}" x="${left}" y="0" width="${Math.max(1.5, width - 1)}" height="30" rx="3"/>${
    fits ? html`<text class="share" x="${left + 8}" y="19.5">${text}</text>` : undefined
  }`;
}

export function phaseKey(index: number): Markup {
  return html`<svg class="key" viewBox="0 0 12 12" aria-hidden="true"><rect class="p${index}" width="12" height="12" rx="2"/></svg>`;
}

const dotPx = 6;

/** A dot for each round on one axis; dots that would lie on one another are stacked. */
export function roundsPicture(report: LabReport): Markup {
  const { rounds, objectives } = report;
  if (rounds === undefined) return html``;
  const least = Math.min(...rounds.each.map((round) => round.rtoMs), rounds.rtoMs.min);
  const most = Math.max(...rounds.each.map((round) => round.rtoMs), rounds.rtoMs.max, 1);
  const room = Math.max(20, (most - least) * 0.12);
  const near = objectives.rtoMs <= most * 1.3;
  const [from, to] = [Math.max(0, least - room), (near ? Math.max(most, objectives.rtoMs) : most) + room];
  const x = (ms: number): number => 10 + ((ms - from) / Math.max(1, to - from)) * (widthPx - 20);
  const stacked: { readonly x: number; readonly level: number }[] = [];
  const dots = rounds.each.map((round) => {
    const at = x(round.rtoMs);
    let level = 0;
    while (stacked.some((other) => other.level === level && Math.abs(other.x - at) < dotPx * 2)) level += 1;
    stacked.push({ x: at, level });
    return { at, level, kept: verdictOf(round).tone === "kept" };
  });
  const base = 26 + (Math.max(0, ...stacked.map((one) => one.level)) + 1) * dotPx * 2;
  const marks: readonly (readonly [number, string])[] = [
    [rounds.rtoMs.min, `least ${seconds(rounds.rtoMs.min)}`],
    [rounds.rtoMs.median, `median ${seconds(rounds.rtoMs.median)}`],
    [rounds.rtoMs.max, `most ${seconds(rounds.rtoMs.max)}`],
  ];
  const median = x(rounds.rtoMs.median);
  const crowded = x(rounds.rtoMs.max) - x(rounds.rtoMs.min) < 330;
  return html`<svg class="rounds" viewBox="0 0 ${widthPx} ${base + 26}" role="img" aria-label="write gap of each round; the table below has the numbers">
<line class="base" x1="0" x2="${widthPx}" y1="${base}" y2="${base}"/>
<line class="median" x1="${median}" x2="${median}" y1="18" y2="${base}"/>
${near ? html`<line class="objective" x1="${x(objectives.rtoMs)}" x2="${x(objectives.rtoMs)}" y1="4" y2="${base}"/><text x="${x(objectives.rtoMs) - 6}" y="14" text-anchor="end">objective ${limit(objectives.rtoMs)}</text>` : undefined}
${dots.map(({ at, level, kept }) => html`<circle class="${kept ? "each" : "worse"}" cx="${at}" cy="${base - dotPx - level * dotPx * 2}" r="${dotPx - 0.5}"/>`)}
${
  crowded
    ? html`<text x="${Math.min(widthPx - 330, x(rounds.rtoMs.min))}" y="${base + 18}">${marks.map(([, text]) => text).join(", ")}</text>`
    : marks.map(
        ([ms, text], index) =>
          html`<text x="${x(ms)}" y="${base + 18}" text-anchor="${["start", "middle", "end"][index] ?? "middle"}">${text}</text>`,
      )
}</svg>`;
}
