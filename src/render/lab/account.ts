// What became of every order, in plain words, and the figures that stand beside them. Terminal and page show the same.

import type { LabReport } from "../../core/model/lab-report.ts";
import { capital, clean, count, counted, limit, seconds } from "../words.ts";
import { moved } from "./report.ts";
import { lossless } from "./verdict.ts";

export type Figure = {
  readonly name: string;
  readonly value: string;
  readonly note: string;
  readonly tone: "plain" | "good" | "warn" | "bad";
};

export function figuresOf(report: LabReport): readonly Figure[] {
  const { objectives, predicted, markers, direct } = report;
  const tone = (bad: boolean, good = false): Figure["tone"] => (bad ? "bad" : good ? "good" : "plain");
  const late = report.rtoMs > objectives.rtoMs;
  const gone = report.rpoMs > objectives.rpoMs;
  const range =
    markers.firstLost === undefined || markers.lastLost === undefined
      ? ""
      : markers.firstLost === markers.lastLost
        ? `, number ${count(markers.firstLost)}`
        : `, numbers ${count(markers.firstLost)} to ${count(markers.lastLost)}`;
  const homeLost = report.home?.lost ?? 0;
  return [
    {
      name: "longest write gap",
      value: seconds(report.rtoMs),
      note: `RTO objective ${limit(objectives.rtoMs)}, ${late ? "missed" : "kept"}${predicted.rtoMs > 0 ? `; predicted ${seconds(predicted.rtoMs)}` : ""}`,
      tone: tone(late, true),
    },
    {
      name: "data lost, in time",
      value: seconds(report.rpoMs),
      note: `RPO objective ${limit(objectives.rpoMs)}, ${gone ? "missed" : "kept"}${report.mode === "sync" ? "; sync promises 0" : predicted.rpoMs > 0 ? `; at most ${seconds(predicted.rpoMs)} was predicted` : ""}`,
      tone: tone(gone, true),
    },
    {
      name: "orders acknowledged",
      value: count(report.acknowledged),
      note: "users were told: it is stored",
      tone: "plain",
    },
    {
      name: "of these lost",
      value: count(report.lost),
      note:
        report.lost === 0
          ? "each was found again"
          : lossless(report)
            ? "not one may be lost here"
            : "not in the serving database",
      tone: report.lost === 0 ? "good" : lossless(report) || gone ? "bad" : "warn",
    },
    {
      name: "stored twice",
      value: count(report.duplicated),
      note: report.duplicated === 0 ? "each order stands there once" : "the same order, more than one row",
      tone: tone(report.duplicated > 0, true),
    },
    {
      name: "refused",
      value: count(report.refused),
      note: "users were told: not now; nothing is stored",
      tone: "plain",
    },
    {
      name: "unknown",
      value: count(report.unknown),
      note: "no answer in time: it may be stored or not",
      tone: "plain",
    },
    {
      name: "markers lost",
      value: `${count(markers.lost)} of ${count(markers.sent)}`,
      note: `one each 100 ms, to measure the loss in time${range}`,
      tone: tone(markers.lost > 0 && lossless(report)),
    },
    {
      name: "orphans",
      value: count(report.orphans),
      note: "rows only the old primary had, set aside before it rejoined",
      tone: "plain",
    },
    {
      name: "two writers",
      value: report.twoWriters ? "YES" : "never",
      note: report.twoWriters
        ? "an old epoch acknowledged after a newer one began"
        : "no old epoch acknowledged after a newer one",
      tone: tone(report.twoWriters, true),
    },
    {
      name: "past the routers",
      value: count(direct.acknowledgedAfterSwitch),
      note: "writes by a client that bypasses them, after the switch",
      tone: "plain",
    },
    ...(report.home === undefined
      ? []
      : [
          {
            name: "gap of the way home",
            value: seconds(report.home.writeGapMs),
            note: homeLost === 0 ? "and nothing lost" : `and ${counted(homeLost, "order")} lost, though not one may be`,
            tone: tone(homeLost > 0, true),
          },
        ]),
  ];
}

