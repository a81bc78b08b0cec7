import fc from "fast-check";
import { expect, test } from "vitest";
import { fallOf, type Gates, gateBuilder, type NodeId } from "./gates.ts";
import { classesOf, minimalCuts } from "./minimal-cuts.ts";

type Net = { readonly gates: Gates; readonly leaves: readonly NodeId[]; readonly goals: readonly NodeId[] };

/** Any net, circles and gates without children included. */
const nets: fc.Arbitrary<Net> = fc
  .record({
    leaves: fc.integer({ min: 1, max: 7 }),
    gates: fc.array(fc.record({ isAll: fc.boolean(), below: fc.array(fc.nat({ max: 20 }), { maxLength: 4 }) }), {
      minLength: 1,
      maxLength: 9,
    }),
    goals: fc.integer({ min: 1, max: 3 }),
  })
  .map((plan) => {
    const builder = gateBuilder();
    const leaves = Array.from({ length: plan.leaves }, (_, i) => builder.leaf(`leaf ${i}`));
    const made = plan.gates.map(({ isAll }, i) => (isAll ? builder.all(`all ${i}`) : builder.any(`any ${i}`)));
    const nodes = [...leaves, ...made];
    for (const [i, { below }] of plan.gates.entries()) {
      for (const child of below) builder.add(made[i] as NodeId, nodes[child % nodes.length] as NodeId);
    }
    return { gates: builder.build(), leaves, goals: made.slice(-plan.goals) };
  });

/** The dumb way: go round until nothing changes any more. */
function fallenWith(gates: Gates, lost: readonly NodeId[]): boolean[] {
  const down = Array.from({ length: gates.count }, (_, node) => lost.includes(node));
  for (let changes = true; changes; ) {
    changes = false;
    for (let node = 0; node < gates.count; node++) {
      if (down[node] || gates.kind[node] === 0) continue;
      const children = [...gates.children.subarray(gates.childStart[node], gates.childStart[node + 1])];
      const falls =
        gates.kind[node] === 1 ? children.some((child) => down[child]) : children.every((child) => down[child]);
      if (falls) {
        down[node] = true;
        changes = true;
      }
    }
  }
  return down;
}

function bruteForce({ gates, leaves, goals }: Net, lost: readonly NodeId[]) {
  const single: string[] = [];
  const pairs: string[] = [];
  const falls = (more: readonly NodeId[], goal: NodeId): boolean =>
    fallenWith(gates, [...lost, ...more])[goal] === true;
  for (const [g, goal] of goals.entries()) {
    if (falls([], goal)) continue;
    for (const [i, one] of leaves.entries()) {
      if (falls([one], goal)) single.push(`${i} ${g}`);
      for (const [j, other] of leaves.entries()) {
        if (i < j && !falls([one], goal) && !falls([other], goal) && falls([one, other], goal))
          pairs.push(`${i} ${j} ${g}`);
      }
    }
  }
  return { single: single.sort(), pairs: pairs.sort() };
}

test("minimal cuts of order one and two are those that trying everything finds", () => {
  fc.assert(
    fc.property(nets, fc.nat({ max: 8 }), (net, lostLeaf) => {
      const lost = net.leaves.slice(lostLeaf, lostLeaf + 1);
      const cuts = minimalCuts(net.gates, net.goals, net.leaves, lost, { order: 2 });
      const brute = bruteForce(net, lost);
      expect(cuts.single.map(([thing, goal]) => `${thing} ${goal}`).sort()).toEqual(brute.single);
      const pairs = cuts.pairs.map(([one, other, goal]) => `${Math.min(one, other)} ${Math.max(one, other)} ${goal}`);
      expect(pairs.sort()).toEqual(brute.pairs);
    }),
    { numRuns: 1_500 },
  );
});

test("trying only some things first finds each pair that has one of them, once", () => {
  fc.assert(
    fc.property(nets, fc.uniqueArray(fc.nat({ max: 6 }), { maxLength: 4 }), (net, wanted) => {
      const first = wanted.filter((thing) => thing < net.leaves.length);
      const cuts = minimalCuts(net.gates, net.goals, net.leaves, [], { order: 2, first });
      const pairs = cuts.pairs.map(([one, other, goal]) => `${Math.min(one, other)} ${Math.max(one, other)} ${goal}`);
      const brute = bruteForce(net, []).pairs.filter((pair) => {
        const [one, other] = pair.split(" ").map(Number);
        return first.includes(one as number) || first.includes(other as number);
      });
      expect(pairs.sort()).toEqual(brute);
    }),
    { numRuns: 500 },
  );
});

test("things of one class make the same goals fall, alone and beside anything else", () => {
  fc.assert(
    fc.property(nets, (net) => {
      for (const [first, ...alike] of classesOf(net.gates, net.goals, net.leaves)) {
        for (const other of alike) {
          for (const beside of net.leaves) {
            const fall = (thing: number | undefined) => {
              const down = fallenWith(net.gates, [net.leaves[thing ?? -1] as NodeId, beside]);
              return net.goals.map((goal) => down[goal]);
            };
            if (net.leaves[other] === beside || net.leaves[first ?? -1] === beside) continue;
            expect(fall(other)).toEqual(fall(first));
          }
        }
      }
    }),
    { numRuns: 500 },
  );
});

test("what falls one after the other is what falls at once, and undoing leads back", () => {
  fc.assert(
    fc.property(nets, fc.array(fc.nat({ max: 6 }), { maxLength: 4 }), (net, picks) => {
      const lost = picks.flatMap((pick) => net.leaves[pick] ?? []);
      const fall = fallOf(net.gates);
      const before = fallenWith(net.gates, []);
      const first = fall.lose([]);
      for (const node of lost) fall.lose([node]);
      const after = fallenWith(net.gates, lost);
      expect(after.map((_, node) => fall.fallen(node))).toEqual(after);
      fall.undo(first);
      expect(before.map((_, node) => fall.fallen(node))).toEqual(before);
      fall.lose(lost);
      expect(after.map((_, node) => fall.fallen(node))).toEqual(after);
    }),
    { numRuns: 500 },
  );
});
