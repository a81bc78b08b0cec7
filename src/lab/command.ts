// `leeward lab`, `leeward lab up`, `leeward lab down`. Whatever happens in here (an end, a failure, Ctrl-C), no process stays behind but
// those that `lab up` was asked to leave.

import { closeSync, openSync, writeSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { endedWrong, type LabReport } from "../core/model/lab-report.ts";
import type { System } from "../core/model/system.ts";
import { readManifest } from "../manifest/read.ts";
import { playCrashes } from "./crashes.ts";
import { LabFailure } from "./failure.ts";
import { aggregate } from "./measure.ts";
import { playRound, restore } from "./play.ts";
import { endAll, livingOf, signalAll } from "./processes.ts";
import { makeProgress, type Progress } from "./progress.ts";
import { becomeUser, chooseUser, findUser, isRoot, repairServerLibraries } from "./root.ts";
import { prepareFolder, releaseFolder, runFolderOf } from "./run-folder.ts";
import { type Lab, projectFolder, startLab } from "./start.ts";
import { storiesOf, storyNames } from "./stories.ts";
import { lasting, mayLast, type Story, storyIn } from "./story.ts";
import { describeUp, leaveUp, takeDown } from "./up.ts";
import { primaryOf } from "./waiting.ts";

export type LabFlags = {
  /** The manifest; the example's when left out. */
  readonly file?: string;
  readonly story?: string;
  readonly mode?: string;
  readonly rounds?: number;
  /** How many regions of the example may serve: 2 or 3. */
  readonly regions?: number;
  /** For stories that may last: so long. */
  readonly minutes?: number;
  readonly refuse?: boolean;
  /** No second act. */
  readonly once?: boolean;
  readonly json?: string;
  readonly html?: string;
  /** The run folder. */
  readonly dir?: string;
};

/** Handed in by app, for the lab knows nothing of pages. Loaded only when there is a report. */
export type LabRender = () => Promise<{
  terminal(report: LabReport, options: { readonly color: boolean; readonly width: number }): string;
  html(report: LabReport): string;
}>;

const defaultStory = "region-loss";
const roundsMax = 1_000;
const downGraceMs = 8_000;

/** 0: as promised; 1: the story ended otherwise than it must, or an objective was missed; 2: bad input; 3: could not be carried out. */
export async function runLab(flags: LabFlags, render: LabRender): Promise<number> {
  return guarded(async (progress) => {
    const storyName = flags.story ?? defaultStory;
    if (!storyNames.includes(storyName))
      throw new LabFailure(`There is no story ${storyName}. There are: ${storyNames.join(", ")}.`, 2);
    const rounds = flags.rounds ?? 1;
    if (!Number.isInteger(rounds) || rounds < 1 || rounds > roundsMax)
      throw new LabFailure(`--rounds must be a whole number from 1 to ${roundsMax}.`, 2);
    const played = storiesOf(storyName);
    const { minutes } = flags;
    if (minutes !== undefined && !played.some(mayLast))
      throw new LabFailure(`${storyName} takes as long as it takes; --minutes is for stories that may last.`, 2);
    const [one] = played;
    if (one?.mode !== undefined && flags.mode !== undefined && flags.mode !== one.mode)
      throw new LabFailure(`${storyName} has something to show in ${one.mode} mode only; leave --mode out.`, 2);
    const ground = prepare({ ...flags, ...(one?.mode === undefined ? {} : { mode: one.mode }) }, progress);
    const policy = one?.policy === undefined ? {} : { policy: one.policy };
    const ending = endOnSignals(ground.folder, progress);
    let lab: Lab | undefined;
    try {
      lab = await startLab({ ...ground, ...policy, progress, kind: "story" });
      const { reports, failure } = await playRounds(lab, storyName, rounds, flags, progress);
      // What was measured before a round failed is still true.
      if (reports.length > 0) {
        const one = flags.rounds === undefined && played.length < 2;
        const report = one ? (reports[0] as LabReport) : { ...aggregate(reports), story: storyName };
        const { terminal, html } = await render();
        ground.json?.write(`${JSON.stringify(report, undefined, 2)}\n`);
        ground.html?.write(html(report));
        process.stdout.write(
          `${terminal(report, { color: process.stdout.isTTY === true, width: process.stdout.columns ?? 100 })}\n`,
        );
        if (failure === undefined) return verdictOf(report);
      }
      throw failure;
    } finally {
      await progress.step("Ending every process of the lab", () => lab?.end() ?? Promise.resolve());
      ending.release();
    }
  });
}

async function playRounds(
  lab: Lab,
  storyName: string,
  rounds: number,
  flags: LabFlags,
  progress: Progress,
): Promise<{ readonly reports: readonly LabReport[]; readonly failure?: unknown }> {
  const reports: LabReport[] = [];
  const refuse = flags.refuse === true;
  const parts = storiesOf(storyName);
  const acts: readonly (Story | undefined)[] = parts.length === 0 ? [undefined] : parts;
  const total = rounds * acts.length;
  try {
    const home = await primaryOf(lab);
    for (let index = 0; index < total; index++) {
      const one = acts[index % acts.length];
      const run = `r${index + 1}`;
      if (total > 1) progress.note(`Round ${index + 1} of ${total}${one === undefined ? "" : `: ${one.what}`}`);
      if (one === undefined) {
        reports.push(await playCrashes({ lab, run, refuse, progress }));
        continue;
      }
      const story = storyIn(lab.mode, lab.group.primary.length - 1, lasting(one, flags.minutes));
      const options = { lab, story, run, refuse, once: flags.once === true, progress };
      reports.push(await playRound(options));
      if (options.once && index + 1 < total) await restore(options, home);
    }
    return { reports };
  } catch (failure) {
    return { reports, failure };
  }
}

function verdictOf(report: LabReport): number {
  const wrongEnd = report.notes.some((note) => note.startsWith(endedWrong));
  const lossless = report.mode === "sync" || report.story === "switchover";
  const broken =
    wrongEnd ||
    report.twoWriters ||
    report.duplicated > 0 ||
    (!report.objectives.met && !onlyTheAcceptedLoss(report)) ||
    (lossless && report.lost > 0) ||
    (report.home?.lost ?? 0) > 0;
  return broken ? 1 : 0;
}

/** Nothing was missed but the RPO, by a loss that a person had said yes to. */
function onlyTheAcceptedLoss(report: LabReport): boolean {
  return report.lossAccepted === true && report.rtoMs <= report.objectives.rtoMs;
}

export async function runLabUp(flags: Pick<LabFlags, "file" | "mode" | "regions" | "json" | "dir">): Promise<number> {
  return guarded(async (progress) => {
    const ground = prepare(flags, progress);
    const ending = endOnSignals(ground.folder, progress);
    const lab = await startLab({ ...ground, progress, kind: "up" });
    const up = describeUp(lab);
    const text = `${JSON.stringify(up, undefined, 2)}\n`;
    ground.json?.write(text);
    writeFile(join(ground.folder, "up.json"), text);
    leaveUp(lab);
    ending.release();
    if (ground.json === undefined) process.stdout.write(text);
    progress.note(
      `The lab is up in ${ground.folder}. End it with: leeward lab down${flags.dir === undefined ? "" : ` --dir ${flags.dir}`}`,
    );
    return 0;
  });
}

export async function runLabDown(flags: Pick<LabFlags, "dir">): Promise<number> {
  return guarded(async (progress) => {
    const folder = runFolderOf(flags.dir, labUserId());
    const count = await progress.step("Ending every process of the lab", () => takeDown(folder, downGraceMs));
    progress.note(count === 0 ? `No lab was running in ${folder}.` : `${count} processes ended.`);
    return 0;
  });
}

/** The lab of root belongs to the user that root becomes. */
function labUserId(): number | undefined {
  if (!isRoot()) return process.getuid?.();
  const user = chooseUser(process.env.LEEWARD_USER, findUser);
  return typeof user === "string" ? undefined : user.uid;
}

/** The example with so many regions that may serve. */
function exampleOf(regions = 2): string {
  const name = examples[regions];
  if (name === undefined)
    throw new LabFailure(`--regions is ${Object.keys(examples).join(" or ")}, not ${regions}.`, 2);
  return join(projectFolder, "examples", "shop", name);
}

const examples: Readonly<Record<number, string>> = { 2: "leeward.yaml", 3: "three-regions.yaml" };

type Output = { write(text: string): void };

type Ground = {
  readonly file: string;
  readonly text: string;
  readonly system: System;
  readonly mode?: "sync" | "async";
  readonly folder: string;
  readonly json?: Output;
  readonly html?: Output;
};

/** Everything that needs the rights we were started with; afterwards we are an ordinary user, in a folder of our own. */
function prepare(flags: LabFlags, progress: Progress): Ground {
  if (flags.mode !== undefined && flags.mode !== "sync" && flags.mode !== "async")
    throw new LabFailure(`--mode is sync or async, not ${flags.mode}.`, 2);
  const file = resolve(flags.file ?? exampleOf(flags.regions));
  const shown = relative(process.cwd(), file);
  const manifest = readManifest(shown.startsWith("..") ? file : shown);
  if (manifest.kind === "bad") {
    const lines = manifest.problems.map(
      (problem) => `${problem.file}:${problem.line}:${problem.column}: ${problem.message} ${problem.fix}`,
    );
    throw new LabFailure(lines.join("\n"), 2);
  }
  const json = flags.json === undefined ? undefined : openOutput(flags.json);
  const html = flags.html === undefined ? undefined : openOutput(flags.html);
  const dir = flags.dir === undefined ? undefined : resolve(flags.dir);
  let folder: string;
  if (isRoot()) {
    const user = chooseUser(process.env.LEEWARD_USER, findUser);
    if (typeof user === "string") throw new LabFailure(user);
    repairServerLibraries(projectFolder);
    folder = runFolderOf(dir, user.uid);
    becomeUser(user, {
      project: projectFolder,
      manifestFolder: dirname(file),
      handOver: () => {
        folder = prepareFolder(folder, user);
      },
    });
    progress.note(`PostgreSQL refuses to run as root: the lab runs as the user ${user.name}.`);
  } else {
    repairServerLibraries(projectFolder);
    folder = prepareFolder(runFolderOf(dir, process.getuid?.()));
  }
  // The folder we were called from may be closed to the user we have become.
  process.chdir(folder);
  return {
    file,
    text: manifest.text,
    system: manifest.system,
    folder,
    ...(flags.mode === undefined ? {} : { mode: flags.mode as "sync" | "async" }),
    ...(json === undefined ? {} : { json }),
    ...(html === undefined ? {} : { html }),
  };
}

/** Opened at once, so that a wrong path is known before anything runs, and so that root's rights still count. */
function openOutput(path: string): Output {
  let handle: number;
  try {
    handle = openSync(path, "w");
  } catch (error) {
    throw new LabFailure(`${path} cannot be written: ${(error as NodeJS.ErrnoException).code ?? String(error)}.`, 2);
  }
  return {
    write(text) {
      writeSync(handle, text);
      closeSync(handle);
    },
  };
}

function writeFile(path: string, text: string): void {
  const handle = openSync(path, "w", 0o600);
  writeSync(handle, text);
  closeSync(handle);
}

/** Ctrl-C and its like end the lab before they end us; a second one does so without patience. */
function endOnSignals(folder: string, progress: Progress): { release(): void } {
  let asked = false;
  const atOnce = (): never => {
    signalAll(livingOf(folder), "SIGKILL");
    process.exit(3);
  };
  const onSignal = (): void => {
    if (asked) atOnce();
    asked = true;
    progress.note("Ending every process of the lab; once more to end them without waiting.");
    endAll(folder, downGraceMs).then(
      () => {
        releaseFolder(folder);
        process.exit(3);
      },
      () => atOnce(),
    );
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, onSignal);
  return {
    release() {
      for (const signal of signals) process.removeListener(signal, onSignal);
    },
  };
}

async function guarded(work: (progress: Progress) => Promise<number>): Promise<number> {
  const progress = makeProgress(process.stderr);
  try {
    return await work(progress);
  } catch (error) {
    if (!(error instanceof LabFailure)) throw error;
    process.stderr.write(`${error.message}\n`);
    return error.exitCode;
  }
}
