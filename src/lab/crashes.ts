// The story of the controller that dies: at every durable boundary (intent, effect, outcome) of every step of a switchover and of a
// failover it kills itself, is started again, and must bring the group to the intended or the prior state, with no effect done twice.
// Effects are counted where they are performed: by the agents.

import { setTimeout as sleep } from "node:timers/promises";
import { type CrashPoint, endedWrong, type LabReport } from "../core/model/lab-report.ts";
import { readStored, startUsers } from "./clients.ts";
import { LabFailure } from "./failure.ts";
import { bringBack, killRegion } from "./faults.ts";
import { measure } from "./measure.ts";
import { signalAll } from "./processes.ts";
import type { Progress } from "./progress.ts";
import type { Lab } from "./start.ts";
import { crashStory } from "./stories.ts";
import { nowMs } from "./users/ledger.ts";
import { primaryOf, warmUp } from "./waiting.ts";

type Kind = "switchover" | "failover";

const boundaries = ["intent", "effect", "outcome"] as const;
/** The variable by which the controller is told where to die. */
const crashVariable = "LEEWARD_CRASH_AT";
const acceptedDeadlineMs = 10_000;
const deathDeadlineMs = 30_000;
const endDeadlineMs = 90_000;

export async function playCrashes(options: {
  readonly lab: Lab;
  readonly run: string;
  readonly refuse: boolean;
  readonly progress: Progress;
  readonly only?: Kind;
}): Promise<LabReport> {
  const { lab, run, progress } = options;
  const primary = await primaryOf(lab);
  const users = startUsers(lab, run, primary);
  const startedAt = await progress.step("Users write an order every 10 ms", () => warmUp(users));
  const faultAt = nowMs();
  const crashes: CrashPoint[] = [];
  const faults: { readonly at: number; readonly region: string; readonly sentence: string }[] = [];
  const kinds: readonly Kind[] = options.only === undefined ? ["switchover", "failover"] : [options.only];
  for (const kind of kinds) {
    // The steps' names carry regions, so each direction is learned from a run in which nobody dies.
    const learned = new Map<string, readonly string[]>();
    for (let direction = 0; direction < 2; direction++) {
      const from = await primaryOf(lab);
      learned.set(
        from,
        await progress.step(`A ${kind} away from ${from}, undisturbed, to learn its steps`, (say) =>
          undisturbed(lab, kind, from, options.refuse, say),
        ),
      );
    }
    const count = Math.min(...[...learned.values()].map((steps) => steps.length));
    for (let index = 0; index < count; index++) {
      for (const boundary of boundaries) {
        const from = await primaryOf(lab);
        const at = `${kind}/${learned.get(from)?.[index]}/${boundary}`;
        faults.push({ at: nowMs(), region: lab.controllerPlace, sentence: `The controller is told to die at ${at}` });
        const point = await progress.step(`The controller dies at ${at}`, (say) =>
          dieAt(lab, { kind, at, from, refuse: options.refuse }, say),
        );
        crashes.push(point);
        users.state();
      }
    }
  }
  const { entries, state } = await progress.step("Counting every acknowledged order in the serving database", () =>
    users.stop(),
  );
  const answer = await lab.control.report(startedAt - 1_000);
  const serving = await primaryOf(lab);
  const adminUrl = lab.database(serving)?.adminUrl;
  if (adminUrl === undefined) throw new LabFailure(`${serving} should serve, but no database server of it runs.`);
  const report = measure({
    story: crashStory.name,
    mode: lab.mode,
    system: lab.system.name,
    region: primary,
    startedAt,
    faultAt,
    endedAt: nowMs(),
    entries,
    stored: await readStored(adminUrl, run),
    events: answer.events,
    runs: answer.runs,
    faults,
    objectives: lab.system.objectives,
    withheld: state.withheld,
  });
  const wrong = crashes.filter((point) => !point.died || point.ended === "neither" || point.effectsTwice > 0);
  return {
    ...report,
    crashes,
    notes: [...report.notes, ...wrong.map((point) => `${endedWrong}: ${point.at} ${sentenceOf(point)}`)],
  };
}

function sentenceOf(point: CrashPoint): string {
  if (!point.died) return "was never reached";
  return point.effectsTwice > 0 ? `had ${point.effectsTwice} effects done twice` : `ended in neither state`;
}

