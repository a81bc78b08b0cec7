// A place in a text of plain YAML that moves on from line to line and from word to word. Throws `unsure` at whatever the library has to
// judge. Part of plain-yaml.ts.

import { isValueWord, plainScalar } from "./plain-scalar.ts";

export const unsure = Symbol("unsure");

/** The library refuses keys of more than a thousand characters. */
const keyMaxLength = 200;

const plainKey = /[A-Za-z_][A-Za-z0-9_./-]*/y;
const label = /[A-Za-z0-9_-]+/y;
const doubleQuoted = /"(?:[^"\\\n]|\\["\\/bfnrt]|\\u[0-9A-Fa-f]{4})*"/y;
const singleQuoted = /'(?:[^'\n]|'')*'/y;
/** Objects put keys that look like an index first, and the places go by the order of the keys. */
const unusualKey = /^(?:[0-9]*|__proto__)$/;
/** What begins with one of these is no plain word, or not surely one. */
const noPlainStart: ReadonlySet<string> = new Set(",[]{}#&*!|>%@`?:\"'");
const hyphenInWord = /^-[A-Za-z0-9_./-]/;

export const code = {
  lineFeed: 10,
  space: 32,
  doubleQuote: 34,
  hash: 35,
  ampersand: 38,
  singleQuote: 39,
  asterisk: 42,
  comma: 44,
  hyphen: 45,
  colon: 58,
  openList: 91,
  closeList: 93,
  openMap: 123,
  closeMap: 125,
} as const;

export class Cursor {
  protected readonly text: string;
  protected at: number;
  protected lineStart = 0;
  /** Of the first character of the line at which a block may go on; -1 at the end of the text. */
  protected column = -1;

  constructor(text: string, begin: number) {
    this.text = text;
    this.at = begin;
  }

  protected isOver(): boolean {
    return this.column < 0;
  }

  protected here(): number {
    return this.text.charCodeAt(this.at);
  }

  protected isEnd(at: number): boolean {
    return at >= this.text.length || this.text.charCodeAt(at) === code.lineFeed;
  }

  protected skipSpaces(): void {
    while (this.here() === code.space) this.at++;
  }

  /** From the begin of a line to the first character that is neither space nor comment. */
  protected nextLine(): void {
    for (;;) {
      this.lineStart = this.at;
      this.skipSpaces();
      if (this.at >= this.text.length) {
        this.column = -1;
        return;
      }
      if (this.here() !== code.lineFeed && this.here() !== code.hash) {
        this.column = this.at - this.lineStart;
        return;
      }
      this.at = this.lineEnd() + 1;
    }
  }

  /** Behind a value: nothing but a comment may follow on its line. */
  protected endLine(): void {
    const from = this.at;
    this.skipSpaces();
    if (!this.isEnd(this.at) && (this.here() !== code.hash || this.at === from)) throw unsure;
    this.leaveLine();
  }

  protected leaveLine(): void {
    this.at = this.lineEnd() + 1;
    this.nextLine();
  }

  protected lineEnd(): number {
    const end = this.text.indexOf("\n", this.at);
    return end < 0 ? this.text.length : end;
  }

  protected isHyphen(): boolean {
    return this.here() === code.hyphen && this.isGap(this.at + 1);
  }

  protected isQuote(): boolean {
    return this.here() === code.doubleQuote || this.here() === code.singleQuote;
  }

  protected isGap(at: number): boolean {
    return this.isEnd(at) || this.text.charCodeAt(at) === code.space;
  }

  protected isKey(): boolean {
    const from = this.at;
    plainKey.lastIndex = from;
    if (this.isQuote()) this.quoted();
    else if (plainKey.test(this.text)) this.at = plainKey.lastIndex;
    const found = this.here() === code.colon && this.isGap(this.at + 1);
    this.at = from;
    return found;
  }

  /** A key and its colon. */
  protected key(): string {
    const from = this.at;
    let key: string;
    if (this.isQuote()) key = this.quoted();
    else {
      plainKey.lastIndex = from;
      if (!plainKey.test(this.text)) throw unsure;
      this.at = plainKey.lastIndex;
      key = this.text.slice(from, this.at);
      if (isValueWord(key)) throw unsure;
    }
    if (this.here() !== code.colon || this.at - from > keyMaxLength || unusualKey.test(key)) throw unsure;
    this.at++;
    return key;
  }

  protected quoted(): string {
    const isDouble = this.here() === code.doubleQuote;
    const pattern = isDouble ? doubleQuoted : singleQuoted;
    pattern.lastIndex = this.at;
    if (!pattern.test(this.text)) throw unsure;
    const written = this.text.slice(this.at, pattern.lastIndex);
    this.at = pattern.lastIndex;
    if (!isDouble) return written.slice(1, -1).replaceAll("''", "'");
    return written.includes("\\") ? (JSON.parse(written) as string) : written.slice(1, -1);
  }

  /** The name behind & or *. */
  protected label(): string {
    const from = this.at + 1;
    label.lastIndex = from;
    if (!label.test(this.text)) throw unsure;
    this.at = label.lastIndex;
    return this.text.slice(from, this.at);
  }

  /** A plain word to the end of its line, and what goes on below it, deeper than `column`. */
  protected words(column: number): string | number | boolean | null {
    const first = this.wordsOfLine();
    const value = plainValue(first);
    let words = first;
    for (;;) {
      const end = this.at;
      this.skipSpaces();
      const from = this.at + 1;
      if (this.here() === code.lineFeed) {
        this.at = from;
        this.skipSpaces();
      }
      // A blank line, or a remark, is not surely part of it.
      if (this.at - from <= column || this.isEnd(this.at) || this.here() === code.hash) {
        this.at = end;
        return words === first ? value : words;
      }
      const more = this.wordsOfLine();
      plainValue(more);
      words += ` ${more}`;
    }
  }

  private wordsOfLine(): string {
    let words = this.text.slice(this.at, this.lineEnd());
    const comment = words.indexOf(" #");
    if (comment >= 0) words = words.slice(0, comment);
    words = withoutSpaces(words);
    if (words.includes(": ") || words.endsWith(":")) throw unsure;
    this.at += words.length;
    return words;
  }

  /** A plain word inside brackets. */
  protected wordInFlow(): string | number | boolean | null {
    const from = this.at;
    let end = from;
    for (; !this.isEnd(end); end++) {
      const mark = this.text.charCodeAt(end);
      if (isFlowMark(mark)) break;
      // A key inside, or a comment.
      if (mark === code.colon && (this.isGap(end + 1) || isFlowMark(this.text.charCodeAt(end + 1)))) throw unsure;
      if (mark === code.hash && this.text.charCodeAt(end - 1) === code.space) throw unsure;
    }
    const word = withoutSpaces(this.text.slice(from, end));
    this.at = from + word.length;
    return plainValue(word);
  }
}

function isFlowMark(mark: number): boolean {
  return (
    mark === code.comma ||
    mark === code.openList ||
    mark === code.closeList ||
    mark === code.openMap ||
    mark === code.closeMap
  );
}

/** Other white space belongs to a word. */
function withoutSpaces(word: string): string {
  let end = word.length;
  while (end > 0 && word.charCodeAt(end - 1) === code.space) end--;
  return end === word.length ? word : word.slice(0, end);
}

function plainValue(word: string): string | number | boolean | null {
  const first = word[0];
  if (first === undefined || noPlainStart.has(first) || (first === "-" && !hyphenInWord.test(word))) throw unsure;
  const value = plainScalar(word);
  if (value === undefined) throw unsure;
  return value;
}
