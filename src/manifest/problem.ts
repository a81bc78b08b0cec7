// What is wrong with a manifest, where, and how to mend it.

export type Severity = "error" | "warning";

export type Problem = {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in characters as an editor counts them (UTF-16 units). */
  readonly column: number;
  /** Stable name of what was checked, like `unknown-key`. */
  readonly rule: string;
  readonly severity: Severity;
  /** One sentence. Never contains a secret. */
  readonly message: string;
  /** One sentence: what to write instead. */
  readonly fix: string;
};

export type Place = { readonly line: number; readonly column: number };

/** A problem before it has a place: `path` leads to the value that is wrong, or to its key. */
export type Finding = {
  readonly path: Path;
  readonly on: "key" | "value";
  readonly rule: string;
  readonly severity: Severity;
  readonly message: string;
  readonly fix: string;
};

export type Path = readonly (string | number)[];

export function byPlace(a: Problem, b: Problem): number {
  return a.line - b.line || a.column - b.column || (a.rule < b.rule ? -1 : a.rule > b.rule ? 1 : 0);
}

export function error(path: Path, rule: string, message: string, fix: string): Finding {
  return { path, on: "value", rule, severity: "error", message, fix };
}

export function errorOnKey(path: Path, rule: string, message: string, fix: string): Finding {
  return { path, on: "key", rule, severity: "error", message, fix };
}

export function warning(path: Path, rule: string, message: string, fix: string): Finding {
  return { path, on: "value", rule, severity: "warning", message, fix };
}
