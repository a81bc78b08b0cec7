// From the first missing answer to a decision: who notices that a region is gone, how soon, and who has to agree. Where several could
// notice, the order is: what the manifest states (assumptions.detection), Leeward's own watch if agents run in the group's regions, a
// watchdog service, and last the health probes, which somebody is taken to make.

import { holdOffOf, policyOf } from "../decide/policy.ts";
import type { Bound, Term } from "../model/assess-report.ts";
import type { Costs, Group, GroupName, RegionName, Service, System } from "../model/system.ts";
import { guarantee } from "../watch/guarantee.ts";
import { reportMs, waitBetween } from "../watch/watch-rates.ts";
import type { Knowledge, Source } from "./knowledge.ts";

export type Detection = {
  readonly by: "stated" | "leeward" | "watchdog" | "probes" | "nobody";
  readonly seconds: Bound;
  readonly what: string;
  readonly basis: string;
  readonly source?: Source;
};

/** Reckoned once per system. */
export type Watch = {
  readonly stated: number | undefined;
  /** What Leeward's own watch promises; undefined where no agents run. */
  readonly leeward:
    | { readonly detection: Bound; readonly firstMiss: Bound; readonly handover: Bound; readonly window: number }
    | undefined;
  readonly costs: Costs | undefined;
  /** Groups all of whose regions have an agent: their primary holds a lease. */
  readonly leased: ReadonlySet<GroupName>;
  /** By the region that they look at. */
  readonly watchdogs: ReadonlyMap<RegionName, readonly Service[]>;
  readonly probes: ReadonlyMap<GroupName, Detection>;
  readonly approvalSeconds: number;
};

/** As clouds probe who are told nothing else: every 10 s, 5 s for an answer, three misses in a row (the fastest pair any of them has). */
const probing = { everySeconds: 10, timeoutSeconds: 5, misses: 3 } as const;
const probeTimeoutFloorSeconds = 0.15;

export function watchOf(system: System, knowledge: Knowledge, approvalSeconds: number): Watch {
  const withAgent = new Set(system.regions.filter((region) => region.agent !== undefined).map(({ name }) => name));
  const leased = new Set(
    system.groups
      .filter((group) => withAgent.size > 1 && group.primary.every((region) => withAgent.has(region)))
      .map((group) => group.name),
  );
  const watchdogs = new Map<RegionName, Service[]>();
  for (const service of system.services) {
    if (service.watches === undefined) continue;
    const list = watchdogs.get(service.watches.region) ?? [];
    list.push(service);
    watchdogs.set(service.watches.region, list);
  }
  const statedMs = system.assumptions?.detectionMs;
  return {
    stated: statedMs === undefined ? undefined : statedMs / 1_000,
    leeward: leased.size === 0 ? undefined : promised(system, knowledge, withAgent),
    costs: system.costs,
    leased,
    watchdogs,
    probes: probesOf(system),
    approvalSeconds,
  };
}

function promised(whole: System, knowledge: Knowledge, withAgent: ReadonlySet<RegionName>): Watch["leeward"] {
  const system = { ...whole, regions: whole.regions.filter((region) => withAgent.has(region.name)) };
  const promise = guarantee(system, waitBetween(system, knowledge.roundTripOf));
  if (promise.unseen !== undefined) return undefined;
  const seconds = ({ expectedMs, worstMs }: { readonly expectedMs: number; readonly worstMs: number }): Bound => ({
    expected: expectedMs / 1_000,
    worst: worstMs / 1_000,
  });
  return {
    detection: seconds(promise.detection),
    firstMiss: seconds(promise.firstMiss),
    handover: seconds(promise.handover),
    // lossBound: from the last moment a standby was seen caught up, at most a probe and its report before, to the end of the old lease.
    window: (system.control.lease.ttlMs + system.control.probeEveryMs + reportMs) / 1_000,
  };
}

