// What a watch promises before anything has failed: how soon a dead region is known, when another may take over, how often that is wrong
// by chance. The assessment, plans and the plan of the watch all say these figures; what would mend them is watch-mend.ts.

import { vantagesFor } from "../model/select.ts";
import type { RegionName, System } from "../model/system.ts";
import { budgetTargets } from "./budget.ts";
import { deadRate, reportMs, type Times, timeoutOf, type WatchPlanOptions } from "./watch-rates.ts";

export type Guarantee = {
  /** A region that may be primary and that nobody else looks at: nothing is promised for it. */
  readonly unseen?: RegionName;
  /** From the death of a region to the conclusion; the slowest of all regions that may be primary. */
  readonly detection: Times;
  /** From the death to the moment at which the controller hears of the first miss: from there on troubles are counted. */
  readonly firstMiss: Times;
  /** From the death of a primary to the moment at which another may be promoted: both the detection and the lease must be over. */
  readonly handover: Times;
  /** The same, and the steps of the failover. */
  readonly service: Times;
  /** Mean time between false alarms of "dead" of anything that could cause a switch, by chance alone, at 1 % loss. */
  readonly falseAlarmMs: number;
};

/** What the steps of a failover take once it may begin: promote, scale, route. */
const stepsMs = 500;

export function guarantee(system: System, options: WatchPlanOptions = {}): Guarantee {
  const { lease, probeEveryMs } = system.control;
  const regions = system.regions
    .map(({ name }) => ({ name, vantages: vantagesFor(system, name).length }))
    .filter(({ name }) => system.groups.some((group) => group.primary.includes(name)));
  const unseen = regions.find(({ vantages }) => vantages === 0)?.name;
  const rates = regions
    .filter(({ vantages }) => vantages > 0)
    .map(({ vantages }) => deadRate(system, vantages, options));
  const detection = {
    expectedMs: Math.max(0, ...rates.map(({ known }) => known.expectedMs)),
    worstMs: Math.max(0, ...rates.map(({ known }) => known.worstMs)),
  };
  const fewest = Math.max(1, Math.min(...regions.map(({ vantages }) => vantages)));
  const missMs = timeoutOf(system, options) + reportMs;
  // On average the newest renewal is half an interval old when the primary dies.
  const handover = {
    expectedMs: Math.max(detection.expectedMs, lease.ttlMs - lease.renewEveryMs / 2),
    worstMs: Math.max(detection.worstMs, lease.ttlMs + reportMs),
  };
  return {
    ...(unseen === undefined ? {} : { unseen }),
    detection,
    firstMiss: { expectedMs: probeEveryMs / (2 * fewest) + missMs, worstMs: probeEveryMs + missMs },
    handover,
    service: { expectedMs: handover.expectedMs + stepsMs, worstMs: handover.worstMs + stepsMs },
    falseAlarmMs: Math.min(...rates.map(({ falseAlarmMs }) => falseAlarmMs)) / budgetTargets(system),
  };
}
