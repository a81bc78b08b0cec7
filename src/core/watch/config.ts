// What is watched, by whom, and against which thresholds: all of it follows from the manifest.

import { vantagesFor } from "../model/select.ts";
import type { GroupName, RegionName, Service, System } from "../model/system.ts";
import type { BeliefRules } from "./belief.ts";
import { coldStartLoss, thresholdFor } from "./detector.ts";
import { agentService, type Target } from "./observation.ts";

export type WatchedTarget = Target & { readonly vantages: readonly RegionName[]; readonly rules: BeliefRules };

export type WatchConfig = {
  readonly system: System;
  readonly targets: readonly WatchedTarget[];
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
const recoveryAnswers = 3;
/** A target that answered again is watched for so long before it is called healthy. */
const recoveryDwellMs = 3_000;
/** Stalled well before the loss that may be accepted: at a third of it, but not for a passing wobble and not after a day either. */
const stalledShare = 1 / 3;
const stalledBoundsMs = { min: 2_000, max: 60_000 } as const;

export function watchConfigOf(system: System, controllerRegion: RegionName): WatchConfig {
  const periodMs = system.control.probeEveryMs;
  const silentAfterMs = Math.max(silentPeriods * periodMs, silentAtLeastMs);
  const targets = targetsOf(system).map((target): WatchedTarget => {
    const vantages = vantagesFor(system, target.region);
    const { misses } = thresholdFor({
      falseFailoverMs: system.objectives.falseFailoverMs,
      vantages: Math.max(1, vantages.length),
      periodMs,
      p0: coldStartLoss,
      targets: budgetTargets(system),
    });
    return { ...target, vantages, rules: { periodMs, misses, silentAfterMs, recoveryAnswers, recoveryDwellMs } };
  });
  const stalledAfterMs = Object.fromEntries(
    system.groups.map((group) => [
      group.name,
      Math.min(stalledBoundsMs.max, Math.max(stalledBoundsMs.min, group.maxDataLossMs * stalledShare)),
    ]),
  );
  return { system, targets, controllerRegion, periodMs, silentAfterMs, stalledAfterMs };
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

/**
 * Targets among which the budget of false failovers is split: those whose alarm can cause a switch at any one time, which are the
 * services of each group in its primary region and that region's agent.
 */
export function budgetTargets(system: System): number {
  const moving = system.groups.map(
    (group) => system.services.filter((service) => service.group === group.name).length + 1,
  );
  return Math.max(
    1,
    moving.reduce((sum, count) => sum + count, 0),
  );
}

/** A service that replicates is a database to the watch; the others hold nothing. */
export function isDatabase(service: Service): boolean {
  return service.replication !== undefined;
}
