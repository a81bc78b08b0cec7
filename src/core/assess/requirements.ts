// Whether what a method requires holds between two locations: a table by kind. "open" is neither yes nor no: the manifest or the data
// do not say, and the answer is a sentence that has to be true. Nobody is told that something works because nothing is known of it.

import type { RegionKnowledge, Requirement } from "./knowledge.ts";
import type { Settings } from "./numbers.ts";

/** A location with what is known of it. */
export type Spot = {
  /** `provider/region`, `site/anything` or "unknown". */
  readonly at: string;
  readonly region: RegionKnowledge | undefined;
};

export type Crossing = {
  /** Undefined: not chosen yet, so that the answer says what would have to be chosen. */
  readonly source: Spot | undefined;
  readonly target: Spot | undefined;
  /** How many different locations there are, source included. */
  readonly count: number;
  readonly settings: Settings;
};

export type Judgement =
  | { readonly kind: "holds"; readonly note?: string }
  | { readonly kind: "fails"; readonly why: string }
  | { readonly kind: "open"; readonly what: string };

const holds: Judgement = { kind: "holds" };
const fails = (why: string): Judgement => ({ kind: "fails", why });
const open = (what: string): Judgement => ({ kind: "open", what });

type Judge<Kind extends Requirement["kind"]> = (
  requirement: Extract<Requirement, { kind: Kind }>,
  crossing: Crossing,
) => Judgement;

const judges: { readonly [Kind in Requirement["kind"]]: Judge<Kind> } = {
  paired: (_, { source, target }) => judgePair(source, target),
  "same-geography": (_, crossing) => judgeSame(crossing, "geography", "geography"),
  "same-region-group": (_, crossing) => judgeSame(crossing, "geographyGroup", "group of regions"),
  "listed-pairs": judgeListed,
  regions: ({ side, only }, crossing) =>
    eachSide(
      side,
      crossing,
      ({ at }) => {
        if (at === "unknown") return open(`it is known which region this is; it is one of ${some(only)}`);
        return only.includes(nameOf(at))
          ? holds
          : fails(`${nameOf(at)} is not among the regions that have it (${some(only)})`);
      },
      (which) => open(`the ${which} region is one of ${some(only)}`),
    ),
  "not-regions": ({ side, except }, crossing) =>
    eachSide(
      side,
      crossing,
      ({ at }) => {
        if (at === "unknown") return open(`it is known which region this is; it is none of ${some(except)}`);
        return except.includes(nameOf(at)) ? fails(`${nameOf(at)} is a region that does not have it`) : holds;
      },
      (which) => open(`the ${which} region is none of ${some(except)}`),
    ),
  setting: ({ setting, is, not }, { settings }) => {
    const value = settings[setting];
    const wanted = is === undefined ? `not ${either(not ?? [])}` : either(is);
    if (value === undefined) return open(`${setting} is ${wanted}`);
    const right = is === undefined ? !(not ?? []).includes(value) : is.includes(value);
    return right
      ? holds
      : fails(is === undefined ? `${setting} is ${value}` : `${setting} is ${value}, not ${either(is)}`);
  },
  zones: ({ side }, crossing) =>
    eachSide(
      side,
      crossing,
      ({ at, region }) => {
        if (region?.zones === undefined) return open(`${nameOf(at)} has availability zones`);
        return region.zones > 0 ? holds : fails(`${nameOf(at)} has no availability zones`);
      },
      (which) => open(`the ${which} region has availability zones`),
    ),
  enabled: ({ side }, crossing) =>
    eachSide(
      side,
      crossing,
      ({ at, region }) =>
        region?.optIn === true
          ? open(`${nameOf(at)} is enabled for the account (it is off until somebody enables it)`)
          : holds,
      () => holds,
    ),
  "max-regions": ({ count }, crossing) =>
    crossing.count <= count ? holds : fails(`it spans at most ${count} regions, and there are ${crossing.count}`),
  "to-verify": ({ what }) => open(what),
};

export function judge(requirement: Requirement, crossing: Crossing): Judgement {
  // One entry for each kind, so the entry of this requirement's kind takes this requirement.
  return (judges[requirement.kind] as Judge<Requirement["kind"]>)(requirement as never, crossing);
}

