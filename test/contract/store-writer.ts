// A child process that writes to a store as fast as it can and says each write it was told is done, until it is killed:
// what it said must be there afterwards, and pairs must be whole.

import { openSqliteStore } from "../../src/drivers/sqlite/store.ts";

const opened = await openSqliteStore({ file: process.argv[2] ?? "", deadlineMs: 5_000 });
if (opened.kind === "failed") throw new Error(opened.why);
const { store } = opened;
const left = await store.get("pair/left");
let n = left.kind === "value" ? (left.at?.version ?? 0) : 0;
for (;;) {
  const swapped = await store.swap([
    { key: "pair/left", expect: n, value: n + 1 },
    { key: "pair/right", expect: n, value: n + 1 },
  ]);
  if (swapped.kind !== "done") throw new Error(JSON.stringify(swapped));
  n += 1;
  process.stdout.write(`swap ${n}\n`);
  const appended = await store.append({ run: "crash", seq: n, entry: { n, padding: "x".repeat(n % 3_000) } });
  if (appended.kind === "failed") throw new Error(appended.why);
  process.stdout.write(`append ${n}\n`);
}
