// `leeward status`: how the system is, in one sentence and one screen. What a person should do next stands right below it.

import { bytes, capital, clean, count, millis, seconds } from "../words.ts";
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
import { decisionLines, type Look, seenLines } from "./status-decision.ts";
import type { GroupView, RunView, StatusView } from "./status-view.ts";

export type { StatusView } from "./status-view.ts";

/** Steps of a run that ended already are counted, not listed; of the others at most so many. */
const openStepsMax = 6;

/** An agent reports several times a second; one that is silent for so long is worth a look. */
const silentMs = 3_000;

export type StatusOptions = TextOptions & {
  /** For a small screen: what can be spared is left out. */
  readonly compact?: boolean;
};

export function statusText(status: StatusView, options: StatusOptions = {}): string {
  const { compact = false } = options;
  const paint = painter(options);
  const width = widthOf(options);
  const parts = [
    wrap(capital(clean(status.sentence)), width).map((line) => paint(toneOf(status), line)),
    status.store.ok ? [] : hang("store: ", clean(status.store.why), width).map((line) => paint("bad", line)),
    ...status.groups.map((group) => groupLines(group, status.sentence, { width, paint, compact })),
    compact ? regionsInALine(status, width, paint) : regionLines(status, width, paint),
  ];
  return parts
    .filter((part) => part.length > 0)
    .map((part) => part.join("\n"))
    .join("\n\n")
    .concat("\n");
}

function toneOf({ store, groups }: StatusView): Tone {
  if (!store.ok || groups.some((group) => group.decision.kind === "ask")) return "bad";
  const calm = groups.every(
    (group) =>
      group.diagnoses.length === 0 && !group.paused && (group.run === undefined || group.run.result === "done"),
  );
  return calm ? "good" : "warn";
}

function groupLines(group: GroupView, said: string, look: Look): readonly string[] {
  const { width, paint, compact } = look;
  const others = group.promotable.filter((region) => region !== group.primary).map(clean);
  const standbys =
    others.length === 0 ? paint("warn", "nobody else may be promoted") : `may be promoted: ${others.join(", ")}`;
  const { run, lease, traffic, trail } = group;
  const primary = group.primary === "" ? paint("warn", "nobody yet") : `${clean(group.primary)}, epoch ${group.epoch}`;
  return [
    `${heading(clean(group.group), paint)}${group.paused ? paint("warn", "  automation is paused") : ""}`,
    ...hang("  primary     ", `${primary}; ${standbys}`, width),
    ...(traffic === undefined
      ? []
      : hang(
          "  users       ",
          `are led to ${clean(traffic.primary)}${traffic.mode === "hold" ? ", writes are held for a moment" : ""} (generation ${traffic.generation})`,
          width,
        )),
    ...(lease === undefined ? [] : hang("  lease       ", leaseWords(lease, paint), width)),
    ...group.links.flatMap((link) => hang("  copy        ", linkWords(link, paint), width)),
    ...seenLines(group, look),
    ...decisionLines(group, said, look),
    ...(compact ? [] : hang("  policy      ", clean(group.policy), width)),
    ...(run === undefined ? [] : runLines(run, width, paint)),
    ...(compact || trail === undefined ? [] : [paint("quiet", `  trail       ${trailWords(trail)}`)]),
  ];
}

/** Enough of the head to compare by eye; `leeward audit verify` has all of it. */
const headShown = 12;

function trailWords({ entries, hash }: NonNullable<GroupView["trail"]>): string {
  return `entry ${count(entries)}, head ${clean(hash.slice(0, headShown))}`;
}

function leaseWords({ ageMs, ttlMs, writable }: NonNullable<GroupView["lease"]>, paint: Paint): string {
  const age = `renewed ${millis(ageMs)} ago, lasts ${seconds(ttlMs)}`;
  if (ageMs > ttlMs) return paint("bad", `${age}: run out`);
  return writable ? age : paint("warn", `${age}; its holder takes no writes`);
}

