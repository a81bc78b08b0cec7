// Problems for a terminal: the place, the sentence, the line of the text with a mark under it, and how to mend it. At most 100 columns,
// no colour, no secret.

import type { Problem } from "./problem.ts";
import { withoutSecrets } from "./secrets.ts";

const width = 100;
const gutter = "    ";
/** More than anyone mends in one go. */
const shownMax = 100;

/** Several lines, without a last line break. `text` is the manifest; where it is empty, no lines of it are shown. */
export function renderProblems(problems: readonly Problem[], text: string): string {
  const lines = (text.startsWith("\uFEFF") ? text.slice(1) : text).split("\n");
  const blocks = problems.slice(0, shownMax).map((problem) => blockOf(problem, lines[problem.line - 1]));
  const left = problems.length - blocks.length;
  if (left > 0) blocks.push(`and ${left} more`);
  return blocks.join("\n\n");
}

function blockOf(problem: Problem, line: string | undefined): string {
  const place = `${problem.file}:${problem.line}:${problem.column}`;
  const head = `${place}  ${problem.severity} ${problem.rule}`;
  return [head, ...wrapped(problem.message), ...excerptOf(problem, line), ...wrapped(problem.fix)].join("\n");
}

/** These are about a secret, which may stand alone on its line, where nothing tells it from any other word. */
const aboutSecrets: ReadonlySet<string> = new Set(["secret-in-manifest", "password-in-url"]);

function excerptOf({ column, rule }: Problem, line: string | undefined): readonly string[] {
  if (line === undefined || line.trim() === "") return [];
  const safe = withoutSecrets(line);
  if (safe === line && (aboutSecrets.has(rule) || (rule === "bad-url" && line.includes("@")))) return [];
  const room = width - gutter.length - 2;
  const clean = safe.replaceAll(/\p{Cc}/gu, " ").trimEnd();
  const at = Math.min(column - 1, clean.length);
  const from = at < room - 10 ? 0 : at - Math.floor(room / 2);
  const cut = clean.slice(from, from + room);
  return [`${gutter}| ${cut}`, `${gutter}| ${" ".repeat(at - from)}^`];
}

/** Broken at spaces; a word longer than the line stays whole. */
function wrapped(sentence: string): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of sentence.replaceAll(/\p{Cc}/gu, " ").split(" ")) {
    if (line !== "" && gutter.length + line.length + 1 + word.length > width) {
      lines.push(gutter + line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, gutter + line];
}
