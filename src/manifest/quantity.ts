// Sizes, rates and dates as people write them: `40GiB`, `500MB`, `100MiB/s`, `2027-01-01`. Durations have a file of their own.

const bytesOfUnit: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  PB: 1e15,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
  PiB: 2 ** 50,
};

export const sizeUnits: readonly string[] = Object.keys(bytesOfUnit);
export const sizePattern = /^([0-9]{1,9}(?:\.[0-9]{1,9})?)(B|kB|MB|GB|TB|PB|KiB|MiB|GiB|TiB|PiB)$/;
export const ratePattern = /^([0-9]{1,9}(?:\.[0-9]{1,9})?)(B|kB|MB|GB|TB|PB|KiB|MiB|GiB|TiB|PiB)\/s$/;
export const datePattern = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/;

/** Beyond this a size is a slip of the keyboard, and below it every whole number of bytes is exact. */
const sizeMaxBytes = Number.MAX_SAFE_INTEGER;

/** Whole bytes, rounded to the nearest: sizes are estimates. Undefined for what is not a size, or is above 8 PiB. */
export function parseSize(text: string): number | undefined {
  return bytesOf(sizePattern.exec(text));
}

/** Bytes per second, at least 1. */
export function parseRate(text: string): number | undefined {
  const bytes = bytesOf(ratePattern.exec(text));
  return bytes === 0 ? undefined : bytes;
}

/** Is there such a day? By the Gregorian calendar, without asking any clock. */
export function isDay(text: string): boolean {
  const match = datePattern.exec(text);
  if (match === null) return false;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;
  return day >= 1 && day <= days;
}

function bytesOf(match: RegExpExecArray | null): number | undefined {
  if (match === null) return undefined;
  const bytes = Math.round(Number(match[1]) * (bytesOfUnit[match[2] ?? ""] ?? Number.NaN));
  return bytes <= sizeMaxBytes ? bytes : undefined;
}
