// The shape of a catalog file: what one service type can do across regions, each claim with its source and date.
// The executable steps are exactly what core/plan hangs between its milestones, so a new type needs a file and no new planner.

import { z } from "zod";
import type { Requirement, ServiceKnowledge, SwitchStep } from "../core/assess/knowledge.ts";
import type { MethodSteps, StepTemplate } from "../core/plan/method.ts";

const sentence = z.string().min(1).max(400);
const id = z.string().regex(/^[a-z][a-z0-9/-]*$/);
const ms = z.number().int().min(1).max(3_600_000);
const seconds = z
  .number()
  .min(0)
  .max(90 * 86_400);
const mode = z.enum(["async", "sync"]);
const phase = z.enum(["check", "fence", "data", "compute", "jobs", "traffic", "verify", "re-protect"]);
const setting = z.union([z.string(), z.number(), z.boolean()]);
const region = z.string().regex(/^[a-z0-9-]+$/);
const where = z.union([
  z.enum(["source-region", "target-region", "global"]),
  z.templateLiteral([z.enum(["azure", "aws", "gcp", "site"]), "/", z.string()]),
]);

export const source = z.strictObject({
  /** Title of the document, with its chapter, or how it was measured. */
  title: sentence,
  url: z.url().exactOptional(),
  /** The claim is stated as of this day. */
  asOf: z.iso.date(),
});

const stepTemplate = z.strictObject({
  name: z.string().regex(/^[a-z][a-z-]*$/),
  phase,
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

const basis = z.enum(["published", "typical", "sla", "class", "measured", "estimated"]);
const when = z.record(z.string(), setting);

/**
 * What may be lost, in seconds of acknowledged work. "zero": nothing; "bounded": never above `worstSeconds`, where that is known, and
 * the bound is watched while the system runs (`lossBound`), for which the method needs `steps`; "unbounded": nobody can say beforehand.
 */
const recoveryPoint = z.strictObject({
  mode: mode.exactOptional(),
  when: when.exactOptional(),
  kind: z.enum(["zero", "bounded", "unbounded"]),
  basis,
  expectedSeconds: seconds.exactOptional(),
  worstSeconds: seconds.exactOptional(),
  why: sentence,
  source,
});

/**
 * From the decision to the first write on the other side; detection, lease and routing are added by the planner. Left out, `worstSeconds`
 * is taken to be what is expected; `unbounded: true` says that nobody bounds it, as where a provider decides in its own time.
 */
const recoveryTime = z.strictObject({
  of: z.enum(["switchover", "failover", "re-protect"]),
  when: when.exactOptional(),
  basis,
  expectedSeconds: seconds,
  worstSeconds: seconds.exactOptional(),
  unbounded: z.literal(true).exactOptional(),
  why: sentence,
  source,
});

const claim = z.strictObject({ what: sentence, source });
const controlPlane = z.strictObject({ what: sentence, where, source });
const side = z.enum(["source", "target", "both"]);
const because = { why: sentence, source };

/** Checked by the assessment, in code; what only people can check stands in `constraints`. */
const requirement = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("paired"), ...because }),
  z.strictObject({ kind: z.literal("same-geography"), ...because }),
  z.strictObject({ kind: z.literal("same-region-group"), ...because }),
  z.strictObject({
    kind: z.literal("listed-pairs"),
    pairs: z.array(z.tuple([region, region])).min(1),
    bothWays: z.boolean(),
    ...because,
  }),
  z.strictObject({ kind: z.literal("regions"), side, only: z.array(region).min(1), ...because }),
  z.strictObject({ kind: z.literal("not-regions"), side, except: z.array(region).min(1), ...because }),
  z.strictObject({
    kind: z.literal("setting"),
    setting: z.string(),
    is: z.array(setting).min(1).exactOptional(),
    not: z.array(setting).min(1).exactOptional(),
    ...because,
  }),
  z.strictObject({ kind: z.literal("zones"), side, ...because }),
  z.strictObject({ kind: z.literal("enabled"), side, ...because }),
  z.strictObject({ kind: z.literal("max-regions"), count: z.int().min(1), ...because }),
  z.strictObject({ kind: z.literal("to-verify"), what: sentence, ...because }),
]) satisfies z.ZodType<Requirement>;

