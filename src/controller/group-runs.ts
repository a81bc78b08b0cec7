// One group's runs: one at a time is begun, driven to its end, taken up again by the next process, and reported.
// I4: the journal and then the index are durable before a run has any effect. I10: a run that stops before the new primary's epoch
// puts back what it touched. Which run is begun is said by others: the decider, a person, the upkeep.

import type { AuditFact } from "../core/audit/fact.ts";
import type { Decision, EndedRun, RunUnderWay } from "../core/decide/decision.ts";
import type { Group, System } from "../core/model/system.ts";
import { compilePlan, type Methods } from "../core/plan/compile.ts";
import type { Plan } from "../core/plan/plan.ts";
import { Execution, type ExecutorPorts, type Performer, type Point } from "../executor/execute.ts";
import { type Entry, type RunState, readRun } from "../executor/run.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { Signal } from "../ports/signal.ts";
import type { Store, StoreFailure } from "../ports/store.ts";
import type { RunReport } from "../wire/people.ts";
import { stepFact } from "./audit-facts.ts";
import { type GroupStore, type RunIndex, recentRunsMax } from "./group-store.ts";
import type { LeaseDesk } from "./lease-desk.ts";
import { abandonedFact, sentFact } from "./old-primary.ts";
import { runReportOf } from "./run-report.ts";
import type { Telling } from "./telling.ts";
import type { Upkeep, Wanted } from "./upkeep.ts";

export type RunsPorts = {
  readonly system: System;
  readonly group: Group;
  readonly methods: Methods;
  readonly fingerprint: string;
  readonly clock: Clock;
  readonly store: Store;
  readonly log: Log;
  readonly onStore: (failure: StoreFailure | undefined) => void;
  /** For rehearsals: called at every durable boundary of every step. */
  readonly reached?: (plan: Plan, step: string, point: Point) => void;
  readonly groupStore: GroupStore;
  readonly desk: LeaseDesk;
  readonly performer: Performer;
  readonly telling: Telling;
  readonly upkeep: Upkeep;
};

/** The id of the run that has begun, or why none has. */
export type Begun = string | { readonly why: string };

export class GroupRuns {
  readonly #ports: RunsPorts;
  #index: RunIndex = { recent: [], fingerprint: "" };
  #execution: Execution | undefined;
  #driving: Promise<void> = Promise.resolve();
  #starting = false;
  #lastRun: EndedRun | undefined;

  constructor(ports: RunsPorts) {
    this.#ports = ports;
  }

  /** The run that has not ended, a paused one too. */
  get execution(): Execution | undefined {
    return this.#execution;
  }

  /** A run is being begun: its journal or its index is not durable yet, or the run that it replaces has not ended. */
  get starting(): boolean {
    return this.#starting;
  }

  /** The newest ended switch. */
  get lastRun(): EndedRun | undefined {
    return this.#lastRun;
  }

