// Regions: whether they are two at all, whether their pairing carries what relies on it, and where data may lie.

import type { Service } from "../../model/system.ts";
import { distanceKm } from "../distance.ts";
import type { Facts } from "../facts.ts";
import type { RegionKnowledge } from "../knowledge.ts";
import type { Rule, Said } from "../rule.ts";
import { guide, nonpaired, own, regionPairs } from "./sources.ts";

/** Every two regions of a group, the preferred one first. */
function pairsOf(facts: Facts): readonly (readonly [string, string])[] {
  const pairs = new Map<string, readonly [string, string]>();
  for (const group of facts.system.groups) {
    for (const [index, from] of group.primary.entries()) {
      for (const to of group.primary.slice(index + 1)) pairs.set(`${from} ${to}`, [from, to]);
    }
  }
  return [...pairs.values()];
}

export const placeRules: readonly Rule[] = [
  {
    id: "unknown-location",
    severity: "warning",
    title: "a region nobody has placed",
    why: "Which methods exist, how far the regions are from one another, who shares their fate and whether data may lie there all follow from the location. Where it is unknown nothing of that can be judged, so the verdict stays open.",
    mend: "Write `at: provider/region`, or `at: site/name` for a place of your own.",
    source: own("What follows from a location"),
    check: (facts) =>
      facts.system.regions.flatMap((region): readonly Said[] =>
        region.at === "unknown" || (facts.place(region.name) === undefined && !region.at.startsWith("site/"))
          ? [
              {
                path: ["regions", region.name, "at"],
                of: region.name,
                message:
                  region.at === "unknown"
                    ? `Where ${region.name} lies is not known, so nothing that follows from it can be judged.`
                    : `${region.at} is no region in Leeward's lists, so pairs, distances and residency of ${region.name} are not known.`,
                fix: "Write the location; `leeward catalog regions --from REGION` lists the known ones.",
              },
            ]
          : [],
      ),
  },
  {
    id: "zones-taken-for-regions",
    severity: "error",
    title: "several zones taken for several regions",
    why: "Availability zones protect against the loss of a data centre. They share the region's control plane, its network edge, its storage redundancy and often one city's power and water, so what takes the region takes all of them. Two entries at one location survive nothing that this product is for.",
    mend: "Put one of them into another region.",
    source: guide("Key takeaways, multi-AZ is not multi-region"),
    check: (facts) => {
      const seen = new Map<string, string>();
      return facts.system.regions.flatMap((region): readonly Said[] => {
        if (region.witness || region.at === "unknown") return [];
        const first = seen.get(region.at);
        if (first === undefined) {
          seen.set(region.at, region.name);
          return [];
        }
        return [
          {
            path: ["regions", region.name, "at"],
            of: region.name,
            message: `${first} and ${region.name} both lie in ${region.at}: two zones of one region, which is lost as a whole.`,
            fix: "Move one of them to another region; `leeward catalog regions --from` ranks them.",
          },
        ];
      });
    },
  },
  {
    id: "pair-one-way",
    severity: "warning",
    title: "a region pair that holds in one direction only",
    why: "Some regions are paired with a region that is paired with another, or with nobody. Storage that is geo-redundant in the first is copied to the second, and what is made in the second while it serves is not copied back. The way out exists, and the way home does not.",
    mend: "Plan the way back by a method that needs no pair, or choose a mutual pair.",
    source: regionPairs,
    check: (facts) =>
      pairsOf(facts).flatMap(([a, b]): readonly Said[] => {
        const [from, to] = [facts.place(a), facts.place(b)];
        if (from === undefined || to === undefined || from.provider !== "azure" || to.provider !== "azure") return [];
        const [out, back] = [from.pair === named(to), to.pair === named(from)];
        if (out === back || !leansOnPairs(facts, a, b)) return [];
        const [there, home] = out ? [a, b] : [b, a];
        return [
          {
            path: ["regions", home, "at"],
            of: home,
            message: `${there} is paired with ${home}, and ${home} is not paired with ${there}: what is written in ${home} is not copied back.`,
            fix: "Use a method that needs no pair for the way back; `leeward catalog show TYPE --from --to` lists them.",
          },
        ];
      }),
  },
  {
    id: "pair-missing",
    severity: "error",
    title: "a method that needs a region pair where there is none",
    why: "Geo-redundant storage, and every restore that rests on it, copies to the one region that the provider has paired, and to no other. Between any two other regions, and for the regions that have no pair, these methods do not exist; other methods do, and have to be set up.",
    mend: "Choose one of the methods that `leeward catalog show` lists as possible between these regions.",
    source: nonpaired("the list of services", "azure-storage"),
    check: (facts) =>
      facts.system.services.flatMap((service): readonly Said[] => {
        const method = facts.methodOf(service);
        const missing = missingPair(facts, service);
        if (method === undefined || missing === undefined) return [];
        const [first, broken] = missing;
        return [
          {
            service: service.name,
            path: ["services", service.name, "replication", "method"],
            message: `${method.name} of ${service.name} works only towards the paired region; ${named(first)} ${first.pair === undefined ? "has no pair, so nothing gets to" : `is paired with ${first.pair}, not with`} ${named(broken)}.`,
            fix: `Run \`leeward catalog show ${service.type} --from ${named(first)} --to ${named(broken)}\` for what is possible.`,
          },
        ];
      }),
  },
  {
    id: "regions-too-near",
    severity: "warning",
    title: "two regions near enough to share a disaster",
    why: "A storm, a flood, an earthquake or a grid that fails reaches a hundred kilometres and more. Regions should be apart from one another, and still near enough for the latency that replication can bear.",
    mend: "Choose a region further away; `leeward catalog regions --from` ranks them by distance and latency.",
    source: guide("Frequently asked questions, which regions"),
    check: (facts) =>
      pairsOf(facts).flatMap(([a, b]): readonly Said[] => {
        const km = distanceKm(facts.place(a), facts.place(b));
        if (km === undefined || km >= 150 || facts.region(a)?.at === facts.region(b)?.at) return [];
        return [
          {
            path: ["regions", b, "at"],
            of: b,
            message: `${a} and ${b} are about ${Math.round(km)} km apart, near enough to share a storm, a flood or a power grid.`,
            fix: "Choose a region further away, or accept this with a reason.",
          },
        ];
      }),
  },
  {
    id: "region-restricted",
    severity: "warning",
    title: "a region with restricted access",
    why: "Some regions are reserved for disaster recovery of customers of their pair, and capacity there has to be asked for. A switch is the wrong moment to ask.",
    mend: "Have access and quota granted now, and write down the case number.",
    source: regionPairs,
    check: (facts) =>
      facts.system.regions.flatMap((region): readonly Said[] =>
        facts.place(region.name)?.restricted === true
          ? [
              {
                path: ["regions", region.name, "at"],
                of: region.name,
                message: `${region.at} is open only to those who ask for access, and its capacity is smaller.`,
                fix: "Have access and quota confirmed before it is needed, and accept this with the date.",
              },
            ]
          : [],
      ),
  },
  {
    id: "residency",
    severity: "error",
    title: "data where it may not lie",
    why: "Replicas and backups are copies, and the law on where data may lie holds for each of them. A replica that a cloud sets up in the paired region can be in another country.",
    mend: "Move the replica or the backup into the allowed countries, or widen `objectives.residency` if that is right.",
    source: guide("Cross-region data consistency challenges, data residency"),
    check: (facts) => {
      const allowed = allowedCountries(facts);
      if (allowed === undefined) return [];
      const misplaced = (place: RegionKnowledge | undefined): boolean =>
        place?.country !== undefined && !allowed.has(place.country);
      return facts.system.services.flatMap((service): readonly Said[] => {
        const said: Said[] = [];
        if (facts.typeOf(service)?.holdsData === true) {
          for (const region of facts.regionsOf(service)) {
            const place = facts.place(region);
            if (!misplaced(place)) continue;
            said.push({
              service: service.name,
              path: ["services", service.name, "in", region],
              message: `Data of ${service.name} lies in ${region}, in ${place?.country}, and only ${facts.system.objectives.residency.join(", ")} ${facts.system.objectives.residency.length === 1 ? "is" : "are"} allowed.`,
              fix: "Keep it out of that region, or allow the country in `objectives.residency`.",
            });
          }
        }
        for (const [index, copy] of (service.copies ?? []).entries()) {
          const place = facts.place(copy.in) ?? facts.knowledge.regionOf(copy.in);
          if (!misplaced(place)) continue;
          said.push({
            service: service.name,
            path: ["services", service.name, "copies", index, "in"],
            message: `The copy ${copy.name} of ${service.name} lies in ${copy.in}, in ${place?.country}, and only ${facts.system.objectives.residency.join(", ")} ${facts.system.objectives.residency.length === 1 ? "is" : "are"} allowed.`,
            fix: "Keep the copy in an allowed country, or allow the country in `objectives.residency`.",
          });
        }
        return said;
      });
    },
  },
  {
    id: "residency-unknown",
    severity: "warning",
    title: "data in a country nobody has named",
    why: "Where a location's country is not known Leeward cannot say whether the data may lie there, and will not guess. Somebody has to look it up and write it down before the data is there.",
    mend: "Write the location as a known region, or check it yourself and accept the finding.",
    source: guide("Cross-region data consistency challenges, data residency"),
    check: (facts) => {
      if (allowedCountries(facts) === undefined) return [];
      const holders = new Set(
        facts.system.services
          .filter((service) => facts.typeOf(service)?.holdsData === true)
          .flatMap((service) => facts.regionsOf(service)),
      );
      return [...holders].flatMap((region): readonly Said[] =>
        facts.place(region)?.country === undefined
          ? [
              {
                path: ["regions", region, "at"],
                of: region,
                message: `In which country ${region} lies is not known, and data may lie only in ${facts.system.objectives.residency.join(", ")}.`,
                fix: "Check it, and accept the finding with what you found.",
              },
            ]
          : [],
      );
    },
  },
];

