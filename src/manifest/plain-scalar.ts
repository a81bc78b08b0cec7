// A plain word to its value, by the core schema of YAML 1.2. Numbers that are written in an unusual way are left to the library.

/** As keys these are values too, which the library turns into texts of its own. */
const values: ReadonlyMap<string, null | boolean> = new Map([
  ["null", null],
  ["Null", null],
  ["NULL", null],
  ["~", null],
  ["true", true],
  ["True", true],
  ["TRUE", true],
  ["false", false],
  ["False", false],
  ["FALSE", false],
]);
const longestValue = 5;

const simpleNumber = /^(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,9})?$/;
const maybeNumber =
  /^(?:0o[0-7]+|0x[0-9a-fA-F]+|[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;

/** Undefined where the library has to say what it is. */
export function plainScalar(word: string): string | number | boolean | null | undefined {
  if (word.length <= longestValue) {
    const value = values.get(word);
    if (value !== undefined) return value;
  }
  const first = word.charCodeAt(0);
  // Only + - . and digits begin a number.
  if (first > 0x39 || first < 0x2b || first === 0x2f) return word;
  if (!maybeNumber.test(word)) return word;
  return simpleNumber.test(word) ? Number(word) : undefined;
}

/** Is this word a value rather than a name? */
export function isValueWord(word: string): boolean {
  return word.length <= longestValue && values.has(word);
}
