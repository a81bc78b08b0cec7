// An assessment as one page that stands alone. Read from the top: what survives, what a loss costs, why, what to mend; then the reasons:
// methods, shared fate, patterns, money. Every word from a manifest passes `clean`, and the templates escape it.

import type { Knowledge } from "../../core/assess/knowledge.ts";
import type {
  AssessReport,
  Finding,
  Loss,
  PatternVerdict,
  ServiceVerdict,
  SharedFate,
} from "../../core/model/assess-report.ts";
import type { System } from "../../core/model/system.ts";
import { clean, count, counted, span } from "../words.ts";
import { assessStyle } from "./assess-style.ts";
import { html, type Markup } from "./markup.ts";
import { page } from "./page.ts";
import { recoveryChain, termTable } from "./recovery-chain.ts";
import { regionMap } from "./region-map.ts";
import { serviceGraph } from "./service-graph.ts";

export type Assessed = { readonly report: AssessReport; readonly system: System };

/** Rows of a list; a page with ten thousand of them is read by nobody, and the JSON has them all. */
const rowsMax = 300;

export function assessPage(
  assessed: readonly Assessed[],
  options: { readonly knowledge: Knowledge; readonly today: string },
): string {
  const names = assessed.map(({ report }) => clean(report.system)).join(", ");
  const body = html`${assessed.map((one) => whole(one, options.knowledge))}<footer>Assessed with Leeward on ${options.today}. Every figure names its source and the day it held; what is marked estimated is Leeward's own. Map: Natural Earth.</footer>`;
  return page(`${names}: what survives`, body, assessStyle);
}

function whole({ report, system }: Assessed, knowledge: Knowledge): Markup {
  const fatal = new Set(report.losses.filter((loss) => !loss.survives).flatMap((loss) => loss.regions));
  return html`${top(report)}${tiles(report)}
<section><h2>Where it lives</h2><p class="lead">Lines join regions that a group may move between, with the round trip. A red mark: its loss is not survived.</p>${regionMap(system, knowledge, fatal)}</section>
${losses(report)}
${findings(report.findings)}
<section><h2>Who needs whom</h2><p class="lead">Users on the left. A red frame has an error, an amber one a warning.</p>${serviceGraph(system, report.findings)}</section>
${sharedFate(report.sharedFate)}
${controlPlane(report)}
${patterns(report)}
${services(report.services)}
${drills(report)}`;
}

const badges: Readonly<Record<AssessReport["verdict"], { readonly word: string; readonly tone: string }>> = {
  meets: { word: "meets its objectives", tone: "kept" },
  unknown: { word: "nobody can say", tone: "missed" },
  fails: { word: "fails", tone: "broken" },
};

function top(report: AssessReport): Markup {
  const { word, tone } = badges[report.verdict];
  return html`<header class="${tone}"><p class="kicker"><span class="badge">${word}</span><span>${clean(report.system)}</span><span>RTO ${span(report.objectives.rtoSeconds)}</span><span>RPO ${span(report.objectives.rpoSeconds)}</span></p><h1>${clean(report.summary)}</h1></header>`;
}

