// One frame of `leeward status --watch`: the status as it is, or what was said last and since when nobody answers. Never taller than the
// terminal, so that nothing scrolls.

import { clean, cut, limit, seconds, timeOfDay } from "../words.ts";
import { hang, painter, shownWidth, type TextOptions, widthOf } from "./layout.ts";
import { type StatusOptions, type StatusView, statusText } from "./status.ts";

export type LiveView = {
  /** The wall clock of this machine. */
  readonly nowMs: number;
  readonly everyMs: number;
  /** The newest answer, and when it came. */
  readonly last?: { readonly status: StatusView; readonly atMs: number };
  /** Since the first question that had no answer. */
  readonly away?: { readonly sinceMs: number; readonly why: string };
};

export type FrameSize = { readonly columns: number; readonly rows: number };

const columnsMin = 60;
/** The last line, and a blank one before it. */
const footRows = 2;

export function liveFrame(view: LiveView, size: FrameSize, options: TextOptions = {}): readonly string[] {
  // Too narrow for the layout: what is beyond the edge is cut off, which colours would not survive.
  const narrow = size.columns < columnsMin;
  const look = { ...options, width: size.columns, ...(narrow ? { color: false } : {}) };
  const room = Math.max(1, size.rows - footRows);
  const whole = bodyLines(view, look);
  const body = whole.length <= room ? whole : bodyLines(view, { ...look, compact: true });
  const hidden = body.length - room;
  const shown =
    hidden <= 0
      ? body
      : [
          ...body.slice(0, room - 1),
          painter(look)("quiet", `… ${hidden + 1} more lines, which a taller terminal shows`),
        ];
  const foot = `${timeOfDay(view.nowMs).slice(0, 8)} UTC, anew each ${limit(view.everyMs)}; Ctrl-C ends`;
  const lines = [...shown, ...(size.rows > footRows ? ["", painter(look)("quiet", foot)] : [])];
  return narrow ? lines.map((line) => (shownWidth(line) > size.columns ? cut(line, size.columns) : line)) : lines;
}

/** Without the foot and as long as it is: what stays on the screen at the end. */
export function bodyLines({ nowMs, last, away }: LiveView, options: StatusOptions): readonly string[] {
  const paint = painter(options);
  const width = widthOf(options);
  const status = last === undefined ? [] : statusText(last.status, options).trimEnd().split("\n");
  if (away === undefined) return status;
  const since = `No controller has answered since ${timeOfDay(away.sinceMs).slice(0, 8)} UTC (${seconds(nowMs - away.sinceMs)}): ${clean(away.why)}`;
  const told = hang("", since, width).map((line) => paint("bad", line));
  if (last === undefined) return told;
  return [
    ...told,
    ...hang("", "Routers and the primary go on without it; nobody is promoted meanwhile.", width),
    "",
    ...hang("", `What it said last, ${seconds(nowMs - last.atMs)} ago:`, width).map((line) => paint("quiet", line)),
    "",
    ...status,
  ];
}
