// Which region would take over for a given one: every other region of a provider, each with points that say what for, best first. The
// score is a way to sort a list that people then read, not a verdict: all of its parts are shown, and their weights stand below.

import { distanceKm } from "../core/assess/distance.ts";
import type { Knowledge, ServiceKnowledge } from "../core/assess/knowledge.ts";
import { methodsFor } from "../core/assess/methods.ts";
import { allowedCountries, countriesOf } from "./countries.ts";
import type { RoundTrip } from "./latency.ts";
import { allRegions, type Provider, type RegionEntry } from "./regions.ts";

/** Points at most; with services asked for the sum is scaled back to 100. */
export const weights = {
  roundTrip: 30,
  distance: 20,
  zones: 15,
  residency: 15,
  pair: 10,
  access: 10,
  services: 50,
} as const;

export type Criterion = keyof typeof weights;

/** Full points up to here; none left at `roundTripWorstMs`. */
const roundTripGoodMs = 10;
const roundTripWorstMs = 150;
/** Nearer than this, one storm, flood or grid failure may take both. */
export const tooNearKm = 150;
/** From here on more distance helps no further. */
const farEnoughKm = 500;
/** Slower than this, a commit that waits for the other side is felt by users. */
export const slowMs = 60;

export type Wish = {
  /** Only regions of the same geography. */
  readonly sameGeography?: boolean;
  /** Only regions in these countries or groups of them. */
  readonly residency?: readonly string[];
  /** Types that must get there. */
  readonly needs?: readonly ServiceKnowledge[];
  /** Left out: the provider of the region itself. */
  readonly provider?: Provider;
};

export type NeedAt = {
  readonly type: string;
  /** Ids of the methods that lead there, then of those that do under conditions, then the reasons of the others. */
  readonly possible: readonly string[];
  readonly conditional: readonly string[];
  readonly ruledOut: readonly { readonly method: string; readonly why: string }[];
};

export type PairRelation = "pair" | "one-way pair" | "pairs back only" | "none";

export type RankedRegion = {
  readonly region: RegionEntry;
  /** 0 to 100. */
  readonly score: number;
  readonly points: Readonly<Partial<Record<Criterion, number>>>;
  readonly roundTrip?: RoundTrip;
  readonly km?: number;
  readonly pair: PairRelation;
  readonly closeness: "same country" | "same geography" | "both in the EU" | "both in the EEA" | "elsewhere";
  readonly needs: readonly NeedAt[];
  readonly warnings: readonly string[];
};

/** Best first; equal scores by name, so that the same question has the same answer. */
export function rankRegions(from: RegionEntry, wish: Wish, knowledge: Knowledge): readonly RankedRegion[] {
  const provider = wish.provider ?? from.provider;
  const allowed = wish.residency === undefined ? undefined : allowedCountries(wish.residency);
  return allRegions()
    .filter((region) => region.at !== from.at && region.provider === provider)
    .filter((region) => provider !== from.provider || region.partition === from.partition)
    .filter((region) => provider === from.provider || region.partition === undefined)
    .filter((region) => allowed === undefined || (region.country !== undefined && allowed.has(region.country)))
    .filter((region) => wish.sameGeography !== true || geographyOf(region) === geographyOf(from))
    .map((region) => ranked(from, region, wish.needs ?? [], knowledge))
    .sort((a, b) => b.score - a.score || (a.region.at < b.region.at ? -1 : 1));
}

/** What the provider calls a geography, or the country where it has no such word. */
function geographyOf(region: RegionEntry): string | undefined {
  return region.geography ?? region.country;
}

