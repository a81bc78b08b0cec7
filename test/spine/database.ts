// A database in two regions, as far as the spine can tell it from a real one: roles, positions, timelines, a standby that follows while
// the line holds, orphans that are set aside, commits that wait in sync mode.

import type { Action, Driver, Outcome, ServiceStatus } from "../../src/ports/driver.ts";
import type { VirtualClock } from "./virtual-clock.ts";

export type Row = { readonly id: number; readonly epoch: number };

/** What the region's disk holds, and what runs on it. Survives its agents; not the region's power. */
export type Copy = {
  readonly region: string;
  rows: readonly Row[];
  hasData: boolean;
  running: boolean;
  role: "primary" | "standby";
  timeline: number;
  follows: string;
  streaming: boolean;
  hasStreamed: boolean;
  sync: readonly string[];
  orphans: readonly Row[];
};

export const bytesPerRow = 100;
const replicateEveryMs = 10;

export class Databases {
  readonly #time: VirtualClock;
  readonly #reaches: (from: string, to: string) => boolean;
  readonly #delayMs: number;
  readonly copies: ReadonlyMap<string, Copy>;
  /** Effects that took something away or gave it, in order. */
  readonly effects: string[] = [];
  /** Replay and receipt stand still while the server runs. */
  readonly stalled = new Set<string>();
  /** Regions into which a copy takes until this is taken back. */
  readonly slowFollows = new Set<string>();
  /** What the next performs of a kind of action answer, in a region. */
  readonly faults: { readonly region: string; readonly action: string; times: number; readonly outcome: Outcome }[] =
    [];

  constructor(
    time: VirtualClock,
    regions: readonly string[],
    reaches: (from: string, to: string) => boolean,
    delayMs: number,
  ) {
    this.#time = time;
    this.#reaches = reaches;
    this.#delayMs = delayMs;
    this.copies = new Map(
      regions.map((region) => [
        region,
        {
          region,
          rows: [],
          hasData: false,
          running: false,
          role: "standby",
          timeline: 0,
          follows: "",
          streaming: false,
          hasStreamed: false,
          sync: [],
          orphans: [],
        } satisfies Copy,
      ]),
    );
    this.#replicate();
  }

  of(region: string): Copy {
    const copy = this.copies.get(region);
    if (copy === undefined) throw new Error(`no copy in ${region}`);
    return copy;
  }

  /** Commits a row; resolves true when the server would say so to its client, never when it dies or waits for ever. */
  async commit(region: string, row: Row): Promise<boolean> {
    const copy = this.of(region);
    if (!copy.running || copy.role !== "primary") return false;
    copy.rows = [...copy.rows, row];
    const need = copy.rows.length;
    const { timeline } = copy;
    for (let waited = 0; waited < 3_000; waited += replicateEveryMs) {
      if (!copy.running || copy.timeline !== timeline) return false;
      const behind = copy.sync.filter((other) => !(this.of(other).streaming && this.of(other).rows.length >= need));
      if (behind.length === 0) return true;
      await new Promise<void>((resolve) => this.#time.after(replicateEveryMs, resolve));
    }
    return false;
  }

  driver(region: string): Driver {
    const copy = this.of(region);
    return {
      status: async () => {
        await this.#later(2);
        return this.#status(copy);
      },
      perform: async (action, deadlineMs) => {
        await this.#later(10);
        const fault = this.faults.find((one) => one.region === region && one.action === action.kind && one.times > 0);
        if (fault !== undefined) {
          fault.times -= 1;
          return fault.outcome;
        }
        return this.#perform(copy, action, deadlineMs);
      },
      run: () => new Promise(() => {}),
      shutdown: async () => {
        copy.running = false;
      },
    };
  }

  #status(copy: Copy): ServiceStatus {
    const base = { service: "orders", running: copy.running, hasStreamed: copy.hasStreamed };
    if (!copy.running) return { ...base, role: "none" };
    const bytes = String(copy.rows.length * bytesPerRow);
    if (copy.role === "primary")
      return { ...base, role: "primary", position: { written: bytes, timeline: copy.timeline } };
    return {
      ...base,
      role: "standby",
      streaming: copy.streaming,
      position: { received: bytes, replayed: bytes, timeline: copy.timeline },
      lagBytes: Math.max(0, (this.copies.get(copy.follows)?.rows.length ?? 0) - copy.rows.length) * bytesPerRow,
    };
  }

