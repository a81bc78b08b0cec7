// How long users cannot write when a region dies, freezes, or hands over: the same writer against Leeward's lab and, where they are
// installed, against Patroni with etcd and HAProxy on the same machine, in interleaved rounds.
//
//   node bench/failover.ts [--rounds 3] [--events kill,freeze,switchover] [--profile docmin,fast] [--only leeward|patroni]
//                          [--mode async|sync] [--delay 15,0] [--fronts standby|all] [--json FILE] [--dir FOLDER]
//
// Every round begins with a fresh system. Read the ratios: other work on the machine moves all figures alike. Exit code 0: every round
// was played; 2: bad usage; 3: some could not be, or it was interrupted.

import { closeSync, openSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { LabFailure } from "../src/lab/failure.ts";
import { killAll } from "../src/lab/processes.ts";
import { makeProgress } from "../src/lab/progress.ts";
import { becomeUser, chooseUser, findUser, isRoot } from "../src/lab/root.ts";
import { claimFolder, prepareFolder, releaseFolder } from "../src/lab/run-folder.ts";
import { BenchFailure, type Contender } from "./failover/contender.ts";
import { makeLeeward } from "./failover/leeward.ts";
import { makePatroni } from "./failover/patroni.ts";
import { profiles } from "./failover/patroni-files.ts";
import { findPrograms } from "./failover/programs.ts";
import { type Outcome, renderReport, reportOf } from "./failover/report.ts";
import { type EventName, eventNames, playRound, type Round } from "./failover/round.ts";

const project = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
const progress = makeProgress(process.stderr);
const roundsMax = 1_000;
const delayMaxMs = 1_000;
/** A contender that fails so often in a row is left out of the rest. */
const failuresMax = 2;

/** The comma-separated names of `text`, each one of `known`. */
function namesOf<N extends string>(flag: string, text: string, known: readonly N[]): readonly N[] {
  return text.split(",").map((name) => {
    const found = known.find((one) => one === name.trim());
    if (found === undefined) throw new LabFailure(`--${flag}: there is no ${name}; there are ${known.join(", ")}.`, 2);
    return found;
  });
}

function readFlags() {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "3" },
      events: { type: "string", default: eventNames.join(",") },
      profile: { type: "string", default: "docmin,fast" },
      only: { type: "string" },
      mode: { type: "string", default: "async" },
      delay: { type: "string", default: "15" },
      fronts: { type: "string", default: "standby" },
      json: { type: "string" },
      dir: { type: "string" },
    },
  });
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > roundsMax)
    throw new LabFailure(`--rounds must be a whole number from 1 to ${roundsMax}.`, 2);
  const delays = values.delay.split(",").map(Number);
  if (delays.some((ms) => !(ms >= 0 && ms <= delayMaxMs)))
    throw new LabFailure(`--delay must be milliseconds from 0 to ${delayMaxMs}, or several with commas.`, 2);
  const profileNames = profiles.map((profile) => profile.name);
  const wanted = namesOf("profile", values.profile, profileNames);
  return {
    rounds,
    delays,
    events: namesOf("events", values.events, eventNames),
    profiles: profiles.filter((profile) => wanted.includes(profile.name)),
    only: values.only === undefined ? undefined : namesOf("only", values.only, ["leeward", "patroni"])[0],
    mode: namesOf("mode", values.mode, ["async", "sync"])[0] ?? "async",
    fronts: namesOf("fronts", values.fronts, ["standby", "all"])[0] ?? "standby",
    dir: values.dir === undefined ? undefined : resolve(values.dir),
    // Opened while root's rights still count.
    json: values.json === undefined ? undefined : openSync(values.json, "w"),
  };
}

