// What a catalog file may not say although it has the right shape: each rule of this table looks at one thing and names the place.
// They hold the files to what the assessment relies on: no condition that can never fit, no figure that contradicts itself, no claim
// without a page that says just this.

import type { Setting } from "../core/model/system.ts";
import { providerOf, regionOf } from "./regions.ts";
import type { Method, ServiceType, Source } from "./service-type.ts";

export type Path = readonly (string | number)[];

export type Fault = { readonly path: Path; readonly message: string };

type Say = (path: Path, message: string) => void;

const rules: readonly ((type: ServiceType, say: Say) => void)[] = [
  defaultMethodExists,
  methodsAreToldApart,
  settingsAreDeclared,
  regionsExist,
  figuresAgree,
  everyEntryCanBeTaken,
  methodsCanBeSwitched,
  newerIsNotOlder,
  sourcesArePages,
];

/** Everything that is wrong with a type that has the right shape; empty when it may be used. */
export function faultsOf(type: ServiceType): readonly Fault[] {
  const faults: Fault[] = [];
  for (const rule of rules) rule(type, (path, message) => faults.push({ path, message }));
  return faults;
}

function defaultMethodExists(type: ServiceType, say: Say): void {
  if (type.methods.some((method) => method.id === type.defaultMethod)) return;
  say(["defaultMethod"], `defaultMethod names ${type.defaultMethod}, which is not among its methods`);
}

function methodsAreToldApart(type: ServiceType, say: Say): void {
  const seen = new Set<string>();
  for (const [index, method] of type.methods.entries()) {
    if (seen.has(method.id)) say(["methods", index, "id"], `two methods have the id ${method.id}`);
    seen.add(method.id);
  }
}

function settingsAreDeclared(type: ServiceType, say: Say): void {
  const check = (name: string, values: readonly Setting[], path: Path): void => {
    const declared = type.settings[name];
    if (declared === undefined) {
      say(path, `the setting ${name} is not declared under settings (${listed(Object.keys(type.settings))})`);
      return;
    }
    for (const value of values) {
      if (declared.values === undefined || declared.values.includes(value)) continue;
      say(path, `${show(value)} is not an allowed value of the setting ${name} (${listed(declared.values.map(show))})`);
    }
  };
  for (const [name, { values, default: taken }] of Object.entries(type.settings)) {
    if (taken === undefined || values === undefined || values.includes(taken)) continue;
    say(["settings", name, "default"], `the default ${show(taken)} is not among its values`);
  }
  for (const [index, method] of type.methods.entries()) {
    for (const [at, requirement] of method.requires.entries()) {
      if (requirement.kind !== "setting") continue;
      const path = ["methods", index, "requires", at];
      if ((requirement.is === undefined) === (requirement.not === undefined)) {
        say(
          path,
          "a setting is required either to be (`is`) or not to be (`not`) one of some values: give one of the two",
        );
      }
      const list = requirement.is === undefined ? "not" : "is";
      check(requirement.setting, requirement[list] ?? [], [...path, list]);
    }
    for (const list of ["rpo", "rto"] as const) {
      for (const [at, entry] of method[list].entries()) {
        for (const [name, value] of Object.entries(entry.when ?? {})) {
          check(name, [value], ["methods", index, list, at, "when", name]);
        }
      }
    }
  }
}

function regionsExist(type: ServiceType, say: Say): void {
  const provider = providerOf(type.id);
  const check = (region: string, path: Path): void => {
    if (provider === undefined)
      say(path, `${type.id} belongs to no provider, so the region ${region} means nothing here`);
    else if (regionOf(`${provider}/${region}`) === undefined) say(path, `there is no region ${provider}/${region}`);
  };
  const checkWhere = (where: string | undefined, path: Path): void => {
    if (where === undefined || providerOf(where) === undefined || regionOf(where) !== undefined) return;
    say(path, `there is no region ${where}`);
  };
  checkWhere(type.controlPlane?.where, ["controlPlane", "where"]);
  for (const [index, method] of type.methods.entries()) {
    const at = ["methods", index];
    for (const [nth, requirement] of method.requires.entries()) {
      const path = [...at, "requires", nth];
      if (requirement.kind === "regions") for (const name of requirement.only) check(name, [...path, "only"]);
      if (requirement.kind === "not-regions") for (const name of requirement.except) check(name, [...path, "except"]);
      if (requirement.kind === "listed-pairs")
        for (const name of requirement.pairs.flat()) check(name, [...path, "pairs"]);
    }
    for (const [nth, { where }] of method.dependsOn.entries()) checkWhere(where, [...at, "dependsOn", nth, "where"]);
    for (const way of ["out", "back"] as const) {
      for (const [nth, { needs }] of method.switch[way].entries())
        checkWhere(needs, [...at, "switch", way, nth, "needs"]);
    }
  }
}

