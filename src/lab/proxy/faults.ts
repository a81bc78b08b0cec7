// What every ordered pair of places does to the bytes that go from the first to the second. One live record per pair, so that a
// connection asks it at the moment it moves a byte, and a change takes hold at once, also of what is already on its way.

import { z } from "zod";

/** One order to the proxies. "*" stands for every place; a place never has a link to itself. */
export const faultOrder = z.object({
  from: z.string().min(1).max(64),
  to: z.string().min(1).max(64),
  kind: z.enum(["swallow", "refuse", "delay", "loss", "fail", "late", "heal"]),
  /** delay: milliseconds in this direction. late: milliseconds by which the answers of services come later. */
  ms: z.number().min(0).max(60_000).exactOptional(),
  /** loss: share of the chunks, 0 to 1. fail: share of the answers of services that are a failure instead. */
  share: z.number().min(0).max(1).exactOptional(),
});

export type FaultOrder = z.infer<typeof faultOrder>;

/** How one direction of one pair behaves now. Changed in place, read at each byte. */
export type Link = {
  readonly from: string;
  readonly to: string;
  silence: "none" | "swallow" | "refuse";
  delayMs: number;
  lossShare: number;
  /** Of the HTTP answers that services send in this direction: so many are a failure instead, and all come so much later. */
  failShare: number;
  lateMs: number;
};

export type FaultTable = {
  readonly links: readonly Link[];
  link(from: string, to: string): Link;
  /** Applies the order to every pair it names and returns those pairs; a sentence when it makes no sense. */
  apply(order: FaultOrder): readonly Link[] | string;
};

export function makeFaultTable(places: readonly string[], defaultDelayMs: number): FaultTable {
  const links: Link[] = places.flatMap((from) =>
    places
      .filter((to) => to !== from)
      .map(
        (to): Link => ({ from, to, silence: "none", delayMs: defaultDelayMs, lossShare: 0, failShare: 0, lateMs: 0 }),
      ),
  );
  const matches = (pattern: string, place: string): boolean => pattern === "*" || pattern === place;

  return {
    links,
    link(from, to) {
      const found = links.find((link) => link.from === from && link.to === to);
      if (found === undefined) throw new Error(`no link from ${from} to ${to}`);
      return found;
    },
    apply(order) {
      for (const name of [order.from, order.to]) {
        if (name !== "*" && !places.includes(name)) return `there is no place ${name}; there are ${places.join(", ")}`;
      }
      if ((order.kind === "delay" || order.kind === "late") && order.ms === undefined) return `${order.kind} needs ms`;
      if ((order.kind === "loss" || order.kind === "fail") && order.share === undefined)
        return `${order.kind} needs share`;
      const named = links.filter((link) => matches(order.from, link.from) && matches(order.to, link.to));
      if (named.length === 0) return "a place has no link to itself";
      for (const link of named) applyTo(link, order, defaultDelayMs);
      return named;
    },
  };
}

function applyTo(link: Link, order: FaultOrder, defaultDelayMs: number): void {
  switch (order.kind) {
    case "swallow":
    case "refuse":
      link.silence = order.kind;
      return;
    case "delay":
      link.delayMs = order.ms ?? defaultDelayMs;
      return;
    case "loss":
      link.lossShare = order.share ?? 0;
      return;
    case "fail":
      link.failShare = order.share ?? 0;
      return;
    case "late":
      link.lateMs = order.ms ?? 0;
      return;
    case "heal":
      link.silence = "none";
      link.delayMs = defaultDelayMs;
      link.lossShare = 0;
      link.failShare = 0;
      link.lateMs = 0;
      return;
    default:
      order.kind satisfies never;
  }
}
