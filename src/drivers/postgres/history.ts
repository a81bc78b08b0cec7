// Timelines: each promotion begins a new one, and its history file says where every earlier one was left.
// The fork of two servers is the position up to which both have the same log.
// File format: https://www.postgresql.org/docs/18/continuous-archiving.html#BACKUP-TIMELINES

import { type Lsn, parseLsn } from "./lsn.ts";

/** What led to a timeline, oldest first: `timeline` was in use up to `until`; the last one has no end. */
export type History = readonly { readonly timeline: number; readonly until: Lsn | undefined }[];

/** `content` is that of `NNNNNNNN.history`, empty for timeline 1. */
export function parseHistory(timeline: number, content: string): History {
  const past = content.split("\n").flatMap((line) => {
    const [id, until] = line.trim().split(/\s+/);
    if (id === undefined || until === undefined || !/^\d+$/.test(id)) return [];
    return [{ timeline: Number(id), until: parseLsn(until) }];
  });
  return [...past, { timeline, until: undefined }];
}

/** What two servers have in common: the timeline they last shared, and how far. `at` is undefined while neither has left it. */
type Fork = { readonly timeline: number; readonly at: Lsn | undefined };

/** Undefined when they have never had anything in common. */
export function forkOf(one: History, other: History): Fork | undefined {
  let fork: Fork | undefined;
  for (const [index, mine] of one.entries()) {
    const theirs = other[index];
    if (theirs === undefined || theirs.timeline !== mine.timeline) break;
    fork = { timeline: mine.timeline, at: earlier(mine.until, theirs.until) };
    // Where they left it at different places, nothing later can be shared.
    if (mine.until !== theirs.until) break;
  }
  return fork;
}

function earlier(one: Lsn | undefined, other: Lsn | undefined): Lsn | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one < other ? one : other;
}

/** The file that holds a timeline's history, in `pg_wal`. */
export function historyFileOf(timeline: number): string {
  return `${timeline.toString(16).toUpperCase().padStart(8, "0")}.history`;
}
