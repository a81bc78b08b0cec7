// What is watched, by whom, and against which thresholds: all of it follows from the manifest.

import { vantagesFor } from "../model/select.ts";
import type { GroupName, RegionName, Service, System } from "../model/system.ts";
import type { Banks, BeliefRules } from "./belief.ts";
import { budgetParts, budgetTargets } from "./budget.ts";
import { classicRules } from "./classic.ts";
import { missesFor, quorumOf } from "./detector.ts";
import { agentService, type Target } from "./observation.ts";
import { coldStartLoss } from "./scores.ts";

export type WatchedTarget = Target & { readonly vantages: readonly RegionName[]; readonly rules: BeliefRules };

export type WatchConfig = {
  readonly system: System;
  readonly targets: readonly WatchedTarget[];
  /** Where a target stands in `targets`, by `targetKey`. */
  readonly indexOf: ReadonlyMap<string, number>;
  /** Targets that each vantage looks at in a period. */
  readonly looks: Readonly<Record<RegionName, number>>;
  /** Where this controller lives; the store's troubles are told as that region's. */
  readonly controllerRegion: RegionName;
  readonly periodMs: number;
  readonly silentAfterMs: number;
  /** Per group: a standby that was last caught up longer ago than this is stalled. */
  readonly stalledAfterMs: Readonly<Record<GroupName, number>>;
};

/** A vantage, or an agent's own reports, may skip so many periods (and a second at least, for a busy machine) before they count as silent. */
const silentPeriods = 5;
const silentAtLeastMs = 1_000;
/** See thresholds.ts: ten times rarer where it would move something, for a fifth to a third more time to the alarm. */
const joinedByChance = { warn: 1e-3, switch: 1e-4 } as const;
const recoveryAnswers = 3;
/** A target that answered again is watched for so long before it is called healthy. */
const recoveryDwellMs = 3_000;
/** Stalled well before the loss that may be accepted: at a third of it, but not for a passing wobble and not after a day either. */
const stalledShare = 1 / 3;
const stalledBoundsMs = { min: 2_000, max: 60_000 } as const;

export function watchConfigOf(system: System, controllerRegion: RegionName): WatchConfig {
  const periodMs = system.control.probeEveryMs;
  const silentAfterMs = Math.max(silentPeriods * periodMs, silentAtLeastMs);
  const vantagesOf = new Map(system.regions.map(({ name }) => [name, vantagesFor(system, name)] as const));
  // One set of rules for all targets that as many vantages look at.
  const rulesOf = new Map<number, BeliefRules>();
  const rulesFor = (vantages: number): BeliefRules => {
    const known = rulesOf.get(vantages);
    if (known !== undefined) return known;
    const made = beliefRules(system, vantages, silentAfterMs);
    rulesOf.set(vantages, made);
    return made;
  };
  const targets = targetsOf(system).map((target): WatchedTarget => {
    const vantages = vantagesOf.get(target.region) ?? [];
    return { ...target, vantages, rules: rulesFor(vantages.length) };
  });
  const looks = Object.fromEntries(
    system.regions.map(({ name }) => [name, targets.filter((target) => target.region !== name).length]),
  );
  const stalledAfterMs = Object.fromEntries(
    system.groups.map((group) => [
      group.name,
      Math.min(stalledBoundsMs.max, Math.max(stalledBoundsMs.min, group.maxDataLossMs * stalledShare)),
    ]),
  );
  const indexOf = new Map(targets.map((target, index) => [targetKey(target), index] as const));
  return { system, targets, indexOf, looks, controllerRegion, periodMs, silentAfterMs, stalledAfterMs };
}

export function targetKey({ region, service }: Target): string {
  return `${region}/${service}`;
}

function beliefRules(system: System, vantages: number, silentAfterMs: number): BeliefRules {
  const periodMs = system.control.probeEveryMs;
  const places = Math.max(1, vantages);
  const samples = (system.objectives.falseFailoverMs * budgetTargets(system) * budgetParts(system) * places) / periodMs;
  const rules = {
    periodMs,
    misses: missesFor(coldStartLoss, samples),
    silentAfterMs,
    recoveryAnswers,
    recoveryDwellMs,
  };
  const mode = system.control.watch;
  return mode?.mode === "classic"
    ? { ...rules, classic: classicRules(mode) }
    : { ...rules, banks: banksFor(system, vantages, silentAfterMs) };
}

/** What the bank's thresholds of one target follow from. */
export function banksFor(system: System, vantages: number, silentAfterMs: number): Banks {
  const periodMs = system.control.probeEveryMs;
  const falseAlarmMs = system.objectives.falseFailoverMs * budgetTargets(system) * budgetParts(system);
  const places = Math.max(1, vantages);
  const pool = {
    vantages: places,
    quorum: quorumOf(places),
    samples: (falseAlarmMs * places) / periodMs,
    deadLossAtLeast: coldStartLoss,
    joinedByChance: joinedByChance[budgetParts(system) === 1 ? "warn" : "switch"],
  };
  return {
    probes: { source: "probes", ...pool },
    latency: { source: "latency", ...pool },
    traffic: { routers: system.regions.map(({ name }) => name), periodMs, silentAfterMs, falseAlarmMs },
  };
}

/** Every service where it is placed, and every region's agent. */
export function targetsOf(system: System): readonly Target[] {
  return system.regions.flatMap((region) => [
    { region: region.name, service: agentService },
    ...system.services
      .filter((service) => service.in[region.name] !== undefined)
      .map((service) => ({ region: region.name, service: service.name })),
  ]);
}

/** A service that replicates is a database to the watch; the others hold nothing. */
export function isDatabase(service: Service): boolean {
  return service.replication !== undefined;
}
