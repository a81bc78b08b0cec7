// The table of recovery points of Keeton and Merchant (DSN 2004): inputs from the published case of a 1,360 GB workload, each design
// written as a manifest. The figures follow from the formula; the penalties are the published total.

import { expect, test } from "vitest";
import {
  deviceOf,
  type Failure,
  type Newest,
  penalty,
  recentLoss,
  recoveryTime,
  regionFailure,
  restoreSeconds,
} from "../../src/core/assess/chain.ts";
import type { Item } from "../../src/core/assess/ground.ts";
import { groundFrom, lossOf } from "./world.ts";

const tape =
  "{ name: tape, in: plant, device: library, every: 1w, hold: 1h, transfer: 2d, restore: { rate: 157.407407MB/s } }";
const dailyTape = tape.replace("every: 1w, hold: 1h, transfer: 2d", "every: 1d, hold: 1h, transfer: 12h");
const vault =
  "{ name: vault, in: site/vault, every: 4w, hold: 684h, transfer: 1d, keep: 3y, restore: { provision: 24h, rate: 157.407407MB/s } }";
const weeklyVault = vault.replace("every: 4w, hold: 684h", "every: 1w, hold: 12h");
const splitMirror = "{ name: split-mirror, in: plant, device: cello, every: 12h, keep: 2d }";
const batchedMirror = "{ name: mirror, in: south, every: 1m, transfer: 1m, keep: 10m }";

const manifest = (copies: readonly string[], more = ""): string => `
version: 1
system: cello
regions:
  plant: { at: site/plant }
  south: { at: site/south }
objectives: { rto: 30m, rpo: 30m }
groups:
  disks: { primary: [plant], pattern: backup-restore, failover: manual }
services:
  cello:
    type: azure/sql-database
    group: disks
    in: { plant: {} }
    volume: { size: 1360GB }
    copies:
${copies.map((copy) => `      - ${copy}`).join("\n")}
${more}`;

function newest(copies: readonly string[], scope: "object" | "array" | "site"): Newest | undefined {
  const { items, regions } = groundFrom(manifest(copies));
  const item = items[0] as Item;
  const failure: Failure =
    scope === "object"
      ? { scope: "object" }
      : scope === "array"
        ? { scope: "device", device: deviceOf(item.service) }
        : regionFailure(["plant"], regions);
  return recentLoss(item.levels, failure);
}

const minutes = (seconds: number | undefined): number => Math.round((seconds ?? Number.NaN) / 60);
const hours = 60;

test.each([
  ["vault every four weeks", [splitMirror, tape, vault], [12 * hours, 217 * hours, 1429 * hours]],
  ["vault every week", [splitMirror, tape, weeklyVault], [12 * hours, 217 * hours, 253 * hours]],
  ["vault every week, tape every day", [splitMirror, dailyTape, weeklyVault], [12 * hours, 37 * hours, 217 * hours]],
] as const)("%s loses what the table says, to the minute", (_, copies, [object, array, site]) => {
  expect(minutes(newest(copies, "object")?.loss.worst)).toBe(object);
  expect(minutes(newest(copies, "array")?.loss.worst)).toBe(array);
  expect(minutes(newest(copies, "site")?.loss.worst)).toBe(site);
});

test("a mirror in batches of a minute loses two minutes, of the array as of the site", () => {
  expect(minutes(newest([batchedMirror], "array")?.loss.worst)).toBe(2);
  expect(minutes(newest([batchedMirror], "site")?.loss.worst)).toBe(2);
});

test("each failure is recovered from the level that the case names", () => {
  const all = [splitMirror, tape, vault];
  expect(newest(all, "object")?.level.name).toBe("split-mirror");
  expect(newest(all, "array")?.level.name).toBe("tape");
  expect(newest(all, "site")?.level.name).toBe("vault");
});

test("an array comes back in 2.4 hours, a site in 26.4 with the courier", () => {
  const bytes = 1360e9;
  expect(minutes(restoreSeconds(newest([tape], "array")?.level as Newest["level"], bytes))).toBe(2.4 * hours);
  expect(minutes(restoreSeconds(newest([tape, vault], "site")?.level as Newest["level"], bytes))).toBe(26.4 * hours);
});

test("over one OC-3 link a full restore takes 19.5 hours, over ten 1.95", () => {
  const over = (links: number): number =>
    recoveryTime({
      provisionSeconds: 0,
      shipSeconds: 0,
      bytes: 1360e9,
      bytesPerSecond: [Number.POSITIVE_INFINITY, (links * 155e6) / 8],
      replaySeconds: 0,
      restartSeconds: 0,
    });
  expect(over(1) / 3_600).toBeCloseTo(19.5, 2);
  expect(over(10) / 3_600).toBeCloseTo(1.95, 2);
});

test("the penalties of an array failure are 10.97 million, with the outlay 11.94; of a site 73.74", () => {
  const copies = [splitMirror, tape, vault];
  const rates = { outagePerHour: 50_000, lossPerHour: 50_000 };
  const of = (scope: "array" | "site"): number => {
    const found = newest(copies, scope) as Newest;
    return penalty(
      { recoverySeconds: restoreSeconds(found.level, 1360e9) ?? Number.NaN, lossSeconds: found.loss.worst },
      rates,
    );
  };
  const outlay = 0.97e6;
  expect(of("array") / 1e6).toBeCloseTo(10.97, 2);
  expect((of("array") + outlay) / 1e6).toBeCloseTo(11.94, 2);
  // 1,429 h and 26.4 h at 50,000, and the outlay.
  expect((of("site") + outlay) / 1e6).toBeCloseTo(73.74, 2);
});

test("a loss that falls back on the vault names both of its terms, and a month is what breaks half an hour", () => {
  const text = manifest([splitMirror, tape, vault])
    .replace("primary: [plant]", "primary: [plant, south]")
    .replace("in: { plant: {} }", "in: { plant: {}, south: {} }");
  const loss = lossOf(text, "plant");
  expect(minutes(loss.rpoSeconds.worst)).toBe(1429 * hours);
  expect(minutes(loss.rpoSeconds.expected)).toBe((757 + 336) * hours);
  expect(loss.rpoTerms.map((term) => minutes(term.seconds.worst))).toEqual([757 * hours, 672 * hours]);
  expect(loss.breaks.find((one) => one.objective === "rpo")).toMatchObject({ seconds: 757 * 3_600 });
});
