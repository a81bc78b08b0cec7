// `leeward catalog regions` on a terminal: the regions that could take over for one, best first, each with what speaks for and against it.

import { type NeedAt, type RankedRegion, weights } from "../../catalog/rank.ts";
import type { Source } from "../../core/assess/knowledge.ts";
import { hang, heading, type Paint, painter, type TextOptions, table, widthOf, wrap } from "./layout.ts";

export type RegionsAnswer = {
  readonly version: 1;
  readonly from: string;
  readonly summary: string;
  /** How many regions there were before the limit. */
  readonly found: number;
  readonly weights: typeof weights;
  readonly regions: readonly RankedRegion[];
  /** Where each column comes from. */
  readonly sources: readonly { readonly of: string; readonly source: Source }[];
};

export function catalogRegionsText(answer: RegionsAnswer, options: TextOptions): string {
  const paint = painter(options);
  const width = widthOf(options);
  const parts = [
    wrap(answer.summary, width).map((line) => paint("strong", line)),
    regionTable(answer, width, paint),
    needLines(answer.regions, width, paint),
    footLines(answer, width, paint),
  ];
  return `${parts
    .filter((part) => part.length > 0)
    .map((part) => part.join("\n"))
    .join("\n\n")}\n`;
}

const pairWords: Readonly<Record<RankedRegion["pair"], string>> = {
  pair: "pair",
  "one-way pair": "one-way",
  "pairs back only": "leads back",
  none: "-",
};

function regionTable({ regions }: RegionsAnswer, width: number, paint: Paint): readonly string[] {
  if (regions.length === 0) return [];
  const withNeeds = regions.some(({ needs }) => needs.length > 0);
  const columns = [
    { title: "region" },
    { title: "score", align: "right" },
    { title: "trip", align: "right" },
    { title: "km", align: "right" },
    { title: "pair" },
    { title: "law" },
    { title: "zones", align: "right" },
    ...(withNeeds ? [{ title: "types", align: "right" } as const] : []),
    { title: "mind" },
  ] as const;
  const rows = regions.map((one) => [
    one.region.at,
    String(one.score),
    one.roundTrip === undefined
      ? "?"
      : `${one.roundTrip.basis === "estimated" ? "~" : ""}${Math.round(one.roundTrip.ms)} ms`,
    one.km === undefined ? "?" : String(one.km),
    pairWords[one.pair],
    one.closeness,
    one.region.zones === undefined ? "?" : String(one.region.zones),
    ...(withNeeds ? [`${one.needs.filter(reaches).length} of ${one.needs.length}`] : []),
    one.warnings.join("; "),
  ]);
  return table(columns, rows, { width, paint });
}

function reaches({ possible, conditional }: NeedAt): boolean {
  return possible.length + conditional.length > 0;
}

/** Type by type: which methods lead to all regions shown, which only to some, which to none and why. */
function needLines(regions: readonly RankedRegion[], width: number, paint: Paint): readonly string[] {
  const types = regions[0]?.needs.map(({ type }) => type) ?? [];
  if (types.length === 0) return [];
  return [
    heading("What leads there", paint),
    ...types.flatMap((type, index) => {
      const at = regions.map(({ region, needs }) => ({
        name: region.at.slice(region.at.indexOf("/") + 1),
        need: needs[index],
      }));
      const methods = new Set(
        at.flatMap(({ need }) =>
          need === undefined
            ? []
            : [...need.possible, ...need.conditional, ...need.ruledOut.map(({ method }) => method)],
        ),
      );
      return [
        ...hang("  ", type, width),
        ...[...methods].flatMap((method) => hang(`    ${method}: `, methodText(method, at), width)),
      ];
    }),
  ];
}

function methodText(
  method: string,
  at: readonly { readonly name: string; readonly need: NeedAt | undefined }[],
): string {
  const names = (test: (need: NeedAt) => boolean): readonly string[] =>
    at.flatMap(({ name, need }) => (need !== undefined && test(need) ? [name] : []));
  const possible = names((need) => need.possible.includes(method));
  const conditional = names((need) => need.conditional.includes(method));
  const out = names((need) => need.ruledOut.some((one) => one.method === method));
  const why = at.flatMap(({ need }) => need?.ruledOut ?? []).find((one) => one.method === method)?.why;
  const all = (list: readonly string[]): string =>
    list.length === at.length ? (list.length === 1 ? (list[0] ?? "") : "all of these") : list.join(", ");
  return [
    ...(possible.length === 0 ? [] : [`to ${all(possible)}`]),
    ...(conditional.length === 0 ? [] : [`with conditions to ${all(conditional)}`]),
    ...(out.length === 0 ? [] : [`not to ${all(out)}${why === undefined ? "" : `: ${why}`}`]),
  ].join("; ");
}

function footLines({ regions, sources }: RegionsAnswer, width: number, paint: Paint): readonly string[] {
  const used = Object.entries(weights).filter(([name]) => name !== "services" || (regions[0]?.needs.length ?? 0) > 0);
  const total = used.reduce((sum, [, points]) => sum + points, 0);
  const words: Readonly<Record<string, string>> = {
    roundTrip: "round trip (all up to 10 ms, none from 150 ms)",
    distance: "distance (none under 150 km, all from 500 km)",
    zones: "three zones or more",
    residency: "same law (country, geography, EU, EEA)",
    pair: "region pair (less if it is one-way)",
    access: "open to everybody",
    services: "methods of the types asked for that lead there (half if under conditions)",
  };
  const score = `score: of ${total} points${total === 100 ? "" : ", scaled to 100"}: ${used.map(([name, points]) => `${words[name] ?? name} ${points}`).join(", ")}.`;
  return [
    ...wrap(score, width),
    ...wrap(
      "~ is estimated. Whether a region has the capacity and the product you need is not known here: ask the provider.",
      width,
    ),
    ...(regions.some(({ pair }) => pair === "pairs back only")
      ? wrap("leads back: that region has this one as its pair, but not the other way round.", width)
      : []),
    ...sources.flatMap(({ of, source }) => [
      ...hang(`${of}: `, `${source.title}, as of ${source.asOf}`, width),
      ...(source.url === undefined ? [] : hang("  ", source.url, width)),
    ]),
  ].map((line) => paint("quiet", line));
}
