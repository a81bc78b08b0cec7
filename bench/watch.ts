// How often the watch is wrong by chance, and how soon it is right: the production code of core/watch, simulated.
//
//   node bench/watch.ts [--alarms N] [--seed N]     N false alarms per cell (default 400; 4000 takes minutes)
//
// The false-alarm interval of a real budget (10 years) cannot be waited for even here, so each cell takes a loss and a count at
// which alarms come; the formula is the same one that sets the real threshold. Counted is the pooled count alone, which the formula
// is about; "quorum too" is how often a majority of the vantages was past its own threshold at that moment as well, without which
// there is no alarm: real ones are that much rarer than promised.

import { parseArgs } from "node:util";
import { type BeliefRules, newTarget, takeSample } from "../src/core/watch/belief.ts";
import { chanceFrom } from "../src/core/watch/chance.ts";
import { localMisses, quorumOf, samplesToRun, thresholdFor } from "../src/core/watch/detector.ts";

const { values } = parseArgs({
  options: { alarms: { type: "string", default: "400" }, seed: { type: "string", default: "1" } },
});
const alarms = Number(values.alarms);
const periodMs = 200;
const year = 31_557_600_000;
const vantagesOf = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `vantage-${index}`);
const target = { region: "north", service: "agent" };

function rulesWith(misses: number): BeliefRules {
  return { periodMs, misses, silentAfterMs: 1_000, recoveryAnswers: 3, recoveryDwellMs: 3_000 };
}

type Measured = {
  readonly mean: number;
  readonly error: number;
  readonly samples: number;
  readonly quorumShare: number;
};

function falseAlarmInterval(cell: { vantages: number; p0: number; misses: number }, random: () => number): Measured {
  const rules = rulesWith(cell.misses);
  const vantages = vantagesOf(cell.vantages);
  let [nowMs, agreed, sum, squares] = [0, 0, 0, 0];
  for (let alarm = 0; alarm < alarms; alarm += 1) {
    let state = newTarget(target, vantages);
    let samples = 0;
    while (state.statistic < cell.misses) {
      nowMs += periodMs / vantages.length;
      const vantage = vantages[samples % vantages.length] ?? "";
      state = takeSample(state, rules, { vantage, ok: random() >= cell.p0, controls: true }, nowMs);
      samples += 1;
    }
    if (state.phase === "down") agreed += 1;
    sum += samples;
    squares += samples * samples;
  }
  const mean = sum / alarms;
  return {
    mean,
    error: Math.sqrt(Math.max(0, squares / alarms - mean * mean) / alarms),
    samples: sum,
    quorumShare: agreed / alarms,
  };
}

/** Milliseconds from the death to the alarm at random phases, on a path that also loses packets while all is well. */
function delays(
  vantageCount: number,
  misses: number,
  random: () => number,
): { readonly mean: number; readonly worst: number } {
  const rules = rulesWith(misses);
  const vantages = vantagesOf(vantageCount);
  const rounds = 2_000;
  let [sum, worst] = [0, 0];
  for (let round = 0; round < rounds; round += 1) {
    const phase = (random() * periodMs) / vantageCount;
    let state = newTarget(target, vantages);
    let sample = 0;
    const at = (): number => phase + (sample * periodMs) / vantageCount;
    const diesAt = 20 * periodMs;
    while (state.phase === "up") {
      const ok = at() < diesAt && random() >= 0.01;
      state = takeSample(
        state,
        rules,
        { vantage: vantages[sample % vantageCount] ?? "", ok, controls: true },
        1_000_000 + at(),
      );
      sample += 1;
    }
    const delay = at() - periodMs / vantageCount - diesAt;
    sum += delay;
    worst = Math.max(worst, delay);
  }
  return { mean: sum / rounds, worst };
}

const random = chanceFrom(Number(values.seed));
const startedMs = performance.now();
let samples = 0;
console.log("False alarms: samples between two, measured / formula (95 % interval)");
for (const vantages of [1, 2, 3, 5]) {
  for (const [p0, misses] of [
    [0.01, 2],
    [0.05, 3],
    [0.1, 4],
    [0.2, 5],
  ] as const) {
    const measured = falseAlarmInterval({ vantages, p0, misses }, random);
    samples += measured.samples;
    const exact = samplesToRun(p0, misses);
    const [low, high] = [
      (measured.mean - 1.96 * measured.error) / exact,
      (measured.mean + 1.96 * measured.error) / exact,
    ];
    const verdict = low <= 1 && high >= 1 ? "agrees" : "differs (one cell in twenty does by chance)";
    console.log(
      `  V=${vantages} p0=${p0} n=${misses}: ${(measured.mean / exact).toFixed(3)} (${low.toFixed(3)} .. ${high.toFixed(3)}) ${verdict}; quorum too in ${(measured.quorumShare * 100).toFixed(1)} %`,
    );
  }
}
const seconds = (performance.now() - startedMs) / 1_000;
console.log(
  `  ${(samples / 1e6).toFixed(1)} million samples, ${(samples / seconds / 1e6).toFixed(2)} million a second\n`,
);

console.log(
  "Dead target, one false alarm in 10 years over 3 targets, a sample per vantage every 200 ms: ms to the alarm, without timeout",
);
for (const vantages of [1, 2, 3, 5]) {
  const threshold = thresholdFor({
    falseFailoverMs: 10 * year,
    vantages,
    periodMs,
    p0: 0.01,
    targets: 3,
    quorum: quorumOf(vantages),
    local: localMisses,
  });
  const measured = delays(vantages, threshold.misses, random);
  const { expectedMs, worstSpreadMs } = threshold.detection;
  console.log(
    `  V=${vantages} n=${threshold.misses}: mean ${measured.mean.toFixed(0)} (floor ${expectedMs.toFixed(0)}), worst ${measured.worst.toFixed(0)} (floor ${worstSpreadMs.toFixed(0)})`,
  );
}