function ranked(
  from: RegionEntry,
  to: RegionEntry,
  types: readonly ServiceKnowledge[],
  knowledge: Knowledge,
): RankedRegion {
  const roundTrip = knowledge.roundTripOf(from.at, to.at);
  const km = distanceKm(from, to);
  const pair = pairOf(from, to);
  const closeness = closenessOf(from, to);
  const needs = types.map((type) => needAt(type, from, to, knowledge));
  const points: Partial<Record<Criterion, number>> = {
    roundTrip:
      roundTrip === undefined ? 0 : weights.roundTrip * falling(roundTrip.ms, roundTripGoodMs, roundTripWorstMs),
    distance: km === undefined ? weights.distance / 2 : weights.distance * (1 - falling(km, tooNearKm, farEnoughKm)),
    zones: to.zones === undefined ? weights.zones / 3 : to.zones >= 3 ? weights.zones : 0,
    residency: weights.residency * closenessShare[closeness],
    pair: weights.pair * pairShare[pair],
    access: to.restricted ? 0 : to.optIn === true ? weights.access * 0.8 : weights.access,
    ...(needs.length === 0 ? {} : { services: (weights.services * sum(needs.map(needShare))) / needs.length }),
  };
  const most = sum(Object.keys(points).map((criterion) => weights[criterion as Criterion]));
  const score = Math.round((100 * sum(Object.values(points))) / most);
  return {
    region: to,
    score,
    points: Object.fromEntries(Object.entries(points).map(([name, value]) => [name, Math.round(value * 10) / 10])),
    ...(roundTrip === undefined ? {} : { roundTrip }),
    ...(km === undefined ? {} : { km: Math.round(km) }),
    pair,
    closeness,
    needs,
    warnings: warningsOf(to, roundTrip, km),
  };
}

/** What speaks against a region, in a few words each. */
export function warningsOf(
  to: RegionEntry,
  roundTrip: RoundTrip | undefined,
  km: number | undefined,
): readonly string[] {
  return [
    ...(to.restricted ? ["access has to be asked for"] : []),
    ...(to.optIn === true ? ["has to be enabled first"] : []),
    ...(km === undefined ? ["its place is not known"] : []),
    ...(km !== undefined && km < tooNearKm ? [`only ${Math.round(km)} km away: one storm or grid may take both`] : []),
    ...(to.zones === 0 ? ["no zones"] : []),
    ...(to.zones === undefined ? ["zones not known"] : []),
    ...(roundTrip === undefined ? ["round trip not known"] : []),
    ...(roundTrip !== undefined && roundTrip.ms > slowMs ? ["far: synchronous copies would be slow"] : []),
  ];
}

const pairShare: Readonly<Record<PairRelation, number>> = {
  pair: 1,
  "one-way pair": 0.6,
  "pairs back only": 0.2,
  none: 0,
};

function pairOf(from: RegionEntry, to: RegionEntry): PairRelation {
  const leads = from.provider === to.provider && `${to.provider}/${from.pair}` === to.at;
  if (leads) return from.pairIsMutual === false ? "one-way pair" : "pair";
  return from.provider === to.provider && `${from.provider}/${to.pair}` === from.at ? "pairs back only" : "none";
}

const closenessShare: Readonly<Record<RankedRegion["closeness"], number>> = {
  "same country": 1,
  "same geography": 0.8,
  "both in the EU": 0.5,
  "both in the EEA": 0.4,
  elsewhere: 0,
};

function closenessOf(from: RegionEntry, to: RegionEntry): RankedRegion["closeness"] {
  const inBoth = (group: string): boolean =>
    [from, to].every(({ country }) => country !== undefined && countriesOf(group)?.includes(country) === true);
  if (from.country !== undefined && from.country === to.country) return "same country";
  if (from.geography !== undefined && from.geography === to.geography) return "same geography";
  return inBoth("EU") ? "both in the EU" : inBoth("EEA") ? "both in the EEA" : "elsewhere";
}

function needAt(type: ServiceKnowledge, from: RegionEntry, to: RegionEntry, knowledge: Knowledge): NeedAt {
  const defaults = Object.entries(type.settings).flatMap(([name, { default: value }]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  const fits = methodsFor(type, [from.at, to.at], Object.fromEntries(defaults), knowledge);
  const ids = (verdict: string): readonly string[] =>
    fits.filter((fit) => fit.verdict === verdict).map(({ method }) => method.id);
  return {
    type: type.id,
    possible: ids("possible"),
    conditional: ids("if"),
    ruledOut: fits.flatMap(({ method, against: [first] }) =>
      first === undefined ? [] : [{ method: method.id, why: first.why }],
    ),
  };
}

/** Every method that leads there is a choice; one with conditions counts half, for it may not hold. */
function needShare({ possible, conditional, ruledOut }: NeedAt): number {
  const all = possible.length + conditional.length + ruledOut.length;
  return all === 0 ? 0 : (possible.length + conditional.length / 2) / all;
}

/** 1 up to `good`, 0 from `bad` on, a straight line between. */
function falling(value: number, good: number, bad: number): number {
  return Math.min(1, Math.max(0, (bad - value) / (bad - good)));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
