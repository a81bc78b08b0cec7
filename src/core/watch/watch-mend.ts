// What would make a watch good enough: changes that were tried on the system and do, each alone.

import { vantagesFor } from "../model/select.ts";
import type { System } from "../model/system.ts";
import { missesToDown } from "./brown-out.ts";
import { classicRules } from "./classic.ts";
import { duration, list, plural } from "./sentence.ts";
import { type Judged, judge } from "./watch-judge.ts";
import type { WatchPlanOptions } from "./watch-rates.ts";

/** One change after which everything is met. */
export type Mend =
  | { readonly kind: "probe-every"; readonly probeEveryMs: number; readonly perSecond: number }
  | { readonly kind: "vantages"; readonly add: number }
  | { readonly kind: "objectives"; readonly rtoMs?: number; readonly brownOutMs?: number }
  | { readonly kind: "classic-down"; readonly down: number }
  | { readonly kind: "cusum" };

/** Periods that people choose. The slowest that does is offered. */
const periodsMs = [
  60_000, 30_000, 20_000, 15_000, 10_000, 5_000, 4_000, 3_000, 2_000, 1_500, 1_000, 750, 500, 400, 300, 250, 200, 150,
  100, 75, 50, 40, 30, 20, 10,
] as const;

const vantagesAddedMax = 6;

const downMax = 20;

/** The system after that change. */
export function mended(system: System, mend: Mend): System {
  const { control, objectives, regions } = system;
  switch (mend.kind) {
    case "probe-every":
      return { ...system, control: { ...control, probeEveryMs: mend.probeEveryMs } };
    case "vantages": {
      const added = Array.from({ length: mend.add }, (_, index) => ({
        name: `added-witness-${index + 1}`,
        at: "unknown",
        witness: true,
        // A vantage is an agent, unless the whole system is only a plan yet.
        ...(regions.some((region) => region.agent !== undefined) ? { agent: "http://added" } : {}),
      }));
      return { ...system, regions: [...regions, ...added] };
    }
    case "objectives": {
      const { kind: _, ...allowed } = mend;
      return { ...system, objectives: { ...objectives, ...allowed } };
    }
    case "classic-down": {
      const before = control.watch?.mode === "classic" ? control.watch : { mode: "classic" as const };
      return { ...system, control: { ...control, watch: { ...before, down: mend.down } } };
    }
    case "cusum":
      return { ...system, control: { ...control, watch: { mode: "cusum" } } };
    default:
      return mend satisfies never;
  }
}

export function mendsFor(
  system: System,
  { failures, service, brownOutMs }: Judged,
  options: WatchPlanOptions,
): readonly Mend[] {
  const does = (mend: Mend): boolean => judge(mended(system, mend), options).failures.length === 0;
  const found: Mend[] = [];
  const first = (mends: readonly Mend[]): void => {
    const mend = mends.find(does);
    if (mend !== undefined) found.push(mend);
  };
  if (failures.some(({ of }) => of === "false-alarms")) {
    const down = system.control.watch?.mode === "classic" ? missesToDown(classicRules(system.control.watch)) : downMax;
    first(Array.from({ length: downMax - down }, (_, index) => ({ kind: "classic-down", down: down + 1 + index })));
    first([{ kind: "cusum" }]);
    return found;
  }
  const vantages = fewestVantages(system);
  first(
    periodsMs
      .filter((periodMs) => periodMs < system.control.probeEveryMs)
      .map((probeEveryMs) => ({ kind: "probe-every", probeEveryMs, perSecond: (vantages * 1_000) / probeEveryMs })),
  );
  first(Array.from({ length: vantagesAddedMax }, (_, index) => ({ kind: "vantages", add: index + 1 })));
  if (system.control.watch?.mode === "classic") first([{ kind: "cusum" }]);
  const allowed = {
    ...(failures.some(({ of }) => of === "rto") ? { rtoMs: roundUp(service.worstMs) } : {}),
    ...(failures.some(({ of }) => of === "brown-out") && Number.isFinite(brownOutMs)
      ? { brownOutMs: roundUp(brownOutMs) }
      : {}),
  };
  if (Object.keys(allowed).length > 0) first([{ kind: "objectives", ...allowed }]);
  return found;
}

/** At the region that may be primary and is seen from the fewest places. */
function fewestVantages(system: System): number {
  const primaries = system.groups.flatMap((group) => group.primary);
  return Math.min(system.regions.length - 1, ...primaries.map((region) => vantagesFor(system, region).length));
}

/** To what a person would write. */
function roundUp(ms: number): number {
  const step = ms < 10_000 ? 100 : ms < 120_000 ? 1_000 : ms < 7_200_000 ? 60_000 : 3_600_000;
  return Math.ceil(ms / step) * step;
}

/** What to write into the manifest, for a person. */
export function mendSentence(system: System, mend: Mend): string {
  switch (mend.kind) {
    case "probe-every":
      return `probe every ${mend.probeEveryMs < 1_000 ? `${mend.probeEveryMs} ms` : `${figure(mend.probeEveryMs / 1_000)} s`} (${figure(mend.perSecond)} ${plural(mend.perSecond, "probe", "probes")} a second at each target)`;
    case "vantages": {
      const now = fewestVantages(system);
      return `add ${mend.add} ${plural(mend.add, "witness", "witnesses")} (${now + mend.add} ${plural(now + mend.add, "vantage", "vantages")} instead of ${now})`;
    }
    case "objectives":
      return `allow ${list([
        ...(mend.rtoMs === undefined ? [] : [`an RTO of ${duration(mend.rtoMs)}`]),
        ...(mend.brownOutMs === undefined ? [] : [`a brownOut of ${duration(mend.brownOutMs)}`]),
      ])}`;
    case "classic-down":
      return `take ${mend.down} failures in a row for down`;
    case "cusum":
      return "leave out the classic mode";
    default:
      return mend satisfies never;
  }
}

function figure(value: number): string {
  return value >= 9.95 ? String(Math.round(value)) : value.toFixed(1).replace(/\.0$/, "");
}
