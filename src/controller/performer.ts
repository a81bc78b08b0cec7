// Performs the steps of plans: orders to agents, and the controller's own milestones. Each is idempotent: it looks whether the aim is
// reached before it acts, and an order keeps its key until its outcome is definite.

import type { GroupRecord } from "../core/lease/record.ts";
import type { RegionName, System } from "../core/model/system.ts";
import type { Action, Facts, Outcome } from "../core/plan/action.ts";
import type { Does } from "../core/plan/plan.ts";
import type { Performer, StepContext } from "../executor/execute.ts";
import { factOf, stepUnder } from "../executor/run.ts";
import type { Clock } from "../ports/clock.ts";
import type { Peers } from "../ports/peers.ts";
import type { RequestOf, ResponseOf, Traffic } from "../wire/calls.ts";
import type { LeaseDesk } from "./lease-desk.ts";

export type PerformerPorts = {
  readonly system: System;
  readonly clock: Clock;
  readonly peers: Peers;
  readonly desk: LeaseDesk;
  /** Why the target may not be promoted, or nothing. */
  readonly targetProblem: (target: RegionName, graceful: boolean) => string | undefined;
  /** Why the standby may not be made promotable, or nothing. */
  readonly admissionProblem: (standby: RegionName) => string | undefined;
  readonly traffic: () => Traffic | undefined;
  /** Stores the next traffic generation; durable when it returns "done". */
  readonly storeTraffic: (next: Pick<Traffic, "epoch" | "primary" | "mode">) => Promise<Outcome>;
  /** Regions whose agents answered lately. */
  readonly heard: () => readonly RegionName[];
};

/** Of an outcome: the run was given up, because the old primary is back. */
export const abandonedFact = "abandoned";
/** Of an order that was given up: may it have reached its region? */
export const sentFact = "sent";

type Own<K extends Does["kind"]> = Extract<Does, { kind: K }>;

/** An agent answers "running" after so long, and is asked again with the same key. */
const orderWaitMs = 2_000;
const orderGraceMs = 500;
/** While an agent does not answer, or a milestone must wait, the next try comes after this. */
const tryAgainMs = 40;
/** The primary is asked for its receipt this often, where no order to fence brings one. */
const fenceAgainMs = 250;
/** A run does not wait longer than this for a region that is gone, where it can do without. */
const bestEffortSilenceMs = 2_500;
/** Other routers than the target's may take so long; they learn it from their agents' reports anyway. */
const routeGraceMs = 250;

export function makePerformer(ports: PerformerPorts): Performer {
  return {
    observe: (context) => observe(ports, context),
    act: (context) => act(ports, context),
  };
}

async function observe(ports: PerformerPorts, context: StepContext): Promise<Outcome | { readonly kind: "absent" }> {
  const { does, region } = context.step;
  const record = ports.desk.record;
  switch (does.kind) {
    case "check-target":
    case "prepare":
      // Both only look or repeat themselves: doing them again is how to observe them.
      return { kind: "absent" };
    case "advance-epoch":
    case "admit":
      return reached(record, does) ?? { kind: "absent" };
    case "route": {
      const traffic = ports.traffic();
      const there =
        traffic !== undefined &&
        traffic.epoch === does.epoch &&
        traffic.primary === does.primary &&
        traffic.mode === does.mode;
      return there ? pushRoute(ports, traffic) : { kind: "absent" };
    }
    case "order": {
      const given = givenUp(ports, context, does);
      if (given !== undefined) return given;
      const answer = await sendOrder(ports, context, region, does, true);
      if (answer.kind === "silent") return { kind: "unknown", reason: answer.why };
      if (answer.kind === "ended") {
        if (does.action.kind === "fence" && answer.outcome.kind === "done") await noteReceipt(ports, context);
        return answer.outcome;
      }
      if (answer.kind === "refused") return { kind: "failed", retry: "later", reason: answer.why };
      // Under way or never begun: acting joins the one and begins the other, with the same key.
      return { kind: "absent" };
    }
    default:
      return does satisfies never;
  }
}

async function act(ports: PerformerPorts, context: StepContext): Promise<Outcome> {
  const { does } = context.step;
  const { epochBefore } = context.run.plan;
  const epoch = ports.desk.record?.epoch ?? 0;
  if (epoch !== epochBefore && epoch !== epochBefore + 1) {
    return {
      kind: "failed",
      retry: "never",
      reason: `the plan was made for epoch ${epochBefore}, and the record is at epoch ${epoch}`,
    };
  }
  switch (does.kind) {
    case "check-target": {
      const problem = ports.targetProblem(does.target, does.graceful && !context.run.forced);
      return problem === undefined
        ? { kind: "done", reason: `${does.target} may take over` }
        : { kind: "failed", retry: "later", reason: problem };
    }
    case "prepare":
      return prepare(ports, context, does);
    case "advance-epoch":
      return advance(ports, context, does);
    case "admit":
      return admit(ports, context, does);
    case "route": {
      const stored = await ports.storeTraffic({ epoch: does.epoch, primary: does.primary, mode: does.mode });
      const traffic = ports.traffic();
      return stored.kind !== "done" || traffic === undefined ? stored : pushRoute(ports, traffic);
    }
    case "order":
      return order(ports, context, does);
    default:
      return does satisfies never;
  }
}