function tiles(report: AssessReport): Markup {
  const single = report.losses.filter((loss) => loss.regions.length === 1);
  const survived = single.filter((loss) => loss.survives);
  const rto = Math.max(0, ...survived.map((loss) => loss.rtoSeconds.worst));
  const rpo = Math.max(0, ...survived.map((loss) => loss.rpoSeconds.worst));
  const dead = single.find((loss) => !loss.survives);
  const open = report.findings.filter((finding) => finding.accepted === undefined);
  const errors = open.filter((finding) => finding.severity === "error").length;
  const warnings = open.filter((finding) => finding.severity === "warning").length;
  const declared = report.patterns.find((pattern) => pattern.declared);
  const tile = (tone: string, name: string, value: string, note: string): Markup =>
    html`<div class="tile ${tone}"><div class="name">${name}</div><div class="value">${value}</div><div class="note">${note}</div></div>`;
  return html`<div class="tiles">${[
    tile(
      survived.length === single.length ? "good" : "bad",
      "losses survived",
      `${survived.length} of ${single.length}`,
      "each region lost as a whole",
    ),
    // A time that only the losses of other regions take would read as if it held for all of them.
    ...(dead === undefined
      ? [
          tile(
            rto <= report.objectives.rtoSeconds ? "good" : "warn",
            "users write again",
            span(rto),
            `at worst; ${span(report.objectives.rtoSeconds)} allowed`,
          ),
          tile(
            rpo <= report.objectives.rpoSeconds ? "good" : "warn",
            "work lost",
            span(rpo),
            `at worst; ${span(report.objectives.rpoSeconds)} allowed`,
          ),
        ]
      : [tile("bad", "users write again", "not at all", `when ${clean(dead.region)} is lost, until it is back`)]),
    tile(
      errors > 0 ? "bad" : warnings > 0 ? "warn" : "good",
      "to mend",
      count(errors),
      `${counted(warnings, "warning")} besides`,
    ),
    ...(declared === undefined
      ? []
      : [
          tile(
            "",
            "down in a year",
            span(declared.downtimeMinutesPerYear * 60),
            `${declared.pattern}, ${(Math.round(declared.costFactor * 100) / 100).toFixed(2)} times the cost of one region`,
          ),
        ]),
  ]}</div>`;
}

/** With so few losses the parts of each are shown at once. */
const opened = 3;

function losses(report: AssessReport): Markup {
  const single = report.losses.filter((loss) => loss.regions.length === 1);
  const rows = report.losses.map(
    (loss) =>
      html`<tr><td class="${keep(loss.region)}">${clean(loss.region)}</td><td class="word ${loss.survives ? "good" : "bad"}">${loss.survives ? "survives" : "does not"}</td><td class="${keep(loss.targets.map(({ group, to }) => `${group} ${to ?? ""}`).join(" "))}">${loss.targets.map((target) => `${clean(target.group)} ${target.to === null ? "has nowhere to go" : `to ${clean(target.to)}`}`).join(", ")}</td><td class="num">${loss.survives ? span(loss.rtoSeconds.expected) : "-"}</td><td class="num">${loss.survives ? span(loss.rtoSeconds.worst) : "-"}</td><td class="num">${loss.survives ? span(loss.rpoSeconds.expected) : "-"}</td><td class="num">${loss.survives ? span(loss.rpoSeconds.worst) : "-"}</td></tr>`,
  );
  return html`<section class="long"><h2>When a region is lost</h2><p class="lead">The recovery time runs from the first missing answer to the first write on the other side. Its parts follow one another from left to right.</p>
<table><tr><th>lost</th><th></th><th>goes</th><th class="num">recovery</th><th class="num">at worst</th><th class="num">work lost</th><th class="num">at worst</th></tr>${rows}</table>
${single.map((loss) => lossBlock(loss, report.objectives.rtoSeconds, single.length <= opened))}</section>`;
}

/** Words of so many letters are not broken where a column is narrow. */
const keptLetters = 20;

const keep = (text: string): string => {
  if (text.split(" ").some((word) => word.length > keptLetters)) return "";
  return text.includes(" ") ? "keep" : "word";
};

function lossBlock(loss: Loss, rtoSeconds: number, isOpen: boolean): Markup {
  const broken = new Set(loss.breaks.map((one) => one.term));
  const title = html`<h3>${clean(loss.region)} is lost</h3><p>${clean(loss.why)}</p>`;
  if (!loss.survives || loss.rtoTerms.length + loss.rpoTerms.length === 0) return title;
  const parts = html`${termTable(loss.rtoTerms, broken)}${loss.rpoTerms.length === 0 ? undefined : html`<h3>lost work</h3>${termTable(loss.rpoTerms, broken)}`}`;
  return html`${title}${recoveryChain(loss, rtoSeconds)}${loss.breaks.map((one) => html`<p class="broken-term">${one.objective.toUpperCase()} ${Number.isFinite(one.seconds) ? "missed" : "may be missed"}: ${clean(one.why)}</p>`)}${
    isOpen || loss.breaks.length > 0
      ? html`<details open><summary>the parts, with their sources</summary>${parts}</details>`
      : html`<details><summary>the parts, with their sources</summary>${parts}</details>`
  }`;
}

