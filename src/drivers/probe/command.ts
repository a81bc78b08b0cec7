// Looks by running a command: argv, no shell; well when it ends with 0. It has a process group of its own, which is ended as a whole
// when the look is over, so that nothing it started stays behind.

import { spawn } from "node:child_process";
import type { CommandExpectation } from "../../core/model/health-probe.ts";
import { quoted } from "./http-judge.ts";
import { type Finding, ill, type Look, well } from "./look.ts";

/** More of its output is read past, so that it is not held up by it. */
const outputBytesMax = 16 * 1024;

export function lookByCommand(
  { command, expect }: CommandExpectation,
  env: Readonly<Record<string, string>>,
  look: Look,
): Promise<Finding> {
  const [program, ...words] = command;
  if (program === undefined) return Promise.resolve(ill("There is no command to run."));
  return new Promise((resolve) => {
    // None of this process's own environment, which may hold secrets, but where programs are found.
    const child = spawn(program, words, {
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: process.env.PATH ?? "/usr/bin:/bin", ...env },
    });
    let output = "";
    let over = false;
    const end = (finding: Finding): void => {
      if (over) return;
      over = true;
      if (child.pid !== undefined && exit === undefined) endGroup(child.pid);
      child.stdout.destroy();
      child.stderr.destroy();
      resolve(finding);
    };
    const take = (data: Buffer): void => {
      if (output.length < outputBytesMax) output += data.toString("utf8").slice(0, outputBytesMax - output.length);
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    let exit: { readonly code: number | null; readonly signal: string | null } | undefined;
    const judged = ({ code, signal }: { readonly code: number | null; readonly signal: string | null }): Finding => {
      if (code !== 0) {
        const ended = code === null ? `was ended by ${signal}` : `ended with ${code}`;
        return ill(`${program} ${ended} and said ${quoted(lastLine(output))}.`);
      }
      if (expect !== undefined && !output.includes(expect))
        return ill(`${program} did not say ${quoted(expect)}, but ${quoted(lastLine(output))}.`);
      return well;
    };
    look.onDeadline(
      (withinMs) => (exit === undefined ? ill(`${program} did not end within ${withinMs} ms.`) : judged(exit)),
      end,
    );
    child.on("error", (error: NodeJS.ErrnoException) => {
      const code = error.code ?? error.name;
      const here = ["ENOENT", "EACCES", "EAGAIN", "EMFILE", "ENOMEM"].includes(code);
      const why = `${program} could not be started here (${code}).`;
      end(here ? { well: undefined, why } : ill(why));
    });
    child.on("exit", (code, signal) => {
      exit = { code, signal };
      // Whoever else it started may hold its output open.
      if (child.pid !== undefined) endGroup(child.pid);
    });
    // All of the output has come.
    child.on("close", (code, signal) => end(judged({ code, signal })));
  });
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Nobody is left in it.
  }
}

function lastLine(output: string): string {
  return output.trim().split("\n").at(-1) ?? "";
}
