// The assessment: a system and the world in, the whole report out. Pure; the same input gives the same report. Each part is reckoned
// once, in the order in which one needs the other, and the rules are asked last, for they look at all of it.

import type { AssessReport, Finding, Loss } from "../model/assess-report.ts";
import type { RegionName, System } from "../model/system.ts";
import { controlPlaneOf } from "./control-plane.ts";
import { costOf } from "./cost.ts";
import { drillAdvice } from "./drills.ts";
import { factsOf } from "./facts.ts";
import { componentGraph } from "./graph.ts";
import { type Ground, groundOf } from "./ground.ts";
import type { Knowledge } from "./knowledge.ts";
import { serviceVerdictOf, systemMapsOf } from "./methods.ts";
import { comparePatterns } from "./patterns.ts";
import { judgeOf } from "./recovers.ts";
import { recoveryOf } from "./recovery.ts";
import { findingsOf } from "./rule.ts";
import { rules } from "./rules/table.ts";
import { sharedFateOf } from "./shared-fate.ts";
import { summaryOf, verdictOf } from "./verdict.ts";

export type AssessOptions = {
  /** `YYYY-MM-DD`: for what somebody accepted until a day, and for drills that are overdue. */
  readonly today: string;
};

/** Linear in services, needs and findings. Findings have their path in the manifest; who read the text makes places of them. */
export function assess(system: System, knowledge: Knowledge, { today }: AssessOptions): AssessReport {
  const ground = groundOf(system, knowledge);
  const graph = componentGraph(system, knowledge);
  const judge = judgeOf(graph);
  const maps = systemMapsOf(system);

  const losses = lossesToLookAt(system).map((lost): Loss => {
    const { recovers, targets, why } = judge.recoversFrom(lost);
    const going = new Map(targets.map(({ group, to }) => [group, to]));
    return recoveryOf({ ground, lost, targets: going, ...(recovers ? {} : { blocked: { why } }) });
  });
  const { sharedFate } = sharedFateOf(system, knowledge, { graph, today });
  const { patterns, advice } = comparePatterns(ground);
  const reckoned = {
    services: system.services.map((service) => serviceVerdictOf(service, maps, knowledge)),
    losses,
    sharedFate,
    controlPlane: controlPlaneOf(system, knowledge, graph),
    patterns,
    cost: costOf(ground),
    advice: { ...advice, drills: drillAdvice({ system, ...drillInput(ground, losses) }) },
  };
  const findings = bySeverity(findingsOf(rules, factsOf(system, knowledge, reckoned, today)));
  const verdict = verdictOf({ losses, findings });
  const { rtoMs, rpoMs } = system.objectives;
  const objectives = { rtoSeconds: rtoMs / 1_000, rpoSeconds: rpoMs / 1_000 };
  return {
    version: 1,
    system: system.name,
    verdict,
    summary: summaryOf({ system: system.name, losses, findings, objectives }, verdict),
    objectives,
    ...reckoned,
    findings,
  };
}

/** Every region that may be primary of something, one by one; where a group has three or more, every two of them as well. */
function lossesToLookAt(system: System): readonly (readonly RegionName[])[] {
  const witnesses = new Set(system.regions.filter((region) => region.witness).map((region) => region.name));
  const serving =
    system.groups.length > 0
      ? new Set(system.groups.flatMap((group) => group.primary))
      : new Set(system.services.flatMap((service) => Object.keys(service.in)));
  const names = system.regions.map((region) => region.name).filter((name) => serving.has(name) && !witnesses.has(name));
  const isWide = system.groups.some((group) => group.primary.length > 2);
  const pairs = names.flatMap((a, index) => names.slice(index + 1).map((b) => [a, b]));
  return [...names.map((name) => [name]), ...(isWide ? pairs : [])];
}

function drillInput({ assumed }: Ground, losses: readonly Loss[]) {
  const times = losses.filter((loss) => loss.survives).map((loss) => loss.rtoSeconds.expected);
  return {
    outagesPerYear: assumed.outagesPerYear,
    repairSeconds: assumed.repairSeconds,
    rtoSeconds: Math.max(0, ...times),
  };
}

const ranks: Readonly<Record<Finding["severity"], number>> = { error: 0, warning: 1, info: 2 };

/** The gravest first, what is accepted last; within that the order of the rules and of the manifest. */
function bySeverity(findings: readonly Finding[]): readonly Finding[] {
  const rank = (finding: Finding): number => (finding.accepted === undefined ? ranks[finding.severity] : 3);
  return findings.toSorted((a, b) => rank(a) - rank(b));
}
