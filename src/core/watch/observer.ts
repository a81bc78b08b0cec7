// What is known of a vantage itself: how much it loses while all is well, and whether it is well itself. A detector that is told too
// small a loss is wrong far more often than it says (five misses chosen for 1 % come once in 640 years at 1 %, every 78 days at 5 %), so
// loss is estimated all the time, and one that is unwell is believed less (Lifeguard's health multiplier).

import { coldStartLevel, coldStartLoss, lossAt, lossLevels } from "./scores.ts";

export type Observer = {
  /** Of its samples of healthy targets so many fail: exponentially weighted, within the bounds below. */
  readonly loss: number;
  /** The step of `lossLevels` that is used for it; moves with some reluctance. */
  readonly level: number;
  /** 0: well. Grows by one with each report in which it reached no control target, shrinks by one with each other. */
  readonly health: number;
  /** Most of the regions it looks at seem weak to it at once: then it is more likely itself. It has no vote on who is weak. */
  readonly unwell: boolean;
};

export const lossFloor = 0.000_5;
export const lossCeiling = 0.2;
/** As in Lifeguard. */
export const healthMax = 8;
/** The estimate rests on about so many samples, and on so many periods at least. */
const memorySamples = 4_000;
const memoryPeriods = 400;
/** A level is left upwards when the estimate is so far above it, downwards when it has come so near to the next lower one. */
const upAbove = 1.3;
const downBelow = 1.05;

export const newObserver: Observer = { loss: coldStartLoss, level: coldStartLevel, health: 0, unwell: false };

/** What a vantage saw of targets that proved healthy. `targets`: how many it looks at each period. */
export function learnLoss(
  before: Observer,
  seen: { readonly samples: number; readonly misses: number },
  targets: number,
): Observer {
  if (seen.samples === 0) return before;
  const memory = Math.max(memorySamples, memoryPeriods * targets);
  const kept = (1 - 1 / memory) ** seen.samples;
  const raw = before.loss * kept + (seen.misses / seen.samples) * (1 - kept);
  const loss = Math.min(lossCeiling, Math.max(lossFloor, raw));
  return { ...before, loss, level: nextLevel(before.level, loss) };
}

/** After a report: did it reach a control target, or have any answer at all? */
export function nextHealth(health: number, reached: boolean): number {
  return reached ? Math.max(0, health - 1) : Math.min(healthMax, health + 1);
}

/** A vantage that is unwell waits so many times longer before it calls a probe missed, and is taken to lose so many times more. */
export function patience(health: number): number {
  return 1 + health;
}

/** The level its samples are scored at now. */
export function levelOf({ level, health }: Observer): number {
  return health === 0 ? level : covering(patience(health) * Math.max(coldStartLoss, lossAt(level)));
}

function nextLevel(level: number, loss: number): number {
  if (loss > upAbove * lossAt(level)) return covering(loss / upAbove);
  return level > 0 && loss <= downBelow * lossAt(level - 1) ? level - 1 : level;
}

function covering(loss: number): number {
  const level = lossLevels.findIndex((one) => one >= loss);
  return level < 0 ? lossLevels.length - 1 : level;
}
