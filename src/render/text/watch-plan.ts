// `leeward watch-plan`: is the watch good enough, and what do the probes tell? Targets whose figures are the same share a table, for a
// system of a thousand services has a handful of them.

import { duration } from "../../core/watch/sentence.ts";
import type { TargetPlan } from "../../core/watch/watch-judge.ts";
import type { WatchPlan } from "../../core/watch/watch-plan.ts";
import type { Rate } from "../../core/watch/watch-rates.ts";
import { capital, clean, count, counted, limit, seconds } from "../words.ts";
import { hang, heading, type Paint, painter, type TextOptions, table, widthOf, wrap } from "./layout.ts";

/** Names listed before "and so many more". */
const namesMax = 12;
const sendersMax = 12;

export function watchPlanText(plan: WatchPlan, options: TextOptions = {}): string {
  const paint = painter(options);
  const width = widthOf(options);
  const parts = [
    wrap(`${capital(clean(plan.sentence))}.`, width).map((line) => paint(plan.kind === "met" ? "good" : "bad", line)),
    wrap(settingsOf(plan), width),
    ...classesOf(plan).map((targets) => classLines(targets, width, paint)),
    untoldLines(plan, width),
    senderLines(plan, width, paint),
    budgetLines(plan, width, paint),
  ];
  return parts
    .filter((part) => part.length > 0)
    .map((part) => part.join("\n"))
    .join("\n\n")
    .concat("\n");
}

function settingsOf({ system, probeEveryMs, timeoutMs, lossAssumed, classic }: WatchPlan): string {
  const rule =
    classic === undefined
      ? "thresholds follow from falseFailover"
      : `classic: ${
          classic.window === undefined
            ? `${counted(classic.down, "failure")} in a row and it is down, ${counted(classic.up, "success", "successes")} and it is up`
            : `fewer than ${classic.window.good} good of the newest ${classic.window.size} and it is down`
        }, up while more than ${Math.round(classic.healthyAbove * 100)} % of the vantages say so`;
  return `${clean(system)}: a probe every ${limit(probeEveryMs)} from each vantage, which waits ${limit(timeoutMs)} for the answer; ${percent(lossAssumed)} of the probes may be lost while all is well; ${rule}.`;
}

/** By what is the same for all of them: how many look, and how often. */
function classesOf({ targets }: WatchPlan): readonly (readonly TargetPlan[])[] {
  const looked = targets.filter(({ rates }) => rates.length > 0);
  const classes = Map.groupBy(looked, ({ vantages, quorum, perSecond }) => `${vantages.length}/${quorum}/${perSecond}`);
  return [...classes.values()];
}

function classLines(targets: readonly TargetPlan[], width: number, paint: Paint): readonly string[] {
  const [first] = targets;
  if (first === undefined) return [];
  const always = targets.filter(({ lookedAt }) => lookedAt === "always");
  const atPrimary = targets.filter(({ lookedAt }) => lookedAt === "primary");
  const names = [
    ...(always.length === 0 ? [] : [namesOf(always)]),
    ...(atPrimary.length === 0 ? [] : [`where it is primary: ${namesOf(atPrimary)}`]),
  ].join("; ");
  const rows = first.rates.map((rate) => [
    whatFails(rate.failureShare),
    `${nats(rate.natsPerSecond)} nats/s`,
    ...(rate.known === undefined
      ? [paint("bad", "not at all"), ""]
      : [time(rate.known.expectedMs), `${time(rate.known.worstMs)}${rate.known.certain ? "" : " in 99 of 100 cases"}`]),
    // The classic rule is one rule for all of them.
    rate.failureShare < 1 && rate.detector === undefined ? "" : `once in ${duration(rate.falseAlarmMs)}`,
  ]);
  const vantages = counted(first.vantages.length, "vantage");
  return [
    ...wrap(names, width).map((line) => paint("strong", line)),
    ...hang(
      "  ",
      `${vantages}, a quorum of ${first.quorum}; each target gets ${nats(first.perSecond)} probes a second`,
      width,
    ),
    ...table(
      [
        { title: "answers failing" },
        { title: "evidence", align: "right" },
        { title: "known after", align: "right" },
        { title: "at worst" },
        { title: "by chance, one target" },
      ],
      rows,
      { width, indent: 2, paint },
    ),
  ];
}

