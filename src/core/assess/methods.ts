// Which methods of a type are possible between these locations and with these settings, which only if something holds that nobody has
// said, which are ruled out and why. The first location is the source, all others are targets: a method is possible when it leads to every one
// of them. Linear in methods, requirements and locations; the same question is answered once.

import type { Bound, MethodVerdict, ServiceVerdict } from "../model/assess-report.ts";
import type { Group, GroupName, Region, RegionName, Service, System } from "../model/system.ts";
import type { Knowledge, MethodKnowledge, RegionKnowledge, ServiceKnowledge, Source } from "./knowledge.ts";
import { boundOf, recoveryPointOf, recoveryTimeOf, type Settings, settingsOf } from "./numbers.ts";
import { type Crossing, type Judgement, judge, nameOf, type Spot } from "./requirements.ts";

export type Against = { readonly why: string; readonly source: Source };

export type MethodFit = {
  readonly method: MethodKnowledge;
  /** if: all of `requires` has to be so, and neither manifest nor data say it. */
  readonly verdict: "possible" | "if" | "ruled-out";
  readonly requires: readonly string[];
  /** Why it is ruled out; empty otherwise. */
  readonly against: readonly Against[];
  /** What people should know although it works, such as a pair that leads one way only. */
  readonly notes: readonly string[];
  /** For each target by itself, in the order given. Empty with one location. */
  readonly to: readonly { readonly at: string; readonly verdict: MethodFit["verdict"]; readonly why?: string }[];
};

/** Answers kept per type; a manifest asks a few questions of each type, however many services it has. */
const rememberedMax = 5_000;
const remembered = new WeakMap<Knowledge, WeakMap<ServiceKnowledge, Remembered>>();

type Remembered = { readonly asks: readonly string[]; readonly answers: Map<string, readonly MethodFit[]> };

/**
 * `locations`: the source first; several of the same count once. With one location the answers say what the second would have to be, with
 * none what both would. In the order of the catalog.
 */
export function methodsFor(
  type: ServiceKnowledge,
  locations: readonly string[],
  settings: Settings,
  knowledge: Knowledge,
): readonly MethodFit[] {
  const ats = [...new Set(locations)];
  const ofKnowledge = gotten(remembered, knowledge, () => new WeakMap());
  const { asks, answers } = gotten(ofKnowledge, type, () => ({ asks: settingsAsked(type), answers: new Map() }));
  const key = JSON.stringify([ats, asks.map((name) => settings[name] ?? null)]);
  const known = answers.get(key);
  if (known !== undefined) return known;
  if (answers.size >= rememberedMax) answers.clear();
  const spots = ats.map((at) => ({ at, region: knowledge.regionOf(at) }));
  const fits = type.methods.map((method) => fitOf(type, method, spots, settings));
  answers.set(key, fits);
  return fits;
}

/** Only these make a difference, so only these tell two questions apart. */
function settingsAsked(type: ServiceKnowledge): readonly string[] {
  const requirements = type.methods.flatMap(({ requires }) => requires);
  return unique(requirements.flatMap((requirement) => (requirement.kind === "setting" ? [requirement.setting] : [])));
}

function fitOf(type: ServiceKnowledge, method: MethodKnowledge, spots: readonly Spot[], settings: Settings): MethodFit {
  const [source, ...targets] = spots;
  const crossings = (targets.length === 0 ? [undefined] : targets).map(
    (target): Crossing => ({ source, target, count: spots.length, settings }),
  );
  const each = crossings.map((crossing) => oneFit(type, method, crossing));
  const bad = each.filter(({ against }) => against.length > 0);
  const requires = unique(each.flatMap((fit) => fit.requires));
  const verdict = bad.length > 0 ? "ruled-out" : requires.length > 0 ? "if" : "possible";
  const to = targets.map(({ at }, index) => {
    const { against, requires: asked } = each[index] ?? nothing;
    const why = against[0]?.why;
    return {
      at,
      verdict: against.length > 0 ? ("ruled-out" as const) : asked.length > 0 ? ("if" as const) : ("possible" as const),
      ...(why === undefined ? {} : { why }),
    };
  });
  return {
    method,
    verdict,
    requires: verdict === "if" ? requires : [],
    against: againstAll(each, targets),
    notes: unique(each.flatMap(({ notes }) => notes)),
    to,
  };
}

type OneFit = {
  readonly requires: readonly string[];
  readonly against: readonly Against[];
  readonly notes: readonly string[];
};
const nothing: OneFit = { requires: [], against: [], notes: [] };

function oneFit(type: ServiceKnowledge, method: MethodKnowledge, crossing: Crossing): OneFit {
  const requires: string[] = [];
  const against: Against[] = [];
  const notes: string[] = [];
  const note = (judged: Judgement, why: string | undefined, source: Source): void => {
    if (judged.kind === "open") requires.push(judged.what);
    else if (judged.kind === "fails") {
      against.push({
        why: why === undefined ? sentence(judged.why) : `${sentence(judged.why)} ${sentence(why)}`,
        source,
      });
    } else if (judged.note !== undefined) notes.push(sentence(judged.note));
  };
  // A region of another provider has no pair, no geography and no list in which it could stand: nothing more to ask.
  const home = judgeProvider(type, method, crossing);
  note(home, undefined, method.source);
  if (home.kind === "fails") return { requires, against, notes };
  for (const requirement of method.requires) note(judge(requirement, crossing), requirement.why, requirement.source);
  return { requires, against, notes };
}

