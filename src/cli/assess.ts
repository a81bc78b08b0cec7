// `leeward assess FILE...`: what does this system really survive? Needs no server and no credentials.
// Exit codes: 0 every system meets its objectives; 1 one does not, or a finding is as grave as --fail-on says; 2 bad input; 3 a report
// could not be written; 4 nobody can say.

import { writeFileSync } from "node:fs";
import { knowledge } from "../catalog/knowledge.ts";
import { assess } from "../core/assess/assess.ts";
import { rules } from "../core/assess/rules/table.ts";
import type { AssessReport, Severity } from "../core/model/assess-report.ts";
import type { System } from "../core/model/system.ts";
import { readManifest } from "../manifest/read.ts";
import { renderProblems } from "../manifest/render-problems.ts";
import { assessPage } from "../render/html/assess.ts";
import { sarifOf } from "../render/sarif.ts";
import { renderAssessment } from "../render/text/assess.ts";

export type AssessIo = {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly color: boolean;
  readonly width?: number;
  /** `YYYY-MM-DD`. */
  readonly today: string;
  readonly version: string;
};

export type AssessFlags = {
  readonly json?: string;
  readonly html?: string;
  readonly sarif?: string;
  readonly failOn?: "error" | "warning";
  readonly all?: boolean;
};

export type AssessExit = 0 | 1 | 2 | 3 | 4;

export function assessFiles(files: readonly string[], flags: AssessFlags, io: AssessIo): AssessExit {
  const read = files.map((file) => ({ file, manifest: readManifest(file) }));
  let bad = false;
  const assessed: { readonly report: AssessReport; readonly system: System }[] = [];
  for (const { file, manifest } of read) {
    if (manifest.kind === "bad") {
      bad = true;
      // Warnings of a manifest that cannot be read are told when it can.
      const errors = manifest.problems.filter((problem) => problem.severity === "error");
      io.err(`${file} cannot be assessed before this is mended:\n\n${renderProblems(errors, manifest.text)}\n`);
      continue;
    }
    const report = assess(manifest.system, knowledge(), { today: io.today });
    const findings = report.findings.map((finding) => ({
      ...finding,
      at: { file, ...manifest.placeOf(finding.path) },
    }));
    assessed.push({ report: { ...report, findings }, system: manifest.system });
  }
  const reports = assessed.map(({ report }) => report);
  const [only] = reports;
  const whole = reports.length === 1 && files.length === 1 && only !== undefined ? only : reports;
  const written =
    write(flags.json, () => `${JSON.stringify(whole, null, indentFor(reports))}\n`, io) &&
    write(flags.html, () => assessPage(assessed, { knowledge: knowledge(), today: io.today }), io) &&
    write(flags.sarif, () => `${JSON.stringify(sarifOf(reports, rules, io.version), null, 2)}\n`, io);
  const options = {
    color: io.color,
    all: flags.all === true,
    ...(io.width === undefined ? {} : { width: io.width }),
  };
  io.out(reports.map((report) => renderAssessment(report, options)).join("\n"));
  if (bad) return 2;
  if (!written) return 3;
  return exitOf(reports, flags.failOn);
}

/** People read the JSON of a small system; that of a large one is half as long without blanks. */
function indentFor(reports: readonly AssessReport[]): number {
  return reports.reduce((sum, report) => sum + report.services.length, 0) > 1_000 ? 0 : 2;
}

const ranks: Readonly<Record<Severity, number>> = { error: 2, warning: 1, info: 0 };

function exitOf(reports: readonly AssessReport[], failOn: AssessFlags["failOn"]): AssessExit {
  if (reports.some((report) => report.verdict === "fails")) return 1;
  if (failOn !== undefined) {
    const grave = reports.some((report) =>
      report.findings.some((finding) => finding.accepted === undefined && ranks[finding.severity] >= ranks[failOn]),
    );
    if (grave) return 1;
  }
  return reports.some((report) => report.verdict === "unknown") ? 4 : 0;
}

function write(file: string | undefined, text: () => string, io: AssessIo): boolean {
  if (file === undefined) return true;
  try {
    writeFileSync(file, text());
    return true;
  } catch (error) {
    io.err(`The report could not be written to ${file}: ${error instanceof Error ? error.message : String(error)}\n`);
    return false;
  }
}
