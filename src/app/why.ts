// `leeward why`: asks a controller, or reads a state folder or an export when there is none to ask.

import { decisionKinds } from "../core/audit/fact.ts";
import { entriesOf } from "../core/audit/verify.ts";
import { type Why, type WhyQuery, whyOf } from "../core/audit/why.ts";
import { parseDuration } from "../manifest/duration.ts";
import { whyText } from "../render/text/why.ts";
import type { WhyReport } from "../wire/people.ts";
import { Refusal } from "./context.ts";
import { ask, print, type Reach } from "./tell.ts";
import { trailOf } from "./trail.ts";

export type WhyFlags = Reach & {
  readonly at?: string;
  readonly last?: string;
  readonly state?: string;
  readonly export?: string;
};

export async function why(group: string | undefined, flags: WhyFlags): Promise<number> {
  const query = queryOf(flags);
  const offline = flags.state !== undefined || flags.export !== undefined;
  const report = offline ? fromTrail(group, flags, query) : await fromController(group, flags, query);
  const color = process.stdout.isTTY === true;
  // The shape of the wire is that of the core; only the compiler reads it as one that could be written to.
  print(flags, report, () => whyText(report.answers as readonly Why[], { color }));
  return report.answers.length > 0 && report.answers.every((one) => one.decision !== undefined) ? 0 : 1;
}

function fromController(group: string | undefined, flags: WhyFlags, query: WhyQuery): Promise<WhyReport> {
  return ask<WhyReport>(flags, "why", { ...(group === undefined ? {} : { group }), ...query });
}

function fromTrail(group: string | undefined, flags: WhyFlags, query: WhyQuery): WhyReport {
  const { rows } = trailOf({
    ...(flags.state === undefined ? {} : { state: flags.state }),
    ...(flags.export === undefined ? {} : { file: flags.export }),
  });
  const trails = Map.groupBy(entriesOf(rows), (entry) => entry.group);
  const groups = group === undefined ? [...trails.keys()] : [group];
  if (group !== undefined && !trails.has(group))
    throw new Refusal(
      `There is no audit trail of ${group} here; there is ${[...trails.keys()].join(", ") || "none"}.`,
      2,
    );
  const answers = groups.map((one) => whyOf(one, trails.get(one) ?? [], query));
  const first = [...trails.values()][0]?.[0]?.fact;
  const system = first?.what === "trail" ? first.system : "";
  return { version: 1, system, answers: answers as WhyReport["answers"] };
}

function queryOf({ at, last }: WhyFlags): WhyQuery {
  const kind = decisionKinds.find((one) => one === last);
  if (last !== undefined && kind === undefined)
    throw new Refusal(`--last ${last}: it is one of ${decisionKinds.join(", ")}.`, 2);
  const atMs = at === undefined ? undefined : momentOf(at, Date.now());
  if (at !== undefined && atMs === undefined)
    throw new Refusal(
      `--at ${at}: write a time of day in UTC (06:03 or 06:03:12), a day and a time (2026-11-21T06:03:12Z), or how long ago (10m).`,
      2,
    );
  return {
    ...(atMs === undefined ? {} : { atMs }),
    ...(kind === undefined ? {} : { last: kind }),
  };
}

const dayMs = 86_400_000;

/** A time of day is the last one that has been. All of it is UTC, as everything that is printed. */
export function momentOf(text: string, nowMs: number): number | undefined {
  const agoMs = parseDuration(text);
  if (agoMs !== undefined) return nowMs - agoMs;
  const clock = /^(\d{2}):(\d{2})(?::(\d{2}(?:\.\d{1,3})?))?Z?$/.exec(text);
  if (clock !== null) {
    const [, hours = "", minutes = "", seconds = "59.999"] = clock;
    if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) >= 60) return undefined;
    const inDay = (Number(hours) * 60 + Number(minutes)) * 60_000 + Math.round(Number(seconds) * 1_000);
    const today = Math.floor(nowMs / dayMs) * dayMs + inDay;
    // Half a minute ahead is this minute, for a time without seconds means all of it.
    return today - nowMs > 60_000 ? today - dayMs : today;
  }
  const day = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})?$/.exec(text);
  if (day === null) return undefined;
  const parsed = Date.parse(`${text.replace(" ", "T")}${day[3] === undefined ? "Z" : ""}`);
  return Number.isNaN(parsed) ? undefined : parsed;
}
