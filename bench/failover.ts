// How long users cannot write when a region dies, freezes, or hands over: the same writer against Leeward's lab and, where they are
// installed, against Patroni with etcd and HAProxy on the same machine, in interleaved rounds.
//
//   node bench/failover.ts [--rounds 3] [--events kill,freeze,switchover] [--profile docmin,fast] [--only leeward|patroni]
//                          [--mode async|sync] [--fronts standby|all] [--json FILE]
//
// Every round begins with a fresh system. Read the ratios: other work on the machine moves all figures alike. Exit code 0: every round
// was played; 2: bad usage; 3: some could not be.

import { closeSync, openSync, writeSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import { LabFailure } from "../src/lab/failure.ts";
import { killAll } from "../src/lab/processes.ts";
import { makeProgress } from "../src/lab/progress.ts";
import { becomeUser, chooseUser, findUser, isRoot } from "../src/lab/root.ts";
import { claimFolder, prepareFolder, releaseFolder } from "../src/lab/run-folder.ts";
import { BenchFailure, type Contender } from "./failover/contender.ts";
import { type Fronts, makeLeeward } from "./failover/leeward.ts";
import { makePatroni } from "./failover/patroni.ts";
import { profiles } from "./failover/patroni-files.ts";
import { findPrograms } from "./failover/programs.ts";
import { type EventName, eventNames, playRound, type Round } from "./failover/round.ts";
import { ratiosOf, renderRatios, renderTable, rowsOf } from "./failover/table.ts";
import { connectLimitMs, insertEveryMs, insertLimitMs } from "./failover/writer.ts";

const project = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
const progress = makeProgress(process.stderr);
const roundsMax = 1_000;
/** A contender that fails so often in a row is left out of the rest. */
const failuresMax = 2;

const differences = [
  "Network: every link of Leeward's lab delays by 15 ms each way; Patroni's parts talk over loopback without delay.",
  "Kill: in Leeward's lab the region's links fall silent before its processes die, so that nobody is told; Patroni's dead region refuses connections at once.",
  "Front: HAProxy survives every event; Leeward's writer uses the router of the region that survives (--fronts all: the dying region's first).",
  "Store: one etcd for Patroni, which survives every event; Leeward's controller is in a third region.",
  "Server: the PostgreSQL of the system for Patroni, the one of the npm package for Leeward; data on the same disk, fsync on for both.",
  "Load: Leeward's lab runs the shop's web and mail processes too, which nobody calls here.",
];

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    events: { type: "string", default: eventNames.join(",") },
    profile: { type: "string", default: "docmin,fast" },
    only: { type: "string" },
    mode: { type: "string", default: "async" },
    fronts: { type: "string", default: "standby" },
    json: { type: "string" },
  },
});

/** The comma-separated names of `text`, each one of `known`. */
function namesOf<N extends string>(flag: string, text: string, known: readonly N[]): readonly N[] {
  return text.split(",").map((name) => {
    const found = known.find((one) => one === name.trim());
    if (found === undefined) throw new LabFailure(`--${flag}: there is no ${name}; there are ${known.join(", ")}.`, 2);
    return found;
  });
}

