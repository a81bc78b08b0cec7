// Runs plans against a sink that counts effects, in processes that can be ended at any point. What a process leaves behind is what real
// ones leave: the journal, and whatever its sinks are still busy with.

import type { Outcome } from "../../src/core/plan/action.ts";
import { effectKey, type Plan, type Step } from "../../src/core/plan/plan.ts";
import {
  Execution,
  type ExecutorPorts,
  type Performer,
  type Point,
  type RunEvent,
} from "../../src/executor/execute.ts";
import type { Entry, RunState } from "../../src/executor/run.ts";
import { Stop } from "../../src/ports/signal.ts";
import type { Store } from "../../src/ports/store.ts";
import { makeMemoryStore } from "../contract/memory-store.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** What a sink does when it is asked for a step's n-th attempt. */
export type Behaviour = (step: Step, attempt: number) => Outcome | "silent" | undefined;

/** What the store does with an append, or undefined: as asked. */
export type StoreFault = (seq: number, tryNumber: number) => "lost" | "unknown, done" | "unknown, not done" | undefined;

const done = (step: Step): Outcome => ({ kind: "done", reason: `${step.id} is done` });

export class RunRig {
  readonly time = new VirtualClock();
  readonly store = makeMemoryStore();
  readonly plan: Plan;
  readonly run = "run-1";
  /** Steps in the order in which their effect began, one entry per effect. */
  readonly effects: string[] = [];
  /** Whatever must never be, in words. */
  readonly broken: string[] = [];
  behaviour: Behaviour = () => undefined;
  storeFault: StoreFault = () => undefined;
  /** Called after every entry that is durable. */
  onDurable: (entries: number) => void = () => {};
  /** How often performers were asked to act, with the key. */
  readonly asked: string[] = [];
  readonly observed: string[] = [];
  readonly #sinks = new Map<string, { ended?: Outcome; readonly end: Promise<Outcome> }>();
  readonly #durable: Entry[] = [];
  readonly #tries = new Map<number, number>();
  #process = 0;
  #stop = new Stop();
  execution: Execution | undefined;
  state: RunState | undefined;
  failure: unknown;

  constructor(plan: Plan) {
    this.plan = plan;
  }

  get journal(): readonly Entry[] {
    return this.#durable;
  }

  /** A fresh process: begins the run, or takes it up where the journal ends. */
  begin(reached?: (step: Step, point: Point) => void): void {
    const process = ++this.#process;
    this.#stop = new Stop();
    const signal = this.#stop;
    const alive = (): boolean => this.#process === process;
    const ports = this.#ports(alive, reached);
    const go = async (): Promise<void> => {
      const entries = await this.#entries();
      const execution =
        entries.length > 0
          ? Execution.resume(this.run, entries, ports)
          : await Execution.start(this.run, this.plan, ports);
      if (!(execution instanceof Execution)) throw new Error(`not begun: ${JSON.stringify(execution)}`);
      if (!alive()) return;
      this.execution = execution;
      const state = await execution.drive(signal);
      if (alive()) this.state = state;
    };
    go().catch((error: unknown) => {
      if (alive()) this.failure = error;
    });
  }

  /** Nothing of the process happens from here on. Its sinks go on. */
  kill(): void {
    this.#process += 1;
  }

  /** In good order: the process is told, and ends by itself. */
  shutDown(): void {
    this.#stop.abort(new Error("shutting down"));
  }

  async until(done: () => boolean, ms = 120_000): Promise<boolean> {
    return this.time.pass(ms, () => done() || this.failure !== undefined);
  }

  async toTheEnd(): Promise<RunState> {
    await this.until(() => this.state !== undefined);
    if (this.failure !== undefined) throw this.failure;
    if (this.state === undefined) throw new Error(`the run does not end:\n${this.story()}`);
    return this.state;
  }

