// Markup in which nothing is trusted: every value put into a template is escaped, but for markup that came from a template itself.
// Names, reasons and errors of other people's systems stand on these pages; none of them may become part of the page's structure.

export type Markup = { readonly markup: string };

export type Value = string | number | Markup | undefined | readonly Value[];

/** Values may stand between tags and inside attributes in double quotes, nowhere else: never as a tag, in a style or as an address. */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Markup {
  let markup = strings[0] ?? "";
  values.forEach((value, index) => {
    markup += rendered(value) + (strings[index + 1] ?? "");
  });
  return { markup };
}

function rendered(value: Value): string {
  if (value === undefined) return "";
  if (typeof value === "number") return Number.isFinite(value) ? String(Math.round(value * 10) / 10) : "0";
  if (typeof value === "string") return escaped(value);
  if ("markup" in value) return value.markup;
  return value.map(rendered).join("");
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
  "`": "&#96;",
};

/** A page holds no control characters but line ends, and no half of a character. */
function escaped(text: string): string {
  return (
    text
      .toWellFormed()
      .replace(/[\p{Cc}\ufffe\uffff]/gu, " ")
      // A number stays with its unit.
      .replace(/(\d) (?=(?:ms|s|min|h|B|kB|MB|GB|%)(?![\p{L}\d]))/gu, "$1\u00a0")
      .replace(/[&<>"'`]/g, (letter) => entities[letter] ?? "")
  );
}
