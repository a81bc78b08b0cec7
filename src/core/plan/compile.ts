// Compiles a group, as it stands, into a plan. Pure: the same group, methods and epoch give the same plan.
// I1.  The epoch moves only after the old side can acknowledge nothing; every promotion stands behind that step.
// I9.  Capacity on the new side comes before traffic.
// I10. The way back is compiled with the way out.

import { servicesOf, standbysOf } from "../model/select.ts";
import type { Group, RegionName, Service, System } from "../model/system.ts";
import type { Action } from "./action.ts";
import type { MethodSteps, Slot, StepTemplate } from "./method.ts";
import type { Does, Phase, Plan, PlanKind, Step } from "./plan.ts";

export type Methods = (service: Service) => MethodSteps;

export type PlanRequest = {
  readonly id: string;
  readonly kind: PlanKind;
  readonly system: System;
  readonly group: Group;
  readonly methods: Methods;
  /** Primary now; for `establish` the same as `to`. */
  readonly from: RegionName;
  readonly to: RegionName;
  readonly epoch: number;
  /** Members promotable now. */
  readonly promotable: readonly RegionName[];
  readonly reason: string;
  readonly by?: string;
  readonly lossBoundMs?: number;
  /** Only for `restore`: was anything of the primary fenced? If not, only what was stopped beside it is started again. */
  readonly fenced?: boolean;
};

/** Milestones' own times; the lease wait of a failover is added from the manifest. */
const own = {
  check: { deadlineMs: 5_000, expectedMs: 1 },
  prepare: { deadlineMs: 10_000, expectedMs: 35 },
  epoch: { expectedMs: 5 },
  admit: { deadlineMs: 5_000, expectedMs: 40 },
  route: { deadlineMs: 5_000, expectedMs: 40 },
} as const;

/** Beyond the lease itself: a store that comes back, holds that run out. A failover that cannot get its epoch by then has failed. */
const epochDeadlineMs = 60_000;

export function compilePlan(request: PlanRequest): Plan {
  const { id, kind, group, from, to, epoch, reason, by, lossBoundMs } = request;
  return {
    version: 1,
    id,
    kind,
    group: group.name,
    from,
    to,
    epochBefore: epoch,
    reason,
    ...(by === undefined ? {} : { by }),
    ...(lossBoundMs === undefined ? {} : { lossBoundMs }),
    steps: stepsOf(request),
    undo: kind === "switchover" || kind === "failback" ? restoreSteps({ ...request, to: from }) : [],
    // biome-ignore lint/suspicious/noThenProperty: what follows a plan; it is a list, so awaiting a plan gives the plan.
    then: followUps(request),
  };
}

function stepsOf(request: PlanRequest): readonly Step[] {
  switch (request.kind) {
    case "establish":
      return establishSteps(request);
    case "switchover":
    case "failback":
      return leaveSteps(request, true);
    case "failover":
      return leaveSteps(request, false);
    case "protect":
      return protectSteps(request);
    case "unprotect":
      return unprotectSteps(request);
    case "restore":
      return restoreSteps(request);
    default:
      return request.kind satisfies never;
  }
}

function followUps(request: PlanRequest): Plan["then"] {
  const { kind, from, to, epoch, group } = request;
  if (kind === "protect" || kind === "unprotect" || kind === "restore") return [];
  // One after the other: the new primary begins alone, and each standby that is made joins those before it.
  const protect = standbysOf(group, to).map((standby, index, all) => ({
    kind: "protect" as const,
    when:
      kind === "failover" && standby === from
        ? `when ${from} answers again, by itself`
        : `when ${standby} answers, by itself`,
    steps: protectSteps({
      ...request,
      kind: "protect",
      from: to,
      to: standby,
      epoch: epoch + 1 + index,
      promotable: [to, ...all.slice(0, index)],
    }),
  }));
  if (kind === "establish" || kind === "failback") return protect;
  const home = {
    kind: "failback" as const,
    when: `on request, once ${from} is a standby again`,
    steps: leaveSteps({ ...request, kind: "failback", from: to, to: from, epoch: epoch + 1 + protect.length }, true),
  };
  return [...protect, home];
}