  story(): string {
    const told = this.#durable.map((entry) => {
      if (entry.kind === "started") return "started";
      if (entry.kind === "ended") return `ended ${entry.result}: ${entry.reason}`;
      if (entry.kind === "command") return `${entry.command} ${entry.step ?? ""}`;
      return `${entry.kind} ${entry.step} ${entry.attempt}${entry.kind === "outcome" ? ` ${entry.outcome.kind}` : ""}`;
    });
    return [...told, `effects: ${this.effects.join(" ")}`, ...this.broken].join("\n");
  }

  async #entries(): Promise<Entry[]> {
    const journal = await this.store.journal(this.run);
    return journal.kind === "rows" ? journal.rows.map((row) => row.entry as Entry) : [];
  }

  #ports(alive: () => boolean, reached?: (step: Step, point: Point) => void): ExecutorPorts {
    const guarded = <T>(value: Promise<T>): Promise<T> => value.then((one) => (alive() ? one : never()));
    const performer: Performer = {
      observe: (context) => {
        if (!alive()) return never();
        this.observed.push(context.key);
        return guarded(this.#observe(context.key));
      },
      act: (context) => {
        if (!alive()) return never();
        this.asked.push(context.key);
        if (!this.#hasIntent(context.step.id, context.attempt))
          this.broken.push(`I4: ${context.key} was performed without a durable intent`);
        return guarded(this.#act(context.step, context.attempt, context.deadlineMs));
      },
    };
    return {
      store: this.#storeOf(alive),
      clock: this.time.clock(alive),
      performer,
      onEvent: (_: RunEvent) => {},
      ...(reached === undefined
        ? {}
        : {
            reached: (_: Plan, step: Step, point: Point) => {
              if (alive()) reached(step, point);
            },
          }),
    };
  }

  #hasIntent(step: string, attempt: number): boolean {
    return this.#durable.some((entry) => entry.kind === "intent" && entry.step === step && entry.attempt === attempt);
  }

  #storeOf(alive: () => boolean): Store {
    return {
      ...this.store,
      journal: (run) => this.store.journal(run),
      append: async (row) => {
        // A little later, as a disk would.
        await new Promise<void>((resolve) => this.time.after(1, resolve));
        if (!alive()) return never();
        const tryNumber = (this.#tries.get(row.seq) ?? 0) + 1;
        this.#tries.set(row.seq, tryNumber);
        const fault = this.storeFault(row.seq, tryNumber);
        if (fault === "lost") return { kind: "failed", retry: "later", why: "the disk is away" };
        if (fault === "unknown, not done") return { kind: "failed", retry: "unknown", why: "no answer in time" };
        const written = await this.store.append(row);
        if (written.kind === "done") {
          this.#durable.push(row.entry as Entry);
          this.onDurable(row.seq);
        }
        if (fault === "unknown, done") return { kind: "failed", retry: "unknown", why: "no answer in time" };
        return alive() ? written : never();
      },
    };
  }

  async #observe(key: string): Promise<Outcome | { readonly kind: "absent" }> {
    await this.#later(3);
    return this.#sinks.get(key)?.ended ?? { kind: "absent" };
  }

  async #act(step: Step, attempt: number, deadlineMs: number): Promise<Outcome> {
    await this.#later(3);
    const behaves = this.behaviour(step, attempt);
    if (behaves === "silent") {
      await this.#later(deadlineMs);
      return { kind: "unknown", reason: "no answer" };
    }
    if (behaves !== undefined) return behaves;
    const key = effectKey(this.run, step.id, attempt);
    const known = this.#sinks.get(key);
    if (known !== undefined) return known.end;
    this.effects.push(step.id);
    for (const need of step.needs) {
      const other = this.plan.steps.find((one) => one.id === need);
      if (other !== undefined && !this.#settled(need)) this.broken.push(`${step.id} began before ${need} had ended`);
    }
    const sink: { ended?: Outcome; end: Promise<Outcome> } = {
      end: this.#later(10).then(() => (sink.ended = done(step))),
    };
    this.#sinks.set(key, sink);
    return sink.end;
  }

  #settled(id: string): boolean {
    return this.#durable.some(
      (entry) =>
        (entry.kind === "outcome" && entry.step === id && entry.outcome.kind === "done") ||
        entry.kind === "command" ||
        (entry.kind === "outcome" &&
          entry.step === id &&
          this.plan.steps.some((step) => step.id === id && step.bestEffort)),
    );
  }

  #later(ms: number): Promise<void> {
    return new Promise((resolve) => this.time.after(ms, resolve));
  }
}

function never<T>(): Promise<T> {
  return new Promise(() => {});
}