const order: Readonly<Record<Finding["severity"], number>> = { error: 0, warning: 1, info: 2 };
const tone: Readonly<Record<Finding["severity"], string>> = { error: "bad", warning: "warn", info: "quiet" };

function findings(all: readonly Finding[]): Markup {
  const sorted = [...all].sort(
    (a, b) =>
      Number(a.accepted !== undefined) - Number(b.accepted !== undefined) || order[a.severity] - order[b.severity],
  );
  const rows = sorted.slice(0, rowsMax).map((finding) => {
    const { source } = finding;
    const place =
      finding.at === undefined
        ? ""
        : `${clean(finding.at.file.split("/").slice(-2).join("/"))}, line ${finding.at.line}`;
    return html`<tr><td class="word ${finding.accepted === undefined ? tone[finding.severity] : "quiet"}">${finding.accepted === undefined ? (finding.severity === "info" ? "note" : finding.severity) : "accepted"}</td><td>${clean(finding.message)}<div class="mend">${finding.accepted === undefined ? clean(finding.fix) : `Accepted: ${clean(finding.accepted)}`}</div><div class="meta"><code>${finding.rule}</code><span>${place}</span><span>${source === undefined ? "" : `${clean(source.title)} (${source.asOf})`}</span></div></td></tr>`;
  });
  return html`<section class="long"><h2>What to mend</h2><p class="lead">${all.length === 0 ? "Nothing was found." : "The gravest first. leeward explain RULE gives the reason at length."}</p><table>${rows}</table>${more(all.length)}</section>`;
}

function sharedFate(fates: readonly SharedFate[]): Markup {
  if (fates.length === 0)
    return html`<section><h2>Shared fate</h2><p class="lead">No one thing and no two things outside the regions take both sides.</p></section>`;
  return html`<section class="long"><h2>Shared fate</h2><p class="lead">What both sides depend on: lose this, alone or together, and nobody serves.</p><table><tr><th>lost</th><th>what follows</th></tr>${fates
    .slice(0, rowsMax)
    .map(
      (fate) =>
        html`<tr><td class="${keep(fate.cut.join(" "))} ${fate.accepted === undefined ? "bad" : "quiet"}">${fate.cut.map(clean).join(" and ")}</td><td>${clean(fate.why)}${fate.path.length > 1 ? html`<div class="path">${fate.path.map((step) => html`<span>${clean(step)}</span>`)}</div>` : undefined}${fate.accepted === undefined ? undefined : html`<div class="mend">Accepted: ${clean(fate.accepted)}</div>`}</td></tr>`,
    )}</table>${more(fates.length)}</section>`;
}

function controlPlane(report: AssessReport): Markup {
  if (report.controlPlane.length === 0) return html``;
  const sorted = [...report.controlPlane].sort((a, b) => Number(a.stands) - Number(b.stands));
  return html`<section class="long"><h2>Interfaces the switch needs</h2><p class="lead">A switch must not depend on the region it leaves.</p><table><tr><th>lost</th><th>service</th><th>step</th><th>asks</th><th></th></tr>${sorted
    .slice(0, rowsMax)
    .map(
      (row) =>
        html`<tr><td class="${keep(row.lost)}">${clean(row.lost)}</td><td class="${keep(row.service)}">${clean(row.service)}</td><td>${clean(row.step)}</td><td class="${keep(row.needs)}">${clean(row.needs)}</td><td class="${row.stands ? "word good" : "bad"}">${row.stands ? "stands" : clean(row.why)}</td></tr>`,
    )}</table>${more(sorted.length)}</section>`;
}

