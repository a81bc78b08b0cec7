// What the loss of regions costs: the time until users are served again and the work that is gone, each as a sum of named terms.
//
// Recovery time is the longest chain over what users call: detection, a person's yes, what is left of the old lease, then each service
// after those it needs, side by side where they do not need one another, then the way of the users to the new place. Recovery point is
// the worst of all services that lose data. `expected` and `worst` are each the longest by their own figures; the terms are the chain
// that decides the worst, and a last term says what the ordinary day adds where another chain decides that.
// I3: what an automatic failover may lose beyond maxDataLoss waits for a person, and that is part of the worst recovery time.

import type { Bound, Loss, Term } from "../model/assess-report.ts";
import type { GroupName, Pattern, RegionName, System } from "../model/system.ts";
import { regionFailure } from "./chain.ts";
import { decisionOf, detectionOf, short, sumOf, termOf } from "./detection.ts";
import { type Fate, fateOf, type Losing, patternOf, pointOf, type Steps, stepsOf } from "./fate.ts";
import { type Entry, type Ground, homeOf, type Item } from "./ground.ts";
import { missedRuns } from "./missed-runs.ts";
import { boundOf, recoveryTimeOf } from "./numbers.ts";

export type RecoveryInput = {
  readonly ground: Ground;
  readonly lost: readonly RegionName[];
  /** Where each group goes; null: nobody can take it. Left out: the group does not move. */
  readonly targets: ReadonlyMap<GroupName, RegionName | null>;
  /** Something that both sides share keeps the recovery from working at all. */
  readonly blocked?: { readonly why: string };
  /** A pattern that is considered instead of those that are declared. */
  readonly assume?: Pattern;
};

const never: Bound = { expected: Number.POSITIVE_INFINITY, worst: Number.POSITIVE_INFINITY };

/** Where groups go if nothing but the lost regions stands in the way: to the first that may be primary and is left. */
export function targetsAfter(system: System, lost: readonly RegionName[]): ReadonlyMap<GroupName, RegionName | null> {
  return new Map(
    system.groups.flatMap(({ name, primary }) =>
      primary[0] !== undefined && lost.includes(primary[0])
        ? [[name, primary.find((region) => !lost.includes(region)) ?? null] as const]
        : [],
    ),
  );
}

export function recoveryOf(input: RecoveryInput): Loss {
  const { ground, lost, targets } = input;
  const { system, items } = ground;
  const losing: Losing = {
    ground,
    lost: new Set(lost),
    names: lost,
    failure: regionFailure(lost, ground.regions),
    targets,
    assume: input.assume,
  };
  const fates = items.map((item) => fateOf(losing, item));
  const point = worstPoint(losing, fates);
  const chain = longestChain(losing, fates, point.ofGroup);
  const stuck = [...targets]
    .filter(([name, to]) => to === null && isHomeLost(ground, name, losing))
    .map(([name]) => name);
  const blocked = input.blocked ?? noTarget(stuck, lost);
  const rto =
    blocked === undefined ? chain : { seconds: never, terms: [...chain.terms.filter(finite), endless(blocked.why)] };
  const survives = blocked === undefined && Number.isFinite(rto.seconds.expected);
  const { rtoMs, rpoMs } = system.objectives;
  return {
    region: lost.join(" and "),
    regions: lost,
    survives,
    why: [sentence(losing, fates, survives, blocked?.why, rto.terms), ...missed(losing, fates, rto.seconds)].join("; "),
    targets: [...targets]
      .filter(([name]) => isHomeLost(ground, name, losing))
      .map(([group, to]) => ({ group, to: to !== null && losing.lost.has(to) ? null : to })),
    rtoSeconds: rto.seconds,
    rpoSeconds: point.seconds,
    rtoTerms: rto.terms,
    rpoTerms: point.terms,
    breaks: [
      ...breakOf("rto", rtoMs / 1_000, rto.seconds, rto.terms),
      ...breakOf("rpo", rpoMs / 1_000, point.seconds, point.terms),
    ],
  };
}

const finite = ({ seconds }: Term): boolean => Number.isFinite(seconds.expected);
const endless = (what: string): Term => ({ what, seconds: never, basis: "stated" });