async function main(): Promise<number> {
  const flags = readFlags();
  const folder = ownFolder(flags.dir);
  await claimFolder(folder, "story");
  const sync = flags.mode === "sync";
  const labs = flags.delays.map((delayMs) => makeLeeward({ project, folder, fronts: flags.fronts, sync, delayMs }));
  const programs = flags.only === "leeward" ? undefined : findPrograms();
  const peers =
    programs?.kind === "found"
      ? flags.profiles.map((profile) => makePatroni({ profile, programs: programs.programs, folder, sync }))
      : [];
  const contenders: readonly Contender[] = [...(flags.only === "patroni" ? [] : labs), ...peers];
  const outcome = {
    mode: flags.mode,
    fronts: flags.fronts,
    contenders,
    versions: programs?.kind === "found" ? programs.programs.versions : "",
    missing: programs?.kind === "missing" ? programs.sentences : [],
    played: [] as Round[],
    failures: [] as string[],
  } satisfies Outcome;
  if (outcome.versions !== "") progress.note(`Found ${outcome.versions}.`);
  if (outcome.missing.length > 0) progress.note(`Patroni is left out: ${outcome.missing.join("; ")}.`);

  const end = async (): Promise<void> => {
    for (const lab of labs) await lab.down().catch((error: Error) => progress.note(error.message));
    await killAll(folder);
    releaseFolder(folder);
  };
  const tell = (): void => {
    if (flags.json !== undefined) {
      writeSync(flags.json, `${JSON.stringify(reportOf(outcome), undefined, 2)}\n`);
      closeSync(flags.json);
    }
    writeSync(1, renderReport(outcome));
  };
  const interruption = endOnSignals(end, tell);
  try {
    if (contenders.length === 0) throw new BenchFailure("There is nothing left to measure.");
    // What a crashed run left.
    await labs[0]?.down();
    await playAll({ ...flags, ...outcome, interrupted: () => interruption.asked });
  } finally {
    // Interrupted, everything has been ended, and the process ends while this is still waiting.
    if (interruption.asked) await new Promise(() => {});
    await progress.step("Ending every process", end);
  }
  tell();
  return outcome.failures.length === 0 ? 0 : 3;
}

/** Round by round, event by event, each system once: whatever else the machine does falls on all of them. */
async function playAll(options: {
  readonly rounds: number;
  readonly events: readonly EventName[];
  readonly contenders: readonly Contender[];
  readonly played: Round[];
  readonly failures: string[];
  readonly interrupted: () => boolean;
}): Promise<void> {
  const inARow = new Map<Contender, number>();
  for (let round = 1; round <= options.rounds; round++) {
    for (const event of options.events) {
      for (const contender of options.contenders) {
        const failed = inARow.get(contender) ?? 0;
        if (failed >= failuresMax) continue;
        const name = `round ${round} of ${options.rounds}, ${event}, ${contender.system} ${contender.profile}`;
        try {
          const result = await progress.step(name, (say) => playRound(contender, event, round, say));
          options.played.push(result);
          inARow.set(contender, 0);
          progress.note(`  ${sentenceOf(result)}`);
        } catch (error) {
          if (options.interrupted()) return;
          const { message } = error as Error;
          inARow.set(contender, failed + 1);
          options.failures.push(`${name}: ${message}`);
          progress.note(`  ${message}`);
          if (failed + 1 >= failuresMax)
            progress.note(`  ${contender.system} ${contender.profile} is left out from here on.`);
        }
        if (options.interrupted()) return;
      }
    }
  }
}

function sentenceOf(round: Round): string {
  const late = round.late > 0 ? `, ${round.late} acknowledged by the old primary beside its successor` : "";
  return `outage ${round.outageMs} ms, ${round.lost} of ${round.acknowledged} acknowledged rows lost${late}`;
}

/** PostgreSQL refuses root: then the whole bench becomes an ordinary user, in a folder of that user. */
function ownFolder(dir: string | undefined): string {
  const folderOf = (uid: number | undefined): string =>
    dir ?? join(tmpdir(), `leeward-bench-failover-${uid ?? "user"}`);
  if (!isRoot()) return prepareFolder(folderOf(process.getuid?.()));
  const user = chooseUser(process.env.LEEWARD_USER, findUser);
  if (typeof user === "string") throw new LabFailure(user);
  let folder = folderOf(user.uid);
  becomeUser(user, {
    project,
    manifestFolder: join(project, "examples", "shop"),
    handOver: () => {
      folder = prepareFolder(folder, user);
    },
  });
  process.chdir(folder);
  progress.note(`PostgreSQL refuses to run as root: the bench runs as the user ${user.name}.`);
  return folder;
}

/** Ctrl-C ends what the bench started, and still tells what was measured until then. */
function endOnSignals(end: () => Promise<void>, tell: () => void): { readonly asked: boolean } {
  const state = { asked: false };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (state.asked) return;
      state.asked = true;
      progress.note("Ending every process of the bench.");
      end()
        .then(tell, (error: Error) => progress.note(error.message))
        .finally(() => process.exit(3));
    });
  }
  return state;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof LabFailure || error instanceof BenchFailure)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error instanceof LabFailure ? error.exitCode : 3;
}
