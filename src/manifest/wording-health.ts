// What a wrong value in `health` is told: one row for each error text of health-schema.ts.

import { type Row, shown, words } from "./said.ts";

export const healthWording: Readonly<Record<string, Row>> = {
  status: (value) =>
    words(
      "bad-status",
      `An HTTP status from 100 to 599 was expected here, or a range of them, and this is ${shown(value)}.`,
      'Write it like `200`, or like `"200-299"`.',
    ),
  pattern: () => words("bad-pattern", "This is no regular expression.", "Write it like `^ok$`, without slashes."),
  "one-body": () =>
    words("one-body", "A body contains something or matches something.", "Keep one of contains and matches."),
  redirects: (value) =>
    words(
      "out-of-range",
      `A number of redirects from 0 to 10 was expected here, and this is ${shown(value)}.`,
      "Write `0` to refuse them.",
    ),
  days: (value) =>
    words(
      "out-of-range",
      `A number of days from 1 to 3650 was expected here, and this is ${shown(value)}.`,
      "Write `14`.",
    ),
  "other-probe": (_, __, [key = "", kind = "", other = ""]) =>
    words(
      "other-probe",
      `\`${key}\` means nothing where the service is looked at by ${kind}.`,
      `Remove it, or write \`kind: ${other}\`.`,
    ),
  "probe-needs": (_, __, [key = "", kind = ""]) =>
    words(
      "probe-needs",
      `A look by ${kind} needs \`${key}\`.`,
      key === "command" ? "Write `command: [program, argument]`." : "Write `resolve: shop.example.com`.",
    ),
};
