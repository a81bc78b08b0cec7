// How long `leeward --help` takes, the whole process, beside the floor: a Node that does nothing, in the same run.
//
//   node bench/help.ts [--runs 15] [--json]
//
// Read the ratio: other work on the machine moves both.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: { runs: { type: "string", default: "15" }, json: { type: "boolean", default: false } },
});
const runs = Math.max(1, Math.trunc(Number(values.runs)) || 15);
const program = fileURLToPath(new URL("../bin/leeward.js", import.meta.url));
const cases = [
  { name: "leeward --help", args: [program, "--help"] },
  { name: "node -e 0", args: ["-e", "0"] },
] as const;
/** The first starts fill the caches of disk and compiled code. */
const warmUps = 3;

function once(args: readonly string[]): number {
  const startedAt = performance.now();
  const done = spawnSync(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"], encoding: "utf8" });
  const tookMs = performance.now() - startedAt;
  if (done.status !== 0) throw new Error(`${args.join(" ")} ended with ${done.status}: ${done.stderr}`);
  return tookMs;
}

const times = cases.map(() => [] as number[]);
for (let run = -warmUps; run < runs; run++) {
  for (const [i, { args }] of cases.entries()) {
    const tookMs = once(args);
    if (run >= 0) times[i]?.push(tookMs);
  }
}
const rows = cases.map(({ name }, i) => {
  const sorted = (times[i] ?? []).sort((a, b) => a - b);
  const at = (share: number): number => Number((sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(1));
  return { name, minMs: at(0), medianMs: at(0.5), maxMs: at(1) };
});
const [help, floor] = rows;
const ratio = Number(((help?.medianMs ?? 0) / (floor?.medianMs || 1)).toFixed(2));
if (values.json) console.log(JSON.stringify({ runs, rows, ratio }));
else {
  for (const { name, minMs, medianMs, maxMs } of rows)
    console.log(`${name.padEnd(16)} min ${minMs} ms   median ${medianMs} ms   max ${maxMs} ms`);
  console.log(`${ratio} of the floor, median of ${runs} runs each, interleaved`);
}
