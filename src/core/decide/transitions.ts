// The transition table of a group. Rows are read from the top; the first whose `from` and `test` hold decides. The last row of each
// half holds always, so every state has an answer. docs/transitions.md is drawn from these rows.
//
// I2.  Less than a quorum is unknown, and unknown never switches.
// I3.  Above maxDataLoss nothing happens without a person's yes.
// I7.  While the store is away nobody is promoted.
// I10. Nothing here leads home by itself.

import { leaving } from "./leaving.ts";
import { returning } from "./returning.ts";
import type { Row } from "./row.ts";
import { standbys } from "./standbys.ts";
import { standing, unjudged } from "./standing.ts";
import { staying } from "./staying.ts";

export type { Row } from "./row.ts";

export const transitions: readonly Row[] = [
  ...standing,
  ...standbys,
  ...unjudged,
  ...staying,
  ...leaving,
  ...returning,
];
