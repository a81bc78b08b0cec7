// A method's figures for one service: the first entry that fits its mode and its settings. A setting that the manifest does not give
// fits no condition, so that nobody is promised the better figure by leaving something out.

import type { Bound } from "../model/assess-report.ts";
import type { Service, Setting } from "../model/system.ts";
import type { MethodKnowledge, RecoveryPoint, RecoveryTime, ServiceKnowledge } from "./knowledge.ts";

export type Settings = Readonly<Record<string, Setting>>;

/** What a service says of itself in a region, on top of what its type takes for granted. */
export function settingsOf(service: Service, type: ServiceKnowledge | undefined, region?: string): Settings {
  const defaults: Record<string, Setting> = {};
  for (const [name, setting] of Object.entries(type?.settings ?? {})) {
    if (setting.default !== undefined) defaults[name] = setting.default;
  }
  return { ...defaults, ...service.settings, ...(region === undefined ? {} : service.in[region]?.settings) };
}

export function recoveryPointOf(
  method: MethodKnowledge,
  mode: "async" | "sync" | undefined,
  settings: Settings,
): RecoveryPoint | undefined {
  return method.rpo.find(
    (entry) => (entry.mode === undefined || mode === undefined || entry.mode === mode) && fits(entry.when, settings),
  );
}

export function recoveryTimeOf(
  method: MethodKnowledge,
  of: RecoveryTime["of"],
  settings: Settings,
): RecoveryTime | undefined {
  return method.rto.find((entry) => entry.of === of && fits(entry.when, settings));
}

/** Seconds; where only one of the two is known it stands for both, and what nobody bounds is Infinity. */
export function boundOf(entry: RecoveryPoint | RecoveryTime): Bound {
  const endless = "kind" in entry ? entry.kind === "unbounded" : entry.unbounded === true;
  const worst = endless ? Number.POSITIVE_INFINITY : entry.worstSeconds;
  const expected = entry.expectedSeconds ?? worst ?? Number.POSITIVE_INFINITY;
  return { expected, worst: Math.max(expected, worst ?? expected) };
}

function fits(when: Settings | undefined, settings: Settings): boolean {
  return Object.entries(when ?? {}).every(([name, value]) => settings[name] === value);
}
