// What a wrong duration, size, rate, amount, share, count or day is told.

import { formatDuration } from "./duration.ts";
import { isDay, parseSize, sizeUnits } from "./quantity.ts";
import { type Row, shown, words } from "./said.ts";

export const measureWording: Readonly<Record<string, Row>> = {
  duration: (value) => {
    const meant = durationMeant(value);
    return words(
      "wrong-unit",
      `A duration was expected here, a number with its unit, and this is ${shown(value)}.`,
      meant === undefined ? "Write it like `500ms`, `30s`, `5m`, `2h`, `15d` or `10y`." : `Did you mean \`${meant}\`?`,
    );
  },
  "duration-range": (value) =>
    words(
      "out-of-range",
      `${shown(value)} is finer than a millisecond or longer than a thousand years.`,
      "Write a duration from `1ms` to `1000y`.",
    ),
  "duration-between": (value, _nearest, [low = "1", high = "1"]) => {
    const ms = typeof value === "number" ? formatDuration(value) : String(value);
    const most = Number(high) === Number.MAX_SAFE_INTEGER ? "" : ` and at most ${formatDuration(Number(high))}`;
    return words(
      "out-of-range",
      `This must be at least ${formatDuration(Number(low))}${most}, and it is ${ms}.`,
      meantLonger(ms, Number(low)) ??
        `Write \`${formatDuration(Number(low))}\`${Number(low) === 0 ? " or more" : " or longer"}${most === "" ? "" : `, up to \`${formatDuration(Number(high))}\``}.`,
    );
  },
  size: (value) => {
    const meant = sizeMeant(value);
    return words(
      "wrong-unit",
      `A size was expected here, a number with its unit, and this is ${shown(value)}.`,
      meant === undefined ? "Write it like `500MB`, `40GiB` or `2TB`." : `Did you mean \`${meant}\`?`,
    );
  },
  "size-range": (value) =>
    words("out-of-range", `${shown(value)} is more than 8 PiB.`, "Write a size up to `8191TiB`."),
  rate: (value) => {
    const meant = rateMeant(value);
    return words(
      "wrong-unit",
      `A rate was expected here, a size for each second, and this is ${shown(value)}.`,
      meant === undefined ? "Write it like `100MiB/s`." : `Did you mean \`${meant}\`?`,
    );
  },
  "rate-range": (value) =>
    words(
      "out-of-range",
      `${shown(value)} is less than a byte or more than 8 PiB in a second.`,
      "Write it like `100MiB/s`.",
    ),
  money: (value) => {
    const digits =
      typeof value === "string" ? /^\D{0,4}([0-9][0-9 _,']*)(?:\.([0-9]{1,2}))?\D{0,4}$/.exec(value) : null;
    const whole = digits?.[1]?.replaceAll(/[ _,']/g, "") ?? "";
    const meant = digits === null ? undefined : digits[2] === undefined ? whole : `${whole}.${digits[2]}`;
    return words(
      "wrong-type",
      `An amount of money was expected here, a number from 0 up, and this is ${shown(value)}.`,
      meant === undefined || meant.length > 15
        ? "Write a number without a currency, such as `1200`; `costs.currency` says which it is."
        : `Write \`${meant}\`; \`costs.currency\` says in which currency.`,
    );
  },
  currency: (value) =>
    words(
      "bad-currency",
      `A currency is three capital letters, and this is ${shown(value)}.`,
      typeof value === "string" && /^[a-z]{3}$/i.test(value)
        ? `Write \`${value.toUpperCase()}\`.`
        : "Write it like `EUR`, `NOK` or `USD`.",
    ),
  share: (value) => {
    const percent =
      typeof value === "string" ? /^\s*([0-9]{1,3}(?:\.[0-9]{1,4})?)\s*%\s*$/.exec(value)?.[1] : undefined;
    const meant =
      percent !== undefined ? Number(percent) / 100 : typeof value === "number" && value > 1 ? value / 100 : undefined;
    return words(
      "out-of-range",
      `A share from 0 to 1 was expected here, and this is ${shown(value)}.`,
      meant === undefined || meant > 1
        ? "Write it like `0.05` for five in a hundred."
        : `Did you mean \`${Number(meant.toFixed(6))}\`?`,
    );
  },
  number: (value) =>
    words(
      "out-of-range",
      `A number from 0 to a million was expected here, and this is ${shown(value)}.`,
      "Write how many times a year, such as `1` or `0.2`.",
    ),
  limit: (value) =>
    words(
      typeof value === "number" ? "out-of-range" : "wrong-type",
      `A whole number from 1 to about 60 was expected here, and this is ${shown(value)}.`,
      "Write it like `3`.",
    ),
  drills: (value) =>
    words(
      Number.isInteger(value) ? "out-of-range" : "wrong-type",
      `A whole number of drills${Number.isInteger(value) ? " from 0 to a million" : ""} was expected here, and this is ${shown(value)}.`,
      "Write how many drills went right since the last change, such as `3`.",
    ),
  day: (value) => {
    const meant = dayMeant(value);
    return words(
      "bad-date",
      `A day was expected here, as YYYY-MM-DD, and this is ${shown(value)}.`,
      meant === undefined ? "Write it like `2027-01-31`." : `Did you mean \`${meant}\`?`,
    );
  },
};

const unitWords: readonly (readonly [pattern: RegExp, unit: string])[] = [
  [/^(ms|msecs?|millis|milliseconds?)$/, "ms"],
  [/^(s|secs?|seconds?)$/, "s"],
  [/^(m|mins?|minutes?)$/, "m"],
  [/^(h|hrs?|hours?)$/, "h"],
  [/^(d|days?)$/, "d"],
  [/^(w|wks?|weeks?)$/, "w"],
  [/^(y|yrs?|years?|a)$/, "y"],
];

/** `30` means `30s`, `5 min` means `5m`, `10Y` means `10y`, `1,5h` means `1.5h`. */
function durationMeant(value: unknown): string | undefined {
  if (typeof value === "number") return value >= 0 && value < 1e9 ? `${value}s` : undefined;
  const match =
    typeof value === "string" ? /^\s*([0-9]{1,9})(?:[.,]([0-9]{1,3}))?\s*([a-z]{0,12})\s*$/i.exec(value) : null;
  if (match === null) return undefined;
  const number = match[2] === undefined ? match[1] : `${match[1]}.${match[2]}`;
  if (match[3] === "") return `${number}s`;
  const unit = unitWords.find(([pattern]) => pattern.test((match[3] ?? "").toLowerCase()))?.[1];
  return unit === undefined ? undefined : `${number}${unit}`;
}

/** `10m` where years were expected is a slip of one letter. */
function meantLonger(written: string, lowMs: number): string | undefined {
  const number = /^([0-9]+)m$/.exec(written)?.[1];
  return number !== undefined && lowMs >= 86_400_000 ? `Did you mean \`${number}y\`?` : undefined;
}

/** `40` means `40GB`, `40 gib` means `40GiB`, `40Gi` (as Kubernetes has it) too, `40G` means `40GB`. */
function sizeMeant(value: unknown): string | undefined {
  if (typeof value === "number") return value >= 0 && value < 1e6 ? `${value}GB` : undefined;
  const match =
    typeof value === "string" ? /^\s*([0-9]{1,9}(?:\.[0-9]{1,3})?)\s*([kmgtp]?i?b?)\s*$/i.exec(value) : null;
  if (match === null) return undefined;
  const [, number = "", written = ""] = match;
  const word = written === "" ? "gb" : /b$/i.test(written) ? written.toLowerCase() : `${written.toLowerCase()}b`;
  const unit = sizeUnits.find((known) => known.toLowerCase() === word);
  const meant = unit === undefined ? undefined : `${number}${unit}`;
  return meant !== undefined && parseSize(meant) !== undefined ? meant : undefined;
}

/** `100MiB` means `100MiB/s`, `100MBps` means `100MB/s`; lines are sold in bits, so `1Gbit/s` means `125MB/s`. */
function rateMeant(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  const bits = /^\s*([0-9]{1,6}(?:\.[0-9]{1,3})?)\s*([kmg])(?:bps|bits?\/s|bits?ps)\s*$/i.exec(value);
  if (bits !== null && !/B/.test(value)) {
    const megabytes = (Number(bits[1]) * ({ k: 1e-3, m: 1, g: 1e3 }[(bits[2] ?? "m").toLowerCase()] ?? 1)) / 8;
    return megabytes >= 0.001 ? `${Number(megabytes.toFixed(3))}MB/s` : undefined;
  }
  const meant = sizeMeant(value.replace(/\s*(\/\s*s(ec(onds?)?)?|ps)\s*$/i, ""));
  return meant === undefined ? undefined : `${meant}/s`;
}

/** `2027-1-5` and `2027/01/05` mean `2027-01-05`; of other orders nobody knows which number is the month. */
function dayMeant(value: unknown): string | undefined {
  const match =
    typeof value === "string" ? /^([0-9]{4})[-/. ]?([0-9]{1,2})[-/. ]?([0-9]{1,2})(?:T.*)?$/.exec(value) : null;
  if (match === null) return undefined;
  const meant = `${match[1]}-${(match[2] ?? "").padStart(2, "0")}-${(match[3] ?? "").padStart(2, "0")}`;
  return isDay(meant) ? meant : undefined;
}
