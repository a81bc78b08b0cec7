// One group's keys in the store, with the versions that this controller last saw. Every change is a compare-and-swap (I5).

import type { Maintenance } from "../core/decide/decision.ts";
import type { Memory } from "../core/decide/memory.ts";
import { type GroupRecord, type Lease, unrenewedLease } from "../core/lease/record.ts";
import type { GroupName } from "../core/model/system.ts";
import type { Store, StoreFailure } from "../ports/store.ts";
import type { Traffic } from "../wire/calls.ts";

export type Switchboard = {
  readonly paused: boolean;
  readonly pausedBy: string;
  /** Standbys that a person took out; left out by older controllers. */
  readonly maintenance?: readonly Maintenance[];
};
export type RunIndex = { readonly current?: string; readonly recent: readonly string[]; readonly fingerprint: string };

/** Run ids kept for reports; their journals stay. */
export const recentRunsMax = 100;

type Known = { record: number; lease: number; traffic: number; switchboard: number; runs: number; decider: number };
type Key = keyof Known;

export type Read = {
  readonly kind: "read";
  readonly record: GroupRecord | undefined;
  readonly lease: Lease | undefined;
  readonly traffic: Traffic | undefined;
  readonly switchboard: Switchboard;
  readonly runs: RunIndex;
  /** What the decider must not forget, as it was stored; nothing before it ever was. */
  readonly decider: unknown;
};

export type Swapped = { readonly kind: "done" } | { readonly kind: "conflict" } | StoreFailure;

export class GroupStore {
  readonly #store: Store;
  readonly #group: GroupName;
  readonly #ttlMs: number;
  readonly #known: Known = { record: 0, lease: 0, traffic: 0, switchboard: 0, runs: 0, decider: 0 };
  /** Keys of which it is not known whether the last swap got through. */
  readonly #inDoubt = new Set<Key>();

  constructor(store: Store, group: GroupName, ttlMs: number) {
    this.#store = store;
    this.#group = group;
    this.#ttlMs = ttlMs;
  }

  /** Everything of the group; the versions read are what later swaps expect. */
  async read(): Promise<Read | StoreFailure> {
    const values: Partial<Record<Key, unknown>> = {};
    const versions: Known = { ...this.#known };
    for (const key of ["record", "lease", "traffic", "switchboard", "runs", "decider"] as const) {
      const got = await this.#store.get(this.#name(key));
      if (got.kind === "failed") return got;
      versions[key] = got.at?.version ?? 0;
      values[key] = got.at?.value;
    }
    // All or nothing: a read that broke off must not leave the versions of half of it behind. Versions only grow, so one that a swap
    // has brought meanwhile is the better knowledge.
    for (const key of Object.keys(versions) as Key[]) this.#known[key] = Math.max(this.#known[key], versions[key]);
    const record = values.record as GroupRecord | undefined;
    return {
      kind: "read",
      record,
      lease:
        (values.lease as Lease | undefined) ?? (record === undefined ? undefined : unrenewedLease(record, this.#ttlMs)),
      traffic: values.traffic as Traffic | undefined,
      switchboard: (values.switchboard as Switchboard | undefined) ?? { paused: false, pausedBy: "" },
      runs: (values.runs as RunIndex | undefined) ?? { recent: [], fingerprint: "" },
      decider: values.decider,
    };
  }

  /** The lease alone, as long as the record has not moved. */
  storeLease(lease: Lease): Promise<Swapped> {
    return this.#swap([["lease", lease]], ["record"]);
  }

  /** Record and lease together: an advance and a renewal can never both succeed. */
  storeRecord(record: GroupRecord, lease: Lease): Promise<Swapped> {
    return this.#swap(
      [
        ["record", record],
        ["lease", lease],
      ],
      [],
    );
  }

  storeTraffic(traffic: Traffic): Promise<Swapped> {
    return this.#swap([["traffic", traffic]], ["record"]);
  }

  storeSwitchboard(switchboard: Switchboard): Promise<Swapped> {
    return this.#replace("switchboard", switchboard);
  }

  storeRuns(runs: RunIndex): Promise<Swapped> {
    return this.#replace("runs", runs);
  }

  storeDecider(memory: Memory): Promise<Swapped> {
    return this.#replace("decider", memory);
  }

  /**
   * One key that is ours alone. A call without an answer is looked into at once, or before the next: else a swap that got through unseen
   * would make every later one conflict.
   */
  async #replace(key: "switchboard" | "runs" | "decider", value: unknown): Promise<Swapped> {
    if (this.#inDoubt.has(key)) {
      const known = await this.#look(key);
      if (known.kind === "failed") return known;
    }
    const swapped = await this.#swap([[key, value]], []);
    if (swapped.kind !== "failed") return swapped;
    this.#inDoubt.add(key);
    const read = await this.#look(key);
    return read.kind === "read" && JSON.stringify(read.value) === JSON.stringify(value) ? { kind: "done" } : swapped;
  }

  async #look(key: Key): Promise<{ readonly kind: "read"; readonly value: unknown } | StoreFailure> {
    const got = await this.#store.get(this.#name(key));
    if (got.kind === "failed") return got;
    this.#known[key] = got.at?.version ?? 0;
    this.#inDoubt.delete(key);
    return { kind: "read", value: got.at?.value };
  }

  async #swap(writes: readonly (readonly [Key, unknown])[], checks: readonly Key[]): Promise<Swapped> {
    const result = await this.#store.swap(
      writes.map(([key, value]) => ({ key: this.#name(key), expect: this.#known[key], value })),
      checks.map((key) => ({ key: this.#name(key), expect: this.#known[key] })),
    );
    if (result.kind === "done") for (const [key] of writes) this.#known[key] += 1;
    return result.kind === "conflict" ? { kind: "conflict" } : result;
  }

  #name(key: Key): string {
    return `${key}/${this.#group}`;
  }
}
