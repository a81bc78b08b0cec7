import { expect, test } from "vitest";
import { makeMemoryStore } from "./memory-store.ts";
import { storeContract } from "./store.contract.ts";

storeContract("the store in memory", async () => makeMemoryStore());

test("a store told to fail does so before it changes anything, until it is mended", async () => {
  const store = makeMemoryStore();
  store.fail({ kind: "failed", retry: "unknown", why: "The disk hangs." });
  expect(await store.swap([{ key: "a", expect: 0, value: 1 }])).toEqual({
    kind: "failed",
    retry: "unknown",
    why: "The disk hangs.",
  });
  store.fail(undefined);
  expect(await store.get("a")).toEqual({ kind: "value", at: undefined });
});