function figuresAgree(type: ServiceType, say: Say): void {
  for (const [index, method] of type.methods.entries()) {
    for (const [at, entry] of method.rpo.entries()) {
      const path = ["methods", index, "rpo", at];
      if (entry.kind === "zero" && (entry.worstSeconds !== 0 || (entry.expectedSeconds ?? 0) !== 0)) {
        say(path, "a recovery point of kind zero has worstSeconds: 0 and nothing else expected");
      }
      if (entry.kind === "unbounded" && entry.worstSeconds !== undefined) {
        say(
          [...path, "worstSeconds"],
          "what is unbounded has no worstSeconds; where there is a bound the kind is bounded",
        );
      }
      if (entry.kind === "bounded" && entry.expectedSeconds === undefined && entry.worstSeconds === undefined) {
        say(path, "a bounded recovery point has expectedSeconds, worstSeconds or both");
      }
      if (entry.kind === "bounded" && entry.worstSeconds === undefined && method.steps === undefined) {
        say(
          [...path, "worstSeconds"],
          "what is bounded has worstSeconds, except where agents watch the bound (steps); otherwise the kind is unbounded",
        );
      }
      if (entry.mode !== undefined && !method.modes.includes(entry.mode)) {
        say([...path, "mode"], `the method does not have the mode ${entry.mode} (${method.modes.join(", ")})`);
      }
    }
    for (const list of ["rpo", "rto"] as const) {
      for (const [at, { expectedSeconds: expected, worstSeconds: worst }] of method[list].entries()) {
        if (expected === undefined || worst === undefined || expected <= worst) continue;
        say(["methods", index, list, at], `expectedSeconds ${expected} is more than worstSeconds ${worst}`);
      }
    }
    for (const [at, { unbounded, worstSeconds }] of method.rto.entries()) {
      if (unbounded === undefined || worstSeconds === undefined) continue;
      say(["methods", index, "rto", at, "worstSeconds"], "a recovery time that nobody bounds has no worstSeconds");
    }
  }
}

/** The first entry that fits is taken, so one that an earlier one always beats says nothing to anybody. */
function everyEntryCanBeTaken(type: ServiceType, say: Say): void {
  for (const [index, method] of type.methods.entries()) {
    for (const list of ["rpo", "rto"] as const) {
      const before: (Method["rpo"][number] | Method["rto"][number])[] = [];
      for (const [at, entry] of method[list].entries()) {
        const first = before.findIndex((earlier) => covers(earlier, entry));
        if (first !== -1) {
          say(["methods", index, list, at], `never taken: ${list}.${first} fits wherever this one does; put it before`);
        }
        before.push(entry);
      }
    }
  }
}

type Conditions = {
  readonly mode?: string;
  readonly of?: string;
  readonly when?: Readonly<Record<string, Setting>>;
};

function covers(earlier: Conditions, later: Conditions): boolean {
  return (
    earlier.of === later.of &&
    (earlier.mode === undefined || earlier.mode === later.mode) &&
    Object.entries(earlier.when ?? {}).every(([name, value]) => later.when?.[name] === value)
  );
}

function methodsCanBeSwitched(type: ServiceType, say: Say): void {
  for (const [index, method] of type.methods.entries()) {
    if (method.switch.out.length > 0 || method.startedBy === "nobody" || method.kind === "global") continue;
    say(["methods", index, "switch", "out"], "the way out has no step, although the switch is started by somebody");
  }
}

function newerIsNotOlder(type: ServiceType, say: Say): void {
  for (const [index, { older, newer }] of type.disagreements.entries()) {
    if (newer.source.asOf >= older.source.asOf) continue;
    say(
      ["disagreements", index, "newer", "source", "asOf"],
      `the newer source (${newer.source.asOf}) is older than the older one (${older.source.asOf})`,
    );
  }
}

/** What Leeward itself does or has measured; it stands behind such a claim without a page elsewhere. */
const own = /^(leeward|measured)\b/i;
/** Nothing but a language: `/`, `/en-us/`. */
const homePage = /^\/?([a-z]{2}([-_][a-z]{2})?\/?)?$/i;

function sourcesArePages(type: ServiceType, say: Say): void {
  for (const { source, path } of sourcesOf(type, [])) {
    if (source.url === undefined) {
      if (!own.test(source.title)) {
        say(
          path,
          "the source has no url; only what Leeward does or has measured itself (title: Leeward ..., measured ...) goes without",
        );
      }
      continue;
    }
    const url = new URL(source.url);
    if (url.protocol !== "https:" && url.protocol !== "http:") say([...path, "url"], "the url does not lead to a page");
    else if (homePage.test(url.pathname) && url.search === "") {
      say([...path, "url"], `${source.url} is only a home page; name the page that says just this`);
    }
  }
}

function* sourcesOf(value: unknown, path: Path): Generator<{ readonly source: Source; readonly path: Path }> {
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    const at = [...path, Array.isArray(value) ? Number(key) : key];
    if (key === "source" && isSource(inner)) yield { source: inner, path: at };
    else yield* sourcesOf(inner, at);
  }
}

function isSource(value: unknown): value is Source {
  return typeof value === "object" && value !== null && "title" in value && "asOf" in value;
}

function listed(words: readonly string[]): string {
  return words.length === 0 ? "there are none" : words.join(", ");
}

function show(value: Setting): string {
  return typeof value === "string" ? value : String(value);
}