function whatFails(share: Rate["failureShare"]): string {
  return (
    ({ 1: "all", 0.5: "half", 0.2: "a fifth", 0.1: "a tenth" } as Readonly<Record<number, string>>)[share] ??
    percent(share)
  );
}

/** "agent, orders in north, south; agent in watch": services with the same regions together. */
function namesOf(targets: readonly TargetPlan[]): string {
  const regionsOf = new Map<string, string[]>();
  for (const { service, region } of targets) regionsOf.set(service, [...(regionsOf.get(service) ?? []), region]);
  const groups = Map.groupBy(regionsOf, ([, regions]) => regions.join(", "));
  let left = namesMax;
  const shown: string[] = [];
  for (const [regions, members] of groups) {
    if (left <= 0) break;
    shown.push(
      `${members
        .slice(0, left)
        .map(([service]) => clean(service))
        .join(", ")} in ${clean(regions)}`,
    );
    left -= members.length;
  }
  const rest = regionsOf.size - namesMax;
  return `${shown.join("; ")}${rest > 0 ? `; and ${counted(rest, "more service")}` : ""}`;
}

function untoldLines({ targets }: WatchPlan, width: number): readonly string[] {
  const byAgent = targets.filter(({ lookedAt }) => lookedAt === "agent");
  const unseen = targets.filter(({ lookedAt, vantages }) => lookedAt !== "agent" && vantages.length === 0);
  return [
    ...(byAgent.length === 0
      ? []
      : wrap(
          `Not probed, each region's agent tells of it (health.probe in the manifest changes that): ${namesOf(byAgent)}.`,
          width,
        )),
    ...(unseen.length === 0 ? [] : wrap(`Nobody looks at: ${namesOf(unseen)}.`, width)),
  ];
}

function senderLines({ senders }: WatchPlan, width: number, paint: Paint): readonly string[] {
  const shown = senders.slice(0, sendersMax);
  const rows = shown.map(({ vantage, targets, perSecond }) => [
    clean(vantage),
    nats(perSecond),
    `at ${counted(targets, "target")}`,
  ]);
  return [
    heading("Probes a second that each vantage sends", paint),
    ...table([{}, { align: "right" }, {}], rows, { width, indent: 2 }),
    ...(senders.length > shown.length ? [`  and ${count(senders.length - shown.length)} more vantages`] : []),
  ];
}

function budgetLines({ falseAlarms, objectives }: WatchPlan, width: number, paint: Paint): readonly string[] {
  const { split, switchMs, warnMs, targets, warningsSwitch } = falseAlarms;
  const asked = `${duration(objectives.falseFailoverMs)} asked for`;
  const each = `1/${targets} of it for each of ${counted(targets, "target")} that can be primary at a time`;
  const shares = (budget: "switch" | "warn"): string =>
    split
      .filter((row) => row.budget === budget)
      .map(({ name, share }) => `${detectorWords[name] ?? name} ${percent(share)}`)
      .join(", ");
  return [
    heading("False alarms by chance", paint),
    ...hang(
      "  what switches    ",
      split.length === 0
        ? `once in ${duration(switchMs)} (${asked}), all targets together; the classic rule has no budget`
        : `once in ${duration(switchMs)} (${asked}); ${each}, where ${shares("switch")}`,
      width,
    ),
    ...(warnMs === undefined
      ? []
      : hang(
          "  what only warns  ",
          `once in ${duration(warnMs)}${warningsSwitch ? ", counted above too, as a brown-out may switch: each has half of the budget" : ", a budget of its own of the same size"}; split alike, where ${shares("warn")}`,
          width,
        )),
  ];
}

const detectorWords: Readonly<Record<string, string>> = {
  dead: "all answers failing has",
  half: "half of them failing has",
  fifth: "a fifth",
  tenth: "a tenth",
  slow: "slow answers",
  "traffic-half": "half of users' requests failing",
  "traffic-fifth": "a fifth of them",
  "traffic-twentieth": "a twentieth",
};

function time(ms: number): string {
  return ms < 7_200_000 ? seconds(ms) : duration(ms);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1).replace(/\.0$/, "")} %`;
}

function nats(value: number): string {
  return value >= 99.95
    ? count(Math.round(value))
    : value >= 9.95
      ? value.toFixed(1).replace(/\.0$/, "")
      : value.toFixed(2).replace(/\.?0+$/, "");
}
