// The values a manifest is made of, each with its pattern: names, texts, durations, sizes, money, days, addresses, references. An error
// text is the name of a row in wording.ts. Durations come out as milliseconds, sizes as bytes, rates as bytes per second.

import { z } from "zod";
import { durationPattern, parseDuration } from "./duration.ts";
import { datePattern, isDay, parseRate, parseSize, ratePattern, sizePattern } from "./quantity.ts";

/** Names become parts of ids, file names, host names and environment variables. `constructor` is what every object inherits. */
const namePattern = /^(?!constructor$)[a-z][a-z0-9-]{0,62}$/;
export const hostNamePattern =
  /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;
export const addressPattern = /^([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):([0-9]{1,5})$/;
const baseUrlPattern = /^https?:\/\/([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):([0-9]{1,5})\/?$/;
const referencePattern = /^(env:[A-Za-z_][A-Za-z0-9_]{0,127}|file:[^\s].{0,1023})$/;
export const locationPattern = /^(unknown|(azure|aws|gcp)\/[a-z0-9-]{2,40}|site\/[A-Za-z0-9._-]{1,60})$/;
const labelPattern = /^(?=.{1,200}$)[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9._-]+)*$/;
export const callPattern = /^(GET|POST|PUT|PATCH|DELETE) http:\/\/([a-z][a-z0-9-]{0,62})(\/[^\s]*)?$/;

export const name = z.string("name").regex(namePattern, "name");
export const text = z.string("text").min(1, "text").max(1_024, "text");
export const flag = z.boolean("flag");

export const duration = z
  .string("duration")
  .regex(durationPattern, "duration")
  .transform((written, context) => {
    const ms = parseDuration(written);
    if (ms !== undefined) return ms;
    context.addIssue({ code: "custom", message: "duration-range", input: written });
    return z.NEVER;
  });

export const between = (low: number, high: number) =>
  duration.superRefine((ms, context) => {
    if (ms < low || ms > high)
      context.addIssue({ code: "custom", message: `duration-between ${low} ${high}`, input: ms });
  });
export const waiting = between(1, 86_400_000);

const portIsRight = (written: string): boolean => {
  const port = Number(written.replace(/\/$/, "").split(":").at(-1));
  return port >= 1 && port <= 65_535;
};
export const address = z.string("address").regex(addressPattern, "address").refine(portIsRight, "port");
export const baseUrl = z.string("base-url").regex(baseUrlPattern, "base-url").refine(portIsRight, "port");
export const reference = z.string("reference").regex(referencePattern, "reference");
export const url = z
  .string("url")
  .max(2_048, "url")
  .refine((written) => URL.canParse(written), "url");
export const command = z.array(text, "command").min(1, "command").max(256, "command");
export const list = <T extends z.ZodType>(item: T) => z.array(item, "list");

export const location = z.string("location").regex(locationPattern, "location");

/** A word for something outside the manifest that things have in common: an account, a device, `power/grid-2`. */
export const label = z.string("label").regex(labelPattern, "label");

const measured = (pattern: RegExp, parse: (written: string) => number | undefined, row: string) =>
  z
    .string(row)
    .regex(pattern, row)
    .transform((written, context) => {
      const parsed = parse(written);
      if (parsed !== undefined) return parsed;
      context.addIssue({ code: "custom", message: `${row}-range`, input: written });
      return z.NEVER;
    });
export const size = measured(sizePattern, parseSize, "size");
export const rate = measured(ratePattern, parseRate, "rate");

export const day = z.string("day").regex(datePattern, "day").refine(isDay, "day");
export const money = z.number("money").min(0, "money").max(1e15, "money");
export const share = z.number("share").min(0, "share").max(1, "share");

/** What a catalog entry asks about an instance; which keys and which values there are is checked against the catalog. */
export const settings = z.record(
  z.string().regex(/^(?!constructor$)[a-z][A-Za-z0-9]{0,62}$/, "setting-name"),
  z.union([z.string().max(1_024), z.number(), z.boolean()], "setting"),
  "mapping",
);
