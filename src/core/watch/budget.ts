// How the budget of false alarms is split, as data that can be printed. There are two budgets of the size the objective names: one of
// alarms that switch by themselves, one of alarms that only warn (both halves of one where a policy lets a warning switch). Each is split evenly over the targets whose alarm matters, and
// within a target over its detectors by their shares. Ten times fewer false alarms cost ln(10) nats, which is why uneven shares are
// cheap where evidence comes fast (traffic) and dear where it comes slowly (probes of a brown-out).

import type { Control, System } from "../model/system.ts";

export type Source = "probes" | "latency" | "traffic";

export type Detector = {
  readonly name: "dead" | "half" | "fifth" | "tenth" | "slow" | "traffic-half" | "traffic-fifth" | "traffic-twentieth";
  readonly source: Source;
  /** The share of failures that it is made for; for latency: of answers slower than usual. */
  readonly p1: number;
  readonly budget: "switch" | "warn";
  /** Of the target's part of that budget. */
  readonly share: number;
};

/** The bank. Within a source from the largest share of failures to the smallest. */
export const detectors: readonly Detector[] = [
  { name: "dead", source: "probes", p1: 1, budget: "switch", share: 1 },
  { name: "half", source: "probes", p1: 0.5, budget: "warn", share: 0.4 },
  { name: "fifth", source: "probes", p1: 0.2, budget: "warn", share: 0.25 },
  { name: "tenth", source: "probes", p1: 0.1, budget: "warn", share: 0.225 },
  { name: "slow", source: "latency", p1: 0.5, budget: "warn", share: 1 / 16 },
  { name: "traffic-half", source: "traffic", p1: 0.5, budget: "warn", share: 1 / 48 },
  { name: "traffic-fifth", source: "traffic", p1: 0.2, budget: "warn", share: 1 / 48 },
  { name: "traffic-twentieth", source: "traffic", p1: 0.05, budget: "warn", share: 1 / 48 },
];

const bySource: Readonly<Record<Source, readonly Detector[]>> = {
  probes: detectors.filter((row) => row.source === "probes"),
  latency: detectors.filter((row) => row.source === "latency"),
  traffic: detectors.filter((row) => row.source === "traffic"),
};

export function detectorsOf(source: Source): readonly Detector[] {
  return bySource[source];
}

export type Share = Detector & {
  /** Of the whole budget: one target's one detector. */
  readonly ofAll: number;
  /** Mean time between two false alarms that this row of one target may have. */
  readonly falseAlarmMs: number;
};

/** The split as it stands for this system: what each detector of each of `targets` may have. */
export function budgetSplit(falseFailoverMs: number, targets: number): readonly Share[] {
  return detectors.map((row) => {
    const ofAll = row.share / targets;
    return { ...row, ofAll, falseAlarmMs: falseFailoverMs / ofAll };
  });
}

/**
 * Targets among which a budget is split: those whose alarm can cause a switch at any one time, which are the services of each group
 * in its primary region and that region's agent.
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

/** Where a policy lets a brown-out switch by itself, its false alarms are false failovers too: then both budgets are halves of one. */
export function budgetParts(system: System): number {
  return system.groups.some((group) => group.policy?.degraded === "switch") ? 2 : 1;
}

/** Left out of the manifest: the bank. */
export function watchModeOf(control: Control): "cusum" | "classic" {
  return control.watch?.mode ?? "cusum";
}