/** The fastest probes of each group's services. A period that is the watch's own is nobody's choice, so it counts as not stated. */
function probesOf(system: System): ReadonlyMap<GroupName, Detection> {
  const found = new Map<GroupName, Detection>();
  for (const { name, group, health } of system.services) {
    if (group === undefined || health.everyMs === system.control.probeEveryMs) continue;
    const everySeconds = health.everyMs / 1_000;
    const timeoutSeconds = Math.max(probeTimeoutFloorSeconds, (health.timeoutMs ?? 0) / 1_000);
    const seconds = inARow(everySeconds, timeoutSeconds);
    if (seconds.worst >= (found.get(group)?.seconds.worst ?? Number.POSITIVE_INFINITY)) continue;
    found.set(group, {
      by: "probes",
      seconds,
      what: `detection: ${probing.misses} probes of ${name} in a row fail, one every ${short(everySeconds)}`,
      basis: "estimated",
    });
  }
  return found;
}

/** The first of so many probes comes half a period after the failure on average, a whole one at worst; the last has to time out. */
function inARow(everySeconds: number, timeoutSeconds: number): Bound {
  const between = (probing.misses - 1) * everySeconds + timeoutSeconds;
  return { expected: everySeconds / 2 + between, worst: everySeconds + between };
}

const probesByDefault: Detection = {
  by: "probes",
  seconds: inARow(probing.everySeconds, probing.timeoutSeconds),
  what: `detection: taken to be ${probing.misses} failed probes in a row, one every ${probing.everySeconds} s, as the manifest does not say who watches`,
  basis: "estimated",
};

/** Who notices that this group's home is gone when all of `lost` is. `group` left out: a service that belongs to none. */
export function detectionOf(watch: Watch, group: GroupName | undefined, lost: readonly RegionName[]): Detection {
  if (watch.stated !== undefined) {
    return { by: "stated", seconds: both(watch.stated), what: "detection, as stated", basis: "stated" };
  }
  const { leeward } = watch;
  if (leeward !== undefined && (group === undefined || watch.leased.has(group))) {
    return {
      by: "leeward",
      seconds: leeward.detection,
      what: "detection by Leeward's own watch",
      basis: "guaranteed by the watch's threshold",
    };
  }
  const dogs = lost.flatMap((region) => watch.watchdogs.get(region) ?? []);
  if (dogs.length > 0) return byWatchdog(dogs, lost, watch.approvalSeconds);
  return (group === undefined ? undefined : watch.probes.get(group)) ?? probesByDefault;
}

function byWatchdog(dogs: readonly Service[], lost: readonly RegionName[], approvalSeconds: number): Detection {
  const gone = new Set(lost);
  let best: Service | undefined;
  for (const dog of dogs) {
    const places = Object.keys(dog.in);
    if (places.length > 0 && places.every((place) => gone.has(place))) continue;
    if ((dog.watches?.everyMs ?? 0) < (best?.watches?.everyMs ?? Number.POSITIVE_INFINITY)) best = dog;
  }
  if (best === undefined) {
    return {
      by: "nobody",
      seconds: { expected: approvalSeconds, worst: Number.POSITIVE_INFINITY },
      what: `detection: ${dogs[0]?.name ?? "the watchdog"} is lost with the region that it watches, so a person has to notice`,
      basis: "estimated",
    };
  }
  const everySeconds = (best.watches?.everyMs ?? 0) / 1_000;
  return {
    by: "watchdog",
    seconds: { expected: everySeconds / 2, worst: everySeconds },
    what: `detection: ${best.name} looks once every ${short(everySeconds)}`,
    basis: "stated",
  };
}

export type Decision = {
  readonly terms: readonly Term[];
  readonly seconds: Bound;
  /** Without the wait for the lease, beside which capacity is made ready. */
  readonly agreed: { readonly terms: readonly Term[]; readonly seconds: Bound };
};

