// Runs the exhaustive check of the lease protocol and prints what was explored; then takes out each safeguard and prints the
// counterexample that this brings about. Exit code 1 if the protocol has a violation, was not explored to its end, or a removal goes unnoticed.
//
//   node test/protocol/main.ts            the standard worlds and the eight removals
//   node test/protocol/main.ts --deep N   larger worlds, up to N million states each (by default 10)

import { checkProtocol, checkWithout, deepWorlds } from "../../src/core/lease/check/check-protocol.ts";
import { count, reportLines } from "../../src/core/lease/check/report.ts";
import { tellStory } from "../../src/core/lease/check/story.ts";
import { allSafeguards, type Safeguards } from "../../src/core/lease/timing.ts";

const deepAt = process.argv.indexOf("--deep");
const deep = deepAt > 0;
const millions = Number(process.argv[deepAt + 1] ?? "10") || 10;

function secondsSince(startedAt: number): number {
  return (performance.now() - startedAt) / 1000;
}

function progress({ world, states, depth }: { world: string; states: number; depth: number }): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${world}: ${count(states)} states, depth ${depth} `);
}

let failed = false;
let startedAt = performance.now();
const report = checkProtocol({
  onProgress: progress,
  ...(deep ? { worlds: deepWorlds, statesMax: millions * 1_000_000 } : {}),
});
const seconds = secondsSince(startedAt);
if (process.stderr.isTTY) process.stderr.write("\n");
for (const line of reportLines(report)) console.log(line);
console.log(
  `all safeguards in force: ${count(report.states)} states in ${seconds.toFixed(1)} s ` +
    `(${count(Math.round(report.states / seconds))} a second), ` +
    (report.counterexample === undefined ? "no violation" : "VIOLATION"),
);
if (report.counterexample !== undefined) for (const line of tellStory(report.counterexample)) console.log(line);
if (report.counterexample !== undefined || (!deep && !report.complete)) failed = true;

if (!deep) {
  for (const safeguard of Object.keys(allSafeguards) as (keyof Safeguards)[]) {
    startedAt = performance.now();
    const { counterexample, states } = checkWithout(safeguard);
    const took = `${count(states)} states, ${secondsSince(startedAt).toFixed(1)} s`;
    console.log(`\nwithout ${safeguard}: ${counterexample === undefined ? "NOTHING FOUND" : "violated"} (${took})`);
    if (counterexample === undefined) failed = true;
    else for (const line of tellStory(counterexample)) console.log(line);
  }
}
process.exitCode = failed ? 1 : 0;
