// A `Store` in memory: the fake that passes the same contract as the real ones, for tests of whatever stands on the port.
// Values go through JSON, as they do in a real store, so that nobody keeps a hold of what was stored.

import type { Store, StoreFailure } from "../../src/ports/store.ts";

export type MemoryStore = Store & {
  /** From now on every call fails like this, before it has any effect; `undefined` mends it. */
  fail(failure: StoreFailure | undefined): void;
};

export function makeMemoryStore(): MemoryStore {
  const records = new Map<string, { version: number; text: string }>();
  const journals = new Map<string, string[]>();
  let failing: StoreFailure | undefined;
  let closed = false;

  const never = (why: string): StoreFailure => ({ kind: "failed", retry: "never", why });
  const refusal = (...keys: string[]): StoreFailure | undefined => {
    if (closed) return never("The store is closed.");
    const bad = keys.find((key) => key.length === 0 || key.length > 512 || /\p{Cc}/u.test(key) || !key.isWellFormed());
    return bad === undefined ? failing : never(`${JSON.stringify(bad)} cannot be a key of the store.`);
  };
  const movedOn = ({ key, expect }: { readonly key: string; readonly expect: number }): boolean =>
    (records.get(key)?.version ?? 0) !== expect;

  return {
    fail(failure) {
      failing = failure;
    },
    async get(key) {
      const failure = refusal(key);
      if (failure !== undefined) return failure;
      const record = records.get(key);
      return {
        kind: "value",
        at: record === undefined ? undefined : { value: JSON.parse(record.text), version: record.version },
      };
    },
    async list(prefix) {
      const failure = refusal(`${prefix}x`);
      if (failure !== undefined) return failure;
      const found = [...records]
        .filter(([key]) => key.startsWith(prefix))
        .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      return {
        kind: "values",
        at: found.map(([key, { version, text }]) => ({ key, version, value: JSON.parse(text) })),
      };
    },
    async swap(writes, checks = []) {
      const failure = refusal(...writes.map(({ key }) => key), ...checks.map(({ key }) => key));
      if (failure !== undefined) return failure;
      if ([...writes, ...checks].some(({ expect }) => !Number.isSafeInteger(expect) || expect < 0))
        return never("A version must be a whole number from 0 up.");
      if (new Set(writes.map(({ key }) => key)).size !== writes.length)
        return never("One change of the store writes the same key twice.");
      const texts = writes.map(({ value }) => JSON.stringify(value) as string | undefined);
      if (texts.includes(undefined)) return never("A value for the store must be JSON; nothing was written.");
      const conflict = writes.find(movedOn) ?? checks.find(movedOn);
      if (conflict !== undefined) return { kind: "conflict", key: conflict.key };
      writes.forEach(({ key, expect }, index) => {
        records.set(key, { version: expect + 1, text: texts[index] ?? "null" });
      });
      return { kind: "done" };
    },
    async append({ run, seq, entry }) {
      const failure = refusal(run);
      if (failure !== undefined) return failure;
      if (!Number.isSafeInteger(seq) || seq < 1) return never("A sequence number must be a whole number from 1 up.");
      const text = JSON.stringify(entry) as string | undefined;
      if (text === undefined) return never("A value for the store must be JSON; nothing was written.");
      const rows = journals.get(run) ?? [];
      if (seq <= rows.length) return { kind: "conflict" };
      if (seq !== rows.length + 1)
        return never(
          `Entry ${seq} of the journal of run ${run} would leave a gap: its newest entry is ${rows.length}. Nothing was written.`,
        );
      journals.set(run, [...rows, text]);
      return { kind: "done" };
    },
    async journal(run, part) {
      const failure = refusal(run);
      if (failure !== undefined) return failure;
      const rows = (journals.get(run) ?? []).map((text, index) => ({ run, seq: index + 1, entry: JSON.parse(text) }));
      if (part === undefined) return { kind: "rows", rows };
      const end = Math.min(rows.length, (part.before ?? rows.length + 1) - 1);
      return { kind: "rows", rows: rows.slice(Math.max(0, end - part.newest), Math.max(0, end)) };
    },
    async close() {
      closed = true;
    },
  };
}
