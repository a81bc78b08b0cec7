// `leeward watch-plan FILE`: is the watch good enough? Needs no server and no credentials.
// Exit codes: 0 every objective of the watch is met; 1 refused, with the mend; 2 bad input; 3 the JSON could not be written.

import { writeFileSync } from "node:fs";
import { roundTripOf } from "../catalog/latency.ts";
import type { TargetPlan } from "../core/watch/watch-judge.ts";
import { watchPlan } from "../core/watch/watch-plan.ts";
import { waitBetween } from "../core/watch/watch-rates.ts";
import { readManifest } from "../manifest/read.ts";
import { renderProblems } from "../manifest/render-problems.ts";
import { watchPlanText } from "../render/text/watch-plan.ts";

export type WatchPlanIo = {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly color: boolean;
  readonly width?: number;
};

export type WatchPlanFlags = { readonly json?: string; readonly target?: string };

export function planWatch(file: string, flags: WatchPlanFlags, io: WatchPlanIo): 0 | 1 | 2 | 3 {
  const read = readManifest(file);
  if (read.kind === "bad") {
    const errors = read.problems.filter((problem) => problem.severity === "error");
    io.err(`The watch of ${file} cannot be judged before this is mended:\n\n${renderProblems(errors, read.text)}\n`);
    return 2;
  }
  const whole = watchPlan(read.system, waitBetween(read.system, roundTripOf));
  const { target } = flags;
  const targets = target === undefined ? whole.targets : whole.targets.filter((one) => isMeant(one, target));
  if (targets.length === 0) {
    io.err(`leeward: ${file} has no target ${target}: give a service, a region, or REGION/SERVICE.\n`);
    return 2;
  }
  const plan = { ...whole, targets };
  io.out(watchPlanText(plan, { color: io.color, ...(io.width === undefined ? {} : { width: io.width }) }));
  if (flags.json !== undefined) {
    try {
      writeFileSync(flags.json, `${JSON.stringify({ version: 1, ...plan }, undefined, 2)}\n`);
    } catch (error) {
      io.err(`leeward: ${flags.json} cannot be written: ${error instanceof Error ? error.message : String(error)}\n`);
      return 3;
    }
  }
  return plan.kind === "met" ? 0 : 1;
}

function isMeant({ region, service }: TargetPlan, meant: string): boolean {
  return meant === service || meant === region || meant === `${region}/${service}`;
}
