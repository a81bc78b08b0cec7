// `leeward check FILE...`: is this manifest right? Needs no server and no credentials.

import type { System } from "../core/model/system.ts";
import type { Problem } from "../manifest/problem.ts";
import { readManifest } from "../manifest/read.ts";
import { renderProblems } from "../manifest/render-problems.ts";

export type CheckIo = { readonly out: (text: string) => void; readonly err: (text: string) => void };

/** 0: every file is right, perhaps with warnings. 2: bad input. */
export type CheckExit = 0 | 2;

export type CheckReport = {
  readonly version: 1;
  readonly ok: boolean;
  readonly files: readonly {
    readonly file: string;
    readonly ok: boolean;
    readonly system?: string;
    readonly fingerprint?: string;
    readonly summary: string;
    readonly problems: readonly Omit<Problem, "file">[];
  }[];
};

/** Prints one sentence per file first, then what is wrong with it. With `json` a `CheckReport` goes to `out`, and nothing else. */
export async function check(
  files: readonly string[],
  options: { readonly json: boolean },
  io: CheckIo,
): Promise<CheckExit> {
  if (files.length === 0) {
    io.err("Name at least one manifest: leeward check FILE...\n");
    return 2;
  }
  const each = files.map((file) => {
    const read = readManifest(file);
    const problems = read.kind === "ok" ? read.warnings : read.problems;
    const summary = read.kind === "ok" ? summaryOf(read.system, problems.length) : `${countOf(problems)} in ${file}`;
    return { file, read, problems, summary };
  });
  const ok = each.every(({ read }) => read.kind === "ok");
  if (options.json) {
    const report: CheckReport = {
      version: 1,
      ok,
      files: each.map(({ file, read, problems, summary }) => ({
        file,
        ok: read.kind === "ok",
        ...(read.kind === "ok" ? { system: read.system.name, fingerprint: read.fingerprint } : {}),
        summary,
        problems: problems.map(({ file: _same, ...rest }) => rest),
      })),
    };
    io.out(`${JSON.stringify(report, null, 2)}\n`);
    return ok ? 0 : 2;
  }
  for (const { read, problems, summary } of each) {
    const print = read.kind === "ok" ? io.out : io.err;
    print(problems.length === 0 ? `${summary}\n` : `${summary}\n\n${renderProblems(problems, read.text)}\n`);
  }
  return ok ? 0 : 2;
}

/** "shop: 3 regions, 3 services, 1 group; nothing wrong". */
function summaryOf(system: System, warnings: number): string {
  const parts = [
    counted(system.regions.length, "region"),
    counted(system.services.length, "service"),
    counted(system.groups.length, "group"),
  ];
  const verdict = warnings === 0 ? "nothing wrong" : `nothing wrong, ${counted(warnings, "warning")}`;
  return `${system.name}: ${parts.join(", ")}; ${verdict}`;
}

function countOf(problems: readonly Problem[]): string {
  const errors = problems.filter((problem) => problem.severity === "error").length;
  const warnings = problems.length - errors;
  return warnings === 0
    ? counted(errors, "problem")
    : `${counted(errors, "problem")} and ${counted(warnings, "warning")}`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
