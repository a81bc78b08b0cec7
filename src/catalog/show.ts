// What `leeward catalog show` answers about one type, as data: each method with its verdict for these locations and settings, its figures,
// its price and its way out and back. The names of the keys are read by others; seconds that nobody bounds are Infinity here, null in JSON.

import { distanceKm } from "../core/assess/distance.ts";
import type {
  Claim,
  ControlPlane,
  Disagreement,
  Knowledge,
  MethodKnowledge,
  ServiceKnowledge,
  Source,
  SwitchStep,
} from "../core/assess/knowledge.ts";
import { figuresOf, type MethodFit, methodsFor } from "../core/assess/methods.ts";
import type { Settings } from "../core/assess/numbers.ts";
import type { Bound } from "../core/model/assess-report.ts";
import type { RoundTrip } from "./latency.ts";
import { warningsOf } from "./rank.ts";
import { regionOf } from "./regions.ts";

export type MethodAnswer = {
  readonly id: string;
  readonly name: string;
  /** True as well where it is only possible if `requires` holds. */
  readonly possible: boolean;
  readonly verdict: MethodFit["verdict"];
  readonly why?: string;
  /** Of the first mode. */
  readonly rpoSeconds?: Bound;
  readonly rtoSeconds?: Bound;
  readonly loses?: readonly string[];
  readonly requires?: readonly string[];
  readonly notes?: readonly string[];
  readonly source: Source;
  /** Taken when a manifest names none. */
  readonly usual: boolean;
  readonly kind: MethodKnowledge["kind"];
  readonly modes: MethodKnowledge["modes"];
  readonly directions: MethodKnowledge["directions"];
  readonly readableTarget: boolean;
  readonly consistency: string;
  readonly startedBy: MethodKnowledge["startedBy"];
  /** The entries that the settings do not contradict. */
  readonly rpo: MethodKnowledge["rpo"];
  readonly rto: MethodKnowledge["rto"];
  readonly constraints: readonly Claim[];
  readonly dependsOn: readonly ControlPlane[];
  readonly costFactor: MethodKnowledge["costFactor"];
  readonly switch: { readonly out: readonly SwitchStep[]; readonly back: readonly SwitchStep[] };
  /** Target by target, where there are several. */
  readonly to?: MethodFit["to"];
};

export type WayAnswer = {
  readonly to: string;
  readonly roundTrip?: RoundTrip;
  readonly km?: number;
  readonly warnings: readonly string[];
};

export type ShowAnswer = {
  readonly version: 1;
  readonly type: string;
  readonly name: string;
  readonly area: ServiceKnowledge["area"];
  readonly scope: ServiceKnowledge["scope"];
  readonly reach: ServiceKnowledge["reach"];
  readonly holdsData: boolean;
  readonly from?: string;
  readonly to: readonly string[];
  readonly summary: string;
  /** What was given, on top of what the type takes for granted. */
  readonly settings: Settings;
  readonly asksFor: ServiceKnowledge["settings"];
  readonly controlPlane?: ControlPlane;
  /** How far the targets are, where that is known. */
  readonly ways: readonly WayAnswer[];
  readonly methods: readonly MethodAnswer[];
  readonly facts: readonly Claim[];
  readonly disagreements: readonly Disagreement[];
};

/** `locations`: the source first; may be empty. */
export function showType(
  type: ServiceKnowledge,
  locations: readonly string[],
  given: Settings,
  knowledge: Knowledge,
): ShowAnswer {
  const settings = { ...defaultsOf(type), ...given };
  const fits = methodsFor(type, locations, settings, knowledge);
  const [from, ...to] = locations;
  return {
    version: 1,
    type: type.id,
    name: type.name,
    area: type.area,
    scope: type.scope,
    reach: type.reach,
    holdsData: type.holdsData,
    ...(from === undefined ? {} : { from }),
    to,
    summary: summaryOf(type, from, to, fits),
    settings,
    asksFor: type.settings,
    ...(type.controlPlane === undefined ? {} : { controlPlane: type.controlPlane }),
    ways: waysOf(from, to, knowledge),
    methods: fits.map((fit) => answerOf(fit, type, settings)),
    facts: type.facts,
    disagreements: type.disagreements,
  };
}