function isHomeLost({ groups }: Ground, name: GroupName, { lost }: Losing): boolean {
  const home = groups.get(name)?.primary[0];
  return home !== undefined && lost.has(home);
}

function noTarget(stuck: readonly GroupName[], lost: readonly RegionName[]): { readonly why: string } | undefined {
  if (stuck.length === 0) return undefined;
  return { why: `nobody can take over ${listed(stuck)} when ${lost.join(" and ")} is lost` };
}

type Summed = { readonly seconds: Bound; readonly terms: readonly Term[] };

function worstPoint(
  losing: Losing,
  fates: readonly Fate[],
): Summed & { readonly ofGroup: ReadonlyMap<GroupName, number> } {
  const ofGroup = new Map<GroupName, number>();
  let terms: readonly Term[] = [];
  let deciding: Bound = { expected: 0, worst: 0 };
  let expected = 0;
  let through = "";
  for (const [index, item] of losing.ground.items.entries()) {
    const fate = fates[index];
    if (fate === undefined || fate.kind === "stays") continue;
    const lost = pointOf(losing, item, fate);
    if (lost.length === 0) continue;
    const seconds = sumOf(lost);
    if (item.group !== undefined)
      ofGroup.set(item.group.name, Math.max(ofGroup.get(item.group.name) ?? 0, seconds.worst));
    if (longer(seconds, deciding)) {
      deciding = seconds;
      terms = lost;
    }
    if (seconds.expected > expected) {
      expected = seconds.expected;
      through = item.service.name;
    }
  }
  return { ...topped(terms, deciding, expected, through), ofGroup };
}

function longer(one: Bound, other: Bound): boolean {
  return one.worst > other.worst || (one.worst === other.worst && one.expected > other.expected);
}

/** Makes the terms add up to both figures where the ordinary day is decided elsewhere than the worst one. */
function topped(terms: readonly Term[], sum: Bound, expected: number, through: string): Summed {
  const seconds = { expected, worst: Math.max(sum.worst, expected) };
  const more = expected - sum.expected;
  const all = terms.filter((term) => term.seconds.expected > 0 || term.seconds.worst > 0);
  if (!(more > 1e-9)) return { seconds, terms: all };
  return {
    seconds,
    terms: [
      ...all,
      { what: `on an ordinary day ${through} takes longer`, seconds: { expected: more, worst: 0 }, basis: "sum" },
    ],
  };
}

