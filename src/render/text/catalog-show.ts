// `leeward catalog show` on a terminal: the sentence first, then method by method what it gives, what it asks for and how one gets out and back.

import type { MethodAnswer, ShowAnswer } from "../../catalog/show.ts";
import type { RecoveryPoint, RecoveryTime, Source, SwitchStep } from "../../core/assess/knowledge.ts";
import { millis, span } from "../words.ts";
import { hang, heading, type Paint, painter, type TextOptions, type Tone, widthOf, wrap } from "./layout.ts";

const verdicts: Readonly<
  Record<MethodAnswer["verdict"], { readonly word: string; readonly tone: Tone; readonly rank: number }>
> = {
  possible: { word: "possible", tone: "good", rank: 0 },
  if: { word: "possible if", tone: "warn", rank: 1 },
  "ruled-out": { word: "ruled out", tone: "bad", rank: 2 },
};

export function catalogShowText(answer: ShowAnswer, options: TextOptions): string {
  const paint = painter(options);
  const width = widthOf(options);
  const methods = answer.methods.toSorted((a, b) => verdicts[a.verdict].rank - verdicts[b.verdict].rank);
  const parts = [
    wrap(answer.summary, width).map((line) => paint("strong", line)),
    wayLines(answer, width),
    ...methods.map((method) => methodLines(method, width, paint)),
    settingLines(answer, width, paint),
    claimLines(
      "Good to know",
      answer.facts.map(({ what, source }) => [what, source] as const),
      width,
      paint,
    ),
    disagreementLines(answer, width, paint),
    wrap("Every claim stands with its own source and date in the JSON (--json FILE).", width).map((line) =>
      paint("quiet", line),
    ),
  ];
  return `${parts
    .filter((part) => part.length > 0)
    .map((part) => part.join("\n"))
    .join("\n\n")}\n`;
}

const labelWidth = 13;

function row(label: string, text: string, width: number): readonly string[] {
  return hang(`  ${label.padEnd(labelWidth)}`, text, width);
}

function wayLines({ ways }: ShowAnswer, width: number): readonly string[] {
  return ways.flatMap(({ to, roundTrip, km, warnings }) => {
    const trip =
      roundTrip === undefined
        ? []
        : [`${Math.round(roundTrip.ms)} ms round trip (${roundTrip.basis}, ${roundTrip.source.asOf})`];
    return wrap(`${to}: ${[...trip, ...(km === undefined ? [] : [`${km} km away`]), ...warnings].join("; ")}.`, width);
  });
}

function methodLines(method: MethodAnswer, width: number, paint: Paint): readonly string[] {
  const { word, tone } = verdicts[method.verdict];
  const title = `${method.id}: ${method.name}${method.usual ? " (the usual one)" : ""}`;
  const lines = [...hang(`${paint(tone, word)}  `, title, width)];
  const say = (label: string, text: string): void => void lines.push(...row(label, text, width));
  if (method.verdict === "ruled-out") {
    say("why", method.why ?? "");
    return [...lines, ...sourceLines(method.source, width)];
  }
  for (const what of method.requires ?? []) say("if", what);
  for (const note of method.notes ?? []) say("mind", note);
  for (const { at, verdict, why } of method.to ?? [])
    say("to", `${at}: ${verdicts[verdict].word}${why === undefined ? "" : `, ${why}`}`);
  for (const entry of method.rpo) say("may lose", pointText(entry));
  for (const entry of method.rto) say(timeLabels[entry.of], timeText(entry));
  for (const what of method.loses ?? []) say("not carried", what);
  say("consistency", method.consistency);
  say("started by", starters[method.startedBy]);
  say(
    "directions",
    `${method.directions === "two-way" ? "both ways" : "one way; the way back is set up anew"}${method.readableTarget ? "; the copy can be read" : ""}`,
  );
  for (const { what, where } of method.dependsOn) say("depends on", `${what} (${whereText(where)})`);
  for (const { what } of method.constraints) say("mind", what);
  say("costs", `${percent(method.costFactor.share)} of the first region more: ${method.costFactor.why}`);
  lines.push(...stepLines("way out", method.switch.out, width), ...stepLines("way back", method.switch.back, width));
  return [...lines, ...sourceLines(method.source, width)];
}

const timeLabels: Readonly<Record<RecoveryTime["of"], string>> = {
  failover: "failover",
  switchover: "switchover",
  "re-protect": "re-protect",
};

