// How far apart two regions are.

import type { RegionKnowledge } from "./knowledge.ts";

/** Mean radius of the Earth, IUGG 1980. */
const earthRadiusKm = 6371.0088;

/** Great circle on the mean sphere, in km (haversine); undefined where one of the two has no coordinates. */
export function distanceKm(a: RegionKnowledge | undefined, b: RegionKnowledge | undefined): number | undefined {
  if (a?.latitude === undefined || a.longitude === undefined) return undefined;
  if (b?.latitude === undefined || b.longitude === undefined) return undefined;
  const rad = Math.PI / 180;
  const across = Math.sin(((b.latitude - a.latitude) * rad) / 2) ** 2;
  const along = Math.sin(((b.longitude - a.longitude) * rad) / 2) ** 2;
  const h = across + Math.cos(a.latitude * rad) * Math.cos(b.latitude * rad) * along;
  return 2 * earthRadiusKm * Math.asin(Math.min(1, Math.sqrt(h)));
}
