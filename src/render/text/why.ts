// `leeward why`: why it did, or did not, act. One screen for each group, the sentence first; then what was seen, by which rule, who was
// considered, what came of it, what would change it, and what to type.

import type { Why } from "../../core/audit/why.ts";
import { capital, clean, count, instant, limit, seconds, timeOfDay } from "../words.ts";
import { hang, heading, type Paint, painter, type TextOptions, table, widthOf, wrap } from "./layout.ts";

/** More would not stand on a screen; the rest is counted. */
const seenMax = 4;
const consideredMax = 5;

export function whyText(answers: readonly Why[], options: TextOptions = {}): string {
  if (answers.length === 0) return "There is no audit trail here, so nothing can be said.\n";
  const paint = painter(options);
  const width = widthOf(options);
  return answers.map((one) => pageOf(one, width, paint)).join(`\n${"-".repeat(Math.min(width, 40))}\n\n`);
}

function pageOf(why: Why, width: number, paint: Paint): string {
  const parts = [
    wrap(`${capital(clean(why.sentence)).replace(/\.$/, "")}.`, width).map((line) => paint("strong", line)),
    why.next === undefined ? [] : hang("To do: ", clean(why.next), width),
    decisionLines(why, width, paint),
    seenLines(why, width, paint),
    consideredLines(why, width, paint),
    orderLines(why, width, paint),
    runLines(why, width, paint),
    changeLines(why, width, paint),
    footLines(why, width, paint),
  ];
  return parts
    .filter((part) => part.length > 0)
    .map((part) => `${part.join("\n")}\n`)
    .join("\n");
}

function decisionLines({ decision }: Why, width: number, paint: Paint): readonly string[] {
  if (decision === undefined) return [];
  const { atMs, untilMs, rule, when, epoch, primary, state, by, fence, lossBoundMs, seq } = decision;
  const until =
    untilMs === undefined
      ? "and it stands"
      : `until ${sameDay(atMs, untilMs) ? timeOfDay(untilMs) : instant(untilMs)}, when another decision followed`;
  const who = by === undefined ? [] : [["by", by === "policy" ? "the policy of the manifest" : clean(by)]];
  const loss = lossBoundMs === undefined ? [] : [["loss", `at most ${lossWords(lossBoundMs)}`]];
  const kept =
    fence === undefined
      ? []
      : [
          [
            "fence",
            fence === "lease"
              ? "the old primary's lease has to run out first"
              : "the old primary's own agent gives a receipt",
          ],
        ];
  return [
    heading("Decided", paint),
    ...table(
      [{}, {}],
      [
        ["when", `${instant(atMs)}, ${until}${seq === undefined ? "" : ` (entry ${count(seq)} of the audit trail)`}`],
        ["rule", `${clean(rule)}${when === "" ? "" : `: ${clean(when.replace(/ \(I\d+\)/g, ""))}`}`],
        ...who,
        ...(primary === ""
          ? []
          : [["then", `${clean(primary)} was primary under epoch ${count(epoch)}; the group was ${clean(state)}`]]),
        ...loss,
        ...kept,
      ],
      { width, indent: 2 },
    ),
  ];
}

function seenLines({ decision, diagnoses }: Why, width: number, paint: Paint): readonly string[] {
  if (decision === undefined) return [];
  if (diagnoses.length === 0) return [heading("Seen", paint), "  nothing wrong anywhere"];
  const shown = diagnoses.slice(0, seenMax);
  const rest = diagnoses.length - shown.length;
  return [
    heading("Seen", paint),
    ...shown.flatMap((one) => {
      const { evidence } = one;
      const who = evidence.vantages.length === 0 ? "nobody" : evidence.vantages.map(clean).join(", ");
      const since = seconds(Math.max(0, decision.atMs - one.sinceMs));
      const samples = evidence.sampleCount > 0 ? `, from ${count(evidence.sampleCount)} samples` : "";
      const silent = evidence.silentMs > 0 ? `, no answer for ${seconds(evidence.silentMs)}` : "";
      return [
        ...hang("  ", clean(one.sentence), width).map((line) =>
          one.severity === "critical" ? paint("bad", line) : line,
        ),
        ...hang(
          "    ",
          `${one.name}: ${figure(evidence.statistic)} against a threshold of ${figure(evidence.threshold)}${samples}${silent}, by ${who}, for ${since}`,
          width,
        ).map((line) => paint("quiet", line)),
      ];
    }),
    ...(rest > 0 ? [`  and ${count(rest)} more`] : []),
  ];
}

function consideredLines({ considered }: Why, width: number, paint: Paint): readonly string[] {
  if (considered.length === 0) return [];
  const shown = considered.slice(0, consideredMax);
  const rest = considered.length - shown.length;
  const rows = shown.map((one) => {
    const loss = one.lossBoundMs === undefined ? "" : `; it would lose at most ${lossWords(one.lossBoundMs)}`;
    const could = `${one.why === undefined ? "it could take over" : clean(one.why)}${loss}`;
    if (one.refusedWhy !== undefined) return [clean(one.region), paint("warn", "refused"), clean(one.refusedWhy)];
    return one.chosen ? [clean(one.region), paint("good", "chosen"), could] : [clean(one.region), "possible", could];
  });
  return [
    heading("Who could take over", paint),
    ...table([{}, {}, {}], rows, { width, indent: 2 }),
    ...(rest > 0 ? [`  and ${count(rest)} more`] : []),
  ];
}

function orderLines({ order }: Why, width: number, paint: Paint): readonly string[] {
  if (order === undefined) return [];
  const answer = order.answer === "" ? "" : `: ${clean(order.answer)}`;
  return [
    heading("Asked for", paint),
    ...hang(
      "  ",
      `${clean(order.by)} asked for it (${clean(order.asked)}) and was ${order.accepted ? "answered yes" : "refused"}${answer}`,
      width,
    ),
  ];
}

function runLines({ run }: Why, width: number, paint: Paint): readonly string[] {
  if (run === undefined) return [];
  const took =
    run.endedAtMs === undefined
      ? `began ${timeOfDay(run.beganAtMs)} and has not ended`
      : `ended after ${seconds(run.endedAtMs - run.beganAtMs)}: ${clean(run.reason)}`;
  const good = run.result === "done" || run.result === undefined;
  return [
    heading("What came of it", paint),
    ...hang("  ", `${clean(run.id)} ${took}`, width).map((line) => (good ? line : paint("warn", line))),
  ];
}

function changeLines({ wouldChange, waiting }: Why, width: number, paint: Paint): readonly string[] {
  if (wouldChange.length === 0 && waiting === undefined) return [];
  return [
    heading("What would change it", paint),
    ...wouldChange.flatMap((one) => hang("  ", clean(one), width)),
    ...(waiting === undefined ? [] : hang("  ", `what waiting costs: ${clean(waiting)}`, width)),
  ];
}

function footLines({ trail }: Why, width: number, paint: Paint): readonly string[] {
  if (trail === undefined) return [];
  return wrap(
    `From an audit trail of ${count(trail.entries)} entries, head ${trail.hash.slice(0, 16)}; \`leeward audit verify\` shows whether it is as it was written.`,
    width,
  ).map((line) => paint("quiet", line));
}

function lossWords(bound: number | "unknown"): string {
  return bound === "unknown" ? "an unknown amount" : limit(bound);
}

function figure(value: number): string {
  return Number.isInteger(value) ? count(value) : value.toPrecision(3);
}

function sameDay(aMs: number, bMs: number): boolean {
  return instant(aMs).slice(0, 10) === instant(bMs).slice(0, 10);
}
