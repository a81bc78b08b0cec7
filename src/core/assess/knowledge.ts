// What the assessment is told about the world: service types and their methods, regions and the distances between them. The catalog
// makes it from its data files; everything here is plain data, and every claim in it names its source and the day it held.

import type { Setting } from "../model/system.ts";
import type { MethodSteps } from "../plan/method.ts";

export type Source = { readonly title: string; readonly url?: string; readonly asOf: string };

/** Something a source says, in our own words. */
export type Claim = { readonly what: string; readonly source: Source };

/**
 * How a figure is known. published: the vendor's documentation gives it as the method's figure. typical: the vendor calls it usual, not
 * promised. sla: a contract pays if it is missed. class: only an order of magnitude is known ("minutes", "hours"). measured: on our lab.
 * estimated: ours, from the steps.
 */
export type Basis = "published" | "typical" | "sla" | "class" | "measured" | "estimated";

export type Area =
  | "data"
  | "cache"
  | "messaging"
  | "storage"
  | "compute"
  | "workflow"
  | "network"
  | "routing"
  | "security"
  | "observability"
  | "delivery"
  | "protection";

/** Where something has to be up: the region that is left, the one that takes over, everywhere at once, or one fixed place. */
export type Where = "source-region" | "target-region" | "global" | `${string}/${string}`;

/** An interface that must answer for something to be changed or switched. */
export type ControlPlane = { readonly what: string; readonly where: Where; readonly source: Source };

export type SettingKnowledge = {
  readonly what: string;
  /** The allowed values; left out: any number, or any text. */
  readonly values?: readonly Setting[];
  /** Taken when a manifest does not say. Left out: then it is unknown, and what depends on it is "if". */
  readonly default?: Setting;
};

/**
 * Something that must hold for a method to be possible between two regions. `source` and `target` are regions of one provider; a method
 * of a provider's type never leaves that provider, nor its `partition`, unless its file says `between: any`.
 */
export type Requirement = { readonly why: string; readonly source: Source } & (
  | { readonly kind: "paired" }
  | { readonly kind: "same-geography" }
  | { readonly kind: "same-region-group" }
  /** Only these [from, to]; `bothWays` when the list stands for both directions. */
  | {
      readonly kind: "listed-pairs";
      readonly pairs: readonly (readonly [string, string])[];
      readonly bothWays: boolean;
    }
  /** Only in these regions (their names without the provider). */
  | { readonly kind: "regions"; readonly side: "source" | "target" | "both"; readonly only: readonly string[] }
  | { readonly kind: "not-regions"; readonly side: "source" | "target" | "both"; readonly except: readonly string[] }
  /** A setting has one of these values (`is`), or none of those (`not`). */
  | {
      readonly kind: "setting";
      readonly setting: string;
      readonly is?: readonly Setting[];
      readonly not?: readonly Setting[];
    }
  | { readonly kind: "zones"; readonly side: "source" | "target" | "both" }
  /** The account has to have switched the region on. Open for regions that are off until then, fulfilled for all others. */
  | { readonly kind: "enabled"; readonly side: "source" | "target" | "both" }
  /** Source included. */
  | { readonly kind: "max-regions"; readonly count: number }
  /** The region is one the method can be used in at all is not known from data: it stays "to verify". */
  | { readonly kind: "to-verify"; readonly what: string }
);

/** What may be lost, in seconds of acknowledged work. Meaning of `kind` as in catalog/service-type.ts. */
export type RecoveryPoint = {
  readonly mode?: "async" | "sync";
  /** Only when these settings have these values. The first entry that fits is taken. */
  readonly when?: Readonly<Record<string, Setting>>;
  readonly kind: "zero" | "bounded" | "unbounded";
  readonly basis: Basis;
  readonly expectedSeconds?: number;
  readonly worstSeconds?: number;
  readonly why: string;
  readonly source: Source;
};

/** From the decision to the first write on the other side; detection and routing come on top. */
export type RecoveryTime = {
  readonly of: "switchover" | "failover" | "re-protect";
  readonly when?: Readonly<Record<string, Setting>>;
  readonly basis: Basis;
  readonly expectedSeconds: number;
  readonly worstSeconds?: number;
  /** Nobody bounds it: there is no worst figure. */
  readonly unbounded?: true;
  readonly why: string;
  readonly source: Source;
};

/** One step of the way out or back, as a person or a driver does it. */
export type SwitchStep = {
  readonly what: string;
  readonly phase: "check" | "fence" | "data" | "compute" | "jobs" | "traffic" | "verify" | "re-protect";
  readonly by: "customer" | "provider" | "leeward";
  /** The command or operation that does it, e.g. `az sql failover-group set-primary`. */
  readonly call?: string;
  /** Whose answer it needs. Left out: nobody's, as for what the provider does by itself. */
  readonly needs?: Where;
  readonly expectedSeconds: number;
};

