// Plays one round of a story against a running lab and returns what it measured. The load goes on from before the fault until after the
// switch home, so that nothing that happens in between is missed.

import { setTimeout as sleep } from "node:timers/promises";
import { endedWrong, type LabReport } from "../core/model/lab-report.ts";
import { readStored, startUsers, type Users } from "./clients.ts";
import { notYetProtected } from "./control.ts";
import { LabFailure } from "./failure.ts";
import { bringBack, cutLink, cutRegion, freezeRegion, healAll, killRegion, stallStore, thawRegion } from "./faults.ts";
import { measure } from "./measure.ts";
import type { Progress } from "./progress.ts";
import type { Lab } from "./start.ts";
import type { Role, Story, StoryStep } from "./stories.ts";
import { nowMs } from "./users/ledger.ts";

export type RoundOptions = {
  readonly lab: Lab;
  readonly story: Story;
  /** Names this round's keys. */
  readonly run: string;
  readonly refuse: boolean;
  /** No second act. */
  readonly once: boolean;
  readonly progress: Progress;
};

const warmUpMs = 3_000;
const warmUpDeadlineMs = 30_000;
const homeSettleMs = 2_000;
const homeDeadlineMs = 60_000;
const lookEveryMs = 20;

type Fault = { readonly at: number; readonly region: string; readonly sentence: string };

export async function playRound(options: RoundOptions): Promise<LabReport> {
  const { lab, story, run, progress } = options;
  const primary = await primaryOf(lab);
  const target = lab.group.primary.find((region) => region !== primary) ?? primary;
  const names: Readonly<Record<Role, string>> = { primary, target, controller: lab.controllerPlace };
  const asked = story.steps.some((step) => step.do === "ask-switchover");
  if (!asked) await progress.step("Waiting until an automatic switch is allowed again", () => coolDown(lab));

  const users = startUsers(lab, run, primary);
  const startedAt = await progress.step("Users write an order every 10 ms", () => warmUp(users));
  const epochBefore = users.state().highestEpoch;
  const faults: Fault[] = [];
  const stage: Stage = { ...options, names, users, epochBefore, faults };
  for (const step of story.steps) await act(stage, step);

  let homeAt: number | undefined;
  if (!options.once) {
    for (const step of story.after) await act(stage, step);
    await progress.step("Waiting until the system is protected again", (say) => lab.untilProtected(say));
    if (story.expected === "moves") {
      homeAt = nowMs();
      await progress.step(`Switching home to ${primary}`, () => switchHome(lab, primary, users));
    }
  }
  const { entries, state } = await progress.step("Counting every acknowledged order in the serving database", () =>
    users.stop(),
  );
  const endedAt = nowMs();
  const answer = await lab.control.report(startedAt - 1_000);
  const serving = await primaryOf(lab);
  const adminUrl = lab.database(serving)?.adminUrl;
  if (adminUrl === undefined) throw new LabFailure(`${serving} should serve, but no database server of it runs.`);
  const stored = await readStored(adminUrl, run);
  const report = measure({
    story: story.name,
    mode: lab.mode,
    system: lab.system.name,
    region: primary,
    startedAt,
    faultAt: faults[0]?.at ?? startedAt,
    ...(homeAt === undefined ? {} : { homeAt }),
    endedAt,
    entries,
    stored,
    events: answer.events,
    runs: answer.runs,
    faults,
    objectives: lab.system.objectives,
    withheld: state.withheld,
  });
  return withVerdict(report, story, { primary, serving, wentHome: homeAt !== undefined });
}

type Stage = RoundOptions & {
  readonly names: Readonly<Record<Role, string>>;
  readonly users: Users;
  readonly epochBefore: number;
  readonly faults: Fault[];
};

/** Between rounds: undoes the fault, waits until the system is whole, and takes the primary home. */
export async function restore(options: RoundOptions, home: string): Promise<void> {
  const { lab, story, progress } = options;
  const target = lab.group.primary.find((region) => region !== home) ?? home;
  const names = { primary: home, target, controller: lab.controllerPlace };
  for (const step of story.after) await act({ ...options, names, users: nobody, epochBefore: 0, faults: [] }, step);
  await progress.step("Waiting until the system is protected again", (say) => lab.untilProtected(say));
  if ((await primaryOf(lab)) !== home)
    await progress.step(`Switching home to ${home}`, () => switchHome(lab, home, undefined));
}

const nobody: Users = {
  state: () => {
    throw new Error("nobody is writing between rounds");
  },
  stop: async () => {
    throw new Error("nobody is writing between rounds");
  },
};

