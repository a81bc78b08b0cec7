// The commands with which people ask a running system and tell it what to do. They find a controller by the manifest, or by --url.

import { type Command, Option } from "commander";

type Flags = { readonly file: string; readonly url?: string; readonly tokenFile: string; readonly json?: boolean };

function reaching(command: Command): Command {
  return command
    .addOption(
      new Option("--file <file>", "manifest that says where the controller is")
        .env("LEEWARD_FILE")
        .default("leeward.yaml"),
    )
    .addOption(new Option("--url <url>", "the controller's address, instead of the manifest's").env("LEEWARD_URL"))
    .addOption(
      new Option("--token-file <file>", "file with the system's bearer token")
        .env("LEEWARD_TOKEN_FILE")
        .default("token"),
    )
    .option("--json", "print the answer as JSON");
}

export function addPeopleCommands(program: Command): void {
  const order = (name: string, description: string): Command =>
    reaching(program.command(`${name} <group>`).description(description));
  const tell = (kind: string) => async (group: string, flags: Flags & { to?: string; acceptLoss?: boolean }) => {
    const { tellController } = await import("./tell.ts");
    const target = flags.to === undefined ? {} : { to: flags.to };
    const loss = kind === "failover" ? { acceptLoss: flags.acceptLoss === true } : {};
    process.exitCode = await tellController(flags, { kind, group, ...target, ...loss });
  };

  reaching(program.command("status").description("what is going on, in one sentence and one screen")).action(
    async (flags: Flags) => {
      const { showStatus } = await import("./tell.ts");
      process.exitCode = await showStatus(flags);
    },
  );
  reaching(program.command("report").description("what was seen, decided and done"))
    .option("--since <duration>", "how far back", "1h")
    .action(async (flags: Flags & { since: string }) => {
      const { showHistory } = await import("./tell.ts");
      process.exitCode = await showHistory(flags, flags.since);
    });
  order("switchover", "move a group to another region without loss; both must be well")
    .requiredOption("--to <region>", "the region to move to")
    .action(tell("switchover"));
  order("failover", "force a group to another region, because its primary is lost")
    .requiredOption("--to <region>", "the region to move to")
    .option("--accept-loss", "even if more may be lost than the manifest allows")
    .action(tell("failover"));
  order("failback", "switch a group home, to the region its manifest prefers").action(tell("failback"));
  order("approve", "yes to the open question of a group").action(tell("approve"));
  order("deny", "no to the open question of a group").action(tell("deny"));
  order("pause", "automation off for a group; it is still watched").action(tell("pause"));
  order("unpause", "automation on again").action(tell("unpause"));
  reaching(
    program
      .command("run <command> <run> [step]")
      .description("steer a run under way: pause, resume, skip STEP, approve, abort, force"),
  ).action(async (command: string, run: string, step: string | undefined, flags: Flags) => {
    const { tellController } = await import("./tell.ts");
    process.exitCode = await tellController(flags, {
      kind: "run",
      run,
      command,
      ...(step === undefined ? {} : { step }),
    });
  });
}