export type MethodKind =
  /** A live copy follows. */
  | "replication"
  /** Several regions take writes. */
  | "multi-write"
  /** A tool copies now and then. */
  | "copy"
  /** Restored from a backup. */
  | "backup"
  /** Made anew from templates or source control; carries no data. */
  | "redeploy"
  /** The provider runs it everywhere already. */
  | "global";

export type MethodKnowledge = {
  readonly id: string;
  readonly name: string;
  readonly kind: MethodKind;
  readonly modes: readonly ("async" | "sync")[];
  /** "any": may also lead to another provider or to a place of one's own. */
  readonly between: "one-provider" | "any";
  readonly requires: readonly Requirement[];
  readonly directions: "one-way" | "two-way";
  readonly readableTarget: boolean;
  readonly consistency: string;
  readonly startedBy: "customer" | "provider" | "either" | "nobody";
  readonly rpo: readonly RecoveryPoint[];
  readonly rto: readonly RecoveryTime[];
  readonly constraints: readonly Claim[];
  readonly loses: readonly Claim[];
  readonly dependsOn: readonly ControlPlane[];
  /** What the second region costs, as a share of the first. */
  readonly costFactor: { readonly share: number; readonly why: string; readonly source: Source };
  readonly switch: { readonly out: readonly SwitchStep[]; readonly back: readonly SwitchStep[] };
  /** What agents execute, where a driver exists. */
  readonly steps?: MethodSteps;
  readonly source: Source;
};

/** Two sources that do not agree; `newer` is what the entry follows. */
export type Disagreement = { readonly about: string; readonly older: Claim; readonly newer: Claim };

export type ServiceKnowledge = {
  readonly id: string;
  readonly name: string;
  readonly area: Area;
  /** What one instance spans. A global one is in no region of the manifest. */
  readonly scope: "zonal" | "regional" | "global";
  /** own-region: another region's services cannot use this instance (a connection, a gateway resource, an integration account). */
  readonly reach: "own-region" | "any-region";
  readonly holdsData: boolean;
  readonly templates: {
    readonly arm: readonly string[];
    readonly cloudFormation: readonly string[];
    readonly terraform: readonly string[];
    readonly kubernetes: readonly string[];
  };
  readonly settings: Readonly<Record<string, SettingKnowledge>>;
  /** What must answer to create or change one. */
  readonly controlPlane: ControlPlane | undefined;
  readonly defaultMethod: string;
  readonly methods: readonly MethodKnowledge[];
  readonly facts: readonly Claim[];
  readonly disagreements: readonly Disagreement[];
};

export type RegionKnowledge = {
  /** `provider/region`. */
  readonly at: string;
  readonly name: string;
  readonly provider: "azure" | "aws" | "gcp" | "site";
  /** What the provider calls a geography: data stays inside it. */
  readonly geography?: string;
  readonly geographyGroup?: string;
  /** ISO 3166 code of the country, where known. */
  readonly country?: string;
  readonly continent?: string;
  readonly latitude?: number;
  readonly longitude?: number;
  /** 0: none; undefined: not known. */
  readonly zones?: number;
  /** Its pair, in its own direction: storage that is geo-redundant here is copied there. */
  readonly pair?: string;
  /** Whether the pair's pair is this region. */
  readonly pairIsMutual?: boolean;
  /** Access has to be asked for. */
  readonly restricted: boolean;
  /** Has to be enabled in the account first. */
  readonly optIn?: boolean;
  /** A part of the provider that is separate from its public one, such as aws-cn; no method leads from one into another. */
  readonly partition?: string;
};

/** The world as the assessment sees it. Look-ups, no I/O: the catalog has read everything before. */
export type Knowledge = {
  readonly serviceOf: (type: string) => ServiceKnowledge | undefined;
  readonly regionOf: (at: string) => RegionKnowledge | undefined;
  /** Round trip between two locations in ms, and how it is known; undefined where nobody says and no coordinates are known. */
  readonly roundTripOf: (
    from: string,
    to: string,
  ) => { readonly ms: number; readonly basis: "measured" | "estimated"; readonly source: Source } | undefined;
  /** USD per GB sent from one location to another; undefined where no price is known. */
  readonly egressPriceOf: (
    from: string,
    to: string,
  ) => { readonly usdPerGb: number; readonly source: Source } | undefined;
  /** ISO country codes of a group that `residency` may name, such as EU; undefined: not a group. */
  readonly countriesOf: (group: string) => readonly string[] | undefined;
};
