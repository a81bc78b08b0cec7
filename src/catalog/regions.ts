// The regions of the providers: where they are, what they are paired with, which zones they have. From world/regions.json.

import type { RegionKnowledge, Source } from "../core/assess/knowledge.ts";
import { once, worldJson } from "./world-file.ts";

export const providers = ["azure", "aws", "gcp"] as const;
export type Provider = (typeof providers)[number];

/** A region as the file has it, besides what the assessment asks for. */
export type RegionEntry = RegionKnowledge & {
  /** City or state, as the provider names it. */
  readonly place?: string;
  /** What the coordinates were before, and why they were changed. */
  readonly corrected?: string;
};

type RegionsFile = {
  readonly sources: Readonly<Record<Provider, Source>>;
  readonly regions: Readonly<
    Record<string, Omit<RegionEntry, "at" | "provider" | "restricted"> & { restricted?: boolean }>
  >;
};

const file = once(() => worldJson<RegionsFile>("regions.json"));

const byLocation = once(
  (): ReadonlyMap<string, RegionEntry> =>
    new Map(
      Object.entries(file().regions).map(([at, entry]) => [
        at,
        { ...entry, at, provider: providerOf(at) ?? "site", restricted: entry.restricted === true },
      ]),
    ),
);

/** By location, `provider/region`. Undefined for a place of one's own, for "unknown" and for what the file does not have. */
export function regionOf(at: string): RegionEntry | undefined {
  return byLocation().get(at);
}

export function allRegions(): readonly RegionEntry[] {
  return [...byLocation().values()];
}

export function regionSource(provider: Provider): Source {
  return file().sources[provider];
}

/** The provider that a location or a catalog id begins with; undefined for a site, for "unknown" and for types of no provider. */
export function providerOf(id: string): Provider | undefined {
  const first = id.slice(0, Math.max(0, id.indexOf("/")));
  return providers.find((provider) => provider === first);
}
