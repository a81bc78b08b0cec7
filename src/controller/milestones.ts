// The controller's own steps of a plan: holds released, epochs begun, standbys admitted, traffic led. Each looks whether its aim is reached
// before it acts, and waits for what is missing until its deadline.

import type { GroupRecord } from "../core/lease/record.ts";
import type { RegionName } from "../core/model/system.ts";
import type { Facts, Outcome } from "../core/plan/action.ts";
import type { StepContext } from "../executor/execute.ts";
import type { ResponseOf, Traffic } from "../wire/calls.ts";
import { abandoned, fencesOf, noteReceipt, primaryIsBack } from "./old-primary.ts";
import { type Own, type PerformerPorts, tryAgainMs } from "./performer-ports.ts";

/** The primary is asked for its receipt this often, where no order to fence brings one. */
const fenceAgainMs = 250;
/** Other routers than the target's may take so long; they learn it from their agents' reports anyway. */
const routeGraceMs = 250;

export async function prepare(ports: PerformerPorts, context: StepContext, does: Own<"prepare">): Promise<Outcome> {
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

export async function advance(
  ports: PerformerPorts,
  context: StepContext,
  does: Own<"advance-epoch">,
): Promise<Outcome> {
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

export async function admit(ports: PerformerPorts, context: StepContext, does: Own<"admit">): Promise<Outcome> {
  const { record } = ports.desk;
  const there = reached(record, does);
  if (there !== undefined) return there;
  // Its agent says that it streams; a switch to it goes by what the watch has seen, and that may be a report behind.
  const joining = does.promotable.filter((region) => region !== does.primary && !record?.promotable.includes(region));
  const until = ports.clock.nowMs() + context.deadlineMs;
  for (;;) {
    const [problem] = joining.flatMap((region) => ports.admissionProblem(region) ?? []);
    if (problem === undefined) break;
    if (ports.clock.nowMs() >= until || context.signal.aborted)
      return { kind: "failed", retry: "later", reason: problem };
    context.progress(problem);
    await ports.clock.sleep(tryAgainMs, context.signal).catch(() => undefined);
  }
  const result = await ports.desk.admit(does.promotable);
  return result.kind === "advanced"
    ? { kind: "done", reason: result.reason, facts: { epoch: result.record.epoch } }
    : { kind: "failed", retry: "later", reason: result.reason };
}

/** Has the record come to where the step wants it, or beyond? */
export function reached(
  record: GroupRecord | undefined,
  does: Own<"advance-epoch"> | Own<"admit">,
): Outcome | undefined {
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

export async function pushRoute(ports: PerformerPorts, traffic: Traffic): Promise<Outcome> {
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
