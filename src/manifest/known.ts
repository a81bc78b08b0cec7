// Does a name lead somewhere? Where it does not, the nearest one that does is told.

import type { Nearest } from "./nearest.ts";
import { error, type Finding, type Path } from "./problem.ts";

/** Names as the text declares them, also of what was too broken to keep; undefined where the whole section was. */
export type Declared = {
  readonly regions: ReadonlySet<string> | undefined;
  readonly groups: ReadonlySet<string> | undefined;
  readonly services: ReadonlySet<string> | undefined;
  readonly routes: ReadonlySet<string> | undefined;
  readonly jobs: ReadonlySet<string> | undefined;
  /** Whether the text has anything at this path. */
  readonly has: (path: Path) => boolean;
  /** The keys that the text has at this path, right or wrong; undefined where there are none to have. */
  readonly keysAt: (path: Path) => readonly string[] | undefined;
};

export type Kind = "region" | "group" | "service";

/** False for a name that leads nowhere, which has been said then, and for one of a section that was too broken to tell. */
export type Known = (kind: Kind, name: string, path: Path, on?: "key" | "value") => boolean;

export function makeKnown(declared: Declared, nearest: Nearest, say: (finding: Finding) => void): Known {
  const sets = { region: declared.regions, group: declared.groups, service: declared.services } as const;
  return (kind, name, path, on = "value") => {
    const names = sets[kind];
    if (names === undefined) return false;
    if (names.has(name)) return true;
    const meant = nearest(name, names);
    const fix =
      meant !== undefined
        ? `Did you mean \`${meant}\`?`
        : names.size === 0
          ? `Add it under \`${kind}s\`.`
          : `Known: ${listed(names)}; or add it under \`${kind}s\`.`;
    say({ ...error(path, `unknown-${kind}`, `There is no ${kind} named \`${name}\` in this manifest.`, fix), on });
    return false;
  };
}

/** Of a list of names, each that stands there for the first time; a repetition is said. */
export function* eachOnce(
  names: readonly string[],
  path: Path,
  fix: string,
  say: (finding: Finding) => void,
): Generator<readonly [name: string, at: Path]> {
  const seen = new Set<string>();
  for (const [index, name] of names.entries()) {
    const at = [...path, index];
    if (seen.has(name)) say(error(at, "duplicated-name", `\`${name}\` stands in this list twice.`, fix));
    else yield [name, at];
    seen.add(name);
  }
}

export function listed(names: ReadonlySet<string> | readonly string[]): string {
  const size = "size" in names ? names.size : names.length;
  const first: string[] = [];
  for (const name of names) {
    if (first.length === 8) return `${first.join(", ")} and ${size - 8} more`;
    first.push(name);
  }
  return first.join(", ");
}
