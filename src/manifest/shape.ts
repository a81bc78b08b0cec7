// Plain values to a draft of the right shape, and a finding for each fault of shape. What is broken is taken out, so that the rest can
// be judged in the same go: one fault gives one error, and never hides another.

import type { z } from "zod";
import type { Nearest } from "./nearest.ts";
import { error, errorOnKey, type Finding, type Path } from "./problem.ts";
import { shown } from "./said.ts";
import { type Draft, manifestSchema } from "./schema.ts";
import { wording } from "./wording.ts";

export type Shape = {
  /** Without what was broken. */
  readonly draft: Draft;
  readonly findings: readonly Finding[];
};

type Issue = z.core.$ZodIssue;
type Keyed = Record<string, unknown>;

/** Taking a broken value out may leave its owner without something it needs; owners are at most so deep. */
const roundsMax = 8;

const standIns: Keyed = {
  version: 1,
  system: "unnamed",
  regions: { nowhere: { at: "site/nowhere" } },
  services: { nothing: { type: "http", in: {} } },
};

/** `value` stays as it is: what is broken is taken out of a copy of the blocks around it. */
export function shapeOf(value: unknown, nearest: Nearest): Shape {
  const findings: Finding[] = [];
  if (!isKeyed(value)) {
    findings.push(
      error(
        [],
        "wrong-type",
        `A manifest is keys and values, and this is ${shown(value)}.`,
        "Begin with `version: 1`.",
      ),
    );
    return { draft: manifestSchema.parse(structuredClone(standIns)), findings };
  }
  const copy = new OwnCopy(value);
  const touched = new Set<string>();
  let parsed = manifestSchema.safeParse(copy.root);
  for (let round = 0; !parsed.success && round < roundsMax; round++) {
    const issues = parsed.error.issues;
    const unknownKeys = unknownKeysByOwner(issues);
    for (const issue of issues) {
      // From the second round on, what is missing, or too little, may be so because something was taken out here.
      if (round > 0 && (isMissing(issue, copy.root) || touched.has(keyOf(issue.path as Path)))) continue;
      findings.push(...findingsOf(issue, unknownKeys, copy.root, nearest));
    }
    for (const issue of issues) {
      for (let n = 0; n <= issue.path.length; n++) touched.add(keyOf((issue.path as Path).slice(0, n)));
      takeOut(issue, copy);
    }
    parsed = manifestSchema.safeParse(copy.root);
  }
  if (!parsed.success) return { draft: manifestSchema.parse(structuredClone(standIns)), findings };
  return { draft: parsed.data, findings };
}

function unknownKeysByOwner(issues: readonly Issue[]): ReadonlyMap<string, readonly string[]> {
  return new Map(
    issues.flatMap((issue) =>
      issue.code === "unrecognized_keys" ? [[keyOf(issue.path as Path), issue.keys] as const] : [],
    ),
  );
}

function findingsOf(
  issue: Issue,
  unknownKeys: ReadonlyMap<string, readonly string[]>,
  root: Keyed,
  nearest: Nearest,
): readonly Finding[] {
  const path = issue.path as Path;
  if (issue.code === "unrecognized_keys") {
    const known = keysAt(path);
    const owner = valueAt(root, path);
    const free = isKeyed(owner) ? known.filter((key) => !(key in owner)) : known;
    return issue.keys.map((key) => {
      const meant = nearest(key, free) ?? nearest(key, known);
      const fix = meant === undefined ? `Known here: ${known.join(", ")}.` : `Did you mean \`${meant}\`?`;
      return errorOnKey([...path, key], "unknown-key", `\`${key.slice(0, 60)}\` is not a key that is known here.`, fix);
    });
  }
  if (issue.code === "invalid_key") {
    const inner = issue.issues[0]?.message ?? "name";
    return [{ ...worded(path, inner, path.at(-1), nearest), on: "key" }];
  }
  const value = valueAt(root, path);
  if (isMissing(issue, root)) {
    if (path.length === 0) return [];
    const key = String(path.at(-1));
    // Misspelt rather than missing: the unknown key beside it has been told already.
    const beside = unknownKeys.get(keyOf(path.slice(0, -1))) ?? [];
    const isMisspelt = beside.some((word) => nearest(word, [key]) === key);
    if (isMisspelt) return [];
    return [errorOnKey(path.slice(0, -1), "missing-key", `\`${key}\` is missing here.`, missingFix(key))];
  }
  if (issue.code === "invalid_value" && issue.message === "choice") {
    const choices = issue.values.map(String);
    const meant = typeof value === "string" ? nearest(value, choices) : undefined;
    const fix = meant === undefined ? `Write one of ${choices.join(", ")}.` : `Did you mean \`${meant}\`?`;
    return [
      error(path, "unknown-word", `One of ${choices.join(", ")} was expected here, and this is ${shown(value)}.`, fix),
    ];
  }
  return [worded(path, issue.message, value, nearest)];
}

function worded(path: Path, message: string, value: unknown, nearest: Nearest): Finding {
  const [row = "", ...parameters] = message.split(" ");
  const bounded = row === "duration-between" && typeof value === "string" ? value : undefined;
  const text = wording[row]?.(bounded ?? value, nearest, parameters);
  if (text === undefined)
    return error(
      path,
      "wrong-type",
      `Something else was expected here than ${shown(value)}.`,
      "Compare with docs/manifest.md.",
    );
  return error(path, text.rule, text.message, text.fix);
}

