// Tells one story with the real command, as a person would, and reads its report.

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { LabReport } from "../../src/core/model/lab-report.ts";

const program = fileURLToPath(new URL("../../bin/leeward.js", import.meta.url));

export type Told = { readonly code: number | null; readonly report: LabReport; readonly said: string };

/** Rejects with what the command said when it left no report. */
export async function tell(story: string, ...flags: readonly string[]): Promise<Told> {
  const folder = mkdtempSync(join(tmpdir(), "leeward-story-"));
  const json = join(folder, "report.json");
  const child = spawn(
    process.execPath,
    [
      program,
      "lab",
      "--story",
      story,
      "--json",
      json,
      "--dir",
      join(tmpdir(), `leeward-story-lab-${process.pid}`),
      ...flags,
    ],
    {
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (said += String(chunk)));
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  try {
    return { code, report: JSON.parse(readFileSync(json, "utf8")) as LabReport, said };
  } catch (error) {
    throw new Error(`${story} left no report and ended with ${code}. It said:\n${said}`, { cause: error });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
