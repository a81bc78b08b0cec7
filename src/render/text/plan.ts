// `leeward plan`: what would be done, by whom, in what order, how long it takes, and how one gets back. From the manifest alone.

import type { Plan, Step } from "../../core/plan/plan.ts";
import { type Forecast, forecastOf, type PlanOptions } from "../plan/forecast.ts";
import { clean, limit, millis, seconds } from "../words.ts";
import { aligned, hang, heading, type Paint, painter, shownWidth, type TextOptions, widthOf, wrap } from "./layout.ts";

/** A plan as data, with what it is expected to take. */
export function planJson(
  plan: Plan,
  options: PlanOptions,
): Plan & { readonly expected: ReturnType<typeof expectedJson> } {
  return { ...plan, expected: expectedJson(forecastOf(plan, options)) };
}

function expectedJson(forecast: Forecast) {
  const { detectionMs, detectionWorstMs, beginsMs, writesAgainMs, holdMs, totalMs, criticalPath } = forecast;
  return {
    detectionMs,
    detectionWorstMs,
    beginsMs,
    ...(writesAgainMs === undefined ? {} : { writesAgainMs }),
    ...(holdMs === undefined ? {} : { holdMs }),
    totalMs,
    criticalPath: [...criticalPath],
  };
}

export function planText(plan: Plan, options: PlanOptions & TextOptions): string {
  const paint = painter(options);
  const width = widthOf(options);
  const forecast = forecastOf(plan, options);
  const failover = plan.kind === "failover";
  const parts = [
    wrap(leading(plan, forecast, options), width).map((line) => paint("strong", line)),
    failover ? clock(plan, forecast, options, width) : [],
    stepLines(plan.steps, forecast.ends, forecast.criticalPath, { width, paint }),
    [
      paint(
        "quiet",
        `* decides how long it takes${failover ? `; times are counted from the loss of ${clean(plan.from)}` : ""}`,
      ),
    ],
    oneWay(plan, width, paint),
    ...back(plan, width, paint),
  ];
  return parts
    .filter((part) => part.length > 0)
    .map((part) => part.join("\n"))
    .join("\n\n")
    .concat("\n");
}

function leading(plan: Plan, { writesAgainMs, holdMs, totalMs }: Forecast, { byPerson }: PlanOptions): string {
  const [group, from, to] = [clean(plan.group), clean(plan.from), clean(plan.to)];
  const whole = `the whole plan takes about ${seconds(totalMs)}`;
  switch (plan.kind) {
    case "failover":
      return `If ${from} is lost${byPerson === true ? ", and a person says yes at once" : ""}, ${group} fails over to ${to}: users can write again about ${seconds(writesAgainMs ?? totalMs)} after the loss, ${whole}.`;
    case "switchover":
    case "failback":
      return `${group} switches over from ${from} to ${to} without losing anything: writes wait about ${seconds(holdMs ?? totalMs)}, ${whole}.`;
    case "establish":
      return `${group} begins in ${to}: ${whole}.`;
    case "protect":
      return `${to} becomes a standby of ${group} that may be promoted: ${whole}.`;
    case "unprotect":
      return `${to} stops being a standby of ${group}: ${whole}.`;
    case "restore":
      return `${group} goes back to work in ${to}: ${whole}.`;
    default:
      return plan.kind satisfies never;
  }
}

function clock(plan: Plan, forecast: Forecast, { holdOff, byPerson }: PlanOptions, width: number): readonly string[] {
  const [from, to] = [clean(plan.from), clean(plan.to)];
  const begins = byPerson === true ? "and with a person's yes the plan begins" : "and the plan begins";
  const held = holdOff !== undefined && forecast.beginsMs > forecast.detectionMs;
  const rows: readonly (readonly [number, string])[] = [
    [0, `${from} is lost; its right to write runs on until its lease ends`],
    [
      forecast.detectionMs,
      `a quorum of the others is sure of it (at worst after ${seconds(forecast.detectionWorstMs)})${held ? "" : `, ${begins}`}`,
    ],
    ...(held ? [[forecast.beginsMs, `${holdOffWords[holdOff.because]}, ${begins}`] as const] : []),
    ...(forecast.leaseEndMs === undefined
      ? []
      : [
          [
            forecast.leaseEndMs,
            `${from}'s lease has run out for certain, so ${to} may be promoted; with a fence receipt of ${from}, sooner`,
          ] as const,
        ]),
    ...(forecast.writesAgainMs === undefined ? [] : [[forecast.writesAgainMs, `users write in ${to}`] as const]),
    [forecast.totalMs, "the last step has ended"],
  ];
  return rows.flatMap(([ms, text]) => hang(`  ${aligned(seconds(ms), 7, "right")}  `, text, width));
}