function linkWords(link: GroupView["links"][number], paint: Paint): string {
  const names = `${clean(link.service)} ${clean(link.from)} to ${clean(link.to)}: `;
  const lag = [
    ...(link.lagBytes === undefined ? [] : [`${bytes(link.lagBytes)} behind`]),
    ...(link.lagMs === undefined ? [] : [`${millis(link.lagMs)} late`]),
    ...(link.lossBoundMs === undefined
      ? ["what a failover would lose is not known"]
      : [
          link.lossBoundMs === 0
            ? "a failover now would lose nothing"
            : `a failover now would lose at most ${seconds(link.lossBoundMs)}`,
        ]),
  ];
  return `${names}${[link.streaming ? "streams" : paint("bad", "does not stream"), ...lag].join(", ")}`;
}

function runLines(run: RunView, width: number, paint: Paint): readonly string[] {
  const ended = run.steps.filter((step) => step.outcome === "done" || step.outcome === "skipped").length;
  const open = run.steps.filter((step) => step.outcome !== "done" && step.outcome !== "skipped");
  const why = run.resultReason === "" ? "" : `: ${clean(run.resultReason)}`;
  const under = run.result === "running" || run.result === "paused";
  const phases = phaseWords(run);
  return [
    ...hang(
      "  run         ",
      `${clean(run.kind)} ${clean(run.from)} to ${clean(run.to)}, ${clean(run.result)}${took(run)}${why}; ${ended} of ${run.steps.length} begun steps ended (${clean(run.id)})`,
      width,
    ),
    ...(under && phases !== "" ? hang("              ", phases, width) : []),
    ...open
      .slice(0, openStepsMax)
      .flatMap((step) =>
        hang(
          `              ${aligned(paint("warn", clean(step.outcome)), 9)} `,
          clean(step.reason === "" ? step.id : step.reason),
          width,
        ),
      ),
    ...(open.length > openStepsMax ? [`              and ${open.length - openStepsMax} more`] : []),
  ];
}

/** Both instants are of one clock, the controller's. */
function took({ startedAt, endedAt, expectedMs }: RunView): string {
  if (startedAt !== undefined && endedAt !== undefined) return ` after ${seconds(endedAt - startedAt)}`;
  return expectedMs === undefined ? "" : `, users wait ${seconds(expectedMs)} as planned`;
}

/** "check done, fence done, data 1 of 3": how far it is, in the order in which its phases began. */
function phaseWords({ steps }: RunView): string {
  const phases = Map.groupBy(steps, (step) => step.phase ?? "");
  phases.delete("");
  return [...phases]
    .map(([phase, all]) => {
      const ended = all.filter(({ outcome }) => outcome === "done" || outcome === "skipped").length;
      return `${clean(phase)} ${ended === all.length ? "done" : `${ended} of ${all.length}`}`;
    })
    .join(", ");
}

function regionLines({ regions }: StatusView, width: number, paint: Paint): readonly string[] {
  if (regions.length === 0) return [];
  const rows = regions.map((region) => {
    const heard = region.agentHeardMsAgo;
    const trouble = region.trouble.map((sentence) => paint("warn", clean(sentence)));
    return [clean(region.region), region.witness ? "witness" : "serves", heardWords(heard, paint), trouble.join("; ")];
  });
  return [heading("regions", paint), ...table([{}, {}, {}, {}], rows, { width, indent: 2 })];
}

/** Troubles only, and who is silent. */
function regionsInALine({ regions }: StatusView, width: number, paint: Paint): readonly string[] {
  const words = regions.map(({ region, agentHeardMsAgo, trouble }) =>
    [`${clean(region)} ${heardWords(agentHeardMsAgo, paint)}`, ...trouble.map((one) => paint("warn", clean(one)))].join(
      ", ",
    ),
  );
  return regions.length === 0 ? [] : hang(`${heading("regions", paint)}  `, words.join("; "), width);
}

function heardWords(agoMs: number | undefined, paint: Paint): string {
  if (agoMs === undefined) return paint("bad", "never heard");
  const words = `heard ${millis(agoMs)} ago`;
  return agoMs < silentMs ? words : paint("bad", words);
}