/** Switchover, failback (graceful) and failover (forced). */
function leaveSteps(request: PlanRequest, graceful: boolean): readonly Step[] {
  const { system, group, from, to, epoch } = request;
  const templates = templatesOf(request, (steps) => steps.leave).filter(
    ({ template }) => template.when === "always" || template.when === (graceful ? "graceful" : "forced"),
  );
  const inSlot = (slot: Slot): readonly Placed[] => templates.filter(({ template }) => template.slot === slot);
  const idsOf = (slot: Slot): readonly string[] => inSlot(slot).map((placed) => idOf(placed, request));
  const make = (placed: Placed, needs: readonly string[]): Step => stepOf(placed, request, needs, graceful);

  const check = milestone("check", "target", to, own.check, { kind: "check-target", target: to, graceful }, [], {
    what: graceful
      ? `${to} may take over without loss: it streams, is close behind, and its agent answers`
      : `${to} may be promoted: it has streamed, and what it may lack is within bounds`,
  });
  // While the target grants no holds, a store that goes away would make a gap: so in a graceful switch that comes last before the fence.
  const prepareNeeds = graceful ? [check.id, ...idsOf("prepare")] : [check.id];
  const prepare = milestone(
    "fence",
    "prepare",
    to,
    own.prepare,
    { kind: "prepare", target: to, epoch: epoch + 1 },
    prepareNeeds,
    {
      what: `${to} grants ${from} no further holds, so that ${from}'s right to write can only run out`,
    },
  );
  const leaseMs = system.control.lease.ttlMs;
  const advance = epochStep(
    request,
    graceful ? [prepare.id, ...idsOf("fence"), ...idsOf("catch-up")] : [prepare.id],
    graceful
      ? `epoch ${epoch + 1} names ${to}, on the fence receipt of ${from}`
      : `epoch ${epoch + 1} names ${to}, once ${from} has sent its fence receipt or its lease and all holds have run out`,
    graceful ? 0 : leaseMs,
  );
  const takeOver = inSlot("take-over");
  const takeOverOf = (service: Service): readonly string[] =>
    takeOver.filter((placed) => service.needs.includes(placed.service.name)).map((placed) => idOf(placed, request));
  const route = moveStep(
    request,
    [advance.id, ...idsOf("prepare"), ...idsOf("take-over"), ...idsOf("before-traffic")],
    `every router that answers leads ${group.name} to ${to}, under epoch ${epoch + 1}`,
  );
  const fenceNeeds = graceful ? [prepare.id] : [check.id];
  return [
    check,
    ...inSlot("prepare").map((placed) => make(placed, [check.id])),
    prepare,
    ...inSlot("fence").map((placed) => make(placed, fenceNeeds)),
    ...inSlot("catch-up").map((placed) => make(placed, idsOf("fence"))),
    advance,
    ...takeOver.map((placed) => make(placed, [advance.id, ...takeOverOf(placed.service)])),
    ...inSlot("before-traffic").map((placed) => make(placed, [advance.id, ...takeOverOf(placed.service)])),
    route,
    ...inSlot("after-traffic").map((placed) => make(placed, [route.id])),
  ];
}

function establishSteps(request: PlanRequest): readonly Step[] {
  const { to, epoch } = request;
  const templates = templatesOf(request, (steps) => steps.establish);
  const advance = epochStep(request, [], `epoch ${epoch + 1} names ${to} as the first primary`);
  const steps: Step[] = [advance];
  const before = templates.filter(({ template }) => template.slot !== "after-traffic");
  for (const placed of before) {
    // Services start in the order in which they need each other.
    const needed = before.filter((other) => placed.service.needs.includes(other.service.name));
    steps.push(stepOf(placed, request, [advance.id, ...needed.map((other) => idOf(other, request))], true));
  }
  const move = moveStep(
    request,
    steps.map((step) => step.id),
    `every router that answers leads to ${to}, under epoch ${epoch + 1}`,
  );
  const after = templates.filter(({ template }) => template.slot === "after-traffic");
  return [...steps, move, ...after.map((placed) => stepOf(placed, request, [move.id], true))];
}