/** The first region of a service and one that is not its pair, where the declared method needs that; undefined: nothing is missing. */
export function missingPair(facts: Facts, service: Service): readonly [RegionKnowledge, RegionKnowledge] | undefined {
  if (facts.methodOf(service)?.requires.some((requirement) => requirement.kind === "paired") !== true) return undefined;
  const [first, ...others] = facts.regionsOf(service).map((region) => facts.place(region));
  if (first === undefined) return undefined;
  const broken = others.find((other) => other !== undefined && first.pair !== named(other));
  return broken === undefined ? undefined : [first, broken];
}

/** Whether anything that lies in both regions is copied by a method that needs the pair. */
function leansOnPairs(facts: Facts, a: string, b: string): boolean {
  return facts.system.services.some(
    (service) =>
      service.in[a] !== undefined &&
      service.in[b] !== undefined &&
      facts.methodOf(service)?.requires.some((requirement) => requirement.kind === "paired") === true,
  );
}

function allowedCountries(facts: Facts): ReadonlySet<string> | undefined {
  const { residency } = facts.system.objectives;
  if (residency.length === 0) return undefined;
  return new Set(residency.flatMap((code) => facts.knowledge.countriesOf(code) ?? [code]));
}

function named(place: RegionKnowledge): string {
  return place.at.split("/")[1] ?? place.at;
}
