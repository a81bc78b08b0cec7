// `leeward status --watch`: asks again and again, one question at a time, and draws one screen in place. The world is handed in: who is
// asked, the clock, the screen. It ends when `signal` is aborted, and leaves the terminal as it was, with the last status on it.

import { bodyLines, type FrameSize, type LiveView, liveFrame } from "../render/text/live-status.ts";
import type { SystemStatus } from "../wire/people.ts";

export type Answer =
  | { readonly kind: "status"; readonly status: SystemStatus }
  | { readonly kind: "away"; readonly why: string };

export type LiveWorld = {
  /** One question; ends within its own deadline, and at once where the loop is to end. The controller's absence is an answer. */
  readonly ask: () => Promise<Answer>;
  /** Wall clock. */
  readonly nowMs: () => number;
  /** Ends early when `signal` is aborted. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly screen: Screen;
};

export type Screen = {
  readonly write: (text: string) => void;
  /** A terminal that can be drawn on; else each status is printed below the one before. */
  readonly drawn: boolean;
  readonly color: boolean;
  readonly size: () => FrameSize;
};

export type LiveOptions = { readonly everyMs: number; readonly json: boolean };

const enter = "\u001b[?1049h\u001b[?25l";
const leave = "\u001b[?25h\u001b[?1049l";
/** The terminal shows what is between the two at once, where it knows how; no other harm is done. */
const [frameBegins, frameEnds] = ["\u001b[?2026h", "\u001b[?2026l"];
const [home, eraseLine, eraseBelow] = ["\u001b[H", "\u001b[K", "\u001b[J"];

/** Exit code: 0 after at least one answer, 3 when there never was one. */
export async function liveStatus(world: LiveWorld, options: LiveOptions, signal: AbortSignal): Promise<0 | 3> {
  const { screen } = world;
  const drawn = screen.drawn && !options.json;
  let view: LiveView = { nowMs: world.nowMs(), everyMs: options.everyMs };
  if (drawn) screen.write(enter);
  try {
    while (!signal.aborted) {
      const askedAtMs = world.nowMs();
      const answer = await world.ask();
      if (signal.aborted) break;
      view = next(view, answer, askedAtMs, world.nowMs());
      if (options.json) screen.write(`${JSON.stringify(jsonOf(view, answer))}\n`);
      else if (drawn) screen.write(frameOf(liveFrame(view, screen.size(), { color: screen.color })));
      else screen.write(`${printed(view, screen)}\n\n`);
      // The questions begin so far apart; one that took longer is followed by the next after a short rest, never at once.
      const tookMs = world.nowMs() - askedAtMs;
      await world.sleep(Math.max(options.everyMs - Math.max(0, tookMs), options.everyMs / 4), signal);
    }
  } finally {
    if (drawn) screen.write(leave);
  }
  if (drawn && (view.last !== undefined || view.away !== undefined)) screen.write(`${printed(view, screen)}\n`);
  return view.last === undefined ? 3 : 0;
}

function next(before: LiveView, answer: Answer, askedAtMs: number, nowMs: number): LiveView {
  const { everyMs, last, away } = before;
  if (answer.kind === "status") return { nowMs, everyMs, last: { status: answer.status, atMs: nowMs } };
  return {
    nowMs,
    everyMs,
    ...(last === undefined ? {} : { last }),
    away: { sinceMs: away?.sinceMs ?? askedAtMs, why: answer.why },
  };
}

function jsonOf({ away }: LiveView, answer: Answer): unknown {
  return answer.kind === "status" ? answer.status : { version: 1, away };
}

function frameOf(lines: readonly string[]): string {
  return `${frameBegins}${home}${lines.map((line) => `${line}${eraseLine}`).join("\r\n")}${eraseBelow}${frameEnds}`;
}

function printed(view: LiveView, screen: Screen): string {
  return bodyLines(view, { color: screen.color, width: screen.size().columns }).join("\n");
}
