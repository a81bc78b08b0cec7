// `leeward status`: how the system is, in one sentence and one screen. What a person should do next stands right below it.

import { bytes, capital, clean, millis, seconds } from "../words.ts";
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

/** What a controller answers when asked how things are; the shape of `status` in wire. */
export type StatusView = {
  readonly system: string;
  readonly sentence: string;
  readonly store: { readonly ok: boolean; readonly why: string };
  readonly groups: readonly GroupView[];
  readonly regions: readonly {
    readonly region: string;
    readonly witness: boolean;
    readonly agentHeardMsAgo?: number;
    readonly trouble: readonly string[];
  }[];
};

export type GroupView = {
  readonly group: string;
  readonly sentence: string;
  readonly epoch: number;
  readonly primary: string;
  readonly promotable: readonly string[];
  readonly traffic?: { readonly generation: number; readonly primary: string; readonly mode: string };
  readonly lease?: { readonly ageMs: number; readonly ttlMs: number; readonly writable: boolean };
  readonly paused: boolean;
  readonly policy: string;
  readonly diagnoses: readonly { readonly name: string; readonly sentence: string; readonly sinceMs: number }[];
  readonly decision: {
    readonly kind: string;
    readonly reason: string;
    readonly next?: string;
    readonly lossBoundMs?: number;
  };
  readonly links: readonly {
    readonly service: string;
    readonly from: string;
    readonly to: string;
    readonly streaming: boolean;
    readonly lagBytes?: number;
    readonly lagMs?: number;
    readonly lossBoundMs?: number;
  }[];
  readonly run?: {
    readonly id: string;
    readonly kind: string;
    readonly from: string;
    readonly to: string;
    readonly result: string;
    readonly resultReason: string;
    readonly steps: readonly { readonly id: string; readonly outcome: string; readonly reason: string }[];
  };
};

/** Steps of a run that ended already are counted, not listed; of the others at most so many. */
const openStepsMax = 6;

export function statusText(status: StatusView, options: TextOptions = {}): string {
  const paint = painter(options);
  const width = widthOf(options);
  const parts = [
    wrap(capital(clean(status.sentence)), width).map((line) => paint(toneOf(status), line)),
    status.store.ok ? [] : hang("store: ", clean(status.store.why), width).map((line) => paint("bad", line)),
    ...status.groups.map((group) => groupLines(group, width, paint)),
    regionLines(status, width, paint),
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

function groupLines(group: GroupView, width: number, paint: Paint): readonly string[] {
  const others = group.promotable.filter((region) => region !== group.primary).map(clean);
  const standbys =
    others.length === 0 ? paint("warn", "nobody else may be promoted") : `may be promoted: ${others.join(", ")}`;
  const { decision, run, lease, traffic } = group;
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
    ...group.diagnoses.flatMap((one) =>
      hang("  seen        ", `${paint("warn", clean(one.sentence))} (for ${seconds(one.sinceMs)})`, width),
    ),
    ...hang("  decision    ", `${clean(decision.kind)}: ${clean(decision.reason)}`, width),
    ...(decision.lossBoundMs === undefined
      ? []
      : hang("  at stake    ", `at most ${seconds(decision.lossBoundMs)} of writes`, width)),
    ...(decision.next === undefined ? [] : hang("  do next     ", paint("strong", clean(decision.next)), width)),
    ...hang("  policy      ", clean(group.policy), width),
    ...(run === undefined ? [] : runLines(run, width, paint)),
  ];
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

function runLines(run: NonNullable<GroupView["run"]>, width: number, paint: Paint): readonly string[] {
  const ended = run.steps.filter((step) => step.outcome === "done" || step.outcome === "skipped").length;
  const open = run.steps.filter((step) => step.outcome !== "done" && step.outcome !== "skipped");
  const why = run.resultReason === "" ? "" : `: ${clean(run.resultReason)}`;
  return [
    ...hang(
      "  run         ",
      `${clean(run.kind)} ${clean(run.from)} to ${clean(run.to)}, ${clean(run.result)}${why}; ${ended} of ${run.steps.length} begun steps ended (${clean(run.id)})`,
      width,
    ),
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

function regionLines({ regions }: StatusView, width: number, paint: Paint): readonly string[] {
  if (regions.length === 0) return [];
  const rows = regions.map((region) => {
    const heard = region.agentHeardMsAgo;
    const trouble = region.trouble.map((sentence) => paint("warn", clean(sentence)));
    return [
      clean(region.region),
      region.witness ? "witness" : "serves",
      heard === undefined ? paint("bad", "never heard") : `heard ${millis(heard)} ago`,
      trouble.join("; "),
    ];
  });
  return [heading("regions", paint), ...table([{}, {}, {}, {}], rows, { width, indent: 2 })];
}
