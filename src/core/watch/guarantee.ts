// What a watch configuration can promise, before anything has failed: how soon a dead region is known, how often it is wrong.
// A configuration that cannot meet its objective is refused, with the probe rate that would.

import { vantagesFor } from "../model/select.ts";
import type { RegionName, System } from "../model/system.ts";
import { budgetParts, budgetTargets } from "./budget.ts";
import { localMisses, quorumOf, type Threshold, thresholdFor } from "./detector.ts";
import { coldStartLoss } from "./scores.ts";
import { duration } from "./sentence.ts";

export type Guarantee = {
  readonly kind: "met" | "refused";
  readonly regions: readonly RegionGuarantee[];
  /** The worst of all regions that may be primary. */
  readonly detection: { readonly expectedMs: number; readonly worstMs: number };
  /** From the death of a primary to the moment at which another may be promoted: both the detection and the lease must be over. */
  readonly handover: { readonly expectedMs: number; readonly worstMs: number };
  /** Mean time between false alarms of anything that could cause a switch, by chance alone, at 1 % loss. */
  readonly falseAlarmMs: number;
  readonly targets: number;
  /** One sentence for a person; says what would mend it when refused. */
  readonly sentence: string;
  /** The slowest probing that meets the objective, where the probing is what breaks it. */
  readonly mend?: { readonly probeEveryMs: number };
};

export type RegionGuarantee = Threshold & {
  readonly region: RegionName;
  readonly vantages: readonly RegionName[];
  readonly quorum: number;
};

export type GuaranteeOptions = {
  /** How long a probe waits before it counts as missed; the manifest's health timeouts where they are longer. */
  readonly timeoutMs?: number;
  /** From a vantage to the controller. */
  readonly reportMs?: number;
  /** What the steps of a failover take once it may begin: promote, scale, route. */
  readonly stepsMs?: number;
};

/** The floor of a probe's timeout: 4 x the p99 round trip, at least this. */
const timeoutDefaultMs = 150;
export const reportDefaultMs = 30;
export const stepsDefaultMs = 500;
/** Probing more often than this is no answer. */
const probeEveryMinMs = 10;

export function guarantee(system: System, options: GuaranteeOptions = {}): Guarantee {
  const { stepsMs = stepsDefaultMs } = options;
  const at = promise(system, system.control.probeEveryMs, options);
  const whole = at.handover.worstMs + stepsMs;
  const { rtoMs, falseFailoverMs } = system.objectives;
  const unseen = at.regions.find((region) => region.vantages.length === 0);
  if (unseen !== undefined) {
    return {
      ...at,
      kind: "refused",
      sentence: `nobody can watch ${unseen.region}: add a region, a witness is enough, from which it is observed`,
    };
  }
  if (whole <= rtoMs) {
    return {
      ...at,
      kind: "met",
      sentence: `a dead region is known after ${duration(at.detection.expectedMs)}, at worst ${duration(at.detection.worstMs)}; by chance that is wrong once in ${duration(at.falseAlarmMs)} (asked for: ${duration(falseFailoverMs)})`,
    };
  }
  const leaseMs = system.control.lease.ttlMs;
  const asked = `${duration(whole)} from death to service at worst does not fit into an RTO of ${duration(rtoMs)}`;
  if (leaseMs + stepsMs > rtoMs) {
    return {
      ...at,
      kind: "refused",
      sentence: `${asked}: the lease alone lasts ${duration(leaseMs)}; shorten it, or allow ${duration(leaseMs + stepsMs)}`,
    };
  }
  const probeEveryMs = slowestThatFits(system, rtoMs - stepsMs, options);
  if (probeEveryMs === undefined) {
    return {
      ...at,
      kind: "refused",
      sentence: `${asked}, and no probe rate makes it fit: the probe timeout and the report alone take too long`,
    };
  }
  return {
    ...at,
    kind: "refused",
    mend: { probeEveryMs },
    sentence: `${asked} with a probe every ${duration(system.control.probeEveryMs)}: probe every ${probeEveryMs} ms (${((1_000 / probeEveryMs) * fewestVantages(at)).toFixed(1)} probes a second at each target), or allow ${duration(whole)}`,
  };
}

/** The longest that a probe may wait. */
export function timeoutOf(system: System, options: GuaranteeOptions = {}): number {
  return system.services.reduce(
    (longest, service) => Math.max(longest, service.health.timeoutMs ?? 0),
    options.timeoutMs ?? timeoutDefaultMs,
  );
}

type Promised = Omit<Guarantee, "kind" | "sentence" | "mend">;

function promise(system: System, periodMs: number, options: GuaranteeOptions): Promised {
  const { reportMs = reportDefaultMs } = options;
  const timeoutMs = timeoutOf(system, options);
  const targets = budgetTargets(system);
  const may = system.regions.filter((region) => system.groups.some((group) => group.primary.includes(region.name)));
  const regions = may.map(({ name }): RegionGuarantee => {
    const vantages = vantagesFor(system, name);
    const quorum = quorumOf(vantages.length);
    const threshold = thresholdFor({
      falseFailoverMs: system.objectives.falseFailoverMs,
      vantages: Math.max(1, vantages.length),
      periodMs,
      p0: coldStartLoss,
      targets: targets * budgetParts(system),
      timeoutMs,
      quorum,
      local: localMisses,
    });
    return { ...threshold, region: name, vantages, quorum };
  });
  const detection = {
    expectedMs: Math.max(0, ...regions.map((region) => region.detection.expectedMs)) + reportMs,
    worstMs: Math.max(0, ...regions.map((region) => region.detection.worstMs)) + reportMs,
  };
  // On average the newest renewal is half an interval old when the primary dies.
  const { ttlMs, renewEveryMs } = system.control.lease;
  return {
    regions,
    detection,
    handover: {
      expectedMs: Math.max(detection.expectedMs, ttlMs - renewEveryMs / 2),
      worstMs: Math.max(detection.worstMs, ttlMs + reportMs),
    },
    falseAlarmMs: Math.min(...regions.map((region) => region.falseAlarmAllMs)),
    targets,
  };
}

/** Not monotone (a shorter period may need one miss more), so every millisecond is tried, from slow to fast. */
function slowestThatFits(system: System, withinMs: number, options: GuaranteeOptions): number | undefined {
  for (let periodMs = system.control.probeEveryMs; periodMs >= probeEveryMinMs; periodMs -= 1) {
    if (promise(system, periodMs, options).handover.worstMs <= withinMs) return periodMs;
  }
  return undefined;
}

function fewestVantages({ regions }: Promised): number {
  return Math.min(...regions.map((region) => region.vantages.length));
}
