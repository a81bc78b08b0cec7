// The commands that need nothing but a manifest and the catalog: `assess`, `explain` and `watch-plan`.

import { type Command, Option } from "commander";
import { widthMax } from "../render/text/layout.ts";
import { productVersion } from "./version.ts";

const io = () => ({
  out: (text: string) => void process.stdout.write(text),
  err: (text: string) => void process.stderr.write(text),
  color: process.stdout.isTTY === true,
  width: Math.min(widthMax, process.stdout.columns ?? widthMax),
});

export function addAssessCommands(program: Command): void {
  program
    .command("assess <files...>")
    .description("say what a system really survives: recovery times, losses, shared fate, cost, and what to mend")
    .option("--json <file>", "write the report as JSON")
    .option("--html <file>", "write the report as one self-contained page")
    .option("--sarif <file>", "write the findings as SARIF 2.1.0, for code review")
    .addOption(
      new Option("--fail-on <severity>", "exit with 1 on such a finding as well").choices(["error", "warning"]),
    )
    .option("--all", "show every service, cut and note")
    .addHelpText(
      "after",
      "\nExit codes: 0 meets its objectives; 1 does not, or --fail-on; 2 bad manifest; 3 a report could not be written; 4 nobody can say.",
    )
    .action(async (files: string[], flags) => {
      const { assessFiles } = await import("../cli/assess.ts");
      const today = new Date().toISOString().slice(0, 10);
      process.exitCode = assessFiles(files, flags, { ...io(), today, version: productVersion() });
    });

  program
    .command("watch-plan <file>")
    .description(
      "is the watch good enough: how soon each trouble is known, how often that is wrong, what it costs in probes",
    )
    .option("--json <file>", "write the plan as JSON")
    .option("--target <target>", "only this service, region, or REGION/SERVICE")
    .addHelpText(
      "after",
      "\nExit codes: 0 meets its objectives; 1 does not, and what would; 2 bad input; 3 the JSON could not be written.",
    )
    .action(async (file: string, flags) => {
      const { planWatch } = await import("../cli/watch-plan.ts");
      process.exitCode = planWatch(file, flags, io());
    });

  program
    .command("explain [rule]")
    .description("why a finding matters and how to mend it, with its source; without a rule: lists them")
    .action(async (rule: string | undefined) => {
      const { explain } = await import("../cli/explain.ts");
      process.exitCode = explain(rule, io());
    });
}
