// Where the router's configuration comes from: the agent beside it, by long poll, and after a restart the last one it worked by.
//
// I7. While the agent is away the router works on by what it has; only writes stop, when their window has run out.
// A file never brings a window back: writes wait for a living agent.

import { withoutWindows } from "../core/route/change.ts";
import type { RouteConfig } from "../core/route/config.ts";
import type { Disk } from "../ports/disk.ts";
import type { Log } from "../ports/log.ts";
import type { CallFailure } from "../ports/peers.ts";
import { type RequestOf, routerConfig } from "../wire/calls.ts";
import type { Held } from "./held.ts";
import type { RouterLimits } from "./limits.ts";
import type { Table } from "./table.ts";
import type { Tally } from "./tally.ts";

/**
 * Asks the agent beside this router: the call "router-config". Never throws, and settles within `deadlineMs`. The answer's body is
 * checked here.
 */
export type ConfigSource = (
  request: RequestOf<"router-config">,
  deadlineMs: number,
) => Promise<{ readonly kind: "answer"; readonly body: unknown } | CallFailure>;

/** Name of the last-known-good configuration on disk. */
export const lastKnownGood = "router-config";

/** Shortest time between two polls, should an agent answer at once with nothing new. */
const pollPauseMs = 20;

export interface Configuration {
  /** Reads the last-known-good file. */
  load(): Promise<void>;
  /** Polls until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

export type ConfigurationDeps = {
  readonly region: string;
  readonly source: ConfigSource;
  readonly disk: Disk;
  readonly table: Table;
  readonly held: Held;
  readonly tally: Tally;
  readonly log: Log;
  readonly limits: RouterLimits;
};

export function makeConfiguration(deps: ConfigurationDeps): Configuration {
  const { region, table, held, tally, limits } = deps;
  const say = (level: "info" | "warn" | "error", sentence: string) => deps.log.write(level, "router", sentence);
  const keep = makeKeeper(deps.disk, (why) => say("warn", why));
  let have = 0;
  let trouble: string | undefined;

  /** Says a trouble once, and once that it is over. */
  function nowTrouble(why: string | undefined): void {
    if (why === trouble) return;
    if (why !== undefined) say("warn", why);
    else say("info", "the agent answers again");
    trouble = why;
  }

  function take(next: RouteConfig): void {
    const applied = table.apply(next);
    held.releaseAll();
    for (const change of applied.changes) say("info", change.why);
    for (const sentence of applied.ignored) say("warn", sentence);
    if (applied.dropped > 0) say("warn", `${applied.dropped} requests and sessions of a lower epoch were dropped`);
    if (applied.worthKeeping) keep(withoutWindows(applied.config));
  }

  function request(): RequestOf<"router-config"> {
    const applied: Record<string, { generation: number; inFlight: number }> = {};
    let isDraining = false;
    for (const [name, state] of table.groups) {
      const inFlight = state.inFlight.size;
      applied[name] = { generation: state.route.generation, inFlight };
      if (state.route.mode === "hold" && inFlight > 0) isDraining = true;
    }
    return { have, waitMs: isDraining ? limits.pollWaitInHoldMs : limits.pollWaitMs, applied, outcomes: tally.take() };
  }

  /** One poll. Returns how long to pause before the next. */
  async function poll(failures: number): Promise<{ readonly failed: boolean; readonly pauseMs: number }> {
    const asked = request();
    const startedAt = performance.now();
    const backoff = { failed: true, pauseMs: Math.min(limits.backoffMinMs * 2 ** failures, limits.backoffMaxMs) };
    const answer = await deps.source(asked, asked.waitMs + limits.pollExtraMs).catch(thrown);
    if (answer.kind === "failed") {
      nowTrouble(`the agent does not give a configuration (${answer.why}); the router works on by the last one`);
      if (answer.cause === "unreachable") tally.giveBack(asked.outcomes);
      // A restarted agent counts its serials anew: ask it for whatever it has.
      have = 0;
      return backoff;
    }
    const parsed = routerConfig.safeParse(answer.body);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      nowTrouble(
        `the agent's configuration is not one (${issue?.path.join(".") ?? ""}: ${issue?.message ?? "?"}); it was left aside`,
      );
      return backoff;
    }
    if (parsed.data.region !== region) {
      nowTrouble(
        `the agent's configuration is for region ${parsed.data.region}, this router serves ${region}; it was left aside`,
      );
      return backoff;
    }
    nowTrouble(undefined);
    const isNews = parsed.data.serial !== have;
    have = parsed.data.serial;
    take(parsed.data);
    return { failed: false, pauseMs: isNews || performance.now() - startedAt >= pollPauseMs ? 0 : pollPauseMs };
  }

  return {
    async load() {
      const stored = await deps.disk.read(lastKnownGood);
      if (stored.kind === "absent") return say("info", "no earlier configuration on disk; waiting for the agent");
      if (stored.kind === "torn")
        return say("warn", `the configuration on disk is torn (${stored.why}); starting empty, waiting for the agent`);
      const parsed = routerConfig.safeParse(stored.value);
      if (!parsed.success)
        return say(
          "warn",
          "the configuration on disk is not one of this version; starting empty, waiting for the agent",
        );
      if (parsed.data.region !== region) {
        return say(
          "error",
          `the configuration on disk belongs to region ${parsed.data.region}, not ${region}; starting empty, waiting for the agent`,
        );
      }
      table.apply(withoutWindows(parsed.data));
      say("info", "working by the last configuration on disk; writes wait for the agent");
    },
    async run(signal) {
      let failures = 0;
      while (!signal.aborted) {
        const { failed, pauseMs } = await poll(failures);
        failures = failed ? Math.min(failures + 1, 16) : 0;
        if (pauseMs > 0 && !signal.aborted) await pause(pauseMs, signal);
      }
    },
  };
}

/** A source that throws against its contract must not end the router. */
function thrown(error: unknown): CallFailure {
  return { kind: "failed", cause: "unknown", why: error instanceof Error ? error.message : String(error) };
}

/** Writes the newest configuration, one write at a time; what came meanwhile replaces what waits. */
function makeKeeper(disk: Disk, say: (why: string) => void): (config: RouteConfig) => void {
  let next: RouteConfig | undefined;
  let isWriting = false;
  async function write(): Promise<void> {
    isWriting = true;
    while (next !== undefined) {
      const value = next;
      next = undefined;
      try {
        await disk.write(lastKnownGood, value);
      } catch (error) {
        say(
          `the configuration could not be kept on disk (${error instanceof Error ? error.message : String(error)}); it is in force all the same`,
        );
      }
    }
    isWriting = false;
  }
  return (config) => {
    next = config;
    if (!isWriting) void write(); // ends by itself and reports its own failures
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
  });
}
