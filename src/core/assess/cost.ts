// What a system costs a month, as it is declared and under another pattern: the user's own figures for the services, the replicas that
// stand by, the catalog's share for a second copy of the data, and what is sent between regions at list prices. Storage of copies is not
// priced here: no list of its prices is at hand.

import type { AssessReport } from "../model/assess-report.ts";
import type { Pattern } from "../model/system.ts";
import { addedCostOfPattern } from "./anchors.ts";
import { standbyReplicas, surviveFactor } from "./capacity.ts";
import { type Ground, homeOf, type Item, isLive } from "./ground.ts";

export type PatternCost = {
  /** Cost of everything, as a multiple of one region alone. */
  readonly factor: number;
  /** In costs.currency; undefined where no service says what it costs. */
  readonly monthly?: number;
};

const daysPerMonth = 30;
const bytesPerGb = 1e9;
const dayMs = 86_400_000;

/** `assume` left out: as declared, group by group. */
export function patternCost(ground: Ground, assume?: Pattern): PatternCost {
  const stated = ground.items.some(({ service }) => service.costPerMonth !== undefined);
  let one = 0;
  let added = 0;
  for (const item of ground.items) {
    const weight = stated ? (item.service.costPerMonth ?? 0) : item.service.replicas.primary;
    one += weight;
    added += weight * addedShare(item, assume);
  }
  const factor = one === 0 ? 1 : 1 + added / one;
  if (!stated) return { factor };
  const sent = egressOf(ground).reduce((sum, term) => sum + term.monthly, 0);
  return { factor, monthly: one + added + sent };
}

/** What the other regions add for this service, as a share of what it costs in one. */
export function addedShare(item: Item, assume?: Pattern): number {
  const { group, places, type, service, method, holdsData } = item;
  const others = (group === undefined ? places.length : group.primary.length) - 1;
  if (others < 1 || places.length < 2 || type?.scope === "global") return 0;
  const pattern = assume ?? group?.pattern ?? "active-active";
  const considered = group !== undefined && pattern !== group.pattern;
  // What is deployed twice follows its pattern's size; a copy of data is as large as the data.
  if (holdsData && !(considered && method?.kind === "redeploy")) return others * dataShare(item, pattern, considered);
  const { primary, standby } = service.replicas;
  if (!considered) {
    if (primary > 1) return (others * standby) / primary;
    return standby === 0 ? 0 : others * (service.run === undefined ? (method?.costFactor.share ?? 1) : 1);
  }
  // Each of N regions carries its share of the load of the one that fails.
  if (pattern === "active-active") return surviveFactor(others + 1, 1) - 1;
  // One replica, as a manifest that says nothing has it, tells nothing of its size.
  if (primary === 1) return others * addedCostOfPattern[pattern];
  return (
    others *
    Math.max(
      standbyReplicas(service, pattern, false) / primary,
      pattern === "warm-standby" ? 0 : addedCostOfPattern[pattern],
    )
  );
}

function dataShare({ method, type, live }: Item, pattern: Pattern, considered: boolean): number {
  if (pattern === "backup-restore" || (considered && pattern === "passive-cold"))
    return addedCostOfPattern["backup-restore"];
  const chosen = live || !considered ? method : (type?.methods.find(isLive) ?? method);
  return chosen?.costFactor.share ?? addedCostOfPattern[pattern];
}

/** The report's `cost`: what is declared, term by term, the largest first. */
export function costOf(ground: Ground): AssessReport["cost"] {
  const currency = ground.system.costs?.currency ?? "USD";
  let primary = 0;
  let standby = 0;
  let stated = 0;
  for (const item of ground.items) {
    const { costPerMonth } = item.service;
    if (costPerMonth === undefined) continue;
    stated += 1;
    primary += costPerMonth;
    standby += costPerMonth * addedShare(item);
  }
  const silent = ground.items.length - stated;
  const terms = [
    ...(stated === 0
      ? []
      : [
          {
            what: `services in their primary region${silent === 0 ? "" : `, ${silent} of ${ground.items.length} without a stated cost`}`,
            monthly: primary,
          },
          { what: "the same services in the other regions", monthly: standby },
        ]),
    ...egressOf(ground),
  ];
  if (terms.length === 0) return { currency, terms };
  return {
    currency,
    ...(stated === 0 ? {} : { monthly: terms.reduce((sum, term) => sum + term.monthly, 0) }),
    terms: terms.sort((one, other) => other.monthly - one.monthly),
  };
}

/** Backup and restore from the copies that are given: nothing follows live, whatever the type's usual method would be. */
const isRestoredOnly = ({ group, service }: Item): boolean =>
  group?.pattern === "backup-restore" && service.copies !== undefined;

/**
 * Traffic between regions, by pair: what changes is sent to every replica, and to each copy what has changed since the one before; in full
 * where the manifest does not say how much changes.
 */
export function egressOf(ground: Ground): AssessReport["cost"]["terms"] {
  const gigabytes = new Map<string, number>();
  const add = (from: string, to: string, gb: number): void => {
    if (from === to || gb <= 0) return;
    const key = `${from} ${to}`;
    gigabytes.set(key, (gigabytes.get(key) ?? 0) + gb);
  };
  for (const item of ground.items) {
    const { volume } = item.service;
    const home = ground.regions.get(homeOf(item.group, item.places) ?? "")?.at;
    if (volume === undefined || home === undefined) continue;
    const changed = ((volume.changedBytesPerDay ?? 0) * daysPerMonth) / bytesPerGb;
    let from = home;
    for (const level of item.levels) {
      if (level.kind === "replica") {
        if (isRestoredOnly(item)) continue;
        add(home, level.at, changed);
        continue;
      }
      const since = ((volume.changedBytesPerDay ?? Number.POSITIVE_INFINITY) * level.gapSeconds) / (dayMs / 1_000);
      const copies = (daysPerMonth * dayMs) / 1_000 / level.gapSeconds;
      add(from, level.at, (Math.min(volume.bytes, since) * copies) / bytesPerGb);
      from = level.at;
    }
  }
  const currency = ground.system.costs?.currency ?? "USD";
  const taken = currency === "USD" ? "" : `, 1 USD taken as 1 ${currency}`;
  return [...gigabytes].flatMap(([key, gb]) => {
    const [from = "", to = ""] = key.split(" ");
    const price = ground.knowledge.egressPriceOf(from, to);
    if (price === undefined) return [];
    return [
      { what: `${Math.round(gb).toLocaleString("en")} GB from ${from} to ${to}${taken}`, monthly: gb * price.usdPerGb },
    ];
  });
}
