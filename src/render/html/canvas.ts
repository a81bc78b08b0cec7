// What the parts of a timeline share: the sheet they draw on, what they draw, and the marks that mean the same everywhere.

import type { LabReport, ReportStep } from "../../core/model/lab-report.ts";
import type { Chronicle, EntryKind, Window } from "../lab/chronicle.ts";
import { html, type Markup } from "./markup.ts";

export const widthPx = 1120;
export const plot = { left: 128, right: 1104 } as const;
export const labelGapPx = 6;
/** An average letter of the page's font at the size of the labels, a little generous: a label that is too long hides its neighbour. */
const letterPx = 6.6;

/** What happened in one window of time. `gap` and `steps` belong to that window: the way out, or the way home. */
export type Scene = {
  readonly id: string;
  readonly window: Window;
  readonly gap: Window;
  readonly steps: readonly ReportStep[];
  readonly from: string;
  readonly to: string;
  readonly moved: boolean;
  /** Nothing was broken: the old primary gave its right away instead of losing it. */
  readonly graceful: boolean;
  /** What zero is, in words and in milliseconds since the fault. */
  readonly zero: { readonly at: number; readonly name: "the fault" | "it was asked for" };
};

export type Draw = {
  readonly report: LabReport;
  readonly chronicle: Chronicle;
  readonly scene: Scene;
  readonly x: (at: number) => number;
  readonly since: (wallMs: number) => number;
};

export type Drawn = { readonly height: number; readonly markup: Markup };

export function epochsOf(report: LabReport): readonly number[] {
  return [...new Set(report.timeline.acknowledged.map((bucket) => bucket.epoch))].sort((a, b) => a - b);
}

export function dot(kind: EntryKind, x: number, y: number, astray = false): Markup {
  switch (kind) {
    case "fault":
      return html`<path class="dot fault" d="M${x - 4.5} ${y - 4.5}L${x + 4.5} ${y + 4.5}M${x + 4.5} ${y - 4.5}L${x - 4.5} ${y + 4.5}"/>`;
    case "seen":
      return html`<circle class="dot seen" cx="${x}" cy="${y}" r="4.2"/>`;
    case "decided":
      return html`<path class="dot decided" d="M${x} ${y - 5.5}L${x + 5.5} ${y}L${x} ${y + 5.5}L${x - 5.5} ${y}Z"/>`;
    case "done":
      return html`<rect class="dot done${astray ? " astray" : ""}" x="${x - 4}" y="${y - 4}" width="8" height="8" rx="1.5"/>`;
    case "users":
      return html`<path class="dot users" d="M${x} ${y - 5}L${x + 5} ${y + 4}L${x - 5} ${y + 4}Z"/>`;
    default:
      return kind satisfies never;
  }
}

export function textPx(text: string): number {
  return [...text].length * letterPx;
}

/** Rows of marks; each takes the first one in which nothing is where it wants to be. */
export class Rows {
  readonly #taken: (readonly { readonly from: number; readonly to: number }[])[] = [];

  take(from: number, to: number): number {
    let row = 0;
    while (this.#taken[row]?.some((other) => from < other.to + 8 && other.from < to + 8) === true) row += 1;
    this.#taken[row] = [...(this.#taken[row] ?? []), { from, to }];
    return row;
  }

  get count(): number {
    return this.#taken.length;
  }
}
