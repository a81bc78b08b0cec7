// The table of docs/stories.md: every story with the real commands, in the modes where it matters, round after round.
//
//   node bench/stories.ts [--rounds 10] [--only region-loss,slow] [--mode async|sync] [--regions 2|3] [--dir FOLDER] [--minutes M]
//                         [--crashes] [--within SECONDS] [--table]
//
// Each round is a process of its own that begins with a fresh lab, and leaves its report in the folder; a round whose report is there is
// not played again, so that a run that was interrupted goes on where it stood; with --table none is, and only the table is made. Progress
// goes to stderr, the table to stdout. Exit code 0: every story ended as it must; 1: some did not; 2: bad usage; 3: some could not be
// played.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { endedWrong, type LabReport } from "../src/core/model/lab-report.ts";
import { crashStory, stories } from "../src/lab/stories.ts";
import { mayLast } from "../src/lab/story.ts";

type Cell = { readonly story: string; readonly mode: "async" | "sync"; readonly regions: 2 | 3 };

/** Where commits that wait for the standby make another story of it. */
const inBothModes: ReadonlySet<string> = new Set([
  "region-loss",
  "region-freeze",
  "agent-freeze",
  "region-cut",
  "standby-loss",
  "database-restart",
  "database-crash-loop",
  "postmaster-loss",
  "replication-stall",
  "link-cut",
  "switchover",
]);
/** In both modes with three serving regions too; with `--regions 3` every story is. */
const withThree: ReadonlySet<string> = new Set(["region-loss", "switchover", "standby-loss", "region-cut"]);

/** Starting a lab, the story, and ending it; a story that lasts takes so much longer. */
const withinDefaultSeconds = 420;
const crashesWithinMs = 3 * 60 * 60_000;
const failuresMax = 2;

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "10" },
    only: { type: "string" },
    mode: { type: "string" },
    regions: { type: "string" },
    dir: { type: "string", default: join(tmpdir(), "leeward-bench-stories") },
    minutes: { type: "string" },
    crashes: { type: "boolean", default: false },
    table: { type: "boolean", default: false },
    within: { type: "string", default: String(withinDefaultSeconds) },
  },
});
const program = fileURLToPath(new URL("../bin/leeward.js", import.meta.url));
const rounds = wholeOf("rounds", values.rounds, 1_000);
const withinMs = wholeOf("within", values.within, 86_400) * 1_000;
const minutes = values.minutes === undefined ? undefined : wholeOf("minutes", values.minutes, 1_440);
const folder = resolve(values.dir);
// The lab becomes another user; what it writes to is opened by its own process before that.
mkdirSync(folder, { recursive: true });

const only = values.only?.split(",");
const known = [...stories.map((story) => story.name), crashStory.name];
for (const name of only ?? [])
  if (!known.includes(name)) usage(`there is no story ${name}; there are ${known.join(", ")}`);
const cells = cellsOf().filter(
  (cell) =>
    (only === undefined || only.includes(cell.story)) &&
    (values.mode === undefined || cell.mode === values.mode) &&
    (values.regions === undefined || String(cell.regions) === values.regions),
);
if (cells.length === 0) usage("no story is left");

let child: ChildProcess | undefined;
let interrupted = false;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    interrupted = true;
    child?.kill("SIGTERM");
  });
}

const failures: string[] = [];
const failedInARow = new Map<Cell, number>();
// Round by round, so that whatever else the machine does falls on all of them.
for (let round = 1; round <= rounds && !interrupted && !values.table; round++) {
  for (const cell of cells) {
    if (interrupted) break;
    if (existsSync(fileOf(cell, round)) || (failedInARow.get(cell) ?? 0) >= failuresMax) continue;
    const startedAt = performance.now();
    const why = await play(cell, round);
    const took = `${Math.round((performance.now() - startedAt) / 1_000)} s`;
    if (interrupted) break;
    failedInARow.set(cell, why === undefined ? 0 : (failedInARow.get(cell) ?? 0) + 1);
    if (why !== undefined) failures.push(`${nameOf(cell, round)}: ${why}`);
    process.stderr.write(`${nameOf(cell, round)}: ${why ?? "played"} (${took})\n`);
  }
}

const rows = cells.map((cell) => rowOf(cell, reportsOf(cell)));
process.stdout.write(
  `${[
    "| story | mode | regions | rounds | expected | seen | outage min, ms | median | max | lost | two writers | as expected |",
    "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ...rows.map((row) => row.text),
  ].join("\n")}\n`,
);
for (const row of rows) for (const wrong of row.wrong) process.stdout.write(`\n${wrong}\n`);
for (const failure of failures) process.stdout.write(`\nnot played: ${failure}\n`);
process.exitCode = failures.length > 0 || interrupted ? 3 : rows.some((row) => row.wrong.length > 0) ? 1 : 0;

