// What people write for regions, types and settings, and what they meant: short names, other spellings, and for a slip the nearest word.

import { catalogIds } from "../catalog/ids.ts";
import { allRegions, type Provider, providers, type RegionEntry, regionOf } from "../catalog/regions.ts";
import type { ServiceKnowledge } from "../core/assess/knowledge.ts";
import type { Setting } from "../core/model/system.ts";
import { makeNearest } from "../manifest/nearest.ts";

/** Bad input, for a person; exit code 2. */
export class WrongWord extends Error {
  readonly exitCode = 2;
}

/** `norwayeast`, `azure/norwayeast`, "Norway East": the region. Throws WrongWord. */
export function regionNamed(text: string): RegionEntry {
  const exact = regionOf(text.toLowerCase());
  if (exact !== undefined) return exact;
  const sought = plain(text);
  const found = allRegions().filter(
    ({ at, name }) => plain(at.slice(at.indexOf("/") + 1)) === sought || plain(name) === sought,
  );
  const [first, second] = found;
  if (first !== undefined && second === undefined) return first;
  if (first !== undefined) {
    throw new WrongWord(`Several providers have a region "${text}": write ${found.map(({ at }) => at).join(" or ")}.`);
  }
  const regions = allRegions();
  const known = text.includes("/") ? regions : regions.map(({ at }) => ({ at, short: at.slice(at.indexOf("/") + 1) }));
  const words = new Map(known.map((region) => ["short" in region ? region.short : region.at, region.at]));
  throw new WrongWord(
    `There is no region "${text}"${meant(text, words.keys())} Regions are written as azure/norwayeast or, where it is clear, norwayeast.`,
  );
}

/** As `regionNamed`, but a place of one's own (`site/cellar`) and "unknown" may stand there as well. Throws WrongWord. */
export function locationNamed(text: string): string {
  return text === "unknown" || /^site\/.+/.test(text) ? text : regionNamed(text).at;
}

/** `azure/key-vault`, or `key-vault` where only one provider has it. Throws WrongWord. */
export function typeNamed(text: string): string {
  const sought = text.toLowerCase();
  const exact = catalogIds.find((id) => id === sought);
  if (exact !== undefined) return exact;
  const found = catalogIds.filter(
    (id) => plain(id.slice(id.indexOf("/") + 1)) === plain(sought) || plain(id) === plain(sought),
  );
  const [first, second] = found;
  if (first !== undefined && second === undefined) return first;
  if (first !== undefined) throw new WrongWord(`"${text}" may be ${found.join(" or ")}: write which.`);
  throw new WrongWord(
    `There is no service type "${text}"${meant(text, catalogIds)} leeward catalog list names them all.`,
  );
}

export function providerNamed(text: string): Provider {
  const found = providers.find((provider) => provider === text.toLowerCase());
  if (found === undefined) throw new WrongWord(`There is no provider "${text}": azure, aws or gcp.`);
  return found;
}

/** `tier=premium`, for a setting that the type declares, with a value that it allows. Throws WrongWord. */
export function settingsGiven(texts: readonly string[], type: ServiceKnowledge): Readonly<Record<string, Setting>> {
  const given: Record<string, Setting> = {};
  for (const text of texts) {
    const equals = text.indexOf("=");
    if (equals < 1) throw new WrongWord(`--set ${text}: write NAME=VALUE, such as tier=premium.`);
    const name = text.slice(0, equals).trim();
    const declared = type.settings[name];
    if (declared === undefined) {
      const names = Object.keys(type.settings);
      const all = names.length === 0 ? "It has none" : `It has ${names.join(", ")}`;
      throw new WrongWord(`${type.id} has no setting "${name}"${meant(name, names)} ${all}.`);
    }
    const value = settingFrom(text.slice(equals + 1).trim());
    if (declared.values !== undefined && !declared.values.includes(value)) {
      const values = declared.values.map(String);
      throw new WrongWord(
        `${type.id} does not know ${name}=${value}${meant(String(value), values)} It is one of ${values.join(", ")}.`,
      );
    }
    given[name] = value;
  }
  return given;
}

export function oneOf<T extends string>(text: string, what: string, words: readonly T[]): T {
  const found = words.find((word) => word === text.toLowerCase());
  if (found === undefined)
    throw new WrongWord(`There is no ${what} "${text}"${meant(text, words)} There are ${words.join(", ")}.`);
  return found;
}

/** Ends the sentence: with the word that was probably meant, where there is one. */
function meant(text: string, words: Iterable<string>): string {
  const nearest = makeNearest()(text, words);
  return nearest === undefined ? "." : `; did you mean ${nearest}?`;
}

function settingFrom(text: string): Setting {
  if (text === "true" || text === "false") return text === "true";
  return text !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
}

function plain(text: string): string {
  return text.toLowerCase().replaceAll(/[-_ ()]/g, "");
}