/** `from` serves; `to` becomes its promotable standby. */
function protectSteps(request: PlanRequest): readonly Step[] {
  const { from, to, epoch, promotable } = request;
  const steps: Step[] = [];
  for (const placed of templatesOf(request, (methods) => methods.protect)) {
    const earlier = steps.filter((step) => step.service === placed.service.name).map((step) => step.id);
    steps.push(stepOf(placed, request, earlier, true));
  }
  const members = [...new Set([...(promotable.includes(from) ? promotable : [from]), to])];
  const admit = milestone(
    "re-protect",
    "admit",
    from,
    own.admit,
    { kind: "admit", epoch: epoch + 1, primary: from, promotable: members },
    steps.map((step) => step.id),
    {
      what: `epoch ${epoch + 1} makes ${to} promotable; ${from} agrees first, for from then on it needs ${to}'s holds`,
    },
  );
  return [...steps, admit];
}

/**
 * `from` serves on without `to`. First the epoch, then the mode: from the instant at which commits stop waiting for the standby it lacks
 * what is acknowledged, so before that nobody may be able to promote it (I3).
 */
function unprotectSteps(request: PlanRequest): readonly Step[] {
  const { from, to, epoch, promotable } = request;
  const left = promotable.filter((region) => region !== to);
  const admit = milestone(
    "fence",
    "take-out",
    from,
    own.admit,
    { kind: "admit", epoch: epoch + 1, primary: from, promotable: left.includes(from) ? left : [from, ...left] },
    [],
    { what: `epoch ${epoch + 1} leaves ${to} out: it can not be promoted any more, and ${from} needs no hold of it` },
  );
  const modes = templatesOf(request, (methods) => methods.protect).filter(
    ({ template }) => template.action === "set-mode",
  );
  const standbys = left.filter((region) => region !== from);
  return [
    admit,
    ...modes.map((placed): Step => {
      const sync = placed.service.replication?.mode === "sync" && standbys.length > 0;
      return {
        ...stepOf(placed, request, [admit.id], true),
        does: {
          kind: "order",
          service: placed.service.name,
          action: { kind: "set-mode", sync, standbys: sync ? standbys : [] },
        },
        what: sync
          ? `commits of ${placed.service.name} in ${from} wait for ${standbys.join(", ")} only`
          : `commits of ${placed.service.name} in ${from} wait for nobody any more`,
      };
    }),
  ];
}

/** After a switchover that stopped between fence and take-over: the old primary serves again, under an epoch of its own. */
function restoreSteps(request: PlanRequest): readonly Step[] {
  const { to, epoch, fenced = true } = request;
  if (!fenced) {
    return templatesOf(request, (steps) => steps.establish)
      .filter(({ template }) => template.action === "scale-primary")
      .map((placed) => stepOf(placed, request, [], true));
  }
  const advance = epochStep(request, [], `epoch ${epoch + 1} gives ${to} its right to write back`);
  const serve = templatesOf(request, (steps) => steps.establish)
    .filter(({ template }) => template.slot !== "after-traffic")
    .map((placed) => stepOf(placed, request, [advance.id], true));
  const move = moveStep(request, [advance.id, ...serve.map((step) => step.id)], `routers lead to ${to} again`);
  return [advance, ...serve, move];
}

type Placed = { readonly service: Service; readonly template: StepTemplate };

function templatesOf(request: PlanRequest, pick: (steps: MethodSteps) => readonly StepTemplate[]): readonly Placed[] {
  return servicesOf(request.system, request.group.name).flatMap((service) =>
    pick(request.methods(service)).map((template) => ({ service, template })),
  );
}

function idOf({ service, template }: Placed, request: PlanRequest): string {
  return `${template.phase}.${template.name}.${service.name}@${regionAt(template, request)}`;
}