const providerNames: Readonly<Record<string, string>> = { azure: "Azure", aws: "AWS", gcp: "Google Cloud" };

/** A provider's type exists in that provider's regions. A method that leads anywhere has at least one end there, every other both. */
function judgeProvider(type: ServiceKnowledge, method: MethodKnowledge, { source, target }: Crossing): Judgement {
  const provider = type.id.slice(0, Math.max(0, type.id.indexOf("/")));
  const name = providerNames[provider];
  if (name === undefined || type.scope === "global") return { kind: "holds" };
  const spots = [source, target].flatMap((spot) => spot ?? []);
  const isAway = ({ at }: Spot): boolean => at !== "unknown" && !at.startsWith(`${provider}/`);
  const away = spots.filter(isAway);
  const [first] = away;
  if (first !== undefined && (method.between === "one-provider" || away.length === spots.length)) {
    return { kind: "fails", why: `${first.at} is not a region of ${name}` };
  }
  const inside = spots.filter((spot) => !isAway(spot));
  const [one, ...others] = inside.flatMap(({ region }) => region ?? []);
  const apart = others.find(({ partition }) => partition !== one?.partition);
  if (method.between === "one-provider" && one !== undefined && apart !== undefined) {
    return { kind: "fails", why: apartText(one, apart, name) };
  }
  const missing = inside.find(({ region }) => region === undefined);
  if (missing === undefined) return { kind: "holds" };
  return missing.at === "unknown"
    ? {
        kind: "open",
        what: `the region whose location is unknown is one of ${name}; until it is named this cannot be judged`,
      }
    : {
        kind: "open",
        what: `${missing.at} is a region of ${name}; nothing is known of it here, so this cannot be judged`,
      };
}

/** Accounts, keys and interfaces of two parts of a provider know nothing of each other. */
function apartText(one: RegionKnowledge, other: RegionKnowledge, provider: string): string {
  const part = ({ partition }: RegionKnowledge): string => partition ?? `the public part of ${provider}`;
  return `${nameOf(one.at)} belongs to ${part(one)} and ${nameOf(other.at)} to ${part(other)}, which share no accounts, keys or copies`;
}

/** What rules a method out for one target only is said of that target. */
function againstAll(each: readonly OneFit[], targets: readonly Spot[]): readonly Against[] {
  const bad = each.filter(({ against }) => against.length > 0).length;
  const found = new Map<string, Against>();
  for (const [index, { against }] of each.entries()) {
    for (const { why, source } of against) {
      const everywhere = bad === each.length && each.every((one) => one.against.some((other) => other.why === why));
      const at = targets[index]?.at;
      const said = everywhere || at === undefined || targets.length < 2 ? why : `Not to ${nameOf(at)}: ${why}`;
      if (!found.has(said)) found.set(said, { why: said, source });
    }
  }
  return [...found.values()];
}

/** What a verdict on a service needs to look up in its system. */
export type SystemMaps = {
  readonly regions: ReadonlyMap<RegionName, Region>;
  readonly groups: ReadonlyMap<GroupName, Group>;
};

export function systemMapsOf(system: System): SystemMaps {
  return {
    regions: new Map(system.regions.map((region) => [region.name, region])),
    groups: new Map(system.groups.map((group) => [group.name, group])),
  };
}

/** The regions a service is in: those of its group in the order of preference, then what else it names, in the manifest's order. */
export function regionsOfService(service: Service, { groups }: SystemMaps): readonly RegionName[] {
  const named = Object.keys(service.in);
  const preferred = service.group === undefined ? [] : (groups.get(service.group)?.primary ?? []);
  const present = new Set(named);
  const order = new Set(preferred.filter((region) => present.has(region)));
  for (const region of named) order.add(region);
  return [...order];
}

/** How this service exists in several regions: the method its manifest names, else its type's usual one. Undefined: there is no such method. */
export function chosenMethod(service: Service, type: ServiceKnowledge | undefined): MethodKnowledge | undefined {
  const wanted = service.replication?.method ?? type?.defaultMethod;
  return type?.methods.find((method) => method.id === wanted);
}