const holdOffWords: Readonly<Record<"costs" | "policy", string>> = {
  costs: "the outage has cost as much as a switch",
  policy: "the hold-off of the group's policy is over",
};

type Drawing = { readonly width: number; readonly paint: Paint };

function stepLines(
  steps: readonly Step[],
  ends: ReadonlyMap<string, number>,
  critical: readonly string[],
  { width, paint }: Drawing,
): readonly string[] {
  const numbers = new Map(steps.map((step, index) => [step.id, index + 1]));
  const regionWidth = Math.max(6, ...steps.map((step) => shownWidth(clean(step.region))));
  const needsOf = (step: Step): string =>
    step.needs
      .flatMap((need) => numbers.get(need) ?? [])
      .sort((a, b) => a - b)
      .join(" ");
  const needsWidth = Math.max(5, ...steps.map((step) => needsOf(step).length));
  const lines: string[] = [
    paint(
      "quiet",
      `   #  ready at    takes  deadline  ${aligned("after", needsWidth)}  ${aligned("region", regionWidth)}  step`,
    ),
  ];
  let phase = "";
  for (const step of steps) {
    if (step.phase !== phase) lines.push(paint("strong", step.phase));
    phase = step.phase;
    const first = [
      `${critical.includes(step.id) ? "*" : " "}${aligned(String(numbers.get(step.id)), 3, "right")}`,
      aligned(seconds(ends.get(step.id) ?? 0), 8, "right"),
      aligned(millis(step.expectedMs), 7, "right"),
      aligned(limit(step.deadlineMs), 8, "right"),
      aligned(needsOf(step), needsWidth),
      aligned(clean(step.region), regionWidth),
      "",
    ].join("  ");
    lines.push(
      ...hang(
        first,
        `${clean(step.what)}${step.bestEffort ? "; if it fails, the plan goes on without it" : ""}`,
        width,
      ),
    );
  }
  return lines;
}

/** What a step does for good. */
function oneWay(plan: Plan, width: number, paint: Paint): readonly string[] {
  const said = plan.steps.flatMap((step, index): readonly string[] => {
    const sentence = forGood(plan, step);
    return sentence === "" ? [] : [`step ${index + 1}: ${sentence}`];
  });
  if (said.length === 0) return [];
  return [heading("What cannot be undone", paint), ...said.flatMap((sentence) => hang("  ", sentence, width))];
}

function forGood(plan: Plan, { does, service }: Step): string {
  const [from, to] = [clean(plan.from), clean(plan.to)];
  if (does.kind === "advance-epoch" && from !== to) {
    return `from epoch ${does.epoch} on, nothing that ${from} does under an older one is accepted; going back is a switch of its own, below`;
  }
  if (does.kind !== "order" || does.action.kind !== "promote") return "";
  const name = clean(service ?? "");
  return plan.kind === "failover"
    ? `${name} in ${to} begins a history of its own; what ${from} acknowledged and ${to} had not received is missing there, and is set aside when ${from} returns`
    : `${name} in ${to} begins a history of its own, with everything that ${from} had`;
}

function back(plan: Plan, width: number, paint: Paint): readonly (readonly string[])[] {
  const parts: (readonly string[])[] = [];
  if (plan.undo.length > 0) {
    parts.push([
      heading(`If it stops before ${clean(plan.to)} takes writes, ${clean(plan.from)} goes back to work`, paint),
      ...plain(plan.undo, width),
    ]);
  }
  for (const next of plan.then) {
    const title = next.kind === "failback" ? "The way back" : next.kind === "protect" ? "A standby again" : next.kind;
    parts.push([
      heading(`${title}: ${clean(next.when)}, about ${seconds(totalOf(next.steps))}`, paint),
      ...plain(next.steps, width),
    ]);
  }
  return parts;
}

function plain(steps: readonly Step[], width: number): readonly string[] {
  const regionWidth = Math.max(0, ...steps.map((step) => shownWidth(clean(step.region))));
  return steps.flatMap((step, index) =>
    hang(
      `  ${aligned(String(index + 1), 2, "right")}  ${aligned(millis(step.expectedMs), 7, "right")}  ${aligned(clean(step.region), regionWidth)}  `,
      clean(step.what),
      width,
    ),
  );
}

function totalOf(steps: readonly Step[]): number {
  return Math.max(0, ...forecastOf({ kind: "switchover", steps }, {}).ends.values());
}
