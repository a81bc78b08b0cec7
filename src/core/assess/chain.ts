// The chain of copies of one service's data: how old the newest usable copy is after a failure, and how soon it can be restored
// (Keeton and Merchant, DSN'04; Designing for Disasters, FAST'04). Seconds throughout.
//
// Level 0 is the replication link, one level per region that follows. The copies are levels 1 to k, each made from the one before it and
// the first from the primary's data, so that a lagging replica does not make them older.

import type { Bound } from "../model/assess-report.ts";
import type { Copy, Region, RegionName, Service } from "../model/system.ts";

export type Level = {
  readonly name: string;
  /** replica: follows every change, a deletion as well. copy: stays as it was made. */
  readonly kind: "replica" | "copy";
  /** As in the manifest: a region's name or a location. */
  readonly in: string;
  /** The location. */
  readonly at: string;
  /** What it lies on. Left out: on something of its own. */
  readonly device?: string;
  readonly account?: string;
  /** Age of the newest copy at the moment at which it arrives. */
  readonly ageBestSeconds: number;
  /** From one arrival to the next. */
  readonly gapSeconds: number;
  /** Loss if everything fails at a random moment, and at the worst one. */
  readonly loss: Bound;
  readonly keepSeconds?: number;
  readonly restore?: Copy["restore"];
};

/** What has gone. object: somebody deleted or corrupted it. account: whoever owned the account deleted all of it. */
export type Failure =
  | { readonly scope: "object" }
  | { readonly scope: "device"; readonly device: string }
  | { readonly scope: "region"; readonly names: ReadonlySet<RegionName>; readonly places: ReadonlySet<string> }
  | { readonly scope: "provider"; readonly provider: string }
  | { readonly scope: "account"; readonly account: string };

export type Followed = { readonly method: string; readonly to: readonly Region[]; readonly lag: Bound };

/** The service's own name stands for the device that its data lies on: a copy whose `device` is that name goes with it. */
export const deviceOf = (service: Service): string => service.name;

/**
 * age_best(i) = sum over j <= i of (hold_j + transfer_j); loss_worst = age_best + acc_i; loss_mean = age_best + acc_i / 2, where acc is
 * the time between two copies. A level cannot be newer than the one it is made from: its acc is the next multiple of that one's.
 */
export function levelsOf(
  service: Service,
  regions: ReadonlyMap<RegionName, Region>,
  followed?: Followed,
): readonly Level[] {
  const replicas = (followed?.to ?? []).map(
    (region): Level => ({
      name: `${followed?.method ?? "replication"} to ${region.name}`,
      kind: "replica",
      in: region.name,
      at: region.at,
      ...(region.account === undefined ? {} : { account: region.account }),
      ageBestSeconds: 0,
      gapSeconds: 0,
      loss: followed?.lag ?? { expected: 0, worst: 0 },
    }),
  );
  let ageBestSeconds = 0;
  let gapSeconds = 0;
  const copies = (service.copies ?? []).map((copy): Level => {
    ageBestSeconds += (copy.holdMs + copy.transferMs) / 1_000;
    gapSeconds = nextMultiple(copy.everyMs / 1_000, gapSeconds);
    const region = regions.get(copy.in);
    const account = copy.account ?? region?.account;
    return {
      name: copy.name,
      kind: "copy",
      in: copy.in,
      at: region?.at ?? copy.in,
      ...(copy.device === undefined ? {} : { device: copy.device }),
      ...(account === undefined ? {} : { account }),
      ageBestSeconds,
      gapSeconds,
      loss: { expected: ageBestSeconds + gapSeconds / 2, worst: ageBestSeconds + gapSeconds },
      ...(copy.keepMs === undefined ? {} : { keepSeconds: copy.keepMs / 1_000 }),
      ...(copy.restore === undefined ? {} : { restore: copy.restore }),
    };
  });
  return [...replicas, ...copies];
}

function nextMultiple(every: number, of: number): number {
  // Times are whole milliseconds, so anything this small is what floating point leaves of a whole number.
  return of === 0 ? every : Math.max(1, Math.ceil(every / of - 1e-9)) * of;
}