const starters: Readonly<Record<MethodAnswer["startedBy"], string>> = {
  customer: "you",
  provider: "the provider; nobody else can",
  either: "you or the provider",
  nobody: "nobody; there is no switch to start",
};

function pointText(entry: RecoveryPoint): string {
  const figures =
    entry.kind === "zero"
      ? "nothing"
      : entry.kind === "unbounded"
        ? `${entry.expectedSeconds === undefined ? "" : `about ${lasting(entry.expectedSeconds)}, `}no bound`
        : boundText(entry.expectedSeconds, entry.worstSeconds);
  return `${conditions(entry.when, entry.mode)}${figures} (${entry.basis}): ${entry.why}`;
}

function timeText(entry: RecoveryTime): string {
  const figures =
    entry.unbounded === true
      ? `about ${lasting(entry.expectedSeconds)}, no bound`
      : boundText(entry.expectedSeconds, entry.worstSeconds);
  return `${conditions(entry.when, undefined)}${figures} (${entry.basis}): ${entry.why}`;
}

/** Below a second in ms, so that nothing that takes time is shown as 0. */
function lasting(seconds: number): string {
  return seconds > 0 && seconds < 0.95 ? millis(seconds * 1_000) : span(seconds);
}

function boundText(expected: number | undefined, worst: number | undefined): string {
  if (expected === undefined) return worst === undefined ? "not known" : `at most ${lasting(worst)}`;
  if (worst === undefined) return `about ${lasting(expected)}`;
  return worst === expected ? lasting(worst) : `about ${lasting(expected)}, at most ${lasting(worst)}`;
}

function conditions(
  when: Readonly<Record<string, string | number | boolean>> | undefined,
  mode: string | undefined,
): string {
  const parts = [
    ...(mode === undefined ? [] : [mode]),
    ...Object.entries(when ?? {}).map(([name, value]) => `${name} ${value}`),
  ];
  return parts.length === 0 ? "" : `${parts.join(", ")}: `;
}

function stepLines(label: string, steps: readonly SwitchStep[], width: number): readonly string[] {
  return steps.flatMap((step, index) => {
    const who = step.by === "customer" ? "you" : step.by === "provider" ? "the provider" : "Leeward";
    const call = step.call === undefined ? "" : ` [${step.call}]`;
    const needs = step.needs === undefined ? "" : `, needs ${whereText(step.needs)}`;
    return row(
      index === 0 ? label : "",
      `${index + 1}. ${step.what}${call} (${step.phase}, ${who}, ${lasting(step.expectedSeconds)}${needs})`,
      width,
    );
  });
}

function settingLines(answer: ShowAnswer, width: number, paint: Paint): readonly string[] {
  const rows = Object.entries(answer.asksFor).map(([name, { what, values, default: taken }]) => {
    const now = answer.settings[name];
    const allowed = values === undefined ? "" : ` (${values.join(", ")})`;
    const state = now === undefined ? "not said" : now === taken ? `${now}, unless said otherwise` : String(now);
    return `${name} = ${state}: ${what}${allowed}`;
  });
  if (rows.length === 0) return [];
  return [
    heading("Settings that decide (give them with --set NAME=VALUE)", paint),
    ...rows.flatMap((text) => hang("  ", text, width)),
  ];
}

function claimLines(
  title: string,
  claims: readonly (readonly [text: string, source: Source])[],
  width: number,
  paint: Paint,
): readonly string[] {
  if (claims.length === 0) return [];
  return [heading(title, paint), ...claims.flatMap(([text, { asOf }]) => hang("  - ", `${text} (${asOf})`, width))];
}

function disagreementLines({ disagreements }: ShowAnswer, width: number, paint: Paint): readonly string[] {
  if (disagreements.length === 0) return [];
  return [
    heading("Sources that disagree; the newer is followed", paint),
    ...disagreements.flatMap(({ about, older, newer }) => [
      ...hang("  - ", about, width),
      ...hang(`    ${older.source.asOf}  `, `${older.what} [${older.source.title}]`, width),
      ...hang(`    ${newer.source.asOf}  `, `${newer.what} [${newer.source.title}]`, width),
    ]),
  ];
}

/** The address has a line of its own, so that it breaks as rarely as can be. */
function sourceLines({ title, url, asOf }: Source, width: number): readonly string[] {
  return [...row("source", `${title}, as of ${asOf}`, width), ...(url === undefined ? [] : hang("  ", url, width))];
}

function whereText(where: string): string {
  if (where === "source-region") return "the home region";
  if (where === "target-region") return "the other region";
  return where === "global" ? "a global interface" : where;
}

function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`;
}