function cellsOf(): readonly Cell[] {
  const lasting = stories.filter((story) => minutes === undefined || mayLast(story)).map((story) => story.name);
  const names = values.crashes ? [...lasting, crashStory.name] : lasting;
  return names.flatMap((story): Cell[] => {
    const own = stories.find((one) => one.name === story)?.mode ?? "async";
    const modes = inBothModes.has(story) ? (["async", "sync"] as const) : ([own] as const);
    const three = withThree.has(story) ? modes : values.regions === "3" ? [own] : [];
    return [
      ...modes.map((mode): Cell => ({ story, mode, regions: 2 })),
      ...three.map((mode): Cell => ({ story, mode, regions: 3 })),
    ];
  });
}

function nameOf({ story, mode, regions }: Cell, round: number): string {
  const length = minutes === undefined ? "" : `-${minutes}min`;
  return `${story}-${mode}-${regions}${length}-${round}`;
}

function fileOf(cell: Cell, round: number): string {
  return join(folder, `${nameOf(cell, round)}.json`);
}

/** One round in a process of its own. Returns why there is no report of it, if there is none. */
async function play(cell: Cell, round: number): Promise<string | undefined> {
  const file = fileOf(cell, round);
  const partial = `${file}.part`;
  const flags = [
    ...["--story", cell.story, "--mode", cell.mode, "--regions", String(cell.regions), "--once"],
    ...["--json", partial, "--dir", join(tmpdir(), `leeward-bench-stories-lab-${process.pid}`)],
    ...(minutes === undefined ? [] : ["--minutes", String(minutes)]),
  ];
  const started = spawn(process.execPath, [program, "lab", ...flags], { stdio: ["ignore", "ignore", "pipe"] });
  child = started;
  let said = "";
  started.stderr.on("data", (chunk) => {
    said = `${said}${String(chunk)}`.slice(-4_000);
  });
  const bound = cell.story === crashStory.name ? crashesWithinMs : withinMs + (minutes ?? 0) * 60_000;
  // Asked first, so that it ends its lab; it is bounded in that by itself.
  const timer = setTimeout(() => started.kill("SIGTERM"), bound);
  await new Promise<void>((done) => started.on("close", () => done()));
  clearTimeout(timer);
  child = undefined;
  if (readReport(partial) !== undefined) {
    renameSync(partial, file);
    return undefined;
  }
  rmSync(partial, { force: true });
  return said.trim().split("\n").slice(-3).join(" | ") || "it said nothing";
}

function readReport(file: string): LabReport | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as LabReport;
  } catch {
    // Not there, or not complete: then it was not played to its end.
    return undefined;
  }
}

function reportsOf(cell: Cell): readonly LabReport[] {
  return Array.from({ length: rounds }, (_, index) => readReport(fileOf(cell, index + 1))).filter(
    (report) => report !== undefined,
  );
}

function rowOf(
  cell: Cell,
  reports: readonly LabReport[],
): { readonly text: string; readonly wrong: readonly string[] } {
  const gaps = reports.map((report) => report.rtoMs).sort((a, b) => a - b);
  const sum = (of: (report: LabReport) => number): number => reports.reduce((total, report) => total + of(report), 0);
  const number = (value: number | undefined): string =>
    value === undefined ? "-" : Math.round(value).toLocaleString("en");
  const middle =
    gaps.length === 0 ? undefined : ((gaps[(gaps.length - 1) >> 1] ?? 0) + (gaps[gaps.length >> 1] ?? 0)) / 2;
  const seen = counted(reports.map((report) => `${report.diagnosis}: ${actOf(report)}`));
  const wrong = reports.flatMap((report, index) =>
    report.notes
      .filter((note) => note.startsWith(endedWrong))
      .map((note) => `${nameOf(cell, index + 1)}: ${note.slice(endedWrong.length + 2)}`),
  );
  const bad = reports.filter((report) => report.notes.some((note) => note.startsWith(endedWrong))).length;
  const story = stories.find((one) => one.name === cell.story);
  const expected = reports[0]?.expected ?? story?.expects ?? crashStory.expects;
  const cols = [
    `\`${cell.story}\``,
    cell.mode,
    cell.regions,
    reports.length,
    expected,
    seen,
    number(gaps[0]),
    number(middle),
    number(gaps.at(-1)),
    `${number(sum((report) => report.lost))} of ${number(sum((report) => report.acknowledged))}`,
    reports.some((report) => report.twoWriters) ? "YES" : "never",
    reports.length === 0 ? "not played" : bad === 0 ? "yes" : `${bad} of ${reports.length} not`,
  ];
  return { text: `| ${cols.join(" | ")} |`, wrong };
}

/** What was done: the switch, or that there was none and which rule held it. */
function actOf(report: LabReport): string {
  return report.steps.length === 0 ? "no switch" : report.decision;
}

function counted(words: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  const sorted = [...counts].sort((a, b) => b[1] - a[1]);
  return sorted.map(([word, count]) => (sorted.length === 1 ? word : `${word} (${count})`)).join("; ");
}

function wholeOf(flag: string, text: string, max: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > max) usage(`--${flag} must be a whole number from 1 to ${max}`);
  return value;
}

function usage(sentence: string): never {
  process.stderr.write(`${sentence}\n`);
  process.exit(2);
}
