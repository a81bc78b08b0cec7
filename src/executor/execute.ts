// Carries out one run: intent durable, act, outcome durable, next.
// I4. Nothing is performed whose intent is not in the journal; whatever was intended by an earlier process is observed before it is
//     performed again, under the same key.
// The journal may be away for a while: then nothing new starts, and what was found out waits here to be written.

import type { Outcome } from "../core/plan/action.ts";
import { effectKey, type Plan, type Step } from "../core/plan/plan.ts";
import type { Clock } from "../ports/clock.ts";
import { type Signal, Stop } from "../ports/signal.ts";
import type { Store } from "../ports/store.ts";
import { applyEntry, type Command, type Entry, type Next, nextOf, type RunState, readRun } from "./run.ts";

export type StepContext = {
  readonly run: RunState;
  readonly step: Step;
  readonly attempt: number;
  readonly key: string;
  /** What is left of the step's deadline. */
  readonly deadlineMs: number;
  readonly signal: Signal;
  readonly progress: (sentence: string) => void;
};

export interface Performer {
  /** Did it happen? "absent" = certainly not (then it is performed). Only looks. */
  observe(context: StepContext): Promise<Outcome | { readonly kind: "absent" }>;
  /** Acts and verifies. The same key performed twice has one effect. */
  act(context: StepContext): Promise<Outcome>;
}

export type Point = "intent" | "effect" | "outcome";

export type RunEvent =
  | { readonly kind: "entry"; readonly run: string; readonly entry: Entry; readonly state: RunState }
  | { readonly kind: "progress"; readonly run: string; readonly step: string; readonly sentence: string }
  | { readonly kind: "journal-away"; readonly run: string; readonly why: string };

export type ExecutorPorts = {
  readonly store: Store;
  readonly clock: Clock;
  readonly performer: Performer;
  readonly onEvent: (event: RunEvent) => void;
  /** Called at every durable boundary; rehearsals end the process here. */
  readonly reached?: (plan: Plan, step: Step, point: Point) => void;
};

/** Between two looks at the run when nothing else wakes it. */
const pollMs = 50;
/** Between two tries to write the journal while the store is away. */
const journalRetryMs = 50;
/** An unknown outcome is observed again this often, until the step's deadline. */
const observeAgainMs = 40;

export class Execution {
  readonly id: string;
  #state: RunState;
  readonly #ports: ExecutorPorts;
  readonly #busy = new Set<string>();
  readonly #abort = new Stop();
  /** A wake-up that comes while nobody waits is kept for the next wait. */
  #woken = false;
  #wakeUp: () => void = () => {};
  /** The journal refuses this process for good: another controller drives the run, or what is stored cannot be read. */
  #broken: Error | undefined;
  /** Entries are numbered one after another, so they are written one after another. */
  #writing: Promise<void> = Promise.resolve();

  private constructor(id: string, state: RunState, ports: ExecutorPorts) {
    this.id = id;
    this.#state = state;
    this.#ports = ports;
  }

  /** Starts a new run: durable on return. */
  static async start(
    id: string,
    plan: Plan,
    ports: ExecutorPorts,
  ): Promise<Execution | { readonly kind: "refused"; readonly why: string }> {
    const entry: Entry = { kind: "started", plan, at: ports.clock.wallMs() };
    const written = await ports.store.append({ run: id, seq: 1, entry });
    if (written.kind === "conflict") return { kind: "refused", why: `a run named ${id} exists already` };
    if (written.kind === "failed") return { kind: "refused", why: `the journal could not be written: ${written.why}` };
    const state = readRun([entry]) as RunState;
    ports.onEvent({ kind: "entry", run: id, entry, state });
    return new Execution(id, state, ports);
  }

  /** Takes up a run where its journal ends. */
  static resume(id: string, entries: readonly Entry[], ports: ExecutorPorts): Execution | undefined {
    const state = readRun(entries);
    return state === undefined ? undefined : new Execution(id, state, ports);
  }

  get state(): RunState {
    return this.#state;
  }

