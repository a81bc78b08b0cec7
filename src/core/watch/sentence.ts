// Numbers and lists as they stand in sentences.

const listedMax = 4;

/** "0.9 s", "12 s", "3.5 min", "2.1 h", "40 d", "12 years". */
export function duration(ms: number): string {
  const [value, unit] = scaled(ms);
  // 9.96 would otherwise read "10.0".
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value).toLocaleString("en")} ${unit}`;
}

function scaled(ms: number): readonly [number, string] {
  const seconds = Math.max(0, ms) / 1_000;
  if (seconds < 120) return [seconds, "s"];
  if (seconds < 7_200) return [seconds / 60, "min"];
  if (seconds < 172_800) return [seconds / 3_600, "h"];
  if (seconds < 63_115_200) return [seconds / 86_400, "days"];
  return [seconds / 31_557_600, "years"];
}

/** "south", "south and watch", "a, b, c, d and 3 more". */
export function list(names: readonly string[]): string {
  if (names.length === 0) return "nobody";
  if (names.length === 1) return names[0] ?? "";
  const shown = names.slice(0, listedMax);
  const rest = names.length - shown.length;
  if (rest > 0) return `${shown.join(", ")} and ${rest} more`;
  return `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
}

export function plural(count: number, one: string, many: string): string {
  return count === 1 ? one : many;
}

/** A share as a person says it: "3 %", "20 %", "65 %". */
export function share(value: number): string {
  const percent = Math.max(0, Math.min(1, value)) * 100;
  return percent < 10 ? `${Math.max(1, Math.round(percent))} %` : `${Math.min(100, Math.round(percent / 5) * 5)} %`;
}
