// Laying out text for a terminal: wrapping, columns, colour. No line is longer than the width but for a word that is.

export type TextOptions = {
  readonly color?: boolean;
  /** Columns of the terminal; a line is never longer than 100 anyway, which is as far as an eye finds back. */
  readonly width?: number;
};

export const widthMax = 100;
const widthMin = 60;

export function widthOf(options: TextOptions): number {
  return Math.min(widthMax, Math.max(widthMin, options.width ?? widthMax));
}

export type Tone = "strong" | "quiet" | "good" | "warn" | "bad";
export type Paint = (tone: Tone, text: string) => string;

const codes: Readonly<Record<Tone, string>> = { strong: "1", quiet: "2", good: "32", warn: "33", bad: "31;1" };

/** Only when asked: a pipe or a file gets plain text. */
export function painter(options: TextOptions): Paint {
  return options.color === true
    ? (tone, text) => (text === "" ? "" : `\u001b[${codes[tone]}m${text}\u001b[0m`)
    : (_tone, text) => text;
}

/** Width on the screen: colours take none. */
export function shownWidth(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a colour begins with one
  return [...text.replace(/\u001b\[[0-9;]*m/g, "")].length;
}

export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ").filter((one) => one !== "")) {
    for (const piece of pieces(word, width)) {
      if (line !== "" && shownWidth(line) + 1 + shownWidth(piece) > width) {
        lines.push(line);
        line = piece;
      } else {
        line = line === "" ? piece : `${line} ${piece}`;
      }
    }
  }
  return line === "" && lines.length > 0 ? lines : [...lines, line];
}

/** A word longer than a line is broken, for a terminal would do so in a worse place. */
function pieces(word: string, width: number): readonly string[] {
  const letters = [...word];
  const found: string[] = [];
  for (let at = 0; at < letters.length; at += width) found.push(letters.slice(at, at + width).join(""));
  return found;
}

/** Wrapped, with `first` before the first line and as many blanks before the others. */
export function hang(first: string, text: string, width: number): readonly string[] {
  const indent = shownWidth(first);
  return wrap(text, width - indent).map((line, index) => `${index === 0 ? first : " ".repeat(indent)}${line}`);
}

export type Column = { readonly align?: "left" | "right"; readonly title?: string };

/** Columns two blanks apart, each as wide as it must be; the last one is wrapped into what is left of the width. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  options: { readonly width: number; readonly indent?: number; readonly paint?: Paint },
): readonly string[] {
  const titled = columns.some((column) => column.title !== undefined);
  const header = columns.map((column) => column.title ?? "");
  const widths = columns.map((_column, index) =>
    Math.max(...[...(titled ? [header] : []), ...rows].map((row) => shownWidth(row[index] ?? "")), 0),
  );
  const last = columns.length - 1;
  const pad = " ".repeat(options.indent ?? 0);
  const line = (row: readonly string[]): readonly string[] => {
    const cells = row.slice(0, last).map((cell, index) => aligned(cell, widths[index] ?? 0, columns[index]?.align));
    const before = `${pad}${cells.map((cell) => `${cell}  `).join("")}`;
    return hang(before, row[last] ?? "", Math.max(options.width, shownWidth(before) + 12)).map((one) => one.trimEnd());
  };
  const top = titled ? line(header).map((one) => options.paint?.("quiet", one) ?? one) : [];
  return [...top, ...rows.flatMap(line)];
}

export function aligned(text: string, width: number, align: "left" | "right" = "left"): string {
  const blanks = " ".repeat(Math.max(0, width - shownWidth(text)));
  return align === "right" ? `${blanks}${text}` : `${text}${blanks}`;
}

export function heading(title: string, paint: Paint): string {
  return paint("strong", title);
}
