// Takes out of a text what looks like a credential, before it goes where others read it or where it can never be taken out again: logs,
// the audit trail. Those who write there know better than to name one; this is the net below them.

export const hidden = "***";

const patterns: readonly (readonly [RegExp, string])[] = [
  // scheme://user:password@host. A password may hold a bare @ or /, so it goes on to the last @ before white space.
  [/\b([a-z][a-z0-9+.-]{0,20}:\/\/[^\s:/@]{0,200}):[^\s]*@/gi, `$1:${hidden}@`],
  [/\b(bearer|basic)\s+[a-z0-9._~+/=-]+/gi, `$1 ${hidden}`],
  [
    /\b([\w-]{0,40}?(?:password|passwd|secret|token|api[-_]?key|access[-_]?key)[\w-]{0,40})(["']?\s*[=:]\s*)("[^"]*"|'[^']*'|[^\s,;&]+)/gi,
    `$1$2${hidden}`,
  ],
];

/** Far more than any line or entry holds, so that a secret cut in two at this end is not kept either. */
const charactersMax = 32_000;

export function redact(text: string): string {
  return patterns.reduce(
    (left, [pattern, replacement]) => left.replace(pattern, replacement),
    text.slice(0, charactersMax),
  );
}
