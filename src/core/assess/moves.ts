// What a move of a service to another region takes, by its method and its group's pattern: what has to be started, which steps of the
// switch decide, and whether any way leads out of a region that is lost.

import type { Group, Service } from "../model/system.ts";
import type { MethodKnowledge, SwitchStep } from "./knowledge.ts";

/** Nothing has to be started where both sides serve at full size; a standby that is smaller or off has to grow. */
export function mustStart(service: Service, group: Group): boolean {
  return group.pattern !== "active-active" || service.replicas.standby < service.replicas.primary;
}

/** Patterns in which the standby has to be made before it can start. */
export const coldPatterns: ReadonlySet<Group["pattern"]> = new Set(["passive-cold", "pilot-light", "backup-restore"]);

/** A forced switch goes on without these: the fence is then the lease that runs out, and the other side is protected later. */
const optionalPhases: ReadonlySet<SwitchStep["phase"]> = new Set(["check", "fence", "verify", "re-protect"]);

export function isDecisive(step: SwitchStep): boolean {
  return step.by !== "provider" && !optionalPhases.has(step.phase);
}

/** Methods by which data has to be led over; all others serve there already, or are made anew. */
export const movedKinds: ReadonlySet<MethodKnowledge["kind"]> = new Set(["replication", "copy", "backup"]);

/**
 * Whether the way out asks the region that is left and there is no other way: every step that moves the data asks it, or what is made
 * anew elsewhere goes on using something there. A step that asks it where another one does the same without is for planned moves.
 */
export function needsSource(method: MethodKnowledge): boolean {
  const steps = method.switch.out.filter(({ phase }) => phase === "data");
  if (steps.length > 0) return steps.every(({ needs }) => needs === "source-region");
  return method.kind === "redeploy" && method.dependsOn.some(({ where }) => where === "source-region");
}

/** The steps that lead the data over, of which a forced switch needs one. */
export const dataSteps = (method: MethodKnowledge): readonly SwitchStep[] =>
  method.switch.out.filter((step) => isDecisive(step) && step.phase === "data");