async function prepare(ports: PerformerPorts, context: StepContext, does: Own<"prepare">): Promise<Outcome> {
  const { record } = ports.desk;
  if (record !== undefined && record.epoch >= does.epoch && record.primary === does.target) {
    return { kind: "done", reason: `epoch ${record.epoch} names ${does.target} already` };
  }
  let last = "not asked";
  const until = ports.clock.nowMs() + context.deadlineMs;
  while (ports.clock.nowMs() < until && !context.signal.aborted) {
    const answer = await ports.desk.prepare(does.target);
    if (answer.kind === "prepared") {
      const holds = answer.clear
        ? "no hold of its own is outstanding"
        : `holds it granted last another ${Math.ceil(answer.remainingMs)} ms`;
      return { kind: "done", reason: `${does.target} grants no further holds; ${holds}` };
    }
    last = answer.reason;
    context.progress(last);
    await ports.clock.sleep(tryAgainMs, context.signal).catch(() => undefined);
  }
  return { kind: "failed", retry: "later", reason: last };
}

async function advance(ports: PerformerPorts, context: StepContext, does: Own<"advance-epoch">): Promise<Outcome> {
  const { desk, clock } = ports;
  const startedMs = clock.nowMs();
  const until = startedMs + context.deadlineMs;
  let last = "";
  let fenceAskedMs = Number.NEGATIVE_INFINITY;
  // Told again to a controller that has been restarted since: what the journal holds is the receipt.
  await noteReceipt(ports, context);
  const { fences } = fencesOf(context);
  while (clock.nowMs() < until && !context.signal.aborted) {
    const there = reached(desk.record, does);
    if (there !== undefined) return there;
    const back = primaryIsBack(ports, context);
    if (back !== undefined) {
      await desk.release();
      // What was ordered of it sees the same and ends first: what was never sent needs no way back.
      await clock.sleep(2 * tryAgainMs, context.signal).catch(() => undefined);
      return abandoned(back);
    }
    const record: GroupRecord = {
      group: context.run.plan.group,
      epoch: does.epoch,
      primary: does.primary,
      promotable: does.promotable,
    };
    const result =
      desk.record === undefined && does.epoch === 1
        ? await desk.create(record)
        : await desk.advance(does.primary, does.promotable);
    if (result.kind === "advanced") {
      const waitedMs = Math.round(clock.nowMs() - startedMs);
      return { kind: "done", reason: result.reason, facts: { epoch: result.record.epoch, waitedMs } };
    }
    if (result.reason !== last) context.progress(result.reason);
    last = result.reason;
    // A hold that is still outstanding: the member says when it has run out.
    const itself = does.primary === desk.record?.primary;
    if (result.waitMs === 0 && !itself) await desk.prepare(does.primary);
    // Nothing else in this run brings a receipt: a primary that begins anew, or a group without anything to fence but its router.
    if ((itself || fences.length === 0) && clock.nowMs() - fenceAskedMs >= fenceAgainMs) {
      fenceAskedMs = clock.nowMs();
      const asked = desk.fence();
      if (itself) await asked;
    }
    const waitMs = result.waitMs > 0 ? Math.min(result.waitMs, tryAgainMs) : tryAgainMs / 2;
    await clock.sleep(Math.max(1, waitMs), context.signal).catch(() => undefined);
  }
  return { kind: "failed", retry: "never", reason: `the epoch could not move: ${last}` };
}

/**
 * A failover is for a primary that has fallen silent. One that renews its lease before the next epoch has begun serves on: to take it down
 * now would make the outage that there was none of. Where the agent lived all along, and renewed all along, it is not meant.
 */
function primaryIsBack({ desk, clock }: PerformerPorts, { run }: StepContext): string | undefined {
  const { plan, startedAt } = run;
  const { state, backAtMs } = desk;
  if (plan.kind !== "failover" || plan.by !== "policy" || state === undefined || backAtMs === undefined)
    return undefined;
  if (state.record.epoch !== plan.epochBefore || state.receiptEpoch === plan.epochBefore) return undefined;
  const startedMs = clock.nowMs() - (clock.wallMs() - startedAt);
  if (backAtMs < startedMs) return undefined;
  return `${plan.from} is back: it renewed its lease before ${plan.to} had taken over, so the failover is given up and ${plan.from} serves on`;
}

