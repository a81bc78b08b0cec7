// Performs the steps of plans: orders to agents, and the controller's own milestones. Each is idempotent: it looks whether the aim is
// reached before it acts, and an order keeps its key until its outcome is definite.

import type { Outcome } from "../core/plan/action.ts";
import type { Performer, StepContext } from "../executor/execute.ts";
import { admit, advance, prepare, pushRoute, reached } from "./milestones.ts";
import { noteReceipt } from "./old-primary.ts";
import { givenUp, order, sendOrder } from "./order-step.ts";
import type { PerformerPorts } from "./performer-ports.ts";

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