/** Sentences, in the order in which somebody asks: what is gone, why, where is it, what was unclear, who went past. */
export function lossWords(report: LabReport): readonly string[] {
  const { lost, orphans, unknown, refused, direct, predicted, markers } = report;
  const total = counted(report.acknowledged, "order");
  const said: string[] = [];
  if (report.twoWriters) {
    said.push(
      "A write was acknowledged under an old epoch after a newer one had begun to acknowledge. From then on two databases had a history each, and no count below can be trusted to be all: stop one side before anything else, and compare them by hand.",
    );
  }
  if (lost === 0) {
    said.push(
      `Users were told of ${total} that they are stored. Afterwards each was looked for in the serving database, and each was found.`,
    );
  } else {
    said.push(
      `Users were told of ${total} that they are stored. Afterwards each was looked for in the serving database: ${count(lost)} ${lost === 1 ? "is" : "are"} not there.`,
    );
    if (lossless(report)) {
      said.push(
        report.mode === "sync"
          ? "In sync mode a write is acknowledged only once the standby has it on disk, so not one of them may be missing: this is a fault."
          : "Nothing was broken when the switch was asked for, so not one of them may be missing: this is a fault.",
      );
    } else {
      said.push(
        `In async mode a write is acknowledged before the standby has it. What was on its way when the region failed is lost to those who read now${predicted.rpoMs > 0 ? `; before the switch it was known that this is at most ${seconds(predicted.rpoMs)} of writes` : ""}.`,
      );
    }
    if (report.rpoMs > 0) {
      said.push(
        `Measured by ${counted(markers.lost, "lost marker")} of ${count(markers.sent)}, ${seconds(report.rpoMs)} of writes are gone.`,
      );
    }
  }
  if (orphans > 0) {
    said.push(
      `When the old primary came back, ${counted(orphans, "row")} that only it had ${orphans === 1 ? "was" : "were"} set aside before anything overwrote ${orphans === 1 ? "it" : "them"}; a person can look at ${orphans === 1 ? "it" : "them"} and decide.`,
    );
  } else if (lost > 0) {
    said.push("No row has been set aside from the old primary, so what is lost is not at hand.");
  }
  if (refused > 0)
    said.push(
      `${count(refused)} ${refused === 1 ? "order was" : "orders were"} refused: users were told at once that nothing is stored, and could try again.`,
    );
  if (unknown > 0) {
    said.push(
      `For ${counted(unknown, "order")} no answer came in time. Nobody promised anything about ${unknown === 1 ? "it" : "them"}: stored or not, users had to ask again with the same key.`,
    );
  }
  if (direct.acknowledgedAfterSwitch > 0) {
    said.push(
      `A client that goes straight to the old database, past every router, still got ${counted(direct.acknowledgedAfterSwitch, "write")} acknowledged after the switch. No router can prevent that, which is why it is counted here and why everyone should go through one.`,
    );
  } else if (moved(report)) {
    said.push(
      "A client that goes straight to the old database, past every router, got nothing acknowledged after the switch.",
    );
  }
  return said;
}

/** "Decided: failover. North is unreachable: ..."; a decision to stay says so in its reason. Empty where nothing was decided. */
export function decisionWords(report: LabReport): string {
  const reason = clean(report.reason);
  if (reason === "") return "";
  const moves = report.steps.length > 0 && report.decision !== "hold";
  return moves ? `Decided: ${clean(report.decision)}. ${capital(reason)}.` : `${capital(reason)}.`;
}

/** What the diagnosis rests on, and what the story had to show; nothing where the report does not say. */
export function expectationWords(report: LabReport): readonly string[] {
  const { evidence, expected, checks = [] } = report;
  const said: string[] = [];
  if (evidence !== undefined && evidence.vantages.length > 0) {
    said.push(
      `The diagnosis ${clean(report.diagnosis)} rests on a statistic of ${short(evidence.statistic)} against a threshold of ${short(evidence.threshold)}, at ${evidence.vantages.map(clean).join(", ")}.`,
    );
  }
  if (expected !== undefined) {
    const missing = checks.filter((check) => !check.held).length;
    const looked = `of ${counted(checks.length, "thing")} that had to be so, ${missing === 0 ? "each was" : `${count(missing)} ${missing === 1 ? "was" : "were"} not`}`;
    said.push(`Expected: ${clean(expected)}; ${looked}.`);
  }
  return said;
}

function short(value: number): string {
  return Number.isInteger(value) ? count(value) : value.toFixed(1);
}

const phaseNames = {
  detect: ["detect", "until the fault was known"],
  decide: ["decide", "until it was decided what to do"],
  fence: ["fence", "until the old side could write no more: its lease had to run out"],
  data: ["data", "until the new database took writes"],
  route: ["route", "until every router led there"],
  firstWrite: ["first write", "until the first write of users was acknowledged"],
} as const;

export type PhaseShare = {
  readonly key: keyof typeof phaseNames;
  readonly name: string;
  readonly what: string;
  readonly ms: number;
};

export function phaseShares(report: LabReport): readonly PhaseShare[] {
  return (Object.keys(phaseNames) as readonly (keyof typeof phaseNames)[]).map((key) => ({
    key,
    name: phaseNames[key][0],
    what: phaseNames[key][1],
    ms: Math.max(0, report.phases[key]),
  }));
}

export function notesOf(report: LabReport): readonly string[] {
  return report.notes.map(clean);
}