/** What a moved service waits for before anything of it happens, by group. */
function longestChain(losing: Losing, fates: readonly Fate[], lossOf: ReadonlyMap<GroupName, number>): Summed {
  const { ground } = losing;
  const { items, watch } = ground;
  const expected = new Float64Array(items.length);
  const worst = new Float64Array(items.length);
  const touched = new Uint8Array(items.length);
  const through = new Int32Array(items.length).fill(-1);
  const steps = new Map<number, Steps>();
  const decisions = new Map<GroupName, Summed>();
  const decided = (item: Item, moves: boolean): Summed => {
    const { group } = item;
    if (group === undefined || !moves) {
      const terms = [termOf(detectionOf(watch, group?.name, losing.names))];
      return { terms, seconds: sumOf(terms) };
    }
    let decision = decisions.get(group.name);
    if (decision === undefined) {
      decision = decisionOf(watch, group, losing.names, {
        byHand: patternOf(losing, item) === "passive-cold",
        mayExceedLoss: (lossOf.get(group.name) ?? 0) > group.maxDataLossMs / 1_000,
        moves: true,
      });
      decisions.set(group.name, decision);
    }
    return decision;
  };

  for (const [index, item] of items.entries()) {
    const fate = fates[index];
    let most = 0;
    let mostExpected = 0;
    if (fate?.kind === "moves") {
      const own = stepsOf(losing, item, fate.to);
      const { seconds } = decided(item, true);
      steps.set(index, own);
      most = seconds.worst + (own.ready?.seconds.worst ?? 0);
      mostExpected = seconds.expected + (own.ready?.seconds.expected ?? 0);
      touched[index] = 1;
    } else if (fate?.kind === "gone") {
      most = Number.POSITIVE_INFINITY;
      mostExpected = Number.POSITIVE_INFINITY;
      touched[index] = 1;
    }
    let atLeast = mostExpected;
    for (const need of item.needs) {
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
      if (own?.ready !== undefined) back.push(own.ready);
      const item = items[at];
      const fate = fates[at];
      if (item !== undefined && fate?.kind === "moves") back.push(...[...decided(item, true).terms].reverse());
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
  let slowest = "";
  for (const entry of ground.entries) {
    const index = entry.item;
    const item = items[index];
    const fate = fates[index];
    if (item === undefined || fate === undefined) continue;
    const moved = touched[index] === 1;
    if (!moved && fate.kind !== "shed") continue;
    // A front that probes for itself needs nobody's detection where nothing but the users has to move.
    const before = moved || entry.route?.through !== undefined ? [] : decided(item, false).terms;
    const base = sumOf(before);
    const sofar = { expected: base.expected + (expected[index] ?? 0), worst: base.worst + (worst[index] ?? 0) };
    const after = routing(losing, entry, item, sofar);
    const added = sumOf(after);
    const whole = { expected: sofar.expected + added.expected, worst: sofar.worst + added.worst };
    if (chosen === undefined || longer(whole, deciding)) {
      deciding = whole;
      chosen = { index, before, after };
    }
    if (whole.expected > mostExpected) {
      mostExpected = whole.expected;
      slowest = entry.route?.name ?? item.service.name;
    }
  }
  if (chosen === undefined) return { seconds: { expected: 0, worst: 0 }, terms: [] };
  const terms = [...chosen.before, ...termsTo(chosen.index), ...chosen.after];
  // The chain of the worst day may be the shorter one on an ordinary day, by its own services as well as by its route.
  return topped(terms, { expected: sumOf(terms).expected, worst: deciding.worst }, mostExpected, slowest);
}

/** From a service that serves again to its users being there. */
function routing(losing: Losing, { route }: Entry, item: Item, sofar: Bound): readonly Term[] {
  if (route === undefined) return [];
  const { ground } = losing;
  if (route.through !== undefined) return [throughFront(ground, route.name, route.through)];
  const ttl = route.ttlMs / 1_000;
  const routers = ledByRouters(losing, item);
  const dns: Term = routers
    ? {
        // Whoever asked another region's router is led on by it; only those who know the lost one's address have to ask again.
        what: `users of ${route.name} who know the lost region's router ask DNS again`,
        seconds: { expected: routersLeadSeconds, worst: ttl },
        basis: "stated",
      }
    : {
        what: `users of ${route.name} ask DNS again, TTL ${short(ttl)}`,
        seconds: { expected: ttl / 2, worst: ttl },
        basis: "stated",
      };
  const share = route.stubbornShare ?? 0;
  if (share <= 0) return [dns];
  const until = Math.max(0, ground.assumed.repairSeconds - sofar.worst - ttl);
  return [
    dns,
    {
      what: `${Math.round(share * 1_000) / 10} % of the users of ${route.name} ignore the TTL and stay with the lost region until it is back`,
      seconds: { expected: 0, worst: until },
      basis: "stated",
    },
  ];
}

/** Lead the routers to the new primary and prove a write: as the catalog's postgresql.yaml has it, measured on the lab. */
const routersLeadSeconds = 0.1;

function ledByRouters({ ground, lost }: Losing, { group }: Item): boolean {
  if (group === undefined || !ground.watch.leased.has(group.name)) return false;
  return group.primary.every((region) => ground.regions.get(region)?.router !== undefined) && lost.size > 0;
}

function throughFront(ground: Ground, route: string, name: string): Term {
  const front = ground.items[ground.indexOf.get(name) ?? -1];
  const entry = front?.method === undefined ? undefined : recoveryTimeOf(front.method, "failover", front.settings);
  if (front === undefined || entry === undefined) {
    return {
      what: `${name} leads the users of ${route} elsewhere: the catalog has no figure for how soon it sees that an origin is down`,
      seconds: { expected: 0, worst: Number.POSITIVE_INFINITY },
      basis: "unknown",
      service: name,
    };
  }
  return {
    what: `${name} sees by its own probes where ${route} is served and leads its users there`,
    seconds: boundOf(entry),
    basis: entry.basis,
    service: name,
    source: entry.source,
  };
}

/** The one term that breaks an objective: without it, or without as much of it, it would be kept. The largest of the worst day. */
function breakOf(objective: "rto" | "rpo", allowed: number, seconds: Bound, terms: readonly Term[]): Loss["breaks"] {
  if (seconds.worst <= allowed) return [];
  const onOrdinaryDay = seconds.expected > allowed;
  const size = (term: Term): number =>
    onOrdinaryDay && Number.isFinite(seconds.worst) ? term.seconds.expected : term.seconds.worst;
  let largest = terms[0];
  for (const term of terms) if (largest === undefined || size(term) > size(largest)) largest = term;
  if (largest === undefined) return [];
  const whole = onOrdinaryDay ? seconds.expected : seconds.worst;
  const name = objective === "rto" ? "recovery takes" : "the loss is";
  return [
    {
      objective,
      term: largest.what,
      seconds: size(largest),
      why: Number.isFinite(whole)
        ? `${name} ${short(whole)}${onOrdinaryDay ? "" : " at worst"}, ${short(size(largest))} of it for this, where ${short(allowed)} is allowed`
        : `nobody can bound this, where ${short(allowed)} is allowed`,
    },
  ];
}

function sentence(
  losing: Losing,
  fates: readonly Fate[],
  survives: boolean,
  blocked: string | undefined,
  terms: readonly Term[],
): string {
  if (blocked !== undefined) return blocked;
  if (!survives) return terms.find((term) => !finite(term))?.what ?? "nobody takes over";
  const moves = [...losing.targets].filter(([name, to]) => to !== null && isHomeLost(losing.ground, name, losing));
  const led = new Map<string, string[]>();
  for (const [name, to] of moves) led.set(to ?? "", [...(led.get(to ?? "") ?? []), name]);
  const parts = [...led].map(([to, names]) => `${to} takes over ${listed(names)}`);
  if (parts.length > 0) return parts.join(", ");
  return fates.some((fate) => fate.kind === "shed")
    ? `the users of ${losing.names.join(" and ")} go to the regions that are left`
    : `no user notices: nothing that they call has its primary in ${losing.names.join(" or ")}`;
}

/** Recurrences that fall into the gap, one sentence for all. */
function missed(losing: Losing, fates: readonly Fate[], rto: Bound): readonly string[] {
  const { ground } = losing;
  const parts = ground.system.jobs.flatMap((job) => {
    const called = ground.indexOf.get(/^[A-Z]+ http:\/\/([a-z0-9-]+)/.exec(job.call)?.[1] ?? "");
    const groupHit = job.group !== undefined && isHomeLost(ground, job.group, losing);
    const serviceHit = called !== undefined && fates[called]?.kind !== "stays" && fates[called]?.kind !== "shed";
    if (!groupHit && !serviceHit) return [];
    const runs = missedRuns(job.trigger, rto.worst);
    if (runs === undefined || runs === 0) return [];
    if (!Number.isFinite(runs)) return [`${job.name} does not run`];
    return [`${job.name} may miss ${runs === 1 ? "a run" : `${runs} runs`}`];
  });
  return parts.length === 0 ? [] : [listed(parts)];
}

const listedMax = 4;

function listed(names: readonly string[]): string {
  const shown = names.slice(0, listedMax);
  const rest = names.length - shown.length;
  if (rest > 0) return `${shown.join(", ")} and ${rest} more`;
  return shown.length < 2 ? (shown[0] ?? "nothing") : `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
}

/** For those who ask which region a loss is about before they reckon with it: where groups have their primaries. */
export function homesOf({ groups, items }: Ground): ReadonlySet<RegionName> {
  const homes = new Set<RegionName>();
  for (const group of groups.values()) {
    const home = homeOf(group, []);
    if (home !== undefined) homes.add(home);
  }
  if (groups.size > 0) return homes;
  for (const { places } of items) for (const place of places) homes.add(place);
  return homes;
}