/** A pair has a direction: some regions are copied to one that is not copied back to them. */
function judgePair(source: Spot | undefined, target: Spot | undefined): Judgement {
  if (source === undefined) return open("the second region is the pair of the first");
  const from = nameOf(source.at);
  if (source.region === undefined)
    return open(`${target === undefined ? "the second region" : nameOf(target.at)} is the pair of ${from}`);
  const { pair, pairIsMutual } = source.region;
  if (target === undefined) {
    if (pair !== undefined) return open(`the second region is ${pair}, the pair of ${from}`);
    return fails(`${from} has no region pair`);
  }
  const to = nameOf(target.at);
  if (target.at === "unknown")
    return pair === undefined
      ? fails(`${from} has no region pair`)
      : open(`the other region is ${pair}, the pair of ${from}`);
  if (pair === to) {
    return pairIsMutual === false
      ? { kind: "holds", note: `the pair is one-way: ${from} leads to ${to}, and ${to} does not lead back` }
      : holds;
  }
  const reverse = target.region?.pair === from;
  if (pair === undefined && reverse && target.region?.pairIsMutual === undefined) {
    return open(`${from} is copied back to ${to}, which no source says`);
  }
  const oneWay = reverse ? `; ${to} has ${from} as its pair, but only in that direction` : "";
  return fails(
    pair === undefined ? `${from} has no region pair${oneWay}` : `the pair of ${from} is ${pair}, not ${to}${oneWay}`,
  );
}

function judgeSame({ source, target }: Crossing, key: "geography" | "geographyGroup", word: string): Judgement {
  const from = source?.region?.[key];
  if (source === undefined) return open(`both regions are in the same ${word}`);
  if (target === undefined)
    return open(
      `the second region is in ${from === undefined ? `the same ${word} as ${nameOf(source.at)}` : `the ${word} ${from}`}`,
    );
  const to = target.region?.[key];
  const names = `${nameOf(source.at)} and ${nameOf(target.at)}`;
  if (from === undefined || to === undefined) return open(`${names} are in the same ${word}`);
  return from === to ? holds : fails(`${nameOf(source.at)} is in the ${word} ${from}, ${nameOf(target.at)} in ${to}`);
}

function judgeListed(
  { pairs, bothWays }: Extract<Requirement, { kind: "listed-pairs" }>,
  { source, target }: Crossing,
): Judgement {
  const leading = (from: string): readonly string[] =>
    pairs.flatMap(([a, b]) => (a === from ? [b] : bothWays && b === from ? [a] : []));
  if (source === undefined || source.at === "unknown") return open("the two regions are one of the listed pairs");
  const from = nameOf(source.at);
  const targets = leading(from);
  if (targets.length === 0) return fails(`no listed pair begins in ${from}`);
  if (target === undefined || target.at === "unknown") return open(`the second region is ${either(targets)}`);
  const to = nameOf(target.at);
  return targets.includes(to) ? holds : fails(`${from} is paired with ${either(targets)} only, not with ${to}`);
}

/** The first side that fails decides; else the first that is open. */
function eachSide(
  side: "source" | "target" | "both",
  { source, target }: Crossing,
  judgeSpot: (spot: Spot) => Judgement,
  notChosen: (which: "first" | "second") => Judgement,
): Judgement {
  const judged: Judgement[] = [];
  if (side !== "target") judged.push(source === undefined ? notChosen("first") : judgeSpot(source));
  if (side !== "source") judged.push(target === undefined ? notChosen("second") : judgeSpot(target));
  return judged.find(({ kind }) => kind === "fails") ?? judged.find(({ kind }) => kind === "open") ?? holds;
}

/** The region's name without its provider. */
export function nameOf(at: string): string {
  return at === "unknown" ? "a region nobody has named yet" : at.slice(at.indexOf("/") + 1);
}

const shownMax = 8;

function some(names: readonly string[]): string {
  return names.length <= shownMax
    ? names.join(", ")
    : `${names.slice(0, shownMax).join(", ")} and ${names.length - shownMax} more`;
}

function either(values: readonly (string | number | boolean)[]): string {
  return values.map(String).join(" or ");
}