async function act(stage: Stage, step: StoryStep): Promise<void> {
  const { lab, names, faults, progress } = stage;
  const kind = stage.refuse ? "refuse" : "swallow";
  const fault = async (region: string, sentence: string, work: () => Promise<void>): Promise<void> => {
    await progress.step(sentence, async () => {
      faults.push({ at: nowMs(), region, sentence });
      await work();
    });
  };
  switch (step.do) {
    case "kill": {
      const region = names[step.who];
      return fault(region, `Everything in ${region} is killed`, () => killRegion(lab, region, kind));
    }
    case "freeze": {
      const region = names[step.who];
      return fault(region, `Everything in ${region} freezes`, () => freezeRegion(lab, region));
    }
    case "thaw": {
      const region = names[step.who];
      return fault(region, `${region} wakes`, () => thawRegion(lab, region));
    }
    case "cut": {
      const [a, b] = [names[step.between[0]], names[step.between[1]]];
      return fault(a, `The link between ${a} and ${b} is cut`, () => cutLink(lab, a, b, kind));
    }
    case "isolate": {
      const region = names[step.who];
      return fault(region, `${region} is cut from every other region`, () => cutRegion(lab, region, kind));
    }
    case "stall-store":
      return fault(lab.controllerPlace, `The controller's store hangs for ${step.ms / 1_000} s`, () =>
        stallStore(lab, step.ms),
      );
    case "heal":
      return fault(names.primary, "All links are whole again", () => healAll(lab));
    case "ask-switchover": {
      const region = names[step.to];
      return fault(names.primary, `Somebody asks for a switchover to ${region}`, () => ask(lab, region));
    }
    case "bring-back": {
      const region = names[step.who];
      return fault(region, `${region} comes back`, () => bringBack(lab, region));
    }
    case "await-successor":
      return progress.step("Waiting until users write again elsewhere", (say) =>
        untilSuccessor(stage, step.withinMs, say),
      );
    case "go-on":
      await progress.step(`Users go on for ${step.ms / 1_000} s`, () => sleep(step.ms));
      stage.users.state();
      return;
    default:
      step satisfies never;
  }
}

async function ask(lab: Lab, to: string): Promise<void> {
  const answer = await lab.control.command({ kind: "switchover", group: lab.group.name, to, by: "lab" });
  if (!answer.accepted) throw new LabFailure(`The switchover to ${to} was refused: ${answer.sentence}`);
}

/** A higher epoch alone is not yet a successor: admitting a standby makes one too. */
async function untilSuccessor(stage: Stage, withinMs: number, say: (detail: string) => void): Promise<void> {
  const until = performance.now() + withinMs;
  for (;;) {
    const { highestEpoch } = stage.users.state();
    if (highestEpoch > stage.epochBefore && (await currentPrimary(stage.lab)) !== stage.names.primary) return;
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

async function switchHome(lab: Lab, home: string, users: Users | undefined): Promise<void> {
  const preferred = lab.group.primary[0] === home;
  const common = { group: lab.group.name, by: "lab" };
  const answer = await lab.control.command(
    preferred ? { kind: "failback", ...common } : { kind: "switchover", to: home, ...common },
  );
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

async function currentPrimary(lab: Lab): Promise<string | undefined> {
  return (await lab.control.status())?.groups.find((group) => group.group === lab.group.name)?.primary;
}

export async function primaryOf(lab: Lab): Promise<string> {
  const until = performance.now() + 10_000;
  for (;;) {
    const primary = await currentPrimary(lab);
    if (primary !== undefined) return primary;
    if (performance.now() > until) throw new LabFailure("The controller does not answer.");
    await sleep(100);
  }
}

/** After a switch no automatic one is made for a while; a story about automatic ones waits that long. */
/** What the controller counts as a switch; making a standby again is none. */
const switches: ReadonlySet<string> = new Set(["failover", "switchover", "failback"]);

export async function coolDown(lab: Lab): Promise<void> {
  const { runs } = await lab.control.report(nowMs() - lab.group.coolDownMs - 1_000);
  const ends = runs
    .filter((run) => switches.has(run.kind) && run.group === lab.group.name)
    .map((run) => run.endedAt ?? nowMs());
  const freeAt = Math.max(0, ...ends) + lab.group.coolDownMs + 500;
  const waitMs = Math.min(freeAt - nowMs(), lab.group.coolDownMs + 500);
  if (ends.length > 0 && waitMs > 0) await sleep(waitMs);
}

/** Says in the notes where a story ended otherwise than it must. */
function withVerdict(
  report: LabReport,
  story: Story,
  seen: { readonly primary: string; readonly serving: string; readonly wentHome: boolean },
): LabReport {
  const atHome = seen.wentHome || story.expected === "stays";
  const notes: string[] = [];
  if ((seen.serving === seen.primary) !== atHome) notes.push(`${endedWrong}: ${seen.serving} serves`);
  if (story.expected === "stays" && report.steps.length > 0)
    notes.push(`${endedWrong}: the primary moved, by a ${report.decision}`);
  return notes.length === 0 ? report : { ...report, notes: [...report.notes, ...notes] };
}
