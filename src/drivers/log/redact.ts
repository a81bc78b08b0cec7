// Takes secrets out of a line before anybody reads it. The parts that log know better than to name one; this is the net below them.

const hidden = "***";

const patterns: readonly (readonly [RegExp, string])[] = [
  // scheme://user:password@host. A password may hold a bare @ or /, so it goes on to the last @ before white space.
  [/\b([a-z][a-z0-9+.-]{0,20}:\/\/[^\s:/@]{0,200}):[^\s]*@/gi, `$1:${hidden}@`],
  [/\b(bearer|basic)\s+[a-z0-9._~+/=-]+/gi, `$1 ${hidden}`],
  [
    /\b([\w-]{0,40}?(?:password|passwd|secret|token|api[-_]?key|access[-_]?key)[\w-]{0,40})(["']?\s*[=:]\s*)("[^"]*"|'[^']*'|[^\s,;&]+)/gi,
    `$1$2${hidden}`,
  ],
];

const secretNames = /password|passwd|secret|token|authorization|api[-_]?key|credential/i;

/** Far more than any log prints, so that a secret cut in two at this end is not printed either. */
const charactersMax = 32_000;

export function redact(text: string): string {
  return patterns.reduce(
    (left, [pattern, replacement]) => left.replace(pattern, replacement),
    text.slice(0, charactersMax),
  );
}

/** Numbers and truth values are no secrets, whatever they are called: `tokens=3` stays. */
export function redactField(name: string, value: string | number | boolean): string | number | boolean {
  if (typeof value !== "string") return value;
  return secretNames.test(name) ? hidden : redact(value);
}
