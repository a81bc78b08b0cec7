// Reads the YAML that nearly every manifest is written in, many times as fast as the library: blocks and lists by indentation, { } and
// [ ], quoted and plain words that end on their line, comments. JSON is among it. Whatever is not surely that, wrong or merely unusual,
// is left to the library, which alone decides what is a fault and how it is said; so nothing here has a message. A text that is read
// here has the same values at the same places there: test/manifest/plain-yaml.test.ts holds the two against each other.

import { Offsets } from "./offsets.ts";
import { isValueWord, plainScalar } from "./plain-scalar.ts";

export type PlainYaml = { readonly value: unknown; readonly offsets: Offsets };

/** Control characters, other line breaks, and the lines that begin or end documents. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
const unusual = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\ufeff]|^(?:---|\.\.\.|%)/gm;
const documentStart = "---\n";
/** Whether a text is nested too deeply is decided elsewhere. */
const depthMax = 24;
/** The library refuses keys of more than a thousand characters. */
const keyMaxLength = 200;

const plainKey = /[A-Za-z_][A-Za-z0-9_./-]*/y;
const doubleQuoted = /"(?:[^"\\\n]|\\["\\/bfnrt]|\\u[0-9A-Fa-f]{4})*"/y;
const singleQuoted = /'(?:[^'\n]|'')*'/y;
/** Objects put keys that look like an index first, and the places go by the order of the keys. */
const unusualKey = /^(?:[0-9]*|__proto__)$/;
/** What begins with one of these is no plain word, or not surely one. */
const noPlainStart: ReadonlySet<string> = new Set(",[]{}#&*!|>%@`?:\"'");

const lineFeed = 10;
const space = 32;
const doubleQuote = 34;
const hash = 35;
const singleQuote = 39;
const comma = 44;
const hyphen = 45;
const colon = 58;
const openList = 91;
const closeList = 93;
const openMap = 123;
const closeMap = 125;

const noKey = -1;
const unsure = Symbol("unsure");

/** Undefined where the library has to read the text. */
export function readPlainYaml(text: string): PlainYaml | undefined {
  const begin = text.startsWith(documentStart) ? documentStart.length : 0;
  unusual.lastIndex = Math.max(0, begin - 1);
  if (unusual.test(text)) return undefined;
  try {
    return new Reader(text, begin).document();
  } catch (thrown) {
    if (thrown === unsure) return undefined;
    throw thrown;
  }
}

class Reader {
  private readonly text: string;
  private readonly offsets = new Offsets();
  private at: number;
  private lineStart = 0;
  /** Of the first character of the line at which a block may go on; -1 at the end of the text. */
  private column = -1;

  constructor(text: string, begin: number) {
    this.text = text;
    this.at = begin;
  }

  document(): PlainYaml {
    this.nextLine();
    if (this.column !== 0) throw unsure;
    const isFlow = this.here() === openMap;
    const value = isFlow ? this.inline(-1, noKey, 0) : this.blockMap(0, noKey, 0);
    if (isFlow) this.endLine();
    if (!this.isOver()) throw unsure;
    return { value, offsets: this.offsets };
  }

  private isOver(): boolean {
    return this.column < 0;
  }

  private here(): number {
    return this.text.charCodeAt(this.at);
  }

  private isEnd(at: number): boolean {
    return at >= this.text.length || this.text.charCodeAt(at) === lineFeed;
  }

  private skipSpaces(): void {
    while (this.here() === space) this.at++;
  }

  /** From the begin of a line to the first character that is neither space nor comment. */
  private nextLine(): void {
    for (;;) {
      this.lineStart = this.at;
      this.skipSpaces();
      if (this.at >= this.text.length) {
        this.column = -1;
        return;
      }
      if (this.here() !== lineFeed && this.here() !== hash) {
        this.column = this.at - this.lineStart;
        return;
      }
      const end = this.text.indexOf("\n", this.at);
      this.at = end < 0 ? this.text.length : end + 1;
    }
  }

  /** Behind a value: nothing but a comment may follow on its line. */
  private endLine(): void {
    const from = this.at;
    this.skipSpaces();
    if (!this.isEnd(this.at) && (this.here() !== hash || this.at === from)) throw unsure;
    this.leaveLine();
  }

