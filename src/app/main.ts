// The command line. Each command loads what it needs when it runs, so that help and mistakes cost nothing.
// Exit codes: 0 done or meets; 1 the answer is no; 2 bad input or usage; 3 could not be carried out; 4 outcome unknown.

import { Command, CommanderError, Option } from "commander";
import { addAssessCommands } from "./assess.ts";
import { addKnowledgeCommands } from "./knowledge.ts";
import { addPeopleCommands } from "./people.ts";
import { whole } from "./whole.ts";

const program = new Command("leeward")
  .description(
    "Multi-region disaster recovery: plan, watch, fail over without ever having two writers, and rehearse all of it.",
  )
  .helpCommand(false)
  .showHelpAfterError("(add --help for the options)")
  .exitOverride()
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, "leeward: ")) });

const modes = (): Option =>
  new Option("--mode <mode>", "replication mode, instead of the manifest's").choices(["async", "sync"]);

const lab = program
  .command("lab")
  .description("rehearse on this machine: real processes in regions that fail for real, and a report of what it cost")
  .option("--file <file>", "manifest to rehearse (default: the example shop)")
  .option("--story <name>", "what happens (default: region-loss); an unknown name lists them")
  .addOption(modes())
  .option("--rounds <n>", "play it so often and report minimum, median, maximum", whole)
  .option("--regions <n>", "the example with so many regions that may serve: 2 or 3 (default: 2)", whole)
  .option("--minutes <m>", "how long a story that may last goes on: flapping, loss, slow, witness-loss", whole)
  .option("--refuse", "the dead region refuses connections instead of swallowing them")
  .option("--once", "no second act: do not bring the region back and switch home")
  .option("--json <file>", "write the report as JSON")
  .option("--html <file>", "write the report as one self-contained page")
  .option("--dir <folder>", "folder for everything the lab writes (default: in the temporary folder)")
  .action(async (flags) => {
    const [{ runLab }, { labRender }] = await Promise.all([import("../lab/command.ts"), import("./lab-render.ts")]);
    process.exitCode = await runLab(flags, labRender);
  });
lab
  .command("up [file]")
  .description("start the lab and leave it running, for your own clients and your own kill -9")
  .addOption(modes())
  .option("--regions <n>", "the example with so many regions that may serve: 2 or 3 (default: 2)", whole)
  .option("--json <file>", "write pids, ports, addresses and folders as JSON")
  .option("--dir <folder>", "folder for everything the lab writes")
  .action(async (file: string | undefined, flags, command: Command) => {
    const { runLabUp } = await import("../lab/command.ts");
    process.exitCode = await runLabUp({
      ...command.optsWithGlobals(),
      ...flags,
      ...(file === undefined ? {} : { file }),
    });
  });
lab
  .command("down")
  .description("end a lab that was left running")
  .option("--dir <folder>", "its folder, when it was given one")
  .action(async (_flags, command: Command) => {
    const { runLabDown } = await import("../lab/command.ts");
    process.exitCode = await runLabDown(command.optsWithGlobals());
  });

program
  .command("check <files...>")
  .description("read manifests and say everything that is wrong with them, each at its place")
  .option("--json", "print the findings as JSON")
  .action(async (files: string[], flags) => {
    const { check } = await import("../cli/check.ts");
    const io = {
      out: (text: string) => void process.stdout.write(text),
      err: (text: string) => void process.stderr.write(text),
    };
    process.exitCode = await check(files, { json: flags.json === true }, io);
  });

program
  .command("plan <file>")
  .description("print the way out and the way back, with expected times; needs no server and no credentials")
  .option("--fail <region>", "the plan of the failover when this region is lost")
  .option("--switch-to <region>", "the plan of a switchover to this region")
  .option("--group <group>", "only this group (default: all that are concerned)")
  .option("--json", "print the plans as JSON")
  .action(async (file: string, flags) => {
    const { printPlans } = await import("./plan.ts");
    process.exitCode = printPlans(file, flags);
  });

const place = (command: Command): Command =>
  command
    .requiredOption("--state <folder>", "folder for its durable state; one of its own for each process")
    .requiredOption("--token-file <file>", "file with the bearer token that all processes of the system share")
    .option("--via <file>", 'JSON of {"host:port": "host:port"}: addresses as they must be dialled from this place')
    .option("--log <file>", "append log lines to this file instead of stderr");

place(program.command("serve <file>").description("run a controller: watches, decides, runs plans"))
  .option("--region <region>", "which controller of the manifest this is, where it names several")
  .action(async (file: string, flags) => {
    const { serve } = await import("./serve.ts");
    process.exitCode = await serve(file, flags);
  });

place(
  program
    .command("agent <file>")
    .description("run a region's agent: probes, holds the lease, does every effect in its region"),
)
  .requiredOption("--region <region>", "the region it is in")
  .action(async (file: string, flags) => {
    const { runAgent } = await import("./agent.ts");
    process.exitCode = await runAgent(file, flags);
  });

place(
  program
    .command("router <file>")
    .description("run a region's router: leads users to the primary and checks every acknowledgement"),
)
  .requiredOption("--region <region>", "the region it is in")
  .action(async (file: string, flags) => {
    const { runRouter } = await import("./router.ts");
    process.exitCode = await runRouter(file, flags);
  });

addAssessCommands(program);
addKnowledgeCommands(program);
addPeopleCommands(program);

program.parseAsync().catch((error: unknown) => {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2;
    return;
  }
  const exitCode = (error as { readonly exitCode?: unknown } | undefined)?.exitCode;
  if (typeof exitCode === "number" && error instanceof Error) {
    process.stderr.write(`leeward: ${error.message}\n`);
    process.exitCode = exitCode;
  } else {
    process.stderr.write(
      `leeward: this is a fault of Leeward itself: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    process.exitCode = 3;
  }
});
