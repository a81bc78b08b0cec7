// Is this a recurrence? Five fields of cron, checked for range; when it fires is not decided here.

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const fields: readonly { readonly low: number; readonly high: number; readonly words: readonly string[] }[] = [
  { low: 0, high: 59, words: [] },
  { low: 0, high: 23, words: [] },
  { low: 1, high: 31, words: [] },
  { low: 1, high: 12, words: months },
  { low: 0, high: 7, words: days },
];

/** Minute, hour, day of month, month, day of week; `*`, numbers, names, ranges `a-b`, lists `a,b` and steps `/n` in each. */
export function isRecurrence(text: string): boolean {
  const parts = text.length > 256 ? [] : text.trim().split(/\s+/);
  return parts.length === fields.length && fields.every((field, index) => isField(parts[index] ?? "", field));
}

function isField(text: string, field: (typeof fields)[number]): boolean {
  return text.split(",").every((item) => {
    const match = /^(\*|[0-9]{1,2}|[a-z]{3})(?:-([0-9]{1,2}|[a-z]{3}))?(?:\/([0-9]{1,2}))?$/i.exec(item);
    if (match === null) return false;
    const [, from = "", to, step] = match;
    if (step !== undefined && Number(step) === 0) return false;
    if (from === "*") return to === undefined;
    const low = numberOf(from, field);
    const high = to === undefined ? low : numberOf(to, field);
    return low !== undefined && high !== undefined && low >= field.low && high <= field.high && low <= high;
  });
}

function numberOf(text: string, field: (typeof fields)[number]): number | undefined {
  if (/^[0-9]+$/.test(text)) return Number(text);
  const index = field.words.indexOf(text.toLowerCase());
  return index < 0 ? undefined : index + field.low;
}

export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}
