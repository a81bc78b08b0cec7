// A step that an agent carries out: one order under one key until its outcome is definite, however often the agent falls silent meanwhile.

import type { RegionName } from "../core/model/system.ts";
import type { Action, Outcome } from "../core/plan/action.ts";
import type { StepContext } from "../executor/execute.ts";
import { factOf, stepUnder } from "../executor/run.ts";
import type { RequestOf, ResponseOf } from "../wire/calls.ts";
import { abandoned, noteReceipt, primaryIsBack, sentFact } from "./old-primary.ts";
import { type Own, type PerformerPorts, tryAgainMs } from "./performer-ports.ts";

/** An agent answers "running" after so long, and is asked again with the same key. */
const orderWaitMs = 2_000;
const orderGraceMs = 500;
/** A run does not wait longer than this for a region that is gone, where it can do without. */
const bestEffortSilenceMs = 2_500;

export async function order(ports: PerformerPorts, context: StepContext, does: Own<"order">): Promise<Outcome> {
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
export function givenUp(ports: PerformerPorts, context: StepContext, does: Own<"order">): Outcome | undefined {
  const epoch = ports.desk.record?.epoch ?? 0;
  const { bestEffort } = stepUnder(context.run, context.step);
  if (does.action.kind !== "fence" || !bestEffort || epoch <= does.action.epoch) return undefined;
  return {
    kind: "failed",
    retry: "never",
    reason: `${context.step.region} could not be reached; epoch ${epoch} began when its lease and all holds had run out`,
  };
}

type OrderAnswer = ResponseOf<"order"> | { readonly kind: "silent"; readonly why: string; readonly sent: boolean };

export async function sendOrder(
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
