// `leeward plan`: what a switch would do, from the manifest alone.

import { knowledge } from "../catalog/knowledge.ts";
import { roundTripOf } from "../catalog/latency.ts";
import { methodSteps } from "../catalog/load.ts";
import { assess } from "../core/assess/assess.ts";
import { holdOffOf, policyOf } from "../core/decide/policy.ts";
import type { Group } from "../core/model/system.ts";
import { compilePlan } from "../core/plan/compile.ts";
import type { Plan } from "../core/plan/plan.ts";
import { guarantee } from "../core/watch/guarantee.ts";
import { waitBetween } from "../core/watch/watch-rates.ts";
import { type ByHand, byHandOf } from "../render/plan/by-hand.ts";
import type { PlanOptions } from "../render/plan/forecast.ts";
import { byHandText, type HandPlan } from "../render/text/by-hand.ts";
import { planJson, planText } from "../render/text/plan.ts";
import { loadManifest, Refusal } from "./context.ts";

type Flags = { readonly fail?: string; readonly switchTo?: string; readonly group?: string; readonly json?: boolean };

export function printPlans(file: string, flags: Flags): number {
  const { system } = loadManifest(file);
  const region = flags.fail ?? flags.switchTo;
  if (region === undefined || (flags.fail !== undefined && flags.switchTo !== undefined)) {
    throw new Refusal("Say which: --fail REGION for the loss of a region, or --switch-to REGION for a switchover.", 2);
  }
  const names = system.regions.map((one) => one.name);
  if (!names.includes(region)) throw new Refusal(`${file} has no region ${region}; it has ${names.join(", ")}.`, 2);
  const groups = system.groups.filter((group) =>
    flags.group === undefined ? group.primary.includes(region) : group.name === flags.group,
  );
  if (groups.length === 0) {
    process.stdout.write(`Nothing moves: no group of ${system.name} may be primary in ${region}.\n`);
    return 0;
  }
  const plans = groups.map((group) => ({ plan: planFor(group, region), byHand: byHandOf(system, group) }));
  const { detection, firstMiss } = guarantee(system, waitBetween(system, roundTripOf));
  const color = process.stdout.isTTY === true;
  const today = new Date().toISOString().slice(0, 10);
  const losses = plans.some(({ byHand }) => byHand !== undefined) ? assess(system, knowledge(), { today }).losses : [];
  process.stdout.write(
    flags.json === true
      ? `${JSON.stringify(
          plans.map(({ plan, byHand }) => ({
            ...planJson(plan, timesOf(plan)),
            ...(byHand === undefined ? {} : { byHand }),
          })),
          undefined,
          2,
        )}\n`
      : plans
          .flatMap(({ plan, byHand }) => [
            ...(byHand === undefined ? [] : [byHandText(handPlan(plan, byHand), { color })]),
            // Without an agent there is nobody who would carry out a compiled plan.
            ...(byHand === undefined || byHand.agentsMoveSome ? [planText(plan, { ...timesOf(plan), color })] : []),
          ])
          .join("\n"),
  );
  return 0;

  /** The outage is counted from the first miss on; what the switch may lose is not known before it. */
  function timesOf({ group: name }: Plan): PlanOptions {
    const group = groups.find((one) => one.name === name);
    const { ms, because } = holdOffOf(policyOf(group?.policy), system.costs, {
      degraded: false,
      lossBoundMs: "unknown",
    });
    return {
      detection,
      byPerson: group?.failover !== "automatic",
      ...(because === "default" ? {} : { holdOff: { endsMs: firstMiss.expectedMs + ms, because } }),
    };
  }

  function handPlan({ group, from, to, kind }: Plan, byHand: ByHand): HandPlan {
    const failover = kind === "failover";
    const loss = losses.find((one) => one.regions.length === 1 && one.region === from);
    return { group, from, to, failover, byHand, ...(failover && loss !== undefined ? { loss } : {}) };
  }

  function planFor(group: Group, named: string): Plan {
    const failing = flags.fail !== undefined;
    const others = group.primary.filter((one) => one !== named);
    const [other] = others;
    if (other === undefined)
      throw new Refusal(`${group.name} may be primary in ${named} only, so there is nowhere to go.`, 1);
    const [from, to] = failing ? [named, other] : [other, named];
    return compilePlan({
      id: `${failing ? "failover" : "switchover"}-${group.name}`,
      kind: failing ? "failover" : "switchover",
      system,
      group,
      methods: methodSteps,
      from,
      to,
      epoch: 1,
      promotable: group.primary,
      reason: failing ? `${from} is lost` : `a person asks for ${to}`,
    });
  }
}
