// The exhaustive check of the lease protocol: all reachable states of small worlds, by the very transition that runs in production.
// Times are scaled: 4 clock units are one lease, and clocks run at 1 or 2 units per tick, which is exactly what a drift of 1/3 allows
// for. So every term of the bounds decides something, and the number of states stays finite.

import { allSafeguards, type LeaseConfig, type Safeguards } from "../timing.ts";
import { type Found, type Reached, search } from "./search.ts";
import { type Rates, type Violation, World, type WorldOptions } from "./world.ts";

export type WorldBounds = {
  readonly name: string;
  readonly rates: Rates;
  /** The record goes up to this epoch. */
  readonly epochsMax: number;
  /** Crashes, repeated messages and lost answers of the store, along one path. Losses, delays and pauses are not bounded. */
  readonly faultsMax: number;
  /** Messages that are late at the same time; any number more arrive at once. */
  readonly messagesMax: number;
  readonly alone: boolean;
  readonly startsAlone: boolean;
  readonly silence: boolean;
};

/** A slow holder, against a controller and a standby that are fast. */
const slowNorth: Rates = { north: 1, south: 2, controller: 2 };
/** A slow successor, which becomes the holder. */
const slowSouth: Rates = { north: 2, south: 1, controller: 2 };

/** What every test run explores to the end. */
export const standardWorlds: readonly WorldBounds[] = [
  {
    name: "one crash, repeat or lost answer; north's clock slow",
    rates: slowNorth,
    epochsMax: 2,
    faultsMax: 1,
    messagesMax: 1,
    alone: false,
    startsAlone: false,
    silence: false,
  },
  {
    name: "no crash; a primary may stay alone, silence is watched; south's clock slow",
    rates: slowSouth,
    epochsMax: 2,
    faultsMax: 0,
    messagesMax: 1,
    alone: true,
    startsAlone: false,
    silence: true,
  },
  {
    name: "no crash; north begins alone, south is admitted and takes over without a receipt; north's clock slow",
    rates: slowNorth,
    epochsMax: 3,
    faultsMax: 0,
    messagesMax: 1,
    alone: false,
    startsAlone: true,
    silence: false,
  },
];

/** Too many states to finish; explored as far as `statesMax` allows, fewest moves first. */
export const deepWorlds: readonly WorldBounds[] = [
  {
    name: "two late messages, two faults",
    rates: slowNorth,
    epochsMax: 2,
    faultsMax: 2,
    messagesMax: 2,
    alone: true,
    startsAlone: false,
    silence: true,
  },
  {
    name: "there and back again, one fault",
    rates: slowSouth,
    epochsMax: 3,
    faultsMax: 1,
    messagesMax: 2,
    alone: true,
    startsAlone: false,
    silence: false,
  },
];

export type WorldReport = {
  readonly name: string;
  readonly states: number;
  readonly moves: number;
  readonly depth: number;
  /** Every reachable state was seen. */
  readonly complete: boolean;
  readonly reached: Reached;
};

export type Counterexample = { readonly options: WorldOptions; readonly found: Found };

export type CheckReport = {
  readonly worlds: readonly WorldReport[];
  readonly states: number;
  readonly moves: number;
  readonly depth: number;
  readonly complete: boolean;
  readonly counterexample?: Counterexample;
};

export type CheckProgress = { readonly world: string; readonly states: number; readonly depth: number };

export type CheckOptions = {
  readonly worlds?: readonly WorldBounds[];
  readonly safeguards?: Safeguards;
  /** Per world. */
  readonly statesMax?: number;
  /** Look for these only. */
  readonly wanted?: readonly Violation[];
  readonly onProgress?: (progress: CheckProgress) => void;
};

/** 12 million states are about 700 MB. */
const STATES_MAX = 12_000_000;

/** Explores the worlds one after the other and stops at the first violation. */
export function checkProtocol(options: CheckOptions = {}): CheckReport {
  const { worlds = standardWorlds, safeguards = allSafeguards, statesMax = STATES_MAX, wanted, onProgress } = options;
  const reports: WorldReport[] = [];
  let counterexample: Counterexample | undefined;
  for (const bounds of worlds) {
    const worldOptions: WorldOptions = { ...bounds, config: scaledConfig(safeguards) };
    const { found, ...report } = search(
      new World(worldOptions),
      { statesMax, ...(wanted === undefined ? {} : { wanted }) },
      onProgress === undefined ? undefined : (progress) => onProgress({ world: bounds.name, ...progress }),
    );
    reports.push({ name: bounds.name, ...report });
    if (found === undefined) continue;
    counterexample = { options: worldOptions, found };
    break;
  }
  return {
    worlds: reports,
    states: reports.reduce((sum, { states }) => sum + states, 0),
    moves: reports.reduce((sum, { moves }) => sum + moves, 0),
    depth: reports.reduce((most, { depth }) => Math.max(most, depth), 0),
    complete: counterexample === undefined && reports.every(({ complete }) => complete),
    ...(counterexample === undefined ? {} : { counterexample }),
  };
}

/** States to explore for one removal: its shortest counterexample needs at most a fifth of these. */
const REMOVAL_STATES_MAX = 1_500_000;

/** The same worlds with one safeguard taken out. The report has a counterexample, or the safeguard is not needed there. */
export function checkWithout(safeguard: keyof Safeguards, onProgress?: (progress: CheckProgress) => void): CheckReport {
  const safeguards = { ...allSafeguards, [safeguard]: false };
  const options = { safeguards, statesMax: REMOVAL_STATES_MAX, ...(onProgress === undefined ? {} : { onProgress }) };
  return checkProtocol({ ...options, ...(removalsShownBy[safeguard] ?? {}) });
}

/** What a removal is best shown by: the worst that it leads to. */
const removalsShownBy: Partial<Record<keyof Safeguards, Pick<CheckOptions, "worlds" | "wanted">>> = {
  durableHold: { wanted: ["two-writers"] },
  countFromSend: { wanted: ["two-writers"] },
  driftTerm: { wanted: ["two-writers"] },
  epochCheck: { wanted: ["two-writers"] },
  waitAfterRestart: { wanted: ["two-writers"] },
  allPromotable: { wanted: ["two-writers"] },
  // The member's own refusal to be promoted still stands: what is lost is that the record moves on under a writing primary.
  prepare: { wanted: ["acknowledged-after-advance"] },
  writable: { worlds: standardWorlds.filter(({ silence }) => silence), wanted: ["lease-kept-alive-by-the-fenced"] },
};

function scaledConfig(safeguards: Safeguards): LeaseConfig {
  return {
    timing: { ttlMs: 4, renewEveryMs: 1, callTimeoutMs: 0, holdMs: 4, drift: 1 / 3 },
    safeguards,
    pendingMax: 1,
  };
}
