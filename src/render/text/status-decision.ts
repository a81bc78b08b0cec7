// Of `leeward status`: what is seen and on what that rests, what is decided, what is not done and why, what would change it, and the
// commands that make sense now.

import { clean, counted, limit, millis, seconds } from "../words.ts";
import { hang, type Paint } from "./layout.ts";
import type { DecisionView, GroupView } from "./status-view.ts";

/** How a status is drawn. Compact: what can be spared on a small screen is left out. */
export type Look = { readonly width: number; readonly paint: Paint; readonly compact: boolean };

const unjudged = "unknown";
const vantagesMax = 6;
const consideredMax = 8;

/** What cannot be judged comes last: it is why little is done, seldom what is wrong. */
export function seenLines({ diagnoses }: GroupView, look: Look): readonly string[] {
  const { width, paint, compact } = look;
  const sorted = [
    ...diagnoses.filter((one) => one.name !== unjudged),
    ...diagnoses.filter((one) => one.name === unjudged),
  ];
  return sorted.flatMap((one) => {
    const { evidence } = one;
    const bare = evidence === undefined || (compact && one.name === unjudged);
    return [
      ...hang(
        label("seen"),
        `${paint("warn", clean(one.sentence))}${bare ? ` (for ${seconds(one.sinceMs)})` : ""}`,
        width,
      ),
      ...(bare
        ? []
        : hang(label(""), `${clean(one.name)} for ${seconds(one.sinceMs)}: ${evidenceWords(evidence)}`, width).map(
            (line) => paint("quiet", line),
          )),
    ];
  });
}

function evidenceWords({
  statistic,
  threshold,
  vantages,
}: NonNullable<GroupView["diagnoses"][number]["evidence"]>): string {
  const shown = vantages.slice(0, vantagesMax).map(clean).join(", ");
  const rest = vantages.length - vantagesMax;
  const who = vantages.length === 0 ? "" : `, seen by ${shown}${rest > 0 ? ` and ${rest} more` : ""}`;
  return `statistic ${figure(statistic)}, threshold ${figure(threshold)}${who}`;
}

/** `said`: the sentence that leads the screen, which need not be said twice. */
export function decisionLines(group: GroupView, said: string, look: Look): readonly string[] {
  const { decision, flaps, routes, maintenance } = group;
  const { width, paint, compact } = look;
  const { kind, reason, until, waiting, question, lossBoundMs } = decision;
  const rows: [string, string | undefined][] = [
    ["decision", `${clean(kind)}: ${compact && reason === said ? "as said above" : clean(reason)}`],
    ["until", until === undefined ? undefined : clean(until).replace(/^until /, "")],
    ["at stake", lossBoundMs === undefined ? undefined : `at most ${seconds(lossBoundMs)} of writes`],
    ["waiting", waiting === undefined ? undefined : clean(waiting)],
    ["question", question === undefined ? undefined : questionWords(question)],
  ];
  return [
    ...rows.flatMap(([name, text]) => (text === undefined ? [] : hang(label(name), text, width))),
    ...commandLines(group, look),
    ...consideredLines(decision, look),
    ...(maintenance ?? []).flatMap(({ region, by }) =>
      hang(label("taken out"), paint("warn", `${clean(region)}, by ${clean(by)}`), width),
    ),
    ...(flaps === undefined || flaps.switches + flaps.alarms === 0 || (compact && flaps.switches === 0)
      ? []
      : hang(
          label("flaps"),
          `within ${limit(flaps.withinMs)}: ${flaps.switches} of ${counted(flaps.switchesMax, "switch", "switches")}, in trouble ${flaps.alarms} of ${counted(flaps.alarmsMax, "time")}; then a person is asked`,
          width,
        )),
    ...(routes ?? [])
      .filter(({ ttlMs, usualTtlMs }) => ttlMs < usualTtlMs)
      .flatMap(({ route, ttlMs, usualTtlMs, why }) =>
        hang(
          label("users"),
          `may remember ${clean(route)} for ${limit(ttlMs)} instead of ${limit(usualTtlMs)}${why === undefined ? "" : `: ${clean(why)}`}`,
          width,
        ),
      ),
  ];
}

function questionWords({ id, askedMsAgo, reminders, expiresInMs }: NonNullable<DecisionView["question"]>): string {
  const left = expiresInMs > 0 ? `expires in ${limit(Math.ceil(expiresInMs / 1_000) * 1_000)}` : "has expired";
  return `number ${id}, asked ${millis(askedMsAgo)} ago, ${left}${reminders === 0 ? "" : `, reminded ${counted(reminders, "time")}`}`;
}

function consideredLines({ considered }: DecisionView, { width, paint }: Look): readonly string[] {
  if (considered === undefined || considered.length === 0) return [];
  const sorted = [...considered].sort((a, b) => a.rank - b.rank).slice(0, consideredMax);
  const rest = considered.length - sorted.length;
  return [
    ...sorted.flatMap((one, index) => {
      const loss = one.lossBoundMs === undefined ? "" : `, losing at most ${seconds(one.lossBoundMs)}`;
      const why = one.why === "" ? "" : `: ${clean(one.why)}`;
      const words =
        one.refusedWhy === undefined
          ? `${clean(one.region)} could take over${loss}${why}`
          : `${clean(one.region)} ${paint("warn", "not")}: ${clean(one.refusedWhy)}`;
      return hang(label(index === 0 ? "targets" : ""), words, width);
    }),
    ...(rest > 0 ? [`              and ${rest} more`] : []),
  ];
}

/** The decision's own command stands on a line of its own; these are what else one may want to type. */
function commandLines(group: GroupView, { width, paint }: Look): readonly string[] {
  const { decision } = group;
  const name = clean(group.group);
  const others = otherCommands(group, name).filter((command) => command !== decision.next);
  return [
    ...(decision.next === undefined ? [] : hang(label("do next"), paint("strong", clean(decision.next)), width)),
    ...(others.length === 0
      ? []
      : hang(label(decision.next === undefined ? "commands" : "or"), others.join("; "), width)),
  ];
}

function otherCommands({ decision, run, paused, diagnoses }: GroupView, name: string): readonly string[] {
  const id = run === undefined ? "" : clean(run.id);
  return [
    ...(decision.kind === "ask" ? [`leeward deny ${name}`] : []),
    ...(run?.result === "running" ? [`leeward run pause ${id}`] : []),
    ...(run?.result === "paused" ? [`leeward run resume ${id}`, `leeward run abort ${id}`] : []),
    ...(paused ? [`leeward unpause ${name}`] : []),
    ...(diagnoses.length > 0 || decision.kind !== "hold" ? [`leeward why ${name}`] : []),
  ];
}

export function label(name: string): string {
  return `  ${name.padEnd(12)}`;
}

function figure(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(1);
}