  get underWay(): RunUnderWay | undefined {
    if (this.#execution === undefined) return undefined;
    const { id, state } = this.#execution;
    return { id, kind: state.plan.kind, from: state.plan.from, to: state.plan.to };
  }

  // ---- beginning ----

  /** Begins the switch that was decided; a protecting run that it replaces is ended first. */
  async begin(decision: Extract<Decision, { kind: "switch" }>, signal: Signal): Promise<Begun> {
    if (this.#starting) return { why: "another switch is just being started" };
    if (decision.replaces !== undefined && this.#execution !== undefined) {
      this.#starting = true;
      try {
        await this.#execution.command("abort", "leeward");
        await this.#driving;
      } finally {
        this.#starting = false;
      }
    }
    const { plan, reason, by, lossBoundMs } = decision;
    const bound = lossBoundMs === "unknown" ? {} : { lossBoundMs: Math.max(0, Math.round(lossBoundMs)) };
    return this.start({ ...plan, reason, by, ...bound }, signal);
  }

  /** Durable when it returns an id: the next process finds the run and goes on with it. */
  async start(wanted: Wanted, signal: Signal): Promise<Begun> {
    if (this.#execution !== undefined) return { why: `${this.#execution.id} is under way` };
    if (this.#starting) return { why: "another run is just being started" };
    const { kind, to } = wanted;
    const { system, group, methods, clock, fingerprint, desk, telling, groupStore, onStore } = this.#ports;
    this.#starting = true;
    try {
      const epoch = wanted.epoch ?? desk.record?.epoch ?? 0;
      const id = `${kind}-${group.name}-e${epoch}-${clock.wallMs().toString(36)}`;
      const promotable = desk.record?.promotable ?? [];
      const plan = compilePlan({ id, system, group, methods, promotable, ...wanted, epoch });
      const execution = await Execution.start(id, plan, this.#executorPorts());
      if (!(execution instanceof Execution)) {
        telling.complain(`${kind} to ${to} was not begun: ${execution.why}`);
        return { why: execution.why };
      }
      // The index makes a restart find the run. A run that is journalled and not in the index has had no effect yet.
      const index = { current: id, recent: [...this.#index.recent, id].slice(-recentRunsMax), fingerprint };
      const stored = await groupStore.storeRuns(index);
      onStore(stored.kind === "failed" ? stored : undefined);
      if (stored.kind !== "done")
        return { why: stored.kind === "failed" ? stored.why : "another controller was first" };
      this.#index = index;
      this.#drive(execution, signal);
      return id;
    } finally {
      this.#starting = false;
    }
  }

  // ---- taking up ----

  /** What the store knows of runs, as an earlier process left it. */
  know(index: RunIndex): void {
    this.#index = index;
  }

  /** False while the store does not give back what there is to take up: a run half done must not be forgotten. */
  async resume(signal: Signal): Promise<boolean> {
    const { log, store, fingerprint, telling } = this.#ports;
    const index = this.#index;
    if (!(await this.#recall(index))) return false;
    if (index.current === undefined) return true;
    const journal = await store.journal(index.current);
    if (journal.kind !== "rows") return this.#unreadable(index.current, journal);
    const entries = journal.rows.map((row) => row.entry as Entry);
    const execution = Execution.resume(index.current, entries, this.#executorPorts());
    if (execution === undefined || execution.state.ended !== undefined) return true;
    log.write("warn", "run", `taking up ${execution.id} where its journal ends`, { entries: entries.length });
    telling.say("decided", {
      name: "resumed",
      region: "",
      run: execution.id,
      sentence: `this controller started and takes up ${execution.id} where its journal ends`,
      fact: runFact("resumed", execution.state.plan),
    });
    const changed = index.fingerprint !== fingerprint;
    if (changed) {
      telling.complain(
        `the manifest changed while ${execution.id} was under way: it is paused; compare, then \`leeward run resume ${execution.id}\` or \`abort\``,
      );
    }
    // A run that is to be paused is not driven before that is durable.
    this.#drive(execution, signal, changed ? execution.command("pause", "leeward") : undefined);
    return true;
  }

  /** What a fresh process needs of the past: when the last switch was, and whether the last run left something undone. */
  async #recall(index: RunIndex): Promise<boolean> {
    const { store, clock, upkeep } = this.#ports;
    const wanted = [/^(failover|switchover|failback)-/, /^(failover|switchover|failback|establish|restore|unprotect)-/];
    const ids = wanted.map((kinds) => index.recent.findLast((id) => id !== index.current && kinds.test(id)));
    for (const id of new Set(ids)) {
      if (id === undefined) continue;
      const journal = await store.journal(id);
      if (journal.kind !== "rows") {
        if (this.#unreadable(id, journal)) continue;
        return false;
      }
      const run = readRun(journal.rows.map((row) => row.entry as Entry));
      if (run?.ended === undefined) continue;
      const agoMs = Math.max(0, clock.wallMs() - run.ended.at);
      if (!wasAbandoned(run)) this.#note(id, run.plan, run.ended, clock.nowMs() - agoMs);
      const whole = run.ended.result === "done" || (wasAbandoned(run) && restoreOf(run, "") === undefined);
      if (id === ids[1] && !whole) upkeep.leave(run.plan);
    }
    return true;
  }

  /** Is it of no use to read it again? Then it is said, and the start goes on without it. */
  #unreadable(run: string, failure: StoreFailure): boolean {
    if (failure.retry !== "never") return false;
    this.#ports.telling.complain(
      `the journal of ${run} cannot be read (${failure.why}): look at \`leeward status\` before anything is switched`,
    );
    return true;
  }

  // ---- driving ----

  #drive(execution: Execution, signal: Signal, first: Promise<void> = Promise.resolve()): void {
    const { telling } = this.#ports;
    this.#execution = execution;
    const { plan } = execution.state;
    telling.say("decided", {
      name: plan.kind,
      region: plan.to,
      run: execution.id,
      sentence: `${plan.kind} from ${plan.from} to ${plan.to} begins: ${plan.reason}`.slice(0, 1_000),
      fact: runFact("begun", plan),
    });
    this.#driving = first
      .then(() => execution.drive(signal))
      .then((state) => (state.ended === undefined ? undefined : this.#finished(execution, signal)))
      .catch((error: unknown) =>
        telling.complain(`${execution.id} stopped: ${error instanceof Error ? error.message : String(error)}`),
      )
      .finally(() => {
        if (this.#execution === execution) this.#execution = undefined;
      });
  }

  async #finished(execution: Execution, signal: Signal): Promise<void> {
    const { state } = execution;
    const { plan, ended } = state;
    if (ended === undefined) return;
    const { group, clock, fingerprint, desk, groupStore, telling, upkeep } = this.#ports;
    if (!wasAbandoned(state)) this.#note(execution.id, plan, ended, clock.nowMs());
    telling.say("done", {
      name: plan.kind,
      region: plan.to,
      run: execution.id,
      sentence: `${plan.kind} to ${plan.to}: ${ended.result}; ${ended.reason}`.slice(0, 1_000),
      fact: { ...runFact("ended", plan), result: ended.result },
    });
    if (plan.kind === "protect" && ended.result === "done") upkeep.protectedAgain(plan.to);
    const rest: RunIndex = { recent: this.#index.recent, fingerprint };
    const stored = await groupStore.storeRuns(rest);
    if (stored.kind === "done") this.#index = rest;
    if (plan.kind !== "protect" && plan.kind !== "establish") {
      const next = ended.result === "done" ? {} : { next: "leeward status" };
      telling.notify({
        kind: ended.result === "done" ? "done" : "trouble",
        sentence: `${plan.kind} of ${group.name} to ${plan.to}: ${ended.result}. ${ended.reason}`,
        ...next,
      });
    }
    const restore = ended.result === "done" ? undefined : restoreOf(state, ended.reason);
    const whole = ended.result === "done" || (wasAbandoned(state) && restore === undefined);
    if (plan.kind !== "protect") upkeep.leave(whole ? undefined : plan);
    if (ended.result === "done" || plan.kind === "protect" || desk.record?.epoch !== plan.epochBefore) {
      this.#execution = undefined;
      return;
    }
    // It stopped before the new primary's epoch began: the old state is put back, as far as it was touched.
    if (desk.record !== undefined) await desk.release();
    // From here to the new run nothing is awaited, so that no other one comes between.
    this.#execution = undefined;
    if (restore !== undefined) await this.start(restore, signal);
  }

  /** The decider counts switches, not what keeps house. */
  #note(
    id: string,
    plan: Plan,
    ended: { readonly result: "done" | "failed" | "aborted"; readonly reason: string },
    endedAtMs: number,
  ): void {
    const { kind, from, to, by } = plan;
    if (kind !== "failover" && kind !== "switchover" && kind !== "failback") return;
    this.#lastRun = {
      id,
      kind,
      from,
      to,
      result: ended.result,
      reason: ended.reason,
      endedAtMs,
      ...(by === undefined ? {} : { by }),
    };
  }

  #executorPorts(): ExecutorPorts {
    const { store, clock, log, performer, reached, telling } = this.#ports;
    return {
      store,
      clock,
      performer,
      onEvent: (event) => {
        if (event.kind === "entry" && (event.entry.kind === "intent" || event.entry.kind === "outcome")) {
          const { step } = event.entry;
          const region = event.state.plan.steps.find((one) => one.id === step)?.region ?? "";
          telling.note("done", { region, step, run: event.run, ...stepFact(event.entry) });
        }
        if (event.kind === "entry" && event.entry.kind === "outcome") {
          const { step, outcome } = event.entry;
          log.write(outcome.kind === "done" ? "info" : "warn", "run", `${step}: ${outcome.reason}`, {
            run: event.run,
            outcome: outcome.kind,
          });
        } else if (event.kind === "progress") {
          log.write("info", "run", `${event.step}: ${event.sentence}`, { run: event.run });
        } else if (event.kind === "journal-away") {
          log.write("warn", "run", `the journal does not answer, so nothing new begins: ${event.why}`, {
            run: event.run,
          });
        }
      },
      ...(reached === undefined ? {} : { reached: (plan, step, point) => reached(plan, step.id, point) }),
    };
  }

  // ---- reporting ----

  current(): RunReport | undefined {
    const execution = this.#execution;
    return execution === undefined ? undefined : runReportOf(execution.id, execution.state);
  }

  /** The newest `max`, oldest first; those whose journals the store does not give back are left out. */
  async recent(max: number): Promise<readonly RunReport[]> {
    const reports: RunReport[] = [];
    for (const id of this.#index.recent.slice(-max)) {
      const journal = await this.#ports.store.journal(id);
      const run = journal.kind === "rows" ? readRun(journal.rows.map((row) => row.entry as Entry)) : undefined;
      if (run !== undefined) reports.push(runReportOf(id, run));
    }
    return reports;
  }
}

function runFact(phase: "begun" | "resumed" | "ended", { kind, from, to }: Plan): Extract<AuditFact, { what: "run" }> {
  return { what: "run", phase, kind, from, to };
}

/** Given up because the old primary came back in time: no failure, and nobody's no. */
function wasAbandoned({ steps }: RunState): boolean {
  return [...steps.values()].some((step) => step.kind === "failed" && step.outcome.facts?.[abandonedFact] === true);
}

/** The run that lets the old primary serve again; nothing where it was not touched, or the plan has no way back. */
function restoreOf({ plan, steps }: RunState, endedBecause: string): Wanted | undefined {
  const touched = plan.steps.filter((step) => {
    const state = steps.get(step.id) ?? { kind: "waiting" };
    if (state.kind === "failed" && state.outcome.facts?.[sentFact] === false) return false;
    const begun = state.kind !== "waiting" && state.kind !== "skipped";
    return step.region === plan.from && step.does.kind === "order" && begun;
  });
  if (touched.length === 0 || plan.undo.length === 0) return undefined;
  const fenced = touched.some((step) => step.does.kind === "order" && step.does.action.kind === "fence");
  const reason = `${plan.kind} stopped (${endedBecause}): ${plan.from} serves again`.slice(0, 300);
  return { kind: "restore", from: plan.from, to: plan.from, reason, fenced };
}
