// `leeward audit verify`: is the trail as it was written, and if not, what is the first entry that is not.

import type { TrailBreak, TrailHead, TrailVerdict } from "../../core/audit/verify.ts";
import { capital, clean, count, counted, cut, instant, timeOfDay } from "../words.ts";
import { hang, painter, type TextOptions, widthOf, wrap } from "./layout.ts";

/** The first line says whether; each trail's head stands in full, to be kept elsewhere. */
export function auditText(verdict: TrailVerdict, source: string, options: TextOptions = {}): string {
  const paint = painter(options);
  const width = widthOf(options);
  const { heads, breaks, kept } = verdict;
  if (heads.length === 0 && breaks.length === 0) return `There is no audit trail in ${clean(source)}.\n`;
  const broken = breaks.flatMap((one, index) => [
    ...wrap(breakSentence(one), width).map((line) => paint(index === 0 ? "bad" : "warn", line)),
    ...saying(one, width),
  ]);
  const whole = heads
    .filter((head) => breaks.every((one) => one.group !== head.group && one.group !== ""))
    .flatMap((head) =>
      hang("", headSentence(head), width).map((line) => paint(breaks.length === 0 ? "good" : "quiet", line)),
    );
  const found = kept.flatMap((one) =>
    one.found === undefined
      ? []
      : wrap(
          `The kept head ${clean(one.hash.slice(0, 16))} is entry ${count(one.found.seq)} of ${clean(one.found.group)}; ${counted(one.found.entriesSince, "entry", "entries")} ${one.found.entriesSince === 1 ? "has" : "have"} come since.`,
          width,
        ),
  );
  const advice =
    breaks.length === 0 && kept.length === 0
      ? wrap(
          "Keep a head where this machine cannot reach it. An end that was cut off shows only against a head that was kept: `leeward audit verify --head HASH`.",
          width,
        ).map((line) => paint("quiet", line))
      : [];
  return [broken, whole, found, advice]
    .filter((part) => part.length > 0)
    .map((part) => `${part.join("\n")}\n`)
    .join("\n");
}

/** "storefront: 1,204 entries from ... to ..., unbroken; head 9f3a...". */
export function headSentence({ group, entries, fromMs, toMs, hash, earlier, gaps }: TrailHead): string {
  const before =
    earlier === 0 ? "" : `, after ${counted(earlier, "entry", "entries")} of an older version that it covers`;
  const missing =
    gaps === 0 ? "" : `; ${counted(gaps, "gap")} ${gaps === 1 ? "is" : "are"} said in it, from when the store was away`;
  return `${clean(group)}: ${counted(entries, "entry", "entries")} from ${instant(fromMs)} to ${instant(toMs)}${before}, unbroken${missing}; head ${hash}`;
}

const words: Readonly<Record<TrailBreak["kind"], string>> = {
  changed: "was changed",
  replaced: "was written anew",
  missing: "is missing",
  moved: "is not in its place",
  repeated: "stands there twice",
  inserted: "was put in",
  unchained: "is not part of a chain",
  "no-beginning": "is not the beginning of a trail",
  "cut-off": "and what follows it may be missing",
};

export function breakSentence({ kind, group, seq, after, why }: TrailBreak): string {
  if (kind === "cut-off") return `Broken: ${clean(why)}.`;
  const place = after === undefined ? "" : `, after entry ${count(after.seq)} of ${timeOfDay(after.atMs)}`;
  const whose = group === "" ? "" : ` of ${clean(group)}`;
  return `Broken: entry ${count(seq)}${whose} ${words[kind]}${place}: ${clean(why)}.`;
}

/** What stands there now, or what its neighbour says; changed, it may be anything. */
function saying({ kind, atMs, says }: TrailBreak, width: number): readonly string[] {
  if (atMs === undefined && says === undefined) return [];
  const label =
    kind === "missing" ? "the entry beside it says" : kind === "cut-off" ? "the last that is left says" : "it says";
  const when = atMs === undefined ? "" : `${instant(atMs)}, `;
  return hang("  ", `${capital(label)}: ${when}"${clean(cut(says ?? "", 300))}"`, width);
}
