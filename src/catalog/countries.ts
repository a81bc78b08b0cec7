// Groups of countries that `residency` may name. From world/countries.json.

import { once, worldJson } from "./world-file.ts";

const groups = once(
  () => new Map(Object.entries(worldJson<Readonly<Record<string, readonly string[]>>>("countries.json"))),
);

/** ISO 3166 codes of a group such as EU or EEA; undefined: not a group. */
export function countriesOf(group: string): readonly string[] | undefined {
  return groups().get(group.toUpperCase());
}

export function countryGroups(): readonly string[] {
  return [...groups().keys()];
}

/** What a list of countries and groups allows. */
export function allowedCountries(codes: readonly string[]): ReadonlySet<string> {
  return new Set(codes.flatMap((code) => countriesOf(code) ?? [code.toUpperCase()]));
}
