// `leeward report`: what was seen, decided and done, in the order in which it happened, and how each run ended.

import { clean, counted, instant, seconds, timeOfDay } from "../words.ts";
import { heading, type Paint, painter, type TextOptions, table, widthOf, wrap } from "./layout.ts";

/** What a controller answers when asked what happened; the shape of `history` in wire. */
export type HistoryView = {
  readonly system: string;
  readonly events: readonly {
    readonly atMs: number;
    readonly kind: "seen" | "decided" | "done";
    readonly group: string;
    readonly region: string;
    readonly sentence: string;
  }[];
  readonly runs: readonly {
    readonly id: string;
    readonly kind: string;
    readonly group: string;
    readonly from: string;
    readonly to: string;
    readonly startedAt: number;
    readonly endedAt?: number;
    readonly result: string;
    readonly resultReason: string;
    readonly lossBoundMs?: number;
    readonly steps: readonly {
      readonly id: string;
      readonly region: string;
      readonly startedAt: number;
      readonly endedAt: number;
      readonly outcome: string;
      readonly reason: string;
    }[];
  }[];
};

export function historyText(history: HistoryView, options: TextOptions = {}): string {
  const paint = painter(options);
  const width = widthOf(options);
  const events = [...history.events].sort((a, b) => a.atMs - b.atMs);
  const parts = [
    wrap(leading(history), width).map((line) => paint("strong", line)),
    eventLines(events, width, paint),
    ...history.runs.map((run) => runLines(run, width, paint)),
  ];
  return parts
    .filter((part) => part.length > 0)
    .map((part) => part.join("\n"))
    .join("\n\n")
    .concat("\n");
}

function leading({ system, events, runs }: HistoryView): string {
  const last = [...runs].sort((a, b) => a.startedAt - b.startedAt).at(-1);
  const name = clean(system);
  if (last === undefined) {
    return events.length === 0
      ? `Nothing happened to ${name} in this time.`
      : `${name}: nothing was moved; ${counted(events.length, "event")}.`;
  }
  const ended =
    last.endedAt === undefined
      ? "goes on"
      : `ended ${clean(last.result)} after ${seconds(last.endedAt - last.startedAt)}`;
  return `${name}: ${counted(runs.length, "run")}; the last, ${runName(last)}, ${ended}.`;
}

function runName(run: HistoryView["runs"][number]): string {
  const way = run.from === run.to ? `of ${clean(run.to)}` : `from ${clean(run.from)} to ${clean(run.to)}`;
  return `a ${clean(run.kind)} ${way}`;
}

/** A heading per day; within it the time of day, UTC as everywhere. */
function eventLines(events: HistoryView["events"], width: number, paint: Paint): readonly string[] {
  const groups = new Set(events.map((event) => event.group));
  const days = Map.groupBy(events, (event) => instant(event.atMs).slice(0, 10));
  return [...days].flatMap(([day, ofDay], index) => [
    ...(index === 0 ? [] : [""]),
    heading(`${day}, UTC`, paint),
    ...table(
      groups.size > 1 ? [{}, {}, {}, {}, {}] : [{}, {}, {}, {}],
      ofDay.map((event) => [
        timeOfDay(event.atMs),
        event.kind === "decided" ? paint("strong", event.kind) : event.kind,
        ...(groups.size > 1 ? [clean(event.group)] : []),
        clean(event.region),
        clean(event.sentence),
      ]),
      { width, indent: 2 },
    ),
  ]);
}

function runLines(run: HistoryView["runs"][number], width: number, paint: Paint): readonly string[] {
  const took = run.endedAt === undefined ? "" : ` in ${seconds(run.endedAt - run.startedAt)}`;
  const bound = run.lossBoundMs === undefined ? "" : `; at most ${seconds(run.lossBoundMs)} of writes were at stake`;
  const why = run.resultReason === "" ? "" : `; ${clean(run.resultReason)}`;
  const rows = run.steps.map((step) => [
    seconds(step.startedAt - run.startedAt),
    step.endedAt === 0 ? "" : seconds(step.endedAt - step.startedAt),
    clean(step.region),
    step.outcome === "done" ? "done" : paint("warn", clean(step.outcome)),
    clean(step.reason === "" ? step.id : step.reason),
  ]);
  return [
    ...wrap(
      `${clean(run.group)}: ${runName(run)}, ${clean(run.result)}${took}${bound}${why} (${clean(run.id)})`,
      width,
    ).map((line) => paint(run.result === "done" ? "strong" : "warn", line)),
    ...table(
      [
        { align: "right", title: "at" },
        { align: "right", title: "took" },
        { title: "region" },
        { title: "ended" },
        { title: "what and why" },
      ],
      rows,
      {
        width,
        indent: 2,
        paint,
      },
    ),
  ];
}