async function main(): Promise<number> {
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > roundsMax)
    throw new LabFailure(`--rounds must be a whole number from 1 to ${roundsMax}.`, 2);
  const events = namesOf("events", values.events, eventNames);
  const profileNames = namesOf(
    "profile",
    values.profile,
    profiles.map((profile) => profile.name),
  );
  const only = values.only === undefined ? undefined : namesOf("only", values.only, ["leeward", "patroni"])[0];
  const sync = namesOf("mode", values.mode, ["async", "sync"])[0] === "sync";
  const fronts: Fronts = namesOf<Fronts>("fronts", values.fronts, ["standby", "all"])[0] ?? "standby";
  // Opened while root's rights still count.
  const json = values.json === undefined ? undefined : openSync(values.json, "w");

  const folder = ownFolder();
  await claimFolder(folder, "story");
  const leeward = makeLeeward({ project, folder, fronts, sync });
  const end = async (): Promise<void> => {
    await killAll(folder);
    await leeward.down().catch((error: Error) => progress.note(error.message));
    releaseFolder(folder);
  };
  endOnSignals(end);
  // What a crashed run left.
  await leeward.down().catch(() => {});

  const contenders: Contender[] = only === "patroni" ? [] : [leeward];
  const found = only === "leeward" ? undefined : findPrograms();
  let versions = "";
  const missing = Array.isArray(found) ? (found as readonly string[]) : [];
  if (missing.length > 0) progress.note(`Patroni is left out: ${missing.join("; ")}.`);
  else if (found !== undefined && "etcd" in found) {
    versions = found.versions;
    progress.note(`Found ${versions}.`);
    for (const profile of profiles.filter((one) => profileNames.includes(one.name)))
      contenders.push(makePatroni({ profile, programs: found, folder, sync }));
  }
  if (contenders.length === 0) throw new BenchFailure("There is nothing left to measure.");

  const played: Round[] = [];
  const failures: string[] = [];
  try {
    await playAll({ rounds, events, contenders, played, failures });
  } finally {
    await progress.step("Ending every process", end);
  }
  const rows = rowsOf(played);
  const ratios = ratiosOf(rows);
  const report = {
    version: 1,
    mode: sync ? "sync" : "async",
    fronts,
    machine: { cores: cpus().length, node: process.versions.node, platform: `${process.platform} ${process.arch}` },
    versions,
    writer: { insertEveryMs, insertLimitMs, connectLimitMs },
    contenders: contenders.map(({ system, profile, what }) => ({ system, profile, what })),
    differences,
    missing,
    failures,
    rows,
    ratios: ratios.map(({ event, leewardMs, best, ratio }) => ({
      ...{ event, leewardMs, ratio },
      ...{ against: `${best.system} ${best.profile}`, againstMs: best.outageMs.median },
    })),
    rounds: played,
  };
  if (json !== undefined) {
    writeSync(json, `${JSON.stringify(report, undefined, 2)}\n`);
    closeSync(json);
  }
  const said = [
    renderTable(rows),
    ratios.length === 0 ? "No ratio: only one of the two systems was measured." : renderRatios(ratios),
    contenders.map(({ system, profile, what }) => `${system} ${profile}: ${what}`).join("\n"),
    `What differs:\n${differences.map((one) => `  ${one}`).join("\n")}`,
    ...(missing.length === 0 ? [] : [`Patroni was not measured: ${missing.join("; ")}.`]),
    ...(failures.length === 0 ? [] : [`Not played:\n${failures.map((one) => `  ${one}`).join("\n")}`]),
  ];
  process.stdout.write(`\n${said.join("\n\n")}\n`);
  return failures.length === 0 ? 0 : 3;
}

/** Round by round, event by event, each system once: whatever else the machine does falls on all of them. */
async function playAll(options: {
  readonly rounds: number;
  readonly events: readonly EventName[];
  readonly contenders: readonly Contender[];
  readonly played: Round[];
  readonly failures: string[];
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
          progress.note(
            `  outage ${result.outageMs} ms, ${result.lost} of ${result.acknowledged} acknowledged rows lost${result.late > 0 ? `, ${result.late} acknowledged by the old primary beside its successor` : ""}`,
          );
        } catch (error) {
          inARow.set(contender, failed + 1);
          options.failures.push(`${name}: ${(error as Error).message}`);
          progress.note(`  ${(error as Error).message}`);
          if (failed + 1 >= failuresMax)
            progress.note(`  ${contender.system} ${contender.profile} is left out from here on.`);
        }
      }
    }
  }
}

/** PostgreSQL refuses root: then the whole bench becomes an ordinary user, in a folder of that user. */
function ownFolder(): string {
  const folderOf = (uid: number | undefined): string => join(tmpdir(), `leeward-bench-failover-${uid ?? "user"}`);
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

function endOnSignals(end: () => Promise<void>): void {
  let asked = false;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (asked) return;
      asked = true;
      progress.note("Ending every process of the bench.");
      end().then(
        () => process.exit(3),
        (error: Error) => {
          progress.note(error.message);
          process.exit(3);
        },
      );
    });
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof LabFailure || error instanceof BenchFailure)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error instanceof LabFailure ? error.exitCode : 3;
}
