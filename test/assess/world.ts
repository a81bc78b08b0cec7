// For the tests of the assessment: a manifest's text to what the recovery arithmetic reckons with, by the same way as the command.

import { knowledge } from "../../src/catalog/knowledge.ts";
import { type Ground, groundOf } from "../../src/core/assess/ground.ts";
import { recoveryOf, targetsAfter } from "../../src/core/assess/recovery.ts";
import type { Loss } from "../../src/core/model/assess-report.ts";
import type { System } from "../../src/core/model/system.ts";
import { parseManifest } from "../../src/manifest/parse.ts";

export function systemFrom(text: string): System {
  const parsed = parseManifest(text, { file: "leeward.yaml" });
  if (parsed.kind === "bad") throw new Error(parsed.problems.map((problem) => problem.message).join("\n"));
  return parsed.system;
}

export const groundFrom = (text: string): Ground => groundOf(systemFrom(text), knowledge());

export function lossOf(text: string, ...lost: string[]): Loss {
  const ground = groundFrom(text);
  return recoveryOf({ ground, lost, targets: targetsAfter(ground.system, lost) });
}

/** xorshift32: the same numbers on every machine. */
export function random(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 4_294_967_296;
  };
}
