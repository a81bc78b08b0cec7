// What this driver needs of the operating system to run a server. It is handed in, because starting processes is another
// driver's trade; the names are that driver's own.

import type { Owner } from "./durable.ts";

export type ProcessName = { readonly pid: number; readonly startTime: string };

type RunningProcess = {
  readonly record: ProcessName;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
};

export interface Processes {
  /** Starts a direct child whose output is appended to `logFile`; recorded in `recordFile` on return. */
  startProcess(request: {
    readonly command: string;
    readonly args: readonly string[];
    readonly env: Readonly<Record<string, string>>;
    readonly cwd: string;
    readonly logFile: string;
    readonly recordFile: string;
    readonly as?: Owner;
  }): Promise<
    | { readonly kind: "started"; readonly running: RunningProcess }
    | { readonly kind: "failed"; readonly retry: "later" | "never"; readonly why: string }
  >;
  look(pid: number): Promise<(ProcessName & { readonly zombie: boolean }) | undefined>;
  isAlive(name: ProcessName): Promise<boolean>;
  childrenOf(pid: number): Promise<readonly ProcessName[]>;
  /** SIGKILL to each that is still the process it was. */
  kill(names: readonly ProcessName[]): Promise<void>;
  /** True once none is alive; false after `withinMs`. */
  gone(names: readonly ProcessName[], withinMs: number): Promise<boolean>;
}