function abandoned(reason: string, facts: Facts = {}): Outcome {
  return { kind: "failed", retry: "never", reason, facts: { ...facts, [abandonedFact]: true } };
}

async function admit(ports: PerformerPorts, context: StepContext, does: Own<"admit">): Promise<Outcome> {
  const { record } = ports.desk;
  const there = reached(record, does);
  if (there !== undefined) return there;
  // Its agent says that it streams; a switch to it goes by what the watch has seen, and that may be a report behind.
  const joining = does.promotable.filter((region) => region !== does.primary && !record?.promotable.includes(region));
  const until = ports.clock.nowMs() + context.deadlineMs;
  for (const region of joining) {
    for (
      let problem = ports.admissionProblem(region);
      problem !== undefined;
      problem = ports.admissionProblem(region)
    ) {
      if (ports.clock.nowMs() >= until || context.signal.aborted)
        return { kind: "failed", retry: "later", reason: problem };
      context.progress(problem);
      await ports.clock.sleep(tryAgainMs, context.signal).catch(() => undefined);
    }
  }
  const result = await ports.desk.admit(does.promotable);
  return result.kind === "advanced"
    ? { kind: "done", reason: result.reason, facts: { epoch: result.record.epoch } }
    : { kind: "failed", retry: "later", reason: result.reason };
}

/** Has the record come to where the step wants it, or beyond? */
function reached(record: GroupRecord | undefined, does: Own<"advance-epoch"> | Own<"admit">): Outcome | undefined {
  if (record === undefined || record.epoch < does.epoch) return undefined;
  if (record.epoch === does.epoch && record.primary === does.primary) {
    return { kind: "done", reason: `epoch ${does.epoch} names ${does.primary}`, facts: { epoch: does.epoch } };
  }
  return {
    kind: "failed",
    retry: "never",
    reason: `epoch ${record.epoch} names ${record.primary}, not ${does.primary} in epoch ${does.epoch}`,
  };
}

async function pushRoute(ports: PerformerPorts, traffic: Traffic): Promise<Outcome> {
  const { system, peers, clock } = ports;
  const heard = ports.heard();
  const applied = new Set<RegionName>();
  const pushes = system.regions.flatMap((region) => {
    if (region.agent === undefined || region.router === undefined) return [];
    if (region.name !== traffic.primary && !heard.includes(region.name)) return [];
    const push = peers.call(region.agent, "route", traffic, 1_500).then((answer) => {
      if (answer.kind === "answer" && (answer.body as ResponseOf<"route">).applied) applied.add(region.name);
    });
    return [{ region: region.name, push }];
  });
  await pushes.find((one) => one.region === traffic.primary)?.push;
  await Promise.race([Promise.all(pushes.map((one) => one.push)), clock.sleep(routeGraceMs)]);
  const facts: Facts = { generation: traffic.generation, routers: [...applied].sort().join(" ") };
  if (pushes.length > 0 && !applied.has(traffic.primary)) {
    return {
      kind: "unknown",
      reason: `the router in ${traffic.primary} has not confirmed generation ${traffic.generation}`,
      facts,
    };
  }
  return {
    kind: "done",
    reason: `generation ${traffic.generation} leads to ${traffic.primary}; confirmed in ${[...applied].sort().join(", ")}`,
    facts,
  };
}

