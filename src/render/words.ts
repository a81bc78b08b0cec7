// Numbers and foreign text as they stand on a page or a terminal. One way to write a duration, so that the sentence, the table and the
// picture say the same.

/** "0.24 s", "2.41 s", "45 s", "3.5 min", "2.1 h". */
export function seconds(ms: number): string {
  const value = Math.abs(ms) / 1_000;
  const sign = ms < 0 && value >= 0.005 ? "-" : "";
  if (!Number.isFinite(value)) return "unknown";
  if (value < 9.995) return `${sign}${value.toFixed(2)} s`;
  if (value < 99.95) return `${sign}${trimmed(value)} s`;
  if (value < 7_200) return `${sign}${trimmed(value / 60)} min`;
  return `${sign}${trimmed(value / 3_600)} h`;
}

/** For what is usually short: "35 ms", "2.21 s". */
export function millis(ms: number): string {
  return Math.abs(ms) < 999.5 ? `${Math.round(ms)} ms` : seconds(ms);
}

/** A limit that a person chose: "30 s", "5 s", "1 h", "150 ms", never "30.00 s". */
export function limit(ms: number): string {
  if (Math.abs(ms) < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${trimmed(ms / 1_000)} s`;
  if (ms < 7_200_000) return `${trimmed(ms / 60_000)} min`;
  return `${trimmed(ms / 3_600_000)} h`;
}

/** A length of time in seconds, from a tenth to weeks: "0.4 s", "30 s", "12 min", "3.5 h", "9 days"; what nobody bounds: "no bound". */
export function span(value: number): string {
  if (!Number.isFinite(value)) return "no bound";
  if (value < 99.95) return `${trimmed(value)} s`;
  if (value < 7_170) return `${trimmed(value / 60)} min`;
  if (value < 172_800) return `${trimmed(value / 3_600)} h`;
  return `${trimmed(value / 86_400)} days`;
}

function trimmed(value: number): string {
  return value.toFixed(1).replace(/\.0$/, "");
}

/** "1,043". */
export function count(value: number): string {
  return Number.isFinite(value) ? value.toLocaleString("en") : "unknown";
}

/** "1 order", "2,000 orders", "no orders". */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${value === 0 ? "no" : count(value)} ${value === 1 ? one : many}`;
}

/** "12.3 kB", for the distance of a copy. */
export function bytes(value: number): string {
  if (value < 1_000) return `${count(Math.round(value))} B`;
  if (value < 1_000_000) return `${trimmed(value / 1_000)} kB`;
  if (value < 1_000_000_000) return `${trimmed(value / 1_000_000)} MB`;
  return `${trimmed(value / 1_000_000_000)} GB`;
}

/** "2026-11-21 06:03:12 UTC". */
export function instant(wallMs: number): string {
  return isInstant(wallMs) ? `${new Date(wallMs).toISOString().slice(0, 19).replace("T", " ")} UTC` : "unknown";
}

/** "06:03:12.345", UTC. */
export function timeOfDay(wallMs: number): string {
  return isInstant(wallMs) ? new Date(wallMs).toISOString().slice(11, 23) : "unknown";
}

const instantMax = 8.64e15;
const isInstant = (wallMs: number): boolean => Number.isFinite(wallMs) && Math.abs(wallMs) <= instantMax;

export function capital(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}

export function cut(text: string, max: number): string {
  const letters = [...text];
  return letters.length <= max ? text : `${letters.slice(0, max - 1).join("")}…`;
}

/**
 * Text that came from outside (a server's message, a name): one line, without control characters, which a terminal would obey, and
 * without anything that looks like a credential, whoever let it through.
 */
export function clean(text: string): string {
  return (
    text
      // Controls, and the marks that turn the direction of what follows.
      .replace(/[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu, " ")
      .replace(/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@]*@/gi, (_all, scheme: string) => `${scheme}***@`)
      .replace(
        /\b((?:pass(?:word|wd)?|pwd|secret|token|api[-_]?key|authorization)["']?\s*[=:]\s*)(?:bearer\s+)?(?:"[^"]*"|'[^']*'|[^\s,;"'&]+)/gi,
        "$1***",
      )
      .replace(/\bbearer\s+[^\s,;"']+/gi, "bearer ***")
      .trim()
  );
}