/** What a type takes for granted where nobody says. */
export function defaultsOf(type: ServiceKnowledge): Settings {
  return Object.fromEntries(
    Object.entries(type.settings).flatMap(([name, { default: value }]) => (value === undefined ? [] : [[name, value]])),
  );
}

function answerOf(fit: MethodFit, type: ServiceKnowledge, settings: Settings): MethodAnswer {
  const { method, verdict, against, requires, notes, to } = fit;
  const may = (when: Settings | undefined): boolean =>
    Object.entries(when ?? {}).every(([name, value]) => settings[name] === undefined || settings[name] === value);
  return {
    id: method.id,
    name: method.name,
    possible: verdict !== "ruled-out",
    verdict,
    ...(against.length === 0 ? {} : { why: against.map(({ why }) => why).join(" ") }),
    ...(verdict === "ruled-out" ? {} : figuresOf(method, method.modes[0], settings)),
    ...(method.loses.length === 0 ? {} : { loses: method.loses.map(({ what }) => what) }),
    ...(requires.length === 0 ? {} : { requires }),
    ...(notes.length === 0 ? {} : { notes }),
    // Where it is ruled out, the page that rules it out says more than the one that describes it.
    source: against[0]?.source ?? method.source,
    usual: method.id === type.defaultMethod,
    kind: method.kind,
    modes: method.modes,
    directions: method.directions,
    readableTarget: method.readableTarget,
    consistency: method.consistency,
    startedBy: method.startedBy,
    rpo: method.rpo.filter(({ when }) => may(when)),
    rto: method.rto.filter(({ when }) => may(when)),
    constraints: method.constraints,
    dependsOn: method.dependsOn,
    costFactor: method.costFactor,
    switch: method.switch,
    ...(to.length < 2 ? {} : { to }),
  };
}

const usualWords: Readonly<Record<MethodFit["verdict"], string>> = {
  possible: "among the possible ones",
  if: "among those with an if",
  "ruled-out": "ruled out",
};

/** The way to each target: how far, how long, and what speaks against the region itself. */
function waysOf(from: string | undefined, to: readonly string[], knowledge: Knowledge): readonly WayAnswer[] {
  const source = from === undefined ? undefined : regionOf(from);
  if (source === undefined) return [];
  return to.flatMap((at) => {
    const target = regionOf(at);
    if (target === undefined) return [];
    const roundTrip = knowledge.roundTripOf(source.at, at);
    const km = distanceKm(source, target);
    return {
      to: at,
      ...(roundTrip === undefined ? {} : { roundTrip }),
      ...(km === undefined ? {} : { km: Math.round(km) }),
      warnings: warningsOf(target, roundTrip, km),
    };
  });
}

function summaryOf(
  type: ServiceKnowledge,
  from: string | undefined,
  to: readonly string[],
  fits: readonly MethodFit[],
): string {
  const count = (verdict: MethodFit["verdict"]): number => fits.filter((fit) => fit.verdict === verdict).length;
  const [possible, conditional, out] = [count("possible"), count("if"), count("ruled-out")];
  const way =
    from === undefined
      ? type.name
      : `${type.name} ${to.length === 0 ? `in ${from}` : `from ${from} to ${to.join(" and ")}`}`;
  if (possible + conditional === 0)
    return `${way}: no method leads there, ${out === 1 ? "the only one is" : `all ${out} are`} ruled out.`;
  if (fits.length === 1)
    return `${way}: the only method is possible${conditional === 0 ? "" : " if something holds that nobody has said"}.`;
  const usual = fits.find(({ method }) => method.id === type.defaultMethod);
  const all = `of ${fits.length} methods`;
  const be = (some: number): string => (some === 1 ? "is" : "are");
  const parts = [
    ...(possible === 0 ? [] : [`${possible} ${all} ${be(possible)} possible`]),
    ...(conditional === 0
      ? []
      : [
          `${possible === 0 ? `${conditional} ${all} ${be(conditional)} possible` : `${conditional} more`} if something holds that nobody has said`,
        ]),
    ...(out === 0 ? [] : [`${out} ${be(out)} ruled out`]),
  ];
  const about = usual === undefined ? "" : ` The usual one, ${usual.method.id}, is ${usualWords[usual.verdict]}.`;
  return `${way}: ${parts.join(", ")}.${about}`;
}