/** Detection, the hold-off, a person's yes where one is needed, and what is left of the old primary's lease by then. */
export function decisionOf(
  watch: Watch,
  group: Group,
  lost: readonly RegionName[],
  options: {
    /** A person has to do it whatever the manifest says. */
    readonly byHand: boolean;
    /** What the switch may lose; a hold-off that follows from costs counts it. */
    readonly lossSeconds: number;
    /** More may be lost than an automatic failover is allowed to accept, so at worst a person is asked. */
    readonly mayExceedLoss: boolean;
  },
): Decision {
  const detection = detectionOf(watch, group.name, lost);
  const terms: Term[] = [termOf(detection), ...holdOffTerms(watch, group, detection, options.lossSeconds)];
  const asked = group.failover !== "automatic" || options.byHand;
  if (asked || options.mayExceedLoss) {
    terms.push({
      what: asked
        ? `a person agrees to the switch of ${group.name}`
        : `a person agrees to losing more than ${short(group.maxDataLossMs / 1_000)} of ${group.name}`,
      seconds: { expected: asked ? watch.approvalSeconds : 0, worst: watch.approvalSeconds },
      basis: "assumed",
    });
  }
  const agreed = { terms: [...terms], seconds: sumOf(terms) };
  if (watch.leeward !== undefined && watch.leased.has(group.name)) {
    const { handover } = watch.leeward;
    const so = agreed.seconds;
    // The lease runs out while the rest goes on: only what is left of it is waited for.
    terms.push({
      what: "the old primary's lease runs out",
      seconds: {
        expected: Math.max(0, handover.expected - so.expected),
        worst: Math.max(0, handover.worst - so.worst),
      },
      basis: "stated",
    });
  }
  return { terms, seconds: sumOf(terms), agreed };
}

/**
 * What is left, once the region is known to be lost, of the time that an outage is waited out: it runs from the first miss, while the watch makes sure.
 * Only Leeward holds off, and only where the manifest says so or has the prices from which it follows.
 */
function holdOffTerms(watch: Watch, group: Group, { seconds }: Detection, lossSeconds: number): readonly Term[] {
  const { leeward, costs } = watch;
  if (leeward === undefined || !watch.leased.has(group.name)) return [];
  const { ms, because } = holdOffOf(policyOf(group.policy), costs, {
    degraded: false,
    lossBoundMs: Number.isFinite(lossSeconds) ? lossSeconds * 1_000 : "unknown",
  });
  if (ms === 0) return [];
  const left = (firstMiss: number, known: number): number => Math.max(0, firstMiss + ms / 1_000 - known);
  return [
    {
      what:
        because === "costs"
          ? `hold-off of ${group.name}: ${short(ms / 1_000)} from the first miss, as until then an outage costs less than a switch`
          : `hold-off of ${group.name}: ${short(ms / 1_000)} from the first miss, by its policy`,
      seconds: {
        expected: left(leeward.firstMiss.expected, seconds.expected),
        worst: left(leeward.firstMiss.worst, seconds.worst),
      },
      basis: because === "costs" ? "from the manifest's costs" : "stated",
    },
  ];
}

export function termOf({ what, seconds, basis, source }: Detection): Term {
  return { what, seconds, basis, ...(source === undefined ? {} : { source }) };
}

export function sumOf(terms: readonly Term[]): Bound {
  let expected = 0;
  let worst = 0;
  for (const { seconds } of terms) {
    expected += seconds.expected;
    worst += seconds.worst;
  }
  return { expected, worst };
}

const both = (seconds: number): Bound => ({ expected: seconds, worst: seconds });

/** "10 s", "2 min", "1.5 h", "4 days". */
export function short(seconds: number): string {
  if (!Number.isFinite(seconds)) return "no time that anybody could bound";
  if (seconds === 0) return "0 s";
  if (seconds < 0.0995) return `${Math.round(seconds * 1_000)} ms`;
  if (seconds < 120) return `${rounded(seconds)} s`;
  if (seconds < 7_200) return `${rounded(seconds / 60)} min`;
  if (seconds < 172_800) return `${rounded(seconds / 3_600)} h`;
  return `${rounded(seconds / 86_400)} days`;
}

const rounded = (value: number): string => `${value < 9.95 ? Math.round(value * 10) / 10 : Math.round(value)}`;