function regionAt(template: StepTemplate, request: PlanRequest): RegionName {
  return template.at === "old" ? request.from : request.to;
}

function stepOf(placed: Placed, request: PlanRequest, needs: readonly string[], graceful: boolean): Step {
  const { service, template } = placed;
  const fill = (text: string): string =>
    text.replaceAll("{service}", service.name).replaceAll("{old}", request.from).replaceAll("{new}", request.to);
  return {
    id: idOf(placed, request),
    phase: template.phase,
    region: regionAt(template, request),
    service: service.name,
    does: { kind: "order", service: service.name, action: actionOf(placed, request, graceful) },
    needs: [...new Set(needs)],
    deadlineMs: template.deadlineMs,
    expectedMs: template.expectedMs,
    bestEffort: template.bestEffort && (!graceful || template.slot === "after-traffic"),
    gracefulOnly: template.when === "graceful" || (graceful && template.slot === "catch-up"),
    what: fill(template.what),
  };
}

function actionOf({ service, template }: Placed, request: PlanRequest, graceful: boolean): Action {
  const next = request.epoch + 1;
  const wantsSync = service.replication?.mode === "sync";
  switch (template.action) {
    case "serve-primary":
      return { kind: "serve-primary", create: request.kind === "establish", epoch: next, sync: false, standbys: [] };
    case "fence":
      return { kind: "fence", epoch: request.epoch, mode: graceful ? "graceful" : "forced" };
    case "await-position":
      // Filled in when the fence's receipt is there: the plan is made before anyone knows it.
      return { kind: "await-position", position: "" };
    case "promote":
      // A new primary starts without synchronous standbys: nobody follows it yet, and nobody but it is promotable, so nothing it
      // acknowledges can be lost by a switch. Strict mode returns with the standby, before that one becomes promotable.
      return { kind: "promote", epoch: next, sync: false, standbys: [] };
    case "follow":
      return { kind: "follow", primary: request.from, run: request.id, epoch: request.epoch };
    case "set-mode":
      return { kind: "set-mode", sync: wantsSync, standbys: wantsSync ? syncStandbys(request) : [] };
    case "scale-primary":
      return { kind: "scale", replicas: service.replicas.primary };
    case "scale-standby":
      return { kind: "scale", replicas: service.replicas.standby };
    case "verify-write":
      return { kind: "verify-write" };
    case "stop":
      return { kind: "stop" };
    default:
      return template.action satisfies never;
  }
}

function syncStandbys(request: PlanRequest): readonly RegionName[] {
  return [...new Set([...request.promotable.filter((region) => region !== request.from), request.to])];
}

/** The record moves on to the target, alone promotable. `waitMs`: what usually has to be waited for before it may. */
function epochStep({ to, epoch }: PlanRequest, needs: readonly string[], what: string, waitMs = 0): Step {
  const times = { deadlineMs: epochDeadlineMs, expectedMs: waitMs + own.epoch.expectedMs };
  const does = { kind: "advance-epoch", epoch: epoch + 1, primary: to, promotable: [to] } as const;
  return milestone("fence", "epoch", to, times, does, needs, { what });
}

/** Routers lead to the target, under the epoch that names it. */
function moveStep({ to, epoch }: PlanRequest, needs: readonly string[], what: string): Step {
  const does = { kind: "route", primary: to, epoch: epoch + 1, mode: "open" } as const;
  return milestone("traffic", "move", to, own.route, does, needs, { what });
}

function milestone(
  phase: Phase,
  name: string,
  region: RegionName,
  times: { readonly deadlineMs: number; readonly expectedMs: number },
  does: Does,
  needs: readonly string[],
  words: { readonly what: string },
): Step {
  return {
    id: `${phase}.${name}@${region}`,
    phase,
    region,
    does,
    needs: [...new Set(needs)],
    deadlineMs: times.deadlineMs,
    expectedMs: times.expectedMs,
    bestEffort: false,
    gracefulOnly: false,
    what: words.what,
  };
}
