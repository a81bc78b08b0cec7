// Figures for what a system does not say, each with the text it is taken from. They are orders of magnitude: whatever the manifest or
// the catalog says of a service goes before them.

import type { Bound } from "../model/assess-report.ts";
import type { Pattern } from "../model/system.ts";
import type { Source } from "./knowledge.ts";

export const guide: Source = {
  title: "Opsio, Multi-Region Disaster Recovery: AWS and Azure Architecture Guide, table of architecture patterns",
  asOf: "2026-11-20",
};

export const dsn04: Source = {
  title: "Keeton and Merchant, A Framework for Evaluating Storage System Dependability, DSN 2004",
  asOf: "2004-06-28",
};

const minutes = 60;
const hours = 3_600;

/**
 * Recovery time of a pattern as the guide's table has it: hours, 30 to 60 minutes, 5 to 15 minutes, seconds. "Hours" is read as four,
 * a day at worst, "seconds" as one minute at worst. The two patterns that the table leaves out are read as the one they are nearest to:
 * an active-passive pair runs at full size and only has to be led to; a passive-cold one has its machines defined and switched off.
 */
export const recoveryTimeOfPattern: Readonly<Record<Pattern, Bound>> = {
  "backup-restore": { expected: 4 * hours, worst: 24 * hours },
  "pilot-light": { expected: 30 * minutes, worst: 60 * minutes },
  "passive-cold": { expected: 30 * minutes, worst: 60 * minutes },
  "warm-standby": { expected: 5 * minutes, worst: 15 * minutes },
  "active-passive": { expected: 10, worst: 60 },
  "active-active": { expected: 10, worst: 60 },
};

/** What is lost with a backup of which nothing is said: one is made a day, and half a day is gone on average. */
export const backupLoss: Bound = { expected: 12 * hours, worst: 24 * hours };

/**
 * What the second region adds for what runs there, as a share of the first: pilot light +10 to 20 %, warm standby +30 to 50 %,
 * active-active about double (the guide's answer to what multi-region recovery costs); the middle of each. Backups alone are 1.05 of one region in the papers' illustration.
 */
export const addedCostOfPattern: Readonly<Record<Pattern, number>> = {
  "backup-restore": 0.05,
  "passive-cold": 0.1,
  "pilot-light": 0.15,
  "warm-standby": 0.4,
  "active-passive": 1,
  "active-active": 1,
};
