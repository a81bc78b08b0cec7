// What a GB costs to send from one location to another, by the sending side's list prices of the first volume tier. From world/prices.json.

import type { Source } from "../core/assess/knowledge.ts";
import { providerOf, type RegionEntry, regionOf } from "./regions.ts";
import { once, worldJson } from "./world-file.ts";

export type EgressPrice = { readonly usdPerGb: number; readonly source: Source };

type PricesFile = {
  readonly azure: {
    readonly source: Source;
    readonly byContinent: Readonly<
      Record<string, { readonly same: number; readonly other: number; readonly internet: number }>
    >;
  };
  readonly aws: {
    readonly source: Source;
    readonly byRegion: Readonly<Record<string, { readonly regions: number; readonly internet: number }>>;
    readonly pairs: readonly (readonly [from: string, to: string, usdPerGb: number])[];
  };
  readonly gcp: {
    readonly source: Source;
    readonly sameContinent: Readonly<Record<string, number>>;
    readonly otherContinent: number;
    readonly oceaniaOrIndonesia: number;
    readonly notCovered: readonly string[];
  };
};

const file = once(() => worldJson<PricesFile>("prices.json"));
const awsPairs = once(() => new Map(file().aws.pairs.map(([from, to, usd]) => [`${from} ${to}`, usd])));

/**
 * USD per GB. To another provider or to a place of one's own the internet price holds. Undefined where no price is known: within one
 * region, from a place of one's own, and for regions that the source does not have.
 */
export function egressPriceOf(from: string, to: string): EgressPrice | undefined {
  const source = regionOf(from);
  if (source === undefined || from === to) return undefined;
  const target = regionOf(to);
  const inside = target !== undefined && target.provider === source.provider && target.partition === source.partition;
  const price = bySender[providerOf(from) ?? ""]?.(source, inside ? target : undefined);
  return price;
}

type Sender = (from: RegionEntry, to: RegionEntry | undefined) => EgressPrice | undefined;

const bySender: Readonly<Record<string, Sender>> = {
  azure: (from, to) => {
    const { source, byContinent } = file().azure;
    const prices = byContinent[from.continent ?? ""];
    if (prices === undefined) return undefined;
    const usdPerGb = to === undefined ? prices.internet : to.continent === from.continent ? prices.same : prices.other;
    return { usdPerGb, source };
  },
  aws: (from, to) => {
    const { source, byRegion } = file().aws;
    const prices = byRegion[nameOf(from)];
    if (prices === undefined) return undefined;
    if (to === undefined) return { usdPerGb: prices.internet, source };
    return { usdPerGb: awsPairs().get(`${nameOf(from)} ${nameOf(to)}`) ?? prices.regions, source };
  },
  gcp: (from, to) => {
    const { source, notCovered, sameContinent, otherContinent, oceaniaOrIndonesia } = file().gcp;
    if (to === undefined) return undefined;
    if ([from, to].some(({ continent }) => continent === undefined || notCovered.includes(continent))) return undefined;
    if (from.continent === to.continent) {
      const usdPerGb = sameContinent[from.continent ?? ""];
      const near = usdPerGb !== undefined && !isIndonesia(from) && !isIndonesia(to);
      if (near) return { usdPerGb, source };
    }
    const far = [from, to].some((region) => region.continent === "oceania" || isIndonesia(region));
    return { usdPerGb: far ? oceaniaOrIndonesia : otherContinent, source };
  },
};

function isIndonesia(region: RegionEntry): boolean {
  return region.country === "ID";
}

function nameOf({ at }: RegionEntry): string {
  return at.slice(at.indexOf("/") + 1);
}
