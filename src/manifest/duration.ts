// Durations as people write them: a number and one unit, `500ms`, `2.2s`, `5m`, `15d`, `10y`. Exact: the digits are shifted, never
// multiplied as floating point, so that 2.2s is 2200 ms and not a hair less.

/** A day has 24 hours and a year 365 days: these are bounds and budgets, not calendar dates. */
const msOfUnit = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
} as const;

export const durationUnits = ["ms", "s", "m", "h", "d", "w", "y"] as const;
export const durationPattern = /^([0-9]{1,15})(?:\.([0-9]{1,9}))?(ms|s|m|h|d|w|y)$/;

/** A thousand years: beyond that a duration is a slip of the keyboard, and below it every sum stays an exact integer. */
export const durationMaxMs = 1_000 * msOfUnit.y;

/** Milliseconds; undefined for what is not a duration, is finer than a millisecond, or is longer than a thousand years. */
export function parseDuration(text: string): number | undefined {
  const match = durationPattern.exec(text);
  if (match === null) return undefined;
  const [, whole = "", fraction = "", unit = ""] = match;
  const scale = 10n ** BigInt(fraction.length);
  const scaled = BigInt(whole + fraction) * BigInt(msOfUnit[unit as keyof typeof msOfUnit]);
  if (scaled % scale !== 0n) return undefined;
  const ms = scaled / scale;
  return ms <= BigInt(durationMaxMs) ? Number(ms) : undefined;
}

/** The shortest way to write it: the largest unit that leaves at most one decimal. Takes whole, non-negative milliseconds. */
export function formatDuration(ms: number): string {
  for (const unit of [...durationUnits].reverse()) {
    const size = msOfUnit[unit];
    if (ms < size) continue;
    if (ms % size === 0) return `${ms / size}${unit}`;
    if (unit === "s" && ms % 100 === 0) return `${Math.floor(ms / 1_000)}.${(ms % 1_000) / 100}s`;
  }
  return ms === 0 ? "0s" : `${ms}ms`;
}
