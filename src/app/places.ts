// What the controller must know of its regions as places and the catalog has: in which country each lies, and how far they are apart.
// A region whose country is not known is not barred: `leeward assess` reports it, and nobody is woken for a gap in a list.

import { allowedCountries } from "../catalog/countries.ts";
import { roundTripOf } from "../catalog/latency.ts";
import { regionOf } from "../catalog/regions.ts";
import type { Places } from "../controller/candidates.ts";
import type { System } from "../core/model/system.ts";

export function placesOf({ regions, objectives }: System): Places {
  const { residency } = objectives;
  const allowed = residency.length === 0 ? undefined : allowedCountries(residency);
  return Object.fromEntries(
    regions.map(({ name, at }) => {
      const country = regionOf(at)?.country;
      const barred = allowed !== undefined && country !== undefined && !allowed.has(country);
      const roundTripMs = Object.fromEntries(
        regions.flatMap((other) => {
          const ms = other.name === name ? 0 : roundTripOf(at, other.at)?.ms;
          return ms === undefined ? [] : [[other.name, ms]];
        }),
      );
      const why = `data may lie in ${residency.join(", ")} only, and ${name} is in ${country}`;
      return [name, { roundTripMs, ...(barred ? { barredWhy: why } : {}) }];
    }),
  );
}
