// What every `Store` does, real or fake. Each engine's own test calls this with a way to open an empty one.

import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Store } from "../../src/ports/store.ts";

export function storeContract(name: string, openEmpty: () => Promise<Store>): void {
  describe(`the contract of a store, by ${name}`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await openEmpty();
    });
    afterEach(async () => {
      await store.close();
    });

    test("a key that was never written does not exist, and has version 0", async () => {
      expect(await store.get("record/a")).toEqual({ kind: "value", at: undefined });
      expect(await store.swap([], [{ key: "record/a", expect: 0 }])).toEqual({ kind: "done" });
    });

    test("a written key has its value and its version grows by one with each change", async () => {
      expect(await store.swap([{ key: "record/a", expect: 0, value: { epoch: 1 } }])).toEqual({ kind: "done" });
      expect(await store.get("record/a")).toEqual({ kind: "value", at: { value: { epoch: 1 }, version: 1 } });
      expect(await store.swap([{ key: "record/a", expect: 1, value: null }])).toEqual({ kind: "done" });
      expect(await store.get("record/a")).toEqual({ kind: "value", at: { value: null, version: 2 } });
    });

    test("a stale expectation is a conflict and changes nothing, not even the other keys of the swap", async () => {
      await store.swap([{ key: "a", expect: 0, value: "first" }]);
      expect(
        await store.swap([
          { key: "b", expect: 0, value: 1 },
          { key: "a", expect: 0, value: 2 },
        ]),
      ).toEqual({ kind: "conflict", key: "a" });
      expect(await store.get("b")).toEqual({ kind: "value", at: undefined });
      expect(await store.get("a")).toEqual({ kind: "value", at: { value: "first", version: 1 } });
    });

    test("a check that fails stops the writes, and is named", async () => {
      expect(await store.swap([{ key: "a", expect: 0, value: 1 }], [{ key: "lease", expect: 3 }])).toEqual({
        kind: "conflict",
        key: "lease",
      });
      expect(await store.get("a")).toEqual({ kind: "value", at: undefined });
    });

    test("the first key that moved on is named, writes before checks", async () => {
      expect(
        await store.swap(
          [
            { key: "a", expect: 1, value: 1 },
            { key: "b", expect: 1, value: 1 },
          ],
          [{ key: "c", expect: 1 }],
        ),
      ).toEqual({ kind: "conflict", key: "a" });
    });

    test("a swap that writes one key twice is refused", async () => {
      const answer = await store.swap([
        { key: "a", expect: 0, value: 1 },
        { key: "a", expect: 1, value: 2 },
      ]);
      expect(answer).toMatchObject({ kind: "failed", retry: "never" });
      expect(await store.get("a")).toEqual({ kind: "value", at: undefined });
    });

    test("a list has the keys of its prefix only, in order of their bytes", async () => {
      for (const key of ["run/2", "run/10", "runs", "ru", "run/", "run/é", "run/%"])
        await store.swap([{ key, expect: 0, value: key }]);
      const answer = await store.list("run/");
      expect(answer.kind === "values" && answer.at.map(({ key, value, version }) => [key, value, version])).toEqual(
        ["run/", "run/%", "run/10", "run/2", "run/é"].map((key) => [key, key, 1]),
      );
      const all = await store.list("");
      expect(all.kind === "values" && all.at.length).toBe(7);
    });

    test("of a long journal the newest entries can be read alone, with their numbers", async () => {
      for (let seq = 1; seq <= 7; seq += 1)
        expect(await store.append({ run: "long", seq, entry: { seq } })).toEqual({ kind: "done" });
      const newest = await store.journal("long", { newest: 3 });
      expect(newest.kind === "rows" && newest.rows.slice(-3)).toEqual(
        [5, 6, 7].map((seq) => ({ run: "long", seq, entry: { seq } })),
      );
      expect(await store.journal("long", { newest: 3, before: 6 })).toEqual({
        kind: "rows",
        rows: [3, 4, 5].map((seq) => ({ run: "long", seq, entry: { seq } })),
      });
      expect(await store.journal("long", { newest: 3, before: 1 })).toEqual({ kind: "rows", rows: [] });
      expect(await store.journal("long", { newest: 3, before: 100 })).toEqual(
        await store.journal("long", { newest: 3 }),
      );
      expect(await store.journal("long", { newest: 100 })).toEqual(await store.journal("long"));
      expect(await store.journal("none", { newest: 3 })).toEqual({ kind: "rows", rows: [] });
    });

    test("of two that append the same entry one wins, and a gap is refused", async () => {
      const answers = await Promise.all([
        store.append({ run: "r1", seq: 1, entry: "one" }),
        store.append({ run: "r1", seq: 1, entry: "other" }),
      ]);
      expect(answers.map(({ kind }) => kind).sort()).toEqual(["conflict", "done"]);
      expect(await store.append({ run: "r1", seq: 3, entry: "three" })).toMatchObject({
        kind: "failed",
        retry: "never",
      });
      expect(await store.append({ run: "r1", seq: 2, entry: { two: 2 } })).toEqual({ kind: "done" });
      const journal = await store.journal("r1");
      expect(journal.kind === "rows" && journal.rows.map(({ run, seq }) => [run, seq])).toEqual([
        ["r1", 1],
        ["r1", 2],
      ]);
      expect(await store.journal("r2")).toEqual({ kind: "rows", rows: [] });
    });

    test("of many that swap from the same version exactly one wins", async () => {
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, value) => store.swap([{ key: "record/g", expect: 0, value }])),
      );
      expect(answers.filter(({ kind }) => kind === "done")).toHaveLength(1);
      expect(answers.filter(({ kind }) => kind === "conflict")).toHaveLength(19);
      const winner = answers.findIndex(({ kind }) => kind === "done");
      expect(await store.get("record/g")).toEqual({ kind: "value", at: { value: winner, version: 1 } });
    });

    test.each(["", "a\u0000b", "a\nb", "\ud800", "x".repeat(513)])("the key %j is refused", async (key) => {
      expect(await store.swap([{ key, expect: 0, value: 1 }])).toMatchObject({ kind: "failed", retry: "never" });
      expect(await store.get(key)).toMatchObject({ kind: "failed", retry: "never" });
    });

    test("a value that is not JSON is refused, and any that is comes back as it went in", async () => {
      expect(await store.swap([{ key: "a", expect: 0, value: undefined }])).toMatchObject({
        kind: "failed",
        retry: "never",
      });
      await fc.assert(
        fc.asyncProperty(fc.uuid(), fc.jsonValue(), async (key, value) => {
          await store.swap([{ key, expect: 0, value }]);
          expect(await store.get(key)).toEqual({
            kind: "value",
            at: { value: JSON.parse(JSON.stringify(value)), version: 1 },
          });
        }),
        { numRuns: 40 },
      );
    });

    test("after close every call is refused", async () => {
      await store.close();
      expect(await store.get("a")).toMatchObject({ kind: "failed", retry: "never" });
      expect(await store.swap([{ key: "a", expect: 0, value: 1 }])).toMatchObject({ kind: "failed", retry: "never" });
    });

    test("any sequence of calls does what a plain list of facts says", async () => {
      const key = fc.constantFrom("a", "b", "c/d");
      const expectation = fc.record({ key, expect: fc.nat({ max: 4 }) });
      const call = fc.oneof(
        fc.record({
          op: fc.constant("swap" as const),
          writes: fc.uniqueArray(fc.record({ key, expect: fc.nat({ max: 4 }), value: fc.nat() }), {
            selector: (write) => write.key,
            maxLength: 3,
          }),
          checks: fc.array(expectation, { maxLength: 2 }),
        }),
        // Expectations that fit are rare by chance: these are filled in from the model.
        fc.record({ op: fc.constant("follow" as const), keys: fc.uniqueArray(key, { minLength: 1 }), value: fc.nat() }),
        fc.record({
          op: fc.constant("append" as const),
          run: fc.constantFrom("r", "s"),
          seq: fc.integer({ min: 1, max: 5 }),
        }),
        fc.record({ op: fc.constant("read" as const), key }),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(call, { maxLength: 40 }), async (sequence) => {
          const fresh = await openEmpty();
          const model = new Map<string, { value: unknown; version: number }>();
          const rows = new Map<string, number>();
          const versionOf = (name: string): number => model.get(name)?.version ?? 0;
          try {
            for (const step of sequence) {
              if (step.op === "swap" || step.op === "follow") {
                const writes =
                  step.op === "swap"
                    ? step.writes
                    : step.keys.map((name) => ({ key: name, expect: versionOf(name), value: step.value }));
                const checks = step.op === "swap" ? step.checks : [];
                const moved = [...writes, ...checks].find((one) => versionOf(one.key) !== one.expect);
                expect(await fresh.swap(writes, checks)).toEqual(
                  moved === undefined ? { kind: "done" } : { kind: "conflict", key: moved.key },
                );
                if (moved === undefined)
                  for (const write of writes) model.set(write.key, { value: write.value, version: write.expect + 1 });
              } else if (step.op === "append") {
                const last = rows.get(step.run) ?? 0;
                const kind = step.seq <= last ? "conflict" : step.seq === last + 1 ? "done" : "failed";
                expect((await fresh.append({ run: step.run, seq: step.seq, entry: step.seq })).kind).toBe(kind);
                if (kind === "done") rows.set(step.run, step.seq);
              } else {
                expect(await fresh.get(step.key)).toEqual({ kind: "value", at: model.get(step.key) });
              }
            }
            const all = await fresh.list("");
            expect(
              all.kind === "values" && Object.fromEntries(all.at.map(({ key: name, ...rest }) => [name, rest])),
            ).toEqual(Object.fromEntries(model));
            for (const [run, last] of rows) {
              expect(await fresh.journal(run)).toEqual({
                kind: "rows",
                rows: Array.from({ length: last }, (_, index) => ({ run, seq: index + 1, entry: index + 1 })),
              });
            }
          } finally {
            await fresh.close();
          }
        }),
        { numRuns: 25 },
      );
    }, 60_000);

    test("concurrent counters lose no increment", async () => {
      const add = async (): Promise<void> => {
        for (let done = 0; done < 5; ) {
          const at = await store.get("count");
          if (at.kind === "failed") throw new Error(at.why);
          const answer = await store.swap([
            { key: "count", expect: at.at?.version ?? 0, value: Number(at.at?.value ?? 0) + 1 },
          ]);
          if (answer.kind === "failed") throw new Error(answer.why);
          if (answer.kind === "done") done += 1;
        }
      };
      await Promise.all(Array.from({ length: 6 }, add));
      expect(await store.get("count")).toEqual({ kind: "value", at: { value: 30, version: 30 } });
    });
  });
}