const missingFixes: Readonly<Record<string, string>> = {
  version: "Write `version: 1` at the top.",
  system: "Write `system: ` and a name, such as `system: shop`.",
  regions: "Write `regions:` with one block per region.",
  services: "Write `services:` with one block per service.",
  at: "Write where it is, such as `at: azure/norwayeast`, or `at: unknown`.",
  primary: "Write the regions that may be primary, preferred first, such as `primary: [north, south]`.",
  type: "Write its catalog id, such as `type: postgresql`.",
  in: "Write where it is, such as `in: north` or `in: azure/westeurope`.",
  to: "Write the service that it leads to, such as `to: web`.",
  trigger: 'Write what starts it, such as `trigger: { recurrence: "0 2 * * *" }`.',
  call: "Write what it calls, such as `call: POST http://web/jobs/invoices`.",
  command: "Write what to start, such as `command: [node, server.js]`.",
  http: 'Write the address for users, such as `http: "127.0.0.1:8411"`.',
  currency: "Write the currency of every amount, such as `currency: EUR`.",
  why: "Write why one can live with it: `why: ...`.",
  rule: "Write the id of the finding, as `leeward assess` prints it.",
  size: "Write how much it holds, such as `size: 40GiB`.",
  name: "Write a name for it, such as `name: nightly`.",
  every: "Write once in how long, such as `every: 24h`.",
  region: "Write the region that it watches, such as `region: north`.",
  peer: 'Write the address for other routers, such as `peer: "127.0.0.1:8421"`.',
};

function missingFix(key: string): string {
  return missingFixes[key] ?? `Write \`${key}:\` and its value.`;
}

function isMissing(issue: Issue, root: Keyed): boolean {
  return (
    issue.code !== "unrecognized_keys" &&
    issue.code !== "invalid_key" &&
    valueAt(root, issue.path as Path) === undefined
  );
}

/** A copy of each block that something is taken out of, made once; the rest is shared with the original. */
class OwnCopy {
  root: Keyed;
  private readonly own = new Set<object>();

  constructor(original: Keyed) {
    this.root = original;
  }

  /** The block at `path`, to be changed; undefined where there is none. */
  blockAt(path: Path): Keyed | undefined {
    this.root = this.owned(this.root);
    let block: Keyed | unknown[] = this.root;
    for (const step of path) {
      const inner: unknown = valueAt(block, [step]);
      if (typeof inner !== "object" || inner === null) return undefined;
      const copy = this.owned(inner as Keyed);
      (block as Keyed)[step] = copy;
      block = copy;
    }
    return isKeyed(block) ? block : undefined;
  }

  private owned(block: Keyed): Keyed {
    if (this.own.has(block)) return block;
    const copy = (Array.isArray(block) ? [...block] : { ...block }) as Keyed;
    this.own.add(copy);
    return copy;
  }
}

function takeOut(issue: Issue, copy: OwnCopy): void {
  const path = issue.path as Path;
  if (issue.code === "unrecognized_keys") {
    const owner = copy.blockAt(path);
    if (owner !== undefined) for (const key of issue.keys) delete owner[key];
    return;
  }
  const missing = isMissing(issue, copy.root);
  // Items of lists keep their index only if the list goes as a whole.
  const firstIndex = path.findIndex((step) => typeof step === "number");
  let target = firstIndex < 0 ? path : path.slice(0, firstIndex);
  if (missing && target.length === path.length) target = path.length === 1 ? path : path.slice(0, -1);
  const key = target.at(-1);
  const owner = copy.blockAt(target.slice(0, -1));
  if (key === undefined || owner === undefined) return;
  if (target.length === 1 && key in standIns) owner[key] = structuredClone(standIns[key]);
  else delete owner[key];
}

function keysAt(path: Path): readonly string[] {
  let schema: unknown = manifestSchema;
  for (const step of path) {
    schema = bare(schema);
    if (schema === undefined) return [];
    const definition = definitionOf(schema);
    if (definition?.shape !== undefined) schema = definition.shape[String(step)];
    else schema = definition?.valueType ?? definition?.element;
  }
  const inner = bare(schema);
  return Object.keys((inner === undefined ? undefined : definitionOf(inner)?.shape) ?? {});
}

type Definition = { shape?: Record<string, unknown>; valueType?: unknown; element?: unknown; innerType?: unknown };

function definitionOf(schema: unknown): Definition | undefined {
  return (schema as { def?: Definition } | undefined)?.def;
}

/** Without the layers for defaults and optional keys. */
function bare(schema: unknown): unknown {
  let inner = schema;
  for (let next = definitionOf(inner)?.innerType; next !== undefined; next = definitionOf(inner)?.innerType)
    inner = next;
  return inner;
}

function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const step of path) {
    if (Array.isArray(value)) value = value[Number(step)];
    else if (isKeyed(value) && Object.hasOwn(value, String(step))) value = value[String(step)];
    else return undefined;
  }
  return value;
}

function keyOf(path: Path): string {
  return JSON.stringify(path);
}

function isKeyed(value: unknown): value is Keyed {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
