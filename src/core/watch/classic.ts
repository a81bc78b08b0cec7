// The classic rule beside the bank: n failures in a row and it is down, m successes in a row and it is up, by a share of the vantages.
// For those who want what they know; presets are what the clouds' own health checks do. I2 holds here too: failures count only from a
// vantage that reaches a control target, and without a quorum that can judge nothing is called down.

import type { WatchMode } from "../model/system.ts";

export type ClassicPreset = NonNullable<Extract<WatchMode, { readonly mode: "classic" }>["preset"]>;

export type ClassicRules = {
  /** Failures in a row at one vantage. */
  readonly down: number;
  /** Successes in a row there. */
  readonly up: number;
  /** Instead of rows: of the newest `size` probes so many have to be good, in any order. */
  readonly window?: { readonly size: number; readonly good: number };
  /** The target is up while more than this share of the vantages say so. */
  readonly healthyAbove: number;
};

export type PresetFacts = ClassicRules & {
  readonly name: ClassicPreset;
  readonly product: string;
  /** What that product probes at unless told otherwise; here `control.probeEvery` decides. */
  readonly everyMs: number;
  readonly timeoutMs: number;
  /** What differs here, and what is not published. */
  readonly note: string;
  readonly source: { readonly title: string; readonly url: string; readonly asOf: string };
};

const majority = 0.5;

export const presets: readonly PresetFacts[] = [
  {
    name: "route53",
    product: "Amazon Route 53",
    down: 3,
    up: 3,
    healthyAbove: 0.18,
    everyMs: 30_000,
    timeoutMs: 6_000,
    note: "the same number both ways; healthy while more than 18 % of the checkers say so; 4 s to connect and 2 s for the reply; every 10 s as an option",
    source: {
      title: "How Amazon Route 53 determines whether a health check is healthy",
      url: "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html",
      asOf: "2026-11",
    },
  },
  {
    name: "traffic-manager",
    product: "Azure Traffic Manager",
    down: 4,
    up: 1,
    healthyAbove: majority,
    everyMs: 30_000,
    timeoutMs: 10_000,
    note: "three failures are tolerated, the fourth counts; one success restores; how its probe regions vote is not published, so a majority here",
    source: {
      title: "Azure Traffic Manager endpoint monitoring",
      url: "https://learn.microsoft.com/azure/traffic-manager/traffic-manager-monitoring",
      asOf: "2018",
    },
  },
  {
    name: "front-door",
    product: "Azure Front Door",
    down: 2,
    up: 3,
    window: { size: 4, good: 3 },
    healthyAbove: majority,
    everyMs: 30_000,
    timeoutMs: 30_000,
    note: "three of the newest four samples have to be good; there each edge location decides for itself, here a majority of the vantages; the timeout is not published",
    source: {
      title: "Azure Front Door health probes",
      url: "https://learn.microsoft.com/azure/frontdoor/health-probes",
      asOf: "2025-01",
    },
  },
  {
    name: "cloud-dns",
    product: "Google Cloud DNS",
    down: 2,
    up: 2,
    // Two of three that fail leave one third.
    healthyAbove: majority,
    everyMs: 30_000,
    timeoutMs: 5_000,
    note: "fails when two of its three source regions see it fail; the counts are configurable there, two of each are taken here; the timeout is not published",
    source: {
      title: "Cloud DNS routing policies and health checks",
      url: "https://cloud.google.com/dns/docs/routing-policies-overview",
      asOf: "2026-11",
    },
  },
];

export type ClassicMode = Extract<WatchMode, { readonly mode: "classic" }>;

/** Without a preset: three down, two up, by a majority. What is stated overrules the preset, and a window with it. */
export function classicRules({ preset, down, up }: ClassicMode): ClassicRules {
  const facts = presets.find((one) => one.name === preset);
  const base: ClassicRules = facts ?? { down: 3, up: 2, healthyAbove: majority };
  const window = down === undefined && up === undefined ? base.window : undefined;
  return {
    down: down ?? base.down,
    up: up ?? base.up,
    healthyAbove: base.healthyAbove,
    ...(window === undefined ? {} : { window }),
  };
}

/** What one vantage says after its newest counted sample. `recent`: newest bit lowest, 1 is an answer. */
export function classicVerdict(
  rules: ClassicRules,
  before: "up" | "down",
  seen: { readonly misses: number; readonly answers: number; readonly recent: number; readonly counted: number },
): "up" | "down" {
  if (rules.window !== undefined) {
    const { size, good } = rules.window;
    if (seen.counted < size) return before;
    let answers = 0;
    for (let bit = 0; bit < size; bit += 1) answers += (seen.recent >>> bit) & 1;
    return answers >= good ? "up" : "down";
  }
  if (seen.misses >= rules.down) return "down";
  return seen.answers >= rules.up ? "up" : before;
}
