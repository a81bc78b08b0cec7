// The recovery time: the longest chain over what users call, from the first missing answer to their arrival at the other side.

import type { Bound, Term } from "../model/assess-report.ts";
import type { Group, GroupName } from "../model/system.ts";
import { arrival } from "./arrival.ts";
import { type Decision, decisionOf, detectionOf, sumOf, termOf } from "./detection.ts";
import { type Fates, type Losing, patternOf } from "./fate.ts";
import type { Item } from "./ground.ts";
import { type Steps, stepsOf } from "./steps.ts";
import { endless, longer, type Summed, topped } from "./summed.ts";

/** `expected` and `worst` per service: when it serves again. One pass, as whatever a service needs stands before it. */
export function longestChain(losing: Losing, fates: Fates, lossOf: ReadonlyMap<GroupName, number>): Summed {
  const { ground } = losing;
  const { items, needs, watch } = ground;
  const expected = new Float64Array(items.length);
  const worst = new Float64Array(items.length);
  const touched = new Uint8Array(items.length);
  const through = new Int32Array(items.length).fill(-1);
  const steps = new Map<number, Steps>();
  const readied = new Uint8Array(items.length);
  const hit = new Uint8Array(items.length);
  for (const index of fates.keys()) hit[index] = 1;
  const decisions = new Map<GroupName, Decision>();
  const decided = (group: Group, item: Item): Decision => {
    let decision = decisions.get(group.name);
    if (decision === undefined) {
      decision = decisionOf(watch, group, losing.names, {
        byHand: patternOf(losing, item) === "passive-cold",
        lossSeconds: lossOf.get(group.name) ?? 0,
        mayExceedLoss: (lossOf.get(group.name) ?? 0) > group.maxDataLossMs / 1_000,
      });
      decisions.set(group.name, decision);
    }
    return decision;
  };
  const noticed = ({ group }: Item): readonly Term[] => [termOf(detectionOf(watch, group?.name, losing.names))];

  for (let index = 0; index < items.length; index += 1) {
    const fate = hit[index] === 1 ? fates.get(index) : undefined;
    const item = items[index];
    const first = needs.from[index] ?? 0;
    const end = needs.from[index + 1] ?? 0;
    if (item === undefined || (fate === undefined && first === end)) continue;
    let most = 0;
    let mostExpected = 0;
    let atLeast = 0;
    if (fate?.kind === "moves" && item.group !== undefined) {
      const own = stepsOf(losing, item, fate.to);
      steps.set(index, own);
      const { seconds, agreed } = decided(item.group, item);
      most = seconds.worst;
      mostExpected = seconds.expected;
      atLeast = mostExpected;
      if (own.ready !== undefined) {
        const ready = {
          expected: agreed.seconds.expected + own.ready.seconds.expected,
          worst: agreed.seconds.worst + own.ready.seconds.worst,
        };
        atLeast = Math.max(atLeast, ready.expected);
        if (longer(ready, seconds)) {
          most = ready.worst;
          mostExpected = ready.expected;
          readied[index] = 1;
        }
      }
      touched[index] = 1;
    } else if (fate?.kind === "gone") {
      most = Number.POSITIVE_INFINITY;
      mostExpected = Number.POSITIVE_INFINITY;
      atLeast = mostExpected;
      touched[index] = 1;
    }
    for (let at = first; at < end; at += 1) {
      const need = needs.list[at] ?? 0;
      if (touched[need] === 0) continue;
      touched[index] = 1;
      const needWorst = worst[need] ?? 0;
      const needExpected = expected[need] ?? 0;
      if (needWorst > most || (needWorst === most && needExpected > mostExpected)) {
        most = needWorst;
        mostExpected = needExpected;
        through[index] = need;
      }
      if (needExpected > atLeast) atLeast = needExpected;
    }
    const step = steps.get(index)?.step?.seconds;
    worst[index] = most + (step?.worst ?? 0);
    expected[index] = atLeast + (step?.expected ?? 0);
  }

  /** From the decision to this service, along the needs that it waited for longest. */
  const termsTo = (index: number): readonly Term[] => {
    const back: Term[] = [];
    let at = index;
    for (;;) {
      const own = steps.get(at);
      if (own?.step !== undefined) back.push(own.step);
      const next = through[at] ?? -1;
      if (next >= 0) {
        at = next;
        continue;
      }
      const item = items[at];
      const fate = fates.get(at);
      if (item?.group !== undefined && fate?.kind === "moves") {
        const decision = decided(item.group, item);
        if (readied[at] === 1 && own?.ready !== undefined)
          back.push(own.ready, ...[...decision.agreed.terms].reverse());
        else back.push(...[...decision.terms].reverse());
      }
      if (item !== undefined && fate?.kind === "gone") {
        back.push(
          endless(`${item.service.name} is lost with ${losing.names.join(" and ")}, and nothing takes its place`),
        );
      }
      return back.reverse();
    }
  };

  let deciding: Bound = { expected: 0, worst: 0 };
  let chosen: { readonly index: number; readonly before: readonly Term[]; readonly after: readonly Term[] } | undefined;
  let mostExpected = 0;
  for (const entry of ground.entries) {
    const index = entry.item;
    const item = items[index];
    const fate = fates.get(index);
    if (item === undefined) continue;
    const moved = touched[index] === 1;
    if (!moved && fate?.kind !== "shed") continue;
    // A front that probes for itself needs nobody's detection where nothing but the users has to move.
    const before = moved || entry.route?.through !== undefined ? [] : noticed(item);
    const base = sumOf(before);
    const sofar = { expected: base.expected + (expected[index] ?? 0), worst: base.worst + (worst[index] ?? 0) };
    // Where nothing comes back nobody has to arrive.
    const after = Number.isFinite(sofar.expected) ? arrival(losing, entry, item, sofar) : [];
    const added = sumOf(after);
    const whole = { expected: sofar.expected + added.expected, worst: sofar.worst + added.worst };
    if (chosen === undefined || longer(whole, deciding)) {
      deciding = whole;
      chosen = { index, before, after };
    }
    mostExpected = Math.max(mostExpected, whole.expected);
  }
  if (chosen === undefined) return { seconds: { expected: 0, worst: 0 }, terms: [] };
  const terms = [...chosen.before, ...termsTo(chosen.index), ...chosen.after];
  // The chain of the worst day may be the shorter one on an ordinary day, by its own services as well as by its route.
  return topped(
    terms,
    { expected: sumOf(terms).expected, worst: deciding.worst },
    mostExpected,
    "on an ordinary day another chain than this is the longest",
  );
}
