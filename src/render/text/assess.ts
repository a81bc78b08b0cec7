// An assessment on a terminal. It leads with the verdict in one sentence, then what the loss of each region costs, then what to do, and
// only then the tables that give the reasons. No line is longer than 100 columns.

import type {
  AssessReport,
  Finding,
  Loss,
  PatternVerdict,
  ServiceVerdict,
  SharedFate,
  Term,
} from "../../core/model/assess-report.ts";
import { clean, count, counted, cut, span } from "../words.ts";
import { hang, heading, type Paint, painter, type TextOptions, type Tone, table, widthOf } from "./layout.ts";

export type AssessTextOptions = TextOptions & {
  /** All services, cuts and notes, and not only those that need a look. */
  readonly all?: boolean;
};

/** Rows of a list before the rest is only counted; with `all` everything is shown. */
const listMax = 12;

export function renderAssessment(report: AssessReport, options: AssessTextOptions = {}): string {
  const paint = painter(options);
  const width = widthOf(options);
  const most = options.all === true ? Number.POSITIVE_INFINITY : listMax;
  const blocks = [
    hang("", paint(tones[report.verdict], clean(report.summary)), width),
    lossLines(report, paint, width),
    findingLines(report.findings, paint, width, most, options.all === true),
    fateLines(report.sharedFate, paint, width, most),
    controlLines(report, paint, width, most),
    serviceLines(report.services, paint, width, most),
    patternLines(report, paint, width),
    costLines(report, paint, width),
    drillLines(report, paint, width),
  ];
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

const tones: Readonly<Record<AssessReport["verdict"], Tone>> = { meets: "good", fails: "bad", unknown: "warn" };

/** A name in a table's first column; in full it stands in the sentences. */
const nameMax = 28;

function lossLines(report: AssessReport, paint: Paint, width: number): readonly string[] {
  if (report.losses.length === 0) return [];
  const rows = report.losses.map((loss) => [
    cut(clean(loss.region), nameMax),
    loss.survives ? paint("good", "yes") : paint("bad", "no"),
    ...[loss.rtoSeconds.expected, loss.rtoSeconds.worst, loss.rpoSeconds.expected, loss.rpoSeconds.worst].map(
      (seconds) => (loss.survives ? span(seconds) : "-"),
    ),
    loss.targets
      .map((target) => `${clean(target.group)}: ${target.to === null ? "nowhere" : `to ${clean(target.to)}`}`)
      .join(", "),
  ]);
  const { rtoSeconds, rpoSeconds } = report.objectives;
  return [
    heading(`When a region is lost (allowed: recovery ${span(rtoSeconds)}, lost work ${span(rpoSeconds)})`, paint),
    ...table(
      [
        { title: "lost" },
        { title: "survives" },
        { title: "recovery", align: "right" },
        { title: "worst", align: "right" },
        { title: "work lost", align: "right" },
        { title: "worst", align: "right" },
        { title: "goes" },
      ],
      rows,
      { width, indent: 2, paint },
    ),
    ...report.losses.filter((loss) => loss.regions.length === 1).flatMap((loss) => chainLines(loss, paint, width)),
  ];
}

/** The kind of figure, not its whole source: that is in the page and in the JSON, and in `catalog show`. */
function basisOf({ basis, source }: Term): string {
  const [kind = basis] = basis.split(":");
  return source === undefined ? kind : `${kind}, ${source.asOf.slice(0, 7)}`;
}

/** What the recovery time of one loss is made of, the part that breaks the objective marked. */
function chainLines(loss: Loss, paint: Paint, width: number): readonly string[] {
  if (!loss.survives) return ["", ...hang(`  ${clean(loss.region)}: `, clean(loss.why), width)];
  const broken = new Set(loss.breaks.map((one) => one.term));
  const line = (title: string, terms: Loss["rtoTerms"]): readonly string[] =>
    terms.length === 0
      ? []
      : [
          paint("quiet", `    ${title}`),
          ...table(
            [{ align: "right" }, { align: "right" }, {}],
            terms.map((term) => [
              span(term.seconds.expected),
              span(term.seconds.worst),
              `${broken.has(term.what) ? paint("bad", clean(term.what)) : clean(term.what)} ${paint("quiet", `(${clean(basisOf(term))})`)}`,
            ]),
            { width, indent: 4 },
          ),
        ];
  return [
    "",
    ...hang(`  ${paint("strong", clean(loss.region))}: `, clean(loss.why), width),
    ...line("recovery time, expected and worst", loss.rtoTerms),
    ...line("lost work, expected and worst", loss.rpoTerms),
    ...loss.breaks.flatMap((one) =>
      hang(
        `    ${paint("bad", `${one.objective.toUpperCase()} ${Number.isFinite(one.seconds) ? "missed" : "may be missed"}: `)}`,
        clean(one.why),
        width,
      ),
    ),
  ];
}

const severityTone: Readonly<Record<Finding["severity"], Tone>> = { error: "bad", warning: "warn", info: "quiet" };

function findingLines(
  findings: readonly Finding[],
  paint: Paint,
  width: number,
  most: number,
  all: boolean,
): readonly string[] {
  const open = findings.filter((finding) => finding.accepted === undefined);
  const accepted = findings.length - open.length;
  const of = (severity: Finding["severity"]) => open.filter((finding) => finding.severity === severity);
  const [errors, warnings, notes] = [of("error"), of("warning"), of("info")];
  const title = `Findings: ${counted(errors.length, "error")}, ${counted(warnings.length, "warning")}, ${counted(notes.length, "note")}${accepted === 0 ? "" : `, ${count(accepted)} accepted`}`;
  // What both sides share has a section of its own, with the path.
  const told = [...errors, ...warnings, ...(all ? notes : [])].filter((finding) => finding.rule !== "shared-fate");
  const shown = told.slice(0, most * 3);
  const fates = open.filter((finding) => finding.rule === "shared-fate").length;
  const left = told.length - shown.length;
  return [
    heading(title, paint),
    ...shown.flatMap((finding) => [
      ...hang(
        `  ${paint(severityTone[finding.severity], finding.severity === "info" ? "note" : finding.severity)} `,
        `${clean(finding.message)} ${paint("quiet", `[${finding.rule}${placeOf(finding)}]`)}`,
        width,
      ),
      ...hang("      mend: ", clean(finding.fix), width),
    ]),
    ...(left > 0 ? [paint("quiet", `  ... and ${count(left)} more; --all shows them`)] : []),
    ...(fates > 0
      ? [
          paint(
            "quiet",
            `  ${counted(fates, "warning")} [shared-fate] ${fates === 1 ? "stands" : "stand"} below, with the path.`,
          ),
        ]
      : []),
    ...(!all && notes.length > 0
      ? [
          paint(
            "quiet",
            `  ${counted(notes.length, "note")} not shown; --all shows them. leeward explain RULE gives the reason.`,
          ),
        ]
      : shown.length > 0
        ? [paint("quiet", "  leeward explain RULE gives the reason at length, with its source.")]
        : []),
  ];
}

function placeOf(finding: Finding): string {
  return finding.at === undefined ? "" : `, ${clean(finding.at.file)}:${finding.at.line}:${finding.at.column}`;
}

function fateLines(fates: readonly SharedFate[], paint: Paint, width: number, most: number): readonly string[] {
  if (fates.length === 0) return [];
  const open = fates.filter((fate) => fate.accepted === undefined);
  const shown = open.slice(0, most);
  return [
    heading(`Shared fate: ${counted(open.length, "way", "ways")} to lose both sides`, paint),
    ...shown.flatMap((fate) => [
      ...hang(`  ${paint("strong", fate.cut.map(clean).join(" and "))}: `, clean(fate.why), width),
      ...(fate.path.length > 1 ? hang("      path: ", fate.path.map(clean).join(" > "), width) : []),
    ]),
    ...(open.length > shown.length
      ? [paint("quiet", `  ... and ${count(open.length - shown.length)} more; --all shows them`)]
      : []),
  ];
}

function controlLines(report: AssessReport, paint: Paint, width: number, most: number): readonly string[] {
  const broken = report.controlPlane.filter((row) => !row.stands);
  if (report.controlPlane.length === 0) return [];
  if (broken.length === 0) {
    return [
      heading("Interfaces the switch needs", paint),
      ...hang("  ", `All ${count(report.controlPlane.length)} stand when their region is lost.`, width),
    ];
  }
  return [
    heading(
      `Interfaces the switch needs: ${count(broken.length)} of ${count(report.controlPlane.length)} may not answer`,
      paint,
    ),
    ...table(
      [{ title: "lost" }, { title: "service" }, { title: "step" }],
      broken
        .slice(0, most)
        .map((row) => [clean(row.lost), clean(row.service), `${clean(row.step)}: ${clean(row.why)}`]),
      { width, indent: 2, paint },
    ),
    ...(broken.length > most
      ? [paint("quiet", `  ... and ${count(broken.length - most)} more; --all shows them`)]
      : []),
  ];
}

function serviceLines(
  services: readonly ServiceVerdict[],
  paint: Paint,
  width: number,
  most: number,
): readonly string[] {
  if (services.length === 0) return [];
  const shown = services.slice(0, most);
  return [
    heading("Services and the ways they can be in these regions", paint),
    ...table(
      [{ title: "service" }, { title: "declared or usual" }, { title: "possible; ruled out" }],
      shown.map((service) => {
        const declared = service.possible.find((method) => method.method === service.method);
        const isRuledOut = service.ruledOut.some((method) => method.method === service.method);
        const lost = declared?.rpoSeconds === undefined ? "" : ` (${span(declared.rpoSeconds.worst)} lost)`;
        const name = service.method === undefined ? "-" : clean(service.method);
        return [
          cut(clean(service.name), nameMax),
          isRuledOut ? paint("bad", `${name}: not possible`) : `${name}${lost}`,
          [
            service.possible.map((method) => clean(method.method)).join(", ") || "none",
            ...(service.ruledOut.length === 0
              ? []
              : [`${paint("quiet", "not:")} ${service.ruledOut.map((method) => clean(method.method)).join(", ")}`]),
          ].join("; "),
        ];
      }),
      { width, indent: 2, paint },
    ),
    ...(services.length > shown.length
      ? [paint("quiet", `  ... and ${count(services.length - shown.length)} more; --all shows them`)]
      : []),
  ];
}

/** Columns of a terminal in which the table of patterns needs its short titles. */
const narrow = 90;

function patternLines(report: AssessReport, paint: Paint, width: number): readonly string[] {
  if (report.patterns.length === 0) return [];
  const row = (pattern: PatternVerdict): readonly string[] => [
    pattern.pattern,
    pattern.meets ? paint("good", "yes") : paint("bad", "no"),
    span(pattern.rtoSeconds.expected),
    span(pattern.rtoSeconds.worst),
    span(pattern.rpoSeconds.worst),
    count(Math.round(pattern.downtimeMinutesPerYear * 10) / 10),
    `${(Math.round(pattern.costFactor * 100) / 100).toFixed(2)}${pattern.monthly === undefined ? "" : ` = ${count(Math.round(pattern.monthly))} ${clean(report.cost.currency)}`}${pattern.declared ? ", declared" : ""}`,
  ];
  return [
    heading("Patterns side by side", paint),
    ...table(
      [
        { title: "pattern" },
        { title: "meets" },
        { title: "recovery", align: "right" },
        { title: "worst", align: "right" },
        { title: width < narrow ? "lost" : "lost, worst", align: "right" },
        { title: width < narrow ? "min/year" : "down min/year", align: "right" },
        { title: "cost, times one region's" },
      ],
      report.patterns.map(row),
      { width, indent: 2, paint },
    ),
    ...(width < narrow
      ? hang("  ", "lost: at worst; min/year: minutes without service", width).map((line) => paint("quiet", line))
      : []),
    ...(report.advice.pattern === undefined
      ? ["  None of them meets the objectives."]
      : hang("  ", `The cheapest that meets the objectives is ${report.advice.pattern}.`, width)),
    ...report.advice.crossovers.flatMap((one) =>
      hang(
        "  ",
        `From ${count(Math.round(one.perHour))} ${clean(report.cost.currency)} per hour of ${one.penalty === "outagePerHour" ? "outage" : "lost work"} on, ${one.to} costs least, outages and losses counted.`,
        width,
      ),
    ),
  ];
}

function costLines(report: AssessReport, paint: Paint, width: number): readonly string[] {
  const { cost } = report;
  if (cost.monthly === undefined) return [];
  return [
    heading(`Cost: about ${count(Math.round(cost.monthly))} ${clean(cost.currency)} a month as declared`, paint),
    ...table(
      [{}, { align: "right" }],
      cost.terms.map((term) => [clean(term.what), count(Math.round(term.monthly))]),
      { width, indent: 2 },
    ),
  ];
}

function drillLines(report: AssessReport, paint: Paint, width: number): readonly string[] {
  if (report.advice.drills.length === 0) return [];
  return [
    heading("Drills", paint),
    ...report.advice.drills.flatMap((drill) => hang(`  ${clean(drill.group)}: `, clean(drill.sentence), width)),
  ];
}
