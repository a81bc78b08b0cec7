// A notice handed to a command: as JSON on its standard input and as LEEWARD_* in its environment. No shell reads any of it.

import { spawn } from "node:child_process";
import type { Notice } from "../../ports/notifier.ts";

/** Between the polite signal and the last one. */
const killAfterMs = 500;
const complaintCharactersMax = 300;

/** Undefined when it ended with 0; else why not. Ended by its own process group when it outlasts the deadline. */
export function runCommand(
  command: readonly string[],
  notice: Notice,
  { cwd, deadlineMs }: { readonly cwd: string; readonly deadlineMs: number },
): Promise<string | undefined> {
  const [program, ...args] = command;
  if (program === undefined || program === "") return Promise.resolve("the manifest names no command.");
  return new Promise((resolve) => {
    // A group of its own, so that what it starts in turn can be ended with it.
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, ...environmentOf(notice) },
      shell: false,
      detached: true,
      stdio: ["pipe", "ignore", "pipe"],
    });
    let complaint = "";
    let late = false;
    let kill: NodeJS.Timeout | undefined;
    const signal = (name: NodeJS.Signals): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, name);
      } catch {
        // The group is empty already.
      }
    };
    const timer = setTimeout(() => {
      late = true;
      signal("SIGTERM");
      kill = setTimeout(() => signal("SIGKILL"), killAfterMs);
    }, deadlineMs);
    const end = (why: string | undefined): void => {
      clearTimeout(timer);
      clearTimeout(kill);
      // A grandchild may still hold this pipe open.
      child.stderr.destroy();
      resolve(why);
    };
    child.stderr.on("data", (data: Buffer) => {
      if (complaint.length < complaintCharactersMax) complaint += data.toString("utf8");
    });
    child.stdin.on("error", () => {}); // It need not read its input.
    child.on("error", (error: NodeJS.ErrnoException) => {
      end(
        error.code === "ENOENT"
          ? "there is no such program (or its folder is gone)."
          : `it could not be started (${error.code ?? error.name}).`,
      );
    });
    child.on("exit", (code, name) => {
      if (late) {
        // It went at the polite signal; what it started may not have.
        signal("SIGKILL");
        return end(`it did not end within ${deadlineMs} ms and was stopped.`);
      }
      if (code === 0) return end(undefined);
      const said = complaint.trim().split("\n")[0]?.slice(0, complaintCharactersMax) ?? "";
      end(`it ended with ${code === null ? `signal ${name}` : `exit code ${code}`}${said === "" ? "" : `: ${said}`}.`);
    });
    child.stdin.end(JSON.stringify(notice));
  });
}

function environmentOf({ system, group, kind, sentence, next, atMs }: Notice): Record<string, string> {
  const values = {
    LEEWARD_SYSTEM: system,
    LEEWARD_GROUP: group ?? "",
    LEEWARD_KIND: kind,
    LEEWARD_SENTENCE: sentence,
    LEEWARD_NEXT: next ?? "",
    LEEWARD_AT: new Date(atMs).toISOString(),
  };
  // An environment cannot hold a NUL.
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.replaceAll("\u0000", "")]));
}