/** Every method of the service's type, for its own regions and settings. A type that the catalog does not have gives none. */
export function serviceVerdictOf(service: Service, maps: SystemMaps, knowledge: Knowledge): ServiceVerdict {
  const type = knowledge.serviceOf(service.type);
  const method = service.replication?.method ?? type?.defaultMethod;
  const head = { name: service.name, type: service.type, ...(method === undefined ? {} : { method }) };
  if (type === undefined) return { ...head, possible: [], ruledOut: [] };
  const possible: MethodVerdict[] = [];
  const ruledOut: { method: string; why: string; source: Source }[] = [];
  const { fits, settings } = fitsOfService(service, type, maps, knowledge);
  for (const fit of fits) {
    const { id, source } = fit.method;
    if (fit.verdict === "ruled-out") {
      const [first] = fit.against;
      const why = fit.against.map((one) => one.why).join(" ");
      ruledOut.push({ method: id, why, source: first?.source ?? source });
    } else {
      const mode = id === service.replication?.method ? service.replication.mode : fit.method.modes[0];
      possible.push({
        method: id,
        ...figuresOf(fit.method, mode, settings),
        ...(fit.requires.length === 0 ? {} : { requires: fit.requires }),
        source,
      });
    }
  }
  return { ...head, possible, ruledOut };
}

export type Barred = {
  /** Regions of the service to which its declared method cannot lead from the first one, each asked about by itself. */
  readonly regions: ReadonlySet<RegionName>;
  /** The first method that keeps a live copy and could lead there; undefined: none can. */
  readonly instead: MethodKnowledge | undefined;
};

const notBarred: Barred = { regions: new Set(), instead: undefined };

/** What the manifest counts on and does not have: a method that is ruled out puts nothing into the other region. */
export function barredOf(
  service: Service,
  type: ServiceKnowledge,
  maps: SystemMaps,
  knowledge: Knowledge,
  isLive: (method: MethodKnowledge) => boolean,
): Barred {
  const method = chosenMethod(service, type);
  const names = regionsOfService(service, maps).filter((name) => maps.regions.get(name)?.witness !== true);
  const [first] = names;
  if (method === undefined || first === undefined || names.length < 2) return notBarred;
  const atOf = (name: RegionName): string => maps.regions.get(name)?.at ?? "unknown";
  const fitsTo = (name: RegionName): readonly (readonly MethodFit[])[] =>
    [first, ...(service.in[name]?.settings === undefined ? [] : [name])].map((one) =>
      methodsFor(type, [atOf(first), atOf(name)], settingsOf(service, type, one), knowledge),
    );
  const leads = (name: RegionName, wanted: MethodKnowledge): boolean =>
    fitsTo(name).every((fits) => fits.find((fit) => fit.method === wanted)?.verdict !== "ruled-out");
  // Two zones of one region have a rule of their own.
  const others = names.slice(1).filter((name) => atOf(name) !== atOf(first));
  const regions = new Set(others.filter((name) => !leads(name, method)));
  if (regions.size === 0) return notBarred;
  const instead = type.methods.find((other) => isLive(other) && others.every((name) => leads(name, other)));
  return { regions, instead };
}

/** For the service's own regions; where its settings differ between them a method has to fit all of them. */
function fitsOfService(
  service: Service,
  type: ServiceKnowledge,
  maps: SystemMaps,
  knowledge: Knowledge,
): { readonly fits: readonly MethodFit[]; readonly settings: Settings } {
  const names = regionsOfService(service, maps).filter((name) => maps.regions.get(name)?.witness !== true);
  const ats = names.map((name) => maps.regions.get(name)?.at ?? "unknown");
  const own = names.filter((name) => service.in[name]?.settings !== undefined);
  const settings = settingsOf(service, type, names[0]);
  const fits = methodsFor(type, ats, settings, knowledge);
  if (own.length === 0) return { fits, settings };
  const others = names.slice(1).map((name) => methodsFor(type, ats, settingsOf(service, type, name), knowledge));
  return {
    fits: fits.map((fit, index) => others.reduce((all, other) => bothOf(all, other[index] ?? all), fit)),
    settings,
  };
}

function bothOf(a: MethodFit, b: MethodFit): MethodFit {
  const against = [...a.against, ...b.against.filter(({ why }) => !a.against.some((other) => other.why === why))];
  const requires = unique([...a.requires, ...b.requires]);
  const verdict = against.length > 0 ? "ruled-out" : requires.length > 0 ? "if" : "possible";
  return { ...a, verdict, against, requires: verdict === "if" ? requires : [] };
}

export type Figures = { readonly rpoSeconds?: Bound; readonly rtoSeconds?: Bound };

/** Seconds of a forced switch in this mode; the time of a planned one where the catalog has no other. Left out: no entry fits the settings. */
export function figuresOf(method: MethodKnowledge, mode: "async" | "sync" | undefined, settings: Settings): Figures {
  const point = recoveryPointOf(method, mode, settings);
  const time = recoveryTimeOf(method, "failover", settings) ?? recoveryTimeOf(method, "switchover", settings);
  return {
    ...(point === undefined ? {} : { rpoSeconds: boundOf(point) }),
    ...(time === undefined ? {} : { rtoSeconds: boundOf(time) }),
  };
}

function gotten<K extends object, V>(map: WeakMap<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}

/** Begins large and ends with a full stop; what is a name (a setting, a region) keeps its letters. */
function sentence(text: string): string {
  const begun = /^(the|it|no|nothing) /.test(text) ? `${text[0]?.toUpperCase()}${text.slice(1)}` : text;
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
