// The one sentence that leads every report, and how good the news is. Whoever reads no further has read the truth.

import type { LabReport } from "../../core/model/lab-report.ts";
import { capital, clean, count, counted, limit, seconds } from "../words.ts";
import { moved, placesOf, wrongEnd } from "./report.ts";

export type Verdict = {
  /** `kept`: as promised. `missed`: an objective was missed. `broken`: something happened that must never happen. */
  readonly tone: "kept" | "missed" | "broken";
  /** Two or three words for a badge. */
  readonly word: string;
  readonly sentence: string;
};

/** Nothing may be lost where commits wait for the standby, nor where nothing was broken. */
export function lossless(report: LabReport): boolean {
  return report.mode === "sync" || report.story === "switchover";
}

export function verdictOf(report: LabReport): Verdict {
  const wrong = wrongEnd(report);
  const twice = (report.crashes ?? []).reduce((sum, crash) => sum + crash.effectsTwice, 0);
  const astray = (report.crashes ?? []).filter((crash) => crash.ended === "neither").length;
  if (report.twoWriters) {
    return broken(
      "two writers",
      `Two regions acknowledged writes at the same time: the data has split in two. ${told(report)}`,
    );
  }
  if (wrong !== undefined) return broken("wrong end", `${clean(wrong)}. ${told(report)}`);
  if (report.lost > 0 && lossless(report)) return broken("data lost", told(report));
  if ((report.home?.lost ?? 0) > 0) return broken("data lost", told(report));
  if (report.duplicated > 0) {
    return broken(
      "stored twice",
      `${capital(counted(report.duplicated, "order"))} stood in the database twice. ${told(report)}`,
    );
  }
  if (twice > 0 || astray > 0) return broken("crash not survived", told(report));
  const accepted = report.lossAccepted === true && report.rtoMs <= report.objectives.rtoMs;
  if (!report.objectives.met && !accepted) {
    const { rtoMs, rpoMs } = report.objectives;
    const late = report.rtoMs > rtoMs ? [`users waited ${seconds(report.rtoMs)}, ${limit(rtoMs)} was promised`] : [];
    const gone =
      report.rpoMs > rpoMs ? [`${seconds(report.rpoMs)} of data are gone, ${limit(rpoMs)} was promised`] : [];
    const why = late.length + gone.length === 0 ? ["in at least one round"] : [...late, ...gone];
    return {
      tone: "missed",
      word: "objective missed",
      sentence: `An objective was missed: ${why.join("; ")}. ${told(report)}`,
    };
  }
  return { tone: "kept", word: "as promised", sentence: told(report) };
}

function broken(word: string, sentence: string): Verdict {
  return { tone: "broken", word, sentence };
}

/** What happened to the system, by story. "F" and "T" stand for the region that failed and the one that took over. */
const happenings: Readonly<Record<string, string>> = {
  "region-loss": "F died",
  "region-freeze": "F froze, and woke later",
  "region-cut": "F was cut off from every other region",
  "store-cut": "F could not reach the controller",
  "store-stall": "the controller's store hung",
  "link-cut": "the link between F and its standby was cut",
  switchover: "a switchover from F to T was asked for",
};

function told(report: LabReport): string {
  if (report.crashes !== undefined) return capital(`${crashWords(report)}.`);
  return capital(`${happening(report)}; ${[writing(report), loss(report), ...home(report)].join(", ")}.`);
}

function happening(report: LabReport): string {
  const { from, to } = placesOf(report);
  const words = happenings[report.story];
  const first = report.timeline.events.find((event) => event.kind === "fault")?.sentence;
  const what =
    words === undefined
      ? clean(first ?? `the story ${report.story} was played`)
      : words.replace(/\b[FT]\b/g, (role) => clean(role === "F" ? from : to));
  return report.rounds === undefined ? what : `in ${counted(report.rounds.count, "round")}, ${what}`;
}

function writing(report: LabReport): string {
  const gap = seconds(report.rtoMs);
  const { timeline, rounds } = report;
  if (!moved(report)) {
    const calm =
      report.rtoMs <= report.objectives.rtoMs && wrongEnd(report) === undefined
        ? "no switch, as it should be; "
        : "nobody took over; ";
    return `${calm}users wrote on, with no gap longer than ${gap}`;
  }
  if (rounds === undefined && timeline.gap.to >= timeline.endedAt) return `users could not write again within ${gap}`;
  const range =
    rounds === undefined || rounds.count < 2
      ? ""
      : ` in the median (${seconds(rounds.rtoMs.min)} to ${seconds(rounds.rtoMs.max)})`;
  if (report.story === "switchover") return `users waited ${gap}${range} for a write`;
  return `users could write again after ${gap}${range}`;
}

function loss(report: LabReport): string {
  const { lost, acknowledged, rpoMs } = report;
  if (lost === 0) {
    const refused =
      report.story === "switchover" && report.refused > 0 ? `, ${counted(report.refused, "order")} refused` : "";
    return `nothing acknowledged was lost${refused}`;
  }
  const allowed =
    lossless(report) || rpoMs > report.objectives.rpoMs ? "" : `, ${limit(report.objectives.rpoMs)} are allowed`;
  const shares = lossless(report) ? ", though not one may be" : "";
  return `${count(lost)} of ${counted(acknowledged, "acknowledged order")} were lost${shares}${rpoMs > 0 ? ` (${seconds(rpoMs)} of data${allowed})` : ""}`;
}

function home(report: LabReport): readonly string[] {
  if (report.home === undefined) return [];
  const { writeGapMs, lost } = report.home;
  const loses = lost > 0 ? ` and ${counted(lost, "lost order")}, though not one may be` : "";
  return [`home again with a ${seconds(writeGapMs)} gap${loses}`];
}

function crashWords(report: LabReport): string {
  const crashes = report.crashes ?? [];
  const intended = crashes.filter((crash) => crash.ended === "intended").length;
  const prior = crashes.filter((crash) => crash.ended === "prior").length;
  const neither = crashes.length - intended - prior;
  const twice = crashes.reduce((sum, crash) => sum + crash.effectsTwice, 0);
  const ends = `${count(intended)} ended in the intended state, ${count(prior)} in the prior one${neither > 0 ? `, ${count(neither)} in neither` : ""}`;
  return `the controller was killed at ${counted(crashes.length, "place")} of its plans; ${ends}; ${twice === 0 ? "no effect happened twice" : `${counted(twice, "effect")} happened twice`}, ${loss(report)}`;
}
