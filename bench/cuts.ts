// How long it takes to find every minimal cut of order one and two, beside trying each pair.
//
//   node bench/cuts.ts [--components 2000] [--runs 5] [--json]
//
// "all" is every pair of all components, as the system runs and once north is lost; "told" is what a report is made of. Trying each
// pair is measured on a small system, where both have to agree, and is given for the large one by the number of its pairs.

import { parseArgs } from "node:util";
import { cutsOf } from "../src/core/assess/cuts.ts";
import { fallOf, type NodeId } from "../src/core/assess/gates.ts";
import { componentGraph, type Graph } from "../src/core/assess/graph.ts";
import type { Knowledge } from "../src/core/assess/knowledge.ts";
import { minimalCuts } from "../src/core/assess/minimal-cuts.ts";
import type { Region, Service, System } from "../src/core/model/system.ts";

const { values } = parseArgs({
  options: {
    components: { type: "string", default: "2000" },
    runs: { type: "string", default: "5" },
    json: { type: "boolean", default: false },
  },
});
const wanted = Math.max(100, Math.trunc(Number(values.components)) || 2_000);
const runs = Math.max(1, Math.trunc(Number(values.runs)) || 5);

const nobody: Knowledge = {
  serviceOf: () => undefined,
  regionOf: () => undefined,
  roundTripOf: () => undefined,
  egressPriceOf: () => undefined,
  countriesOf: () => undefined,
};

/** Numerical Recipes' generator: the same system on every machine. */
function randomly(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Layers of services in two regions, some with a share or a third party below them; each third party twice, so that pairs matter. */
function systemWith(components: number): System {
  const pick = randomly(7);
  const region = (name: string): Region => ({ name, at: `site/${name}`, witness: false });
  const third = Math.max(2, Math.floor(components / 20));
  const regions = [region("north"), region("south"), region("third-a"), region("third-b")];
  const service = (name: string, places: readonly string[], more: Partial<Service>): Service => ({
    name,
    type: "unknown",
    needs: [],
    replicas: { primary: 1, standby: 1 },
    health: { path: "/", everyMs: 1_000 },
    in: Object.fromEntries(places.map((place) => [place, {}])),
    ...more,
  });
  const parties = Array.from({ length: third }, (_, i) => service(`party-${i}`, ["third-a", "third-b"], {}));
  const own = Math.max(5, Math.floor((components - 2 * third - 4) / 2.1));
  const services = Array.from({ length: own }, (_, i) =>
    service(`service-${i}`, ["north", "south"], {
      group: `group-${i % 5}`,
      needs: [
        ...(i === 0 ? [] : [`service-${pick(i)}`]),
        ...(i > 4 && pick(3) === 0 ? [`service-${pick(i)}`] : []),
        ...(pick(4) === 0 ? [`party-${pick(third)}`] : []),
      ],
      ...(pick(8) === 0 ? { startNeeds: [`party-${pick(third)}`] } : {}),
      ...(pick(10) === 0 ? { shares: [`shared/${pick(Math.max(1, Math.floor(own / 10)))}`] } : {}),
    }),
  );
  return {
    version: 1,
    name: "bench",
    regions,
    objectives: { rtoMs: 1, rpoMs: 1, falseFailoverMs: 1, residency: [] },
    groups: Array.from({ length: 5 }, (_, i) => ({
      name: `group-${i}`,
      primary: ["north", "south"],
      pattern: "warm-standby",
      failover: "automatic",
      maxDataLossMs: 0,
      coolDownMs: 0,
    })),
    services: [...parties, ...services],
    routes: [{ name: "users", to: `service-${own - 1}`, policy: "priority", ttlMs: 1, whenAllDown: "keep-last" }],
    jobs: [],
    control: {
      lease: { ttlMs: 1, renewEveryMs: 1, callTimeoutMs: 1, holdMs: 1, drift: 0 },
      probeEveryMs: 1,
      notify: [],
    },
  };
}

const things = (graph: Graph): readonly NodeId[] => graph.components.map(({ node }) => node);
const goals = (graph: Graph): readonly NodeId[] => graph.goals.map(({ node }) => node);

function everyPair(graph: Graph, lost: readonly NodeId[]): number {
  const leaves = things(graph);
  const fall = fallOf(graph.gates);
  fall.lose(lost);
  const open = goals(graph).filter((goal) => !fall.fallen(goal));
  const alone = leaves.map((leaf) => {
    const mark = fall.lose([leaf]);
    const fallen = open.map((goal) => fall.fallen(goal));
    fall.undo(mark);
    return fallen;
  });
  let found = 0;
  for (const [i, one] of leaves.entries()) {
    const mark = fall.lose([one]);
    for (let j = i + 1; j < leaves.length; j++) {
      const inner = fall.lose([leaves[j] as NodeId]);
      for (const [g, goal] of open.entries()) {
        if (fall.fallen(goal) && !alone[i]?.[g] && !alone[j]?.[g]) found++;
      }
      fall.undo(inner);
    }
    fall.undo(mark);
  }
  return found;
}

function timed<T>(work: () => T, times: number): { readonly ms: number; readonly result: T } {
  let result = work();
  const all: number[] = [];
  for (let run = 0; run < times; run++) {
    const startedAt = performance.now();
    result = work();
    all.push(performance.now() - startedAt);
  }
  all.sort((a, b) => a - b);
  return { ms: Number((all[Math.floor(all.length / 2)] ?? 0).toFixed(1)), result };
}

function allPairs(graph: Graph, lost: readonly NodeId[], times: number) {
  return timed(() => minimalCuts(graph.gates, goals(graph), things(graph), lost, { order: 2 }), times);
}

const large = componentGraph(systemWith(wanted), nobody);
const asItRuns = allPairs(large, [], runs);
const northLost = allPairs(large, large.lossOf("north"), runs);
const told = timed(() => cutsOf(large), runs);

const small = componentGraph(systemWith(200), nobody);
const fast = allPairs(small, [], runs);
const slow = timed(() => everyPair(small, []), runs);
const foundFast = fast.result.pairs.length;
if (foundFast !== slow.result) throw new Error(`${foundFast} pairs, and ${slow.result} by trying each`);

const count = (result: { pairs: readonly unknown[]; leftOut: number }): number => result.pairs.length + result.leftOut;
const report = {
  components: large.components.length,
  nodes: large.gates.count,
  all: {
    asItRunsMs: asItRuns.ms,
    pairs: count(asItRuns.result),
    northLostMs: northLost.ms,
    pairsNorthLost: count(northLost.result),
  },
  told: { ms: told.ms, cuts: told.result.cuts.length, leftOut: told.result.leftOut },
  small: {
    components: small.components.length,
    ms: fast.ms,
    eachPairMs: slow.ms,
    ratio: Number((slow.ms / fast.ms).toFixed(1)),
    pairs: foundFast,
  },
};
if (values.json) console.log(JSON.stringify(report));
else {
  const { all, small: few } = report;
  console.log(`${report.components} components, ${report.nodes} nodes, every cut of order 1 and 2:`);
  console.log(`  as the system runs      ${all.asItRunsMs} ms   ${all.pairs} pairs`);
  console.log(`  once north is lost      ${all.northLostMs} ms   ${all.pairsNorthLost} pairs`);
  console.log(
    `  what a report tells     ${report.told.ms} ms   ${report.told.cuts} cuts, ${report.told.leftOut} left out`,
  );
  console.log(`${few.components} components, ${few.pairs} pairs, both ways agree:`);
  console.log(`  ${few.ms} ms, and ${few.eachPairMs} ms by trying each pair: ${few.ratio} times as long`);
}