/** Whether a level still stands: it is not inside what has failed. */
export function usable(level: Level, failure: Failure): boolean {
  switch (failure.scope) {
    case "object":
      return level.kind === "copy";
    case "device":
      return level.device !== failure.device;
    case "region":
      // A copy that names a location rather than a region lies somewhere in it, so it goes with any region that is there.
      return !failure.names.has(level.in) && !failure.places.has(level.in);
    case "provider":
      return providerOf(level.at) !== failure.provider;
    case "account":
      return level.account !== failure.account;
    default:
      return failure satisfies never;
  }
}

export const providerOf = (at: string): string => at.slice(0, Math.max(0, at.indexOf("/")));

/** Lost regions by name, and the locations that they are in. */
export function regionFailure(lost: readonly RegionName[], regions: ReadonlyMap<RegionName, Region>): Failure {
  return {
    scope: "region",
    names: new Set(lost),
    places: new Set(lost.flatMap((name) => regions.get(name)?.at ?? [])),
  };
}

/**
 * What is lost if the state of `targetSeconds` ago is wanted (0: the newest), or undefined if the level no longer has it. A level that
 * keeps copies for `keep` is sure to reach back age_best + keep - acc; one without `keep` has its newest copy only.
 */
export function lossAt(level: Level, targetSeconds: number): Bound | undefined {
  const reach = level.ageBestSeconds + Math.max(0, (level.keepSeconds ?? 0) - level.gapSeconds);
  if (targetSeconds > reach) return undefined;
  const older = Math.min(targetSeconds, level.ageBestSeconds);
  return { expected: level.loss.expected - older, worst: level.loss.worst - older };
}

export type Newest = { readonly level: Level; readonly loss: Bound };

/** recent_loss(scope) = min over the usable levels that still have the wanted state; which level that is. Undefined: none has it. */
export function recentLoss(levels: readonly Level[], failure: Failure, targetSeconds = 0): Newest | undefined {
  let best: Newest | undefined;
  for (const level of levels) {
    if (!usable(level, failure)) continue;
    const loss = lossAt(level, targetSeconds);
    if (loss === undefined) continue;
    const better =
      best === undefined ||
      loss.worst < best.loss.worst ||
      (loss.worst === best.loss.worst && loss.expected < best.loss.expected);
    if (better) best = { level, loss };
  }
  return best;
}

export type Restoring = {
  /** Until there is something to restore to. */
  readonly provisionSeconds: number;
  /** Until the medium is there. */
  readonly shipSeconds: number;
  readonly bytes: number;
  /** Of what is left of the source, of the path, of the target; the slowest counts. */
  readonly bytesPerSecond: readonly number[];
  readonly replaySeconds: number;
  readonly restartSeconds: number;
};

/** recovery_time = max(provision, ship) + size / min(bandwidths) + replay + restart. */
export function recoveryTime(of: Restoring): number {
  const copying = of.bytes === 0 ? 0 : of.bytes / Math.min(...of.bytesPerSecond);
  return Math.max(of.provisionSeconds, of.shipSeconds) + copying + of.replaySeconds + of.restartSeconds;
}

/** How long restoring from this copy takes; undefined if the manifest does not say enough. */
export function restoreSeconds(level: Level, bytes: number | undefined): number | undefined {
  const { restore } = level;
  if (restore === undefined) return undefined;
  if (restore.bytesPerSecond !== undefined && bytes === undefined) return undefined;
  const provisionSeconds = restore.provisionMs / 1_000;
  return recoveryTime({
    provisionSeconds,
    // The manifest gives the longer of both.
    shipSeconds: 0,
    bytes: restore.bytesPerSecond === undefined ? 0 : (bytes ?? 0),
    bytesPerSecond: [restore.bytesPerSecond ?? Number.POSITIVE_INFINITY],
    replaySeconds: 0,
    restartSeconds: restore.restartMs / 1_000,
  });
}

/** Money for one failure: outage and loss, each at its rate per hour (the two penalty rates of FAST'04). */
export function penalty(
  of: { readonly recoverySeconds: number; readonly lossSeconds: number },
  rates: { readonly outagePerHour: number; readonly lossPerHour: number },
): number {
  return (of.recoverySeconds * rates.outagePerHour + of.lossSeconds * rates.lossPerHour) / 3_600;
}
