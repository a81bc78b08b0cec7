// `leeward catalog`: what Leeward knows of service types and regions. Needs no manifest, no server and no credentials.

import { countriesOf, countryGroups } from "../catalog/countries.ts";
import { catalogIds } from "../catalog/ids.ts";
import { knowledge } from "../catalog/knowledge.ts";
import { describedTypes, serviceTypeOf } from "../catalog/load.ts";
import { type RankedRegion, rankRegions, type Wish, weights } from "../catalog/rank.ts";
import { allRegions, type RegionEntry, regionSource } from "../catalog/regions.ts";
import type { ServiceType } from "../catalog/service-type.ts";
import { showType } from "../catalog/show.ts";
import type { ServiceKnowledge, Source } from "../core/assess/knowledge.ts";
import { catalogListText, type ListAnswer } from "../render/text/catalog-list.ts";
import { catalogRegionsText, type RegionsAnswer } from "../render/text/catalog-regions.ts";
import { catalogShowText } from "../render/text/catalog-show.ts";
import {
  locationNamed,
  oneOf,
  providerNamed,
  regionNamed,
  settingsGiven,
  typeNamed,
  WrongWord,
} from "./catalog-words.ts";

export type CatalogIo = {
  readonly out: (text: string) => void;
  /** Throws where it cannot. */
  readonly writeFile: (file: string, text: string) => void;
  readonly color: boolean;
  readonly width?: number;
};

type Output = { readonly json?: string };

export function catalogList(flags: Output & { readonly area?: string }, io: CatalogIo): void {
  const types = describedTypes();
  const areas = [...new Set(types.map(({ area }) => area))].sort();
  const area = flags.area === undefined ? undefined : oneOf(flags.area, "area", areas);
  const shown = area === undefined ? types : types.filter((type) => type.area === area);
  const described = new Set(types.map(({ id }) => id));
  const byNameOnly = area === undefined ? catalogIds.filter((id) => !described.has(id)) : [];
  const methods = shown.reduce((sum, type) => sum + type.methods.length, 0);
  const which = area === undefined ? "" : ` in the area ${area}`;
  const answer: ListAnswer = {
    version: 1,
    summary: `${shown.length} service types${which}, with ${methods} ways to exist in a second region.`,
    types: shown.map((type) => ({
      id: type.id,
      name: type.name,
      area: type.area,
      scope: type.scope,
      methods: type.methods.map(({ id }) => id),
      usual: type.defaultMethod,
      asOf: newestOf(type),
    })),
    byNameOnly,
  };
  give(answer, flags, io, catalogListText);
}

export type ShowFlags = Output & {
  readonly from?: string;
  readonly to?: readonly string[];
  readonly set?: readonly string[];
};

export function catalogShow(text: string, flags: ShowFlags, io: CatalogIo): void {
  const type = describedType(text);
  if (flags.from === undefined && flags.to !== undefined) {
    throw new WrongWord("--to says where a service goes: name where it comes from as well, with --from REGION.");
  }
  const locations = [flags.from, ...(flags.to ?? [])].flatMap((one) => (one === undefined ? [] : [locationNamed(one)]));
  const answer = showType(type, locations, settingsGiven(flags.set ?? [], type), knowledge());
  give(answer, flags, io, catalogShowText);
}

export type RegionFlags = Output & {
  readonly from: string;
  readonly geography?: boolean;
  readonly residency?: string;
  readonly needs?: readonly string[];
  readonly provider?: string;
  readonly limit?: number;
};

export function catalogRegions(flags: RegionFlags, io: CatalogIo): void {
  const from = regionNamed(flags.from);
  const provider = flags.provider === undefined ? undefined : providerNamed(flags.provider);
  const wish: Wish = {
    ...(flags.geography === true ? { sameGeography: true } : {}),
    ...(flags.residency === undefined ? {} : { residency: countriesNamed(flags.residency) }),
    ...(flags.needs === undefined ? {} : { needs: flags.needs.flatMap((text) => text.split(",")).map(describedType) }),
    ...(provider === undefined ? {} : { provider }),
  };
  const all = rankRegions(from, wish, knowledge());
  const limit = flags.limit ?? 10;
  // Its own pair stands there however bad it is: that is the one everybody asks about.
  const regions = all.filter(({ pair }, index) => index < limit || pair === "pair" || pair === "one-way pair");
  const answer: RegionsAnswer = {
    version: 1,
    from: from.at,
    summary: regionSummary(from, all),
    found: all.length,
    weights,
    regions,
    sources: sourcesOf(from, regions),
  };
  give(answer, flags, io, catalogRegionsText);
}

