// What a wrong value is told: one row for each error text of schema.ts. Values are shown only where they cannot be secrets.

import { type Row, secretless, shown, words } from "./said.ts";
import { healthWording } from "./wording-health.ts";
import { measureWording } from "./wording-measures.ts";

export const wording: Readonly<Record<string, Row>> = {
  ...measureWording,
  ...healthWording,
  version: (value) =>
    words("version", `This Leeward reads version 1 of the format, and this is ${shown(value)}.`, "Write `version: 1`."),
  mapping: (value) =>
    value === null
      ? words(
          "wrong-type",
          "Nothing stands here, where keys and values were expected.",
          "Write the keys below it, or `{}` for none.",
        )
      : words(
          "wrong-type",
          `Keys and values were expected here, and this is ${shown(value)}.`,
          "Write `key: value` pairs, indented below, or in { }.",
        ),
  list: (value) =>
    Array.isArray(value)
      ? words("wrong-type", "This list must have at least one item.", "Write them in [ ], separated by commas.")
      : words(
          "wrong-type",
          `A list was expected here, and this is ${shown(value)}.`,
          typeof value === "string" ? `Write \`[${value}]\`.` : "Write the items in [ ], separated by commas.",
        ),
  command: (value) =>
    typeof value === "string"
      ? words(
          "wrong-type",
          "A command is a list of words, because no shell takes it apart.",
          `Write \`[${value.trim().split(/\s+/).join(", ").slice(0, 120)}]\`.`,
        )
      : words("wrong-type", "A command is a list of at least one word.", "Write it like `[node, server.js]`."),
  some: () => words("empty-section", "At least one is needed here.", "Name one, with its keys below it."),
  name: (value) => {
    const tried =
      typeof value === "string"
        ? value
            .toLowerCase()
            .replaceAll(/[^a-z0-9-]+/g, "-")
            .replace(/^[^a-z]+/, "")
            .replace(/-+$/, "")
            .slice(0, 63)
        : "";
    const advice =
      tried === "" || tried === "constructor"
        ? "Choose a word of lower-case letters, digits and hyphens."
        : `Write \`${tried}\`.`;
    return words(
      "bad-name",
      `Names are lower-case letters, digits and hyphens, beginning with a letter, and this is ${shown(value)}.`,
      advice,
    );
  },
  text: (value) =>
    typeof value === "number" || typeof value === "boolean"
      ? words(
          "wrong-type",
          `Text was expected here, and this is ${shown(value)}.`,
          `Put it into quotes: \`"${value}"\`.`,
        )
      : words(
          "wrong-type",
          `A text of 1 to 1,024 characters was expected here, and this is ${typeof value === "string" ? (value === "" ? "empty" : "longer") : shown(value)}.`,
          "Write a word or a sentence.",
        ),
  words: (value) =>
    value === null || typeof value === "object"
      ? words(
          "wrong-type",
          `Text was expected here, and this is ${shown(value)}.`,
          "Write a text, in quotes if in doubt.",
        )
      : words(
          "wrong-type",
          `Text was expected here, and this is ${shown(value)}.`,
          `Put it into quotes: \`"${String(value).slice(0, 60)}"\`.`,
        ),
  flag: (value) =>
    words(
      "wrong-type",
      `Either true or false was expected here, and this is ${shown(value)}.`,
      isYes(value) ? "Write `true`." : "Write `true` or `false`.",
    ),
  label: (value) =>
    words(
      "bad-name",
      `A word for what is shared was expected here, and this is ${shown(value)}.`,
      "Write kind/name, such as `power/grid-2` or `transit/telia`.",
    ),
  "setting-name": (value) =>
    words(
      "bad-name",
      `Settings have letters and digits, beginning with a small letter, and this is ${shown(value)}.`,
      "`leeward catalog show TYPE` lists the settings of a type.",
    ),
  setting: (value) =>
    words(
      "wrong-type",
      `A word, a number, true or false was expected here, and this is ${shown(value)}.`,
      "Write one value.",
    ),
  rule: (value) =>
    words(
      "bad-name",
      `The id of a finding was expected here, and this is ${shown(value)}.`,
      "Write it as `leeward assess` prints it, in small letters with hyphens.",
    ),
  "only-true": () =>
    words("wrong-type", "This kind of trigger has no further value.", "Write `true`, or leave the key out."),
  count: (value) =>
    words(
      "wrong-type",
      `A whole number was expected here (at most 1000, and at least 1 for a primary), and this is ${shown(value)}.`,
      "Write how many should run, such as `2`.",
    ),
  drift: (value) =>
    words(
      "out-of-range",
      `The drift of clocks is a share from 0 to 0.1, and this is ${shown(value)}.`,
      "Write `0.01` for one per cent, unless you have measured it.",
    ),
  address: (value) => {
    const stripped = typeof value === "string" ? /^[a-z+]+:\/\/([^/@\s]+:[0-9]+)\/?$/i.exec(value)?.[1] : undefined;
    const fix =
      stripped !== undefined
        ? `Write \`"${stripped}"\`.`
        : typeof value === "number"
          ? `Write \`"127.0.0.1:${value}"\`, with the host that others reach it by.`
          : 'Write it like `"127.0.0.1:8411"`.';
    return words("bad-address", `An address was expected here, host:port without a scheme${secretless(value)}.`, fix);
  },
  "base-url": (value) => {
    const bare = typeof value === "string" && /^[A-Za-z0-9.-]+:[0-9]+$/.test(value) ? value : undefined;
    return words(
      "bad-address",
      `An address was expected here, http://host:port and nothing behind it${secretless(value)}.`,
      bare === undefined ? "Write it like `http://127.0.0.1:7411`." : `Write \`http://${bare}\`.`,
    );
  },
  port: () => words("bad-address", "Ports go from 1 to 65535.", "Write a port in that range."),
  // A URL that cannot be read may well hold a password with an unescaped character, so it is never shown.
  url: () =>
    words(
      "bad-url",
      "This is not a URL that can be read.",
      "Write it like `postgres://user@host:5432/database` or `http://host:8080`.",
    ),
  reference: (value) =>
    typeof value === "string" && /^(env|file):/.test(value)
      ? words(
          "bad-reference",
          "This reference to a secret cannot be read.",
          "Write `env:NAME` with the name of an environment variable, or `file:PATH` with a file's path.",
        )
      : words(
          "secret-in-manifest",
          "A secret itself must not stand in a manifest, only a reference to it.",
          "Put it into an environment variable or a file, and write `env:NAME` or `file:PATH` here; then change the secret, for it has been written down.",
        ),
  location: (value, nearest) => {
    const [provider = "", ...rest] = typeof value === "string" ? value.split("/") : [];
    const guess =
      typeof value === "string" && rest.length > 0
        ? nearest(provider, ["azure", "aws", "gcp", "site"])
        : typeof value === "string"
          ? nearest(value, ["unknown"])
          : undefined;
    const place = rest
      .join("-")
      .toLowerCase()
      .replaceAll(/[^a-z0-9-]/g, "");
    const fix =
      guess === "unknown"
        ? "Did you mean `unknown`?"
        : guess !== undefined && place !== ""
          ? `Did you mean \`${guess}/${place}\`?`
          : "Write it like `azure/norwayeast`, `aws/eu-north-1`, `site/oslo`, or `unknown`.";
    return words(
      "bad-location",
      `A location is provider/region, with azure, aws, gcp or site as the provider, and this is ${shown(value)}.`,
      fix,
    );
  },
  country: (value) =>
    words(
      "bad-country",
      `A country code of capital letters was expected here, and this is ${shown(value)}.`,
      typeof value === "string" && /^[a-z]{2,4}$/.test(value)
        ? `Write \`${value.toUpperCase()}\`.`
        : "Write codes such as `NO`, `SE` or `EU`.",
    ),
  variable: (value) =>
    words(
      "bad-name",
      `Environment variables have letters, digits and underscores, and this is ${shown(value)}.`,
      "Choose a name such as `LOG_LEVEL`.",
    ),
  path: (value) =>
    words(
      "bad-path",
      `A path that begins with / was expected here, and this is ${shown(value)}.`,
      typeof value === "string" && /^[\w.-]+(\/\S*)?$/.test(value)
        ? `Write \`/${value}\`.`
        : "Write it like `/healthz`.",
    ),
  "host-name": (value) =>
    words(
      "bad-name",
      `A route is named by a host name in small letters, without scheme, port or path, and this is ${shown(value)}.`,
      typeof value === "string" && /^[A-Za-z0-9.-]+$/.test(value) && value !== value.toLowerCase()
        ? `Write \`${value.toLowerCase()}\`.`
        : "Write it like `shop.example.com`.",
    ),
  call: (value, nearest) => {
    const [verb = "", target = ""] = typeof value === "string" ? value.trim().split(/\s+/) : [];
    const methods = ["GET", "POST", "PUT", "PATCH", "DELETE"];
    const meant = methods.includes(verb) ? undefined : nearest(verb, methods);
    const fix =
      meant !== undefined && target.startsWith("http://") && !target.includes("@")
        ? `Did you mean \`${meant} ${target.slice(0, 80)}\`?`
        : "Write it like `POST http://web/jobs/invoices`, with the name of a service as the host.";
    return words(
      "bad-call",
      "A call is METHOD http://service/path; its host is a service of this manifest, and it has no port.",
      fix,
    );
  },
  "one-trigger": () =>
    words(
      "one-trigger",
      "A trigger has exactly one kind.",
      "Keep one of recurrence, polling, request, webhook and queue.",
    ),
  "zone-alone": () => words("one-trigger", "A time zone means something only beside a recurrence.", "Remove `zone`."),
  "state-alone": () =>
    words("one-trigger", "Where the state is kept means something only beside polling.", "Remove `state`."),
  cron: (value) =>
    words(
      "bad-recurrence",
      `A recurrence was expected here, five fields of cron, and this is ${shown(value)}.`,
      'Write it like `"0 2 * * *"`.',
    ),
  zone: (value, nearest) => {
    const meant = typeof value === "string" ? nearest(value, Intl.supportedValuesOf("timeZone")) : undefined;
    return words(
      "bad-zone",
      `A time zone was expected here, and this is ${shown(value)}.`,
      meant === undefined ? "Write it like `Europe/Oslo`." : `Did you mean \`${meant}\`?`,
    );
  },
  "one-notifier": () =>
    words(
      "one-notifier",
      "Each entry is either a webhook or a command.",
      "Write `webhook: https://...` or `command: [program, argument]`, one per entry.",
    ),
  "classic-only": () =>
    words(
      "classic-only",
      "`preset`, `down` and `up` belong to the classic mode, and this one is cusum.",
      "Write `mode: classic`, or remove them.",
    ),
};

function isYes(value: unknown): boolean {
  return typeof value === "string" && /^(yes|y|on|true)$/i.test(value);
}
