// What a story measured, on a terminal: one sentence that says what happened, then the figures, then what was done and when.

import type { LabReport } from "../../core/model/lab-report.ts";
import { decisionWords, expectationWords, figuresOf, lossWords, notesOf, phaseShares } from "../lab/account.ts";
import { verdictOf } from "../lab/verdict.ts";
import { clean, count, counted, millis, seconds } from "../words.ts";
import {
  aligned,
  hang,
  heading,
  type Paint,
  painter,
  type TextOptions,
  type Tone,
  table,
  widthOf,
  wrap,
} from "./layout.ts";

/** Of the whole bar; a phase that took any time at all shows at least one of them. */
const barColumns = 60;
const phaseLetters = { detect: "D", decide: "d", fence: "F", data: "P", route: "R", firstWrite: "W" } as const;
const roundsShownMax = 40;

export function labReportText(report: LabReport, options: TextOptions = {}): string {
  const paint = painter(options);
  const width = widthOf(options);
  const verdict = verdictOf(report);
  const tone: Tone = verdict.tone === "kept" ? "good" : verdict.tone === "missed" ? "warn" : "bad";
  const parts = [
    wrap(verdict.sentence, width).map((line) => paint(tone, line)),
    wrap(`${clean(report.system)}, story ${clean(report.story)}, ${report.mode}: ${verdict.word}`, width).map((line) =>
      paint("quiet", line),
    ),
    figures(report, width, paint),
    phases(report, width, paint),
    steps(report, width, paint),
    rounds(report, width, paint),
    crashes(report, width, paint),
    words(report, width, paint),
  ];
  return parts
    .filter((part) => part.length > 0)
    .map((part) => part.join("\n"))
    .join("\n\n")
    .concat("\n");
}

function figures(report: LabReport, width: number, paint: Paint): readonly string[] {
  const rows = figuresOf(report).map((figure) => [
    figure.name,
    figure.tone === "plain" ? figure.value : paint(figure.tone, figure.value),
    figure.note,
  ]);
  return table([{}, { align: "right" }, {}], rows, { width, indent: 2 });
}

function phases(report: LabReport, width: number, paint: Paint): readonly string[] {
  if (report.steps.length === 0 || report.rtoMs <= 0) return [];
  const shares = phaseShares(report);
  const whole = shares.reduce((sum, share) => sum + share.ms, 0);
  const bar = shares
    .map((share) => phaseLetters[share.key].repeat(columnsOf(share.ms, whole, Math.min(barColumns, width - 10))))
    .join("");
  return [
    heading(`Where the ${seconds(report.rtoMs)} went`, paint),
    `  |${bar}|`,
    ...shares.flatMap((share) =>
      hang(
        `  ${phaseLetters[share.key]}  ${aligned(share.name, 11)}  ${aligned(seconds(share.ms), 8, "right")}  `,
        share.what,
        width,
      ),
    ),
  ];
}

function columnsOf(ms: number, wholeMs: number, columns: number): number {
  if (!(ms > 0)) return 0;
  return Math.min(columns, Math.max(1, Math.round((ms / wholeMs) * columns)));
}

function steps(report: LabReport, width: number, paint: Paint): readonly string[] {
  if (report.steps.length === 0) return [];
  const rows = [...report.steps]
    .sort((a, b) => a.startedAt - b.startedAt)
    .map((step) => [
      seconds(step.startedAt - report.timeline.faultAt),
      step.endedAt === 0 ? "" : millis(step.endedAt - step.startedAt),
      clean(step.region),
      step.outcome === "done" ? "done" : paint("warn", clean(step.outcome)),
      clean(step.reason === "" ? step.id : step.reason),
    ]);
  const since = report.story === "switchover" ? "since it was asked for" : "since the fault";
  return [
    heading(`What was done, ${since}`, paint),
    ...table(
      [
        { align: "right", title: "at" },
        { align: "right", title: "took" },
        { title: "region" },
        { title: "ended" },
        { title: "what and why" },
      ],
      rows,
      { width, indent: 2, paint },
    ),
  ];
}

function rounds(report: LabReport, width: number, paint: Paint): readonly string[] {
  if (report.rounds === undefined) return [];
  const { count: number, rtoMs, each } = report.rounds;
  const rows = each
    .slice(0, roundsShownMax)
    .map((round, index) => [
      String(index + 1),
      seconds(round.rtoMs),
      count(round.acknowledged),
      count(round.lost),
      count(round.unknown),
      round.home === undefined ? "" : seconds(round.home.writeGapMs),
      verdictOf(round).tone === "kept" ? "as promised" : paint("bad", verdictOf(round).word),
    ]);
  return [
    heading(
      `${counted(number, "round")}: write gap at least ${seconds(rtoMs.min)}, median ${seconds(rtoMs.median)}, at most ${seconds(rtoMs.max)}`,
      paint,
    ),
    ...table(
      [
        { align: "right", title: "round" },
        { align: "right", title: "gap" },
        { align: "right", title: "acknowledged" },
        { align: "right", title: "lost" },
        { align: "right", title: "unknown" },
        { align: "right", title: "home gap" },
        { title: "verdict" },
      ],
      rows,
      { width, indent: 2, paint },
    ),
    ...(each.length > roundsShownMax ? [`  and ${count(each.length - roundsShownMax)} more`] : []),
  ];
}

function crashes(report: LabReport, width: number, paint: Paint): readonly string[] {
  if (report.crashes === undefined || report.crashes.length === 0) return [];
  const rows = report.crashes.map((crash) => [
    crash.ended === "neither" ? paint("bad", "neither") : crash.ended,
    crash.effectsTwice === 0 ? "0" : paint("bad", count(crash.effectsTwice)),
    `${clean(crash.at)}${crash.died ? "" : " (was never reached)"}`,
  ]);
  return [
    heading("Where the controller was killed", paint),
    ...table([{ title: "ended in" }, { title: "effects twice", align: "right" }, { title: "plan/step/moment" }], rows, {
      width,
      indent: 2,
      paint,
    }),
  ];
}

function words(report: LabReport, width: number, paint: Paint): readonly string[] {
  const said = [...expectationWords(report), ...lossWords(report), ...notesOf(report).map((note) => `Note: ${note}.`)];
  const decided = decisionWords(report);
  return [
    heading("In words", paint),
    ...[decided, ...said].filter((sentence) => sentence !== "").flatMap((sentence) => hang("  ", sentence, width)),
  ];
}