  /** A person's word in a running run; durable on return. */
  async command(command: Command, by: string, step?: string): Promise<void> {
    await this.#write({
      kind: "command",
      command,
      by,
      at: this.#ports.clock.wallMs(),
      ...(step === undefined ? {} : { step }),
    });
    this.#wake();
  }

  /** Until the run has ended or `signal` aborts (the process is going down: the journal keeps the rest). */
  async drive(signal: Signal): Promise<RunState> {
    const stop = (): void => {
      this.#abort.abort(signal.reason);
      this.#wake();
    };
    signal.addEventListener("abort", stop, { once: true });
    try {
      while (!signal.aborted && this.#state.ended === undefined) {
        if (this.#broken !== undefined) throw this.#broken;
        for (const next of nextOf(this.#state, this.#busy, this.#ports.clock.wallMs())) await this.#take(next);
        if (this.#state.ended === undefined) await this.#pause();
      }
      return this.#state;
    } finally {
      signal.removeEventListener("abort", stop);
      // Steps that were let go (best effort, still hanging) must not outlive their run.
      this.#abort.abort(new Error("the run has ended"));
    }
  }

  async #take(next: Next): Promise<void> {
    if (next.kind === "end") {
      await this.#write({ kind: "ended", result: next.result, reason: next.reason, at: this.#ports.clock.wallMs() });
      return;
    }
    this.#busy.add(next.step.id);
    void this.#perform(next)
      .catch((error: unknown) => {
        // A performer that throws is a bug; the step's outcome is unknown and stays so, for nobody knows how far it came.
        const reason = `Leeward itself failed in this step: ${error instanceof Error ? error.message : String(error)}`;
        return this.#write({
          kind: "outcome",
          step: next.step.id,
          attempt: next.attempt,
          outcome: { kind: "unknown", reason },
          at: this.#ports.clock.wallMs(),
        });
      })
      .catch(() => undefined)
      .finally(() => {
        this.#busy.delete(next.step.id);
        this.#wake();
      });
  }

  async #perform(next: Extract<Next, { kind: "begin" | "resume" }>): Promise<void> {
    const { step, attempt } = next;
    const clock = this.#ports.clock;
    if (next.kind === "begin") {
      await this.#write({ kind: "intent", step: step.id, attempt, at: clock.wallMs() });
      // The process is going down: whether the intent is durable is not known, so nothing is done.
      if (this.#abort.aborted) return;
      this.#ports.reached?.(this.#state.plan, step, "intent");
    }
    let startedMs = clock.nowMs();
    const context = (): StepContext => ({
      run: this.#state,
      step,
      attempt,
      key: effectKey(this.id, step.id, attempt),
      deadlineMs: Math.max(0, step.deadlineMs - (clock.nowMs() - startedMs)),
      signal: this.#abort,
      progress: (sentence) => this.#ports.onEvent({ kind: "progress", run: this.id, step: step.id, sentence }),
    });

    let outcome: Outcome | { readonly kind: "absent" } =
      next.kind === "resume"
        ? await this.#ports.performer.observe(context())
        : await this.#ports.performer.act(context());
    while (outcome.kind === "absent" || outcome.kind === "unknown") {
      if (this.#abort.aborted) return;
      const left = context().deadlineMs;
      if (left === 0) break;
      if (this.#state.steps.get(step.id)?.kind === "skipped") return;
      if (outcome.kind === "absent" && this.#state.aborting) {
        outcome = { kind: "failed", retry: "never", reason: "not begun, because the run was aborted first" };
      } else if (outcome.kind === "absent" && this.#state.paused) {
        // It was intended before the pause and has not begun: now it waits with the others, and its deadline with it.
        await clock.sleep(pollMs, this.#abort).catch(() => undefined);
        startedMs = clock.nowMs();
      } else if (outcome.kind === "absent") outcome = await this.#ports.performer.act(context());
      else {
        await clock.sleep(Math.min(observeAgainMs, left), this.#abort).catch(() => undefined);
        outcome = await this.#ports.performer.observe(context());
      }
    }
    if (this.#abort.aborted) return;
    this.#ports.reached?.(this.#state.plan, step, "effect");
    const ended: Outcome =
      outcome.kind === "absent"
        ? { kind: "failed", retry: "never", reason: `not begun within ${step.deadlineMs} ms` }
        : outcome;
    if (this.#state.steps.get(step.id)?.kind === "skipped") return;
    await this.#write({ kind: "outcome", step: step.id, attempt, outcome: ended, at: clock.wallMs() });
    this.#ports.reached?.(this.#state.plan, step, "outcome");
  }

  /** Appends in order; while the store is away it waits and tries again, so that no finding is lost. */
  #write(entry: Entry): Promise<void> {
    const written = this.#writing.then(async () => {
      for (;;) {
        const seq = this.#state.entries + 1;
        const result = await this.#ports.store.append({ run: this.id, seq, entry });
        if (result.kind === "done") break;
        if (result.kind === "conflict") {
          // Our own earlier try of unknown outcome got through, or another controller runs this: the journal decides.
          const held = await this.#holds(seq, entry);
          if (held === "ours") break;
          if (held === "another's") throw this.#fatal(`run ${this.id} is being driven by another controller`);
        }
        if (this.#abort.aborted) return;
        if (result.kind === "failed") {
          this.#ports.onEvent({ kind: "journal-away", run: this.id, why: result.why });
          if (result.retry === "never") throw this.#fatal(result.why);
        }
        await this.#ports.clock.sleep(journalRetryMs, this.#abort).catch(() => undefined);
      }
      this.#state = applyEntry(this.#state, entry);
      this.#ports.onEvent({ kind: "entry", run: this.id, entry, state: this.#state });
      this.#wake();
    });
    this.#writing = written.catch(() => undefined);
    return written;
  }

  async #holds(seq: number, entry: Entry): Promise<"ours" | "another's" | "not known"> {
    const journal = await this.#ports.store.journal(this.id);
    if (journal.kind !== "rows") return "not known";
    const row = journal.rows.find((one) => one.seq === seq);
    return row !== undefined && JSON.stringify(row.entry) === JSON.stringify(entry) ? "ours" : "another's";
  }

  /** From here on nothing of this run is begun by this process. */
  #fatal(why: string): Error {
    this.#broken ??= new Error(why);
    this.#wake();
    return this.#broken;
  }

  #wake(): void {
    this.#woken = true;
    this.#wakeUp();
  }

  async #pause(): Promise<void> {
    if (!this.#woken) {
      const woken = new Promise<void>((resolve) => {
        this.#wakeUp = resolve;
      });
      await Promise.race([woken, this.#ports.clock.sleep(pollMs)]);
    }
    this.#woken = false;
  }
}
