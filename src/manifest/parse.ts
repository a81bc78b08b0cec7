// Text to model. The only maker of a `System`: whoever has one may trust that it is complete and that its names lead somewhere.
// Every fault of a text is told at once, in the order of the text, each once.

import type { System } from "../core/model/system.ts";
import { addressFindings } from "./addresses.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { hazardFindings } from "./hazards.ts";
import type { Declared } from "./known.ts";
import { systemOf } from "./model.ts";
import { nameFindings } from "./names.ts";
import { makeNearest } from "./nearest.ts";
import { byPlace, type Finding, type Path, type Place, type Problem } from "./problem.ts";
import { secretFindings } from "./secrets.ts";
import { shapeOf } from "./shape.ts";
import { isWritten, keysAt, makePlaces, readTree, type Tree } from "./tree.ts";
import type { TextFault } from "./yaml-fault.ts";

export type GoodManifest = {
  readonly kind: "ok";
  readonly system: System;
  /** In the order of the text. */
  readonly warnings: readonly Problem[];
  /** Of the model: the same for two texts that mean the same. */
  readonly fingerprint: string;
  /** Where the value at a path of the manifest stands, such as `["services", "web", "replicas"]`; of what is left out, where it belongs. */
  readonly placeOf: (path: Path) => Place;
};

export type BadManifest = { readonly kind: "bad"; readonly problems: readonly Problem[] };

export type ParsedManifest = GoodManifest | BadManifest;

/** Never throws for any text. `file` is only for the problems' sake. */
export function parseManifest(text: string, { file }: { readonly file: string }): ParsedManifest {
  // Editors do not count a byte order mark as a column.
  const body = text.startsWith("\uFEFF") ? text.slice(1) : text;
  const places = makePlaces(body);
  const { tree, faults } = readTree(body);
  const ofText = faults.map((fault) => problemOfText(fault, file, places));
  if (tree === undefined) return { kind: "bad", problems: ofText };

  const nearest = makeNearest();
  const declared = declaredIn(tree);
  const secrets = secretFindings(tree.value);
  const { draft, findings: ofShape } = shapeOf(tree.value, nearest);
  const system = systemOf(draft);
  const findings = [
    ...secrets,
    ...ofShape,
    ...nameFindings(system, declared, nearest),
    ...hazardFindings(system, declared),
    ...addressFindings(system),
  ];
  const problems = [
    ...ofText,
    ...findings.map((finding) => problemOf(finding, file, (path, on) => places(tree.offsetOf(path, on)))),
  ];
  problems.sort(byPlace);
  const told = onceEach(problems);
  if (told.some((problem) => problem.severity === "error")) return { kind: "bad", problems: told };
  let fingerprint: string | undefined;
  return {
    kind: "ok",
    system,
    warnings: told,
    // Takes as long as a tenth of the reading, and few ask for it.
    get fingerprint() {
      fingerprint ??= fingerprintOf(system);
      return fingerprint;
    },
    placeOf: (path) => places(tree.offsetOf(path, "value")),
  };
}

function problemOfText(fault: TextFault, file: string, places: (at: number) => Place): Problem {
  return { file, ...places(fault.at), rule: fault.rule, severity: "error", message: fault.message, fix: fault.fix };
}

function problemOf(finding: Finding, file: string, placeOf: (path: Path, on: "key" | "value") => Place): Problem {
  const { path, on, rule, severity, message, fix } = finding;
  return { file, ...placeOf(path, on), rule, severity, message, fix };
}

/** An alias repeats a fault at the place where it is written; one telling is enough. */
function onceEach(problems: readonly Problem[]): readonly Problem[] {
  return problems.filter((problem, index) => {
    const before = problems[index - 1];
    return before === undefined || byPlace(before, problem) !== 0 || before.message !== problem.message;
  });
}

function declaredIn({ value }: Tree): Declared {
  const namesOf = (key: string): ReadonlySet<string> | undefined => {
    const section: unknown =
      typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
    if (section === undefined && ["groups", "routes", "jobs"].includes(key)) return new Set();
    return typeof section === "object" && section !== null && !Array.isArray(section)
      ? new Set(Object.keys(section))
      : undefined;
  };
  return {
    regions: namesOf("regions"),
    groups: namesOf("groups"),
    services: namesOf("services"),
    routes: namesOf("routes"),
    jobs: namesOf("jobs"),
    keysAt: (path) => keysAt(value, path),
    has: (path) => isWritten(value, path),
  };
}
