// What a story waits for: users who write, a primary that is known, a successor, the rest between two automatic switches. Each wait has
// an end, with a sentence.

import { setTimeout as sleep } from "node:timers/promises";
import type { Users } from "./clients.ts";
import { notYetProtected } from "./control.ts";
import { LabFailure } from "./failure.ts";
import type { Lab } from "./start.ts";
import { nowMs } from "./users/ledger.ts";

const warmUpMs = 3_000;
const warmUpDeadlineMs = 30_000;
const homeSettleMs = 2_000;
const homeDeadlineMs = 60_000;
const primaryDeadlineMs = 10_000;
export const lookEveryMs = 20;

/** Returns when the measurement begins. */
export async function warmUp(users: Users): Promise<number> {
  const until = performance.now() + warmUpDeadlineMs;
  while (users.state().acknowledged === 0) {
    if (performance.now() > until)
      throw new LabFailure(
        `No order was acknowledged within ${warmUpDeadlineMs / 1_000} s, although nothing is broken yet.`,
      );
    await sleep(lookEveryMs);
  }
  // The first orders meet cold processes and empty pools; they count as writes, but not as the start of the measurement.
  await sleep(warmUpMs / 2);
  const startedAt = nowMs();
  await sleep(warmUpMs / 2);
  return startedAt;
}

export async function currentPrimary(lab: Lab): Promise<string | undefined> {
  return (await lab.control.status())?.groups.find((group) => group.group === lab.group.name)?.primary;
}

export async function primaryOf(lab: Lab): Promise<string> {
  const until = performance.now() + primaryDeadlineMs;
  for (;;) {
    const primary = await currentPrimary(lab);
    if (primary !== undefined && primary !== "") return primary;
    if (performance.now() > until) throw new LabFailure("The controller does not answer.");
    await sleep(100);
  }
}

/** A higher epoch alone is not yet a successor: admitting a standby makes one too. */
export async function untilSuccessor(
  stage: { readonly lab: Lab; readonly users: Users; readonly epochBefore: number; readonly from: string },
  withinMs: number,
  say: (detail: string) => void,
): Promise<void> {
  const until = performance.now() + withinMs;
  for (;;) {
    const { highestEpoch } = stage.users.state();
    if (highestEpoch > stage.epochBefore && (await currentPrimary(stage.lab)) !== stage.from) return;
    const status = performance.now() > until - withinMs + 1_000 ? await stage.lab.control.status() : undefined;
    const sentence = status?.groups.find((group) => group.group === stage.lab.group.name)?.sentence;
    if (sentence !== undefined) say(sentence);
    if (performance.now() > until) {
      throw new LabFailure(
        `Users could not write again within ${withinMs / 1_000} s. ${sentence ?? "The controller does not answer."}`,
      );
    }
    await sleep(lookEveryMs);
  }
}

/** A refused switch home is ordered again for so long. */
const orderAgainForMs = 10_000;

export async function switchHome(lab: Lab, home: string, users: Users | undefined): Promise<void> {
  const preferred = lab.group.primary[0] === home;
  const common = { group: lab.group.name, by: "lab" };
  const order = preferred
    ? ({ kind: "failback", ...common } as const)
    : ({ kind: "switchover", to: home, ...common } as const);
  // A standby that was admitted this moment may count as down for a moment longer; a person would ask again, too.
  const patientUntil = performance.now() + orderAgainForMs;
  let answer = await lab.control.command(order);
  while (!answer.accepted && performance.now() < patientUntil) {
    await sleep(lookEveryMs);
    answer = await lab.control.command(order);
  }
  if (!answer.accepted) throw new LabFailure(`The switch home was refused: ${answer.sentence}`);
  const until = performance.now() + homeDeadlineMs;
  while ((await currentPrimary(lab)) !== home || notYetProtected(await lab.control.status(), lab.group) !== undefined) {
    if (performance.now() > until)
      throw new LabFailure(
        `The switch home was not complete after ${homeDeadlineMs / 1_000} s: ${notYetProtected(await lab.control.status(), lab.group) ?? "the primary is elsewhere"}.`,
      );
    await sleep(100);
  }
  users?.state();
  await sleep(users === undefined ? 0 : homeSettleMs);
}

/** What the controller counts as a switch; making a standby again is none. */
const switches: ReadonlySet<string> = new Set(["failover", "switchover", "failback"]);

/** After a switch no automatic one is made for a while; a story about automatic ones waits that long. */
export async function coolDown(lab: Lab): Promise<void> {
  const { runs } = await lab.control.report(nowMs() - lab.group.coolDownMs - 1_000);
  const ends = runs
    .filter((run) => switches.has(run.kind) && run.group === lab.group.name)
    .map((run) => run.endedAt ?? nowMs());
  const freeAt = Math.max(0, ...ends) + lab.group.coolDownMs + 500;
  const waitMs = Math.min(freeAt - nowMs(), lab.group.coolDownMs + 500);
  if (ends.length > 0 && waitMs > 0) await sleep(waitMs);
}