  async #perform(copy: Copy, action: Action, deadlineMs: number): Promise<Outcome> {
    const done = (reason: string, facts?: Record<string, string | number>): Outcome => ({
      kind: "done",
      reason,
      ...(facts === undefined ? {} : { facts }),
    });
    const failed = (reason: string): Outcome => ({ kind: "failed", retry: "later", reason });
    switch (action.kind) {
      case "serve-primary":
        if (!copy.hasData && !action.create) return failed(`${copy.region} has no data`);
        if (copy.hasData && copy.role === "standby")
          return failed(`${copy.region} has a standby's data: it is promoted, not started`);
        if (!copy.running) this.effects.push(`serve ${copy.region}`);
        Object.assign(copy, {
          hasData: true,
          running: true,
          role: "primary",
          timeline: Math.max(1, copy.timeline),
          sync: action.sync ? action.standbys : [],
        });
        return done("it serves");
      case "follow":
        return this.#follow(copy, action.primary, deadlineMs);
      case "promote":
        if (copy.running && copy.role === "primary") return done("it is promoted already");
        if (!copy.hasData) return { kind: "failed", retry: "never", reason: `${copy.region} has no data` };
        if (!copy.hasStreamed) return { kind: "failed", retry: "never", reason: "it has never streamed" };
        this.effects.push(`promote ${copy.region}`);
        Object.assign(copy, {
          running: true,
          role: "primary",
          timeline: copy.timeline + 1,
          streaming: false,
          follows: "",
          sync: action.sync ? action.standbys : [],
        });
        return done("it takes writes");
      case "fence":
        if (copy.running) this.effects.push(`fence ${copy.region}`);
        copy.running = false;
        copy.streaming = false;
        return done("it has stopped", { position: String(copy.rows.length * bytesPerRow) });
      case "await-position": {
        // The old primary sends what is left before it stops; here it is taken from its disk.
        for (let waited = 0; waited < deadlineMs; waited += 5) {
          if (copy.rows.length * bytesPerRow >= Number(action.position)) return done("it has everything");
          const old = this.copies.get(copy.follows);
          if (old !== undefined && this.#reaches(old.region, copy.region) && !this.stalled.has(copy.region))
            copy.rows = old.rows;
          await this.#later(5);
        }
        return failed(`${copy.region} is behind`);
      }
      case "set-mode":
        copy.sync = action.sync ? action.standbys : [];
        return done("the mode is set");
      case "verify-write":
        return copy.running && copy.role === "primary" ? done("a write went through") : failed("it takes no write");
      case "stop":
        copy.running = false;
        return done("it has stopped");
      case "scale":
        return failed("a database does not scale");
      default:
        return action satisfies never;
    }
  }

  async #follow(copy: Copy, primaryRegion: string, deadlineMs: number): Promise<Outcome> {
    const primary = this.of(primaryRegion);
    while (this.slowFollows.has(copy.region)) await this.#later(100);
    for (let waited = 0; waited < Math.min(deadlineMs, 5_000); waited += 50) {
      if (primary.running && primary.role === "primary" && this.#reaches(primaryRegion, copy.region)) {
        const orphans = copy.rows.filter((row) => !primary.rows.includes(row));
        this.effects.push(`follow ${copy.region}`);
        Object.assign(copy, {
          rows: primary.rows,
          hasData: true,
          running: true,
          role: "standby",
          timeline: primary.timeline,
          follows: primaryRegion,
          streaming: true,
          hasStreamed: true,
          sync: [],
          orphans: [...copy.orphans, ...orphans],
        });
        return { kind: "done", reason: "it streams", facts: { orphans: orphans.length } };
      }
      await this.#later(50);
    }
    return { kind: "failed", retry: "later", reason: `${primaryRegion} cannot be copied from` };
  }

  #replicate(): void {
    for (const copy of this.copies.values()) {
      if (copy.role !== "standby" || !copy.running) continue;
      const primary = this.copies.get(copy.follows);
      const line =
        primary?.running === true &&
        primary.role === "primary" &&
        this.#reaches(primary.region, copy.region) &&
        !this.stalled.has(copy.region);
      copy.streaming = line && primary.timeline === copy.timeline;
      if (!line || primary === undefined || primary.timeline !== copy.timeline) continue;
      const { rows, timeline } = primary;
      this.#time.after(this.#delayMs, () => {
        const still =
          copy.running &&
          copy.role === "standby" &&
          copy.timeline === timeline &&
          this.#reaches(primary.region, copy.region);
        if (still && rows.length > copy.rows.length) copy.rows = rows;
      });
    }
    this.#time.after(replicateEveryMs, () => this.#replicate());
  }

  #later(ms: number): Promise<void> {
    return new Promise((resolve) => this.#time.after(ms, resolve));
  }
}
