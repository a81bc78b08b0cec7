// Reads the YAML that nearly every manifest is written in, many times as fast as the library: blocks and lists by indentation, { } and
// [ ], quoted and plain words, comments, aliases. JSON is among it. Whatever is not surely that, wrong or merely unusual, is left to
// the library, which alone decides what is a fault and how it is said; so nothing here has a message. A text that is read here has the
// same values at the same places there: test/manifest/plain-yaml.test.ts holds the two against each other.

import { noKey, Offsets } from "./offsets.ts";
import { Cursor, code, unsure } from "./plain-cursor.ts";

/** Values that an alias repeats are the same objects, so nobody may change one. */
export type PlainYaml = { readonly value: unknown; readonly offsets: Offsets };

/** Control characters, other line breaks, and the lines that begin or end documents. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
const unusual = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\ufeff]|^(?:---|\.\.\.|%)/gm;
const documentStart = "---\n";
/** Whether a text is nested too deeply, or repeats too much, is decided by the library's side. */
const depthMax = 24;
const repeatedValuesMax = 100_000;

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

type Marked = { readonly value: unknown; readonly node: number; readonly height: number };

class Reader extends Cursor {
  private readonly offsets = new Offsets();
  private readonly marked = new Map<string, Marked | "open">();
  private repeated = 0;

  document(): PlainYaml {
    this.nextLine();
    if (this.column !== 0) throw unsure;
    const isFlow = this.here() === code.openMap;
    const value = isFlow ? this.inline(-1, noKey, 0) : this.blockMap(0, noKey, 0);
    if (isFlow) this.endLine();
    if (!this.isOver()) throw unsure;
    return { value, offsets: this.offsets };
  }

  private blockMap(column: number, keyAt: number, depth: number): unknown {
    if (depth > depthMax) throw unsure;
    const value: Record<string, unknown> = {};
    const node = this.offsets.open(this.at, keyAt);
    do {
      const entryAt = this.at;
      const key = this.key();
      if (Object.hasOwn(value, key) || !this.isGap(this.at)) throw unsure;
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
    if (this.here() === code.ampersand) {
      return this.mark(() => {
        const isBelow = this.isEnd(this.at) || this.here() === code.hash;
        const value = this.entry(column, keyAt, depth);
        if (isBelow && (typeof value !== "object" || value === null)) throw unsure;
        return value;
      });
    }
    if (this.isEnd(this.at) || this.here() === code.hash) {
      this.leaveLine();
      if (this.column >= column && this.isHyphen()) return this.blockList(this.column, keyAt, depth);
      if (this.column <= column) {
        this.offsets.open(keyAt, keyAt);
        return null;
      }
      if (this.isKey()) return this.blockMap(this.column, keyAt, depth);
      if (this.here() === code.ampersand || this.here() === code.asterisk) throw unsure;
    }
    const value = this.inline(column, keyAt, depth);
    this.endLine();
    return value;
  }

  private blockList(column: number, keyAt: number, depth: number): unknown {
    if (depth > depthMax) throw unsure;
    const value: unknown[] = [];
    const node = this.offsets.open(this.at, keyAt);
    do {
      this.at++;
      this.skipSpaces();
      if (this.isEnd(this.at) || this.here() === code.hash) throw unsure;
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
    const read = (): unknown => {
      // A mark before a key is the key's.
      if (this.isEnd(this.at) || this.isKey()) throw unsure;
      return this.inline(column, noKey, depth);
    };
    const value = this.here() === code.ampersand ? this.mark(read) : read();
    this.endLine();
    return value;
  }

  /** A value that begins on this line, inside a block of `column`. */
  private inline(column: number, keyAt: number, depth: number): unknown {
    const first = this.here();
    if (first === code.openMap) return this.flowMap(column, keyAt, depth);
    if (first === code.openList) return this.flowList(column, keyAt, depth);
    if (first === code.asterisk) return this.repeat(keyAt, depth);
    this.offsets.open(this.at, keyAt);
    return this.isQuote() ? this.quoted() : this.words(column);
  }

  /** &name, and the value that it marks. */
  private mark(read: () => unknown): unknown {
    const name = this.label();
    // Which of two is meant depends on the order in which they are found.
    if (this.marked.has(name) || !this.isGap(this.at)) throw unsure;
    this.marked.set(name, "open");
    this.skipSpaces();
    if (this.here() === code.ampersand || this.here() === code.asterisk) throw unsure;
    const node = this.offsets.count();
    const value = read();
    if (value === null) throw unsure;
    this.marked.set(name, { value, node, height: heightOf(value) });
    return value;
  }

  /** *name */
  private repeat(keyAt: number, depth: number): unknown {
    const start = this.at;
    const marked = this.marked.get(this.label());
    if (marked === undefined || marked === "open" || depth + marked.height > depthMax) throw unsure;
    this.repeated += this.offsets.repeat(marked.node, start, keyAt);
    if (this.repeated > repeatedValuesMax) throw unsure;
    return marked.value;
  }

  private flowMap(column: number, keyAt: number, depth: number): unknown {
    if (depth > depthMax) throw unsure;
    const value: Record<string, unknown> = {};
    const node = this.offsets.open(this.at, keyAt);
    for (let more = this.firstInFlow(column, code.closeMap); more; more = this.nextInFlow(column, code.closeMap)) {
      const entryAt = this.at;
      const isDouble = this.here() === code.doubleQuote;
      const key = this.key();
      if (Object.hasOwn(value, key) || !(isDouble || this.here() === code.space)) throw unsure;
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
    for (let more = this.firstInFlow(column, code.closeList); more; more = this.nextInFlow(column, code.closeList)) {
      value.push(this.inFlow(column, noKey, depth + 1));
    }
    this.offsets.close(node);
    return value;
  }

  private inFlow(column: number, keyAt: number, depth: number): unknown {
    const first = this.here();
    if (first === code.ampersand) return this.mark(() => this.inFlow(column, keyAt, depth));
    if (first === code.openMap) return this.flowMap(column, keyAt, depth);
    if (first === code.openList) return this.flowList(column, keyAt, depth);
    if (first === code.asterisk) return this.repeat(keyAt, depth);
    this.offsets.open(this.at, keyAt);
    return this.isQuote() ? this.quoted() : this.wordInFlow();
  }

  /** Past the opening bracket; false where the closing one follows, and is passed too. */
  private firstInFlow(column: number, close: number): boolean {
    this.at++;
    return !this.closes(column, close);
  }

  private nextInFlow(column: number, close: number): boolean {
    if (this.closes(column, close)) return false;
    if (this.here() !== code.comma) throw unsure;
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
      if (this.here() !== code.lineFeed) return;
      this.at++;
      const from = this.at;
      this.skipSpaces();
      if (this.here() !== code.lineFeed && this.at - from <= column) throw unsure;
    }
  }
}

function heightOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  let highest = 0;
  for (const inner of Object.values(value)) highest = Math.max(highest, heightOf(inner));
  return highest + 1;
}
