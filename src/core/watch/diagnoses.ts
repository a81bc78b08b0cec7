// The diagnosis table, applied. Rows are read from the top; a row that `covers` ends the search for its subject, so that one cause is told
// once. Adding a diagnosis is adding a row (region-rows.ts, service-rows.ts), its name in diagnosis.ts and a case in the test.

import type { RegionName } from "../model/system.ts";
import type { Diagnosis } from "./diagnosis.ts";
import type { Row, Subject } from "./diagnosis-row.ts";
import { availability } from "./diagnosis-words.ts";
import type { Facts, RegionFacts } from "./facts.ts";
import { regionRows } from "./region-rows.ts";
import { duration, list, plural } from "./sentence.ts";
import { serviceRows } from "./service-rows.ts";

/** All that holds at `facts.nowMs`. `before` gives what is still true its age. Every region has at least one diagnosis. */
export function diagnose(facts: Facts, before: readonly Diagnosis[]): readonly Diagnosis[] {
  const { nowMs } = facts;
  const found = [...storeAway(facts), ...facts.regions.flatMap((region) => ofRegion(region, nowMs))];
  return found.map((diagnosis) => {
    const old = before.find(
      (one) =>
        one.name === diagnosis.name &&
        one.region === diagnosis.region &&
        one.service === diagnosis.service &&
        one.partner === diagnosis.partner,
    );
    return old === undefined ? diagnosis : { ...diagnosis, sinceMs: old.sinceMs, seenAtMs: old.seenAtMs };
  });
}

function ofRegion(facts: RegionFacts, nowMs: number): readonly Diagnosis[] {
  const region = firstOf(regionRows, { facts, nowMs }, { region: facts.region });
  const covered = region.some((diagnosis) =>
    regionRows.some((row) => row.name === diagnosis.name && row.covers === "services"),
  );
  const services = covered
    ? []
    : facts.services.flatMap((service) =>
        firstOf(serviceRows, { facts: service, nowMs }, { region: facts.region, service: service.service.name }),
      );
  return region.length + services.length > 0 ? [...region, ...services] : [healthy(facts, nowMs)];
}

function firstOf<F>(
  rows: readonly Row<F>[],
  subject: Subject<F>,
  at: { readonly region: RegionName; readonly service?: string },
): readonly Diagnosis[] {
  const found: Diagnosis[] = [];
  for (const row of rows) {
    if (!row.when(subject)) continue;
    found.push({
      name: row.name,
      ...at,
      ...(row.partner === undefined ? {} : { partner: row.partner(subject.facts) }),
      severity: row.severity(subject.facts),
      sinceMs: row.sinceMs?.(subject) ?? subject.nowMs,
      seenAtMs: subject.nowMs,
      evidence: row.evidence(subject),
      sentence: row.sentence(subject),
    });
    if (row.covers !== "nothing") break;
  }
  return found;
}

function healthy(facts: RegionFacts, nowMs: number): Diagnosis {
  return {
    name: "healthy",
    region: facts.region,
    severity: "ok",
    sinceMs: nowMs,
    seenAtMs: nowMs,
    evidence: availability(facts.agent, facts.misses),
    sentence: `${facts.region} is healthy: ${list(facts.agent.fine)} ${plural(facts.agent.fine.length, "reaches", "reach")} it`,
  };
}

function storeAway({ store, controllerRegion, nowMs }: Facts): readonly Diagnosis[] {
  if (store.reachable) return [];
  const age = nowMs - store.sinceMs;
  return [
    {
      name: "store-away",
      region: controllerRegion,
      severity: "critical",
      sinceMs: store.sinceMs,
      seenAtMs: nowMs,
      evidence: { statistic: age, threshold: 0, vantages: [controllerRegion], sampleCount: 1, silentMs: age },
      sentence: `the store of the controller in ${controllerRegion} is away for ${duration(age)}${store.why === "" ? "" : ` (${store.why})`}: primaries go on by holds, nobody is promoted`,
    },
  ];
}
