// Plays one round of a story against a running lab and returns what it measured. The load goes on from before the fault until after the
// switch home, so that nothing that happens in between is missed.

import { endedWrong, type LabReport } from "../core/model/lab-report.ts";
import { act, endLoops, type Stage } from "./act.ts";
import { checkAll } from "./checks.ts";
import { readStored, startUsers, type Users } from "./clients.ts";
import { LabFailure } from "./failure.ts";
import { measure } from "./measure.ts";
import { type Noted, takeNotes, withTimeline } from "./noted.ts";
import type { Progress } from "./progress.ts";
import type { Lab } from "./start.ts";
import type { Role, Story } from "./story.ts";
import { nowMs } from "./users/ledger.ts";
import { coolDown, primaryOf, switchHome, warmUp } from "./waiting.ts";

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

export async function playRound(options: RoundOptions): Promise<LabReport> {
  const { lab, story, run, progress } = options;
  const primary = await primaryOf(lab);
  const names = rolesOf(lab, primary);
  const byPerson = story.steps.some((step) => step.do === "ask-switchover" || step.do === "ask-both");
  if (!byPerson) await progress.step("Waiting until an automatic switch is allowed again", () => coolDown(lab));

  const users = startUsers(lab, run, primary, story.patienceMs);
  const startedAt = await progress.step("Users write an order every 10 ms", () => warmUp(users));
  const epochBefore = users.state().highestEpoch;
  const stage: Stage = {
    ...options,
    names,
    users,
    notes: takeNotes(lab.control, lab.group.name),
    epochBefore,
    faults: [],
    answers: [],
    loops: { stop: new AbortController(), running: [] },
  };
  try {
    for (const step of story.steps) await act(stage, step);
    const actEndedAt = nowMs();
    // What was said of the fault; what is said of the way home is another matter.
    const noted = stage.notes.noted();
    const homeAt = options.once ? undefined : await goHome(stage, story, primary);
    const { entries, state } = await progress.step("Counting every acknowledged order in the serving database", () =>
      users.stop(),
    );
    const endedAt = nowMs();
    const answer = await lab.control.report(startedAt - 1_000);
    const serving = await primaryOf(lab);
    const adminUrl = lab.database(serving)?.adminUrl;
    if (adminUrl === undefined) throw new LabFailure(`${serving} should serve, but no database server of it runs.`);
    const stored = await readStored(adminUrl, run);
    const faultAt = stage.faults[0]?.at ?? startedAt;
    const events = answer.events.filter((event) => event.atMs >= faultAt);
    const all = withTimeline(
      noted,
      events.filter((event) => event.atMs <= actEndedAt),
    );
    const measured = measure({
      story: story.name,
      mode: lab.mode,
      system: lab.system.name,
      region: primary,
      startedAt,
      faultAt,
      ...(homeAt === undefined ? {} : { homeAt }),
      endedAt,
      entries,
      stored,
      events: answer.events,
      runs: answer.runs,
      faults: stage.faults,
      objectives: lab.system.objectives,
      withheld: state.withheld,
    });
    const report = withEvidence(measured, story, names, all);
    const checks = checkAll(
      {
        report,
        names,
        events,
        noted: all,
        runs: answer.runs,
        entries,
        epochBefore,
        struckAt: stage.faults[0]?.doneAt ?? startedAt,
        actEndedAt,
        leaseMs: lab.system.control.lease.ttlMs,
        answers: stage.answers,
      },
      story.checks,
      lab.group.primary.length - 1,
    );
    const accepted = stage.answers.some((one) => one.asked === "approve" && one.accepted);
    const told = { ...report, expected: story.expects, checks, ...(accepted ? { lossAccepted: true } : {}) };
    return withVerdict(told, story, {
      primary,
      serving,
      wentHome: homeAt !== undefined,
    });
  } finally {
    await endLoops(stage);
    await stage.notes.stop();
  }
}

/** The second act. Returns when the switch home was asked for, if there was one. */
async function goHome(stage: Stage, story: Story, primary: string): Promise<number | undefined> {
  const { lab, progress, users } = stage;
  for (const step of story.after) await act(stage, step);
  await progress.step("Waiting until the system is protected again", (say) => lab.untilProtected(say));
  if ((await primaryOf(lab)) === primary) return undefined;
  const homeAt = nowMs();
  await progress.step(`Switching home to ${primary}`, () => switchHome(lab, primary, users));
  return homeAt;
}

/** Between rounds: undoes the fault, waits until the system is whole, and takes the primary home. */
export async function restore(options: RoundOptions, home: string): Promise<void> {
  const { lab, story, progress } = options;
  const stage: Stage = {
    ...options,
    names: rolesOf(lab, home),
    users: nobody,
    notes: unheard,
    epochBefore: 0,
    faults: [],
    answers: [],
    loops: { stop: new AbortController(), running: [] },
  };
  for (const step of story.after) await act(stage, step);
  await progress.step("Waiting until the system is protected again", (say) => lab.untilProtected(say));
  if ((await primaryOf(lab)) !== home)
    await progress.step(`Switching home to ${home}`, () => switchHome(lab, home, undefined));
}

function rolesOf(lab: Lab, primary: string): Readonly<Record<Role, string>> {
  const target = lab.group.primary.find((region) => region !== primary) ?? primary;
  return { primary, target, controller: lab.controllerPlace };
}

const nobody: Users = {
  state: () => {
    throw new Error("nobody is writing between rounds");
  },
  stop: async () => {
    throw new Error("nobody is writing between rounds");
  },
};

const unheard: Stage["notes"] = {
  noted: () => ({ diagnoses: [], decisions: [], traffic: [], epochs: [], lossBoundMs: 0 }),
  newest: () => undefined,
  stop: async () => {},
};

/** The diagnosis that the story is about, where nothing was switched because of another; with what it rests on. */
function withEvidence(report: LabReport, story: Story, names: Readonly<Record<Role, string>>, noted: Noted): LabReport {
  const about = story.checks.flatMap((check) => (check.says === undefined ? [] : [check.says]));
  const found = noted.diagnoses.find((one) =>
    about.some((says) => says.names.includes(one.name) && one.region === names[says.of]),
  );
  const said = report.steps.length === 0 ? (found?.name ?? report.diagnosis) : report.diagnosis;
  const evidence =
    (found?.name === said ? found : undefined) ??
    noted.diagnoses.find((one) => one.name === said && one.region === names.primary) ??
    noted.diagnoses.find((one) => one.name === said);
  return { ...report, diagnosis: said, ...(evidence?.evidence === undefined ? {} : { evidence: evidence.evidence }) };
}

/** Says in the notes where a story ended otherwise than it must. */
function withVerdict(
  report: LabReport,
  story: Story,
  seen: { readonly primary: string; readonly serving: string; readonly wentHome: boolean },
): LabReport {
  const notes = (report.checks ?? []).filter((one) => !one.held).map((one) => `${endedWrong}: ${one.found}`);
  const moved = seen.wentHome || seen.serving !== seen.primary;
  if (story.expected === "moves" && !moved) notes.push(`${endedWrong}: ${seen.serving} serves, as before`);
  if (story.expected === "stays" && moved) notes.push(`${endedWrong}: ${seen.serving} serves`);
  if (seen.wentHome && seen.serving !== seen.primary)
    notes.push(`${endedWrong}: ${seen.serving} serves after the switch home`);
  if (story.expected === "stays" && report.steps.length > 0)
    notes.push(`${endedWrong}: the primary moved, by a ${report.decision}`);
  return notes.length === 0 ? report : { ...report, notes: [...report.notes, ...notes] };
}
