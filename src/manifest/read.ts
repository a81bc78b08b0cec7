// A manifest from a file. What keeps it from being read is a problem of the file like any other, with a place and a way to mend it.

import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { type BadManifest, type GoodManifest, parseManifest } from "./parse.ts";
import type { Problem } from "./problem.ts";
import { textMaxBytes } from "./tree.ts";

/** With the text, for showing lines of it; empty where the file could not be read. */
export type ReadManifest = (GoodManifest | BadManifest) & { readonly text: string };

/** Never throws. `path` is relative to the working folder, and is the `file` of every problem. */
export function readManifest(path: string): ReadManifest {
  const bytes = bytesOf(path);
  if (!(bytes instanceof Uint8Array)) return bad(path, bytes.rule, bytes.message, bytes.fix);
  const wrongAt = firstNotUtf8(bytes);
  if (wrongAt >= 0) {
    const before = new TextDecoder().decode(bytes.subarray(0, wrongAt));
    const line = before.split("\n").length;
    const column = before.length - (before.lastIndexOf("\n") + 1) + 1;
    const problem = problemAt(
      path,
      line,
      column,
      "not-utf8",
      "This file is not UTF-8 text from here on.",
      "Save it as UTF-8.",
    );
    return { kind: "bad", problems: [problem], text: "" };
  }
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  return Object.assign(parseManifest(text, { file: path }), { text });
}

type Unreadable = { readonly rule: string; readonly message: string; readonly fix: string };

function bytesOf(path: string): Uint8Array | Unreadable {
  let handle: number | undefined;
  try {
    handle = openSync(path, "r");
    const status = fstatSync(handle);
    if (status.isDirectory())
      return {
        rule: "unreadable",
        message: "This is a folder, not a file.",
        fix: `Name the file in it, such as \`${path.replace(/\/$/, "")}/leeward.yaml\`.`,
      };
    if (status.size > textMaxBytes)
      return {
        rule: "too-large",
        message: "This file is larger than 8 MiB.",
        fix: "Split the system, or generate a smaller manifest.",
      };
    return readFileSync(handle);
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code ?? "unknown error";
    if (code === "ENOENT")
      return {
        rule: "no-such-file",
        message: "There is no such file.",
        fix: "Check the path; it is relative to the folder you are in.",
      };
    if (code === "EACCES")
      return {
        rule: "unreadable",
        message: "This user may not read the file.",
        fix: "Give the user who runs Leeward the right to read it.",
      };
    return { rule: "unreadable", message: `The file cannot be read (${code}).`, fix: "Check the path and the disk." };
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}

/** Offset of the first byte that is not UTF-8, found by halving; -1 if all is well. */
function firstNotUtf8(bytes: Uint8Array): number {
  if (isPrefixOfUtf8(bytes, bytes.length, false)) return -1;
  let good = 0;
  let bad = bytes.length;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (isPrefixOfUtf8(bytes, middle, true)) good = middle;
    else bad = middle;
  }
  return good;
}

function isPrefixOfUtf8(bytes: Uint8Array, length: number, mayBeCut: boolean): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, length), { stream: mayBeCut });
    return true;
  } catch {
    return false;
  }
}

function bad(file: string, rule: string, message: string, fix: string): ReadManifest {
  return { kind: "bad", problems: [problemAt(file, 1, 1, rule, message, fix)], text: "" };
}

function problemAt(file: string, line: number, column: number, rule: string, message: string, fix: string): Problem {
  return { file, line, column, rule, severity: "error", message, fix };
}
