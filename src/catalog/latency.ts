// Round trips between locations: measured where a provider's table has the pair, else estimated from the distance.
//
// The estimate: light in fibre takes about 1 ms for 200 km one way (refractive index 1.47), so a round trip over d km takes at least
// d / 100 ms. Cables and routes are longer than the great circle, and the ends add some ms:
//
//     ms = 1.5 * d / 100 + 13 * d / (d + 200)
//
// Factor, ends and 200 km were fitted to the 2862 measured pairs of Azure (least mean relative error). On those the median error is
// 12 %, nine in ten are within 34 %; on the 992 pairs of AWS, which were not used for the fit, 13 % and 36 %. Below 300 km it may be half wrong.

import { distanceKm } from "../core/assess/distance.ts";
import type { Source } from "../core/assess/knowledge.ts";
import { providerOf, regionOf } from "./regions.ts";
import { once, worldText } from "./world-file.ts";

export type RoundTrip = { readonly ms: number; readonly basis: "measured" | "estimated"; readonly source: Source };

type Table = {
  readonly source: Source;
  readonly row: ReadonlyMap<string, number>;
  readonly ms: readonly Float64Array[];
};

const tables: Readonly<Record<string, () => Table>> = {
  azure: once(() =>
    tableOf("latency-azure.csv", {
      title: "Azure network round-trip latency statistics, 95th percentile over 30 days",
      url: "https://learn.microsoft.com/en-us/azure/networking/azure-network-latency",
      asOf: "2026-07-30",
    }),
  ),
  aws: once(() =>
    tableOf("latency-aws.csv", {
      title: "cloudping.co, median TCP connect time over one year, as kept in oaustegard.github.io",
      url: "https://github.com/oaustegard/oaustegard.github.io/blob/main/web-utilities/aws-ping-p50-1y.json",
      asOf: "2025-05-29",
    }),
  ),
};

const estimate: Source = {
  title:
    "Leeward's estimate: great-circle distance, light in fibre, factors fitted to Azure's measured pairs (median error 12 %)",
  asOf: "2026-07-30",
};

/** Azure designs its zones for a round trip of less than about this; the other providers say "single-digit ms". */
const withinRegionMs = 2;
const withinRegion: Source = {
  title: "Azure reliability documentation, What are availability zones?, Physical and logical zones",
  url: "https://learn.microsoft.com/en-us/azure/reliability/availability-zones-overview",
  asOf: "2026-07-28",
};

/** Undefined where nobody says and the coordinates of one end are not known, as for places of one's own. */
export function roundTripOf(from: string, to: string): RoundTrip | undefined {
  const source = regionOf(from);
  const target = regionOf(to);
  if (source === undefined || target === undefined) return undefined;
  if (from === to) return { ms: withinRegionMs, basis: "estimated", source: withinRegion };
  const measured = source.provider === target.provider ? measuredOf(from, to) : undefined;
  if (measured !== undefined) return measured;
  const km = distanceKm(source, target);
  return km === undefined ? undefined : { ms: estimatedMs(km), basis: "estimated", source: estimate };
}

/** Round trip in ms over so many km of great circle; the formula stands at the top of this file. */
export function estimatedMs(km: number): number {
  return Math.round((1.5 * km) / 10 + (130 * km) / (km + 200)) / 10;
}

/** Every measured pair of a provider, for whoever wants to hold the estimate against them. */
export function* measuredPairs(
  provider: string,
): Generator<{ readonly from: string; readonly to: string; readonly ms: number }> {
  const table = tables[provider]?.();
  for (const [from, i] of table?.row ?? []) {
    for (const [to, j] of table?.row ?? []) {
      const ms = table?.ms[i]?.[j];
      if (ms !== undefined && !Number.isNaN(ms)) yield { from: `${provider}/${from}`, to: `${provider}/${to}`, ms };
    }
  }
}

function measuredOf(from: string, to: string): RoundTrip | undefined {
  const table = tables[providerOf(from) ?? ""]?.();
  const row = table?.row.get(nameOf(from));
  const column = table?.row.get(nameOf(to));
  if (table === undefined || row === undefined || column === undefined) return undefined;
  const ms = table.ms[row]?.[column];
  return ms === undefined || Number.isNaN(ms) ? undefined : { ms, basis: "measured", source: table.source };
}

function tableOf(name: string, source: Source): Table {
  const [head = "", ...lines] = worldText(name).trim().split(/\r?\n/);
  const row = new Map(
    head
      .split(",")
      .slice(1)
      .map((column, index) => [column, index]),
  );
  const cell = (text: string): number => (text === "" ? Number.NaN : Number(text));
  return { source, row, ms: lines.map((line) => Float64Array.from(line.split(",").slice(1), cell)) };
}

function nameOf(at: string): string {
  return at.slice(at.indexOf("/") + 1);
}