  private leaveLine(): void {
    const end = this.text.indexOf("\n", this.at);
    this.at = end < 0 ? this.text.length : end + 1;
    this.nextLine();
  }

  private isHyphen(): boolean {
    return this.here() === hyphen && (this.text.charCodeAt(this.at + 1) === space || this.isEnd(this.at + 1));
  }

  private blockMap(column: number, keyAt: number, depth: number): unknown {
    if (depth > depthMax) throw unsure;
    const value: Record<string, unknown> = {};
    const node = this.offsets.open(this.at, keyAt);
    do {
      const entryAt = this.at;
      const key = this.key();
      if (Object.hasOwn(value, key) || !(this.here() === space || this.isEnd(this.at))) throw unsure;
      this.skipSpaces();
      value[key] = this.entry(column, entryAt, depth + 1);
      // Deeper than the entry that was read: it goes on in a way that is not known here.
      if (this.column > column) throw unsure;
    } while (this.column === column && !this.isHyphen());
    this.offsets.close(node);
    return value;
  }

  /** The value behind a colon, or on the lines below it. */
  private entry(column: number, keyAt: number, depth: number): unknown {
    if (!this.isEnd(this.at) && this.here() !== hash) {
      const value = this.inline(column, keyAt, depth);
      this.endLine();
      return value;
    }
    this.leaveLine();
    if (this.column >= column && this.isHyphen()) return this.blockList(this.column, keyAt, depth);
    if (this.column > column) return this.blockMap(this.column, keyAt, depth);
    this.offsets.leaf(keyAt, keyAt);
    return null;
  }

  private blockList(column: number, keyAt: number, depth: number): unknown {
    if (depth > depthMax) throw unsure;
    const value: unknown[] = [];
    const node = this.offsets.open(this.at, keyAt);
    do {
      this.at++;
      this.skipSpaces();
      if (this.isEnd(this.at) || this.here() === hash) throw unsure;
      value.push(this.item(column, depth + 1));
      if (this.column > column) throw unsure;
    } while (this.column === column && this.isHyphen());
    this.offsets.close(node);
    return value;
  }

  /** Behind a hyphen: a block that begins on its line, or a value. */
  private item(column: number, depth: number): unknown {
    const inner = this.at - this.lineStart;
    if (this.isHyphen()) return this.blockList(inner, noKey, depth);
    if (this.isKey()) return this.blockMap(inner, noKey, depth);
    const value = this.inline(column, noKey, depth);
    this.endLine();
    return value;
  }

  private isKey(): boolean {
    const from = this.at;
    const isQuoted = from < this.text.length && (this.here() === doubleQuote || this.here() === singleQuote);
    plainKey.lastIndex = from;
    if (isQuoted) this.quoted();
    else if (plainKey.test(this.text)) this.at = plainKey.lastIndex;
    const found = this.here() === colon && (this.isEnd(this.at + 1) || this.text.charCodeAt(this.at + 1) === space);
    this.at = from;
    return found;
  }

  /** A key and its colon. */
  private key(): string {
    const from = this.at;
    let key: string;
    if (this.here() === doubleQuote || this.here() === singleQuote) key = this.quoted();
    else {
      plainKey.lastIndex = from;
      if (!plainKey.test(this.text)) throw unsure;
      this.at = plainKey.lastIndex;
      key = this.text.slice(from, this.at);
      if (isValueWord(key)) throw unsure;
    }
    if (this.here() !== colon || this.at - from > keyMaxLength || unusualKey.test(key)) throw unsure;
    this.at++;
    return key;
  }

  /** A value that begins on this line, inside a block of `column`. */
  private inline(column: number, keyAt: number, depth: number): unknown {
    const first = this.here();
    if (first === openMap) return this.flowMap(column, keyAt, depth);
    if (first === openList) return this.flowList(column, keyAt, depth);
    this.offsets.leaf(this.at, keyAt);
    if (first === doubleQuote || first === singleQuote) return this.quoted();
    const end = this.text.indexOf("\n", this.at);
    let word = this.text.slice(this.at, end < 0 ? this.text.length : end);
    const comment = word.indexOf(" #");
    if (comment >= 0) word = word.slice(0, comment);
    word = withoutSpaces(word);
    if (word.includes(": ") || word.endsWith(":")) throw unsure;
    this.at += word.length;
    return plainValue(word);
  }

