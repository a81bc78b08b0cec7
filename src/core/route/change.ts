// What a new configuration means for what is going on.
//
// I5. A group's record of a lower generation or a lower epoch than the one in force changes nothing, whatever else it came with.
// I1. A write window is only ever what the newest answer gives for the record in force. An answer that gives none shuts it, even one
//     that is otherwise left aside: the agent counts on that when it says that its router can acknowledge nothing more.
// I7. A group that a configuration does not mention keeps its last record: an agent that has just started knows less than we do.

import type { GroupRoute, RouteConfig } from "./config.ts";

export type GroupChange = {
  readonly group: string;
  readonly from: GroupRoute | undefined;
  readonly to: GroupRoute;
  /** Work handed on under a lower epoch is dropped and its sessions are closed, now. */
  readonly dropBelowEpoch: number | undefined;
  readonly why: string;
};

export type Merged = {
  readonly config: RouteConfig;
  /** Groups whose epoch, primary or mode is another than before. A moved `writeUntil` alone is not listed. */
  readonly changes: readonly GroupChange[];
  /** Groups whose offered record was older than ours and was left aside, as sentences. */
  readonly ignored: readonly string[];
  /** Is there anything new besides `writeUntil` and the serial, so that it is worth keeping? */
  readonly worthKeeping: boolean;
};

/** Takes `next` over as far as it is not older than what is in force. */
export function mergeConfig(before: RouteConfig | undefined, next: RouteConfig): Merged {
  const ignored: string[] = [];
  const changes: GroupChange[] = [];
  const groups = new Map((before?.groups ?? []).map((group) => [group.group, group]));
  for (const [name, held] of groups) groups.set(name, withoutWindow(held));
  for (const offered of next.groups) {
    const held = groups.get(offered.group);
    const older = held === undefined ? undefined : olderIn(held, offered);
    if (older !== undefined) {
      ignored.push(older);
      continue;
    }
    groups.set(offered.group, offered);
    const change = changeOf(held, offered);
    if (change !== undefined) changes.push(change);
  }
  const config = { ...next, groups: [...groups.values()] };
  const worthKeeping = before === undefined || lasting(before) !== lasting(config);
  return { config, changes, ignored, worthKeeping };
}

/** The configuration as it may outlive the process: without `writeUntil`, which only a living agent may give. */
export function withoutWindows(config: RouteConfig): RouteConfig {
  return { ...config, groups: config.groups.map(withoutWindow) };
}

function withoutWindow({ writeUntil: _, ...rest }: GroupRoute): GroupRoute {
  return rest;
}

function lasting(config: RouteConfig): string {
  return JSON.stringify({ ...withoutWindows(config), serial: 0 });
}

function olderIn(held: GroupRoute, offered: GroupRoute): string | undefined {
  if (offered.generation >= held.generation && offered.epoch >= held.epoch) return undefined;
  return (
    `left aside for ${held.group}: generation ${offered.generation} of epoch ${offered.epoch}, ` +
    `because generation ${held.generation} of epoch ${held.epoch} is in force`
  );
}

function changeOf(from: GroupRoute | undefined, to: GroupRoute): GroupChange | undefined {
  const base = { group: to.group, from, to };
  if (from === undefined || from.epoch !== to.epoch || from.primary !== to.primary) {
    return { ...base, dropBelowEpoch: to.epoch, why: `${to.group} is served in ${to.primary} under epoch ${to.epoch}` };
  }
  if (from.mode === to.mode) return undefined;
  const why =
    to.mode === "hold"
      ? `${to.group}: new requests wait while a switch is under way`
      : `${to.group}: waiting requests go on to ${to.primary}, epoch ${to.epoch}`;
  return { ...base, dropBelowEpoch: undefined, why };
}