function patterns(report: AssessReport): Markup {
  if (report.patterns.length === 0) return html``;
  const row = (pattern: PatternVerdict): Markup =>
    html`<tr class="figures ${pattern.declared ? "declared" : ""}"><td class="word">${pattern.pattern}${pattern.declared ? " (declared)" : ""}</td><td class="word ${pattern.meets ? "good" : "bad"}">${pattern.meets ? "meets" : "does not"}</td><td class="num">${span(pattern.rtoSeconds.expected)}</td><td class="num">${span(pattern.rtoSeconds.worst)}</td><td class="num">${span(pattern.rpoSeconds.worst)}</td><td class="num">${(Math.round(pattern.downtimeMinutesPerYear * 10) / 10).toFixed(1)}</td><td class="num">${(Math.round(pattern.costFactor * 100) / 100).toFixed(2)}${pattern.monthly === undefined ? "" : ` (${count(Math.round(pattern.monthly))} ${clean(report.cost.currency)})`}</td></tr><tr class="reason ${pattern.declared ? "declared" : ""}"><td colspan="7" class="quiet">${clean(pattern.why)}</td></tr>`;
  const { advice, cost } = report;
  return html`<section class="long"><h2>Patterns side by side</h2><p class="lead">${advice.pattern === undefined ? "None of them meets the objectives." : `The cheapest that meets the objectives is ${advice.pattern}.`} ${advice.crossovers.map((one) => `From ${count(Math.round(one.perHour))} ${clean(cost.currency)} per hour of ${one.penalty === "outagePerHour" ? "outage" : "lost work"} on, ${one.to} costs least.`).join(" ")}</p><div class="scroll"><table><tr><th>pattern</th><th></th><th class="num">recovery</th><th class="num">at worst</th><th class="num">work lost</th><th class="num">min down a year</th><th class="num">cost</th></tr>${report.patterns.map(row)}</table></div>${
    cost.monthly === undefined
      ? undefined
      : html`<h3>About ${count(Math.round(cost.monthly))} ${clean(cost.currency)} a month as declared</h3><table class="figures">${cost.terms.map((term) => html`<tr><td>${clean(term.what)}</td><td class="num">${count(Math.round(term.monthly))}</td></tr>`)}</table>`
  }</section>`;
}

function services(all: readonly ServiceVerdict[]): Markup {
  return html`<section class="long"><h2>The ways each service can be in these regions</h2><p class="lead">For exactly these regions, with what each way loses and why others are ruled out.</p>${all
    .slice(0, rowsMax)
    .map(
      (service) =>
        html`<details><summary><strong>${clean(service.name)}</strong> <span class="quiet">${clean(service.type)}${service.method === undefined ? "" : `, method: ${clean(service.method)}`}</span> ${service.ruledOut.some((one) => one.method === service.method) ? html`<span class="wrong">not possible here</span>` : undefined}</summary><table><tr><th>method</th><th class="num">work lost</th><th class="num">recovery</th><th>condition, or why not</th><th>source</th></tr>${service.possible.map((one) => html`<tr><td class="word good">${clean(one.method)}</td><td class="num">${one.rpoSeconds === undefined ? "" : span(one.rpoSeconds.worst)}</td><td class="num">${one.rtoSeconds === undefined ? "" : span(one.rtoSeconds.worst)}</td><td>${(one.requires ?? []).map(clean).join("; ")}</td><td class="quiet">${clean(one.source.title)} (${one.source.asOf})</td></tr>`)}${service.ruledOut.map((one) => html`<tr><td class="word bad">${clean(one.method)}</td><td></td><td></td><td>${clean(one.why)}</td><td class="quiet">${clean(one.source.title)} (${one.source.asOf})</td></tr>`)}</table></details>`,
    )}${more(all.length)}</section>`;
}

function drills(report: AssessReport): Markup {
  const { drills: all } = report.advice;
  if (all.length === 0) return html``;
  return html`<section><h2>Drills</h2>${all.map((drill) => html`<p><strong>${clean(drill.group)}</strong>: ${clean(drill.sentence)}</p>`)}</section>`;
}

function more(total: number): Markup | undefined {
  return total > rowsMax ? html`<p class="lead">${count(total - rowsMax)} more are in the JSON report.</p>` : undefined;
}