  private quoted(): string {
    const isDouble = this.here() === doubleQuote;
    const pattern = isDouble ? doubleQuoted : singleQuoted;
    pattern.lastIndex = this.at;
    if (!pattern.test(this.text)) throw unsure;
    const written = this.text.slice(this.at, pattern.lastIndex);
    this.at = pattern.lastIndex;
    if (!isDouble) return written.slice(1, -1).replaceAll("''", "'");
    return written.includes("\\") ? (JSON.parse(written) as string) : written.slice(1, -1);
  }

  private flowMap(column: number, keyAt: number, depth: number): unknown {
    if (depth > depthMax) throw unsure;
    const value: Record<string, unknown> = {};
    const node = this.offsets.open(this.at, keyAt);
    for (let more = this.firstInFlow(column, closeMap); more; more = this.nextInFlow(column, closeMap)) {
      const entryAt = this.at;
      const isQuoted = this.here() === doubleQuote;
      const key = this.key();
      if (Object.hasOwn(value, key) || !(isQuoted || this.here() === space)) throw unsure;
      this.skipSpaces();
      value[key] = this.inFlow(column, entryAt, depth + 1);
    }
    this.offsets.close(node);
    return value;
  }

  private flowList(column: number, keyAt: number, depth: number): unknown {
    if (depth > depthMax) throw unsure;
    const value: unknown[] = [];
    const node = this.offsets.open(this.at, keyAt);
    for (let more = this.firstInFlow(column, closeList); more; more = this.nextInFlow(column, closeList)) {
      value.push(this.inFlow(column, noKey, depth + 1));
    }
    this.offsets.close(node);
    return value;
  }

  /** Past the opening bracket; false where the closing one follows, and is passed too. */
  private firstInFlow(column: number, close: number): boolean {
    this.at++;
    return !this.closes(column, close);
  }

  private nextInFlow(column: number, close: number): boolean {
    if (this.closes(column, close)) return false;
    if (this.here() !== comma) throw unsure;
    this.at++;
    // A comma before the closing bracket is unusual.
    if (this.closes(column, close)) throw unsure;
    return true;
  }

  private closes(column: number, close: number): boolean {
    this.skipInFlow(column);
    if (this.here() !== close) return false;
    this.at++;
    return true;
  }

  /** Inside brackets a line may end anywhere, if the next one is indented more than the block around them. */
  private skipInFlow(column: number): void {
    for (;;) {
      this.skipSpaces();
      if (this.here() !== lineFeed) return;
      this.at++;
      const from = this.at;
      this.skipSpaces();
      if (this.here() !== lineFeed && this.at - from <= column) throw unsure;
    }
  }

  private inFlow(column: number, keyAt: number, depth: number): unknown {
    const first = this.here();
    if (first === openMap) return this.flowMap(column, keyAt, depth);
    if (first === openList) return this.flowList(column, keyAt, depth);
    const from = this.at;
    this.offsets.leaf(from, keyAt);
    if (first === doubleQuote || first === singleQuote) return this.quoted();
    let end = from;
    for (; !this.isEnd(end); end++) {
      const code = this.text.charCodeAt(end);
      if (isFlowMark(code)) break;
      // A key inside, or a comment.
      if (code === colon && (this.isEnd(end + 1) || this.isGap(end + 1))) throw unsure;
      if (code === hash && this.text.charCodeAt(end - 1) === space) throw unsure;
    }
    const word = withoutSpaces(this.text.slice(from, end));
    this.at = from + word.length;
    return plainValue(word);
  }

  private isGap(at: number): boolean {
    const code = this.text.charCodeAt(at);
    return code === space || isFlowMark(code);
  }
}

function isFlowMark(code: number): boolean {
  return code === comma || code === openList || code === closeList || code === openMap || code === closeMap;
}

/** Other white space belongs to a word. */
function withoutSpaces(word: string): string {
  let end = word.length;
  while (end > 0 && word.charCodeAt(end - 1) === space) end--;
  return end === word.length ? word : word.slice(0, end);
}

const hyphenInWord = /^-[A-Za-z0-9_./-]/;

function plainValue(word: string): string | number | boolean | null {
  const first = word[0];
  if (first === undefined || noPlainStart.has(first) || (first === "-" && !hyphenInWord.test(word))) throw unsure;
  const value = plainScalar(word);
  if (value === undefined) throw unsure;
  return value;
}
