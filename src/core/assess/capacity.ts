// Whether those who remain can carry everybody: how much must stand ready so that k of N regions may fail, and how far each standby is
// from it. Quotas cannot be known from a manifest, so they come out as something to verify.

import type { Pattern, Service, System } from "../model/system.ts";

/** total = demand * N / (N - k): what all regions together must be able to carry. */
export function surviveFactor(regions: number, failures: number): number {
  return failures >= regions ? Number.POSITIVE_INFINITY : regions / (regions - failures);
}

/** How full each region may be: (N - k) / N. */
export const utilisationCap = (regions: number, failures: number): number =>
  Math.max(0, (regions - failures) / regions);

/** Only the critical share q is kept up when one region fails: max(1, q N / (N - 1)). */
export function tierFactor(regions: number, criticalShare: number): number {
  return Math.max(1, criticalShare * surviveFactor(regions, 1));
}

/** Replicas that stand in a region that is not primary, under the pattern that is declared or one that is only considered. */
export function standbyReplicas(service: Service, pattern: Pattern, declared: boolean): number {
  const { primary, standby } = service.replicas;
  if (declared) return standby;
  switch (pattern) {
    case "active-active":
    case "active-passive":
      return primary;
    case "warm-standby":
      // Half of it where the manifest has none or all: a warm standby runs, and is smaller.
      return standby > 0 && standby < primary ? standby : Math.ceil(primary / 2);
    case "pilot-light":
    case "passive-cold":
    case "backup-restore":
      return 0;
    default:
      return pattern satisfies never;
  }
}

export type CapacityGap = {
  readonly service: string;
  readonly group: string;
  readonly region: string;
  readonly has: number;
  readonly needs: number;
  /** To the primary's size; undefined: the manifest does not say, the catalog may. */
  readonly scaleUpSeconds?: number;
  readonly sentence: string;
  /** What only the provider can say. */
  readonly toVerify: string;
};

/** Every standby that is smaller than the primary it may have to replace. */
export function capacityGaps(system: System): readonly CapacityGap[] {
  const groups = new Map(system.groups.map((group) => [group.name, group]));
  const places = new Map(system.regions.map((region) => [region.name, region.at]));
  return system.services.flatMap((service) => {
    const group = service.group === undefined ? undefined : groups.get(service.group);
    const { primary: needs, standby: has } = service.replicas;
    if (group === undefined || has >= needs) return [];
    return group.primary.slice(1).map((region): CapacityGap => {
      const more = needs - has;
      const many = `${more} more ${more === 1 ? "replica" : "replicas"}`;
      return {
        service: service.name,
        group: group.name,
        region,
        has,
        needs,
        ...(service.scaleUpMs === undefined ? {} : { scaleUpSeconds: service.scaleUpMs / 1_000 }),
        sentence: `${service.name} runs ${has} of ${needs} in ${region} and needs ${many} before it can carry everybody`,
        toVerify: `the quota of ${places.get(region) ?? region} admits ${many} of ${service.name}, and they are to be had on the day on which everybody asks for them`,
      };
    });
  });
}

/**
 * Whether an active-active group may lose `failures` of its regions: each may be only so full. `perRegion` is what runs in each,
 * `demand` what is needed in all.
 */
export function survives(perRegion: number, demand: number, regions: number, failures: number): boolean {
  return perRegion * (regions - failures) >= demand;
}
