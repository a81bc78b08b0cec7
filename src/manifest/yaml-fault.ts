// What the YAML library found, for somebody who does not know its grammar: where the slip began rather than where it was noticed, and
// without the library's own messages, which repeat words of the text that may be secrets.

import { Lexer } from "yaml";

/** A fault of the text, before it has a line and a column. */
export type TextFault = { readonly at: number; readonly rule: string; readonly message: string; readonly fix: string };

/** A manifest needs seven. */
export const depthMax = 32;

export function tooDeep(at: number): TextFault {
  const fix = "Look for brackets that are never closed; a manifest needs seven levels.";
  return { at, rule: "too-deep", message: `This is nested deeper than ${depthMax} levels.`, fix };
}

type Words = readonly [rule: string, message: string, fix: string];

const tab: Words = ["tab", "This line is indented with a tab; YAML allows only spaces.", "Replace the tab by spaces."];
const colon: Words = [
  "syntax",
  "A key must stand on one line, with a colon and a space behind it.",
  "Look for a missing colon, here or on the next line.",
];
const unexpected: Words = [
  "syntax",
  "This was not expected here.",
  "Look for a bracket, a quote, a hyphen or a comma too many or too few, here or just above.",
];
const tag: Words = ["tag", "Tags, words that begin with `!`, have no meaning in a manifest.", "Remove the tag."];

const words: Readonly<Record<string, Words>> = {
  TAB_AS_INDENT: tab,
  BAD_INDENT: [
    "indentation",
    "This is not indented like what it belongs to.",
    "Give all keys of one block the same number of spaces.",
  ],
  MISSING_CHAR: [
    "syntax",
    "A separating or closing character is missing here.",
    "Put a colon behind each key, and commas between items in { } and [ ].",
  ],
  MULTILINE_IMPLICIT_KEY: colon,
  BLOCK_AS_IMPLICIT_KEY: [
    "syntax",
    "There is a second colon where a value was expected.",
    "Put the value into quotes, or onto lines of its own.",
  ],
  BAD_SCALAR_START: ["syntax", "A plain value cannot begin with this character.", "Put the value into quotes."],
  BAD_DQ_ESCAPE: [
    "syntax",
    "This backslash sequence means nothing between double quotes.",
    "Use single quotes, or write \\\\ for a backslash.",
  ],
  TAG_RESOLVE_FAILED: tag,
  MULTIPLE_TAGS: tag,
  UNEXPECTED_TOKEN: unexpected,
};

const openBracket: Words = [
  "open-bracket",
  "This bracket is never closed.",
  "Close it with } or ], at the end of what it holds.",
];
const openQuote: Words = ["open-quote", "This quote is never closed.", "Close it at the end of the value."];

type Found = { readonly code: string; readonly message: string; readonly pos: readonly [number, number] };

export function yamlFault({ code, message, pos: [at] }: Found, text: string): TextFault {
  if (code === "RESOURCE_EXHAUSTION") return tooDeep(at);
  if (code === "BAD_INDENT" && message.startsWith("Flow ")) return worded(openBracketBefore(text, at), openBracket);
  if (code === "MISSING_CHAR" && message.startsWith("Missing closing")) return worded(wordBefore(text, at), openQuote);
  const lineStart = text.lastIndexOf("\n", at - 1) + 1;
  const indent = /^[ \t]*/.exec(text.slice(lineStart, at + 200))?.[0] ?? "";
  if (indent.includes("\t") && at <= lineStart + indent.length) return worded(lineStart + indent.indexOf("\t"), tab);
  // The library points to the line's begin, people look at its first word.
  const place = code === "BAD_INDENT" && at < lineStart + indent.length ? lineStart + indent.length : at;
  return worded(place, words[code] ?? unexpected);
}

function worded(at: number, [rule, message, fix]: Words): TextFault {
  return { at, rule, message, fix };
}

/** The innermost bracket that is open where reading failed. */
function openBracketBefore(text: string, before: number): number {
  const open: number[] = [];
  for (const { at, source } of lexemes(text)) {
    if (at >= before) break;
    if (source === "{" || source === "[") open.push(at);
    else if (open.length > 1 && (source === "}" || source === "]")) open.pop();
  }
  return open.at(-1) ?? before;
}

/** Begin of the word, or of the quoted text, that ends or stands at an offset. */
function wordBefore(text: string, before: number): number {
  let begin = before;
  for (const { at, source } of lexemes(text)) {
    if (at >= before) break;
    if (source.trim() !== "") begin = at;
  }
  return begin;
}

function* lexemes(text: string): Generator<{ readonly at: number; readonly source: string }> {
  let at = 0;
  for (const source of new Lexer().lex(text)) {
    // The lexer's own marks between the words have no width.
    if (source === "\u0002" || source === "\u0018" || source === "\u001f") continue;
    yield { at, source };
    at += source.length;
  }
}
