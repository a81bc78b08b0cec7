// What the loss of regions costs: the time until users are served again and the work that is gone, each as a sum of named terms.
//
// Recovery time is the longest chain over what users call: detection, a person's yes, what is left of the old lease, then each service
// after those it needs, side by side where they do not need one another, then the way of the users to the new place. Recovery point is
// the worst of all services that lose data. `expected` and `worst` are each the longest by their own figures; the terms are the chain
// that decides the worst, and a last term says what the ordinary day adds where another chain decides that.
// I3: what an automatic failover may lose beyond maxDataLoss waits for a person, and that is part of the worst recovery time.

import type { Bound, Loss, Term } from "../model/assess-report.ts";
import { calledServiceOf } from "../model/select.ts";
import type { GroupName, Pattern, RegionName, System } from "../model/system.ts";
import { regionFailure } from "./chain.ts";
import { short } from "./detection.ts";
import { type Fates, fatesOf, type Losing } from "./fate.ts";
import { type Ground, homeOf } from "./ground.ts";
import { longestChain } from "./longest-chain.ts";
import { worstPoint } from "./loss-point.ts";
import { missedRuns } from "./missed-runs.ts";
import { endless, never } from "./summed.ts";

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
  const { system } = ground;
  const losing: Losing = {
    ground,
    lost: new Set(lost),
    names: lost,
    failure: regionFailure(lost, ground.regions),
    targets,
    assume: input.assume,
  };
  const fates = fatesOf(losing);
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

function isHomeLost({ groups }: Ground, name: GroupName, { lost }: Losing): boolean {
  const home = groups.get(name)?.primary[0];
  return home !== undefined && lost.has(home);
}

function noTarget(stuck: readonly GroupName[], lost: readonly RegionName[]): { readonly why: string } | undefined {
  if (stuck.length === 0) return undefined;
  return {
    why: `nobody can take over ${listed(stuck)} when ${lost.join(" and ")} ${lost.length === 1 ? "is" : "are"} lost`,
  };
}

/** The one term that breaks an objective: without it, or without as much of it, it would be kept. The largest of the worst day. */
function breakOf(objective: "rto" | "rpo", allowed: number, seconds: Bound, terms: readonly Term[]): Loss["breaks"] {
  if (seconds.worst <= allowed) return [];
  const onOrdinaryDay = seconds.expected > allowed;
  const size = (term: Term): number => (onOrdinaryDay ? term.seconds.expected : term.seconds.worst);
  let largest = terms[0];
  for (const term of terms) if (largest === undefined || size(term) > size(largest)) largest = term;
  if (largest === undefined) return [];
  const whole = onOrdinaryDay ? seconds.expected : seconds.worst;
  const [takes, nobody] =
    objective === "rto" ? ["recovery takes", "the recovery time"] : ["the work lost is", "the work lost"];
  return [
    {
      objective,
      term: largest.what,
      seconds: size(largest),
      why: Number.isFinite(whole)
        ? `${takes} ${over(whole, allowed)}${onOrdinaryDay ? "" : " at worst"}, allowed is ${short(allowed)}; ${short(size(largest))} of it: ${largest.what}`
        : `nobody bounds ${nobody}, allowed is ${short(allowed)}: ${largest.what}`,
    },
  ];
}

/** "30 s and 0.1 s" where rounding would hide what is too much. */
function over(whole: number, allowed: number): string {
  return short(whole) === short(allowed) ? `${short(allowed)} and ${short(whole - allowed)}` : short(whole);
}

function sentence(
  losing: Losing,
  fates: Fates,
  survives: boolean,
  blocked: string | undefined,
  terms: readonly Term[],
): string {
  if (blocked !== undefined) return blocked.replace(/\.$/, "");
  if (!survives) return terms.find((term) => !finite(term))?.what ?? "nobody takes over";
  const moves = [...losing.targets].filter(([name, to]) => to !== null && isHomeLost(losing.ground, name, losing));
  const led = new Map<string, string[]>();
  for (const [name, to] of moves) led.set(to ?? "", [...(led.get(to ?? "") ?? []), name]);
  const parts = [...led].map(([to, names]) => `${to} takes over ${listed(names)}`);
  if (parts.length > 0) return parts.join(", ");
  return terms.length > 0 && [...fates.values()].some((fate) => fate.kind === "shed")
    ? `the users of ${losing.names.join(" and ")} go to the regions that are left`
    : `no user notices: nothing that they call has its primary in ${losing.names.join(" or ")}`;
}

/** Recurrences that fall into the gap, one sentence for all. */
function missed(losing: Losing, fates: Fates, rto: Bound): readonly string[] {
  const { ground } = losing;
  const parts = ground.system.jobs.flatMap((job) => {
    const called = ground.indexOf.get(calledServiceOf(job.call));
    const groupHit = job.group !== undefined && isHomeLost(ground, job.group, losing);
    const fate = called === undefined ? undefined : fates.get(called)?.kind;
    const serviceHit = fate === "moves" || fate === "gone";
    if (!groupHit && !serviceHit) return [];
    const all = missedRuns(job.trigger, rto.worst);
    if (all === undefined || all === 0) return [];
    if (!Number.isFinite(rto.expected)) return [`${job.name} does not run`];
    if (!Number.isFinite(all)) return [`nobody can say how many runs ${job.name} misses`];
    // What a poll did not read is still there for the next one.
    if (job.trigger.kind === "polling") return [`${job.name} may read ${short(rto.worst)} late`];
    // Of a schedule that is split the other region fires its own part meanwhile.
    const runs = job.split === true ? Math.ceil(all / 2) : all;
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