function regionSummary(from: RegionEntry, all: readonly RankedRegion[]): string {
  const own = ownPair(from);
  const [best] = all;
  if (best === undefined) return `No region fits for ${from.at}. ${own}`;
  const way =
    best.roundTrip === undefined
      ? ""
      : `, ${Math.round(best.roundTrip.ms)} ms and ${best.km ?? "an unknown number of"} km away`;
  const many = all.length === 1 ? "the only region that fits" : `the best of ${all.length} regions`;
  return `For ${from.at}, ${best.region.at} is ${many}${way}. ${own}`;
}

/** A pair has a direction; who plans with it has to know. */
function ownPair({ at, provider, pair, pairIsMutual }: RegionEntry): string {
  const name = at.slice(at.indexOf("/") + 1);
  if (provider !== "azure") return "Its provider has no region pairs.";
  if (pair === undefined) return `${name} has no region pair: what needs one is ruled out there.`;
  const way =
    pairIsMutual === undefined
      ? "; whether that one leads back is not known"
      : pairIsMutual
        ? ""
        : `, one-way: ${pair} does not lead back to ${name}`;
  return `The pair of ${name} is ${pair}${way}.`;
}

function sourcesOf(from: RegionEntry, regions: readonly RankedRegion[]): readonly { of: string; source: Source }[] {
  const found = new Map<string, { of: string; source: Source }>();
  for (const { roundTrip } of regions) {
    if (roundTrip === undefined) continue;
    found.set(roundTrip.source.title, {
      of: roundTrip.basis === "measured" ? "trip" : "trip with ~",
      source: roundTrip.source,
    });
  }
  const providers = new Set(
    [from, ...regions.map(({ region }) => region)].flatMap(({ provider }) => (provider === "site" ? [] : [provider])),
  );
  const places = [...providers].map((provider) => ({
    of: "km, pair, law, zones, access",
    source: regionSource(provider),
  }));
  return [...found.values(), ...places];
}

function countriesNamed(text: string): readonly string[] {
  const codes = text
    .split(",")
    .map((code) => code.trim().toUpperCase())
    .filter((code) => code !== "");
  const known = new Set(allRegions().flatMap(({ country }) => country ?? []));
  const wrong = codes.find((code) => countriesOf(code) === undefined && !/^[A-Z]{2}$/.test(code));
  if (wrong !== undefined || codes.length === 0) {
    throw new WrongWord(
      `--residency ${text}: write ISO codes of countries such as NO,SE, or groups: ${countryGroups().join(", ")}.`,
    );
  }
  const empty = codes.filter((code) => !(countriesOf(code) ?? [code]).some((country) => known.has(country)));
  if (empty.length === codes.length) throw new WrongWord(`No provider has a region in ${codes.join(", ")}.`);
  return codes;
}

function describedType(text: string): ServiceKnowledge {
  const id = typeNamed(text.trim());
  const type = serviceTypeOf(id) === undefined ? undefined : knowledge().serviceOf(id);
  if (type === undefined) throw new WrongWord(`${id} is known by name only: the catalog does not describe it.`);
  return type;
}

function newestOf(type: ServiceType): string {
  const days = type.methods.flatMap((method) => [
    method.source.asOf,
    ...[...method.rpo, ...method.rto, ...method.requires, ...method.constraints].map(({ source }) => source.asOf),
  ]);
  return days.sort().at(-1) ?? "";
}

/** `-` as the file: JSON instead of text, for a pipe. */
function give<T>(
  answer: T,
  { json }: Output,
  io: CatalogIo,
  text: (answer: T, options: { readonly color: boolean; readonly width?: number }) => string,
): void {
  const asJson = `${JSON.stringify(answer, null, 2)}\n`;
  if (json === "-") {
    io.out(asJson);
    return;
  }
  if (json !== undefined) io.writeFile(json, asJson);
  io.out(text(answer, { color: io.color, ...(io.width === undefined ? {} : { width: io.width }) }));
}
