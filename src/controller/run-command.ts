// A person's word in a run under way: pause, resume, skip, approve, abort, force. Refused where it would be unsafe, else made durable.
// I1: the step that moves the epoch is never skipped. I10: past the new primary's epoch there is no abort, for nobody would serve.

import type { Execution } from "../executor/execute.ts";
import type { Command, RunState } from "../executor/run.ts";
import type { Clock } from "../ports/clock.ts";
import type { CommandAnswer } from "../wire/people.ts";

export type RunCommand = { readonly command: Command; readonly by: string; readonly step: string | undefined };

/** A person's word in a run is answered after this at the latest, durable or not. */
const commandWaitMs = 3_000;

/** Why the run may not be commanded so, while the record is at `epoch`; nothing when it may. */
function refusalOf({ plan, steps }: RunState, { command, step }: RunCommand, epoch: number): string | undefined {
  if (command === "skip") {
    if (step === undefined || !steps.has(step)) return `name the step to skip: ${[...steps.keys()].join(", ")}`;
    if (plan.steps.some((one) => one.id === step && one.does.kind === "advance-epoch"))
      return "the epoch cannot be skipped: without it there could be two writers";
  }
  if (command === "abort" && plan.kind !== "protect" && epoch > plan.epochBefore)
    return `too late to abort: epoch ${epoch} names ${plan.to} already, and stopping now would leave nobody to serve`;
  return undefined;
}

/** Accepted means durable: the journal holds it, and the run or the one that takes it up goes by it. */
export async function commandRun(
  clock: Clock,
  execution: Execution,
  word: RunCommand,
  epoch: number,
): Promise<CommandAnswer> {
  const refusal = refusalOf(execution.state, word, epoch);
  if (refusal !== undefined) return { accepted: false, sentence: refusal };
  const { id: run } = execution;
  const { command, by, step } = word;
  const noted = execution.command(command, by, step).then(
    () => "noted",
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  const answer = await Promise.race([
    noted,
    clock.sleep(commandWaitMs).then(() => "the journal does not answer; it counts as soon as it does"),
  ]);
  return answer === "noted"
    ? { accepted: true, sentence: `${run}: ${command}${step === undefined ? "" : ` ${step}`}`, run }
    : { accepted: false, sentence: `${command} is not durable: ${answer}`, run };
}
