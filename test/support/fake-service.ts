// A service that an agent looks after and that does as it is asked: a database, or replicas. For tests of whatever stands on a driver.

import type { Action, Outcome } from "../../src/core/plan/action.ts";
import type { Driver, ServiceStatus } from "../../src/ports/driver.ts";

export class FakeService implements Driver {
  readonly name: string;
  /** What it was asked to bring about, in order. */
  readonly asked: Action[] = [];
  running = true;
  /** Left out: it is a database. */
  replicas: number | undefined;
  /** What becomes of everything that it is asked. */
  outcome: Outcome = { kind: "done", reason: "as asked" };
  onAsked: (action: Action) => void = () => {};
  onEnd: () => void = () => {};

  constructor(name: string, replicas?: number) {
    this.name = name;
    this.replicas = replicas;
  }

  async status(): Promise<ServiceStatus> {
    const replicas = this.replicas === undefined ? {} : { replicas: { running: this.replicas, ready: this.replicas } };
    return { service: this.name, running: this.running, role: "not-a-database", ...replicas };
  }

  async perform(action: Action): Promise<Outcome> {
    this.asked.push(action);
    this.onAsked(action);
    if (this.outcome.kind === "done" && action.kind === "scale") this.replicas = action.replicas;
    return this.outcome;
  }

  async run(): Promise<void> {}

  async shutdown(): Promise<void> {
    this.onEnd();
  }
}
