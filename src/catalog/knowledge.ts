// The world, as the assessment is told it: the catalog's types, the regions and what lies between them. Every look-up is a look-up in
// a map; a file is read when its first question comes, and never again.

import type { Knowledge, ServiceKnowledge } from "../core/assess/knowledge.ts";
import { countriesOf } from "./countries.ts";
import { roundTripOf } from "./latency.ts";
import { serviceTypeOf } from "./load.ts";
import { egressPriceOf } from "./prices.ts";
import { regionOf } from "./regions.ts";
import { asKnowledge, type ServiceType } from "./service-type.ts";

const told = new Map<ServiceType, ServiceKnowledge>();

/** One object per type for as long as the process lives, so that others may remember what they worked out for it. */
function serviceOf(id: string): ServiceKnowledge | undefined {
  const type = serviceTypeOf(id);
  if (type === undefined) return undefined;
  let known = told.get(type);
  if (known === undefined) {
    known = asKnowledge(type);
    told.set(type, known);
  }
  return known;
}

const world: Knowledge = { serviceOf, regionOf, roundTripOf, egressPriceOf, countriesOf };

/** Look-ups throw CatalogError when a file of this installation is missing or broken. */
export function knowledge(): Knowledge {
  return world;
}