const switchStep = z.strictObject({
  what: sentence,
  phase,
  by: z.enum(["customer", "provider", "leeward"]),
  call: sentence.exactOptional(),
  needs: where.exactOptional(),
  expectedSeconds: seconds,
}) satisfies z.ZodType<SwitchStep>;

const method = z.strictObject({
  id,
  name: sentence,
  /** What the method is; see MethodKind in core/assess/knowledge.ts. */
  kind: z.enum(["replication", "multi-write", "copy", "backup", "redeploy", "global"]),
  modes: z.array(mode).min(1),
  between: z.enum(["one-provider", "any"]).prefault("one-provider"),
  requires: z.array(requirement).prefault([]),
  directions: z.enum(["one-way", "two-way"]).prefault("one-way"),
  readableTarget: z.boolean().prefault(false),
  /** In a few words: strong, session, eventual, last writer wins, ... */
  consistency: sentence.prefault("eventual"),
  /** Who may start the switch. "nobody": there is none to start. */
  startedBy: z.enum(["customer", "provider", "either", "nobody"]),
  rpo: z.array(recoveryPoint).min(1),
  rto: z.array(recoveryTime).min(1),
  /** What must hold for the method to work at all, and only people can check. */
  constraints: z.array(claim).prefault([]),
  /** What is lost, or is not carried over, even when all goes well. */
  loses: z.array(claim).prefault([]),
  /** Interfaces that must answer for the switch to work. */
  dependsOn: z.array(controlPlane).prefault([]),
  costFactor: z.strictObject({ share: z.number().min(0).max(5), why: sentence, source }),
  /** The way out and the way back, as people or drivers do it. */
  switch: z.strictObject({ out: z.array(switchStep).max(20), back: z.array(switchStep).max(20) }),
  /** The same for agents, where a driver exists. */
  steps: steps.exactOptional(),
  source,
});

export const serviceType = z.strictObject({
  id,
  name: sentence,
  area: z.enum([
    "data",
    "cache",
    "messaging",
    "storage",
    "compute",
    "workflow",
    "network",
    "routing",
    "security",
    "observability",
    "delivery",
    "protection",
  ]),
  scope: z.enum(["zonal", "regional", "global"]),
  reach: z.enum(["own-region", "any-region"]).prefault("any-region"),
  /** What one of its servers speaks to its clients. "nothing": nobody calls it. */
  serves: z.enum(["http", "tcp", "nothing"]),
  /** Schemes that a manifest's `url` may have for it; the first is the one to suggest. Empty: any. */
  urlSchemes: z.array(z.string()).prefault([]),
  defaultPort: z.number().int().min(1).max(65_535).exactOptional(),
  /** May run several replicas side by side in one region. */
  scales: z.boolean(),
  /** Standby replicas when a manifest does not say. */
  standbyReplicas: z.number().int().min(0).prefault(1),
  /** Holds data that a method has to carry over, so that a forced switch can lose some. */
  holdsData: z.boolean(),
  /** What templates call it. */
  templates: z
    .strictObject({
      arm: z.array(z.string()).prefault([]),
      cloudFormation: z.array(z.string()).prefault([]),
      terraform: z.array(z.string()).prefault([]),
      kubernetes: z.array(z.string()).prefault([]),
    })
    .prefault({}),
  /** What a manifest may say of an instance under `settings`, because some method depends on it. */
  settings: z
    .record(
      z.string().regex(/^[a-z][A-Za-z0-9]*$/),
      z.strictObject({
        what: sentence,
        values: z.array(setting).min(1).exactOptional(),
        default: setting.exactOptional(),
      }),
    )
    .prefault({}),
  controlPlane: controlPlane.exactOptional(),
  /** Used when a manifest does not say; the first mode of that method likewise. */
  defaultMethod: id,
  methods: z.array(method).min(1),
  /** Further statements of the sources that people should know. */
  facts: z.array(claim).prefault([]),
  /** Sources that do not agree; the newer is followed. */
  disagreements: z.array(z.strictObject({ about: sentence, older: claim, newer: claim })).prefault([]),
});

export type Source = z.infer<typeof source>;
export type Method = z.infer<typeof method>;
export type ServiceType = z.infer<typeof serviceType>;

/** Checked by the compiler only: whatever a file says is what the assessment is told. */
export const asKnowledge = (type: ServiceType): ServiceKnowledge => ({ ...type, controlPlane: type.controlPlane });
