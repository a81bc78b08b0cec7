// The shape of a catalog file: what one service type can do across regions, each claim with its source and date.
// The steps are exactly what core/plan hangs between its milestones, so a new type needs a file and no new planner.

import { z } from "zod";
import type { MethodSteps, StepTemplate } from "../core/plan/method.ts";

const sentence = z.string().min(1).max(400);
const id = z.string().regex(/^[a-z][a-z0-9/-]*$/);
const ms = z.number().int().min(1).max(3_600_000);

export const source = z.strictObject({
  /** Title of the document, with its chapter, or how it was measured. */
  title: sentence,
  url: z.url().exactOptional(),
  /** The claim is stated as of this day. */
  asOf: z.iso.date(),
});

const stepTemplate = z.strictObject({
  name: z.string().regex(/^[a-z][a-z-]*$/),
  phase: z.enum(["check", "fence", "data", "compute", "jobs", "traffic", "verify", "re-protect"]),
  slot: z.enum(["prepare", "fence", "catch-up", "take-over", "before-traffic", "after-traffic"]),
  at: z.enum(["old", "new"]),
  action: z.enum([
    "serve-primary",
    "fence",
    "await-position",
    "promote",
    "follow",
    "set-mode",
    "scale-primary",
    "scale-standby",
    "verify-write",
    "stop",
  ]),
  when: z.enum(["graceful", "forced", "always"]),
  bestEffort: z.boolean(),
  deadlineMs: ms,
  expectedMs: ms,
  what: sentence,
}) satisfies z.ZodType<StepTemplate>;

const stepList = z
  .array(stepTemplate)
  .max(20)
  .superRefine((list, context) => {
    const seen = new Set<string>();
    for (const [index, step] of list.entries()) {
      // Together with service and region these make the step's id, which names its effect for ever.
      const key = `${step.phase}.${step.name}@${step.at}`;
      if (seen.has(key))
        context.addIssue({ code: "custom", path: [index, "name"], message: `${key} stands here twice` });
      seen.add(key);
      if (step.expectedMs > step.deadlineMs) {
        context.addIssue({ code: "custom", path: [index, "expectedMs"], message: "longer than its own deadline" });
      }
    }
  });

const steps = z.strictObject({
  establish: stepList,
  leave: stepList,
  protect: stepList,
}) satisfies z.ZodType<MethodSteps>;

const mode = z.enum(["async", "sync"]);

/**
 * What may be lost, in seconds of acknowledged work. "zero": nothing; "bounded": never above `worstSeconds`, where that is known, and
 * the bound is watched while the system runs (`lossBound`); "unbounded": nobody can say beforehand.
 */
const recoveryPoint = z.strictObject({
  mode: mode.exactOptional(),
  kind: z.enum(["zero", "bounded", "unbounded"]),
  expectedSeconds: z.number().min(0).exactOptional(),
  worstSeconds: z.number().min(0).exactOptional(),
  why: sentence,
  source,
});

/** From the decision to the first write on the other side; detection, lease and routing are added by the planner. */
const recoveryTime = z.strictObject({
  of: z.enum(["switchover", "failover", "re-protect"]),
  kind: z.enum(["measured", "documented", "estimated"]),
  expectedSeconds: z.number().min(0),
  worstSeconds: z.number().min(0).exactOptional(),
  why: sentence,
  source,
});

const claim = z.strictObject({ what: sentence, source });

const method = z.strictObject({
  id,
  name: sentence,
  modes: z.array(mode).min(1),
  rpo: z.array(recoveryPoint).min(1),
  rto: z.array(recoveryTime).min(1),
  /** What must hold for the method to work at all. */
  constraints: z.array(claim),
  /** What is lost, or is not carried over, even when all goes well. */
  loses: z.array(claim),
  steps,
  source,
});

export const serviceType = z.strictObject({
  id,
  name: sentence,
  /** What one of its servers speaks to its clients. "nothing": nobody calls it. */
  serves: z.enum(["http", "tcp", "nothing"]),
  /** Schemes that a manifest's `url` may have for it; the first is the one to suggest. */
  urlSchemes: z.array(z.string()),
  defaultPort: z.number().int().min(1).max(65_535).exactOptional(),
  /** May run several replicas side by side in one region. */
  scales: z.boolean(),
  /** Standby replicas when a manifest does not say. */
  standbyReplicas: z.number().int().min(0),
  /** Holds data that a method has to carry over, so that a forced switch can lose some. */
  holdsData: z.boolean(),
  /** Used when a manifest does not say; the first mode of that method likewise. */
  defaultMethod: id,
  methods: z.array(method).min(1),
});

export type Source = z.infer<typeof source>;
export type Method = z.infer<typeof method>;
export type ServiceType = z.infer<typeof serviceType>;
