// How many runs of a job can fall into a gap.

import type { Trigger } from "../model/system.ts";

const dayMinutes = 1_440;

/**
 * At most so many runs of this trigger fall into a gap of so many seconds; undefined for triggers that somebody pulls. A recurrence is
 * taken by its minutes and hours, as if it ran every day: on the day it does run, that many may be missed.
 */
export function missedRuns(trigger: Trigger, gapSeconds: number): number | undefined {
  if (gapSeconds <= 0) return 0;
  if (trigger.kind === "polling") return Math.floor(gapSeconds / (trigger.everyMs / 1_000)) + 1;
  if (trigger.kind !== "recurrence") return undefined;
  if (!Number.isFinite(gapSeconds)) return gapSeconds;
  const times = timesOfDay(trigger.cron);
  if (times.length === 0) return undefined;
  const gap = gapSeconds / 60;
  const whole = Math.floor(gap / dayMinutes);
  const rest = gap - whole * dayMinutes;
  let most = 0;
  // Two pointers over the day and the next: how many lie in a window of `rest` that begins at one of them.
  let end = 0;
  for (const [start, from] of times.entries()) {
    end = Math.max(end, start);
    while (end < start + times.length && minuteAt(times, end) <= from + rest) end += 1;
    most = Math.max(most, end - start);
  }
  return whole * times.length + most;
}

function minuteAt(times: readonly number[], index: number): number {
  const time = times[index % times.length] ?? 0;
  return time + (index >= times.length ? dayMinutes : 0);
}

/** Minutes of the day at which a cron expression of five fields fires, or of six with seconds first. */
function timesOfDay(cron: string): readonly number[] {
  const fields = cron.trim().split(/\s+/);
  const [minutes = "*", hours = "*"] = fields.length === 6 ? fields.slice(1) : fields;
  const ofHour = valuesOf(minutes, 59);
  return valuesOf(hours, 23).flatMap((hour) => ofHour.map((minute) => hour * 60 + minute));
}

function valuesOf(field: string, max: number): readonly number[] {
  const chosen = new Set<number>();
  for (const part of field.split(",")) {
    const [range = "*", every = "1"] = part.split("/");
    const step = Math.max(1, Number.parseInt(every, 10) || 1);
    const [low, high] = range === "*" ? [0, max] : range.split("-").map(Number);
    const from = low ?? 0;
    // `5/10` means from 5 on, `5` means 5 alone.
    const to = high ?? (part.includes("/") ? max : from);
    for (let value = from; value <= Math.min(to, max); value += step) chosen.add(value);
  }
  return [...chosen].filter((value) => Number.isInteger(value) && value >= 0).sort((a, b) => a - b);
}