async function order(ports: PerformerPorts, context: StepContext, does: Own<"order">): Promise<Outcome> {
  const { clock } = ports;
  let silentSinceMs: number | undefined;
  const until = clock.nowMs() + context.deadlineMs;
  let last: Outcome = { kind: "failed", retry: "later", reason: "not sent" };
  let sent = false;
  const { plan } = context.run;
  const forOld = plan.kind === "failover" && context.step.region === plan.from;
  while (clock.nowMs() < until && !context.signal.aborted) {
    const given = givenUp(ports, context, does);
    if (given !== undefined) return given;
    const back = forOld ? primaryIsBack(ports, context) : undefined;
    if (back !== undefined) return abandoned(back, { [sentFact]: sent });
    // Nobody there would hear it, and if somebody did, it would be one who is about to come back in time.
    if (forOld && ports.desk.isRunningOut) {
      await clock.sleep(tryAgainMs / 2, context.signal).catch(() => undefined);
      continue;
    }
    sent = true;
    const answer = await sendOrder(ports, context, context.step.region, does, false);
    silentSinceMs = answer.kind === "silent" ? (silentSinceMs ?? clock.nowMs()) : undefined;
    if (
      context.step.bestEffort &&
      silentSinceMs !== undefined &&
      clock.nowMs() - silentSinceMs >= bestEffortSilenceMs
    ) {
      return {
        kind: "failed",
        retry: "never",
        reason: `${context.step.region} could not be reached; it is put right when it returns`,
      };
    }
    switch (answer.kind) {
      case "ended": {
        if (answer.outcome.kind === "unknown") {
          last = answer.outcome;
          break;
        }
        if (does.action.kind === "fence" && answer.outcome.kind === "done") await noteReceipt(ports, context);
        return answer.outcome;
      }
      case "running":
        context.progress(answer.progress);
        continue;
      case "refused":
        return { kind: "failed", retry: "later", reason: answer.why };
      case "absent":
        last = { kind: "unknown", reason: `${context.step.region} has not begun it` };
        break;
      case "silent":
        context.progress(answer.why);
        last = answer.sent
          ? { kind: "unknown", reason: answer.why }
          : { kind: "failed", retry: "later", reason: answer.why };
        break;
      default:
        answer satisfies never;
    }
    await clock.sleep(tryAgainMs, context.signal).catch(() => undefined);
  }
  return last;
}

/** A best-effort fence is pointless once the next epoch has begun without it, and must not keep the run from its end. */
function givenUp(ports: PerformerPorts, context: StepContext, does: Own<"order">): Outcome | undefined {
  const epoch = ports.desk.record?.epoch ?? 0;
  const { bestEffort } = stepUnder(context.run, context.step);
  if (does.action.kind !== "fence" || !bestEffort || epoch <= does.action.epoch) return undefined;
  return {
    kind: "failed",
    retry: "never",
    reason: `${context.step.region} could not be reached; epoch ${epoch} began when its lease and all holds had run out`,
  };
}

/** The receipt counts only when every fence of the run has come back: one database still open would still take writes. */
async function noteReceipt(ports: PerformerPorts, context: StepContext): Promise<void> {
  const { plan } = context.run;
  const { fences, done } = fencesOf(context);
  if (fences.length > 0 && fences.every((id) => id === context.step.id || done.includes(id))) {
    await ports.desk.receipt(plan.from, plan.epochBefore);
  }
}

function fencesOf({ run }: StepContext): { readonly fences: readonly string[]; readonly done: readonly string[] } {
  const fences = run.plan.steps.flatMap(({ id, does }) =>
    does.kind === "order" && does.action.kind === "fence" ? [id] : [],
  );
  return { fences, done: fences.filter((id) => run.steps.get(id)?.kind === "done") };
}

type OrderAnswer = ResponseOf<"order"> | { readonly kind: "silent"; readonly why: string; readonly sent: boolean };

async function sendOrder(
  ports: PerformerPorts,
  context: StepContext,
  region: RegionName,
  does: Own<"order">,
  observeOnly: boolean,
): Promise<OrderAnswer> {
  const base = ports.system.regions.find((one) => one.name === region)?.agent;
  if (base === undefined) return { kind: "refused", why: `${region} has no agent in the manifest` };
  const action = filled(does.action, context, does.service);
  if (action === undefined) return { kind: "refused", why: "the old primary's last position is not known" };
  const waitMs = observeOnly ? 0 : Math.min(orderWaitMs, context.deadlineMs);
  const request: RequestOf<"order"> = {
    key: context.key,
    run: context.run.plan.id,
    step: context.step.id.slice(0, 64),
    group: context.run.plan.group,
    // A fence belongs to the epoch it ends; everything else to the newest.
    epoch: action.kind === "fence" ? action.epoch : (ports.desk.record?.epoch ?? 0),
    service: does.service,
    action: action as RequestOf<"order">["action"],
    deadlineMs: Math.max(1, Math.min(3_600_000, Math.round(context.step.deadlineMs))),
    waitMs: Math.round(waitMs),
    observeOnly,
  };
  const answer = await ports.peers.call(base, "order", request, waitMs + orderGraceMs);
  if (answer.kind === "failed")
    return { kind: "silent", why: `${region} does not answer: ${answer.why}`, sent: answer.cause === "unknown" };
  return answer.body as ResponseOf<"order">;
}

/** What the plan could not know when it was made: how far the old primary had come when it stopped. */
function filled(action: Action, context: StepContext, service: string): Action | undefined {
  if (action.kind !== "await-position") return action;
  const fence = context.run.plan.steps.find(
    (step) => step.does.kind === "order" && step.does.service === service && step.does.action.kind === "fence",
  );
  const position = fence === undefined ? undefined : factOf(context.run, fence.id, "position");
  return typeof position === "string" ? { kind: "await-position", position } : undefined;
}