/** One move of the primary without a crash; returns the ids of its steps in the order in which they ended. */
async function undisturbed(
  lab: Lab,
  kind: Kind,
  from: string,
  refuse: boolean,
  say: (detail: string) => void,
): Promise<readonly string[]> {
  await lab.untilProtected(say);
  const since = nowMs();
  await begin(lab, kind, from, refuse);
  await untilMoved(lab, from, say);
  if (kind === "failover") await bringBack(lab, from);
  await lab.untilProtected(say);
  const { runs } = await lab.control.report(since - 500);
  const run = runs.find((one) => one.kind === kind && one.from === from && one.startedAt >= since - 500);
  if (run === undefined) throw new LabFailure(`The ${kind} away from ${from} left no record of its steps.`);
  return run.steps.map((step) => step.id);
}

async function begin(lab: Lab, kind: Kind, from: string, refuse: boolean): Promise<void> {
  const to = lab.group.primary.find((region) => region !== from) as string;
  if (kind === "failover") await killRegion(lab, from, refuse ? "refuse" : "swallow");
  // Ordered by a person in both cases: automatic switches rest for a while after each one, and there are many here.
  const group = lab.group.name;
  const until = performance.now() + acceptedDeadlineMs;
  for (;;) {
    const answer = await lab.control
      .command(kind === "failover" ? { kind, group, to, by: "lab", acceptLoss: true } : { kind, group, to, by: "lab" })
      // The controller may die before it can answer; what became of the order is seen afterwards.
      .catch(() => undefined);
    if (answer === undefined || answer.accepted) return;
    // A controller that has just started has not heard of every region yet, and says so.
    if (performance.now() > until) throw new LabFailure(`The ${kind} to ${to} was refused: ${answer.sentence}`);
    await sleep(100);
  }
}

async function dieAt(
  lab: Lab,
  point: { readonly kind: Kind; readonly at: string; readonly from: string; readonly refuse: boolean },
  say: (detail: string) => void,
): Promise<CrashPoint> {
  const twiceBefore = await effectsTwice(lab);
  await restartController(lab, { [crashVariable]: point.at });
  await lab.untilProtected(say);
  const child = lab.controller();
  await begin(lab, point.kind, point.from, point.refuse);
  const until = performance.now() + deathDeadlineMs;
  const dead = (): boolean => child.process.exitCode !== null || child.process.signalCode !== null;
  while (!dead() && performance.now() < until) await sleep(20);
  const died = dead();
  say(died ? "it died; it is started again" : "it did not die; it is started again");
  await restartController(lab, {});
  // A dead region has only one way to end; after a switchover that was cut short both states are right.
  if (point.kind === "failover") {
    await untilMoved(lab, point.from, say);
    await bringBack(lab, point.from);
  }
  const ended = await endOf(lab, point.from, say);
  return { at: point.at, died, ended, effectsTwice: (await effectsTwice(lab)) - twiceBefore };
}

/** "neither": the group does not become whole again, with whichever primary. */
async function endOf(lab: Lab, from: string, say: (detail: string) => void): Promise<CrashPoint["ended"]> {
  try {
    await lab.untilProtected(say);
    return (await primaryOf(lab)) === from ? "prior" : "intended";
  } catch (error) {
    if (error instanceof LabFailure) return "neither";
    throw error;
  }
}

async function restartController(lab: Lab, env: Readonly<Record<string, string>>): Promise<void> {
  const child = lab.controller();
  signalAll([child], "SIGKILL");
  while (child.process.exitCode === null && child.process.signalCode === null) await sleep(10);
  await lab.startController(env);
}

async function untilMoved(lab: Lab, from: string, say: (detail: string) => void): Promise<void> {
  const until = performance.now() + endDeadlineMs;
  for (;;) {
    const status = await lab.control.status();
    const group = status?.groups.find((one) => one.group === lab.group.name);
    const busy = group?.run?.result === "running" || group?.run?.result === "paused";
    if (group !== undefined && group.primary !== from && !busy && group.traffic?.primary === group.primary) return;
    say(group?.sentence ?? "the controller does not answer");
    if (performance.now() > until)
      throw new LabFailure(
        `The primary did not leave ${from} within ${endDeadlineMs / 1_000} s: ${group?.sentence ?? "the controller does not answer"}`,
      );
    await sleep(50);
  }
}

/** How many effects were performed more than once, by every agent that answers. */
async function effectsTwice(lab: Lab): Promise<number> {
  const statuses = await Promise.all(lab.map.regions.map((region) => lab.control.agentStatus(region.agent)));
  return statuses.flatMap((status) => Object.values(status?.effects ?? {})).filter((times) => times > 1).length;
}
