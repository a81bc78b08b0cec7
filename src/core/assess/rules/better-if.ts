// A figure that misses an objective may only be the worse of several because the manifest leaves a setting out. Then the shortest way
// to the truth is to write the setting, and which one is said here.

import type { Loss, Term } from "../../model/assess-report.ts";
import type { Service, Setting } from "../../model/system.ts";
import { short } from "../detection.ts";
import type { Facts } from "../facts.ts";
import type { RecoveryPoint, RecoveryTime } from "../knowledge.ts";
import { boundOf, recoveryPointOf, recoveryTimeOf, settingsOf } from "../numbers.ts";

type Figure = RecoveryPoint | RecoveryTime;

/** One sentence, or undefined: no setting that is left out would make the term that breaks the objective better. */
export function betterIf(facts: Facts, loss: Loss, objective: string, brokenTerm: string): string | undefined {
  const terms = objective === "rto" ? loss.rtoTerms : loss.rpoTerms;
  const term = terms.find(({ what }) => what === brokenTerm);
  const service = term?.service === undefined ? undefined : facts.service(term.service);
  if (term === undefined || service === undefined) return undefined;
  const best = bestLeftOpen(figuresOf(facts, service, objective), term, settingsHere(facts, service));
  if (best === undefined) return undefined;
  const open = Object.entries(best.when ?? {}).filter(([name]) => settingsHere(facts, service)[name] === undefined);
  const written = open.map(([name, value]) => `${name}: ${String(value)}`).join(", ");
  const worst = boundOf(best).worst;
  return `If it is so, write \`settings: { ${written} }\` at ${service.name}: then it is ${short(worst)} at worst.`;
}

type Figures = { readonly taken: Figure | undefined; readonly all: readonly Figure[] };

function figuresOf(facts: Facts, service: Service, objective: string): Figures {
  const method = facts.methodOf(service);
  if (method === undefined) return { taken: undefined, all: [] };
  const settings = settingsHere(facts, service);
  if (objective === "rto") {
    return {
      taken: recoveryTimeOf(method, "failover", settings),
      all: method.rto.filter((entry) => entry.of === "failover"),
    };
  }
  const mode = service.replication?.mode;
  return {
    taken: recoveryPointOf(method, mode, settings),
    all: method.rpo.filter((entry) => entry.mode === undefined || mode === undefined || entry.mode === mode),
  };
}

function bestLeftOpen({ taken, all }: Figures, term: Term, settings: Readonly<Record<string, Setting>>) {
  // Another figure than the method's, such as one that the manifest states, does not depend on its settings.
  if (taken === undefined || boundOf(taken).worst !== term.seconds.worst) return undefined;
  let best: Figure | undefined;
  for (const entry of all) {
    const conditions = Object.entries(entry.when ?? {});
    const isOpen = conditions.some(([name]) => settings[name] === undefined);
    const contradicts = conditions.some(([name, value]) => settings[name] !== undefined && settings[name] !== value);
    if (!isOpen || contradicts) continue;
    if (boundOf(entry).worst < boundOf(best ?? taken).worst) best = entry;
  }
  return best;
}

function settingsHere(facts: Facts, service: Service): Readonly<Record<string, Setting>> {
  return settingsOf(service, facts.typeOf(service), facts.group(service)?.primary[0]);
}
