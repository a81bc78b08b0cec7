// The commands with which people ask a running system and tell it what to do. They find a controller by the manifest, or by --url.

import { type Command, Option } from "commander";
import { decisionKinds } from "../core/audit/fact.ts";
import { whole } from "./whole.ts";

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

  reaching(program.command("status").description("what is going on, in one sentence and one screen"))
    .option("--watch", "stay, and draw it anew until Ctrl-C")
    .option("--every <duration>", "with --watch: how often", "1s")
    .action(async (flags: Flags & { watch?: boolean; every: string }) => {
      if (flags.watch === true) {
        const { watchStatus } = await import("./live.ts");
        process.exitCode = await watchStatus(flags, flags.every);
        return;
      }
      const { showStatus } = await import("./tell.ts");
      process.exitCode = await showStatus(flags);
    });
  reaching(program.command("report").description("what was seen, decided and done"))
    .option("--since <duration>", "how far back", "1h")
    .action(async (flags: Flags & { since: string }) => {
      const { showHistory } = await import("./tell.ts");
      process.exitCode = await showHistory(flags, flags.since);
    });
  reaching(
    program
      .command("why [group]")
      .description("why did it, or did it not, act: the decision, what it rested on, and what would change it"),
  )
    .option("--at <time>", "the decision that stood then: 06:03 (UTC), 2026-11-21T06:03:12Z, or 10m ago")
    .addOption(new Option("--last <kind>", "the newest of this kind").choices(decisionKinds))
    .option("--state <folder>", "read a controller's state folder instead of asking it")
    .option("--export <file>", "read an exported audit trail instead of asking a controller")
    .action(async (group: string | undefined, flags: Flags) => {
      const { why } = await import("./why.ts");
      process.exitCode = await why(group, flags);
    });
  addAuditCommands(program);
  order("switchover", "move a group to another region without loss; both must be well")
    .requiredOption("--to <region>", "the region to move to")
    .action(tell("switchover"));
  order("failover", "force a group to another region, because its primary is lost")
    .requiredOption("--to <region>", "the region to move to")
    .option("--accept-loss", "even if more may be lost than the manifest allows")
    .action(tell("failover"));
  order("failback", "switch a group home, to the region its manifest prefers").action(tell("failback"));
  const answer = (kind: "approve" | "deny", description: string): void => {
    order(kind, description)
      .option("--question <number>", "only if it is still this question that is open", whole)
      .action(async (group: string, flags: Flags & { question?: number }) => {
        const { tellController } = await import("./tell.ts");
        const question = flags.question === undefined ? {} : { question: flags.question };
        process.exitCode = await tellController(flags, { kind, group, ...question });
      });
  };
  answer("approve", "yes to the open question of a group");
  answer("deny", "no to the open question of a group");
  order("maintenance", "take a standby out, so that nothing waits for it or moves to it; --end brings it back")
    .requiredOption("--region <region>", "the standby")
    .option("--end", "it is back")
    .action(async (group: string, flags: Flags & { region: string; end?: boolean }) => {
      const { tellController } = await import("./tell.ts");
      const { region, end } = flags;
      process.exitCode = await tellController(flags, { kind: "maintenance", group, region, on: end !== true });
    });
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

/** Of the audit trail itself. The check reads a state folder or a file, and needs no controller and no token. */
function addAuditCommands(program: Command): void {
  const audit = program.command("audit").description("the audit trail: is it as it was written, and a copy of it");
  audit
    .command("verify")
    .description("check the chain, and name the first entry that was changed, taken out, put in or moved")
    .option("--state <folder>", "a controller's state folder; the controller may be running")
    .option("--file <export>", "an exported trail")
    .option("--head <hash...>", "a head that was kept elsewhere: shows whether the end was cut off since")
    .option("--json", "print the answer as JSON")
    .action(async (flags) => {
      const { verifyAudit } = await import("./audit.ts");
      process.exitCode = verifyAudit(flags);
    });
  reaching(audit.command("export").description("write the audit trail as JSON lines; each line is what is hashed"))
    .option("--state <folder>", "read a controller's state folder instead of asking it; it may be running")
    .requiredOption("-o, --out <file>", "file to write, which must not exist yet (- for standard output)")
    .action(async (flags) => {
      const { exportAudit } = await import("./audit.ts");
      process.exitCode = await exportAudit(flags);
    });
}
